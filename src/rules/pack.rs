//! One TOML file of a rule pack: parsed on its own, so that each fault names its file and key.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use time::Date;
use time::macros::format_description;
use toml::Table;

/// One fault of a pack, for the operator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// File, relative to the packs' folder.
    pub file: String,
    /// Line, counted from 1; 0 where no line of the file is meant.
    pub line: usize,
    /// Dotted key; empty where the whole file is meant.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

/// All faults of a rule book together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self
            .0
            .iter()
            .map(|Fault { file, line, key, problem }| {
                let place = if *line > 0 { format!("{file}:{line}") } else { file.clone() };
                match key.is_empty() {
                    true => format!("{place}: {problem}"),
                    false => format!("{place}: {key}: {problem}"),
                }
            })
            .collect();
        out.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Faults {}

/// A pack file of any layer as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Pack {
    /// Version of the rule set; base only.
    pub version: Option<String>,
    /// What contexts may say; base only.
    pub vocabulary: Option<Vocabulary>,
    /// Slot, profile or province that the file is about; absent in base and ceilings.
    pub id: Option<String>,
    /// Display names by BCP 47 tag.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// First and last day of a profile, ISO 8601.
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
    /// Slots that a profile knows.
    #[serde(default)]
    pub slots: Vec<String>,
    /// Limits and severities by check.
    #[serde(default)]
    pub checks: BTreeMap<String, Table>,
    /// What a filing uploads, by id.
    #[serde(default)]
    pub uploads: BTreeMap<String, Table>,
    /// What a filing meets apart from uploads, by id.
    #[serde(default)]
    pub steps: BTreeMap<String, Table>,
    /// What a filing must keep to and no upload shows, by id.
    #[serde(default)]
    pub notes: BTreeMap<String, Table>,
    /// Limits of the checks across a filing's files.
    #[serde(default)]
    pub filing: BTreeMap<String, Table>,
    /// Limits for one slot.
    #[serde(default)]
    pub slot: BTreeMap<String, SlotTables>,
    /// The same under conditions.
    #[serde(default)]
    pub when: Vec<When>,
}

/// What the fields of a context may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vocabulary {
    pub entities: Vec<String>,
    pub filing_types: Vec<String>,
    pub channels: Vec<String>,
    pub contents: Vec<String>,
    pub provinces: Vec<String>,
}

/// Tables that hold for one slot.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotTables {
    #[serde(default)]
    pub checks: BTreeMap<String, Table>,
}

/// Tables that hold where every condition that is given holds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    #[serde(default)]
    pub slots: Vec<String>,
    #[serde(default)]
    pub profiles: Vec<String>,
    #[serde(default)]
    pub provinces: Vec<String>,
    #[serde(default)]
    pub entities: Vec<String>,
    #[serde(default)]
    pub filing_types: Vec<String>,
    /// First and last day, ISO 8601.
    pub from: Option<String>,
    pub until: Option<String>,
    #[serde(default)]
    pub checks: BTreeMap<String, Table>,
    #[serde(default)]
    pub uploads: BTreeMap<String, Table>,
    #[serde(default)]
    pub steps: BTreeMap<String, Table>,
    #[serde(default)]
    pub notes: BTreeMap<String, Table>,
    #[serde(default)]
    pub filing: BTreeMap<String, Table>,
}

/// A provider's rules over a span of time, as far as callers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Kebab-case id.
    pub id: String,
    /// Display names by BCP 47 tag.
    pub names: BTreeMap<String, String>,
    /// Slots that it knows.
    pub slots: Vec<String>,
    /// First day in force.
    pub valid_from: Date,
    /// Last day in force; `None` = still in force.
    pub valid_until: Option<Date>,
}

impl Profile {
    /// The day of the span that is nearest to `day`.
    pub fn clamp(&self, day: Date) -> Date {
        let day = day.max(self.valid_from);
        self.valid_until.map_or(day, |last| day.min(last))
    }
}

/// `2026-11-22` as a date.
pub(super) fn date(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| format!("\"{text}\" is no day of the form 2019-07-01"))
}
