//! When a table of a pack holds: the context and the day that it asks for.

use time::Date;

use super::Context;
use super::pack::{When, date};

/// A condition with its days parsed. Empty lists ask for nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    pub(super) slots: Vec<String>,
    pub(super) profiles: Vec<String>,
    pub(super) provinces: Vec<String>,
    pub(super) entities: Vec<String>,
    pub(super) filing_types: Vec<String>,
    pub(super) from: Option<Date>,
    pub(super) until: Option<Date>,
}

impl Condition {
    pub(super) fn of_slot(slot: &str) -> Self {
        Self { slots: vec![slot.to_owned()], ..Self::default() }
    }

    pub(super) fn parse(when: &When) -> Result<Self, String> {
        let from = when.from.as_deref().map(date).transpose()?;
        let until = when.until.as_deref().map(date).transpose()?;
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            return Err(format!("from {from} until {until} is no span of days"));
        }
        Ok(Self {
            slots: when.slots.clone(),
            profiles: when.profiles.clone(),
            provinces: when.provinces.clone(),
            entities: when.entities.clone(),
            filing_types: when.filing_types.clone(),
            from,
            until,
        })
    }

    /// An unknown entity or filing type meets no condition that asks for one.
    pub(super) fn holds(&self, slot: &str, context: &Context, day: Date) -> bool {
        let listed = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|listed| listed == value))
        };
        listed(&self.slots, Some(slot))
            && listed(&self.profiles, Some(&context.profile))
            && listed(&self.provinces, context.province.as_deref())
            && listed(&self.entities, context.entity.as_deref())
            && listed(&self.filing_types, context.filing_type.as_deref())
            && self.from.is_none_or(|from| day >= from)
            && self.until.is_none_or(|until| day <= until)
    }
}
