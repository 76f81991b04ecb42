//! Was the document scanned or photographed finely enough for its size?

use serde::{Deserialize, Serialize};

use crate::measure::outline::Outline;
use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The document has too few pixels per inch for its print. Told from the known size of the document
    /// in its outline (or in the frame that it fills), else from the file's own claim where that is
    /// credible: 1, 72 and 96 are not.
    pub(super) DPI_TOO_LOW = Error {
        en: "The document has only {ppi} pixels per inch"
            => "Scan at {min_ppi} pixels per inch or more, or move closer when you photograph it",
        zh: "证件清晰度仅为每英寸 {ppi} 像素"
            => "请以每英寸不低于 {min_ppi} 像素扫描，或靠近证件拍摄",
    }
}

/// The check `resolution.dpi`.
pub(super) struct Dpi;

/// Length of the document in pixels, and what the file claims.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    /// Long side of the outline (of the smaller sheet of two), or of the page that fills the frame.
    long_side_px: f64,
    /// Short side of the outline or the page, of both sheets together where there are two.
    short_side_px: f64,
    /// Whether `long_side_px` is that of one sheet of two.
    sheet: bool,
    /// Whether an outline was found.
    outline: bool,
    claimed_ppi: Option<f64>,
    /// Whether the claim is the place of a picture on a page of a document.
    #[serde(default)]
    placed: bool,
}

/// How many pixels an inch needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Long side of the document where the slot has one size; 0 = any.
    long_side_mm: f64,
    /// Where several may touch: the shape that they have together, and their short side.
    joints: Vec<Joint>,
    max_joint_difference: f64,
    min_ppi: f64,
    doubtful_min_ppi: f64,
    mm_per_inch: f64,
}

/// Several documents side by side.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Joint {
    aspect: f64,
    short_side_mm: f64,
}

impl Check for Dpi {
    const ID: &'static str = "resolution.dpi";
    const VERSION: u32 = 2;
    const REASONS: &'static [&'static Reason] = &[&DPI_TOO_LOW];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let page = &measured.page;
        let outline = measured.outline();
        let (long, short) = (page.width.max(page.height), page.width.min(page.height));
        let long = outline.map_or(long as f64, Outline::document_long_side_px);
        let short = outline.map_or(short as f64, |outline| outline.short_side_px);
        Ok(Reading {
            long_side_px: rounded(long as f32),
            short_side_px: rounded(short as f32),
            sheet: outline.is_some_and(|outline| !outline.sheets.is_empty()),
            outline: outline.is_some(),
            claimed_ppi: page.claimed_ppi.map(|ppi| rounded(ppi as f32)),
            placed: page.origin.is_some(),
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let (name, ppi) = match implied(reading, limits) {
            Some(ppi) => ("resolution.ppi_implied", ppi),
            // On a photo of a document on a desk the file's claim says nothing of the document.
            None => match reading.claimed_ppi.filter(|_| !reading.outline) {
                Some(ppi) if reading.placed => ("resolution.ppi_placed", ppi),
                Some(ppi) => ("resolution.ppi_claimed", ppi),
                None => return Vec::new(),
            },
        };
        vec![Measurement::of(name, ppi.round(), "[ppi]").at_least(limits.min_ppi)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let ppi = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let source = match (implied(reading, limits), reading.placed) {
            (Some(_), _) => "implied",
            (None, true) => "pdf",
            (None, false) => "metadata",
        };
        Some(
            Finding::of(&DPI_TOO_LOW)
                .doubtful_if(ppi.value >= limits.doubtful_min_ppi)
                .with("ppi", ppi.value)
                .with("min_ppi", limits.min_ppi)
                .with("source", source)
                .because(ppi),
        )
    }
}

/// From the known size of the document.
fn implied(reading: &Reading, limits: &Limits) -> Option<f64> {
    let aspect = reading.long_side_px / reading.short_side_px;
    let difference = |joint: &&Joint| (aspect / joint.aspect - 1.0).abs();
    let joint = limits
        .joints
        .iter()
        .filter(|_| !reading.sheet)
        .min_by(|a, b| difference(a).total_cmp(&difference(b)))
        .filter(|joint| difference(joint) <= limits.max_joint_difference);
    // The gap between them lengthens the long side, but not the short one.
    let (pixels, mm) = match joint {
        Some(joint) => (reading.short_side_px, joint.short_side_mm),
        None => (reading.long_side_px, limits.long_side_mm),
    };
    (mm > 0.0).then(|| pixels * limits.mm_per_inch / mm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(
        long_side_mm: f64,
        long_side_px: f64,
        claimed_ppi: Option<f64>,
        outline: bool,
    ) -> Option<(String, bool)> {
        let short_side_px = long_side_px / 1.586;
        let reading = Reading {
            long_side_px,
            short_side_px,
            sheet: false,
            outline,
            claimed_ppi,
            placed: false,
        };
        Dpi::judge(&reading, &limits(long_side_mm))
            .map(|f| (f.metadata["source"].clone(), f.doubtful))
    }

    fn limits(long_side_mm: f64) -> Limits {
        let joint = |aspect, short_side_mm| Joint { aspect, short_side_mm };
        Limits {
            long_side_mm,
            joints: vec![joint(1.261, 85.6), joint(3.172, 53.98)],
            max_joint_difference: 0.1,
            min_ppi: 150.0,
            doubtful_min_ppi: 110.0,
            mm_per_inch: 25.4,
        }
    }

    #[test]
    fn of_two_cards_together_one_counts() {
        let ppi = |long_side_px: f64, short_side_px, sheet| {
            let claimed_ppi = None;
            let reading = Reading {
                long_side_px,
                short_side_px,
                sheet,
                outline: true,
                claimed_ppi,
                placed: false,
            };
            implied(&reading, &limits(85.6)).unwrap().round()
        };
        // 10 pixels a millimetre: one, two stacked, two abreast, and two with a gap between.
        assert_eq!(ppi(856.0, 539.8, false), 254.0);
        assert_eq!(ppi(1079.6, 856.0, false), 254.0);
        assert_eq!(ppi(1712.0, 539.8, false), 254.0);
        assert_eq!(ppi(856.0, 856.0, true), 254.0);
    }

    #[test]
    fn the_size_of_the_document_says_more_than_the_file() {
        assert_eq!(judged(85.6, 1000.0, Some(75.0), true), None);
        assert_eq!(judged(85.6, 400.0, Some(600.0), true), Some(("implied".into(), true)));
        assert_eq!(judged(85.6, 300.0, None, true), Some(("implied".into(), false)));
    }

    #[test]
    fn a_claim_counts_only_for_a_page_that_fills_the_frame() {
        assert_eq!(judged(0.0, 900.0, Some(100.0), false), Some(("metadata".into(), false)));
        assert_eq!(judged(0.0, 900.0, Some(100.0), true), None);
        assert_eq!(judged(0.0, 900.0, None, false), None);
    }
}
