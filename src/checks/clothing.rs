//! Does the person wear red or blue?
//!
//! Two checks with one reading: some rules forbid both colours, others none.

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Region, Unreadable};

reason! {
    /// The person wears a red top. Some providers return such photos; the share of the garment that
    /// is red decides, so that a tie or a lanyard does not.
    pub(super) CLOTHING_RED = Error {
        en: "The person wears red: {percent} % of the clothes"
            => "Take the picture again in a top that is neither red nor blue",
        zh: "着装为红色，占衣着的 {percent}%" => "请更换非红色、非蓝色上衣后重新拍摄",
    }
}

reason! {
    /// The person wears a blue top, which runs into the blue backdrop. The share of the garment that
    /// is blue decides; navy and denim are for the rules to weigh.
    pub(super) CLOTHING_BLUE = Error {
        en: "The person wears blue: {percent} % of the clothes"
            => "Take the picture again in a top that is neither red nor blue",
        zh: "着装为蓝色，占衣着的 {percent}%" => "请更换非红色、非蓝色上衣后重新拍摄",
    }
}

/// The check `clothing.red`.
pub(super) struct Red;

/// The check `clothing.blue`.
pub(super) struct Blue;

/// The colours of the garment, the largest share first.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    colours: Vec<Colour>,
}

/// CIE LCh of about one colour, its share of the garment, and where it is.
#[derive(Serialize, Deserialize)]
struct Colour {
    lightness: f64,
    chroma: f64,
    hue_deg: f64,
    share: f64,
    edges: [f64; 4],
}

/// What counts as the colour, and how much of it passes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Hue angles from and to, over 0° where the second is less.
    hue_deg: [f64; 2],
    min_chroma: f64,
    /// Shades that may be called so: wine, pink, navy, denim.
    doubtful_hue_deg: [f64; 2],
    doubtful_min_chroma: f64,
    /// Neither dark nor light colours show their hue.
    lightness: [f64; 2],
    /// Accents pass: a tie, a collar.
    max_share: f64,
    /// Beyond it the garment surely has the colour.
    doubtful_max_share: f64,
    /// The same for shades that may be called so.
    max_doubtful_share: f64,
}

impl Limits {
    fn is_certain(&self, colour: &Colour) -> bool {
        self.is_visible(colour)
            && lies_between(colour.hue_deg, self.hue_deg)
            && colour.chroma >= self.min_chroma
    }

    fn is_shade(&self, colour: &Colour) -> bool {
        self.is_visible(colour)
            && lies_between(colour.hue_deg, self.doubtful_hue_deg)
            && colour.chroma >= self.doubtful_min_chroma
    }

    fn is_visible(&self, colour: &Colour) -> bool {
        (self.lightness[0]..=self.lightness[1]).contains(&colour.lightness)
    }
}

fn lies_between(hue: f64, [from, to]: [f64; 2]) -> bool {
    if from <= to { (from..=to).contains(&hue) } else { hue >= from || hue <= to }
}

fn read(measured: &Measured) -> Result<Reading, Unreadable> {
    measured.main_face()?;
    if measured.colour().is_none_or(|colour| colour.mean == 0.0) {
        return Err(Unreadable::because("no-colour"));
    }
    let garment = measured.garment().ok_or(Unreadable::because("no-garment"))?;
    let colour = |shade: &crate::measure::garment::Shade| Colour {
        lightness: rounded(shade.lightness),
        chroma: rounded(shade.chroma),
        hue_deg: rounded(shade.hue_deg),
        share: rounded(shade.share),
        edges: shade.edges.map(|edge| rounded(edge as f32)),
    };
    Ok(Reading { colours: garment.colours.iter().map(colour).collect() })
}

/// Share of the certain colour, and with the shades that may be called so.
fn shares(names: [&'static str; 2], reading: &Reading, limits: &Limits) -> [Measurement; 2] {
    let sum = |wanted: &dyn Fn(&Colour) -> bool| -> f64 {
        reading.colours.iter().filter(|colour| wanted(colour)).map(|colour| colour.share).sum()
    };
    let certain = sum(&|colour| limits.is_certain(colour));
    let shades = sum(&|colour| limits.is_certain(colour) || limits.is_shade(colour));
    [
        Measurement::of(names[0], certain, "1").at_most(limits.max_share),
        Measurement::of(names[1], shades, "1").at_most(limits.max_doubtful_share),
    ]
}

fn judge(
    reason: &'static Reason,
    names: [&'static str; 2],
    reading: &Reading,
    limits: &Limits,
) -> Option<Finding> {
    let [certain, shades] = shares(names, reading, limits);
    if !certain.is_broken() && !shades.is_broken() {
        return None;
    }
    let surely = certain.value > limits.doubtful_max_share;
    let (main, percent) = (reading.colours.iter(), (100.0 * shades.value).round().min(100.0));
    let main = main.filter(|colour| limits.is_certain(colour) || limits.is_shade(colour));
    let finding = Finding::of(reason)
        .doubtful_if(!surely)
        .with("percent", percent)
        .at(main.clone().take(1).map(|colour| Region::rectangle("garment", colour.edges)));
    let hue = main.take(1).map(|colour| Measurement::of("garment.hue", colour.hue_deg, "deg"));
    let shares = [certain, shades].into_iter().filter(Measurement::is_broken);
    Some(shares.chain(hue).fold(finding, Finding::because))
}

impl Check for Red {
    const ID: &'static str = "clothing.red";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&CLOTHING_RED];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        read(measured)
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        shares(RED_SHARES, reading, limits).into()
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        judge(&CLOTHING_RED, RED_SHARES, reading, limits)
    }
}

impl Check for Blue {
    const ID: &'static str = "clothing.blue";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&CLOTHING_BLUE];
    const NEEDS: Needs = Needs::Tiles;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        read(measured)
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        shares(BLUE_SHARES, reading, limits).into()
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        judge(&CLOTHING_BLUE, BLUE_SHARES, reading, limits)
    }
}

const RED_SHARES: [&str; 2] = ["garment.red_share", "garment.reddish_share"];
const BLUE_SHARES: [&str; 2] = ["garment.blue_share", "garment.bluish_share"];

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(chroma: f64, hue_deg: f64, share: f64) -> Option<bool> {
        let limits = Limits {
            hue_deg: [10.0, 45.0],
            min_chroma: 40.0,
            doubtful_hue_deg: [335.0, 45.0],
            doubtful_min_chroma: 18.0,
            lightness: [8.0, 90.0],
            max_share: 0.08,
            doubtful_max_share: 0.25,
            max_doubtful_share: 0.3,
        };
        let colour = Colour { lightness: 40.0, chroma, hue_deg, share, edges: [0.2; 4] };
        Red::judge(&Reading { colours: vec![colour] }, &limits).map(|finding| finding.doubtful)
    }

    #[test]
    fn red_is_a_matter_of_hue_chroma_and_share() {
        assert_eq!(judged(70.0, 34.0, 0.9), Some(false));
        assert_eq!(judged(70.0, 34.0, 0.15), Some(true), "a scarf");
        assert_eq!(judged(70.0, 34.0, 0.05), None, "a tie");
        assert_eq!(judged(70.0, 147.0, 0.9), None, "green");
        assert_eq!(judged(10.0, 34.0, 0.9), None, "grey");
    }

    #[test]
    fn wine_and_pink_are_for_review() {
        assert_eq!(judged(21.0, 10.0, 0.8), Some(true));
        assert_eq!(judged(30.0, 350.0, 0.8), Some(true), "hues run over 0 degrees");
    }
}
