//! What the document lies on: a smooth surface fitted to the frame's border, and how far each cell
//! is from it.

use rten_simd::{Isa, SimdOp};

use crate::decode::page::Planes;

/// Distance of every cell from the surface that the border shows, in units of its own grain.
#[derive(Clone, Debug)]
pub struct Distance {
    /// Cells across.
    pub width: usize,
    /// Cells down.
    pub height: usize,
    /// Row-major.
    pub cells: Vec<f32>,
    /// Share of the border that lies on the surface: near 1 for a desk, little for a page that fills
    /// the frame with print of its own.
    pub border_share: f32,
}

/// Part of the longer side that counts as border.
const BORDER: f32 = 0.03;

/// Rounds of fitting and dropping what does not belong: a card that leaves the frame covers part of
/// the border.
const ROUNDS: usize = 4;

/// Chroma counts twice: it carries less grain, and shadows do not move it.
const CHROMA_WEIGHT: f32 = 2.0;

/// A cell farther than this from the surface, or than three times the grain, is not border.
const NEAR: f32 = 8.0;

/// Least grain of luma and chroma: one level of rounding and what JPEG adds.
const LEAST_LUMA_GRAIN: f32 = 2.5;
const LEAST_CHROMA_GRAIN: f32 = 1.2;

/// Number of terms of the surface: 1, x, y, x², xy, y².
const TERMS: usize = 6;

/// Fits the border and measures every cell against it.
pub fn distance(planes: &Planes) -> Distance {
    let (width, height) = (planes.y.width, planes.y.height);
    let ring = ring(width, height);
    let samples: Vec<Sample> = ring.iter().map(|&(x, y)| Sample::of(planes, x, y)).collect();
    let mut kept = first_guess(&samples);
    let mut surfaces = [[0.0; TERMS]; 3];
    for _ in 0..ROUNDS {
        surfaces = fit(&kept);
        let mut far: Vec<f32> = kept.iter().map(|sample| sample.far(&surfaces)).collect();
        let bound = (3.0 * median(&mut far)).max(NEAR);
        let near: Vec<Sample> =
            samples.iter().filter(|sample| sample.far(&surfaces) < bound).cloned().collect();
        if near.len() < TERMS * 4 {
            break;
        }
        kept = near;
    }
    let mut luma: Vec<f32> =
        kept.iter().map(|sample| sample.residuals(&surfaces)[0].abs()).collect();
    let mut chroma: Vec<f32> = kept
        .iter()
        .map(|sample| {
            let [_, cb, cr] = sample.residuals(&surfaces);
            (cb * cb + cr * cr).sqrt()
        })
        .collect();
    // The median of absolute residuals is 1/1.48 of a normal standard deviation.
    let luma_grain = (1.48 * median(&mut luma)).max(LEAST_LUMA_GRAIN);
    let chroma_grain = median(&mut chroma).max(LEAST_CHROMA_GRAIN);
    let mut cells = vec![0.0; width * height];
    let columns: Vec<f32> = (0..width).map(|x| centred(x, width)).collect();
    for (y, distances) in cells.chunks_exact_mut(width.max(1)).enumerate() {
        Row {
            planes: [&planes.y, &planes.cb, &planes.cr]
                .map(|plane| &plane.cells[y * width..][..width]),
            columns: &columns,
            y: centred(y, height),
            surfaces: &surfaces,
            grains: [luma_grain, chroma_grain],
            distances,
        }
        .dispatch();
    }
    let border_share = kept.len() as f32 / samples.len().max(1) as f32;
    Distance { width, height, cells, border_share }
}

/// A row of cells whose distances from the surface are measured in lanes.
struct Row<'a> {
    planes: [&'a [u8]; 3],
    columns: &'a [f32],
    y: f32,
    surfaces: &'a [[f32; TERMS]; 3],
    grains: [f32; 2],
    distances: &'a mut [f32],
}

impl SimdOp for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) {
        let ([luma, cb, cr], y, [luma_grain, chroma_grain]) = (self.planes, self.y, self.grains);
        let cells = luma.iter().zip(cb).zip(cr).zip(self.columns);
        for (distance, (((&luma, &cb), &cr), &x)) in self.distances.iter_mut().zip(cells) {
            let terms = [1.0, x, y, x * x, x * y, y * y];
            let mut residuals = [luma, cb, cr].map(f32::from);
            for (residual, weights) in residuals.iter_mut().zip(self.surfaces) {
                let mut surface = 0.0;
                for (term, weight) in terms.iter().zip(weights) {
                    surface += term * weight;
                }
                *residual -= surface;
            }
            let [luma, cb, cr] = residuals;
            let luma = luma / luma_grain;
            let chroma = (cb * cb + cr * cr) / (chroma_grain * chroma_grain);
            *distance = (luma * luma + chroma).sqrt();
        }
    }
}

/// A place along a side of the frame, −1..1.
fn centred(at: usize, length: usize) -> f32 {
    2.0 * at as f32 / length as f32 - 1.0
}

/// One cell: its place as the terms of the surface, and its values.
#[derive(Clone)]
struct Sample {
    terms: [f32; TERMS],
    values: [f32; 3],
}

impl Sample {
    fn of(planes: &Planes, x: usize, y: usize) -> Self {
        let at = y * planes.y.width + x;
        let (x, y) = (centred(x, planes.y.width), centred(y, planes.y.height));
        let values = [&planes.y, &planes.cb, &planes.cr].map(|plane| f32::from(plane.cells[at]));
        Self { terms: [1.0, x, y, x * x, x * y, y * y], values }
    }

    fn residuals(&self, surfaces: &[[f32; TERMS]; 3]) -> [f32; 3] {
        let mut residuals = self.values;
        for (residual, weights) in residuals.iter_mut().zip(surfaces) {
            let mut surface = 0.0;
            for (term, weight) in self.terms.iter().zip(weights) {
                surface += term * weight;
            }
            *residual -= surface;
        }
        residuals
    }

    fn far(&self, surfaces: &[[f32; TERMS]; 3]) -> f32 {
        length(self.residuals(surfaces))
    }
}

fn length([luma, cb, cr]: [f32; 3]) -> f32 {
    let weight = CHROMA_WEIGHT * CHROMA_WEIGHT;
    (luma * luma + weight * (cb * cb + cr * cr)).sqrt()
}

/// The half of the border that lies nearest to its median colour.
fn first_guess(samples: &[Sample]) -> Vec<Sample> {
    let middle = [0, 1, 2].map(|channel| {
        let mut values: Vec<f32> = samples.iter().map(|sample| sample.values[channel]).collect();
        median(&mut values)
    });
    let far =
        |sample: &Sample| length([0, 1, 2].map(|channel| sample.values[channel] - middle[channel]));
    let mut distances: Vec<f32> = samples.iter().map(far).collect();
    let bound = (2.0 * median(&mut distances)).max(1.5 * NEAR);
    samples.iter().filter(|sample| far(sample) <= bound).cloned().collect()
}

/// Every third cell of the border, both ways: six terms and the grain need no more.
fn ring(width: usize, height: usize) -> Vec<(usize, usize)> {
    let depth = ((width.max(height) as f32 * BORDER) as usize).clamp(2, width.min(height).max(2));
    let inside =
        |x: usize, y: usize| x >= depth && y >= depth && x + depth < width && y + depth < height;
    (0..height)
        .step_by(3)
        .flat_map(|y| (0..width).step_by(3).map(move |x| (x, y)))
        .filter(|&(x, y)| !inside(x, y))
        .collect()
}

/// Least squares by the normal equations, solved by elimination with pivoting; the same for all channels
/// but for the last columns.
fn fit(samples: &[Sample]) -> [[f32; TERMS]; 3] {
    let mut rows = [[0.0f64; TERMS + 3]; TERMS];
    for sample in samples {
        for (row, term) in rows.iter_mut().zip(sample.terms) {
            for (cell, other) in row.iter_mut().zip(sample.terms.iter().chain(&sample.values)) {
                *cell += f64::from(term * other);
            }
        }
    }
    for column in 0..TERMS {
        let pivot = (column..TERMS)
            .max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))
            .unwrap_or(column);
        rows.swap(column, pivot);
        if rows[column][column].abs() < 1e-9 {
            continue;
        }
        for other in 0..TERMS {
            if other != column {
                let factor = rows[other][column] / rows[column][column];
                let pivot_row = rows[column];
                for (cell, pivot) in rows[other].iter_mut().zip(pivot_row) {
                    *cell -= factor * pivot;
                }
            }
        }
    }
    std::array::from_fn(|channel| {
        std::array::from_fn(|term| {
            let diagonal = rows[term][term];
            if diagonal.abs() < 1e-9 {
                0.0
            } else {
                (rows[term][TERMS + channel] / diagonal) as f32
            }
        })
    })
}

fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}
