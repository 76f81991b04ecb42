//! Where a limit comes from: every table that sets it, the one in force last.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::book::RuleBook;
use super::overlay::{Overlay, Section};
use super::{Context, FilingRules, RuleSet};

/// A table of a pack that sets a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// File, relative to the packs' folder.
    pub file: String,
    /// What it sets the key to.
    pub value: Value,
    /// Why, in a sentence.
    pub because: String,
    /// Who says so.
    pub source: String,
}

/// Keys that say something of the others.
const ABOUT: [&str; 2] = ["because", "source"];

impl RuleBook {
    /// Of every key of a check's table that holds for `rules`: who set it, the last one in force.
    pub fn origins(&self, rules: &RuleSet, check: &str) -> BTreeMap<String, Vec<Origin>> {
        let mut found = BTreeMap::new();
        if let Some(base) = self.base.get(check) {
            note(&mut found, "base.toml", base);
        }
        let day = rules.context.as_of;
        for overlay in self.overlays.iter().filter(|overlay| {
            overlay.section == Section::Checks
                && overlay.name == check
                && day.is_some_and(|day| overlay.holds(&rules.slot, &rules.context, day))
        }) {
            note(&mut found, &overlay.file, &overlay.table);
        }
        let ceilings = self.ceilings.get(check).into_iter().flatten();
        for (key, ceiling) in ceilings {
            let set: Option<&mut Vec<Origin>> = found.get_mut(key);
            let below = |origin: &Origin| origin.value.as_integer() > ceiling.as_integer();
            if let Some(set) = set.filter(|set| set.last().is_some_and(below)) {
                set.push(Origin {
                    file: "ceilings.toml".to_owned(),
                    value: ceiling.clone(),
                    because: "The service takes no more, whatever a provider allows.".to_owned(),
                    source: "service limit".to_owned(),
                });
            }
        }
        found
    }

    /// The same of a check across a filing's files, e.g. `filing.duplicate`.
    pub fn filing_origins(
        &self,
        rules: &FilingRules,
        check: &str,
    ) -> BTreeMap<String, Vec<Origin>> {
        let name = check.trim_start_matches("filing.");
        let mut found = BTreeMap::new();
        for overlay in self.filing_overlays(&rules.context, Section::Filing) {
            if overlay.name == name {
                note(&mut found, &overlay.file, &overlay.table);
            }
        }
        found
    }

    /// The overlays of filings that hold in `context`, whose day is set, in order.
    pub(super) fn filing_overlays<'a>(
        &'a self,
        context: &'a Context,
        section: Section,
    ) -> impl Iterator<Item = &'a Overlay> {
        self.overlays.iter().filter(move |overlay| {
            overlay.section == section
                && context.as_of.is_some_and(|day| overlay.holds("", context, day))
        })
    }

    /// The sources of those tables of an item of which something is still in force, in order.
    pub(super) fn sources(&self, context: &Context, section: Section, name: &str) -> String {
        let overlays = self.filing_overlays(context, section);
        let overlays: Vec<&Overlay> = overlays.filter(|overlay| overlay.name == name).collect();
        let mut sources: Vec<&str> = Vec::new();
        for (at, overlay) in overlays.iter().enumerate() {
            let later = &overlays[at + 1..];
            let holds = |key: &String| {
                let covered = later.iter().any(|later| later.table.contains_key(key));
                !ABOUT.contains(&key.as_str()) && !covered
            };
            if overlay.table.keys().any(holds) {
                let source = overlay.table.get("source").and_then(Value::as_str);
                sources.extend(source.unwrap_or_default().split("; "));
            }
        }
        let mut seen = BTreeSet::new();
        sources.retain(|source| seen.insert(*source));
        sources.join("; ")
    }
}

fn note(found: &mut BTreeMap<String, Vec<Origin>>, file: &str, table: &Table) {
    let text = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    for (key, value) in table.iter().filter(|(key, _)| !ABOUT.contains(&key.as_str())) {
        let origin = Origin {
            file: file.to_owned(),
            value: value.clone(),
            because: text("because"),
            source: text("source"),
        };
        found.entry(key.clone()).or_default().push(origin);
    }
}
