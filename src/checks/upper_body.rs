//! Are head and upper body whole in the picture?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The picture ends at the neck, shoulders are missing, or the head is cut by the frame. The
    /// photo must show the upper body: head, both shoulders and chest.
    pub(super) UPPER_BODY_MISSING = Error {
        en: "Head, shoulders and chest are not all in the picture"
            => "Step back until the whole head, both shoulders and the chest are in the picture",
        zh: "头部、双肩和胸部未全部入镜" => "请后退，将完整的头部、双肩和胸部拍入画面",
    }
}

/// The check `photo.upper-body`.
pub(super) struct UpperBody;

/// What of the body is in the picture, in units of the face from hairline to chin.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    /// From the chin to the picture's lower side or the body's end.
    body_lengths: f64,
    /// Width of the body at its widest.
    shoulder_widths: f64,
    /// Share of the face's width that runs out of the picture above.
    head_cut_share: f64,
    /// Head and body: left, top, right, bottom.
    edges: [f64; 4],
}

/// How much must be seen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_body_lengths: f64,
    doubtful_min_body_lengths: f64,
    min_shoulder_widths: f64,
    max_head_cut_share: f64,
}

impl Check for UpperBody {
    const ID: &'static str = "photo.upper-body";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&UPPER_BODY_MISSING];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let face = measured.main_face()?;
        let person = measured.person().ok_or(Unreadable::because("no-mask"))?;
        let body = person.body(face).ok_or(Unreadable::because("no-surface"))?;
        Ok(Reading {
            body_lengths: rounded(body.lengths as f32),
            shoulder_widths: rounded(body.widths as f32),
            head_cut_share: rounded(body.head_cut_share as f32),
            edges: body.edges.map(|edge| rounded(edge as f32)),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("body.lengths", reading.body_lengths, "1")
                .at_least(limits.min_body_lengths),
            Measurement::of("body.shoulder_widths", reading.shoulder_widths, "1")
                .at_least(limits.min_shoulder_widths),
            Measurement::of("body.head_cut_share", reading.head_cut_share, "1")
                .at_most(limits.max_head_cut_share),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken: Vec<Measurement> = Self::measurements(reading, limits)
            .into_iter()
            .filter(Measurement::is_broken)
            .collect();
        if broken.is_empty() {
            return None;
        }
        let doubtful = reading.body_lengths >= limits.doubtful_min_body_lengths;
        let finding = Finding::of(&UPPER_BODY_MISSING)
            .doubtful_if(doubtful)
            .at([Region::rectangle("body", reading.edges)]);
        Some(broken.into_iter().fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_without_shoulders_is_no_upper_body() {
        let limits = Limits {
            min_body_lengths: 0.4,
            doubtful_min_body_lengths: 0.2,
            min_shoulder_widths: 1.4,
            max_head_cut_share: 0.4,
        };
        let judged = |body_lengths, shoulder_widths, head_cut_share| {
            let reading =
                Reading { body_lengths, shoulder_widths, head_cut_share, edges: [0.0; 4] };
            UpperBody::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judged(0.7, 2.0, 0.0), None);
        assert_eq!(judged(0.3, 2.0, 0.0), Some(true));
        assert_eq!(judged(0.1, 1.0, 0.0), Some(false));
        assert_eq!(judged(0.7, 2.0, 0.8), Some(true), "the head is cut above");
    }
}
