//! A file that was cut is never accepted, also where an end marker was put behind the cut.

use crate::support::draw::SMALL_CARD;
use crate::support::{encode, faults, fixtures, judge, read, said};
use scanvet::verdict::Decision;

/// Sound files by name.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let posterised = faults::posterised(&fixtures::leaflet());
    vec![
        ("baseline.jpg", encode::jpeg(&SMALL_CARD, 60)),
        ("baseline-420.jpg", read("testdata/jpeg/baseline-420.jpg")),
        ("restarts.jpg", read("testdata/jpeg/restarts.jpg")),
        ("progressive.jpg", read("testdata/jpeg/progressive.jpg")),
        ("leaflet.png", encode::png(&posterised)),
        ("leaflet.gif", encode::gif(&[&posterised])),
    ]
}

/// What ends a file of that kind.
fn end_marker(name: &str) -> Vec<u8> {
    match name.rsplit('.').next() {
        Some("jpg") => vec![0xFF, 0xD9],
        Some("png") => encode::png_chunk(b"IEND", &[]),
        _ => vec![0x00, 0x3B],
    }
}

/// Percents at which the cut file was accepted, with or without an end marker behind the cut.
fn accepted(name: &str, whole: &[u8], percents: std::ops::Range<usize>, ended: bool) -> Vec<usize> {
    percents
        .filter(|percent| {
            let mut cut = whole[..whole.len() * percent / 100].to_vec();
            if ended {
                cut.extend(end_marker(name));
            }
            judge(&cut).decision == Decision::Accept
        })
        .collect()
}

#[test]
fn the_whole_files_are_accepted() {
    for (name, bytes) in seeds() {
        let verdict = judge(&bytes);
        assert_eq!(verdict.decision, Decision::Accept, "{name}: {}", said(&verdict));
    }
}

#[test]
fn a_file_that_was_cut_is_never_accepted() {
    for (name, bytes) in seeds() {
        assert_eq!(accepted(name, &bytes, 0..99, false), [] as [usize; 0], "{name}");
        for missing in 1..=2 {
            let verdict = judge(&bytes[..bytes.len() - missing]);
            assert_ne!(verdict.decision, Decision::Accept, "{name} without {missing}");
        }
    }
}

fn cut_and_ended_is_never_accepted(chosen: &str) {
    let (name, bytes) =
        seeds().into_iter().find(|(name, _)| *name == chosen).expect("the seed is listed");
    // A progressive picture has all its pixels before its last pass; a cut inside that pass leaves
    // the last bit of some coefficients out, and only decoding every code word would tell.
    let last_pass = memchr::memmem::rfind(&bytes, &[0xFF, 0xDA]).unwrap_or(bytes.len());
    let judged = match chosen {
        "progressive.jpg" => (100 * last_pass / bytes.len()).min(96),
        _ => 96,
    };
    assert!(judged > 60, "{judged} % of the cuts are judged");
    assert_eq!(
        accepted(name, &bytes, 0..judged, true),
        [] as [usize; 0],
        "{name}: accepted at these percents"
    );
}

#[test]
fn a_baseline_jpeg_that_was_cut_and_ended_is_never_accepted() {
    cut_and_ended_is_never_accepted("baseline.jpg");
}

#[test]
fn a_subsampled_jpeg_that_was_cut_and_ended_is_never_accepted() {
    cut_and_ended_is_never_accepted("baseline-420.jpg");
}

#[test]
fn a_jpeg_with_restarts_that_was_cut_and_ended_is_never_accepted() {
    cut_and_ended_is_never_accepted("restarts.jpg");
}

#[test]
fn a_progressive_jpeg_that_was_cut_and_ended_is_never_accepted() {
    cut_and_ended_is_never_accepted("progressive.jpg");
}

#[test]
fn a_png_that_was_cut_and_ended_is_never_accepted() {
    cut_and_ended_is_never_accepted("leaflet.png");
}

#[test]
fn a_gif_that_was_cut_and_ended_is_never_accepted() {
    cut_and_ended_is_never_accepted("leaflet.gif");
}

/// A sender that lost packets fills the hole with zeros: the length is right, the content is not.
#[test]
fn a_file_whose_end_is_zeros_is_never_accepted() {
    for (name, bytes) in seeds() {
        for percent in (10..95).step_by(5) {
            let mut holed = bytes.clone();
            holed[bytes.len() * percent / 100..].fill(0);
            let verdict = judge(&holed);
            assert_ne!(verdict.decision, Decision::Accept, "{name} at {percent} %");
        }
    }
}
