//! A JPEG is looked at by its coefficients. Whatever is measured so, must be what its pixels say: the same
//! picture as a PNG of them gets the same verdict for the same reasons, and readings as near as is stated
//! here.
#![expect(clippy::print_stdout, reason = "what is farthest off is worth seeing")]

use std::collections::BTreeMap;
use std::path::Path;

use image::RgbImage;
use rayon::prelude::*;
use scanvet::reason::Measurement;
use scanvet::verdict::Verdict;

use crate::support::photo::Photo;
use crate::support::{Asked, cards, encode, forms, judge_by, read};

/// Of a measurement, by the beginning of its name: how far apart the two may be, and as which share of the
/// larger one; either suffices. What is not named must be the same to 2 in 100 or 0.02.
const TOLERANCES: &[(&str, f64, f64)] = &[
    // In pixels and thousandths; bounds lie from 1.2 thousandths on.
    ("blur.radius_per_mille", 0.12, 0.05),
    ("blur.radius", 0.35, 0.05),
    ("blur.sharpness", 0.05, 0.05),
    // Chroma is stored in whole levels; a pixel's is cut off where one of its colours ends.
    ("colour.cast", 1.2, 0.05),
    ("colour.mean_chroma", 0.5, 0.05),
    ("colour.peak_chroma", 3.0, 0.05),
    ("exposure.", 1.0, 0.02),
    // Degrees and hundredths of a face, as far as the networks know them.
    ("face.", 1.5, 0.1),
    // Of a page that has next to none.
    ("recapture.grid_energy", 0.3, 0.05),
    ("recapture.grid_ratio", 4.0, 0.05),
    ("skew.", 0.05, 0.02),
    // Below the bound of 12 it is chance.
    ("upscaled.strength", 8.0, 0.15),
];
const USUAL: (f64, f64) = (0.02, 0.02);

fn tolerance(name: &str) -> (f64, f64) {
    let of = TOLERANCES.iter().find(|(start, ..)| name.starts_with(start));
    of.map_or(USUAL, |(_, apart, share)| (*apart, *share))
}

/// Of the pages, not of the file: a PNG has other bytes.
fn measured(verdict: &Verdict) -> BTreeMap<&'static str, f64> {
    let checks = verdict.checks.iter().filter(|check| check.page > 0);
    let measurements = checks.flat_map(|check| &check.measurements);
    measurements.map(|Measurement { name, value, .. }| (*name, *value)).collect()
}

fn reasons(verdict: &Verdict) -> Vec<&'static str> {
    let of_pages = verdict.findings.iter().filter(|ruled| ruled.page > 0);
    of_pages.map(|ruled| ruled.finding.reason.code).collect()
}

/// What differs by more than it may, in words.
fn differences(name: &str, jpeg: &[u8], asked: &Asked) -> Vec<String> {
    let rules = asked.rules();
    let pixels = image::load_from_memory(jpeg).expect("it decodes").into_rgb8();
    let png = encode::png_as(&pixels, encode::Png::Rgb);
    let [by_coefficients, by_pixels] = [jpeg, &png].map(|bytes| judge_by(&rules, bytes, None));
    let mut found = Vec::new();
    let said = [reasons(&by_coefficients), reasons(&by_pixels)];
    if said[0] != said[1] {
        found.push(format!("{name}: {:?} by coefficients, {:?} by pixels", said[0], said[1]));
    }
    let (one, other) = (measured(&by_coefficients), measured(&by_pixels));
    for (measurement, value) in &one {
        let Some(expected) = other.get(measurement) else {
            found.push(format!("{name}: {measurement} was measured in the JPEG alone"));
            continue;
        };
        let (apart, share) = tolerance(measurement);
        let distance = (value - expected).abs();
        if distance > apart && distance > share * expected.abs().max(value.abs()) {
            found.push(format!("{name}: {measurement} {value} instead of {expected}"));
        }
    }
    found
}

#[test]
fn made_pictures_read_as_their_pixels_do() {
    let enlarged = |picture: &RgbImage, width, height| {
        image::imageops::resize(picture, width, height, image::imageops::FilterType::CatmullRom)
    };
    let card = cards::photographed(cards::Side::Portrait, 3);
    let emblem = cards::scanned(cards::Side::Emblem, 5);
    let form = forms::WHOLE.drawn(2480).photographed(0.03, 0.7, 5);
    let photo = Photo { width: 1200, height: 900, ..Photo::of(3) }.drawn();
    let pictures = [
        ("card of 3 megapixels", enlarged(&card, 2000, 1500), ("alibaba-2019", "id-card-front")),
        ("card of 12 megapixels", enlarged(&card, 4001, 2999), ("alibaba-2019", "id-card-front")),
        ("scanned card", enlarged(&emblem, 1600, 1010), ("alibaba-2019", "id-card-back")),
        ("form", form, ("alibaba-2018", "authenticity-form")),
        ("photo", photo, ("alibaba-2018", "verification-photo")),
    ];
    let kinds = pictures
        .par_iter()
        .flat_map(|picture| [92, 75].par_iter().map(move |quality| (picture, *quality)));
    let found: Vec<String> = kinds
        .flat_map_iter(|((name, picture, (profile, slot)), quality)| {
            let jpeg = encode::jpeg(picture, quality);
            differences(&format!("{name} at {quality}"), &jpeg, &Asked::profile(profile, slot))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn bundled_pictures_read_as_their_pixels_do() {
    let reasons = crate::support::files("testdata/reasons")
        .into_iter()
        .filter(|path| Path::new(path).extension().is_some_and(|extension| extension == "jpg"));
    let kinds =
        crate::support::files("testdata/jpeg").into_iter().filter(|path| path.ends_with(".jpg"));
    let found: Vec<String> = reasons
        .chain(kinds)
        .collect::<Vec<_>>()
        .par_iter()
        .flat_map_iter(|path| {
            let bytes = read(path);
            // Inks and other meanings are left to the decoder, and so are small pictures.
            let size = image::image_dimensions(crate::support::root().join(path));
            match size {
                Ok((width, height))
                    if width * height >= 1_000_000 && image::load_from_memory(&bytes).is_ok() =>
                {
                    differences(path, &bytes, &Asked::slot("supporting-document"))
                }
                _ => Vec::new(),
            }
        })
        .collect();
    println!("{found:#?}");
    assert!(found.is_empty(), "{found:#?}");
}
