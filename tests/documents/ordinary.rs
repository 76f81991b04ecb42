//! PDFs as ordinary scanners and programs write them: seen as they are, and no fault found.

use std::sync::LazyLock;

use crate::support;
use crate::support::{Asked, codes, judge, read, said};
use image::RgbImage;
use image::imageops;
use rayon::prelude::*;
use scanvet::decode::integrity::State;
use scanvet::decode::page::Page;
use scanvet::decode::{self, Decoded, Wanted};
use scanvet::intake::{self, Unlimited, Upload};
use scanvet::verdict::Decision;
use serde::Deserialize;

/// What none of them is to be refused for.
const FALSE: [&str; 13] = [
    "PDF_ACTIVE_CONTENT",
    "PDF_EMBEDDED_FILE",
    "PDF_XFA",
    "PDF_ENCRYPTED",
    "PDF_TOO_COMPLEX",
    "PDF_CHANGED_AFTER_SIGNING",
    "PDF_FORM_FIELDS",
    "FILE_CORRUPT",
    "FILE_TRUNCATED",
    "TRAILING_DATA",
    "POLYGLOT",
    "FILE_UNPROCESSABLE",
    "FORMAT_NOT_ALLOWED",
];

/// Of the true resolution, by which what is told may differ.
const PPI_ROOM: f64 = 0.01;
/// Of the ratio of the sides, which a page rendered at some size keeps but for rounding.
const ASPECT_ROOM: f64 = 0.01;
/// Sides are reduced so many times before pictures are compared.
const REDUCED: u32 = 4;

/// One row of `testdata/pdf/expected.csv`.
#[derive(Deserialize)]
struct Expected {
    file: String,
    pages: u32,
    kind: Kind,
    like: String,
    tolerance: f64,
    width: Option<u32>,
    height: Option<u32>,
    ppi_x: Option<f64>,
    ppi_y: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Image,
    Mixed,
    Any,
    Digital,
}

impl Expected {
    fn bytes(&self) -> Vec<u8> {
        read(&format!("testdata/pdf/{}", self.file))
    }
}

static EXPECTED: LazyLock<Vec<Expected>> = LazyLock::new(|| {
    let table = read("testdata/pdf/expected.csv");
    let rows = csv::Reader::from_reader(&table[..]).into_deserialize();
    rows.collect::<Result<_, _>>().expect("the table is sound")
});

/// Runs over all files and tells everything that is wrong.
fn for_each(of: impl Fn(&Expected) -> bool, wrong: impl Fn(&Expected) -> Option<String> + Sync) {
    let files: Vec<&Expected> = EXPECTED.iter().filter(|expected| of(expected)).collect();
    let wrong: Vec<String> = files
        .par_iter()
        .filter_map(|expected| wrong(expected).map(|wrong| format!("{}: {wrong}", expected.file)))
        .collect();
    assert!(!files.is_empty());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

fn decoded(bytes: Vec<u8>) -> Decoded {
    let upload = Upload { bytes: bytes.into(), declared_media_type: None };
    let wanted = Wanted { planes: true, tiles: true, ..Wanted::default() };
    let mut sniffed = intake::sniff(&upload);
    sniffed.look_inside(&mut Unlimited).expect("no end to the budget");
    decode::open(&sniffed, wanted, &mut Unlimited).expect("no end to the budget")
}

/// The first page; that there is none is a fault of its own.
fn first(expected: &Expected) -> Result<Page, String> {
    let Decoded { mut pages, state } = decoded(expected.bytes());
    if pages.is_empty() {
        return Err(format!("no page, {state:?}"));
    }
    Ok(pages.remove(0))
}

#[test]
fn every_file_of_the_folder_is_expected_and_every_expected_file_is_there() {
    let mut files: Vec<String> = support::files("testdata/pdf")
        .into_iter()
        .filter_map(|path| path.strip_prefix("testdata/pdf/").map(str::to_owned))
        .filter(|path| path.ends_with(".pdf"))
        .collect();
    let mut expected: Vec<String> = EXPECTED.iter().map(|row| row.file.clone()).collect();
    files.sort();
    expected.sort();
    assert_eq!(files, expected);
    let mut producers: Vec<&str> =
        EXPECTED.iter().filter_map(|row| row.file.split('-').next()).collect();
    producers.dedup();
    assert!(producers.len() >= 7 && EXPECTED.len() >= 100, "{producers:?}");
}

#[test]
fn no_ordinary_file_is_flagged() {
    for_each(
        |_| true,
        |expected| {
            let verdict = judge(&expected.bytes());
            let found = codes(&verdict);
            let flagged = FALSE.iter().any(|code| found.contains(code));
            flagged.then(|| said(&verdict))
        },
    );
}

#[test]
fn pages_are_counted() {
    for_each(
        |_| true,
        |expected| {
            let verdict = judge(&expected.bytes());
            let decoded = decoded(expected.bytes());
            let numbers: Vec<u32> = decoded.pages.iter().map(|page| page.number).collect();
            let right = verdict.detected.pages == expected.pages
                && decoded.state == State::Whole
                && numbers == (1..=expected.pages).collect::<Vec<_>>();
            (!right).then(|| {
                let (pages, state) = (verdict.detected.pages, decoded.state);
                format!("{pages} pages of {}, {numbers:?}, {state:?}", expected.pages)
            })
        },
    );
}

#[test]
fn a_page_that_is_one_image_has_its_pixels() {
    for_each(
        |expected| expected.kind == Kind::Image,
        |expected| {
            let page = match first(expected) {
                Ok(page) => page,
                Err(fault) => return Some(fault),
            };
            let size = (Some(page.width as u32), Some(page.height as u32));
            let wanted = (expected.width, expected.height);
            (size != wanted).then(|| format!("{size:?}, not {wanted:?}"))
        },
    );
}

/// The mean difference of two pictures.
fn distance(one: &[u8], other: &[u8]) -> f64 {
    assert_eq!(one.len(), other.len());
    let sum: u64 = one.iter().zip(other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
    sum as f64 / one.len() as f64
}

fn reference(name: &str) -> RgbImage {
    let bytes = read(&format!("testdata/pdf/{name}.png"));
    let picture = image::load_from_memory(&bytes).expect("a picture").into_rgb8();
    let (width, height) = (picture.width() / REDUCED, picture.height() / REDUCED);
    // The mean of the pixels, as pages are reduced.
    imageops::thumbnail(&picture, width, height)
}

#[test]
fn every_file_looks_like_the_picture_that_was_saved() {
    for_each(
        |expected| expected.like != "none",
        |expected| {
            let page = match first(expected) {
                Ok(page) => page,
                Err(fault) => return Some(fault),
            };
            let like = reference(&expected.like);
            let (width, height) = (like.width() as usize, like.height() as usize);
            let aspect = (page.width * height) as f64 / (page.height * width) as f64;
            if (aspect - 1.0).abs() > ASPECT_ROOM {
                return Some(format!("{} × {}", page.width, page.height));
            }
            let Some(seen) = page.preview(width, height) else {
                return Some("no pixels".to_owned());
            };
            let apart = distance(&seen, like.as_raw());
            let room = expected.tolerance.max(1.5);
            (apart > room).then(|| format!("{apart:.1} apart, more than {room}"))
        },
    );
}

#[test]
fn the_true_resolution_of_every_image_is_told() {
    for_each(
        |expected| expected.ppi_x.is_some(),
        |expected| {
            let origin = match first(expected) {
                Ok(page) => page.origin,
                Err(fault) => return Some(fault),
            };
            let told = origin.map(|origin| origin.pictures_ppi).unwrap_or_default();
            let (x, y) = (expected.ppi_x?, expected.ppi_y?);
            let close = |told: f64, wanted: f64| (told / wanted - 1.0).abs() <= PPI_ROOM;
            // Across and down as the picture is stored, which may lie on its side.
            let right = told.iter().any(|&(across, down)| {
                close(across, x) && close(down, y) || close(across, y) && close(down, x)
            });
            (!right).then(|| format!("{told:?}, not {x} × {y}"))
        },
    );
}

/// A slot that asks for the scan of an original.
const ORIGINAL: &str = "authorisation-letter";

#[test]
fn a_scan_is_one_also_with_a_layer_of_text() {
    for_each(
        |expected| expected.kind != Kind::Digital,
        |expected| {
            let verdict = Asked::slot(ORIGINAL).judge(&expected.bytes());
            codes(&verdict).contains(&"PDF_NOT_A_SCAN").then(|| said(&verdict))
        },
    );
}

#[test]
fn what_a_program_wrote_or_drew_is_no_scan() {
    for_each(
        |expected| expected.kind == Kind::Digital,
        |expected| {
            let verdict = Asked::slot(ORIGINAL).judge(&expected.bytes());
            let found = codes(&verdict).contains(&"PDF_NOT_A_SCAN");
            let right = found && verdict.decision == Decision::Reject;
            (!right).then(|| said(&verdict))
        },
    );
}

#[test]
fn no_ordinary_file_is_left_unread() {
    for_each(
        |_| true,
        |expected| {
            let verdict = judge(&expected.bytes());
            let unread = verdict.decision == Decision::Reject && verdict.readings.is_empty();
            unread.then(|| said(&verdict))
        },
    );
}
