//! Did the applicant write where only the provider may?

use serde::{Deserialize, Serialize};

use super::signature::Stroke;
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

/// Strokes taller than print, at most sixteen.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    strokes: Vec<Stroke>,
}

/// Where the reserved part lies, and how tall writing is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Left, top, right, bottom on the straight sheet, 0..1.
    area: [f64; 4],
    max_height_mm: f64,
}

impl Check for ReservedArea {
    const ID: &'static str = "form.reserved-area";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&RESERVED_AREA_FILLED];
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
        vec![Measurement::of("reserved.height", tallest, "mm").at_most(limits.max_height_mm)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let height =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let written = reading.strokes.iter().filter(|stroke| {
            stroke.lies_in(limits.area) && stroke.height_mm > limits.max_height_mm
        });
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
        let judge = |height_mm, centre| {
            let stroke = Stroke { width_mm: 30.0, height_mm, centre, edges: [0.1, 0.2, 0.3, 0.4] };
            ReservedArea::judge(&Reading { strokes: vec![stroke] }, &limits)
        };
        assert_eq!(judge(12.0, (0.4, 0.5)).unwrap().regions.len(), 1);
        assert!(judge(12.0, (0.4, 0.9)).is_none());
        assert!(judge(7.0, (0.4, 0.5)).is_none());
    }
}
