//! How sharp the edges are, told from block energy.
//!
//! Blur takes the fine part of an edge away and leaves the coarse one. In the strongest blocks the
//! share of the middle octave in low + middle falls with the blur and hardly moves with contrast,
//! content, JPEG quality (75 to 92) or noise, once the noise of the quietest blocks is taken off.
//! Laplacian variance does move with all of them.

use crate::decode::page::{Energy, OCTAVE_SIZES, Octaves};
use crate::measure::quantile;

/// Sharpness of one page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focus {
    /// Share of the middle octave in the sharper quarter of the strongest blocks, 0..1.
    pub sharpness: f32,
    /// The standard deviation in full-resolution pixels of the Gaussian that blurs as much.
    pub radius_px: f32,
    /// The same per thousand of the document's long side (its outline's, or the page's that fills the
    /// frame): what counts for a reader.
    pub radius_per_mille: f32,
}

/// The share of blocks that carry the print, the strongest ones.
const STRONGEST: f32 = 0.05;

/// Fewer strong blocks than this are specks, not print.
const FEWEST: usize = 16;

/// Energy of low + middle below which a block holds no edge worth judging: 15 coefficients of about 7.
const EDGE: f32 = 800.0;

/// The part of the strongest blocks that is judged by: the sharper quarter, as print has both fine
/// strokes and wide ones.
const JUDGED: f32 = 0.75;

/// The quieter quarter of the blocks tells the noise.
const QUIET: f32 = 0.25;

/// Sharpness against blur radius in grid pixels: medians over cards, forms and portraits blurred by
/// code, at JPEG quality 92 without and 75 with sensor noise of 4 levels.
const CALIBRATION: [(f32, f32); 9] = [
    (0.45, 0.0),
    (0.40, 0.5),
    (0.31, 1.0),
    (0.215, 1.5),
    (0.150, 2.0),
    (0.108, 2.5),
    (0.080, 3.0),
    (0.050, 4.0),
    (0.036, 5.0),
];

/// Measures block energy; `None` where no edge is strong enough to judge by.
pub fn measure(energy: &Energy, long_side_px: f64) -> Option<Focus> {
    let noise = noise(&energy.blocks)?;
    let mut strong: Vec<(f32, f32)> = energy
        .blocks
        .iter()
        .map(|block| {
            let low = (block.low - noise * OCTAVE_SIZES.low).max(0.0);
            let mid = (block.mid - noise * OCTAVE_SIZES.mid).max(0.0);
            (low + mid, mid)
        })
        .filter(|(sum, _)| *sum > EDGE)
        .collect();
    let count =
        ((energy.blocks.len() as f32 * STRONGEST) as usize).max(FEWEST.div_ceil(energy.stands_for));
    if strong.len() < FEWEST.div_ceil(energy.stands_for) {
        return None;
    }
    if strong.len() > count {
        strong.select_nth_unstable_by(count, |a, b| b.0.total_cmp(&a.0));
        strong.truncate(count);
    }
    let mut shares: Vec<f32> = strong.iter().map(|(sum, mid)| mid / sum).collect();
    shares.sort_unstable_by(f32::total_cmp);
    let sharpness = quantile(&shares, JUDGED);
    let radius_px = radius(sharpness) * energy.reduction as f32;
    Some(Focus { sharpness, radius_px, radius_per_mille: radius_px * 1000.0 / long_side_px as f32 })
}

/// Noise energy a coefficient: the median of the finest octave over the quieter quarter of blocks.
fn noise(blocks: &[Octaves]) -> Option<f32> {
    let mut finest: Vec<f32> = blocks.iter().map(|block| block.high).collect();
    if finest.is_empty() {
        return None;
    }
    let middle = (finest.len() as f32 * QUIET / 2.0) as usize;
    let (_, median, _) = finest.select_nth_unstable_by(middle, f32::total_cmp);
    Some(*median / OCTAVE_SIZES.high)
}

/// The blur radius in grid pixels at which print is as sharp as this.
fn radius(sharpness: f32) -> f32 {
    let [(sharpest, _), .., (_, widest)] = CALIBRATION;
    if sharpness >= sharpest {
        return 0.0;
    }
    CALIBRATION.windows(2).find(|pair| sharpness >= pair[1].0).map_or(widest, |pair| {
        let [(upper, from), (lower, to)] = [pair[0], pair[1]];
        from + (to - from) * (upper - sharpness) / (upper - lower)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energy(blocks: Vec<Octaves>) -> Energy {
        Energy {
            width: 40,
            height: 25,
            reduction: 1,
            stands_for: 1,
            blocks,
            ripple: [Vec::new(), Vec::new()],
            spectrum: [0.0; 64],
        }
    }

    #[test]
    fn the_calibration_falls_without_a_gap() {
        assert!(CALIBRATION.is_sorted_by(|a, b| a.0 > b.0 && a.1 < b.1));
        assert_eq!(radius(0.9), 0.0);
        assert_eq!(radius(0.150), 2.0);
        assert!((radius(0.129) - 2.25).abs() < 1e-3);
        assert_eq!(radius(0.0), 5.0);
    }

    #[test]
    fn a_page_without_edges_has_no_sharpness() {
        let blocks = vec![OCTAVE_SIZES; 1000];
        let energy = energy(blocks);
        assert_eq!(measure(&energy, 320.0), None);
    }

    #[test]
    fn contrast_does_not_move_sharpness() {
        let page = |gain: f32| {
            let block = |at: usize| match at % 10 {
                0 => Octaves {
                    mean: 128.0,
                    low: 40_000.0 * gain,
                    mid: 10_000.0 * gain,
                    high: 500.0 * gain,
                    axis: 0.0,
                },
                _ => Octaves::default(),
            };
            energy((0..1000).map(block).collect())
        };
        let [full, half] = [1.0, 0.25].map(|gain| measure(&page(gain), 2000.0).unwrap());
        assert_eq!(full, half);
    }
}
