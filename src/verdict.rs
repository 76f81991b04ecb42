//! Findings → ACCEPT, REJECT or REVIEW, with all that it rests on.

use serde::{Deserialize, Serialize};

use crate::checks::{Entry, Read};
use crate::reason::{Finding, Measurement, Severity};
use crate::rules::{Context, Status};

/// The outcome for one upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Decision {
    /// No rule broken; warnings are allowed.
    Accept,
    /// A blocking rule broken.
    Reject,
    /// None broken, but one could not be decided.
    Review,
}

impl Decision {
    /// Any ERROR rejects, else any REVIEW asks for a person, else the upload is accepted.
    pub fn of(severities: impl IntoIterator<Item = Severity>) -> Self {
        match severities.into_iter().max() {
            Some(Severity::Error) => Self::Reject,
            Some(Severity::Review) => Self::Review,
            Some(Severity::Info | Severity::Warning) | None => Self::Accept,
        }
    }

    /// The word that people and labels use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "ACCEPT",
            Self::Reject => "REJECT",
            Self::Review => "REVIEW",
        }
    }
}

/// A finding with its weight, its check and its page.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// What was found.
    pub finding: Finding,
    /// What it does to the verdict.
    pub severity: Severity,
    /// The check.
    pub check: &'static str,
    /// Counted from 1; 0 = the whole file.
    pub page: u32,
}

/// How one check came out, also when it passed or was not run.
#[derive(Clone, Debug)]
pub struct CheckOutcome {
    /// The check.
    pub check: &'static str,
    /// Counted from 1; 0 = the whole file.
    pub page: u32,
    /// How it came out.
    pub status: Status,
    /// Why, when inconclusive or skipped: a kebab-case word.
    pub detail: Option<String>,
    /// The numbers beside their bounds.
    pub measurements: Vec<Measurement>,
    /// Time used, as far as the caller's budget measures it.
    pub elapsed: std::time::Duration,
}

impl CheckOutcome {
    /// Of a check that was not run.
    pub fn skipped(check: &'static str, why: &str) -> Self {
        Self {
            check,
            page: 0,
            status: Status::Skipped,
            detail: Some(why.to_owned()),
            measurements: Vec::new(),
            elapsed: std::time::Duration::ZERO,
        }
    }
}

/// A reading as it is recorded, to be judged again later.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The check with its version.
    pub entry: &'static Entry,
    /// Counted from 1; 0 = the whole file.
    pub page: u32,
    /// The reading, or why there is none.
    pub read: Read,
}

/// Facts on the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detected {
    /// By its first bytes; `None` where they are of no known format.
    pub media_type: Option<&'static str>,
    /// Bytes.
    pub size: u64,
    /// Lower-case hex SHA-256 of the content.
    pub sha256: String,
    /// Pages that were decoded.
    pub pages: u32,
    /// Upright width of the first page in pixels, by the header where nothing was decoded.
    pub width: u32,
    /// Upright height.
    pub height: u32,
    /// Whether the file says where it was taken. Never where.
    pub has_gps: bool,
}

/// What scanvet says of one upload.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The outcome.
    pub decision: Decision,
    /// Worst first.
    pub findings: Vec<Ruled>,
    /// Every check of the catalogue.
    pub checks: Vec<CheckOutcome>,
    /// Every reading that was taken.
    pub readings: Vec<Recorded>,
    /// What the file is.
    pub detected: Detected,
    /// Version of the rule book.
    pub ruleset_version: String,
    /// Digest of the rule book.
    pub ruleset_digest: String,
    /// Digest of the tables that were applied.
    pub applied_digest: String,
    /// The slot that it was judged as.
    pub slot: String,
    /// The context in force.
    pub context: Context,
    /// The findings drawn on a page, as JPEG, where that was asked for and a page could be decoded.
    pub annotated: Option<Vec<u8>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_severity_decides_and_warnings_are_allowed() {
        use Severity::{Error, Info, Review, Warning};
        assert_eq!(Decision::of([]), Decision::Accept);
        assert_eq!(Decision::of([Info, Warning]), Decision::Accept);
        assert_eq!(Decision::of([Warning, Review]), Decision::Review);
        assert_eq!(Decision::of([Review, Error, Info]), Decision::Reject);
    }
}
