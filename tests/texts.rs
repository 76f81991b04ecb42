//! What applicants read: short, plain, in both languages, with the number that must be met.
//!
//! Every reason is rendered from readings that break a bound, under the limits of every profile, slot
//! and province, so that a pack with longer or odd values is seen here.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use scanvet::filing::check;
use scanvet::filing::reasons::{CHANNEL_NOT_ALLOWED, SIDES_SWAPPED, UPLOAD_DUPLICATE};
use scanvet::intake::size::readable;
use scanvet::reason::{Finding, Locale, Measurement, fill, percent};
use scanvet::report::catalogue;
use scanvet::rules::{Context, RuleSet, embedded_packs};
use serde_json::{Value, json};
use support::filings::Described;
use support::{Asked, BOOK, TODAY, files, read, root};

const MOST_OF_HEADLINE: usize = 60;
const MOST_OF_FIX: usize = 120;

/// What is said of an upload stands behind some words in the fix of `UPLOAD_MISSING`.
const MOST_OF_UPLOAD: usize = 105;

/// Words of programs and of optics; applicants need none of them.
const JARGON: [&str; 24] = [
    "dpi",
    "ppi",
    "luma",
    "chroma",
    "exif",
    "metadata",
    "artefact",
    "artifact",
    "histogram",
    "icc",
    "rgb",
    "cmyk",
    "mime",
    "polyglot",
    "xfa",
    "moire",
    "codec",
    "header",
    "bytes",
    "kib",
    "mib",
    "sha",
    "ocr",
    "jpeg quality",
];

/// How a bound is written in a text.
type Written = fn(f64) -> String;

/// Measurements whose bound the text must name, and how it is written.
const TOLD: [(&str, Written); 17] = [
    ("file.size", size),
    ("file.exif", size),
    ("file.profile", size),
    ("file.text", size),
    ("file.pages", plain),
    ("file.longest_side", plain),
    ("compression.jpeg_quality", plain),
    ("resolution.long_side", plain),
    ("resolution.short_side", plain),
    ("resolution.ppi_implied", plain),
    ("upscaled.true_long_side", plain),
    ("outline.area_share", percent),
    ("glare.share", percent),
    ("skew.degrees", degrees),
    ("face.height_share", percent),
    ("face.height", plain),
    ("backdrop.other_share", percent),
];

fn plain(bound: f64) -> String {
    bound.to_string()
}

fn degrees(bound: f64) -> String {
    bound.abs().to_string()
}

fn size(bound: f64) -> String {
    // The lowest that breaks it is what people are told: smaller than 4 MB.
    let round = bound as u64 + 1;
    readable(if round.is_multiple_of(1024) { round } else { bound as u64 })
}

/// A finding under the rules of one place, for messages of failed tests.
struct Rendered {
    place: String,
    finding: Finding,
}

/// Every profile by itself, and every province under the rules of nobody, for anybody and for a person.
fn contexts() -> Vec<Context> {
    let profiles = BOOK.profiles.keys();
    let profiles =
        profiles.map(|profile| Context { profile: profile.clone(), ..Context::default() });
    let provinces = BOOK.provinces().iter().flat_map(|province| {
        [None, Some("individual".to_owned())].map(|entity| Context {
            profile: "generic".to_owned(),
            province: Some(province.clone()),
            entity,
            ..Context::default()
        })
    });
    profiles.chain(provinces).collect()
}

/// The rules of every slot.
fn rule_sets() -> Vec<(String, RuleSet)> {
    let mut seen = BTreeSet::new();
    let mut sets = Vec::new();
    for context in contexts() {
        for slot in &BOOK.profiles[&context.profile].slots {
            let rules = BOOK.rules(&context, slot, TODAY).unwrap_or_else(|fault| panic!("{fault}"));
            if seen.insert(rules.applied.clone()) {
                let province = context.province.as_deref().unwrap_or("anywhere");
                sets.push((format!("{} {slot} {province}", context.profile), rules));
            }
        }
    }
    sets
}

/// The context that holds for a fixture.
fn asked(path: &str) -> Asked {
    let file = root().join(path);
    let near = file.ancestors().skip(1).map(|folder| folder.join("context.toml"));
    let text = near.take(2).find_map(|file| std::fs::read_to_string(file).ok());
    text.map_or_else(Asked::default, |text| toml::from_str(&text).expect("a context"))
}

/// Readings by check, those of files that have a fault and such as no committed file gives.
fn readings() -> BTreeMap<&'static str, Vec<Value>> {
    let mut readings: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
    for path in files("testdata/reasons") {
        if !path.contains("/fail-") || path.ends_with(".toml") {
            continue;
        }
        for recorded in asked(&path).judge(&read(&path)).readings {
            if let Ok(reading) = recorded.read {
                readings.entry(recorded.entry.id).or_default().push(reading);
            }
        }
    }
    for (check, reading) in [
        ("file.size", json!({ "bytes": 0 })),
        ("file.size", json!({ "bytes": 102_399 })),
        ("file.size", json!({ "bytes": 1_073_741_823_u64 })),
        ("file.pages", json!({ "pages": 1_024 })),
        ("file.pixels", json!({ "width": 123_456, "height": 123_456 })),
        ("resolution.pixels", json!({ "width": 120, "height": 80 })),
        (
            "file.format",
            json!({ "detected": "video/quicktime", "declared": null, "readable": false }),
        ),
        (
            "file.format",
            json!({ "detected": "application/x-dosexec", "declared": null, "readable": false }),
        ),
        (
            "file.format",
            json!({ "detected": "image/vnd.adobe.photoshop", "declared": "video/quicktime", "readable": false }),
        ),
        ("file.unpacked", unpacked(1 << 29, 0)),
        ("file.unpacked", unpacked(0, 1 << 29)),
        ("file.polyglot", json!({ "found": [["archive", "trailing"], ["document", "trailing"]] })),
    ] {
        let entry = scanvet::checks::entry(check).unwrap_or_else(|| panic!("{check}"));
        readings.entry(entry.id).or_default().push(reading);
    }
    readings
}

fn unpacked(exif: u64, profile: u64) -> Value {
    json!({ "file": 1_000, "largest": 0, "pixels": 0, "exif": exif, "profile": profile, "text": 0 })
}

fn of_files() -> Vec<Rendered> {
    let (readings, mut rendered, mut judged) = (readings(), Vec::new(), BTreeSet::new());
    for (place, rules) in rule_sets() {
        for rule in &rules.rules {
            // Most packs leave most limits as they are.
            if !judged.insert((rule.entry.id, rule.limits.to_string())) {
                continue;
            }
            for reading in readings.get(rule.entry.id).into_iter().flatten() {
                let finding = rule.judge(&Ok(reading.clone())).finding;
                let place = || format!("{place} {}", rule.entry.id);
                rendered.extend(finding.map(|(finding, _)| Rendered { place: place(), finding }));
            }
            let unread = Err(scanvet::reason::Unreadable::because("no-outline-and-no-lines"));
            let finding = rule.judge(&unread).finding;
            rendered.extend(finding.map(|it| Rendered { place: place.clone(), finding: it.0 }));
        }
    }
    rendered
}

fn slot_names(slots: &[&str], locale: Locale) -> String {
    let names: Vec<&str> = slots.iter().map(|slot| &*BOOK.slots[*slot][locale.tag()]).collect();
    names.join(if locale == Locale::En { "; " } else { "、" })
}

fn of_filings() -> Vec<Rendered> {
    let mut rendered = Vec::new();
    for context in contexts() {
        for filing_type in ["initial", "new-website-elsewhere", "change"] {
            let context = Context { filing_type: Some(filing_type.to_owned()), ..context.clone() };
            let filing = BOOK.filing(&context, TODAY).unwrap_or_else(|fault| panic!("{fault}"));
            let place = format!("{} {:?} {filing_type}", context.profile, context.province);
            let found = check::together(&BOOK, &filing, &[], []).findings.into_iter();
            rendered.extend(found.map(|it| Rendered { place: place.clone(), finding: it.finding }));
        }
    }
    for path in files("testdata/reasons") {
        if path.contains("/fail-") && path.ends_with(".toml") {
            let text = String::from_utf8(read(&path)).expect("a description is text");
            let described: Described = toml::from_str(&text).expect("a description");
            let folder = root().join(&path);
            let found = described.judge(folder.parent().expect("a folder")).findings.into_iter();
            rendered.extend(found.map(|it| Rendered { place: path.clone(), finding: it.finding }));
        }
    }
    let slots: Vec<&str> = BOOK.slots.keys().map(String::as_str).collect();
    for (at, one) in slots.iter().enumerate() {
        for other in &slots[at..] {
            let pair: &[&str] = if one == other { &[one] } else { &[one, other] };
            rendered.push(Rendered {
                place: pair.join(" "),
                finding: Finding::of(&UPLOAD_DUPLICATE)
                    .with("slots.en", slot_names(pair, Locale::En))
                    .with("slots.zh-CN", slot_names(pair, Locale::ZhCn)),
            });
        }
    }
    let cards = ["id-card-front", "id-card-back"];
    rendered.push(Rendered {
        place: "both sides".to_owned(),
        finding: Finding::of(&SIDES_SWAPPED)
            .with("slots.en", slot_names(&cards, Locale::En))
            .with("slots.zh-CN", slot_names(&cards, Locale::ZhCn)),
    });
    for (channel, allowed) in [("mobile-app", "web, mail"), ("web", "mobile-app, mail")] {
        rendered.push(Rendered {
            place: channel.to_owned(),
            finding: Finding::of(&CHANNEL_NOT_ALLOWED)
                .with("channel", channel)
                .with("allowed", allowed),
        });
    }
    rendered
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// What is wrong with a text that an applicant reads.
fn faults(text: &str, most: usize, locale: Locale) -> Vec<String> {
    let mut faults = Vec::new();
    let length = text.chars().count();
    if length > most {
        faults.push(format!("{length} characters, more than {most}"));
    }
    let is = |c: char| "{}_|<>\\`".contains(c);
    if let Some(c) = text.chars().find(|c| is(*c)) {
        faults.push(format!("{c:?} is of programs"));
    }
    if text.trim() != text || text.is_empty() || text.contains("  ") || text.ends_with(['.', '。'])
    {
        faults.push("ends in a stop, or has stray spaces".to_owned());
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    for word in JARGON {
        if words.contains(&word) || word.contains(' ') && lower.contains(word) {
            faults.push(format!("\"{word}\" is jargon"));
        }
    }
    for kind in ["image/", "application/", "file.", "checks."] {
        if lower.contains(kind) {
            faults.push(format!("{kind} is of programs"));
        }
    }
    match locale {
        Locale::En => {
            if text.chars().any(|c| "，。：；（）、".contains(c)) {
                faults.push("Chinese punctuation".to_owned());
            }
            if !text.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()) {
                faults.push("does not begin with a capital letter".to_owned());
            }
        }
        Locale::ZhCn => {
            if text.chars().any(|c| ",;:!?()".contains(c)) {
                faults.push("ASCII punctuation".to_owned());
            }
            if !text.chars().any(is_han) {
                faults.push("no Chinese".to_owned());
            }
        }
    }
    faults
}

/// What is wrong with the texts of a finding.
fn faults_of(finding: &Finding) -> Vec<String> {
    let mut found = Vec::new();
    for locale in Locale::ALL {
        let text = finding.reason.text(locale);
        let filled = |template| fill(template, &finding.metadata, locale);
        let (headline, fix) = (filled(text.headline), filled(text.fix));
        let both = [(&headline, MOST_OF_HEADLINE), (&fix, MOST_OF_FIX)];
        for (text, most) in both {
            let faults = faults(text, most, locale);
            found.extend(faults.into_iter().map(|fault| format!("{text:?}: {fault}")));
        }
        let message = format!("{headline} {fix}");
        if finding.reason.code == "FILE_EMPTY" {
            continue; // Any size will do that is one.
        }
        for measurement in finding.measurements.iter().filter(|it| it.is_broken()) {
            let Some(bound) = told_bound(measurement) else {
                continue;
            };
            if !numbers(&message).contains(&bound) {
                found.push(format!("{message:?} does not say {bound} of {}", measurement.name));
            }
        }
    }
    found
}

/// The broken bound as the text must write it.
fn told_bound(measurement: &Measurement) -> Option<String> {
    let (_, written) = TOLD.iter().find(|(name, _)| *name == measurement.name)?;
    let low = measurement.min.filter(|min| measurement.value < *min);
    low.or(measurement.max).map(written)
}

/// The numbers of a text, with the unit of sizes.
fn numbers(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let words: Vec<&str> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
        .filter(|word| !word.is_empty())
        .collect();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_matches('.');
        found.insert(word.to_owned());
        if let Some(unit @ ("B" | "KB" | "MB")) = words.get(at + 1).copied() {
            found.insert(format!("{word} {unit}"));
        }
    }
    found
}

fn panic_with(wrong: &BTreeSet<String>) {
    let all: Vec<&str> = wrong.iter().map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), all.join("\n"));
}

#[test]
fn every_reason_is_told_briefly_and_plainly_under_the_limits_of_every_pack() {
    let (mut wrong, mut met, mut told) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let (files, filings) = (of_files(), of_filings());
    assert!(files.len() > 500 && filings.len() > 500, "{} {}", files.len(), filings.len());
    let mut seen = BTreeSet::new();
    for Rendered { place, finding } in files.into_iter().chain(filings) {
        let code = finding.reason.code;
        met.insert(code);
        let broken = finding.measurements.iter().filter(|it| it.is_broken());
        told.extend(broken.filter(|it| told_bound(it).is_some()).map(|it| it.name));
        let bounds: Vec<_> = finding.measurements.iter().map(|it| (it.min, it.max)).collect();
        if !seen.insert(format!("{code} {:?} {bounds:?}", finding.metadata)) {
            continue;
        }
        wrong.extend(faults_of(&finding).into_iter().map(|it| format!("{code} ({place}): {it}")));
    }
    panic_with(&wrong);
    let known: BTreeSet<&str> = catalogue::reasons().map(|(reason, _)| reason.code).collect();
    let unmet: Vec<_> = known.difference(&met).collect();
    assert!(unmet.is_empty(), "no reading gives {unmet:?}");
    let silent: Vec<_> =
        TOLD.iter().map(|(name, _)| name).filter(|it| !told.contains(**it)).collect();
    assert!(silent.is_empty(), "no reading breaks the bound of {silent:?}");
}

/// Every pair of texts of a table with where it stands.
fn pairs(place: &str, value: &toml::Value, into: &mut Vec<(String, toml::Table)>) {
    match value {
        toml::Value::Table(table) => {
            if table.get("en").is_some_and(toml::Value::is_str) {
                into.push((place.to_owned(), table.clone()));
            }
            for (key, value) in table {
                pairs(&format!("{place}.{key}"), value, into);
            }
        }
        toml::Value::Array(all) => {
            for value in all {
                pairs(place, value, into);
            }
        }
        _ => {}
    }
}

#[test]
fn every_text_of_the_packs_is_brief_and_plain() {
    let (mut wrong, mut texts) = (BTreeSet::new(), Vec::new());
    for (file, text) in embedded_packs() {
        let table: toml::Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        pairs(&file, &toml::Value::Table(table), &mut texts);
    }
    assert!(texts.len() > 200, "{}", texts.len());
    for (place, table) in &texts {
        let most = if place.contains(".uploads.") { MOST_OF_UPLOAD } else { MOST_OF_FIX };
        let most = if place.ends_with(".names") { MOST_OF_HEADLINE / 2 + 10 } else { most };
        let value = ["value", "within_hours"].iter().find_map(|key| table.get(*key)?.as_integer());
        let value = value.map_or_else(|| "24".to_owned(), |value| value.to_string());
        for locale in Locale::ALL {
            let Some(text) = table.get(locale.tag()).and_then(toml::Value::as_str) else {
                wrong.insert(format!("{place}: nothing in {}", locale.tag()));
                continue;
            };
            let text = text.replace("{value}", &value);
            let faults = faults(&text, most, locale);
            wrong.extend(faults.into_iter().map(|fault| format!("{place}: {text:?}: {fault}")));
        }
    }
    panic_with(&wrong);
}

#[test]
fn a_bad_text_would_be_seen() {
    let bad = |text: &str, locale| !faults(text, 60, locale).is_empty();
    for text in ["Scan at 300 dpi", "Upload {what}", "No image/png here", "A file_name", "End."] {
        assert!(bad(text, Locale::En), "{text}");
    }
    for text in ["请上传,谢谢", "Upload", "请上传。", "请以 300 DPI 扫描"] {
        assert!(bad(text, Locale::ZhCn), "{text}");
    }
    assert!(
        !bad("Scan it again: at most 4 MB", Locale::En)
            && !bad("请重新扫描，不超过 4 MB", Locale::ZhCn)
    );
    let numbers = numbers("at least 4 MB, 2.5° and 0.4%");
    assert!(["4 MB", "2.5", "0.4"].iter().all(|number| numbers.contains(*number)), "{numbers:?}");
    assert_eq!([size(4_194_303.0), size(204_800.0)], ["4 MB", "200 KB"]);
}
