//! Is the picture sharp enough to read?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The picture is out of focus or was enlarged from a small one, so that its text cannot be read
    /// reliably. Measured as the blur radius of the strongest edges against the document's long side,
    /// independent of contrast and resolution.
    pub(super) IMAGE_BLURRED = Error {
        en: "The picture is blurred"
            => "Hold the camera still, tap to focus on the text, and take it again in good light",
        zh: "图片模糊" => "请保持手机稳定，对焦到文字上，在光线充足处重新拍摄",
    }
}

/// The check `legibility.blur`.
pub(super) struct Blur;

/// Sharpness of the strongest edges, 0..1, and the blur radius that goes with it.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    sharpness: f64,
    radius_px: f64,
    radius_per_mille: f64,
}

/// How much blur passes, and how much is surely too much, per thousand of the document's long side.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_radius_per_mille: f64,
    doubtful_max_radius_per_mille: f64,
}

impl Check for Blur {
    const ID: &'static str = "legibility.blur";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&IMAGE_BLURRED];
    const NEEDS: Needs = Needs::Energy;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let focus = measured.focus().ok_or(Unreadable::because("no-edges"))?;
        Ok(Reading {
            sharpness: rounded(focus.sharpness),
            radius_px: rounded(focus.radius_px),
            radius_per_mille: rounded(focus.radius_per_mille),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("blur.radius_per_mille", reading.radius_per_mille, "[ppth]")
                .at_most(limits.max_radius_per_mille),
            Measurement::of("blur.radius", reading.radius_px, "{pixel}"),
            Measurement::of("blur.sharpness", reading.sharpness, "1"),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let radius =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let doubtful = reading.radius_per_mille <= limits.doubtful_max_radius_per_mille;
        Some(Finding::of(&IMAGE_BLURRED).doubtful_if(doubtful).because(radius))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blur_between_the_bounds_is_for_review() {
        let limits = Limits { max_radius_per_mille: 1.0, doubtful_max_radius_per_mille: 1.25 };
        let judged = |radius_per_mille| {
            let reading = Reading { sharpness: 0.1, radius_px: 2.0, radius_per_mille };
            Blur::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judged(1.0), None);
        assert_eq!(judged(1.1), Some(true));
        assert_eq!(judged(1.3), Some(false));
    }
}
