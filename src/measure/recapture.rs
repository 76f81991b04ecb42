//! Signs that the picture shows a screen: a grid of pixels that runs through every block.

use crate::decode::page::{Energy, OCTAVE_SIZES};

/// The fine grid of one page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Energy per coefficient that runs exactly across or down, in the median block.
    pub energy: f32,
    /// The same over that of the slanted ones: near 1 for noise, large for a grid.
    pub ratio: f32,
    /// By how many octaves the mean energy of a fine pattern exceeds that of the coarser ones beside it,
    /// and so does its mirror image's, as both directions of a grid do however it is turned: 0 for paper,
    /// print and noise, which only fall.
    pub rise: f32,
}

/// Keeps the ratio finite where JPEG has zeroed everything.
const FLOOR: f32 = 0.05;

/// Coefficients a side of a block, and the first of the finest octave.
const SIDE: usize = 8;
const FINE: usize = 4;

/// How much coarser the patterns are that a fine one is compared with: a grid between two coefficients
/// shows in both.
const COARSER: usize = 2;

/// Measures block energy: print is in some blocks, grain is in all directions, a screen's pixels are
/// in every block and run across and down.
pub fn measure(energy: &Energy) -> Option<Grid> {
    let mut axis: Vec<f32> = energy.blocks.iter().map(|block| block.axis).collect();
    let mut slanted: Vec<f32> = energy.blocks.iter().map(|block| block.high - block.axis).collect();
    if axis.is_empty() {
        return None;
    }
    let middle = axis.len() / 2;
    let across = *axis.select_nth_unstable_by(middle, f32::total_cmp).1 / OCTAVE_SIZES.axis;
    let slanted = *slanted.select_nth_unstable_by(middle, f32::total_cmp).1
        / (OCTAVE_SIZES.high - OCTAVE_SIZES.axis);
    let rise = rise(&energy.spectrum);
    Some(Grid { energy: across, ratio: across / (slanted + FLOOR), rise })
}

fn rise(spectrum: &[f32; SIDE * SIDE]) -> f32 {
    let above_coarser = |v: usize, u: usize| {
        let coarser = [(Some(v), u.checked_sub(COARSER)), (v.checked_sub(COARSER), Some(u))];
        let coarser = coarser.into_iter().chain([(v.checked_sub(COARSER), u.checked_sub(COARSER))]);
        let strongest = coarser
            .filter_map(|(v, u)| Some(v? * SIDE + u?))
            // The mean of the block is no pattern.
            .filter(|&at| at > 0)
            .map(|at| spectrum[at])
            .fold(0.0, f32::max);
        spectrum[v * SIDE + u] - strongest
    };
    let fine = (0..SIDE * SIDE).map(|at| (at / SIDE, at % SIDE)).filter(|(v, u)| v.max(u) >= &FINE);
    fine.map(|(v, u)| above_coarser(v, u).min(above_coarser(u, v))).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As of print and noise: the finer, the less.
    fn falling() -> [f32; 64] {
        std::array::from_fn(|at| 14.0 - (at / 8 + at % 8) as f32)
    }

    #[test]
    fn a_grid_rises_above_what_is_coarser_in_both_directions() {
        assert_eq!(rise(&falling()), 0.0);
        let mut grid = falling();
        (grid[2 * 8 + 5], grid[5 * 8 + 2]) = (15.0, 14.0);
        assert!((rise(&grid) - 3.0).abs() < 1e-3, "{}", rise(&grid));
        let mut stripes = falling();
        stripes[2 * 8 + 5] = 15.0;
        assert_eq!(rise(&stripes), 0.0, "stripes run one way only");
    }
}
