//! Which side of an identity card a picture shows, as far as colour and place tell.
//!
//! The emblem side has a red emblem at its upper left and no portrait; the portrait side has a
//! photograph, skin below and within dark hair, on its right. Both are told from the planes, against
//! the colour of the card's own paper. A detected face would be better evidence for the portrait:
//! [`Evidence::portrait`] is where it belongs.

use serde::{Deserialize, Serialize};

use crate::decode::page::{Plane, Planes};
use crate::measure::outline::Outline;
use crate::measure::{background, outline};

/// What speaks for either side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// For the emblem: 0 to 1.
    pub emblem: f32,
    /// For the portrait: 0 to 1.
    pub portrait: f32,
}

/// What a picture shows of an identity card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides {
    /// Of the picture, or the card on it, as one side.
    pub one: Evidence,
    /// That one half shows an emblem and the other a portrait: 0 to 1.
    pub both: f32,
}

impl Evidence {
    /// Emblem over portrait: -1 (portrait) to 1 (emblem); 0 where nothing tells.
    pub fn emblem_over_portrait(self) -> f32 {
        self.emblem - self.portrait
    }
}

/// Cells of the grid that is laid upon a card.
const ACROSS: usize = 96;
const DOWN: usize = 60;

/// Where the emblem stands on its side: left, top, right, bottom in shares of the card.
const EMBLEM: [f32; 4] = [0.02, 0.03, 0.34, 0.55];

/// Where the photograph stands on its side.
const PORTRAIT: [f32; 4] = [0.58, 0.08, 0.97, 0.82];

/// Chroma above the paper's, in units of 8 bits, of the emblem's red; skin stays below.
const RED: f32 = 32.0;

/// The same of skin, from and to, red difference and how far blue falls.
const SKIN_RED: [f32; 2] = [7.0, 30.0];
const SKIN_BLUE: [f32; 2] = [-40.0, -3.0];

/// Luma against the paper's, below which it is hair or dark cloth.
const DARK: f32 = 0.45;

/// Share of its place that an emblem fills, and a face, and hair: what is certain.
const FULL_EMBLEM: f32 = 0.16;
const FULL_SKIN: f32 = 0.10;
const FULL_HAIR: f32 = 0.06;

/// Measures a picture of a card; `outline` is the card where it lies on something.
pub fn measure(planes: &Planes, outline: Option<&Outline>) -> Sides {
    let whole = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
    let corners = outline.map_or(whole, |outline| outline.corners);
    Sides { one: evidence(planes, corners), both: both(planes) }
}

/// The best of the ways to cut the picture in two.
fn both(planes: &Planes) -> f32 {
    let (width, height) = (planes.y.width, planes.y.height);
    let halves = [
        [[0, 0, width, height / 2], [0, height / 2, width, height - height / 2]],
        [[0, 0, width / 2, height], [width / 2, 0, width - width / 2, height]],
    ];
    let of_half = |part: [usize; 4]| {
        let half = cut(planes, part);
        let card = outline::find(&background::distance(&half), 1);
        measure_one(&half, card.as_ref())
    };
    let pair = |[first, second]: [[usize; 4]; 2]| {
        let (first, second) = (of_half(first), of_half(second));
        // Each half shows its side and not the other one.
        let one = |emblem: Evidence, portrait: Evidence| {
            emblem.emblem_over_portrait().min(-portrait.emblem_over_portrait())
        };
        one(first, second).max(one(second, first)).max(0.0)
    };
    halves.map(pair).into_iter().fold(0.0, f32::max)
}

fn measure_one(planes: &Planes, outline: Option<&Outline>) -> Evidence {
    let whole = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
    evidence(planes, outline.map_or(whole, |outline| outline.corners))
}

fn cut(planes: &Planes, part: [usize; 4]) -> Planes {
    let [left, top, width, height] = part;
    let one = |plane: &Plane| Plane {
        width,
        height,
        cells: plane
            .rows()
            .skip(top)
            .take(height)
            .flat_map(|row| row[left..left + width].iter().copied())
            .collect(),
    };
    Planes { y: one(&planes.y), cb: one(&planes.cb), cr: one(&planes.cr) }
}

/// A cell of the card: luma against the paper's, chroma above it.
struct Cell {
    place: (f32, f32),
    luma: f32,
    blue: f32,
    red: f32,
}

fn evidence(planes: &Planes, corners: [(f64, f64); 4]) -> Evidence {
    let cells = laid(planes, corners);
    let share = |place: [f32; 4], is: &dyn Fn(&Cell) -> bool| {
        let inside = cells.iter().filter(|cell| within(place, cell.place));
        let (mut of, mut hits) = (0u32, 0u32);
        for cell in inside {
            of += 1;
            hits += u32::from(is(cell));
        }
        hits as f32 / of.max(1) as f32
    };
    let is_red = |cell: &Cell| cell.red > RED && cell.blue < RED / 2.0;
    let is_skin = |cell: &Cell| {
        (SKIN_RED[0]..SKIN_RED[1]).contains(&cell.red)
            && (SKIN_BLUE[0]..SKIN_BLUE[1]).contains(&cell.blue)
            && (DARK..1.1).contains(&cell.luma)
    };
    let is_dark = |cell: &Cell| cell.luma < DARK;
    let whole = [0.0, 0.0, 1.0, 1.0];
    let red = share(EMBLEM, &is_red);
    // Red that is everywhere is no emblem.
    let area = (EMBLEM[2] - EMBLEM[0]) * (EMBLEM[3] - EMBLEM[1]);
    let all = share(whole, &is_red);
    let concentrated = if all > 0.0 { (red * area / all).min(1.0) } else { 0.0 };
    let skin = (share(PORTRAIT, &is_skin) / FULL_SKIN).min(1.0);
    let hair = (share(PORTRAIT, &is_dark) / FULL_HAIR).min(1.0);
    Evidence { emblem: (red / FULL_EMBLEM).min(1.0) * concentrated, portrait: skin * hair }
}

fn within([left, top, right, bottom]: [f32; 4], (x, y): (f32, f32)) -> bool {
    (left..right).contains(&x) && (top..bottom).contains(&y)
}

/// The card's cells against its paper: the median of the lighter half.
fn laid(planes: &Planes, corners: [(f64, f64); 4]) -> Vec<Cell> {
    let mut cells = Vec::with_capacity(ACROSS * DOWN);
    for row in 0..DOWN {
        for column in 0..ACROSS {
            let place = ((column as f64 + 0.5) / ACROSS as f64, (row as f64 + 0.5) / DOWN as f64);
            let (x, y) = between(corners, place);
            let at = |share: f64, length: usize| {
                ((share * length as f64) as usize).min(length.saturating_sub(1))
            };
            if !(0.0..=1.0).contains(&x) || !(0.0..=1.0).contains(&y) {
                continue;
            }
            let (x, y) = (at(x, planes.y.width), at(y, planes.y.height));
            let sample = |plane: &Plane| f32::from(plane.at(x, y));
            cells.push(Cell {
                place: (place.0 as f32, place.1 as f32),
                luma: sample(&planes.y),
                blue: sample(&planes.cb) - 128.0,
                red: sample(&planes.cr) - 128.0,
            });
        }
    }
    let middle = |value: &dyn Fn(&Cell) -> f32, among: &[&Cell]| {
        let mut values: Vec<f32> = among.iter().map(|cell| value(cell)).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let every: Vec<&Cell> = cells.iter().collect();
    let half = middle(&|cell| cell.luma, &every);
    let light: Vec<&Cell> = cells.iter().filter(|cell| cell.luma >= half).collect();
    let paper = [
        middle(&|cell| cell.luma, &light).max(1.0),
        middle(&|cell| cell.blue, &light),
        middle(&|cell| cell.red, &light),
    ];
    for cell in &mut cells {
        // The colour of the light falls with the luma.
        let share = cell.luma / paper[0];
        cell.blue -= paper[1] * share;
        cell.red -= paper[2] * share;
        cell.luma = share;
    }
    cells
}

/// A place on the card as a place of the picture.
fn between(corners: [(f64, f64); 4], (x, y): (f64, f64)) -> (f64, f64) {
    let [top_left, top_right, bottom_right, bottom_left] = corners;
    let mix = |a: (f64, f64), b: (f64, f64), share: f64| {
        (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
    };
    mix(mix(top_left, top_right, x), mix(bottom_left, bottom_right, x), y)
}
