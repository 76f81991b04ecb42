//! The worker process: reads uploads from a pipe and tells what it measured, until the pipe ends.
//!
//! One file at a time, on a thread with a stack of its own size. The first thread only waits for the
//! other side to go: when it does, the process ends, whatever it is busy with. Before it says that it
//! is ready, the process has shut itself in.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::frame::{self, Kind};
use super::limits::Limits;
use super::message::{Answer, Hello, Job, KEPT, Rules};
use super::sandbox;
use crate::decode::contained;
use crate::filing::look::Keeper;
use crate::intake::{Budget, Upload};
use crate::measure::{self, Measured};
use crate::pipeline::{self, Report, Witness};
use crate::rules::RuleSet;
use crate::verdict::Verdict;

/// Bytes of stack: the same wherever the process runs, as a file may fail on it.
const STACK: usize = 8 * 1024 * 1024;

/// How long a new process waits for work before it makes use of the time.
const WHILE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Works for the process that has started this one, over standard input and output.
pub fn run(limits: Limits) -> io::Result<()> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    // What a library prints must not be taken for an answer.
    rustix::stdio::dup2_stdout(io::stderr())?;
    run_on(input, output, limits, |_| {})
}

/// The same over any pair of pipes; `before` sees each upload before it is judged. Ends when `input`
/// does; what comes that must not come ends the process.
pub fn run_on(
    input: File,
    output: File,
    limits: Limits,
    before: impl FnMut(&Upload) + Send + 'static,
) -> io::Result<()> {
    let watched = input.try_clone()?;
    let landlock = sandbox::cut_off()?;
    limits.set()?;
    let kept = std::array::from_fn(|_| None);
    let mut worker = Worker { input, output, limits, landlock, before, kept, job: None };
    thread::Builder::new().name("judge".to_owned()).stack_size(STACK).spawn(move || {
        // A request that cannot be understood, or a panic outside of a check: whatever is wrong here,
        // the next file needs another process.
        if !matches!(catch_unwind(AssertUnwindSafe(|| worker.work())), Ok(Ok(()))) {
            std::process::abort();
        }
    })?;
    loop {
        // Wakes for nothing but the other side's end.
        match poll(&mut [PollFd::new(&watched, PollFlags::empty())], None) {
            Ok(1..) => return Ok(()),
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

struct Worker<F> {
    input: File,
    output: File,
    limits: Limits,
    /// The version of Landlock that is in force.
    landlock: Option<u8>,
    before: F,
    kept: [Option<RuleSet>; KEPT],
    job: Option<Job>,
}

impl<F: FnMut(&Upload)> Worker<F> {
    fn work(&mut self) -> io::Result<()> {
        self.warm_up()?;
        let layers = sandbox::close(self.landlock);
        tell(&mut self.output, Kind::Hello, &Hello::own(layers, self.landlock))?;
        self.prepare()?;
        while let Some((kind, content)) = frame::read(&mut self.input)? {
            match (kind, self.job.take()) {
                (Kind::Rules, None) => self.keep(read(&content)?)?,
                (Kind::Job, None) => self.job = Some(read(&content)?),
                (Kind::Content, Some(job)) => self.judge(job, content)?,
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        Ok(())
    }

    /// What looks at the machine when it is used first does so now: later on it cannot.
    fn warm_up(&self) -> io::Result<()> {
        rayon::current_num_threads();
        rten::thread_pool();
        self.limits.next_file()
    }

    /// The networks, where nobody asks for a while: a process that replaces another may be asked at
    /// once, and by a file that needs none of them.
    fn prepare(&self) -> io::Result<()> {
        match poll(&mut [PollFd::new(&self.input, PollFlags::IN)], Some(&WHILE)) {
            Ok(0) => _ = measure::prepare(),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn keep(&mut self, Rules { place, rules }: Rules) -> io::Result<()> {
        let rules = RuleSet::of_carried(rules).map_err(io::Error::other)?;
        *self.kept.get_mut(place).ok_or(io::ErrorKind::InvalidData)? = Some(rules);
        Ok(())
    }

    fn judge(&mut self, job: Job, content: Vec<u8>) -> io::Result<()> {
        let Job { place, declared, options, keep } = job;
        self.limits.next_file()?;
        let upload = Upload { bytes: content.into(), declared_media_type: declared };
        (self.before)(&upload);
        let rules = self.kept.get(place).and_then(Option::as_ref);
        let rules = rules.ok_or(io::ErrorKind::InvalidData)?;
        let mut teller =
            Teller { output: &mut self.output, keeper: Keeper::of(keep), told: Ok(()) };
        let mut stopwatch = Stopwatch(Instant::now());
        let verdict =
            pipeline::validate_before(&upload, rules, options, &mut stopwatch, &mut teller)
                .map_err(io::Error::other)?;
        let Teller { keeper, told, .. } = teller;
        told?;
        if let Some(picture) = &verdict.annotated {
            frame::write(&mut self.output, Kind::Picture, picture)?;
        }
        let answer = Answer { report: Report::of(&verdict), look: keeper.look };
        tell(&mut self.output, Kind::Answer, &answer)
    }
}

/// Tells what the header says as soon as it is known, so that it is known even if the rest kills.
struct Teller<'a> {
    output: &'a mut File,
    keeper: Keeper,
    told: io::Result<()>,
}

impl Witness for Teller<'_> {
    fn sniffed(&mut self, so_far: &Verdict) {
        self.told = tell(self.output, Kind::Begun, &Report::of(so_far));
    }

    fn page(&mut self, page: &Measured) {
        // A panic leaves no look, as it does without a process between.
        contained(|| self.keeper.page(page));
    }
}

fn tell(output: &mut File, kind: Kind, message: &impl Serialize) -> io::Result<()> {
    frame::write(output, kind, &serde_json::to_vec(message)?)
}

fn read<M: DeserializeOwned>(content: &[u8]) -> io::Result<M> {
    Ok(serde_json::from_slice(content)?)
}

/// Measures time. The other side ends the process when it is over.
struct Stopwatch(Instant);

impl Budget for Stopwatch {
    fn expired(&mut self) -> bool {
        false
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
