//! The full-resolution pixels of a page, decoded when somebody asks for some, and no more than he asks for
//! where that can be had for less.

use std::cell::{Cell, OnceCell};
use std::fmt;

use super::page::{Rect, Tile};
use super::raster::Raster;

/// Gets the pixels of a picture, later.
pub(super) struct Decode {
    /// All of them.
    pub all: Box<dyn Fn() -> Option<Raster> + Send>,
    /// Those of some boxes, as stored, where that can be had for less.
    pub boxes: Boxes,
}

/// Gets the pixels of these boxes.
type Boxes = Box<dyn Fn(&[Rect]) -> Option<Vec<Tile>> + Send>;

/// The full-resolution pixels of a page.
pub(super) enum Pixels {
    /// Nobody wants them.
    Gone,
    /// They were there when the page was looked at.
    Kept(Raster),
    /// They are decoded when they are first asked for: all of them, once some were.
    Later(Decode, OnceCell<Option<Raster>>, Cell<usize>),
}

/// How often some pixels are decoded before all are: each time the whole file is gone through.
const MOST_TIMES: usize = 2;

/// Boxes that cover more than one of so many parts of the page are cut out of all of its pixels.
const LARGEST_PART: usize = 3;

impl Pixels {
    /// None yet.
    pub(super) fn later(decode: Decode) -> Self {
        Self::Later(decode, OnceCell::new(), Cell::new(0))
    }

    /// All of them.
    pub(super) fn raster(&self) -> Option<&Raster> {
        match self {
            Self::Gone => None,
            Self::Kept(raster) => Some(raster),
            Self::Later(decode, raster, _) => raster.get_or_init(&decode.all).as_ref(),
        }
    }

    /// The pixels of these boxes of a page of so many; `None` where all pixels are there, or should be.
    pub(super) fn boxes(&self, boxes: &[Rect], page: usize) -> Option<Vec<Tile>> {
        let Self::Later(decode, raster, times) = self else {
            return None;
        };
        let area: usize = boxes.iter().map(|rect| rect.width * rect.height).sum();
        if boxes.is_empty()
            || raster.get().is_some()
            || times.get() == MOST_TIMES
            || area > page / LARGEST_PART
        {
            return None;
        }
        times.set(times.get() + 1);
        (decode.boxes)(boxes)
    }
}

impl fmt::Debug for Pixels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pixels")
    }
}
