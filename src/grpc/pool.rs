//! The workers: a bounded number of jobs and bytes, refused at the door rather than left to wait.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::fault::Fault;
use crate::intake::Budget;
use crate::worker::Stopped;

type Job = Box<dyn FnOnce() + Send>;

/// Threads for work that keeps a core busy, so that the async ones stay free to answer.
pub(super) struct Pool {
    jobs: Sender<Job>,
    /// Jobs that run or wait.
    places: Arc<Semaphore>,
    /// Of these, jobs of streams: as many as keep the workers busy, so that a batch never fills the
    /// queue in which people's single files wait.
    batch_places: Arc<Semaphore>,
    /// Content in memory, in KiB.
    kib: Arc<Semaphore>,
    capacity_kib: usize,
    stopped: Arc<AtomicBool>,
}

/// Leave to run one job.
pub(super) struct Place {
    _job: OwnedSemaphorePermit,
    _batch: Option<OwnedSemaphorePermit>,
}

/// Leave to keep so many bytes in memory.
pub(super) struct Held {
    kib: OwnedSemaphorePermit,
}

impl Pool {
    /// Starts the threads; they end when the pool is dropped.
    pub(super) fn start(workers: usize, queue: usize, max_bytes: usize) -> io::Result<Self> {
        let workers = workers.max(1);
        let (jobs, queued) = mpsc::channel();
        let queued = Arc::new(Mutex::new(queued));
        for number in 0..workers {
            let queued = Arc::clone(&queued);
            std::thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || work_off(&queued))?;
        }
        let capacity_kib = (max_bytes / 1024).max(1);
        Ok(Self {
            jobs,
            places: Arc::new(Semaphore::new(workers + queue)),
            batch_places: Arc::new(Semaphore::new(workers)),
            kib: Arc::new(Semaphore::new(capacity_kib)),
            capacity_kib,
            stopped: Arc::new(AtomicBool::new(false)),
        })
    }

    /// A place at once, or none.
    pub(super) fn place(&self) -> Result<Place, Fault> {
        let job = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Fault::overloaded())?;
        Ok(Place { _job: job, _batch: None })
    }

    /// A place for an item of a stream, which waits instead of being refused: what is not read off
    /// the stream slows its sender down.
    pub(super) async fn batch_place(&self) -> Result<Place, Fault> {
        let batch = Arc::clone(&self.batch_places).acquire_owned().await;
        let job = Arc::clone(&self.places).acquire_owned().await;
        match (batch, job) {
            (Ok(batch), Ok(job)) => Ok(Place { _job: job, _batch: Some(batch) }),
            _ => Err(Fault::internal()),
        }
    }

    /// Leave to keep `bytes`.
    pub(super) fn hold(&self, bytes: usize) -> Result<Held, Fault> {
        // A file larger than all of the memory that is set aside is let in alone.
        let kib = bytes.div_ceil(1024).clamp(1, self.capacity_kib);
        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
        let kib = Arc::clone(&self.kib).try_acquire_many_owned(kib);
        Ok(Held { kib: kib.map_err(|_| Fault::overloaded())? })
    }

    /// Raises what is held to `bytes`.
    pub(super) fn hold_more(&self, held: &mut Held, bytes: usize) -> Result<(), Fault> {
        let wanted = bytes.div_ceil(1024).min(self.capacity_kib);
        let more = wanted.saturating_sub(held.kib.num_permits());
        if more > 0 {
            held.kib.merge(self.hold(more * 1024)?.kib);
        }
        Ok(())
    }

    /// Runs `work` on a worker. Whoever drops the future, or lets the deadline pass, stops it; what
    /// still waits by then is never started.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        held: Held,
        deadline: Instant,
        work: impl FnOnce(&mut dyn Budget) -> Result<T, Stopped> + Send + 'static,
    ) -> Result<T, Fault> {
        let leash = Leash::default();
        let started = Instant::now();
        let (left, stopped) = (Arc::clone(&leash.left), Arc::clone(&self.stopped));
        let mut budget = CallBudget { started, deadline, left, stopped };
        let (reply, answer) = oneshot::channel();
        let job = move || {
            // Given back when the work has really ended, not when the caller has gone.
            let _taken = (place, held);
            if !budget.expired() {
                let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut budget)));
                // Nobody waits any more when this fails.
                let _ = reply.send(outcome);
            }
        };
        self.jobs.send(Box::new(job)).map_err(|_| Fault::internal())?;
        match tokio::time::timeout_at(deadline.into(), answer).await {
            Ok(Ok(Ok(Ok(outcome)))) => Ok(outcome),
            Ok(Ok(Ok(Err(Stopped::Worker(fault))))) => {
                tracing::error!(%fault, "no worker process");
                Err(Fault::no_worker())
            }
            Ok(Ok(Err(_panic))) => Err(Fault::internal()),
            // Stopped, or never started: the server stops, or the time is over.
            _ if self.stopped.load(Ordering::Relaxed) => Err(Fault::draining()),
            _ => Err(Fault::deadline()),
        }
    }

    /// Makes every running job stop at its next step and no waiting one start.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

fn work_off(queued: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is let go before the job runs.
        let job = queued.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return;
        };
        job();
    }
}

/// Tells a job that the future which waits for it is gone.
#[derive(Default)]
struct Leash {
    left: Arc<AtomicBool>,
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.left.store(true, Ordering::Relaxed);
    }
}

/// A caller's time and presence as the core sees them.
struct CallBudget {
    started: Instant,
    deadline: Instant,
    left: Arc<AtomicBool>,
    stopped: Arc<AtomicBool>,
}

impl Budget for CallBudget {
    fn expired(&mut self) -> bool {
        self.left.load(Ordering::Relaxed)
            || self.stopped.load(Ordering::Relaxed)
            || Instant::now() >= self.deadline
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[tokio::test]
    async fn a_full_pool_refuses_and_a_finished_job_makes_room() {
        let pool = Pool::start(1, 0, 4096).unwrap();
        let place = pool.place().unwrap();
        assert_eq!(pool.place().err().unwrap().reason, "OVERLOADED");
        let held = pool.hold(10).unwrap();
        assert_eq!(pool.run(place, held, soon(), |_| Ok(7)).await.unwrap(), 7);
        while pool.place().is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn bytes_are_counted_and_given_back() {
        let pool = Pool::start(1, 0, 4096).unwrap();
        let mut held = pool.hold(1000).unwrap();
        pool.hold_more(&mut held, 3000).unwrap();
        assert!(pool.hold(2048).is_err());
        drop(held);
        assert!(pool.hold(1_000_000).is_ok(), "a giant is let in alone");
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_fault_and_the_worker_lives_on() {
        let pool = Pool::start(1, 1, 4096).unwrap();
        let (place, held) = (pool.place().unwrap(), pool.hold(1).unwrap());
        let outcome = pool.run::<()>(place, held, soon(), |_| panic!("on purpose")).await;
        assert_eq!(outcome.unwrap_err().reason, "INTERNAL");
        let (place, held) = (pool.place().unwrap(), pool.hold(1).unwrap());
        assert_eq!(pool.run(place, held, soon(), |_| Ok(1)).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn the_job_of_a_caller_who_left_is_told_to_stop() {
        let pool = Pool::start(1, 1, 4096).unwrap();
        let (told, hears) = mpsc::channel();
        let (place, held) = (pool.place().unwrap(), pool.hold(1).unwrap());
        let job = pool.run(place, held, soon(), move |budget| {
            while !budget.expired() {
                std::thread::yield_now();
            }
            told.send(()).unwrap();
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), job).await.is_err());
        hears.recv_timeout(Duration::from_secs(2)).unwrap();
    }
}
