//! The rule book: all packs parsed, merged and bound at the start; every fault reported together.

use std::collections::BTreeMap;

use time::Date;
use toml::{Table, Value};

use super::draft::Draft;
use super::filing::{FilingLimits, FilingRules, bind};
use super::item::{Item, NoteTable, StepTable, UploadTable};
use super::overlay::{Overlay, Section, cap, merge, merged};
use super::pack::{Faults, Profile, Vocabulary};
use super::{Context, ContextFault, RuleSet, digest};

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
    /// How much was bound when the book was loaded.
    pub bound: Bound,
}

/// What loading a book has bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// Profile × slot × province × entity × filing type, unknown ones included.
    pub combinations: usize,
    /// Different tables that come of them and of the days, each bound on its own.
    pub tables: usize,
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
        Self::drafted(Draft::default(), files, ceilings)
    }

    /// The same of an archived rule set, which may be older than some checks.
    pub(super) fn sealed(files: &[PackFile], ceilings: Option<Table>) -> Result<Self, Faults> {
        Self::drafted(Draft { sealed: true, ..Draft::default() }, files, ceilings)
    }

    fn drafted(
        mut draft: Draft,
        files: &[PackFile],
        ceilings: Option<Table>,
    ) -> Result<Self, Faults> {
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
        let profile = self.profile(context)?;
        let slot = if slot.is_empty() { DEFAULT_SLOT } else { slot };
        if !profile.slots.iter().any(|known| known == slot) {
            let known = profile.slots.clone();
            return Err(ContextFault { what: "slot", value: slot.to_owned(), known });
        }
        let context = self.known(context, profile, today)?;
        Ok(self.bound(context, slot))
    }

    /// The rules for a whole filing on `today`.
    pub fn filing(&self, context: &Context, today: Date) -> Result<FilingRules, ContextFault> {
        let profile = self.profile(context)?;
        let context = self.known(context, profile, today)?;
        let section = |section| merged(self.filing_overlays(&context, section));
        let tables = [Section::Uploads, Section::Steps, Section::Notes, Section::Filing];
        let [uploads, steps, notes, mut limits] = tables.map(section);
        let mut applied = BTreeMap::new();
        for (name, tables) in
            [("uploads", &uploads), ("steps", &steps), ("notes", &notes), ("filing", &limits)]
        {
            applied
                .extend(tables.iter().map(|(id, table)| (format!("{name}.{id}"), table.clone())));
        }
        let applied = digest::of_tables(&applied);
        let mut uploads: Vec<_> = read::<UploadTable>(uploads)
            .filter(|(_, table)| profile.slots.contains(&table.slot))
            .filter_map(|(id, table)| {
                let source = self.sources(&context, Section::Uploads, &id);
                Some((table.order, table.rule(&id, source, &context)?))
            })
            .collect();
        let mut steps: Vec<_> = read::<StepTable>(steps)
            .filter_map(|(id, table)| {
                let source = self.sources(&context, Section::Steps, &id);
                Some((table.order, table.rule(&id, source, &context)?))
            })
            .collect();
        uploads.sort_by_key(|(order, _)| *order);
        steps.sort_by_key(|(order, _)| *order);
        let notes = read::<NoteTable>(notes).filter_map(|(id, table)| {
            let source = self.sources(&context, Section::Notes, &id);
            table.rule(&id, source, &context)
        });
        let notes = notes.collect();
        // Every chain of tables was bound when the book was loaded, so this cannot fail.
        let limits = filing_limits(&mut limits).map_err(|value| ContextFault {
            what: "filing",
            value,
            known: Vec::new(),
        })?;
        Ok(FilingRules {
            version: self.version.clone(),
            digest: self.digest.clone(),
            applied,
            uploads: uploads.into_iter().map(|(_, rule)| rule).collect(),
            steps: steps.into_iter().map(|(_, rule)| rule).collect(),
            notes,
            limits,
            context,
        })
    }

    fn profile(&self, context: &Context) -> Result<&Profile, ContextFault> {
        let name = if context.profile.is_empty() { DEFAULT_PROFILE } else { &context.profile };
        self.profiles.get(name).ok_or_else(|| ContextFault {
            what: "profile",
            value: name.to_owned(),
            known: self.profiles.keys().cloned().collect(),
        })
    }

    /// The context with its defaults, when the book knows every word of it.
    fn known(
        &self,
        context: &Context,
        profile: &Profile,
        today: Date,
    ) -> Result<Context, ContextFault> {
        let opt = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
        let words = &self.vocabulary;
        for (what, values, known) in [
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
        let as_of = Some(profile.clamp(context.as_of.unwrap_or(today)));
        Ok(Context { profile: profile.id.clone(), as_of, ..context.clone() })
    }

    /// The provinces that contexts may name, ISO 3166-2.
    pub fn provinces(&self) -> &[String] {
        &self.vocabulary.provinces
    }

    /// The service's ceiling on a limit of a check, if it has one.
    pub fn ceiling(&self, check: &str, limit: &str) -> Option<u64> {
        let ceiling = self.ceilings.get(check)?.get(limit)?.as_integer()?;
        u64::try_from(ceiling).ok()
    }

    fn bound(&self, context: Context, slot: &str) -> RuleSet {
        let mut tables = self.base.clone();
        let day = context.as_of;
        for overlay in &self.overlays {
            let holds = || day.is_some_and(|day| overlay.holds(slot, &context, day));
            if overlay.section == Section::Checks && holds() {
                merge(tables.entry(overlay.name.clone()).or_default(), &overlay.table);
            }
        }
        for (check, table) in &mut tables {
            cap(table, self.ceilings.get(check));
        }
        let (version, digest) = (self.version.clone(), self.digest.clone());
        RuleSet { slot: slot.to_owned(), context, version, digest, ..RuleSet::of_tables(tables) }
    }
}

/// The items of a section; a table that does not bind was refused when the book was loaded.
fn read<T: Item>(tables: BTreeMap<String, Table>) -> impl Iterator<Item = (String, T)> {
    tables.into_iter().filter_map(|(id, table)| Some((id, T::bind(table).ok()?)))
}

fn filing_limits(tables: &mut BTreeMap<String, Table>) -> Result<FilingLimits, String> {
    let mut take = |name: &str| tables.remove(name).unwrap_or_default();
    Ok(FilingLimits {
        missing: bind(take("missing"))?,
        duplicate: bind(take("duplicate"))?,
        swapped: bind(take("sides-swapped"))?,
        combined: bind(take("sides-combined"))?,
        separate: bind(take("sides-separate"))?,
        surfaces: bind(take("surfaces"))?,
        channel: bind(take("channel"))?,
    })
}
