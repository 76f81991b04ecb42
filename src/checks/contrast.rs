//! Does the print stand out from the paper?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// Even the darker part of the print is hardly darker than the paper: a faded copy, a worn
    /// original, or fog on the lens.
    pub(super) LOW_CONTRAST = Error {
        en: "The text hardly stands out from the paper"
            => "Clean the lens, use even light, and take the picture again, or scan with more contrast",
        zh: "文字与背景对比度过低" => "请清洁镜头、使用均匀光线重新拍摄，或提高扫描对比度",
    }
}

/// The check `legibility.contrast`.
pub(super) struct Contrast;

/// How much darker than the paper the print is, as a share of the paper, 0..1.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    contrast: f64,
}

/// How much contrast passes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_contrast: f64,
    doubtful_min_contrast: f64,
}

impl Check for Contrast {
    const ID: &'static str = "legibility.contrast";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&LOW_CONTRAST];
    const NEEDS: Needs = Needs::Energy;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let tone = measured.tone();
        let ink = tone.ink.ok_or(Unreadable::because("no-ink"))?;
        let paper = f32::from(tone.paper.max(1));
        Ok(Reading { contrast: rounded(1.0 - f32::from(ink) / paper) })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let contrast = Measurement::of("contrast.ink_to_paper", reading.contrast, "1");
        vec![contrast.at_least(limits.min_contrast)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let contrast =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let doubtful = reading.contrast >= limits.doubtful_min_contrast;
        Some(Finding::of(&LOW_CONTRAST).doubtful_if(doubtful).because(contrast))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_contrast_has_a_band_of_doubt() {
        let limits = Limits { min_contrast: 0.35, doubtful_min_contrast: 0.25 };
        let judge = |contrast| {
            Contrast::judge(&Reading { contrast }, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judge(0.4), None);
        assert_eq!(judge(0.3), Some(true));
        assert_eq!(judge(0.1), Some(false));
    }
}
