//! Which resolution the file claims, where such a claim is worth anything.

use crate::intake::structure::ifd::{Directory, Tiff};

/// Claims that mean nothing: 1 is a missing unit, 72 and 96 are what software writes for screens.
const EMPTY_CLAIMS: [f64; 3] = [1.0, 72.0, 96.0];

/// Scanners claim between these.
const CREDIBLE: std::ops::RangeInclusive<f64> = 50.0..=4800.0;

const METRES_AN_INCH: f64 = 0.0254;
const CENTIMETRES_AN_INCH: f64 = 2.54;

/// The tags of both densities and of their unit, in TIFF and EXIF alike.
const X_RESOLUTION: u16 = 0x011A;
const Y_RESOLUTION: u16 = 0x011B;
const RESOLUTION_UNIT: u16 = 0x0128;

/// Pixels per inch by JFIF, PNG's pHYs or EXIF; `None` without a credible claim that is the same both
/// ways.
pub fn pixels_per_inch(bytes: &[u8], exif: Option<&[u8]>) -> Option<f64> {
    let exif = exif.and_then(|exif| {
        let (tiff, first) = Tiff::open(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))?;
        claimed(tiff.directory(first).ok()?)
    });
    [of_jfif(bytes), of_png(bytes), exif].into_iter().flatten().find_map(credible)
}

/// The same of one page of a TIFF.
pub fn of_directory(directory: Directory<'_>) -> Option<f64> {
    claimed(directory).and_then(credible)
}

/// What the place of a picture on its page says; a page made for screens says nothing.
pub fn placed(ppi: f64) -> Option<f64> {
    credible((ppi, ppi))
}

fn credible((x, y): (f64, f64)) -> Option<f64> {
    let even = (x - y).abs() <= x / 100.0;
    let empty = EMPTY_CLAIMS.iter().any(|claim| (x - claim).abs() < 0.5);
    (even && !empty && CREDIBLE.contains(&x)).then_some(x)
}

fn claimed(directory: Directory<'_>) -> Option<(f64, f64)> {
    let unit = match directory.value(RESOLUTION_UNIT) {
        Some(1) => return None,
        Some(3) => CENTIMETRES_AN_INCH,
        _ => 1.0,
    };
    let [x, y] = [X_RESOLUTION, Y_RESOLUTION].map(|tag| directory.fraction(tag));
    Some((x? * unit, y? * unit))
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

    fn ppi(bytes: &[u8]) -> Option<f64> {
        pixels_per_inch(bytes, None)
    }

    #[test]
    fn exif_tells_fractions_with_a_unit() {
        let exif = b"II*\0\x08\0\0\0\x02\0\x1a\x01\x05\0\x01\0\0\0\x26\0\0\0\
            \x1b\x01\x05\0\x01\0\0\0\x26\0\0\0\0\0\0\0\x58\x02\0\0\x02\0\0\0";
        assert_eq!(pixels_per_inch(b"", Some(exif)), Some(300.0));
    }

    #[test]
    fn a_scanners_claim_is_believed_and_a_screens_is_not() {
        assert_eq!(ppi(&jfif(1, 300, 300)), Some(300.0));
        assert_eq!(ppi(&jfif(2, 118, 118)).map(f64::round), Some(300.0));
        for empty in [1, 72, 96] {
            assert_eq!(ppi(&jfif(1, empty, empty)), None, "{empty}");
        }
        assert_eq!(ppi(&jfif(1, 300, 150)), None, "uneven");
        assert_eq!(ppi(&jfif(0, 1, 1)), None, "an aspect ratio");
    }
}
