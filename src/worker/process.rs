//! One worker process as its owner sees it: started, asked, watched, and ended.

use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::de::DeserializeOwned;

use super::frame::{self, Incoming, Kind};
use super::limits::Limits;
use super::message::{Answer, Hello, Job, KEPT, Rules};
use super::{Program, WorkerFault};
use crate::filing::look::{Keep, Look};
use crate::intake::{Budget, Upload, format};
use crate::pipeline::{Options, Report};
use crate::rules::RuleSet;

/// How often a caller who may have left is looked after.
const TICK: Duration = Duration::from_millis(20);

/// Longest that a process may take to be ready.
const START: Duration = Duration::from_secs(10);

/// How long a process that has closed its pipe may take to end.
const GRACE: Duration = Duration::from_secs(1);

/// Bytes that a pipe holds, where the system grants it: fewer turns between the two sides.
const PIPE: usize = 1024 * 1024;

/// What is read at once.
const PIECE: usize = 64 * 1024;

/// A running worker process. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    incoming: Incoming,
    /// Digests of the rules that it keeps, by place.
    kept: [Option<String>; KEPT],
    next_place: usize,
    /// Files that it has judged.
    pub(super) files: u32,
    /// Processes that the kernel had ended for want of memory when this one started.
    out_of_memory: Option<u64>,
}

/// What a worker is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) upload: &'a Upload,
    pub(super) rules: &'a RuleSet,
    pub(super) options: Options,
    pub(super) keep: Keep,
}

/// What it answers, not yet believed.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) report: Report,
    pub(super) look: Option<Look>,
    pub(super) picture: Option<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The caller has gone or its time is over.
    Caller,
    /// The file's time is over.
    OutOfTime,
    /// What came is no answer.
    Broken,
    /// The process has closed its pipe: it ends.
    Ended,
}

/// Who ended a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Death {
    /// The file: a crash, or a limit of the process.
    Own,
    /// Somebody or something that does not know of the file.
    Outside,
}

/// How long to wait, and for whom.
pub(super) struct Watch<'a> {
    pub(super) end: Instant,
    pub(super) budget: &'a mut dyn Budget,
}

impl Watch<'_> {
    /// Until when to wait before looking again.
    fn tick(&mut self) -> Result<Timespec, Lost> {
        if self.budget.expired() {
            return Err(Lost::Caller);
        }
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Lost::OutOfTime);
        }
        Timespec::try_from(left.min(TICK)).map_err(|_| Lost::OutOfTime)
    }
}

impl Process {
    /// Starts a process and waits until it is ready.
    pub(super) fn start(
        program: &Program,
        limits: Limits,
        budget: &mut dyn Budget,
    ) -> Result<Self, Result<WorkerFault, Lost>> {
        let mut command = Command::new(&program.path);
        command
            .arg0("scanvet")
            .args(&program.arguments)
            .args(limits.arguments())
            .env_clear()
            // Each arena of the allocator takes 64 MB of address space; one thread works at a time.
            .env("MALLOC_ARENA_MAX", "1")
            .env("RAYON_NUM_THREADS", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // An interrupt at the terminal is for the owner, who lets it finish.
            .process_group(0);
        let failed = |error| Err(Ok(WorkerFault::NotStarted(error)));
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return failed(error),
        };
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return failed(io::ErrorKind::BrokenPipe.into());
        };
        let mut process = Self {
            child,
            input,
            output,
            incoming: Incoming::default(),
            kept: std::array::from_fn(|_| None),
            next_place: 0,
            files: 0,
            out_of_memory: out_of_memory(),
        };
        if let Err(error) = process.prepare_pipes() {
            return failed(error);
        }
        let mut watch = Watch { end: Instant::now() + START, budget };
        match process.receive::<Hello>(Kind::Hello, &mut watch) {
            Ok(hello) if hello == Hello::own() => Ok(process),
            Ok(_) => Err(Ok(WorkerFault::OtherEngine)),
            Err(Lost::Caller) => Err(Err(Lost::Caller)),
            Err(_) => Err(Ok(WorkerFault::NotReady)),
        }
    }

    fn prepare_pipes(&self) -> io::Result<()> {
        rustix::io::ioctl_fionbio(&self.input, true)?;
        rustix::io::ioctl_fionbio(&self.output, true)?;
        // Only faster: where it is not granted, the pipe stays as it is.
        let _ = rustix::pipe::fcntl_setpipe_size(&self.input, PIPE);
        Ok(())
    }

    /// Whether it still runs, as far as can be told without asking it.
    pub(super) fn is_alive(&mut self) -> bool {
        self.incoming.is_empty() && matches!(self.child.try_wait(), Ok(None))
    }

    /// Its number in the system.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of memory that it holds, where the system tells.
    pub(super) fn resident(&self) -> Option<u64> {
        let told = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).ok()?;
        let pages: u64 = told.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }

    /// Has an upload judged. `meanwhile` runs while the process is busy; `begun` gets what it tells
    /// before it decodes. After an error the process is of no more use.
    pub(super) fn judge(
        &mut self,
        asked: Asked<'_>,
        watch: &mut Watch<'_>,
        begun: &mut Option<Report>,
        meanwhile: impl FnOnce(),
    ) -> Result<Answered, Lost> {
        self.files += 1;
        self.ask(asked, watch)?;
        meanwhile();
        let mut awaited = vec![Kind::Begun, Kind::Answer];
        if asked.options.annotate {
            awaited.push(Kind::Picture);
        }
        let mut picture = None;
        loop {
            let (kind, content) = self.frame(&awaited, watch)?;
            match kind {
                Kind::Begun => *begun = Some(read(&content)?),
                Kind::Picture => picture = Some(content),
                _ => {
                    let Answer { report, look } = read(&content)?;
                    return match self.incoming.is_empty() {
                        true => Ok(Answered { report, look, picture }),
                        false => Err(Lost::Broken),
                    };
                }
            }
            awaited.retain(|awaited| *awaited != kind);
        }
    }

    fn ask(&mut self, asked: Asked<'_>, watch: &mut Watch<'_>) -> Result<(), Lost> {
        let Asked { upload, rules, options, keep } = asked;
        let mut head = Vec::new();
        let known = self.kept.iter().position(|kept| kept.as_ref() == Some(&rules.applied));
        let place = match known {
            Some(place) => place,
            None => {
                let place = self.next_place;
                self.next_place = (place + 1) % KEPT;
                add(&mut head, Kind::Rules, &Rules { place, rules: rules.carried() })?;
                self.kept[place] = Some(rules.applied.clone());
                place
            }
        };
        // A claim of any length comes down to a known type or none.
        let declared = upload.declared_media_type.as_deref().and_then(format::of_media_type);
        let declared = declared.map(|format| format.media_type.to_owned());
        add(&mut head, Kind::Job, &Job { place, declared, options, keep })?;
        head.extend(frame::head(Kind::Content, upload.bytes.len()).ok_or(Lost::Broken)?);
        self.send(&head, watch)?;
        self.send(&upload.bytes, watch)
    }

    fn send(&mut self, mut bytes: &[u8], watch: &mut Watch<'_>) -> Result<(), Lost> {
        while !bytes.is_empty() {
            match self.input.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let tick = watch.tick()?;
                    wait(&mut [PollFd::new(&self.input, PollFlags::OUT)], &tick)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Lost::Ended),
            }
        }
        Ok(())
    }

    fn receive<M: DeserializeOwned>(
        &mut self,
        kind: Kind,
        watch: &mut Watch<'_>,
    ) -> Result<M, Lost> {
        let (_, content) = self.frame(&[kind], watch)?;
        read(&content)
    }

    fn frame(&mut self, awaited: &[Kind], watch: &mut Watch<'_>) -> Result<(Kind, Vec<u8>), Lost> {
        let mut piece = vec![0; PIECE];
        loop {
            if let Some(frame) = self.incoming.next(awaited).map_err(|_| Lost::Broken)? {
                return Ok(frame);
            }
            match self.output.read(&mut piece) {
                Ok(0) => return Err(Lost::Ended),
                Ok(read) => {
                    self.incoming.push(&piece[..read]);
                    // Whoever only keeps sending must not go on for ever.
                    watch.tick()?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let tick = watch.tick()?;
                    wait(&mut [PollFd::new(&self.output, PollFlags::IN)], &tick)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Lost::Ended),
            }
        }
    }

    /// Who ended this process, which has closed its pipe.
    pub(super) fn death(mut self) -> Death {
        let end = Instant::now() + GRACE;
        while Instant::now() < end {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    return blame(status, out_of_memory() != self.out_of_memory);
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Err(_) => break,
            }
        }
        // It lives on without its pipe: dropping it ends it.
        Death::Own
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only where it has been waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Who ended a process, when its pipe is closed. The limits that it sets for itself end it by SIGABRT
/// (memory, stack) or SIGXCPU, and a crash by its own signal. SIGKILL comes from outside, be it from a
/// person or from the kernel that has run out of memory; only of the latter the kernel keeps count,
/// and it has counted where `starved`.
fn blame(status: ExitStatus, starved: bool) -> Death {
    const HANG_UP: i32 = 1;
    const INTERRUPT: i32 = 2;
    const QUIT: i32 = 3;
    const KILL: i32 = 9;
    const TERMINATE: i32 = 15;
    match status.signal() {
        Some(KILL) if starved => Death::Own,
        Some(HANG_UP | INTERRUPT | QUIT | KILL | TERMINATE) => Death::Outside,
        _ => Death::Own,
    }
}

fn wait(pipe: &mut [PollFd<'_>], tick: &Timespec) -> Result<(), Lost> {
    match poll(pipe, Some(tick)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(_) => Err(Lost::Ended),
    }
}

fn add(bytes: &mut Vec<u8>, kind: Kind, message: &impl serde::Serialize) -> Result<(), Lost> {
    let message = serde_json::to_vec(message).map_err(|_| Lost::Broken)?;
    frame::write(bytes, kind, &message).map_err(|_| Lost::Broken)
}

fn read<M: DeserializeOwned>(content: &[u8]) -> Result<M, Lost> {
    serde_json::from_slice(content).map_err(|_| Lost::Broken)
}

/// Processes of the whole machine that the kernel has ended for want of memory since it started.
fn out_of_memory() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/vmstat").ok()?;
    told.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signals_from_outside_leave_the_file_without_blame() {
        let of_signal = |signal| blame(ExitStatus::from_raw(signal), false);
        for (name, signal) in [("HUP", 1), ("INT", 2), ("QUIT", 3), ("KILL", 9), ("TERM", 15)] {
            assert_eq!(of_signal(signal), Death::Outside, "{name}");
        }
        let own = [("ILL", 4), ("TRAP", 5), ("ABRT", 6), ("BUS", 7), ("FPE", 8), ("SEGV", 11)];
        for (name, signal) in own.into_iter().chain([("XCPU", 24), ("XFSZ", 25), ("SYS", 31)]) {
            assert_eq!(of_signal(signal), Death::Own, "{name}");
        }
        for code in [0, 1, 101] {
            assert_eq!(blame(ExitStatus::from_raw(code << 8), false), Death::Own, "{code}");
        }
    }

    #[test]
    fn a_kill_while_the_kernel_runs_out_of_memory_is_blamed_on_the_file() {
        assert_eq!(blame(ExitStatus::from_raw(9), true), Death::Own);
        assert_eq!(blame(ExitStatus::from_raw(15), true), Death::Outside);
    }
}
