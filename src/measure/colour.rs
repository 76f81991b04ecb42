//! How much colour there is, apart from the colour of the light.
//!
//! A grey copy under a warm lamp is not neutral, but all its chroma is the same share of its luma.
//! So the paper's chroma is taken off in proportion to luma, and what remains is colour. Cells are
//! box means of 4 or 8 pixels, which takes off sensor noise and the fringes of subsampled chroma.
//! Where the document has an outline only what lies inside counts: a grey copy on a brown desk is the
//! commonest case. Light that changes across the page is followed tile by tile, within bounds, so
//! that a coloured background is not taken for light.

use rten_simd::{Isa, SimdOp};

use crate::decode::page::{Planes, level};
use crate::measure::outline::Outline;
use crate::measure::stamps;
use crate::measure::tone::Tone;

/// Colour on one page, in units of 8-bit chroma and shares of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour {
    /// Share of cells whose chroma apart from the cast is beyond that of grain and fringes.
    pub coloured_share: f32,
    /// The same where stamps and what is inside them are left out.
    pub own_share: f32,
    /// Share of tiles outside stamps whose mean chroma is that of tinted paper or pale print: more
    /// than light and JPEG leave on a grey copy.
    pub tinted_share: f32,
    /// 99.9th percentile of the chroma apart from the cast.
    pub peak: f32,
    /// Largest share of coloured cells in one patch of the page: a seal fills its patch.
    pub patch_share: f32,
    /// Mean chroma, cast included: zero for a file that was stored without colour.
    pub mean: f32,
    /// Blue and red difference of the paper, scaled to white: the cast.
    pub cast: (f32, f32),
}

/// Chroma above which a cell is coloured; the field's C*ab 12 in these units.
const COLOURED: f32 = 10.0;

/// Side of a patch in cells: about a seal at the analysis scale.
const PATCH: usize = 16;

/// Mean chroma of a tile that is tinted, and its side in cells: grain is gone from it.
const TINTED: f32 = 5.0;
const TILE: usize = 4;

/// Below this luma, rounding alone makes as much chroma as the rest.
const DARKEST_PAPER: u8 = 45;

/// A page that spans fewer levels has nothing on it that could be coloured.
const LEAST_RANGE: u8 = 16;

/// Share of the page that counts as paper, from the lightest down.
const PAPER_SHARE: f32 = 0.3;

/// How far inside the outline colour counts, in half widths: the rim mirrors the desk.
const RIM: f64 = 0.05;

/// Tiles a long side in which the light is followed.
const TILES: usize = 8;

/// How far the light of a tile may differ from that of the page, as chroma over luma: what two lamps
/// do to paper. Tinted print differs by more.
const LIGHT_REACH: f32 = 0.035;

/// Chroma over luma beyond which it is no lamp but a coloured surface.
const STRONGEST_LIGHT: f32 = 0.25;

/// Measures the planes; `None` where the page is too dark or too even to tell.
pub fn measure(planes: &Planes, tone: &Tone, outline: Option<&Outline>) -> Option<Colour> {
    if tone.paper < DARKEST_PAPER || tone.range < LEAST_RANGE {
        return None;
    }
    let (width, height) = (planes.y.width, planes.y.height);
    let inside = match outline {
        Some(outline) => outline.mask(width, height, RIM),
        None => vec![true; width * height],
    };
    let light = Light::of(planes, &inside);
    let (mut apart, sum) = Apart::of(planes, &light, inside);
    let cells = apart.inside.iter().filter(|inside| **inside).count().max(1) as f32;
    let (coloured, fullest) = apart.patches();
    let peak = upper_percentile(&apart.magnitudes(), cells * 0.001);
    let (own_share, tinted_share) = apart.own();
    Some(Colour {
        coloured_share: coloured as f32 / cells,
        own_share,
        tinted_share,
        peak,
        patch_share: fullest as f32 / (PATCH * PATCH) as f32,
        mean: sum / cells,
        cast: (light.page.0 * 255.0, light.page.1 * 255.0),
    })
}

/// Chroma apart from the light, row-major.
pub(super) struct Apart {
    /// Cells a row.
    pub width: usize,
    /// Blue difference.
    pub blue: Vec<f32>,
    /// Red difference.
    pub red: Vec<f32>,
    /// Length of both, whole levels.
    magnitude: Vec<u8>,
    /// Which cells belong to the document.
    pub inside: Vec<bool>,
    /// Which of all cells have more chroma than grain and fringes.
    pub coloured: Vec<bool>,
}

impl Apart {
    /// With the sum of the chroma of the cells inside, light included.
    fn of(planes: &Planes, light: &Light, inside: Vec<bool>) -> (Self, f32) {
        let (width, cells) = (planes.y.width, inside.len());
        let (blue, red) = (vec![0.0; cells], vec![0.0; cells]);
        let (magnitude, coloured) = (vec![0; cells], vec![false; cells]);
        let mut apart = Self { width, blue, red, magnitude, inside, coloured };
        let sum = Parting { planes, light, apart: &mut apart }.dispatch();
        (apart, sum)
    }

    /// How many cells inside are coloured, and how many in the fullest patch.
    fn patches(&self) -> (u32, u32) {
        let across = self.width.div_ceil(PATCH);
        let band = (self.width * PATCH).max(1);
        let (mut coloured, mut fullest) = (0, 0);
        let mut patches = vec![0u32; across];
        for (colours, inside) in self.coloured.chunks(band).zip(self.inside.chunks(band)) {
            patches.fill(0);
            let rows = colours.chunks(self.width).zip(inside.chunks(self.width));
            for (colours, inside) in rows {
                let parts = colours.chunks(PATCH).zip(inside.chunks(PATCH));
                for (patch, (colours, inside)) in patches.iter_mut().zip(parts) {
                    let both = colours.iter().zip(inside).map(|(one, other)| u8::from(one & other));
                    *patch += u32::from(both.sum::<u8>());
                }
            }
            coloured += patches.iter().sum::<u32>();
            fullest = patches.iter().copied().fold(fullest, u32::max);
        }
        (coloured, fullest)
    }

    fn magnitudes(&self) -> [u32; 256] {
        let mut magnitudes = [0; 256];
        for (magnitude, inside) in self.magnitude.iter().zip(&self.inside) {
            magnitudes[usize::from(*magnitude)] += u32::from(*inside);
        }
        magnitudes
    }

    /// Shares of coloured cells and of tinted tiles once stamps are taken out.
    fn own(&mut self) -> (f32, f32) {
        for [left, top, right, bottom] in stamps::find(self) {
            for row in top..bottom {
                let start = row as usize * self.width;
                self.inside[start + left as usize..start + right as usize].fill(false);
            }
        }
        let share = |count: usize, of: usize| count as f32 / of.max(1) as f32;
        let cells = self.coloured.iter().zip(&self.inside);
        let coloured = cells.filter(|(coloured, inside)| **coloured & **inside).count();
        let left = self.inside.iter().filter(|inside| **inside).count();
        let (mut tinted, mut tiles) = (0, 0);
        let band = (self.width * TILE).max(1);
        let (blue, red) = (self.blue.chunks_exact(band), self.red.chunks_exact(band));
        for ((blue, red), inside) in blue.zip(red).zip(self.inside.chunks_exact(band)) {
            for left in (0..(self.width + 1).saturating_sub(TILE)).step_by(TILE) {
                let rows = (0..TILE).map(|row| row * self.width + left);
                // Tiles across a rim would count like whole ones.
                if rows.clone().all(|at| inside[at..at + TILE] == [true; TILE]) {
                    let sum = |chroma: &[f32]| -> f32 {
                        rows.clone().map(|at| chroma[at..at + TILE].iter().sum::<f32>()).sum()
                    };
                    let (blue, red) = (sum(blue), sum(red));
                    let bound = TINTED * (TILE * TILE) as f32;
                    tinted += usize::from(blue * blue + red * red > bound * bound);
                    tiles += 1;
                }
            }
        }
        (share(coloured, left), share(tinted, tiles))
    }
}

/// Takes the light off every cell, in lanes, and adds up the chroma that was there before.
struct Parting<'a> {
    planes: &'a Planes,
    light: &'a Light,
    apart: &'a mut Apart,
}

/// Sums that do not wait for each other.
const LANES: usize = 16;

impl SimdOp for Parting<'_> {
    type Output = f32;

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) -> f32 {
        let Self { planes, light, apart } = self;
        let width = apart.width.max(1);
        let mut sums = [0.0f32; LANES];
        let mut lengths = vec![0.0f32; light.tile];
        for start in (0..apart.inside.len()).step_by(width) {
            let lights = &light.tiles[start / width / light.tile * light.across..];
            for (from, &(light_blue, light_red)) in (0..width).step_by(light.tile).zip(lights) {
                let range = start + from..start + width.min(from + light.tile);
                let [luma, cb, cr] =
                    [&planes.y, &planes.cb, &planes.cr].map(|plane| &plane.cells[range.clone()]);
                let inside = &apart.inside[range.clone()];
                let lengths = &mut lengths[..range.len()];
                let (blue, red) = (&mut apart.blue[range.clone()], &mut apart.red[range.clone()]);
                let cells = luma.iter().zip(cb).zip(cr).zip(inside);
                let parts = blue.iter_mut().zip(red.iter_mut()).zip(lengths.iter_mut());
                for (((blue, red), length), (((&luma, &cb), &cr), &inside)) in parts.zip(cells) {
                    let luma = f32::from(luma);
                    let (cb, cr) = (f32::from(cb) - 128.0, f32::from(cr) - 128.0);
                    (*blue, *red) = (cb - light_blue * luma, cr - light_red * luma);
                    *length = (cb * cb + cr * cr).sqrt() * f32::from(u8::from(inside));
                }
                for lengths in lengths.chunks(LANES) {
                    for (sum, length) in sums.iter_mut().zip(lengths) {
                        *sum += length;
                    }
                }
                let (magnitude, coloured) =
                    (&mut apart.magnitude[range.clone()], &mut apart.coloured[range]);
                let told = magnitude.iter_mut().zip(coloured);
                for ((blue, red), (magnitude, coloured)) in blue.iter().zip(red.iter()).zip(told) {
                    let square = blue * blue + red * red;
                    *magnitude = level(square.sqrt().floor());
                    *coloured = square > COLOURED * COLOURED;
                }
            }
        }
        sums.iter().sum()
    }
}

/// Chroma of the paper as a share of its luma, on the whole page and followed across it.
struct Light {
    page: (f32, f32),
    tile: usize,
    across: usize,
    tiles: Vec<(f32, f32)>,
}

/// Every second cell, across and down, is enough to tell the light by.
const THINNED: usize = 2;

impl Light {
    fn of(planes: &Planes, inside: &[bool]) -> Self {
        let (width, height) = (planes.y.width, planes.y.height);
        let tile = width.max(height).div_ceil(TILES).max(1);
        let across = width.div_ceil(tile);
        let mut tiles = vec![Vec::new(); across * height.div_ceil(tile)];
        let mut every = Vec::with_capacity(inside.len() / THINNED / THINNED);
        for y in (0..height).step_by(THINNED) {
            let row = y * width..(y + 1) * width;
            let inside = &inside[row.clone()];
            let [luma, blue, red] =
                [&planes.y, &planes.cb, &planes.cr].map(|plane| &plane.cells[row.clone()]);
            let tiles = &mut tiles[y / tile * across..][..across];
            for (column, tiles) in tiles.iter_mut().enumerate() {
                let columns = column * tile..width.min((column + 1) * tile);
                for x in columns.step_by(THINNED).filter(|&x| inside[x]) {
                    let cell = [luma[x], blue[x], red[x]];
                    tiles.push(cell);
                    every.push(cell);
                }
            }
        }
        let page = cast(&every).unwrap_or_default();
        let near = |found: f32, page: f32| found.clamp(page - LIGHT_REACH, page + LIGHT_REACH);
        let tiles = tiles
            .into_iter()
            .map(|cells| match cast(&cells) {
                Some((blue, red)) => (near(blue, page.0), near(red, page.1)),
                None => page,
            })
            .collect();
        Self { page, tile, across, tiles }
    }
}

/// Blue and red difference over luma: the median over the lightest of these cells (luma, blue, red) that
/// are not clipped, since clipping takes the cast away. `None` for too few.
fn cast(cells: &[[u8; 3]]) -> Option<(f32, f32)> {
    const FEWEST: usize = 32;
    const CLIPPED: usize = 251;
    let mut histogram = [0usize; 256];
    for [luma, _, _] in cells {
        histogram[usize::from(*luma)] += 1;
    }
    let unclipped = histogram[..CLIPPED].iter().sum();
    let leaves_enough = unclipped >= FEWEST.max(cells.len() / 20);
    let (top, count) = if leaves_enough { (CLIPPED, unclipped) } else { (256, cells.len()) };
    if count < FEWEST {
        return None;
    }
    // The darkest luma of the paper, and how many of its cells belong to it, the first ones.
    let lightest = ((count as f32 * PAPER_SHARE) as usize).max(1);
    let (mut darkest, mut lighter) = (top - 1, 0);
    while lighter + histogram[darkest] < lightest {
        lighter += histogram[darkest];
        darkest -= 1;
    }
    let mut of_the_darkest = lightest - lighter;
    let mut ratios = [0, 1].map(|_| Vec::with_capacity(lightest));
    for &[luma, blue, red] in cells {
        let level = usize::from(luma);
        if level < darkest || level >= top || (level == darkest && of_the_darkest == 0) {
            continue;
        }
        if level == darkest {
            of_the_darkest -= 1;
        }
        for (ratios, chroma) in ratios.iter_mut().zip([blue, red]) {
            ratios.push((f32::from(chroma) - 128.0) / f32::from(luma.max(1)));
        }
    }
    let [blue, red] = ratios.map(|mut ratios: Vec<f32>| {
        let middle = ratios.len() / 2;
        let (_, median, _) = ratios.select_nth_unstable_by(middle, f32::total_cmp);
        median.clamp(-STRONGEST_LIGHT, STRONGEST_LIGHT)
    });
    Some((blue, red))
}

/// The magnitude that `count` cells exceed.
fn upper_percentile(magnitudes: &[u32; 256], count: f32) -> f32 {
    let mut seen = 0;
    for (magnitude, &cells) in magnitudes.iter().enumerate().rev() {
        seen += cells;
        if seen as f32 > count {
            return magnitude as f32;
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::page::Plane;
    use crate::measure::paper::Paper;
    use crate::measure::tone;

    /// Planes of a 64 × 64 page from the RGB of each cell.
    fn planes(rgb: impl Fn(usize, usize) -> [f32; 3]) -> Planes {
        let cells: Vec<[f32; 3]> = (0..64 * 64).map(|at| rgb(at % 64, at / 64)).collect();
        let plane = |weights: [f32; 3], offset: f32| Plane {
            width: 64,
            height: 64,
            cells: cells
                .iter()
                .map(|rgb| {
                    let sum: f32 =
                        rgb.iter().zip(weights).map(|(sample, weight)| sample * weight).sum();
                    (sum + offset).round() as u8
                })
                .collect(),
        };
        Planes {
            y: plane([0.299, 0.587, 0.114], 0.0),
            cb: plane([-0.168_736, -0.331_264, 0.5], 128.0),
            cr: plane([0.5, -0.418_688, -0.081_312], 128.0),
        }
    }

    fn measured(rgb: impl Fn(usize, usize) -> [f32; 3]) -> Option<Colour> {
        let planes = planes(rgb);
        measure(&planes, &tone::measure(&planes.y, &Paper::of(&planes.y), None), None)
    }

    fn grey(x: usize, y: usize) -> f32 {
        if (x + y).is_multiple_of(3) { 60.0 } else { 220.0 }
    }

    #[test]
    fn a_grey_copy_under_a_warm_lamp_has_a_cast_but_no_colour() {
        let colour = measured(|x, y| [1.0, 0.9, 0.75].map(|gain| gain * grey(x, y))).unwrap();
        assert!(colour.mean > 10.0, "{colour:?}");
        assert_eq!(colour.coloured_share, 0.0);
        assert!(colour.peak < 4.0, "{colour:?}");
    }

    #[test]
    fn a_grey_copy_under_two_lamps_has_no_colour_either() {
        let colour = measured(|x, y| {
            let warm = x as f32 / 64.0;
            [1.0, 0.96 - 0.02 * warm, 0.95 - 0.10 * warm].map(|gain| gain * grey(x, y))
        })
        .unwrap();
        assert_eq!(colour.coloured_share, 0.0, "{colour:?}");
    }

    #[test]
    fn a_seal_fills_its_patch_though_it_is_a_small_share_of_the_page() {
        let seal = |x, y| (16..32).contains(&x) && (16..32).contains(&y);
        let colour = measured(|x, y| match seal(x, y) {
            true => [200.0, 40.0, 40.0],
            false => [grey(x, y); 3],
        })
        .unwrap();
        assert_eq!(colour.patch_share, 1.0);
        assert!((colour.coloured_share - 1.0 / 16.0).abs() < 1e-6);
    }

    #[test]
    fn a_page_in_the_dark_or_without_anything_on_it_has_no_opinion() {
        assert_eq!(measured(|x, y| [0.1 * grey(x, y); 3]), None);
        assert_eq!(measured(|_, _| [240.0; 3]), None);
    }
}
