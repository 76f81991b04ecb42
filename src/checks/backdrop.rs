//! Does the provider's backdrop fill the picture?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable, percent};

reason! {
    /// What the person stands before is not the provider's backdrop: another wall, a room.
    pub(super) BACKDROP_MISSING = Error {
        en: "The provider's backdrop is not behind the person"
            => "Take the picture again before the backdrop that the provider sent or set up",
        zh: "未使用接入商提供的幕布背景" => "请在接入商提供的幕布前重新拍摄",
    }
}

reason! {
    /// Wall, edge or floor can be seen beside the backdrop. The whole frame must be backdrop.
    pub(super) BACKDROP_INCOMPLETE = Error {
        en: "{percent} % of the picture is not backdrop (at most {max_percent} %)"
            => "Move closer or hang the backdrop flat, so that nothing else shows at the {side}",
        zh: "画面中有 {percent}% 不是幕布（最多 {max_percent}%）"
            => "请调整站位或幕布后重新拍摄，画面{side}侧不要露出其他物体",
    }
}

/// The check `backdrop.extent`.
pub(super) struct BackdropExtent;

/// Areas of one colour behind the person, the largest first, at most twelve.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    areas: Vec<Seen>,
    /// Share of the page that is background.
    page_share: f64,
}

#[derive(Serialize, Deserialize)]
struct Seen {
    lightness: f64,
    chroma: f64,
    hue_deg: f64,
    /// Of the background.
    share: f64,
    /// Shares of the frame's sides: top, right, bottom, left.
    sides: [f64; 4],
    edges: [f64; 4],
}

/// The colour of the backdrop, and how much else may be seen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Hue angles of CIE LCh from and to.
    hue_deg: [f64; 2],
    min_chroma: f64,
    /// Less of it is no backdrop; more than the second is one.
    min_share: f64,
    doubtful_min_share: f64,
    /// Share of the background that may be something else at the sides of the frame.
    max_other_share: f64,
    doubtful_max_other_share: f64,
    /// What lies along less of a side is a letter or a fold.
    min_side_share: f64,
}

impl Limits {
    fn is_backdrop(&self, area: &Seen) -> bool {
        (self.hue_deg[0]..=self.hue_deg[1]).contains(&area.hue_deg)
            && area.chroma >= self.min_chroma
    }

    /// Something else that runs along the frame.
    fn is_beside(&self, area: &Seen) -> bool {
        !self.is_backdrop(area) && area.sides.iter().any(|share| *share >= self.min_side_share)
    }
}

/// The sides of the frame in the order of the reading.
const SIDES: [&str; 4] = ["top", "right", "bottom", "left"];

impl Check for BackdropExtent {
    const ID: &'static str = "backdrop.extent";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&BACKDROP_MISSING, &BACKDROP_INCOMPLETE];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        if measured.colour().is_none_or(|colour| colour.mean == 0.0) {
            return Err(Unreadable::because("no-colour"));
        }
        let backdrop = measured.backdrop();
        if backdrop.areas.is_empty() {
            return Err(Unreadable::because("no-background"));
        }
        let seen = backdrop.areas.iter().take(12).map(|area| {
            let (chroma, hue) = crate::measure::view::chroma_and_hue(area.lab);
            Seen {
                lightness: rounded(area.lab[0]),
                chroma: rounded(chroma),
                hue_deg: rounded(hue),
                share: rounded(area.share),
                sides: area.sides.map(rounded),
                edges: area.edges.map(|edge| rounded(edge as f32)),
            }
        });
        Ok(Reading { areas: seen.collect(), page_share: rounded(backdrop.page_share) })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let share = |wanted: &dyn Fn(&Seen) -> bool| -> f64 {
            reading.areas.iter().filter(|area| wanted(area)).map(|area| area.share).sum()
        };
        let main = reading.areas.iter().find(|area| limits.is_backdrop(area));
        let main = main.or(reading.areas.first());
        let mut measurements = vec![
            Measurement::of("backdrop.share", share(&|area| limits.is_backdrop(area)), "1")
                .at_least(limits.doubtful_min_share),
            Measurement::of("backdrop.other_share", share(&|area| limits.is_beside(area)), "1")
                .at_most(limits.max_other_share),
        ];
        measurements.extend(main.map(|area| Measurement::of("backdrop.hue", area.hue_deg, "deg")));
        measurements
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let mut measurements = Self::measurements(reading, limits).into_iter();
        let (share, other) = (measurements.next()?, measurements.next()?);
        if share.is_broken() {
            let wall =
                reading.areas.first().map(|area| Region::rectangle("background", area.edges));
            let doubtful = share.value >= limits.min_share;
            return Some(
                Finding::of(&BACKDROP_MISSING).doubtful_if(doubtful).because(share).at(wall),
            );
        }
        if !other.is_broken() {
            return None;
        }
        let beside: Vec<&Seen> =
            reading.areas.iter().filter(|area| limits.is_beside(area)).collect();
        let longest = |area: &&Seen| {
            let sides = SIDES.iter().zip(area.sides);
            sides.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(side, _)| *side)
        };
        let mut sides: Vec<&str> = beside.iter().filter_map(longest).collect();
        sides.dedup();
        let finding = Finding::of(&BACKDROP_INCOMPLETE)
            .doubtful_if(other.value <= limits.doubtful_max_other_share)
            .with("side", sides.join(", "))
            .with("percent", (100.0 * other.value).ceil())
            .with("max_percent", percent(limits.max_other_share))
            .because(other);
        Some(finding.at(beside.iter().map(|area| Region::rectangle("not-backdrop", area.edges))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(hue_deg: f64, chroma: f64, share: f64, left: f64) -> Seen {
        let sides = [0.1, 0.0, 0.1, left];
        Seen { lightness: 50.0, chroma, hue_deg, share, sides, edges: [0.0, 0.0, share, 1.0] }
    }

    fn judged(areas: Vec<Seen>) -> Option<(&'static str, bool, String)> {
        let limits = Limits {
            hue_deg: [240.0, 310.0],
            min_chroma: 15.0,
            min_share: 0.2,
            doubtful_min_share: 0.4,
            max_other_share: 0.01,
            doubtful_max_other_share: 0.03,
            min_side_share: 0.15,
        };
        let finding = BackdropExtent::judge(&Reading { areas, page_share: 0.7 }, &limits)?;
        let side = finding.metadata.get("side").cloned().unwrap_or_default();
        Some((finding.reason.code, finding.doubtful, side))
    }

    #[test]
    fn a_curtain_passes_and_a_wall_does_not() {
        assert_eq!(judged(vec![area(285.0, 55.0, 0.98, 1.0)]), None);
        let wall = judged(vec![area(95.0, 6.0, 1.0, 1.0)]).unwrap();
        assert_eq!((wall.0, wall.1), ("BACKDROP_MISSING", false));
    }

    #[test]
    fn a_wall_beside_the_curtain_is_named_with_its_side() {
        let beside = judged(vec![area(285.0, 55.0, 0.85, 0.0), area(95.0, 6.0, 0.15, 1.0)]);
        assert_eq!(beside, Some(("BACKDROP_INCOMPLETE", false, "left".to_owned())));
        let letter = judged(vec![area(285.0, 55.0, 0.95, 0.0), area(95.0, 6.0, 0.05, 0.05)]);
        assert_eq!(letter, None, "letters at the frame are no wall");
    }
}
