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
    /// Rise of a fine pattern and its mirror image above coarser ones, in octaves.
    grid_rise: f64,
}

/// How much grid passes: energy and ratio must both be exceeded, or the rise alone, which a turned
/// grid has too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_grid_energy: f64,
    max_grid_ratio: f64,
    max_grid_rise: f64,
}

impl Check for ScreenRecapture {
    const ID: &'static str = "legibility.screen-recapture";
    const VERSION: u32 = 2;
    const REASONS: &'static [&'static Reason] = &[&SCREEN_RECAPTURE];
    const NEEDS: Needs = Needs::Energy;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let grid = measured.grid().ok_or(Unreadable::because("too-small"))?;
        Ok(Reading {
            grid_energy: rounded(grid.energy),
            grid_ratio: rounded(grid.ratio),
            grid_rise: rounded(grid.rise),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("recapture.grid_energy", reading.grid_energy, "1")
                .at_most(limits.max_grid_energy),
            Measurement::of("recapture.grid_ratio", reading.grid_ratio, "1")
                .at_most(limits.max_grid_ratio),
            Measurement::of("recapture.grid_rise", reading.grid_rise, "{octave}")
                .at_most(limits.max_grid_rise),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let all = Self::measurements(reading, limits);
        let rises = reading.grid_rise > limits.max_grid_rise;
        let stands_out = all.iter().filter(|number| number.is_broken()).count() >= 2;
        let finding = Finding::of(&SCREEN_RECAPTURE).doubtful_if(true);
        let broken = all.into_iter().filter(Measurement::is_broken);
        (rises || stands_out).then(|| broken.fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_has_a_strong_grid_and_hardly_anything_slanted() {
        let limits = Limits { max_grid_energy: 60.0, max_grid_ratio: 25.0, max_grid_rise: 1.0 };
        let judge = |grid_energy, grid_ratio, grid_rise| {
            let reading = Reading { grid_energy, grid_ratio, grid_rise };
            ScreenRecapture::judge(&reading, &limits).is_some()
        };
        assert!(judge(1200.0, 150.0, 0.0));
        assert!(judge(100.0, 2.0, 3.0), "a turned grid");
        assert!(!judge(1200.0, 2.0, 0.0), "noise is slanted too");
        assert!(!judge(3.0, 150.0, 0.0), "a trace of JPEG");
    }
}
