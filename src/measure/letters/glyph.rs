//! One character from full-resolution pixels: how far it stands out, how soft it is, and its picture.

use super::characters::Part;
use super::cloth::{Colour, Grid, along};
use super::mirror::SIDE;
use crate::decode::page::{Rect, Tile};

/// A character of print on cloth: how far every pixel lies along the colour of the print.
pub(super) struct Glyph {
    width: usize,
    height: usize,
    levels: Vec<f32>,
    /// Full-resolution pixels a side of one level.
    step: usize,
    /// How far the print stands out from the cloth.
    pub strength: f32,
    /// The box of the print in levels: left, top, right and bottom, the last two excluded.
    bounds: [usize; 4],
}

/// Cells around a character that are looked at too.
const MARGIN: f32 = 0.75;

/// Pixels of height to which larger characters are reduced.
const ENOUGH: usize = 24;

/// Cloth and print are the levels above which these parts of the box lie.
const CLOTH: f32 = 0.10;
const INK: f32 = 0.97;

/// What stands out by this part of the strength is print.
const PRINT: f32 = 0.42;

/// The steepest slope is the one that this part of the print's slopes does not reach.
const STEEP: f32 = 0.97;

/// The slope at the middle of a blurred edge is its height by this and the deviation of the blur.
const SLOPE: f32 = 2.506_628;

/// What calming the grain adds to the square of the blur's deviation, and what is left of it when
/// there is no blur.
const CALMED: f32 = 0.5;
const LEAST_BLUR: f32 = 0.16;

/// What is looked at of a character.
pub(super) fn rect(grid: &Grid, part: &Part) -> Rect {
    let place = |cells: f32| (cells.max(0.0) * grid.cell_px) as usize;
    let (x, y) = (place(part.left as f32 - MARGIN), place(part.top as f32 - MARGIN));
    let (right, bottom) = (place(part.right as f32 + MARGIN), place(part.bottom as f32 + MARGIN));
    Rect { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y) }
}

impl Glyph {
    /// Looks at a character again, closely, in the pixels of its [`rect`]. `None` where nothing stands out
    /// there.
    pub(super) fn of(
        tile: &Tile,
        grid: &Grid,
        part: &Part,
        cloth: Colour,
        axis: Colour,
    ) -> Option<Self> {
        let size = (part.width().max(part.height()) * grid.cell_px) as usize;
        let step = (size / ENOUGH).max(1);
        let (width, height) = (tile.rect.width / step, tile.rect.height / step);
        if width < 3 || height < 3 {
            return None;
        }
        // The distance along the axis is a weighted sum of red, green and blue (full-range BT.601).
        let weights = [
            0.299 * axis[0] - 0.168_736 * axis[1] + 0.5 * axis[2],
            0.587 * axis[0] - 0.331_264 * axis[1] - 0.418_688 * axis[2],
            0.114 * axis[0] + 0.5 * axis[1] - 0.081_312 * axis[2],
        ];
        let base = along(&[cloth[0], cloth[1] - 128.0, cloth[2] - 128.0], axis);
        let share = 1.0 / (step * step) as f32;
        let mut levels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let mut sum = 0.0;
                for row in y * step..(y + 1) * step {
                    let start = 3 * (row * tile.rect.width + x * step);
                    for rgb in tile.rgb[start..start + 3 * step].chunks_exact(3) {
                        sum += weights[0] * f32::from(rgb[0])
                            + weights[1] * f32::from(rgb[1])
                            + weights[2] * f32::from(rgb[2]);
                    }
                }
                levels.push(sum * share - base);
            }
        }
        Self::cut_out(width, height, levels, step)
    }

    fn cut_out(width: usize, height: usize, levels: Vec<f32>, step: usize) -> Option<Self> {
        let mut sorted = levels.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let cloth = crate::measure::quantile(&sorted, CLOTH);
        let strength = crate::measure::quantile(&sorted, INK) - cloth;
        let least = cloth + PRINT * strength;
        let (mut bounds, mut ink) = ([width, height, 0, 0], 0);
        for (at, _) in levels.iter().enumerate().filter(|(_, level)| **level > least) {
            let (x, y) = (at % width, at / width);
            bounds =
                [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x + 1), bounds[3].max(y + 1)];
            ink += 1;
        }
        (ink > 0 && strength > 1.0).then_some(Self {
            width,
            height,
            levels,
            step,
            strength,
            bounds,
        })
    }

    /// Full-resolution pixels from the top of the print to its foot.
    pub(super) fn height_px(&self) -> f32 {
        ((self.bounds[3] - self.bounds[1]) * self.step) as f32
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        self.levels[y * self.width + x]
    }

    /// The deviation of the blur that makes edges as soft as these, as a share of the larger side.
    pub(super) fn softness(&self) -> f32 {
        let [left, top, right, bottom] = self.bounds;
        let calm: Vec<f32> =
            (0..self.levels.len()).map(|at| self.calm(at % self.width, at / self.width)).collect();
        let mut slopes = Vec::with_capacity((right - left) * (bottom - top));
        for y in top.max(1)..(bottom + 1).min(self.height) {
            for x in left.max(1)..(right + 1).min(self.width) {
                let at = y * self.width + x;
                let (across, down) = (calm[at] - calm[at - 1], calm[at] - calm[at - self.width]);
                slopes.push((across * across + down * down).sqrt());
            }
        }
        slopes.sort_unstable_by(f32::total_cmp);
        let steepest = crate::measure::quantile(&slopes, STEEP).max(1e-3 * self.strength);
        let blur = self.strength / (SLOPE * steepest);
        let side = (right - left).max(bottom - top) as f32;
        (blur * blur - CALMED).max(LEAST_BLUR).sqrt() / side
    }

    /// The mean around a level, the middle counting twice: grain has slopes too.
    fn calm(&self, x: usize, y: usize) -> f32 {
        let (left, right) = (x.saturating_sub(1), (x + 1).min(self.width - 1));
        let (above, below) = (y.saturating_sub(1), (y + 1).min(self.height - 1));
        let row = |y: usize| self.at(left, y) + 2.0 * self.at(x, y) + self.at(right, y);
        (row(above) + 2.0 * row(y) + row(below)) / 16.0
    }

    /// The print on a square, its larger side filling it: 0 cloth, 1 print.
    pub(super) fn square(&self) -> [f32; SIDE * SIDE] {
        let [left, top, right, bottom] = self.bounds.map(|edge| edge as f32);
        let pitch = (right - left).max(bottom - top) / SIDE as f32;
        let place = |at: usize| (at as f32 + 0.5 - SIDE as f32 / 2.0) * pitch;
        let (middle_x, middle_y) = ((left + right) / 2.0 - 0.5, (top + bottom) / 2.0 - 0.5);
        // Three samples each way where a cell of the square is wider than a level.
        let spread: &[f32] = if pitch > 1.25 { &[-0.42, 0.0, 0.42] } else { &[0.0] };
        let share = 1.0 / (spread.len() * spread.len()) as f32;
        let mut square = [0.0; SIDE * SIDE];
        for (at, cell) in square.iter_mut().enumerate() {
            let (x, y) = (middle_x + place(at % SIDE), middle_y + place(at / SIDE));
            for down in spread {
                for across in spread {
                    *cell += share * self.between(x + across * pitch, y + down * pitch);
                }
            }
        }
        let mut sorted = square;
        sorted.sort_unstable_by(f32::total_cmp);
        let low = crate::measure::quantile(&sorted, CLOTH);
        let high = crate::measure::quantile(&sorted, INK);
        let range = (high - low).max(1e-3);
        square.map(|level| ((level - low) / range).clamp(0.0, 1.0))
    }

    /// The level at a place between pixels, the edge's outside.
    fn between(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (across, down) = (x - left as f32, y - top as f32);
        let above = self.at(left, top) + across * (self.at(right, top) - self.at(left, top));
        let below =
            self.at(left, bottom) + across * (self.at(right, bottom) - self.at(left, bottom));
        above + down * (below - above)
    }
}
