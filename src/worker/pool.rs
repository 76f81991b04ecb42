//! Worker processes that are kept: so many at most, each replaced after some time or when it grows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::death::Cause;
use super::process::{self, Alive, Lost, Process, Sandbox};
use super::{Counts, Program, Settings, Stopped, WorkerFault};
use crate::intake::{Budget, Expired};

/// How often a caller who waits for a process is looked after.
const TICK: Duration = Duration::from_millis(20);

/// Starts that may fail in a row before it is given up: a moment without memory or process ids.
const STARTS: u32 = 3;

/// Before starting again.
const PAUSE: Duration = Duration::from_millis(50);

/// The processes.
#[derive(Debug)]
pub(super) struct Pool {
    program: Program,
    pub(super) settings: Settings,
    places: Mutex<Places>,
    freed: Condvar,
    /// Told when a process has gone, and when the pool closes.
    lost: Condvar,
    pub(super) alive: Alive,
    /// What the process that was started last is shut in by.
    sandbox: Mutex<Sandbox>,
    pub(super) tally: Tally,
}

#[derive(Debug, Default)]
struct Places {
    idle: Vec<Process>,
    busy: usize,
    closing: bool,
}

/// What has happened, for those who watch the service.
#[derive(Debug, Default)]
pub(super) struct Tally {
    started: AtomicU64,
    recycled: AtomicU64,
    crashed: AtomicU64,
    out_of_memory: AtomicU64,
    out_of_time: AtomicU64,
    forbidden: AtomicU64,
    killed: AtomicU64,
    abandoned: AtomicU64,
}

impl Tally {
    /// A process that ended before its time.
    fn ended(&self, cause: Cause) {
        add(match cause {
            Cause::Crashed => &self.crashed,
            Cause::OutOfMemory => &self.out_of_memory,
            Cause::OutOfTime => &self.out_of_time,
            Cause::Forbidden => &self.forbidden,
            Cause::Killed => &self.killed,
        });
    }

    pub(super) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            started: read(&self.started),
            recycled: read(&self.recycled),
            crashed: read(&self.crashed),
            out_of_memory: read(&self.out_of_memory),
            out_of_time: read(&self.out_of_time),
            forbidden: read(&self.forbidden),
            killed: read(&self.killed),
            abandoned: read(&self.abandoned),
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Leave to keep one process busy.
pub(super) struct Place<'a>(&'a Pool);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.places().busy -= 1;
        self.0.freed.notify_one();
    }
}

/// Time that ends with the pool.
struct UntilClosed<'a>(&'a Pool);

impl Budget for UntilClosed<'_> {
    fn expired(&mut self) -> bool {
        self.0.places().closing
    }
}

impl Pool {
    pub(super) fn new(program: Program, settings: Settings) -> Self {
        Self {
            program,
            settings,
            places: Mutex::default(),
            freed: Condvar::new(),
            lost: Condvar::new(),
            alive: Alive::default(),
            sandbox: Mutex::default(),
            tally: Tally::default(),
        }
    }

    fn places(&self) -> std::sync::MutexGuard<'_, Places> {
        // Nothing that panics runs under this lock.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for leave to keep a process busy.
    pub(super) fn place(&self, budget: &mut dyn Budget) -> Result<Place<'_>, Expired> {
        let mut places = self.places();
        while places.busy >= self.settings.processes {
            let waited = self.freed.wait_timeout(places, TICK);
            places = waited.unwrap_or_else(PoisonError::into_inner).0;
            budget.check()?;
        }
        places.busy += 1;
        Ok(Place(self))
    }

    /// A process that waits for work, or a new one; `fresh` = one that has judged nothing yet.
    pub(super) fn take(&self, fresh: bool, budget: &mut dyn Budget) -> Result<Process, Stopped> {
        // Not in the loop's head, where the lock would be held all the while.
        let pop = || self.places().pop(fresh);
        while let Some(mut process) = pop() {
            match process.ended() {
                None => return Ok(process),
                cause => self.lose(process, cause),
            }
        }
        // A new one takes the place of one that waits where there are enough.
        let surplus = {
            let mut places = self.places();
            let all = places.idle.len() + places.busy;
            if all > self.most() { places.idle.pop() } else { None }
        };
        if let Some(surplus) = surplus {
            self.recycle(surplus);
        }
        self.start(budget)
    }

    /// Processes at most, busy ones included.
    fn most(&self) -> usize {
        self.settings.processes.max(self.settings.kept_ready)
    }

    fn start(&self, budget: &mut dyn Budget) -> Result<Process, Stopped> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Process::start(&self.program, self.settings.limits, &self.alive, budget) {
                Ok(process) => {
                    add(&self.tally.started);
                    let mut sandbox = self.sandbox.lock().unwrap_or_else(PoisonError::into_inner);
                    sandbox.clone_from(&process.sandbox);
                    return Ok(process);
                }
                Err(Err(Lost::Caller)) => return Err(Expired.into()),
                Err(Ok(fault)) if tries == STARTS => return Err(fault.into()),
                Err(_) => {}
            }
            let end = Instant::now() + PAUSE;
            while Instant::now() < end {
                budget.check()?;
                std::thread::sleep(TICK.min(PAUSE));
            }
        }
    }

    /// Keeps a process that has answered, unless it has had its day.
    pub(super) fn give_back(&self, process: Process) {
        let Settings { recycle_files, recycle_bytes, .. } = self.settings;
        // Where the system does not tell, the limit of address space holds.
        let grown = process::resident(process.id()).is_some_and(|bytes| bytes > recycle_bytes);
        if grown || process.files >= recycle_files {
            return self.recycle(process);
        }
        let surplus = self.places().push(process, self.most());
        if let Some(surplus) = surplus {
            self.recycle(surplus);
        }
    }

    /// Ends a process in good order.
    fn recycle(&self, process: Process) {
        add(&self.tally.recycled);
        self.lose(process, None);
    }

    /// Ends a process that is of no more use.
    pub(super) fn lose(&self, process: Process, cause: Option<Cause>) {
        drop(process);
        if let Some(cause) = cause {
            self.tally.ended(cause);
            tracing::warn!(cause = cause.name(), "a worker process was ended");
        }
        self.lost.notify_one();
    }

    /// Ends a process whose caller does not wait for it.
    pub(super) fn abandon(&self, process: Process) {
        add(&self.tally.abandoned);
        self.lose(process, None);
    }

    /// Waits until a process is lost, at most so long. `false` when the pool closes.
    pub(super) fn until_lost(&self, patience: Duration) -> bool {
        let places = self.places();
        if places.closing {
            return false;
        }
        let waited = self.lost.wait_timeout(places, patience);
        !waited.unwrap_or_else(PoisonError::into_inner).0.closing
    }

    /// Starts as many processes as are missing, in place of those that ended while they waited, too.
    pub(super) fn refill(&self) -> Result<(), WorkerFault> {
        let ended = self.places().ended();
        for (process, cause) in ended {
            self.lose(process, Some(cause));
        }
        while self.alive.ids().len() < self.settings.kept_ready {
            match self.start(&mut UntilClosed(self)) {
                Ok(process) => self.give_back(process),
                Err(Stopped::Worker(fault)) => return Err(fault),
                Err(Stopped::Expired(_)) => break,
            }
        }
        Ok(())
    }

    /// Nobody will ask any more.
    pub(super) fn close(&self) {
        self.places().closing = true;
        self.lost.notify_all();
    }

    /// What the process that was started last is shut in by.
    pub(super) fn sandbox(&self) -> Sandbox {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ids of the processes that wait for work.
    pub(super) fn idle(&self) -> Vec<u32> {
        self.places().idle.iter().map(Process::id).collect()
    }
}

impl Places {
    /// One that waits; `fresh` = one that has judged nothing. Those are kept for files that have ended
    /// a process, while there are others.
    fn pop(&mut self, fresh: bool) -> Option<Process> {
        let of_files = |fresh: bool| self.idle.iter().rposition(|it| (it.files == 0) == fresh);
        let position = of_files(fresh).or_else(|| if fresh { None } else { of_files(true) })?;
        Some(self.idle.remove(position))
    }

    /// Keeps one, where there are fewer; otherwise gives it back.
    fn push(&mut self, process: Process, most: usize) -> Option<Process> {
        if self.idle.len() >= most {
            return Some(process);
        }
        self.idle.push(process);
        None
    }

    /// Those that have ended while they waited, and why.
    fn ended(&mut self) -> Vec<(Process, Cause)> {
        let mut ended = Vec::new();
        for mut process in std::mem::take(&mut self.idle) {
            match process.ended() {
                Some(cause) => ended.push((process, cause)),
                None => self.idle.push(process),
            }
        }
        ended
    }
}
