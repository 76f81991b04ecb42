//! A rule book while it is loaded: packs are added, bound, and every fault is kept.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use time::Date;
use toml::{Table, Value};

use super::book::{Layer, Overlay, PackFile, RuleBook, merge};
use super::lint::problems;
use super::pack::{Condition, Fault, Faults, Pack, Profile, Vocabulary, date};
use super::rule::Rule;
use crate::checks::{self, CATALOG, Entry};

#[derive(Default)]
pub(super) struct Draft {
    faults: Vec<Fault>,
    version: Option<String>,
    vocabulary: Option<Vocabulary>,
    profiles: BTreeMap<String, Profile>,
    slots: BTreeMap<String, BTreeMap<String, String>>,
    base: BTreeMap<String, Table>,
    overlays: Vec<Overlay>,
    pub(super) ceilings: BTreeMap<String, Table>,
}

impl Draft {
    pub(super) fn fault(&mut self, file: &str, key: &str, problem: impl Into<String>) {
        let (file, key) = (file.to_owned(), key.to_owned());
        self.faults.push(Fault { file, key, problem: problem.into() });
    }

    pub(super) fn add(&mut self, file: &str, text: &str) {
        let pack: Pack = match toml::from_str(text) {
            Ok(pack) => pack,
            Err(error) => return self.fault(file, "", error.to_string().trim_end()),
        };
        let layer = match (file.split_once('/').map(|(folder, _)| folder), &pack.id) {
            (None, None) if file == "base.toml" => None,
            (None, None) if file == "ceilings.toml" => {
                self.ceilings = pack.checks;
                return;
            }
            (Some("slots"), Some(id)) => {
                self.slots.insert(id.clone(), pack.names.clone());
                Some(Layer::Slot)
            }
            (Some("profiles"), Some(id)) => {
                self.profile(file, id, &pack);
                Some(Layer::Profile(id.clone()))
            }
            (Some("provinces"), Some(id)) => Some(Layer::Province(id.clone())),
            (Some(_), None) => return self.fault(file, "id", "missing"),
            _ => return self.fault(file, "", "belongs into slots/, profiles/ or provinces/"),
        };
        match layer {
            None => self.base(file, pack),
            Some(layer) => self.overlays(file, &layer, pack),
        }
    }

    fn base(&mut self, file: &str, pack: Pack) {
        match pack.version {
            Some(version) => self.version = Some(version),
            None => self.fault(file, "version", "missing"),
        }
        match pack.vocabulary {
            Some(vocabulary) => self.vocabulary = Some(vocabulary),
            None => self.fault(file, "vocabulary", "missing"),
        }
        self.base = pack.checks;
    }

    fn profile(&mut self, file: &str, id: &str, pack: &Pack) {
        let mut day = |key: &str, text: &Option<String>| match text.as_deref().map(date) {
            Some(Ok(day)) => Some(day),
            Some(Err(problem)) => {
                self.fault(file, key, problem);
                None
            }
            None => None,
        };
        let (from, until) =
            (day("valid-from", &pack.valid_from), day("valid-until", &pack.valid_until));
        if pack.valid_from.is_none() {
            self.fault(file, "valid-from", "missing");
        }
        let profile = Profile {
            id: id.to_owned(),
            names: pack.names.clone(),
            slots: pack.slots.clone(),
            valid_from: from.unwrap_or(Date::MIN),
            valid_until: until,
        };
        self.profiles.insert(id.to_owned(), profile);
    }

    /// Plain tables first, then those of a slot, then conditional ones, as they stand in the file.
    fn overlays(&mut self, file: &str, layer: &Layer, pack: Pack) {
        let own = match layer {
            Layer::Slot => Condition::of_slot(&pack.id.unwrap_or_default()),
            _ => Condition::default(),
        };
        let mut groups = vec![(String::new(), own, pack.checks)];
        for (slot, tables) in pack.slot {
            groups.push((format!("slot.{slot}."), Condition::of_slot(&slot), tables.checks));
        }
        for (index, when) in pack.when.into_iter().enumerate() {
            match Condition::parse(&when) {
                Ok(condition) => groups.push((format!("when[{index}]."), condition, when.checks)),
                Err(problem) => self.fault(file, &format!("when[{index}]"), problem),
            }
        }
        for (prefix, condition, checks) in groups {
            for (check, table) in checks {
                let key = format!("{prefix}checks.{check}");
                let (layer, condition, file) = (layer.clone(), condition.clone(), file.to_owned());
                self.overlays.push(Overlay { layer, condition, check, table, file, key });
            }
        }
    }

    /// Binds everything. A limit has its type whatever lies above or below it, so an overlay that
    /// binds on the base binds in every combination.
    pub(super) fn finish(mut self, files: &[PackFile]) -> Result<RuleBook, Faults> {
        if !files.iter().any(|(file, _)| file == "base.toml") {
            self.fault("base.toml", "", "missing");
        }
        self.bind_base();
        self.bind_overlays();
        self.check_names();
        let digest = digest(files, &self.ceilings);
        match (self.version, self.vocabulary) {
            (Some(version), Some(vocabulary)) if self.faults.is_empty() => Ok(RuleBook {
                version,
                digest,
                profiles: self.profiles,
                slots: self.slots,
                vocabulary,
                base: self.base,
                overlays: self.overlays,
                ceilings: self.ceilings,
            }),
            _ => {
                self.faults.sort();
                self.faults.dedup();
                Err(Faults(self.faults))
            }
        }
    }

    fn bind_base(&mut self) {
        let base = self.base.clone();
        for id in base.keys().filter(|id| checks::entry(id).is_none()) {
            self.fault("base.toml", &format!("checks.{id}"), no_such_check());
        }
        for entry in CATALOG {
            let problems = match base.get(entry.id) {
                None => vec!["missing: the base pack sets the limits of every check".to_owned()],
                Some(table) => problems(entry, table),
            };
            for problem in problems {
                self.fault("base.toml", &format!("checks.{}", entry.id), problem);
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

    fn bind_overlays(&mut self) {
        let mut faults = Vec::new();
        for overlay in &self.overlays {
            let mut fault = |problem: String| {
                faults.push(Fault {
                    file: overlay.file.clone(),
                    key: overlay.key.clone(),
                    problem,
                });
            };
            let Some(entry) = checks::entry(&overlay.check) else {
                fault(no_such_check());
                continue;
            };
            for key in ["because", "source"] {
                if overlay.table.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                    fault(format!(
                        "missing field `{key}`: every override says why and who says so"
                    ));
                }
            }
            self.binding_problems(entry, overlay).into_iter().for_each(&mut fault);
        }
        self.faults.extend(faults);
    }

    /// What is wrong with an overlay, if the base below it is sound.
    fn binding_problems(&self, entry: &'static Entry, overlay: &Overlay) -> Vec<String> {
        match self.base.get(entry.id) {
            Some(base) if Rule::bind(entry, base.clone()).is_ok() => {
                let mut table = base.clone();
                merge(&mut table, &overlay.table);
                problems(entry, &table)
            }
            _ => Vec::new(),
        }
    }

    /// Names that one file gives another: slots, provinces, entities, filing types.
    fn check_names(&mut self) {
        let words = self.vocabulary.clone().unwrap_or_default();
        let slots: Vec<String> = self.slots.keys().cloned().collect();
        let mut faults = Vec::new();
        let mut unknown =
            |file: &str, key: &str, what: &str, names: &[String], known: &[String]| {
                for name in names.iter().filter(|name| !known.contains(name)) {
                    let problem = format!("no such {what}: \"{name}\"");
                    faults.push(Fault { file: file.to_owned(), key: key.to_owned(), problem });
                }
            };
        for profile in self.profiles.values() {
            let file = format!("profiles/{}.toml", profile.id);
            unknown(&file, "slots", "slot", &profile.slots, &slots);
        }
        for Overlay { layer, condition, file, key, .. } in &self.overlays {
            if let Layer::Province(province) = layer {
                unknown(file, "id", "province", std::slice::from_ref(province), &words.provinces);
            }
            unknown(file, key, "slot", &condition.slots, &slots);
            unknown(file, key, "entity", &condition.entities, &words.entities);
            unknown(file, key, "filing type", &condition.filing_types, &words.filing_types);
        }
        self.faults.extend(faults);
    }
}

fn no_such_check() -> String {
    let known: Vec<&str> = CATALOG.iter().map(|entry| entry.id).collect();
    format!("no such check; known: {}", known.join(", "))
}

/// SHA-256 over all packs as JSON with sorted keys, so that order and comments do not count.
fn digest(files: &[PackFile], ceilings: &BTreeMap<String, Table>) -> String {
    let mut packs: BTreeMap<&str, serde_json::Value> = BTreeMap::new();
    for (file, text) in files {
        let table: Table = toml::from_str(text).unwrap_or_default();
        packs.insert(file, serde_json::to_value(table).unwrap_or_default());
    }
    let canonical = serde_json::json!({ "packs": packs, "ceilings": ceilings });
    let mut text = String::new();
    canonicalise(&canonical, &mut text);
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn canonicalise(value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Object(object) => {
            let sorted: BTreeMap<_, _> = object.iter().collect();
            out.push('{');
            for (key, value) in sorted {
                out.push_str(&serde_json::Value::from(key.as_str()).to_string());
                out.push(':');
                canonicalise(value, out);
                out.push(',');
            }
            out.push('}');
        }
        serde_json::Value::Array(array) => {
            out.push('[');
            for value in array {
                canonicalise(value, out);
                out.push(',');
            }
            out.push(']');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}
