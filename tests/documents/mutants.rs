//! PDFs that were broken by chance: each gets an answer, soon, and within its memory.

use std::time::Duration;

use crate::support::isolated;
use crate::support::pdf::mutants::{Seed, mutant, seeds};

/// Mutants in all: 150 take some seconds, two thousand (`MUTANTS=2000`) some minutes.
fn mutants() -> usize {
    std::env::var("MUTANTS").map_or(150, |count| count.parse().expect("a number of mutants"))
}

/// Judged in one run of the program.
const AT_ONCE: usize = 25;
/// No file takes longer, from the start of the program to its end.
const LONGEST: Duration = Duration::from_secs(8);
/// Nor do the program and its children hold more for one file, in megabytes.
const MOST_MB: u64 = 600;

/// What is wrong with the answers to a row of mutants. What the row cannot tell is asked of each.
fn wrong(row: &[(String, Vec<u8>)]) -> Vec<String> {
    let run = isolated::check_all(row);
    let answered = run.said.iter().all(Option::is_some) && run.status.is_some();
    if answered && run.elapsed < LONGEST && run.peak_mb < MOST_MB {
        return Vec::new();
    }
    let alone = row.iter().filter_map(|(name, bytes)| {
        let answer = isolated::check(bytes, name);
        let right = answer.is_given() && answer.elapsed < LONGEST && answer.peak_mb < MOST_MB;
        (!right).then(|| {
            keep(name, bytes);
            format!("{name}: {answer:?}")
        })
    });
    let alone: Vec<String> = alone.collect();
    // Together they may take long; but each must have an answer then, too.
    match answered {
        true => alone,
        false => {
            [format!("not all of a row were answered: {run:?}")].into_iter().chain(alone).collect()
        }
    }
}

/// Leaves what failed for somebody to look at.
fn keep(name: &str, bytes: &[u8]) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join(format!("{name}.pdf")), bytes).expect("room for a file");
}

#[test]
fn every_mutant_gets_an_answer_in_time_and_in_memory() {
    let seeds = seeds();
    let all: Vec<(String, Vec<u8>)> = (0..mutants())
        .map(|number| {
            let (name, seed) = &seeds[number % seeds.len()];
            (format!("{name} {number}"), mutant(seed, number as u64))
        })
        .collect();
    let faults: Vec<String> = all.chunks(AT_ONCE).flat_map(wrong).collect();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), all.len(), faults.join("\n"));
}

/// Breaking a file changes it, and the same number breaks it the same way.
#[test]
fn mutants_differ_from_their_seeds_and_are_the_same_each_time() {
    let seeds = seeds();
    assert!(seeds.len() >= 30, "{}", seeds.len());
    let mut changed = 0;
    for (number, (_, seed)) in (0..).zip(&seeds) {
        let one = mutant(seed, number);
        assert_eq!(one, mutant(seed, number));
        changed += usize::from(match seed {
            Seed::Bytes(bytes) => *bytes != one,
            Seed::Objects(pdf) => pdf.write(&Default::default()) != one,
        });
    }
    assert!(changed + 3 >= seeds.len(), "{changed} of {}", seeds.len());
}
