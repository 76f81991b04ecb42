//! Clients in other languages get the answer that the command line gives.
//!
//! Needs `python3` with the packages of `tests/requirements.txt` on the path and, for Node, `npm ci` in
//! `clients/node`, as `.ci/run` sets them up; where they are not installed each test says so and passes,
//! unless `SCANVET_CI_TOOLS` is set.

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
        skip(&format!("`{program} {}` does not work here", arguments.join(" ")));
    }
    found
}

/// Says what is not tested, where that is no failure.
fn skip(why: &str) {
    assert!(std::env::var_os("SCANVET_CI_TOOLS").is_none(), "{why}");
    eprintln!("skipped: {why}");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command to its end and shows what it said if it failed.
fn succeeds(command: &mut Command) {
    let output = command.env("SCANVET", env!("CARGO_BIN_EXE_scanvet")).output().expect("it runs");
    let told = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&told));
}

fn sample(name: &str) -> PathBuf {
    root().join("testdata/samples").join(name)
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
            .arg(root().join("tests/clients/call.py"))
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

#[test]
fn clients_carry_true_copies_of_what_is_published() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect("a file");
    for (published, copies) in [
        ("service_config.json", &["clients/python/src/scanvet", "clients/node"][..]),
        ("proto/scanvet/v1/scanvet.proto", &["clients/node/proto/scanvet/v1"][..]),
    ] {
        let name = published.rsplit('/').next().expect("a name");
        for folder in copies {
            let copy = format!("{folder}/{name}");
            assert!(read(&copy) == read(published), "run `cp {published} {copy}`");
        }
    }
}

#[test]
fn the_published_service_config_repeats_only_what_the_server_asks_to_be_repeated() {
    let text = std::fs::read_to_string(root().join("service_config.json")).expect("a file");
    let config: Value = serde_json::from_str(&text).expect("JSON");
    let methods = config["methodConfig"].as_array().expect("a list");
    for method in methods {
        assert_eq!(method["name"][0]["service"], SERVICE);
        let named = method["name"][0].get("method");
        let codes = &method["retryPolicy"]["retryableStatusCodes"];
        match named {
            // Every method without a name of its own; all of them may be repeated.
            None => assert_eq!(codes, &serde_json::json!(["UNAVAILABLE"])),
            Some(name) => assert!(name == "StreamValidateFiles" && codes.is_null(), "{name}"),
        }
        assert!(method.get("hedgingPolicy").is_none());
    }
    assert_eq!(methods.len(), 2);
    let server = Server::start();
    if is_there("grpcurl", &["-version"]) {
        let output = Command::new("grpcurl")
            .args(["-plaintext", &server.address, &format!("{SERVICE}/GetServerInfo")])
            .output()
            .expect("grpcurl runs");
        let info: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        for method in methods {
            let most = method["maxRequestMessageBytes"].as_u64().expect("a number").to_string();
            assert_eq!(info["maxMessageBytes"], most.as_str(), "the server's own bound");
        }
    }
}

#[test]
fn the_python_client_keeps_its_promises() {
    if !is_there("python3", &["-c", "import grpc, google.rpc.status_pb2"]) {
        return;
    }
    let folder = root().join("clients/python");
    succeeds(
        Command::new("python3")
            .args(["-m", "unittest", "discover", "-s", "tests"])
            .current_dir(&folder)
            .env("PYTHONPATH", folder.join("src"))
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
}

#[test]
fn the_node_client_keeps_its_promises() {
    let folder = root().join("clients/node");
    if !is_there("node", &["--version"]) {
        return;
    }
    let typescript = folder.join("node_modules/typescript/bin/tsc");
    if !typescript.exists() {
        return skip("`npm ci` was not run in clients/node");
    }
    // By name: what a folder means here depends on the version of Node.js.
    let files = std::fs::read_dir(folder.join("test")).expect("a folder");
    let files = files.map(|entry| entry.expect("an entry").path());
    let tests: Vec<PathBuf> =
        files.filter(|path| path.to_string_lossy().ends_with(".test.js")).collect();
    assert_eq!(tests.len(), 3, "{tests:?}");
    succeeds(Command::new("node").arg("--test").args(&tests).current_dir(&folder));
    succeeds(Command::new("node").arg(&typescript).args(["-p", "test"]).current_dir(&folder));
}

#[test]
fn the_examples_for_a_shell_show_every_kind_of_call() {
    for (tool, probe, script) in
        [("grpcurl", "-version", "grpcurl.sh"), ("buf", "--version", "buf-curl.sh")]
    {
        if !is_there("sh", &["-c", "true"]) || !is_there(tool, &[probe]) {
            continue;
        }
        let server = Server::start();
        let side = |name: &str| root().join("testdata/filings").join(name);
        let output = Command::new("sh")
            .arg(root().join("examples").join(script))
            .arg(&server.address)
            .args([side("id-card-front.jpg"), side("id-card-back.jpg")])
            .output()
            .expect("sh runs");
        let (told, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}: {errors}");
        // A file alone and in pieces, both sides, and the filing as a whole.
        assert_eq!(told.matches(r#""verdict": "VERDICT_"#).count(), 5, "{script}");
        for word in ["SERVING", "ValidateFile", "maxFileBytes", "alibaba-2018", "setFindings"] {
            assert!(told.contains(word), "{script}: {word}");
        }
        for word in ["网站", "\"steps\"", "IMAGE_BLURRED"] {
            assert!(told.contains(word), "{script}: {word}");
        }
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
