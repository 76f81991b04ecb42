//! How light the paper is, how dark the ink, and how much of either there is.

use crate::decode::page::{Energy, Octaves, Plane};
use crate::measure::paper::{Paper, histogram, percentile};

/// Light and dark on one page, as 8-bit luma and shares of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tone {
    /// 95th percentile: what the paper, or the lightest thing in the picture, looks like.
    pub paper: u8,
    /// Distance between the 0.5th and the 99.5th percentile.
    pub range: u8,
    /// Share of cells at the top of the scale, where nothing can be told apart.
    pub clipped_share: f32,
    /// Share of cells inside the margin that are clearly darker than the paper around them.
    pub ink_share: f32,
    /// How dark the print is: the level of its strokes, which cells only show mixed with paper.
    /// `None` without print, or where energy was not wanted.
    pub ink: Option<u8>,
}

/// Luma at and above which a cell has lost its texture.
const CLIPPED: usize = 252;

/// Ink is darker than its paper by this part of it; grain and vignetting are not.
const INK_CONTRAST: u8 = 10;

/// Least variance of luma in a block with an edge of print: twice what grain has. On a page with
/// strong print, blocks below this part of its strongest ones hold none.
const EDGE_VARIANCE: f32 = 40.0;
const EDGE_PART: f32 = 0.2;

/// Blocks with edges below which there is no print to speak of.
const FEWEST_EDGES: usize = 24;

/// Measures a luma plane with its paper, and the print's level from block energy.
pub fn measure(luma: &Plane, paper: &Paper, energy: Option<&Energy>) -> Tone {
    let histogram = histogram(std::iter::once(&luma.cells[..]));
    let total = luma.cells.len();
    let ink_share = paper.darker_share(luma, |paper| paper - paper / INK_CONTRAST);
    let [low, paper, high] = [0.005, 0.95, 0.995].map(|share| percentile(&histogram, total, share));
    let clipped: u32 = histogram[CLIPPED..].iter().sum();
    let ink = energy.and_then(|energy| ink_level(energy, paper));
    Tone { paper, range: high - low, clipped_share: clipped as f32 / total as f32, ink_share, ink }
}

/// A block of paper `P` with a share `f` of strokes at level `I` has the mean `m = P - f(P-I)` and the
/// variance `v = f(1-f)(P-I)²`, so `I = m - v/(P-m)`. The darker tenth of the blocks counts.
fn ink_level(energy: &Energy, paper: u8) -> Option<u8> {
    let paper = f32::from(paper);
    let variance = |block: &Octaves| (block.low + block.mid + block.high) / 64.0;
    let mut variances: Vec<f32> = energy.blocks.iter().map(variance).collect();
    if variances.is_empty() {
        return None;
    }
    let strong = variances.len() * 49 / 50;
    let strongest = *variances.select_nth_unstable_by(strong, f32::total_cmp).1;
    let edge = EDGE_VARIANCE.max(EDGE_PART * strongest);
    let mut levels: Vec<f32> = energy
        .blocks
        .iter()
        .filter_map(|block| {
            let (variance, below) = (variance(block), paper - block.mean);
            (variance > edge && below > 4.0).then(|| block.mean - variance / below)
        })
        .collect();
    if levels.len() < FEWEST_EDGES.div_ceil(energy.stands_for) {
        return None;
    }
    let darker = levels.len() / 10;
    let (_, level, _) = levels.select_nth_unstable_by(darker, f32::total_cmp);
    Some(level.clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: usize, height: usize, cell: impl Fn(usize, usize) -> u8) -> Plane {
        let cells = (0..width * height).map(|at| cell(at % width, at / width)).collect();
        Plane { width, height, cells }
    }

    fn of(luma: &Plane) -> Tone {
        measure(luma, &Paper::of(luma), None)
    }

    #[test]
    fn a_shadow_across_tinted_paper_is_not_ink() {
        let tone = of(&plane(400, 300, |x, _| (230 - x / 8) as u8));
        assert_eq!(tone.ink_share, 0.0);
        assert_eq!(tone.ink, None);
    }

    #[test]
    fn print_is_ink_by_its_share_of_the_page() {
        let print = |x, y| if x % 10 == 0 && y % 3 == 0 { 30 } else { 240 };
        let tone = of(&plane(400, 300, print));
        assert!((tone.ink_share - 1.0 / 30.0).abs() < 0.005, "{tone:?}");
        assert_eq!(tone.paper, 240);
    }

    #[test]
    fn the_level_of_thin_strokes_is_told_from_mean_and_variance() {
        for (share, level) in [(0.1f32, 30.0f32), (0.3, 60.0), (0.05, 140.0)] {
            let depth = 250.0 - level;
            let block = Octaves {
                mean: 250.0 - share * depth,
                mid: share * (1.0 - share) * depth * depth * 64.0,
                ..Octaves::default()
            };
            let blocks = vec![block; 100];
            let ripple = [Vec::new(), Vec::new()];
            let energy = Energy {
                width: 10,
                height: 10,
                reduction: 1,
                stands_for: 1,
                blocks,
                ripple,
                spectrum: [0.0; 64],
            };
            let ink = ink_level(&energy, 250).unwrap();
            assert!((f32::from(ink) - level).abs() <= 1.0, "{share} {level}: {ink}");
        }
    }

    #[test]
    fn a_dark_line_along_the_edge_belongs_to_the_scanner() {
        let tone = of(&plane(400, 300, |x, _| if x < 5 { 0 } else { 240 }));
        assert_eq!(tone.ink_share, 0.0);
    }
}
