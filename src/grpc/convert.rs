//! From verdicts to messages, by hand, so that the wire and the core can change apart.

use std::collections::BTreeMap;

use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Timestamp};
use serde_json::Value;
use time::{Date, OffsetDateTime};

use super::proto;
use super::request::Shape;
use crate::reason::{Finding, Locale, Measurement, Reason, Region, Severity};
use crate::rules::{Context, Status};
use crate::verdict::{CheckOutcome, Decision, Detected, Recorded, Ruled, Verdict};

/// `semver+git`: what judged.
pub(crate) fn engine_version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match option_env!("SCANVET_GIT") {
        Some(git) if !git.is_empty() => format!("{version}+{git}"),
        _ => version.to_owned(),
    }
}

/// A verdict as its message.
pub(super) fn result(
    verdict: &Verdict,
    item_id: &str,
    shape: &Shape,
    evaluate_time: OffsetDateTime,
) -> proto::ValidationResult {
    let readings = if shape.readings { &verdict.readings[..] } else { &[] };
    proto::ValidationResult {
        item_id: item_id.to_owned(),
        verdict: decision(verdict.decision).into(),
        findings: verdict.findings.iter().map(|ruled| finding(ruled, shape)).collect(),
        checks: verdict.checks.iter().map(|outcome| check(outcome, shape)).collect(),
        detected: Some(detected(&verdict.detected)),
        provenance: Some(provenance(verdict, evaluate_time)),
        annotated_image: Vec::new(),
        readings: readings.iter().map(reading).collect(),
    }
}

pub(super) fn decision(decision: Decision) -> proto::Verdict {
    match decision {
        Decision::Accept => proto::Verdict::Accept,
        Decision::Reject => proto::Verdict::Reject,
        Decision::Review => proto::Verdict::Review,
    }
}

pub(super) fn severity(severity: Severity) -> proto::Severity {
    match severity {
        Severity::Info => proto::Severity::Info,
        Severity::Warning => proto::Severity::Warning,
        Severity::Review => proto::Severity::Review,
        Severity::Error => proto::Severity::Error,
    }
}

pub(super) fn finding(ruled: &Ruled, shape: &Shape) -> proto::Finding {
    let Finding { reason, measurements, regions, metadata, .. } = &ruled.finding;
    let (regions, measurements) =
        if shape.evidence { (&regions[..], &measurements[..]) } else { (&[][..], &[][..]) };
    proto::Finding {
        reason: reason.code.to_owned(),
        severity: severity(ruled.severity).into(),
        rule_id: ruled.check.to_owned(),
        page: ruled.page as i32,
        regions: regions.iter().map(|place| region(place, ruled.page)).collect(),
        measurements: measurements.iter().map(measurement).collect(),
        messages: messages(reason, &shape.locales, metadata),
        metadata: metadata.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect(),
        help_uri: format!("docs/reasons.md#{}", reason.code.to_ascii_lowercase()),
    }
}

/// A reason's text in each language; placeholders without a value stay as they are.
pub(super) fn messages(
    reason: &Reason,
    locales: &[Locale],
    metadata: &BTreeMap<&'static str, String>,
) -> Vec<proto::LocalizedText> {
    let text = |locale: &Locale| proto::LocalizedText {
        locale: locale.tag().to_owned(),
        text: reason.text(*locale).message(*locale, metadata),
    };
    locales.iter().map(text).collect()
}

fn check(outcome: &CheckOutcome, shape: &Shape) -> proto::CheckResult {
    let status = match outcome.status {
        Status::Passed => proto::CheckStatus::Passed,
        Status::Failed => proto::CheckStatus::Failed,
        Status::Inconclusive => proto::CheckStatus::Inconclusive,
        Status::Skipped => proto::CheckStatus::Skipped,
    };
    let measurements = if shape.evidence { &outcome.measurements[..] } else { &[] };
    proto::CheckResult {
        rule_id: outcome.check.to_owned(),
        status: status.into(),
        status_detail: outcome.detail.clone().unwrap_or_default(),
        confidence: None,
        measurements: measurements.iter().map(measurement).collect(),
        elapsed: prost_types::Duration::try_from(outcome.elapsed).ok(),
    }
}

fn measurement(measured: &Measurement) -> proto::Measurement {
    let Measurement { name, value, unit, min, max } = *measured;
    proto::Measurement { name: name.to_owned(), value, unit: unit.to_owned(), min, max }
}

fn region(place: &Region, page: u32) -> proto::Region {
    let point = |&(x, y): &(f64, f64)| proto::Point { x: x as f32, y: y as f32 };
    proto::Region {
        page: page as i32,
        points: place.points.iter().map(point).collect(),
        label: place.label.clone().into_owned(),
    }
}

fn detected(detected: &Detected) -> proto::DetectedFile {
    proto::DetectedFile {
        media_type: detected.media_type.unwrap_or_default().to_owned(),
        size_bytes: i64::try_from(detected.size).unwrap_or(i64::MAX),
        sha256: detected.sha256.clone(),
        page_count: detected.pages as i32,
        width_px: i32::try_from(detected.width).unwrap_or(i32::MAX),
        height_px: i32::try_from(detected.height).unwrap_or(i32::MAX),
        has_gps_metadata: detected.has_gps,
    }
}

fn provenance(verdict: &Verdict, evaluate_time: OffsetDateTime) -> proto::Provenance {
    let digests = [&verdict.ruleset_digest, &verdict.applied_digest];
    provenance_of(&verdict.ruleset_version, digests, &verdict.context, evaluate_time)
}

/// Versions and digests (of the book, of what was applied) as a message.
pub(super) fn provenance_of(
    version: &str,
    [digest, applied]: [&String; 2],
    in_force: &Context,
    evaluate_time: OffsetDateTime,
) -> proto::Provenance {
    proto::Provenance {
        ruleset_version: version.to_owned(),
        ruleset_digest: digest.clone(),
        engine_version: engine_version(),
        model_digests: std::collections::HashMap::new(),
        evaluate_time: Some(Timestamp {
            seconds: evaluate_time.unix_timestamp(),
            nanos: evaluate_time.nanosecond() as i32,
        }),
        context: Some(context(in_force)),
        applied_digest: applied.clone(),
    }
}

pub(super) fn context(context: &Context) -> proto::FilingContext {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    proto::FilingContext {
        profile: context.profile.clone(),
        province: text(&context.province),
        entity_type: text(&context.entity),
        filing_type: text(&context.filing_type),
        content_categories: context.contents.clone(),
        as_of: context.as_of.map(iso).unwrap_or_default(),
        channel: text(&context.channel),
        paid_service: context.paid_service,
        domain_count: i32::try_from(context.domain_count).unwrap_or(i32::MAX),
        issued_elsewhere: context.issued_elsewhere,
    }
}

/// A day as `2019-07-01`.
pub(super) fn iso(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

fn reading(recorded: &Recorded) -> proto::Reading {
    let value = match &recorded.read {
        Ok(Value::Object(fields)) => structure(fields),
        // No reading is anything but an object today; whatever comes, it must not get lost.
        Ok(other) => single("value", kind(other)),
        Err(unreadable) => single("unreadable", Kind::StringValue(unreadable.why.to_string())),
    };
    proto::Reading {
        rule_id: recorded.entry.id.to_owned(),
        version: recorded.entry.version as i32,
        page: recorded.page as i32,
        value: Some(value),
    }
}

fn single(name: &str, kind: Kind) -> Struct {
    let value = prost_types::Value { kind: Some(kind) };
    Struct { fields: BTreeMap::from([(name.to_owned(), value)]) }
}

fn structure(object: &serde_json::Map<String, Value>) -> Struct {
    let field = |(name, value): (&String, &Value)| {
        (name.clone(), prost_types::Value { kind: Some(kind(value)) })
    };
    Struct { fields: object.iter().map(field).collect() }
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(yes) => Kind::BoolValue(*yes),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(values) => {
            let value = |value| prost_types::Value { kind: Some(kind(value)) };
            Kind::ListValue(ListValue { values: values.iter().map(value).collect() })
        }
        Value::Object(fields) => Kind::StructValue(structure(fields)),
    }
}
