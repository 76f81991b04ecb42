//! The cloth around a place, and what stands out from it.
//!
//! Folds and the fall of light change the cloth over lengths of several characters, print changes it
//! within one. So the cloth of a place is the mean around it of what is no print, and print is what
//! differs from that towards one colour.

use crate::decode::page::Page;

/// Luma, blue and red difference.
pub(super) type Colour = [f32; 3];

/// The planes as they are looked at: coarser where they are large.
pub(super) struct Grid {
    /// Cells across.
    pub width: usize,
    /// Cells down.
    pub height: usize,
    /// Full-resolution pixels a side of one cell.
    pub cell_px: f32,
    /// Row-major.
    pub colours: Vec<Colour>,
    /// Where the backdrop is seen.
    pub free: Vec<bool>,
}

/// More cells than this are put together; fewer on small pages, whose planes are the pixels
/// themselves and would show the strokes of one character apart.
const MOST_CELLS: usize = 250_000;
const MOST_PIXELS: usize = 100_000;

/// Cells a side of a block by which the cloth is averaged.
const BLOCK: usize = 4;

/// The window of the average reaches this part of the long side to every side: less than a fold, more
/// than a stroke. Where print leaves too little of it, a wider one helps out.
const REACH: usize = 32;
const WIDER: usize = 4;

/// The part of a window that must be cloth.
const ENOUGH: f64 = 0.15;

/// Rounds in which print is left out of the average.
const ROUNDS: usize = 3;

/// The part of the free cells that stands out most and tells how much print does.
const PEAK: f32 = 0.005;

/// What differs by this part of the peak is no cloth.
const NO_CLOTH: f32 = 0.35;

/// What differs from the cloth by this part of the peak is print.
const PRINT: f32 = 0.4;

/// Deviations of the grain above which a difference is none of it, those of folds, and levels below
/// which every camera and every compression has some.
const GRAIN: f32 = 5.0;
const FOLDS: f32 = 2.0;
const LEAST: f32 = 5.0;

impl Grid {
    /// `None` where there are no cells.
    pub(super) fn of(page: &Page, free: &[bool]) -> Option<Self> {
        let planes = &page.planes;
        let most = if page.scale == 1 { MOST_PIXELS } else { MOST_CELLS };
        let mut fold = 1;
        while planes.y.cells.len() / (fold * fold) > most {
            fold += 1;
        }
        let (width, height) = (planes.y.width / fold, planes.y.height / fold);
        if width == 0 || height == 0 {
            return None;
        }
        let mut grid = Self {
            width,
            height,
            cell_px: (page.scale * fold) as f32,
            colours: Vec::with_capacity(width * height),
            free: Vec::with_capacity(width * height),
        };
        let share = 1.0 / (fold * fold) as f32;
        for y in 0..height {
            for x in 0..width {
                let (mut sum, mut seen) = ([0u32; 3], true);
                for row in fold * y..fold * (y + 1) {
                    for at in row * planes.y.width + fold * x..row * planes.y.width + fold * (x + 1)
                    {
                        for (sum, plane) in sum.iter_mut().zip([&planes.y, &planes.cb, &planes.cr])
                        {
                            *sum += u32::from(plane.cells[at]);
                        }
                        seen &= free.get(at).copied().unwrap_or(false);
                    }
                }
                grid.colours.push(sum.map(|sum| sum as f32 * share));
                grid.free.push(seen);
            }
        }
        Some(grid)
    }

    /// Cells in which the backdrop is seen.
    pub(super) fn free_cells(&self) -> usize {
        self.free.iter().filter(|free| **free).count()
    }
}

/// The cloth behind every cell, and how every free cell differs from it.
pub(super) struct Relief {
    /// Row-major.
    pub cloth: Vec<Colour>,
    /// Row-major; nothing where the backdrop is not seen.
    pub differences: Vec<Colour>,
    peak: f32,
}

impl Relief {
    /// Averages the cloth in rounds, each without what the last one found to stand out.
    pub(super) fn of(grid: &Grid) -> Self {
        let mut kept = grid.free.clone();
        let mut relief = Self {
            cloth: vec![[0.0; 3]; grid.colours.len()],
            differences: vec![[0.0; 3]; grid.colours.len()],
            peak: 0.0,
        };
        relief.average(grid, &kept);
        for _ in 1..ROUNDS {
            let most = NO_CLOTH * relief.peak.max(LEAST);
            for (kept, (free, difference)) in
                kept.iter_mut().zip(grid.free.iter().zip(&relief.differences))
            {
                *kept = *free && length(difference) <= most;
            }
            relief.average(grid, &kept);
        }
        relief
    }

    /// The cloth as the mean of what is kept, and what follows from it.
    fn average(&mut self, grid: &Grid, kept: &[bool]) {
        smooth(grid, kept, &mut self.cloth);
        let cells = grid.colours.iter().zip(&self.cloth).zip(&grid.free);
        for (difference, ((colour, cloth), free)) in self.differences.iter_mut().zip(cells) {
            *difference = match free {
                true => std::array::from_fn(|at| colour[at] - cloth[at]),
                false => [0.0; 3],
            };
        }
        self.peak = peak(grid, self.differences.iter().map(length));
    }

    /// The two directions in which colours differ most from the cloth, one the other's opposite, as
    /// unit vectors: light print lies along one of them, dark print along the other.
    pub(super) fn directions(&self) -> [Colour; 2] {
        let mut spread = [[0.0f64; 3]; 3];
        for difference in self.differences.iter().filter(|one| length(one) > PRINT * self.peak) {
            for (row, one) in spread.iter_mut().zip(difference) {
                for (sum, other) in row.iter_mut().zip(difference) {
                    *sum += f64::from(*one) * f64::from(*other);
                }
            }
        }
        let mut axis = [1.0, -0.5, 0.25];
        for _ in 0..16 {
            let turned = spread.map(|row| row.iter().zip(axis).map(|(a, b)| a * b).sum::<f64>());
            let norm = turned.iter().map(|part| part * part).sum::<f64>().sqrt();
            if norm > 0.0 {
                axis = turned.map(|part| part / norm);
            }
        }
        let axis = axis.map(|part| part as f32);
        [axis, axis.map(|part| -part)].map(|axis| self.print_colour(axis))
    }

    /// The mean direction of what lies along `axis`.
    fn print_colour(&self, axis: Colour) -> Colour {
        let mut sum = [0.0; 3];
        for difference in &self.differences {
            if along(difference, axis) > PRINT * self.peak {
                sum = std::array::from_fn(|at| sum[at] + difference[at]);
            }
        }
        let norm = length(&sum);
        if norm > 0.0 { sum.map(|part| part / norm) } else { axis }
    }

    /// Where there is print of the colour that lies along `axis`.
    pub(super) fn print(&self, grid: &Grid, axis: Colour) -> Vec<bool> {
        let levels: Vec<f32> = self.differences.iter().map(|one| along(one, axis)).collect();
        let (mut grain, mut folds) = ([0u32; LEVELS], [0u32; LEVELS]);
        for (at, level_here) in levels.iter().enumerate().skip(grid.width) {
            if grid.free[at] && grid.free[at - grid.width] {
                folds[level(level_here.abs())] += 1;
                // Folds hang down, so they hardly differ from one row to the next.
                grain[level((level_here - levels[at - grid.width]).abs())] += 1;
            }
        }
        // The median distance from the mean is two thirds of a deviation.
        let (grain, folds) = (quantile_of(&grain, 0.5) * 1.05, quantile_of(&folds, 0.5) * 1.5);
        let peak = peak(grid, levels.iter().map(|level| level.max(0.0)));
        let least = (PRINT * peak).max(GRAIN * grain).max(FOLDS * folds).max(LEAST);
        levels.iter().zip(&grid.free).map(|(level, free)| *free && *level > least).collect()
    }
}

/// How far a difference goes along a unit vector.
pub(super) fn along(difference: &Colour, axis: Colour) -> f32 {
    difference[0] * axis[0] + difference[1] * axis[1] + difference[2] * axis[2]
}

fn length(difference: &Colour) -> f32 {
    along(difference, *difference).sqrt()
}

/// Counts by level and half level.
const LEVELS: usize = 1024;

fn level(value: f32) -> usize {
    ((2.0 * value) as usize).min(LEVELS - 1)
}

fn quantile_of(counts: &[u32; LEVELS], share: f32) -> f32 {
    let total: u32 = counts.iter().sum();
    let mut left = (share * total as f32) as u32;
    for (level, count) in counts.iter().enumerate() {
        if *count > left {
            return (level as f32 + 0.5) / 2.0;
        }
        left -= count;
    }
    0.0
}

/// How much the cells that stand out most do.
fn peak(grid: &Grid, differences: impl Iterator<Item = f32>) -> f32 {
    let mut counts = [0u32; LEVELS];
    for (difference, _) in differences.zip(&grid.free).filter(|(_, free)| **free) {
        counts[level(difference)] += 1;
    }
    quantile_of(&counts, 1.0 - PEAK)
}

/// The mean around every cell of the cells that are kept.
fn smooth(grid: &Grid, kept: &[bool], cells: &mut [Colour]) {
    let (across, down) = (grid.width.div_ceil(BLOCK), grid.height.div_ceil(BLOCK));
    // Sums over the blocks above and to the left, with a row and a column of nothing before them.
    let mut sums = vec![[0.0f64; 4]; (across + 1) * (down + 1)];
    for (row, (colours, kept)) in
        grid.colours.chunks_exact(grid.width).zip(kept.chunks_exact(grid.width)).enumerate()
    {
        let below = &mut sums[(row / BLOCK + 1) * (across + 1)..];
        let blocks = colours.chunks(BLOCK).zip(kept.chunks(BLOCK));
        for (sum, (colours, kept)) in below[1..].iter_mut().zip(blocks) {
            for (colour, _) in colours.iter().zip(kept).filter(|(_, kept)| **kept) {
                *sum = [
                    sum[0] + f64::from(colour[0]),
                    sum[1] + f64::from(colour[1]),
                    sum[2] + f64::from(colour[2]),
                    sum[3] + 1.0,
                ];
            }
        }
    }
    for y in 1..=down {
        for x in 1..=across {
            let at = y * (across + 1) + x;
            let (above, left, both) = (at - across - 1, at - 1, at - across - 2);
            let (above, left, both) = (sums[above], sums[left], sums[both]);
            let here = sums[at];
            sums[at] =
                std::array::from_fn(|part| here[part] + above[part] + left[part] - both[part]);
        }
    }
    let whole = sums.last().copied().unwrap_or_default();
    let reach = (grid.width.max(grid.height) / (REACH * BLOCK)).max(2);
    let window = |x: usize, y: usize, reach: usize| {
        let (top, bottom) = (y.saturating_sub(reach), (y + reach + 1).min(down));
        let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(across));
        let corner = |y: usize, x: usize| sums[y * (across + 1) + x];
        let sum: [f64; 4] = std::array::from_fn(|part| {
            corner(bottom, right)[part] - corner(top, right)[part] - corner(bottom, left)[part]
                + corner(top, left)[part]
        });
        mean(sum, ENOUGH * ((bottom - top) * (right - left) * BLOCK * BLOCK) as f64)
    };
    let mut means = Vec::with_capacity(across * down);
    for y in 0..down {
        for x in 0..across {
            let found = window(x, y, reach).or_else(|| window(x, y, WIDER * reach));
            means.push(found.or_else(|| mean(whole, 0.0)).unwrap_or([0.0; 3]));
        }
    }
    spread(grid, &means, (across, down), cells);
}

fn mean(sum: [f64; 4], least: f64) -> Option<Colour> {
    (sum[3] > least).then(|| std::array::from_fn(|part| (sum[part] / sum[3]) as f32))
}

/// From the middles of the blocks to every cell, straight between them.
fn spread(grid: &Grid, means: &[Colour], (across, down): (usize, usize), cells: &mut [Colour]) {
    let between = |at: usize, count: usize| {
        let place = ((at as f32 + 0.5) / BLOCK as f32 - 0.5).clamp(0.0, (count - 1) as f32);
        let first = place as usize;
        (first, (first + 1).min(count - 1), place - first as f32)
    };
    let mix = |a: &Colour, b: &Colour, share: f32| -> Colour {
        std::array::from_fn(|part| a[part] + share * (b[part] - a[part]))
    };
    let columns: Vec<(usize, usize, f32)> = (0..grid.width).map(|x| between(x, across)).collect();
    for (y, cells) in cells.chunks_exact_mut(grid.width).enumerate() {
        let (above, below, share) = between(y, down);
        let row: Vec<Colour> = (0..across)
            .map(|x| mix(&means[above * across + x], &means[below * across + x], share))
            .collect();
        for (cell, (left, right, share)) in cells.iter_mut().zip(&columns) {
            *cell = mix(&row[*left], &row[*right], *share);
        }
    }
}
