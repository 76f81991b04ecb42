//! The one door through which every entrance has an upload judged: here, or in a process of its own.
//!
//! A worker process runs the whole pipeline under the caller's rules and tells readings, no opinions.
//! The caller judges them by its own rules, so that a process in which a file has got the upper hand
//! can lie in its readings and in nothing else: bounds, codes, texts and severities come from here,
//! and so do the checks of kind and size.
//!
//! | file | what it does |
//! |---|---|
//! | `frame`, `message` | what goes through the pipes, bounded on both sides |
//! | `child` | the worker process |
//! | `limits` | what it may use |
//! | `sandbox`, `calls` | what it may do |
//! | `process`, `death` | one worker process as its owner sees it, and why it ended |
//! | `pool`, `keeper` | those that are kept, and who keeps them ready |
//! | `tries` | one upload: tried, tried once more, answered |
//!
//! A file that ends its process is tried once more in a fresh one and then refused as
//! `FILE_UNPROCESSABLE`; so is one that takes longer than a file may. A process that was killed from
//! outside is replaced and the file tried again, for which it is never refused. Content goes through
//! pipes and never to a disk.
//!
//! On Linux only. Elsewhere [`Judge::isolated`] says so, and [`Judge::here`] is what there is.

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod calls;
#[cfg(target_os = "linux")]
pub mod child;
#[cfg(target_os = "linux")]
mod death;
#[cfg(target_os = "linux")]
mod frame;
#[cfg(target_os = "linux")]
mod keeper;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod pool;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod sandbox;
mod settings;
#[cfg(target_os = "linux")]
mod tries;
#[cfg(target_os = "linux")]
mod waits;

use crate::filing::check::{self, Seen};
use crate::filing::look::{Keep, Keeper, Look};
use crate::intake::{Budget, Expired, Upload};
use crate::pipeline::{self, Options};
use crate::rules::{FilingRules, RuleSet};
use crate::verdict::Verdict;

#[cfg(target_os = "linux")]
pub use crate::worker::limits::Limits;
pub use crate::worker::settings::{Program, Settings};

/// Has uploads judged. Shared by all threads of a program.
#[derive(Debug, Default)]
pub struct Judge {
    #[cfg(target_os = "linux")]
    isolated: Option<keeper::Keeper>,
}

/// Why there is no verdict. Never a statement about the file.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The caller has gone or its time is over.
    #[error(transparent)]
    Expired(#[from] Expired),
    /// No worker process could do the work; another time it may.
    #[error(transparent)]
    Worker(#[from] WorkerFault),
}

/// Why no worker process does any work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerFault {
    /// This system has none.
    #[error("worker processes are run on Linux only")]
    Unsupported,
    /// The program is not there or may not be run.
    #[error("the program of the worker processes cannot be run: {}: {error}", path.display())]
    NoProgram {
        /// The program.
        path: std::path::PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// It got next to no processor.
    #[error("the machine is too busy: worker processes wait for a processor most of a file's time")]
    Starved,
    /// The system starts no more processes.
    #[error("no worker process can be started: {0}")]
    NotStarted(std::io::Error),
    /// It ended or said nothing of use before it took any work.
    #[error("the worker process was not ready: its program may be none of scanvet")]
    NotReady,
    /// Its program is another scanvet than this one.
    #[error("the program of the worker processes is of another version than this one")]
    OtherEngine,
    /// Whatever kills them does not stop.
    #[error("worker processes were killed from outside again and again")]
    Killed,
}

/// What has happened to worker processes so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Started.
    pub started: u64,
    /// Ended in good order, as they had judged enough files or grown too large.
    pub recycled: u64,
    /// Ended by a file: a crash, or an answer that can be none.
    pub crashed: u64,
    /// Ended as a file took more memory than a process may use.
    pub out_of_memory: u64,
    /// Ended as a file took too long.
    pub out_of_time: u64,
    /// Ended by the sandbox: a file made it do what a worker never does.
    pub forbidden: u64,
    /// Ended from outside.
    pub killed: u64,
    /// Ended as the caller of a file had gone.
    pub abandoned: u64,
}

impl Counts {
    /// How often a process ended and another took or will take its place, by cause.
    pub fn restarts(&self) -> [(&'static str, u64); 7] {
        [
            ("recycled", self.recycled),
            ("crashed", self.crashed),
            ("out_of_memory", self.out_of_memory),
            ("out_of_time", self.out_of_time),
            ("forbidden", self.forbidden),
            ("killed", self.killed),
            ("abandoned", self.abandoned),
        ]
    }
}

/// A worker process that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its number in the system.
    pub id: u32,
    /// Bytes of memory that it holds, where the system tells.
    pub resident_bytes: Option<u64>,
}

/// A layer of the sandbox that is not in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// By the name that `GetServerInfo` uses.
    pub layer: &'static str,
    /// What brings it into force.
    pub remedy: &'static str,
}

impl Judge {
    /// Judges everything in this process.
    pub fn here() -> Self {
        Self::default()
    }

    /// Judges everything in worker processes of `program`. No process is started before it is needed,
    /// but that the program can be run is looked at now.
    #[cfg(target_os = "linux")]
    pub fn isolated(program: Program, settings: Settings) -> Result<Self, WorkerFault> {
        let program = program.checked()?;
        Ok(Self { isolated: Some(keeper::Keeper::of(pool::Pool::new(program, settings))) })
    }

    /// There are no worker processes on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn isolated(_program: Program, _settings: Settings) -> Result<Self, WorkerFault> {
        Err(WorkerFault::Unsupported)
    }

    /// Judges one upload. What is wrong with the file is the answer, never an error.
    pub fn validate(
        &self,
        upload: &Upload,
        rules: &RuleSet,
        options: Options,
        budget: &mut dyn Budget,
    ) -> Result<Verdict, Stopped> {
        let (verdict, _) = self.judge(upload, rules, options, Keep::Nothing, budget)?;
        Ok(verdict)
    }

    /// Judges one upload of a filing and keeps what the others are compared with.
    pub fn validate_one(
        &self,
        upload: &Upload,
        rules: &RuleSet,
        filing: &FilingRules,
        options: Options,
        budget: &mut dyn Budget,
    ) -> Result<(Verdict, Seen), Stopped> {
        let (options, keep) = (check::options_of_one(options), check::keep(filing, rules));
        let (verdict, look) = self.judge(upload, rules, options, keep, budget)?;
        let seen = check::seen(rules, &verdict, look);
        Ok((verdict, seen))
    }

    fn judge(
        &self,
        upload: &Upload,
        rules: &RuleSet,
        options: Options,
        keep: Keep,
        budget: &mut dyn Budget,
    ) -> Result<(Verdict, Option<Look>), Stopped> {
        #[cfg(target_os = "linux")]
        if let Some(keeper) = &self.isolated {
            let asked = process::Asked { upload, rules, options, keep };
            return tries::judge(keeper.at_work(), asked, budget);
        }
        let mut keeper = Keeper::of(keep);
        let verdict = pipeline::validate_before(upload, rules, options, budget, &mut keeper)?;
        Ok((verdict, keeper.look))
    }

    /// Starts a worker process, for a service that would rather fail at its start than at the first
    /// file. Nothing where everything is judged in this process.
    pub fn start(&self) -> Result<(), WorkerFault> {
        #[cfg(target_os = "linux")]
        if let Some(keeper) = &self.isolated {
            let pool = keeper.pool();
            match pool.take(true, &mut crate::intake::Unlimited) {
                Ok(process) => pool.give_back(process),
                Err(Stopped::Worker(fault)) => return Err(fault),
                // A budget without end does not end.
                Err(Stopped::Expired(_)) => {}
            }
            // The others follow, now that it is known that they can.
            keeper.at_work();
        }
        Ok(())
    }

    /// What stands between a file and this process, by the names that `GetServerInfo` uses: what the
    /// worker process that was started last has said. Nothing before the first start.
    pub fn layers(&self) -> Vec<&'static str> {
        #[cfg(target_os = "linux")]
        if let Some(keeper) = &self.isolated {
            return keeper.pool().sandbox().layers;
        }
        Vec::new()
    }

    /// The layers that there could be and that are not in force, as far as worker processes have said.
    pub fn missing_layers(&self) -> Vec<Missing> {
        #[cfg(target_os = "linux")]
        {
            let in_force = self.layers();
            let missing = sandbox::LAYERS.into_iter().filter(|layer| !in_force.contains(layer));
            missing.map(|layer| Missing { layer, remedy: sandbox::remedy(layer) }).collect()
        }
        #[cfg(not(target_os = "linux"))]
        vec![Missing { layer: "process", remedy: "worker processes are run on Linux only" }]
    }

    /// The version of Landlock that is in force, as [`Judge::layers`].
    pub fn landlock_abi(&self) -> Option<u8> {
        #[cfg(target_os = "linux")]
        if let Some(keeper) = &self.isolated {
            return keeper.pool().sandbox().landlock_abi;
        }
        None
    }

    /// What has happened to worker processes so far.
    pub fn counts(&self) -> Counts {
        #[cfg(target_os = "linux")]
        if let Some(keeper) = &self.isolated {
            return keeper.pool().tally.counts();
        }
        Counts::default()
    }

    /// The worker processes that run, busy ones included.
    pub fn running(&self) -> Vec<Running> {
        #[cfg(target_os = "linux")]
        if let Some(keeper) = &self.isolated {
            let ids = keeper.pool().alive.ids().into_iter();
            return ids.map(|id| Running { id, resident_bytes: process::resident(id) }).collect();
        }
        Vec::new()
    }

    /// Ids of the worker processes that wait for work.
    pub fn waiting(&self) -> Vec<u32> {
        #[cfg(target_os = "linux")]
        if let Some(keeper) = &self.isolated {
            return keeper.pool().idle();
        }
        Vec::new()
    }
}
