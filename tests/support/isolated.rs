//! The binary, run on one file with a watch beside it: the answer, how long it took, and how much memory
//! it and all its children held.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// After which nobody waits any more.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(4);

/// What became of one file.
#[derive(Debug)]
pub struct Answer {
    /// ACCEPT, REJECT or REVIEW; `None` where the program did not say.
    pub decision: Option<String>,
    /// The reasons.
    pub codes: Vec<String>,
    /// What the program returned; `None` where it was ended by a signal, or by us.
    pub status: Option<i32>,
    /// From start to end.
    pub elapsed: Duration,
    /// The most that the processes held at once, in megabytes; 0 where the system does not tell.
    pub peak_mb: u64,
}

impl Answer {
    /// Whether there is one.
    pub fn is_given(&self) -> bool {
        self.decision.is_some() && matches!(self.status, Some(0 | 1 | 3))
    }

    /// Whether the file passed.
    pub fn accepts(&self) -> bool {
        self.decision.as_deref() == Some("ACCEPT")
    }
}

/// `scanvet check` on one file.
pub fn check(bytes: &[u8], name: &str) -> Answer {
    let Run { mut said, status, elapsed, peak_mb } = check_all(&[(name.to_owned(), bytes)]);
    let (decision, codes) =
        said.pop().flatten().map_or((None, Vec::new()), |said| (Some(said.0), said.1));
    Answer { decision, codes, status, elapsed, peak_mb }
}

/// What became of several files that were judged in one run.
#[derive(Debug)]
pub struct Run {
    /// Decision and reasons for each, where the program said so.
    pub said: Vec<Option<(String, Vec<String>)>>,
    /// What the program returned; `None` where it was ended by a signal, or by us.
    pub status: Option<i32>,
    /// From start to end.
    pub elapsed: Duration,
    /// The most that all processes held at once, in megabytes; 0 where the system does not tell.
    pub peak_mb: u64,
}

/// `scanvet check` on several files, by name and bytes, in a folder of their own.
pub fn check_all(files: &[(String, impl AsRef<[u8]>)]) -> Run {
    let folder = tempfile::tempdir().expect("a folder for a while");
    let path = |name: &str| folder.path().join(format!("{name}.pdf"));
    for (name, bytes) in files {
        fs::write(path(name), bytes).expect("room for a file");
    }
    let said = folder.path().join("said.json");
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_scanvet"))
        .args(["check", "--format", "json"])
        .args(files.iter().map(|(name, _)| path(name)))
        .stdin(Stdio::null())
        .stdout(File::create(&said).expect("room for an answer"))
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let (status, peak_kb) = watched(&mut child, started);
    let elapsed = started.elapsed();
    let lines = fs::read_to_string(&said).unwrap_or_default();
    let said = files.iter().map(|(name, _)| answer(&lines, &path(name))).collect();
    Run { said, status, elapsed, peak_mb: peak_kb >> 10 }
}

/// What was said of a file, in whichever line.
fn answer(lines: &str, path: &Path) -> Option<(String, Vec<String>)> {
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let json = lines.into_iter().find(|json| json["file"].as_str() == path.to_str())?;
    let codes = json["findings"].as_array().into_iter().flatten();
    let codes = codes.filter_map(|finding| Some(finding["reason"].as_str()?.to_owned()));
    Some((json["verdict"].as_str()?.replace("VERDICT_", ""), codes.collect()))
}

/// Waits for the end, and looks at the memory of all processes below while it does.
fn watched(child: &mut Child, started: Instant) -> (Option<i32>, u64) {
    let mut peak_kb = 0;
    loop {
        peak_kb = peak_kb.max(held_kb(child.id()));
        if let Some(status) = child.try_wait().expect("it is our child") {
            return (status.code(), peak_kb);
        }
        if started.elapsed() > PATIENCE {
            child.kill().expect("it is our child");
            child.wait().expect("it is our child");
            return (None, peak_kb);
        }
        thread::sleep(POLL);
    }
}

/// What a process and all below it hold now, or the most that one of them ever held.
fn held_kb(root: u32) -> u64 {
    let (mut sum, mut most) = (0, 0);
    let mut family = vec![root];
    while let Some(process) = family.pop() {
        let folder = format!("/proc/{process}");
        let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
            number.unwrap_or(0u64)
        };
        sum += field("VmRSS:");
        most = most.max(field("VmHWM:"));
        family.extend(children(process));
    }
    most.max(sum)
}

/// Processes that a process has started and that have not ended.
pub fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists = threads
        .map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    let ids = lists.flat_map(|list| {
        list.split_whitespace().filter_map(|id| id.parse::<u32>().ok()).collect::<Vec<_>>()
    });
    ids.collect()
}
