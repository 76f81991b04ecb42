//! How long a process has run and waited to run: a file must not be blamed for a busy machine.

use std::path::Path;
use std::time::Duration;

/// Of all threads of a process so far; nothing where the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// On a processor.
    ran: Duration,
    /// Ready to run, and no processor free.
    waited: Duration,
}

/// So large a part of its time a process has run at least whose file is to blame for it.
const LEAST_PART: u32 = 8;

impl Spent {
    /// By the process of this number.
    pub(super) fn by(process: u32) -> Self {
        let folder = format!("/proc/{process}/task");
        let threads = std::fs::read_dir(Path::new(&folder)).into_iter().flatten().flatten();
        let told = threads.filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            Self::of_thread(&text)
        });
        told.fold(Self::default(), |sum, one| Self {
            ran: sum.ran + one.ran,
            waited: sum.waited + one.waited,
        })
    }

    /// What a thread says of itself: nanoseconds on a processor, nanoseconds waiting for one, turns.
    fn of_thread(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().map(|number| number.parse().ok());
        let mut next = || numbers.next().flatten().map(Duration::from_nanos);
        Some(Self { ran: next()?, waited: next()? })
    }

    /// Whether a process that had spent `self` at the beginning of `time` has waited for most of it, and
    /// hardly run.
    pub(super) fn is_starved(self, now: Self, time: Duration) -> bool {
        let waited = now.waited.saturating_sub(self.waited);
        let ran = now.ran.saturating_sub(self.ran);
        2 * waited > time && LEAST_PART * ran < time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(ran: u64, waited: u64) -> Spent {
        Spent { ran: Duration::from_secs(ran), waited: Duration::from_secs(waited) }
    }

    #[test]
    fn the_first_number_is_the_run_and_the_second_the_wait() {
        let told = Spent::of_thread("1000000000 2000000000 9\n");
        assert_eq!(told, Some(spent(1, 2)));
        assert_eq!(Spent::of_thread("81"), None);
        assert_eq!(Spent::of_thread("a b c"), None);
    }

    #[test]
    fn who_waits_is_starved_and_who_runs_or_sleeps_is_not() {
        let (time, before) = (Duration::from_secs(8), spent(3, 5));
        let is_starved =
            |ran: u64, waited: u64| before.is_starved(spent(3 + ran, 5 + waited), time);
        assert!(is_starved(0, 7));
        assert!(!is_starved(4, 4), "it has run for as long as it waited");
        assert!(!is_starved(1, 7), "it has run for a part that tells");
        assert!(!is_starved(0, 0), "it slept");
    }

    #[test]
    fn a_process_that_is_not_there_has_spent_nothing() {
        assert_eq!(Spent::by(u32::MAX), Spent::default());
        assert!(Spent::by(std::process::id()).ran > Duration::ZERO);
    }
}
