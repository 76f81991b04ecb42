//! From [`Sniffed`] to pages that all look alike, whatever the format. Unwinding stops here.
//!
//! AVIF is recognised and refused as a format that is not allowed. Its decoders in Rust are either under
//! the AGPL (`rav1d-safe`, and `zenavif` above it), which does not go with the licence of this crate, or
//! ports of dav1d with its pointers and its interface of C (`rav1d`, `re_rav1d`), which need assembly to
//! be fast and `unsafe` to be called. HEIC is read where the feature `heic` is built in.

mod bmp;
mod colour;
mod gif;
#[cfg(feature = "heic")]
mod heif;
pub mod integrity;
mod jpeg;
pub mod page;
mod png;
mod raster;
mod reduce;
mod tiff;
mod webp;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::decode::integrity::State;
use crate::decode::page::Page;
use crate::decode::raster::Raster;
use crate::intake::structure::{self, Header};
use crate::intake::{Budget, Expired, Sniffed};
use crate::intake::{density, metadata};

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

impl Decoded {
    fn nothing(state: State) -> Self {
        Self { pages: Vec::new(), state }
    }
}

/// Decodes what `wanted` names. A bad file is a [`State`], never an error; the caller has judged the
/// header's limits before.
pub fn open(
    sniffed: &Sniffed,
    wanted: Wanted,
    budget: &mut dyn Budget,
) -> Result<Decoded, Expired> {
    let (Some(detected), Some(walk)) = (sniffed.detected, &sniffed.walk) else {
        return Ok(Decoded::nothing(State::Unsupported));
    };
    match walk.state {
        structure::State::Whole | structure::State::Incomplete => {}
        structure::State::Exotic => return Ok(Decoded::nothing(State::Unsupported)),
        structure::State::Truncated => return Ok(Decoded::nothing(State::Truncated)),
        structure::State::Corrupt => return Ok(Decoded::nothing(State::Corrupt)),
    }
    let Some(header) = walk.header else {
        return Ok(Decoded::nothing(State::Corrupt));
    };
    budget.check()?;
    // Only the picture itself: what trails it is not the decoder's business.
    let picture = &sniffed.bytes[..walk.end];
    if detected.media_type == "image/tiff" {
        return tiff_pages(picture, header, wanted, budget);
    }
    let (raster, state) = contained(|| match detected.media_type {
        "image/jpeg" => jpeg::decode(picture, header, walk.progressive),
        "image/png" => png::decode(picture, header),
        "image/gif" => gif::decode(picture, header),
        "image/webp" => webp::decode(picture, header),
        "image/bmp" => bmp::decode(picture, header),
        #[cfg(feature = "heic")]
        "image/heif" => heif::decode(picture, header),
        _ => (None, State::Unsupported),
    })
    .unwrap_or((None, State::Panicked));
    let state = match (state, walk.state) {
        (State::Whole, structure::State::Incomplete) => State::Damaged,
        (state, _) => state,
    };
    let Some(raster) = raster else {
        return Ok(Decoded::nothing(state));
    };
    let mut page = Page::of(raster, sniffed.metadata.orientation, wanted, budget)?;
    let exif = walk.exif.and_then(|exif| sniffed.bytes.get(exif.start..exif.end));
    page.claimed_ppi = density::pixels_per_inch(picture, exif);
    Ok(Decoded { pages: vec![page], state })
}

/// Every page with its own orientation. One that cannot be read does not hide the others.
fn tiff_pages(
    bytes: &[u8],
    header: Header,
    wanted: Wanted,
    budget: &mut dyn Budget,
) -> Result<Decoded, Expired> {
    let mut decoded = Decoded::nothing(State::Unsupported);
    let (mut states, directories) = (Vec::new(), structure::tiff::pages(bytes));
    for (number, directory) in (1..).zip(directories) {
        budget.check()?;
        let outcome = contained(|| tiff::decode(directory, header, budget));
        let (raster, state) = outcome.unwrap_or(Ok((None, State::Panicked)))?;
        states.push(state);
        if let Some(raster) = raster {
            let orientation = metadata::orientation(directory);
            let mut page = Page::of(raster, orientation, wanted, budget)?;
            page.number = number;
            page.claimed_ppi = density::of_directory(directory);
            decoded.pages.push(page);
        }
    }
    let fault = states.iter().find(|state| **state != State::Whole);
    decoded.state = *fault.or(states.first()).unwrap_or(&State::Unsupported);
    Ok(decoded)
}

/// Runs `work` so that a panic in it becomes `None`.
pub fn contained<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// What each decoder gives back: pixels where it got any, and the state it found the file in.
type Outcome = (Option<Raster>, State);
