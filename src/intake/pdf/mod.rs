//! The structure of a PDF: how much of it there is, what acts in it, who changed it when.
//!
//! Read with lopdf, whose objects are all that a reader could come across: those of object streams and
//! of encrypted files that open without a password among them. Judged is the last revision, which is
//! what readers show. Pages are read by another parser (`src/decode/pdf/mod.rs`); where the two do not
//! agree on their number, the file counts as damaged.

pub mod active;
pub mod acts;
pub mod complexity;
pub mod cost;
mod effort;
pub mod embedded;
pub mod forms;
mod jbig2;
mod objects;
mod pictures;
pub mod protection;
pub mod revisions;
mod shape;

use std::sync::Arc;

use bytes::Bytes;
use hayro::hayro_syntax::{self, LoadPdfError};
use lopdf::{DecompressError, Document, LoadOptions};

use crate::intake::budget::{Budget, Expired};
use crate::intake::structure::{self, Header, State, Walk};

use self::acts::Acts;
use self::cost::Cost;
use self::protection::Protection;
use self::revisions::Revisions;

/// The name of the format.
pub const MEDIA_TYPE: &str = "application/pdf";

/// What is known of a PDF before a page is drawn.
#[derive(Clone, Debug, Default)]
pub struct Pdf {
    /// Pages of the page tree.
    pub pages: u32,
    /// Whether a password stands before it.
    pub protection: Protection,
    /// How much there is to read and to draw.
    pub cost: Cost,
    /// What acts, is embedded, or can be filled in.
    pub acts: Acts,
    /// Revisions and signatures.
    pub revisions: Revisions,
    /// JPEG quality of the worst picture, 1..100, where one is a JPEG.
    pub jpeg_quality: Option<f64>,
}

/// Bytes that an object stream or cross-reference stream may inflate to; a thousand objects take less
/// than a tenth.
const MAX_STRUCTURE_BYTES: usize = 8 << 20;

/// Looks into the PDF that `walk` has found the ends of. The walk that comes back knows its header: its
/// number of pages, and the size of its largest picture as the size.
pub(super) fn look(
    bytes: &Bytes,
    walk: Walk,
    budget: &mut dyn Budget,
) -> Result<(Pdf, Walk), Expired> {
    let mut pdf = Pdf::default();
    let found = |state, header| Walk { state, header, ..walk };
    let part = part(bytes, &walk);
    pdf.cost.add_shape(shape::measure(&part));
    if pdf.cost.is_beyond_reading() {
        return Ok((pdf, found(State::Exotic, None)));
    }
    budget.check()?;
    let options = LoadOptions::with_max_decompressed_size(MAX_STRUCTURE_BYTES);
    let document = match Document::load_mem_with_options(&part, options) {
        Ok(document) => document,
        Err(lopdf::Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => {
            pdf.cost.exceed_stream();
            return Ok((pdf, found(State::Exotic, None)));
        }
        Err(_) => {
            pdf.protection = protection::of_error(open(&part).err());
            return Ok((pdf, found(worse(walk.state, State::Corrupt), None)));
        }
    };
    let opened = open(&part);
    pdf.protection = protection::of(&document, opened.as_ref().err());
    if pdf.protection == Protection::NeedsPassword {
        return Ok((pdf, found(walk.state, None)));
    }
    let mut largest = (0, 0);
    for object in document.objects.values() {
        budget.check()?;
        if let Ok(stream) = object.as_stream() {
            pdf.cost.add_stream(stream);
            pictures::note(stream, &document, &mut largest, &mut pdf.jpeg_quality);
        }
    }
    pdf.cost.objects = document.objects.len() as u64;
    pdf.acts = acts::find(&document);
    pdf.revisions = revisions::find(&document, &part);
    if !pdf.cost.is_bounded() {
        return Ok((pdf, found(State::Exotic, None)));
    }
    let pages = document.page_iter().take(MOST_PAGES).count();
    let Ok(opened) = opened else {
        return Ok((pdf, found(worse(walk.state, State::Corrupt), None)));
    };
    let drawn = opened.pages();
    pdf.cost.operations = effort::measure(drawn, &mut largest, budget)?;
    pdf.pages = drawn.len().max(pages) as u32;
    let state = match (pages, drawn.len()) {
        (0, _) | (_, 0) => State::Corrupt,
        (one, other) if one != other.min(MOST_PAGES) => State::Incomplete,
        // Its table of contents had to be made anew: not every reader does that.
        _ if document.xref_recovery.is_some() => State::Incomplete,
        _ => State::Whole,
    };
    let (width, height) = largest;
    let header = Header { width, height, frames: 1, pages: pdf.pages };
    Ok((pdf, found(worse(walk.state, state), Some(header))))
}

/// Pages that are counted; far more than any rule allows.
const MOST_PAGES: usize = 100_000;

/// The document itself, from its header to its end, without what stands before and behind.
pub fn part(bytes: &Bytes, walk: &Walk) -> Bytes {
    let start = structure::pdf::begins(bytes).unwrap_or(0);
    bytes.slice(start.min(walk.end)..walk.end)
}

/// Opens a document to read its pages; nothing is drawn yet.
pub fn open(part: &Bytes) -> Result<hayro_syntax::Pdf, LoadPdfError> {
    hayro_syntax::Pdf::new(Arc::new(part.clone()))
}

/// The worse of what the ends and the inside say.
const fn worse(ends: State, inside: State) -> State {
    match (ends, inside) {
        (State::Truncated, _) | (_, State::Truncated) => State::Truncated,
        (State::Corrupt, _) | (_, State::Corrupt) => State::Corrupt,
        (State::Exotic, _) | (_, State::Exotic) => State::Exotic,
        (State::Incomplete, _) | (_, State::Incomplete) => State::Incomplete,
        (State::Whole, State::Whole) => State::Whole,
    }
}
