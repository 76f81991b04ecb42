//! Verdicts as JSON: the proto3 JSON form of `ValidationResult`, the same from every entrance.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::Value;
use time::OffsetDateTime;

use super::convert;
use super::proto::{self, ValidationResult};
use super::request::Shape;
use crate::reason::Locale;
use crate::verdict::Verdict;

static RESULT: LazyLock<Option<MessageDescriptor>> = LazyLock::new(|| {
    DescriptorPool::decode(proto::DESCRIPTORS)
        .ok()?
        .get_message_by_name("scanvet.v1.ValidationResult")
});

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
    let mut value = message_json(&convert::result(verdict, "", &shape, evaluate_time));
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
    let value = result_json(file, verdict, locales, evaluate_time, with_readings);
    let fields = RESULT.iter().flat_map(MessageDescriptor::fields);
    let names =
        std::iter::once("file".to_owned()).chain(fields.map(|field| field.json_name().to_owned()));
    let pairs: Vec<String> = names
        .filter_map(|name| {
            let field = value.get(&name)?;
            Some(format!("{}:{field}", Value::from(name)))
        })
        .collect();
    format!("{{{}}}", pairs.join(","))
}

/// Parses such an object, or line, back into the message; `file` apart.
pub fn parse_result(mut value: Value) -> Result<(String, ValidationResult), serde_json::Error> {
    use serde::de::Error;
    let file = value.as_object_mut().and_then(|object| object.remove("file"));
    let file = file.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let descriptor = RESULT.clone().ok_or_else(|| Error::custom("no descriptor"))?;
    let message = DynamicMessage::deserialize(descriptor, value)?;
    Ok((file, message.transcode_to().map_err(Error::custom)?))
}

/// An empty object where the compiled-in descriptors were broken, which a test rules out.
fn message_json(result: &ValidationResult) -> Value {
    let empty = || Value::Object(serde_json::Map::new());
    let Some(descriptor) = RESULT.clone() else {
        return empty();
    };
    let mut message = DynamicMessage::new(descriptor);
    if message.transcode_from(result).is_err() {
        return empty();
    }
    serde_json::to_value(&message).unwrap_or_else(|_| empty())
}
