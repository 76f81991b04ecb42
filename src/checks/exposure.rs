//! Was the picture taken in light that shows its text?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// Even the lightest part of the picture, the paper or the backdrop, is dark. Judged by the
    /// lightest twentieth and not by the mean, so that dark skin, hair or desks do not count.
    pub(super) IMAGE_TOO_DARK = Error {
        en: "The picture is too dark" => "Take it again in good, even light, without shadows",
        zh: "图片过暗" => "请在光线充足、均匀且无阴影处重新拍摄",
    }
}

reason! {
    /// Large parts are pure white and the print has faded: overexposed. White paper with black print
    /// is neither.
    pub(super) IMAGE_TOO_BRIGHT = Error {
        en: "The picture is too bright: its text is washed out"
            => "Take it again without flash and out of direct light, or lower the scanner's brightness",
        zh: "图片过亮，文字发白" => "请关闭闪光灯、避开直射光重新拍摄，或调低扫描亮度",
    }
}

/// The check `legibility.exposure`.
pub(super) struct Exposure;

/// 8-bit luma of paper and print, and the share of the page that is clipped.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    paper: u8,
    ink: Option<u8>,
    clipped_share: f64,
}

/// How dark the paper may be, and when print counts as washed out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_paper: u8,
    doubtful_min_paper: u8,
    max_clipped_share: f64,
    max_ink: u8,
    doubtful_max_ink: u8,
}

impl Check for Exposure {
    const ID: &'static str = "legibility.exposure";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&IMAGE_TOO_DARK, &IMAGE_TOO_BRIGHT];
    const NEEDS: Needs = Needs::Energy;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let tone = measured.tone();
        Ok(Reading { paper: tone.paper, ink: tone.ink, clipped_share: rounded(tone.clipped_share) })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let paper = Measurement::of("exposure.paper", reading.paper.into(), "1");
        let clipped = Measurement::of("exposure.clipped_share", reading.clipped_share, "1");
        let mut measurements = vec![paper.at_least(limits.min_paper.into()), clipped];
        if let Some(ink) = reading.ink {
            let ink = Measurement::of("exposure.ink", ink.into(), "1");
            // Pale print is no fault of the light unless the paper is clipped.
            let clipped = reading.clipped_share > limits.max_clipped_share;
            measurements.push(if clipped { ink.at_most(limits.max_ink.into()) } else { ink });
        }
        measurements
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let dark = reading.paper < limits.min_paper;
        let (reason, doubtful) = match dark {
            true => (&IMAGE_TOO_DARK, reading.paper >= limits.doubtful_min_paper),
            false => {
                let faded = reading.ink.is_some_and(|ink| ink > limits.doubtful_max_ink);
                (&IMAGE_TOO_BRIGHT, !faded)
            }
        };
        Some(Finding::of(reason).doubtful_if(doubtful).because(broken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(paper: u8, ink: Option<u8>, clipped_share: f64) -> Option<(&'static str, bool)> {
        let limits = Limits {
            min_paper: 90,
            doubtful_min_paper: 60,
            max_clipped_share: 0.3,
            max_ink: 90,
            doubtful_max_ink: 110,
        };
        Exposure::judge(&Reading { paper, ink, clipped_share }, &limits)
            .map(|finding| (finding.reason.code, finding.doubtful))
    }

    #[test]
    fn dark_and_bright_have_a_band_of_doubt() {
        assert_eq!(judged(200, Some(20), 0.0), None);
        assert_eq!(judged(89, Some(20), 0.0), Some(("IMAGE_TOO_DARK", true)));
        assert_eq!(judged(59, Some(20), 0.0), Some(("IMAGE_TOO_DARK", false)));
        assert_eq!(judged(255, Some(91), 0.9), Some(("IMAGE_TOO_BRIGHT", true)));
        assert_eq!(judged(255, Some(111), 0.9), Some(("IMAGE_TOO_BRIGHT", false)));
    }

    #[test]
    fn white_paper_with_black_print_and_a_blank_white_sheet_are_not_too_bright() {
        assert_eq!(judged(255, Some(24), 0.9), None);
        assert_eq!(judged(255, None, 1.0), None);
        assert_eq!(judged(230, Some(150), 0.0), None);
    }
}
