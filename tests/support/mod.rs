//! What the integration tests share: drawn pictures, their faults, encoders, and one way to ask.
#![allow(dead_code, unreachable_pub, reason = "each test takes its part of this")]

pub mod cards;
pub mod cases;
#[cfg(target_os = "linux")]
pub mod deeds;
pub mod draw;
pub mod encode;
pub mod faults;
pub mod filings;
pub mod fixtures;
pub mod forms;
pub mod isolated;
pub mod letters;
pub mod pdf;
pub mod pdf_fixtures;
pub mod person;
pub mod photo;
pub mod photo_backdrops;
pub mod photo_cases;
pub mod photo_fixtures;
pub mod scene;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{self, Options};
use scanvet::rules::{Context, RuleBook, RuleSet};
use scanvet::verdict::Verdict;
use serde_json::Value;
use time::Date;
use time::macros::date;

/// The day on which every test asks, so that no verdict hangs on the calendar.
pub const TODAY: Date = date!(2026 - 11 - 22);

/// The built-in rules.
pub static BOOK: LazyLock<RuleBook> =
    LazyLock::new(|| RuleBook::embedded().unwrap_or_else(|faults| panic!("{faults}")));

/// What an upload is judged as.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    /// Empty = the default slot.
    pub slot: String,
    /// Empty = the default profile.
    pub profile: String,
    /// Empty = unknown.
    pub province: String,
    /// Empty = unknown.
    pub entity: String,
    /// Media type that the sender claims.
    pub declared: Option<String>,
}

impl Asked {
    /// Judged as `slot` under the default profile.
    pub fn slot(slot: &str) -> Self {
        Self { slot: slot.to_owned(), ..Self::default() }
    }

    /// Judged as `slot` under `profile`.
    pub fn profile(profile: &str, slot: &str) -> Self {
        Self { profile: profile.to_owned(), ..Self::slot(slot) }
    }

    /// With a claim.
    pub fn claiming(media_type: &str) -> Self {
        Self { declared: Some(media_type.to_owned()), ..Self::default() }
    }

    /// The rules that hold.
    pub fn rules(&self) -> RuleSet {
        let known = |text: &String| (!text.is_empty()).then(|| text.clone());
        let context = Context {
            profile: self.profile.clone(),
            province: known(&self.province),
            entity: known(&self.entity),
            ..Context::default()
        };
        BOOK.rules(&context, &self.slot, TODAY).unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// The verdict on `bytes`.
    pub fn judge(&self, bytes: &[u8]) -> Verdict {
        judge_by(&self.rules(), bytes, self.declared.as_deref())
    }
}

/// The verdict on `bytes` as a supporting document under no provider's rules.
pub fn judge(bytes: &[u8]) -> Verdict {
    Asked::default().judge(bytes)
}

/// The verdict on `bytes` under rules that are already made.
pub fn judge_by(rules: &RuleSet, bytes: &[u8], declared: Option<&str>) -> Verdict {
    let upload =
        Upload { bytes: bytes.to_vec().into(), declared_media_type: declared.map(str::to_owned) };
    pipeline::validate(&upload, rules, Options::default(), &mut Unlimited)
        .expect("a budget without end does not end")
}

/// The reasons of a verdict, worst first.
pub fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.findings.iter().map(|ruled| ruled.finding.reason.code).collect()
}

/// One line on a verdict, for messages of failed tests.
pub fn said(verdict: &Verdict) -> String {
    let findings: Vec<String> = verdict
        .findings
        .iter()
        .map(|ruled| {
            let finding = &ruled.finding;
            let measured: Vec<String> = finding
                .measurements
                .iter()
                .map(|measurement| format!("{}={}", measurement.name, measurement.value))
                .collect();
            format!(
                "{} {:?} {:?} {measured:?}",
                finding.reason.code, ruled.severity, finding.metadata
            )
        })
        .collect();
    format!("{} {}", verdict.decision.word(), findings.join("; "))
}

/// One number of one check's reading on the first page, `NaN` where there is none.
pub fn reading(verdict: &Verdict, check: &str, name: &str) -> f64 {
    let recorded = verdict.readings.iter().find(|recorded| recorded.entry.id == check);
    let value = recorded.and_then(|recorded| recorded.read.as_ref().ok()?.get(name)?.as_f64());
    value.unwrap_or(f64::NAN)
}

/// Every reading of a verdict by check, `null` where a check could not assess.
pub fn readings(verdict: &Verdict) -> Vec<(&'static str, Value)> {
    verdict
        .readings
        .iter()
        .map(|recorded| (recorded.entry.id, recorded.read.clone().unwrap_or(Value::Null)))
        .collect()
}

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the repository, sorted, as paths from the repository's root.
pub fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a folder of the repository is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let path = path.strip_prefix(root()).expect("it was found below the root");
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

/// The bytes of a file of the repository.
pub fn read(path: &str) -> Vec<u8> {
    std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
