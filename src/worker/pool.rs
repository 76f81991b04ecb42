//! Worker processes that are kept: so many at most, each replaced after some time or when it grows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::process::{Lost, Process};
use super::{Counts, Program, Settings, Stopped};
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
    pub(super) tally: Tally,
}

#[derive(Debug, Default)]
struct Places {
    idle: Vec<Process>,
    busy: usize,
}

/// What has happened, for those who watch the service.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) started: AtomicU64,
    pub(super) recycled: AtomicU64,
    pub(super) crashed: AtomicU64,
    pub(super) out_of_time: AtomicU64,
    pub(super) killed: AtomicU64,
}

impl Tally {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            started: read(&self.started),
            recycled: read(&self.recycled),
            crashed: read(&self.crashed),
            out_of_time: read(&self.out_of_time),
            killed: read(&self.killed),
        }
    }
}

/// Leave to keep one process busy.
pub(super) struct Place<'a>(&'a Pool);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.places().busy -= 1;
        self.0.freed.notify_one();
    }
}

impl Pool {
    pub(super) fn new(program: Program, settings: Settings) -> Self {
        let (places, freed, tally) = (Mutex::default(), Condvar::new(), Tally::default());
        Self { program, settings, places, freed, tally }
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
        let mut kept = if fresh { None } else { self.places().idle.pop() };
        while let Some(mut process) = kept {
            if process.is_alive() {
                return Ok(process);
            }
            kept = self.places().idle.pop();
        }
        // A new one takes the place of one that waits where there are enough.
        let surplus = {
            let mut places = self.places();
            let all = places.idle.len() + places.busy;
            if all > self.settings.processes { places.idle.pop() } else { None }
        };
        drop(surplus);
        self.start(budget)
    }

    fn start(&self, budget: &mut dyn Budget) -> Result<Process, Stopped> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Process::start(&self.program, self.settings.limits, budget) {
                Ok(process) => {
                    Tally::add(&self.tally.started);
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
        let Settings { processes, recycle_files, recycle_bytes, .. } = self.settings;
        let grown = process.resident().is_none_or(|bytes| bytes > recycle_bytes);
        if grown || process.files >= recycle_files {
            Tally::add(&self.tally.recycled);
            return;
        }
        let mut places = self.places();
        if places.idle.len() < processes {
            places.idle.push(process);
        }
    }

    /// Ids of the processes that wait for work.
    pub(super) fn idle(&self) -> Vec<u32> {
        self.places().idle.iter().map(Process::id).collect()
    }
}
