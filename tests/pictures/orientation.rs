//! Which way up a document stands, from its bytes to its finding.
#![expect(clippy::print_stdout, reason = "a test that skips itself, or measures, says so")]

use std::path::{Path, PathBuf};
use std::{env, fs};

use font8x8::UnicodeFonts;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, GrayImage, ImageEncoder, Luma, imageops};
use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{self, Options};
use scanvet::reason::Severity;
use scanvet::rules::{Context, RuleBook, RuleSet, Status};
use scanvet::verdict::Verdict;
use time::macros::date;

const CHECK: &str = "geometry.orientation";

/// Quarter turns clockwise, with the EXIF orientation that makes a viewer turn a picture so.
const TURNS: [(u32, u8); 4] = [(0, 1), (90, 6), (180, 3), (270, 8)];

fn rules(slot: &str) -> RuleSet {
    let book = RuleBook::embedded().expect("the built-in packs are sound");
    book.rules(&Context::default(), slot, date!(2026 - 01 - 01)).expect("the slot is known")
}

fn judged(bytes: Vec<u8>, rules: &RuleSet) -> Verdict {
    let upload = Upload { bytes: bytes.into(), declared_media_type: None };
    pipeline::validate(&upload, rules, Options::default(), &mut Unlimited)
        .expect("an unlimited budget does not expire")
}

/// Degrees and score as they are recorded.
fn reading(verdict: &Verdict) -> (u64, f64) {
    let recorded = verdict.readings.iter().find(|recorded| recorded.entry.id == CHECK);
    let read = recorded.expect("the check has run").read.as_ref().expect("there is print");
    (read["degrees"].as_u64().expect("degrees"), read["score"].as_f64().expect("score"))
}

/// Severity of the finding and the degrees it speaks of.
fn finding(verdict: &Verdict) -> Option<(Severity, &str)> {
    let ruled = verdict.findings.iter().find(|ruled| ruled.check == CHECK)?;
    Some((ruled.severity, &ruled.finding.metadata["degrees"]))
}

/// An A4 page at 150 pixels per inch, less two rows so that it has whole cells in every turn:
/// paragraphs between black bars.
fn page() -> GrayImage {
    const WORDS: [&str; 8] =
        ["The", "undersigned", "confirms", "that", "every", "document", "for", "filing"];
    let mut page = GrayImage::from_pixel(1240, 1752, Luma([244]));
    for top in [110, 420, 1180] {
        for (x, y) in (90..1150).flat_map(|x| (top..top + 14).map(move |y| (x, y))) {
            page.put_pixel(x, y, Luma([24]));
        }
    }
    for (line, top) in (160..1640).step_by(42).enumerate() {
        if [420, 1180].iter().any(|bar| (bar - 40..bar + 20).contains(&top)) {
            continue;
        }
        let words = (0..7).map(|word| WORDS[(line * 3 + word * 5) % WORDS.len()]);
        let text: Vec<&str> = words.collect();
        // Ragged on the right, as paragraphs are.
        let length = 42 - line * 7 % 13;
        for (place, letter) in text.join(" ").chars().take(length).enumerate() {
            draw(&mut page, letter, 100 + 24 * place as u32, top);
        }
    }
    page
}

fn draw(page: &mut GrayImage, letter: char, left: u32, top: u32) {
    const PIXELS: u32 = 3;
    let glyph = font8x8::BASIC_FONTS.get(letter).expect("the letter is in the font");
    for (row, bits) in glyph.iter().enumerate() {
        for column in (0..8).filter(|column| bits >> column & 1 == 1) {
            for (x, y) in (0..PIXELS).flat_map(|x| (0..PIXELS).map(move |y| (x, y))) {
                let (x, y) = (left + PIXELS * column + x, top + PIXELS * row as u32 + y);
                page.put_pixel(x, y, Luma([30]));
            }
        }
    }
}

fn turned(page: &GrayImage, degrees: u32) -> GrayImage {
    match degrees {
        90 => imageops::rotate90(page),
        180 => imageops::rotate180(page),
        270 => imageops::rotate270(page),
        _ => page.clone(),
    }
}

/// A TIFF header with one entry, the orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let entry = [0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0];
    [b"II\x2a\0\x08\0\0\0\x01\0".as_slice(), &entry, &[0; 4]].concat()
}

fn png(page: &GrayImage, orientation: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif(orientation)).expect("PNG carries EXIF");
    let (width, height) = page.dimensions();
    encoder.write_image(page, width, height, ExtendedColorType::L8).expect("the page is encoded");
    bytes
}

/// The same JPEG with an orientation that a viewer applies.
fn jpeg(bytes: &[u8], orientation: u8) -> Vec<u8> {
    let block = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
    let marker = [0xff, 0xe1, 0, block.len() as u8 + 2];
    [&bytes[..2], &marker, &block, &bytes[2..]].concat()
}

#[test]
fn each_quarter_turn_of_a_drawn_page_is_told() {
    let (page, rules) = (page(), rules("supporting-document"));
    for (degrees, _) in TURNS {
        let verdict = judged(png(&turned(&page, degrees), 1), &rules);
        let (found, score) = reading(&verdict);
        println!("drawn page turned by {degrees}: {found} at {score}");
        assert_eq!(found, u64::from(degrees), "{score}");
        match finding(&verdict) {
            None => assert_eq!(degrees, 0, "no finding at a score of {score}"),
            Some((_, said)) => assert!(degrees > 0 && said == degrees.to_string()),
        }
    }
}

#[test]
fn a_page_stored_on_its_side_reads_as_its_camera_says() {
    let (page, rules) = (page(), rules("supporting-document"));
    let upright = reading(&judged(png(&page, 1), &rules));
    for (degrees, orientation) in TURNS {
        let stored = turned(&page, (360 - degrees) % 360);
        assert_eq!(reading(&judged(png(&stored, orientation), &rules)), upright, "{degrees}");
    }
}

#[test]
fn the_same_bytes_read_the_same_twice_and_on_several_threads() {
    let (bytes, rules) = (png(&page(), 1), rules("supporting-document"));
    let first = reading(&judged(bytes.clone(), &rules));
    std::thread::scope(|scope| {
        let others: Vec<_> =
            (0..3).map(|_| scope.spawn(|| reading(&judged(bytes.clone(), &rules)))).collect();
        for other in others {
            assert_eq!(other.join().expect("no thread panics"), first);
        }
    });
}

#[test]
fn files_judged_side_by_side_by_rayon_do_not_wait_for_each_other() {
    use rayon::prelude::*;
    let (bytes, rules) = (png(&page(), 1), rules("supporting-document"));
    // One thread is enough to hang where a waiting thread takes up the next file.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let all: Vec<_> = pool.install(|| {
        (0..3).into_par_iter().map(|_| reading(&judged(bytes.clone(), &rules))).collect()
    });
    assert!(all.iter().all(|one| *one == all[0]));
}

#[test]
fn a_photo_slot_never_asks_the_network() {
    for slot in ["verification-photo", "handheld-photo"] {
        let rules = rules(slot);
        assert!(rules.rule(CHECK).is_none(), "{slot}");
        let verdict = judged(png(&page(), 1), &rules);
        assert!(verdict.readings.iter().all(|recorded| recorded.entry.id != CHECK));
        let outcome = verdict.checks.iter().find(|outcome| outcome.check == CHECK);
        let outcome = outcome.expect("every check of the catalogue is listed");
        assert_eq!(outcome.status, Status::Skipped);
        assert_eq!(outcome.detail.as_deref(), Some("switched-off"));
    }
}

#[test]
fn an_empty_sheet_is_not_shown_to_the_network_and_stays_silent() {
    let blank = GrayImage::from_pixel(1240, 1754, Luma([244]));
    let verdict = judged(png(&blank, 1), &rules("authenticity-form"));
    let outcome = verdict.checks.iter().find(|outcome| outcome.check == CHECK);
    assert_eq!(outcome.and_then(|outcome| outcome.detail.as_deref()), Some("no-print"));
    assert!(finding(&verdict).is_none());
}

/// Labelled samples, where they are at hand (`SCANVET_DOCUMENTS` names another folder): good documents
/// with their slots.
fn samples() -> Option<Vec<(String, PathBuf)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/documents");
    let folder = env::var_os("SCANVET_DOCUMENTS").map_or(folder, PathBuf::from);
    let labels = fs::read_to_string(folder.join("labels.csv")).ok()?;
    let good = labels.lines().filter_map(|line| {
        let mut cells = line.split(',');
        let (file, slot) = (cells.next()?, cells.next()?);
        file.contains("good").then(|| (slot.to_owned(), folder.join(file)))
    });
    Some(good.collect())
}

#[test]
fn good_samples_are_told_in_every_turn() {
    let Some(samples) = samples().filter(|samples| !samples.is_empty()) else {
        println!("skipped: no labelled samples in ../shared/samples/documents");
        return;
    };
    for (slot, file) in samples {
        let (bytes, rules) = (fs::read(&file).expect("a labelled file is there"), rules(&slot));
        for (degrees, orientation) in TURNS {
            let verdict = judged(jpeg(&bytes, orientation), &rules);
            let (found, score) = reading(&verdict);
            assert_eq!(found, u64::from(degrees), "{slot} at {score}");
            assert_eq!(finding(&verdict).is_some(), degrees > 0, "{slot} at {score}");
        }
    }
}
