//! One upload through the worker processes: tried, tried once more, and answered in any case.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::death::Cause;
use super::pool::Pool;
use super::process::{Answered, Asked, Lost, Watch};
use super::waits::Spent;
use super::{Stopped, WorkerFault, frame};
use crate::decode::integrity::State;
use crate::filing::look::{Keep, Look};
use crate::intake::{Budget, Expired};
use crate::pipeline::{self, Report};
use crate::verdict::Verdict;

/// Processes that a file may end before it is refused: the second is a fresh one.
const MOST_CRASHES: u32 = 2;

/// Processes that may be killed from outside before it is given up. The file is never blamed.
const MOST_KILLED: u32 = 20;

/// How often its time may run out while the process waits for a processor. Nor is it blamed for that.
const MOST_STARVED: u32 = 2;

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
    let (mut crashes, mut killed, mut starved, mut begun) = (0, 0, 0, None);
    loop {
        let mut process = pool.take(crashes > 0, budget)?;
        let (started, spent) = (Instant::now(), Spent::by(process.id()));
        let mut watch = Watch { end: started + left, budget };
        let answer = process.judge(asked, &mut watch, &mut begun, || {
            digest();
        });
        let answer = answer.and_then(|it| believed(asked, digest(), it).ok_or(Lost::Broken));
        let cause = match answer {
            Ok(told) => {
                pool.give_back(process);
                return Ok(told);
            }
            Err(Lost::Caller) => {
                pool.abandon(process);
                return Err(Expired.into());
            }
            Err(Lost::OutOfTime) => {
                if spent.is_starved(Spent::by(process.id()), started.elapsed()) {
                    pool.abandon(process);
                    starved += 1;
                    if starved == MOST_STARVED {
                        return Err(WorkerFault::Starved.into());
                    }
                    continue;
                }
                Cause::OutOfTime
            }
            Err(Lost::Broken) => Cause::Crashed,
            Err(Lost::Ended) => process.cause(),
        };
        pool.lose(process, Some(cause));
        match cause {
            // Its time is over, be it by this clock or by that of its processor.
            Cause::OutOfTime => return Ok(refused(begun, State::OutOfTime)),
            Cause::Killed => {
                killed += 1;
                if killed == MOST_KILLED {
                    return Err(WorkerFault::Killed.into());
                }
                continue;
            }
            Cause::Crashed | Cause::OutOfMemory | Cause::Forbidden => crashes += 1,
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
