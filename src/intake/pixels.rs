//! Is the picture small enough to decode, by its own header?

use serde::{Deserialize, Serialize};

use crate::intake::Sniffed;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The header promises more pixels than can be decoded safely. Judged before any pixel is decoded.
    pub TOO_MANY_PIXELS = Error {
        en: "The picture is too large: {width} × {height} pixels"
            => "Reduce it to at most {max_megapixels} megapixels and {max_side} pixels a side",
        zh: "图片尺寸过大：{width} × {height} 像素"
            => "请缩小图片，总像素不超过 {max_megapixels}，单边不超过 {max_side} 像素",
    }
}

/// The check `file.pixels`.
pub struct Pixels;

/// What the header promises, in pixels as stored.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    width: u32,
    height: u32,
}

/// How much may be decoded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_pixels: u64,
    max_side_px: u32,
}

impl Check for Pixels {
    const ID: &'static str = "file.pixels";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&TOO_MANY_PIXELS];
    const NEEDS: Needs = Needs::Header;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        let header = sniffed.header()?;
        Ok(Reading { width: header.width, height: header.height })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let pixels = u64::from(reading.width) * u64::from(reading.height);
        let side = reading.width.max(reading.height);
        vec![
            Measurement::of("file.pixels", pixels as f64, "{pixel}")
                .at_most(limits.max_pixels as f64),
            Measurement::of("file.longest_side", side.into(), "{pixel}")
                .at_most(limits.max_side_px.into()),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken: Vec<_> = Self::measurements(reading, limits)
            .into_iter()
            .filter(Measurement::is_broken)
            .collect();
        if broken.is_empty() {
            return None;
        }
        let finding = Finding::of(&TOO_MANY_PIXELS)
            .with("width", reading.width)
            .with("height", reading.height)
            .with("max_megapixels", megapixels(limits.max_pixels))
            .with("max_megapixels.zh-CN", in_ten_thousands(limits.max_pixels))
            .with("max_side", limits.max_side_px);
        Some(broken.into_iter().fold(finding, Finding::because))
    }
}

/// As Chinese counts: 50,000,000 are 5000 万.
fn in_ten_thousands(pixels: u64) -> String {
    format!("{} 万", pixels / 10_000)
}

const fn megapixels(pixels: u64) -> u64 {
    pixels / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_the_area_or_one_side_can_be_too_large() {
        let limits = Limits { max_pixels: 50_000_000, max_side_px: 12_000 };
        let judge = |width, height| Pixels::judge(&Reading { width, height }, &limits).is_some();
        assert!(!judge(8_000, 6_000));
        assert!(judge(8_000, 6_251));
        assert!(judge(12_001, 10));
        assert!(judge(65_535, 65_535));
    }
}
