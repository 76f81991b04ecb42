//! Any folder of files, judged as a service judges them: a table of what became of each format.
//!
//! `SCANVET_CORPUS=/folder SCANVET_PROGRAM=target/release/scanvet cargo test --test corpus -- --nocapture`
//! Without the variable it runs over sound files, all of which must be decoded.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "who runs the long forms wants to see the figures")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/mutants.rs"]
mod broken;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use support::{Asked, codes, said};

const ASKING: usize = 2;

/// Larger files are refused by their size whatever they are.
const MOST_BYTES: u64 = 64 << 20;

/// What became of the files of one format.
#[derive(Default)]
struct Row {
    files: usize,
    decoded: usize,
    decisions: BTreeMap<&'static str, usize>,
    reasons: BTreeMap<&'static str, usize>,
}

fn below(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let entry = entry.unwrap();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            below(&entry.path(), into);
        } else if kind.is_file() {
            into.push(entry.path());
        }
    }
}

/// A file by its name, read when its turn comes.
type Source = (String, Box<dyn Fn() -> Vec<u8> + Sync>);

fn sources() -> Vec<Source> {
    if let Some(folder) = std::env::var_os("SCANVET_CORPUS") {
        let mut paths = Vec::new();
        below(Path::new(&folder), &mut paths);
        paths.sort();
        let small = |path: &PathBuf| path.metadata().is_ok_and(|it| it.len() <= MOST_BYTES);
        return paths
            .into_iter()
            .filter(small)
            .map(|path| {
                let name = path.display().to_string();
                let bytes = move || std::fs::read(&path).unwrap_or_default();
                (name, Box::new(bytes) as Box<_>)
            })
            .collect();
    }
    let sound = broken::seeds().into_iter();
    sound
        .map(|seed| (seed.name.to_owned(), Box::new(move || seed.bytes.clone()) as Box<_>))
        .collect()
}

#[test]
fn every_file_of_a_folder_gets_a_verdict_in_time_and_what_became_of_them_is_told() {
    let (judge, rules, sources) = (apart::judge(ASKING), Asked::default().rules(), sources());
    let next = AtomicUsize::new(0);
    let rows: Mutex<BTreeMap<&str, Row>> = Mutex::default();
    let (faults, longest) = (Mutex::new(Vec::new()), Mutex::new(Duration::ZERO));
    std::thread::scope(|scope| {
        for _ in 0..ASKING {
            scope.spawn(|| {
                while let Some((name, bytes)) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (verdict, elapsed) = apart::ask(&judge, &rules, bytes());
                    let mut rows = rows.lock().unwrap();
                    let row =
                        rows.entry(verdict.detected.media_type.unwrap_or("none")).or_default();
                    row.files += 1;
                    row.decoded += usize::from(verdict.detected.pages > 0);
                    *row.decisions.entry(verdict.decision.word()).or_insert(0) += 1;
                    for code in codes(&verdict) {
                        *row.reasons.entry(code).or_insert(0) += 1;
                    }
                    drop(rows);
                    let mut longest = longest.lock().unwrap();
                    *longest = elapsed.max(*longest);
                    let fell = apart::fell_over(&verdict) || apart::was_ended(&verdict);
                    if fell || elapsed >= apart::LONGEST {
                        let fault = format!("{name}: {elapsed:?} {}", said(&verdict));
                        faults.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    let rows = rows.into_inner().unwrap();
    for (format, row) in &rows {
        let share = 100.0 * row.decoded as f64 / row.files as f64;
        println!("{format}: {} files, {share:.1} % decoded, {:?}", row.files, row.decisions);
        println!("    {:?}", row.reasons);
    }
    let answered: usize = rows.values().map(|row| row.files).sum();
    let (longest, faults) = (longest.into_inner().unwrap(), faults.into_inner().unwrap());
    println!(
        "{answered} files, longest {longest:?}, {:?}, {} fell over",
        judge.counts(),
        faults.len()
    );
    assert!(!sources.is_empty() && answered == sources.len());
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
    if std::env::var_os("SCANVET_CORPUS").is_none() {
        let decoded: usize = rows.values().map(|row| row.decoded).sum();
        assert_eq!(decoded, answered, "sound files are decoded");
    }
}
