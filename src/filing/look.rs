//! What is kept of an upload's first page to compare it with the others: no pixels, few numbers.

use serde::{Deserialize, Serialize};

use crate::decode::page::{Plane, Planes};
use crate::filing::likeness::Likeness;
use crate::filing::side::{self, Sides};
use crate::measure::Measured;
use crate::measure::outline::Outline;
use crate::pipeline::Witness;

/// What of an upload's first page is to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// It is compared with no other.
    #[default]
    Nothing,
    /// What tells one picture from another.
    Picture,
    /// The same, and which side of a card it shows on what surface.
    Card,
}

/// Keeps the look of the first page that is shown to it.
#[derive(Debug, Default)]
pub struct Keeper {
    /// What to keep.
    pub keep: Keep,
    /// `None` until a page was shown.
    pub look: Option<Look>,
}

impl Keeper {
    /// Has seen nothing yet.
    pub fn of(keep: Keep) -> Self {
        Self { keep, look: None }
    }
}

impl Witness for Keeper {
    fn page(&mut self, page: &Measured) {
        if self.keep != Keep::Nothing && self.look.is_none() {
            self.look = Some(Look::of(page, self.keep == Keep::Card));
        }
    }
}

/// The look of one upload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// To find the picture again; `None` where it is too small.
    pub likeness: Option<Likeness>,
    /// Of identity cards only.
    pub sides: Option<Sides>,
    /// Of identity cards that lie on something.
    pub surface: Option<Surface>,
}

/// The colour of what a card lies on: medians, in units of 8 bits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// Luma.
    pub luma: f32,
    /// Blue and red difference.
    pub chroma: (f32, f32),
}

/// How far outside the outline the surface begins, in half widths of the card: beyond its shadow.
const BEYOND: f64 = -0.10;

/// Fewer cells are no surface.
const FEWEST: usize = 200;

impl Look {
    /// Of a page; sides and surface only where it is to be one side of a card.
    pub fn of(page: &Measured, is_card: bool) -> Self {
        let planes = &page.page.planes;
        let outline = page.outline();
        Self {
            likeness: Likeness::of(&planes.y),
            sides: is_card.then(|| side::measure(planes, outline)),
            surface: outline.filter(|_| is_card).and_then(|outline| surface(planes, outline)),
        }
    }
}

fn surface(planes: &Planes, outline: &Outline) -> Option<Surface> {
    let (width, height) = (planes.y.width, planes.y.height);
    let place = |at: usize, length: usize| (at as f64 + 0.5) / length as f64;
    let outside: Vec<usize> = (0..width * height)
        .filter(|at| !outline.contains(place(at % width, width), place(at / width, height), BEYOND))
        .collect();
    if outside.len() < FEWEST {
        return None;
    }
    let median = |plane: &Plane| {
        let mut cells: Vec<u8> = outside.iter().map(|at| plane.cells[*at]).collect();
        let middle = cells.len() / 2;
        f32::from(*cells.select_nth_unstable(middle).1)
    };
    Some(Surface { luma: median(&planes.y), chroma: (median(&planes.cb), median(&planes.cr)) })
}
