//! Does the writing on the backdrop run the wrong way?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// A selfie camera turned the picture left to right, and with it the writing on the curtain. Told
    /// by the strokes of the characters, whatever they say.
    pub(super) BACKDROP_MIRRORED = Error {
        en: "The text on the backdrop is mirrored"
            => "Switch the mirror effect of the camera off, or use the rear camera, and take the picture again",
        zh: "背景幕布上的文字左右颠倒" => "请关闭前置摄像头的镜像功能，或改用后置摄像头重新拍摄",
    }
}

/// The check `backdrop.mirrored`.
pub(super) struct BackdropMirrored;

/// The evidence.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    /// Log-odds that the writing is mirrored, characters that are the same counted once.
    log_odds: f64,
    /// Different characters.
    kinds: usize,
    /// Characters that were looked at.
    letters: usize,
    softness: f64,
    boxes: Vec<[f64; 4]>,
}

/// How much evidence convinces.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_log_odds: f64,
    doubtful_max_log_odds: f64,
    /// The same for the mean of the different characters: a few that are misjudged do not convince.
    max_mean_log_odds: f64,
    doubtful_max_mean_log_odds: f64,
    /// Softer characters have no strokes left to tell it by.
    max_softness: f64,
}

impl Reading {
    fn mean(&self) -> f64 {
        self.log_odds / self.kinds.max(1) as f64
    }
}

impl Check for BackdropMirrored {
    const ID: &'static str = "backdrop.mirrored";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&BACKDROP_MIRRORED];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let letters = measured.letters().ok_or(Unreadable::because("no-backdrop-seen"))?;
        let print = letters.print.ok_or(Unreadable::because("no-letters"))?;
        Ok(Reading {
            log_odds: rounded(print.mirrored.log_odds),
            kinds: print.mirrored.kinds,
            letters: print.looked_at,
            softness: rounded(print.softness),
            boxes: letters.boxes.iter().map(|edges| edges.map(rounded)).collect(),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("backdrop.mirrored_log_odds", reading.log_odds, "1")
                .at_most(limits.max_log_odds),
            Measurement::of("backdrop.mirrored_mean_log_odds", reading.mean(), "1")
                .at_most(limits.max_mean_log_odds),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let evidence = Self::measurements(reading, limits);
        if reading.softness > limits.max_softness || !evidence.iter().all(Measurement::is_broken) {
            return None;
        }
        let sure = reading.log_odds > limits.doubtful_max_log_odds
            && reading.mean() > limits.doubtful_max_mean_log_odds;
        let finding = Finding::of(&BACKDROP_MIRRORED)
            .doubtful_if(!sure)
            .at(reading.boxes.iter().map(|edges| Region::rectangle("letter", *edges)));
        Some(evidence.into_iter().fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_is_mirrored_when_many_different_characters_say_so_and_are_sharp() {
        let limits = Limits {
            max_log_odds: 3.0,
            doubtful_max_log_odds: 6.0,
            max_mean_log_odds: 0.8,
            doubtful_max_mean_log_odds: 1.5,
            max_softness: 0.075,
        };
        let judged = |log_odds, kinds, softness| {
            let boxes = vec![[0.1, 0.1, 0.2, 0.2]];
            let reading = Reading { log_odds, kinds, letters: 20, softness, boxes };
            BackdropMirrored::judge(&reading, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judged(-20.0, 7, 0.02), None);
        assert_eq!(judged(2.9, 1, 0.02), None);
        assert_eq!(judged(5.0, 2, 0.02), Some(true));
        assert_eq!(judged(20.0, 7, 0.02), Some(false));
        assert_eq!(judged(7.0, 7, 0.02), Some(true), "most of them say little");
        assert_eq!(judged(7.0, 20, 0.02), None);
        assert_eq!(judged(20.0, 7, 0.08), None, "blots say nothing");
    }
}
