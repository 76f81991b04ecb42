//! Does a service start, load again and stop as its operators are promised?
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests")]

mod service;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use scanvet::grpc::proto;
use service::{Service, is_long, reason, sample, validate};
use tonic::Code;

/// Exit status and both outputs of `scanvet serve` with these arguments.
fn scanvet(arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanvet"));
    let output = command.arg("serve").args(arguments).envs(variables.iter().copied()).output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
}

/// Calls without end from so many callers while a server drains: what was begun before it told that
/// it stops must be answered.
async fn stop_under_load(callers: usize) -> (usize, usize) {
    let mut service = Service::start(&["--config", &quick_drain()]);
    let picture = Arc::new(sample("accept-card.jpg"));
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut tasks = Vec::new();
    for _ in 0..callers {
        let mut client = service.client().await;
        let (picture, stop, answered) = (picture.clone(), stop.clone(), answered.clone());
        tasks.push(tokio::spawn(async move {
            let mut lost = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                match validate(&mut client, picture.to_vec()).await {
                    Ok(_) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                    // Refused before it was begun: another server takes it.
                    Err(status) if was_never_begun(&status) => break,
                    Err(status) => {
                        lost.push(status.to_string());
                        break;
                    }
                }
            }
            lost
        }));
    }
    while answered.load(Ordering::Relaxed) < 2 * callers {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    service.signal("TERM");
    let status = tokio::task::spawn_blocking(move || (service.ended(), service));
    let (status, service) = status.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let mut lost = 0;
    for task in tasks {
        let of_one = task.await.unwrap();
        of_one.iter().for_each(|fault| println!("lost: {fault}"));
        lost += of_one.len();
    }
    assert!(status.success(), "{status}: {}", service.log());
    (answered.load(Ordering::Relaxed), lost)
}

/// An answer of ours, or the transport's word that the call has not left the caller: hyper drops a
/// request with these words that still waits for its connection.
fn was_never_begun(status: &tonic::Status) -> bool {
    let is_ours = status.code() == Code::Unavailable && !status.details().is_empty();
    let mut sources = std::iter::successors(std::error::Error::source(status), |it| it.source());
    is_ours
        || sources.any(|source| source.to_string().contains("connection closed"))
        || status.code() == Code::Unavailable && status.message().contains("connect error")
}

fn quick_drain() -> String {
    let path = std::env::temp_dir().join(format!("scanvet-drain-{}.toml", std::process::id()));
    std::fs::write(&path, "[serve]\nnotice_seconds = 0\ndrain_seconds = 20\n").unwrap();
    path.to_string_lossy().into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_under_way_fails_when_the_service_is_told_to_stop() {
    let rounds = if is_long() { 20 } else { 2 };
    for round in 0..rounds {
        let (answered, lost) = stop_under_load(8).await;
        println!("stop {round}: {answered} answered, {lost} lost");
        assert_eq!(lost, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_tells_at_once_that_a_service_stops_and_a_second_signal_ends_it() {
    let mut service = Service::start(&[]);
    let mut client = service.client().await;
    // A stream that stays open holds the drain up.
    let (_sender, receiver) = tokio::sync::mpsc::channel::<proto::UploadAndValidateFileRequest>(1);
    let open = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let open = tokio::spawn(async move { client.upload_and_validate_file(open).await });
    assert_eq!(service.admin("/readyz"), (200, "ready\n".to_owned()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    service.signal("TERM");
    service.logs("draining");
    assert!(!scanvet::grpc::probe(&service.uri).await.unwrap());
    assert_eq!(service.admin("/readyz").0, 503);
    assert_eq!(service.admin("/livez").0, 200);
    let begun = Instant::now();
    service.signal("TERM");
    assert_eq!(service.ended().code(), Some(1), "{}", service.log());
    assert!(begun.elapsed() < Duration::from_secs(8), "it waits for nothing");
    assert!(open.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_loaded_again_on_a_signal_and_broken_ones_leave_the_old_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scanvet.toml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write("");
    let service = Service::start(&["--config", path.to_str().unwrap()]);
    let mut client = service.client().await;
    let picture = sample("accept-card.jpg");
    let judged = validate(&mut client, picture.clone()).await.unwrap();
    let old = judged.provenance.unwrap().ruleset_digest;
    // No file may be as large as this one any more.
    write("[ceilings.\"file.size\"]\nbelow_bytes = 1000\n");
    service.signal("HUP");
    service.logs("\"message\":\"loaded\"");
    let judged = validate(&mut client, picture.clone()).await.unwrap();
    assert_eq!(judged.findings[0].reason, "FILE_TOO_LARGE");
    let new = judged.provenance.unwrap().ruleset_digest;
    assert_ne!(new, old);
    assert!(service.metrics().contains(&format!("digest=\"{new}\"")), "{}", service.metrics());
    for broken in ["[ceilings.\"file.size\"]\nno_such_limit = 1\n", "[serve]\nqeue = 3\n", "[["] {
        write(broken);
        let before = service.metric(KEPT);
        service.signal("HUP");
        while service.metric(KEPT) == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let judged = validate(&mut client, picture.clone()).await.unwrap();
        assert_eq!(judged.provenance.unwrap().ruleset_digest, new, "{broken}");
    }
    assert!(service.log().contains("what was in force stays"));
    assert!(service.log().contains("qeue"), "the fault names the key: {}", service.log());
}

const KEPT: &str = r#"scanvet_reloads_total{what="configuration",outcome="kept-old"}"#;

#[test]
fn settings_come_from_the_file_then_the_environment_then_flags() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scanvet.toml");
    std::fs::write(&path, "[serve]\nworkers = 3\nqueue = 5\nmax_deadline_seconds = 4\n").unwrap();
    let file = ["--config", path.to_str().unwrap(), "--print-config"];
    let variables = [("SCANVET_SERVE__QUEUE", "6"), ("SCANVET_SERVE__WORKERS", "7")];
    let (status, text) = scanvet(&[&file[..], &["--workers", "8"]].concat(), &variables);
    assert_eq!(status, 0, "{text}");
    for line in ["workers = 8", "queue = 6", "max_deadline_seconds = 4", "drain_seconds = 30"] {
        assert!(text.lines().any(|known| known == line), "{line} in {text}");
    }
    // What is printed is a configuration file.
    std::fs::write(&path, &text).unwrap();
    let (status, again) = scanvet(&file, &[]);
    assert_eq!((status, again), (0, text));
}

#[test]
fn a_configuration_is_checked_without_serving_and_faults_name_where_they_are() {
    let (status, text) = scanvet(&["--check-config"], &[]);
    assert_eq!((status, &*text), (0, "the configuration is sound\n"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scanvet.toml");
    for (broken, told) in [
        ("[serve]\nqeue = 3\n", "qeue"),
        ("[serve]\nqueue = \"many\"\n", "line 2"),
        ("[ceilings.\"file.size\"]\nno_such_limit = 1\n", "no_such_limit"),
        ("[serve.audit]\nfile = \"/no/such/folder/audit\"\n", "serve.audit.file"),
        ("[serve.traces]\nendpoint = \"no uri\"\n", "serve.traces.endpoint"),
        ("[serve]\ncontent_prefixes = [\"scans/\"]\n", "scans/"),
    ] {
        std::fs::write(&path, broken).unwrap();
        let (status, text) = scanvet(&["--config", path.to_str().unwrap(), "--check-config"], &[]);
        assert_eq!(status, 2, "{broken}: {text}");
        assert!(text.contains(told), "{broken}: {text}");
    }
    let (status, text) = scanvet(&["--check-config"], &[("SCANVET_SERVE__QEUE", "3")]);
    assert_eq!(status, 2);
    assert!(text.contains("SCANVET_SERVE__QEUE"), "{text}");
}

#[tokio::test]
async fn a_stopped_service_refuses_in_words_of_its_own() {
    let mut service = Service::start(&[]);
    let mut client = service.client().await;
    let (_sender, receiver) = tokio::sync::mpsc::channel::<proto::StreamValidateFilesRequest>(1);
    let open = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut answers = client.stream_validate_files(open).await.unwrap().into_inner();
    service.signal("TERM");
    let status = answers.message().await.unwrap_err();
    assert_eq!((status.code(), &*reason(&status)), (Code::Unavailable, "DRAINING"));
    assert!(service.ended().success());
}
