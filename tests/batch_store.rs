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

use archive::{
    Running, archive as make, free_port, is_there, manifest, ran, records, said, scanvet,
    serve_with, small_file, status, text, wait_until,
};

struct S3 {
    _server: Running,
    port: u16,
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
        let store = Self { _server: server, port };
        let (code, body) = store.ask("PUT", "/scans", b"");
        assert_eq!(code, 200, "{}", String::from_utf8_lossy(&body));
        Some(store)
    }

    /// One request; status and body.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        (code, answer[end + 4..].to_vec())
    }

    fn put(&self, key: &str, body: &[u8]) {
        assert_eq!(self.ask("PUT", &format!("/scans/{key}"), body).0, 200);
    }

    fn keys(&self, prefix: &str) -> Vec<String> {
        let (_, body) = self.ask("GET", &format!("/scans?list-type=2&prefix={prefix}"), b"");
        let body = String::from_utf8(body).unwrap();
        body.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    }

    /// Every record of results, sorted.
    fn records(&self, results: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for key in self.keys(&format!("{results}/parts/")) {
            let (code, part) = self.ask("GET", &format!("/scans/{key}"), b"");
            assert_eq!(code, 200);
            let part = String::from_utf8(part).unwrap();
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
    assert_eq!(store.records("out"), wanted);
    assert_eq!(store.keys("out/parts/").len(), count / 10);
    assert_eq!(store.keys("out/index/").len(), count / 10);
    let (_, summary) = store.ask("GET", "/scans/out/summary.json", b"");
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
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
    assert_eq!(records(&out), first);
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
    assert_eq!(store.records("slow"), wanted);
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
