//! Pictures and documents that were broken by chance, judged as a service judges them: each gets a
//! verdict, soon, and brings nothing down.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "who runs the long forms wants to see the figures")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/mutants.rs"]
mod broken;
mod support;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use broken::{mutant, seeds};
use support::{Asked, said};

/// Mutants of each seed: a few of every kind, or those of the long form.
const FEW: u64 = 16;
const MANY: u64 = 2_000;

/// The numbers of the mutants: in the short form every so-manieth cut, and some of the others.
fn numbers() -> Vec<u64> {
    if apart::is_long() {
        return (0..MANY).collect();
    }
    (0..FEW / 4).map(|cut| 100 * cut / (FEW / 4) + 8).chain(100..100 + 3 * FEW / 4).collect()
}

/// Two threads ask, as two cores do.
const ASKING: usize = 2;

#[test]
fn every_mutant_of_every_format_gets_a_verdict_in_time() {
    let (judge, rules, seeds) = (apart::judge(ASKING), Asked::default().rules(), seeds());
    let tasks: Vec<(usize, u64)> = numbers()
        .iter()
        .flat_map(|&number| (0..seeds.len()).map(move |seed| (seed, number)))
        .collect();
    let next = AtomicUsize::new(0);
    let (faults, table) = (Mutex::new(Vec::new()), Mutex::new(BTreeMap::new()));
    let longest = Mutex::new(Duration::ZERO);
    std::thread::scope(|scope| {
        for _ in 0..ASKING {
            scope.spawn(|| {
                while let Some(&(seed, number)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let seed = &seeds[seed];
                    let bytes = mutant(&seed.bytes, number);
                    let (size, kept) = (bytes.len() as u64, bytes.clone());
                    let (verdict, elapsed) = apart::ask(&judge, &rules, bytes);
                    let mut longest = longest.lock().unwrap();
                    *longest = elapsed.max(*longest);
                    let mut table = table.lock().unwrap();
                    *table.entry((seed.name, verdict.decision.word())).or_insert(0) += 1;
                    let right = verdict.detected.size == size
                        && elapsed < apart::LONGEST
                        && !apart::fell_over(&verdict)
                        && !apart::was_ended(&verdict);
                    if !right {
                        keep(seed.name, number, &kept);
                        let said = said(&verdict);
                        let fault = format!("{}, mutant {number}: {elapsed:?} {said}", seed.name);
                        faults.lock().unwrap().push(fault);
                    }
                }
            });
        }
    });
    for ((name, decision), count) in table.into_inner().unwrap() {
        println!("{name:22} {decision:8} {count}");
    }
    println!("{} mutants, longest {:?}, {:?}", tasks.len(), longest.into_inner(), judge.counts());
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), tasks.len(), faults.join("\n"));
}

/// Leaves what failed for somebody to look at.
fn keep(name: &str, number: u64, bytes: &[u8]) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join(format!("{name} {number}")), bytes).unwrap();
}

#[test]
fn mutants_differ_from_their_seeds_and_are_the_same_each_time() {
    let seeds = seeds();
    assert!(seeds.len() >= 12, "{}", seeds.len());
    let (mut changed, mut all) = (0, 0);
    for seed in &seeds {
        for number in numbers().into_iter().take(50) {
            let one = mutant(&seed.bytes, number);
            assert_eq!(one, mutant(&seed.bytes, number));
            changed += usize::from(one != seed.bytes);
            all += 1;
        }
    }
    assert!(changed * 20 >= all * 19, "{changed} of {all}");
}
