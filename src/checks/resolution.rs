//! Does the picture have enough pixels for its text to be read?

use serde::{Deserialize, Serialize};

use crate::measure::Measured;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The picture has fewer pixels than the text of such a document needs. Measured on the long and
    /// the short side, so that turning the picture changes nothing.
    pub(super) RESOLUTION_TOO_LOW = Error {
        en: "The picture is too small: {width} × {height} pixels"
            => "Upload the original photo or scan of at least {min_long} × {min_short} pixels, no thumbnail",
        zh: "图片像素过低：{width} × {height}"
            => "请上传不小于 {min_long} × {min_short} 像素的原始照片或扫描件，不要使用缩略图",
    }
}

/// The check `resolution.pixels`.
pub(super) struct Resolution;

/// Size of the upright page in pixels.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    width: u32,
    height: u32,
}

/// How many pixels are enough, and how few are surely not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_long_side_px: u32,
    min_short_side_px: u32,
    /// Below one of these the picture is surely too small; between, a person decides.
    doubtful_min_long_side_px: u32,
    doubtful_min_short_side_px: u32,
}

impl Check for Resolution {
    const ID: &'static str = "resolution.pixels";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&RESOLUTION_TOO_LOW];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let page = &measured.page;
        Ok(Reading { width: page.width as u32, height: page.height as u32 })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let (long, short) = (reading.width.max(reading.height), reading.width.min(reading.height));
        vec![
            Measurement::of("resolution.long_side", long.into(), "{pixel}")
                .at_least(limits.min_long_side_px.into()),
            Measurement::of("resolution.short_side", short.into(), "{pixel}")
                .at_least(limits.min_short_side_px.into()),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let sides = Self::measurements(reading, limits);
        if !sides.iter().any(Measurement::is_broken) {
            return None;
        }
        let (long, short) = (reading.width.max(reading.height), reading.width.min(reading.height));
        let surely =
            long < limits.doubtful_min_long_side_px || short < limits.doubtful_min_short_side_px;
        let finding = Finding::of(&RESOLUTION_TOO_LOW)
            .doubtful_if(!surely)
            .with("width", reading.width)
            .with("height", reading.height)
            .with("min_long", limits.min_long_side_px)
            .with("min_short", limits.min_short_side_px);
        Some(sides.into_iter().filter(Measurement::is_broken).fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolution_is_judged_the_same_upright_and_on_its_side() {
        let limits = Limits {
            min_long_side_px: 800,
            min_short_side_px: 500,
            doubtful_min_long_side_px: 600,
            doubtful_min_short_side_px: 400,
        };
        let judge = |width, height| {
            let finding = Resolution::judge(&Reading { width, height }, &limits);
            finding.map(|finding| finding.doubtful)
        };
        assert_eq!(judge(800, 500), None);
        assert_eq!(judge(500, 800), None);
        assert_eq!(judge(499, 800), Some(true));
        assert_eq!(judge(800, 399), Some(false));
        assert_eq!(judge(240, 320), Some(false));
    }
}
