//! Means of parts of a block, from its coefficients.

use crate::decode::coefficients::Block;
use crate::decode::reduce::blocks::{BLOCK, DCT};

/// Rows of coefficients of which any may differ from 0, by the last place of the zig-zag that does.
const ROWS: [u8; 64] = {
    let mut rows = [1; 64];
    let (mut place, mut diagonal, mut most) = (0, 0, 0);
    while place < 64 {
        let length = if diagonal < 8 { diagonal + 1 } else { 15 - diagonal };
        let first = if diagonal < 8 { 0 } else { diagonal - 7 };
        let mut step = 0;
        while step < length {
            // Odd diagonals run down, even ones up.
            let row = if diagonal % 2 == 1 { first + step } else { first + length - 1 - step };
            if row > most {
                most = row;
            }
            rows[place] = most as u8 + 1;
            place += 1;
            step += 1;
        }
        diagonal += 1;
    }
    rows
};

/// How many rows of coefficients, from the top, hold all that are not 0.
#[inline(always)]
pub(super) fn rows_of(block: &Block) -> usize {
    usize::from(ROWS[usize::from(block.last & 63)])
}

/// What each coefficient of a row, or of a column, adds to the mean of each of `PARTS` parts of it.
const fn weights<const PARTS: usize>() -> [[f32; PARTS]; BLOCK] {
    let mut weights = [[0.0; PARTS]; BLOCK];
    let mut at = 0;
    while at < BLOCK {
        let mut x = 0;
        while x < BLOCK {
            let length = BLOCK / PARTS;
            weights[at][x / length] += DCT[at][x] / length as f32;
            x += 1;
        }
        at += 1;
    }
    weights
}

struct Weights<const PARTS: usize>;

impl<const PARTS: usize> Weights<PARTS> {
    const ALL: [[f32; PARTS]; BLOCK] = weights::<PARTS>();
}

/// Means of `DOWN` rows of `ACROSS` parts each, as differences from the middle level.
#[inline(always)]
pub(super) fn means<const ACROSS: usize, const DOWN: usize>(
    block: &Block,
) -> [[f32; ACROSS]; DOWN] {
    let mean = f32::from(block.coefficients[0]) / BLOCK as f32;
    if (ACROSS == 1 && DOWN == 1) || block.last == 0 {
        return [[mean; ACROSS]; DOWN];
    }
    let (rows, _) = block.coefficients.as_chunks::<BLOCK>();
    let mut lines = [[0.0f32; BLOCK]; DOWN];
    for (row, weights) in rows.iter().zip(&Weights::<DOWN>::ALL).take(rows_of(block)) {
        let row = row.map(f32::from);
        for (line, weight) in lines.iter_mut().zip(weights) {
            for (sum, coefficient) in line.iter_mut().zip(&row) {
                *sum += weight * coefficient;
            }
        }
    }
    let mut means = [[0.0f32; ACROSS]; DOWN];
    for (means, line) in means.iter_mut().zip(&lines) {
        for (coefficient, weights) in line.iter().zip(&Weights::<ACROSS>::ALL) {
            for (mean, weight) in means.iter_mut().zip(weights) {
                *mean += weight * coefficient;
            }
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of these coefficients, and the samples that it stands for, less the middle.
    fn block(coefficients: [i16; 64]) -> (Block, [[f32; BLOCK]; BLOCK]) {
        let mut samples = [[0.0f32; BLOCK]; BLOCK];
        for (at, coefficient) in coefficients.iter().enumerate() {
            for (y, row) in samples.iter_mut().enumerate() {
                for (x, sample) in row.iter_mut().enumerate() {
                    *sample += f32::from(*coefficient) * DCT[at / 8][y] * DCT[at % 8][x];
                }
            }
        }
        (Block { coefficients, last: 63 }, samples)
    }

    #[test]
    fn means_are_those_of_the_samples() {
        let (block, samples) = block(std::array::from_fn(|at| (at as i16 * 37 % 101) - 50));
        for (part, mean) in means::<4, 2>(&block).as_flattened().iter().enumerate() {
            let (left, top) = (part % 4 * 2, part / 4 * 4);
            let inside = samples[top..top + 4].iter().flat_map(|row| &row[left..left + 2]);
            let expected = inside.sum::<f32>() / 8.0;
            assert!((mean - expected).abs() < 1e-3, "{part}: {mean} {expected}");
        }
        assert_eq!(means::<1, 1>(&block), [[-50.0 / 8.0]]);
    }

    #[test]
    fn rows_reach_as_far_as_the_zig_zag_has_gone() {
        for (last, rows) in [(0, 1), (1, 1), (2, 2), (3, 3), (5, 3), (9, 4), (20, 6), (35, 8)] {
            assert_eq!(ROWS[last], rows, "{last}");
        }
    }
}
