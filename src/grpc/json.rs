//! Verdicts and plans as JSON: the proto3 JSON form of their messages, the same from every entrance.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::Value;
use time::OffsetDateTime;

use super::proto::{self, ValidationResult};
use super::request::Shape;
use super::{convert, filing, plan};
use crate::filing::check::FilingVerdict;
use crate::filing::plan::Plan;
use crate::reason::Locale;
use crate::rules::FilingRules;
use crate::verdict::Verdict;

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(proto::DESCRIPTORS).ok());

static RESULT: LazyLock<Option<MessageDescriptor>> =
    LazyLock::new(|| descriptor("scanvet.v1.ValidationResult"));

fn descriptor(name: &str) -> Option<MessageDescriptor> {
    POOL.as_ref()?.get_message_by_name(name)
}

/// A plan as one object: the proto3 JSON form of `PlanFilingResponse`.
pub fn plan_line(plan: &Plan, locales: &[Locale], evaluate_time: OffsetDateTime) -> String {
    let response = plan::response(plan, locales, evaluate_time);
    line(&[], "scanvet.v1.PlanFilingResponse", &response)
}

/// Parses such an object back into the message.
pub fn parse_plan(value: Value) -> Result<proto::PlanFilingResponse, serde_json::Error> {
    parse("scanvet.v1.PlanFilingResponse", value)
}

/// The verdicts on a filing as one object: `file` first (its folder or description), then the proto3
/// JSON form of `ValidateFilingResponse`. Each verdict comes with its file's id.
pub fn filing_line(
    file: &str,
    verdicts: &[(String, Verdict)],
    (together, rules): (&FilingVerdict, &FilingRules),
    locales: &[Locale],
    evaluate_time: OffsetDateTime,
    with_readings: bool,
) -> String {
    let shape = Shape { locales: locales.to_vec(), evidence: true, readings: with_readings };
    let named = verdicts.iter().map(|(id, verdict)| (&**id, verdict));
    let response = filing::response(named, together, rules, &shape, evaluate_time);
    line(&[("file", file.into())], "scanvet.v1.ValidateFilingResponse", &response)
}

/// Parses such an object back into the message; `file` apart.
pub fn parse_filing(
    mut value: Value,
) -> Result<(String, proto::ValidateFilingResponse), serde_json::Error> {
    let file = taken_file(&mut value);
    Ok((file, parse("scanvet.v1.ValidateFilingResponse", value)?))
}

fn taken_file(value: &mut Value) -> String {
    let file = value.as_object_mut().and_then(|object| object.remove("file"));
    file.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn parse<M: Message + Default>(name: &str, value: Value) -> Result<M, serde_json::Error> {
    use serde::de::Error;
    let descriptor = descriptor(name).ok_or_else(|| Error::custom("no descriptor"))?;
    let message = DynamicMessage::deserialize(descriptor, value)?;
    message.transcode_to().map_err(Error::custom)
}

/// One line: `first`, then the fields as the message orders them.
fn line(first: &[(&str, Value)], name: &str, message: &impl Message) -> String {
    let Some(descriptor) = descriptor(name) else {
        return "{}".to_owned();
    };
    let value = message_json(&descriptor, message);
    let own = descriptor.fields().filter_map(|field| {
        let name = field.json_name().to_owned();
        let value = value.get(&name)?.clone();
        Some((name, value))
    });
    let first = first.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let pairs: Vec<String> =
        first.chain(own).map(|(name, value)| format!("{}:{value}", Value::from(name))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// `verdict` on `file` as an object: lowerCamelCase, 64-bit integers as strings, enums by name,
/// defaults left out; `file` is the only key that the message does not have.
pub fn result_json(
    file: &str,
    verdict: &Verdict,
    locales: &[Locale],
    evaluate_time: OffsetDateTime,
    with_readings: bool,
) -> Value {
    let locales = locales.to_vec();
    let shape = Shape { locales, evidence: true, readings: with_readings };
    let result = convert::result(verdict, "", &shape, evaluate_time);
    let mut value = RESULT.as_ref().map_or_else(empty, |form| message_json(form, &result));
    value["file"] = file.into();
    value
}

/// The same as one line of text, `file` first and then the fields as the message orders them.
pub fn result_line(
    file: &str,
    verdict: &Verdict,
    locales: &[Locale],
    evaluate_time: OffsetDateTime,
    with_readings: bool,
) -> String {
    let locales = locales.to_vec();
    let shape = Shape { locales, evidence: true, readings: with_readings };
    let result = convert::result(verdict, "", &shape, evaluate_time);
    line(&[("file", file.into())], "scanvet.v1.ValidationResult", &result)
}

/// Parses such an object, or line, back into the message; `file` apart.
pub fn parse_result(mut value: Value) -> Result<(String, ValidationResult), serde_json::Error> {
    let file = taken_file(&mut value);
    Ok((file, parse("scanvet.v1.ValidationResult", value)?))
}

/// An empty object where the compiled-in descriptors were broken, which a test rules out.
fn message_json(descriptor: &MessageDescriptor, message: &impl Message) -> Value {
    let mut dynamic = DynamicMessage::new(descriptor.clone());
    match dynamic.transcode_from(message) {
        Ok(()) => serde_json::to_value(&dynamic).unwrap_or_else(|_| empty()),
        Err(_) => empty(),
    }
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}
