//! Two sheets of one shape in one picture, as both sides of a card are put together.

use image::GrayImage;

use crate::measure::outline::Shape;
use crate::measure::polygon::Place;

/// Two sheets are alike when the smaller has this share of the larger one's area, and their shapes
/// differ by no more than this.
const LEAST_ALIKE: f64 = 0.6;
const SAME_SHAPE: f64 = 0.15;

/// Shapes of cards and booklets, long side over short side; bars and halves of cards have others.
const SHAPES: std::ops::RangeInclusive<f64> = 1.3..=1.75;

/// Without a gap only halves of the shape of a card (ISO/IEC 7810 ID-1) are told from the halves of
/// one sheet: half a sheet of A4, or of an open booklet, has the shape of the whole.
const CARDS: std::ops::RangeInclusive<f64> = 1.48..=1.70;

/// Where along the outline two sheets of one size meet.
const SEAM: std::ops::RangeInclusive<f64> = 0.38..=0.62;

/// How far round corners must draw in at both ends of a seam, as a share of its length and in cells.
const NOTCH: f64 = 0.012;
const LEAST_NOTCH: f64 = 2.0;

/// A notch takes no more than this share of the outline's length.
const WIDEST_NOTCH: f64 = 0.08;

/// Two parts that lie apart and are two sheets.
pub(super) fn apart(parts: &[GrayImage]) -> Option<[Shape; 2]> {
    let [first, second] = parts else {
        return None;
    };
    let (first, second) = (Shape::of(first)?, Shape::of(second)?);
    let sheets = first.is_sheet() && second.is_sheet();
    (sheets && alike(&first, &second, &SHAPES)).then_some([first, second])
}

fn alike(a: &Shape, b: &Shape, shapes: &std::ops::RangeInclusive<f64>) -> bool {
    let same_shape = (a.aspect() / b.aspect() - 1.0).abs() <= SAME_SHAPE;
    let known = shapes.contains(&a.aspect()) && shapes.contains(&b.aspect());
    same_shape && known && a.area.min(b.area) >= LEAST_ALIKE * a.area.max(b.area)
}

/// The halves of a shape across whose middle a narrow gap runs, or where round corners meet; and
/// whether the gap runs all the way. `raw` is the mask before its gaps were closed.
pub(super) fn joined_at_a_seam(raw: &GrayImage, whole: &Shape) -> Option<(Vec<Shape>, bool)> {
    let (across, down) = whole.extent();
    let [a, b, c, d] = whole.corners;
    // The two long sides, both from the same end.
    let (left, right) = if down >= across { ((a, d), (b, c)) } else { ((a, b), (d, c)) };
    let (length, width) = (across.max(down), across.min(down));
    let ends = |along: f64| (between(left.0, left.1, along), between(right.0, right.1, along));
    let places: Vec<f64> = (0..=length as usize)
        .map(|at| at as f64 / length)
        .filter(|along| SEAM.contains(along))
        .collect();
    let notches: Vec<f64> = places.iter().map(|&at| notch(raw, ends(at), width)).collect();
    let mut sorted = notches.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let usual = sorted.get(sorted.len() / 2).copied()?;
    let least = usual + (NOTCH * width).max(LEAST_NOTCH);
    let drawn_in: Vec<f64> =
        (0..places.len()).filter(|&at| notches[at] >= least).map(|at| places[at]).collect();
    let (from, to) = (*drawn_in.first()?, *drawn_in.last()?);
    if to - from > WIDEST_NOTCH {
        return None;
    }
    let parted = notches.iter().any(|notch| *notch >= width / 2.0 - 1.0);
    let (start, end) = if parted { (from, to) } else { ((from + to) / 2.0, (from + to) / 2.0) };
    let cut = |near: f64, far: f64| {
        let ((p, q), (r, s)) = (ends(near), ends(far));
        // Clockwise from the top left, as the whole.
        whole.part(if down >= across { [p, q, s, r] } else { [p, r, s, q] })
    };
    let (first, second) = (cut(0.0, start), cut(end, 1.0));
    let shapes = if parted { &SHAPES } else { &CARDS };
    alike(&first, &second, shapes).then(|| (vec![first, second], parted))
}

/// How far in from both ends of a line nothing stands out, in cells: the lesser of the two.
fn notch(raw: &GrayImage, (from, to): (Place, Place), width: f64) -> f64 {
    let lit = |share: f64| {
        let (x, y) = between(from, to, share);
        let (x, y) = (x.round().max(0.0) as u32, y.round().max(0.0) as u32);
        raw.get_pixel_checked(x, y).is_none_or(|pixel| pixel.0[0] > 0)
    };
    let steps = (width / 2.0) as usize;
    let depth = |share: &dyn Fn(f64) -> f64| {
        (0..steps).position(|at| lit(share(at as f64 / width))).unwrap_or(steps)
    };
    depth(&|share| share).min(depth(&|share| 1.0 - share)) as f64
}

fn between(from: Place, to: Place, share: f64) -> Place {
    (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
}
