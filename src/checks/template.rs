//! Is it the form that it should be, by the bars of its layout?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The dark bars that head the form's sections are not where this form has them: another form, or
    /// only a part of it.
    pub(super) TEMPLATE_MISMATCH = Review {
        en: "This does not look like the form that is asked for"
            => "Download the form from the upload page, fill it in, and scan the whole page",
        zh: "与要求的表单模板不符" => "请从上传页面下载对应模板，填写后完整扫描",
    }
}

/// The check `form.template`.
pub(super) struct Template;

/// Middles of the bars on the straight sheet, 0..1 from its top.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    bars: Vec<f64>,
}

/// Where the bars belong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Middles, 0..1 from the top; none = any form.
    bars: Vec<f64>,
    max_distance: f64,
    /// How many may be missing.
    max_missing: usize,
}

impl Check for Template {
    const ID: &'static str = "form.template";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&TEMPLATE_MISMATCH];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let bars = measured.marks().bars.iter().map(|bar| rounded(*bar as f32));
        Ok(Reading { bars: bars.collect() })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let near = |wanted: f64| {
            reading.bars.iter().any(|bar| (bar - wanted).abs() <= limits.max_distance)
        };
        let missing = limits.bars.iter().filter(|bar| !near(**bar)).count();
        let missing = Measurement::of("template.missing_bars", missing as f64, "1");
        vec![missing.at_most(limits.max_missing as f64)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let missing =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        // Providers move their bars from year to year, so a person looks.
        Some(Finding::of(&TEMPLATE_MISMATCH).doubtful_if(true).because(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_known_by_its_bars_and_one_may_be_missing() {
        let limits = Limits { bars: vec![0.06, 0.18, 0.64], max_distance: 0.05, max_missing: 1 };
        let judge = |bars: &[f64]| Template::judge(&Reading { bars: bars.to_vec() }, &limits);
        assert!(judge(&[0.08, 0.19, 0.64]).is_none());
        assert!(judge(&[0.19, 0.64]).is_none());
        assert!(judge(&[0.4]).is_some());
    }
}
