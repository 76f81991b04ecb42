//! A page and its numbers, each computed at most once, on the smallest raster that answers it.
//!
//! Nothing here knows a bound: what is too dark or too blurred is for the checks and the rule packs.

pub mod backdrop;
pub mod background;
pub mod colour;
mod densest;
pub mod face;
pub mod flush;
pub mod focus;
pub mod garment;
pub mod glare;
pub mod held;
pub mod letters;
pub mod lines;
pub mod marks;
mod network;
pub mod orientation;
pub mod outline;
pub mod paper;
pub mod person;
mod polygon;
pub mod recapture;
pub mod resampling;
pub mod rim;
mod shapes;
mod sheets;
pub mod splice;
mod stamps;
pub mod tone;
pub mod view;

use std::cell::OnceCell;

use crate::decode::page::Page;
use crate::measure::backdrop::Backdrop;
use crate::measure::colour::Colour;
use crate::measure::face::Face;
use crate::measure::flush::Flush;
use crate::measure::focus::Focus;
use crate::measure::garment::Garment;
use crate::measure::glare::Glare;
use crate::measure::held::Held;
use crate::measure::letters::Letters;
use crate::measure::lines::Lines;
use crate::measure::marks::Marks;
use crate::measure::orientation::Turn;
use crate::measure::outline::Outline;
use crate::measure::paper::Paper;
use crate::measure::person::Person;
use crate::measure::recapture::Grid;
use crate::measure::resampling::Resampling;
use crate::measure::splice::Splice;
use crate::measure::tone::Tone;
use crate::measure::view::View;
use crate::reason::Unreadable;

/// A page with memoised measures.
#[derive(Debug)]
pub struct Measured {
    /// The page.
    pub page: Page,
    paper: OnceCell<Paper>,
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
    flush: OnceCell<Option<Flush>>,
    orientation: OnceCell<Option<Turn>>,
    view: OnceCell<View>,
    faces: OnceCell<Option<Vec<Face>>>,
    person: OnceCell<Option<Person>>,
    backdrop: OnceCell<Backdrop>,
    garment: OnceCell<Option<Garment>>,
    letters: OnceCell<Option<Letters>>,
}

/// Height of a part of the page, in pixels of the grid that energy is measured on, below which its edges
/// lie too close together to tell blur: sixteen blocks.
const LEAST_HEIGHT: usize = 128;

/// Prepares every network, for a service that would rather wait at its start than at the first file.
/// Whether all of them could be.
pub fn prepare() -> bool {
    let networks =
        [&orientation::NETWORK, &face::detector::NETWORK, &face::mesh::NETWORK, &person::NETWORK];
    networks.iter().all(|network| network.prepared().is_some())
}

impl Measured {
    /// Nothing is measured yet.
    pub fn new(page: Page) -> Self {
        Self {
            page,
            paper: OnceCell::new(),
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
            flush: OnceCell::new(),
            orientation: OnceCell::new(),
            view: OnceCell::new(),
            faces: OnceCell::new(),
            person: OnceCell::new(),
            backdrop: OnceCell::new(),
            garment: OnceCell::new(),
            letters: OnceCell::new(),
        }
    }

    /// The paper around each cell.
    fn paper(&self) -> &Paper {
        self.paper.get_or_init(|| Paper::of(&self.page.planes.y))
    }

    /// Light and dark.
    pub fn tone(&self) -> &Tone {
        let (luma, energy) = (&self.page.planes.y, self.page.energy.as_ref());
        self.tone.get_or_init(|| tone::measure(luma, self.paper(), energy))
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
        self.lines.get_or_init(|| lines::find(&self.page.planes.y, self.paper())).as_ref()
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
            marks::find(&self.page.planes, self.paper(), self.outline(), skew, cast)
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

    /// How lines of print begin and end; `None` without print.
    pub fn flush(&self) -> Option<&Flush> {
        let luma = &self.page.planes.y;
        let measure = || flush::measure(luma, self.paper(), self.outline(), self.lines());
        self.flush.get_or_init(measure).as_ref()
    }

    /// Which way up the print stands; `None` where the document is too small to tell.
    pub fn orientation(&self) -> Option<&Turn> {
        self.orientation
            .get_or_init(|| orientation::measure(&self.page.planes, self.outline()))
            .as_ref()
    }

    /// The page as a small picture.
    pub fn view(&self) -> &View {
        self.view.get_or_init(|| View::of(&self.page.planes))
    }

    /// Faces, the largest first; `None` where the network failed.
    pub fn faces(&self) -> Option<&[Face]> {
        self.faces.get_or_init(|| face::find(&self.page, self.view())).as_deref()
    }

    /// The largest face, or why there is none to judge: `face.count` reports that.
    pub fn main_face(&self) -> Result<&Face, Unreadable> {
        let faces = self.faces().ok_or(Unreadable::because("no-network"))?;
        faces.first().ok_or(Unreadable::because("no-face"))
    }

    /// Sharpness of a face against its height; `None` where it has no edge to judge it by.
    pub fn focus_of(&self, face: &Face) -> Option<Focus> {
        self.focus_inside(face.edges, face.height() * self.page.height as f64)
    }

    /// Sharpness inside `[left, top, right, bottom]`, 0..1, against a length in pixels; `None` where the
    /// part is too small or has no edge to judge it by.
    pub fn focus_inside(&self, edges: [f64; 4], length_px: f64) -> Option<Focus> {
        let energy = self.page.energy.as_ref()?;
        let height_px = (edges[3] - edges[1]) * self.page.height as f64;
        let has_room = height_px >= (LEAST_HEIGHT * energy.reduction) as f64;
        has_room.then(|| focus::measure(&energy.inside(edges), length_px))?
    }

    /// What the person holds up; `None` where no rectangle is found.
    pub fn held(&self, face: &Face) -> Option<Held> {
        held::find(self.view(), face, (self.page.width, self.page.height))
    }

    /// The noise of person and background; `None` without either.
    pub fn splice(&self) -> Option<Splice> {
        splice::measure(self.page.energy.as_ref()?, self.person()?)
    }

    /// Where people are; `None` without a face.
    pub fn person(&self) -> Option<&Person> {
        let segment = || person::segment(self.view(), self.faces()?.first()?);
        self.person.get_or_init(segment).as_ref()
    }

    /// What people stand before.
    pub fn backdrop(&self) -> &Backdrop {
        self.backdrop.get_or_init(|| backdrop::measure(self.view(), self.person()))
    }

    /// What the person with the largest face wears; `None` where no body is seen.
    pub fn garment(&self) -> Option<&Garment> {
        let measure = || {
            let face = self.faces()?.first()?;
            garment::measure(self.view(), face, self.person()?, self.backdrop())
        };
        self.garment.get_or_init(measure).as_ref()
    }

    /// The print on the backdrop; `None` where no backdrop is seen.
    pub fn letters(&self) -> Option<&Letters> {
        let measure = || {
            let planes = &self.page.planes.y;
            let free = match self.person() {
                Some(person) => person.leaves_free(planes.width, planes.height),
                None => vec![true; planes.cells.len()],
            };
            letters::measure(&self.page, &free)
        };
        self.letters.get_or_init(measure).as_ref()
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
