//! Does a worker process give the verdict that is given without one, whatever is asked?
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use scanvet::filing::check;
use scanvet::grpc::json;
use scanvet::intake::{Budget, Unlimited, Upload, format};
use scanvet::pipeline::{self, Options};
use scanvet::reason::Locale;
use scanvet::rules::{Context, RuleBook, RuleSet, embedded_packs};
use scanvet::verdict::{Decision, Verdict};
use scanvet::worker::{Counts, Judge, Program, Settings, Stopped, WorkerFault};
use serde_json::Value;
use support::{Asked, BOOK, TODAY, files, read};
use time::OffsetDateTime;

/// Everything goes through processes of the built program.
static APART: LazyLock<Judge> = LazyLock::new(|| apart(Settings::default()));

fn apart(settings: Settings) -> Judge {
    let program = Program::at(env!("CARGO_BIN_EXE_scanvet"));
    Judge::isolated(program, settings).unwrap()
}

/// Who asks, by number: the files are spread over them.
const ASKED: [(&str, &str); 6] = [
    ("generic", "supporting-document"),
    ("alibaba-2018", "id-card-front"),
    ("tencent-2022", "entity-certificate"),
    ("huawei-2025", "authenticity-form"),
    ("miit-2010", "verification-photo"),
    ("generic", "handheld-photo"),
];

const OPTIONS: [Options; 3] = [
    Options { fail_fast: false, annotate: false },
    Options { fail_fast: true, annotate: false },
    Options { fail_fast: false, annotate: true },
];

fn upload(path: &str) -> Upload {
    let claimed = path.rsplit('.').next().and_then(format::of_extension);
    let declared_media_type = claimed.map(|format| format.media_type.to_owned());
    Upload { bytes: read(path).into(), declared_media_type }
}

/// All that is told of a verdict but for times.
fn told(verdict: &Verdict) -> (String, Option<Vec<u8>>) {
    let mut value =
        json::result_json("x", verdict, &[Locale::En], OffsetDateTime::UNIX_EPOCH, true);
    timeless(&mut value);
    (value.to_string(), verdict.annotated.clone())
}

fn timeless(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.remove("elapsed");
            object.values_mut().for_each(timeless);
        }
        Value::Array(array) => array.iter_mut().for_each(timeless),
        _ => {}
    }
}

#[test]
fn every_fixture_gets_the_same_verdict_in_a_process_of_its_own() {
    let fixtures: Vec<String> = files("testdata")
        .into_iter()
        .filter(|path| ![".py", ".md", ".toml"].iter().any(|end| path.ends_with(end)))
        .collect();
    assert!(fixtures.len() > 200, "{} fixtures", fixtures.len());
    let decisions: Vec<Decision> = fixtures
        .par_iter()
        .enumerate()
        .map(|(number, path)| {
            let upload = upload(path);
            let (profile, slot) = ASKED[number % ASKED.len()];
            let rules = Asked::profile(profile, slot).rules();
            // Which options come with which asker changes from round to round.
            let options = OPTIONS[(number + number / ASKED.len()) % OPTIONS.len()];
            let here = pipeline::validate(&upload, &rules, options, &mut Unlimited).unwrap();
            let there = APART.validate(&upload, &rules, options, &mut Unlimited).unwrap();
            assert_eq!(told(&there), told(&here), "{path} {slot} {options:?}");
            assert_eq!(here.detected, there.detected);
            there.decision
        })
        .collect();
    for decision in [Decision::Accept, Decision::Reject, Decision::Review] {
        assert!(decisions.contains(&decision), "{decision:?}");
    }
    let counts = APART.counts();
    assert_eq!(counts, Counts { started: counts.started, ..Counts::default() });
}

#[test]
fn rules_that_travel_are_the_same_rules() {
    let mut sets = 0;
    for profile in BOOK.profiles.values() {
        for slot in &profile.slots {
            let rules = Asked::profile(&profile.id, slot).rules();
            let text = serde_json::to_string(&rules.carried()).unwrap();
            let again = RuleSet::of_carried(serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(again.applied, rules.applied);
            let ids = |rules: &RuleSet| -> Vec<_> {
                let off = rules.off.iter().map(|entry| (entry.id, None));
                let on = rules.rules.iter().map(|rule| (rule.entry.id, Some(rule.limits.clone())));
                on.chain(off).collect()
            };
            assert_eq!(ids(&again), ids(&rules), "{} {slot}", profile.id);
            sets += 1;
        }
    }
    assert!(sets > 40, "{sets} sets");
}

#[test]
fn rules_that_were_changed_on_the_way_are_refused() {
    let mut carried = serde_json::to_value(Asked::default().rules().carried()).unwrap();
    carried["tables"]["file.size"]["below_bytes"] = Value::from(1u64 << 40);
    assert!(RuleSet::of_carried(serde_json::from_value(carried).unwrap()).is_err());
}

#[test]
fn an_operators_ceilings_and_packs_hold_in_the_process_too() {
    let ceilings = toml::from_str("[\"file.pixels\"]\nmax_pixels = 100000").unwrap();
    let mut packs = embedded_packs();
    for (_, text) in &mut packs {
        *text = text.replace("min_long_side_px = 800", "min_long_side_px = 5000");
    }
    let books = [
        RuleBook::load(&embedded_packs(), Some(ceilings)).unwrap(),
        RuleBook::load(&packs, None).unwrap(),
        RuleBook::archived(
            &String::from_utf8(read("src/rules/archive/2026.10.0.json")).unwrap(),
            None,
        )
        .unwrap(),
    ];
    let upload = upload("testdata/samples/accept-card.jpg");
    let mut verdicts = Vec::new();
    for book in &books {
        let rules = book.rules(&Context::default(), "id-card-front", TODAY).unwrap();
        let here = pipeline::validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap();
        let there = APART.validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap();
        assert_eq!(told(&there), told(&here));
        assert_eq!(there.ruleset_digest, book.digest);
        verdicts.push(support::codes(&there).contains(&"TOO_MANY_PIXELS"));
        verdicts.push(there.decision == Decision::Accept);
    }
    assert_eq!(verdicts[..3], [true, false, false], "the ceiling, and no verdict beyond it");
    assert!(!verdicts[3], "the packs ask for more pixels than the card has");
}

#[test]
fn more_rule_sets_than_a_process_keeps_do_not_confuse_it() {
    let judge = apart(Settings { processes: 1, ..Settings::default() });
    let upload = upload("testdata/samples/reject-card-thumbnail.jpg");
    let mut sets = std::collections::BTreeMap::new();
    for profile in BOOK.profiles.values() {
        for slot in &profile.slots {
            let rules = Asked::profile(&profile.id, slot).rules();
            sets.insert(rules.applied.clone(), rules);
        }
    }
    assert!(sets.len() > 33, "{} sets", sets.len());
    for rules in sets.values().chain(sets.values()) {
        let options = Options { fail_fast: true, annotate: false };
        let here = pipeline::validate(&upload, rules, options, &mut Unlimited).unwrap();
        let there = judge.validate(&upload, rules, options, &mut Unlimited).unwrap();
        assert_eq!(told(&there), told(&here));
    }
    assert_eq!(judge.counts().started, 1);
}

#[test]
fn uploads_of_a_filing_are_compared_by_what_the_process_saw() {
    let context = Context { profile: "alibaba-2019".to_owned(), ..Context::default() };
    let filing = BOOK.filing(&context, TODAY).unwrap();
    let uploads = [
        ("id-card-front", "testdata/filings/id-card-front.jpg"),
        ("id-card-back", "testdata/filings/id-card-back-on-wood.jpg"),
        ("entity-certificate", "testdata/filings/id-card-front-again.jpg"),
    ];
    let judged = |judge: &Judge| {
        let (verdicts, seen): (Vec<_>, Vec<_>) = uploads
            .iter()
            .map(|(slot, path)| {
                let rules = BOOK.rules(&context, slot, TODAY).unwrap();
                // A picture is asked for in vain.
                let options = Options { fail_fast: false, annotate: true };
                let upload = upload(path);
                judge.validate_one(&upload, &rules, &filing, options, &mut Unlimited).unwrap()
            })
            .unzip();
        let looks: Vec<_> = seen.iter().map(|seen| seen.look.clone()).collect();
        let decisions = verdicts.iter().map(|verdict: &Verdict| verdict.decision);
        let together = check::together(&BOOK, &filing, &seen, decisions);
        let verdicts: Vec<_> = verdicts.iter().map(told).collect();
        (looks, verdicts, support::filings::codes(&together))
    };
    let (here, there) = (judged(&Judge::here()), judged(&APART));
    assert!(there.0.iter().all(Option::is_some) && there.0[0].as_ref().unwrap().sides.is_some());
    assert_eq!(there, here);
    assert!(there.2.contains(&"UPLOAD_DUPLICATE"), "{:?}", there.2);
}

#[test]
fn a_process_is_replaced_when_it_has_judged_enough_files() {
    let judge = apart(Settings { processes: 1, recycle_files: 3, ..Settings::default() });
    let (upload, rules) = (upload("testdata/samples/reject-blank.jpg"), Asked::default().rules());
    let mut processes = Vec::new();
    for _ in 0..7 {
        judge.validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap();
        processes.push(judge.waiting());
    }
    assert_eq!(judge.counts().started, 3);
    assert_eq!(judge.counts().recycled, 2);
    assert!(processes[2].is_empty() && processes[5].is_empty(), "{processes:?}");
    assert!(processes[0] == processes[1] && processes[1] != processes[3], "{processes:?}");
}

#[test]
fn a_process_that_goes_on_holding_much_memory_is_replaced() {
    let judge = apart(Settings { processes: 1, recycle_bytes: 1024, ..Settings::default() });
    let (upload, rules) = (upload("testdata/samples/reject-blank.jpg"), Asked::default().rules());
    judge.validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap();
    assert_eq!((judge.counts().recycled, judge.waiting()), (1, Vec::new()));
}

#[test]
fn whatever_the_format_nothing_is_started_before_the_first_file_and_each_one_leaves_this_process() {
    let judge = apart(Settings { processes: 1, ..Settings::default() });
    assert_eq!((judge.counts().started, judge.running().len()), (0, 0));
    let rules = Asked::default().rules();
    for (number, path) in
        (1..).zip(["accept-leaflet.png", "accept-card.jpg", "reject-text-named.jpg"])
    {
        let upload = upload(&format!("testdata/samples/{path}"));
        judge.validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap();
        let [running] = judge.running()[..] else { panic!("one runs") };
        assert_eq!(judge.waiting(), [running.id]);
        assert!(running.resident_bytes.unwrap() > 1 << 20, "{running:?}");
        assert_eq!(judge.counts().started, 1, "after {number}");
    }
}

#[test]
fn a_worker_tells_what_it_is_shut_in_by() {
    let judge = apart(Settings { processes: 1, ..Settings::default() });
    assert!(judge.layers().is_empty(), "nobody has said anything yet");
    judge.start().unwrap();
    let (layers, missing) = (judge.layers(), judge.missing_layers());
    assert_eq!(layers[..2], ["process", "rlimit"]);
    assert_eq!(layers.len() + missing.len(), 4, "{layers:?} {missing:?}");
    assert_eq!(judge.landlock_abi().is_some(), layers.contains(&"landlock"));
    let list = std::fs::read_to_string("/sys/kernel/security/lsm").unwrap_or_default();
    assert!(!list.contains("landlock") || layers.contains(&"landlock"), "{layers:?}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", judge.waiting()[0])).unwrap();
    let says = |line: &str| status.lines().any(|it| it.split_whitespace().eq(line.split(' ')));
    assert!(says("NoNewPrivs: 1"), "{status}");
    assert_eq!(says("Seccomp: 2"), layers.contains(&"seccomp"), "{status}");
}

#[test]
fn without_processes_every_layer_is_missing_and_each_has_a_remedy() {
    let missing = Judge::here().missing_layers();
    let names: Vec<_> = missing.iter().map(|missing| missing.layer).collect();
    assert_eq!(names, ["process", "rlimit", "landlock", "seccomp"]);
    assert!(missing.iter().all(|missing| missing.remedy.starts_with("needs ")));
}

#[test]
fn a_claim_of_any_length_is_no_reason_to_fail() {
    let rules = Asked::default().rules();
    let bytes = read("testdata/samples/reject-blank.jpg");
    for declared in ["x".repeat(3_000_000), "image/JPG; q=1".to_owned(), String::new()] {
        let upload = Upload { bytes: bytes.clone().into(), declared_media_type: Some(declared) };
        let here = pipeline::validate(&upload, &rules, Options::default(), &mut Unlimited);
        let there = APART.validate(&upload, &rules, Options::default(), &mut Unlimited);
        assert_eq!(told(&there.unwrap()), told(&here.unwrap()));
    }
}

#[test]
fn a_program_that_cannot_be_run_is_a_fault_at_the_start() {
    for path in ["/nowhere/scanvet", "/etc/passwd", "/"] {
        let judge = Judge::isolated(Program::at(path), Settings::default());
        let fault = judge.err().unwrap();
        assert!(matches!(fault, WorkerFault::NoProgram { .. }), "{fault}");
        assert!(fault.to_string().contains(path), "{fault}");
    }
}

#[test]
fn a_program_that_is_no_worker_is_no_word_on_the_file() {
    let judge = Judge::isolated(Program::at("/bin/true"), Settings::default()).unwrap();
    assert!(matches!(judge.start(), Err(WorkerFault::NotReady)));
    let rules = Asked::default().rules();
    let upload = upload("testdata/samples/reject-blank.jpg");
    let stopped = judge.validate(&upload, &rules, Options::default(), &mut Unlimited);
    assert!(matches!(stopped, Err(Stopped::Worker(WorkerFault::NotReady))));
    let hello = r#"{"engine":"0.0.0","catalogue":"","layers":[],"landlock_abi":null}"#;
    let script = format!("printf '\\001\\{:03o}\\000\\000\\000%s' '{hello}'; cat", hello.len());
    let program = Program::with("/bin/sh", ["-c", &script]);
    let judge = Judge::isolated(program, Settings::default()).unwrap();
    assert!(matches!(judge.start(), Err(WorkerFault::OtherEngine)));
}

/// A caller who leaves after some time.
struct Leaving(Instant);

impl Budget for Leaving {
    fn expired(&mut self) -> bool {
        Instant::now() >= self.0
    }
}

#[test]
fn a_caller_who_waits_for_a_process_may_leave() {
    let judge = apart(Settings { processes: 1, ..Settings::default() });
    let rules = Asked::default().rules();
    let upload = upload("testdata/samples/accept-form.jpg");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut leaving = Leaving(Instant::now() + Duration::from_millis(30));
                let judged = judge.validate(&upload, &rules, Options::default(), &mut leaving);
                assert!(!matches!(judged, Err(Stopped::Worker(_))));
            });
        }
    });
    // Nobody holds the place any more.
    judge.validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap();
}
