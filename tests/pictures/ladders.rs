//! More of a fault never reads as less of it, and its finding comes once, near the bound.

use crate::support;
use crate::support::cases::{CASES, Setting};
use crate::support::draw::{self, CARD, SMALL_CARD};
use crate::support::scene::Shot;
use crate::support::{codes, encode, faults, judge, reading, said};
use image::RgbImage;
use scanvet::verdict::Verdict;

/// Where a reading goes as the fault grows.
#[derive(Clone, Copy, PartialEq)]
enum Goes {
    Up,
    Down,
}

/// One fault at growing strength, and what is read of it.
struct Ladder {
    name: &'static str,
    check: &'static str,
    value: &'static str,
    goes: Goes,
    /// How far a step may go the wrong way, as rounding and JPEG make it.
    slack: f64,
    code: &'static str,
    steps: &'static [f32],
    /// Strengths between which the finding must come.
    flips: (f32, f32),
}

impl Ladder {
    fn climb(&self, picture: impl Fn(f32) -> RgbImage) {
        let verdicts: Vec<(f32, Verdict)> = self
            .steps
            .iter()
            .map(|&step| (step, judge(&encode::jpeg(&picture(step), 90))))
            .collect();
        let found = |verdict: &Verdict| codes(verdict).contains(&self.code);
        for pair in verdicts.windows(2) {
            let [(weaker, before), (stronger, after)] = pair else { unreachable!() };
            let [from, to] =
                [before, after].map(|verdict| reading(verdict, self.check, self.value));
            let back = if self.goes == Goes::Up { from - to } else { to - from };
            assert!(
                back <= self.slack,
                "{}: {from} at {weaker}, but {to} at {stronger}",
                self.name
            );
            let undone = found(before) && !found(after);
            assert!(
                !undone,
                "{}: found at {weaker}, but not at {stronger}: {}",
                self.name,
                said(after)
            );
        }
        let flip = verdicts.iter().find(|(_, verdict)| found(verdict)).map(|(step, _)| *step);
        let flip = flip.unwrap_or_else(|| panic!("{}: never found", self.name));
        let (least, most) = self.flips;
        assert!((least..=most).contains(&flip), "{}: first found at {flip}", self.name);
    }
}

#[test]
fn more_blur_never_reads_sharper() {
    let ladder = Ladder {
        name: "blur of a small card",
        check: "legibility.blur",
        value: "radius_per_mille",
        goes: Goes::Up,
        slack: 0.05,
        code: "IMAGE_BLURRED",
        steps: &[0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0],
        flips: (0.6, 0.9),
    };
    ladder.climb(|sigma| faults::blurred(&SMALL_CARD, sigma));
    let ladder = Ladder {
        name: "blur of a large card",
        steps: &[0.0, 0.5, 1.0, 1.2, 1.4, 1.6, 2.0, 3.0, 4.0, 6.0],
        flips: (1.2, 1.6),
        ..ladder
    };
    ladder.climb(|sigma| faults::blurred(&CARD, sigma));
}

#[test]
fn less_light_never_reads_brighter() {
    let ladder = Ladder {
        name: "darkness",
        check: "legibility.exposure",
        value: "paper",
        goes: Goes::Down,
        slack: 0.0,
        code: "IMAGE_TOO_DARK",
        steps: &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.56, 0.59, 0.61, 0.64, 0.7, 0.8, 0.9, 0.95],
        flips: (0.6, 0.63),
    };
    ladder.climb(|darkness| faults::darkened(&SMALL_CARD, 1.0 - darkness));
}

#[test]
fn more_light_never_makes_the_print_darker() {
    let ladder = Ladder {
        name: "brightness",
        check: "legibility.exposure",
        value: "ink",
        goes: Goes::Up,
        slack: 0.0,
        code: "IMAGE_TOO_BRIGHT",
        steps: &[0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5],
        flips: (0.15, 0.25),
    };
    ladder.climb(|strength| faults::washed_out(&SMALL_CARD, strength));
}

#[test]
fn less_colour_never_reads_as_more() {
    let ladder = Ladder {
        name: "fading",
        check: "colour.presence",
        value: "coloured_share",
        goes: Goes::Down,
        slack: 0.002,
        code: "COLOUR_MISSING",
        steps: &[0.0, 0.2, 0.4, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0],
        flips: (0.75, 0.85),
    };
    ladder.climb(|fading| faults::desaturated(&SMALL_CARD, 1.0 - fading));
}

#[test]
fn fewer_pixels_never_read_as_more() {
    let ladder = Ladder {
        name: "reduction",
        check: "resolution.pixels",
        value: "width",
        goes: Goes::Down,
        slack: 0.0,
        code: "RESOLUTION_TOO_LOW",
        steps: &[1.0, 1.25, 1.5, 1.7, 1.74, 1.76, 2.0, 3.0, 5.0],
        flips: (1.75, 1.77),
    };
    ladder.climb(|part| {
        let side = |length: u32| (length as f32 / part) as u32;
        faults::resized(&CARD, side(CARD.width()), side(CARD.height()))
    });
}

#[test]
fn less_print_never_reads_as_more_ink() {
    let ladder = Ladder {
        name: "emptiness",
        check: "legibility.blank",
        value: "ink_share",
        goes: Goes::Down,
        slack: 0.0001,
        code: "PAGE_BLANK",
        steps: &[0.0, 10.0, 20.0, 25.0, 28.0, 29.0, 29.5, 29.8, 30.0],
        flips: (29.1, 29.8),
    };
    ladder.climb(|missing| {
        let mut sheet = draw::sheet(800, 1131);
        let lines = 30.0 - missing;
        for line in 0..lines.ceil() as usize {
            let length = 42.0 * (lines - line as f32).min(1.0);
            let text = &"A line of print on an otherwise empty page"[..length as usize];
            sheet.text([90.0, 100.0 + 30.0 * line as f32], 18.0, [40.0; 3], text);
        }
        sheet.photographed(0.05, 1.6, 3)
    });
}

#[test]
fn contrast_is_not_blur() {
    let sharpness = |factor| {
        let verdict = judge(&encode::jpeg(&faults::contrast(&SMALL_CARD, factor), 90));
        assert!(
            !codes(&verdict).contains(&"IMAGE_BLURRED"),
            "contrast {factor}: {}",
            said(&verdict)
        );
        reading(&verdict, "legibility.blur", "sharpness")
    };
    let full = sharpness(1.0);
    for factor in [0.8, 0.6, 0.4, 0.3, 0.2] {
        let faded = sharpness(factor);
        assert!((faded - full).abs() < 0.05, "contrast {factor}: {faded}, not {full}");
    }
}

#[test]
fn the_quality_of_the_jpeg_is_not_blur() {
    let reference =
        reading(&judge(&encode::jpeg(&CARD, 95)), "legibility.blur", "radius_per_mille");
    for quality in [85, 75, 60, 50] {
        let verdict = judge(&encode::jpeg(&CARD, quality));
        let radius = reading(&verdict, "legibility.blur", "radius_per_mille");
        assert!((radius - reference).abs() < 0.2, "quality {quality}: {radius}, not {reference}");
    }
}

#[test]
fn warm_light_neither_gives_colour_to_a_grey_copy_nor_takes_it_from_a_card() {
    for warmth in [0.0, 0.05, 0.1, 0.2, 0.3] {
        let gains = [1.0, 1.0 - 0.4 * warmth, 1.0 - warmth];
        let copy = judge(&encode::jpeg(&faults::tinted_grey(&SMALL_CARD, gains), 90));
        assert!(codes(&copy).contains(&"COLOUR_MISSING"), "warmth {warmth}: {}", said(&copy));
        let mut card = SMALL_CARD.clone();
        for pixel in card.pixels_mut() {
            for (sample, gain) in pixel.0.iter_mut().zip(gains) {
                *sample = (f32::from(*sample) * gain) as u8;
            }
        }
        let card = judge(&encode::jpeg(&card, 90));
        assert!(!codes(&card).contains(&"COLOUR_MISSING"), "warmth {warmth}: {}", said(&card));
    }
}

/// A card that does not lie straight is judged like one that does.
#[test]
fn a_slight_slope_changes_no_verdict() {
    for slope in [0.0, 0.01, 0.03, 0.05] {
        let verdict = judge(&encode::jpeg(&faults::askew(&CARD, slope), 85));
        assert_eq!(codes(&verdict), [] as [&str; 0], "slope {slope}: {}", said(&verdict));
    }
}

/// The readings of a case as its fault grows: each step as far as the last or farther, one flip.
fn climb(code: &str, on: &str, name: &str, [check, value]: [&str; 2], goes: Goes, steps: &[f32]) {
    let case =
        CASES.iter().find(|case| case.code == code && case.on == on).expect("a case of the table");
    let rules = (case.asked)().rules();
    let shot = Shot { turned: 0.5, taper: 0.0, middle: [0.5; 2], ..Shot::of(2) };
    let (light, grain, vignette) = ([1.0; 3], 1.0, 0.05);
    let setting = Setting { seed: 2, shot, light, grain, vignette, quality: 88 };
    let judged: Vec<(f32, Verdict)> = steps
        .iter()
        .map(|&step| (step, support::judge_by(&rules, &(case.make)(&setting, step), None)))
        .collect();
    let found: Vec<bool> =
        judged.iter().map(|(_, verdict)| codes(verdict).contains(&code)).collect();
    let said: Vec<String> =
        judged.iter().map(|(step, verdict)| format!("{step}: {}", said(verdict))).collect();
    let flips = found.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(flips == 1 && !found[0], "{name} flips {flips} times:\n{}", said.join("\n"));
    let read: Vec<f64> =
        judged.iter().map(|(_, verdict)| reading(verdict, check, value).abs()).collect();
    let known: Vec<f64> = read.iter().copied().filter(|read| read.is_finite()).collect();
    assert!(known.len() * 3 >= steps.len() * 2, "{name} is seldom read: {read:?}");
    let [least, most] = [f64::min, f64::max].map(|pick| known.iter().copied().fold(known[0], pick));
    assert!(most > least, "{name} moves nothing: {read:?}");
    for pair in known.windows(2) {
        let back = if goes == Goes::Up { pair[0] - pair[1] } else { pair[1] - pair[0] };
        assert!(back <= 0.03 * (most - least), "{name} goes back: {read:?}");
    }
    // The flip lies between the amounts that pass and those that fail.
    let flip = steps[found.iter().position(|found| *found).expect("one flip")];
    let (near, far) = (case.passes[2].min(case.fails[0]), case.passes[2].max(case.fails[0]));
    assert!((near..=far).contains(&flip), "{name} flips at {flip}, not in {near}..={far}");
}

#[test]
fn more_turn_never_reads_straighter() {
    let steps = [0.0, 1.0, 2.0, 3.5, 4.5, 5.5, 6.0, 7.0, 8.0, 10.0, 13.0, 16.0, 20.0];
    climb("SKEWED", "cards", "turn of a card", ["geometry.skew", "degrees"], Goes::Up, &steps);
    let steps = [0.0, 0.01, 0.02, 0.03, 0.04, 0.045, 0.05, 0.06, 0.09, 0.14, 0.2, 0.26, 0.34];
    climb("SKEWED", "forms", "turn of a form", ["geometry.skew", "degrees"], Goes::Up, &steps);
}

#[test]
fn more_slant_never_reads_as_less() {
    let steps = [0.0, 0.04, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4];
    climb("PERSPECTIVE", "cards", "slant", ["geometry.perspective", "taper"], Goes::Up, &steps);
}

#[test]
fn the_more_of_a_card_is_outside_the_surer_it_is_cut_off() {
    // The share of the side that is touched jumps to the card's own width and stays there.
    let steps = [-0.09, -0.06, -0.045, 0.02, 0.04, 0.08, 0.12, 0.2, 0.3];
    climb("EDGES_CUT_OFF", "cards", "cut", ["geometry.edges", "top"], Goes::Up, &steps);
}

#[test]
fn fewer_pixels_an_inch_never_read_as_more() {
    let steps = [300.0, 220.0, 180.0, 150.0, 140.0, 135.0, 125.0, 120.0, 100.0, 80.0, 60.0, 50.0];
    let value = ["resolution.dpi", "long_side_px"];
    climb("DPI_TOO_LOW", "forms", "reduction of a form", value, Goes::Down, &steps);
}

#[test]
fn a_larger_reflection_never_reads_as_a_smaller_one() {
    let steps = [0.0, 0.006, 0.012, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.13, 0.17];
    climb("GLARE", "cards", "reflection", ["legibility.glare", "share"], Goes::Up, &steps);
}

#[test]
fn less_contrast_never_reads_as_more() {
    let steps = [0.0, 0.15, 0.3, 0.45, 0.5, 0.6, 0.7, 0.78, 0.84, 0.9];
    let value = ["legibility.contrast", "contrast"];
    climb("LOW_CONTRAST", "cards", "fading print", value, Goes::Down, &steps);
}

#[test]
fn harder_compression_never_reads_as_better_quality() {
    let steps = [5.0, 15.0, 30.0, 45.0, 60.0, 70.0, 73.0, 77.0, 80.0, 85.0, 90.0];
    let value = ["legibility.compression", "quality"];
    climb("OVERCOMPRESSED", "cards", "compression", value, Goes::Down, &steps);
}
