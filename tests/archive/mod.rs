//! What the tests on archives share: files made by code, and ways to run the program.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::print_stderr,
    reason = "each test takes its part of this"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Whether the long forms were asked for: `SCANVET_LONG=1`.
pub fn is_long() -> bool {
    std::env::var_os("SCANVET_LONG").is_some_and(|value| value == "1")
}

/// The program with these arguments.
pub fn scanvet(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanvet"));
    command.args(arguments).env_remove("JOB_COMPLETION_INDEX").env_remove("SCANVET_RULES");
    command
}

/// Runs it; its exit status beside what it said.
pub fn ran(arguments: &[&str]) -> (i32, String) {
    let output = scanvet(arguments).output().expect("it starts");
    (status(&output), said(&output))
}

/// Exit status; -1 when it was killed.
pub fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// All that it wrote to both outputs.
pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// A path as text.
pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A sample of the repository.
pub fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").join(name);
    std::fs::read(path).expect("a sample")
}

/// File `number` of an archive made by code: pictures that are judged fast, each of its own bytes, some
/// broken, some of no format.
pub fn small_file(number: usize) -> (String, Vec<u8>) {
    let name = |end: &str| format!("{:02}/item-{number:05}.{end}", number % 17);
    match number % 10 {
        0 => (name("jpg"), format!("no picture, number {number}").into_bytes()),
        1 => {
            let mut bytes = picture(number, image::ImageFormat::Png);
            bytes.truncate(bytes.len() / 2);
            (name("png"), bytes)
        }
        2..=5 => (name("png"), picture(number, image::ImageFormat::Png)),
        _ => (name("jpg"), picture(number, image::ImageFormat::Jpeg)),
    }
}

/// A small picture with some structure that is its own.
fn picture(number: usize, format: image::ImageFormat) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let base = (number % 200) as u8;
    let picture = image::RgbImage::from_fn(48 + (number % 7) as u32, 40, |x, y| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let noise = (state >> 60) as u8;
        let stripe = if (x / 6 + y / 9) % 2 == 0 { 40 } else { 0 };
        image::Rgb([base + noise + stripe, 90 + noise, 255 - base - noise])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("it can be encoded");
    bytes.into_inner()
}

/// An archive of `count` small files in `folder`.
pub fn archive(folder: &Path, count: usize) {
    for number in 0..count {
        let (name, bytes) = small_file(number);
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("it can be written");
    }
}

/// A manifest (CSV) of an archive that was made in `folder`.
pub fn manifest(folder: &Path, count: usize) -> PathBuf {
    let mut rows = "item_id,uri,slot\n".to_owned();
    for number in 0..count {
        let slot = ["id-card-front", "authenticity-form", "supporting-document"][number % 3];
        rows.push_str(&format!("id-{number},{},{slot}\n", small_file(number).0));
    }
    let path = folder.join("manifest.csv");
    std::fs::write(&path, rows).expect("it can be written");
    path
}

/// Every record of results, sorted: the lines as they stand there.
pub fn records(results: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(results.join("parts")).expect("there are parts") {
        let entry = entry.expect("an entry");
        // What a writer left that was killed has a hidden name.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        let name = text(&path);
        let bytes = std::fs::read(&path).expect("a part");
        let bytes = if name.ends_with(".zst") {
            zstd::decode_all(&bytes[..]).expect("it unpacks")
        } else {
            bytes
        };
        let part = String::from_utf8(bytes).expect("records are text");
        assert!(part.ends_with('\n'), "{name} is torn");
        lines.extend(part.lines().map(str::to_owned));
    }
    lines.sort();
    lines
}

/// The same, parsed, by item.
pub fn by_item(results: &Path) -> BTreeMap<String, Value> {
    let lines = records(results);
    let parsed = lines.iter().map(|line| {
        let value: Value = serde_json::from_str(line).expect("a record is JSON");
        (value["itemId"].as_str().unwrap_or_default().to_owned(), value)
    });
    parsed.collect()
}

/// The counts of results.
pub fn summary(results: &Path) -> Value {
    let bytes = std::fs::read(results.join("summary.json")).expect("there is a summary");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

/// How many parts there are.
pub fn parts(results: &Path) -> usize {
    let entries = std::fs::read_dir(results.join("parts"));
    entries.map_or(0, |entries| {
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        names.filter(|name| name.to_string_lossy().starts_with("part-")).count()
    })
}

/// Waits until `is` holds, or panics after a minute or ten.
pub fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    let patience = Duration::from_secs(if is_long() { 1800 } else { 120 });
    while !is() {
        assert!(began.elapsed() < patience, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A process that is killed when it is dropped.
pub struct Running(pub Child);

impl Running {
    /// Starts it with its outputs kept in `folder`, so that no pipe can fill up.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if std::env::var_os("SCANVET_SHOW").is_none() {
            command.stderr(Stdio::null());
        }
        Self(command.spawn().expect("it starts"))
    }

    /// Kills it at once: it cannot do anything about it.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Waits for its end.
    pub fn end(&mut self) -> i32 {
        wait_until("it has ended", || self.has_ended());
        self.0.wait().ok().and_then(|status| status.code()).unwrap_or(-1)
    }

    /// Whether it has.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A service on a free port, with these arguments more.
pub fn serve(more: &[&str]) -> (Running, String) {
    serve_with(scanvet(&[&["serve", "--listen", "127.0.0.1:0"], more].concat()))
}

/// The same of a prepared command.
pub fn serve_with(mut command: Command) -> (Running, String) {
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the server starts");
    // Its first log line tells the port.
    let mut log = BufReader::new(child.stderr.take().expect("the log is piped"));
    let mut line = String::new();
    log.read_line(&mut line).expect("the server logs");
    let fields: Value = serde_json::from_str(&line).expect("a log line is JSON");
    let address = fields["listen"].as_str().expect("the line tells the address").to_owned();
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    (Running(child), address)
}

/// Whether a program that the tests use is installed; says so where it is not.
pub fn is_there(program: &str, arguments: &[&str]) -> bool {
    let found = Command::new(program).args(arguments).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        let told = arguments.join(" ");
        eprintln!("skipped: `{program} {told}` does not work here");
    }
    found
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// The largest amount of memory that a process has held, in KiB, as far as was seen until its end.
pub fn peak_of(running: &mut Running) -> u64 {
    let path = format!("/proc/{}/status", running.0.id());
    let mut peak = 0;
    while !running.has_ended() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}

/// Panics with the first difference, not with all of both.
pub fn assert_same(one: &[String], other: &[String]) {
    assert_eq!(one.len(), other.len(), "so many records");
    if let Some((one, other)) = one.iter().zip(other).find(|(one, other)| one != other) {
        let at = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let around = |text: &str| -> String {
            text.chars().skip(at.saturating_sub(300)).take(600).collect()
        };
        panic!("records differ:\n{}\n{}", around(one), around(other));
    }
}
