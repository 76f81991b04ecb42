//! How much colour there is, apart from the colour of the light.
//!
//! A grey copy under a warm lamp is not neutral, but all its chroma is the same share of its luma.
//! So the paper's chroma is taken off in proportion to luma, and what remains is colour. Cells are
//! box means of 4 or 8 pixels, which takes off sensor noise and the fringes of subsampled chroma.
//! Where the document has an outline only what lies inside counts: a grey copy on a brown desk is the
//! commonest case. Light that changes across the page is followed tile by tile, within bounds, so
//! that a coloured background is not taken for light.

use crate::decode::page::Planes;
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
    let inside = inside(planes, outline);
    let light = Light::of(planes, &inside);
    let mut magnitudes = [0u32; 256];
    let (mut sum, mut cells) = (0.0, 0u32);
    let across = planes.y.width.div_ceil(PATCH);
    let mut patches = vec![0u32; across * planes.y.height.div_ceil(PATCH)];
    let mut apart = vec![None; inside.len()];
    let width = planes.y.width;
    for (y, apart) in apart.chunks_exact_mut(width.max(1)).enumerate() {
        let lights = &light.tiles[y / light.tile * light.across..][..light.across];
        let patches = &mut patches[y / PATCH * across..][..across];
        for (x, apart) in apart.iter_mut().enumerate() {
            let at = y * width + x;
            if !inside[at] {
                continue;
            }
            let luma = f32::from(planes.y.cells[at]);
            let cb = f32::from(planes.cb.cells[at]) - 128.0;
            let cr = f32::from(planes.cr.cells[at]) - 128.0;
            sum += (cb * cb + cr * cr).sqrt();
            let (blue, red) = lights[x / light.tile];
            let (cb, cr) = (cb - blue * luma, cr - red * luma);
            *apart = Some((cb, cr));
            let chroma = (cb * cb + cr * cr).sqrt();
            magnitudes[(chroma as usize).min(255)] += 1;
            patches[x / PATCH] += u32::from(chroma > COLOURED);
            cells += 1;
        }
    }
    let cells = cells.max(1) as f32;
    let coloured: u32 = patches.iter().sum();
    let fullest = patches.iter().max().copied().unwrap_or_default();
    let coloured_share = coloured as f32 / cells;
    let (own_share, tinted_share) = own(apart, planes.y.width);
    Some(Colour {
        coloured_share,
        own_share,
        tinted_share,
        peak: upper_percentile(&magnitudes, cells * 0.001),
        patch_share: fullest as f32 / (PATCH * PATCH) as f32,
        mean: sum / cells,
        cast: (light.page.0 * 255.0, light.page.1 * 255.0),
    })
}

/// Shares of coloured cells and of tinted tiles once stamps are taken out.
fn own(mut chroma: Vec<Option<(f32, f32)>>, width: usize) -> (f32, f32) {
    for [left, top, right, bottom] in stamps::find(&chroma, width) {
        for row in top..bottom {
            let start = row as usize * width;
            chroma[start + left as usize..start + right as usize].fill(None);
        }
    }
    let share = |count: usize, of: usize| count as f32 / of.max(1) as f32;
    let left = chroma.iter().flatten();
    let coloured = left.clone().filter(|chroma| stamps::exceeds(**chroma, COLOURED)).count();
    let own = share(coloured, left.count());
    let across = width.div_ceil(TILE);
    let mut tiles = vec![(0.0f32, 0.0f32, 0u8); across * chroma.len().div_ceil(width * TILE)];
    for (y, row) in chroma.chunks(width).enumerate() {
        let tiles = &mut tiles[y / TILE * across..][..across];
        for (tile, cells) in tiles.iter_mut().zip(row.chunks(TILE)) {
            for (blue, red) in cells.iter().flatten() {
                *tile = (tile.0 + blue, tile.1 + red, tile.2 + 1);
            }
        }
    }
    // Tiles across a rim would count like whole ones.
    tiles.retain(|tile| usize::from(tile.2) == TILE * TILE);
    let tinted = tiles
        .iter()
        .filter(|(blue, red, cells)| blue.hypot(*red) > TINTED * f32::from(*cells))
        .count();
    (own, share(tinted, tiles.len()))
}

/// Which cells belong to the document.
fn inside(planes: &Planes, outline: Option<&Outline>) -> Vec<bool> {
    let (width, height) = (planes.y.width, planes.y.height);
    let Some(outline) = outline else {
        return vec![true; width * height];
    };
    let place = |at: usize, length: usize| (at as f64 + 0.5) / length as f64;
    (0..width * height)
        .map(|at| outline.contains(place(at % width, width), place(at / width, height), RIM))
        .collect()
}

/// Chroma of the paper as a share of its luma, on the whole page and followed across it.
struct Light {
    page: (f32, f32),
    tile: usize,
    across: usize,
    tiles: Vec<(f32, f32)>,
}

impl Light {
    fn of(planes: &Planes, inside: &[bool]) -> Self {
        let (width, height) = (planes.y.width, planes.y.height);
        let tile = width.max(height).div_ceil(TILES).max(1);
        let across = width.div_ceil(tile);
        let mut tiles = vec![Vec::new(); across * height.div_ceil(tile)];
        let mut every = Vec::with_capacity(inside.len());
        for (y, inside) in inside.chunks_exact(width.max(1)).enumerate() {
            let tiles = &mut tiles[y / tile * across..][..across];
            for (column, (tiles, inside)) in tiles.iter_mut().zip(inside.chunks(tile)).enumerate() {
                let start = y * width + column * tile;
                for (at, _) in (start..).zip(inside).filter(|(_, inside)| **inside) {
                    let [luma, blue, red] =
                        [&planes.y, &planes.cb, &planes.cr].map(|plane| plane.cells[at]);
                    tiles.push([luma, blue, red]);
                    every.push([luma, blue, red]);
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
        measure(&planes, &tone::measure(&planes.y, None), None)
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
