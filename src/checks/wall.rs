//! Is the person before a plain wall of the right colour?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The background has another colour than the provider asks for, mostly white. Judged by hue and
    /// chroma, and by lightness with room for shadow and vignetting.
    pub(super) BACKGROUND_WRONG_COLOUR = Error {
        en: "The background has the wrong colour"
            => "Take the picture again before a plain white wall",
        zh: "背景颜色不符合要求" => "请在纯白色背景墙前重新拍摄",
    }
}

reason! {
    /// Something besides the wall is in the background: a door gap, a corner, a shadow, an object.
    pub(super) BACKGROUND_NOT_PLAIN = Error {
        en: "The background is not plain"
            => "Take the picture again before an even wall, without doors, corners, shadows or objects",
        zh: "背景不纯净" => "请避开门缝、墙角、阴影和杂物，在平整的墙面前重新拍摄",
    }
}

/// The check `background.wall`.
pub(super) struct Wall;

/// The largest area behind the person, and what is beside it.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    lightness: f64,
    chroma: f64,
    /// Of the background.
    share: f64,
    /// Share of the background that shows edges.
    uneven_share: f64,
    /// Standard deviation of lightness.
    spread: f64,
    /// The other areas, at most six.
    others: Vec<[f64; 4]>,
    edges: [f64; 4],
}

/// What a plain wall is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_lightness: f64,
    doubtful_min_lightness: f64,
    max_chroma: f64,
    doubtful_max_chroma: f64,
    min_share: f64,
    doubtful_min_share: f64,
    max_uneven_share: f64,
    doubtful_max_uneven_share: f64,
    max_spread: f64,
    doubtful_max_spread: f64,
}

impl Check for Wall {
    const ID: &'static str = "background.wall";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&BACKGROUND_WRONG_COLOUR, &BACKGROUND_NOT_PLAIN];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        let backdrop = measured.backdrop();
        let wall = backdrop.areas.first().ok_or(Unreadable::because("no-background"))?;
        let (chroma, _) = crate::measure::view::chroma_and_hue(wall.lab);
        let places = |edges: [f64; 4]| edges.map(|edge| rounded(edge as f32));
        Ok(Reading {
            lightness: rounded(wall.lab[0]),
            chroma: rounded(chroma),
            share: rounded(wall.share),
            uneven_share: rounded(backdrop.uneven_share),
            spread: rounded(backdrop.spread),
            others: backdrop.areas.iter().skip(1).take(6).map(|area| places(area.edges)).collect(),
            edges: places(wall.edges),
        })
    }

    /// Two of the colour first, then those of evenness.
    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        vec![
            Measurement::of("background.lightness", reading.lightness, "1")
                .at_least(limits.min_lightness),
            Measurement::of("background.chroma", reading.chroma, "1").at_most(limits.max_chroma),
            Measurement::of("background.share", reading.share, "1").at_least(limits.min_share),
            Measurement::of("background.uneven_share", reading.uneven_share, "1")
                .at_most(limits.max_uneven_share),
            Measurement::of("background.spread", reading.spread, "1").at_most(limits.max_spread),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let mut measurements = Self::measurements(reading, limits).into_iter();
        let colour = measurements.by_ref().take(2).filter(Measurement::is_broken);
        let colour: Vec<Measurement> = colour.collect();
        let plain: Vec<Measurement> = measurements.filter(Measurement::is_broken).collect();
        let surely_not_plain = reading.share < limits.doubtful_min_share
            || reading.uneven_share > limits.doubtful_max_uneven_share
            || reading.spread > limits.doubtful_max_spread;
        // Of a wall in two colours it cannot be said which one is wrong.
        let (finding, broken) = if surely_not_plain || (colour.is_empty() && !plain.is_empty()) {
            let others = reading.others.iter().map(|edges| Region::rectangle("not-plain", *edges));
            // A shadow has no area of its own: all of the wall is uneven.
            let whole = Region::rectangle("background", reading.edges);
            let whole = reading.others.is_empty().then_some(whole);
            let finding = Finding::of(&BACKGROUND_NOT_PLAIN).doubtful_if(!surely_not_plain);
            (finding.at(others.chain(whole)), plain)
        } else if colour.is_empty() {
            return None;
        } else {
            let doubtful = reading.lightness >= limits.doubtful_min_lightness
                && reading.chroma <= limits.doubtful_max_chroma;
            let wall = Region::rectangle("background", reading.edges);
            (Finding::of(&BACKGROUND_WRONG_COLOUR).doubtful_if(doubtful).at([wall]), colour)
        };
        Some(broken.into_iter().fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(
        lightness: f64,
        chroma: f64,
        share: f64,
        spread: f64,
    ) -> Option<(&'static str, bool)> {
        let limits = Limits {
            min_lightness: 70.0,
            doubtful_min_lightness: 55.0,
            max_chroma: 10.0,
            doubtful_max_chroma: 16.0,
            min_share: 0.95,
            doubtful_min_share: 0.85,
            max_uneven_share: 0.01,
            doubtful_max_uneven_share: 0.04,
            max_spread: 6.0,
            doubtful_max_spread: 10.0,
        };
        let (others, edges) = (vec![[0.0, 0.0, 0.2, 1.0]], [0.0, 0.0, 1.0, 1.0]);
        let reading =
            Reading { lightness, chroma, share, uneven_share: 0.0, spread, others, edges };
        Wall::judge(&reading, &limits).map(|finding| (finding.reason.code, finding.doubtful))
    }

    #[test]
    fn a_white_wall_passes_a_blue_one_and_a_corner_do_not() {
        assert_eq!(judged(88.0, 3.0, 1.0, 2.0), None);
        assert_eq!(judged(50.0, 50.0, 1.0, 2.0), Some(("BACKGROUND_WRONG_COLOUR", false)));
        assert_eq!(judged(65.0, 5.0, 1.0, 2.0), Some(("BACKGROUND_WRONG_COLOUR", true)));
        assert_eq!(judged(88.0, 3.0, 0.6, 2.0), Some(("BACKGROUND_NOT_PLAIN", false)));
        assert_eq!(judged(88.0, 3.0, 0.97, 8.0), Some(("BACKGROUND_NOT_PLAIN", true)), "a shadow");
    }
}
