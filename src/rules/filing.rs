//! The rules of a whole filing: its uploads, steps and notes, and the limits across its files.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::Context;
use super::item::{NoteRule, StepRule, UploadRule};
use crate::reason::Severity;

/// The rules that hold for one filing.
#[derive(Debug)]
pub struct FilingRules {
    /// The context in force, with defaults filled in and the day clamped.
    pub context: Context,
    /// Version of the rule book.
    pub version: String,
    /// Lower-case hex SHA-256 of the whole book's canonical form.
    pub digest: String,
    /// The same of the tables that hold for this filing.
    pub applied: String,
    /// In the order in which an applicant meets them.
    pub uploads: Vec<UploadRule>,
    /// In the order in which an applicant meets them.
    pub steps: Vec<StepRule>,
    /// By id.
    pub notes: Vec<NoteRule>,
    /// Of the checks across the files.
    pub limits: FilingLimits,
}

/// The checks across the files of a filing.
#[derive(Debug)]
pub struct FilingLimits {
    /// An upload that must be there is not.
    pub missing: FilingRule<Missing>,
    /// One picture in two slots.
    pub duplicate: FilingRule<Duplicate>,
    /// Portrait and emblem side of a card.
    pub swapped: FilingRule<Sides>,
    /// Both sides in one picture where they must be apart.
    pub combined: FilingRule<Sides>,
    /// Two pictures where both sides must be in one.
    pub separate: FilingRule<Sides>,
    /// The sides of one card lie on different surfaces.
    pub surfaces: FilingRule<Surfaces>,
    /// The way by which the applicant uploads.
    pub channel: FilingRule<Channel>,
}

impl FilingLimits {
    /// What a certain fault of a check (`filing.missing`, …) does to the verdict, where it is on.
    pub fn severity(&self, check: &str) -> Option<Severity> {
        let (on, severity) = match check.strip_prefix("filing.")? {
            "missing" => (self.missing.on, self.missing.severity),
            "duplicate" => (self.duplicate.on, self.duplicate.severity),
            "sides-swapped" => (self.swapped.on, self.swapped.severity),
            "sides-combined" => (self.combined.on, self.combined.severity),
            "sides-separate" => (self.separate.on, self.separate.severity),
            "surfaces" => (self.surfaces.on, self.surfaces.severity),
            "channel" => (self.channel.on, self.channel.severity),
            _ => return None,
        };
        on.then_some(severity)
    }
}

/// One check across files, with its limits and weights.
#[derive(Debug)]
pub struct FilingRule<L> {
    /// Whether it holds here.
    pub on: bool,
    /// What a certain fault does to the verdict.
    pub severity: Severity,
    /// What thin evidence does; never more than certainty would.
    pub doubtful: Severity,
    /// The bounds.
    pub limits: L,
    /// Why, in a sentence.
    pub because: String,
    /// Who says so.
    pub source: String,
}

impl<L> FilingRule<L> {
    /// The weight of a fault.
    pub fn weight(&self, doubtful: bool) -> Severity {
        if doubtful { self.severity.min(self.doubtful) } else { self.severity }
    }
}

/// No bounds; the weight of conditional uploads apart.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// What the lack of a conditional upload does to the verdict.
    pub conditional: Severity,
}

/// Bounds of likeness.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicate {
    /// Bits of 64 that may differ between two copies of one picture.
    pub max_distance: u32,
    /// And between pictures that may be copies.
    pub doubtful_max_distance: u32,
    /// Below this spread of brightness (levels of 256) a picture is too even to have a likeness.
    pub min_spread: f32,
    /// Greatest difference of brightness (levels of 256, root of the mean square) between two copies.
    pub max_difference: f32,
    /// And between pictures that may be copies.
    pub doubtful_max_difference: f32,
}

/// Bounds of the sides of identity cards.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides {
    /// Smallest evidence for one side over the other, 0 to 1, that is certain.
    pub min_evidence: f32,
    /// And that is not certain but something.
    pub doubtful_min_evidence: f32,
    /// Slot of the portrait side.
    pub portrait: String,
    /// Slot of the emblem side.
    pub emblem: String,
}

/// Bounds of the surfaces under two cards.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surfaces {
    /// Greatest difference of chroma, in units of 8 bits, of one surface.
    pub max_chroma_difference: f32,
    /// Greatest difference of brightness, in units of 8 bits; light changes between two shots.
    pub max_luma_difference: f32,
    /// Slot of the portrait side.
    pub portrait: String,
    /// Slot of the emblem side.
    pub emblem: String,
}

/// Ways by which a filing may come.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Of the vocabulary's channels.
    pub allowed: Vec<String>,
    /// Slots of which that holds; empty = of the whole filing.
    pub slots: Vec<String>,
}

/// Names of the tables, as they stand below `filing.` in the packs.
pub(super) const CHECKS: [&str; 7] = [
    "missing",
    "duplicate",
    "sides-swapped",
    "sides-combined",
    "sides-separate",
    "surfaces",
    "channel",
];

/// Binds the table of one check; the error names the key.
pub(super) fn bind_one(name: &str, table: Table) -> Result<(), String> {
    match name {
        "missing" => bind::<Missing>(table).map(drop),
        "duplicate" => bind::<Duplicate>(table).map(drop),
        "sides-swapped" | "sides-combined" | "sides-separate" => bind::<Sides>(table).map(drop),
        "surfaces" => bind::<Surfaces>(table).map(drop),
        "channel" => bind::<Channel>(table).map(drop),
        _ => Err(format!("no such check of filings; known: {}", CHECKS.join(", "))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    severity: Severity,
    doubtful: Severity,
    because: String,
    source: String,
}

const WEIGHT_KEYS: [&str; 4] = ["severity", "doubtful", "because", "source"];

pub(super) fn bind<L: DeserializeOwned>(mut table: Table) -> Result<FilingRule<L>, String> {
    let told = |error: toml::de::Error| error.message().to_owned();
    let on = match table.remove("on") {
        None => true,
        Some(Value::Boolean(on)) => on,
        Some(_) => return Err("on: must be true or false".to_owned()),
    };
    let weights: Table = WEIGHT_KEYS
        .iter()
        .filter_map(|key| table.remove(*key).map(|value| ((*key).to_owned(), value)))
        .collect();
    let weights: Weights = weights.try_into().map_err(told)?;
    let limits = table.try_into().map_err(told)?;
    let Weights { severity, doubtful, because, source } = weights;
    Ok(FilingRule { on, severity, doubtful, limits, because, source })
}
