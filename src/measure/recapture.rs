//! Signs that the picture shows a screen: a grid of pixels that runs through every block.

use crate::decode::page::{Energy, OCTAVE_SIZES};

/// The fine grid of one page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// Energy per coefficient that runs exactly across or down, in the median block.
    pub energy: f32,
    /// The same over that of the slanted ones: near 1 for noise, large for a grid.
    pub ratio: f32,
}

/// Keeps the ratio finite where JPEG has zeroed everything.
const FLOOR: f32 = 0.05;

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
    Some(Grid { energy: across, ratio: across / (slanted + FLOOR) })
}
