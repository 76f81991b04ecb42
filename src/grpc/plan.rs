//! From the plan of a filing to its message.

use prost_types::Duration;
use time::OffsetDateTime;
use toml::Value;

use super::convert::provenance_of;
use super::fault::Fault;
use super::proto::{self, LocalizedText, PlanFilingRequest, PlanFilingResponse};
use super::request::{OWN_CONTEXT, filing_context, given, locales, pinned, today};
use crate::filing::plan::{Limit, Plan, plan};
use crate::reason::Locale;
use crate::rules::{Need, NoteRule, RuleBooks, Said, StepRule, UploadRule};

/// Answers `PlanFiling`.
pub(super) fn answer(
    books: &RuleBooks,
    request: PlanFilingRequest,
) -> Result<PlanFilingResponse, Fault> {
    let book = pinned(books, &request.ruleset_version)?;
    let mut broken = Vec::new();
    let context = request.context.unwrap_or_default();
    let context = filing_context(book, context, OWN_CONTEXT, &mut broken);
    let faults = Fault::of_violations(broken);
    let (None, Some(context)) = (&faults, context) else {
        return Err(faults.unwrap_or_else(Fault::internal));
    };
    let plan = plan(book, &context, today()).map_err(|_| Fault::internal())?;
    Ok(response(&plan, &locales(&request.locales), OffsetDateTime::now_utc()))
}

/// The plan with its texts in `locales`.
pub(super) fn response(plan: &Plan, locales: &[Locale], now: OffsetDateTime) -> PlanFilingResponse {
    let rules = &plan.rules;
    let digests = [&rules.digest, &rules.applied];
    PlanFilingResponse {
        uploads: rules.uploads.iter().map(|rule| upload(plan, rule, locales)).collect(),
        steps: rules.steps.iter().map(|rule| step(rule, locales)).collect(),
        provenance: Some(provenance_of(&rules.version, digests, &rules.context, now)),
        notes: rules.notes.iter().map(|rule| note(rule, locales)).collect(),
    }
}

fn said(said: &Said, locales: &[Locale]) -> Vec<LocalizedText> {
    let text = |locale: &Locale| LocalizedText {
        locale: locale.tag().to_owned(),
        text: said.text(*locale).to_owned(),
    };
    locales.iter().map(text).collect()
}

fn upload(plan: &Plan, rule: &UploadRule, locales: &[Locale]) -> proto::RequiredUpload {
    proto::RequiredUpload {
        slot: rule.slot.clone(),
        required: rule.need == Need::Required,
        why: said(&rule.why, locales),
        limits: plan.limits_of(rule).iter().map(limit).collect(),
        id: rule.id.clone(),
        alternative_slots: rule.instead.clone(),
        source: rule.source.clone(),
    }
}

fn limit(limit: &Limit) -> proto::Limit {
    let number = limit.value.as_float().or(limit.value.as_integer().map(|value| value as f64));
    let lower = limit.key.trim_start_matches("doubtful_").starts_with("min_");
    let name = format!("{}.{}", limit.check, limit.key);
    let bound = number.map(|value| proto::Measurement {
        name: name.clone(),
        value,
        unit: unit(&limit.key).to_owned(),
        min: lower.then_some(value),
        max: (!lower).then_some(value),
    });
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let allowed = match &limit.value {
        Value::Array(values) => values.iter().map(text).collect(),
        value if bound.is_none() => vec![text(value)],
        _ => Vec::new(),
    };
    let (rule_id, source) = (limit.check.to_owned(), limit.source.clone());
    proto::Limit { rule_id, bound, allowed, source, name }
}

/// What a limit counts, by the end of its name.
fn unit(key: &str) -> &'static str {
    const UNITS: [(&str, &str); 6] = [
        ("_bytes", "By"),
        ("_px", "{pixel}"),
        ("_deg", "deg"),
        ("_mm", "mm"),
        ("_per_mille", "[ppth]"),
        ("_pages", "{page}"),
    ];
    UNITS.iter().find(|(end, _)| key.ends_with(end)).map_or("1", |(_, unit)| unit)
}

fn step(rule: &StepRule, locales: &[Locale]) -> proto::FilingStep {
    let (fewest, most) = rule.workdays.unwrap_or_default();
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    let within = |hours: u32| Duration { seconds: i64::from(hours) * 60 * 60, nanos: 0 };
    proto::FilingStep {
        id: rule.id.clone(),
        text: said(&rule.text, locales),
        within: rule.within_hours.map(within),
        source: rule.source.clone(),
        optional: rule.optional,
        min_workdays: days(fewest),
        max_workdays: days(most),
    }
}

fn note(rule: &NoteRule, locales: &[Locale]) -> proto::FilingNote {
    let (value, unit) = rule.value.clone().unzip();
    proto::FilingNote {
        id: rule.id.clone(),
        text: said(&rule.text, locales),
        source: rule.source.clone(),
        value: value.and_then(|value| i32::try_from(value).ok()),
        unit: unit.and_then(given).unwrap_or_default(),
    }
}
