//! Files a second and waiting times through gRPC, at 1 to 16 callers, beside the engine in one process.
//!
//! `cargo bench --bench load`; `SECONDS=10` makes each row last longer (default 4). Callers share the machine
//! with the service, as nothing else is at hand. Processor time and memory are those of the service and
//! its workers, from `/proc`; elsewhere they are not told.

#![allow(clippy::print_stdout, reason = "it prints a table")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use image::imageops::{self, FilterType};
use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{FileDescriptor, FilingContext, ValidateFileRequest, ValidationOptions};
use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{self, Options};
use scanvet::rules::RuleSet;
use support::photo::Photo;
use support::{Asked, cards, encode, forms};

const CALLERS: [usize; 5] = [1, 2, 4, 8, 16];
/// Of the comparison of costs, interleaved, so that a busy machine slows both sides.
const ROUNDS: usize = 7;
/// Of every file.
const QUALITY: u8 = 90;
/// `/proc` counts processor time in hundredths of a second.
const MS_PER_TICK: f64 = 10.0;

/// One file, as both ways take it.
struct File {
    profile: &'static str,
    slot: &'static str,
    rules: RuleSet,
    bytes: Bytes,
}

fn files() -> Vec<File> {
    let photo = Photo { width: 1000, height: 750, ..Photo::of(3) }.drawn();
    let card = cards::photographed(cards::Side::Portrait, 3);
    let form = forms::WHOLE.drawn(1240).photographed(0.03, 0.7, 5);
    [
        ("alibaba-2018", "verification-photo", photo, (2000, 1500)),
        ("alibaba-2019", "id-card-front", card, (2000, 1500)),
        ("alibaba-2018", "authenticity-form", form, (1240, 1754)),
    ]
    .map(|(profile, slot, picture, (width, height))| {
        let picture = imageops::resize(&picture, width, height, FilterType::CatmullRom);
        let bytes = encode::jpeg(&picture, QUALITY).into();
        File { profile, slot, rules: Asked::profile(profile, slot).rules(), bytes }
    })
    .into()
}

impl File {
    fn judge(&self) {
        let upload = Upload { bytes: self.bytes.clone(), declared_media_type: None };
        pipeline::validate(&upload, &self.rules, Options::default(), &mut Unlimited)
            .expect("nothing stops it");
    }

    fn request(&self) -> ValidateFileRequest {
        let context =
            FilingContext { profile: self.profile.to_owned(), ..FilingContext::default() };
        ValidateFileRequest {
            file: Some(FileDescriptor { slot: self.slot.to_owned(), ..FileDescriptor::default() }),
            content: self.bytes.to_vec(),
            options: Some(ValidationOptions {
                context: Some(context),
                ..ValidationOptions::default()
            }),
        }
    }
}

/// The real program on a free port, stopped when it is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(workers: usize) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_scanvet"))
            .args(["serve", "--listen", "127.0.0.1:0", "--workers", &workers.to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut log = BufReader::new(child.stderr.take().expect("the log is piped"));
        let mut line = String::new();
        log.read_line(&mut line).expect("the server logs");
        let fields: serde_json::Value = serde_json::from_str(&line).expect("a log line is JSON");
        let address = fields["listen"].as_str().expect("the line tells the address").to_owned();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address: format!("http://{address}") }
    }

    /// Processor milliseconds so far, and megabytes held, of the server and its workers.
    fn usage(&self) -> Option<(f64, f64)> {
        let parents: HashMap<u32, u32> = std::fs::read_dir("/proc")
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, stat(pid)?.get(1)?.parse().ok()?)))
            .collect();
        let is_ours = |mut pid: u32| loop {
            if pid == self.child.id() {
                return true;
            }
            match parents.get(&pid) {
                Some(parent) => pid = *parent,
                None => return false,
            }
        };
        let (mut spent, mut held) = (0.0, 0.0);
        for pid in parents.keys().copied().filter(|pid| is_ours(*pid)) {
            spent += spent_by(pid)?;
            held += resident_mb(pid)?;
        }
        Some((spent, held))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The fields of `/proc/PID/stat` behind the name, the state first.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// Processor milliseconds of a process, and of its children that have ended.
fn spent_by(pid: u32) -> Option<f64> {
    let fields = stat(pid)?;
    let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<f64>().unwrap_or(0.0));
    Some(ticks.sum::<f64>() * MS_PER_TICK)
}

fn resident_mb(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1024.0)
}

/// What was seen of a while of work.
struct Seen {
    files_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    refused: usize,
    /// Processor milliseconds a file, and megabytes held at the end.
    cost: Option<(f64, f64)>,
}

impl Seen {
    fn of(mut took: Vec<Duration>, refused: usize, wall: Duration) -> Self {
        assert!(!took.is_empty(), "nothing was judged");
        took.sort();
        let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let files_per_second = took.len() as f64 / wall.as_secs_f64();
        Self { files_per_second, p50_ms: at(0.5), p99_ms: at(0.99), refused, cost: None }
    }

    fn row(&self, workers: usize, callers: &str) {
        let (spent, held) =
            self.cost.map_or(("–".to_owned(), "–".to_owned()), |(spent, held)| {
                (format!("{spent:.1}"), format!("{held:.0}"))
            });
        let Self { files_per_second, p50_ms, p99_ms, refused, .. } = self;
        println!(
            "| {workers} | {callers} | {files_per_second:.1} | {p50_ms:.0} | {p99_ms:.0} | {spent} \
             | {held} | {refused} |"
        );
    }
}

/// The engine alone: so many threads judge one file after the other.
fn embedded(files: &Arc<Vec<File>>, threads: usize, time: Duration) -> Seen {
    let (began, next) = (Instant::now(), AtomicUsize::new(0));
    let before = spent_by(std::process::id());
    let took: Vec<Duration> = std::thread::scope(|scope| {
        let judging: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut took = Vec::new();
                    while began.elapsed() < time {
                        let file = &files[next.fetch_add(1, Ordering::Relaxed) % files.len()];
                        let started = Instant::now();
                        file.judge();
                        took.push(started.elapsed());
                    }
                    took
                })
            })
            .collect();
        judging.into_iter().flat_map(|thread| thread.join().expect("it judges")).collect()
    });
    let count = took.len() as f64;
    let mut seen = Seen::of(took, 0, began.elapsed());
    seen.cost = before.zip(spent_by(std::process::id())).and_then(|(before, after)| {
        Some(((after - before) / count, resident_mb(std::process::id())?))
    });
    seen
}

/// The service: so many callers, each on a connection of its own, ask one file after the other.
fn served(
    runtime: &tokio::runtime::Runtime,
    server: &Server,
    files: &Arc<Vec<File>>,
    callers: usize,
    time: Duration,
) -> Seen {
    let before = server.usage();
    let (began, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let asking: Vec<_> = (0..callers)
        .map(|_| {
            let (files, next) = (Arc::clone(files), Arc::clone(&next));
            let address = server.address.clone();
            runtime.spawn(async move {
                let mut client = ValidationServiceClient::connect(address).await.expect("it is up");
                let (mut took, mut refused) = (Vec::new(), 0);
                while began.elapsed() < time {
                    let file = &files[next.fetch_add(1, Ordering::Relaxed) % files.len()];
                    let started = Instant::now();
                    match client.validate_file(file.request()).await {
                        Ok(_) => took.push(started.elapsed()),
                        Err(_) => refused += 1,
                    }
                }
                (took, refused)
            })
        })
        .collect();
    let (mut took, mut refused) = (Vec::new(), 0);
    for caller in asking {
        let (times, not) = runtime.block_on(caller).expect("it asks");
        took.extend(times);
        refused += not;
    }
    let count = took.len() as f64;
    let mut seen = Seen::of(took, refused, began.elapsed());
    seen.cost = before
        .zip(server.usage())
        .map(|((before, _), (after, held))| ((after - before) / count, held));
    seen
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let seconds = std::env::var("SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4.0);
    let time = Duration::from_secs_f64(seconds);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let files = Arc::new(files());
    // Networks are prepared once, before anything is timed.
    files.iter().for_each(File::judge);
    let sizes: Vec<String> =
        files.iter().map(|file| format!("{} {} kB", file.slot, file.bytes.len() / 1000)).collect();
    println!("{}; {cores} cores; {seconds} s a row\n", sizes.join(", "));
    println!("| workers | callers | files/s | p50 ms | p99 ms | CPU ms/file | MB | refused |");
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    let mut best = Vec::new();
    let mut counts = vec![1, 2, cores];
    counts.sort_unstable();
    counts.dedup();
    for workers in counts {
        embedded(&files, workers, time).row(workers, "embedded");
        let server = Server::start(workers);
        // Workers start with their first file.
        served(&runtime, &server, &files, 2 * workers, time / 4);
        let mut most = 0.0f64;
        for callers in CALLERS {
            let seen = served(&runtime, &server, &files, callers, time);
            seen.row(workers, &callers.to_string());
            most = most.max(seen.files_per_second);
        }
        best.push((workers, most));
    }
    if let [(_, one), (workers, more), ..] = best[..] {
        println!("\n{workers} workers judge {:.2} times as much as one.", more / one);
    }
    let server = Server::start(1);
    served(&runtime, &server, &files, 1, time / 4);
    let rounds: Vec<Option<f64>> = (0..ROUNDS)
        .map(|_| {
            let alone = embedded(&files, 1, time / 2).cost?.0;
            Some(served(&runtime, &server, &files, 1, time / 2).cost?.0 / alone)
        })
        .collect();
    if let Some(ratios) = rounds.into_iter().collect::<Option<Vec<f64>>>() {
        let ratio = median(ratios);
        println!(
            "A file costs the service {ratio:.3} times the processor time that it costs embedded."
        );
    }
}
