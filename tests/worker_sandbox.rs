//! What a worker process cannot do, whatever a file makes of it; and that nobody else suffers.
//!
//! The workers are this very test program, see `support::deeds`: the sandbox is the real one.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::Options;
use scanvet::verdict::{Decision, Verdict};
use scanvet::worker::{Judge, Settings};
use support::deeds::{RULES, act_as_worker, file, judge};

#[test]
fn acts_as_worker() {
    act_as_worker();
}

/// More time than a crash takes on the busiest machine.
fn patient() -> Settings {
    Settings { processes: 2, file_time: Duration::from_secs(60), ..Settings::default() }
}

fn ask(judge: &Judge, deed: &str) -> Verdict {
    judge.validate(&file(deed), &RULES, Options::default(), &mut Unlimited).unwrap()
}

fn is_refused(verdict: &Verdict) -> bool {
    verdict.decision == Decision::Reject
        && matches!(&verdict.findings[..], [it] if it.finding.reason.code == "FILE_UNPROCESSABLE")
}

#[test]
fn what_the_sandbox_forbids_ends_the_process_and_has_no_effect() {
    let judge = judge(patient());
    judge.start().unwrap();
    assert!(judge.missing_layers().is_empty(), "{:?}", judge.missing_layers());
    let kept = tempfile::NamedTempFile::new().unwrap();
    let made = kept.path().with_extension("made");
    let bystander = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let deeds = [
        format!("create {}", made.display()),
        format!("append {}", kept.path().display()),
        format!("remove {}", kept.path().display()),
        "list /".to_owned(),
        "stat /etc/passwd".to_owned(),
        "socket".to_owned(),
        "listen".to_owned(),
        format!("connect {}", listener.local_addr().unwrap()),
        "local /run/some.sock".to_owned(),
        "exec /bin/true".to_owned(),
        "replace /bin/true".to_owned(),
        "descriptors".to_owned(),
        format!("kill {}", bystander.id()),
        "dumpable".to_owned(),
    ];
    for (number, deed) in (1..).zip(&deeds) {
        let verdict = ask(&judge, deed);
        assert!(is_refused(&verdict), "{deed}: {:?}", verdict.findings);
        let counts = judge.counts();
        let others = counts.crashed + counts.out_of_memory + counts.out_of_time + counts.killed;
        assert_eq!((counts.forbidden, others), (2 * number, 0), "{deed}: {counts:?}");
    }
    assert!(kept.path().exists() && !made.exists());
    assert!(listener.accept().is_err(), "nobody connected");
    let mut bystander = bystander;
    assert!(bystander.try_wait().unwrap().is_none(), "it lives");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    assert_eq!(ask(&judge, "").decision, Decision::Accept);
}

#[test]
fn what_libraries_do_out_of_habit_gets_an_error_or_leave_and_the_file_its_verdict() {
    let judge = judge(patient());
    let variables = "variables MALLOC_ARENA_MAX,RAYON_NUM_THREADS,RTEN_NUM_THREADS,SCANVET_TEST_ACTS_AS_WORKER,PWD,SHLVL,_,OLDPWD";
    for deed in ["read /etc/passwd", "read /proc/self/cgroup", "thread", variables, "aside"] {
        assert_eq!(ask(&judge, deed).decision, Decision::Accept, "{deed}");
    }
    let counts = judge.counts();
    assert_eq!((counts.started, counts.forbidden, counts.crashed), (1, 0, 0), "{counts:?}");
}

/// Every way in which a file is known to end or to hold up its process.
const FAULTS: [&str; 12] = [
    "overflow",
    "abort",
    "panic",
    "memory",
    "hang",
    "gigabyte",
    "descriptors",
    "create /tmp/made-by-a-worker",
    "socket",
    "exec /bin/true",
    "sleep 600000",
    "flood",
];

/// Tells the others to stop, even when a test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_hundred_others_in_flight_get_their_verdicts_whatever_files_do() {
    let settings = Settings { file_time: Duration::from_secs(10), kept_ready: 4, ..patient() };
    let judge = judge(Settings { processes: 3, ..settings });
    judge.start().unwrap();
    let bytes = support::read("testdata/samples/reject-card-thumbnail.jpg");
    let other = Upload { bytes: bytes.into(), declared_media_type: None };
    let options = Options { fail_fast: true, annotate: false };
    let wanted = Judge::here().validate(&other, &RULES, options, &mut Unlimited).unwrap();
    let wanted = support::said(&wanted);
    let (over, right) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let said = judge.validate(&other, &RULES, options, &mut Unlimited).unwrap();
                    assert_eq!(support::said(&said), wanted);
                    right.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _over = Over(&over);
        let faults = FAULTS.map(|fault| scope.spawn(|| assert!(is_refused(&ask(&judge, fault)))));
        let ended = faults.map(|fault| fault.join().is_ok());
        assert_eq!(ended, [true; FAULTS.len()], "{FAULTS:?}");
    });
    let (counts, right) = (judge.counts(), right.load(Ordering::Relaxed));
    println!("{right} others were judged beside {} faults: {counts:?}", FAULTS.len());
    assert!(right > 100, "{right}");
    assert_eq!((counts.killed, counts.out_of_time), (0, 2), "{counts:?}");
    assert_eq!((counts.out_of_memory, counts.forbidden, counts.crashed), (2, 8, 10), "{counts:?}");
}

#[test]
fn the_pool_is_full_again_soon_after_each_fault() {
    let settings = Settings { file_time: Duration::from_secs(1), kept_ready: 3, ..patient() };
    let judge = judge(settings);
    judge.start().unwrap();
    let mut longest = Duration::ZERO;
    for fault in FAULTS {
        is_full(&judge, 3);
        ask(&judge, fault);
        longest = longest.max(is_full(&judge, 3));
    }
    println!("the pool was full again after at most {longest:?}");
}

#[test]
fn a_process_that_is_killed_while_it_waits_is_replaced_though_nobody_asks() {
    let judge = judge(Settings { kept_ready: 2, ..patient() });
    judge.start().unwrap();
    is_full(&judge, 2);
    let before = judge.waiting();
    for id in &before {
        let id = rustix::process::Pid::from_raw(i32::try_from(*id).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }
    let end = Instant::now() + Duration::from_secs(20);
    while judge.waiting().len() < 2 || judge.waiting().iter().any(|id| before.contains(id)) {
        assert!(Instant::now() < end, "they were not replaced");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((judge.counts().started, judge.counts().killed), (4, 2));
}

/// How long it takes until so many processes wait for work.
fn is_full(judge: &Judge, processes: usize) -> Duration {
    let started = Instant::now();
    while judge.waiting().len() < processes {
        assert!(started.elapsed() < Duration::from_secs(20), "the pool stays small");
        thread::sleep(Duration::from_millis(1));
    }
    started.elapsed()
}

/// Names of system calls after `before` in a text.
fn calls<'a>(text: &'a str, before: &'a str) -> BTreeSet<&'a str> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let names = text.split(before).skip(1);
    names.map(|rest| rest.split(|c| !is_name(c)).next().unwrap()).collect()
}

#[test]
fn the_page_on_security_lists_the_calls_that_are_left() {
    let (code, page) = (support::read("src/worker/calls.rs"), support::read("docs/security.md"));
    let (code, page) = (String::from_utf8(code).unwrap(), String::from_utf8(page).unwrap());
    let (allowed, refused) = code.split_once("fn refused").unwrap();
    let (_, page) = page.split_once("### System calls").unwrap();
    let (page, after) = page.split_once("Two calls get an error").unwrap();
    let listed = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let listed: Vec<_> = listed.map(|cell| format!("`{cell}")).collect();
    let listed: BTreeSet<_> =
        listed.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let allowed = calls(allowed, "libc::SYS_");
    assert!(allowed.len() > 20, "{allowed:?}");
    assert_eq!(listed, allowed);
    for call in calls(refused, "libc::SYS_") {
        assert!(after.contains(&format!("`{call}`")), "{call} is refused, which is told nowhere");
    }
}
