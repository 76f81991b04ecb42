//! Files judged in worker processes, as a service has them judged: how each was answered, and how long
//! it took.
#![allow(dead_code, reason = "each test takes its part of this")]

use std::time::{Duration, Instant};

use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::Options;
use scanvet::rules::RuleSet;
use scanvet::verdict::{Decision, Verdict};
use scanvet::worker::{Judge, Program, Settings};

/// No file takes longer.
pub(crate) const LONGEST: Duration = Duration::from_secs(8);

/// Processes of the program, or of another build of it that `SCANVET_PROGRAM` names: long forms are run
/// with one that was optimised.
pub(crate) fn judge(processes: usize) -> Judge {
    let own = env!("CARGO_BIN_EXE_scanvet").into();
    let program = Program::at(std::env::var_os("SCANVET_PROGRAM").unwrap_or(own));
    let settings = Settings { processes, ..Settings::default() };
    Judge::isolated(program, settings).expect("the program can be run")
}

/// Whether the long forms of tests are to be run.
pub(crate) fn is_long() -> bool {
    std::env::var_os("SCANVET_LONG").is_some()
}

/// The verdict on one file, and how long it took.
pub(crate) fn ask(judge: &Judge, rules: &RuleSet, bytes: Vec<u8>) -> (Verdict, Duration) {
    let upload = Upload { bytes: bytes.into(), declared_media_type: None };
    let started = Instant::now();
    let verdict = judge.validate(&upload, rules, Options::default(), &mut Unlimited);
    let verdict = verdict.unwrap_or_else(|stopped| panic!("no verdict: {stopped}"));
    (verdict, started.elapsed())
}

/// How decoding ended, where it was tried.
pub(crate) fn integrity(verdict: &Verdict) -> Option<String> {
    let read = verdict.readings.iter().find(|read| read.entry.id == "file.integrity")?;
    Some(read.read.as_ref().ok()?["state"].as_str()?.to_owned())
}

/// Whether a decoder or a check fell over and was caught.
pub(crate) fn fell_over(verdict: &Verdict) -> bool {
    let fell = |detail: &Option<String>| detail.as_deref() == Some("check-failed");
    integrity(verdict).as_deref() == Some("panicked")
        || verdict.checks.iter().any(|outcome| fell(&outcome.detail))
}

/// Whether it was ended for what it took instead of being refused for what it is.
pub(crate) fn was_ended(verdict: &Verdict) -> bool {
    matches!(integrity(verdict).as_deref(), Some("killed" | "out-of-time"))
        || verdict.decision == Decision::Reject
            && crate::support::codes(verdict).contains(&"FILE_UNPROCESSABLE")
}
