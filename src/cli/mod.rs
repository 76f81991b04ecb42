//! The command line: what to do, with which rules, and with which exit status it ends.

mod args;
#[cfg(feature = "archives")]
mod batch;
mod check;
mod config;
mod demo;
mod diff;
mod doors;
mod evaluate;
mod filing;
mod plan;
#[cfg(feature = "archives")]
mod rejudge;
mod rules;
mod serve;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use scanvet::intake::Budget;
use scanvet::rules::RuleBook;
use scanvet::worker::{Judge, Program, Settings};
use time::macros::offset;
use time::{Date, OffsetDateTime};

use crate::cli::args::{Arguments, Command, Common, Isolation, IsolationArguments};
use crate::cli::config::Config;

/// Exit statuses, the same for every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All accepted, or done.
    Success = 0,
    /// Any rejected, or a demanded accuracy missed.
    Rejected = 1,
    /// Usage or configuration.
    Usage = 2,
    /// None rejected, but any for review.
    Review = 3,
}

/// What stops a command before it has an answer: a message for whoever called or configured it.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Parses the arguments and runs the command. A message goes to standard error.
pub(crate) fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(fault) => return refused(&fault),
    };
    let outcome = match &arguments.command {
        Command::Check(check) => check::run(&arguments.common, check),
        Command::Serve(serve) => serve::run(&arguments.common, serve),
        // Whoever runs batches by the thousand tells by other statuses what to try again.
        #[cfg(feature = "archives")]
        Command::Batch(batch) => return batch::run(&arguments.common, batch),
        #[cfg(feature = "archives")]
        Command::Rejudge(rejudge) => return rejudge::run(&arguments.common, rejudge),
        Command::Evaluate(evaluate) => evaluate::run(&arguments.common, evaluate),
        Command::Demo(demo) => demo::run(&arguments.common, demo),
        Command::Plan(plan) => plan::run(&arguments.common, plan),
        Command::Rules(rules) => rules::run(&arguments.common, rules),
        Command::Health(health) => serve::health(health),
        #[cfg(target_os = "linux")]
        Command::Worker(worker) => work(worker),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        complain(&failure.to_string());
        Exit::Usage
    });
    ExitCode::from(exit as u8)
}

/// The door through which commands have files judged, so many at once.
pub(crate) fn judge(processes: usize, asked: IsolationArguments) -> Result<Judge, Failure> {
    let settings = Settings { processes: processes.max(1), ..Settings::default() };
    door(asked.isolation, settings)
}

/// The same for whoever keeps its worker processes otherwise.
fn door(asked: Option<Isolation>, settings: Settings) -> Result<Judge, Failure> {
    let default = if cfg!(target_os = "linux") { Isolation::Process } else { Isolation::None };
    match asked.unwrap_or(default) {
        Isolation::None => Ok(Judge::here()),
        Isolation::Process => Ok(Judge::isolated(Program::own()?, settings)?),
    }
}

#[cfg(target_os = "linux")]
fn work(arguments: &args::WorkerArguments) -> Result<Exit, Failure> {
    let args::WorkerArguments { address_space, cpu_seconds } = *arguments;
    scanvet::worker::child::run(scanvet::worker::Limits { address_space, cpu_seconds })?;
    Ok(Exit::Success)
}

/// What was typed makes no sense, or help was asked for. To whoever runs batches the former is
/// permanent.
fn refused(fault: &clap::Error) -> ExitCode {
    // Nobody is there to read it when this fails.
    let _ = fault.print();
    let mut words = std::env::args_os().skip(1);
    let is_batch = words.any(|word| word == "batch" || word == "rejudge");
    match fault.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if is_batch => ExitCode::from(42),
        _ => ExitCode::from(Exit::Usage as u8),
    }
}

/// One message on standard error.
pub(crate) fn complain(message: &str) {
    let style = anstyle::Style::new().bold().fg_color(Some(anstyle::AnsiColor::Red.into()));
    say_aside(&format!("{style}error{style:#}: {message}"));
}

pub(crate) fn say_aside(line: &str) {
    anstream::eprintln!("{line}");
}

pub(crate) fn say(text: &str) {
    anstream::print!("{text}");
}

impl Common {
    /// The settings: the configuration file and the environment over the defaults.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        config::load(self.config.as_deref())
    }

    /// The rule book: the built-in packs, those of `--rules`, or an archived set, under the configured
    /// ceilings.
    pub(crate) fn book(&self, config: &Config) -> Result<RuleBook, Failure> {
        let ceilings = config.ceilings.clone();
        let loaded = match &self.rules {
            Some(file) if file.extension().is_some_and(|extension| extension == "json") => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| format!("rules {}: {error}", file.display()))?;
                RuleBook::archived(&text, ceilings)
            }
            Some(folder) => RuleBook::load(&config::read_packs(folder)?, ceilings),
            None => RuleBook::load(&scanvet::rules::embedded_packs(), ceilings),
        };
        loaded.map_err(|faults| format!("the rules cannot be used:\n{faults}").into())
    }
}

/// The day in China, whose rules apply.
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().to_offset(offset!(+8)).date()
}

/// A budget that never ends but measures time, for reports.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Budget for Stopwatch {
    fn expired(&mut self) -> bool {
        false
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
