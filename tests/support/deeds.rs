//! Worker processes that do to themselves what a comment in the file tells them to do, inside the real
//! sandbox: the test program itself is the worker.
//!
//! A test program that uses this has a test of the name `acts_as_worker` that calls [`act_as_worker`].
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{self, Options, Report, Witness};
use scanvet::rules::RuleSet;
use scanvet::verdict::Verdict;
use scanvet::worker::{Judge, Limits, Program, Settings, child};

use super::{Asked, read};

/// Says to this program that it is to be a worker.
const ACTS: &str = "SCANVET_TEST_ACTS_AS_WORKER";

/// Standard output is the test harness's own, so the frames go another way.
pub const SCRIPT: &str = r#"export SCANVET_TEST_ACTS_AS_WORKER="$2 $4"
exec "$0" --exact acts_as_worker --nocapture 3>&1 >/dev/null"#;

/// This program as a worker that obeys.
pub fn program() -> Program {
    let own = std::env::current_exe().unwrap();
    Program::with("/bin/sh", ["-c".into(), SCRIPT.into(), own.into_os_string()])
}

/// Judges by workers that obey.
pub fn judge(settings: Settings) -> Judge {
    Judge::isolated(program(), settings).unwrap()
}

/// The rules that every file here is judged by.
pub static RULES: LazyLock<RuleSet> = LazyLock::new(|| Asked::slot("id-card-front").rules());

/// A good picture that says in a comment what it does to its reader.
pub fn file(deed: &str) -> Upload {
    let mut bytes = read("testdata/samples/accept-card.jpg");
    let comment = format!("do:{deed};");
    let mut segment = vec![0xFF, 0xFE];
    segment.extend(u16::try_from(comment.len() + 2).unwrap().to_be_bytes());
    segment.extend(comment.as_bytes());
    bytes.splice(2..2, segment);
    Upload { bytes: bytes.into(), declared_media_type: None }
}

fn deed(upload: &Upload) -> String {
    let text = String::from_utf8_lossy(&upload.bytes[..upload.bytes.len().min(100)]).into_owned();
    let deed = text.split_once("do:").and_then(|(_, rest)| rest.split_once(';'));
    deed.map(|(deed, _)| deed.to_owned()).unwrap_or_default()
}

/// Tells what the header says, and dies.
struct DiesAtDecoding<'a>(&'a File);

impl Witness for DiesAtDecoding<'_> {
    fn sniffed(&mut self, so_far: &Verdict) {
        let told = serde_json::to_vec(&Report::of(so_far)).unwrap();
        self.0.write_all(&frame(5, &told)).unwrap();
        std::process::abort();
    }
}

pub fn frame(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind];
    frame.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    frame.extend(content);
    frame
}

#[allow(unconditional_recursion, reason = "a stack that overflows is what is wanted")]
fn overflow(depth: u64) -> u64 {
    std::hint::black_box(depth) + overflow(std::hint::black_box(depth + 1))
}

/// Others may wake it.
fn sleep(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        thread::park_timeout(end.saturating_duration_since(Instant::now()));
    }
}

const NO_READINGS: &str = r#"{"readings":[],"pages":1,"width":900,"height":900,"has_gps":false}"#;

fn act(deed: &str, upload: &Upload, mut output: &File) {
    match deed.split_once(' ').unwrap_or((deed, "")) {
        ("abort", _) => std::process::abort(),
        ("overflow", _) => {
            std::hint::black_box(overflow(0));
        }
        ("panic", _) => panic!("on purpose"),
        ("memory", _) => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(std::hint::black_box(vec![1u8; 16 << 20]));
            }
        }
        ("hang", _) => loop {
            std::hint::spin_loop();
        },
        // No call for it is left but the one by which threads wait for each other.
        ("sleep", millis) => sleep(Duration::from_millis(millis.parse().unwrap())),
        // Refused with an error: a library asks for one that it can live without.
        ("read", path) => assert!(File::open(path).is_err()),
        // Each of these ends the process, or it gives a verdict.
        ("create", path) => drop(File::create(path)),
        ("append", path) => drop(File::options().append(true).open(path)),
        ("remove", path) => drop(std::fs::remove_file(path)),
        ("list", path) => drop(std::fs::read_dir(path)),
        ("stat", path) => drop(std::fs::metadata(path)),
        ("socket", _) => drop(std::net::UdpSocket::bind("127.0.0.1:0")),
        ("connect", address) => drop(std::net::TcpStream::connect(address)),
        ("listen", _) => drop(std::net::TcpListener::bind("127.0.0.1:0")),
        ("local", path) => drop(std::os::unix::net::UnixStream::connect(path)),
        ("exec", program) => drop(Command::new(program).spawn()),
        ("replace", program) => {
            let _ = std::os::unix::process::CommandExt::exec(&mut Command::new(program));
        }
        ("descriptors", _) => {
            let mut leaked: Vec<OwnedFd> = Vec::new();
            loop {
                leaked.push(output.as_fd().try_clone_to_owned().unwrap());
            }
        }
        ("kill", process) => {
            let process = rustix::process::Pid::from_raw(process.parse().unwrap()).unwrap();
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
        ("dumpable", _) => {
            let dumpable = rustix::process::DumpableBehavior::Dumpable;
            let _ = rustix::process::set_dumpable_behavior(dumpable);
        }
        // What a program may do all the same.
        ("thread", _) => thread::spawn(|| ()).join().unwrap(),
        ("variables", known) => {
            let known: Vec<&str> = known.split(',').collect();
            assert!(std::env::vars().all(|(name, _)| known.contains(&&*name)));
        }
        ("aside", _) => {
            for _ in 0..1024 {
                let _ = io::stderr().write_all(&[b'x'; 1 << 20]);
            }
        }
        ("gigabyte", _) => {
            for _ in 0..1024 {
                output.write_all(&[0xEE; 1 << 20]).unwrap();
            }
        }
        ("garbage", _) => output.write_all(&[0xEE; 4096]).unwrap(),
        ("giant", _) => output.write_all(&[7, 0xFF, 0xFF, 0xFF, 0x7F]).unwrap(),
        ("foreign", _) => output.write_all(&frame(4, &[0; 100])).unwrap(),
        ("flood", _) => loop {
            output.write_all(&frame(5, NO_READINGS.as_bytes())).unwrap();
        },
        ("trickle", _) => {
            output.write_all(&[7, 0, 0, 1, 0]).unwrap();
            loop {
                output.write_all(b" ").unwrap();
                sleep(Duration::from_millis(5));
            }
        }
        ("lie", _) => {
            let answer = format!("{{\"report\":{NO_READINGS},\"look\":null}}");
            output.write_all(&frame(7, answer.as_bytes())).unwrap();
            sleep(Duration::from_secs(5));
        }
        ("decoding", _) => {
            let mut dies = DiesAtDecoding(output);
            let options = Options::default();
            let _ = pipeline::validate_before(upload, &RULES, options, &mut Unlimited, &mut dies);
        }
        _ => {}
    }
}

/// The worker; nothing where this program was not started to be one.
pub fn act_as_worker() {
    let Ok(limits) = std::env::var(ACTS) else {
        return;
    };
    let (address_space, cpu_seconds) = limits.split_once(' ').unwrap();
    let limits = Limits {
        address_space: address_space.parse().unwrap(),
        cpu_seconds: cpu_seconds.parse().unwrap(),
    };
    let input = File::from(io::stdin().as_fd().try_clone_to_owned().unwrap());
    let output = File::options().write(true).open("/proc/self/fd/3").unwrap();
    let aside = output.try_clone().unwrap();
    child::run_on(input, output, limits, move |upload| act(&deed(upload), upload, &aside)).unwrap();
}
