//! A rule book while it is loaded: packs are added, bound, and every fault is kept.

use std::collections::BTreeMap;

use time::Date;
use toml::Table;

use super::book::{Bound, PackFile, RuleBook};
use super::condition::Condition;
use super::overlay::{Layer, Overlay, Section};
use super::pack::{Fault, Faults, Pack, Profile, Vocabulary, date};
use super::{digest, line};

#[derive(Default)]
pub(super) struct Draft {
    /// Of an archived rule set: what it does not say of newer checks is no fault.
    pub(super) sealed: bool,
    pub(super) faults: Vec<Fault>,
    pub(super) version: Option<String>,
    pub(super) vocabulary: Option<Vocabulary>,
    pub(super) profiles: BTreeMap<String, Profile>,
    pub(super) slots: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) base: BTreeMap<String, Table>,
    pub(super) overlays: Vec<Overlay>,
    pub(super) ceilings: BTreeMap<String, Table>,
}

impl Draft {
    pub(super) fn fault(&mut self, file: &str, key: &str, problem: impl Into<String>) {
        let (file, key) = (file.to_owned(), key.to_owned());
        self.faults.push(Fault { file, line: 0, key, problem: problem.into() });
    }

    pub(super) fn add(&mut self, file: &str, text: &str) {
        let pack: Pack = match toml::from_str(text) {
            Ok(pack) => pack,
            Err(error) => {
                let line = error.span().map_or(0, |span| line::line_at(text, span.start));
                let (file, key) = (file.to_owned(), String::new());
                let problem = error.message().trim_end().to_owned();
                return self.faults.push(Fault { file, line, key, problem });
            }
        };
        let layer = match (file.split_once('/').map(|(folder, _)| folder), &pack.id) {
            (None, None) if file == "base.toml" => None,
            (None, None) if file == "filing.toml" => Some(Layer::Base),
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
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            self.fault(file, "valid-until", format!("{until} lies before {from}, the first day"));
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
        let plain = [
            (Section::Uploads, pack.uploads),
            (Section::Steps, pack.steps),
            (Section::Notes, pack.notes),
            (Section::Filing, pack.filing),
        ];
        let mut groups = vec![(String::new(), own, Section::Checks, pack.checks)];
        for (section, tables) in plain {
            if *layer == Layer::Slot && !tables.is_empty() {
                self.fault(file, section.key(), "a slot has checks only: filings know no slot");
            }
            groups.push((String::new(), Condition::default(), section, tables));
        }
        for (slot, tables) in pack.slot {
            let condition = Condition::of_slot(&slot);
            groups.push((format!("slot.{slot}."), condition, Section::Checks, tables.checks));
        }
        for (index, when) in pack.when.into_iter().enumerate() {
            let condition = match Condition::parse(&when) {
                Ok(condition) => condition,
                Err(problem) => {
                    self.fault(file, &format!("when[{index}]"), problem);
                    continue;
                }
            };
            for (section, tables) in [
                (Section::Checks, when.checks),
                (Section::Uploads, when.uploads),
                (Section::Steps, when.steps),
                (Section::Notes, when.notes),
                (Section::Filing, when.filing),
            ] {
                groups.push((format!("when[{index}]."), condition.clone(), section, tables));
            }
        }
        for (prefix, condition, section, tables) in groups {
            for (name, table) in tables {
                let key = format!("{prefix}{}.{name}", section.key());
                let (layer, condition, file) = (layer.clone(), condition.clone(), file.to_owned());
                self.overlays.push(Overlay { layer, condition, section, name, table, file, key });
            }
        }
    }

    /// Binds everything that can come together.
    pub(super) fn finish(mut self, files: &[PackFile]) -> Result<RuleBook, Faults> {
        if !files.iter().any(|(file, _)| file == "base.toml") {
            self.fault("base.toml", "", "missing");
        }
        // Stable: within a layer the order of the files and of their tables stays.
        self.overlays.sort_by_key(|overlay| overlay.layer.clone());
        self.bind_base();
        self.check_overlays();
        self.check_names();
        let tables = self.bind_chains();
        let digest = digest::of_packs(files, &self.ceilings);
        let bound = Bound { combinations: self.combinations(), tables };
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
                bound,
            }),
            _ => {
                let text = |file: &str| files.iter().find(|(name, _)| name == file);
                for fault in self.faults.iter_mut().filter(|fault| fault.line == 0) {
                    fault.line =
                        text(&fault.file).map_or(0, |(_, text)| line::of(text, &fault.key));
                }
                self.faults.sort();
                self.faults.dedup();
                Err(Faults(self.faults))
            }
        }
    }

    fn combinations(&self) -> usize {
        let words = self.vocabulary.clone().unwrap_or_default();
        let slots: usize = self.profiles.values().map(|profile| profile.slots.len()).sum();
        let with_unknown = |words: &[String]| words.len() + 1;
        slots
            * with_unknown(&words.provinces)
            * with_unknown(&words.entities)
            * with_unknown(&words.filing_types)
    }
}
