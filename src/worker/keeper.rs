//! The thread that keeps worker processes ready, so that a file that ends one makes nobody wait.

use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::pool::Pool;

/// How often those that wait are looked after: one may be killed while nobody asks for it.
const LOOK: Duration = Duration::from_millis(200);

/// Longest time between two attempts where none can be started.
const REST: Duration = Duration::from_secs(5);

/// The processes, and who keeps them ready. All end with it.
#[derive(Debug)]
pub(super) struct Keeper {
    pool: Arc<Pool>,
    thread: OnceLock<Option<JoinHandle<()>>>,
}

impl Keeper {
    /// Starts nothing before it is asked.
    pub(super) fn of(pool: Pool) -> Self {
        Self { pool: Arc::new(pool), thread: OnceLock::new() }
    }

    /// The processes, to look at.
    pub(super) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The processes, to have work done.
    pub(super) fn at_work(&self) -> &Pool {
        if self.pool.settings.kept_ready > 0 {
            self.thread.get_or_init(|| {
                let pool = Arc::clone(&self.pool);
                let keeper = thread::Builder::new().name("worker-keeper".to_owned());
                // Without it processes are started when they are needed.
                keeper.spawn(move || keep(&pool)).ok()
            });
        }
        &self.pool
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.pool.close();
        if let Some(thread) = self.thread.take().flatten() {
            // It has nothing to tell, even of a panic.
            let _ = thread.join();
        }
    }
}

fn keep(pool: &Pool) {
    let mut pause = LOOK;
    loop {
        match pool.refill() {
            Ok(()) => pause = LOOK,
            Err(fault) => {
                tracing::error!(%fault, "worker processes cannot be kept ready");
                pause = (pause * 2).min(REST);
            }
        }
        if !pool.until_lost(pause) {
            return;
        }
    }
}
