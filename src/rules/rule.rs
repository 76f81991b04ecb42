//! A check with its limits and weights bound, and the set of them that holds for one upload.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::{Context, digest};
use crate::checks::{CATALOG, Entry, Judge, Judgement, Read};
use crate::reason::{COULD_NOT_ASSESS, Finding, Measurement, Severity};

/// One check under the rules of one context.
pub struct Rule {
    /// The check.
    pub entry: &'static Entry,
    /// The limits in force, as they stand in the merged packs.
    pub limits: Table,
    /// Why, in a sentence.
    pub because: String,
    /// Who says so.
    pub source: String,
    weights: Weights,
    judge: Judge,
}

/// The rules that hold for one upload.
pub struct RuleSet {
    /// The slot.
    pub slot: String,
    /// The context in force, with defaults filled in and the day clamped.
    pub context: Context,
    /// Version of the rule book.
    pub version: String,
    /// Lower-case hex SHA-256 of the whole book's canonical form, ceilings included.
    pub digest: String,
    /// The same of the tables that hold here, ceilings included: two verdicts of the same one were
    /// judged alike, whatever else the books hold.
    pub applied: String,
    /// Every check of the catalogue that is on, in catalogue order.
    pub rules: Vec<Rule>,
    /// Checks that the packs switch off here.
    pub off: Vec<&'static Entry>,
    /// The merged tables from which all of this was bound, by check.
    pub(super) tables: BTreeMap<String, Table>,
}

/// How a rule came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing broken.
    Passed,
    /// A bound is broken.
    Failed,
    /// The evidence did not suffice.
    Inconclusive,
    /// Not run.
    Skipped,
}

/// What a rule says of one reading.
#[derive(Debug)]
pub struct Ruling {
    /// How it came out.
    pub status: Status,
    /// Why, when inconclusive: a kebab-case word.
    pub detail: Option<String>,
    /// The numbers beside their bounds.
    pub measurements: Vec<Measurement>,
    /// The fault with its weight, unless the packs silence it.
    pub finding: Option<(Finding, Severity)>,
}

/// Severities of one check: by reason, for thin evidence, and for no evidence at all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    severity: Weight,
    doubtful: Severity,
    unassessed: Unassessed,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Weight {
    One(Severity),
    ByReason(BTreeMap<String, Severity>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unassessed {
    Silent,
    Info,
    Warning,
    Review,
    Error,
}

/// Keys of a check's table that are not its limits.
const WEIGHT_KEYS: [&str; 3] = ["severity", "doubtful", "unassessed"];

impl Rule {
    /// Binds a merged table; `None` when it switches the check off. The error names the key.
    pub(super) fn bind(entry: &'static Entry, mut table: Table) -> Result<Option<Self>, String> {
        let on = table.remove("on").is_none_or(|on| on == Value::Boolean(true));
        let mut text = |key: &str| match table.remove(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(text),
            _ => Err(format!("missing field `{key}`")),
        };
        let (because, source) = (text("because")?, text("source")?);
        let weights: Table = WEIGHT_KEYS
            .iter()
            .filter_map(|key| table.remove(*key).map(|value| ((*key).to_owned(), value)))
            .collect();
        let weights: Weights =
            weights.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
        weights.must_cover(entry)?;
        let judge = (entry.bind)(table.clone())?;
        Ok(on.then_some(Self { entry, limits: table, because, source, weights, judge }))
    }

    /// Judges a reading, or the lack of one.
    pub fn judge(&self, read: &Read) -> Ruling {
        let unreadable = match read {
            Ok(reading) => match (self.judge)(reading) {
                Ok(judgement) => return self.weigh(judgement),
                Err(_) => "reading-of-another-form".to_owned(),
            },
            Err(unreadable) => unreadable.why.to_string(),
        };
        let severity = match self.weights.unassessed {
            Unassessed::Silent => None,
            Unassessed::Info => Some(Severity::Info),
            Unassessed::Warning => Some(Severity::Warning),
            Unassessed::Review => Some(Severity::Review),
            Unassessed::Error => Some(Severity::Error),
        };
        let finding =
            Finding::of(&COULD_NOT_ASSESS).with("check", self.entry.id).with("why", &unreadable);
        Ruling {
            status: Status::Inconclusive,
            detail: Some(unreadable),
            measurements: Vec::new(),
            finding: severity.map(|severity| (finding, severity)),
        }
    }

    fn weigh(&self, Judgement { measurements, finding }: Judgement) -> Ruling {
        let status = match &finding {
            None => Status::Passed,
            Some(finding) if finding.doubtful => Status::Inconclusive,
            Some(_) => Status::Failed,
        };
        let detail = (status == Status::Inconclusive).then(|| "between-the-bounds".to_owned());
        let finding = finding.map(|finding| {
            let certain = self.weights.of(finding.reason.code);
            // Thin evidence never weighs more than certainty would.
            let severity =
                if finding.doubtful { certain.min(self.weights.doubtful) } else { certain };
            (finding, severity)
        });
        Ruling { status, detail, measurements, finding }
    }

    /// The severity of a reason under these rules.
    pub fn severity(&self, code: &str) -> Severity {
        self.weights.of(code)
    }

    /// The limits as measurements: `min_…` keys are lower bounds, `max_…` and `below_…` upper ones.
    pub fn bounds(&self) -> Vec<(String, f64, bool)> {
        self.limits
            .iter()
            .filter_map(|(key, value)| {
                let value = value.as_float().or(value.as_integer().map(|value| value as f64))?;
                let lower = key.trim_start_matches("doubtful_").starts_with("min_");
                Some((key.clone(), value, lower))
            })
            .collect()
    }
}

impl Weights {
    fn of(&self, code: &str) -> Severity {
        match &self.severity {
            Weight::One(severity) => *severity,
            Weight::ByReason(by_reason) => by_reason.get(code).copied().unwrap_or(Severity::Error),
        }
    }

    fn must_cover(&self, entry: &Entry) -> Result<(), String> {
        let Weight::ByReason(by_reason) = &self.severity else {
            return Ok(());
        };
        let codes: Vec<&str> = entry.reasons.iter().map(|reason| reason.code).collect();
        if let Some(code) = by_reason.keys().find(|code| !codes.contains(&&***code)) {
            return Err(format!(
                "severity.{code}: not a reason of this check ({})",
                codes.join(", ")
            ));
        }
        match codes.iter().find(|code| !by_reason.contains_key(**code)) {
            Some(code) => Err(format!("severity.{code}: missing")),
            None => Ok(()),
        }
    }
}

impl RuleSet {
    /// Binds merged tables; of no slot and no book yet.
    pub(super) fn of_tables(tables: BTreeMap<String, Table>) -> Self {
        let (mut rules, mut off) = (Vec::new(), Vec::new());
        for entry in CATALOG {
            let table = tables.get(entry.id).cloned().unwrap_or_default();
            // Every chain of tables was bound when its book was loaded, so this cannot fail.
            match Rule::bind(entry, table) {
                Ok(Some(rule)) => rules.push(rule),
                Ok(None) | Err(_) => off.push(entry),
            }
        }
        Self {
            slot: String::new(),
            context: Context::default(),
            version: String::new(),
            digest: String::new(),
            applied: digest::of_tables(&tables),
            rules,
            off,
            tables,
        }
    }

    /// The rule of a check, if it is on.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.entry.id == id)
    }
}
