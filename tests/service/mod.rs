//! What the tests of a running service share: the program, callers, and what they read of it.
#![allow(dead_code, unreachable_pub, reason = "each test takes its part of this")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{self, FileDescriptor, ValidationResult};
use serde_json::Value;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt;

pub type Client = ValidationServiceClient<Channel>;

/// Whether the long forms were asked for: `SCANVET_LONG=1`.
pub fn is_long() -> bool {
    std::env::var_os("SCANVET_LONG").is_some_and(|value| value == "1")
}

/// A running `scanvet serve`, killed when it is dropped.
pub struct Service {
    child: Child,
    pub uri: String,
    admin: String,
    log: Arc<Mutex<String>>,
}

/// Longest that anything here is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

impl Service {
    /// Starts it on ports of its own.
    pub fn start(more: &[&str]) -> Self {
        Self::start_with(more, |command| command)
    }

    pub fn start_with(more: &[&str], with: impl Fn(&mut Command) -> &mut Command) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scanvet"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .args(more)
            .env_remove("RUST_LOG")
            .stderr(Stdio::piped());
        let mut child = with(&mut command).spawn().expect("it starts");
        let log: Arc<Mutex<String>> = Arc::default();
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let mut first = None;
        for line in lines.by_ref().map_while(Result::ok) {
            log.lock().unwrap().push_str(&format!("{line}\n"));
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "serving" {
                first = Some(event);
                break;
            }
        }
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        let Some(first) = first else {
            panic!("it does not serve: {}", log.lock().unwrap());
        };
        let uri = format!("http://{}", first["listen"].as_str().expect("an address"));
        let admin = first["admin"].as_str().expect("an address").to_owned();
        Self { child, uri, admin, log }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub async fn client(&self) -> Client {
        let channel = Endpoint::from_shared(self.uri.clone()).unwrap().connect().await.unwrap();
        Client::new(channel).max_decoding_message_size(64 << 20)
    }

    /// A client that connects when it is used.
    pub fn lazy_client(&self) -> Client {
        Client::new(Endpoint::from_shared(self.uri.clone()).unwrap().connect_lazy())
    }

    /// `TERM`, `HUP`, `KILL`.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// All that it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until `said` stands in the log.
    pub fn logs(&self, said: &str) {
        let begun = Instant::now();
        while !self.log().contains(said) {
            assert!(begun.elapsed() < PATIENCE, "no {said:?} in {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Status and body of a page of the admin port.
    pub fn admin(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.admin).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        (head[9..12].parse().expect("a status"), body.to_owned())
    }

    /// All numbers.
    pub fn metrics(&self) -> String {
        self.admin("/metrics").1
    }

    /// One number; 0 where it is not told.
    pub fn metric(&self, name: &str) -> f64 {
        metric(&self.metrics(), name)
    }

    /// Memory that is resident, in bytes.
    pub fn resident(&self) -> f64 {
        self.metric("process_resident_memory_bytes")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // What has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A configuration file of this text.
pub fn settings(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Its path, for the command line.
pub fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().unwrap()
}

pub fn signal(id: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status();
    assert!(status.unwrap().success());
}

/// The number behind a name with its labels.
pub fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().expect("a number"))
}

pub fn request(content: Vec<u8>) -> proto::ValidateFileRequest {
    let file = FileDescriptor { slot: "id-card-front".to_owned(), ..FileDescriptor::default() };
    proto::ValidateFileRequest { file: Some(file), content, options: None }
}

pub async fn validate(client: &mut Client, content: Vec<u8>) -> Result<ValidationResult, Status> {
    Ok(client.validate_file(request(content)).await?.into_inner().result.unwrap())
}

/// The reason in the ErrorInfo that every error of ours carries.
pub fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.unwrap_or_else(|| panic!("{status:?} carries no ErrorInfo")).reason
}

pub fn sample(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples");
    std::fs::read(folder.join(name)).expect("a sample")
}

/// The smallest of `share` of the times.
pub fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    let at = ((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}
