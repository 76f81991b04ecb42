//! Does the person hold a document, and can it be read?

use serde::{Deserialize, Serialize};

use super::blur::IMAGE_BLURRED;
use super::outline::{DOCUMENT_NOT_FOUND, DOCUMENT_TOO_SMALL};
use crate::measure::{Measured, rounded};
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

/// The check `photo.held-document`: faults of documents, told by the rectangle in a person's hands.
/// Hands hide edges, and a card before a shirt of its colour has none: that none was found is for a
/// person to look at, never a rejection.
pub(super) struct HeldDocument;

/// The document, if one was found.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    found: Option<Found>,
}

#[derive(Serialize, Deserialize)]
struct Found {
    long_side_px: f64,
    aspect: f64,
    /// Blur per thousand of the long side; none where it has no edge to tell it by.
    radius_per_mille: Option<f64>,
    /// Share of the picture.
    area_share: f64,
    corners: [(f64, f64); 4],
}

/// What can be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_long_side_px: f64,
    max_radius_per_mille: f64,
    doubtful_max_radius_per_mille: f64,
}

impl Check for HeldDocument {
    const ID: &'static str = "photo.held-document";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] =
        &[&DOCUMENT_NOT_FOUND, &DOCUMENT_TOO_SMALL, &IMAGE_BLURRED];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let held = measured.held(measured.main_face()?);
        let found = held.map(|held| {
            let page = (measured.page.width * measured.page.height) as f64;
            let area = held.long_side_px * held.long_side_px / held.aspect;
            let focus = measured.focus_inside(held.inner(), held.long_side_px);
            Found {
                long_side_px: rounded(held.long_side_px as f32),
                aspect: rounded(held.aspect as f32),
                radius_per_mille: focus.map(|focus| rounded(focus.radius_per_mille)),
                area_share: rounded((area / page) as f32),
                corners: held.corners.map(|(x, y)| (rounded(x as f32), rounded(y as f32))),
            }
        });
        Ok(Reading { found })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let Some(found) = &reading.found else {
            return vec![Measurement::of("held.found", 0.0, "1").at_least(1.0)];
        };
        let length = Measurement::of("held.long_side", found.long_side_px, "{pixel}")
            .at_least(limits.min_long_side_px);
        let blur = match found.radius_per_mille {
            Some(radius) => Measurement::of("held.blur_radius_per_mille", radius, "[ppth]")
                .at_most(limits.max_radius_per_mille),
            None => Measurement::of("held.has_edges", 0.0, "1").at_least(1.0),
        };
        vec![length, blur]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let Some(found) = &reading.found else {
            return Some(Finding::of(&DOCUMENT_NOT_FOUND).doubtful_if(true).because(broken));
        };
        let region = Region { points: found.corners.to_vec(), label: "document".into() };
        let small = found.long_side_px < limits.min_long_side_px;
        let finding = match small {
            true => Finding::of(&DOCUMENT_TOO_SMALL)
                .doubtful_if(true)
                .with("percent", (100.0 * found.area_share).floor())
                .with("least.en", format!("is at least {} pixels long", limits.min_long_side_px))
                .with("least.zh-CN", format!("长边不少于 {} 像素", limits.min_long_side_px)),
            false => Finding::of(&IMAGE_BLURRED)
                .doubtful_if(found.radius_per_mille <= Some(limits.doubtful_max_radius_per_mille)),
        };
        Some(finding.because(broken).at([region]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(found: Option<(f64, f64)>) -> Option<(&'static str, bool)> {
        let limits = Limits {
            min_long_side_px: 300.0,
            max_radius_per_mille: 2.0,
            doubtful_max_radius_per_mille: 3.0,
        };
        let found = found.map(|(long_side_px, radius)| Found {
            long_side_px,
            aspect: 1.6,
            radius_per_mille: Some(radius),
            area_share: 0.1,
            corners: [(0.0, 0.0); 4],
        });
        let finding = HeldDocument::judge(&Reading { found }, &limits)?;
        Some((finding.reason.code, finding.doubtful))
    }

    #[test]
    fn a_held_document_is_large_and_sharp_enough_or_for_review() {
        assert_eq!(judged(Some((600.0, 1.0))), None);
        assert_eq!(judged(None), Some(("DOCUMENT_NOT_FOUND", true)));
        assert_eq!(judged(Some((200.0, 1.0))), Some(("DOCUMENT_TOO_SMALL", true)));
        assert_eq!(judged(Some((600.0, 5.0))), Some(("IMAGE_BLURRED", false)));
    }
}
