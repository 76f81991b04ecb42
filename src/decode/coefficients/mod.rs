//! The DCT coefficients of a JPEG, without its pixels: what the measures of a page need is in them, and
//! to get at them costs a fraction of a full decoding.
//!
//! Only what is ordinary is read: Huffman-coded sequential and progressive pictures of 8 bits, grey or
//! YCbCr with at most twice as much luma as chroma each way. Everything else is left to the library's
//! decoder, and so is every picture with the slightest fault: what is given back is whole.

mod band;
mod bits;
mod block;
mod header;
mod huffman;
mod progressive;
mod sequential;

use crate::intake::{Budget, Expired};
pub use block::Block;
use header::{Header, Next};

/// More scans than any encoder writes; each costs a pass over all coefficients.
const MAX_SCANS: usize = 64;

/// Which coefficients of a component are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coefficients {
    /// All 64.
    All,
    /// Those whose indices across and down are both less than this, 1..=8; the others read 0.
    Corner(u8),
    /// The mean alone.
    Mean,
}

impl Coefficients {
    /// Whether the coefficient at this natural index is wanted.
    const fn wants(self, natural: usize) -> bool {
        match self {
            Self::All => true,
            Self::Corner(side) => natural % 8 < side as usize && natural / 8 < side as usize,
            Self::Mean => natural == 0,
        }
    }

    /// How many coefficients of the zig-zag hold all that are wanted; at least the mean.
    fn reach(self) -> usize {
        let wanted = |at: &usize| self.wants(usize::from(block::NATURAL[*at]));
        1 + (0..64).rfind(wanted).unwrap_or(0)
    }
}

/// Blocks of luma that are read as deep as asked where a part of them is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sparse {
    /// So many rows of blocks belong together.
    pub rows: usize,
    /// One of so many of these is read so deep, from the first on.
    pub every: usize,
    /// In all others one of so many blocks is, from the first on.
    pub columns: usize,
    /// How deep the rest is read.
    pub rest: Coefficients,
}

impl Sparse {
    /// Whether all blocks of a row are read as deep as asked.
    pub const fn is_whole_row(self, row: usize) -> bool {
        (row / self.rows).is_multiple_of(self.every)
    }

    /// Whether a block is.
    pub const fn is_whole(self, column: usize, row: usize) -> bool {
        self.is_whole_row(row) || column.is_multiple_of(self.columns)
    }
}

/// How deep to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Of the luma.
    pub luma: Coefficients,
    /// Of both chroma components.
    pub chroma: Coefficients,
    /// Whether the passes of a progressive picture that add a last bit to coefficients other than the
    /// mean are read too. Without them these coefficients are off by less than the bits left out, and
    /// the smallest are missing.
    pub refined: bool,
    /// Of luma, which blocks are read so deep; `None` for all. Grey pictures in one pass and those that are
    /// coded component by component have all.
    pub sparse: Option<Sparse>,
}

impl Depth {
    const fn of(self, component: usize) -> Coefficients {
        if component == 0 { self.luma } else { self.chroma }
    }
}

/// What the components mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// One component, luma.
    Grey,
    /// Luma and both chroma components, as in JFIF.
    YCbCr,
}

/// One component of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// Samples across for each of the component that has fewest.
    pub h: usize,
    /// Samples down for each of the component that has fewest.
    pub v: usize,
    /// Visible blocks across.
    pub blocks_across: usize,
    /// Visible blocks down.
    pub blocks_down: usize,
}

/// What the header says of the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// One, or luma and then chroma.
    pub components: Vec<Component>,
    /// What they mean.
    pub transform: Transform,
    /// Whether it was coded in passes.
    pub progressive: bool,
}

impl Frame {
    /// MCUs across and down of a scan: blocks where it has a single component.
    fn mcus(&self, scan: &header::Scan) -> (usize, usize) {
        match scan.parts.as_slice() {
            [part] => {
                let component = self.components[part.component];
                (component.blocks_across, component.blocks_down)
            }
            _ => {
                let luma = self.components[0];
                (self.width.div_ceil(8 * luma.h), self.height.div_ceil(8 * luma.v))
            }
        }
    }

    /// Calls for each component and row of blocks, in the order of [`Sink::row`].
    fn in_order(&self, mut give: impl FnMut(usize, usize) -> Result<(), Stop>) -> Result<(), Stop> {
        let luma = self.components[0];
        for top in 0..luma.blocks_down.div_ceil(luma.v) {
            for (index, component) in self.components.iter().enumerate() {
                let end = component.blocks_down.min((top + 1) * component.v);
                for row in top * component.v..end {
                    give(index, row)?;
                }
            }
        }
        Ok(())
    }
}

/// Hears the picture.
pub trait Sink {
    /// A row of the visible blocks of one component. The rows of each come in order from the top; those
    /// of luma come before the chroma that covers the same part of the picture.
    fn row(&mut self, component: usize, row: usize, blocks: &[Block]);

    /// Which MCUs of a row are wanted; of the others the mean alone may be given. `None` for all. Only
    /// where all components are coded in one pass this is asked.
    fn wants(&self, _row: usize) -> Option<&[bool]> {
        None
    }
}

/// Why reading ends early.
#[derive(Clone, Copy, Debug)]
enum Stop {
    /// Something is not as usual: a coding that is not known here, or a fault.
    Unusual,
    /// The caller's time is over.
    Expired,
}

impl From<Expired> for Stop {
    fn from(_: Expired) -> Self {
        Self::Expired
    }
}

/// Reads a picture from SOI to EOI; what follows is not looked at.
///
/// `size` is the width and height that the caller has judged; it must be that of the header. `open` is
/// asked for a sink as soon as the frame is known and may decline by `None`.
///
/// `None` means that the library's decoder must look, be it at something exotic or at a fault. A faulty
/// picture may have given rows to the sink before, which is then dropped. Where `depth` leaves out a whole
/// pass of a progressive picture, faults within its data are not seen.
pub fn read<S: Sink>(
    bytes: &[u8],
    size: (usize, usize),
    depth: Depth,
    open: impl FnOnce(&Frame) -> Option<S>,
    budget: &mut dyn Budget,
) -> Result<Option<(Frame, S)>, Expired> {
    match attempt(bytes, size, depth, open, budget) {
        Ok(read) => Ok(Some(read)),
        Err(Stop::Unusual) => Ok(None),
        Err(Stop::Expired) => Err(Expired),
    }
}

fn attempt<S: Sink>(
    bytes: &[u8],
    size: (usize, usize),
    depth: Depth,
    open: impl FnOnce(&Frame) -> Option<S>,
    budget: &mut dyn Budget,
) -> Result<(Frame, S), Stop> {
    let mut header = Header::of(bytes).ok_or(Stop::Unusual)?;
    let Next::Scan(first) = header.next().ok_or(Stop::Unusual)? else {
        return Err(Stop::Unusual);
    };
    let frame = header.frame().ok_or(Stop::Unusual)?;
    if (frame.width, frame.height) != size {
        return Err(Stop::Unusual);
    }
    let mut sink = open(&frame).ok_or(Stop::Unusual)?;
    match frame.progressive {
        true => progressive::read(&mut header, first, &frame, depth, &mut sink, budget)?,
        false => sequential::read(&mut header, first, &frame, depth, &mut sink, budget)?,
    }
    Ok((frame, sink))
}
