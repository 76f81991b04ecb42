//! Does the form bear the official seal?

use serde::{Deserialize, Serialize};

use super::red_ink::{self, Patch};
use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// No round red seal stands where the form expects it. The official seal (公章) is demanded of
    /// organisations in every province, fresh red and legible, over or beside the signature block.
    pub(super) SEAL_MISSING = Error {
        en: "The official red seal is missing"
            => "Stamp the form with the full round official seal and scan it in colour again",
        zh: "缺少红色公章" => "请在指定位置加盖完整清晰的圆形公章，并重新彩色扫描",
    }
}

/// The check `form.seal`.
pub(super) struct Seal;

/// The red marks of a form, largest first, at most four.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    red: Vec<Red>,
}

#[derive(Serialize, Deserialize)]
struct Red {
    #[serde(flatten)]
    patch: Patch,
    /// Share of directions with ink at the rim.
    ring_share: f64,
    edges: [f64; 4],
}

/// What a seal is, and where on the sheet it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_diameter_mm: f64,
    max_diameter_mm: f64,
    min_ring_share: f64,
    /// Below this, red marks of the right size are surely no seal.
    doubtful_min_ring_share: f64,
    /// Least and most distance from the top of the sheet, 0..1.
    min_height: f64,
    max_height: f64,
}

impl Check for Seal {
    const ID: &'static str = "form.seal";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&SEAL_MISSING];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let red = red_ink::marks(measured)?.iter().take(4).map(|red| Red {
            patch: Patch::of(red),
            ring_share: rounded(red.ring_share as f32),
            edges: red.mark.edges.map(|edge| rounded(edge as f32)),
        });
        Ok(Reading { red: red.collect() })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let ring = best(reading, limits).map_or(0.0, |red| red.ring_share);
        vec![Measurement::of("seal.ring_share", ring, "1").at_least(limits.min_ring_share)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let ring = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let finding = Finding::of(&SEAL_MISSING)
            .doubtful_if(ring.value >= limits.doubtful_min_ring_share)
            .because(ring);
        // Where nothing is like a seal, what comes nearest shows what was taken for none.
        let nearest = best(reading, limits).or(reading.red.first());
        Some(finding.at(nearest.map(|red| Region::rectangle("red-mark", red.edges))))
    }
}

/// The mark of a seal's size, in its place, that is most like a ring.
fn best<'a>(reading: &'a Reading, limits: &Limits) -> Option<&'a Red> {
    let height = limits.min_height..=limits.max_height;
    reading
        .red
        .iter()
        .filter(|red| red.patch.measures(limits.min_diameter_mm, limits.max_diameter_mm))
        .filter(|red| height.contains(&red.patch.centre.1))
        .max_by(|a, b| a.ring_share.total_cmp(&b.ring_share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(width_mm: f64, ring_share: f64, height: f64) -> Option<bool> {
        let limits = Limits {
            min_diameter_mm: 25.0,
            max_diameter_mm: 60.0,
            min_ring_share: 0.7,
            doubtful_min_ring_share: 0.4,
            min_height: 0.5,
            max_height: 1.05,
        };
        let patch = Patch { width_mm, height_mm: 40.0, centre: (0.7, height) };
        let red = Red { patch, ring_share, edges: [0.0; 4] };
        Seal::judge(&Reading { red: vec![red] }, &limits).map(|finding| finding.doubtful)
    }

    #[test]
    fn a_seal_is_round_of_its_size_and_in_its_place() {
        assert_eq!(judged(40.0, 0.9, 0.9), None);
        assert_eq!(judged(40.0, 0.5, 0.9), Some(true));
        assert_eq!(judged(40.0, 0.2, 0.9), Some(false));
        assert_eq!(judged(12.0, 0.9, 0.9), Some(false), "a fingerprint is no seal");
        assert_eq!(judged(40.0, 0.9, 0.1), Some(false), "a logo at the top is no seal");
    }
}
