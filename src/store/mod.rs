//! Where files and results lie: folders, and prefixes of object stores.
//!
//! | file | what it does |
//! |---|---|
//! | `uri` | `s3://bucket/key`, `file:///path` and plain paths, taken apart |
//! | `buckets` | the object stores, each opened once |
//! | `place` | a folder or prefix: read, list, and write whole files or nothing |
//! | `allowed` | what a server may fetch for its callers |

mod allowed;
mod buckets;
mod place;
mod uri;

pub use allowed::{Allowed, Refusal};
pub use buckets::Stores;
pub use place::Place;
pub use uri::{Uri, UriFault};

/// Why something cannot be read or written. Its text is for the operator and may name a path.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StoreFault {
    /// What may be done about it.
    pub kind: FaultKind,
    what: String,
}

/// What may be done about a fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing lies there.
    Missing,
    /// It lies there, but not for us.
    Denied,
    /// The address cannot be one.
    Malformed,
    /// Trying again later may help: a full disk, a store that does not answer.
    Temporary,
}

impl FaultKind {
    /// `UPPER_SNAKE`, for programs.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "CONTENT_NOT_FOUND",
            Self::Denied => "CONTENT_DENIED",
            Self::Malformed => "CONTENT_URI_MALFORMED",
            Self::Temporary => "STORE_UNAVAILABLE",
        }
    }
}

impl StoreFault {
    pub(crate) fn of(kind: FaultKind, what: impl ToString) -> Self {
        Self { kind, what: what.to_string() }
    }
}

impl From<std::io::Error> for StoreFault {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{
            InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound, PermissionDenied,
        };
        let kind = match error.kind() {
            NotFound | NotADirectory => FaultKind::Missing,
            PermissionDenied => FaultKind::Denied,
            InvalidInput | InvalidFilename | IsADirectory => FaultKind::Malformed,
            _ => FaultKind::Temporary,
        };
        Self::of(kind, error)
    }
}

impl From<object_store::Error> for StoreFault {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error::{
            InvalidPath, NotFound, NotImplemented, NotSupported, PermissionDenied, Unauthenticated,
        };
        let kind = match &error {
            NotFound { .. } => FaultKind::Missing,
            PermissionDenied { .. } | Unauthenticated { .. } => FaultKind::Denied,
            InvalidPath { .. } | NotSupported { .. } | NotImplemented { .. } => {
                FaultKind::Malformed
            }
            _ if leads_elsewhere(&error) => FaultKind::Denied,
            _ => FaultKind::Temporary,
        };
        Self::of(kind, error)
    }
}

/// Whether the store answered with a redirect, which is never followed. Its client tells it in words
/// alone.
fn leads_elsewhere(error: &object_store::Error) -> bool {
    let object_store::Error::Generic { source, .. } = error else {
        return false;
    };
    let text = source.to_string();
    text.contains("non-2xx status code: 3") || text.contains("redirect")
}
