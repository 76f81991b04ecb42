//! Does judging apart leave anything behind: a process, a descriptor?
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use scanvet::intake::{Budget, Unlimited, Upload};
use scanvet::pipeline::Options;
use scanvet::worker::{Judge, Program, Settings};
use support::{Asked, read};

/// Processes that this one has started, ended ones that nobody has waited for included.
fn children() -> Vec<String> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let stat = fs::read_to_string(entry.unwrap().path().join("stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        (rest.split(' ').nth(2)? == own).then_some(stat)
    });
    processes.collect()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Leaves after some time.
struct Leaving(Instant);

impl Budget for Leaving {
    fn expired(&mut self) -> bool {
        Instant::now() >= self.0
    }
}

/// The only test of this program, as it counts all of its processes.
#[test]
fn no_process_and_no_descriptor_is_left_behind() {
    let program = Program::at(env!("CARGO_BIN_EXE_scanvet"));
    let settings = Settings { processes: 2, recycle_files: 2, ..Settings::default() };
    let judge = Judge::isolated(program, settings).unwrap();
    let rules = Asked::default().rules();
    let bytes = read("testdata/samples/accept-form.jpg");
    let upload = Upload { bytes: bytes.into(), declared_media_type: None };
    let before = descriptors();
    for round in 0..12 {
        let mut leaving = Leaving(Instant::now() + Duration::from_millis(5 * round));
        // Some leave early and have their process ended, some stay.
        let _ = judge.validate(&upload, &rules, Options::default(), &mut leaving);
        judge.validate(&upload, &rules, Options::default(), &mut Unlimited).unwrap();
        assert_eq!(children().len(), judge.waiting().len(), "{:?}", children());
        assert_eq!(descriptors(), before + 3 * judge.waiting().len());
    }
    judge.start().unwrap();
    assert!(judge.counts().started > 6 && !children().is_empty());
    drop(judge);
    assert_eq!(children(), Vec::<String>::new());
    assert_eq!(descriptors(), before);
}
