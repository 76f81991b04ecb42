//! Does the person look into the camera?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The head is turned aside, up or down, or tilted. Measured in degrees from the surface of the
    /// face; a portrait is compared with the identity card, which shows a frontal face.
    pub(super) FACE_NOT_FRONTAL = Error {
        en: "The face does not look straight into the camera"
            => "Hold the head upright and look straight into the camera",
        zh: "面部未正对镜头" => "请保持头部端正，正视镜头重新拍摄",
    }
}

/// The check `face.pose`.
pub(super) struct FacePose;

/// Turn of the largest face in degrees.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    yaw_deg: f64,
    pitch_deg: f64,
    roll_deg: f64,
    edges: [f64; 4],
}

/// Greatest turns in degrees, either way.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_yaw_deg: f64,
    doubtful_max_yaw_deg: f64,
    max_pitch_deg: f64,
    doubtful_max_pitch_deg: f64,
    max_roll_deg: f64,
    doubtful_max_roll_deg: f64,
}

impl Limits {
    fn doubtful(&self) -> [f64; 3] {
        [self.doubtful_max_yaw_deg, self.doubtful_max_pitch_deg, self.doubtful_max_roll_deg]
    }
}

impl Check for FacePose {
    const ID: &'static str = "face.pose";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&FACE_NOT_FRONTAL];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let face = measured.main_face()?;
        let mesh = face.mesh.as_ref().ok_or(Unreadable::because("no-surface"))?;
        Ok(Reading {
            yaw_deg: rounded(mesh.yaw_deg),
            pitch_deg: rounded(mesh.pitch_deg),
            roll_deg: rounded(mesh.roll_deg),
            edges: face.edges.map(|edge| rounded(edge as f32)),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let turn = |name, degrees: f64, most: f64| {
            Measurement::of(name, degrees, "deg").at_least(-most).at_most(most)
        };
        vec![
            turn("face.yaw", reading.yaw_deg, limits.max_yaw_deg),
            turn("face.pitch", reading.pitch_deg, limits.max_pitch_deg),
            turn("face.roll", reading.roll_deg, limits.max_roll_deg),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let turns = Self::measurements(reading, limits);
        let certain =
            turns.iter().zip(limits.doubtful()).any(|(turn, most)| turn.value.abs() > most);
        let broken: Vec<Measurement> = turns.into_iter().filter(Measurement::is_broken).collect();
        if broken.is_empty() {
            return None;
        }
        let finding = Finding::of(&FACE_NOT_FRONTAL)
            .doubtful_if(!certain)
            .at([Region::rectangle("face", reading.edges)]);
        Some(broken.into_iter().fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_turn_counts_in_both_directions() {
        let limits = Limits {
            max_yaw_deg: 20.0,
            doubtful_max_yaw_deg: 28.0,
            max_pitch_deg: 22.0,
            doubtful_max_pitch_deg: 30.0,
            max_roll_deg: 10.0,
            doubtful_max_roll_deg: 15.0,
        };
        let judged = |yaw_deg, pitch_deg, roll_deg| {
            let reading = Reading { yaw_deg, pitch_deg, roll_deg, edges: [0.0; 4] };
            FacePose::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judged(10.0, -10.0, 5.0), None);
        assert_eq!(judged(-25.0, 0.0, 0.0), Some(true));
        assert_eq!(judged(40.0, 0.0, 0.0), Some(false));
        assert_eq!(judged(0.0, 35.0, 0.0), Some(false));
        assert_eq!(judged(0.0, 0.0, -27.0), Some(false));
    }
}
