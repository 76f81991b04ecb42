//! Was the picture taken from straight above?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// Opposite sides of the document differ in length: it was photographed at a slant, which makes
    /// the far side small and soft.
    pub(super) PERSPECTIVE = Error {
        en: "The document was photographed at a slant"
            => "Hold the camera straight above the document and take the picture again",
        zh: "拍摄角度倾斜，证件变形" => "请从证件正上方垂直拍摄",
    }
}

/// The check `geometry.perspective`.
pub(super) struct Perspective;

/// Difference of opposite sides as a share of the longer one.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    taper: f64,
    corners: [(f64, f64); 4],
}

/// How much taper passes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_taper: f64,
    doubtful_max_taper: f64,
}

/// An outline that stands out less than this is no measure of a sheet's sides.
const RAGGED: f64 = 0.93;

impl Check for Perspective {
    const ID: &'static str = "geometry.perspective";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PERSPECTIVE];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let outline = measured.outline().ok_or(Unreadable::because("no-outline"))?;
        // A side that the frame cuts off has no length to compare.
        if outline.touching.iter().any(|share| *share > 0.0) {
            return Err(Unreadable::because("outline-cut-off"));
        }
        // Tinted print on a page that fills the frame can look like a tapering sheet.
        if outline.fill < RAGGED {
            return Err(Unreadable::because("outline-ragged"));
        }
        Ok(Reading { taper: rounded(outline.taper as f32), corners: outline.rounded_corners() })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![Measurement::of("perspective.taper", reading.taper, "1").at_most(limits.max_taper)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let taper = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let region = Region { points: reading.corners.to_vec(), label: "outline".into() };
        Some(
            Finding::of(&PERSPECTIVE)
                .doubtful_if(reading.taper <= limits.doubtful_max_taper)
                .because(taper)
                .at([region]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn perspective_has_a_band_of_doubt() {
        let limits = Limits { max_taper: 0.15, doubtful_max_taper: 0.25 };
        let judge = |taper| {
            let reading = Reading { taper, corners: [(0.0, 0.0); 4] };
            Perspective::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judge(0.1), None);
        assert_eq!(judge(0.2), Some(true));
        assert_eq!(judge(0.3), Some(false));
    }
}
