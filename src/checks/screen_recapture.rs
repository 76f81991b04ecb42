//! Was the document photographed from a screen?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// A fine grid runs across and down through the whole picture, as the pixels of a screen do.
    /// Originals are asked for, not pictures of pictures. Textiles and prints can look alike, so a
    /// person decides.
    pub(super) SCREEN_RECAPTURE = Review {
        en: "This looks like a photo of a screen"
            => "Photograph or scan the original document itself, not a screen or a printout",
        zh: "疑似翻拍屏幕" => "请直接拍摄或扫描证件原件，不要翻拍屏幕或打印件",
    }
}

/// The check `legibility.screen-recapture`.
pub(super) struct ScreenRecapture;

/// Energy of the fine grid in the median block, and its ratio to what runs slanted.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    grid_energy: f64,
    grid_ratio: f64,
}

/// How much grid passes; both must be exceeded.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_grid_energy: f64,
    max_grid_ratio: f64,
}

impl Check for ScreenRecapture {
    const ID: &'static str = "legibility.screen-recapture";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&SCREEN_RECAPTURE];
    const NEEDS: Needs = Needs::Energy;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let grid = measured.grid().ok_or(Unreadable::because("too-small"))?;
        Ok(Reading { grid_energy: rounded(grid.energy), grid_ratio: rounded(grid.ratio) })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("recapture.grid_energy", reading.grid_energy, "1")
                .at_most(limits.max_grid_energy),
            Measurement::of("recapture.grid_ratio", reading.grid_ratio, "1")
                .at_most(limits.max_grid_ratio),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let both = Self::measurements(reading, limits);
        let finding = Finding::of(&SCREEN_RECAPTURE).doubtful_if(true);
        both.iter()
            .all(Measurement::is_broken)
            .then(|| both.into_iter().fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_has_a_strong_grid_and_hardly_anything_slanted() {
        let limits = Limits { max_grid_energy: 60.0, max_grid_ratio: 25.0 };
        let judge = |grid_energy, grid_ratio| {
            ScreenRecapture::judge(&Reading { grid_energy, grid_ratio }, &limits).is_some()
        };
        assert!(judge(1200.0, 150.0));
        assert!(!judge(1200.0, 2.0), "noise is slanted too");
        assert!(!judge(3.0, 150.0), "a trace of JPEG");
    }
}
