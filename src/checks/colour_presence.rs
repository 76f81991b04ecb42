//! Is the scan in colour?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The picture is grey or black and white, or a grey copy under coloured light: once the cast of
    /// the paper is taken off, next to nothing on it has colour. A colour scan of the original is a
    /// rule of every province; equal red, green and blue is no test of it.
    pub(super) COLOUR_MISSING = Error {
        en: "The picture is not in colour"
            => "Scan or photograph the original in colour; black-and-white copies are not accepted",
        zh: "图片不是彩色" => "请对原件进行彩色扫描或拍照，不接受黑白件或复印件",
    }
}

reason! {
    /// Only a seal or a stamp has colour, and the rest of the picture is grey: a stamped copy. Some
    /// provinces take sealed copies of certificates, most do not; forms, which are black print, are
    /// judged by their seal alone.
    pub(super) COLOUR_PARTIAL = Error {
        en: "Only a stamp on the picture is in colour"
            => "Scan or photograph the original itself in colour, not a stamped copy of it",
        zh: "仅印章为彩色，其余为黑白" => "请对原件本身进行彩色扫描或拍照，不要使用盖章的复印件",
    }
}

/// The check `colour.presence`.
pub(super) struct ColourPresence;

/// Colour apart from the cast. Shares of the page, 8-bit chroma.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    coloured_share: f64,
    /// The same without stamps.
    own_share: f64,
    /// Share of tiles that are tinted, stamps left out.
    tinted_share: f64,
    peak_chroma: f64,
    patch_share: f64,
    mean_chroma: f64,
}

/// How much colour there must be, and how little is surely none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// From this share of tinted tiles on a stamp is not all that has colour.
    min_tinted_share: f64,
    /// Share of the page that suffices.
    min_coloured_share: f64,
    /// Share of the fullest patch that suffices where one seal in colour is enough; above 1 = never.
    min_patch_share: f64,
    /// Surely grey: at most this share, this peak and this mean (cast included).
    max_grey_share: f64,
    max_grey_peak: f64,
    max_grey_mean: f64,
    /// From this share of a patch and this peak on, the little colour is a stamp's.
    min_stamp_share: f64,
    min_stamp_peak: f64,
}

impl Check for ColourPresence {
    const ID: &'static str = "colour.presence";
    const VERSION: u32 = 2;
    const REASONS: &'static [&'static Reason] = &[&COLOUR_MISSING, &COLOUR_PARTIAL];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let colour = measured.colour().ok_or(Unreadable::because("too-dark-or-featureless"))?;
        Ok(Reading {
            coloured_share: rounded(colour.coloured_share),
            own_share: rounded(colour.own_share),
            tinted_share: rounded(colour.tinted_share),
            peak_chroma: rounded(colour.peak),
            patch_share: rounded(colour.patch_share),
            mean_chroma: rounded(colour.mean),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let share = Measurement::of("colour.coloured_share", counted(reading, limits), "1");
        let patch = Measurement::of("colour.patch_share", reading.patch_share, "1");
        let enough_in_a_patch = reading.patch_share >= limits.min_patch_share;
        vec![
            // One of the two suffices; the bound that does not bind is not shown.
            if enough_in_a_patch { share } else { share.at_least(limits.min_coloured_share) },
            if enough_in_a_patch { patch.at_least(limits.min_patch_share) } else { patch },
            Measurement::of("colour.peak_chroma", reading.peak_chroma, "1"),
            Measurement::of("colour.mean_chroma", reading.mean_chroma, "1"),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let stamped = reading.patch_share >= limits.min_stamp_share
            && reading.peak_chroma >= limits.min_stamp_peak;
        if stamped {
            // A small emblem in colour on a pale original looks the same.
            let doubtful = counted(reading, limits) > limits.max_grey_share;
            return Some(Finding::of(&COLOUR_PARTIAL).doubtful_if(doubtful).because(broken));
        }
        let surely_grey = reading.coloured_share <= limits.max_grey_share
            && reading.peak_chroma <= limits.max_grey_peak
            && reading.mean_chroma <= limits.max_grey_mean;
        Some(Finding::of(&COLOUR_MISSING).doubtful_if(!surely_grey).because(broken))
    }
}

/// The share that counts: without stamps where all else is grey.
fn counted(reading: &Reading, limits: &Limits) -> f64 {
    match reading.tinted_share >= limits.min_tinted_share {
        true => reading.coloured_share,
        false => reading.own_share,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(coloured_share: f64, peak_chroma: f64, patch_share: f64) -> Option<bool> {
        finding(coloured_share, peak_chroma, patch_share).map(|finding| finding.doubtful)
    }

    fn finding(coloured_share: f64, peak_chroma: f64, patch_share: f64) -> Option<Finding> {
        judged_by(Reading {
            coloured_share,
            own_share: coloured_share,
            tinted_share: 0.0,
            peak_chroma,
            patch_share,
            mean_chroma: 5.0,
        })
    }

    fn judged_by(reading: Reading) -> Option<Finding> {
        let limits = Limits {
            min_tinted_share: 0.05,
            min_coloured_share: 0.02,
            min_patch_share: 0.2,
            max_grey_share: 0.004,
            max_grey_peak: 10.0,
            max_grey_mean: 255.0,
            min_stamp_share: 0.15,
            min_stamp_peak: 25.0,
        };
        ColourPresence::judge(&reading, &limits)
    }

    #[test]
    fn colour_missing_is_certain_only_when_nothing_stands_out() {
        assert_eq!(judged(0.3, 40.0, 1.0), None);
        assert_eq!(judged(0.005, 60.0, 0.5), None, "a seal is enough here");
        assert_eq!(judged(0.0, 2.0, 0.0), Some(false));
        assert_eq!(judged(0.001, 14.0, 0.1), Some(true));
        assert_eq!(judged(0.015, 9.0, 0.1), Some(true));
    }

    #[test]
    fn colour_partial_is_a_grey_page_with_a_stamp() {
        let finding = finding(0.003, 60.0, 0.19).unwrap();
        assert_eq!((finding.reason.code, finding.doubtful), ("COLOUR_PARTIAL", false));
    }

    #[test]
    fn a_large_stamp_on_grey_is_not_colour_enough_and_on_tinted_paper_it_is() {
        let stamped = |own_share, tinted_share| {
            judged_by(Reading {
                coloured_share: 0.05,
                own_share,
                tinted_share,
                peak_chroma: 60.0,
                patch_share: 0.19,
                mean_chroma: 5.0,
            })
            .map(|finding| (finding.reason.code, finding.doubtful))
        };
        assert_eq!(stamped(0.001, 0.0), Some(("COLOUR_PARTIAL", false)));
        assert_eq!(stamped(0.012, 0.0), Some(("COLOUR_PARTIAL", true)));
        assert_eq!(stamped(0.001, 0.3), None);
    }
}
