//! What a worker process does to its owner when a file has got the better of it: nothing.
//!
//! The workers here are this very test program: [`acts_as_worker`] is a worker process that obeys
//! what a comment in the file tells it to do, in the same sandbox as every other.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use scanvet::intake::{Budget, Unlimited};
use scanvet::pipeline::{self, Options};
use scanvet::reason::Severity;
use scanvet::rules::{RuleBook, Status, embedded_packs};
use scanvet::verdict::{Decision, Verdict};
use scanvet::worker::{Judge, Limits, Program, Settings, Stopped, WorkerFault};
use support::deeds::{RULES, SCRIPT, act_as_worker, file, frame, judge};

/// More time than a crash takes on the busiest machine.
fn patient() -> Settings {
    Settings { processes: 2, file_time: Duration::from_secs(60), ..Settings::default() }
}

#[test]
fn acts_as_worker() {
    act_as_worker();
}

fn ask(judge: &Judge, deed: &str) -> Verdict {
    judge.validate(&file(deed), &RULES, Options::default(), &mut Unlimited).unwrap()
}

/// The verdict of a file that no process survived.
fn is_refused(verdict: &Verdict) {
    assert_eq!(verdict.decision, Decision::Reject);
    let [ruled] = &verdict.findings[..] else { panic!("{:?}", verdict.findings) };
    assert_eq!(ruled.finding.reason.code, "FILE_UNPROCESSABLE");
    assert_eq!((ruled.severity, ruled.finding.doubtful), (Severity::Error, false));
    assert_eq!((ruled.check, ruled.page), ("file.integrity", 0));
    assert!(verdict.annotated.is_none());
    assert_eq!(verdict.detected.media_type, Some("image/jpeg"));
    assert_eq!(verdict.detected.sha256.len(), 64);
}

/// Ids of the checks that came out as `status`.
fn of_status(verdict: &Verdict, status: Status) -> Vec<&'static str> {
    let outcomes = verdict.checks.iter().filter(|outcome| outcome.status == status);
    outcomes.map(|outcome| outcome.check).collect()
}

#[test]
fn a_file_that_does_nothing_is_judged_as_ever() {
    let judge = judge(patient());
    for deed in ["", "sleep 50"] {
        let here = pipeline::validate(&file(deed), &RULES, Options::default(), &mut Unlimited);
        assert_eq!(support::said(&ask(&judge, deed)), support::said(&here.unwrap()), "{deed}");
    }
    assert_eq!(judge.counts().started, 1);
}

#[test]
fn a_file_that_ends_its_process_twice_is_refused_and_the_next_one_is_judged() {
    let judge = judge(patient());
    for (number, deed) in (1..).zip(["abort", "overflow", "panic", "memory"]) {
        is_refused(&ask(&judge, deed));
        let counts = judge.counts();
        let crashes = (counts.crashed + counts.out_of_memory, counts.out_of_time, counts.killed);
        assert_eq!(crashes, (2 * number, 0, 0), "{deed}");
        assert_eq!(ask(&judge, "").decision, Decision::Accept, "after {deed}");
    }
    let counts = judge.counts();
    let restarts: u64 = counts.restarts().iter().map(|(_, number)| number).sum();
    assert_eq!(counts.started, restarts + judge.running().len() as u64, "{counts:?}");
}

#[test]
fn an_answer_that_can_be_none_is_worth_no_more_than_a_crash() {
    let judge = judge(patient());
    for deed in ["garbage", "giant", "foreign", "flood", "lie", "gigabyte"] {
        is_refused(&ask(&judge, deed));
        assert_eq!(ask(&judge, "").decision, Decision::Accept, "after {deed}");
    }
    assert_eq!((judge.counts().crashed, judge.counts().out_of_time), (12, 0));
}

#[test]
fn a_file_without_end_is_refused_when_its_time_is_over_and_not_tried_again() {
    let judge = judge(Settings { file_time: Duration::from_secs(2), ..patient() });
    for (number, deed) in (1..).zip(["hang", "trickle", "sleep 60000"]) {
        let started = Instant::now();
        let verdict = ask(&judge, deed);
        let took = started.elapsed();
        is_refused(&verdict);
        assert!((2.0..30.0).contains(&took.as_secs_f64()), "{deed} took {took:?}");
        assert_eq!((judge.counts().out_of_time, judge.counts().crashed), (number, 0));
        let recorded = verdict.readings.iter().find(|it| it.entry.id == "file.integrity").unwrap();
        assert_eq!(recorded.read.as_ref().unwrap()["state"], "out-of-time");
    }
    // A busy machine may need more than one go within so short a time.
    let mut goes = (0..30).map(|_| ask(&judge, "").decision);
    assert!(goes.any(|decision| decision == Decision::Accept));
}

#[test]
fn want_of_memory_is_told_from_other_ends() {
    let judge = judge(patient());
    is_refused(&ask(&judge, "memory"));
    let counts = judge.counts();
    assert_eq!((counts.out_of_memory, counts.crashed), (2, 0), "{counts:?}");
    is_refused(&ask(&judge, "overflow"));
    assert_eq!(judge.counts().crashed, 2);
}

#[test]
fn a_file_that_uses_up_its_processor_time_is_not_tried_again() {
    let limits = Limits { cpu_seconds: 1, ..Limits::default() };
    let judge = judge(Settings { limits, ..patient() });
    let verdict = ask(&judge, "hang");
    is_refused(&verdict);
    let counts = judge.counts();
    assert_eq!((counts.out_of_time, counts.crashed, counts.started), (1, 0, 1), "{counts:?}");
    assert_eq!(ask(&judge, "").decision, Decision::Accept);
}

#[test]
fn what_was_known_before_decoding_is_told_of_a_file_that_dies_in_it() {
    let judge = judge(patient());
    let verdict = ask(&judge, "decoding");
    is_refused(&verdict);
    assert_eq!(judge.counts().crashed, 2);
    let passed = of_status(&verdict, Status::Passed);
    for check in ["file.size", "file.format", "file.pixels", "file.trailing", "file.animation"] {
        assert!(passed.contains(&check), "{check}: {passed:?}");
    }
    assert_eq!(of_status(&verdict, Status::Failed), ["file.integrity"]);
    assert!(verdict.detected.width > 800 && verdict.detected.pages == 0);
    let skipped = verdict.checks.iter().filter(|outcome| outcome.status == Status::Skipped);
    let mut count = 0;
    for outcome in skipped {
        let detail = outcome.detail.as_deref();
        let known = match outcome.check.starts_with("pdf.") {
            true => matches!(detail, Some("not-of-this-format" | "not-decoded")),
            false => matches!(detail, Some("not-decoded" | "switched-off")),
        };
        assert!(known, "{outcome:?}");
        count += 1;
    }
    assert!(count > 20, "{count} skipped");
}

#[test]
fn of_a_file_that_dies_at_once_kind_and_size_are_told() {
    let verdict = ask(&judge(patient()), "abort");
    assert_eq!(of_status(&verdict, Status::Passed), ["file.size", "file.format"]);
    assert_eq!(verdict.checks.len(), scanvet::checks::CATALOG.len());
}

#[test]
fn no_pack_can_let_a_file_pass_that_no_process_survives() {
    let judge = judge(patient());
    for (from, to) in [
        (
            "[checks.\"file.integrity\"]\nseverity = \"error\"",
            "[checks.\"file.integrity\"]\non = false\nseverity = \"error\"",
        ),
        (
            "[checks.\"file.integrity\"]\nseverity = \"error\"",
            "[checks.\"file.integrity\"]\nseverity = \"warning\"",
        ),
    ] {
        let mut packs = embedded_packs();
        let before = packs.clone();
        packs.iter_mut().for_each(|(_, text)| *text = text.replace(from, to));
        assert_ne!(packs, before);
        let book = RuleBook::load(&packs, None).unwrap();
        let rules = book.rules(&Default::default(), "id-card-front", support::TODAY).unwrap();
        let verdict =
            judge.validate(&file("abort"), &rules, Options::default(), &mut Unlimited).unwrap();
        is_refused(&verdict);
    }
}

#[test]
fn a_process_that_is_killed_from_outside_is_replaced_and_its_file_judged() {
    let judge = Arc::new(judge(Settings { processes: 1, ..patient() }));
    // Others are ignored by whatever runs in the background, and by its children.
    for (number, signal) in (1..).zip(["KILL", "TERM"]) {
        if judge.waiting().is_empty() {
            judge.start().unwrap();
        }
        let [process] = judge.waiting()[..] else { panic!("one waits") };
        let judging = thread::spawn({
            let judge = Arc::clone(&judge);
            move || ask(&judge, "sleep 700")
        });
        thread::sleep(Duration::from_millis(300));
        kill(signal, process);
        assert_eq!(judging.join().unwrap().decision, Decision::Accept, "{signal}");
        assert_eq!((judge.counts().killed, judge.counts().crashed), (number, 0), "{signal}");
    }
}

#[test]
fn a_process_that_was_killed_while_it_waited_is_replaced_without_a_word() {
    let judge = judge(patient());
    judge.start().unwrap();
    let [process] = judge.waiting()[..] else { panic!("one waits") };
    kill("KILL", process);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(ask(&judge, "").decision, Decision::Accept);
    assert_eq!((judge.counts().started, judge.counts().killed), (2, 1));
}

#[test]
fn a_crash_by_a_signal_that_only_files_cause_is_the_files() {
    let judge = Arc::new(judge(Settings { processes: 1, ..patient() }));
    judge.start().unwrap();
    let [process] = judge.waiting()[..] else { panic!("one waits") };
    let judging = thread::spawn({
        let judge = Arc::clone(&judge);
        move || ask(&judge, "sleep 700")
    });
    thread::sleep(Duration::from_millis(300));
    kill("ILL", process);
    // The second try goes well.
    assert_eq!(judging.join().unwrap().decision, Decision::Accept);
    assert_eq!((judge.counts().killed, judge.counts().crashed), (0, 1));
}

fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").args(["-s", signal, &process.to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn whoever_kills_without_end_is_told_and_no_file_blamed() {
    let program = says(&hello(), "dd bs=1 count=1 >/dev/null 2>&1; kill -s KILL $$");
    let judge = Judge::isolated(program, patient()).unwrap();
    let judged = judge.validate(&file(""), &RULES, Options::default(), &mut Unlimited);
    assert!(matches!(judged, Err(Stopped::Worker(WorkerFault::Killed))), "{judged:?}");
    assert_eq!(judge.counts().crashed, 0);
}

/// A worker that says it is ready, and then does something else than its work.
fn says(hello: &[u8], then: &str) -> Program {
    let escaped: String = hello.iter().map(|byte| format!("\\{byte:03o}")).collect();
    Program::with("/bin/sh", ["-c".to_owned(), format!("printf '{escaped}'; {then}")])
}

#[test]
fn a_worker_that_lacks_layers_is_taken_and_what_is_missing_is_told() {
    let hello = hello();
    let mut said: serde_json::Value = serde_json::from_slice(&hello[5..]).unwrap();
    said["layers"] = serde_json::json!(["rlimit", "process", "unheard-of"]);
    said["landlock_abi"] = serde_json::Value::Null;
    let hello = frame(1, said.to_string().as_bytes());
    let judge = Judge::isolated(says(&hello, "cat >/dev/null"), patient()).unwrap();
    judge.start().unwrap();
    assert_eq!(judge.layers(), ["process", "rlimit"]);
    assert_eq!(judge.landlock_abi(), None);
    let missing: Vec<_> = judge.missing_layers().iter().map(|missing| missing.layer).collect();
    assert_eq!(missing, ["landlock", "seccomp"]);
}

/// What a worker process says first.
fn hello() -> Vec<u8> {
    let mut worker = Command::new(env!("CARGO_BIN_EXE_scanvet"))
        .args(["worker", "--address-space", "600000000", "--cpu-seconds", "5"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(500));
    drop(worker.stdin.take());
    worker.wait_with_output().unwrap().stdout
}

/// Leaves after some time.
struct Leaving(Instant);

impl Budget for Leaving {
    fn expired(&mut self) -> bool {
        Instant::now() >= self.0
    }
}

#[test]
fn a_caller_who_leaves_ends_the_work_at_once() {
    let judge = judge(patient());
    let started = Instant::now();
    let mut leaving = Leaving(started + Duration::from_millis(300));
    let judged = judge.validate(&file("hang"), &RULES, Options::default(), &mut leaving);
    assert!(matches!(judged, Err(Stopped::Expired(_))));
    assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
    let counts = judge.counts();
    assert_eq!(counts.out_of_time + counts.crashed, 0, "nobody blames the file");
    assert_eq!(counts.abandoned, 1);
    assert_eq!(ask(&judge, "").decision, Decision::Accept);
}

#[test]
fn a_worker_ends_with_its_owner_even_when_it_is_busy() {
    use std::io::Read;
    let own = std::env::current_exe().unwrap();
    let mut worker = Command::new("/bin/sh")
        .args(["-c", SCRIPT])
        .arg(own)
        .args(["--address-space", "600000000", "--cpu-seconds", "60"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut head = [0; 5];
    worker.stdout.as_mut().unwrap().read_exact(&mut head).unwrap();
    let rules = serde_json::json!({ "place": 0, "rules": RULES.carried() }).to_string();
    let job = r#"{"place":0,"declared":null,"options":{"fail_fast":false,"annotate":false},"keep":"nothing"}"#;
    let mut input = worker.stdin.take().unwrap();
    for (kind, content) in [(2, rules.as_bytes()), (3, job.as_bytes()), (4, &file("hang").bytes)] {
        input.write_all(&frame(kind, content)).unwrap();
    }
    thread::sleep(Duration::from_millis(300));
    assert!(worker.try_wait().unwrap().is_none(), "it is busy");
    drop(input);
    let end = Instant::now() + Duration::from_secs(3);
    while worker.try_wait().unwrap().is_none() {
        assert!(Instant::now() < end, "it lives on");
        thread::sleep(Duration::from_millis(10));
    }
}
