//! Does a reflection hide part of the document?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable, percent};

reason! {
    /// A lamp or window is mirrored in the document: blobs at the top of the scale have swallowed what
    /// was printed there. White paper is not glare.
    pub(super) GLARE = Error {
        en: "A reflection covers {percent} % of the document"
            => "Move the lamp or the document and switch the flash off; at most {max_percent} % may be hidden",
        zh: "反光遮挡了证件的 {percent}%"
            => "请调整光源或证件位置，关闭闪光灯后重新拍摄，反光不得超过 {max_percent}%",
    }
}

/// The check `legibility.glare`.
pub(super) struct GlareCheck;

/// Share of the document under reflections, and where they are.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    share: f64,
    boxes: Vec<[f64; 4]>,
}

/// How much reflection passes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_share: f64,
    doubtful_max_share: f64,
}

impl Check for GlareCheck {
    const ID: &'static str = "legibility.glare";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&GLARE];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let glare = measured.glare().ok_or(Unreadable::because("white-paper"))?;
        Ok(Reading {
            share: rounded(glare.share as f32),
            boxes: glare.boxes.iter().map(|edges| edges.map(|at| rounded(at as f32))).collect(),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![Measurement::of("glare.share", reading.share, "1").at_most(limits.max_share)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let share = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        Some(
            Finding::of(&GLARE)
                .doubtful_if(reading.share <= limits.doubtful_max_share)
                .because(share)
                .with("percent", (100.0 * reading.share).ceil())
                .with("max_percent", percent(limits.max_share))
                .at(reading.boxes.iter().map(|edges| Region::rectangle("glare", *edges))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glare_between_the_bounds_is_for_review_and_shows_where() {
        let limits = Limits { max_share: 0.004, doubtful_max_share: 0.01 };
        let judge = |share| {
            GlareCheck::judge(&Reading { share, boxes: vec![[0.1, 0.1, 0.2, 0.2]] }, &limits)
        };
        assert!(judge(0.004).is_none());
        assert!(judge(0.008).unwrap().doubtful);
        let finding = judge(0.05).unwrap();
        assert!(!finding.doubtful);
        assert_eq!((finding.regions.len(), &*finding.metadata["percent"]), (1, "5"));
    }
}
