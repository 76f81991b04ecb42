//! Is the form signed?

use serde::Deserialize;

use super::strokes::{Area, Strokes};
use crate::measure::Measured;
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

/// Where the form is signed, and how tall writing is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Left, top, right, bottom of the signature area on the straight sheet, 0..1.
    area: Area,
    min_height_mm: f64,
}

impl Check for Signature {
    const ID: &'static str = "form.signature";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&SIGNATURE_MISSING];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Strokes;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Strokes, Unreadable> {
        Ok(Strokes::of(measured))
    }

    fn measurements(reading: &Strokes, limits: &Limits) -> Vec<Measurement> {
        let tallest = reading.tallest_in(limits.area);
        let height = Measurement::of("signature.height", tallest, "mm");
        vec![height.at_least(limits.min_height_mm)]
    }

    fn judge(reading: &Strokes, limits: &Limits) -> Option<Finding> {
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
            Signature::judge(&Strokes::one(height_mm, centre), &limits).map(|f| f.doubtful)
        };
        assert_eq!(judge(9.0, (0.35, 0.9)), None);
        assert_eq!(judge(5.5, (0.35, 0.9)), Some(true));
        assert_eq!(judge(9.0, (0.35, 0.4)), Some(false));
    }
}
