//! Clients in other languages get the answer that the command line gives.
//!
//! Needs `python3` with the packages of `tests/requirements.txt` on the path, as `.ci/run` sets them
//! up; where they are not installed each test says so and passes.

#![allow(clippy::print_stderr, reason = "whoever runs the tests must hear what was skipped")]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const SERVICE: &str = "scanvet.v1.ValidationService";

/// A server on a free port, stopped when it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scanvet"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        // Its first log line tells the port.
        let mut log = BufReader::new(child.stderr.take().expect("the log is piped"));
        let mut line = String::new();
        log.read_line(&mut line).expect("the server logs");
        let fields: Value = serde_json::from_str(&line).expect("a log line is JSON");
        let address = fields["listen"].as_str().expect("the line tells the address").to_owned();
        // Keeps the pipe open and empty for as long as the server lives.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_there(program: &str, arguments: &[&str]) -> bool {
    let found = Command::new(program).args(arguments).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: `{program} {}` does not work here", arguments.join(" "));
    }
    found
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").join(name)
}

/// Verdict, reasons and measurements by the command line.
fn checked(file: &Path) -> (String, Vec<Value>, Vec<Value>) {
    let output = Command::new(env!("CARGO_BIN_EXE_scanvet"))
        .args(["check", "--slot", "id-card-front", "--profile", "alibaba-2019"])
        .args(["--format", "json"])
        .arg(file)
        .output()
        .expect("check runs");
    let result: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let each = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let reasons = each(&result["findings"]).iter().map(|found| found["reason"].clone()).collect();
    let measurements = each(&result["checks"])
        .iter()
        .flat_map(|check| each(&check["measurements"]))
        .map(|measured| {
            let value = measured.get("value").cloned().unwrap_or_else(|| 0.0.into());
            Value::Array(vec![measured["name"].clone(), value])
        })
        .collect();
    (result["verdict"].as_str().expect("a verdict").to_owned(), reasons, measurements)
}

#[test]
fn python_gets_the_verdict_and_measurements_that_check_prints() {
    let probe = "import grpc, grpc_reflection";
    if !is_there("python3", &["-c", probe]) {
        return;
    }
    let server = Server::start();
    for name in ["accept-card.jpg", "reject-card-grey.jpg", "reject-text-named.jpg"] {
        let file = sample(name);
        let output = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/call.py"))
            .arg(&server.address)
            .arg(&file)
            .args(["id-card-front", "alibaba-2019"])
            .output()
            .expect("python runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        let answer: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"));
        let (verdict, reasons, measurements) = checked(&file);
        // The command line claims a type by the extension, the call does not; here they agree.
        assert_eq!(answer["verdict"], verdict.as_str(), "{name}");
        assert_eq!(answer["reasons"], Value::Array(reasons), "{name}");
        assert_eq!(answer["measurements"], Value::Array(measurements), "{name}");
    }
}

#[test]
fn grpcurl_lists_the_service_and_validates_a_photo_read_from_standard_input() {
    if !is_there("grpcurl", &["-version"]) {
        return;
    }
    let server = Server::start();
    let grpcurl = |arguments: &[&str], input: &str| {
        let mut child = Command::new("grpcurl")
            .arg("-plaintext")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("grpcurl runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("grpcurl reads");
        drop(stdin);
        let output = child.wait_with_output().expect("grpcurl ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr))
    };
    let address = server.address.as_str();
    let (services, errors) = grpcurl(&[address, "list"], "");
    for service in [SERVICE, "grpc.health.v1.Health"] {
        assert!(services.contains(service), "{services}{errors}");
    }
    let (health, errors) = grpcurl(&[address, "grpc.health.v1.Health/Check"], "");
    assert!(health.contains("SERVING"), "{health}{errors}");

    // Half a megabyte and more: noise does not compress.
    let photo = noisy_photo();
    assert!(photo.len() > 500_000, "{}", photo.len());
    let request =
        format!(r#"{{"file":{{"slot":"id-card-front"}},"content":"{}"}}"#, base64(&photo));
    let method = format!("{SERVICE}/ValidateFile");
    let (answer, errors) = grpcurl(&["-d", "@", address, &method], &request);
    assert!(answer.contains("VERDICT_"), "{answer}{errors}");

    let request = r#"{"file":{"slot":"no-such-slot"}}"#;
    let (_, errors) = grpcurl(&["-d", "@", address, &method], request);
    for word in ["InvalidArgument", "SLOT_UNKNOWN", "file.slot"] {
        assert!(errors.contains(word), "the details are readable: {errors}");
    }
}

/// A picture of noise as a JPEG.
fn noisy_photo() -> Vec<u8> {
    let mut state = 1u64;
    let picture = image::RgbImage::from_fn(1200, 900, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        image::Rgb([(state >> 56) as u8, (state >> 48) as u8, (state >> 40) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("it can be encoded");
    bytes.into_inner()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let sextet = (word >> (18 - 6 * digit)) & 63;
            text.push(if digit > chunk.len() { '=' } else { DIGITS[sextet as usize] as char });
        }
    }
    text
}
