//! What the frames say: requests to a worker process, and readings from it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checks::CATALOG;
use crate::filing::look::{Keep, Look};
use crate::pipeline::{Options, Report};
use crate::rules::Carried;

/// Rule sets that a worker process keeps.
pub(super) const KEPT: usize = 32;

/// Who is ready, and what it is shut in by.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hello {
    engine: String,
    catalogue: String,
    /// Layers of the sandbox that are in force.
    pub(super) layers: Vec<String>,
    /// Version of Landlock that is in force.
    pub(super) landlock_abi: Option<u8>,
}

impl Hello {
    /// Both sides must be one engine, or their readings mean different things.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        self.engine == other.engine && self.catalogue == other.catalogue
    }

    /// Of this engine.
    pub(super) fn own(layers: Vec<String>, landlock_abi: Option<u8>) -> Self {
        let mut catalogue = Sha256::new();
        for entry in CATALOG {
            catalogue.update(format!("{} {}\n", entry.id, entry.version));
        }
        let catalogue = catalogue.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let engine = env!("CARGO_PKG_VERSION").to_owned();
        Self { engine, catalogue, layers, landlock_abi }
    }
}

/// Rules to keep in a place, where others may have been.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    /// Below [`KEPT`].
    pub(super) place: usize,
    pub(super) rules: Carried,
}

/// How to judge the upload that follows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Job {
    /// Where the rules are kept.
    pub(super) place: usize,
    /// What the sender claims.
    pub(super) declared: Option<String>,
    pub(super) options: Options,
    pub(super) keep: Keep,
}

/// What the worker has found.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) report: Report,
    pub(super) look: Option<Look>,
}
