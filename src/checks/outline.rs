//! Is there a document in the picture, of the right shape, and does it fill enough of it?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable, percent};

reason! {
    /// No card or sheet stands out from the background, and the picture has not the shape of a scan
    /// of one. A person looks, since light paper on a light desk is hard to tell.
    pub(super) DOCUMENT_NOT_FOUND = Error {
        en: "No document was found in the picture"
            => "Lay the document flat on a plain surface of another colour and take the picture again",
        zh: "图片中未找到证件" => "请将证件平放在颜色不同的纯色背景上重新拍摄",
    }
}

reason! {
    /// The document covers only a small part of the picture, so that its print gets few pixels.
    pub(super) DOCUMENT_TOO_SMALL = Error {
        en: "The document fills only {percent} % of the picture"
            => "Move closer until it {least}, with all four corners still in the picture",
        zh: "证件仅占画面的 {percent}%" => "请靠近拍摄，使证件{least}，且四角完整",
    }
}

reason! {
    /// The document has not the proportions of its kind (ISO/IEC 7810 for cards and passports): another
    /// kind of document, several in one picture, or one that is cut or folded.
    pub(super) ASPECT_RATIO_WRONG = Review {
        en: "The document has not the shape expected here"
            => "Check that this is the right document, unfolded, alone and whole in the picture",
        zh: "证件形状与要求的类型不符" => "请确认证件类型正确、已展开、单独且完整地拍入画面",
    }
}

/// The check `geometry.outline`.
pub(super) struct OutlineCheck;

/// The outline's share and shape, or the frame's where the page fills it.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    found: bool,
    area_share: f64,
    /// Long side over short side, of the outline or else of the frame.
    aspect: f64,
    cut_off: bool,
    corners: Option<[(f64, f64); 4]>,
    /// Shape of each sheet where there are two.
    sheets: Vec<f64>,
    /// Whether the background is seen between them.
    apart: bool,
}

/// Shapes of the documents of a slot (none = any), and the least share of the frame.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Long side over short side.
    aspects: Vec<f64>,
    max_aspect_difference: f64,
    /// How many sheets of these shapes may lie apart from each other.
    max_sheets: usize,
    /// Shapes of several that touch, or fill the frame together.
    joint_aspects: Vec<f64>,
    min_area_share: f64,
    /// The same where several sheets are allowed and there are.
    min_joint_area_share: f64,
    doubtful_min_area_share: f64,
}

impl Check for OutlineCheck {
    const ID: &'static str = "geometry.outline";
    const VERSION: u32 = 2;
    const REASONS: &'static [&'static Reason] =
        &[&DOCUMENT_NOT_FOUND, &DOCUMENT_TOO_SMALL, &ASPECT_RATIO_WRONG];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let page = &measured.page;
        let (long, short) = (page.width.max(page.height), page.width.min(page.height));
        Ok(match measured.outline() {
            Some(outline) => Reading {
                found: true,
                area_share: rounded(outline.area_share as f32),
                aspect: rounded(outline.aspect as f32),
                cut_off: outline.touching.iter().any(|share| *share > 0.0),
                corners: Some(outline.rounded_corners()),
                sheets: outline.sheets.iter().map(|sheet| rounded(sheet.aspect as f32)).collect(),
                apart: outline.apart,
            },
            None => Reading {
                found: false,
                area_share: 1.0,
                aspect: rounded(long as f32 / short as f32),
                cut_off: false,
                corners: None,
                sheets: Vec::new(),
                apart: false,
            },
        })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let area = Measurement::of("outline.area_share", reading.area_share, "1");
        let mut measurements = vec![area.at_least(least_share(reading, limits))];
        // Where any shape will do, so does any number.
        if reading.apart && !limits.aspects.is_empty() {
            let sheets = Measurement::of("outline.sheets", reading.sheets.len() as f64, "1");
            measurements.push(sheets.at_most(limits.max_sheets as f64));
        }
        // A side that the frame cuts off has no true length.
        if let Some(difference) = difference(reading, limits).filter(|_| !reading.cut_off) {
            let difference = Measurement::of("outline.aspect_difference", difference, "1");
            measurements.push(difference.at_most(limits.max_aspect_difference));
        }
        measurements
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let too_small = broken.name == "outline.area_share";
        let reason = match (reading.found, too_small) {
            (_, true) => &DOCUMENT_TOO_SMALL,
            (true, false) => &ASPECT_RATIO_WRONG,
            (false, false) => &DOCUMENT_NOT_FOUND,
        };
        // Only the size of an outline is certain, and only of one that has the document's shape: a
        // portrait on a page is an outline too.
        let like_the_document = difference(reading, limits)
            .is_none_or(|difference| difference <= limits.max_aspect_difference);
        let sure =
            too_small && like_the_document && reading.area_share < limits.doubtful_min_area_share;
        let finding = Finding::of(reason)
            .doubtful_if(!sure)
            .because(broken)
            .with("percent", (100.0 * reading.area_share).floor());
        let finding = match too_small {
            true => {
                let least = percent(least_share(reading, limits));
                finding
                    .with("least.en", format!("fills at least {least} % of the picture"))
                    .with("least.zh-CN", format!("至少占画面的 {least}%"))
            }
            false => finding,
        };
        Some(
            finding.at(reading
                .corners
                .map(|corners| Region { points: corners.to_vec(), label: "outline".into() })),
        )
    }
}

fn nearest(shape: f64, aspects: &[f64]) -> Option<f64> {
    aspects.iter().map(|aspect| (shape / aspect - 1.0).abs()).reduce(f64::min)
}

/// Whether it shows several sheets that may be in one picture, told apart or by their joint shape.
fn is_joint(reading: &Reading, limits: &Limits) -> bool {
    let by_shape = nearest(reading.aspect, &limits.joint_aspects);
    let one = nearest(reading.aspect, &limits.aspects);
    limits.max_sheets > 1
        && match reading.sheets.len() {
            0 => by_shape.is_some_and(|joint| one.is_none_or(|one| joint < one)),
            sheets => sheets <= limits.max_sheets,
        }
}

/// Several sheets that may be in one picture need less of it.
fn least_share(reading: &Reading, limits: &Limits) -> f64 {
    match is_joint(reading, limits) {
        true => limits.min_joint_area_share,
        false => limits.min_area_share,
    }
}

/// Relative difference to the nearest of the slot's shapes, of the sheet or of the worse of two.
fn difference(reading: &Reading, limits: &Limits) -> Option<f64> {
    let whole = nearest(reading.aspect, &[&*limits.aspects, &limits.joint_aspects].concat());
    let each = reading.sheets.iter().filter_map(|sheet| nearest(*sheet, &limits.aspects));
    match each.reduce(f64::max) {
        Some(each) if reading.apart => Some(each),
        Some(each) if limits.max_sheets > 1 => whole.map(|whole| whole.min(each)),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: f64 = 1.586;
    const STACKED: f64 = 1.261;

    fn limits(max_sheets: usize, joint_aspects: &[f64]) -> Limits {
        Limits {
            aspects: vec![CARD],
            max_aspect_difference: 0.1,
            max_sheets,
            joint_aspects: joint_aspects.to_vec(),
            min_area_share: 0.25,
            min_joint_area_share: 0.10,
            doubtful_min_area_share: 0.15,
        }
    }

    fn reading(area_share: f64, aspect: f64) -> Reading {
        Reading {
            found: true,
            area_share,
            aspect,
            cut_off: false,
            corners: None,
            sheets: Vec::new(),
            apart: false,
        }
    }

    fn judged_by(limits: &Limits, reading: &Reading) -> Option<(&'static str, bool)> {
        OutlineCheck::judge(reading, limits).map(|f| (f.reason.code, f.doubtful))
    }

    fn judged(found: bool, area_share: f64, aspect: f64) -> Option<(&'static str, bool)> {
        judged_by(&limits(1, &[]), &Reading { found, ..reading(area_share, aspect) })
    }

    #[test]
    fn two_sheets_apart_are_judged_each_by_itself_and_counted() {
        // With some gap, two cards together have the shape of one.
        let pair = Reading { sheets: vec![1.59, 1.57], apart: true, ..reading(0.4, 1.6) };
        let wrong = Some(("ASPECT_RATIO_WRONG", true));
        assert_eq!(judged_by(&limits(1, &[]), &pair), wrong);
        assert_eq!(judged_by(&limits(2, &[STACKED]), &pair), None);
        let other = Reading { sheets: vec![1.59, 1.3], ..pair };
        assert_eq!(judged_by(&limits(2, &[STACKED]), &other), wrong);
    }

    #[test]
    fn two_sheets_that_touch_have_a_joint_shape() {
        let wrong = Some(("ASPECT_RATIO_WRONG", true));
        assert_eq!(judged_by(&limits(1, &[]), &reading(0.4, STACKED)), wrong);
        assert_eq!(judged_by(&limits(2, &[STACKED]), &reading(0.4, STACKED)), None);
        let small = reading(0.15, STACKED);
        assert_eq!(judged_by(&limits(2, &[STACKED]), &small), None);
        let too_small = Some(("DOCUMENT_TOO_SMALL", true));
        assert_eq!(judged_by(&limits(1, &[]), &small), too_small);
    }

    #[test]
    fn an_outline_is_judged_by_its_size_then_by_its_shape() {
        assert_eq!(judged(true, 0.5, 1.6), None);
        assert_eq!(judged(true, 0.2, 1.6), Some(("DOCUMENT_TOO_SMALL", true)));
        assert_eq!(judged(true, 0.1, 1.6), Some(("DOCUMENT_TOO_SMALL", false)));
        assert_eq!(judged(true, 0.5, 1.2), Some(("ASPECT_RATIO_WRONG", true)));
    }

    #[test]
    fn a_scan_that_fills_the_frame_needs_no_outline_but_the_right_shape() {
        assert_eq!(judged(false, 1.0, 1.55), None);
        assert_eq!(judged(false, 1.0, 1.333), Some(("DOCUMENT_NOT_FOUND", true)));
    }
}
