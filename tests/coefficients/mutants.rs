//! Broken pictures: never a panic, and what is read is what another decoder reads.

use super::kinds::{CODINGS, Coding, Content, Dice, Kind, Restart, SAMPLINGS};
use super::reference::{complaint, decoded, difference, picture, size, whole};
use super::{WHOLE, all_depths};
use jpeg_encoder::SamplingFactor;

/// Where segments begin, up to the first scan and its data.
fn segments(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut segments = Vec::new();
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        segments.push((at, end.min(bytes.len())));
        if marker == 0xDA {
            break;
        }
        at = end;
    }
    segments
}

/// A broken copy.
fn mutant(whole: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let segments = segments(whole);
    let data = segments.last().map_or(2, |(_, end)| *end);
    let pick = |dice: &mut Dice| segments[dice.below(segments.len())];
    match dice.below(12) {
        0..3 => {
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
        }
        3..5 => {
            let at = data + dice.below(bytes.len() - data);
            bytes[at] ^= 1 << dice.below(8);
        }
        5 => {
            let at = dice.below(data);
            bytes[at] = dice.next() as u8;
        }
        6 => bytes.truncate(dice.below(bytes.len())),
        7 => {
            let at = data + dice.below(bytes.len() - data);
            let end = bytes.len().min(at + 1 + dice.below(8));
            bytes.drain(at..end);
        }
        8 => {
            let at = data + dice.below(bytes.len() - data);
            let more: Vec<u8> = (0..=dice.below(8)).map(|_| dice.next() as u8).collect();
            bytes.splice(at..at, more);
        }
        9 => {
            let (start, end) = pick(dice);
            let copy = bytes[start..end].to_vec();
            let to = pick(dice).0;
            bytes.splice(to..to, copy);
        }
        10 => {
            let (start, end) = pick(dice);
            bytes.drain(start..end);
        }
        _ => {
            for _ in 0..=dice.below(4) {
                let at = dice.below(bytes.len());
                bytes[at] = [0x00, 0xFF, 0xD0, 0xD9, 0xDA, 0x80][dice.below(6)];
            }
        }
    }
    bytes
}

fn subjects() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for sampling in SAMPLINGS {
        for coding in CODINGS {
            for restart in [Restart::Never, Restart::Every(3)] {
                if coding == Coding::Optimised && restart != Restart::Never {
                    continue;
                }
                let content = Content::Photo;
                kinds.push(Kind {
                    sampling,
                    quality: 80,
                    coding,
                    restart,
                    size: (70, 45),
                    content,
                });
            }
        }
    }
    kinds
}

/// How many of each subject are tried.
fn rounds() -> usize {
    std::env::var("MUTANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(250)
}

#[test]
fn a_broken_picture_is_left_to_the_library_or_read_as_it_reads_it() {
    let (mut count, mut read, mut not_whole, mut differing) = (0, 0, Vec::new(), Vec::new());
    for (index, kind) in subjects().into_iter().enumerate() {
        let original = kind.encode();
        let mut dice = Dice(index as u64);
        for round in 0..rounds() {
            let bytes = mutant(&original, &mut dice);
            count += 1;
            // The product asks only for sizes that it has judged.
            let Some(size) = size(&bytes).filter(|(width, height)| width * height < 1 << 20) else {
                continue;
            };
            let Some(found) = picture(&bytes, size, WHOLE) else {
                continue;
            };
            for depth in all_depths().step_by(7) {
                picture(&bytes, size, depth);
            }
            read += 1;
            let name = format!("{kind:?}, round {round}");
            match whole(&bytes, found.frame.progressive).or_else(|| decoded(&bytes, false)) {
                None => not_whole.push(format!("{name} {}", complaint(&bytes))),
                Some(other) => {
                    if whole(&bytes, found.frame.progressive).is_none() {
                        not_whole.push(format!("{name} (lenient)"));
                    }
                    let most = difference(&found, 0, &other);
                    if most > 2 && kind.is_read_by_the_library() {
                        differing.push(format!("{name}: {most}"));
                    }
                }
            }
        }
    }
    println!("{count} broken pictures, {read} of them read");
    println!("not whole: {not_whole:#?}");
    println!("differing: {differing:#?}");
    assert!(not_whole.is_empty() && differing.is_empty());
}

#[test]
fn a_picture_cut_anywhere_is_not_whole() {
    for coding in CODINGS {
        let sampling = Some(SamplingFactor::F_2_2);
        let restart = match coding {
            Coding::Optimised => Restart::Never,
            _ => Restart::Every(3),
        };
        let (size, content) = ((70, 45), Content::Photo);
        let bytes = Kind { sampling, quality: 80, coding, restart, size, content }.encode();
        for cut in 0..bytes.len() {
            assert!(picture(&bytes[..cut], (70, 45), WHOLE).is_none(), "{coding:?} cut at {cut}");
        }
    }
}

/// The encoder above does not refine; this file has passes that do.
#[test]
fn a_broken_picture_of_passes_that_refine_is_read_as_the_library_reads_it_or_not_at_all() {
    let original = std::fs::read([super::TESTDATA, "formats/progressive.jpg"].concat()).unwrap();
    let (mut read, mut wrong) = (0, Vec::new());
    let mut dice = Dice(77);
    for round in 0..4 * rounds() {
        let bytes = mutant(&original, &mut dice);
        let Some(size) = size(&bytes).filter(|(width, height)| width * height < 1 << 20) else {
            continue;
        };
        for depth in all_depths().step_by(7) {
            picture(&bytes, size, depth);
        }
        let Some(found) = picture(&bytes, size, WHOLE) else {
            continue;
        };
        read += 1;
        match whole(&bytes, true).map(|other| difference(&found, 0, &other)) {
            Some(0..=2) => {}
            outcome => wrong.push((round, outcome, complaint(&bytes))),
        }
    }
    println!("{read} read");
    assert!(wrong.is_empty(), "{wrong:?}");
}
