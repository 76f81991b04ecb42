//! Is the face in focus?

use serde::{Deserialize, Serialize};

use super::blur::IMAGE_BLURRED;
use crate::measure::{Measured, rounded};
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

/// The check `face.blur`: the fault of `legibility.blur`, told by the face alone. A camera that
/// focused on the curtain leaves the letters sharp and the face soft.
pub(super) struct FaceBlur;

/// Blur of the strongest edges of the largest face.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    radius_px: f64,
    /// Per thousand of the face's height, eyebrows to chin.
    radius_per_mille: f64,
    edges: [f64; 4],
}

/// How much blur passes, and how much is surely too much, per thousand of the face's height.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_radius_per_mille: f64,
    doubtful_max_radius_per_mille: f64,
}

impl Check for FaceBlur {
    const ID: &'static str = "face.blur";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&IMAGE_BLURRED];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let face = measured.main_face()?;
        let focus = measured.focus_of(face).ok_or(Unreadable::because("no-edges"))?;
        Ok(Reading {
            radius_px: rounded(focus.radius_px),
            radius_per_mille: rounded(focus.radius_per_mille),
            edges: face.edges.map(|edge| rounded(edge as f32)),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("face.blur_radius_per_mille", reading.radius_per_mille, "[ppth]")
                .at_most(limits.max_radius_per_mille),
            Measurement::of("face.blur_radius", reading.radius_px, "{pixel}"),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let radius =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let doubtful = reading.radius_per_mille <= limits.doubtful_max_radius_per_mille;
        let face = Region::rectangle("face", reading.edges);
        Some(Finding::of(&IMAGE_BLURRED).doubtful_if(doubtful).because(radius).at([face]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soft_face_is_blurred_though_the_curtain_is_sharp() {
        let limits = Limits { max_radius_per_mille: 6.0, doubtful_max_radius_per_mille: 9.0 };
        let judged = |radius_per_mille| {
            let reading = Reading { radius_px: 2.0, radius_per_mille, edges: [0.0; 4] };
            FaceBlur::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judged(5.0), None);
        assert_eq!(judged(8.0), Some(true));
        assert_eq!(judged(12.0), Some(false));
    }
}
