//! The service while its workers are killed, and while one client sends nothing but poison: nobody else
//! loses a reply, gets a wrong one, or waits.
//!
//! `SCANVET_LONG=1` runs the long form and prints what it took; times mean something in a release
//! build only.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{FileDescriptor, ValidateFileRequest, ValidationResult, Verdict};
use scanvet::grpc::{ServeConfig, serve_by};
use scanvet::rules::RuleBook;
use scanvet::worker::{Judge, Program, Settings};
use support::{deeds, read};
use tokio::net::TcpListener;
use tonic::Status;
use tonic::transport::Channel;

type Client = ValidationServiceClient<Channel>;

#[test]
fn acts_as_worker() {
    deeds::act_as_worker();
}

fn is_long() -> bool {
    std::env::var_os("SCANVET_LONG").is_some()
}

fn settings() -> Settings {
    let Settings { processes, .. } = Settings::default();
    let file_time = if is_long() { Duration::from_secs(7) } else { Duration::from_secs(60) };
    Settings { kept_ready: processes + 1, file_time, ..Settings::default() }
}

async fn start(judge: &Arc<Judge>) -> Client {
    judge.start().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let book = Arc::new(RuleBook::embedded().unwrap());
    let config = ServeConfig {
        max_deadline: Duration::from_secs(60),
        // A connection that is closed as it is old would look like a lost reply.
        max_connection_age: Duration::from_secs(3600),
        ..ServeConfig::default()
    };
    tokio::spawn(serve_by(Arc::clone(judge), listener, book, config, std::future::pending()));
    Client::connect(uri).await.unwrap()
}

async fn ask(client: &mut Client, content: Vec<u8>) -> Result<ValidationResult, Status> {
    let file = FileDescriptor { slot: "id-card-front".to_owned(), ..FileDescriptor::default() };
    let request = ValidateFileRequest { file: Some(file), content, options: None };
    Ok(client.validate_file(request).await?.into_inner().result.unwrap())
}

/// Verdict and reasons, in order.
fn said(result: &ValidationResult) -> (Verdict, Vec<String>) {
    let reasons = result.findings.iter().map(|finding| finding.reason.clone()).collect();
    (result.verdict(), reasons)
}

/// What honest clients went through.
#[derive(Default)]
struct Ledger {
    over: AtomicBool,
    lost: AtomicU64,
    wrong: AtomicU64,
}

/// Quick ones first: a build that is not optimised has to finish them between two kills.
const SAMPLES: [&str; 4] = [
    "reject-card-thumbnail.jpg",
    "reject-text-named.jpg",
    "reject-card-grey.jpg",
    "accept-card.jpg",
];

fn samples() -> &'static [&'static str] {
    if is_long() { &SAMPLES } else { &SAMPLES[..2] }
}

/// Calls one after the other until it is over; the times of all calls. What is right is what the
/// service says while nothing disturbs it.
async fn honest(
    mut client: Client,
    number: usize,
    pause: Duration,
    ledger: Arc<Ledger>,
) -> Vec<Duration> {
    let name = samples()[number % samples().len()];
    let content = read(&format!("testdata/samples/{name}"));
    let mut took = Vec::new();
    let mut wanted = None;
    while !ledger.over.load(Ordering::Relaxed) {
        let started = Instant::now();
        match ask(&mut client, content.clone()).await {
            Ok(result) if *wanted.get_or_insert_with(|| said(&result)) == said(&result) => {
                took.push(started.elapsed());
            }
            Ok(_) => _ = ledger.wrong.fetch_add(1, Ordering::Relaxed),
            Err(status) => {
                println!("lost: {:?} {}", status.code(), status.message());
                ledger.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        tokio::time::sleep(pause).await;
    }
    took
}

/// So many honest clients, while `meanwhile` runs; the times of all their calls in order.
async fn beside(
    client: &Client,
    clients: usize,
    pause: Duration,
    meanwhile: impl Future<Output = ()>,
) -> Vec<Duration> {
    let ledger = Arc::new(Ledger::default());
    let calls: Vec<_> = (0..clients)
        .map(|number| tokio::spawn(honest(client.clone(), number, pause, Arc::clone(&ledger))))
        .collect();
    meanwhile.await;
    ledger.over.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    for call in calls {
        let calls = call.await.unwrap();
        assert!(!calls.is_empty(), "a client got no reply");
        took.extend(calls);
    }
    let (lost, wrong) = (ledger.lost.load(Ordering::Relaxed), ledger.wrong.load(Ordering::Relaxed));
    assert_eq!((lost, wrong), (0, 0), "lost and wrong of {}", took.len());
    took.sort();
    took
}

fn percentile(took: &[Duration], percent: usize) -> Duration {
    took[(took.len() * percent / 100).min(took.len() - 1)]
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_are_killed_again_and_again_lose_no_reply_and_spoil_no_verdict() {
    let program = Program::at(env!("CARGO_BIN_EXE_scanvet"));
    let judge = Arc::new(Judge::isolated(program, settings()).unwrap());
    let client = start(&judge).await;
    let (rounds, pause) = if is_long() { (60, 1000) } else { (8, 400) };
    let killing = async {
        for _ in 0..rounds {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            for running in judge.running() {
                let id = Pid::from_raw(i32::try_from(running.id).unwrap()).unwrap();
                // It may have ended by itself.
                let _ = kill_process(id, Signal::KILL);
            }
        }
    };
    let took = beside(&client, 8, Duration::ZERO, killing).await;
    let counts = judge.counts();
    println!("{} calls while all workers were killed {rounds} times: {counts:?}", took.len());
    println!("p50 {:?}, p99 {:?}", percentile(&took, 50), percentile(&took, 99));
    assert!(counts.started > rounds && counts.killed > 0, "{counts:?}");
    assert_eq!(counts.crashed + counts.out_of_memory + counts.forbidden, 0, "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_that_sends_nothing_but_poison_spoils_nobodys_verdict() {
    let judge = Arc::new(deeds::judge(settings()));
    let client = start(&judge).await;
    let (times, alone) = if is_long() { (1000, 20) } else { (10, 1) };
    let pause = Duration::from_millis(20);
    let wait = tokio::time::sleep(Duration::from_secs(alone));
    let before = beside(&client, 4, pause, wait).await;
    let mut poisoner = client.clone();
    let started = Instant::now();
    let poisoning = async {
        let poison = deeds::file("abort").bytes.to_vec();
        for _ in 0..times {
            let result = ask(&mut poisoner, poison.clone()).await.unwrap();
            assert_eq!(said(&result), (Verdict::Reject, vec!["FILE_UNPROCESSABLE".to_owned()]));
        }
    };
    let after = beside(&client, 4, pause, poisoning).await;
    let counts = judge.counts();
    println!("poison {times} times in {:?}: {counts:?}", started.elapsed());
    for (when, took) in [("without", &before), ("with", &after)] {
        let (middle, p99) = (percentile(took, 50), percentile(took, 99));
        println!("{when} poison: {} calls, p50 {middle:?}, p99 {p99:?}", took.len());
    }
    assert_eq!(counts.crashed, 2 * times);
    if is_long() && !cfg!(debug_assertions) {
        assert!(percentile(&after, 99) < 2 * percentile(&before, 99));
    }
}

#[test]
fn how_long_a_fresh_process_takes_and_what_a_file_pays_for_going_through_one() {
    use scanvet::intake::{Unlimited, Upload};
    if !is_long() {
        return;
    }
    let program = Program::at(env!("CARGO_BIN_EXE_scanvet"));
    let once = || {
        let judge = Judge::isolated(program.clone(), Settings::default()).unwrap();
        let started = Instant::now();
        judge.start().unwrap();
        started.elapsed()
    };
    let mut starts: Vec<_> = (0..50).map(|_| once()).collect();
    starts.sort();
    println!("ready: p50 {:?}, most {:?}", percentile(&starts, 50), percentile(&starts, 100));
    let rules = support::Asked::slot("id-card-front").rules();
    let apart = Judge::isolated(program, Settings::default()).unwrap();
    let card = image::load_from_memory(&read("testdata/samples/accept-card.jpg")).unwrap();
    let large = card.resize(3000, 3000, image::imageops::FilterType::Triangle).into_rgb8();
    let large = support::encode::jpeg(&large, 90);
    let mut files: Vec<(String, Vec<u8>)> = vec![("a large card".to_owned(), large)];
    files.extend(SAMPLES.map(|name| (name.to_owned(), read(&format!("testdata/samples/{name}")))));
    for (name, bytes) in files {
        let length = bytes.len();
        let upload = Upload { bytes: bytes.into(), declared_media_type: None };
        let time = |judge: &Judge| {
            let started = Instant::now();
            judge.validate(&upload, &rules, Default::default(), &mut Unlimited).unwrap();
            started.elapsed()
        };
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for _ in 0..60 {
            here.push(time(&Judge::here()));
            there.push(time(&apart));
        }
        here.sort();
        there.sort();
        let (here, there) = (percentile(&here, 50), percentile(&there, 50));
        println!("{name}, {length} bytes: here {here:?}, apart {there:?}");
    }
}
