//! Is the picture one page, and not a long strip of several?

use serde::{Deserialize, Serialize};

use scanvet::measure::Measured;
use scanvet::reason;
use scanvet::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The picture is a strip of several screens or pages. Measured as the long side over the short
    /// one, so that turning it changes nothing.
    pub(super) PICTURE_TOO_LONG = Error {
        en: "The picture is too long and narrow"
            => "Upload one page a picture, at most {max_ratio} times as long as it is wide",
        zh: "图片过于狭长" => "请每页单独拍摄或扫描，长边不超过短边的 {max_ratio} 倍",
    }
}

/// The check `geometry.panorama`.
pub(super) struct Panorama;

/// Long side over short side of the upright page.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    ratio: f64,
}

/// How long is too long, and how long surely is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_ratio: f64,
    doubtful_max_ratio: f64,
}

impl Check for Panorama {
    const ID: &'static str = "geometry.panorama";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PICTURE_TOO_LONG];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let page = &measured.page;
        let (long, short) = (page.width.max(page.height), page.width.min(page.height));
        Ok(Reading { ratio: long as f64 / short as f64 })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![Measurement::of("panorama.ratio", reading.ratio, "1").at_most(limits.max_ratio)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let ratio = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        Some(
            Finding::of(&PICTURE_TOO_LONG)
                .doubtful_if(reading.ratio <= limits.doubtful_max_ratio)
                .with("max_ratio", limits.max_ratio)
                .because(ratio),
        )
    }
}
