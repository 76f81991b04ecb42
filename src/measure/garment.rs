//! The colours of what a person wears: the person below the chin without skin and hair.
//!
//! The colours are binned by hue, chroma and lightness, so that what counts as red or blue can be
//! judged later, by any rule. A backdrop near grey tells the colour of the light, which is taken off;
//! a curtain's own blue says nothing about the light.

use std::collections::BTreeMap;

use crate::measure::backdrop::Backdrop;
use crate::measure::face::Face;
use crate::measure::face::mesh::point;
use crate::measure::person::Person;
use crate::measure::view::{self, View};

/// Clothes of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Garment {
    /// Colours, the largest share first; those of less than 1 % are left out.
    pub colours: Vec<Shade>,
}

/// Pixels of about one colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shade {
    /// L*, 0..100.
    pub lightness: f32,
    /// C*ab.
    pub chroma: f32,
    /// Hue angle of CIE L*a*b* in degrees: red near 30, yellow 90, green 150, blue 290.
    pub hue_deg: f32,
    /// Share of the garment.
    pub share: f32,
    /// Left, top, right, bottom, 0..1 of the page.
    pub edges: [f64; 4],
}

/// Pixels of the view that the person's edge is not trusted: the background shines through.
const RIM: u8 = 2;

/// Face lengths to each side of the chin within which clothes are this person's.
const REACH: f64 = 2.2;

/// Skin has the hue of the face within these degrees, and its chroma, in the proportion of lightness,
/// within these factors.
const SKIN_HUE: f32 = 25.0;
const SKIN_CHROMA: std::ops::Range<f32> = 0.5..1.7;

/// Skin is not darker than this share of the face's lightness.
const SKIN_LIGHTNESS: f32 = 0.35;

/// Hair differs from the hair above the forehead by less: lightness, chroma.
const HAIR: (f32, f32) = (15.0, 7.0);

/// Where less of the body than this is neither skin nor hair, clothes have the colour of one of them.
const LEAST_REST: f32 = 0.4;

/// Shares are of at least so much of the body below the chin, so that a collar of a few pixels
/// below a beard is no garment.
const LEAST_BODY: f32 = 0.3;

/// A neutral backdrop has less chroma and more lightness than this.
const NEUTRAL: (f32, f32) = (16.0, 55.0);

/// Colours of a smaller share of the garment are noise.
const LEAST_SHARE: f32 = 0.01;

/// Widths of the bins: hue in degrees, chroma and lightness.
const BINS: (f32, f32, f32) = (15.0, 12.0, 25.0);

/// Measures the clothes of the person with this face. `None` without a mesh, or where no body is seen.
pub fn measure(view: &View, face: &Face, person: &Person, backdrop: &Backdrop) -> Option<Garment> {
    let mesh = face.mesh.as_ref()?;
    let skin = mesh.cover?.skin;
    let (width, height) = (view.width() as f64, view.height() as f64);
    let place = |number: usize| {
        let (x, y) = mesh.points.get(number).copied().unwrap_or_default();
        (x * width, y * height)
    };
    let (top, chin) = (place(point::FOREHEAD), place(point::CHIN));
    let length = (top.0 - chin.0).hypot(top.1 - chin.1).max(1.0);
    let up = ((top.0 - chin.0) / length, (top.1 - chin.1) / length);
    // Face lengths above a place, and to its right.
    let from = |place: (f64, f64), at: usize| {
        let (x, y) = ((at % view.width()) as f64 - place.0, (at / view.width()) as f64 - place.1);
        ((x * up.0 + y * up.1) / length, (x * -up.1 + y * up.0) / length)
    };
    let inner = person.eroded(RIM, false);
    let cells = || (0..inner.len()).filter(|&at| inner[at]);
    let body: Vec<usize> = cells()
        .filter(|&at| {
            let (above, beside) = from(chin, at);
            above < -0.05 && beside.abs() < REACH
        })
        .collect();
    let lab = view.lab();
    let hair = view::median(cells().filter(|&at| from(top, at).0 > 0.08).map(|at| lab[at]));
    let bare: Vec<usize> = body.iter().copied().filter(|&at| !is_skin(lab[at], skin)).collect();
    let clothes: Vec<usize> = bare
        .iter()
        .copied()
        .filter(|&at| hair.is_none_or(|hair| !is_hair(lab[at], hair)))
        .collect();
    let clothes = match clothes.len() as f32 >= LEAST_REST * bare.len() as f32 {
        true => clothes,
        false => bare,
    };
    if clothes.is_empty() {
        return None;
    }
    let light = light(backdrop);
    let whole = (clothes.len() as f32).max(LEAST_BODY * body.len() as f32);
    let mut bins: BTreeMap<[i32; 3], (Vec<usize>, [f32; 3])> = BTreeMap::new();
    for at in clothes.iter().copied() {
        let colour = under_white(lab[at], light);
        let (chroma, hue) = view::chroma_and_hue(colour);
        let bin = [hue / BINS.0, chroma / BINS.1, colour[0] / BINS.2].map(|bin| bin as i32);
        let (cells, sum) = bins.entry(bin).or_default();
        cells.push(at);
        *sum = std::array::from_fn(|channel| sum[channel] + colour[channel]);
    }
    let mut colours: Vec<Shade> = bins
        .into_values()
        .map(|(cells, sum)| shade(&cells, sum, whole, (view.width(), view.height())))
        .filter(|shade| shade.share >= LEAST_SHARE)
        .collect();
    colours.sort_by(|a, b| b.share.total_cmp(&a.share));
    Some(Garment { colours })
}

fn shade(cells: &[usize], sum: [f32; 3], whole: f32, (width, height): (usize, usize)) -> Shade {
    let count = cells.len() as f32;
    let mean = sum.map(|sum| sum / count);
    let (chroma, hue_deg) = view::chroma_and_hue(mean);
    Shade {
        lightness: mean[0],
        chroma,
        hue_deg,
        share: count / whole,
        edges: edges(cells, width, height),
    }
}

/// The box around cells of the view, 0..1, without the outermost fiftieth on each side: stray pixels.
fn edges(cells: &[usize], width: usize, height: usize) -> [f64; 4] {
    let range = |mut places: Vec<usize>, length: usize| {
        places.sort_unstable();
        let stray = places.len() / 50;
        let (first, last) = (places[stray], places[places.len() - 1 - stray]);
        (first as f64 / length as f64, (last + 1) as f64 / length as f64)
    };
    let (left, right) = range(cells.iter().map(|at| at % width).collect(), width);
    let (top, bottom) = range(cells.iter().map(|at| at / width).collect(), height);
    [left, top, right, bottom]
}

fn is_skin(colour: [f32; 3], skin: [f32; 3]) -> bool {
    let ((chroma, hue), (skin_chroma, skin_hue)) =
        (view::chroma_and_hue(colour), view::chroma_and_hue(skin));
    let turn = (hue - skin_hue).abs();
    let expected = (skin_chroma * (colour[0] / skin[0].max(1.0)).clamp(0.4, 1.25)).max(1.0);
    turn.min(360.0 - turn) < SKIN_HUE
        && SKIN_CHROMA.contains(&(chroma / expected))
        && colour[0] > SKIN_LIGHTNESS * skin[0]
}

fn is_hair(colour: [f32; 3], hair: [f32; 3]) -> bool {
    (colour[0] - hair[0]).abs() < HAIR.0
        && (colour[1] - hair[1]).hypot(colour[2] - hair[2]) < HAIR.1
}

/// Lightness, a* and b* of white under the light, where the backdrop shows it.
fn light(backdrop: &Backdrop) -> Option<[f32; 3]> {
    let main = backdrop.areas.first()?;
    let (chroma, _) = view::chroma_and_hue(main.lab);
    (chroma < NEUTRAL.0 && main.lab[0] > NEUTRAL.1).then_some(main.lab)
}

/// The colour as it would be under white light.
fn under_white(colour: [f32; 3], light: Option<[f32; 3]>) -> [f32; 3] {
    let Some(light) = light else { return colour };
    let share = colour[0] / light[0].max(1.0);
    [colour[0], colour[1] - light[1] * share, colour[2] - light[2] * share]
}
