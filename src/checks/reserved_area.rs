//! Did the applicant write where only the provider may?

use serde::Deserialize;

use super::strokes::{Area, Strokes};
use crate::measure::Measured;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// Strokes of a pen stand in the part of the form that the provider fills in (请勿填写).
    pub(super) RESERVED_AREA_FILLED = Review {
        en: "Something is written in the part reserved for the provider"
            => "Fill in a new form: write only the name, the domain, the signature and the date",
        zh: "在服务商填写区域内有书写内容" => "请重新填写：仅填写名称、域名、签名及日期",
    }
}

/// The check `form.reserved-area`.
pub(super) struct ReservedArea;

/// Where the reserved part lies, and how tall writing is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Left, top, right, bottom on the straight sheet, 0..1.
    area: Area,
    max_height_mm: f64,
}

impl Check for ReservedArea {
    const ID: &'static str = "form.reserved-area";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&RESERVED_AREA_FILLED];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Strokes;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Strokes, Unreadable> {
        Ok(Strokes::of(measured))
    }

    fn measurements(reading: &Strokes, limits: &Limits) -> Vec<Measurement> {
        let tallest = reading.tallest_in(limits.area);
        vec![Measurement::of("reserved.height", tallest, "mm").at_most(limits.max_height_mm)]
    }

    fn judge(reading: &Strokes, limits: &Limits) -> Option<Finding> {
        let height =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let strokes = reading.lying_in(limits.area);
        let written = strokes.filter(|stroke| stroke.height_mm > limits.max_height_mm);
        let regions = written.map(|stroke| Region::rectangle("writing", stroke.edges));
        // Told by size alone, so a person looks.
        Some(Finding::of(&RESERVED_AREA_FILLED).doubtful_if(true).because(height).at(regions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_in_the_reserved_area_is_shown_where_it_is() {
        let limits = Limits { area: [0.0, 0.2, 1.0, 0.78], max_height_mm: 8.0 };
        let judge =
            |height_mm, centre| ReservedArea::judge(&Strokes::one(height_mm, centre), &limits);
        assert_eq!(judge(12.0, (0.4, 0.5)).unwrap().regions.len(), 1);
        assert!(judge(12.0, (0.4, 0.9)).is_none());
        assert!(judge(7.0, (0.4, 0.5)).is_none());
    }
}
