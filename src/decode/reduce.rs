//! One pass over the raster: planes by box means, block energy by an 8×8 DCT.

use super::page::{Energy, Octaves, Plane, Planes};
use super::raster::{Raster, Samples};
use crate::intake::metadata::Orientation;
use crate::intake::{Budget, Expired};

/// Length of a block's side.
const BLOCK: usize = 8;

/// The long side that block energy is measured at, give or take a half: there a fine stroke of an
/// identity card or of an A4 form is one to three pixels wide.
const ENERGY_LONG_SIDE: usize = 2000;

/// Planes at 1/`scale` and, if asked for, block energy; both upright.
pub(super) fn reduce(
    raster: &Raster,
    scale: usize,
    energy_wanted: bool,
    orientation: Orientation,
    budget: &mut dyn Budget,
) -> Result<(Planes, Option<Energy>), Expired> {
    let long_side = raster.width.max(raster.height);
    let reduction = ((long_side + ENERGY_LONG_SIDE / 2) / ENERGY_LONG_SIDE).max(1);
    let stripe_height = BLOCK * reduction;
    let mut cells = CellRows::new(raster.width, raster.height, scale);
    let mut blocks = energy_wanted.then(|| BlockRows::new(raster.width, raster.height, reduction));
    let mut ripple = energy_wanted.then(|| Ripple::new(raster.width, raster.height));
    let mut luma = vec![0; raster.width * stripe_height];
    for top in (0..raster.height).step_by(stripe_height) {
        budget.check()?;
        let rows = stripe_height.min(raster.height - top);
        for row in 0..rows {
            let luma = &mut luma[row * raster.width..][..raster.width];
            cells.add(raster, top + row, luma);
            if let Some(ripple) = &mut ripple {
                ripple.add(top + row, luma);
            }
        }
        if let Some(blocks) = blocks.as_mut().filter(|_| rows == stripe_height) {
            blocks.add(&luma, raster.width);
        }
    }
    let planes = cells.planes.map(|plane| upright(plane, orientation));
    let [y, cb, cr] = planes;
    let energy = blocks.zip(ripple).map(|(blocks, ripple)| blocks.upright(orientation, ripple));
    Ok((Planes { y, cb, cr }, energy))
}

/// Sums full-resolution pixels into cells: sample by sample down the rows of a cell, and only then
/// across.
struct CellRows {
    scale: usize,
    width: usize,
    height: usize,
    planes: [Plane; 3],
    /// One a sample of a row; as many rows as a cell has fit.
    sums: Vec<u16>,
}

impl CellRows {
    fn new(width: usize, height: usize, scale: usize) -> Self {
        let (across, down) = (width.div_ceil(scale), height.div_ceil(scale));
        let plane =
            || Plane { width: across, height: down, cells: Vec::with_capacity(across * down) };
        let planes = [plane(), plane(), plane()];
        Self { scale, width, height, planes, sums: Vec::new() }
    }

    /// Adds row `y` of the raster and leaves its luma in `luma`.
    fn add(&mut self, raster: &Raster, y: usize, luma: &mut [u8]) {
        let (row, channels) = match &raster.samples {
            Samples::Grey(grey) => {
                let row = &grey[y * self.width..][..self.width];
                luma.copy_from_slice(row);
                (row, 1)
            }
            Samples::Rgb(rgb) => {
                let row = &rgb[3 * y * self.width..][..3 * self.width];
                for (luma, pixel) in luma.iter_mut().zip(row.chunks_exact(3)) {
                    *luma = luma_of(pixel);
                }
                (row, 3)
            }
        };
        self.sums.resize(row.len(), 0);
        for (sum, &sample) in self.sums.iter_mut().zip(row) {
            *sum += u16::from(sample);
        }
        if (y + 1).is_multiple_of(self.scale) || y + 1 == self.height {
            self.finish_row(y % self.scale + 1, channels);
        }
    }

    fn finish_row(&mut self, rows: usize, channels: usize) {
        for cell in self.sums.chunks(channels * self.scale) {
            let mut sums = [0u32; 3];
            for pixel in cell.chunks_exact(channels) {
                for (channel, sum) in sums.iter_mut().enumerate() {
                    *sum += u32::from(pixel[channel.min(channels - 1)]);
                }
            }
            let area = (rows * cell.len() / channels) as f32;
            let [red, green, blue] = sums.map(|sum| sum as f32 / area);
            let cells = [
                0.299 * red + 0.587 * green + 0.114 * blue,
                128.0 - 0.168_736 * red - 0.331_264 * green + 0.5 * blue,
                128.0 + 0.5 * red - 0.418_688 * green - 0.081_312 * blue,
            ];
            for (plane, cell) in self.planes.iter_mut().zip(cells) {
                plane.cells.push((cell + 0.5) as u8);
            }
        }
        self.sums.fill(0);
    }
}

/// BT.601 luma in 16-bit fixed point.
fn luma_of(pixel: &[u8]) -> u8 {
    let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    ((19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16) as u8
}

/// Transforms stripes of luma into rows of block energy. Blocks that the edge cuts are left out.
struct BlockRows {
    reduction: usize,
    width: usize,
    height: usize,
    blocks: Vec<Octaves>,
    spectrum: [u64; BLOCK * BLOCK],
    quiet: u32,
}

impl BlockRows {
    fn new(width: usize, height: usize, reduction: usize) -> Self {
        let side = BLOCK * reduction;
        let (width, height) = (width / side, height / side);
        let blocks = Vec::with_capacity(width * height);
        Self { reduction, width, height, blocks, spectrum: [0; BLOCK * BLOCK], quiet: 0 }
    }

    fn add(&mut self, stripe: &[u8], stride: usize) {
        for column in 0..self.width {
            let left = column * BLOCK * self.reduction;
            let mut block = [[0.0; BLOCK]; BLOCK];
            for (v, row) in block.iter_mut().enumerate() {
                for (u, cell) in row.iter_mut().enumerate() {
                    *cell =
                        self.mean(stripe, stride, left + u * self.reduction, v * self.reduction);
                }
            }
            let squares = squares(&block);
            let octaves = octaves(&squares);
            self.blocks.push(octaves);
            if octaves.low < QUIET {
                self.quiet += 1;
                for (sum, square) in self.spectrum.iter_mut().zip(squares.as_flattened()) {
                    *sum += u64::from(logarithm(*square));
                }
            }
        }
    }

    fn mean(&self, stripe: &[u8], stride: usize, left: usize, top: usize) -> f32 {
        if self.reduction == 1 {
            return f32::from(stripe[top * stride + left]);
        }
        let rows =
            (top..top + self.reduction).map(|y| &stripe[y * stride + left..][..self.reduction]);
        let sum: u32 = rows.flatten().map(|&luma| u32::from(luma)).sum();
        sum as f32 / (self.reduction * self.reduction) as f32
    }

    fn upright(self, orientation: Orientation, ripple: Ripple) -> Energy {
        let (width, height, blocks) = turned(&self.blocks, self.width, self.height, orientation);
        let [columns, rows] = ripple.means();
        // A mirrored profile has the same ripples.
        let ripple = if orientation.swaps_sides() { [rows, columns] } else { [columns, rows] };
        let count = f64::from(self.quiet.max(1));
        let spectrum = self.spectrum.map(|sum| (sum as f64 / count / f64::from(ONE_OCTAVE)) as f32);
        Energy { width, height, reduction: self.reduction, blocks, ripple, spectrum }
    }
}

/// Second differences of neighbouring pixels, summed by column and by row.
struct Ripple {
    columns: Vec<u32>,
    rows: Vec<u32>,
    before: [Vec<u8>; 2],
}

/// Strong edges say nothing of interpolation and would drown what does.
const STRONGEST_RIPPLE: i16 = 20;

impl Ripple {
    fn new(width: usize, height: usize) -> Self {
        let rows = Vec::with_capacity(height);
        Self { columns: vec![0; width], rows, before: [vec![0; width], vec![0; width]] }
    }

    fn add(&mut self, y: usize, luma: &[u8]) {
        let second = |a: u8, b: u8, c: u8| {
            let difference = 2 * i16::from(b) - i16::from(a) - i16::from(c);
            u32::from(difference.abs().min(STRONGEST_RIPPLE).unsigned_abs())
        };
        for (sum, near) in self.columns.iter_mut().skip(1).zip(luma.windows(3)) {
            *sum += second(near[0], near[1], near[2]);
        }
        let [upper, middle] = &self.before;
        if y >= 2 {
            let down = upper.iter().zip(middle).zip(luma);
            self.rows.push(down.map(|((&a, &b), &c)| second(a, b, c)).sum());
        }
        self.before.swap(0, 1);
        self.before[1].copy_from_slice(luma);
    }

    /// Mean by column and by row, without the rim.
    fn means(self) -> [Vec<f32>; 2] {
        let (width, height) = (self.columns.len() as f32, (self.rows.len() + 2) as f32);
        let inner = self.columns.len().saturating_sub(2);
        let columns = self.columns.iter().skip(1).take(inner);
        [
            columns.map(|sum| *sum as f32 / height).collect(),
            self.rows.iter().map(|sum| *sum as f32 / width).collect(),
        ]
    }
}

fn upright(plane: Plane, orientation: Orientation) -> Plane {
    if orientation == Orientation::Upright {
        return plane;
    }
    let (width, height, cells) = turned(&plane.cells, plane.width, plane.height, orientation);
    Plane { width, height, cells }
}

/// `cells` of `width` × `height` turned upright.
fn turned<T: Copy>(
    cells: &[T],
    width: usize,
    height: usize,
    orientation: Orientation,
) -> (usize, usize, Vec<T>) {
    let (across, down) = if orientation.swaps_sides() { (height, width) } else { (width, height) };
    let turned = (0..down)
        .flat_map(|y| (0..across).map(move |x| orientation.stored(x, y, width, height)))
        .map(|(x, y)| cells[y * width + x])
        .collect();
    (across, down, turned)
}

/// Rows of the orthonormal 8-point DCT-II: `sqrt(c/8) cos((2x+1)uπ/16)`, written out so that every
/// machine has the same.
#[expect(clippy::excessive_precision, reason = "the constants are easier to check in full")]
const DCT: [[f32; BLOCK]; BLOCK] = {
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

/// The binary logarithm of one more than `square` in parts of an octave, straight between powers of two
/// as the number's own bits have it.
fn logarithm(square: f32) -> u32 {
    (1.0 + square).to_bits() - 1.0f32.to_bits()
}

/// A block with more energy in its coarsest octave holds print, or the rim of something.
const QUIET: f32 = 300.0;

/// What `logarithm` says of two.
const ONE_OCTAVE: u32 = 1 << 23;

/// The squared coefficients of a block, but for the mean, which stays as it is.
fn squares(block: &[[f32; BLOCK]; BLOCK]) -> [[f32; BLOCK]; BLOCK] {
    // Rows first: each row of `block` times the transposed basis, by columns so that it vectorises.
    let mut half = [[0.0f32; BLOCK]; BLOCK];
    for (half, row) in half.iter_mut().zip(block) {
        for (u, basis) in DCT.iter().enumerate() {
            half[u] = row.iter().zip(basis).map(|(sample, weight)| sample * weight).sum();
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

fn octaves(squares: &[[f32; BLOCK]; BLOCK]) -> Octaves {
    let mut sums = [0.0f32; BLOCK];
    let mut axis = 0.0;
    for (v, line) in squares.iter().enumerate() {
        for (u, square) in line.iter().enumerate() {
            sums[u.max(v)] += square;
            if u.min(v) == 0 && u.max(v) >= BLOCK / 2 {
                axis += square;
            }
        }
    }
    let high = sums[4] + sums[5] + sums[6] + sums[7];
    // The orthonormal coefficient of the mean is eight times the mean.
    let mean = squares[0][0] / BLOCK as f32;
    Octaves { mean, low: sums[1], mid: sums[2] + sums[3], high, axis }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::Unlimited;

    fn striped(width: usize, height: usize, period: usize) -> Raster {
        let grey = (0..width * height)
            .map(|at| if (at % width / period).is_multiple_of(2) { 0 } else { 200 });
        Raster::new(width, height, Samples::Grey(grey.collect())).unwrap()
    }

    fn energy(raster: &Raster, orientation: Orientation) -> Energy {
        reduce(raster, 1, true, orientation, &mut Unlimited).unwrap().1.unwrap()
    }

    #[test]
    fn fine_stripes_are_high_and_coarse_stripes_low() {
        let fine = energy(&striped(64, 64, 1), Orientation::Upright).blocks[0];
        let coarse = energy(&striped(64, 64, 4), Orientation::Upright).blocks[0];
        assert!(fine.high > 0.9 * (fine.low + fine.mid + fine.high), "{fine:?}");
        assert!(coarse.low > 0.7 * (coarse.low + coarse.mid + coarse.high), "{coarse:?}");
    }

    #[test]
    fn the_dct_keeps_the_energy_of_the_block() {
        let block: [[f32; 8]; 8] =
            std::array::from_fn(|y| std::array::from_fn(|x| ((x * 37 + y * 61) % 256) as f32));
        let mean = block.iter().flatten().sum::<f32>() / 64.0;
        let variance: f32 = block.iter().flatten().map(|cell| (cell - mean) * (cell - mean)).sum();
        let Octaves { low, mid, high, .. } = octaves(&squares(&block));
        assert!(((low + mid + high) / variance - 1.0).abs() < 1e-3);
    }

    #[test]
    fn cells_are_box_means_and_the_last_ones_take_what_is_left() {
        let grey: Vec<u8> = (0..5 * 5).map(|at| if at % 5 == 4 { 100 } else { 10 }).collect();
        let raster = Raster::new(5, 5, Samples::Grey(grey)).unwrap();
        let (planes, _) = reduce(&raster, 4, false, Orientation::Upright, &mut Unlimited).unwrap();
        assert_eq!((planes.y.width, planes.y.height), (2, 2));
        assert_eq!(planes.y.cells, [10, 100, 10, 100]);
        assert!(planes.cb.cells.iter().all(|&cell| cell == 128));
    }

    #[test]
    fn pure_colours_have_the_chroma_of_jfif() {
        let raster = Raster::new(1, 1, Samples::Rgb(vec![255, 0, 0])).unwrap();
        let (planes, _) = reduce(&raster, 1, false, Orientation::Upright, &mut Unlimited).unwrap();
        assert_eq!([planes.y.at(0, 0), planes.cb.at(0, 0), planes.cr.at(0, 0)], [76, 85, 255]);
    }

    #[test]
    fn a_turned_page_has_its_sides_exchanged() {
        let raster = striped(64, 32, 4);
        let energy = energy(&raster, Orientation::Rotate90);
        assert_eq!((energy.width, energy.height), (4, 8));
    }
}
