//! How the world outside tells the core to stop, so that nothing here reads a clock.

use std::time::Duration;

/// The caller has gone or its time is over. Not a statement about the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped before a verdict was reached")]
pub struct Expired;

/// Deadline and cancellation, asked between steps. A verdict never depends on it: either the work
/// ends and the verdict is what it always is, or there is none.
pub trait Budget {
    /// Whether to stop now.
    fn expired(&mut self) -> bool;

    /// Time since the start, for reports; zero where nobody measures.
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    /// `Err` when it is time to stop.
    fn check(&mut self) -> Result<(), Expired> {
        if self.expired() { Err(Expired) } else { Ok(()) }
    }
}

/// Never expires.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unlimited;

impl Budget for Unlimited {
    fn expired(&mut self) -> bool {
        false
    }
}
