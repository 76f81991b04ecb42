//! PDF, page by page, as a reader would show it. A page that is one picture gives its stored pixels, not
//! redrawn; any other is drawn.

mod draw;
mod layout;
mod picture;

use hayro::hayro_interpret::{
    Context, Device, InterpreterCache, InterpreterSettings, TransformExt, interpret_page,
};
use hayro::hayro_syntax;
use hayro::hayro_syntax::page::Page as PdfPage;
use hayro::kurbo::Rect;

use self::layout::{Layout, Noting};
use self::picture::{Taken, Taking};
use super::Wanted;
use super::integrity::State;
use super::jpeg::Look;
use super::page::{Origin, Page};
use crate::intake::metadata::Orientation;
use crate::intake::{Budget, Expired, Sniffed, density, pdf};

/// A picture that covers so much of a page is the page.
const PAGE_SHARE: f64 = 0.8;

/// Of pictures that cover less of a page than that, the resolution does not count.
const FEWEST_SHARE: f64 = 0.02;

/// Pixels per inch of a page without pictures: its smallest print is legible.
const DRAWN_PPI: f64 = 200.0;

/// Pictures that are told of one page.
const MOST_TOLD: usize = 64;

/// A document whose pages are taken one after another.
pub(super) struct Reader {
    pdf: hayro_syntax::Pdf,
}

impl Reader {
    /// `None` where it does not open.
    pub(super) fn open(sniffed: &Sniffed) -> Option<Self> {
        let part = pdf::part(&sniffed.bytes, &sniffed.walk?);
        Some(Self { pdf: pdf::open(&part).ok()? })
    }

    /// Pages of the page tree.
    pub(super) fn len(&self) -> usize {
        self.pdf.pages().len()
    }

    /// The page at `index`, counted from 0.
    pub(super) fn page(
        &self,
        index: usize,
        wanted: Wanted,
        budget: &mut dyn Budget,
    ) -> Result<(Option<Page>, State), Expired> {
        let Some(page) = self.pdf.pages().get(index) else {
            return Ok((None, State::Corrupt));
        };
        let (width, height) = page.render_dimensions();
        let area = Rect::new(0.0, 0.0, width.into(), height.into());
        let layout = walked(page, area, Noting::on(area)).layout;
        budget.check()?;
        let unit = f64::from(page.raw().get::<f32>("UserUnit").unwrap_or(1.0));
        let unit = if unit > 0.0 && unit.is_finite() { unit } else { 1.0 };
        let single = layout.single(area, PAGE_SHARE);
        let (raster, state, orientation, ppi) = match single {
            Some(placed) => {
                let orientation = picture::orientation(placed.transform);
                let (across, down) = placed.pixels_per_inch(unit);
                let ppi = across.min(down);
                let stored = (placed.pixels.0 as usize, placed.pixels.1 as usize);
                // What the page hides of a picture must be left out of its pixels.
                let is_seen_whole = picture::seen(placed, stored).is_none();
                let look = is_seen_whole.then_some(Look { orientation, wanted });
                match walked(page, area, Taking::picture(placed.at, look, budget)).taken {
                    Some(Taken::Seen(mut made)) => {
                        made.claimed_ppi = density::placed(ppi);
                        made.origin = Some(origin(&layout, area, unit));
                        return Ok((Some(*made), State::Whole));
                    }
                    Some(Taken::Expired(expired)) => return Err(expired),
                    Some(Taken::Decoded((raster, state))) => {
                        let raster = raster.map(|raster| picture::cropped(raster, placed));
                        (raster, state, orientation, ppi)
                    }
                    None => (None, State::Corrupt, orientation, ppi),
                }
            }
            None => {
                let (raster, ppi) = draw::page(page, finest(&layout, area, unit), unit);
                let state = if raster.is_some() { State::Whole } else { State::Corrupt };
                (raster, state, Orientation::Upright, ppi)
            }
        };
        let Some(raster) = raster else {
            return Ok((None, state));
        };
        let mut made = Page::of(raster, orientation, wanted, budget)?;
        made.claimed_ppi = density::placed(ppi);
        made.origin = Some(origin(&layout, area, unit));
        Ok((Some(made), state))
    }
}

/// Walks through a page with a device that does not draw.
fn walked<D: for<'a> Device<'a>>(page: &PdfPage<'_>, area: Rect, mut device: D) -> D {
    let cache = InterpreterCache::new();
    let transform = page.initial_transform(true).to_kurbo();
    let settings = InterpreterSettings::default();
    let mut context = Context::new(transform, area, &cache, page.xref(), settings);
    interpret_page(page, &mut context, &mut device);
    device
}

/// Pixels per inch of the finest picture that counts.
fn finest(layout: &Layout, page: Rect, unit: f64) -> f64 {
    let counts = layout.pictures.iter().filter(|p| p.seen.area() >= FEWEST_SHARE * page.area());
    let finest = counts
        .map(|picture| {
            let (across, down) = picture.pixels_per_inch(unit);
            across.max(down)
        })
        .fold(0.0, f64::max);
    let printed = layout.glyphs > 0 || layout.strokes > 0;
    match finest {
        0.0 => DRAWN_PPI,
        // Print of its own is as sharp as anybody likes.
        finest if printed => finest.max(DRAWN_PPI),
        finest => finest,
    }
}

fn origin(layout: &Layout, page: Rect, unit: f64) -> Origin {
    let told = layout.pictures.iter().take(MOST_TOLD);
    Origin {
        picture_share: layout.picture_share(page),
        glyphs: layout.glyphs,
        strokes: layout.strokes,
        pictures_ppi: told.map(|picture| picture.pixels_per_inch(unit)).collect(),
    }
}
