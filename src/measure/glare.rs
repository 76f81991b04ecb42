//! Where a reflection swallowed the print: blobs at the top of the scale on paper that is not.

use image::GrayImage;

use crate::decode::page::Planes;
use crate::measure::outline::Outline;
use crate::measure::shapes::{Connectivity, Extent, parts};

/// Reflections on one page.
#[derive(Clone, Debug, PartialEq)]
pub struct Glare {
    /// Share of the document, or of the page where it has no outline, that reflections cover.
    pub share: f64,
    /// The larger ones, largest first: left, top, right, bottom in 0..1 of the page.
    pub boxes: Vec<[f64; 4]>,
}

/// Luma from which a cell has lost what was printed there.
const SATURATED: u8 = 250;

/// Chroma up to which a saturated cell is a reflection of a lamp and not a bright colour.
const NEUTRAL: i16 = 12;

/// A page with more of it saturated is white paper, or overexposed as a whole.
const MOST_SATURATED: f64 = 0.45;

/// Paper at least this much below the top of the scale makes a reflection stand out.
const STANDS_OUT: u8 = 10;

/// Share of its box that a blob fills: reflections are round or oval, gaps between lines are not.
const COMPACT: f64 = 0.45;

/// Part of the document's area that is the least blob.
const LEAST_BLOB: f64 = 0.0008;

/// A page of fewer cells a side shows no blob.
const LEAST_SIDE: usize = 24;

/// How far into the outline a blob must lie, in half widths: the rim of a card shines by nature.
const RIM: f64 = 0.02;

/// Measures the planes.
pub fn measure(planes: &Planes, outline: Option<&Outline>) -> Option<Glare> {
    let (width, height) = (planes.y.width, planes.y.height);
    if width.min(height) < LEAST_SIDE {
        return None;
    }
    let inside = match outline {
        Some(outline) => outline.mask(width, height, RIM),
        None => vec![true; width * height],
    };
    let mut histogram = [0usize; 256];
    for (luma, inside) in planes.y.cells.iter().zip(&inside) {
        histogram[usize::from(*luma)] += usize::from(*inside);
    }
    let total: usize = histogram.iter().sum();
    let saturated: usize = histogram[usize::from(SATURATED)..].iter().sum();
    let paper = lightest_unsaturated(&histogram, total - saturated);
    if total == 0
        || saturated as f64 > MOST_SATURATED * total as f64
        || paper > SATURATED - STANDS_OUT
    {
        return None;
    }
    let mut mask = GrayImage::new(width as u32, height as u32);
    let cells = planes.y.cells.iter().zip(&planes.cb.cells).zip(&planes.cr.cells).zip(&inside);
    for (cell, (((luma, cb), cr), inside)) in mask.iter_mut().zip(cells) {
        let neutral = [cb, cr].iter().all(|&&chroma| (i16::from(chroma) - 128).abs() <= NEUTRAL);
        *cell = 255 * u8::from(*luma >= SATURATED && neutral && *inside);
    }
    Some(blobs(&mask, total))
}

/// The level below which nine tenths of the unsaturated cells lie.
fn lightest_unsaturated(histogram: &[usize; 256], unsaturated: usize) -> u8 {
    let mut seen = 0;
    (0..SATURATED)
        .find(|&level| {
            seen += histogram[usize::from(level)];
            seen * 10 > unsaturated * 9
        })
        .unwrap_or(SATURATED)
}

fn blobs(mask: &GrayImage, total: usize) -> Glare {
    let (width, height) = (f64::from(mask.width()), f64::from(mask.height()));
    let found = parts(mask, Connectivity::Eight).extents().into_iter();
    let mut blobs: Vec<(usize, [f64; 4])> = found
        .filter(|part| part.cells as f64 >= LEAST_BLOB * total as f64)
        .filter(|Extent { cells, edges: [left, top, right, bottom] }| {
            *cells as f64 >= COMPACT * f64::from((right - left) * (bottom - top))
        })
        .map(|Extent { cells, edges }| {
            let [left, top, right, bottom] = edges.map(f64::from);
            (cells, [left / width, top / height, right / width, bottom / height])
        })
        .collect();
    blobs.sort_by_key(|(cells, _)| std::cmp::Reverse(*cells));
    let covered: usize = blobs.iter().map(|(cells, _)| cells).sum();
    blobs.truncate(4);
    Glare {
        share: covered as f64 / total as f64,
        boxes: blobs.into_iter().map(|(_, edges)| edges).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::page::Plane;

    fn page(luma: impl Fn(usize, usize) -> u8) -> Planes {
        let plane = |cell: &dyn Fn(usize, usize) -> u8| Plane {
            width: 200,
            height: 150,
            cells: (0..200 * 150).map(|at| cell(at % 200, at / 200)).collect(),
        };
        Planes { y: plane(&luma), cb: plane(&|_, _| 128), cr: plane(&|_, _| 128) }
    }

    fn near(x: usize, y: usize, radius: f64) -> bool {
        (x as f64 - 90.0).hypot(y as f64 - 60.0) < radius
    }

    #[test]
    fn a_bright_disc_on_grey_paper_is_glare_and_its_box_surrounds_it() {
        let glare = measure(&page(|x, y| if near(x, y, 15.0) { 254 } else { 180 }), None).unwrap();
        assert!((glare.share - 0.0236).abs() < 0.002, "{glare:?}");
        let [left, top, right, bottom] = glare.boxes[0];
        assert!(left < 0.4 && right > 0.5 && top < 0.35 && bottom > 0.48, "{glare:?}");
    }

    #[test]
    fn white_paper_is_no_glare() {
        assert_eq!(measure(&page(|x, y| if (x + y) % 9 == 0 { 30 } else { 254 }), None), None);
        assert_eq!(measure(&page(|_, y| if y < 100 { 245 } else { 253 }), None), None);
    }
}
