//! Is the whole document in the picture?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The document leaves the frame: its outline runs along a side of the picture. All four edges
    /// must be seen, since numbers and seals stand there, and since cut edges hide what was cut.
    pub(super) EDGES_CUT_OFF = Error {
        en: "The document is cut off at the {edge}"
            => "Take the picture again with all four corners of the document in the frame",
        zh: "证件{edge}边缘未拍全" => "请将证件四角完整放入画面后重新拍摄",
    }
}

/// The check `geometry.edges`.
pub(super) struct Edges;

/// Share of each side of the frame along which the document touches it.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    top: f64,
    right: f64,
    bottom: f64,
    left: f64,
    /// In the order of a clock: how far the document draws in towards the side, as its round corners
    /// do, in shares of its long side.
    rounding: [f64; 4],
    /// Share of what touches the side that is print.
    print: [f64; 4],
    /// Long side over short side of the document, or of each of two.
    aspects: Vec<f64>,
}

/// How much of a side may be touched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_touching_share: f64,
    doubtful_max_touching_share: f64,
    /// From here on the corners are seen, so that the document lies flush and ends there.
    min_rounding: f64,
    /// Up to here the margin is seen: a sheet with square corners may end there.
    max_print_share: f64,
    /// Shapes of the slot's documents, none = any: one that is cut has another.
    aspects: Vec<f64>,
    max_aspect_difference: f64,
}

/// Sides in the order of a clock, with their names and their place in the picture.
const SIDES: [(&str, &str, [f64; 4]); 4] = [
    ("edges.top", "top", [0.0, 0.0, 1.0, 0.02]),
    ("edges.right", "right", [0.98, 0.0, 1.0, 1.0]),
    ("edges.bottom", "bottom", [0.0, 0.98, 1.0, 1.0]),
    ("edges.left", "left", [0.0, 0.0, 0.02, 1.0]),
];

impl Check for Edges {
    const ID: &'static str = "geometry.edges";
    const VERSION: u32 = 2;
    const REASONS: &'static [&'static Reason] = &[&EDGES_CUT_OFF];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let outline = measured.outline().ok_or(Unreadable::because("no-outline"))?;
        let [top, right, bottom, left] = outline.touching.map(|share| rounded(share as f32));
        let rounding = outline.rims.map(|rim| rounded(rim.rounding as f32));
        let print = measured.rim_print().map(|share| rounded(share as f32));
        let aspects: Vec<f64> = match &*outline.sheets {
            [] => vec![outline.aspect],
            sheets => sheets.iter().map(|sheet| sheet.aspect).collect(),
        };
        let aspects = aspects.into_iter().map(|aspect| rounded(aspect as f32)).collect();
        Ok(Reading { top, right, bottom, left, rounding, print, aspects })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let shares = [reading.top, reading.right, reading.bottom, reading.left];
        let sides = SIDES.iter().zip(shares).zip(reading.rounding);
        sides
            .map(|(((name, ..), share), rounding)| {
                let share = Measurement::of(name, share, "1");
                // The bound does not bind where the corners are seen.
                if rounding >= limits.min_rounding {
                    share
                } else {
                    share.at_most(limits.max_touching_share)
                }
            })
            .collect()
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let sides = Self::measurements(reading, limits).into_iter().zip(SIDES);
        let cut: Vec<_> =
            sides.zip(reading.print).filter(|((share, _), _)| share.is_broken()).collect();
        if cut.is_empty() {
            return None;
        }
        let margins = cut.iter().all(|(_, print)| *print <= limits.max_print_share);
        let cut: Vec<_> = cut.into_iter().map(|(side, _)| side).collect();
        let worst = cut.iter().map(|(share, _)| share.value).fold(0.0, f64::max);
        let thin = worst <= limits.doubtful_max_touching_share;
        let names: Vec<&str> = cut.iter().map(|(_, side)| side.1).collect();
        let finding = Finding::of(&EDGES_CUT_OFF)
            .doubtful_if(thin || margins && fits(reading, limits))
            .with("edge", names.join(", "))
            .at(cut.iter().map(|(_, side)| Region::rectangle("cut-edge", side.2)));
        Some(cut.into_iter().fold(finding, |finding, (share, _)| finding.because(share)))
    }
}

/// Whether the document has a shape of the slot, as one that is cut has not.
fn fits(reading: &Reading, limits: &Limits) -> bool {
    let near = |shape: &f64| {
        let differences = limits.aspects.iter().map(|aspect| (shape / aspect - 1.0).abs());
        differences.reduce(f64::min).is_none_or(|least| least <= limits.max_aspect_difference)
    };
    reading.aspects.iter().all(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            max_touching_share: 0.03,
            doubtful_max_touching_share: 0.10,
            min_rounding: 0.01,
            max_print_share: 0.02,
            aspects: vec![1.586],
            max_aspect_difference: 0.025,
        }
    }

    /// A card that touches the left side with round corners and print along it.
    fn reading(rounding: f64, print: f64) -> Reading {
        Reading {
            top: 0.0,
            right: 0.0,
            bottom: 0.0,
            left: 0.0,
            rounding: [0.0, 0.0, 0.0, rounding],
            print: [0.0, 1.0, 0.0, print],
            aspects: vec![1.58],
        }
    }

    #[test]
    fn a_flush_edge_is_not_cut_off_and_one_that_may_be_flush_is_for_review() {
        let judge = |rounding, print, aspect| {
            let reading = Reading { left: 0.7, aspects: vec![aspect], ..reading(rounding, print) };
            Edges::judge(&reading, &limits()).map(|finding| finding.doubtful)
        };
        assert_eq!(judge(0.02, 0.3, 1.58), None, "its corners are seen");
        assert_eq!(judge(0.0, 0.0, 1.58), Some(true), "its margin is seen and its shape is right");
        assert_eq!(judge(0.0, 0.0, 1.5), Some(false), "its shape is wrong");
        assert_eq!(judge(0.0, 0.1, 1.58), Some(false), "print runs into the side");
    }

    #[test]
    fn edges_cut_off_names_every_side_that_is_touched() {
        let judge =
            |top, right| Edges::judge(&Reading { top, right, ..reading(0.0, 1.0) }, &limits());
        assert!(judge(0.0, 0.03).is_none());
        assert!(judge(0.0, 0.05).unwrap().doubtful);
        let finding = judge(0.2, 0.6).unwrap();
        assert_eq!(finding.metadata["edge"], "top, right");
        assert_eq!(finding.regions.len(), 2);
        assert!(!finding.doubtful);
    }
}
