//! A scan in a PDF is judged like the picture that it shows: same verdict, same readings.

use crate::support;
use crate::support::pdf::image::Image;
use crate::support::pdf::scan::Scan;
use crate::support::pdf::{Layout, Xref};
use crate::support::{Asked, codes, judge_by, read, said};
use rayon::prelude::*;
use scanvet::verdict::{Decision, Verdict};
use serde_json::Value;

/// At which the scans are placed: enough for every rule, so that only what is seen decides.
const PPI: f64 = 300.0;

/// Good and bad scans, and what they are judged as.
const SCANS: &[(&str, &str)] = &[
    ("samples/accept-card.jpg", ""),
    ("samples/accept-form.jpg", ""),
    ("samples/accept-form.jpg", "authenticity-form"),
    ("samples/accept-photo.jpg", ""),
    ("samples/reject-blank.jpg", ""),
    ("samples/reject-card-blurred.jpg", ""),
    ("samples/reject-card-dark.jpg", ""),
    ("samples/reject-card-grey.jpg", "id-card-front"),
    ("samples/reject-card-thumbnail.jpg", ""),
    ("samples/reject-card-washed-out.jpg", ""),
    ("samples/reject-form-grey.jpg", "authenticity-form"),
    ("samples/review-card-a-little-blurred.jpg", ""),
    ("reasons/GLARE/fail-just.jpg", ""),
    ("reasons/GLARE/pass-just.jpg", ""),
    ("reasons/SKEWED/fail-just.jpg", ""),
    ("reasons/SKEWED/pass-just.jpg", ""),
    ("reasons/EDGES_CUT_OFF/fail-just.jpg", ""),
    ("reasons/LOW_CONTRAST/fail-just.jpg", ""),
    ("reasons/UPSCALED/fail-just.jpg", ""),
    ("reasons/OVERCOMPRESSED/fail-just.jpg", ""),
    ("reasons/OVERCOMPRESSED/pass-just.jpg", ""),
    ("reasons/RESOLUTION_TOO_LOW/fail-800-by-499.jpg", ""),
    ("reasons/ORIENTATION_WRONG/fail-upside-down.jpg", ""),
    ("reasons/COLOUR_CAST/fail-just.jpg", ""),
    ("jpeg/progressive.jpg", ""),
    ("jpeg/restarts.jpg", ""),
    ("jpeg/grey.jpg", ""),
    ("jpeg/cmyk.jpg", ""),
];

/// What hangs on the resolution that a file claims: a PDF always claims one.
const CLAIMED: &str = "DPI_TOO_LOW";

fn reasons(verdict: &Verdict) -> Vec<(&'static str, u32)> {
    let all = verdict.findings.iter().map(|ruled| (ruled.finding.reason.code, ruled.page));
    all.filter(|(code, _)| *code != CLAIMED).collect()
}

/// What was measured on the page, apart from what a page of a document alone is asked.
fn readings(verdict: &Verdict) -> Vec<(&'static str, Value)> {
    let recorded = verdict.readings.iter().filter(|recorded| recorded.page > 0);
    recorded
        .map(|recorded| (recorded.entry.id, recorded.read.clone().unwrap_or(Value::Null)))
        .filter(|(check, _)| *check != "resolution.dpi" && !check.starts_with("pdf."))
        .collect()
}

/// Sums over a page that was turned are rounded in another order.
fn is_same((check, one): &(&str, Value), (_, other): &(&str, Value)) -> bool {
    const ROUNDING: f64 = 2e-6;
    let radius = |reading: &Value| reading["radius_per_mille"].as_f64();
    match (*check, radius(one), radius(other)) {
        ("legibility.blur", Some(one), Some(other)) => (one - other).abs() <= ROUNDING,
        _ => one == other,
    }
}

fn compare(picture: &Verdict, scan: &Verdict) -> Vec<String> {
    let mut wrong = Vec::new();
    let codes_of = |verdict| reasons(verdict).into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    if codes_of(picture) != codes_of(scan) {
        wrong.push(format!("{}\n    and in the PDF {}", said(picture), said(scan)));
    }
    if picture.decision != scan.decision && !codes(scan).contains(&CLAIMED) {
        wrong.push(format!("{:?} is {:?} in the PDF", picture.decision, scan.decision));
    }
    let (one, other) = (readings(picture), readings(scan));
    if one.len() != other.len() {
        wrong.push(format!("{} readings, {} in the PDF", one.len(), other.len()));
    }
    for ((check, one), (_, other)) in
        one.iter().zip(&other).filter(|(one, other)| !is_same(one, other))
    {
        wrong.push(format!("{check} reads {one}\n    and in the PDF {other}"));
    }
    wrong
}

fn assert_same(layouts: &[Layout], scans: &[(&str, &str)]) {
    let wrong: Vec<String> = scans
        .par_iter()
        .flat_map_iter(|(path, slot)| {
            let jpeg = read(&format!("testdata/{path}"));
            let rules = Asked::slot(slot).rules();
            let picture = judge_by(&rules, &jpeg, None);
            let scan = Scan::of(&Image::dct(&jpeg), PPI).finish();
            let compared = layouts.iter().flat_map(move |layout| {
                let verdict = judge_by(&rules, &scan.write(layout), None);
                compare(&picture, &verdict)
            });
            compared.map(move |wrong| format!("{path} as {slot:?}: {wrong}")).collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_scan_in_a_pdf_is_judged_like_the_picture() {
    assert_same(&[Layout::of(Xref::Table)], SCANS);
}

#[test]
fn how_the_pdf_is_written_makes_no_difference() {
    use support::pdf::crypt::{Encryption, Method};
    let layouts = [
        Layout::of(Xref::Packed),
        Layout::encrypted(Xref::Table, Encryption::open(Method::Rc4Long)),
        Layout::encrypted(Xref::Packed, Encryption::open(Method::Aes256)),
    ];
    assert_same(&layouts, &SCANS[4..7]);
}

/// Pixels that planes and blocks of energy are made of.
const CELLS: u32 = 32;

#[test]
fn a_page_that_is_turned_is_judged_upright() {
    let upright = read("testdata/samples/accept-card.jpg");
    let picture = image::load_from_memory(&upright).expect("a picture").into_rgb8();
    // Whole cells from whichever side they are counted.
    let whole = |side: u32| side / CELLS * CELLS;
    let (width, height) = (whole(picture.width()), whole(picture.height()));
    let picture = image::imageops::crop_imm(&picture, 0, 0, width, height).to_image();
    let judged = support::judge(&support::encode::png(&picture));
    let turned = |turns: u32| match turns {
        1 => image::imageops::rotate270(&picture),
        2 => image::imageops::rotate180(&picture),
        _ => image::imageops::rotate90(&picture),
    };
    for turns in 1..4 {
        // Stored turned back, and turned again by the page.
        let mut scan = Scan::of(&Image::rgb(&turned(turns)), PPI);
        scan.pages[0].more.push_str(&format!(" /Rotate {}", 90 * turns));
        let verdict = support::judge(&scan.write(&Layout::default()));
        let wrong = compare(&judged, &verdict);
        assert!(wrong.is_empty(), "{} degrees: {}", 90 * turns, wrong.join("\n"));
    }
}

/// Each page is judged, and a finding names the page that it is of.
#[test]
fn a_finding_names_its_page() {
    let [good, dark] = ["accept-card", "reject-card-dark"]
        .map(|name| Image::dct(&read(&format!("testdata/samples/{name}.jpg"))));
    let mut scan = Scan::of(&good, PPI);
    scan.page(&dark, PPI);
    scan.page(&good, PPI);
    let verdict = support::judge(&scan.write(&Layout::of(Xref::Packed)));
    assert_eq!(verdict.decision, Decision::Reject, "{}", said(&verdict));
    assert_eq!(verdict.detected.pages, 3);
    let pages: Vec<u32> = verdict.findings.iter().map(|ruled| ruled.page).collect();
    assert!(!pages.is_empty() && pages.iter().all(|page| *page == 2), "{}", said(&verdict));
}

/// The page says how large the scan is, whatever is in the picture's own header. 72 and 96 are no
/// claims: programs write them that know of no size.
#[test]
fn the_resolution_is_that_of_the_page() {
    let jpeg = read("testdata/samples/accept-form.jpg");
    for ppi in [80.0, 100.0, 150.0, 300.0, 600.0] {
        let bytes = Scan::of(&Image::dct(&jpeg), ppi).write(&Layout::default());
        let upload = scanvet::intake::Upload { bytes: bytes.into(), declared_media_type: None };
        let mut sniffed = scanvet::intake::sniff(&upload);
        sniffed.look_inside(&mut scanvet::intake::Unlimited).expect("no end to the budget");
        let wanted = scanvet::decode::Wanted { planes: true, ..Default::default() };
        let decoded = scanvet::decode::open(&sniffed, wanted, &mut scanvet::intake::Unlimited);
        let told = decoded.expect("no end to the budget").pages.first().and_then(|p| p.claimed_ppi);
        assert!(told.is_some_and(|told| (told / ppi - 1.0).abs() < 0.01), "{told:?}, not {ppi}");
    }
}
