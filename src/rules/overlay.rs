//! A table of a pack with where it stands and when it holds, and how tables are laid upon each other.

use std::collections::BTreeMap;

use time::Date;
use toml::{Table, Value};

use super::Context;
use super::condition::Condition;

/// Layers in the order in which they are laid over each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    Base,
    Slot,
    Profile(String),
    Province(String),
}

/// Which kind of table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Checks,
    Uploads,
    Steps,
    Notes,
    Filing,
}

impl Section {
    /// The key under which its tables stand in a pack.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Uploads => "uploads",
            Self::Steps => "steps",
            Self::Notes => "notes",
            Self::Filing => "filing",
        }
    }
}

/// One table of a pack.
#[derive(Debug)]
pub(super) struct Overlay {
    pub(super) layer: Layer,
    pub(super) condition: Condition,
    pub(super) section: Section,
    /// The check's id, or the item's.
    pub(super) name: String,
    pub(super) table: Table,
    pub(super) file: String,
    /// Dotted key of the table in its file.
    pub(super) key: String,
}

impl Overlay {
    pub(super) fn holds(&self, slot: &str, context: &Context, day: Date) -> bool {
        let layer = match &self.layer {
            Layer::Base | Layer::Slot => true,
            Layer::Profile(profile) => *profile == context.profile,
            Layer::Province(province) => context.province.as_ref() == Some(province),
        };
        layer && self.condition.holds(slot, context, day)
    }
}

/// Every table of one section merged in order, by name.
pub(super) fn merged<'a>(overlays: impl Iterator<Item = &'a Overlay>) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for overlay in overlays {
        merge(tables.entry(overlay.name.clone()).or_default(), &overlay.table);
    }
    tables
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
pub(super) fn cap(table: &mut Table, ceilings: Option<&Table>) {
    for (key, ceiling) in ceilings.into_iter().flatten() {
        if let (Some(Value::Integer(bound)), Value::Integer(ceiling)) =
            (table.get_mut(key), ceiling)
        {
            *bound = (*bound).min(*ceiling);
        }
    }
}
