//! One worker process as its owner sees it: started, asked, watched, and ended.

use std::collections::BTreeSet;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::de::DeserializeOwned;

use super::death::{self, Cause};
use super::frame::{self, Incoming, Kind};
use super::limits::Limits;
use super::message::{Answer, Hello, Job, KEPT, Rules};
use super::{Program, WorkerFault, sandbox};
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
    /// What it writes that is no answer: read when it has ended.
    aside: PipeReader,
    /// Processes that the kernel had ended for want of memory when this one started.
    ended_for_memory: Option<u64>,
    /// What it says that it is shut in by.
    pub(super) sandbox: Sandbox,
    alive: Alive,
}

/// What a process says that it is shut in by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sandbox {
    pub(super) layers: Vec<&'static str>,
    pub(super) landlock_abi: Option<u8>,
}

impl From<&Hello> for Sandbox {
    fn from(hello: &Hello) -> Self {
        let is_told = |layer: &&str| hello.layers.iter().any(|told| told == layer);
        let layers = sandbox::LAYERS.into_iter().filter(is_told).collect();
        Self { layers, landlock_abi: hello.landlock_abi }
    }
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
        alive: &Alive,
        budget: &mut dyn Budget,
    ) -> Result<Self, Result<WorkerFault, Lost>> {
        let failed = |error| Err(Ok(WorkerFault::NotStarted(error)));
        let (aside, its_aside) = match aside() {
            Ok(pipe) => pipe,
            Err(error) => return failed(error),
        };
        let mut command = Command::new(&program.path);
        command
            .arg0("scanvet")
            .args(&program.arguments)
            .args(limits.arguments())
            .env_clear()
            // Each arena of the allocator takes 64 MB of address space; one thread works at a time.
            .env("MALLOC_ARENA_MAX", "1")
            .env("RAYON_NUM_THREADS", "1")
            .env("RTEN_NUM_THREADS", "1")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(its_aside)
            // An interrupt at the terminal is for the owner, who lets it finish.
            .process_group(0);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return failed(error),
        };
        // It holds this process's end of the pipe for what it writes aside.
        drop(command);
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
            aside,
            ended_for_memory: death::ended_for_memory(),
            sandbox: Sandbox::default(),
            alive: alive.clone(),
        };
        alive.set().insert(process.id());
        if let Err(error) = process.prepare_pipes() {
            return failed(error);
        }
        let mut watch = Watch { end: Instant::now() + START, budget };
        match process.receive::<Hello>(Kind::Hello, &mut watch) {
            Ok(hello) if hello.is_of(&Hello::own(Vec::new(), None)) => {
                process.sandbox = Sandbox::from(&hello);
                Ok(process)
            }
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

    /// Why it is of no use though nobody has asked it anything; `None` while it waits for work.
    pub(super) fn ended(&mut self) -> Option<Cause> {
        if !self.incoming.is_empty() {
            return Some(Cause::Crashed);
        }
        match self.child.try_wait() {
            Ok(None) => None,
            _ => Some(self.cause()),
        }
    }

    /// Its number in the system.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
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

    /// Why this process, which has closed its pipe, has ended.
    pub(super) fn cause(&mut self) -> Cause {
        let end = Instant::now() + GRACE;
        while Instant::now() < end {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    let starved = death::ended_for_memory() != self.ended_for_memory;
                    return death::cause(status, starved, &death::last_words(&self.aside));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Err(_) => break,
            }
        }
        // It lives on without its pipe: dropping it ends it.
        Cause::Crashed
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only where it has been waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.alive.remove(self.child.id());
    }
}

/// Numbers of the processes that have been started and not ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Alive(Arc<Mutex<BTreeSet<u32>>>);

impl Alive {
    pub(super) fn ids(&self) -> Vec<u32> {
        self.set().iter().copied().collect()
    }

    fn set(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, id: u32) {
        self.set().remove(&id);
    }
}

/// Bytes of memory that a process holds, where the system tells.
pub(super) fn resident(id: u32) -> Option<u64> {
    let told = std::fs::read_to_string(format!("/proc/{id}/statm")).ok()?;
    let pages: u64 = told.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// A pipe for what a process writes aside. What nobody reads does not keep it waiting: it is lost.
fn aside() -> io::Result<(PipeReader, PipeWriter)> {
    let (ours, its) = io::pipe()?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    rustix::io::ioctl_fionbio(&its, true)?;
    Ok((ours, its))
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
