//! Was the picture enlarged from a small one?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The picture has been enlarged: its pixels repeat the rhythm of interpolation, so that its true
    /// resolution is a fraction of what the file says.
    pub(super) UPSCALED = Error {
        en: "The picture was enlarged about {factor} times"
            => "Upload the photo or scan as it came: its long side needs at least {min_px} true pixels",
        zh: "图片由小图放大约 {factor} 倍"
            => "请上传相机或扫描仪生成的原始图片，长边不少于 {min_px} 像素，不要放大",
    }
}

/// The check `resolution.upscaled`.
pub(super) struct Upscaled;

/// The rhythm that columns and rows share, and the page's nominal size.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    factor: f64,
    strength: f64,
    long_side_px: u32,
}

/// From which strength the rhythm is one, and how many true pixels are enough all the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_strength: f64,
    doubtful_max_strength: f64,
    min_true_long_side_px: f64,
}

impl Check for Upscaled {
    const ID: &'static str = "resolution.upscaled";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&UPSCALED];
    const NEEDS: Needs = Needs::Energy;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let resampling = measured.resampling().ok_or(Unreadable::because("too-small"))?;
        Ok(Reading {
            factor: rounded(resampling.factor as f32),
            strength: rounded(resampling.strength as f32),
            long_side_px: measured.page.width.max(measured.page.height) as u32,
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let strength = Measurement::of("upscaled.strength", reading.strength, "1");
        let strength = strength.at_most(limits.max_strength);
        let size = Measurement::of("upscaled.true_long_side", true_long_side(reading), "{pixel}");
        match strength.is_broken() {
            true => vec![strength, size.at_least(limits.min_true_long_side_px)],
            // Without a rhythm the factor means nothing.
            false => vec![strength],
        }
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let both = Self::measurements(reading, limits);
        let enlarged = both.len() == 2 && both.iter().all(Measurement::is_broken);
        enlarged.then(|| {
            let finding = Finding::of(&UPSCALED)
                .doubtful_if(reading.strength <= limits.doubtful_max_strength)
                .with("factor", reading.factor.round())
                .with("min_px", limits.min_true_long_side_px);
            both.into_iter().fold(finding, Finding::because)
        })
    }
}

fn true_long_side(reading: &Reading) -> f64 {
    f64::from(reading.long_side_px) / reading.factor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enlarged_picture_is_at_fault_only_when_its_true_size_is_too_small() {
        let limits = Limits {
            max_strength: 12.0,
            doubtful_max_strength: 16.0,
            min_true_long_side_px: 1000.0,
        };
        let judge = |strength, factor| {
            let reading = Reading { factor, strength, long_side_px: 3000 };
            Upscaled::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judge(30.0, 5.5), Some(false));
        assert_eq!(judge(14.0, 5.5), Some(true));
        assert_eq!(judge(10.0, 5.5), None);
        assert_eq!(judge(30.0, 2.5), None, "1,200 true pixels are enough");
    }
}
