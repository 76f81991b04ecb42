//! Whatever the bytes are, the answer is a verdict: no panic, no error, no memory beyond the header's
//! promise.

use std::io::Write;

use crate::support::draw::{self, Lcg};
use crate::support::encode::{self, png_chunk};
use crate::support::{codes, faults, judge, read, said};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use scanvet::verdict::{Decision, Verdict};

/// A verdict in which no check of ours fell over; a decoder may, and is caught.
fn sound(name: &str, bytes: &[u8]) -> Verdict {
    let verdict = judge(bytes);
    for outcome in &verdict.checks {
        let fell = outcome.detail.as_deref() == Some("check-failed");
        assert!(!fell, "{name}: {} panicked", outcome.check);
    }
    verdict
}

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A PNG of black and white pixels with chunks of its own before the picture.
fn png_with(width: u32, height: u32, before: &[Vec<u8>], samples: &[u8]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([1, 0, 0, 0, 0]);
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend(png_chunk(b"IHDR", &header));
    bytes.extend(before.concat());
    bytes.extend(png_chunk(b"IDAT", &deflated(samples)));
    bytes.extend(png_chunk(b"IEND", &[]));
    bytes
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

/// A hundred megabytes of nothing, packed.
fn bomb() -> Vec<u8> {
    deflated(&vec![0; 100 << 20])
}

#[test]
fn a_header_that_promises_too_much_is_refused_before_a_pixel_is_decoded() {
    let huge = png_with(30_000, 30_000, &[], &[0; 64]);
    let verdict = sound("PNG of 900 megapixels", &huge);
    assert_eq!(codes(&verdict), ["TOO_MANY_PIXELS"], "{}", said(&verdict));
    assert_eq!((verdict.detected.width, verdict.detected.height), (30_000, 30_000));
    let mut huge = encode::jpeg(&draw::card(160), 70);
    let frame = huge.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    huge[frame + 5..frame + 9].fill(0xFF);
    let verdict = sound("JPEG of 4 gigapixels", &huge);
    assert_eq!(codes(&verdict), ["TOO_MANY_PIXELS"], "{}", said(&verdict));
    let mut huge = encode::gif(&[&faults::posterised(&draw::card(160))]);
    huge[6..10].fill(0xFF);
    let verdict = sound("GIF of 4 gigapixels", &huge);
    assert_eq!(codes(&verdict), ["TOO_MANY_PIXELS"], "{}", said(&verdict));
}

/// Within the limit on pixels, but the data for them are not there.
#[test]
fn a_large_promise_without_data_is_rejected() {
    let verdict = sound("PNG", &png_with(8_000, 6_000, &[], &[0; 64]));
    assert_eq!(verdict.decision, Decision::Reject, "{}", said(&verdict));
    let mut jpeg = encode::jpeg(&draw::card(160), 70);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x17, 0x70, 0x1F, 0x40]);
    let verdict = sound("JPEG", &jpeg);
    assert_ne!(verdict.decision, Decision::Accept, "{}", said(&verdict));
}

#[test]
fn a_picture_of_no_size_is_corrupt() {
    for (width, height) in [(0, 0), (0, 10), (10, 0)] {
        let verdict = sound("PNG", &png_with(width, height, &[], &[0; 64]));
        assert_eq!(codes(&verdict), ["FILE_CORRUPT"], "PNG {width} × {height}: {}", said(&verdict));
        let mut gif = encode::gif(&[&faults::posterised(&draw::card(160))]);
        gif[6..8].copy_from_slice(&(width as u16).to_le_bytes());
        gif[8..10].copy_from_slice(&(height as u16).to_le_bytes());
        let verdict = sound("GIF", &gif);
        assert_eq!(codes(&verdict), ["FILE_CORRUPT"], "GIF {width} × {height}: {}", said(&verdict));
        let mut jpeg = encode::jpeg(&draw::card(160), 70);
        let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        jpeg[frame + 5..frame + 7].copy_from_slice(&(height as u16).to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&(width as u16).to_be_bytes());
        let verdict = sound("JPEG", &jpeg);
        assert_eq!(
            codes(&verdict),
            ["FILE_CORRUPT"],
            "JPEG {width} × {height}: {}",
            said(&verdict)
        );
    }
}

/// What is not pixels inflates without bound by default: profiles and text did so in many decoders.
#[test]
fn a_profile_or_a_text_that_inflates_to_a_hundred_megabytes_harms_nobody() {
    let bomb = bomb();
    let row = vec![0xFF; (800 / 8 + 1) * 500];
    for (kind, intro) in [
        (b"iCCP", &b"profile\0\0"[..]),
        (b"zTXt", b"Comment\0\0"),
        (b"iTXt", b"Comment\0\x01\0\0\0"),
    ] {
        let chunk = png_chunk(kind, &[intro, &bomb].concat());
        assert!(chunk.len() < 1 << 20);
        let name = String::from_utf8_lossy(kind);
        let verdict = sound(&name, &png_with(800, 500, &[chunk], &row));
        assert_ne!(verdict.decision, Decision::Accept, "{name}: {}", said(&verdict));
    }
}

/// Pixels that inflate beyond what the header promises.
#[test]
fn pixel_data_beyond_the_promise_harm_nobody() {
    let mut bytes = SIGNATURE.to_vec();
    bytes.extend(png_chunk(b"IHDR", &[0, 0, 3, 32, 0, 0, 1, 244, 1, 0, 0, 0, 0]));
    bytes.extend(png_chunk(b"IDAT", &bomb()));
    bytes.extend(png_chunk(b"IEND", &[]));
    let verdict = sound("IDAT", &bytes);
    assert_ne!(verdict.decision, Decision::Accept, "{}", said(&verdict));
}

#[test]
fn a_chunk_or_segment_that_claims_more_than_there_is_breaks_off_the_file() {
    let mut png = encode::png(&draw::leaflet(160, 120));
    png[33..37].fill(0xFF);
    assert_eq!(codes(&sound("PNG", &png)), ["FILE_TRUNCATED"]);
    let mut jpeg = encode::jpeg(&draw::card(160), 70);
    let last = jpeg.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    jpeg[last + 2..last + 4].fill(0xFF);
    assert_eq!(sound("JPEG", &jpeg).decision, Decision::Reject);
}

/// Thousands of empty scans in a few kilobytes: each would cost a pass over all coefficients.
#[test]
fn a_progressive_jpeg_of_countless_scans_is_not_accepted() {
    let whole = read("testdata/jpeg/progressive.jpg");
    let scan = whole.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).unwrap();
    let last = whole[scan..whole.len() - 2].to_vec();
    let mut bytes = whole[..whole.len() - 2].to_vec();
    for _ in 0..200 {
        bytes.extend(&last[..last.len().min(64)]);
    }
    bytes.extend([0xFF, 0xD9]);
    let verdict = sound("scans", &bytes);
    assert_ne!(verdict.decision, Decision::Accept, "{}", said(&verdict));
}

/// White text on a saturated backdrop: the backdrop is taken for paper, its chroma for the colour of
/// the light, and what is left of the white lies far outside the range of chroma.
#[test]
fn a_backdrop_of_pure_colour_is_measured_like_any_other() {
    for backdrop in [[0, 0, 255], [20, 40, 200], [255, 0, 0], [255, 0, 255], [0, 60, 160]] {
        for text in [[255; 3], [255, 255, 0], [0; 3]] {
            let picture = image::RgbImage::from_fn(840, 560, |x, y| {
                image::Rgb(if x / 6 % 5 == 0 && y / 40 % 2 == 0 { text } else { backdrop })
            });
            sound(&format!("{text:?} on {backdrop:?}"), &encode::png(&picture));
        }
    }
}

/// One way to break a file.
fn mutate(lcg: &mut Lcg, bytes: &mut Vec<u8>) {
    let length = bytes.len();
    let at = lcg.below(length);
    let run = 1 + lcg.below(64.min(length - at));
    match lcg.below(9) {
        0 | 1 => {
            for _ in 0..=lcg.below(8) {
                let bit = lcg.below(8 * length);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
        // Headers are where lengths and sizes stand.
        2 | 3 => {
            let header = lcg.below(length.min(700));
            bytes[header] = [0x00, 0xFF, 0x7F, 0x80, 0x01][lcg.below(5)];
        }
        4 => {
            bytes.drain(at..at + run);
        }
        5 => {
            let copy = bytes[at..at + run].to_vec();
            let to = lcg.below(length);
            bytes.splice(to..to, copy);
        }
        6 => {
            let other = lcg.below(length - run + 1);
            for offset in 0..run {
                bytes.swap(at + offset, other + offset);
            }
        }
        7 => bytes[at..at + run].fill([0x00, 0xFF][lcg.below(2)]),
        _ => bytes.truncate(at),
    }
}

fn survives(name: &str, seed: &[u8], mutants: u64) {
    for number in 0..mutants {
        let mut lcg = Lcg::new(number);
        let mut bytes = seed.to_vec();
        for _ in 0..=lcg.below(3) {
            if !bytes.is_empty() {
                mutate(&mut lcg, &mut bytes);
            }
        }
        let verdict = sound(&format!("{name}, mutant {number}"), &bytes);
        assert_eq!(verdict.detected.size, bytes.len() as u64);
        assert_eq!(verdict.detected.sha256.len(), 64);
    }
}

#[test]
fn mutants_of_a_baseline_jpeg_get_a_verdict() {
    survives("baseline", &encode::jpeg(&draw::card(240), 70), 300);
}

#[test]
fn mutants_of_a_progressive_jpeg_get_a_verdict() {
    survives("progressive", &read("testdata/jpeg/progressive.jpg"), 150);
}

#[test]
fn mutants_of_a_jpeg_with_metadata_get_a_verdict() {
    survives("orientation", &read("testdata/jpeg/position.jpg"), 150);
}

#[test]
fn mutants_of_a_jpeg_of_four_inks_get_a_verdict() {
    survives("four inks", &read("testdata/jpeg/cmyk.jpg"), 100);
}

#[test]
fn mutants_of_a_png_get_a_verdict() {
    survives("PNG", &encode::png(&draw::leaflet(240, 180)), 300);
    survives("palette", &encode::png_as(&draw::leaflet(240, 180), encode::Png::Palette), 150);
}

#[test]
fn mutants_of_an_animated_png_get_a_verdict() {
    let leaflet = draw::leaflet(160, 120);
    survives("animated PNG", &encode::png_animated(&leaflet, &leaflet), 150);
}

#[test]
fn mutants_of_a_gif_get_a_verdict() {
    let leaflet = faults::posterised(&draw::leaflet(240, 180));
    survives("GIF", &encode::gif(&[&leaflet]), 300);
    survives("animated GIF", &encode::gif(&[&leaflet, &leaflet]), 150);
}

/// Checksums keep most mutants of a PNG from the pixels; these are sound again behind the damage.
#[test]
fn mutants_of_a_png_with_checksums_made_good_get_a_verdict() {
    let seed = encode::png(&draw::leaflet(160, 120));
    for number in 0..300 {
        let mut lcg = Lcg::new(1000 + number);
        let mut bytes = SIGNATURE.to_vec();
        let mut at = SIGNATURE.len();
        while at + 12 <= seed.len() {
            let length = u32::from_be_bytes(seed[at..at + 4].try_into().unwrap()) as usize;
            let kind: [u8; 4] = seed[at + 4..at + 8].try_into().unwrap();
            let mut body = seed[at + 8..at + 8 + length].to_vec();
            if !body.is_empty() && lcg.below(2) == 0 {
                mutate(&mut lcg, &mut body);
            }
            bytes.extend(png_chunk(&kind, &body));
            at += 12 + length;
        }
        sound(&format!("made good, mutant {number}"), &bytes);
    }
}

#[test]
fn bytes_without_any_order_get_a_verdict() {
    let starts: [&[u8]; 5] = [b"", b"\xFF\xD8\xFF\xE0", SIGNATURE, b"GIF89a", b"II*\0"];
    for number in 0..200 {
        let mut lcg = Lcg::new(number);
        let mut bytes = starts[lcg.below(starts.len())].to_vec();
        for _ in 0..lcg.below(3000) {
            bytes.push(lcg.bits() as u8);
        }
        let verdict = sound(&format!("chance {number}"), &bytes);
        assert_eq!(verdict.decision, Decision::Reject, "chance {number}: {}", said(&verdict));
    }
}
