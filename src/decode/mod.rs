//! From [`Sniffed`] to pages that all look alike, whatever the format. Unwinding stops here.
//!
//! AVIF is recognised and refused as a format that is not allowed. Its decoders in Rust are either under
//! the AGPL (`rav1d-safe`, and `zenavif` above it), which does not go with the licence of this crate, or
//! ports of dav1d with its pointers and its interface of C (`rav1d`, `re_rav1d`), which need assembly to
//! be fast and `unsafe` to be called. HEIC is read where the feature `heic` is built in.

mod bmp;
pub mod coefficients;
mod colour;
mod gif;
#[cfg(feature = "heic")]
mod heif;
pub mod integrity;
mod jpeg;
pub mod page;
mod pdf;
mod pixels;
mod png;
mod raster;
mod reduce;
mod tiff;
mod webp;
mod windows;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::decode::integrity::State;
use crate::decode::jpeg::{Look, Profile};
use crate::decode::page::Page;
use crate::decode::raster::Raster;
use crate::intake::pdf::MEDIA_TYPE;
use crate::intake::structure::ifd::Directory;
use crate::intake::structure::{self, Header};
use crate::intake::{Budget, Expired, Sniffed, density, metadata};

/// Which parts of a page the checks will ask for; what nobody asks for is not computed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Planes at the analysis scale.
    pub planes: bool,
    /// Block energy of the luma.
    pub energy: bool,
    /// Full-resolution pixels on demand.
    pub tiles: bool,
}

/// The outcome of decoding: pages where there are any, and in which state the file is.
#[derive(Debug)]
pub struct Decoded {
    /// Upright pages in order; empty when nothing could be decoded.
    pub pages: Vec<Page>,
    /// Whole, or what is wrong.
    pub state: State,
}

/// Decodes all pages. Who looks at one after the other takes them from [`Pages`], which holds one at a
/// time.
pub fn open(
    sniffed: &Sniffed,
    wanted: Wanted,
    budget: &mut dyn Budget,
) -> Result<Decoded, Expired> {
    let mut pages = Pages::of(sniffed, wanted);
    let mut decoded = Vec::new();
    while let Some(page) = pages.next(budget)? {
        decoded.push(page);
    }
    Ok(Decoded { pages: decoded, state: pages.state() })
}

/// The pages of a file, each decoded when it is asked for. A bad file is a [`State`], never an error; the
/// caller has judged the header's limits before.
pub struct Pages<'a> {
    sniffed: &'a Sniffed,
    wanted: Wanted,
    source: Source<'a>,
    /// The page that comes next, counted from 0.
    at: usize,
    /// What is wrong with the file as a whole, by its structure.
    structure: structure::State,
    /// What the first page that was not whole came to.
    fault: Option<State>,
}

/// Where pages come from.
enum Source<'a> {
    /// There is nothing to decode, for this reason.
    Nothing(State),
    /// One picture.
    Picture(Header),
    /// The directories of a TIFF.
    Sheets(Header, Vec<Directory<'a>>),
    /// A document.
    Document(Box<pdf::Reader>),
}

impl<'a> Pages<'a> {
    /// Nothing is decoded yet.
    pub fn of(sniffed: &'a Sniffed, wanted: Wanted) -> Self {
        let structure = sniffed.walk.map_or(structure::State::Corrupt, |walk| walk.state);
        let source = Source::of(sniffed);
        Self { sniffed, wanted, source, at: 0, structure, fault: None }
    }

    /// The next page that can be read; one that cannot does not hide the others.
    pub fn next(&mut self, budget: &mut dyn Budget) -> Result<Option<Page>, Expired> {
        while !self.is_done() {
            budget.check()?;
            let index = self.at;
            self.at += 1;
            let outcome = contained(|| self.page(index, budget));
            let (page, state) = outcome.unwrap_or(Ok((None, State::Panicked)))?;
            if state != State::Whole {
                self.fault.get_or_insert(state);
            }
            if let Some(mut page) = page {
                page.number = index as u32 + 1;
                return Ok(Some(page));
            }
        }
        Ok(None)
    }

    /// Whether every page has been tried, so that the state no longer changes.
    pub fn is_done(&self) -> bool {
        self.at >= self.source.len()
    }

    /// In which state the file was found as far as it was read.
    pub fn state(&self) -> State {
        match (&self.source, self.fault, self.structure) {
            (Source::Nothing(state), _, _) => *state,
            (_, Some(fault), _) => fault,
            (_, None, structure::State::Incomplete) => State::Damaged,
            (_, None, _) => State::Whole,
        }
    }

    fn page(
        &self,
        index: usize,
        budget: &mut dyn Budget,
    ) -> Result<(Option<Page>, State), Expired> {
        let (sniffed, wanted) = (self.sniffed, self.wanted);
        let made = |raster: Option<Raster>, orientation, budget: &mut dyn Budget| {
            raster.map(|raster| Page::of(raster, orientation, wanted, budget)).transpose()
        };
        match &self.source {
            Source::Nothing(state) => Ok((None, *state)),
            Source::Picture(header) => {
                let orientation = sniffed.metadata.orientation;
                let (mut page, state) = match seen(sniffed, *header, wanted, budget)? {
                    Some(page) => (Some(page), State::Whole),
                    None => {
                        let (raster, state) = picture(sniffed, *header);
                        (made(raster, orientation, budget)?, state)
                    }
                };
                if let Some(page) = &mut page {
                    let exif = sniffed.walk.and_then(|walk| walk.exif);
                    let exif = exif.and_then(|exif| sniffed.bytes.get(exif.start..exif.end));
                    page.claimed_ppi = density::pixels_per_inch(sniffed.whole(), exif);
                }
                Ok((page, state))
            }
            Source::Sheets(header, sheets) => {
                let (raster, state) = tiff::decode(sheets[index], *header, budget)?;
                let mut page = made(raster, metadata::orientation(sheets[index]), budget)?;
                if let Some(page) = &mut page {
                    page.claimed_ppi = density::of_directory(sheets[index]);
                }
                Ok((page, state))
            }
            Source::Document(document) => document.page(index, wanted, budget),
        }
    }
}

impl<'a> Source<'a> {
    fn of(sniffed: &'a Sniffed) -> Self {
        let (Some(detected), Some(walk)) = (sniffed.detected, &sniffed.walk) else {
            return Self::Nothing(State::Unsupported);
        };
        match walk.state {
            structure::State::Whole | structure::State::Incomplete => {}
            structure::State::Exotic => return Self::Nothing(State::Unsupported),
            structure::State::Truncated => return Self::Nothing(State::Truncated),
            structure::State::Corrupt => return Self::Nothing(State::Corrupt),
        }
        let Some(header) = walk.header else {
            return Self::Nothing(State::Corrupt);
        };
        match detected.media_type {
            "image/tiff" => {
                let sheets = structure::tiff::pages(sniffed.whole());
                match sheets.is_empty() {
                    true => Self::Nothing(State::Unsupported),
                    false => Self::Sheets(header, sheets),
                }
            }
            MEDIA_TYPE => match contained(|| pdf::Reader::open(sniffed)) {
                Some(Some(reader)) => Self::Document(Box::new(reader)),
                Some(None) => Self::Nothing(State::Corrupt),
                None => Self::Nothing(State::Panicked),
            },
            _ => Self::Picture(header),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Nothing(_) => 0,
            Self::Picture(_) => 1,
            Self::Sheets(_, sheets) => sheets.len(),
            Self::Document(document) => document.len(),
        }
    }
}

/// A file that is one picture, where its page can be seen without its pixels.
fn seen(
    sniffed: &Sniffed,
    header: Header,
    wanted: Wanted,
    budget: &mut dyn Budget,
) -> Result<Option<Page>, Expired> {
    if sniffed.detected.is_none_or(|detected| detected.media_type != "image/jpeg") {
        return Ok(None);
    }
    let whole = sniffed.whole();
    let look = Look { orientation: sniffed.metadata.orientation, wanted };
    let keep = || sniffed.bytes.slice(..whole.len());
    let seen = contained(|| jpeg::without_pixels(whole, header, look, Profile::Own, keep, budget));
    Ok(seen.unwrap_or(Ok(None))?.map(|(page, _)| page))
}

/// The pixels of a file that is one picture; what trails it is not the decoder's business.
fn picture(sniffed: &Sniffed, header: Header) -> Outcome {
    let progressive = sniffed.walk.is_some_and(|walk| walk.progressive);
    let picture = sniffed.whole();
    match sniffed.detected.map(|detected| detected.media_type) {
        Some("image/jpeg") => jpeg::decode(picture, header, progressive),
        Some("image/png") => png::decode(picture, header),
        Some("image/gif") => gif::decode(picture, header),
        Some("image/webp") => webp::decode(picture, header),
        Some("image/bmp") => bmp::decode(picture, header),
        #[cfg(feature = "heic")]
        Some("image/heif") => heif::decode(picture, header),
        _ => (None, State::Unsupported),
    }
}

/// Runs `work` so that a panic in it becomes `None`.
pub fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What each decoder gives back: pixels where it got any, and the state it found the file in.
type Outcome = (Option<Raster>, State);
