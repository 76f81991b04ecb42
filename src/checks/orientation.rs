//! Does the document stand upright, or is it on its side or its head?

use serde::{Deserialize, Serialize};

use crate::measure::Measured;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The print runs along another edge of the picture than the upper one. Where its lines do not tell by
    /// how they begin and end, a network that tells quarter turns apart looks at the document; what the
    /// camera wrote about it is applied before.
    pub(super) ORIENTATION_WRONG = Review {
        en: "The document is turned by {degrees}° clockwise"
            => "Turn the picture until the document stands upright and upload it again",
        zh: "证件顺时针旋转了 {degrees}°" => "请将图片旋转至证件正向后重新上传",
    }
}

/// The check `geometry.orientation`.
pub(super) struct OrientationCheck;

/// The likeliest of the four turns, clockwise, and how sure that is.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    degrees: u32,
    score: f64,
}

/// Long side over short side of the longest page; cards are longer (ISO 7810: 1.586).
const MOST_OF_A_PAGE: f64 = 1.5;

/// How sure it may be that the document is turned.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_turned_score: f64,
    doubtful_max_turned_score: f64,
}

impl Check for OrientationCheck {
    const ID: &'static str = "geometry.orientation";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&ORIENTATION_WRONG];
    const NEEDS: Needs = Needs::Model;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        // Nothing to read the turn off: the network is not troubled with it.
        if measured.outline().is_none() && measured.lines().is_none() {
            return Err(Unreadable::because("no-print"));
        }
        // Lines that begin below each other tell as much, and cost next to nothing. A card has too few.
        let is_page = measured.outline().is_none_or(|outline| outline.aspect < MOST_OF_A_PAGE);
        let flush = is_page.then(|| measured.flush()).flatten();
        if let Some(flush) = flush.filter(|flush| flush.is_upright()) {
            let score = flush.left / (flush.left + flush.right);
            return Ok(Reading { degrees: 0, score: (score * 1000.0).round() / 1000.0 });
        }
        let turn = measured.orientation().ok_or(Unreadable::because("document-too-small"))?;
        // Processors add up in different ways; the score says no more than three decimals anyhow.
        let score = (f64::from(turn.score) * 1000.0).round() / 1000.0;
        Ok(Reading { degrees: turn.degrees, score })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let score = if reading.degrees == 0 { 0.0 } else { reading.score };
        vec![
            Measurement::of("orientation.turned_score", score, "1")
                .at_most(limits.max_turned_score),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let score = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let finding = Finding::of(&ORIENTATION_WRONG)
            .doubtful_if(score.value <= limits.doubtful_max_turned_score)
            .because(score)
            .with("degrees", reading.degrees);
        Some(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_turn_that_is_sure_enough_is_a_fault() {
        let limits = Limits { max_turned_score: 0.5, doubtful_max_turned_score: 0.8 };
        let judge = |degrees, score| {
            OrientationCheck::judge(&Reading { degrees, score }, &limits)
                .map(|finding| (finding.doubtful, finding.metadata["degrees"].clone()))
        };
        assert_eq!(judge(0, 0.92), None);
        assert_eq!(judge(0, 0.30), None);
        assert_eq!(judge(180, 0.40), None);
        assert_eq!(judge(90, 0.70), Some((true, "90".to_owned())));
        assert_eq!(judge(270, 0.91), Some((false, "270".to_owned())));
    }
}
