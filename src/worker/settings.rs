//! What is judged in processes of its own, by which program, and within which bounds.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

#[cfg(target_os = "linux")]
use super::Limits;
use super::WorkerFault;

/// The program of the worker processes.
///
/// A program that uses this crate names the `scanvet` beside it ([`Program::at`]), or itself where its
/// `main` calls `scanvet::worker::child::run` on arguments of its own ([`Program::with`]). It must be
/// of the version of this crate, which is checked before a file is sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(super) path: PathBuf,
    pub(super) arguments: Vec<OsString>,
}

/// The hidden command of `scanvet`.
const COMMAND: &str = "worker";

impl Program {
    /// The running program, which must be `scanvet`.
    pub fn own() -> Result<Self, WorkerFault> {
        // Still the same program when its file was replaced, which a path is not.
        const SELF: &str = "/proc/self/exe";
        if std::path::Path::new(SELF).exists() {
            return Ok(Self::at(SELF));
        }
        std::env::current_exe()
            .map(Self::at)
            .map_err(|error| WorkerFault::NoProgram { path: SELF.into(), error })
    }

    /// The `scanvet` at a path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self::with(path, [COMMAND])
    }

    /// Any program that becomes a worker on these arguments, to which those of the limits are added.
    pub fn with<A: Into<OsString>>(
        path: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self { path: path.into(), arguments: arguments.into_iter().map(Into::into).collect() }
    }

    /// The same with its whole path, when it can be run.
    #[cfg(target_os = "linux")]
    pub(super) fn checked(self) -> Result<Self, WorkerFault> {
        use std::os::unix::fs::PermissionsExt;
        const EXECUTE: u32 = 0o111;
        let Self { path, arguments } = self;
        let looked = std::fs::metadata(&path).and_then(|metadata| {
            let runs = metadata.is_file() && metadata.permissions().mode() & EXECUTE != 0;
            runs.then_some(()).ok_or_else(|| std::io::ErrorKind::PermissionDenied.into())
        });
        match looked.and_then(|()| std::path::absolute(&path)) {
            Ok(path) => Ok(Self { path, arguments }),
            Err(error) => Err(WorkerFault::NoProgram { path, error }),
        }
    }
}

/// How worker processes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Processes that are busy at once; as many may wait for work.
    pub processes: usize,
    /// Processes that are alive at any time from the first start on, busy ones included: a thread
    /// replaces those that end. 0 = they are started when they are needed.
    pub kept_ready: usize,
    /// Time that a file may take, both tries together. A call of the service may take 10 s, of which
    /// this leaves enough for waiting and for the answer.
    pub file_time: Duration,
    /// Files after which a process is replaced.
    pub recycle_files: u32,
    /// Bytes of memory that a process may go on holding after a file, or it is replaced.
    pub recycle_bytes: u64,
    /// What each process may use.
    #[cfg(target_os = "linux")]
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            processes: std::thread::available_parallelism().map_or(1, usize::from),
            kept_ready: 0,
            file_time: Duration::from_secs(7),
            recycle_files: 10_000,
            recycle_bytes: 300 * 1024 * 1024,
            #[cfg(target_os = "linux")]
            limits: Limits::default(),
        }
    }
}
