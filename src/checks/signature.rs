//! Is the form signed?

use serde::{Deserialize, Serialize};

use crate::measure::marks::Mark;
use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// No stroke of a pen stands in the signature area: nothing there is taller than a line of print.
    /// The website administrator signs by hand in every province.
    pub(super) SIGNATURE_MISSING = Error {
        en: "The signature is missing"
            => "Sign the form by hand with a black pen in the signature field, then scan it again",
        zh: "缺少签名" => "请用黑色笔在签字处手写签名后重新扫描",
    }
}

/// The check `form.signature`.
pub(super) struct Signature;

/// Strokes taller than print, tallest first, at most sixteen.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    strokes: Vec<Stroke>,
}

/// A part of dark ink: its size in millimetres of A4, and its middle on the straight sheet.
#[derive(Serialize, Deserialize)]
pub(super) struct Stroke {
    pub(super) width_mm: f64,
    pub(super) height_mm: f64,
    pub(super) centre: (f64, f64),
    pub(super) edges: [f64; 4],
}

impl Stroke {
    pub(super) fn of(mark: &Mark) -> Self {
        Self {
            width_mm: rounded(mark.width_mm as f32),
            height_mm: rounded(mark.height_mm as f32),
            centre: (rounded(mark.centre.0 as f32), rounded(mark.centre.1 as f32)),
            edges: mark.edges.map(|edge| rounded(edge as f32)),
        }
    }

    /// Whether its middle lies in `[left, top, right, bottom]` of the straight sheet.
    pub(super) fn lies_in(&self, [left, top, right, bottom]: [f64; 4]) -> bool {
        (left..=right).contains(&self.centre.0) && (top..=bottom).contains(&self.centre.1)
    }
}

/// Where the form is signed, and how tall writing is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Left, top, right, bottom of the signature area on the straight sheet, 0..1.
    area: [f64; 4],
    min_height_mm: f64,
}

impl Check for Signature {
    const ID: &'static str = "form.signature";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&SIGNATURE_MISSING];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let strokes = measured.marks().strokes.iter().take(16).map(Stroke::of);
        Ok(Reading { strokes: strokes.collect() })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let strokes = reading.strokes.iter().filter(|stroke| stroke.lies_in(limits.area));
        let tallest = strokes.map(|stroke| stroke.height_mm).fold(0.0, f64::max);
        let height = Measurement::of("signature.height", tallest, "mm");
        vec![height.at_least(limits.min_height_mm)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let height =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let area = Region::rectangle("signature-area", limits.area);
        // A short name in small characters is hard to tell from print.
        Some(
            Finding::of(&SIGNATURE_MISSING)
                .doubtful_if(height.value > 0.0)
                .because(height)
                .at([area]),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_a_stroke_in_its_area() {
        let limits = Limits { area: [0.1, 0.8, 0.75, 1.0], min_height_mm: 6.0 };
        let judge = |height_mm, centre| {
            let stroke = Stroke { width_mm: 30.0, height_mm, centre, edges: [0.0; 4] };
            Signature::judge(&Reading { strokes: vec![stroke] }, &limits).map(|f| f.doubtful)
        };
        assert_eq!(judge(9.0, (0.35, 0.9)), None);
        assert_eq!(judge(5.5, (0.35, 0.9)), Some(true));
        assert_eq!(judge(9.0, (0.35, 0.4)), Some(false));
    }
}
