//! Why a worker process has ended.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Why a worker process has ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The file crashed it, or made it say what is no answer.
    Crashed,
    /// The file took more memory than a worker may use.
    OutOfMemory,
    /// The file took more time than a file may take.
    OutOfTime,
    /// The file made it do what the sandbox forbids.
    Forbidden,
    /// Somebody or something that does not know of the file.
    Killed,
}

impl Cause {
    /// As it stands in the log and in [`super::Counts::restarts`].
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Crashed => "crashed",
            Self::OutOfMemory => "out_of_memory",
            Self::OutOfTime => "out_of_time",
            Self::Forbidden => "forbidden",
            Self::Killed => "killed",
        }
    }
}

/// Who ended a process, when its pipe is closed. The limits that it sets for itself end it by SIGABRT
/// (memory, stack) or SIGXCPU, its sandbox by SIGSYS, and a crash by its own signal. SIGKILL comes from
/// outside, be it from a person or from the kernel that has run out of memory; only of the latter the
/// kernel keeps count, and it has counted where `starved`. `last_words` tell want of memory from any
/// other reason to abort; they are believed in nothing else.
pub(super) fn cause(status: ExitStatus, starved: bool, last_words: &[u8]) -> Cause {
    const HANG_UP: i32 = 1;
    const INTERRUPT: i32 = 2;
    const QUIT: i32 = 3;
    const ABORT: i32 = 6;
    const KILL: i32 = 9;
    const TERMINATE: i32 = 15;
    const PROCESSOR_TIME: i32 = 24;
    const BAD_CALL: i32 = 31;
    match status.signal() {
        Some(KILL) if starved => Cause::OutOfMemory,
        Some(HANG_UP | INTERRUPT | QUIT | KILL | TERMINATE) => Cause::Killed,
        Some(PROCESSOR_TIME) => Cause::OutOfTime,
        Some(BAD_CALL) => Cause::Forbidden,
        Some(ABORT) if is_want_of_memory(last_words) => Cause::OutOfMemory,
        _ => Cause::Crashed,
    }
}

/// What Rust's allocator writes before it aborts.
fn is_want_of_memory(last_words: &[u8]) -> bool {
    memchr::memmem::find(last_words, b"memory allocation of ").is_some()
}

/// What a process has written aside before it ended: as much as is looked at, and never shown, as it
/// may tell of the file.
pub(super) fn last_words(mut aside: impl Read) -> Vec<u8> {
    let mut words = vec![0; 64 * 1024];
    let mut length = 0;
    while length < words.len() {
        match aside.read(&mut words[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    words.truncate(length);
    words
}

/// Processes of the whole machine that the kernel has ended for want of memory since it started.
pub(super) fn ended_for_memory() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/vmstat").ok()?;
    told.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_signal(signal: i32) -> Cause {
        cause(ExitStatus::from_raw(signal), false, b"")
    }

    #[test]
    fn only_signals_from_outside_leave_the_file_without_blame() {
        for (name, signal) in [("HUP", 1), ("INT", 2), ("QUIT", 3), ("KILL", 9), ("TERM", 15)] {
            assert_eq!(of_signal(signal), Cause::Killed, "{name}");
        }
        let own = [("ILL", 4), ("TRAP", 5), ("ABRT", 6), ("BUS", 7), ("FPE", 8), ("SEGV", 11)];
        for (name, signal) in own.into_iter().chain([("XFSZ", 25)]) {
            assert_eq!(of_signal(signal), Cause::Crashed, "{name}");
        }
        for code in [0, 1, 101] {
            assert_eq!(
                cause(ExitStatus::from_raw(code << 8), false, b""),
                Cause::Crashed,
                "{code}"
            );
        }
        assert_eq!((of_signal(24), of_signal(31)), (Cause::OutOfTime, Cause::Forbidden));
    }

    #[test]
    fn a_kill_while_the_kernel_runs_out_of_memory_is_blamed_on_the_file() {
        assert_eq!(cause(ExitStatus::from_raw(9), true, b""), Cause::OutOfMemory);
        assert_eq!(cause(ExitStatus::from_raw(15), true, b""), Cause::Killed);
    }

    #[test]
    fn last_words_tell_want_of_memory_from_other_reasons_to_abort() {
        let words = b"\nmemory allocation of 16777216 bytes failed\n";
        assert_eq!(cause(ExitStatus::from_raw(6), false, words), Cause::OutOfMemory);
        for signal in [4, 11, 31] {
            assert_eq!(cause(ExitStatus::from_raw(signal), false, words), of_signal(signal));
        }
    }

    #[test]
    fn no_more_last_words_are_read_than_are_looked_at() {
        assert_eq!(last_words(io::repeat(7)).len(), 64 * 1024);
        assert_eq!(last_words(&b"few"[..]), b"few");
    }
}
