//! Is there print on the backdrop, and can it be read?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The provider's curtain bears its name, and the reviewer must be able to read it: characters
    /// are too few, too small, too pale or too soft. Nothing is read here: characters are told by
    /// their size and by how they stand out from the cloth.
    pub(super) BACKDROP_TEXT_ILLEGIBLE = Error {
        en: "The text on the backdrop cannot be read"
            => "Show at least {min_letters} sharp characters of the curtain, each at least {min_px} pixels high",
        zh: "背景幕布上的文字无法辨认" => "请重新拍摄，使幕布上至少有 {min_letters} 个清晰的文字，每个字高不少于 {min_px} 像素",
    }
}

/// The check `backdrop.text`.
pub(super) struct BackdropText;

/// The print that was found.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    /// Characters, those that are cut off included.
    letters: usize,
    free_share: f64,
    covered_share: f64,
    /// What was seen of them closely; nothing where none is whole.
    print: Option<Print>,
    boxes: Vec<[f64; 4]>,
}

#[derive(Serialize, Deserialize)]
struct Print {
    height_px: f64,
    height_share: f64,
    luma_contrast: f64,
    chroma_contrast: f64,
    contrast: f64,
    softness: f64,
}

/// What can be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Where less of the backdrop is seen, nothing is sure.
    min_free_share: f64,
    min_letters: usize,
    doubtful_min_letters: usize,
    min_height_px: f64,
    doubtful_min_height_px: f64,
    /// Distance of the colours of print and cloth by the luma of the lighter one.
    min_contrast: f64,
    doubtful_min_contrast: f64,
    /// Deviation of the blur by the size of a character.
    max_softness: f64,
    doubtful_max_softness: f64,
}

impl Check for BackdropText {
    const ID: &'static str = "backdrop.text";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&BACKDROP_TEXT_ILLEGIBLE];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let letters = measured.letters().ok_or(Unreadable::because("no-backdrop-seen"))?;
        Ok(Reading {
            letters: letters.count,
            free_share: rounded(letters.free_share),
            covered_share: rounded(letters.covered_share),
            print: letters.print.map(|print| Print {
                height_px: rounded(print.height_px),
                height_share: rounded(print.height_share),
                luma_contrast: rounded(print.luma_contrast),
                chroma_contrast: rounded(print.chroma_contrast),
                contrast: rounded(print.contrast),
                softness: rounded(print.softness),
            }),
            boxes: letters.boxes.iter().map(|edges| edges.map(rounded)).collect(),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let letters = reading.letters as f64;
        let mut measurements = vec![
            Measurement::of("backdrop.letters", letters, "1").at_least(limits.min_letters as f64),
        ];
        if let Some(print) = &reading.print {
            measurements.extend([
                Measurement::of("backdrop.letter_height_px", print.height_px, "{pixel}")
                    .at_least(limits.min_height_px),
                Measurement::of("backdrop.letter_contrast", print.contrast, "1")
                    .at_least(limits.min_contrast),
                Measurement::of("backdrop.letter_softness", print.softness, "1")
                    .at_most(limits.max_softness),
            ]);
        }
        measurements
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken: Vec<Measurement> = Self::measurements(reading, limits)
            .into_iter()
            .filter(Measurement::is_broken)
            .collect();
        if broken.is_empty() {
            return None;
        }
        let sure = reading.letters < limits.doubtful_min_letters
            || reading.print.as_ref().is_some_and(|print| {
                print.height_px < limits.doubtful_min_height_px
                    || print.contrast < limits.doubtful_min_contrast
                    || print.softness > limits.doubtful_max_softness
            });
        let finding = Finding::of(&BACKDROP_TEXT_ILLEGIBLE)
            .doubtful_if(!sure || reading.free_share < limits.min_free_share)
            .with("min_letters", limits.min_letters)
            .with("min_px", limits.min_height_px.ceil())
            .at(reading.boxes.iter().map(|edges| Region::rectangle("letter", *edges)));
        Some(broken.into_iter().fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        min_free_share: 0.1,
        min_letters: 4,
        doubtful_min_letters: 2,
        min_height_px: 12.0,
        doubtful_min_height_px: 9.0,
        min_contrast: 0.2,
        doubtful_min_contrast: 0.1,
        max_softness: 0.055,
        doubtful_max_softness: 0.075,
    };

    fn judged(letters: usize, print: Option<(f64, f64, f64)>, free_share: f64) -> Option<bool> {
        let print = print.map(|(height_px, contrast, softness)| Print {
            height_px,
            height_share: 0.05,
            luma_contrast: 100.0,
            chroma_contrast: 50.0,
            contrast,
            softness,
        });
        let boxes = vec![[0.1, 0.1, 0.2, 0.2]];
        let reading = Reading { letters, free_share, covered_share: 0.2, print, boxes };
        BackdropText::judge(&reading, &LIMITS).map(|finding| finding.doubtful)
    }

    #[test]
    fn print_is_read_that_is_large_clear_and_sharp_enough() {
        assert_eq!(judged(40, Some((30.0, 0.6, 0.02)), 0.5), None);
        assert_eq!(judged(40, Some((10.0, 0.6, 0.02)), 0.5), Some(true));
        assert_eq!(judged(40, Some((8.0, 0.6, 0.02)), 0.5), Some(false));
        assert_eq!(judged(40, Some((30.0, 0.15, 0.02)), 0.5), Some(true));
        assert_eq!(judged(40, Some((30.0, 0.05, 0.02)), 0.5), Some(false));
        assert_eq!(judged(40, Some((30.0, 0.6, 0.06)), 0.5), Some(true));
        assert_eq!(judged(40, Some((30.0, 0.6, 0.09)), 0.5), Some(false));
    }

    #[test]
    fn a_backdrop_without_print_is_surely_illegible_unless_hardly_any_of_it_is_seen() {
        assert_eq!(judged(0, None, 0.5), Some(false));
        assert_eq!(judged(3, None, 0.5), Some(true));
        assert_eq!(judged(0, None, 0.05), Some(true));
    }
}
