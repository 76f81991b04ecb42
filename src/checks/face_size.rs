//! Is the face as large in the picture as it should be?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable, percent};

reason! {
    /// The person stands too far away. Measured from the eyebrows to the chin, as a share of the
    /// picture's height, and in pixels: a reviewer compares it with the portrait of the identity card.
    pub(super) FACE_TOO_SMALL = Error {
        en: "The face is too small in the picture"
            => "Come closer: the face must be at least {min_percent} % of the picture's height and {min_px} pixels high",
        zh: "人脸在照片中过小"
            => "请靠近镜头，人脸高度应不小于画面高度的 {min_percent}%，且不少于 {min_px} 像素",
    }
}

reason! {
    /// The camera stands too close: what the person stands before and wears is no longer seen.
    pub(super) FACE_TOO_LARGE = Error {
        en: "The face is too large in the picture"
            => "Step back: the face may fill at most {max_percent} % of the picture's height",
        zh: "人脸在照片中过大" => "请后退一些，人脸高度应不超过画面高度的 {max_percent}%",
    }
}

/// The check `face.size`.
pub(super) struct FaceSize;

/// Size of the largest face.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    /// Eyebrows to chin, 0..1 of the picture's height.
    height_share: f64,
    height_px: f64,
    edges: [f64; 4],
}

/// How large a face may be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_height_share: f64,
    doubtful_min_height_share: f64,
    max_height_share: f64,
    doubtful_max_height_share: f64,
    min_height_px: f64,
}

impl Check for FaceSize {
    const ID: &'static str = "face.size";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&FACE_TOO_SMALL, &FACE_TOO_LARGE];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let face = measured.main_face()?;
        Ok(Reading {
            height_share: rounded(face.height() as f32),
            height_px: rounded((face.height() * measured.page.height as f64) as f32),
            edges: face.edges.map(|edge| rounded(edge as f32)),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("face.height_share", reading.height_share, "1")
                .at_least(limits.min_height_share)
                .at_most(limits.max_height_share),
            Measurement::of("face.height", reading.height_px, "{pixel}")
                .at_least(limits.min_height_px),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let share = reading.height_share;
        let finding = match share > limits.max_height_share {
            true => Finding::of(&FACE_TOO_LARGE)
                .doubtful_if(share <= limits.doubtful_max_height_share)
                .with("max_percent", percent(limits.max_height_share)),
            false => Finding::of(&FACE_TOO_SMALL)
                .doubtful_if(share >= limits.doubtful_min_height_share)
                .with("min_percent", percent(limits.min_height_share))
                .with("min_px", limits.min_height_px),
        };
        Some(finding.because(broken).at([Region::rectangle("face", reading.edges)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_too_small_or_too_large_beyond_their_bounds() {
        let limits = Limits {
            min_height_share: 0.2,
            doubtful_min_height_share: 0.15,
            max_height_share: 0.5,
            doubtful_max_height_share: 0.6,
            min_height_px: 80.0,
        };
        let judged = |height_share, height_px| {
            let reading = Reading { height_share, height_px, edges: [0.0; 4] };
            let finding = FaceSize::judge(&reading, &limits)?;
            Some((finding.reason.code, finding.doubtful))
        };
        assert_eq!(judged(0.3, 200.0), None);
        assert_eq!(judged(0.17, 100.0), Some(("FACE_TOO_SMALL", true)));
        assert_eq!(judged(0.1, 90.0), Some(("FACE_TOO_SMALL", false)));
        assert_eq!(judged(0.3, 70.0), Some(("FACE_TOO_SMALL", true)), "large, of few pixels");
        assert_eq!(judged(0.7, 700.0), Some(("FACE_TOO_LARGE", false)));
    }
}
