//! What a filing must upload, under which limits, and which steps follow.

use std::collections::BTreeMap;

use time::Date;
use toml::Value;

use crate::rules::{Context, ContextFault, FilingRules, RuleBook, UploadRule};

/// The answer to "what do I need?".
#[derive(Debug)]
pub struct Plan {
    /// Uploads, steps and notes, and the context in force.
    pub rules: FilingRules,
    /// Of each upload's slot: the limits in force.
    pub limits: BTreeMap<String, Vec<Limit>>,
}

/// One limit in force and who says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The check, e.g. `file.size`.
    pub check: &'static str,
    /// The limit among those of the check, e.g. `below_bytes`.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Who says so: the last table that sets it.
    pub source: String,
}

impl Plan {
    /// Of the upload's own slot.
    pub fn limits_of(&self, upload: &UploadRule) -> &[Limit] {
        self.limits.get(&upload.slot).map_or(&[], Vec::as_slice)
    }
}

/// The plan of a filing in `context` on `today`.
pub fn plan(book: &RuleBook, context: &Context, today: Date) -> Result<Plan, ContextFault> {
    let rules = book.filing(context, today)?;
    let mut limits = BTreeMap::new();
    for upload in &rules.uploads {
        if !limits.contains_key(&upload.slot) {
            let found = limits_of(book, &rules.context, &upload.slot, today)?;
            limits.insert(upload.slot.clone(), found);
        }
    }
    Ok(Plan { rules, limits })
}

fn limits_of(
    book: &RuleBook,
    context: &Context,
    slot: &str,
    today: Date,
) -> Result<Vec<Limit>, ContextFault> {
    let rules = book.rules(context, slot, today)?;
    let mut limits = Vec::new();
    for rule in &rules.rules {
        let mut origins = book.origins(&rules, rule.entry.id);
        for (key, value) in &rule.limits {
            let last = origins.remove(key).and_then(|mut set| set.pop());
            limits.push(Limit {
                check: rule.entry.id,
                key: key.clone(),
                value: value.clone(),
                source: last.map_or_else(|| rule.source.clone(), |origin| origin.source),
            });
        }
    }
    Ok(limits)
}
