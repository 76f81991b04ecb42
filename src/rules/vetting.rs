//! What is wrong with a draft: every table and every chain of tables bound, every name looked up.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::draft::Draft;
use super::item::{Item, NoteTable, StepTable, Trigger, UploadTable};
use super::lint::problems;
use super::overlay::{Layer, Overlay, Section, merge};
use super::pack::Fault;
use super::rule::Rule;
use super::{chains, filing};
use crate::checks::{self, CATALOG, Entry};

impl Draft {
    pub(super) fn bind_base(&mut self) {
        let base = self.base.clone();
        for id in base.keys().filter(|id| checks::entry(id).is_none()) {
            self.fault("base.toml", &format!("checks.{id}"), no_such_check());
        }
        for entry in CATALOG {
            let problems = match base.get(entry.id) {
                None if self.sealed => Vec::new(),
                None => vec!["missing: the base pack sets the limits of every check".to_owned()],
                Some(table) => problems(&|table| Rule::bind(entry, table).map(drop), table),
            };
            for problem in problems {
                let key = base.get(entry.id).map(|table| culprit(table, &problem));
                let key = key
                    .filter(|key| !key.is_empty())
                    .map_or(String::new(), |key| format!(".{key}"));
                self.fault("base.toml", &format!("checks.{}{key}", entry.id), problem);
            }
        }
        for (id, table) in &self.ceilings.clone() {
            for (key, value) in table {
                let known = base.get(id).is_some_and(|base| base.contains_key(key));
                if !known || value.as_integer().is_none() {
                    let problem = "no such limit, or not a whole number";
                    self.fault("ceilings.toml", &format!("checks.{id}.{key}"), problem);
                }
            }
        }
    }

    /// Every override says why and who says so, and every check's binds on the base.
    pub(super) fn check_overlays(&mut self) {
        let mut faults = Vec::new();
        for overlay in &self.overlays {
            let mut fault = |problem: String| {
                let key = culprit(&overlay.table, &problem);
                faults.push(fault_of(overlay, &key, problem));
            };
            for key in ["because", "source"] {
                if overlay.table.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                    fault(format!(
                        "missing field `{key}`: every override says why and who says so"
                    ));
                }
            }
            match (overlay.section, checks::entry(&overlay.name)) {
                (Section::Checks, None) => fault(no_such_check()),
                (Section::Checks, Some(entry)) => {
                    self.binding_problems(entry, overlay).into_iter().for_each(&mut fault);
                }
                (Section::Filing, _) if !filing::CHECKS.contains(&&*overlay.name) => {
                    let known = filing::CHECKS.join(", ");
                    fault(format!("no such check of filings; known: {known}"));
                }
                _ => {}
            }
        }
        self.faults.extend(faults);
    }

    /// What is wrong with an overlay, if the base below it is sound.
    fn binding_problems(&self, entry: &'static Entry, overlay: &Overlay) -> Vec<String> {
        let bind = |table: Table| Rule::bind(entry, table).map(drop);
        match self.base.get(entry.id) {
            Some(base) if bind(base.clone()).is_ok() => {
                let mut table = base.clone();
                merge(&mut table, &overlay.table);
                problems(&bind, &table)
            }
            _ => Vec::new(),
        }
    }

    /// Binds every table that can come of the overlays, whatever the context and the day; returns
    /// how many there are.
    pub(super) fn bind_chains(&mut self) -> usize {
        let mut by_name: BTreeMap<(Section, &str), Vec<(usize, &Overlay)>> = BTreeMap::new();
        for entry in CATALOG.iter().filter(|entry| !self.sealed || self.base.contains_key(entry.id))
        {
            by_name.entry((Section::Checks, entry.id)).or_default();
        }
        for check in filing::CHECKS {
            by_name.entry((Section::Filing, check)).or_default();
        }
        for (at, overlay) in self.overlays.iter().enumerate() {
            by_name.entry((overlay.section, &overlay.name)).or_default().push((at, overlay));
        }
        let mut bound = 0;
        let mut faults = Vec::new();
        for ((section, name), overlays) in by_name {
            let base = match section {
                Section::Checks => self.base.get(name).cloned().unwrap_or_default(),
                _ => Table::new(),
            };
            for chain in chains::chains(&overlays) {
                // Nothing is said of this item there, unless it must be said everywhere.
                if chain.is_empty() && !matches!(section, Section::Checks | Section::Filing) {
                    continue;
                }
                bound += 1;
                let mut table = base.clone();
                for at in &chain {
                    merge(&mut table, &self.overlays[*at].table);
                }
                let whole = chain.iter().map(|at| &self.overlays[*at]).collect::<Vec<_>>();
                faults.extend(self.chain_faults(section, name, &table, &whole));
            }
        }
        self.faults.extend(faults);
        bound
    }

    fn chain_faults(
        &self,
        section: Section,
        name: &str,
        table: &Table,
        chain: &[&Overlay],
    ) -> Vec<Fault> {
        let bind = |table: Table| match (section, checks::entry(name)) {
            (Section::Checks, Some(entry)) => Rule::bind(entry, table).map(drop),
            // Told once already, whatever the chain.
            (Section::Checks, None) => Ok(()),
            (Section::Uploads, _) => UploadTable::bind(table).map(drop),
            (Section::Steps, _) => StepTable::bind(table).map(drop),
            (Section::Notes, _) => NoteTable::bind(table).map(drop),
            (Section::Filing, _) if !filing::CHECKS.contains(&name) => Ok(()),
            (Section::Filing, _) => filing::bind_one(name, table),
        };
        // A check's faults were told by base and overlay, each for itself.
        if bind(table.clone()).is_ok() || section == Section::Checks && !self.faults.is_empty() {
            return Vec::new();
        }
        problems(&bind, table)
            .into_iter()
            .map(|problem| {
                let culprit = culprit(table, &problem);
                let says = |overlay: &&&Overlay| overlay.table.contains_key(&culprit);
                match chain.iter().rev().find(says).or(chain.first()) {
                    Some(overlay) => fault_of(overlay, &culprit, problem),
                    None => Fault {
                        file: "filing.toml".to_owned(),
                        line: 0,
                        key: format!("{}.{name}", section.key()),
                        problem: format!("missing: {problem}"),
                    },
                }
            })
            .collect()
    }

    /// Names that one file gives another: slots, provinces, entities, filing types.
    pub(super) fn check_names(&mut self) {
        let words = self.vocabulary.clone().unwrap_or_default();
        let slots: Vec<String> = self.slots.keys().cloned().collect();
        let profiles: Vec<String> = self.profiles.keys().cloned().collect();
        let mut faults = Vec::new();
        let mut unknown =
            |file: &str, key: &str, what: &str, names: &[String], known: &[String]| {
                for name in names.iter().filter(|name| !known.contains(name)) {
                    let problem = format!("no such {what}: \"{name}\"");
                    let (file, key) = (file.to_owned(), key.to_owned());
                    faults.push(Fault { file, line: 0, key, problem });
                }
            };
        for profile in self.profiles.values() {
            let file = format!("profiles/{}.toml", profile.id);
            unknown(&file, "slots", "slot", &profile.slots, &slots);
        }
        for overlay in &self.overlays {
            let Overlay { layer, condition, file, key, .. } = overlay;
            if let Layer::Province(province) = layer {
                unknown(file, "id", "province", std::slice::from_ref(province), &words.provinces);
            }
            let (named, trigger) = named(overlay);
            let all = |own: &[String], more: &[String]| [own, more].concat();
            let entities = all(&condition.entities, &trigger.entities);
            let types = all(&condition.filing_types, &trigger.filing_types);
            for (what, names, known) in [
                ("slot", all(&condition.slots, &named), &slots),
                ("profile", condition.profiles.clone(), &profiles),
                ("province", condition.provinces.clone(), &words.provinces),
                ("entity", entities, &words.entities),
                ("filing type", types, &words.filing_types),
                ("content", trigger.contents, &words.contents),
                ("channel", trigger.channels, &words.channels),
            ] {
                unknown(file, key, what, &names, known);
            }
        }
        self.faults.extend(faults);
    }
}

/// Slots and words that the table itself names. What is not of its form is told elsewhere.
fn named(overlay: &Overlay) -> (Vec<String>, Trigger) {
    let list = |key: &str| -> Vec<String> {
        let values = match overlay.table.get(key) {
            Some(Value::Array(values)) => values.clone(),
            Some(value) => vec![value.clone()],
            None => Vec::new(),
        };
        values.iter().filter_map(|value| Some(value.as_str()?.to_owned())).collect()
    };
    match overlay.section {
        Section::Checks => (Vec::new(), Trigger::default()),
        Section::Filing => {
            let channels = list("allowed");
            let slots = [list("portrait"), list("emblem"), list("slots")].concat();
            (slots, Trigger { channels, ..Trigger::default() })
        }
        _ => {
            let mut both = Trigger::default();
            for key in ["if", "unless"] {
                let table = overlay.table.get(key).and_then(Value::as_table).cloned();
                let trigger: Option<Trigger> = table.and_then(|table| table.try_into().ok());
                both.extend(trigger.unwrap_or_default());
            }
            ([list("slot"), list("instead")].concat(), both)
        }
    }
}

/// The key of a table that a problem is about, as far as it says so: "unknown field `x`" or "x: …".
fn culprit(table: &Table, problem: &str) -> String {
    let quoted = problem.split('`').nth(1).unwrap_or_default();
    let before = problem.split(": ").next().unwrap_or_default();
    let named = [quoted, before].into_iter().find(|key| table.contains_key(*key));
    named.unwrap_or_default().to_owned()
}

/// A fault of one table; `key` below it, if one is meant.
fn fault_of(overlay: &Overlay, key: &str, problem: String) -> Fault {
    let (file, mut whole) = (overlay.file.clone(), overlay.key.clone());
    if overlay.table.contains_key(key) {
        whole = format!("{whole}.{key}");
    }
    Fault { file, line: 0, key: whole, problem }
}

fn no_such_check() -> String {
    let known: Vec<&str> = CATALOG.iter().map(|entry| entry.id).collect();
    format!("no such check; known: {}", known.join(", "))
}
