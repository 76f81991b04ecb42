//! How many faults are caught, and how many good pictures are not: for each reason about a document,
//! cards or forms at three strengths of the fault and three amounts that pass.

#![allow(clippy::print_stdout, reason = "the counts are what the test is run for")]

use crate::support;
use crate::support::cases::{CASES, Case, Setting};
use crate::support::{codes, said};
use rayon::prelude::*;
use scanvet::verdict::Decision;

/// Documents for each case: two take most of a minute, the twenty that `docs/accuracy.md` tells of
/// (`PAIRS=20`) ten.
fn pairs() -> u64 {
    std::env::var("PAIRS").map_or(2, |pairs| pairs.parse().expect("a number of pairs"))
}

/// What became of one case: of as many each as there are pairs, by strength.
struct Counts {
    caught: [u64; 3],
    false_alarms: [u64; 3],
    /// Faulty and accepted all the same.
    accepted: u64,
    lines: Vec<String>,
}

fn counts(case: &Case) -> Counts {
    let rules = (case.asked)().rules();
    let mut counts =
        Counts { caught: [0; 3], false_alarms: [0; 3], accepted: 0, lines: Vec::new() };
    let jobs: Vec<(u64, usize)> =
        (0..pairs()).flat_map(|pair| (0..6).map(move |side| (pair, side))).collect();
    let judged: Vec<(u64, usize, bool, bool, String)> = jobs
        .into_par_iter()
        .map(|(pair, side)| {
            let setting = Setting::of(1000 + pair);
            let amount = if side < 3 { case.fails[side] } else { case.passes[side - 3] };
            let verdict = support::judge_by(&rules, &(case.make)(&setting, amount), None);
            let given = codes(&verdict).contains(&case.code);
            let accepted = verdict.decision == Decision::Accept;
            (pair, side, given, accepted, format!("{amount}: {}", said(&verdict)))
        })
        .collect();
    for (pair, side, given, accepted, line) in judged {
        if side < 3 {
            counts.caught[side] += u64::from(given);
            counts.accepted += u64::from(given && accepted);
        } else {
            counts.false_alarms[side - 3] += u64::from(given);
        }
        if given != (side < 3) {
            counts.lines.push(format!("  {} of {} {pair} at {line}", case.code, case.on));
        }
    }
    counts
}

#[test]
fn faults_are_caught_and_good_documents_are_left_alone() {
    // `REASON=GLARE` measures that reason alone.
    let wanted = std::env::var("REASON").unwrap_or_default();
    let counted: Vec<(&Case, Counts)> = CASES
        .par_iter()
        .filter(|case| wanted.is_empty() || wanted.split(',').any(|code| code == case.code))
        .map(|case| (case, counts(case)))
        .collect();
    assert!(!counted.is_empty(), "no case of {wanted}");
    let pairs = pairs();
    let share = |count: u64, of: u64| count as f64 / of as f64;
    let mut wrong = Vec::new();
    println!("{:22} {:24} weak middle strong   false alarms", "reason", "on");
    for (case, counts) in counted {
        let [weak, middle, strong] = counts.caught;
        let caught = weak + middle + strong;
        let false_alarms: u64 = counts.false_alarms.iter().sum();
        println!(
            "{:22} {:24} {weak:4} {middle:6} {strong:6}   {:?} of {pairs} each",
            case.code, case.on, counts.false_alarms
        );
        let bad = share(strong, pairs) < 0.95
            || share(caught, 3 * pairs) < 0.85
            || share(false_alarms, 3 * pairs) > 0.02;
        // A tint is worth a warning and no more.
        let let_through = counts.accepted > 0 && case.code != "COLOUR_CAST";
        if bad || let_through {
            wrong.push(format!("{} on {}: {} accepted", case.code, case.on, counts.accepted));
            wrong.extend(counts.lines.into_iter().take(6));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
