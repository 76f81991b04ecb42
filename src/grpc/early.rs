//! What can be said of a file before all of it has come, and nothing beyond that.

use bytes::Bytes;

use crate::checks::Subject;
use crate::decode;
use crate::intake::{self, Upload};
use crate::reason::Severity;
use crate::rules::{RuleSet, Status};
use crate::verdict::{Decision, Verdict};

const FORMAT: &str = "file.format";
const SIZE: &str = "file.size";

/// As many first bytes as tell one format from another.
pub(super) const TELLING_BYTES: usize = 64;

/// Checks whose outcome the rest of the file cannot change.
pub(super) type Settled = &'static [&'static str];

/// The first bytes are of a wrong kind.
pub(super) const BY_KIND: Settled = &[FORMAT];
/// More bytes have come than the file may have.
pub(super) const BY_SIZE: Settled = &[SIZE, FORMAT];

/// Whether the kind of these first bytes already rejects the file.
pub(super) fn is_wrong_kind(rules: &RuleSet, declared: Option<&str>, prefix: &[u8]) -> bool {
    let prefix = &prefix[..prefix.len().min(TELLING_BYTES)];
    let bytes = Bytes::copy_from_slice(prefix);
    let upload = Upload { bytes, declared_media_type: declared.map(str::to_owned) };
    let Some(rule) = rules.rule(FORMAT) else {
        return false;
    };
    // A panic here only means that nothing is refused early.
    let read = decode::contained(|| (rule.entry.read)(&Subject::Upload(&intake::sniff(&upload))));
    let Some(Some(Ok(reading))) = read else {
        return false;
    };
    rule.judge(&Ok(reading)).finding.is_some_and(|(_, severity)| severity == Severity::Error)
}

/// The size at which the rules reject a file, if they do.
pub(super) fn size_limit(rules: &RuleSet) -> Option<u64> {
    let rule =
        rules.rule(SIZE).filter(|rule| rule.severity("FILE_TOO_LARGE") == Severity::Error)?;
    u64::try_from(rule.limits.get("below_bytes")?.as_integer()?).ok()
}

/// The verdict on a part of a file, without all that only the whole file could tell.
pub(super) fn only(mut verdict: Verdict, settled: Settled) -> Verdict {
    verdict.findings.retain(|ruled| settled.contains(&ruled.check));
    verdict.readings.retain(|recorded| settled.contains(&recorded.entry.id));
    for outcome in &mut verdict.checks {
        if !settled.contains(&outcome.check) {
            outcome.status = Status::Skipped;
            outcome.detail = Some("refused-early".to_owned());
            outcome.measurements.clear();
        }
    }
    verdict.decision = Decision::of(verdict.findings.iter().map(|ruled| ruled.severity));
    verdict.detected.size = 0;
    verdict.detected.sha256.clear();
    verdict
}
