//! Stamps: patches of one strong hue, as red, blue or purple ink leaves them on any paper. What colour
//! they have is not the document's own.

use image::GrayImage;

use crate::measure::colour::Apart;
use crate::measure::shapes::{Connectivity, close, parts};

/// Left, top, right, bottom in cells, the last two outside.
pub(super) type Area = [u32; 4];

/// Chroma from which a cell may be a stamp's, and what a stamp's cells have in the mean.
const INKED: f32 = 10.0;
const STRONG: f32 = 18.0;

/// Hues of stamps, as the angle of red over blue difference: blue to purple to red. Skin and gold lie
/// beyond.
const HUES: std::ops::RangeInclusive<f32> = -50.0..=128.0;

/// Ink of one pad: this share of its cells within this many degrees of their mean.
const ONE_HUE: f32 = 0.85;
const HUE_REACH: f32 = 32.0;

/// Gaps up to twice this many cells lie inside a stamp.
const REACH: u8 = 2;

/// Sides of a stamp as shares of the document's long side, and how oblong it may be.
const LEAST_SIDE: f64 = 0.05;
const MOST_SIDE: f64 = 0.45;
const MOST_OBLONG: f64 = 2.6;

/// A stamp is ring, characters and star: fuller patches are print, emblems and pictures.
const MOST_FULL: f64 = 0.68;

/// Around a stamp JPEG smears its colour.
const SMEARED: u32 = 3;

/// The ends of `HUES` as unit vectors: the cosine and the sine.
const ENDS: [(f32, f32); 2] = [(0.642_788, -0.766_044), (-0.615_661, 0.788_011)];

/// Closer to a bound than this share of the length, the exact but slow function decides.
const CLOSE: f32 = 1e-3;

/// Whether the chroma is larger than `bound`.
pub(super) fn exceeds((blue, red): (f32, f32), bound: f32) -> bool {
    let (square, bound_square) = (blue * blue + red * red, bound * bound);
    match (square - bound_square).abs() > CLOSE * bound_square {
        true => square > bound_square,
        false => blue.hypot(red) > bound,
    }
}

/// Whether the hue is one of `HUES`.
fn is_of_a_stamp((blue, red): (f32, f32)) -> bool {
    let [(cosine, sine), (last_cosine, last_sine)] = ENDS;
    let (past, before) = (cosine * red - sine * blue, last_sine * blue - last_cosine * red);
    match past.abs().min(before.abs()) > CLOSE * (blue.abs() + red.abs()) {
        true => past > 0.0 && before > 0.0,
        false => HUES.contains(&red.atan2(blue).to_degrees()),
    }
}

/// Finds the stamps among the document's cells by their chroma apart from the light.
pub(super) fn find(chroma: &Apart) -> Vec<Area> {
    let width = chroma.width;
    let height = chroma.inside.len() / width.max(1);
    let of = |x: u32, y: u32| {
        let at = y as usize * width + x as usize;
        chroma.inside[at].then(|| (chroma.blue[at], chroma.red[at]))
    };
    let mut ink = GrayImage::new(width as u32, height as u32);
    let coloured = chroma.coloured.iter().zip(&chroma.inside).map(|(one, other)| one & other);
    let mut any = false;
    for (at, cell) in
        ink.iter_mut().enumerate().zip(coloured).filter(|(_, one)| *one).map(|(cell, _)| cell)
    {
        if is_of_a_stamp((chroma.blue[at], chroma.red[at])) {
            *cell = 255;
            any = true;
        }
    }
    if !any {
        return Vec::new();
    }
    let cells = chroma.inside.iter().filter(|inside| **inside).count() as f64;
    // Of a sheet of the shape √2.
    let long_side = (cells * std::f64::consts::SQRT_2).sqrt();
    let side = LEAST_SIDE * long_side..=MOST_SIDE * long_side;
    let is_stamp = |area: &Area| {
        let [across, down] = sides(*area).map(f64::from);
        let oblong = across.max(down) / across.min(down);
        let sized = side.contains(&across.max(down)) && oblong <= MOST_OBLONG;
        sized && of_one_ink(*area, of)
    };
    let grown = |[left, top, right, bottom]: Area| {
        [
            left.saturating_sub(SMEARED),
            top.saturating_sub(SMEARED),
            (right + SMEARED).min(width as u32),
            (bottom + SMEARED).min(height as u32),
        ]
    };
    joined(boxes(&close(&ink, REACH))).into_iter().filter(is_stamp).map(grown).collect()
}

fn sides([left, top, right, bottom]: Area) -> [u32; 2] {
    [right - left, bottom - top]
}

/// Boxes of the parts that hang together, but for specks.
fn boxes(mask: &GrayImage) -> Vec<Area> {
    let boxes = parts(mask, Connectivity::Eight).extents().into_iter().map(|part| part.edges);
    let speck = |area: &Area| sides(*area).into_iter().max() > Some(2 * u32::from(REACH));
    boxes.filter(speck).collect()
}

/// Boxes that overlap become one, until none do: star and characters lie inside the ring.
fn joined(mut boxes: Vec<Area>) -> Vec<Area> {
    let overlap = |a: &Area, b: &Area| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
    // From the largest on, so that most are swallowed at once.
    boxes.sort_by_key(|area| std::cmp::Reverse(sides(*area).into_iter().product::<u32>()));
    let mut at = 0;
    while at < boxes.len() {
        let first = boxes[at];
        match (at + 1..boxes.len()).find(|&other| overlap(&first, &boxes[other])) {
            Some(other) => {
                let other = boxes.remove(other);
                boxes[at] = [
                    first[0].min(other[0]),
                    first[1].min(other[1]),
                    first[2].max(other[2]),
                    first[3].max(other[3]),
                ];
                // The larger box may reach what stood before it.
                at = 0;
            }
            None => at += 1,
        }
    }
    boxes
}

fn of_one_ink(
    [left, top, right, bottom]: Area,
    of: impl Fn(u32, u32) -> Option<(f32, f32)>,
) -> bool {
    let places = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    // Whatever is coloured, of a stamp's hue or not.
    let coloured: Vec<(f32, f32)> =
        places.filter_map(|(x, y)| of(x, y).filter(|ink| exceeds(*ink, INKED))).collect();
    let box_cells = f64::from((right - left) * (bottom - top));
    if coloured.is_empty() || coloured.len() as f64 > MOST_FULL * box_cells {
        return false;
    }
    let count = coloured.len() as f32;
    let strength: f32 = coloured.iter().map(|(blue, red)| blue.hypot(*red)).sum();
    let mean = coloured.iter().fold((0.0, 0.0), |sum, ink| (sum.0 + ink.0, sum.1 + ink.1));
    let mean = mean.1.atan2(mean.0).to_degrees();
    let near = |(blue, red): &&(f32, f32)| {
        let apart = (red.atan2(*blue).to_degrees() - mean).abs();
        apart.min(360.0 - apart) <= HUE_REACH
    };
    let of_one_hue = coloured.iter().filter(near).count() as f32 >= ONE_HUE * count;
    of_one_hue && strength >= STRONG * count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_way_decides_as_the_exact_one() {
        for degrees in (-1800..1800).map(|tenths| tenths as f32 / 10.0) {
            for length in [0.5, 9.999, 10.0, 10.001, 40.0, 127.0] {
                let (sine, cosine) = degrees.to_radians().sin_cos();
                let (blue, red) = (length * cosine, length * sine);
                let hue = red.atan2(blue).to_degrees();
                assert_eq!(is_of_a_stamp((blue, red)), HUES.contains(&hue), "{degrees}");
                assert_eq!(exceeds((blue, red), INKED), blue.hypot(red) > INKED, "{length}");
            }
        }
    }
}
