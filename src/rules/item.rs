//! What a filing uploads, meets and keeps to, as the packs say it: typed, and asked for a context.

use serde::Deserialize;
use toml::Table;

use super::Context;
use crate::reason::Locale;

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    en: String,
    zh: String,
}

impl Said {
    /// The text in one language.
    pub fn text(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::ZhCn => &self.zh,
        }
    }
}

/// Whether an upload must come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Whatever else holds.
    Required,
    /// Only where the condition in its text holds, which nobody but the applicant knows.
    Conditional,
    /// Not asked for.
    None,
}

/// One upload of a filing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRule {
    /// Kebab-case id; several may go to one slot.
    pub id: String,
    /// The slot.
    pub slot: String,
    /// Slots that serve instead, e.g. a passport for an identity card.
    pub instead: Vec<String>,
    /// Whether it must come; never [`Need::None`].
    pub need: Need,
    /// Why, or on which condition.
    pub why: Said,
    /// Who says so: the sources of every table that is in force here.
    pub source: String,
}

/// One step that is no upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRule {
    /// Kebab-case id, e.g. `sms-verification`.
    pub id: String,
    /// What to do.
    pub text: Said,
    /// Whether only some filings of this kind meet it.
    pub optional: bool,
    /// Hours that the applicant has, if any limit is known.
    pub within_hours: Option<u32>,
    /// Fewest and most workdays that it takes, where that is known.
    pub workdays: Option<(u32, u32)>,
    /// Who says so.
    pub source: String,
}

/// One thing that a filing must keep to and no upload shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRule {
    /// Kebab-case id, e.g. `local-phone`.
    pub id: String,
    /// What to keep to.
    pub text: Said,
    /// The number in it, if there is one, and what it counts: `mo`, `d`, `a`, `{domain}`, …
    pub value: Option<(u32, String)>,
    /// Who says so.
    pub source: String,
}

/// On what an item hangs. What the context does not know leaves it open.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Trigger {
    pub(super) entities: Vec<String>,
    pub(super) filing_types: Vec<String>,
    pub(super) contents: Vec<String>,
    pub(super) channels: Vec<String>,
    /// Fewest domains.
    pub(super) min_domains: Option<u32>,
    pub(super) issued_elsewhere: Option<bool>,
    pub(super) paid_service: Option<bool>,
}

impl Trigger {
    /// Adds the words of another one, to look them up.
    pub(super) fn extend(&mut self, other: Self) {
        self.entities.extend(other.entities);
        self.filing_types.extend(other.filing_types);
        self.contents.extend(other.contents);
        self.channels.extend(other.channels);
    }

    /// Whether all of it holds: `None` where something is unknown and nothing fails.
    fn holds(&self, context: &Context) -> Option<bool> {
        let listed = |list: &[String], value: Option<&String>| match (list, value) {
            ([], _) => Some(true),
            (_, None) => None,
            (list, Some(value)) => Some(list.contains(value)),
        };
        let contents = match (&self.contents[..], &context.contents[..]) {
            ([], _) => Some(true),
            (_, []) => None,
            (list, given) => Some(given.iter().any(|content| list.contains(content))),
        };
        let domains = match (self.min_domains, context.domain_count) {
            (None, _) => Some(true),
            (_, 0) => None,
            (Some(fewest), count) => Some(count >= fewest),
        };
        let elsewhere = match (self.issued_elsewhere, context.issued_elsewhere) {
            (None, _) => Some(true),
            (_, None) => None,
            (Some(wanted), Some(known)) => Some(wanted == known),
        };
        // A caller who does not say that the website earns may not have been asked.
        let paid = match (self.paid_service, context.paid_service) {
            (None, _) => Some(true),
            (Some(wanted), true) => Some(wanted),
            (Some(_), false) => None,
        };
        let parts = [
            listed(&self.entities, context.entity.as_ref()),
            listed(&self.filing_types, context.filing_type.as_ref()),
            listed(&self.channels, context.channel.as_ref()),
            contents,
            domains,
            elsewhere,
            paid,
        ];
        match parts {
            parts if parts.contains(&Some(false)) => Some(false),
            parts if parts.contains(&None) => None,
            _ => Some(true),
        }
    }
}

/// A table that a filing's item is read from.
pub(super) trait Item: Sized {
    /// Reads the merged table; the error names the key.
    fn bind(table: Table) -> Result<Self, String>;
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadTable {
    pub(super) order: u32,
    pub(super) slot: String,
    #[serde(default)]
    pub(super) instead: Vec<String>,
    pub(super) need: Need,
    #[serde(default, rename = "if")]
    pub(super) trigger: Trigger,
    #[serde(default)]
    pub(super) unless: Option<Trigger>,
    pub(super) en: String,
    #[serde(rename = "zh-CN")]
    pub(super) zh: String,
    #[serde(rename = "because")]
    _because: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepTable {
    pub(super) order: u32,
    #[serde(default = "yes")]
    pub(super) on: bool,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    pub(super) within_hours: Option<u32>,
    #[serde(default)]
    pub(super) workdays: Option<(u32, u32)>,
    #[serde(default, rename = "if")]
    pub(super) trigger: Trigger,
    #[serde(default)]
    pub(super) unless: Option<Trigger>,
    pub(super) en: String,
    #[serde(rename = "zh-CN")]
    pub(super) zh: String,
    #[serde(rename = "because")]
    _because: String,
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoteTable {
    #[serde(default = "yes")]
    pub(super) on: bool,
    #[serde(default)]
    pub(super) value: Option<u32>,
    #[serde(default)]
    pub(super) unit: Option<String>,
    #[serde(default, rename = "if")]
    pub(super) trigger: Trigger,
    #[serde(default)]
    pub(super) unless: Option<Trigger>,
    pub(super) en: String,
    #[serde(rename = "zh-CN")]
    pub(super) zh: String,
    #[serde(rename = "because")]
    _because: String,
    #[serde(rename = "source")]
    _source: String,
}

/// What surely holds excludes; what is unknown does not.
fn excluded(unless: Option<&Trigger>, context: &Context) -> bool {
    unless.is_some_and(|trigger| trigger.holds(context) == Some(true))
}

const fn yes() -> bool {
    true
}

fn bound<T: serde::de::DeserializeOwned>(table: Table) -> Result<T, String> {
    table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

fn said(en: &str, zh: &str, number: Option<u32>) -> Said {
    let fill = |text: &str| match number {
        Some(number) => text.replace("{value}", &number.to_string()),
        None => text.to_owned(),
    };
    Said { en: fill(en), zh: fill(zh) }
}

impl Item for UploadTable {
    fn bind(table: Table) -> Result<Self, String> {
        bound(table)
    }
}

impl UploadTable {
    /// The upload in this context, if it is asked for.
    pub(super) fn rule(self, id: &str, source: String, context: &Context) -> Option<UploadRule> {
        if excluded(self.unless.as_ref(), context) {
            return None;
        }
        let need = match (self.need, self.trigger.holds(context)) {
            (Need::None, _) | (_, Some(false)) => return None,
            (need, Some(true)) => need,
            (_, None) => Need::Conditional,
        };
        let why = said(&self.en, &self.zh, None);
        let (slot, instead) = (self.slot, self.instead);
        Some(UploadRule { id: id.to_owned(), slot, instead, need, why, source })
    }
}

impl Item for StepTable {
    fn bind(table: Table) -> Result<Self, String> {
        bound(table)
    }
}

impl StepTable {
    /// The step in this context, if it is met.
    pub(super) fn rule(self, id: &str, source: String, context: &Context) -> Option<StepRule> {
        let holds = self.trigger.holds(context);
        let met = self.on && holds != Some(false) && !excluded(self.unless.as_ref(), context);
        met.then(|| StepRule {
            id: id.to_owned(),
            text: said(&self.en, &self.zh, self.within_hours),
            optional: self.optional || holds.is_none(),
            within_hours: self.within_hours,
            workdays: self.workdays,
            source,
        })
    }
}

impl Item for NoteTable {
    fn bind(table: Table) -> Result<Self, String> {
        bound(table)
    }
}

impl NoteTable {
    /// The note in this context, unless it surely does not concern it.
    pub(super) fn rule(self, id: &str, source: String, context: &Context) -> Option<NoteRule> {
        let concerns = self.on
            && self.trigger.holds(context) != Some(false)
            && !excluded(self.unless.as_ref(), context);
        let text = said(&self.en, &self.zh, self.value);
        let value = self.value.map(|value| (value, self.unit.unwrap_or_else(|| "1".to_owned())));
        concerns.then(|| NoteRule { id: id.to_owned(), text, value, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(table: &str) -> UploadTable {
        let common = "order = 1\nslot = \"site-plan\"\nneed = \"required\"\nen = \"e\"\nzh-CN = \"z\"\nbecause = \"b\"\nsource = \"s\"\n";
        UploadTable::bind(format!("{common}{table}").parse().unwrap()).unwrap()
    }

    #[test]
    fn a_trigger_that_nobody_can_answer_makes_an_upload_conditional() {
        let need = |count| {
            let context = Context { domain_count: count, ..Context::default() };
            upload("if = { min_domains = 5 }").rule("x", String::new(), &context)
        };
        assert_eq!(need(0).unwrap().need, Need::Conditional);
        assert_eq!(need(5).unwrap().need, Need::Required);
        assert_eq!(need(4), None);
    }

    #[test]
    fn one_part_that_fails_settles_a_trigger_whatever_is_unknown() {
        let context = Context { entity: Some("company".to_owned()), ..Context::default() };
        let plan = upload("if = { entities = [\"individual\"], contents = [\"news\"] }");
        assert_eq!(plan.rule("x", String::new(), &context), None);
    }
}
