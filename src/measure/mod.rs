//! A page and its numbers, each computed at most once, on the smallest raster that answers it.
//!
//! Nothing here knows a bound: what is too dark or too blurred is for the checks and the rule packs.

pub mod background;
pub mod colour;
pub mod focus;
pub mod glare;
pub mod lines;
pub mod marks;
pub mod orientation;
pub mod outline;
mod polygon;
pub mod recapture;
pub mod resampling;
pub mod rim;
mod sheets;
mod stamps;
pub mod tone;

use std::cell::OnceCell;

use crate::decode::page::Page;
use crate::measure::colour::Colour;
use crate::measure::focus::Focus;
use crate::measure::glare::Glare;
use crate::measure::lines::Lines;
use crate::measure::marks::Marks;
use crate::measure::orientation::Turn;
use crate::measure::outline::Outline;
use crate::measure::recapture::Grid;
use crate::measure::resampling::Resampling;
use crate::measure::tone::Tone;

/// A page with memoised measures.
#[derive(Debug)]
pub struct Measured {
    /// The page.
    pub page: Page,
    tone: OnceCell<Tone>,
    outline: OnceCell<Option<Outline>>,
    lines: OnceCell<Option<Lines>>,
    marks: OnceCell<Marks>,
    colour: OnceCell<Option<Colour>>,
    focus: OnceCell<Option<Focus>>,
    glare: OnceCell<Option<Glare>>,
    grid: OnceCell<Option<Grid>>,
    resampling: OnceCell<Option<Resampling>>,
    rim_print: OnceCell<[f64; 4]>,
    orientation: OnceCell<Option<Turn>>,
}

impl Measured {
    /// Nothing is measured yet.
    pub fn new(page: Page) -> Self {
        Self {
            page,
            tone: OnceCell::new(),
            outline: OnceCell::new(),
            lines: OnceCell::new(),
            marks: OnceCell::new(),
            colour: OnceCell::new(),
            focus: OnceCell::new(),
            glare: OnceCell::new(),
            grid: OnceCell::new(),
            resampling: OnceCell::new(),
            rim_print: OnceCell::new(),
            orientation: OnceCell::new(),
        }
    }

    /// Light and dark.
    pub fn tone(&self) -> &Tone {
        self.tone.get_or_init(|| tone::measure(&self.page.planes.y, self.page.energy.as_ref()))
    }

    /// The sheet or card on its background; `None` where the page fills the frame.
    pub fn outline(&self) -> Option<&Outline> {
        self.outline
            .get_or_init(|| {
                let distance = background::distance(&self.page.planes);
                outline::find(&distance, self.page.scale)
            })
            .as_ref()
    }

    /// The turn of the lines of print; `None` where there are none.
    pub fn lines(&self) -> Option<&Lines> {
        self.lines.get_or_init(|| lines::find(&self.page.planes.y)).as_ref()
    }

    /// Seals, strokes and bars of a form.
    pub fn marks(&self) -> &Marks {
        self.marks.get_or_init(|| {
            let skew = match (self.outline(), self.lines()) {
                (_, Some(lines)) => lines.skew_deg,
                (Some(outline), None) => outline.skew_deg,
                (None, None) => 0.0,
            };
            let cast = self.colour().map_or((0.0, 0.0), |colour| colour.cast);
            marks::find(&self.page.planes, self.outline(), skew, cast)
        })
    }

    /// Chroma apart from the cast, inside the outline where there is one; `None` where the page is
    /// too dark or too even to tell.
    pub fn colour(&self) -> Option<&Colour> {
        self.colour
            .get_or_init(|| colour::measure(&self.page.planes, self.tone(), self.outline()))
            .as_ref()
    }

    /// Reflections; `None` where the paper itself is at the top of the scale.
    pub fn glare(&self) -> Option<&Glare> {
        self.glare.get_or_init(|| glare::measure(&self.page.planes, self.outline())).as_ref()
    }

    /// A screen's grid; `None` where energy was not wanted or the page has no block.
    pub fn grid(&self) -> Option<&Grid> {
        let measure = || self.page.energy.as_ref().and_then(recapture::measure);
        self.grid.get_or_init(measure).as_ref()
    }

    /// The rhythm of an enlargement; `None` where the page is too small to have one.
    pub fn resampling(&self) -> Option<&Resampling> {
        let measure = || self.page.energy.as_ref().and_then(resampling::measure);
        self.resampling.get_or_init(measure).as_ref()
    }

    /// Share of each side of the frame that the outline touches (top, right, bottom, left) along
    /// which print stands; 0 where it touches none.
    pub fn rim_print(&self) -> [f64; 4] {
        *self.rim_print.get_or_init(|| match self.outline() {
            Some(outline) => rim::print(&self.page.planes.y, &outline.rims),
            None => [0.0; 4],
        })
    }

    /// Which way up the print stands; `None` where the document is too small to tell.
    pub fn orientation(&self) -> Option<&Turn> {
        self.orientation
            .get_or_init(|| orientation::measure(&self.page.planes, self.outline()))
            .as_ref()
    }

    /// Sharpness; `None` where there is no edge to judge it by, or energy was not wanted.
    pub fn focus(&self) -> Option<&Focus> {
        self.focus
            .get_or_init(|| {
                let frame = self.page.width.max(self.page.height) as f64;
                let long_side = self.outline().map_or(frame, Outline::document_long_side_px);
                self.page.energy.as_ref().and_then(|energy| focus::measure(energy, long_side))
            })
            .as_ref()
    }
}

/// Rounds to six decimals, so that a reading is written the same everywhere.
pub fn rounded(value: f32) -> f64 {
    (f64::from(value) * 1e6).round() / 1e6
}

/// The value below which `share` of a sorted slice lies.
fn quantile(sorted: &[f32], share: f32) -> f32 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f32 + 0.5) as usize).copied().unwrap_or_default()
}
