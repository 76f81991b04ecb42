//! Does the form bear the fingerprint that some provinces ask of individuals?

use serde::{Deserialize, Serialize};

use super::red_ink::{self, Patch};
use super::strokes::{Area, contains};
use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// No red fingerprint stands at the foot of the form. Told by size and fill alone: a patch of red
    /// ink about as large as a fingertip.
    pub(super) FINGERPRINT_MISSING = Review {
        en: "The red fingerprint is missing"
            => "Press your right index finger in red ink beside your signature and scan in colour again",
        zh: "缺少红色指印" => "请在签名旁用右手食指按红色指印，并重新彩色扫描",
    }
}

/// The check `form.fingerprint`.
pub(super) struct Fingerprint;

/// Red marks, largest first, at most eight.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    red: Vec<Red>,
}

#[derive(Serialize, Deserialize)]
struct Red {
    #[serde(flatten)]
    patch: Patch,
    /// Share of its box that is red.
    fill: f64,
}

/// What a fingerprint is, and where it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Left, top, right, bottom on the straight sheet, 0..1.
    area: Area,
    min_side_mm: f64,
    max_side_mm: f64,
    min_fill: f64,
}

impl Check for Fingerprint {
    const ID: &'static str = "form.fingerprint";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&FINGERPRINT_MISSING];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let red = red_ink::marks(measured)?.iter().take(8);
        let red = red.map(|red| Red { patch: Patch::of(red), fill: rounded(red.fill as f32) });
        Ok(Reading { red: red.collect() })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let fill = reading
            .red
            .iter()
            .filter(|red| red.patch.measures(limits.min_side_mm, limits.max_side_mm))
            .filter(|red| contains(limits.area, red.patch.centre))
            .map(|red| red.fill)
            .fold(0.0, f64::max);
        vec![Measurement::of("fingerprint.fill", fill, "1").at_least(limits.min_fill)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let fill = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let area = Region::rectangle("fingerprint-area", limits.area);
        Some(
            Finding::of(&FINGERPRINT_MISSING)
                .doubtful_if(fill.value > 0.0)
                .because(fill)
                .at([area]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_a_filled_red_patch_of_a_fingertips_size() {
        let limits = Limits {
            area: [0.0, 0.75, 1.0, 1.05],
            min_side_mm: 8.0,
            max_side_mm: 30.0,
            min_fill: 0.3,
        };
        let judge = |side, fill| {
            let patch = Patch { width_mm: side, height_mm: side, centre: (0.4, 0.9) };
            let red = Red { patch, fill };
            Fingerprint::judge(&Reading { red: vec![red] }, &limits).map(|f| f.doubtful)
        };
        assert_eq!(judge(18.0, 0.5), None);
        assert_eq!(judge(18.0, 0.1), Some(true));
        assert_eq!(judge(40.0, 0.5), Some(false), "a seal is no fingerprint");
    }
}
