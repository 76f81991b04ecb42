//! The rule book: all packs parsed, merged and bound at the start; every fault reported together.

use std::collections::BTreeMap;

use time::Date;
use toml::{Table, Value};

use super::draft::Draft;
use super::pack::{Condition, Faults, Profile, Vocabulary};
use super::{Context, ContextFault, Rule, RuleSet};
use crate::checks::CATALOG;

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
    pub(super) vocabulary: Vocabulary,
    pub(super) base: BTreeMap<String, Table>,
    /// Tables laid over the base, with where they come from and when they hold.
    pub(super) overlays: Vec<Overlay>,
    pub(super) ceilings: BTreeMap<String, Table>,
}

/// Layers in the order in which they are laid over the base.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    Slot,
    Profile(String),
    Province(String),
}

#[derive(Debug)]
pub(super) struct Overlay {
    pub(super) layer: Layer,
    pub(super) condition: Condition,
    pub(super) check: String,
    pub(super) table: Table,
    pub(super) file: String,
    pub(super) key: String,
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
pub(super) fn merge(table: &mut Table, over: &Table) {
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
