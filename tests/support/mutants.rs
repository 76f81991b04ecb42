//! Ways to break a picture or document: bits, cuts, lengths, and parts that change places.
#![allow(dead_code, reason = "each test takes its part of this")]

use crate::support::draw::{self, Lcg};
use crate::support::pdf::scan::Scan;
use crate::support::{encode, faults, read};

/// A file to be broken, by the name of its format.
pub(crate) struct Seed {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// Fourteen sound files in the codings that differ most, small enough to be broken thousands of times.
pub(crate) fn seeds() -> Vec<Seed> {
    let leaflet = draw::leaflet(240, 180);
    let posterised = faults::posterised(&leaflet);
    let file = |name: &str| read(&format!("testdata/formats/{name}"));
    let mut bmp = Vec::new();
    draw::leaflet(96, 64)
        .write_with_encoder(image::codecs::bmp::BmpEncoder::new(&mut bmp))
        .expect("writing to memory");
    let seed = |name, bytes| Seed { name, bytes };
    vec![
        seed("JPEG, baseline", encode::jpeg(&draw::card(240), 70)),
        seed("JPEG, progressive", read("testdata/jpeg/progressive.jpg")),
        seed("JPEG with notes", read("testdata/jpeg/position.jpg")),
        seed("JPEG of four inks", file("cmyk-profile.jpg")),
        seed("PNG", encode::png(&leaflet)),
        seed("PNG with a palette", encode::png_as(&leaflet, encode::Png::Palette)),
        seed("PNG with a profile", file("adobe-rgb.png")),
        seed("GIF", encode::gif(&[&posterised])),
        seed("WebP, lossy", file("lossy.webp")),
        seed("WebP, lossless", file("lossless.webp")),
        seed("BMP", bmp),
        seed("TIFF of two pages", file("two-pages-deflate.tif")),
        seed("TIFF of a fax", file("bilevel-g4.tif")),
        seed("PDF", Scan::good().write(&Default::default())),
    ]
}

/// The `number`th mutant of a seed: the first hundred are cuts, one for each percent.
pub(crate) fn mutant(seed: &[u8], number: u64) -> Vec<u8> {
    if number < 100 {
        return seed[..seed.len() * number as usize / 100].to_vec();
    }
    let mut lcg = Lcg::new(number);
    let mut bytes = seed.to_vec();
    for _ in 0..=lcg.below(3) {
        if bytes.len() > 64 {
            break_once(&mut lcg, &mut bytes);
        }
    }
    bytes
}

fn break_once(lcg: &mut Lcg, bytes: &mut Vec<u8>) {
    let length = bytes.len();
    let at = lcg.below(length);
    match lcg.below(10) {
        0 | 1 => {
            for _ in 0..=lcg.below(8) {
                let bit = lcg.below(8 * length);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
        // Headers are where sizes stand.
        2 | 3 => {
            let header = lcg.below(length.min(700));
            bytes[header] = [0x00, 0xFF, 0x7F, 0x80, 0x01][lcg.below(5)];
        }
        4 | 5 => edit_length(lcg, bytes),
        6 | 7 => swap_parts(lcg, bytes),
        8 => {
            let run = 1 + lcg.below(64.min(length - at));
            let copy = bytes[at..at + run].to_vec();
            let to = lcg.below(length);
            bytes.splice(to..to, copy);
        }
        _ => {
            let run = 1 + lcg.below(256.min(length - at));
            bytes.drain(at..at + run);
        }
    }
}

/// Where parts of a file begin, and where in each its length stands: chunks, segments, boxes, objects.
fn parts(bytes: &[u8]) -> Vec<(usize, usize)> {
    let number = |at: usize, size: usize| {
        let digits = bytes.get(at..at + size)?;
        Some(digits.iter().fold(0usize, |sum, &digit| sum << 8 | usize::from(digit)))
    };
    let little = |at: usize| {
        let digits = bytes.get(at..at + 4)?;
        Some(digits.iter().rev().fold(0usize, |sum, &digit| sum << 8 | usize::from(digit)))
    };
    let mut parts = Vec::new();
    if bytes.starts_with(b"\x89PNG") {
        let mut at = 8;
        while let Some(length) = number(at, 4).filter(|length| at + length < bytes.len()) {
            parts.push((at, at));
            at += 12 + length;
        }
    } else if bytes.starts_with(&[0xFF, 0xD8]) {
        let mut at = 2;
        while let Some(length) = number(at + 2, 2).filter(|_| bytes[at] == 0xFF) {
            parts.push((at, at + 2));
            at += 2 + length;
        }
    } else if bytes.starts_with(b"RIFF") {
        let mut at = 12;
        while let Some(length) = little(at + 4).filter(|length| at + length < bytes.len()) {
            parts.push((at, at + 4));
            at += 8 + length + length % 2;
        }
    } else if bytes.starts_with(b"%PDF") {
        let objects = memchr::memmem::find_iter(bytes, b" 0 obj");
        parts.extend(objects.map(|at| (at.saturating_sub(2), at.saturating_sub(1))));
    } else {
        // Blocks of a GIF, entries of a TIFF, fields of a BMP: numbers everywhere.
        parts.extend((0..bytes.len().min(512)).step_by(4).map(|at| (at, at)));
    }
    parts
}

fn edit_length(lcg: &mut Lcg, bytes: &mut [u8]) {
    let parts = parts(bytes);
    if parts.is_empty() {
        return;
    }
    let (_, at) = parts[lcg.below(parts.len())];
    for offset in 0..1 + lcg.below(4) {
        if let Some(byte) = bytes.get_mut(at + offset) {
            *byte = match lcg.below(5) {
                0 => 0,
                1 => 0xFF,
                2 => byte.wrapping_add(1),
                3 => byte.wrapping_sub(1),
                _ => lcg.bits() as u8,
            };
        }
    }
}

fn swap_parts(lcg: &mut Lcg, bytes: &mut Vec<u8>) {
    let parts = parts(bytes);
    if parts.len() < 3 {
        return;
    }
    let first = lcg.below(parts.len() - 2);
    let second = first + 1 + lcg.below(parts.len() - first - 2);
    let (a, b) = (parts[first].0, parts[second].0);
    let [after_a, after_b] = [parts[first + 1].0, parts[second + 1].0];
    let swapped = [
        &bytes[..a],
        &bytes[b..after_b],
        &bytes[after_a..b],
        &bytes[a..after_a],
        &bytes[after_b..],
    ];
    *bytes = swapped.concat();
}
