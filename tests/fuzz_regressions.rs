//! What the fuzzers found once goes through the same doors again; and seeds are written for them.
#![allow(clippy::print_stdout, reason = "who runs it wants to see the figures")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "support/mutants.rs"]
mod broken;
#[path = "../fuzz/doors.rs"]
mod doors;
mod support;

use std::fs;

use scanvet::rules::{archive, embedded_packs};
use support::{files, read, root};

#[test]
fn nothing_that_was_found_once_is_found_again() {
    for (name, door) in doors::DOORS {
        for path in files(&format!("fuzz/regressions/{name}")) {
            println!("{path}");
            door(&read(&path));
        }
    }
}

#[test]
fn every_door_has_its_target_and_bears_what_is_sound() {
    for (name, door) in doors::DOORS {
        assert!(root().join(format!("fuzz/fuzz_targets/{name}.rs")).exists(), "{name}");
        for seed in seeds(name) {
            door(&seed);
        }
    }
    let targets = files("fuzz/fuzz_targets").len();
    assert_eq!(targets, doors::DOORS.len());
}

/// Mutants of the seeds, without the guidance that a fuzzer has: some, or with `SCANVET_LONG` ten
/// thousand a door. One that makes a door fall over is kept.
#[test]
fn no_mutant_of_a_seed_makes_a_door_fall_over() {
    let count = if std::env::var_os("SCANVET_LONG").is_some() { 10_000 } else { 12 };
    let chosen = std::env::var("DOOR").unwrap_or_default();
    for (name, door) in doors::DOORS.iter().filter(|(name, _)| name.contains(&chosen)) {
        let seeds = seeds(name);
        let started = std::time::Instant::now();
        for number in 0..count {
            let seed = &seeds[number % seeds.len()];
            let bytes = broken::mutant(seed, 100 + number as u64);
            let fell = std::panic::catch_unwind(|| door(&bytes)).is_err();
            if fell {
                let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
                fs::write(folder.join(format!("{name}-{number}")), &bytes).unwrap();
            }
            assert!(!fell, "{name}, mutant {number}, is kept");
        }
        println!("{name}: {count} mutants in {:?}", started.elapsed());
    }
}

/// Small sound inputs of a target.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let starts = |start: &str| -> Vec<Vec<u8>> {
        let seeds = broken::seeds().into_iter();
        seeds
            .filter(|seed| seed.name.to_lowercase().starts_with(start))
            .map(|it| it.bytes)
            .collect()
    };
    match name {
        "intake" => broken::seeds().into_iter().map(|seed| seed.bytes).collect(),
        "packs" => embedded_packs()
            .into_iter()
            .filter(|(file, _)| file.contains("provinces/") || file == "base.toml")
            .map(|(_, text)| text.into_bytes())
            .collect(),
        "archived" => vec![
            archive(&embedded_packs()).expect("the packs are sound").into_bytes(),
            br#"{"base.toml":{"version":"1","vocabulary":{},"checks":{}}}"#.to_vec(),
        ],
        "messages" => vec![
            b"\x0a\x02\x08\x01\x12\x03abc".to_vec(),
            br#"{"file":"a.jpg","verdict":"VERDICT_ACCEPT","detected":{"sizeBytes":"9"}}"#.to_vec(),
        ],
        "labels" => {
            vec![b"file,slot,profile,verdict,reasons,absent,note\na.jpg,,,ACCEPT,,,\n".to_vec()]
        }
        format => starts(format),
    }
}

/// `SCANVET_SEEDS=fuzz/corpus cargo test --test fuzz_regressions` writes the seeds there, a folder a
/// target, where `cargo fuzz run` looks for them.
#[test]
fn seeds_are_written_where_that_is_asked_for() {
    let Some(folder) = std::env::var_os("SCANVET_SEEDS") else {
        return;
    };
    for (name, _) in doors::DOORS {
        let folder = root().join(&folder).join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds(name).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
    }
}
