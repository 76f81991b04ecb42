//! One upload through the worker processes: tried, tried once more, and answered in any case.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::pool::{Pool, Tally};
use super::process::{Answered, Asked, Death, Lost, Watch};
use super::{Stopped, WorkerFault, frame};
use crate::decode::integrity::State;
use crate::filing::look::{Keep, Look};
use crate::intake::{Budget, Expired, Upload};
use crate::pipeline::{self, Report};
use crate::verdict::Verdict;

/// Processes that a file may end before it is refused: the second is a fresh one.
const MOST_CRASHES: u32 = 2;

/// Processes that may be killed from outside before it is given up. The file is never blamed.
const MOST_KILLED: u32 = 20;

/// The verdict on what is asked, and the look of its first page.
pub(super) fn judge(
    pool: &Pool,
    asked: Asked<'_>,
    budget: &mut dyn Budget,
) -> Result<(Verdict, Option<Look>), Stopped> {
    let Asked { upload, rules, .. } = asked;
    // Computed at most once, while a process is busy.
    let sha256 = OnceLock::new();
    let digest = || sha256.get_or_init(|| pipeline::sha256(&upload.bytes)).clone();
    let refused = |begun: Option<Report>, state| {
        (pipeline::unfinished(upload, digest(), rules, begun, state), None)
    };
    // No rules let a file of this size pass, and no process takes it.
    if upload.bytes.len() > frame::Kind::Content.most() {
        return Ok(refused(None, State::Killed));
    }
    let _place = pool.place(budget)?;
    // Shared by all tries, but for those that were cut short from outside.
    let mut left = pool.settings.file_time;
    let (mut crashes, mut killed, mut begun) = (0, 0, None);
    loop {
        let mut process = pool.take(crashes > 0, budget)?;
        let started = Instant::now();
        let mut watch = Watch { end: started + left, budget };
        let answer = process.judge(asked, &mut watch, &mut begun, || {
            digest();
        });
        match answer.and_then(|answer| believed(asked, digest(), answer).ok_or(Lost::Broken)) {
            Ok(told) => {
                pool.give_back(process);
                return Ok(told);
            }
            Err(Lost::Caller) => return Err(Expired.into()),
            Err(Lost::OutOfTime) => {
                Tally::add(&pool.tally.out_of_time);
                tracing::warn!(cause = "out-of-time", "a worker process was ended");
                drop(process);
                return Ok(refused(begun, State::OutOfTime));
            }
            Err(Lost::Ended) if process.death() == Death::Outside => {
                Tally::add(&pool.tally.killed);
                tracing::warn!(cause = "killed-from-outside", "a worker process was ended");
                killed += 1;
                if killed == MOST_KILLED {
                    return Err(WorkerFault::Killed.into());
                }
                continue;
            }
            Err(Lost::Ended | Lost::Broken) => {
                Tally::add(&pool.tally.crashed);
                tracing::warn!(cause = "crashed", "a worker process was ended");
                crashes += 1;
            }
        }
        left = left.saturating_sub(started.elapsed());
        if crashes == MOST_CRASHES {
            return Ok(refused(begun, State::Killed));
        }
        if left < Duration::from_millis(1) {
            return Ok(refused(begun, State::OutOfTime));
        }
    }
}

/// What follows from an answer under the caller's own rules; `None` where it cannot be one.
fn believed(
    Asked { upload, rules, options, keep }: Asked<'_>,
    sha256: String,
    Answered { report, look, picture }: Answered,
) -> Option<(Verdict, Option<Look>)> {
    const JPEG: [u8; 3] = [0xFF, 0xD8, 0xFF];
    let whole = |look: &Look| look.likeness.as_ref().is_none_or(|likeness| likeness.is_whole());
    let wanted = look.is_none() || keep != Keep::Nothing;
    if !wanted || !look.as_ref().is_none_or(whole) {
        return None;
    }
    if picture.as_ref().is_some_and(|picture| !options.annotate || !picture.starts_with(&JPEG)) {
        return None;
    }
    let verdict = pipeline::replay(upload, sha256, rules, options, report)?;
    Some((Verdict { annotated: picture, ..verdict }, look))
}

/// Whether anything of `upload` could act on whoever reads it.
pub(super) fn is_document(upload: &Upload) -> bool {
    let detected = crate::intake::format::detect(&upload.bytes);
    detected.is_some_and(|detected| detected.media_type == "application/pdf")
}
