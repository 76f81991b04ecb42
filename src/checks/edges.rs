//! Is the whole document in the picture?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The document leaves the frame: its outline runs along a side of the picture. All four edges
    /// must be seen, since numbers and seals stand there, and since cut edges hide what was cut.
    pub(super) EDGES_CUT_OFF = Error {
        en: "The {edge} edge of the document is cut off"
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
}

/// How much of a side may be touched.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    max_touching_share: f64,
    doubtful_max_touching_share: f64,
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
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&EDGES_CUT_OFF];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let outline = measured.outline().ok_or(Unreadable::because("no-outline"))?;
        let [top, right, bottom, left] = outline.touching.map(|share| rounded(share as f32));
        Ok(Reading { top, right, bottom, left })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let shares = [reading.top, reading.right, reading.bottom, reading.left];
        let sides = SIDES.iter().zip(shares);
        sides
            .map(|((name, ..), share)| {
                Measurement::of(name, share, "1").at_most(limits.max_touching_share)
            })
            .collect()
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let sides = Self::measurements(reading, limits).into_iter().zip(SIDES);
        let cut: Vec<_> = sides.filter(|(share, _)| share.is_broken()).collect();
        let worst = cut.iter().map(|(share, _)| share.value).fold(0.0, f64::max);
        if cut.is_empty() {
            return None;
        }
        let names: Vec<&str> = cut.iter().map(|(_, side)| side.1).collect();
        let finding = Finding::of(&EDGES_CUT_OFF)
            .doubtful_if(worst <= limits.doubtful_max_touching_share)
            .with("edge", names.join(", "))
            .at(cut.iter().map(|(_, side)| Region::rectangle("cut-edge", side.2)));
        Some(cut.into_iter().fold(finding, |finding, (share, _)| finding.because(share)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_cut_off_names_every_side_that_is_touched() {
        let limits = Limits { max_touching_share: 0.03, doubtful_max_touching_share: 0.10 };
        let judge =
            |top, right| Edges::judge(&Reading { top, right, bottom: 0.0, left: 0.0 }, &limits);
        assert!(judge(0.0, 0.03).is_none());
        assert!(judge(0.0, 0.05).unwrap().doubtful);
        let finding = judge(0.2, 0.6).unwrap();
        assert_eq!(finding.metadata["edge"], "top, right");
        assert_eq!(finding.regions.len(), 2);
        assert!(!finding.doubtful);
    }
}
