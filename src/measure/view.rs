//! A small picture of the page, for what needs shapes and colours and no print: people and curtains.

use std::cell::OnceCell;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rten_simd::{Isa, SimdOp};

use crate::decode::page::{self, Plane, Planes};

/// Longest side of the view in pixels.
pub(super) const LONG_SIDE: usize = 320;

/// The page in at most [`LONG_SIDE`] pixels a side, the same work whatever the camera.
#[derive(Debug)]
pub struct View {
    /// Red, green, blue.
    pub rgb: RgbImage,
    lab: OnceCell<Vec<[f32; 3]>>,
}

impl View {
    /// Reduces the planes.
    pub fn of(planes: &Planes) -> Self {
        let (width, height) = (planes.y.width, planes.y.height);
        let rgb = picture(planes);
        let long = width.max(height);
        let side = |side: usize| (side * LONG_SIDE / long).max(1) as u32;
        Self::from(match long > LONG_SIDE {
            true => imageops::resize(&rgb, side(width), side(height), FilterType::Triangle),
            false => rgb,
        })
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.rgb.width() as usize
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.rgb.height() as usize
    }

    /// CIE L*a*b* (D65) of every pixel, row-major.
    pub fn lab(&self) -> &[[f32; 3]] {
        self.lab.get_or_init(|| {
            let linear: Vec<f32> = (0..=255).map(|level| linear(level as f32 / 255.0)).collect();
            let lab = |pixel: &Rgb<u8>| lab(pixel.0.map(|level| linear[usize::from(level)]));
            self.rgb.pixels().map(lab).collect()
        })
    }
}

impl From<RgbImage> for View {
    /// As it is.
    fn from(rgb: RgbImage) -> Self {
        Self { rgb, lab: OnceCell::new() }
    }
}

/// The planes in colour.
pub(super) fn picture(planes: &Planes) -> RgbImage {
    part(planes, [0, 0, planes.y.width, planes.y.height])
}

/// A part of them in so many pixels a side, each the mean of the cells that fall on it, or the nearest.
pub(super) fn reduced(planes: &Planes, edges: [usize; 4], side: usize) -> RgbImage {
    let [y, cb, cr] = [&planes.y, &planes.cb, &planes.cr].map(|plane| means(plane, edges, side));
    part(&Planes { y, cb, cr }, [0, 0, side, side])
}

fn means(plane: &Plane, [left, top, right, bottom]: [usize; 4], side: usize) -> Plane {
    let mut cells = Vec::with_capacity(side * side);
    let mut sums = vec![0u32; right - left];
    for rows in (0..side).map(|at| page::span(at, side, bottom - top)) {
        sums.fill(0);
        for row in plane.rows().skip(top + rows.start).take(rows.len()) {
            for (sum, &cell) in sums.iter_mut().zip(&row[left..right]) {
                *sum += u32::from(cell);
            }
        }
        cells.extend((0..side).map(|at| {
            let columns = page::span(at, side, right - left);
            let count = (columns.len() * rows.len()) as f32;
            page::level(sums[columns].iter().sum::<u32>() as f32 / count)
        }));
    }
    Plane { width: side, height: side, cells }
}

/// A part of them: left, top, right and bottom in cells, all on the planes.
pub(super) fn part(planes: &Planes, edges: [usize; 4]) -> RgbImage {
    let [left, top, right, bottom] = edges;
    let mut picture = RgbImage::new((right - left) as u32, (bottom - top) as u32);
    Colours { planes, edges, rgb: &mut picture }.dispatch();
    picture
}

/// The colours of cells of the planes (full-range BT.601), in lanes.
struct Colours<'a> {
    planes: &'a Planes,
    edges: [usize; 4],
    rgb: &'a mut [u8],
}

impl SimdOp for Colours<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) {
        let Self { planes: Planes { y, cb, cr }, edges: [left, top, right, _], rgb } = self;
        let rows = rgb.as_chunks_mut::<3>().0.chunks_exact_mut((right - left).max(1));
        for (row, pixels) in rows.enumerate() {
            let start = (top + row) * y.width;
            let [luma, blue, red] =
                [y, cb, cr].map(|plane| &plane.cells[start + left..start + right]);
            for (pixel, ((&luma, &blue), &red)) in
                pixels.iter_mut().zip(luma.iter().zip(blue).zip(red))
            {
                let luma = f32::from(luma);
                let (blue, red) = (f32::from(blue) - 128.0, f32::from(red) - 128.0);
                *pixel = page::rgb(luma, blue, red);
            }
        }
    }
}

/// The sRGB curve undone.
fn linear(level: f32) -> f32 {
    if level <= 0.040_45 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
}

/// L* 0..100, a* and b* of linear red, green, blue, 0..1.
fn lab([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let root = |part: f32| match part > 0.008_856 {
        true => part.cbrt(),
        false => 7.787 * part + 16.0 / 116.0,
    };
    let x = root((0.412_456 * red + 0.357_576 * green + 0.180_438 * blue) / 0.950_47);
    let y = root(0.212_673 * red + 0.715_152 * green + 0.072_175 * blue);
    let z = root((0.019_334 * red + 0.119_192 * green + 0.950_304 * blue) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Chroma C*ab and hue in degrees, 0..360.
pub fn chroma_and_hue(lab: [f32; 3]) -> (f32, f32) {
    (lab[1].hypot(lab[2]), lab[2].atan2(lab[1]).to_degrees().rem_euclid(360.0))
}

/// Middle value of each channel; `None` for no colours.
pub fn median(colours: impl Iterator<Item = [f32; 3]>) -> Option<[f32; 3]> {
    let mut channels: [Vec<f32>; 3] = Default::default();
    for colour in colours {
        for (channel, value) in channels.iter_mut().zip(colour) {
            channel.push(value);
        }
    }
    let middle = channels[0].len() / 2;
    (!channels[0].is_empty()).then(|| {
        channels.map(|mut values| *values.select_nth_unstable_by(middle, f32::total_cmp).1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: usize, height: usize, ycc: [u8; 3]) -> View {
        let [y, cb, cr] =
            ycc.map(|level| Plane { width, height, cells: vec![level; width * height] });
        View::of(&Planes { y, cb, cr })
    }

    #[test]
    fn large_planes_are_reduced_and_small_ones_left_alone() {
        let view = plain(1000, 500, [128; 3]);
        assert_eq!((view.width(), view.height()), (320, 160));
        assert_eq!(plain(200, 100, [128; 3]).rgb.dimensions(), (200, 100));
    }

    #[test]
    fn lab_is_that_of_the_standard() {
        // sRGB blue: L* 32.3, a* 79.2, b* -107.9; white: 100, 0, 0.
        let blue = lab([0.0, 0.0, 1.0]);
        assert!((blue[0] - 32.3).abs() < 0.1 && (blue[1] - 79.2).abs() < 0.2, "{blue:?}");
        assert!((blue[2] + 107.9).abs() < 0.2, "{blue:?}");
        let (chroma, hue) = chroma_and_hue(blue);
        assert!((chroma - 133.8).abs() < 0.3 && (hue - 306.3).abs() < 0.3, "{chroma} {hue}");
        let white = plain(8, 8, [255, 128, 128]).lab()[0];
        assert!((white[0] - 100.0).abs() < 0.1 && white[1].abs() < 0.1, "{white:?}");
    }
}
