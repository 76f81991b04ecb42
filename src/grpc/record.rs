//! The records of archives: verdicts as lines that two runs write alike, whichever entrance judged.
//!
//! A record is the proto3 JSON form of `ValidationResult` with `file` and `slot` before it (and
//! `missing`, where readings are), without elapsed and evaluation times. It is written by hand because reflection is too slow for millions.

use std::collections::HashMap;

use prost_types::Struct;
use prost_types::value::Kind;
use time::OffsetDateTime;

use super::convert;
use super::proto::{self, CheckStatus, ValidationResult};
use super::request::Shape;
use crate::reason::Locale;
use crate::verdict::Verdict;

/// A judged item, from whichever entrance.
#[derive(Clone, Debug)]
pub struct Answer(pub(super) ValidationResult);

impl Answer {
    /// What the engine here says. `readings`: whether they are recorded, too.
    pub fn of(verdict: &Verdict, locale: Locale, readings: bool) -> Self {
        let shape = Shape { locales: vec![locale], evidence: true, readings };
        Self(convert::result(verdict, "", &shape, OffsetDateTime::UNIX_EPOCH))
    }

    /// Digest of the rule book that judged.
    pub fn ruleset_digest(&self) -> &str {
        self.0.provenance.as_ref().map_or("", |provenance| &provenance.ruleset_digest)
    }

    /// The record as one line, with its end.
    pub fn record(&self, file: &str, slot: &str, item_id: &str) -> Vec<u8> {
        let mut lines = Vec::with_capacity(16 * 1024);
        self.add_record([file, slot, item_id], &[], &mut lines);
        lines
    }

    /// Adds the record (of file, slot and item id) to `lines`, naming the checks of which a reading is
    /// missing.
    pub fn add_record(
        &self,
        [file, slot, item_id]: [&str; 3],
        missing: &[&str],
        lines: &mut Vec<u8>,
    ) {
        let mut out = Writer { out: std::mem::take(lines), comma: false };
        out.object(|out| {
            out.text("file", file);
            out.text("slot", slot);
            out.list("missing", missing, |out, check| out.json(*check));
            out.text("itemId", item_id);
            out.result(&self.0);
        });
        out.out.push(b'\n');
        *lines = out.out;
    }
}

/// Parses a record back into its message; file and slot apart.
pub fn parse(
    mut value: serde_json::Value,
) -> Result<(String, String, ValidationResult), serde_json::Error> {
    if let Some(object) = value.as_object_mut() {
        object.remove("missing");
    }
    let slot = value.as_object_mut().and_then(|object| object.remove("slot"));
    let slot = slot.as_ref().and_then(|slot| slot.as_str()).unwrap_or_default().to_owned();
    let (file, result) = super::json::parse_result(value)?;
    Ok((file, slot, result))
}

/// Writes JSON as it comes; defaults are left out, as proto3 says.
struct Writer {
    out: Vec<u8>,
    /// Whether something stands before in the same brackets.
    comma: bool,
}

impl Writer {
    fn object(&mut self, fields: impl FnOnce(&mut Self)) {
        self.brackets(b'{', b'}', fields);
    }

    fn brackets(&mut self, open: u8, close: u8, inner: impl FnOnce(&mut Self)) {
        self.out.push(open);
        let before = std::mem::replace(&mut self.comma, false);
        inner(self);
        self.comma = before;
        self.out.push(close);
    }

    fn next(&mut self) {
        if std::mem::replace(&mut self.comma, true) {
            self.out.push(b',');
        }
    }

    /// A name that needs no escaping.
    fn name(&mut self, name: &str) {
        self.next();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn json<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        // Texts and finite numbers can always be written.
        let _ = serde_json::to_writer(&mut self.out, value);
    }

    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.name(name);
            self.json(text);
        }
    }

    fn integer(&mut self, name: &str, value: i64) {
        if value != 0 {
            self.name(name);
            self.json(&value);
        }
    }

    /// 64-bit integers are texts in proto3 JSON.
    fn long(&mut self, name: &str, value: i64) {
        if value != 0 {
            self.text(name, &value.to_string());
        }
    }

    fn yes(&mut self, name: &str, yes: bool) {
        if yes {
            self.name(name);
            self.out.extend_from_slice(b"true");
        }
    }

    fn double(&mut self, value: f64) {
        // Whole numbers without a point: a reading that counts must come back as a count.
        if value.trunc() == value && value.abs() < 9e15 {
            self.json(&(value as i64));
        } else if value.is_finite() {
            self.json(&value);
        } else {
            let name = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            self.json(name);
        }
    }

    fn single(&mut self, name: &str, value: f32) {
        if value != 0.0 {
            self.name(name);
            if value.is_finite() {
                self.json(&value);
            } else {
                self.double(f64::from(value));
            }
        }
    }

    fn list<T>(&mut self, name: &str, list: &[T], mut one: impl FnMut(&mut Self, &T)) {
        if !list.is_empty() {
            self.name(name);
            self.brackets(b'[', b']', |out| {
                for item in list {
                    out.next();
                    one(out, item);
                }
            });
        }
    }

    fn objects<T>(&mut self, name: &str, list: &[T], mut fields: impl FnMut(&mut Self, &T)) {
        self.list(name, list, |out, item| out.object(|out| fields(out, item)));
    }

    /// Keys in order: a hash map has none.
    fn map(&mut self, name: &str, map: &HashMap<String, String>) {
        let mut pairs: Vec<(&String, &String)> = map.iter().collect();
        pairs.sort();
        if !pairs.is_empty() {
            self.name(name);
            self.object(|out| {
                for (key, value) in pairs {
                    out.next();
                    out.json(key);
                    out.out.push(b':');
                    out.json(value);
                }
            });
        }
    }

    fn result(&mut self, result: &ValidationResult) {
        self.text("verdict", enum_name(result.verdict, proto::Verdict::as_str_name));
        self.objects("findings", &result.findings, Self::finding);
        self.objects("checks", &result.checks, |out, check| {
            out.text("ruleId", &check.rule_id);
            out.text("status", enum_name(check.status, CheckStatus::as_str_name));
            out.text("statusDetail", &check.status_detail);
            if let Some(confidence) = check.confidence {
                out.name("confidence");
                out.double(f64::from(confidence));
            }
            out.objects("measurements", &check.measurements, Self::measurement);
        });
        if let Some(detected) = &result.detected {
            self.name("detected");
            self.object(|out| out.detected(detected));
        }
        if let Some(provenance) = &result.provenance {
            self.name("provenance");
            self.object(|out| out.provenance(provenance));
        }
        self.objects("readings", &result.readings, |out, reading| {
            out.text("ruleId", &reading.rule_id);
            out.integer("version", reading.version.into());
            out.integer("page", reading.page.into());
            if let Some(value) = &reading.value {
                out.name("value");
                out.structure(value);
            }
        });
    }

    fn finding(&mut self, finding: &proto::Finding) {
        self.text("reason", &finding.reason);
        self.text("severity", enum_name(finding.severity, proto::Severity::as_str_name));
        self.text("ruleId", &finding.rule_id);
        self.integer("page", finding.page.into());
        self.objects("regions", &finding.regions, |out, region| {
            out.integer("page", region.page.into());
            out.objects("points", &region.points, |out, point| {
                out.single("x", point.x);
                out.single("y", point.y);
            });
            out.text("label", &region.label);
        });
        self.objects("measurements", &finding.measurements, Self::measurement);
        self.objects("messages", &finding.messages, |out, message| {
            out.text("locale", &message.locale);
            out.text("text", &message.text);
        });
        self.map("metadata", &finding.metadata);
        self.text("helpUri", &finding.help_uri);
    }

    fn measurement(&mut self, measured: &proto::Measurement) {
        self.text("name", &measured.name);
        let (min, max) = (measured.min, measured.max);
        // Only bounds can be absent; a value of zero is a default.
        let value = (measured.value != 0.0).then_some(measured.value);
        self.number("value", value);
        self.text("unit", &measured.unit);
        self.number("min", min);
        self.number("max", max);
    }

    fn number(&mut self, name: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.name(name);
            self.double(number);
        }
    }

    fn detected(&mut self, detected: &proto::DetectedFile) {
        self.text("mediaType", &detected.media_type);
        self.long("sizeBytes", detected.size_bytes);
        self.text("sha256", &detected.sha256);
        self.integer("pageCount", detected.page_count.into());
        self.integer("widthPx", detected.width_px.into());
        self.integer("heightPx", detected.height_px.into());
        self.yes("hasGpsMetadata", detected.has_gps_metadata);
    }

    fn provenance(&mut self, provenance: &proto::Provenance) {
        self.text("rulesetVersion", &provenance.ruleset_version);
        self.text("rulesetDigest", &provenance.ruleset_digest);
        self.text("engineVersion", &provenance.engine_version);
        self.map("modelDigests", &provenance.model_digests);
        if let Some(context) = &provenance.context {
            self.name("context");
            self.object(|out| {
                out.text("profile", &context.profile);
                out.text("province", &context.province);
                out.text("entityType", &context.entity_type);
                out.text("filingType", &context.filing_type);
                out.list("contentCategories", &context.content_categories, |out, content| {
                    out.json(content);
                });
                out.text("asOf", &context.as_of);
                out.text("channel", &context.channel);
                out.yes("paidService", context.paid_service);
                out.integer("domainCount", context.domain_count.into());
                if let Some(elsewhere) = context.issued_elsewhere {
                    out.name("issuedElsewhere");
                    out.json(&elsewhere);
                }
            });
        }
        self.text("appliedDigest", &provenance.applied_digest);
    }

    fn structure(&mut self, structure: &Struct) {
        self.object(|out| {
            for (name, value) in &structure.fields {
                out.next();
                out.json(name);
                out.out.push(b':');
                out.value(value.kind.as_ref());
            }
        });
    }

    fn value(&mut self, kind: Option<&Kind>) {
        match kind {
            None | Some(Kind::NullValue(_)) => self.out.extend_from_slice(b"null"),
            Some(Kind::BoolValue(yes)) => self.json(yes),
            Some(Kind::NumberValue(number)) => self.double(*number),
            Some(Kind::StringValue(text)) => self.json(text),
            Some(Kind::StructValue(structure)) => self.structure(structure),
            Some(Kind::ListValue(list)) => self.brackets(b'[', b']', |out| {
                for value in &list.values {
                    out.next();
                    out.value(value.kind.as_ref());
                }
            }),
        }
    }
}

fn enum_name<E: TryFrom<i32> + Default + PartialEq>(
    number: i32,
    name: impl FnOnce(&E) -> &'static str,
) -> &'static str {
    match E::try_from(number) {
        Ok(value) if value != E::default() => name(&value),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::{Unlimited, Upload};
    use crate::pipeline::{self, Options};
    use crate::rules::{Context, RuleBook};

    #[test]
    fn a_record_parses_back_into_the_message_that_it_was_made_of() {
        let book = RuleBook::embedded().unwrap();
        let day = time::macros::date!(2026 - 11 - 22);
        let rules = book.rules(&Context::default(), "id-card-front", day).unwrap();
        for bytes in [
            &include_bytes!("../../testdata/samples/accept-card.jpg")[..],
            &include_bytes!("../../testdata/samples/reject-card-washed-out.jpg")[..],
            &include_bytes!("../../testdata/samples/reject-text-named.jpg")[..],
        ] {
            let upload = Upload { bytes: bytes.to_vec().into(), declared_media_type: None };
            let verdict =
                pipeline::validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap();
            let mut answer = Answer::of(&verdict, Locale::ZhCn, true);
            let line = answer.record("a \"b\"\n.jpg", "id-card-front", "项-1");
            assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let value = serde_json::from_slice(&line).unwrap();
            let (file, slot, back) = parse(value).unwrap();
            assert_eq!((&*file, &*slot), ("a \"b\"\n.jpg", "id-card-front"));
            answer.0.item_id = "项-1".to_owned();
            if let Some(provenance) = &mut answer.0.provenance {
                provenance.evaluate_time = None;
            }
            for check in &mut answer.0.checks {
                check.elapsed = None;
            }
            assert_eq!(back, answer.0);
        }
    }
}
