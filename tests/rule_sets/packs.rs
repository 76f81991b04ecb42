//! Rule packs bind as a whole or report every fault at once, and the stricter bound counts.

use std::collections::BTreeSet;

use crate::support;
use crate::support::{Asked, BOOK, TODAY, codes, fixtures};
use scanvet::checks::CATALOG;
use scanvet::rules::{Context, PackFile, RuleBook, embedded_packs};
use scanvet::verdict::Decision;
use time::Date;
use time::macros::date;

/// The built-in packs with one of them changed, or a new one.
fn with(file: &str, change: impl Fn(&str) -> String) -> Vec<PackFile> {
    let mut packs = embedded_packs();
    match packs.iter_mut().find(|(name, _)| name == file) {
        Some((_, text)) => *text = change(text),
        None => packs.push((file.to_owned(), change(""))),
    }
    packs
}

/// The same with text added at the end.
fn adding(file: &str, addition: &str) -> Vec<PackFile> {
    with(file, |text| format!("{text}\n{addition}\n"))
}

fn loaded(packs: &[PackFile]) -> RuleBook {
    RuleBook::load(packs, None).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Faults of a broken book as `file: key: problem`.
fn faults(packs: &[PackFile]) -> Vec<String> {
    let faults = RuleBook::load(packs, None).expect_err("the packs are broken");
    faults.to_string().lines().map(str::to_owned).collect()
}

fn context(profile: &str) -> Context {
    Context { profile: profile.to_owned(), ..Context::default() }
}

/// A whole number among the limits in force.
fn limit(book: &RuleBook, context: &Context, slot: &str, check: &str, key: &str) -> i64 {
    let rules = book.rules(context, slot, TODAY).unwrap_or_else(|fault| panic!("{fault}"));
    let rule = rules.rule(check).unwrap_or_else(|| panic!("{check} is off"));
    rule.limits[key].as_integer().unwrap_or_else(|| panic!("{check}.{key} is no whole number"))
}

#[test]
fn the_built_in_packs_bind_for_every_profile_and_slot() {
    assert!(BOOK.profiles.len() >= 10);
    for profile in BOOK.profiles.values() {
        assert!(!profile.slots.is_empty(), "{}", profile.id);
        for slot in &profile.slots {
            let rules = BOOK.rules(&context(&profile.id), slot, TODAY).unwrap();
            let known: BTreeSet<&str> = rules.rules.iter().map(|rule| rule.entry.id).collect();
            let off: BTreeSet<&str> = rules.off.iter().map(|entry| entry.id).collect();
            assert_eq!(known.len() + off.len(), CATALOG.len(), "{} {slot}", profile.id);
            for rule in &rules.rules {
                assert!(rule.because.len() > 10 && !rule.source.is_empty(), "{}", rule.entry.id);
            }
        }
    }
}

/// Under the optimiser in less than 50 ms; here without it, and beside other tests.
#[test]
fn every_combination_binds_at_the_start_and_quickly() {
    let started = std::time::Instant::now();
    let book = loaded(&embedded_packs());
    let took = started.elapsed().as_millis();
    let most = if cfg!(debug_assertions) { 1000 } else { 50 };
    assert!(took < most, "{took} ms");
    let slots: usize = book.profiles.values().map(|profile| profile.slots.len()).sum();
    // Each with the unknown province, entity and filing type.
    assert_eq!(book.bound.combinations, slots * 32 * 12 * 9);
    assert!(book.bound.tables > CATALOG.len() * 2, "{:?}", book.bound);
}

/// Nothing that can be asked has been left unbound: a day on which something begins among them.
#[test]
fn every_profile_province_and_entity_has_a_filing_on_every_day_of_change() {
    let days = ["2010-02-23", "2017-12-18", "2018-09-10", "2018-09-24", "2019-01-01", "2019-04-23"];
    let more = ["2019-07-01", "2020-08-17", "2021-06-01", "2021-06-21", "2024-01-01", "2026-11-22"];
    let form = time::macros::format_description!("[year]-[month]-[day]");
    for profile in BOOK.profiles.keys() {
        for province in BOOK.provinces() {
            for entity in [None, Some("company"), Some("individual"), Some("government")] {
                for day in days.into_iter().chain(more) {
                    let context = Context {
                        province: Some(province.clone()),
                        entity: entity.map(str::to_owned),
                        as_of: Some(Date::parse(day, form).unwrap()),
                        ..context(profile)
                    };
                    let filing = BOOK.filing(&context, TODAY).unwrap();
                    assert!(filing.uploads.iter().any(|upload| upload.slot == "id-card-front"));
                    assert!(filing.steps.iter().any(|step| step.id == "review"));
                }
            }
        }
    }
}

#[test]
fn all_faults_of_all_packs_are_reported_together_each_with_its_file_and_key() {
    let mut packs = adding(
        "profiles/generic.toml",
        r#"
[checks."file.size"]
below_byte = 5
because = "a limit that does not exist"
source = "test"

[checks."legibility.charm"]
because = "a check that does not exist"
source = "test"

[checks."file.pixels"]
max_side_px = 10

[slot.napkin.checks."file.size"]
min_bytes = 1
because = "a slot that does not exist"
source = "test"
"#,
    );
    for (file, text) in &mut packs {
        match &**file {
            "base.toml" => *text = text.replace("max_frames = 1\n", ""),
            "profiles/alibaba-2018.toml" => *text = text.replace("2017-12-18", "18.12.2017"),
            "profiles/alibaba-2019.toml" => *text = text.replace("\"passport\"", "\"pasport\""),
            _ => {}
        }
    }
    packs.push(("slots/odd.toml".to_owned(), "id = \"odd\"\ncolour = \"blue\"\n".to_owned()));
    let faults = faults(&packs);
    for (file, key, word) in [
        ("profiles/generic.toml", "checks.file.size", "below_byte"),
        ("profiles/generic.toml", "checks.legibility.charm", "no such check"),
        ("profiles/generic.toml", "checks.file.pixels", "because"),
        ("profiles/generic.toml", "checks.file.pixels", "source"),
        ("profiles/generic.toml", "slot.napkin.checks.file.size", "napkin"),
        ("base.toml", "checks.file.animation", "max_frames"),
        ("profiles/alibaba-2018.toml", "valid-from", "18.12.2017"),
        ("profiles/alibaba-2019.toml", "slots", "pasport"),
        ("slots/odd.toml", "", "colour"),
    ] {
        // A fault of the syntax spans lines: only its first names the file.
        let named = faults.join("\n");
        let found = faults.iter().any(|fault| {
            fault.starts_with(&format!("{file}:"))
                && fault.contains(key)
                && (key.is_empty() || fault.contains(word))
        });
        assert!(found && named.contains(word), "{file}: {key}: {word} is not among\n{named}");
    }
}

#[test]
fn a_fault_is_told_with_the_line_on_which_it_stands() {
    let packs = adding(
        "profiles/generic.toml",
        "[[when]]\nfrom = \"2020-01-01\"\nuntil = \"2019-01-01\"\n\n[notes.no-such]\nen = \"x\"\nzh-CN = \"x\"\nsource = \"test\"\n\n[steps.review]\nworkday = [1, 2]\nbecause = \"x\"\nsource = \"test\"\n\n[filing.charm]\non = true\nbecause = \"x\"\nsource = \"test\"\n",
    );
    let (_, text) = packs.iter().find(|(file, _)| file == "profiles/generic.toml").unwrap();
    let line_of = |start: &str| 1 + text.lines().position(|line| line.starts_with(start)).unwrap();
    let faults = faults(&packs);
    for (line, word) in [
        (line_of("[[when]]"), "no span of days"),
        (line_of("[notes.no-such]"), "because"),
        (line_of("workday = "), "unknown field `workday`"),
        (line_of("[filing.charm]"), "no such check of filings"),
    ] {
        let place = format!("profiles/generic.toml:{line}: ");
        let found = faults.iter().any(|fault| fault.starts_with(&place) && fault.contains(word));
        assert!(found, "{place}{word} is not among {faults:#?}");
    }
}

#[test]
fn a_sound_book_is_not_half_loaded_beside_a_broken_pack() {
    let broken = adding(
        "provinces/cn-xx.toml",
        "id = \"CN-XX\"\n[checks.\"file.size\"]\nmin_bytes = 2\nbecause = \"x\"\nsource = \"x\"",
    );
    let faults = faults(&broken);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("no such province"), "{faults:?}");
}

#[test]
fn a_base_pack_must_set_the_limits_of_every_check() {
    let faults = faults(&[("base.toml".to_owned(), "version = \"1\"\n[vocabulary]\nentities = []\nfiling_types = []\nchannels = []\ncontents = []\nprovinces = []\n".to_owned())]);
    for entry in CATALOG {
        assert!(
            faults.iter().any(|fault| fault.contains(&format!("checks.{}", entry.id))),
            "{}",
            entry.id
        );
    }
    assert!(RuleBook::load(&[], None).unwrap_err().to_string().contains("base.toml"));
}

#[test]
fn a_severity_for_a_reason_of_another_check_is_a_fault() {
    let packs = with("base.toml", |text| {
        text.replacen(
            "severity = \"error\"",
            "severity = { FILE_EMPTY = \"error\", IMAGE_BLURRED = \"error\" }",
            1,
        )
    });
    let faults = faults(&packs);
    assert!(faults.iter().any(|fault| fault.contains("IMAGE_BLURRED")), "{faults:?}");
}

/// base → slot → profile → profile's slot → province → province's slot.
#[test]
fn each_layer_is_laid_over_the_one_before_it() {
    let table = |prefix: &str, min: i64| {
        format!(
            "[{prefix}checks.\"file.size\"]\nmin_bytes = {min}\nbecause = \"a test of the order\"\nsource = \"test\"\n"
        )
    };
    let add = |packs: &mut Vec<PackFile>, file: &str, text: String| match packs
        .iter_mut()
        .find(|(name, _)| name == file)
    {
        Some((_, there)) => there.push_str(&text),
        None => packs.push((file.to_owned(), text)),
    };
    let mut packs = embedded_packs();
    let shanghai = Context { province: Some("CN-SH".to_owned()), ..context("generic") };
    let now =
        |packs: &[PackFile]| limit(&loaded(packs), &shanghai, "passport", "file.size", "min_bytes");
    assert_eq!(now(&packs), 1);
    for (file, text, expected) in [
        ("slots/passport.toml", table("", 10), 10),
        ("profiles/generic.toml", table("", 20), 20),
        ("profiles/generic.toml", table("slot.passport.", 30), 30),
        ("provinces/cn-sh.toml", format!("id = \"CN-SH\"\n{}", table("", 40)), 40),
        ("provinces/cn-sh.toml", table("slot.passport.", 50), 50),
    ] {
        add(&mut packs, file, text);
        assert_eq!(now(&packs), expected, "{file}");
        let below = limit(&loaded(&packs), &shanghai, "passport", "file.size", "below_bytes");
        assert_eq!(below, 20_971_520, "a key that no layer names stays as it is");
    }
    let elsewhere =
        limit(&loaded(&packs), &context("generic"), "passport", "file.size", "min_bytes");
    assert_eq!(elsewhere, 30, "a province's table holds there only");
}

#[test]
fn a_table_under_conditions_holds_only_where_all_of_them_hold() {
    let packs = adding(
        "profiles/generic.toml",
        r#"
[[when]]
slots = ["passport"]
entities = ["company"]
from = "2026-01-01"
until = "2026-06-30"
[when.checks."file.size"]
min_bytes = 77
because = "a test of conditions"
source = "test"
"#,
    );
    let book = loaded(&packs);
    let company = Some("company".to_owned());
    let min = |entity: Option<String>, slot: &str, day: Date| {
        let context = Context { entity, as_of: Some(day), ..context("generic") };
        limit(&book, &context, slot, "file.size", "min_bytes")
    };
    assert_eq!(min(company.clone(), "passport", date!(2026 - 06 - 30)), 77);
    assert_eq!(min(company.clone(), "passport", date!(2026 - 07 - 01)), 1);
    assert_eq!(min(company, "id-card-front", date!(2026 - 03 - 01)), 1);
    assert_eq!(min(None, "passport", date!(2026 - 03 - 01)), 1);
}

#[test]
fn the_day_is_clamped_to_the_span_of_the_profile() {
    let day = |profile: &str, as_of: Option<Date>| {
        let context = Context { as_of, ..context(profile) };
        BOOK.rules(&context, "", TODAY).unwrap().context.as_of
    };
    assert_eq!(day("alibaba-2018", None), Some(date!(2019 - 06 - 30)));
    assert_eq!(day("alibaba-2018", Some(date!(2001 - 01 - 01))), Some(date!(2017 - 12 - 18)));
    assert_eq!(day("alibaba-2018", Some(date!(2018 - 05 - 05))), Some(date!(2018 - 05 - 05)));
    assert_eq!(day("alibaba-2019", None), Some(TODAY));
}

#[test]
fn four_megabytes_are_exclusive_and_two_hundred_kilobytes_inclusive() {
    let mut bytes = fixtures::small_jpeg();
    for profile in ["alibaba-2018", "alibaba-2019"] {
        for (slot, length, code) in [
            ("", 4_194_303, None),
            ("", 4_194_304, Some("FILE_TOO_LARGE")),
            ("domain-certificate", 204_799, Some("FILE_TOO_SMALL")),
            ("domain-certificate", 204_800, None),
            ("", 204_799, None),
        ] {
            bytes.resize(length, 0);
            let verdict = Asked::profile(profile, slot).judge(&bytes);
            assert_eq!(codes(&verdict), Vec::from_iter(code), "{profile} {slot} {length}");
            let accepted = verdict.decision == Decision::Accept;
            assert_eq!(accepted, code.is_none(), "{profile} {slot} {length}");
            bytes.truncate(fixtures::small_jpeg().len());
        }
    }
}

#[test]
fn a_ceiling_lowers_a_bound_and_never_raises_one() {
    let ceilings = |below: i64| {
        let table = format!("[\"file.size\"]\nbelow_bytes = {below}\n");
        let table: toml::Table = toml::from_str(&table).unwrap();
        RuleBook::load(&embedded_packs(), Some(table)).unwrap()
    };
    let below =
        |book: &RuleBook, profile| limit(book, &context(profile), "", "file.size", "below_bytes");
    assert_eq!(below(&ceilings(1_000_000), "alibaba-2019"), 1_000_000);
    assert_eq!(below(&ceilings(1_000_000), "generic"), 1_000_000);
    assert_eq!(below(&ceilings(8_000_000), "alibaba-2019"), 4_194_304);
    assert_ne!(ceilings(1_000_000).digest, BOOK.digest, "ceilings are part of the digest");
}

#[test]
fn a_ceiling_on_something_that_does_not_exist_is_a_fault() {
    let table: toml::Table =
        toml::from_str("[\"file.size\"]\nbelow_byte = 5\n[\"file.charm\"]\nmax = 1\n").unwrap();
    let faults = RuleBook::load(&embedded_packs(), Some(table)).unwrap_err().to_string();
    assert!(
        faults.contains("file.size.below_byte") && faults.contains("file.charm.max"),
        "{faults}"
    );
}

#[test]
fn verdicts_that_were_judged_alike_have_one_applied_digest() {
    let applied = |book: &RuleBook, profile: &str, slot: &str| {
        book.rules(&context(profile), slot, TODAY).unwrap().applied
    };
    let passport = with("slots/passport.toml", |text| text.replace("1.420", "1.421"));
    let changed = loaded(&passport);
    assert_ne!(changed.digest, BOOK.digest);
    assert_ne!(applied(&changed, "generic", "passport"), applied(&BOOK, "generic", "passport"));
    let other = "entity-certificate";
    assert_eq!(applied(&changed, "generic", other), applied(&BOOK, "generic", other));
    assert_ne!(applied(&BOOK, "alibaba-2018", other), applied(&BOOK, "generic", other));
}

#[test]
fn the_digest_changes_with_a_threshold_and_not_with_a_comment_or_the_order() {
    let digest = |packs: &[PackFile]| loaded(packs).digest;
    let original = digest(&embedded_packs());
    assert_eq!(original.len(), 64);
    let commented =
        with("base.toml", |text| format!("# another word\n{}", text.replace(" = ", "  =  ")));
    assert_eq!(digest(&commented), original);
    let reversed: Vec<PackFile> = embedded_packs().into_iter().rev().collect();
    assert_eq!(digest(&reversed), original);
    let stricter = with("base.toml", |text| text.replace("min_paper = 90", "min_paper = 91"));
    assert_ne!(digest(&stricter), original);
    let lower = with("ceilings.toml", |text| text.replace("12_000", "11_000"));
    assert_ne!(digest(&lower), original);
}

#[test]
fn a_check_can_be_switched_off() {
    let packs = adding(
        "profiles/generic.toml",
        "[checks.\"legibility.blur\"]\non = false\nbecause = \"a test of the switch\"\nsource = \"test\"",
    );
    let rules = loaded(&packs).rules(&context("generic"), "", TODAY).unwrap();
    assert!(rules.rule("legibility.blur").is_none());
    let before = BOOK.rules(&context("generic"), "", TODAY).unwrap().off.len();
    assert_eq!(rules.off.len(), before + 1);
    assert!(rules.off.iter().any(|entry| entry.id == "legibility.blur"));
    let verdict = support::judge_by(&rules, &fixtures::small_jpeg(), None);
    let outcome = verdict.checks.iter().find(|outcome| outcome.check == "legibility.blur").unwrap();
    assert_eq!(outcome.detail.as_deref(), Some("switched-off"));
}

#[test]
fn an_unknown_word_is_answered_with_the_known_ones() {
    let fault = BOOK.rules(&context("generic"), "napkin", TODAY).err().unwrap();
    assert_eq!((fault.what, &*fault.value), ("slot", "napkin"));
    for slot in ["id-card-front", "verification-photo", "supporting-document"] {
        assert!(fault.to_string().contains(slot), "{fault}");
    }
    let fault = BOOK.rules(&context("nimbus-2031"), "", TODAY).err().unwrap();
    assert!(fault.to_string().contains("alibaba-2019"), "{fault}");
    let odd = Context { province: Some("XX-YY".to_owned()), ..context("generic") };
    assert_eq!(BOOK.rules(&odd, "", TODAY).err().unwrap().what, "province");
    let odd =
        Context { contents: vec!["news".to_owned(), "gossip".to_owned()], ..context("generic") };
    assert_eq!(BOOK.rules(&odd, "", TODAY).err().unwrap().value, "gossip");
}
