//! Does the JSON form say what the message says, and nothing else?
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use bytes::Bytes;
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use scanvet::grpc::json::{parse_result, result_json, result_line};
use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{Options, validate};
use scanvet::reason::Locale;
use scanvet::rules::{Context, RuleBook};
use scanvet::verdict::Verdict;
use time::macros::{date, datetime};

fn verdict_on(bytes: Vec<u8>) -> Verdict {
    let book = RuleBook::embedded().unwrap();
    let rules = book.rules(&Context::default(), "id-card-front", date!(2026 - 01 - 02)).unwrap();
    let upload = Upload { bytes: Bytes::from(bytes), ..Upload::default() };
    validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap()
}

fn grey_png() -> Vec<u8> {
    let (width, height) = (900, 700);
    let pixels: Vec<u8> = (0..width * height).map(|i| (i / 7 % 256) as u8).collect();
    let mut png = Vec::new();
    let encoder = PngEncoder::new(&mut png);
    encoder.write_image(&pixels, width, height, ExtendedColorType::L8).unwrap();
    png
}

#[test]
fn a_line_parses_back_into_the_message_and_begins_with_the_file() {
    let time = datetime!(2026-01-02 03:04:05.678 UTC);
    for bytes in [grey_png(), b"a letter".to_vec(), Vec::new()] {
        let verdict = verdict_on(bytes);
        for readings in [false, true] {
            let line = result_line("a \"b\".png", &verdict, &Locale::ALL, time, readings);
            assert!(line.starts_with(r#"{"file":"a \"b\".png","verdict":""#), "{line}");
            assert!(!line.contains('\n'));
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            let whole = result_json("a \"b\".png", &verdict, &Locale::ALL, time, readings);
            assert_eq!(value, whole, "the line and the object say the same");
            let (file, message) = parse_result(value).unwrap();
            assert_eq!(file, "a \"b\".png");
            assert_eq!(message.findings.len(), verdict.findings.len());
            assert_eq!(message.checks.len(), verdict.checks.len());
            assert_eq!(message.readings.len(), if readings { verdict.readings.len() } else { 0 });
            let detected = message.detected.clone().unwrap();
            assert_eq!(detected.sha256, verdict.detected.sha256);
            assert_eq!(detected.size_bytes, verdict.detected.size as i64);
            for (finding, ruled) in message.findings.iter().zip(&verdict.findings) {
                assert_eq!(finding.reason, ruled.finding.reason.code);
                assert_eq!(finding.messages.len(), 2);
                for (sent, known) in finding.measurements.iter().zip(&ruled.finding.measurements) {
                    assert_eq!(
                        (sent.value, sent.min, sent.max),
                        (known.value, known.min, known.max)
                    );
                }
            }
        }
    }
}

#[test]
fn names_and_numbers_follow_proto3_json() {
    let verdict = verdict_on(grey_png());
    let time = datetime!(2026-01-02 03:04:05 UTC);
    let value = result_json("x", &verdict, &[Locale::En], time, false);
    assert_eq!(value["verdict"], "VERDICT_REJECT", "a grey scan is no colour scan");
    assert!(value["detected"]["sizeBytes"].is_string(), "64-bit integers are strings");
    assert!(value["detected"].get("hasGpsMetadata").is_none(), "defaults are left out");
    assert_eq!(value["provenance"]["evaluateTime"], "2026-01-02T03:04:05Z");
    assert_eq!(value["provenance"]["context"]["asOf"], "2026-01-02");
    assert!(value.get("itemId").is_none());
}

#[test]
fn two_lines_on_the_same_verdict_are_the_same_bytes() {
    let verdict = verdict_on(grey_png());
    let time = datetime!(2026-01-02 03:04:05 UTC);
    let line = || result_line("x", &verdict, &Locale::ALL, time, true);
    assert_eq!(line(), line());
}
