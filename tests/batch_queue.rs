//! Does a queue of NATS JetStream lose nothing and repeat nothing, whatever is killed?
//!
//! Needs `nats-server` 2.15 or later on the path, as the packages of `tests/requirements.txt` install
//! it; where it is not installed each test says so and passes. `SCANVET_LONG=1` takes 10,000 items.
#![cfg(feature = "archives")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

mod archive;

use std::fs;
use std::path::Path;
use std::process::Command;

use archive::{
    Running, archive as make, assert_same, by_item, free_port, is_long, is_there, manifest, parts,
    ran, records, scanvet, summary, text, wait_until,
};

/// A server that keeps its state in a folder.
fn nats(port: u16, store: &Path) -> Running {
    let mut command = Command::new("nats-server");
    command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd", &text(store)]);
    let running = Running::start(command);
    wait_until("the queue listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    running
}

fn has_nats() -> bool {
    is_there("nats-server", &["--version"])
}

#[test]
fn nothing_is_lost_or_repeated_when_worker_broker_and_runner_are_killed() {
    if !has_nats() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let count = if is_long() { 10_000 } else { 800 };
    let unit = if is_long() { 50 } else { 20 };
    make(folder.path(), count);
    let csv = text(&manifest(folder.path(), count));
    let always = ["--unit", &unit.to_string(), "--as-of", "2026-11-01", "--no-parquet"];
    let undisturbed = folder.path().join("undisturbed");
    let arguments = ["batch", &csv, "--out", &text(&undisturbed)];
    let (status, said) = ran(&[&arguments[..], &always[..]].concat());
    assert_eq!(status, 0, "{said}");

    let port = free_port();
    let server = format!("nats://127.0.0.1:{port}");
    let store = folder.path().join("store");
    let mut broker = nats(port, &store);
    let out = folder.path().join("out");
    let queue = ["--queue", &server, "--queue-ack-seconds", "2"];
    let runner = || {
        let arguments = ["batch", &csv, "--out", &text(&out), "--queue-role", "fill"];
        Running::start(scanvet(&[&arguments[..], &always[..], &queue[..]].concat()))
    };
    let worker = || {
        let arguments = ["batch", "--out", &text(&out), "--queue-role", "work", "--workers", "1"];
        Running::start(scanvet(&[&arguments[..], &["--no-parquet"], &queue[..]].concat()))
    };
    let mut filling = runner();
    let mut workers = [worker(), worker()];
    let share = |percent: usize| percent * count / unit / 100;
    wait_until("30 % are done", || parts(&out) >= share(30));
    workers[0].kill();
    workers[0] = worker();
    wait_until("60 % are done", || parts(&out) >= share(60));
    broker.kill();
    std::thread::sleep(std::time::Duration::from_secs(1));
    let _broker = nats(port, &store);
    wait_until("80 % are done", || parts(&out) >= share(80));
    filling.kill();
    assert!(!out.join("summary.json").exists(), "the runner was killed before its end");
    let mut filling = runner();
    assert_eq!(filling.end(), 0);
    for worker in &mut workers {
        assert_eq!(worker.end(), 0, "a worker ends with the job");
    }
    let (wanted, found) = (records(&undisturbed), records(&out));
    let ids = by_item(&out).len();
    eprintln!("{count} items: lost {}, repeated {}", count - ids, found.len() - ids);
    assert_eq!((found.len(), ids), (count, count), "lost 0, repeated 0");
    assert_same(&wanted, &found);
    assert_eq!(summary(&out), summary(&undisturbed));
    // The same manifest again: nothing is judged twice.
    let first = out.join("parts/part-0000-00000000.ndjson");
    let written = fs::metadata(&first).unwrap().modified().unwrap();
    assert_eq!(runner().end(), 0);
    assert_eq!(fs::metadata(&first).unwrap().modified().unwrap(), written);
}

#[test]
fn a_process_that_fills_and_works_needs_nobody_else() {
    if !has_nats() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), 60);
    let csv = text(&manifest(folder.path(), 60));
    let port = free_port();
    let _broker = nats(port, &folder.path().join("store"));
    let (plain, queued) = (folder.path().join("plain"), folder.path().join("queued"));
    let (status, said) = ran(&["batch", &csv, "--out", &text(&plain), "--unit", "10"]);
    assert_eq!(status, 0, "{said}");
    let server = format!("nats://127.0.0.1:{port}");
    let arguments = ["batch", &csv, "--out", &text(&queued), "--unit", "10", "--queue", &server];
    let (status, said) = ran(&arguments);
    assert_eq!(status, 0, "{said}");
    assert_same(&records(&plain), &records(&queued));
    assert!(said.contains("60 items: 60 judged"), "{said}");
}

#[test]
fn a_unit_that_kills_its_workers_ends_on_the_dead_letter_list() {
    if !has_nats() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), 20);
    let csv = manifest(folder.path(), 20);
    let port = free_port();
    let _broker = nats(port, &folder.path().join("store"));
    let server = format!("nats://127.0.0.1:{port}");
    let out = folder.path().join("out");
    let queue = ["--queue", &server, "--queue-ack-seconds", "1", "--queue-deliveries", "1"];
    let fill = ["batch", &text(&csv), "--out", &text(&out), "--unit", "10"];
    let mut filling =
        Running::start(scanvet(&[&fill[..], &queue[..], &["--queue-role", "fill"]].concat()));
    wait_until("the job has begun", || out.join("job.json").exists());
    // Both units are taken once, and whoever took them is never heard of again.
    take_and_die(&server, 2);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let work = ["batch", "--out", &text(&out), "--queue-role", "work"];
    let mut working = Running::start(scanvet(&[&work[..], &queue[..]].concat()));
    assert_eq!(filling.end(), 4, "all items are without a verdict");
    assert_eq!(working.end(), 0);
    let dead = fs::read_to_string(out.join("dead-letters.ndjson")).unwrap();
    assert_eq!(dead.lines().count(), 2, "{dead}");
    assert!(dead.contains("\"unit\":\"part-0000-00000001\",\"deliveries\":2"), "{dead}");
    let errors = fs::read_to_string(out.join("errors.ndjson")).unwrap();
    assert_eq!(errors.matches("UNIT_POISONED").count(), 20, "{errors}");
}

/// Takes so many units off the queue and says nothing any more, as a worker that was killed.
fn take_and_die(server: &str, count: usize) {
    use tokio_stream::StreamExt;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(server).await.unwrap();
        let context = async_nats::jetstream::new(client);
        let mut taken = 0;
        while taken < count {
            let Some(Ok(name)) = context.stream_names().next().await else {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            };
            let stream = context.get_stream(&name).await.unwrap();
            type Pull = async_nats::jetstream::consumer::PullConsumer;
            let consumer: Result<Pull, _> = stream.get_consumer("workers").await;
            let Ok(consumer) = consumer else { continue };
            let mut batch = consumer.fetch().max_messages(1).messages().await.unwrap();
            while let Some(Ok(_)) = batch.next().await {
                taken += 1;
            }
        }
    });
}
