//! Does a rule set of old still give the verdicts that it gave?
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{Read, Write};
use std::sync::LazyLock;

use crate::support;
use crate::support::{TODAY, files, read, root};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use scanvet::checks::{self, Read as Reading};
use scanvet::pipeline::judge_again;
use scanvet::reason::Unreadable;
use scanvet::rules::{Context, RuleBook, archive, embedded_packs};
use scanvet::verdict::{Detected, Recorded, Verdict};
use serde_json::{Value, json};

/// The archived rule set and the verdicts that it gave.
const VERSION: &str = "2026.10.0";
const VERDICTS: &str = "tests/golden/verdicts.jsonl.gz";

fn archive_path() -> String {
    format!("src/rules/archive/{VERSION}.json")
}

/// Who asked, by number: the files are spread over them.
const ASKED: [(&str, &str, Option<&str>, Option<&str>); 6] = [
    ("generic", "supporting-document", None, None),
    ("alibaba-2018", "id-card-front", Some("CN-TJ"), Some("company")),
    ("tencent-2022", "entity-certificate", None, Some("company")),
    ("alibaba-2018", "authenticity-form", Some("CN-JX"), Some("individual")),
    ("huawei-2025", "domain-certificate", Some("CN-HN"), None),
    ("miit-2010", "verification-photo", None, None),
];

fn context(asked: usize) -> (Context, &'static str) {
    let (profile, slot, province, entity) = ASKED[asked];
    let known = |value: Option<&str>| value.map(str::to_owned);
    let (province, entity) = (known(province), known(entity));
    (Context { profile: profile.to_owned(), province, entity, ..Context::default() }, slot)
}

/// What of a verdict must be the same. What its texts are filled with is not: texts become better.
fn told(verdict: &Verdict) -> Value {
    let findings = verdict.findings.iter().map(|ruled| {
        let finding = &ruled.finding;
        let measured: Vec<Value> = finding
            .measurements
            .iter()
            .map(|it| json!([it.name, it.value, it.unit, it.min, it.max]))
            .collect();
        json!([finding.reason.code, ruled.severity, ruled.check, ruled.page, measured])
    });
    json!({
        "decision": verdict.decision,
        "digest": verdict.ruleset_digest,
        "applied": verdict.applied_digest,
        "findings": findings.collect::<Vec<_>>(),
    })
}

fn recorded(verdict: &Verdict) -> Value {
    let readings = verdict.readings.iter().map(|it| {
        let read = match &it.read {
            Ok(reading) => json!({ "ok": reading }),
            Err(unreadable) => json!({ "why": unreadable.why }),
        };
        json!([it.entry.id, it.page, read])
    });
    readings.collect()
}

fn readings(value: &Value) -> Vec<Recorded> {
    let rows = value.as_array().unwrap().iter();
    rows.map(|row| {
        let entry = checks::entry(row[0].as_str().unwrap()).unwrap();
        let read: Reading = match row[2].get("ok") {
            Some(reading) => Ok(reading.clone()),
            None => Err(Unreadable { why: row[2]["why"].as_str().unwrap().to_owned().into() }),
        };
        Recorded { entry, page: row[1].as_u64().unwrap() as u32, read }
    })
    .collect()
}

/// Written anew once, before any test reads, where that is asked for.
static READY: LazyLock<()> = LazyLock::new(|| {
    if std::env::var_os("BLESS").is_some() {
        bless();
    }
});

fn archived() -> String {
    LazyLock::force(&READY);
    String::from_utf8(read(&archive_path())).unwrap()
}

fn book() -> RuleBook {
    of_text(&archived())
}

fn of_text(text: &str) -> RuleBook {
    RuleBook::archived(text, None).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Archives the current packs under the old version, and keeps the verdicts on the fixtures.
fn bless() {
    let mut packs = embedded_packs();
    for (file, text) in &mut packs {
        if file == "base.toml" {
            let line = text.lines().find(|line| line.starts_with("version = ")).unwrap().to_owned();
            *text = text.replace(&line, &format!("version = \"{VERSION}\""));
        }
    }
    let path = root().join(archive_path());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = archive(&packs).unwrap();
    std::fs::write(path, &text).unwrap();
    let book = of_text(&text);
    let mut lines = String::new();
    let pictures = files("testdata").into_iter().filter(|path| {
        let taken = ["testdata/reasons/", "testdata/samples/", "testdata/jpeg/"];
        taken.iter().any(|folder| path.starts_with(folder)) && !path.ends_with(".toml")
    });
    let mut count = 0;
    for (number, path) in pictures.enumerate() {
        let bytes = read(&path);
        // Two of those who ask, so that there are enough verdicts of each.
        for asked in [number % ASKED.len(), (number + 1) % ASKED.len()] {
            if count < 240 {
                let (context, slot) = context(asked);
                let rules = book.rules(&context, slot, TODAY).unwrap();
                let verdict = support::judge_by(&rules, &bytes, None);
                let line = json!({ "asked": asked, "told": told(&verdict), "readings": recorded(&verdict) });
                lines.push_str(&format!("{line}\n"));
                count += 1;
            }
        }
    }
    let path = root().join(VERDICTS);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(lines.as_bytes()).unwrap();
    std::fs::write(path, packed.finish().unwrap()).unwrap();
}

fn stored() -> Vec<Value> {
    LazyLock::force(&READY);
    let mut text = String::new();
    GzDecoder::new(&read(VERDICTS)[..]).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The verdict on stored readings under `book`.
fn again(book: &RuleBook, line: &Value) -> Value {
    let (context, slot) = context(line["asked"].as_u64().unwrap() as usize);
    let rules = book.rules(&context, slot, TODAY).unwrap();
    told(&judge_again(readings(&line["readings"]), &rules, Detected::default()))
}

#[test]
fn a_pinned_rule_set_gives_every_stored_verdict_again() {
    let (book, stored) = (book(), stored());
    assert!(stored.len() >= 200, "{} verdicts", stored.len());
    assert_eq!(book.version, VERSION);
    let mut decisions = std::collections::BTreeMap::new();
    for (number, line) in stored.iter().enumerate() {
        assert_eq!(again(&book, line), line["told"], "verdict {number}");
        *decisions.entry(line["told"]["decision"].to_string()).or_insert(0) += 1;
    }
    assert_eq!(decisions.len(), 3, "{decisions:?}");
}

#[test]
fn another_threshold_gives_other_verdicts_and_another_digest() {
    let text = archived();
    let stricter = text.replace("\"min_paper\":90", "\"min_paper\":200");
    assert_ne!(stricter, text);
    let book = RuleBook::archived(&stricter, None).unwrap();
    let lines = stored();
    let same = |line: &&Value| again(&book, line)["findings"] == line["told"]["findings"];
    assert!(lines.iter().filter(same).count() < lines.len());
    let applied = |line: &&Value| again(&book, line)["applied"] == line["told"]["applied"];
    assert_eq!(lines.iter().filter(applied).count(), 0);
}

#[test]
fn an_archived_set_need_not_know_checks_that_came_later() {
    let text = archived();
    let mut packs: Value = serde_json::from_str(&text).unwrap();
    for (_, pack) in packs.as_object_mut().unwrap() {
        remove(pack, "legibility.glare");
    }
    let book = RuleBook::archived(&packs.to_string(), None).unwrap();
    let rules = book.rules(&Context::default(), "", TODAY).unwrap();
    assert!(rules.rule("legibility.glare").is_none());
    assert!(rules.off.iter().any(|entry| entry.id == "legibility.glare"));
    // A current set must.
    let packs: Vec<_> = embedded_packs()
        .into_iter()
        .map(|(file, text)| (file, text.replace("legibility.glare", "legibility.gleam")))
        .collect();
    assert!(RuleBook::load(&packs, None).unwrap_err().to_string().contains("legibility.glare"));
}

fn remove(value: &mut Value, key: &str) {
    if let Some(object) = value.as_object_mut() {
        object.remove(key);
        object.values_mut().for_each(|value| remove(value, key));
    } else if let Some(array) = value.as_array_mut() {
        array.iter_mut().for_each(|value| remove(value, key));
    }
}
