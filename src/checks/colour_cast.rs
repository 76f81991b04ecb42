//! Is the picture tinted by the light?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// Paper, or whatever is lightest, has the colour of the lamp. Documents stay legible, so this is a
    /// warning; it tells the applicant why colours look wrong.
    pub(super) COLOUR_CAST = Warning {
        en: "The picture has a strong tint" => "Take it in daylight or under white light",
        zh: "图片严重偏色" => "请在自然光或白光下重新拍摄",
    }
}

/// The check `colour.cast`.
pub(super) struct ColourCast;

/// Length of the paper's chroma, scaled to white, in 8-bit units.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    cast: f64,
}

/// How much tint passes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_cast: f64,
}

impl Check for ColourCast {
    const ID: &'static str = "colour.cast";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&COLOUR_CAST];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let colour = measured.colour().ok_or(Unreadable::because("too-dark-or-featureless"))?;
        let (blue, red) = colour.cast;
        Ok(Reading { cast: rounded((blue * blue + red * red).sqrt()) })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![Measurement::of("colour.cast", reading.cast, "1").at_most(limits.max_cast)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let cast = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        Some(Finding::of(&COLOUR_CAST).because(cast))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strong_cast_is_found() {
        let judge = |cast| ColourCast::judge(&Reading { cast }, &Limits { max_cast: 40.0 });
        assert!(judge(40.0).is_none());
        assert!(judge(41.0).is_some());
    }
}
