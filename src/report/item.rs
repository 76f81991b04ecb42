//! A record as reports read it: the JSON line that every command writes of a judged file.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::verdict::Decision;

/// What a report needs to know of one judged file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Item {
    pub(super) item_id: String,
    pub(super) slot: String,
    verdict: String,
    pub(super) findings: Vec<Found>,
    pub(super) checks: Vec<Outcome>,
    detected: Detected,
    provenance: Provenance,
    error: Option<Failed>,
}

/// A reason that was found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Found {
    pub(super) reason: String,
    severity: String,
    pub(super) rule_id: String,
    pub(super) page: u32,
    pub(super) measurements: Vec<Measured>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// A check and what it measured.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Outcome {
    pub(super) rule_id: String,
    pub(super) measurements: Vec<Measured>,
}

/// A number and its bounds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Measured {
    pub(super) name: String,
    #[serde(deserialize_with = "number")]
    pub(super) value: f64,
    pub(super) unit: String,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detected {
    page_count: u32,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Provenance {
    context: Context,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Context {
    profile: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Failed {
    reason: String,
}

/// Numbers that JSON has no word for are texts.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Word(String),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Number(number) => number,
        Either::Word(word) => word.parse().unwrap_or(f64::NAN),
    })
}

impl Item {
    /// From a record.
    pub fn of(record: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(record)
    }

    /// What was decided; `None` where the file could not be judged.
    pub(super) fn decision(&self) -> Option<Decision> {
        match &*self.verdict {
            "VERDICT_ACCEPT" => Some(Decision::Accept),
            "VERDICT_REJECT" => Some(Decision::Reject),
            "VERDICT_REVIEW" => Some(Decision::Review),
            _ => None,
        }
    }

    pub(super) fn profile(&self) -> &str {
        &self.provenance.context.profile
    }

    /// Whether there is a page to draw on.
    pub(super) fn is_drawable(&self) -> bool {
        self.detected.page_count > 0
    }

    /// Why there is no verdict.
    pub(super) fn error(&self) -> &str {
        self.error.as_ref().map_or("", |failed| &failed.reason)
    }

    /// Whether what stops the file are findings of this check alone.
    pub(super) fn is_stopped_by(&self, check: &str) -> bool {
        let mut stopping = self.findings.iter().filter(|found| found.stops()).peekable();
        stopping.peek().is_some() && stopping.all(|found| found.rule_id == check)
    }
}

impl Found {
    /// `ERROR`, `REVIEW`, `WARNING` or `INFO`.
    pub(super) fn weight(&self) -> &str {
        self.severity.strip_prefix("SEVERITY_").unwrap_or(&self.severity)
    }

    fn stops(&self) -> bool {
        matches!(self.weight(), "ERROR" | "REVIEW")
    }
}

impl Measured {
    /// How far outside of its bounds, negative where inside.
    pub(super) fn excess(&self) -> f64 {
        let under = self.min.map(|min| min - self.value);
        let over = self.max.map(|max| self.value - max);
        under.into_iter().chain(over).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Below its bounds (-1), within (0), or above them (1).
    pub(super) fn side(&self) -> i8 {
        let under = self.min.is_some_and(|min| self.value < min);
        i8::from(self.max.is_some_and(|max| self.value > max)) - i8::from(under)
    }
}
