//! A rule set as it travels to another process of the same engine, and back into rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Table;

use super::{RuleSet, digest};

/// All that judging an upload hangs on: the merged tables, ceilings laid over them. Who files what,
/// where and when is left out, as it has done its part when the tables were merged.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    applied: String,
    tables: BTreeMap<String, Table>,
}

/// Why rules that came from elsewhere cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rules that came are not those that were sent")]
pub struct CarriedFault;

impl RuleSet {
    /// The form that travels. Two sets of one [`RuleSet::applied`] travel alike.
    pub fn carried(&self) -> Carried {
        Carried { applied: self.applied.clone(), tables: self.tables.clone() }
    }

    /// Bound again from what travelled: the same rules, without slot, context and version. `Err`
    /// where the digest differs.
    pub fn of_carried(carried: Carried) -> Result<Self, CarriedFault> {
        let Carried { applied, tables } = carried;
        if digest::of_tables(&tables) != applied {
            return Err(CarriedFault);
        }
        Ok(Self::of_tables(tables))
    }
}
