//! The same planes and block energy from the coefficients of a JPEG, whose pixels nobody needs then.
//!
//! A cell is the mean of some of a block's samples, and means are sums of coefficients. Blocks of the
//! energy's grid are the JPEG's own, or are put together from such means. Only ripples are looked for in
//! pixels: in enough lines of them across and down, spread over the page.

mod means;

use rten_simd::{Isa, SimdOp};

use super::blocks::{BLOCK, BlockRows, DCT};
use super::ripple::Ripple;
use super::{energy_reduction, upright};
use crate::decode::coefficients::{Block, Coefficients, Depth, Frame, Sink, Sparse};
use crate::decode::page::{Energy, Plane, Planes, level};
use crate::intake::metadata::Orientation;
use means::{means, rows_of};

/// Samples are stored as differences from the middle.
pub(in crate::decode) const MIDDLE: f32 = 128.0;

/// What rounding samples to whole levels adds to the square of each coefficient: pixels of other formats
/// have it, and so have those that a decoder makes of these.
const ROUNDING: f32 = 1.0 / 12.0;

/// Rows of blocks, and columns of them, that are looked at for ripples, at least, where there are so many:
/// a line of pixels of each, as those beside it say the same.
const LOOKED_AT: usize = 60;

/// No more than one of so few rows is left to speak for the others.
const MOST_APART: usize = 2;

/// Which of the eight.
const LINE: usize = 3;

/// Whether a page of this size at this scale can be had from coefficients.
pub(in crate::decode) fn suits(width: usize, height: usize, scale: usize) -> bool {
    matches!(scale, 4 | 8) && matches!(energy_reduction(width, height), 1 | 2 | 4)
}

/// Coefficients a side that tell the parts of a block of chroma apart that are cells at this scale, quarters
/// or halves; what lies beyond moves a mean by less than a level.
const fn chroma_corner(scale: usize) -> usize {
    if scale == 4 { 4 } else { 2 }
}

/// Hears the rows of blocks of a JPEG.
pub(in crate::decode) struct Spectral {
    planes: Vec<Cells>,
    fine: Option<Fine>,
}

impl Spectral {
    /// Of a frame whose size [`suits`].
    pub(in crate::decode) fn new(frame: &Frame, scale: usize, energy_wanted: bool) -> Self {
        let planes = frame.components.iter().enumerate().map(|(index, component)| {
            let luma = frame.components[0];
            let per_block = [luma.h / component.h, luma.v / component.v].map(|times| times * BLOCK);
            let corner = if index == 0 { BLOCK } else { chroma_corner(scale) };
            Cells::new((frame.width, frame.height), scale, per_block, corner)
        });
        let fine = energy_wanted.then(|| Fine::new(frame, scale));
        Self { planes: planes.collect(), fine }
    }

    /// The coefficients that planes of a page of this size need, and energy where wanted.
    pub(in crate::decode) fn depth(
        (width, height): (usize, usize),
        scale: usize,
        energy_wanted: bool,
    ) -> Depth {
        let chroma = Coefficients::Corner(chroma_corner(scale) as u8);
        let sparse = Looks::of(width, height, scale).sparse;
        match energy_wanted {
            true => {
                let luma = Coefficients::All;
                Depth { luma, chroma, refined: true, sparse: Some(sparse) }
            }
            false => Depth { luma: sparse.rest, chroma, refined: false, sparse: None },
        }
    }

    /// Planes and energy, both upright.
    pub(in crate::decode) fn finish(self, orientation: Orientation) -> (Planes, Option<Energy>) {
        let mut planes = self.planes.into_iter().map(|cells| cells.plane);
        let y = planes.next().unwrap_or_else(|| Plane { width: 0, height: 0, cells: Vec::new() });
        let neutral = || Plane { cells: vec![128; y.cells.len()], ..y };
        let cb = planes.next().unwrap_or_else(neutral);
        let cr = planes.next().unwrap_or_else(neutral);
        let energy = self.fine.map(|fine| {
            fine.blocks.upright(orientation, fine.ripple.means(), fine.looks.sparse.every)
        });
        let [y, cb, cr] = [y, cb, cr].map(|plane| upright(plane, orientation));
        (Planes { y, cb, cr }, energy)
    }
}

impl Sink for Spectral {
    fn row(&mut self, component: usize, row: usize, blocks: &[Block]) {
        let fine = self.fine.as_mut().filter(|_| component == 0);
        if let Some(cells) = self.planes.get_mut(component) {
            Row { cells, fine, row, blocks }.dispatch();
        }
    }
}

/// A row of blocks, and what it is added to.
struct Row<'a> {
    cells: &'a mut Cells,
    fine: Option<&'a mut Fine>,
    row: usize,
    blocks: &'a [Block],
}

impl SimdOp for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) {
        self.cells.add(self.blocks);
        if let Some(fine) = self.fine {
            fine.add(self.row, self.blocks);
        }
    }
}

/// One component's plane, as far as it has come.
struct Cells {
    plane: Plane,
    /// Cells across and down that a block covers.
    per_block: [usize; 2],
    /// Coefficients a side that were read of it.
    corner: usize,
}

impl Cells {
    fn new(
        (width, height): (usize, usize),
        scale: usize,
        per_block: [usize; 2],
        corner: usize,
    ) -> Self {
        let (width, height) = (width.div_ceil(scale), height.div_ceil(scale));
        // A row of blocks may reach beyond the last row of cells.
        let cells = Vec::with_capacity(width * (height + 4));
        let per_block = per_block.map(|side| side / scale);
        Self { plane: Plane { width, height, cells }, per_block, corner }
    }

    #[inline(always)]
    fn add(&mut self, blocks: &[Block]) {
        match (self.per_block, self.corner) {
            ([1, 1], _) => self.add_all::<1, 1, 1>(blocks),
            ([2, 2], 2) => self.add_all::<2, 2, 2>(blocks),
            ([2, 2], 4) => self.add_all::<2, 2, 4>(blocks),
            ([2, 2], _) => self.add_all::<2, 2, BLOCK>(blocks),
            ([1, 2], _) => self.add_all::<1, 2, 4>(blocks),
            ([2, 1], _) => self.add_all::<2, 1, 4>(blocks),
            ([2, 4], _) => self.add_all::<2, 4, 4>(blocks),
            ([4, 2], _) => self.add_all::<4, 2, 4>(blocks),
            _ => self.add_all::<4, 4, 4>(blocks),
        }
    }

    #[inline(always)]
    fn add_all<const ACROSS: usize, const DOWN: usize, const CORNER: usize>(
        &mut self,
        blocks: &[Block],
    ) {
        let Plane { width, height, cells } = &mut self.plane;
        let (start, width) = (cells.len(), *width);
        let rows = DOWN.min(*height - (start / width.max(1)).min(*height));
        cells.resize(start + rows * width, 0);
        let mut added = cells[start..].chunks_exact_mut(width.max(1));
        let mut parts: [&mut [[u8; ACROSS]]; DOWN] = std::array::from_fn(|_| Default::default());
        let mut cut: [&mut [u8]; DOWN] = std::array::from_fn(|_| Default::default());
        for ((parts, cut), row) in parts.iter_mut().zip(&mut cut).zip(&mut added) {
            (*parts, *cut) = row.as_chunks_mut();
        }
        let (whole, last) = blocks.split_at((width / ACROSS).min(blocks.len()));
        for (at, block) in whole.iter().enumerate() {
            let levels = levels_of::<ACROSS, DOWN, CORNER>(block);
            for (parts, levels) in parts.iter_mut().zip(levels) {
                if let Some(cells) = parts.get_mut(at) {
                    *cells = levels;
                }
            }
        }
        for block in last.iter().take(1) {
            let levels = levels_of::<ACROSS, DOWN, CORNER>(block);
            for (cells, levels) in cut.iter_mut().zip(&levels) {
                cells.copy_from_slice(&levels[..cells.len()]);
            }
        }
    }
}

/// The cells that a block covers.
#[inline(always)]
fn levels_of<const ACROSS: usize, const DOWN: usize, const CORNER: usize>(
    block: &Block,
) -> [[u8; ACROSS]; DOWN] {
    let means = means::<ACROSS, DOWN, CORNER>(block);
    let mut levels = [[0; ACROSS]; DOWN];
    for (cell, mean) in levels.as_flattened_mut().iter_mut().zip(means.as_flattened()) {
        *cell = level(mean + MIDDLE);
    }
    levels
}

/// Which blocks of luma are looked at closely.
#[derive(Clone, Copy)]
struct Looks {
    /// Rows of the energy's grid, for energy and along ripples: every second one of a large page has more
    /// than a hundred, while blur of a small one is told by few strokes. Columns of blocks, for ripples
    /// down. Of the rest planes need something, too.
    sparse: Sparse,
    /// Of the rows of blocks in the rows of the grid, one of so many for ripples along.
    lines: usize,
}

impl Looks {
    fn of(width: usize, height: usize, scale: usize) -> Self {
        let rows = energy_reduction(width, height);
        let step = |blocks: usize| (blocks / LOOKED_AT).max(1);
        let apart = step(height / BLOCK / rows).min(MOST_APART);
        let (every, lines) = if rows == 1 { (1, apart) } else { (apart, 1) };
        let rest = if scale == BLOCK { Coefficients::Mean } else { Coefficients::Corner(4) };
        Self { sparse: Sparse { rows, every, columns: step(width / BLOCK), rest }, lines }
    }
}

/// Block energy and ripples of the luma, as far as they have come.
struct Fine {
    blocks: BlockRows,
    ripple: Ripple,
    looks: Looks,
    width: usize,
    height: usize,
    /// Pixels of one line, and then of eight lines of the columns that are looked down.
    line: Vec<u8>,
    lines: Vec<u8>,
}

impl Fine {
    fn new(frame: &Frame, scale: usize) -> Self {
        let (width, height) = (frame.width, frame.height);
        let looks = Looks::of(width, height, scale);
        let columns = (width / BLOCK).div_ceil(looks.sparse.columns);
        let ripple = Ripple::new(width, columns);
        let blocks = BlockRows::new(width, height, looks.sparse.rows);
        let (line, lines) = (vec![0; width.next_multiple_of(BLOCK)], vec![0; BLOCK * columns]);
        Self { blocks, ripple, looks, width, height, line, lines }
    }

    #[inline(always)]
    fn add(&mut self, row: usize, blocks: &[Block]) {
        if self.looks.sparse.is_whole_row(row) {
            self.measure(row, blocks);
            if row.is_multiple_of(self.looks.lines) {
                self.look_along(row, blocks);
            }
        }
        self.look_down(row, blocks);
    }

    /// Measures the energy of a row of blocks. Those that the edge cuts are left out.
    #[inline(always)]
    fn measure(&mut self, row: usize, blocks: &[Block]) {
        let reduction = self.looks.sparse.rows;
        if row / reduction >= self.blocks.height() {
            return;
        }
        match reduction {
            1 => {
                let whole = self.blocks.width().min(blocks.len());
                for block in &blocks[..whole] {
                    self.blocks.push(&squares(block));
                }
            }
            2 => self.add_reduced::<4>(row, blocks),
            _ => self.add_reduced::<2>(row, blocks),
        }
    }

    /// Puts `SIDE` means a side of each block on the grid.
    #[inline(always)]
    fn add_reduced<const SIDE: usize>(&mut self, row: usize, blocks: &[Block]) {
        let top = row * SIDE % BLOCK;
        let whole = (self.blocks.width() * BLOCK / SIDE).min(blocks.len());
        let stride = self.blocks.width() * BLOCK;
        let Some(lines) = self.blocks.lines(top, SIDE) else {
            return;
        };
        for (at, block) in blocks[..whole].iter().enumerate() {
            for (y, means) in means::<SIDE, SIDE, BLOCK>(block).iter().enumerate() {
                let line = &mut lines[y * stride + SIDE * at..][..SIDE];
                for (cell, mean) in line.iter_mut().zip(means) {
                    *cell = mean + MIDDLE;
                }
            }
        }
        if top + SIDE == BLOCK {
            self.blocks.transform();
        }
    }

    /// Looks for ripples along a line of pixels of a row of blocks.
    #[inline(always)]
    fn look_along(&mut self, row: usize, blocks: &[Block]) {
        if row * BLOCK + LINE >= self.height {
            return;
        }
        for (pixels, block) in self.line.as_chunks_mut::<BLOCK>().0.iter_mut().zip(blocks) {
            *pixels = pixels_along(block);
        }
        self.ripple.along(&self.line[..self.width]);
    }

    /// And down a line of pixels of some columns of blocks.
    #[inline(always)]
    fn look_down(&mut self, row: usize, blocks: &[Block]) {
        let whole = &blocks[..(self.width / BLOCK).min(blocks.len())];
        let columns = self.lines.len() / BLOCK;
        for (at, block) in whole.iter().step_by(self.looks.sparse.columns).enumerate() {
            for (y, pixel) in pixels_down(block).into_iter().enumerate() {
                self.lines[y * columns + at] = pixel;
            }
        }
        let rows = (self.height - row * BLOCK).min(BLOCK);
        for line in self.lines.chunks_exact(columns.max(1)).take(rows) {
            self.ripple.down(line);
        }
    }
}

/// The squares of a block's coefficients as of pixels in whole levels; the mean stays as it is.
#[inline(always)]
fn squares(block: &Block) -> [[f32; BLOCK]; BLOCK] {
    // Nothing where all its samples are the same.
    let rounding = if block.last > 0 { ROUNDING } else { 0.0 };
    let mut squares = [[0.0f32; BLOCK]; BLOCK];
    let (rows, _) = block.coefficients.as_chunks::<BLOCK>();
    for (squares, row) in squares.iter_mut().zip(rows) {
        for (square, &coefficient) in squares.iter_mut().zip(row) {
            let coefficient = f32::from(coefficient);
            *square = coefficient * coefficient + rounding;
        }
    }
    squares[0][0] = (f32::from(block.coefficients[0]) + BLOCK as f32 * MIDDLE).max(0.0);
    squares
}

/// One line of the samples of a block, across.
#[inline(always)]
fn pixels_along(block: &Block) -> [u8; BLOCK] {
    let (rows, _) = block.coefficients.as_chunks::<BLOCK>();
    let mut line = [0.0f32; BLOCK];
    for (row, basis) in rows.iter().zip(&DCT).take(rows_of(block)) {
        for (sum, &coefficient) in line.iter_mut().zip(row) {
            *sum += f32::from(coefficient) * basis[LINE];
        }
    }
    levels(&line)
}

/// And down.
#[inline(always)]
fn pixels_down(block: &Block) -> [u8; BLOCK] {
    let (rows, _) = block.coefficients.as_chunks::<BLOCK>();
    let mut line = [0.0f32; BLOCK];
    for (sum, row) in line.iter_mut().zip(rows).take(rows_of(block)) {
        for (&coefficient, basis) in row.iter().zip(&DCT) {
            *sum += f32::from(coefficient) * basis[LINE];
        }
    }
    levels(&line)
}

/// The samples that a line of coefficients stands for.
#[inline(always)]
pub(in crate::decode) fn levels(line: &[f32; BLOCK]) -> [u8; BLOCK] {
    let mut sums = [MIDDLE; BLOCK];
    for (coefficient, basis) in line.iter().zip(&DCT) {
        for (sum, basis) in sums.iter_mut().zip(basis) {
            *sum += coefficient * basis;
        }
    }
    let mut levels = [0; BLOCK];
    for (pixel, sum) in levels.iter_mut().zip(&sums) {
        *pixel = level(*sum);
    }
    levels
}
