//! How far a job is, for whoever watches.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of a running job. Read at any time, from any thread.
#[derive(Debug, Default)]
pub struct Meter {
    total: AtomicU64,
    done: AtomicU64,
    before: AtomicU64,
    errors: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Items of this share, as far as known.
    pub total: u64,
    /// Items that are done.
    pub done: u64,
    /// Of these, those that an earlier run had done.
    pub before: u64,
    /// Items without a verdict.
    pub errors: u64,
}

impl Meter {
    pub(super) fn expect(&self, items: u64) {
        self.total.store(items, Ordering::Relaxed);
    }

    pub(super) fn judged(&self, failed: bool) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.errors.fetch_add(u64::from(failed), Ordering::Relaxed);
    }

    /// Items that are done already, or by somebody else.
    pub(super) fn found(&self, items: u64, errors: u64) {
        self.done.fetch_add(items, Ordering::Relaxed);
        self.before.fetch_add(items, Ordering::Relaxed);
        self.errors.fetch_add(errors, Ordering::Relaxed);
    }

    /// Now.
    pub fn read(&self) -> Reading {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Reading {
            total: load(&self.total),
            done: load(&self.done),
            before: load(&self.before),
            errors: load(&self.errors),
        }
    }
}
