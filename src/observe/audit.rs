//! One line a decision: who asked, when, for which slot, under which rules, what came of it and how
//! long it took. No content, no name, no digest of the file: the digest of an identity card is as
//! good as its number to whoever has a list of cards.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where the lines go.
#[derive(Debug, Default)]
pub struct Audit {
    file: Option<(PathBuf, Mutex<File>)>,
}

/// A decision on one file, or on a filing as a whole.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Decided<'a> {
    /// Name of the caller, as its certificate, key or token says; empty where nobody is asked.
    pub caller: &'a str,
    /// How it is known: `certificate`, `api-key`, `token`, or `anonymous`.
    pub known_by: &'a str,
    /// The call.
    pub request_id: &'a str,
    /// The caller's trace; empty where it told none.
    pub trace_id: &'a str,
    /// Method.
    pub rpc: &'a str,
    /// The caller's id of the file.
    pub item_id: &'a str,
    /// Slot, or `filing`.
    pub slot: &'a str,
    /// Profile.
    pub profile: &'a str,
    /// Version of the rules.
    pub ruleset_version: &'a str,
    /// Digest of the rules.
    pub ruleset_digest: &'a str,
    /// ACCEPT, REJECT or REVIEW.
    pub verdict: &'a str,
    /// Codes of what was found, with commas.
    pub reasons: &'a str,
    /// The next power of two of the size in bytes: an exact size tells files apart.
    pub size_class: usize,
    /// Time in the queue.
    pub queue_ms: u64,
    /// Time of judging.
    pub judge_ms: u64,
    /// Time since the call's head.
    pub duration_ms: u64,
}

/// A line with the moment at which it is written.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    decided: &'a Decided<'a>,
}

impl Audit {
    /// Into the log, as events of the target `scanvet::audit`.
    pub fn log() -> Self {
        Self::default()
    }

    /// Into a file of JSON lines, behind what is there.
    pub fn file(path: &Path) -> std::io::Result<Self> {
        Ok(Self { file: Some((path.to_owned(), Mutex::new(open(path)?))) })
    }

    /// Opens the file again, after it was moved away to be kept.
    pub fn reopen(&self) -> std::io::Result<()> {
        if let Some((path, file)) = &self.file {
            *file.lock().unwrap_or_else(PoisonError::into_inner) = open(path)?;
        }
        Ok(())
    }

    /// Writes a line. One that cannot be written to its file goes into the log, with an error.
    pub fn write(&self, decided: &Decided<'_>) {
        if let Some((_, file)) = &self.file {
            let time = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
            let line = serde_json::to_vec(&Line { time, decided });
            let written = line.map_err(Into::into).and_then(|mut line: Vec<u8>| {
                line.push(b'\n');
                // One call, so that lines of several threads do not mix.
                file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
            });
            match written {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, "the audit file cannot be written"),
            }
        }
        tracing::info!(
            target: "scanvet::audit",
            caller = decided.caller,
            known_by = decided.known_by,
            request_id = decided.request_id,
            trace_id = decided.trace_id,
            rpc = decided.rpc,
            item_id = decided.item_id,
            slot = decided.slot,
            profile = decided.profile,
            ruleset_version = decided.ruleset_version,
            ruleset_digest = decided.ruleset_digest,
            verdict = decided.verdict,
            reasons = decided.reasons,
            size_class = decided.size_class,
            queue_ms = decided.queue_ms,
            judge_ms = decided.judge_ms,
            duration_ms = decided.duration_ms,
            "decision"
        );
    }
}

/// Whole milliseconds, as they stand in a line.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
