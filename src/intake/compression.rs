//! Was the JPEG compressed so hard that print suffers?

use serde::{Deserialize, Serialize};

use crate::intake::Sniffed;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The JPEG's own tables say that it was saved at a very low quality: blocks and ringing close
    /// small print. Estimated by comparison with the tables of ITU-T T.81, annex K.
    pub OVERCOMPRESSED = Review {
        en: "The picture has lost its detail: quality {quality} of 100"
            => "Upload the original from the camera or scanner (at least {min_quality}), not a copy sent through a chat",
        zh: "图片细节丢失，质量仅为 {quality}（满分 100）"
            => "请上传相机或扫描仪的原图（质量不低于 {min_quality}），不要使用聊天软件转发的图片",
    }
}

/// The check `legibility.compression`.
pub struct Compression;

/// JPEG quality, 1..100, as the IJG's library counts it.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    quality: f64,
}

/// The least quality that passes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    min_quality: f64,
}

impl Check for Compression {
    const ID: &'static str = "legibility.compression";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&OVERCOMPRESSED];
    const NEEDS: Needs = Needs::Header;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        let quality = match &sniffed.pdf {
            Some(pdf) => pdf.jpeg_quality,
            None => quality(&sniffed.bytes),
        };
        let quality = quality.ok_or(Unreadable::because("no-jpeg-tables"))?;
        Ok(Reading { quality })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let quality = Measurement::of("compression.jpeg_quality", reading.quality, "1");
        vec![quality.at_least(limits.min_quality)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let quality =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        Some(
            Finding::of(&OVERCOMPRESSED)
                .because(quality)
                .with("quality", reading.quality)
                .with("min_quality", limits.min_quality),
        )
    }
}

/// The luminance table of annex K in zigzag order; IJG's quality 50.
const STANDARD: [u16; 64] = [
    16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37,
    29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81,
    87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

/// Quality of the first table (luma) before the first scan.
pub(super) fn quality(bytes: &[u8]) -> Option<f64> {
    let table = luma_table(bytes)?;
    let scale: f64 = table
        .iter()
        .zip(STANDARD)
        .map(|(step, standard)| 100.0 * f64::from(*step) / f64::from(standard))
        .sum::<f64>()
        / 64.0;
    let quality = if scale <= 100.0 { (200.0 - scale) / 2.0 } else { 5000.0 / scale };
    Some(quality.clamp(1.0, 100.0).round())
}

fn luma_table(bytes: &[u8]) -> Option<[u16; 64]> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let at = memchr::memchr(0xFF, rest)?;
        let marker = *rest.get(at + 1)?;
        rest = rest.get(at + 2..)?;
        match marker {
            0xFF => rest = &bytes[bytes.len() - rest.len() - 1..],
            0xDA | 0xD9 => return None,
            0x00 | 0x01 | 0xD0..=0xD8 => {}
            _ => {
                let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
                let body = rest.get(2..length)?;
                if marker == 0xDB
                    && let Some(table) = first_table(body)
                {
                    return Some(table);
                }
                rest = rest.get(length..)?;
            }
        }
    }
}

/// Table 0 of a DQT segment, which may hold several of 8 or 16 bits.
fn first_table(mut body: &[u8]) -> Option<[u16; 64]> {
    loop {
        let (&head, rest) = body.split_first()?;
        let wide = head >> 4 != 0;
        let size = if wide { 128 } else { 64 };
        let steps = rest.get(..size)?;
        if head & 0x0F == 0 {
            return Some(std::array::from_fn(|at| match wide {
                true => u16::from_be_bytes([steps[2 * at], steps[2 * at + 1]]),
                false => u16::from(steps[at]),
            }));
        }
        body = &rest[size..];
    }
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{ExtendedColorType, ImageEncoder};

    use super::*;

    #[test]
    fn the_quality_that_an_encoder_was_asked_for_is_read_back() {
        // Below 10 the steps reach their end of 255.
        for wanted in [10, 25, 50, 75, 90, 95] {
            let mut bytes = Vec::new();
            JpegEncoder::new_with_quality(&mut bytes, wanted)
                .write_image(&[128; 64], 8, 8, ExtendedColorType::L8)
                .unwrap();
            let found = quality(&bytes).unwrap();
            assert!((found - f64::from(wanted)).abs() <= 2.0, "{wanted}: {found}");
        }
    }

    #[test]
    fn other_formats_have_no_quality() {
        assert_eq!(quality(b"\x89PNG\r\n\x1a\n"), None);
        assert_eq!(quality(&[0xFF, 0xD8, 0xFF, 0xDB, 0, 3]), None);
    }
}
