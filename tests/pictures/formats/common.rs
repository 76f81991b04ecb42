//! What the tests of formats share: files, verdicts and the look of a page.

use std::path::Path;
use std::sync::LazyLock;

use image::RgbImage;
use scanvet::decode::page::{Page, Plane};
use scanvet::decode::{self, Decoded, Wanted};
use scanvet::intake::{self, Unlimited, Upload};
use scanvet::pipeline::{self, Options};
use scanvet::rules::{Context, RuleBook, RuleSet};
use scanvet::verdict::{Decision, Verdict};
use time::macros::date;

use super::CONVERTED;

pub(crate) static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
    let book = RuleBook::embedded().unwrap();
    book.rules(&Context::default(), "", date!(2026 - 11 - 01)).unwrap()
});

/// The drawn picture.
pub(crate) static REFERENCE: LazyLock<RgbImage> =
    LazyLock::new(|| image::load_from_memory(&file("reference.png")).unwrap().into_rgb8());

pub(crate) fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn verdict(bytes: Vec<u8>) -> Verdict {
    let upload = Upload { bytes: bytes.into(), declared_media_type: None };
    pipeline::validate(&upload, &RULES, Options::default(), &mut Unlimited).unwrap()
}

pub(crate) fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.findings.iter().map(|ruled| ruled.finding.reason.code).collect()
}

pub(crate) fn decoded(bytes: Vec<u8>) -> Decoded {
    let upload = Upload { bytes: bytes.into(), declared_media_type: None };
    let wanted = Wanted { planes: true, ..Wanted::default() };
    decode::open(&intake::sniff(&upload), wanted, &mut Unlimited).unwrap()
}

/// The only page of a whole file.
pub(crate) fn page(bytes: Vec<u8>, name: &str) -> Page {
    let Decoded { mut pages, state } = decoded(bytes);
    assert_eq!((pages.len(), state), (1, decode::integrity::State::Whole), "{name}");
    pages.remove(0)
}

/// How far two pages are apart: the mean over all cells, and the largest.
pub(crate) fn distance(one: &Page, other: &Page) -> (f64, u8) {
    assert_eq!((one.width, one.height), (other.width, other.height));
    let planes = |page: &Page| [&page.planes.y, &page.planes.cb, &page.planes.cr].map(Plane::clone);
    let (one, other) = (planes(one), planes(other));
    let apart = one.iter().zip(&other).flat_map(|(one, other)| {
        one.cells.iter().zip(&other.cells).map(|(one, other)| one.abs_diff(*other))
    });
    let apart: Vec<u8> = apart.collect();
    let sum: u64 = apart.iter().map(|&cell| u64::from(cell)).sum();
    (sum as f64 / apart.len() as f64, apart.into_iter().max().unwrap())
}

/// Asserts that two files look the same and are judged the same.
pub(crate) fn assert_same(bytes: Vec<u8>, like: Vec<u8>, mean: f64, name: &str) {
    let (was, most) = distance(&page(bytes.clone(), name), &page(like.clone(), "the original"));
    assert!(was <= mean, "{name}: the pages are {was:.2} apart, at most {most}");
    let (one, other) = (verdict(bytes), verdict(like));
    assert_eq!(one.decision, other.decision, "{name}: {:?}", codes(&one));
    assert_eq!(codes(&one), codes(&other), "{name}");
    // Coarse quantisation rings around print, which measures rightly see.
    if mean <= CONVERTED {
        assert_close(&one, &other, name);
    }
}

/// Asserts that every measurement of the pages differs by at most 5 % of itself or of its bound.
fn assert_close(one: &Verdict, other: &Verdict, name: &str) {
    let of_pages = |verdict: &Verdict| {
        let outcomes = verdict.checks.iter().filter(|outcome| outcome.page > 0);
        let numbers = outcomes.flat_map(|outcome| outcome.measurements.clone());
        numbers.collect::<Vec<_>>()
    };
    let (one, other) = (of_pages(one), of_pages(other));
    assert!(!other.is_empty() && one.len() == other.len(), "{name}");
    for (one, other) in one.iter().zip(&other) {
        let bound = other.max.or(other.min).unwrap_or(0.0).abs();
        let room = 0.05 * other.value.abs().max(bound).max(0.01);
        let apart = (one.value - other.value).abs();
        assert!(apart <= room, "{name}: {} is {}, not {}", one.name, one.value, other.value);
    }
}

/// Asserts that a file is never accepted unless it is there to 99 %.
pub(crate) fn assert_truncation_is_seen(bytes: &[u8], name: &str) {
    for percent in (0..100).step_by(5).chain([96, 97, 98]) {
        let part = bytes[..bytes.len() * percent / 100].to_vec();
        let verdict = verdict(part);
        let found = codes(&verdict);
        assert_ne!(verdict.decision, Decision::Accept, "{name} at {percent} %: {found:?}");
    }
}
