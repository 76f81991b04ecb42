//! Is there one person in the picture, and only one?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// No face can be seen: nobody is in the picture, or the face is turned away, hidden or too small.
    /// A verification photo shows the website administrator.
    pub(super) FACE_MISSING = Error {
        en: "No face can be seen in the picture"
            => "Take the picture again with the administrator facing the camera, face uncovered",
        zh: "照片中未发现人脸" => "请网站负责人正对镜头、不遮挡面部重新拍摄",
    }
}

reason! {
    /// More than one face is in the picture: a second person, also in the background. A face on a
    /// poster, a screen or a shirt looks alike, so that one that does not stand on a body of its own
    /// is for a person to look at.
    pub(super) FACE_MULTIPLE = Error {
        en: "{count} faces are in the picture"
            => "Take the picture again with the administrator alone, without other people or posters",
        zh: "照片中有 {count} 张人脸" => "请网站负责人单独拍摄，画面中不要有他人或人像海报",
    }
}

/// The check `face.count`.
pub(super) struct FaceCount;

/// The faces, the largest first, at most eight.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    faces: Vec<Seen>,
}

#[derive(Serialize, Deserialize)]
struct Seen {
    /// How sure the detector is, 0.5..1.
    score: f64,
    /// Height beside that of the largest face.
    relative_height: f64,
    /// Share of its box that belongs to a person.
    person_share: f64,
    /// Below the chin of the largest face, within its shoulders: on the clothes.
    on_clothes: bool,
    edges: [f64; 4],
}

/// What surely is a face, and how many there may be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_faces: usize,
    /// Less is not counted.
    min_score: f64,
    /// Below it a face is doubtful.
    certain_score: f64,
    /// A second face of less is a picture of one, perhaps.
    certain_person_share: f64,
    /// Smaller ones beside the largest are not counted: print on the curtain.
    min_relative_height: f64,
}

impl Check for FaceCount {
    const ID: &'static str = "face.count";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&FACE_MISSING, &FACE_MULTIPLE];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let faces = measured.faces().ok_or(Unreadable::because("no-network"))?;
        let Some(main) = faces.first() else {
            return Ok(Reading { faces: Vec::new() });
        };
        let width = main.edges[2] - main.edges[0];
        let seen = faces.iter().take(8).map(|face| {
            let (x, y) = face.centre();
            let share = measured.person().map_or(0.0, |person| person.share_of(face.edges));
            Seen {
                score: rounded(face.score),
                relative_height: rounded((face.height() / main.height()) as f32),
                person_share: rounded(share as f32),
                on_clothes: y > main.edges[3] && (x - main.centre().0).abs() < width,
                edges: face.edges.map(|edge| rounded(edge as f32)),
            }
        });
        Ok(Reading { faces: seen.collect() })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let count = counted(reading, limits).count() as f64;
        let score = reading.faces.first().map_or(0.0, |face| face.score);
        vec![
            Measurement::of("face.count", count, "1")
                .at_least(1.0)
                .at_most(limits.max_faces as f64),
            Measurement::of("face.score", score, "1"),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let faces: Vec<&Seen> = counted(reading, limits).collect();
        let count = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        if faces.is_empty() {
            let unsure = !reading.faces.is_empty();
            return Some(Finding::of(&FACE_MISSING).doubtful_if(unsure).because(count));
        }
        let certain = faces.iter().filter(|face| {
            face.score >= limits.certain_score
                && face.person_share >= limits.certain_person_share
                && !face.on_clothes
        });
        let finding = Finding::of(&FACE_MULTIPLE)
            .doubtful_if(certain.count() <= limits.max_faces)
            .because(count)
            .with("count", faces.len());
        Some(finding.at(faces.iter().map(|face| Region::rectangle("face", face.edges))))
    }
}

fn counted<'a>(reading: &'a Reading, limits: &Limits) -> impl Iterator<Item = &'a Seen> {
    let (score, height) = (limits.min_score, limits.min_relative_height);
    reading.faces.iter().filter(move |face| face.score >= score && face.relative_height >= height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(score: f64, person_share: f64, on_clothes: bool) -> Seen {
        Seen { score, relative_height: 0.8, person_share, on_clothes, edges: [0.1, 0.1, 0.3, 0.4] }
    }

    fn judged(faces: Vec<Seen>) -> Option<(&'static str, bool)> {
        let limits = Limits {
            max_faces: 1,
            min_score: 0.5,
            certain_score: 0.6,
            certain_person_share: 0.5,
            min_relative_height: 0.2,
        };
        let finding = FaceCount::judge(&Reading { faces }, &limits)?;
        Some((finding.reason.code, finding.doubtful))
    }

    #[test]
    fn one_face_passes_none_and_two_do_not() {
        assert_eq!(judged(vec![seen(0.9, 0.9, false)]), None);
        assert_eq!(judged(vec![]), Some(("FACE_MISSING", false)));
        let two = vec![seen(0.9, 0.9, false), seen(0.8, 0.9, false)];
        assert_eq!(judged(two), Some(("FACE_MULTIPLE", false)));
    }

    #[test]
    fn a_face_on_a_poster_or_a_shirt_is_for_review() {
        let poster = vec![seen(0.9, 0.9, false), seen(0.8, 0.1, false)];
        assert_eq!(judged(poster), Some(("FACE_MULTIPLE", true)));
        let shirt = vec![seen(0.9, 0.9, false), seen(0.8, 0.9, true)];
        assert_eq!(judged(shirt), Some(("FACE_MULTIPLE", true)));
    }

    #[test]
    fn a_shape_that_hardly_is_a_face_leaves_a_doubt() {
        assert_eq!(judged(vec![seen(0.4, 0.9, false)]), Some(("FACE_MISSING", true)));
    }
}
