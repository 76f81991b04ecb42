//! The rule book: all packs parsed, merged and bound at the start; every fault reported together.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use time::Date;
use toml::{Table, Value};

use super::pack::{Condition, Fault, Faults, Pack, Profile, Vocabulary, date};
use super::{Context, ContextFault, Rule, RuleSet};
use crate::checks::{self, CATALOG, Entry};

include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// Path of a pack below its folder, with forward slashes, and its text.
pub type PackFile = (String, String);

/// The packs that are built in.
pub fn embedded_packs() -> Vec<PackFile> {
    EMBEDDED.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// All rules, ready to be asked which hold for an upload.
#[derive(Debug)]
pub struct RuleBook {
    /// Version, from the base pack.
    pub version: String,
    /// Lower-case hex SHA-256 of the canonical form of all packs, ceilings included.
    pub digest: String,
    /// Profiles by id.
    pub profiles: BTreeMap<String, Profile>,
    /// Display names of the slots, by slot and BCP 47 tag.
    pub slots: BTreeMap<String, BTreeMap<String, String>>,
    vocabulary: Vocabulary,
    base: BTreeMap<String, Table>,
    /// Tables laid over the base, with where they come from and when they hold.
    overlays: Vec<Overlay>,
    ceilings: BTreeMap<String, Table>,
}

/// Layers in the order in which they are laid over the base.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Slot,
    Profile(String),
    Province(String),
}

#[derive(Debug)]
struct Overlay {
    layer: Layer,
    condition: Condition,
    check: String,
    table: Table,
    file: String,
    key: String,
}

/// Slots that the program starts with when nobody says otherwise.
const DEFAULT_PROFILE: &str = "generic";
const DEFAULT_SLOT: &str = "supporting-document";

impl RuleBook {
    /// Loads the built-in packs.
    pub fn embedded() -> Result<Self, Faults> {
        Self::load(&embedded_packs(), None)
    }

    /// Parses, merges and binds `files`. `ceilings` are an operator's own, laid over the packs' file
    /// of the same form. All faults are reported together.
    pub fn load(files: &[PackFile], ceilings: Option<Table>) -> Result<Self, Faults> {
        let mut draft = Draft::default();
        for (file, text) in files {
            draft.add(file, text);
        }
        if let Some(ceilings) = ceilings {
            for (check, table) in ceilings {
                match table {
                    Value::Table(table) => {
                        merge(draft.ceilings.entry(check).or_default(), &table);
                    }
                    _ => draft.fault(
                        "configuration",
                        &format!("ceilings.{check}"),
                        "must be a table",
                    ),
                }
            }
        }
        draft.finish(files)
    }

    /// The rules for an upload to `slot` (empty = the default one) on `today`.
    pub fn rules(
        &self,
        context: &Context,
        slot: &str,
        today: Date,
    ) -> Result<RuleSet, ContextFault> {
        let name = if context.profile.is_empty() { DEFAULT_PROFILE } else { &context.profile };
        let Some(profile) = self.profiles.get(name) else {
            let known = self.profiles.keys().cloned().collect();
            return Err(ContextFault { what: "profile", value: name.to_owned(), known });
        };
        let slot = if slot.is_empty() { DEFAULT_SLOT } else { slot };
        let one = |value: &str| vec![value.to_owned()];
        let opt = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let words = &self.vocabulary;
        for (what, values, known) in [
            ("slot", one(slot), &profile.slots),
            ("province", opt(&context.province), &words.provinces),
            ("entity", opt(&context.entity), &words.entities),
            ("filing type", opt(&context.filing_type), &words.filing_types),
            ("channel", opt(&context.channel), &words.channels),
            ("content", context.contents.clone(), &words.contents),
        ] {
            if let Some(value) = values.into_iter().find(|value| !known.contains(value)) {
                return Err(ContextFault { what, value, known: known.clone() });
            }
        }
        let day = profile.clamp(context.as_of.unwrap_or(today));
        let context = Context { profile: name.to_owned(), as_of: Some(day), ..context.clone() };
        Ok(self.bound(context, slot, day))
    }

    /// The service's ceiling on a limit of a check, if it has one.
    pub fn ceiling(&self, check: &str, limit: &str) -> Option<u64> {
        let ceiling = self.ceilings.get(check)?.get(limit)?.as_integer()?;
        u64::try_from(ceiling).ok()
    }

    fn bound(&self, context: Context, slot: &str, day: Date) -> RuleSet {
        let mut tables = self.base.clone();
        let layers = [
            Some(Layer::Slot),
            Some(Layer::Profile(context.profile.clone())),
            context.province.clone().map(Layer::Province),
        ];
        for layer in layers.into_iter().flatten() {
            for overlay in &self.overlays {
                if overlay.layer == layer && overlay.condition.holds(slot, &context, day) {
                    merge(tables.entry(overlay.check.clone()).or_default(), &overlay.table);
                }
            }
        }
        let mut rules = Vec::new();
        let mut off = Vec::new();
        for entry in CATALOG {
            let mut table = tables.remove(entry.id).unwrap_or_default();
            cap(&mut table, self.ceilings.get(entry.id));
            // Every key was bound on its own when the book was loaded, so this cannot fail.
            match Rule::bind(entry, table) {
                Ok(Some(rule)) => rules.push(rule),
                Ok(None) | Err(_) => off.push(entry),
            }
        }
        let (version, digest) = (self.version.clone(), self.digest.clone());
        RuleSet { slot: slot.to_owned(), context, version, digest, rules, off }
    }
}

/// Lays `over` upon `table`, key by key; tables inside are merged too.
fn merge(table: &mut Table, over: &Table) {
    for (key, value) in over {
        match (table.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Lowers every bound of `table` that a ceiling undercuts.
fn cap(table: &mut Table, ceilings: Option<&Table>) {
    for (key, ceiling) in ceilings.into_iter().flatten() {
        if let (Some(Value::Integer(bound)), Value::Integer(ceiling)) =
            (table.get_mut(key), ceiling)
        {
            *bound = (*bound).min(*ceiling);
        }
    }
}

#[derive(Default)]
struct Draft {
    faults: Vec<Fault>,
    version: Option<String>,
    vocabulary: Option<Vocabulary>,
    profiles: BTreeMap<String, Profile>,
    slots: BTreeMap<String, BTreeMap<String, String>>,
    base: BTreeMap<String, Table>,
    overlays: Vec<Overlay>,
    ceilings: BTreeMap<String, Table>,
}

impl Draft {
    fn fault(&mut self, file: &str, key: &str, problem: impl Into<String>) {
        let (file, key) = (file.to_owned(), key.to_owned());
        self.faults.push(Fault { file, key, problem: problem.into() });
    }

    fn add(&mut self, file: &str, text: &str) {
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
    fn finish(mut self, files: &[PackFile]) -> Result<RuleBook, Faults> {
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
            let problem = match base.get(entry.id) {
                None => Some("missing: the base pack sets the limits of every check".to_owned()),
                Some(table) => Rule::bind(entry, table.clone()).err(),
            };
            if let Some(problem) = problem {
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
            if let Some(problem) = self.binding_problem(entry, overlay) {
                fault(problem);
            }
        }
        self.faults.extend(faults);
    }

    /// What is wrong with an overlay, if the base below it is sound.
    fn binding_problem(&self, entry: &'static Entry, overlay: &Overlay) -> Option<String> {
        let mut table = self.base.get(entry.id)?.clone();
        Rule::bind(entry, table.clone()).ok()?;
        merge(&mut table, &overlay.table);
        Rule::bind(entry, table).err()
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
