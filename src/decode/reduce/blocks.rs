//! Block energy: stripes of luma, reduced and transformed.

use crate::decode::page::{Energy, Octaves};
use crate::decode::reduce::turned;
use crate::intake::metadata::Orientation;

/// Length of a block's side.
pub(in crate::decode) const BLOCK: usize = 8;

/// A block with more energy in its coarsest octave holds print, or the rim of something.
const QUIET: f32 = 300.0;

/// What `logarithm` says of two.
const ONE_OCTAVE: u32 = 1 << 23;

/// Logarithms are summed in such parts, so many of which fit into 32 bits: a square has up to 29 octaves.
const PART: u32 = 1 << 8;
const FITTING: usize = 1 << 12;

/// Transforms stripes of luma into rows of block energy. Blocks that the edge cuts are left out.
pub(super) struct BlockRows {
    reduction: usize,
    width: usize,
    height: usize,
    blocks: Vec<Octaves>,
    spectrum: [u64; BLOCK * BLOCK],
    quiet: u32,
    /// Of the last blocks, in parts of so many.
    recent: [u32; BLOCK * BLOCK],
    quiet_in_recent: usize,
    /// Sums down the rows that are reduced to one.
    sums: Vec<u16>,
    /// Rows of the grid that the blocks lie on, eight at a time.
    means: Vec<f32>,
}

impl BlockRows {
    pub(super) fn new(width: usize, height: usize, reduction: usize) -> Self {
        let side = BLOCK * reduction;
        let (width, height) = (width / side, height / side);
        let blocks = Vec::with_capacity(width * height);
        let (sums, means) = (vec![0; width * side], vec![0.0; width * BLOCK * BLOCK]);
        let (spectrum, recent) = ([0; BLOCK * BLOCK], [0; BLOCK * BLOCK]);
        let (quiet, quiet_in_recent) = (0, 0);
        Self {
            reduction,
            width,
            height,
            blocks,
            spectrum,
            quiet,
            recent,
            quiet_in_recent,
            sums,
            means,
        }
    }

    /// Adds one row of blocks: `stripe` holds the luma of its pixels, `stride` a row. A stripe after the
    /// last row of whole blocks is left out.
    #[inline(always)]
    pub(super) fn add(&mut self, stripe: &[u8], stride: usize) {
        let across = self.width * BLOCK;
        if across == 0 || self.blocks.len() == self.width * self.height {
            return;
        }
        let rows = stripe.chunks_exact(stride * self.reduction);
        for (rows, means) in rows.zip(self.means.chunks_exact_mut(across)) {
            self.sums.fill(0);
            for row in rows.chunks_exact(stride) {
                for (sum, &luma) in self.sums.iter_mut().zip(row) {
                    *sum += u16::from(luma);
                }
            }
            match self.reduction {
                1 => averages::<1>(&self.sums, means),
                2 => averages::<2>(&self.sums, means),
                3 => averages::<3>(&self.sums, means),
                4 => averages::<4>(&self.sums, means),
                reduction => {
                    let area = (reduction * reduction) as f32;
                    for (mean, sums) in means.iter_mut().zip(self.sums.chunks_exact(reduction)) {
                        *mean = sums.iter().map(|&sum| u32::from(sum)).sum::<u32>() as f32 / area;
                    }
                }
            }
        }
        self.transform();
    }

    /// Blocks across, but for one that the edge cuts.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Blocks down, but for those that the edge cuts.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Some of the eight rows that the next row of blocks lies on, for who fills them by himself and then
    /// has them transformed. `None` for more than eight.
    #[inline(always)]
    pub(super) fn lines(&mut self, from: usize, count: usize) -> Option<&mut [f32]> {
        let across = self.width * BLOCK;
        self.means.get_mut(from * across..(from + count) * across)
    }

    /// Adds the row of blocks whose eight rows are there.
    #[inline(always)]
    pub(super) fn transform(&mut self) {
        let across = self.width * BLOCK;
        for column in 0..self.width {
            let mut block = [[0.0; BLOCK]; BLOCK];
            for (y, line) in block.iter_mut().enumerate() {
                line.copy_from_slice(&self.means[y * across + BLOCK * column..][..BLOCK]);
            }
            let squares = squares(&block);
            self.push(&squares);
        }
    }

    /// Adds a block by its squared coefficients, the mean as it is: their pattern counts where they tell of
    /// grain and not of print.
    #[inline(always)]
    pub(super) fn push(&mut self, squares: &[[f32; BLOCK]; BLOCK]) {
        let octaves = octaves(squares);
        self.blocks.push(octaves);
        if octaves.low < QUIET {
            self.quiet += 1;
            for (sum, square) in self.recent.iter_mut().zip(squares.as_flattened()) {
                *sum += logarithm(*square) / PART;
            }
            self.quiet_in_recent += 1;
            if self.quiet_in_recent == FITTING {
                self.settle();
            }
        }
    }

    fn settle(&mut self) {
        for (sum, recent) in self.spectrum.iter_mut().zip(&mut self.recent) {
            *sum += u64::from(std::mem::take(recent)) * u64::from(PART);
        }
        self.quiet_in_recent = 0;
    }

    /// The energy of the upright page, with the ripples of its columns and rows. Each row that was added
    /// stands for so many.
    pub(super) fn upright(
        mut self,
        orientation: Orientation,
        ripple: [Vec<f32>; 2],
        stands_for: usize,
    ) -> Energy {
        self.settle();
        let rows = self.blocks.len() / self.width.max(1);
        let (width, height, blocks) = turned(self.blocks, self.width, rows, orientation);
        let [columns, rows] = ripple;
        // A mirrored profile has the same ripples.
        let ripple = if orientation.swaps_sides() { [rows, columns] } else { [columns, rows] };
        let count = f64::from(self.quiet.max(1));
        let spectrum = self.spectrum.map(|sum| (sum as f64 / count / f64::from(ONE_OCTAVE)) as f32);
        let reduction = self.reduction;
        Energy { width, height, reduction, stands_for, blocks, ripple, spectrum }
    }
}

/// The means of `SIDE` columns at a time, each the sum of as many rows.
#[inline(always)]
fn averages<const SIDE: usize>(sums: &[u16], means: &mut [f32]) {
    let (cells, _) = sums.as_chunks::<SIDE>();
    for (mean, cell) in means.iter_mut().zip(cells) {
        *mean = f32::from(cell.iter().sum::<u16>()) / (SIDE * SIDE) as f32;
    }
}

/// Rows of the orthonormal 8-point DCT-II: `sqrt(c/8) cos((2x+1)uπ/16)`, written out so that every
/// machine has the same.
#[expect(clippy::excessive_precision, reason = "the constants are easier to check in full")]
pub(in crate::decode) const DCT: [[f32; BLOCK]; BLOCK] = {
    const A: f32 = 0.353_553_390_6;
    const C: [f32; 8] = [
        0.0,
        0.490_392_640_2,
        0.461_939_766_3,
        0.415_734_806_2,
        0.353_553_390_6,
        0.277_785_116_5,
        0.191_341_716_2,
        0.097_545_161_0,
    ];
    [
        [A, A, A, A, A, A, A, A],
        [C[1], C[3], C[5], C[7], -C[7], -C[5], -C[3], -C[1]],
        [C[2], C[6], -C[6], -C[2], -C[2], -C[6], C[6], C[2]],
        [C[3], -C[7], -C[1], -C[5], C[5], C[1], C[7], -C[3]],
        [C[4], -C[4], -C[4], C[4], C[4], -C[4], -C[4], C[4]],
        [C[5], -C[1], C[7], C[3], -C[3], -C[7], C[1], -C[5]],
        [C[6], -C[2], C[2], -C[6], -C[6], C[2], -C[2], C[6]],
        [C[7], -C[5], C[3], -C[1], C[1], -C[3], C[5], -C[7]],
    ]
};

/// The same by columns.
const TRANSPOSED: [[f32; BLOCK]; BLOCK] = {
    let mut transposed = [[0.0; BLOCK]; BLOCK];
    let mut at = 0;
    while at < BLOCK * BLOCK {
        transposed[at % BLOCK][at / BLOCK] = DCT[at / BLOCK][at % BLOCK];
        at += 1;
    }
    transposed
};

/// The binary logarithm of one more than `square` in parts of an octave, straight between powers of two
/// as the number's own bits have it.
#[inline(always)]
fn logarithm(square: f32) -> u32 {
    (1.0 + square).to_bits() - 1.0f32.to_bits()
}

/// The squared coefficients of a block, but for the mean, which stays as it is.
#[inline(always)]
fn squares(block: &[[f32; BLOCK]; BLOCK]) -> [[f32; BLOCK]; BLOCK] {
    // Rows first, then columns, both eight coefficients at a time.
    let mut half = [[0.0f32; BLOCK]; BLOCK];
    for (half, row) in half.iter_mut().zip(block) {
        for (sample, weights) in row.iter().zip(&TRANSPOSED) {
            for (half, weight) in half.iter_mut().zip(weights) {
                *half += sample * weight;
            }
        }
    }
    let mut squares = [[0.0f32; BLOCK]; BLOCK];
    for (line, basis) in squares.iter_mut().zip(&DCT) {
        for (weight, half) in basis.iter().zip(&half) {
            for (coefficient, half) in line.iter_mut().zip(half) {
                *coefficient += weight * half;
            }
        }
    }
    let mean = squares[0][0];
    for coefficient in squares.as_flattened_mut() {
        *coefficient *= *coefficient;
    }
    squares[0][0] = mean;
    squares
}

#[inline(always)]
fn octaves(squares: &[[f32; BLOCK]; BLOCK]) -> Octaves {
    // Rows of one octave down are added up, eight columns at a time.
    let [first, second, rest @ ..] = squares;
    let (mut mid, mut high) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
    for line in &rest[..2] {
        for (sum, square) in mid.iter_mut().zip(line) {
            *sum += square;
        }
    }
    for line in &rest[2..] {
        for (sum, square) in high.iter_mut().zip(line) {
            *sum += square;
        }
    }
    let upper: [f32; BLOCK] = std::array::from_fn(|u| first[u] + second[u]);
    let axis: f32 = first[4..].iter().sum::<f32>() + high[0];
    // The orthonormal coefficient of the mean is eight times the mean.
    Octaves {
        mean: first[0] / BLOCK as f32,
        low: upper[1] + second[0],
        mid: upper[2] + upper[3] + mid[..4].iter().sum::<f32>(),
        high: (0..4).map(|u| upper[4 + u] + mid[4 + u] + high[u] + high[4 + u]).sum(),
        axis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dct_keeps_the_energy_of_the_block() {
        let block: [[f32; 8]; 8] =
            std::array::from_fn(|y| std::array::from_fn(|x| ((x * 37 + y * 61) % 256) as f32));
        let mean = block.iter().flatten().sum::<f32>() / 64.0;
        let variance: f32 = block.iter().flatten().map(|cell| (cell - mean) * (cell - mean)).sum();
        let Octaves { low, mid, high, .. } = octaves(&squares(&block));
        assert!(((low + mid + high) / variance - 1.0).abs() < 1e-3);
    }
}
