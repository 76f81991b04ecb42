//! The workers: a bounded number of jobs and bytes, refused at the door rather than left to wait.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::fault::Fault;
use super::queue::{Class, Queue, Ticket};
use crate::intake::Budget;
use crate::observe::Metrics;
use crate::worker::Stopped;

/// Threads for work that keeps a core busy, so that the async ones stay free to answer.
pub(super) struct Pool {
    queue: Arc<Queue>,
    /// Jobs that run or wait.
    places: Arc<Semaphore>,
    /// Of these, jobs of streams: as many as keep the workers busy, so that a batch never fills the
    /// queue in which people's single files wait.
    batch_places: Arc<Semaphore>,
    /// Of these, single files that their caller says belong to a batch: half of those that may wait.
    patient_places: Arc<Semaphore>,
    /// Content in memory, in KiB.
    kib: Arc<Semaphore>,
    capacity_kib: usize,
    stopped: Arc<AtomicBool>,
    pub(super) metrics: Arc<Metrics>,
}

/// Leave to run one job.
pub(super) struct Place {
    class: Class,
    _permits: [Option<OwnedSemaphorePermit>; 2],
}

/// Leave to keep so many bytes in memory.
pub(super) struct Held {
    kib: OwnedSemaphorePermit,
}

/// What work came to, and how long it took.
#[derive(Debug)]
pub(super) struct Done<T> {
    pub(super) value: T,
    pub(super) waited: Duration,
    pub(super) worked: Duration,
}

impl Pool {
    /// Starts the threads; they end when the pool is dropped.
    pub(super) fn start(
        workers: usize,
        queue: usize,
        max_bytes: usize,
        metrics: Arc<Metrics>,
    ) -> io::Result<Self> {
        let workers = workers.max(1);
        let line = Arc::new(Queue::new(workers, Arc::clone(&metrics)));
        metrics.workers(workers);
        for number in 0..workers {
            let line = Arc::clone(&line);
            std::thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(move || work_off(&line))?;
        }
        let capacity_kib = (max_bytes / 1024).max(1);
        Ok(Self {
            queue: line,
            places: Arc::new(Semaphore::new(workers + queue)),
            batch_places: Arc::new(Semaphore::new(workers)),
            patient_places: Arc::new(Semaphore::new((queue / 2).max(1))),
            kib: Arc::new(Semaphore::new(capacity_kib)),
            capacity_kib,
            stopped: Arc::new(AtomicBool::new(false)),
            metrics,
        })
    }

    /// Whether a call that comes now would be refused: told before its message is read, which is most
    /// of what refusing costs.
    pub(super) fn is_full(&self) -> Option<Fault> {
        (self.places.available_permits() == 0).then(|| self.refuse("queue"))
    }

    /// A place at once, or none: there is none, or the caller's time would be over before its turn.
    pub(super) fn place(&self, class: Class, deadline: Instant) -> Result<Place, Fault> {
        let patient = match class {
            Class::Interactive => None,
            Class::Batch => Some(self.permit(&self.patient_places, "queue")?),
        };
        let job = self.permit(&self.places, "queue")?;
        let left = deadline.saturating_duration_since(Instant::now());
        if self.queue.expected_wait() > left {
            return Err(self.refuse("deadline"));
        }
        Ok(Place { class, _permits: [Some(job), patient] })
    }

    /// One more place for a call that has one, if there is any.
    pub(super) fn another_place(&self, class: Class) -> Option<Place> {
        let job = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place { class, _permits: [Some(job), None] })
    }

    fn permit(
        &self,
        places: &Arc<Semaphore>,
        why: &'static str,
    ) -> Result<OwnedSemaphorePermit, Fault> {
        Arc::clone(places).try_acquire_owned().map_err(|_| self.refuse(why))
    }

    /// Refuses a call, and says when it is worth coming again.
    fn refuse(&self, why: &'static str) -> Fault {
        self.metrics.shed(why);
        Fault::overloaded(self.queue.expected_wait())
    }

    /// A place for an item of a stream, which waits instead of being refused: what is not read off
    /// the stream slows its sender down.
    pub(super) async fn batch_place(&self) -> Result<Place, Fault> {
        let batch = Arc::clone(&self.batch_places).acquire_owned().await;
        let job = Arc::clone(&self.places).acquire_owned().await;
        match (batch, job) {
            (Ok(batch), Ok(job)) => {
                Ok(Place { class: Class::Batch, _permits: [Some(job), Some(batch)] })
            }
            _ => Err(Fault::internal()),
        }
    }

    /// Leave to keep `bytes`.
    pub(super) fn hold(&self, bytes: usize) -> Result<Held, Fault> {
        // A file larger than all of the memory that is set aside is let in alone.
        let kib = bytes.div_ceil(1024).clamp(1, self.capacity_kib);
        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
        let kib = Arc::clone(&self.kib).try_acquire_many_owned(kib);
        Ok(Held { kib: kib.map_err(|_| self.refuse("bytes"))? })
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

    /// Bytes of content that are held now.
    pub(super) fn held(&self) -> usize {
        self.capacity_kib.saturating_sub(self.kib.available_permits()) * 1024
    }

    /// Runs `work` on a worker. Whoever drops the future, or lets the deadline pass, stops it; what
    /// still waits by then is never started.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        place: Place,
        held: Held,
        deadline: Instant,
        work: impl FnOnce(&mut dyn Budget) -> Result<T, Stopped> + Send + 'static,
    ) -> Result<Done<T>, Fault> {
        let left = Arc::new(AtomicBool::new(false));
        let class = place.class;
        let (begun, stopped) = (Instant::now(), Arc::clone(&self.stopped));
        let mut budget = CallBudget { started: begun, deadline, left: Arc::clone(&left), stopped };
        let (reply, answer) = oneshot::channel();
        let metrics = Arc::clone(&self.metrics);
        let job = move || {
            // Given back when the work has really ended, not when the caller has gone.
            let _taken = (place, held);
            let waited = begun.elapsed();
            if !budget.expired() {
                metrics.waited(class.word(), waited);
                let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut budget)));
                // Nobody waits any more when this fails.
                let _ = reply.send((outcome, waited));
            }
        };
        let ticket = self.queue.push(class, Box::new(job));
        let _leash = Leash { left, queue: &self.queue, class, ticket };
        match tokio::time::timeout_at(deadline.into(), answer).await {
            Ok(Ok((Ok(Ok(value)), waited))) => {
                let worked = begun.elapsed().saturating_sub(waited);
                self.metrics.stage("queue", waited);
                self.metrics.stage("judge", worked);
                Ok(Done { value, waited, worked })
            }
            Ok(Ok((Ok(Err(Stopped::Worker(fault))), _))) => {
                tracing::error!(%fault, "no worker process");
                Err(Fault::no_worker())
            }
            Ok(Ok((Err(_panic), _))) => Err(Fault::internal()),
            // Stopped, or never started: the server stops, or the time is over.
            _ if self.stopped.load(Ordering::Relaxed) => Err(Fault::draining()),
            _ => Err(Fault::deadline()),
        }
    }

    /// Makes every running job stop at its next step and no waiting one start.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.queue.close();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn work_off(queue: &Queue) {
    while let Some((class, job)) = queue.next() {
        let started = Instant::now();
        job();
        queue.done(class, started.elapsed());
    }
}

/// Tells a job that the future which waits for it is gone, and takes it out of the queue.
struct Leash<'a> {
    left: Arc<AtomicBool>,
    queue: &'a Queue,
    class: Class,
    ticket: Ticket,
}

impl Drop for Leash<'_> {
    fn drop(&mut self) {
        self.left.store(true, Ordering::Relaxed);
        self.queue.forget(self.class, self.ticket);
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

    fn pool(workers: usize, queue: usize) -> Pool {
        Pool::start(workers, queue, 4096, Arc::default()).unwrap()
    }

    fn at_once(pool: &Pool) -> Result<Place, Fault> {
        pool.place(Class::Interactive, soon())
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[tokio::test]
    async fn a_full_pool_refuses_and_a_finished_job_makes_room() {
        let pool = pool(1, 0);
        let place = at_once(&pool).unwrap();
        assert_eq!(at_once(&pool).err().unwrap().reason, "OVERLOADED");
        let held = pool.hold(10).unwrap();
        assert_eq!(pool.run(place, held, soon(), |_| Ok(7)).await.unwrap().value, 7);
        while at_once(&pool).is_err() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn bytes_are_counted_and_given_back() {
        let pool = pool(1, 0);
        let mut held = pool.hold(1000).unwrap();
        pool.hold_more(&mut held, 3000).unwrap();
        assert!(pool.hold(2048).is_err());
        drop(held);
        assert!(pool.hold(1_000_000).is_ok(), "a giant is let in alone");
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_fault_and_the_worker_lives_on() {
        let pool = pool(1, 1);
        let (place, held) = (at_once(&pool).unwrap(), pool.hold(1).unwrap());
        let outcome = pool.run::<()>(place, held, soon(), |_| panic!("on purpose")).await;
        assert_eq!(outcome.unwrap_err().reason, "INTERNAL");
        let (place, held) = (at_once(&pool).unwrap(), pool.hold(1).unwrap());
        assert_eq!(pool.run(place, held, soon(), |_| Ok(1)).await.unwrap().value, 1);
    }

    #[tokio::test]
    async fn the_job_of_a_caller_who_left_is_told_to_stop() {
        let pool = pool(1, 1);
        let (told, hears) = std::sync::mpsc::channel();
        let (place, held) = (at_once(&pool).unwrap(), pool.hold(1).unwrap());
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

    #[tokio::test]
    async fn the_waiting_job_of_a_caller_who_left_makes_room_and_is_never_started() {
        let pool = pool(1, 1);
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let busy = (at_once(&pool).unwrap(), pool.hold(1).unwrap());
        let busy = pool.run(busy.0, busy.1, soon(), move |_| Ok(waits.recv().is_ok()));
        let (started, starts) = std::sync::mpsc::channel();
        let (second, held) = (at_once(&pool).unwrap(), pool.hold(1).unwrap());
        let waiting = pool.run(second, held, soon(), move |_| Ok(started.send(())));
        tokio::pin!(busy);
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut busy).await.is_err());
        assert!(tokio::time::timeout(Duration::from_millis(20), waiting).await.is_err());
        let third = at_once(&pool);
        assert!(third.is_ok(), "the place is free though the first still runs");
        go_on.send(()).unwrap();
        assert!(busy.await.unwrap().value);
        assert!(starts.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_caller_whose_time_ends_before_its_turn_is_refused_at_once() {
        let pool = pool(1, 8);
        let slow = (at_once(&pool).unwrap(), pool.hold(1).unwrap());
        let nap = Duration::from_millis(60);
        let slow = pool.run(slow.0, slow.1, soon(), move |_| {
            std::thread::sleep(nap);
            Ok(())
        });
        slow.await.unwrap();
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let busy = (at_once(&pool).unwrap(), pool.hold(1).unwrap());
        let busy = pool.run(busy.0, busy.1, soon(), move |_| Ok(waits.recv().is_ok()));
        tokio::pin!(busy);
        assert!(tokio::time::timeout(Duration::from_millis(20), &mut busy).await.is_err());
        let hurried = Instant::now() + Duration::from_millis(5);
        assert_eq!(pool.place(Class::Interactive, hurried).err().unwrap().reason, "OVERLOADED");
        assert!(at_once(&pool).is_ok(), "whoever has time may wait");
        go_on.send(()).unwrap();
        busy.await.unwrap();
    }
}
