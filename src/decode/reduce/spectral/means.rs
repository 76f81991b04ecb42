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
const fn weights<const PARTS: usize>() -> [[f32; BLOCK]; PARTS] {
    let mut weights = [[0.0; BLOCK]; PARTS];
    let mut at = 0;
    while at < BLOCK {
        let mut x = 0;
        while x < BLOCK {
            let length = BLOCK / PARTS;
            weights[x / length][at] += DCT[at][x] / length as f32;
            x += 1;
        }
        at += 1;
    }
    weights
}

/// Of halves: the second one's odd coefficients add the opposite, and even ones nothing but the mean.
const HALVES: [[f32; BLOCK]; 2] = weights::<2>();

/// Of quarters: the last two mirror the first two, so that their odd coefficients add the opposite.
const QUARTERS: [[f32; BLOCK]; 4] = weights::<4>();

/// Means of `DOWN` rows of `ACROSS` parts each, as differences from the middle level, of a block of which
/// only a corner of coefficients counts.
#[inline(always)]
pub(super) fn means<const ACROSS: usize, const DOWN: usize, const CORNER: usize>(
    block: &Block,
) -> [[f32; ACROSS]; DOWN] {
    let mean = f32::from(block.coefficients[0]) / BLOCK as f32;
    if (ACROSS == 1 && DOWN == 1) || block.last == 0 {
        return [[mean; ACROSS]; DOWN];
    }
    if ACROSS == 2 && DOWN == 2 && CORNER > 2 {
        let halves = halves(block);
        let mut means = [[mean; ACROSS]; DOWN];
        for (mean, half) in means.as_flattened_mut().iter_mut().zip(halves.as_flattened()) {
            *mean += half;
        }
        return means;
    }
    let mut means = [[0.0; ACROSS]; DOWN];
    if CORNER <= 4 || rows_of(block) <= 4 {
        let rows = CORNER.min(4);
        let columns = down::<DOWN, CORNER>(block, rows);
        across::<ACROSS, DOWN, CORNER>(&columns, &mut means);
    } else {
        let columns = down::<DOWN, CORNER>(block, BLOCK);
        across::<ACROSS, DOWN, CORNER>(&columns, &mut means);
    }
    means
}

/// The parts below each other, of each column of coefficients.
#[inline(always)]
fn down<const DOWN: usize, const CORNER: usize>(
    block: &Block,
    rows: usize,
) -> [[f32; DOWN]; CORNER] {
    let mut columns = [[0.0; DOWN]; CORNER];
    for (u, column) in columns.iter_mut().enumerate() {
        let mut line = [0.0; BLOCK];
        for (v, cell) in line.iter_mut().enumerate().take(rows) {
            *cell = f32::from(block.coefficients[v * BLOCK + u]);
        }
        *column = parts::<DOWN>(&line, rows);
    }
    columns
}

/// And beside each other.
#[inline(always)]
fn across<const ACROSS: usize, const DOWN: usize, const CORNER: usize>(
    columns: &[[f32; DOWN]; CORNER],
    means: &mut [[f32; ACROSS]; DOWN],
) {
    for (y, means) in means.iter_mut().enumerate() {
        let mut line = [0.0; BLOCK];
        for (cell, column) in line.iter_mut().zip(columns) {
            *cell = column[y];
        }
        *means = parts::<ACROSS>(&line, CORNER);
    }
}

/// The means of the parts of a line of which the first ones may differ from 0.
#[inline(always)]
fn parts<const PARTS: usize>(line: &[f32; BLOCK], first: usize) -> [f32; PARTS] {
    if PARTS == 1 {
        return [line[0] * DCT[0][0]; PARTS];
    }
    let weights = if PARTS == 4 { [&QUARTERS[0], &QUARTERS[1]] } else { [&HALVES[0]; 2] };
    let mut parts = [0.0; PARTS];
    for (part, weights) in weights.into_iter().enumerate().take(PARTS / 2) {
        let (mut even, mut odd) = (0.0, 0.0);
        for at in (0..first).step_by(2) {
            even += weights[at] * line[at];
            odd += weights[at + 1] * line[at + 1];
        }
        parts[part] = even + odd;
        parts[PARTS - 1 - part] = even - odd;
    }
    parts
}

/// How far the quarters of a block differ from its mean.
#[inline(always)]
fn halves(block: &Block) -> [[f32; 2]; 2] {
    let [weights, _] = &HALVES;
    let (rows, _) = block.coefficients.as_chunks::<BLOCK>();
    // Even coefficients but the mean add nothing.
    let mut down = [0.0; BLOCK];
    for v in [1, 3, 5, 7] {
        for (sum, coefficient) in down.iter_mut().zip(&rows[v]) {
            *sum += weights[v] * f32::from(*coefficient);
        }
    }
    let mut first = [0.0; BLOCK];
    for (first, coefficient) in first.iter_mut().zip(&rows[0]) {
        *first = weights[0] * f32::from(*coefficient);
    }
    let across = |line: &[f32; BLOCK]| {
        (weights[1] * line[1] + weights[3] * line[3])
            + (weights[5] * line[5] + weights[7] * line[7])
    };
    // The left half over the right one, the upper over the lower, and one diagonal over the other.
    let (left, upper, diagonal) = (across(&first), weights[0] * down[0], across(&down));
    [
        [left + upper + diagonal, upper - left - diagonal],
        [left - upper - diagonal, diagonal - left - upper],
    ]
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
        for (part, mean) in means::<4, 2, 8>(&block).as_flattened().iter().enumerate() {
            let (left, top) = (part % 4 * 2, part / 4 * 4);
            let inside = samples[top..top + 4].iter().flat_map(|row| &row[left..left + 2]);
            let expected = inside.sum::<f32>() / 8.0;
            assert!((mean - expected).abs() < 1e-3, "{part}: {mean} {expected}");
        }
        for (part, mean) in means::<2, 2, 8>(&block).as_flattened().iter().enumerate() {
            let (left, top) = (part % 2 * 4, part / 2 * 4);
            let inside = samples[top..top + 4].iter().flat_map(|row| &row[left..left + 4]);
            let expected = inside.sum::<f32>() / 16.0;
            assert!((mean - expected).abs() < 0.02, "{part}: {mean} {expected}");
        }
        assert_eq!(means::<1, 1, 1>(&block), [[-50.0 / 8.0]]);
    }

    #[test]
    fn a_corner_alone_gives_the_means_of_what_it_stands_for() {
        let corner = |at: usize| at % 8 < 2 && at / 8 < 2;
        let coefficients = |at| if corner(at) { 90 - 31 * at as i16 } else { 0 };
        let (block, _) = block(std::array::from_fn(coefficients));
        for (one, other) in [(means::<2, 2, 2>(&block), means::<2, 2, 8>(&block))] {
            for (one, other) in one.as_flattened().iter().zip(other.as_flattened()) {
                assert!((one - other).abs() < 0.02, "{one} {other}");
            }
        }
        let (one, other) = (means::<4, 4, 4>(&block), means::<4, 4, 8>(&block));
        for (one, other) in one.as_flattened().iter().zip(other.as_flattened()) {
            assert!((one - other).abs() < 1e-3, "{one} {other}");
        }
    }

    #[test]
    fn rows_reach_as_far_as_the_zig_zag_has_gone() {
        for (last, rows) in [(0, 1), (1, 1), (2, 2), (3, 3), (5, 3), (9, 4), (20, 6), (35, 8)] {
            assert_eq!(ROWS[last], rows, "{last}");
        }
    }
}
