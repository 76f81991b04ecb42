//! The page: what every format yields, so that checks and thresholds know no format.

use std::ops::Range;

use super::Wanted;
use super::pixels::{Decode, Pixels};
use super::raster::{Raster, Samples};
use super::reduce;
use crate::intake::metadata::Orientation;
use crate::intake::{Budget, Expired};

/// One component at the analysis scale, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Width in cells.
    pub width: usize,
    /// Height in cells.
    pub height: usize,
    /// One byte a cell; chroma is centred on 128.
    pub cells: Vec<u8>,
}

impl Plane {
    /// The cell at `(x, y)`.
    pub fn at(&self, x: usize, y: usize) -> u8 {
        self.cells[y * self.width + x]
    }

    /// Rows from top to bottom.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.cells.chunks_exact(self.width)
    }
}

/// Luma and chroma (full-range BT.601, as in JFIF) at the analysis scale, upright.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planes {
    /// Luma.
    pub y: Plane,
    /// Blue difference.
    pub cb: Plane,
    /// Red difference.
    pub cr: Plane,
}

/// How much of each 8×8 block's luma is coarse, middling and fine: the squared DCT coefficients
/// summed by octave of their higher index, 1, 2..=3 and 4..=7. The mean stands apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Octaves {
    /// Mean luma of the block.
    pub mean: f32,
    /// Index 1.
    pub low: f32,
    /// Indices 2 and 3.
    pub mid: f32,
    /// Indices 4 to 7.
    pub high: f32,
    /// The part of `high` whose other index is 0: what runs exactly across or down.
    pub axis: f32,
}

/// The number of coefficients behind each octave.
pub const OCTAVE_SIZES: Octaves = Octaves { mean: 1.0, low: 3.0, mid: 12.0, high: 48.0, axis: 8.0 };

/// Block energy, upright. The luma is first reduced by `reduction`, so that a block covers about
/// the same share of the page at every resolution: what a reader sees blurred on a page of 2,000
/// pixels is not told by the finest octave of a page of 8,000.
#[derive(Clone, Debug)]
pub struct Energy {
    /// Blocks across.
    pub width: usize,
    /// Blocks down.
    pub height: usize,
    /// Full-resolution pixels per pixel of the grid that the blocks lie on.
    pub reduction: usize,
    /// How many blocks of the page each of these stands for, itself included: of a large page not all are
    /// measured, but some of them all over.
    pub stands_for: usize,
    /// Row-major.
    pub blocks: Vec<Octaves>,
    /// Mean second difference of neighbouring full-resolution pixels, column by column and row by
    /// row: ripples in it betray interpolation.
    pub ripple: [Vec<f32>; 2],
    /// Mean binary logarithm of one more than each squared coefficient, eight to a row of the transform,
    /// over the blocks without print. Of a turned page it is transposed.
    pub spectrum: [f32; 64],
}

impl Energy {
    /// The blocks inside `[left, top, right, bottom]`, 0..1; the ripple and the spectrum of the whole page are left out.
    pub fn inside(&self, edges: [f64; 4]) -> Self {
        let range = |from: f64, to: f64, length: usize| {
            let at = |place: f64| (place.clamp(0.0, 1.0) * length as f64) as usize;
            at(from)..at(to)
        };
        let columns = range(edges[0], edges[2], self.width);
        let rows = range(edges[1], edges[3], self.height);
        let (width, height) = (columns.len(), rows.len());
        let row = |y: usize| &self.blocks[y * self.width + columns.start..][..width];
        let blocks = rows.flat_map(row).copied().collect();
        Self {
            width,
            height,
            reduction: self.reduction,
            stands_for: self.stands_for,
            blocks,
            ripple: Default::default(),
            spectrum: [0.0; 64],
        }
    }
}

/// A box of the upright page in full-resolution pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// From the left.
    pub x: usize,
    /// From the top.
    pub y: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
}

/// Full-resolution pixels of a region, upright, red, green, blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Where it lies, clipped to the page.
    pub rect: Rect,
    /// Three bytes a pixel, row-major.
    pub rgb: Vec<u8>,
}

/// What a page of a document is made of, where the format can say so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Share of the page that pictures cover.
    pub picture_share: f64,
    /// Characters that are seen and are no part of a picture.
    pub glyphs: u32,
    /// Lines and areas of colour.
    pub strokes: u32,
    /// Pixels per inch of the pictures, across and down as they are stored.
    pub pictures_ppi: Vec<(f64, f64)>,
}

/// One upright page.
#[derive(Debug)]
pub struct Page {
    /// Counted from 1.
    pub number: u32,
    /// True width in pixels.
    pub width: usize,
    /// True height in pixels.
    pub height: usize,
    /// Full-resolution pixels a side of one plane cell: 8, 4 or 1.
    pub scale: usize,
    /// Pixels per inch that the file claims, where the claim is credible.
    pub claimed_ppi: Option<f64>,
    /// What the page is made of, where it is one of a document.
    pub origin: Option<Origin>,
    /// Luma and chroma.
    pub planes: Planes,
    /// Block energy, where wanted.
    pub energy: Option<Energy>,
    pixels: Pixels,
    orientation: Orientation,
}

impl Page {
    /// Looks at a raster once: planes, and energy where wanted, then keeps it only for tiles.
    pub(super) fn of(
        raster: Raster,
        orientation: Orientation,
        wanted: Wanted,
        budget: &mut dyn Budget,
    ) -> Result<Self, Expired> {
        let scale = analysis_scale(raster.width, raster.height);
        let (planes, energy) = reduce::reduce(&raster, scale, wanted.energy, orientation, budget)?;
        let (width, height) = match orientation.swaps_sides() {
            true => (raster.height, raster.width),
            false => (raster.width, raster.height),
        };
        let pixels = if wanted.tiles { Pixels::Kept(raster) } else { Pixels::Gone };
        Ok(Self {
            number: 1,
            width,
            height,
            scale,
            claimed_ppi: None,
            origin: None,
            planes,
            energy,
            pixels,
            orientation,
        })
    }

    /// A picture that was looked at without its pixels; `stored` is its width and height as stored,
    /// `decode` gets the pixels should a tile be asked for.
    pub(super) fn without_pixels(
        stored: (usize, usize),
        orientation: Orientation,
        (planes, energy): (Planes, Option<Energy>),
        decode: Option<Decode>,
    ) -> Self {
        let (width, height) = match orientation.swaps_sides() {
            true => (stored.1, stored.0),
            false => stored,
        };
        Self {
            number: 1,
            width,
            height,
            scale: analysis_scale(width, height),
            claimed_ppi: None,
            origin: None,
            planes,
            energy,
            pixels: decode.map_or(Pixels::Gone, Pixels::later),
            orientation,
        }
    }

    /// Full-resolution pixels of `rect`, clipped to the page. `None` when tiles were not wanted or
    /// nothing of the box lies on the page.
    pub fn tile(&self, rect: Rect) -> Option<Tile> {
        self.tiles(&[rect]).pop()?
    }

    /// The same of several, for who knows them all at once: the file need not be decoded whole for them.
    pub fn tiles(&self, rects: &[Rect]) -> Vec<Option<Tile>> {
        let rects: Vec<Option<Rect>> = rects.iter().map(|rect| self.clipped(*rect)).collect();
        let boxes: Vec<Rect> = rects.iter().flatten().map(|rect| self.stored(*rect)).collect();
        let found = self.pixels.boxes(&boxes, self.width * self.height);
        let mut found = found.map(Vec::into_iter);
        let tile = |rect: Option<Rect>| match &mut found {
            Some(found) => Some(self.turned(rect?, found.next()?)),
            None => self.of_raster(rect?),
        };
        rects.into_iter().map(tile).collect()
    }

    fn clipped(&self, rect: Rect) -> Option<Rect> {
        let right = rect.x.checked_add(rect.width)?.min(self.width);
        let bottom = rect.y.checked_add(rect.height)?.min(self.height);
        let width = right.checked_sub(rect.x).filter(|width| *width > 0)?;
        let height = bottom.checked_sub(rect.y).filter(|height| *height > 0)?;
        Some(Rect { x: rect.x, y: rect.y, width, height })
    }

    /// Where a pixel is stored.
    fn place(&self, x: usize, y: usize) -> (usize, usize) {
        let (width, height) = match self.orientation.swaps_sides() {
            true => (self.height, self.width),
            false => (self.width, self.height),
        };
        self.orientation.stored(x, y, width, height)
    }

    /// Where a box is stored.
    fn stored(&self, rect: Rect) -> Rect {
        let one = self.place(rect.x, rect.y);
        let other = self.place(rect.x + rect.width - 1, rect.y + rect.height - 1);
        let (x, y) = (one.0.min(other.0), one.1.min(other.1));
        Rect { x, y, width: one.0.abs_diff(other.0) + 1, height: one.1.abs_diff(other.1) + 1 }
    }

    /// A box of the upright page from the same box as stored.
    fn turned(&self, rect: Rect, tile: Tile) -> Tile {
        if self.orientation == Orientation::Upright {
            return tile;
        }
        let mut rgb = Vec::with_capacity(tile.rgb.len());
        for y in rect.y..rect.y + rect.height {
            for x in rect.x..rect.x + rect.width {
                let (x, y) = self.place(x, y);
                let at = 3 * ((y - tile.rect.y) * tile.rect.width + x - tile.rect.x);
                rgb.extend_from_slice(&tile.rgb[at..at + 3]);
            }
        }
        Tile { rect, rgb }
    }

    /// A box of the decoded pixels.
    fn of_raster(&self, rect: Rect) -> Option<Tile> {
        let raster = self.pixels.raster()?;
        let stored = self.stored(rect);
        let mut rgb = Vec::with_capacity(3 * stored.width * stored.height);
        for y in stored.y..stored.y + stored.height {
            raster.add_rgb(y, stored.x..stored.x + stored.width, &mut rgb);
        }
        Some(self.turned(rect, Tile { rect: stored, rgb }))
    }

    /// The whole page at `width` × `height`, red, green, blue: the mean of the pixels that fall on
    /// one, or the nearest where it is larger than the page. `None` when tiles were not wanted.
    pub fn preview(&self, width: usize, height: usize) -> Option<Vec<u8>> {
        let raster = self.pixels.raster()?;
        // Reduced as stored, row after row, and only then turned: a fast way through the memory.
        let (across, down) = match self.orientation.swaps_sides() {
            true => (height, width),
            false => (width, height),
        };
        let reduced = reduced(raster, across, down);
        let mut rgb = Vec::with_capacity(3 * width * height);
        for y in 0..height {
            for x in 0..width {
                let (x, y) = self.orientation.stored(x, y, across, down);
                rgb.extend(reduced[y * across + x]);
            }
        }
        Some(rgb)
    }
}

/// The nearest level. Whole numbers up to 2²³ stand in the last bits of one that much larger, which can be
/// taken from many at once.
#[inline(always)]
pub(crate) fn level(value: f32) -> u8 {
    (value.clamp(0.0, 255.0) + 8_388_608.0).to_bits() as u8
}

/// Red, green and blue of a luma and its differences, which are centred on 0 (full-range BT.601, as in
/// JFIF).
#[inline(always)]
pub(crate) fn rgb(luma: f32, blue: f32, red: f32) -> [u8; 3] {
    [
        level(luma + 1.402 * red),
        level(luma - 0.344_136 * blue - 0.714_136 * red),
        level(luma + 1.772 * blue),
    ]
}

/// Which of `length` cells fall on one of `count`: the nearest where there are fewer.
pub(crate) fn span(at: usize, count: usize, length: usize) -> Range<usize> {
    let start = at * length / count;
    start..((at + 1) * length / count).max(start + 1)
}

/// The raster at another size, as stored: sums down the rows, then across.
fn reduced(raster: &Raster, width: usize, height: usize) -> Vec<[u8; 3]> {
    let (samples, channels) = match &raster.samples {
        Samples::Grey(grey) => (grey, 1),
        Samples::Rgb(rgb) => (rgb, 3),
    };
    let mut pixels = Vec::with_capacity(width * height);
    let mut sums = vec![0u32; channels * raster.width];
    for row in 0..height {
        let rows = span(row, height, raster.height);
        sums.fill(0);
        for row in samples.chunks_exact(sums.len()).take(rows.end).skip(rows.start) {
            for (sum, &sample) in sums.iter_mut().zip(row) {
                *sum += u32::from(sample);
            }
        }
        for column in 0..width {
            let columns = span(column, width, raster.width);
            let count = (rows.len() * columns.len()) as u64;
            let of = |channel: usize| {
                let columns = sums[channels * columns.start..channels * columns.end].iter();
                let sum: u64 =
                    columns.skip(channel).step_by(channels).copied().map(u64::from).sum();
                ((sum + count / 2) / count) as u8
            };
            pixels.push([of(0), of(channels / 2), of(channels - 1)]);
        }
    }
    pixels
}

/// Full-resolution pixels a side of one plane cell: 1/8 of a page above about 6 megapixels, 1/4
/// below, 1/1 under 1 megapixel, so that the planes hold 0.06 to 1 megapixel.
pub(super) const fn analysis_scale(width: usize, height: usize) -> usize {
    match width * height {
        0..1_000_000 => 1,
        1_000_000..=6_000_000 => 4,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::Unlimited;

    fn pages() -> impl Iterator<Item = (Page, Vec<[u8; 3]>)> {
        let level = |at: usize| (at * at / 5 % 256) as u8;
        let grey: Vec<u8> = (0..23 * 17).map(level).collect();
        let rgb: Vec<u8> = (0..3 * 23 * 17).map(level).collect();
        let of_grey = grey.iter().map(|&grey| [grey; 3]).collect();
        let of_rgb = rgb.as_chunks::<3>().0.to_vec();
        [(Samples::Grey(grey), of_grey), (Samples::Rgb(rgb), of_rgb)].into_iter().map(
            |(samples, pixels)| {
                let raster = Raster::new(23, 17, samples).unwrap();
                let wanted = Wanted { planes: true, energy: false, tiles: true };
                let page = Page::of(raster, Orientation::Upright, wanted, &mut Unlimited);
                (page.unwrap(), pixels)
            },
        )
    }

    #[test]
    fn a_tile_holds_the_pixels_of_its_box_and_ends_with_the_page() {
        for (page, pixels) in pages() {
            let tile = page.tile(Rect { x: 20, y: 5, width: 9, height: 2 }).unwrap();
            assert_eq!(tile.rect, Rect { x: 20, y: 5, width: 3, height: 2 });
            let rows = [&pixels[5 * 23 + 20..6 * 23], &pixels[6 * 23 + 20..7 * 23]];
            assert_eq!(tile.rgb, rows.concat().as_flattened());
            assert_eq!(page.tile(Rect { x: 23, y: 0, width: 1, height: 1 }), None);
        }
    }

    #[test]
    fn a_preview_is_the_mean_of_what_falls_on_each_pixel_and_a_larger_one_repeats() {
        for (page, pixels) in pages() {
            let small = page.preview(5, 4).unwrap();
            let (columns, rows) = (2 * 23 / 5..3 * 23 / 5, 17 / 4..2 * 17 / 4);
            let count = columns.len() * rows.len();
            for channel in 0..3 {
                let of_row = |y: usize| columns.clone().map(move |x| (x, y));
                let cells = rows.clone().flat_map(of_row);
                let sum: usize = cells.map(|(x, y)| usize::from(pixels[y * 23 + x][channel])).sum();
                let found = small[3 * (5 + 2) + channel];
                assert_eq!(usize::from(found), (sum + count / 2) / count);
            }
            let large = page.preview(46, 34).unwrap();
            assert_eq!(large[3 * (9 * 46 + 11)..][..3], pixels[4 * 23 + 5]);
        }
    }
}
