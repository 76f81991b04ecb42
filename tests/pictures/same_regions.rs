//! The same faulty picture has the same findings in the same places, in whichever format, depth, colour
//! space and orientation it is stored.

use super::formats::tiff;
use crate::support::cases::Setting;
use crate::support::encode::{self, Png};
use crate::support::forms::{Form, WHOLE};
use crate::support::scene::{self, ID_1, Shot};
use crate::support::{Asked, codes, said};
use image::codecs::bmp::BmpEncoder;
use image::codecs::webp::WebPEncoder;
use image::{RgbImage, imageops};
use scanvet::verdict::Verdict;

/// How far corners of regions may lie apart, in shares of the page, and numbers, in shares of
/// themselves or their bounds: nothing without loss, a little with JPEG of quality 95.
struct Room {
    place: f64,
    number: f64,
}

const EXACT: Room = Room { place: 1e-9, number: 1e-6 };
/// A turn adds up in another order, and a quadrilateral around rounded corners may begin elsewhere.
const TURNED: Room = Room { place: 0.005, number: 0.05 };
const LOSSY: Room = Room { place: 0.01, number: 0.10 };

/// A turned card with a lamp mirrored in it, and one that leaves the frame.
fn cards() -> Vec<(&'static str, Asked, RgbImage)> {
    let setting = Setting { grain: 1.0, vignette: 0.05, light: [1.0; 3], ..Setting::of(12) };
    // Whole blocks and cells in every turn.
    let shot = Shot { frame: [1200, 880], taper: 0.0, ..setting.shot };
    let face = scene::face(12, 1000, ID_1);
    let turned = Shot { turned: 9.0, size: 0.7, ..shot }.take(&face);
    let shining = scene::mirrored_lamp(&turned, [0.45, 0.5], 0.06);
    let cut = Shot { turned: 0.0, middle: [0.75, 0.5], ..shot }.take(&face);
    vec![
        ("turned and shining", Asked::slot("id-card-front"), setting.seen(&shining)),
        ("cut off", Asked::slot("id-card-front"), setting.seen(&cut)),
    ]
}

/// A form whose seal is too small and which nobody signed.
fn form() -> (&'static str, Asked, RgbImage) {
    let form = Form { seal: 20.0, signature: 0.0, reserved: 14.0, ..WHOLE };
    let sheet = form.drawn(1160);
    let mut picture = sheet.photographed(0.02, 1.0, 5);
    let (width, height) = (picture.width() / 8 * 8, picture.height() / 8 * 8);
    picture = imageops::crop_imm(&picture, 0, 0, width, height).to_image();
    ("form", Asked::profile("alibaba-2018", "authenticity-form"), picture)
}

fn every() -> Vec<(&'static str, Asked, RgbImage)> {
    cards().into_iter().chain([form()]).collect()
}

/// Code, label and corners.
type Place = (&'static str, String, Vec<(f64, f64)>);

fn regions(verdict: &Verdict) -> Vec<Place> {
    let findings = verdict.findings.iter().map(|ruled| &ruled.finding);
    findings
        .flat_map(|finding| {
            let code = finding.reason.code;
            finding.regions.iter().map(move |at| (code, at.label.to_string(), at.points.clone()))
        })
        .collect()
}

/// The box around a region: where its corners begin is no matter.
fn edges(points: &[(f64, f64)]) -> [f64; 4] {
    let pick = |value: fn(&(f64, f64)) -> f64, of: fn(f64, f64) -> f64| {
        points.iter().map(value).reduce(of).expect("a region has corners")
    };
    [
        pick(|p| p.0, f64::min),
        pick(|p| p.1, f64::min),
        pick(|p| p.0, f64::max),
        pick(|p| p.1, f64::max),
    ]
}

fn assert_same(one: &Verdict, other: &Verdict, room: &Room, name: &str) {
    assert_eq!(one.decision, other.decision, "{name}: {}\nnot {}", said(one), said(other));
    assert_eq!(codes(one), codes(other), "{name}");
    let (ones, others) = (regions(one), regions(other));
    assert_eq!(ones.len(), others.len(), "{name}: {ones:?}\nnot {others:?}");
    for ((code, label, points), (of, like, corners)) in ones.iter().zip(&others) {
        assert_eq!((code, label), (of, like), "{name}");
        for (edge, wanted) in edges(points).iter().zip(edges(corners)) {
            let apart = (edge - wanted).abs();
            assert!(apart <= room.place, "{name}: {code} at {points:?}, not {corners:?}");
        }
    }
    let numbers = |verdict: &Verdict| -> Vec<_> {
        let pages = verdict.checks.iter().filter(|outcome| outcome.page > 0);
        // The enlarged picture's rhythm is the height of a peak in noise here, and no size.
        let pages = pages.filter(|outcome| outcome.check != "resolution.upscaled");
        pages.flat_map(|outcome| outcome.measurements.clone()).collect()
    };
    for (one, other) in numbers(one).iter().zip(numbers(other)) {
        assert_eq!(one.name, other.name, "{name}");
        let bound = other.max.or(other.min).unwrap_or(0.0).abs();
        let least = room.number * other.value.abs().max(bound).max(0.01);
        let apart = (one.value - other.value).abs();
        assert!(apart <= least, "{name}: {} is {}, not {}", one.name, one.value, other.value);
    }
}

/// The picture as a TIFF of so many bits and channels (3 colours or 4 inks), turned by `orientation`.
fn tiff(picture: &RgbImage, bits: usize, inks: bool, orientation: u64) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let sample = |x: usize, y: usize, channel: usize| {
        let light = picture.get_pixel(x as u32, y as u32).0.get(channel).map_or(255, |&of| of);
        let value = if inks { 255 - light } else { light };
        u64::from(value) * if bits == 16 { 257 } else { 1 }
    };
    let (channels, photometric) = if inks { (4, 5) } else { (3, 2) };
    let size = (width as usize, height as usize);
    let stored = tiff::Picture { size, bits, channels, sample: &sample };
    let mut tags = stored.tags(photometric, 1);
    tags.extend([(274, 3, vec![orientation]), (278, 3, vec![64])]);
    tiff::PLAIN.write(vec![tiff::Page { tags, chunks: stored.strips(tiff::PLAIN, 64) }])
}

fn webp(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(WebPEncoder::new_lossless(&mut bytes)).expect("it fits");
    bytes
}

fn bmp(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(BmpEncoder::new(&mut bytes)).expect("it fits");
    bytes
}

/// A JPEG with EXIF of nothing but an orientation.
fn jpeg(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let plain = encode::jpeg(picture, 95);
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&plain[..2], &[0xFF, 0xE1], &length, &exif, &plain[2..]].concat()
}

/// The picture stored so that `orientation` turns it upright.
fn stored(picture: &RgbImage, orientation: u64) -> RgbImage {
    match orientation {
        2 => imageops::flip_horizontal(picture),
        3 => imageops::rotate180(picture),
        4 => imageops::flip_vertical(picture),
        5 => imageops::flip_horizontal(&imageops::rotate90(picture)),
        6 => imageops::rotate270(picture),
        7 => imageops::flip_horizontal(&imageops::rotate270(picture)),
        8 => imageops::rotate90(picture),
        _ => picture.clone(),
    }
}

#[test]
fn formats_without_loss_have_the_same_findings_in_the_same_places() {
    for (what, asked, picture) in every() {
        // Alibaba takes neither, so that the format is a finding of its own there.
        let asked = Asked { profile: "generic".to_owned(), ..asked };
        let like = asked.judge(&encode::png(&picture));
        assert!(!regions(&like).is_empty(), "{what}: {}", said(&like));
        for (name, bytes) in [
            ("PNG, alpha", encode::png_as(&picture, Png::Rgba)),
            ("PNG, 16 bits", encode::png_as(&picture, Png::Rgb16)),
            ("TIFF", tiff(&picture, 8, false, 1)),
            ("TIFF, 16 bits", tiff(&picture, 16, false, 1)),
            ("TIFF, inks", tiff(&picture, 8, true, 1)),
            ("WebP", webp(&picture)),
            ("BMP", bmp(&picture)),
        ] {
            assert_same(&asked.judge(&bytes), &like, &EXACT, &format!("{what} as {name}"));
        }
    }
}

#[test]
fn a_jpeg_of_good_quality_has_the_same_findings_in_the_same_places() {
    for (what, asked, picture) in every() {
        let like = asked.judge(&encode::png(&picture));
        assert_same(&asked.judge(&encode::jpeg(&picture, 95)), &like, &LOSSY, what);
    }
}

#[test]
fn every_orientation_has_the_same_findings_in_the_same_places() {
    for (what, asked, picture) in every() {
        let tiff_asked = Asked { profile: "generic".to_owned(), ..asked.clone() };
        let like = tiff_asked.judge(&encode::png(&picture));
        let like_jpeg = asked.judge(&jpeg(&picture, 1));
        for orientation in 1..=8 {
            let turned = stored(&picture, orientation);
            let verdict = tiff_asked.judge(&tiff(&turned, 8, false, orientation));
            assert_same(&verdict, &like, &TURNED, &format!("{what} as TIFF, {orientation}"));
            let verdict = asked.judge(&jpeg(&turned, orientation as u8));
            assert_same(&verdict, &like_jpeg, &LOSSY, &format!("{what} as JPEG, {orientation}"));
        }
    }
}
