//! Is the face uncovered?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// Dark glasses, a mask or something else hides part of the face. Told by a part of the face that
    /// has the colour of no other part, and by how whole a face the network sees: a hand has the
    /// colour of skin, and only the second tells it.
    pub(super) FACE_COVERED = Error {
        en: "Part of the face is covered"
            => "Take off mask and dark glasses, and keep hands and hair away from the face",
        zh: "面部被遮挡" => "请摘下口罩、墨镜，勿用手或头发遮挡面部后重新拍摄",
    }
}

/// The check `face.cover`.
pub(super) struct FaceCover;

/// How far parts of the face are from the others, and how whole it looks.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    /// Units of CIE L*a*b* with lightness at a third.
    eyes: f64,
    mouth: f64,
    /// Log-odds of a whole face.
    presence: f64,
    edges: [f64; 4],
}

/// What skin may differ by.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_eyes_difference: f64,
    doubtful_max_eyes_difference: f64,
    max_mouth_difference: f64,
    doubtful_max_mouth_difference: f64,
    min_presence: f64,
}

impl Check for FaceCover {
    const ID: &'static str = "face.cover";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&FACE_COVERED];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let face = measured.main_face()?;
        let mesh = face.mesh.as_ref().ok_or(Unreadable::because("no-surface"))?;
        let cover = mesh.cover.ok_or(Unreadable::because("cut-by-the-frame"))?;
        Ok(Reading {
            eyes: rounded(cover.eyes),
            mouth: rounded(cover.mouth),
            presence: rounded(mesh.presence),
            edges: face.edges.map(|edge| rounded(edge as f32)),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("face.eyes_difference", reading.eyes, "1")
                .at_most(limits.max_eyes_difference),
            Measurement::of("face.mouth_difference", reading.mouth, "1")
                .at_most(limits.max_mouth_difference),
            Measurement::of("face.presence", reading.presence, "1").at_least(limits.min_presence),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let hidden: Vec<Measurement> = Self::measurements(reading, limits)
            .into_iter()
            .filter(Measurement::is_broken)
            .collect();
        if hidden.is_empty() {
            return None;
        }
        let certain = reading.eyes > limits.doubtful_max_eyes_difference
            || reading.mouth > limits.doubtful_max_mouth_difference;
        let finding = Finding::of(&FACE_COVERED)
            .doubtful_if(!certain)
            .at([Region::rectangle("face", reading.edges)]);
        Some(hidden.into_iter().fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glasses_masks_and_hands_cover_and_bare_skin_does_not() {
        let limits = Limits {
            max_eyes_difference: 14.0,
            doubtful_max_eyes_difference: 20.0,
            max_mouth_difference: 12.0,
            doubtful_max_mouth_difference: 18.0,
            min_presence: 14.0,
        };
        let judged = |eyes, mouth, presence| {
            let reading = Reading { eyes, mouth, presence, edges: [0.0; 4] };
            FaceCover::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judged(9.0, 5.0, 25.0), None);
        assert_eq!(judged(28.0, 5.0, 22.0), Some(false), "dark glasses");
        assert_eq!(judged(9.0, 30.0, 8.0), Some(false), "a mask");
        assert_eq!(judged(9.0, 5.0, 8.0), Some(true), "a hand, perhaps");
    }
}
