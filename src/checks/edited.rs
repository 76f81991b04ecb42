//! Does the person belong to the picture?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The person has another noise than the background, as a person pasted into a picture has. Dark
    /// hair, smooth cloth and strong compression move noise as well, and no real forgeries were at
    /// hand to tell how often this is wrong: it informs, and weighs nothing.
    pub(super) PHOTO_EDITED = Info {
        en: "The person may have been pasted into the picture"
            => "Send the picture as the camera took it, without editing or a replaced background",
        zh: "照片中的人物可能经过合成" => "请上传相机原片，不要修图或更换背景",
    }
}

/// The check `photo.edited`.
pub(super) struct Edited;

/// Noise in levels of luma.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    person_noise: f64,
    background_noise: f64,
}

/// How many times the noise may differ, either way.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_noise_ratio: f64,
}

impl Check for Edited {
    const ID: &'static str = "photo.edited";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PHOTO_EDITED];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let splice = measured.splice().ok_or(Unreadable::because("no-person-or-background"))?;
        Ok(Reading {
            person_noise: rounded(splice.person),
            background_noise: rounded(splice.background),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let ratio = reading.person_noise / reading.background_noise;
        vec![
            Measurement::of("photo.noise_ratio", ratio.max(1.0 / ratio), "1")
                .at_most(limits.max_noise_ratio),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let ratio = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        Some(Finding::of(&PHOTO_EDITED).because(ratio))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_that_differs_much_either_way_is_told() {
        let limits = Limits { max_noise_ratio: 3.0 };
        let told = |person_noise, background_noise| {
            Edited::judge(&Reading { person_noise, background_noise }, &limits).is_some()
        };
        assert!(!told(2.0, 3.0) && told(1.0, 4.0) && told(4.0, 1.0));
    }
}
