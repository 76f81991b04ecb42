//! What whoever types or configures sees of worker processes: where files are judged, and what is
//! missing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use support::{isolated, root};

fn scanvet(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanvet"));
    command.args(arguments).current_dir(root()).output().unwrap()
}

fn verdict(output: &Output) -> Value {
    let mut value: Value = serde_json::from_slice(&output.stdout).unwrap();
    for check in value["checks"].as_array_mut().unwrap() {
        check.as_object_mut().unwrap().remove("elapsed");
    }
    value["provenance"].as_object_mut().unwrap().remove("evaluateTime");
    value
}

#[test]
fn check_says_the_same_wherever_it_judges_and_tells_nobody() {
    for file in ["testdata/samples/accept-card.jpg", "testdata/pdf/cairo-dct.pdf"] {
        let of = |isolation: &[&str]| {
            let output = scanvet(&[&["check", "--format", "json", file], isolation].concat());
            assert!(output.stderr.is_empty(), "{output:?}");
            verdict(&output)
        };
        let apart = of(&[]);
        assert_eq!(apart, of(&["--isolation", "process"]));
        assert_eq!(apart, of(&["--isolation", "none"]));
    }
    let help = scanvet(&["--help"]);
    assert!(!String::from_utf8_lossy(&help.stdout).contains("worker"));
}

/// The system calls of a command and all its processes show whether there is a worker; so do its
/// arguments, which the system shows while it runs.
#[test]
fn evaluate_and_batch_take_the_same_flag() {
    let folder = tempfile::tempdir().unwrap();
    let file = root().join("testdata/samples/accept-card.jpg");
    std::fs::copy(file, folder.path().join("card.jpg")).unwrap();
    let labels = folder.path().join("labels.csv");
    let text =
        "file,slot,profile,verdict,reasons,absent,note\ncard.jpg,id-card-front,generic,ACCEPT,,,\n";
    std::fs::write(&labels, text).unwrap();
    for isolation in ["process", "none"] {
        let labels = labels.to_str().unwrap();
        let output = scanvet(&["evaluate", labels, "--isolation", isolation]);
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("1/1"), "{output:?}");
        let input = folder.path().to_str().unwrap();
        let results = folder.path().join(isolation);
        let out = results.to_str().unwrap();
        let output = scanvet(&["batch", input, "--out", out, "--isolation", isolation]);
        assert!(output.status.success(), "{output:?}");
        std::fs::remove_dir_all(results).unwrap();
    }
    let output = scanvet(&["check", "--isolation", "half", "card.jpg"]);
    assert_eq!(output.status.code(), Some(2));
}

/// `scanvet serve` until it is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the service logs until it serves or gives up.
fn serve(arguments: &[&str]) -> (Serving, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_scanvet"))
        .args(["serve", "--listen", "127.0.0.1:0", "--workers", "1"])
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut logged = Vec::new();
    for line in lines.map_while(Result::ok) {
        let serves = line.contains("\"serving\"");
        logged.push(line);
        if serves {
            break;
        }
    }
    (Serving(child), logged)
}

fn config(folder: &Path, text: &str) -> String {
    let path = folder.join("scanvet.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_service_that_must_have_a_sandbox_says_what_is_missing_and_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let required = config(folder.path(), "[serve]\nrequire_sandbox = true\nisolation = \"none\"");
    let by_flags = ["--isolation", "none", "--require-sandbox"];
    for arguments in [&by_flags[..], &["--config", &required]] {
        let (mut serving, logged) = serve(arguments);
        assert_eq!(serving.0.wait().unwrap().code(), Some(2), "{logged:?}");
        let told = logged.join("\n");
        for word in ["require_sandbox", "process needs", "landlock needs", "seccomp needs", "lsm"] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
}

#[test]
fn a_service_without_a_sandbox_warns_and_serves() {
    let (_serving, logged) = serve(&["--isolation", "none"]);
    let warned = logged.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(warned, 4, "{logged:?}");
    assert!(logged.last().unwrap().contains("\"sandbox_layers\":\"\""), "{logged:?}");
}

#[test]
fn a_service_with_its_sandbox_serves_without_a_warning_and_keeps_a_process_to_spare() {
    let (serving, logged) = serve(&["--require-sandbox"]);
    let [line] = &logged[..] else { panic!("{logged:?}") };
    assert!(line.contains("\"sandbox_layers\":\"process,rlimit,landlock,seccomp\""), "{line}");
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while isolated::children(serving.0.id()).len() < 2 {
        assert!(std::time::Instant::now() < end, "no second process");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
