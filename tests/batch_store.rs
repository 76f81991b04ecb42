//! Does an object store hold the same results as a folder, and never a torn one?
//!
//! Needs `moto_server` on the path, as the packages of `tests/requirements.txt` install it: a server
//! process that speaks S3 and enforces conditional writes. Where it is not installed each test says so
//! and passes.
#![cfg(feature = "archives")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

mod archive;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use object_store::{ObjectStore, ObjectStoreExt};
use tokio_stream::StreamExt;

use archive::{
    Running, archive as make, assert_same, free_port, is_there, manifest, ran, records, said,
    scanvet, serve_with, small_file, status, text, wait_until,
};

struct S3 {
    _server: Running,
    port: u16,
    bucket: object_store::aws::AmazonS3,
    runtime: tokio::runtime::Runtime,
}

impl S3 {
    /// A server with one bucket, `scans`; none where it is not installed.
    fn start() -> Option<Self> {
        if !is_there("moto_server", &["--help"]) {
            return None;
        }
        let port = free_port();
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let server = Running::start(command);
        wait_until("the store listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let made = "PUT /scans HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
                    content-length: 0\r\n\r\n";
        stream.write_all(made.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let _ = rustls::crypto::ring::default_provider().install_default();
        let bucket = object_store::aws::AmazonS3Builder::new()
            .with_bucket_name("scans")
            .with_endpoint(format!("http://127.0.0.1:{port}"))
            .with_allow_http(true)
            .with_access_key_id("test")
            .with_secret_access_key("test")
            .with_region("us-east-1")
            .build()
            .unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        Some(Self { _server: server, port, bucket, runtime })
    }

    fn put(&self, key: &str, body: &[u8]) {
        let key = key.into();
        self.runtime.block_on(self.bucket.put(&key, body.to_vec().into())).unwrap();
    }

    fn get(&self, key: &str) -> Vec<u8> {
        let got = async { self.bucket.get(&key.into()).await.unwrap().bytes().await.unwrap() };
        self.runtime.block_on(got).to_vec()
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let mut keys = Vec::new();
        self.runtime.block_on(async {
            let prefix = prefix.into();
            let mut objects = self.bucket.list(Some(&prefix));
            while let Some(object) = objects.next().await {
                keys.push(object.unwrap().location.to_string());
            }
        });
        keys
    }

    /// Every record of results, sorted.
    fn records(&self, results: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for key in self.keys(&format!("{results}/parts")) {
            let part = String::from_utf8(self.get(&key)).unwrap();
            assert!(part.ends_with('\n'), "{key} is torn");
            lines.extend(part.lines().map(str::to_owned));
        }
        lines.sort();
        lines
    }

    fn scanvet(&self, arguments: &[&str]) -> Command {
        scanvet_at(self.port, arguments)
    }
}

/// The program with a store at this port.
fn scanvet_at(port: u16, arguments: &[&str]) -> Command {
    let mut command = scanvet(arguments);
    command
        .env("AWS_ENDPOINT", format!("http://127.0.0.1:{port}"))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1");
    command
}

/// The same archive in a folder and in the bucket; the records that the folder gives.
fn both(store: &S3, folder: &Path, count: usize) -> Vec<String> {
    make(folder, count);
    let csv = manifest(folder, count);
    for number in 0..count {
        let (name, bytes) = small_file(number);
        store.put(&format!("in/{name}"), &bytes);
    }
    store.put("in/manifest.csv", &fs::read(&csv).unwrap());
    let out = folder.join("out");
    let (status, said) = ran(&["batch", &text(&csv), "--out", &text(&out), "--unit", "10"]);
    assert_eq!(status, 0, "{said}");
    records(&out)
}

#[test]
fn two_runners_on_one_share_in_a_bucket_tear_nothing_and_give_what_a_folder_gives() {
    let Some(store) = S3::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let count = if archive::is_long() { 1000 } else { 120 };
    let wanted = both(&store, folder.path(), count);
    let arguments = ["batch", "s3://scans/in/manifest.csv", "--out", "s3://scans/out"];
    let start = || store.scanvet(&[&arguments[..], &["--unit", "10"]].concat());
    let mut runners = [Running::start(start()), Running::start(start())];
    for runner in &mut runners {
        assert_eq!(runner.end(), 0);
    }
    assert_same(&store.records("out"), &wanted);
    assert_eq!(store.keys("out/parts").len(), count / 10);
    assert_eq!(store.keys("out/index").len(), count / 10);
    let summary: serde_json::Value =
        serde_json::from_slice(&store.get("out/summary.json")).unwrap();
    assert_eq!((&summary["complete"], &summary["items"]), (&true.into(), &count.into()));
    // Readings are judged again where they lie.
    let again =
        ["rejudge", "s3://scans/out", "--out", "s3://scans/again", "--diff", "s3://scans/out"];
    let output = store.scanvet(&again).output().unwrap();
    assert_eq!(status(&output), 0, "{}", said(&output));
    assert!(said(&output).contains(&format!("0 of {count} compared items flipped")));
}

#[test]
fn a_prefix_is_listed_once_and_the_list_is_kept() {
    let Some(store) = S3::start() else { return };
    for number in 0..25 {
        let (name, bytes) = small_file(number);
        store.put(&format!("all/{name}"), &bytes);
    }
    store.put("all/empty.jpg", b"");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let arguments = ["batch", "s3://scans/all/", "--out", &text(&out), "--unit", "10"];
    let output = store.scanvet(&arguments).output().unwrap();
    assert_eq!(status(&output), 0, "{}", said(&output));
    let first = records(&out);
    assert_eq!(first.len(), 26);
    assert!(first.iter().any(|line| line.contains("FILE_EMPTY")), "an empty object is an answer");
    // What comes later belongs to another job.
    store.put("all/later.jpg", b"x");
    fs::remove_file(out.join("parts/part-0000-00000001.ndjson")).unwrap();
    let output = store.scanvet(&arguments).output().unwrap();
    assert_eq!(status(&output), 0, "{}", said(&output));
    assert_same(&records(&out), &first);
}

#[test]
fn a_store_that_does_not_answer_for_a_while_is_waited_for() {
    let Some(store) = S3::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let wanted = both(&store, folder.path(), 40);
    // In front of it stands one that says 503 for some seconds.
    let seconds = if archive::is_long() { 30 } else { 3 };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let behind = store.port;
    std::thread::spawn(move || {
        let mut trouble: Option<Instant> = None;
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            if number == 6 {
                trouble = Some(Instant::now());
            }
            if trouble.is_some_and(|began| began.elapsed() < Duration::from_secs(seconds)) {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(
                    b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                );
                continue;
            }
            let Ok(mut to) = TcpStream::connect(("127.0.0.1", behind)) else { return };
            let (Ok(mut from), Ok(mut back)) = (stream.try_clone(), to.try_clone()) else { return };
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut back, &mut stream);
                let _ = stream.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    let arguments = ["batch", "s3://scans/in/manifest.csv", "--out", "s3://scans/slow"];
    let output = scanvet_at(port, &[&arguments[..], &["--unit", "10"]].concat()).output().unwrap();
    assert_eq!(status(&output), 0, "{}", said(&output));
    assert_same(&store.records("slow"), &wanted);
}

#[test]
fn a_redirect_is_never_followed() {
    // What the store would lead to.
    let secret = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = secret.local_addr().unwrap();
    let (asked, was_asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in secret.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = asked.send(());
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\netag: \"x\"\r\n\
                  last-modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nconnection: close\r\n\r\nsecret",
            );
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.read(&mut [0; 4096]);
            let answer = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{target}/secret\r\n\
                 content-length: 0\r\nconnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let serving = ["serve", "--listen", "127.0.0.1:0", "--content-prefix", "s3://scans/"];
    let (_server, address) = serve_with(scanvet_at(port, &serving));
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("m.csv");
    fs::write(&csv, "item_id,uri\na,s3://scans/x.jpg\n").unwrap();
    for more in [&[][..], &["--server", &address, "--by-reference"]] {
        let out = folder.path().join(format!("out-{}", more.len()));
        let always = ["batch", &text(&csv), "--out", &text(&out), "--max-error-share", "1"];
        let output = scanvet_at(port, &[&always[..], more].concat()).output().unwrap();
        assert_eq!(status(&output), 3, "{}", said(&output));
        let errors = fs::read_to_string(out.join("errors.ndjson")).unwrap();
        assert!(errors.contains("\"a\"") && !errors.contains("secret"), "{errors}");
    }
    assert!(was_asked.try_recv().is_err(), "nobody went where the store led");
}
