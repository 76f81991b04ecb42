//! Records as they were written, read as far as they are judged again.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::fault::ItemError;
use super::item::parse_day;
use crate::checks::{self, Read};
use crate::intake::format;
use crate::reason::Unreadable;
use crate::rules::Context;
use crate::verdict::{Detected, Recorded};

/// A record as far as it is judged again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Old<'a> {
    #[serde(borrow, default)]
    pub(super) file: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) slot: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) item_id: Cow<'a, str>,
    #[serde(default)]
    pub(super) error: Option<ItemError>,
    #[serde(borrow, default)]
    pub(super) detected: Option<OldDetected<'a>>,
    #[serde(borrow, default)]
    pub(super) provenance: Option<OldProvenance<'a>>,
    #[serde(borrow, default)]
    pub(super) readings: Vec<OldReading<'a>>,
}

#[derive(Deserialize)]
pub(super) struct OldProvenance<'a> {
    #[serde(borrow, default)]
    pub(super) context: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OldDetected<'a> {
    #[serde(borrow)]
    media_type: Cow<'a, str>,
    #[serde(borrow)]
    size_bytes: Cow<'a, str>,
    #[serde(borrow)]
    sha256: Cow<'a, str>,
    page_count: u32,
    width_px: u32,
    height_px: u32,
    has_gps_metadata: bool,
}

impl From<OldDetected<'_>> for Detected {
    fn from(old: OldDetected<'_>) -> Self {
        Self {
            media_type: format::of_media_type(&old.media_type).map(|format| format.media_type),
            size: old.size_bytes.parse().unwrap_or(0),
            sha256: old.sha256.into_owned(),
            pages: old.page_count,
            width: old.width_px,
            height: old.height_px,
            has_gps: old.has_gps_metadata,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OldReading<'a> {
    #[serde(borrow, default)]
    rule_id: Cow<'a, str>,
    #[serde(default)]
    version: u32,
    #[serde(default)]
    page: u32,
    #[serde(default)]
    value: Value,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct OldContext {
    profile: String,
    province: Option<String>,
    entity_type: Option<String>,
    filing_type: Option<String>,
    content_categories: Vec<String>,
    as_of: String,
    channel: Option<String>,
    paid_service: bool,
    domain_count: u32,
    issued_elsewhere: Option<bool>,
}

impl From<OldContext> for Context {
    fn from(old: OldContext) -> Self {
        Self {
            profile: old.profile,
            province: old.province,
            entity: old.entity_type,
            filing_type: old.filing_type,
            contents: old.content_categories,
            channel: old.channel,
            paid_service: old.paid_service,
            domain_count: old.domain_count,
            issued_elsewhere: old.issued_elsewhere,
            as_of: parse_day(&old.as_of),
        }
    }
}

/// A reading that this engine can judge; one of another check or form says nothing.
pub(super) fn recorded(old: OldReading<'_>) -> Option<Recorded> {
    let entry = checks::entry(&old.rule_id).filter(|entry| entry.version == old.version)?;
    let why = match &old.value {
        Value::Object(fields) if fields.len() == 1 => fields.get("unreadable"),
        _ => None,
    };
    let read: Read = match why.and_then(Value::as_str) {
        Some(why) => Err(Unreadable { why: Cow::Owned(why.to_owned()) }),
        None => {
            let mut value = old.value;
            count_again(&mut value);
            Ok(value)
        }
    };
    Some(Recorded { entry, page: old.page, read })
}

/// On the wire every number is a fraction; counts become counts again.
fn count_again(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(float) = number.as_f64().filter(|f| f.trunc() == *f && f.abs() < 9e15) {
                *value = Value::from(float as i64);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(count_again),
        Value::Object(fields) => fields.values_mut().for_each(count_again),
        _ => {}
    }
}
