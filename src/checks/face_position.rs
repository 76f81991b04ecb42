//! Does the person stand in the middle?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The person stands at the side of the picture. Providers ask for the middle of the backdrop.
    pub(super) FACE_OFF_CENTRE = Error {
        en: "The person does not stand in the middle"
            => "Take the picture again with the person in the middle of the picture",
        zh: "人物未位于画面中间" => "请站在画面正中间重新拍摄",
    }
}

/// The check `face.position`.
pub(super) struct FacePosition;

/// Where the largest face is.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    /// Distance of the face's middle from the picture's, 0..0.5 of its width.
    offset: f64,
    /// Other faces: with two people neither is in the middle.
    others: usize,
    edges: [f64; 4],
}

/// How far from the middle.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_offset: f64,
    doubtful_max_offset: f64,
}

impl Check for FacePosition {
    const ID: &'static str = "face.position";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&FACE_OFF_CENTRE];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let face = measured.main_face()?;
        let others = measured.faces().map_or(0, |faces| faces.len() - 1);
        let offset = rounded((face.centre().0 - 0.5).abs() as f32);
        Ok(Reading { offset, others, edges: face.edges.map(|edge| rounded(edge as f32)) })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![Measurement::of("face.offset", reading.offset, "1").at_most(limits.max_offset)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let offset =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let doubtful = offset.value <= limits.doubtful_max_offset || reading.others > 0;
        let face = Region::rectangle("face", reading.edges);
        Some(Finding::of(&FACE_OFF_CENTRE).doubtful_if(doubtful).because(offset).at([face]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_at_the_side_is_off_centre() {
        let limits = Limits { max_offset: 0.13, doubtful_max_offset: 0.2 };
        let judged = |offset, others| {
            let reading = Reading { offset, others, edges: [0.0; 4] };
            FacePosition::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judged(0.1, 0), None);
        assert_eq!(judged(0.15, 0), Some(true));
        assert_eq!(judged(0.3, 0), Some(false));
        assert_eq!(judged(0.3, 1), Some(true), "the other one may be meant");
    }
}
