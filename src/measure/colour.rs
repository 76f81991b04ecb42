//! How much colour there is, apart from the colour of the light.
//!
//! A grey copy under a warm lamp is not neutral, but all its chroma is the same share of its luma.
//! So the paper's chroma is taken off in proportion to luma, and what remains is colour. Cells are
//! box means of 4 or 8 pixels, which takes off sensor noise and the fringes of subsampled chroma.

use crate::decode::page::Planes;
use crate::measure::tone::Tone;

/// Colour on one page, in units of 8-bit chroma and shares of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour {
    /// Share of cells whose chroma apart from the cast is beyond that of grain and fringes.
    pub coloured_share: f32,
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

/// Below this luma, rounding alone makes as much chroma as the rest.
const DARKEST_PAPER: u8 = 45;

/// A page that spans fewer levels has nothing on it that could be coloured.
const LEAST_RANGE: u8 = 16;

/// Share of the page that counts as paper, from the lightest down.
const PAPER_SHARE: f32 = 0.3;

/// Measures the planes; `None` where the page is too dark or too even to tell.
pub fn measure(planes: &Planes, tone: &Tone) -> Option<Colour> {
    if tone.paper < DARKEST_PAPER || tone.range < LEAST_RANGE {
        return None;
    }
    let (blue, red) = cast(planes);
    let cells = planes.y.cells.len() as f32;
    let mut magnitudes = [0u32; 256];
    let mut sum = 0.0;
    let across = planes.y.width.div_ceil(PATCH);
    let mut patches = vec![0u32; across * planes.y.height.div_ceil(PATCH)];
    let mut at = 0;
    for y in 0..planes.y.height {
        for x in 0..planes.y.width {
            let luma = f32::from(planes.y.cells[at]);
            let cb = f32::from(planes.cb.cells[at]) - 128.0;
            let cr = f32::from(planes.cr.cells[at]) - 128.0;
            at += 1;
            sum += (cb * cb + cr * cr).sqrt();
            let (cb, cr) = (cb - blue * luma, cr - red * luma);
            let chroma = (cb * cb + cr * cr).sqrt();
            magnitudes[chroma as usize] += 1;
            patches[y / PATCH * across + x / PATCH] += u32::from(chroma > COLOURED);
        }
    }
    let coloured: u32 = patches.iter().sum();
    let fullest = patches.iter().max().copied().unwrap_or_default();
    Some(Colour {
        coloured_share: coloured as f32 / cells,
        peak: upper_percentile(&magnitudes, cells * 0.001),
        patch_share: fullest as f32 / (PATCH * PATCH) as f32,
        mean: sum / cells,
        cast: (blue * 255.0, red * 255.0),
    })
}

/// Chroma of the paper as a share of its luma: the median over the lightest cells that are not
/// clipped, since clipping takes the cast away.
fn cast(planes: &Planes) -> (f32, f32) {
    let mut levels = [0usize; 256];
    for &luma in &planes.y.cells {
        levels[usize::from(luma)] += 1;
    }
    let wanted = (planes.y.cells.len() as f32 * PAPER_SHARE) as usize;
    let mut seen = 0;
    let lightest = (0..=255u8).rev().find(|&level| {
        seen += levels[usize::from(level)];
        seen > wanted
    });
    let lightest = lightest.unwrap_or_default().max(1);
    let unclipped = (lightest..=250).any(|level| levels[usize::from(level)] > 100);
    let paper = if unclipped { lightest..=250 } else { lightest..=255 };
    let ratios = |chroma: &[u8]| {
        let mut ratios: Vec<f32> = planes
            .y
            .cells
            .iter()
            .zip(chroma)
            .filter(|(luma, _)| paper.contains(luma))
            .map(|(&luma, &chroma)| (f32::from(chroma) - 128.0) / f32::from(luma))
            .collect();
        let middle = ratios.len() / 2;
        match ratios.is_empty() {
            true => 0.0,
            false => *ratios.select_nth_unstable_by(middle, f32::total_cmp).1,
        }
    };
    (ratios(&planes.cb.cells), ratios(&planes.cr.cells))
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
        measure(&planes, &tone::measure(&planes.y))
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
