//! How long a process has waited for a processor: a file must not be blamed for a busy machine.

use std::path::Path;
use std::time::Duration;

/// Of all threads of a process so far; zero where the system does not tell.
pub(super) fn waited(process: u32) -> Duration {
    let folder = format!("/proc/{process}/task");
    let threads = std::fs::read_dir(Path::new(&folder)).into_iter().flatten().flatten();
    let told = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        of_thread(&text)
    });
    told.sum()
}

/// What a thread says of itself: nanoseconds on a processor, nanoseconds waiting for one, turns.
fn of_thread(text: &str) -> Option<Duration> {
    let waited = text.split_whitespace().nth(1)?;
    waited.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_number_is_the_wait() {
        assert_eq!(of_thread("81 2500000000 9\n"), Some(Duration::from_millis(2500)));
        assert_eq!(of_thread("81"), None);
        assert_eq!(of_thread("a b c"), None);
    }

    #[test]
    fn nobody_has_waited_longer_than_he_lives() {
        let own = waited(std::process::id());
        assert!(own < Duration::from_secs(3600), "{own:?}");
        assert_eq!(waited(u32::MAX), Duration::ZERO);
    }
}
