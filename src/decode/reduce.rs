//! One pass over the raster: planes by box means, block energy by an 8×8 DCT.
//!
//! Each stripe of rows is looked at while it is in the cache, in loops over plain integers in a row.
//! They are compiled for every instruction set that `rten-simd` knows, which picks at run time: all do
//! the same sums in the same order, so that every machine has the same numbers.

mod blocks;
mod ripple;
pub(super) mod spectral;

use rten_simd::{Isa, SimdOp};

use super::colour;
use super::page::{Energy, Plane, Planes};
use super::raster::{Raster, Samples};
use crate::intake::metadata::Orientation;
use crate::intake::{Budget, Expired};
pub(super) use blocks::{BLOCK, DCT};

use blocks::BlockRows;
use ripple::Ripple;

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
    let (width, height) = (raster.width, raster.height);
    let reduction = energy_reduction(width, height);
    let stripe_height = BLOCK * reduction;
    let mut cells = CellRows::new(width, height, scale);
    let fine = || (BlockRows::new(width, height, reduction), Ripple::new(width, width));
    let mut fine = energy_wanted.then(fine);
    let mut luma = vec![0; if energy_wanted { width * stripe_height } else { 0 }];
    for top in (0..height).step_by(stripe_height) {
        budget.check()?;
        let rows = top..height.min(top + stripe_height);
        let (cells, fine, luma) = (&mut cells, fine.as_mut(), &mut luma[..]);
        Stripe { raster, rows, cells, fine, luma }.dispatch();
    }
    let [y, cb, cr] = cells.planes.map(|plane| upright(plane, orientation));
    let energy = fine.map(|(blocks, ripple)| blocks.upright(orientation, ripple.means(), 1));
    Ok((Planes { y, cb, cr }, energy))
}

/// Full-resolution pixels per pixel of the grid that block energy is measured on.
fn energy_reduction(width: usize, height: usize) -> usize {
    ((width.max(height) + ENERGY_LONG_SIDE / 2) / ENERGY_LONG_SIDE).max(1)
}

/// Some rows of the raster, and what they are added to.
struct Stripe<'a> {
    raster: &'a Raster,
    rows: std::ops::Range<usize>,
    cells: &'a mut CellRows,
    fine: Option<&'a mut (BlockRows, Ripple)>,
    luma: &'a mut [u8],
}

impl SimdOp for Stripe<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) {
        let width = self.raster.width;
        let Some((blocks, ripple)) = self.fine else {
            for y in self.rows {
                self.cells.add(self.raster, y);
            }
            return;
        };
        for (y, luma) in self.rows.zip(self.luma.chunks_exact_mut(width)) {
            self.cells.add(self.raster, y);
            match &self.raster.samples {
                Samples::Grey(grey) => luma.copy_from_slice(&grey[y * width..][..width]),
                Samples::Rgb(rgb) => luma_of(&rgb[3 * y * width..][..3 * width], luma),
            }
            ripple.along(luma);
            ripple.down(luma);
        }
        blocks.add(self.luma, width);
    }
}

/// BT.601 luma in 16-bit fixed point.
#[inline(always)]
fn luma_of(rgb: &[u8], luma: &mut [u8]) {
    let (pixels, _) = rgb.as_chunks::<3>();
    for (luma, pixel) in luma.iter_mut().zip(pixels) {
        let [red, green, blue] = pixel.map(u32::from);
        *luma = ((19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16) as u8;
    }
}

/// Sums full-resolution pixels into cells: sample by sample down the rows of a cell, and only then
/// across.
struct CellRows {
    scale: usize,
    width: usize,
    height: usize,
    planes: [Plane; 3],
    /// One a sample of a row; as many rows as a cell has fit, and as many columns.
    sums: Vec<u16>,
    /// Red, green and blue of a row of whole cells.
    totals: Vec<[u16; 3]>,
}

impl CellRows {
    fn new(width: usize, height: usize, scale: usize) -> Self {
        let (across, down) = (width.div_ceil(scale), height.div_ceil(scale));
        let plane =
            || Plane { width: across, height: down, cells: Vec::with_capacity(across * down) };
        let planes = [plane(), plane(), plane()];
        Self { scale, width, height, planes, sums: Vec::new(), totals: Vec::new() }
    }

    /// Adds row `y` of the raster.
    #[inline(always)]
    fn add(&mut self, raster: &Raster, y: usize) {
        let (samples, channels) = match &raster.samples {
            Samples::Grey(grey) => (grey, 1),
            Samples::Rgb(rgb) => (rgb, 3),
        };
        let row = &samples[channels * y * self.width..][..channels * self.width];
        if y.is_multiple_of(self.scale) {
            self.sums.clear();
            self.sums.extend(row.iter().map(|&sample| u16::from(sample)));
        } else {
            for (sum, &sample) in self.sums.iter_mut().zip(row) {
                *sum += u16::from(sample);
            }
        }
        if (y + 1).is_multiple_of(self.scale) || y + 1 == self.height {
            self.finish_row(y % self.scale + 1, channels);
        }
    }

    #[inline(always)]
    fn finish_row(&mut self, rows: usize, channels: usize) {
        let (whole, rest) = self.sums.split_at(channels * (self.width / self.scale) * self.scale);
        self.totals.clear();
        match (channels, self.scale) {
            (3, 8) => {
                self.totals.extend(whole.as_chunks().0.iter().map(|cell: &[u16; 24]| {
                    halved::<6, 3>(&halved::<12, 6>(&halved::<24, 12>(cell)))
                }))
            }
            (3, 4) => {
                let total = |cell: &[u16; 12]| halved::<6, 3>(&halved::<12, 6>(cell));
                self.totals.extend(whole.as_chunks().0.iter().map(total));
            }
            _ => {
                let total = |cell| total(cell, channels);
                self.totals.extend(whole.chunks_exact(channels * self.scale).map(total));
            }
        }
        let last = (!rest.is_empty()).then(|| (total(rest, channels), rest.len() / channels));
        self.push((rows * self.scale) as f32);
        if let Some((total, columns)) = last {
            self.totals.clear();
            self.totals.push(total);
            self.push((rows * columns) as f32);
        }
    }

    /// Luma and chroma of the cells in `totals`, of so many pixels each.
    #[inline(always)]
    fn push(&mut self, area: f32) {
        let [y, cb, cr] = &mut self.planes;
        let start = y.cells.len();
        let [y, cb, cr] = [y, cb, cr].map(|plane| {
            plane.cells.resize(start + self.totals.len(), 0);
            &mut plane.cells[start..]
        });
        for (((y, cb), cr), total) in y.iter_mut().zip(cb).zip(cr).zip(&self.totals) {
            let [red, green, blue] = total.map(|sum| f32::from(sum) / area);
            [*y, *cb, *cr] = colour::rgb_to_ycbcr([red, green, blue]);
        }
    }
}

/// The sums of the first half and of the second.
#[inline(always)]
fn halved<const N: usize, const HALF: usize>(sums: &[u16; N]) -> [u16; HALF] {
    std::array::from_fn(|at| sums[at] + sums[at + HALF])
}

/// Red, green and blue of a cell's columns.
#[inline(always)]
fn total(cell: &[u16], channels: usize) -> [u16; 3] {
    let total = |channel| cell.iter().skip(channel).step_by(channels).sum();
    match channels {
        1 => [total(0); 3],
        _ => [total(0), total(1), total(2)],
    }
}

fn upright(plane: Plane, orientation: Orientation) -> Plane {
    let (width, height, cells) = turned(plane.cells, plane.width, plane.height, orientation);
    Plane { width, height, cells }
}

/// `cells` of `width` × `height` turned upright.
fn turned<T: Copy>(
    cells: Vec<T>,
    width: usize,
    height: usize,
    orientation: Orientation,
) -> (usize, usize, Vec<T>) {
    if orientation == Orientation::Upright {
        return (width, height, cells);
    }
    let (across, down) = if orientation.swaps_sides() { (height, width) } else { (width, height) };
    let turned = (0..down)
        .flat_map(|y| (0..across).map(move |x| orientation.stored(x, y, width, height)))
        .map(|(x, y)| cells[y * width + x])
        .collect();
    (across, down, turned)
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
    fn cells_are_box_means_and_the_last_ones_take_what_is_left() {
        let grey: Vec<u8> = (0..5 * 5).map(|at| if at % 5 == 4 { 100 } else { 10 }).collect();
        let raster = Raster::new(5, 5, Samples::Grey(grey)).unwrap();
        let (planes, _) = reduce(&raster, 4, false, Orientation::Upright, &mut Unlimited).unwrap();
        assert_eq!((planes.y.width, planes.y.height), (2, 2));
        assert_eq!(planes.y.cells, [10, 100, 10, 100]);
        assert!(planes.cb.cells.iter().all(|&cell| cell == 128));
    }

    #[test]
    fn cells_of_every_scale_are_the_means_of_their_pixels_at_the_rims_too() {
        for (scale, width, height) in [(1, 9, 5), (4, 37, 30), (8, 67, 41), (8, 5, 3)] {
            let rgb: Vec<u8> =
                (0..3 * width * height).map(|at| (at * at / 7 % 251) as u8).collect();
            let raster = Raster::new(width, height, Samples::Rgb(rgb)).unwrap();
            let (planes, _) =
                reduce(&raster, scale, true, Orientation::Upright, &mut Unlimited).unwrap();
            for (at, luma) in planes.y.cells.iter().enumerate() {
                let (left, top) = (at % planes.y.width * scale, at / planes.y.width * scale);
                let rows = top..height.min(top + scale);
                let pixels: Vec<[u8; 3]> = rows
                    .flat_map(|y| (left..width.min(left + scale)).map(move |x| (x, y)))
                    .map(|(x, y)| raster.rgb(x, y))
                    .collect();
                let mean = |channel: usize| {
                    let sum: f32 = pixels.iter().map(|pixel| f32::from(pixel[channel])).sum();
                    sum / pixels.len() as f32
                };
                let expected = 0.299 * mean(0) + 0.587 * mean(1) + 0.114 * mean(2);
                assert!((f32::from(*luma) - expected).abs() < 0.51, "{scale} {left} {top}");
            }
        }
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
