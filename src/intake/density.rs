//! Which resolution the file claims, where such a claim is worth anything.

use std::io::Cursor;

use exif::{In, Tag};

/// Claims that mean nothing: 1 is a missing unit, 72 and 96 are what software writes for screens.
const EMPTY_CLAIMS: [f64; 3] = [1.0, 72.0, 96.0];

/// Scanners claim between these.
const CREDIBLE: std::ops::RangeInclusive<f64> = 50.0..=4800.0;

const METRES_AN_INCH: f64 = 0.0254;
const CENTIMETRES_AN_INCH: f64 = 2.54;

/// Pixels per inch by JFIF, PNG's pHYs or EXIF; `None` without a credible claim that is the same both
/// ways.
pub fn pixels_per_inch(bytes: &[u8]) -> Option<f64> {
    [of_jfif(bytes), of_png(bytes), of_exif(bytes)].into_iter().flatten().find_map(|(x, y)| {
        let even = (x - y).abs() <= x / 100.0;
        let empty = EMPTY_CLAIMS.iter().any(|claim| (x - claim).abs() < 0.5);
        (even && !empty && CREDIBLE.contains(&x)).then_some(x)
    })
}

/// JFIF 1.02: units (1 = inch, 2 = centimetre), then both densities, in the first segment.
fn of_jfif(bytes: &[u8]) -> Option<(f64, f64)> {
    let segment = bytes.strip_prefix(&[0xFF, 0xD8, 0xFF, 0xE0])?.get(2..)?;
    let fields = segment.strip_prefix(b"JFIF\0")?.get(2..7)?;
    let unit = match fields[0] {
        1 => 1.0,
        2 => CENTIMETRES_AN_INCH,
        _ => return None,
    };
    let density = |at: usize| f64::from(u16::from_be_bytes([fields[at], fields[at + 1]])) * unit;
    Some((density(1), density(3)))
}

/// PNG §11.3.4.3: both densities, then the unit (1 = metre). Before the pixels.
fn of_png(bytes: &[u8]) -> Option<(f64, f64)> {
    if !bytes.starts_with(b"\x89PNG") {
        return None;
    }
    let header = &bytes[..bytes.len().min(1 << 16)];
    let at = memchr::memmem::find(header, b"pHYs")? + 4;
    let fields = header.get(at..at + 9)?;
    let density = |at: usize| {
        let metre = [fields[at], fields[at + 1], fields[at + 2], fields[at + 3]];
        f64::from(u32::from_be_bytes(metre)) * METRES_AN_INCH
    };
    (fields[8] == 1).then(|| (density(0), density(4)))
}

fn of_exif(bytes: &[u8]) -> Option<(f64, f64)> {
    let exif = exif::Reader::new().read_from_container(&mut Cursor::new(bytes)).ok()?;
    let number = |tag| match &exif.get_field(tag, In::PRIMARY)?.value {
        exif::Value::Rational(values) => values.first().map(exif::Rational::to_f64),
        value => value.get_uint(0).map(f64::from),
    };
    let unit = if number(Tag::ResolutionUnit) == Some(3.0) { CENTIMETRES_AN_INCH } else { 1.0 };
    Some((number(Tag::XResolution)? * unit, number(Tag::YResolution)? * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jfif(unit: u8, x: u16, y: u16) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16];
        bytes.extend(b"JFIF\0\x01\x02");
        bytes.push(unit);
        bytes.extend(x.to_be_bytes());
        bytes.extend(y.to_be_bytes());
        bytes.extend([0, 0, 0xFF, 0xD9]);
        bytes
    }

    #[test]
    fn a_scanners_claim_is_believed_and_a_screens_is_not() {
        assert_eq!(pixels_per_inch(&jfif(1, 300, 300)), Some(300.0));
        assert_eq!(pixels_per_inch(&jfif(2, 118, 118)).map(f64::round), Some(300.0));
        for empty in [1, 72, 96] {
            assert_eq!(pixels_per_inch(&jfif(1, empty, empty)), None, "{empty}");
        }
        assert_eq!(pixels_per_inch(&jfif(1, 300, 150)), None, "uneven");
        assert_eq!(pixels_per_inch(&jfif(0, 1, 1)), None, "an aspect ratio");
    }
}
