//! Is the document built so that reading and drawing it stays bounded?

use serde::Deserialize;

use super::Pdf;
use super::cost::Cost;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The document is nested deeper, inflates further, or draws more than any scan has need of: a bomb,
    /// or a drawing that no reviewer could look at. Counted before a page is drawn.
    pub PDF_TOO_COMPLEX = Error {
        en: "The PDF is built in too complex a way to be checked"
            => "Print it to a new PDF, or scan the original again and save it as JPEG",
        zh: "PDF 结构过于复杂，无法检查" => "请重新打印为新的 PDF，或将原件重新扫描为 JPEG 图片",
    }
}

/// The check `pdf.complexity`.
pub struct Complexity;

/// Bounds of everything that costs time or memory.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_nesting: f64,
    max_tokens: f64,
    max_objects: f64,
    max_filters: f64,
    max_stream_bytes: f64,
    max_total_bytes: f64,
    max_operations: f64,
}

impl Check for Complexity {
    const ID: &'static str = "pdf.complexity";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PDF_TOO_COMPLEX];
    const NEEDS: Needs = Needs::Header;
    type Input = Pdf;
    type Reading = Cost;
    type Limits = Limits;

    fn read(pdf: &Pdf) -> Result<Cost, Unreadable> {
        Ok(pdf.cost.clone())
    }

    fn measurements(cost: &Cost, limits: &Limits) -> Vec<Measurement> {
        let of =
            |name, value: u64, unit, most| Measurement::of(name, value as f64, unit).at_most(most);
        vec![
            of("pdf.nesting", cost.nesting.into(), "1", limits.max_nesting),
            of("pdf.tokens", cost.tokens, "1", limits.max_tokens),
            of("pdf.objects", cost.objects, "1", limits.max_objects),
            of("pdf.filters", cost.filters.into(), "1", limits.max_filters),
            of("pdf.stream", cost.stream_bytes, "By", limits.max_stream_bytes),
            of("pdf.streams", cost.total_bytes, "By", limits.max_total_bytes),
            of("pdf.operations", cost.operations, "1", limits.max_operations),
        ]
    }

    fn judge(cost: &Cost, limits: &Limits) -> Option<Finding> {
        let broken: Vec<_> =
            Self::measurements(cost, limits).into_iter().filter(Measurement::is_broken).collect();
        if broken.is_empty() {
            return None;
        }
        Some(broken.into_iter().fold(Finding::of(&PDF_TOO_COMPLEX), Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_counts_by_itself() {
        let limits = Limits {
            max_nesting: 100.0,
            max_tokens: 1e6,
            max_objects: 1e4,
            max_filters: 4.0,
            max_stream_bytes: 1e6,
            max_total_bytes: 1e7,
            max_operations: 1e6,
        };
        let broken = |cost: Cost| {
            let finding = Complexity::judge(&cost, &limits)?;
            Some(finding.measurements.iter().map(|measurement| measurement.name).collect())
        };
        assert_eq!(broken(Cost { nesting: 100, filters: 4, ..Cost::default() }), None);
        let deep = Cost { nesting: 101, filters: 5, ..Cost::default() };
        assert_eq!(broken(deep), Some(vec!["pdf.nesting", "pdf.filters"]));
        let many = Cost { operations: u64::MAX, ..Cost::default() };
        assert_eq!(broken(many), Some(vec!["pdf.operations"]));
    }
}
