//! Jobs that wait for a worker: people before batches, and nobody who has left.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::observe::Metrics;

/// What a worker does. It says itself how long it waited.
pub(super) type Job = Box<dyn FnOnce() + Send>;

/// Who waits for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Somebody who wants to go on.
    Interactive,
    /// An archive: it takes what the others leave.
    Batch,
}

impl Class {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Batch => "batch",
        }
    }
}

/// A job's place in the queue, by which it is taken out again.
pub(super) type Ticket = u64;

/// The queue of a pool.
pub(super) struct Queue {
    lines: Mutex<Lines>,
    changed: Condvar,
    workers: usize,
    next: AtomicU64,
    /// Typical time of a job, in nanoseconds.
    pace: AtomicU64,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Lines {
    interactive: VecDeque<(Ticket, Job)>,
    batch: VecDeque<(Ticket, Job)>,
    busy: usize,
    busy_with_batch: usize,
    closed: bool,
}

impl Lines {
    fn line(&mut self, class: Class) -> &mut VecDeque<(Ticket, Job)> {
        match class {
            Class::Interactive => &mut self.interactive,
            Class::Batch => &mut self.batch,
        }
    }
}

/// The share of the last job in what is typical.
const NEWS: u64 = 8;

/// A job counts at most so many typical ones: one bomb does not close the door to all others.
const MOST: u64 = 4;

/// No job is thought to take less.
const LEAST: u64 = 1_000_000;

impl Queue {
    pub(super) fn new(workers: usize, metrics: Arc<Metrics>) -> Self {
        let (lines, changed) = (Mutex::default(), Condvar::new());
        let (next, pace) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { lines, changed, workers, next, pace, metrics }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // Nothing that panics runs under this lock.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Workers that may be busy with batches: all but one, which is kept for people.
    fn most_for_batches(&self) -> usize {
        self.workers.saturating_sub(1).max(1)
    }

    pub(super) fn push(&self, class: Class, job: Job) -> Ticket {
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        let mut lines = self.lines();
        lines.line(class).push_back((ticket, job));
        self.metrics.depth(class.word(), lines.line(class).len());
        drop(lines);
        self.changed.notify_one();
        ticket
    }

    /// Takes a job out that nobody waits for any more; one that runs already is not here.
    pub(super) fn forget(&self, class: Class, ticket: Ticket) {
        let mut lines = self.lines();
        let line = lines.line(class);
        let forgotten = line.iter().position(|(known, _)| *known == ticket);
        let forgotten = forgotten.and_then(|at| line.remove(at));
        self.metrics.depth(class.word(), line.len());
        drop(lines);
        // What it holds is let go outside the lock.
        drop(forgotten);
    }

    /// Waits for a job; `None` when there will be none.
    pub(super) fn next(&self) -> Option<(Class, Job)> {
        let mut lines = self.lines();
        loop {
            let class = match &*lines {
                Lines { closed: true, .. } => return None,
                Lines { interactive, .. } if !interactive.is_empty() => Some(Class::Interactive),
                Lines { batch, busy_with_batch, .. }
                    if !batch.is_empty() && *busy_with_batch < self.most_for_batches() =>
                {
                    Some(Class::Batch)
                }
                _ => None,
            };
            if let Some(class) = class
                && let Some((_, job)) = lines.line(class).pop_front()
            {
                lines.busy += 1;
                lines.busy_with_batch += usize::from(class == Class::Batch);
                self.metrics.depth(class.word(), lines.line(class).len());
                self.metrics.busy(1);
                return Some((class, job));
            }
            lines = self.changed.wait(lines).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A worker has done a job in so long.
    pub(super) fn done(&self, class: Class, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(LEAST);
        let known = self.pace.load(Ordering::Relaxed);
        let pace = match known {
            0 => took,
            known => known - known / NEWS + took.min(known.saturating_mul(MOST)) / NEWS,
        };
        // Workers that write over each other lose a piece of news.
        self.pace.store(pace, Ordering::Relaxed);
        let mut lines = self.lines();
        lines.busy -= 1;
        lines.busy_with_batch -= usize::from(class == Class::Batch);
        drop(lines);
        self.metrics.busy(-1);
        // A batch may have waited for a worker to be let go of another.
        self.changed.notify_all();
    }

    /// How long a job that comes now will wait, by what jobs have taken lately.
    pub(super) fn expected_wait(&self) -> Duration {
        let lines = self.lines();
        let (waiting, busy) = (lines.interactive.len() as u64, lines.busy);
        drop(lines);
        if waiting == 0 && busy < self.workers {
            return Duration::ZERO;
        }
        let pace = self.pace.load(Ordering::Relaxed);
        // Those that run are half done.
        let ahead = waiting.saturating_mul(pace) / self.workers as u64;
        Duration::from_nanos(ahead + pace / 2 / self.workers as u64)
    }

    /// Lets the workers end.
    pub(super) fn close(&self) {
        let mut lines = self.lines();
        lines.closed = true;
        let left = (std::mem::take(&mut lines.interactive), std::mem::take(&mut lines.batch));
        drop(lines);
        drop(left);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn queue(workers: usize) -> Queue {
        Queue::new(workers, Arc::default())
    }

    fn says(said: &mpsc::Sender<&'static str>, word: &'static str) -> Job {
        let said = said.clone();
        Box::new(move || said.send(word).unwrap())
    }

    #[test]
    fn people_are_served_before_batches_and_batches_leave_them_a_worker() {
        let (queue, (said, heard)) = (queue(2), mpsc::channel());
        queue.push(Class::Batch, says(&said, "batch 1"));
        queue.push(Class::Batch, says(&said, "batch 2"));
        queue.push(Class::Interactive, says(&said, "person"));
        let (first, job) = queue.next().unwrap();
        job();
        assert_eq!((first, heard.recv().unwrap()), (Class::Interactive, "person"));
        let (second, job) = queue.next().unwrap();
        job();
        assert_eq!((second, heard.recv().unwrap()), (Class::Batch, "batch 1"));
        // With one worker in a batch, the other one waits for a person.
        queue.push(Class::Interactive, says(&said, "late person"));
        let (third, job) = queue.next().unwrap();
        job();
        assert_eq!((third, heard.recv().unwrap()), (Class::Interactive, "late person"));
        queue.done(Class::Batch, Duration::from_millis(5));
        assert_eq!(queue.next().unwrap().0, Class::Batch);
    }

    #[test]
    fn a_forgotten_job_is_never_started() {
        let (queue, (said, heard)) = (queue(1), mpsc::channel());
        let ticket = queue.push(Class::Interactive, says(&said, "gone"));
        queue.push(Class::Interactive, says(&said, "here"));
        queue.forget(Class::Interactive, ticket);
        queue.next().unwrap().1();
        assert_eq!(heard.recv().unwrap(), "here");
        queue.close();
        assert!(queue.next().is_none());
    }

    #[test]
    fn the_wait_is_told_by_what_jobs_took_lately_and_one_bomb_changes_little() {
        let queue = queue(2);
        assert_eq!(queue.expected_wait(), Duration::ZERO, "nobody is there");
        for _ in 0..4 {
            queue.push(Class::Interactive, Box::new(|| ()));
        }
        assert_eq!(queue.expected_wait(), Duration::ZERO, "nothing is known");
        for _ in 0..2 {
            drop(queue.next().unwrap());
        }
        queue.done(Class::Interactive, Duration::from_millis(100));
        // Two wait, one runs: one typical job each worker, and a half that is under way.
        assert_eq!(queue.expected_wait(), Duration::from_millis(125));
        drop(queue.next().unwrap());
        queue.done(Class::Interactive, Duration::from_secs(8));
        assert!(queue.expected_wait() < Duration::from_millis(150), "{:?}", queue.expected_wait());
    }
}
