//! How many faults of verification photos are caught, and how many good photos are not: for each
//! reason three strengths of the fault and three amounts that pass.

#![allow(clippy::print_stdout, reason = "the counts are what the test is run for")]

use std::collections::BTreeSet;

use crate::support;
use crate::support::photo::Photo;
use crate::support::photo_cases::{self, PhotoCase, shades};
use crate::support::photo_fixtures::RECIPES;
use crate::support::{Asked, codes, said};
use rayon::prelude::*;
use scanvet::checks;

/// Photos for each case: two by default, twenty for `docs/accuracy.md` (`PAIRS=20`).
fn pairs() -> u64 {
    std::env::var("PAIRS").map_or(2, |pairs| pairs.parse().expect("a number of pairs"))
}

fn known() -> BTreeSet<&'static str> {
    checks::reasons().map(|(reason, _)| reason.code).collect()
}

/// What became of one case: of as many each as there are pairs, by strength.
#[derive(Default)]
struct Counts {
    caught: [u64; 3],
    false_alarms: [u64; 3],
    lines: Vec<String>,
}

fn counts(case: &PhotoCase) -> Counts {
    let rules = (case.asked)().rules();
    let jobs: Vec<(u64, usize)> =
        (0..pairs()).flat_map(|pair| (0..6).map(move |side| (pair, side))).collect();
    let judged: Vec<(u64, usize, bool, String)> = jobs
        .into_par_iter()
        .map(|(pair, side)| {
            let amount = if side < 3 { case.fails[side] } else { case.passes[side - 3] };
            let photo = (case.make)((case.good)(2000 + pair), amount);
            let verdict = support::judge_by(&rules, &photo.jpeg(), None);
            let given = codes(&verdict).contains(&case.code);
            (pair, side, given, format!("{amount}: {}", said(&verdict)))
        })
        .collect();
    let mut counts = Counts::default();
    for (pair, side, given, line) in judged {
        let of = if side < 3 { &mut counts.caught } else { &mut counts.false_alarms };
        of[side % 3] += u64::from(given);
        if given != (side < 3) {
            counts.lines.push(format!("  {} of {} {pair} at {line}", case.code, case.on));
        }
    }
    counts
}

#[test]
fn faults_of_photos_are_caught_and_good_photos_are_left_alone() {
    // `REASON=CLOTHING_RED` measures that reason alone.
    let wanted = std::env::var("REASON").unwrap_or_default();
    let known = known();
    let (judged, skipped): (Vec<&PhotoCase>, Vec<&PhotoCase>) = photo_cases::all()
        .filter(|case| wanted.is_empty() || wanted.split(',').any(|code| code == case.code))
        .partition(|case| known.contains(case.code));
    assert!(judged.len() + skipped.len() > 0, "no case of {wanted}");
    for case in &skipped {
        println!("{:24} {}: no check gives it yet, skipped", case.code, case.on);
    }
    let counted: Vec<(&PhotoCase, Counts)> =
        judged.into_par_iter().map(|case| (case, counts(case))).collect();
    let pairs = pairs();
    let share = |count: u64, of: u64| count as f64 / of as f64;
    let mut wrong = Vec::new();
    println!("{:24} weak middle strong   false alarms", "reason");
    for (case, counts) in counted {
        let [weak, middle, strong] = counts.caught;
        let false_alarms: u64 = counts.false_alarms.iter().sum();
        println!(
            "{:24} {weak:4} {middle:6} {strong:6}   {:?} of {pairs} each, by {}",
            case.code, counts.false_alarms, case.on
        );
        let bad = share(strong, pairs) < 0.95
            || share(weak + middle + strong, 3 * pairs) < 0.85
            || share(false_alarms, 3 * pairs) > 0.02;
        if bad {
            wrong.push(format!("{} by {}:", case.code, case.on));
            wrong.extend(counts.lines.into_iter().take(6));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn good_photos_get_none_of_the_reasons_about_photos() {
    let about_photos: BTreeSet<&str> = photo_cases::all().map(|case| case.code).collect();
    let rules = Asked::profile("alibaba-2018", "verification-photo").rules();
    let wrong: Vec<String> = (0..4 * pairs())
        .into_par_iter()
        .filter_map(|seed| {
            let verdict = support::judge_by(&rules, &Photo::of(3000 + seed).jpeg(), None);
            let blamed = codes(&verdict).iter().any(|code| about_photos.contains(code));
            blamed.then(|| format!("{seed}: {}", said(&verdict)))
        })
        .collect();
    assert!(wrong.len() as u64 * 50 <= 4 * pairs(), "{}", wrong.join("\n"));
}

#[test]
fn the_shade_of_the_skin_changes_no_verdict() {
    let rules = Asked::profile("alibaba-2018", "verification-photo").rules();
    let judged: Vec<Vec<(&str, Vec<&str>)>> = (0..2 * pairs())
        .into_par_iter()
        .map(|seed| {
            let verdicts = shades(4000 + seed)
                .map(|photo| support::judge_by(&rules, &photo.jpeg(), None))
                .map(|verdict| (verdict.decision.word(), codes(&verdict)));
            verdicts.to_vec()
        })
        .collect();
    for (seed, verdicts) in judged.iter().enumerate() {
        for verdict in verdicts {
            assert_eq!(*verdict, verdicts[0], "shades of photo {seed}");
        }
    }
}

#[test]
fn every_fault_has_three_strengths_and_moves_the_picture() {
    for case in photo_cases::all() {
        let drawn = |amount| (case.make)((case.good)(1), amount).drawn().into_raw();
        let good = drawn(case.passes[0]);
        for amount in case.fails {
            assert_ne!(drawn(amount), good, "{} by {} at {amount}", case.code, case.on);
        }
        let [weak, middle, strong] = case.fails;
        let grows = (weak < middle) == (middle < strong) && weak != middle && middle != strong;
        assert!(grows, "{} by {}", case.code, case.on);
    }
}

#[test]
fn every_reason_about_photos_has_a_recipe_for_a_small_fixture() {
    let cases: BTreeSet<&str> = photo_cases::all().map(|case| case.code).collect();
    let recipes: BTreeSet<&str> = RECIPES.iter().map(|recipe| recipe.code).collect();
    assert_eq!(cases, recipes);
    let files: Vec<(String, usize)> = RECIPES
        .par_iter()
        .flat_map(|recipe| recipe.files().map(|(name, bytes)| (name, recipe.code, bytes.len())))
        .map(|(name, code, length)| (format!("{code}/{name}"), length))
        .collect();
    for (path, length) in &files {
        assert!(*length <= 45_000, "{path} has {length} bytes");
    }
    let names: BTreeSet<&String> = files.iter().map(|(path, _)| path).collect();
    assert_eq!(names.len(), files.len());
}
