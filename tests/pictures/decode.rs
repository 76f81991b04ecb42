//! The same picture gives the same verdict and readings in whatever format and turn it is stored.

use crate::support::draw::CARD;
use crate::support::encode::{self, Png};
use crate::support::pdf::Layout;
use crate::support::pdf::image::Image;
use crate::support::pdf::scan::{GOOD, PPI, Scan};
use crate::support::{codes, faults, fixtures, judge, read, reading, readings, said};
use image::{DynamicImage, Rgba, RgbaImage};
use scanvet::decode::integrity::State;
use scanvet::decode::page::{Page, Rect};
use scanvet::decode::{self, Pages, Wanted};
use scanvet::intake::{self, Unlimited, Upload};
use scanvet::verdict::{Decision, Verdict};
use serde_json::Value;

/// The readings that are of pixels and not of the file.
fn of_pixels(verdict: &Verdict) -> Vec<(&'static str, Value)> {
    readings(verdict).into_iter().filter(|(check, _)| !check.starts_with("file.")).collect()
}

/// The first page with all that can be wanted of it.
fn page(bytes: &[u8]) -> Page {
    let upload = Upload { bytes: bytes.to_vec().into(), declared_media_type: None };
    let sniffed = intake::sniff(&upload);
    let wanted = Wanted { planes: true, energy: true, tiles: true };
    let decoded =
        decode::open(&sniffed, wanted, &mut Unlimited).expect("a budget without end does not end");
    decoded.pages.into_iter().next().expect("a page")
}

/// The whole page in full resolution.
fn pixels(page: &Page) -> Vec<u8> {
    let whole = Rect { x: 0, y: 0, width: page.width, height: page.height };
    page.tile(whole).expect("tiles were wanted").rgb
}

#[test]
fn a_picture_without_loss_reads_the_same_in_every_format() {
    let picture = faults::posterised(&fixtures::leaflet());
    let reference = judge(&encode::png(&picture));
    assert_eq!(reference.decision, Decision::Accept, "{}", said(&reference));
    for form in [Png::Rgba, Png::Palette, Png::Rgb16] {
        let verdict = judge(&encode::png_as(&picture, form));
        assert_eq!(of_pixels(&verdict), of_pixels(&reference), "{form:?}");
        assert_eq!(verdict.decision, reference.decision, "{form:?}");
    }
    let gif = judge(&encode::gif(&[&picture]));
    assert_eq!(of_pixels(&gif), of_pixels(&reference));
    assert_eq!(gif.decision, reference.decision);
}

#[test]
fn a_grey_picture_reads_the_same_with_one_component_or_three() {
    let picture = faults::grey(&fixtures::leaflet());
    let reference = judge(&encode::png(&picture));
    assert_eq!(codes(&reference), ["COLOUR_MISSING"]);
    for form in [Png::Grey, Png::GreyAlpha] {
        let verdict = judge(&encode::png_as(&picture, form));
        assert_eq!(of_pixels(&verdict), of_pixels(&reference), "{form:?}");
    }
    let black_and_white = faults::bilevel(&picture, 120);
    let three = judge(&encode::png(&black_and_white));
    let one = judge(&encode::png_as(&black_and_white, Png::Bilevel));
    assert_eq!(of_pixels(&one), of_pixels(&three));
}

/// How far the readings of one card may differ between forms of JPEG: by what subsampled chroma,
/// another quality and the gamut of four inks change.
const TOLERANCES: [(&str, &str, f64); 7] = [
    ("resolution.pixels", "width", 0.0),
    ("resolution.pixels", "height", 0.0),
    ("legibility.exposure", "paper", 4.0),
    ("legibility.exposure", "ink", 8.0),
    ("legibility.blank", "ink_share", 0.02),
    ("colour.presence", "coloured_share", 0.05),
    ("legibility.blur", "radius_per_mille", 0.25),
];

fn assert_alike(name: &str, verdict: &Verdict, reference: &Verdict) {
    assert_eq!(verdict.decision, reference.decision, "{name}: {}", said(verdict));
    for (check, value, tolerance) in TOLERANCES {
        let (here, there) = (reading(verdict, check, value), reading(reference, check, value));
        assert!(
            (here - there).abs() <= tolerance,
            "{name}: {check} {value} is {here}, not {there}"
        );
    }
}

#[test]
fn every_form_of_jpeg_gives_the_same_verdict() {
    let reference = judge(&read("testdata/jpeg/baseline-444.jpg"));
    assert_eq!(reference.decision, Decision::Accept, "{}", said(&reference));
    for name in ["baseline-422", "baseline-420", "progressive", "restarts", "cmyk", "position"] {
        let verdict = judge(&read(&format!("testdata/jpeg/{name}.jpg")));
        assert_alike(name, &verdict, &reference);
    }
    let grey = judge(&read("testdata/jpeg/grey.jpg"));
    assert_eq!(codes(&grey), ["COLOUR_MISSING"], "{}", said(&grey));
}

/// The same coefficients in another order, or behind other metadata, are the same picture.
#[test]
fn the_order_in_which_a_jpeg_stores_its_coefficients_changes_nothing() {
    let reference = judge(&read("testdata/jpeg/baseline-420.jpg"));
    for name in ["progressive", "restarts", "position"] {
        let verdict = judge(&read(&format!("testdata/jpeg/{name}.jpg")));
        assert_eq!(of_pixels(&verdict), of_pixels(&reference), "{name}");
    }
}

#[test]
fn a_position_is_noticed_and_never_told() {
    let verdict = judge(&read("testdata/jpeg/position.jpg"));
    assert!(verdict.detected.has_gps);
    assert!(!judge(&read("testdata/jpeg/baseline-420.jpg")).detected.has_gps);
}

#[test]
fn a_card_reads_the_same_however_the_camera_was_held() {
    let reference = read("testdata/jpeg/orientation-1.jpg");
    let (upright, verdict) = (page(&reference), judge(&reference));
    assert_eq!(verdict.decision, Decision::Accept, "{}", said(&verdict));
    for value in 2..=8 {
        let bytes = read(&format!("testdata/jpeg/orientation-{value}.jpg"));
        let turned = page(&bytes);
        let name = format!("orientation {value}");
        assert_eq!((turned.width, turned.height), (upright.width, upright.height), "{name}");
        assert_alike(&name, &judge(&bytes), &verdict);
        for (here, there) in [
            (&turned.planes.y, &upright.planes.y),
            (&turned.planes.cb, &upright.planes.cb),
            (&turned.planes.cr, &upright.planes.cr),
        ] {
            assert_eq!((here.width, here.height), (there.width, there.height), "{name}");
            // Turned blocks are rounded anew: a few levels at an edge. Mirrored, they would be tens apart.
            let apart = here.cells.iter().zip(&there.cells).map(|(a, b)| f64::from(a.abs_diff(*b)));
            let mean = apart.sum::<f64>() / here.cells.len() as f64;
            assert!(mean < 3.0, "{name}: planes are {mean} levels apart");
        }
        let energies = [&turned, &upright].map(|page| page.energy.as_ref().unwrap());
        assert_eq!(energies[0].blocks.len(), energies[1].blocks.len(), "{name}");
    }
}

#[test]
fn a_turned_page_has_the_pixels_of_the_stored_one_in_upright_order() {
    for value in 1..=8u8 {
        let bytes = read(&format!("testdata/jpeg/orientation-{value}.jpg"));
        let mut stored =
            DynamicImage::ImageRgb8(image::load_from_memory(&bytes).unwrap().into_rgb8());
        stored.apply_orientation(image::metadata::Orientation::from_exif(value).unwrap());
        assert!(pixels(&page(&bytes)) == stored.into_bytes(), "orientation {value}");
    }
}

#[test]
fn a_tile_has_the_pixels_of_the_source_and_ends_with_the_page() {
    let picture = &*CARD;
    let page = page(&encode::png(picture));
    assert!(pixels(&page) == *picture.as_raw());
    let tile = page.tile(Rect { x: 1390, y: 1045, width: 100, height: 100 }).unwrap();
    assert_eq!((tile.rect.width, tile.rect.height), (10, 5));
    let expected: Vec<u8> = (1045..1050)
        .flat_map(|y| (1390..1400).flat_map(move |x| picture.get_pixel(x, y).0))
        .collect();
    assert_eq!(tile.rgb, expected);
    for (x, y, width, height) in
        [(1400, 0, 5, 5), (0, 1050, 5, 5), (3, 3, 0, 5), (3, 3, usize::MAX, 5)]
    {
        assert!(page.tile(Rect { x, y, width, height }).is_none(), "{x} {y} {width} {height}");
    }
}

#[test]
fn tiles_that_nobody_wants_are_not_kept() {
    let upload = Upload { bytes: fixtures::small_jpeg().into(), declared_media_type: None };
    let wanted = Wanted { planes: true, ..Wanted::default() };
    let decoded = decode::open(&intake::sniff(&upload), wanted, &mut Unlimited).unwrap();
    let [page] = &decoded.pages[..] else { panic!("one page") };
    assert!(page.tile(Rect { x: 0, y: 0, width: 8, height: 8 }).is_none());
    assert!(page.energy.is_none());
}

#[test]
fn what_is_transparent_shows_white_paper() {
    let leaflet = fixtures::leaflet();
    // The paper is cut out and left black below, as programs that remove backgrounds do.
    let paper = leaflet.get_pixel(2, 300).0;
    let cut = RgbaImage::from_fn(leaflet.width(), leaflet.height(), |x, y| {
        let [red, green, blue] = leaflet.get_pixel(x, y).0;
        if [red, green, blue] == paper { Rgba([0; 4]) } else { Rgba([red, green, blue, 255]) }
    });
    let mut whitened = leaflet.clone();
    for pixel in whitened.pixels_mut().filter(|pixel| pixel.0 == paper) {
        pixel.0 = [255; 3];
    }
    let [cut, whitened] = [encode::png_rgba(&cut), encode::png(&whitened)];
    assert!(pixels(&page(&cut)) == pixels(&page(&whitened)));
    assert_eq!(of_pixels(&judge(&cut)), of_pixels(&judge(&whitened)));
}

#[test]
fn the_same_bytes_give_the_same_readings_every_time() {
    let bytes = read("testdata/jpeg/baseline-420.jpg");
    assert_eq!(readings(&judge(&bytes)), readings(&judge(&bytes)));
}

/// Sheets of a scan, pages of a document and frames of an animation all go through this door.
#[test]
fn pages_come_one_after_another_and_the_state_of_the_file_last() {
    let wanted = Wanted { planes: true, ..Wanted::default() };
    let frames = encode::gif(&[&fixtures::leaflet(), &fixtures::leaflet()]);
    for (name, bytes, count) in [
        ("two sheets", read("testdata/formats/two-pages-deflate.tif"), 2),
        ("three pages", read("testdata/pdf/img2pdf-three-pages.pdf"), 3),
        ("two frames, of which the first counts", frames, 1),
    ] {
        let upload = Upload { bytes: bytes.into(), declared_media_type: None };
        let mut sniffed = intake::sniff(&upload);
        sniffed.look_inside(&mut Unlimited).unwrap();
        let mut pages = Pages::of(&sniffed, wanted);
        for number in 1..=count {
            assert!(!pages.is_done(), "{name}");
            let page = pages.next(&mut Unlimited).unwrap().expect(name);
            assert_eq!(page.number, number, "{name}");
        }
        assert!(pages.is_done() && pages.next(&mut Unlimited).unwrap().is_none(), "{name}");
        assert_eq!(pages.state(), State::Whole, "{name}");
    }
}

/// One page that cannot be read hides neither the others nor that it is missing.
#[test]
fn a_page_that_cannot_be_read_is_told_and_the_others_are_judged() {
    let broken = Image { data: b"no picture".to_vec(), ..GOOD.clone() };
    let mut scan = Scan::good();
    scan.page(&broken, PPI);
    scan.page(&GOOD, PPI);
    let bytes = scan.write(&Layout::default());
    let verdict = judge(&bytes);
    assert!(codes(&verdict).contains(&"FILE_CORRUPT"), "{}", said(&verdict));
    assert_eq!(verdict.detected.pages, 2, "{}", said(&verdict));
}
