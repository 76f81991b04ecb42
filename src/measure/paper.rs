//! How light the paper is around each cell, so that a shadow is not ink.

use crate::decode::page::Plane;

/// The light end of each tile of a page without its margin.
#[derive(Clone, Debug)]
pub struct Paper {
    /// Side of a tile in cells.
    tile: usize,
    /// Left, top, right and bottom of what is tiled.
    edges: [usize; 4],
    /// Luma, row-major.
    levels: Vec<u8>,
}

/// Tiles a long side.
const TILES: usize = 24;

/// Margin left out, as a part of each side: scanner lids and sheet edges throw lines there.
const MARGIN: usize = 40;

/// Share of a tile's cells that are no lighter than its paper.
const LIGHT_END: f32 = 0.9;

/// Cells that are looked at together.
const TOGETHER: usize = 32;

impl Paper {
    /// Of a luma plane.
    pub fn of(luma: &Plane) -> Self {
        let tile = luma.width.max(luma.height).div_ceil(TILES).max(1);
        let (left, top) = (luma.width / MARGIN, luma.height / MARGIN);
        let (right, bottom) = (luma.width - left, luma.height - top);
        let mut levels = Vec::new();
        for above in (top..bottom).step_by(tile) {
            for before in (left..right).step_by(tile) {
                let (columns, rows) =
                    (before..right.min(before + tile), above..bottom.min(above + tile));
                let parts = rows.clone().map(|y| &luma.cells[y * luma.width..][columns.clone()]);
                let total = columns.len() * rows.len();
                levels.push(percentile(&histogram(parts), total, LIGHT_END));
            }
        }
        Self { tile, edges: [left, top, right, bottom], levels }
    }

    /// The cells `(x, y)`, row after row, whose luma is below `share` of the paper around them.
    pub fn darker_cells(&self, luma: &Plane, share: f32) -> Vec<(usize, usize)> {
        let mut dark = Vec::new();
        let bound = |paper: u8| (f32::from(paper) * share) as u8;
        self.each_row(luma, bound, |(left, y), row, bounds| {
            let parts = row.chunks(TOGETHER).zip(bounds.chunks(TOGETHER));
            for (part, (row, bounds)) in parts.enumerate() {
                let cells = || row.iter().zip(bounds).map(|(luma, bound)| luma < bound);
                // Most of a page is paper.
                if cells().fold(false, |any, dark| any | dark) {
                    let left = left + part * TOGETHER;
                    let ink = cells().enumerate().filter(|(_, is_dark)| *is_dark);
                    dark.extend(ink.map(|(x, _)| (left + x, y)));
                }
            }
        });
        dark
    }

    /// Share of the cells whose luma is below what `bound` says of the paper around them.
    pub fn darker_share(&self, luma: &Plane, bound: impl Fn(u8) -> u8) -> f32 {
        let (mut darker, mut total) = (0, 0);
        self.each_row(luma, bound, |_, row, bounds| {
            darker += row.iter().zip(bounds).filter(|(luma, bound)| luma < bound).count();
            total += row.len();
        });
        darker as f32 / total.max(1) as f32
    }

    /// Hands over the place of each row's first cell, its luma, and the bounds of its cells.
    fn each_row(
        &self,
        luma: &Plane,
        bound: impl Fn(u8) -> u8,
        mut visit: impl FnMut((usize, usize), &[u8], &[u8]),
    ) {
        let [left, top, right, bottom] = self.edges;
        let across = (right - left).div_ceil(self.tile).max(1);
        let mut bounds = vec![0; right - left];
        for (above, levels) in (top..bottom).step_by(self.tile).zip(self.levels.chunks(across)) {
            for (bounds, level) in bounds.chunks_mut(self.tile).zip(levels) {
                bounds.fill(bound(*level));
            }
            for y in above..bottom.min(above + self.tile) {
                visit((left, y), &luma.cells[y * luma.width..][left..right], &bounds);
            }
        }
    }
}

/// Histograms side by side: one of an even page would wait for itself at every cell.
const BESIDE: usize = 4;

/// How often each level is there.
pub(super) fn histogram<'a>(parts: impl Iterator<Item = &'a [u8]>) -> [u32; 256] {
    let mut histograms = [[0u32; 256]; BESIDE];
    for part in parts {
        let (whole, rest) = part.as_chunks::<BESIDE>();
        for cells in whole {
            for (histogram, cell) in histograms.iter_mut().zip(cells) {
                histogram[usize::from(*cell)] += 1;
            }
        }
        for cell in rest {
            histograms[0][usize::from(*cell)] += 1;
        }
    }
    let [mut sums, others @ ..] = histograms;
    for other in others {
        for (sum, count) in sums.iter_mut().zip(other) {
            *sum += count;
        }
    }
    sums
}

/// The lowest level at or below which more than `share` of `total` cells lie.
pub(super) fn percentile(histogram: &[u32; 256], total: usize, share: f32) -> u8 {
    let wanted = (total as f32 * share) as u32;
    let mut seen = 0;
    for (level, &cells) in histogram.iter().enumerate() {
        seen += cells;
        if seen > wanted {
            return level as u8;
        }
    }
    255
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(cell: impl Fn(usize, usize) -> u8) -> Plane {
        let (width, height) = (410, 305);
        let cells = (0..width * height).map(|at| cell(at % width, at / width)).collect();
        Plane { width, height, cells }
    }

    #[test]
    fn a_histogram_counts_every_cell_of_every_part() {
        let cells: Vec<u8> = (0..1003).map(|at| (at * 7 % 5) as u8).collect();
        let histogram = histogram(cells.chunks(101));
        for level in 0..5u8 {
            let count = cells.iter().filter(|cell| **cell == level).count();
            assert_eq!(histogram[usize::from(level)] as usize, count);
        }
        assert_eq!(histogram.iter().sum::<u32>(), 1003);
    }

    #[test]
    fn cells_are_dark_beside_the_paper_around_them_and_told_row_after_row() {
        let is_ink = |x: usize, y: usize| x % 9 == 4 && y % 5 == 2;
        let page = plane(|x, y| {
            let paper = 240 - x / 4;
            (if is_ink(x, y) { paper * 7 / 10 } else { paper }) as u8
        });
        let found = Paper::of(&page).darker_cells(&page, 0.8);
        let inside = |at: usize, side: usize| (side / MARGIN..side - side / MARGIN).contains(&at);
        let expected: Vec<(usize, usize)> = (0..305)
            .flat_map(|y| (0..410).map(move |x| (x, y)))
            .filter(|&(x, y)| is_ink(x, y) && inside(x, 410) && inside(y, 305))
            .collect();
        assert_eq!(found, expected);
        let share = Paper::of(&page).darker_share(&page, |paper| paper / 5 * 4);
        assert!((share - 1.0 / 45.0).abs() < 0.002, "{share}");
    }
}
