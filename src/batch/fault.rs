//! Why a job stops, and why an item has no verdict.

use serde::{Deserialize, Serialize};

use crate::store::{FaultKind, StoreFault};

/// Why a job cannot go on. Its text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum JobFault {
    /// The manifest, the configuration or an argument: trying again changes nothing.
    #[error("{0}")]
    Permanent(String),
    /// A store, a server, a queue or the disk: trying again later may help.
    #[error("{0}")]
    Temporary(String),
}

impl JobFault {
    /// From what happened to `what`.
    pub(super) fn of_store(what: &str, fault: &StoreFault) -> Self {
        let text = format!("{what}: {fault}");
        match fault.kind {
            FaultKind::Temporary => Self::Temporary(text),
            _ => Self::Permanent(text),
        }
    }

    pub(super) fn permanent(text: impl ToString) -> Self {
        Self::Permanent(text.to_string())
    }

    pub(super) fn temporary(text: impl ToString) -> Self {
        Self::Temporary(text.to_string())
    }
}

impl From<std::io::Error> for JobFault {
    fn from(error: std::io::Error) -> Self {
        Self::Temporary(error.to_string())
    }
}

/// Why an item has no verdict, as its record says it. Holds nothing of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemError {
    /// `google.rpc.Code`.
    pub code: i32,
    /// `UPPER_SNAKE`.
    pub reason: String,
    /// For the operator.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Whether trying again may help.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retryable: bool,
}

/// Codes of `google.rpc.Code` that items come to.
pub(super) mod code {
    pub(crate) const INVALID_ARGUMENT: i32 = 3;
    pub(crate) const NOT_FOUND: i32 = 5;
    pub(crate) const PERMISSION_DENIED: i32 = 7;
    pub(crate) const ABORTED: i32 = 10;
    pub(crate) const INTERNAL: i32 = 13;
    pub(crate) const UNAVAILABLE: i32 = 14;
}

impl ItemError {
    pub(super) fn of(code: i32, reason: &str, message: impl ToString) -> Self {
        let message = message.to_string();
        Self { code, reason: reason.to_owned(), message, retryable: code == code::UNAVAILABLE }
    }
}

impl From<FaultKind> for ItemError {
    fn from(kind: FaultKind) -> Self {
        let (code, message) = match kind {
            FaultKind::Missing => (code::NOT_FOUND, "nothing lies at its address"),
            FaultKind::Denied => (code::PERMISSION_DENIED, "it may not be read"),
            FaultKind::Malformed => (code::INVALID_ARGUMENT, "its address cannot be one of a file"),
            FaultKind::Temporary => (code::UNAVAILABLE, "the store did not answer"),
        };
        Self::of(code, kind.reason(), message)
    }
}
