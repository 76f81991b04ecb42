//! The outline of a sheet or card that lies on something else.
//!
//! Cells that stand out from the surface that the border shows are joined to one shape, and the
//! shape's hull is reduced to the quadrilateral around it. A page that fills the frame has none.

use image::{GrayImage, Luma};
use imageproc::distance_transform::Norm;
use imageproc::geometry::convex_hull;
use imageproc::morphology::{close, open};
use imageproc::point::Point;
use imageproc::region_labelling::{Connectivity, connected_components};

use crate::measure::background::Distance;

/// A sheet on a surface. Lengths and places are in shares of the page's width and height.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Corners, clockwise from the top left, `(x, y)` in 0..1; outside where the frame cuts them off.
    pub corners: [(f64, f64); 4],
    /// Share of the frame.
    pub area_share: f64,
    /// Share of the outline that stands out from the background: near 1 for a sheet, less where light
    /// print or tinted print was taken for one.
    pub fill: f64,
    /// Share of each side of the frame (top, right, bottom, left) along which the sheet touches it.
    pub touching: [f64; 4],
    /// Turn of the sheet against the frame in degrees, clockwise, -45..45.
    pub skew_deg: f64,
    /// Difference of opposite sides, as a share of the longer one; the larger of the two pairs.
    pub taper: f64,
    /// Long side over short side.
    pub aspect: f64,
    /// Length of the long side in full-resolution pixels.
    pub long_side_px: f64,
}

/// Distance from the surface, in units of its grain averaged over nine cells, that stands out.
const STANDS_OUT: f32 = 3.5;

/// Gaps up to twice this many cells are closed, lines up to it opened.
const REACH: u8 = 3;

/// A part of the shape smaller than this share of the largest one is something else on the desk.
const LEAST_PART: f64 = 0.15;

/// A sheet is a filled quadrilateral of some size; anything else is content of a page that fills
/// the frame.
const LEAST_FILL: f64 = 0.86;
const LEAST_RECTANGULARITY: f64 = 0.93;
const LEAST_AREA: f64 = 0.05;

/// A side of the frame touched along this share of its length is the page's own: a header band or a
/// page that fills the frame. A card that leaves the frame is narrower than it.
const WHOLE_SIDE: f64 = 0.97;

/// A sheet that covers more of the frame is the page itself, cropped tightly.
const FILLS_THE_FRAME: f64 = 0.88;

/// Less of the border on one surface is no desk: the frame lies inside the document.
const LEAST_BORDER: f32 = 0.6;

/// A frame of fewer cells a side has no room for a sheet on a desk.
const LEAST_SIDE: usize = 24;

/// Finds the sheet; `scale` is the number of full-resolution pixels a cell.
pub fn find(distance: &Distance, scale: usize) -> Option<Outline> {
    if distance.width.min(distance.height) < LEAST_SIDE || distance.border_share < LEAST_BORDER {
        return None;
    }
    let mask = largest_shape(&shape(distance));
    let (width, height) = mask.dimensions();
    let filled = mask.pixels().filter(|pixel| pixel.0[0] > 0).count() as f64;
    let hull: Vec<(f64, f64)> = convex_hull(boundary(&mask))
        .into_iter()
        .map(|point: Point<i32>| (f64::from(point.x), f64::from(point.y)))
        .collect();
    let hull_area = area(&hull);
    if hull.len() < 4 || hull_area < LEAST_AREA * f64::from(width * height) {
        return None;
    }
    let corners = upright_first(circumscribed(hull)?);
    // Cells have an extent of one, hull points have none.
    let is_sheet =
        filled / hull_area >= LEAST_FILL && hull_area / area(&corners) >= LEAST_RECTANGULARITY;
    let outline = is_sheet.then(|| describe(&mask, corners, hull_area, scale))?;
    let outline = Outline { fill: filled / hull_area, ..outline };
    let apart = outline.touching.iter().all(|share| *share < WHOLE_SIDE);
    (apart && outline.area_share < FILLS_THE_FRAME).then_some(outline)
}

impl Outline {
    /// Whether a place, in shares of the page, lies on the sheet, at least `margin` of the sheet's
    /// half width from its rim.
    pub fn contains(&self, x: f64, y: f64, margin: f64) -> bool {
        let centre = self
            .corners
            .iter()
            .fold((0.0, 0.0), |sum, corner| (sum.0 + corner.0 / 4.0, sum.1 + corner.1 / 4.0));
        let shrunk = self.corners.map(|(x, y)| {
            (centre.0 + (x - centre.0) * (1.0 - margin), centre.1 + (y - centre.1) * (1.0 - margin))
        });
        (0..4).all(|side| cross(shrunk[side], shrunk[(side + 1) % 4], (x, y)) >= 0.0)
    }
}

fn describe(mask: &GrayImage, corners: Vec<(f64, f64)>, hull_area: f64, scale: usize) -> Outline {
    let (width, height) = (f64::from(mask.width()), f64::from(mask.height()));
    let side = |from: usize| {
        let (a, b) = (corners[from], corners[(from + 1) % 4]);
        (b.0 - a.0, b.1 - a.1)
    };
    let length = |(x, y): (f64, f64)| (x * x + y * y).sqrt();
    let [top, right, bottom, left] = [0, 1, 2, 3].map(side);
    let taper = |a: f64, b: f64| (a - b).abs() / a.max(b);
    let (across, down) =
        ((length(top) + length(bottom)) / 2.0, (length(right) + length(left)) / 2.0);
    // The direction of top and bottom together; the bottom side runs backwards.
    let (dx, dy) = (top.0 - bottom.0, top.1 - bottom.1);
    let share = |cells: usize, length: f64| cells as f64 / length;
    let lit = |x: u32, y: u32| usize::from(mask.get_pixel(x, y).0[0] > 0);
    let row = |y: u32| (0..mask.width()).map(|x| lit(x, y)).sum::<usize>();
    let column = |x: u32| (0..mask.height()).map(|y| lit(x, y)).sum::<usize>();
    Outline {
        corners: [0, 1, 2, 3].map(|at| (corners[at].0 / width, corners[at].1 / height)),
        area_share: hull_area / (width * height),
        fill: 1.0,
        touching: [
            share(row(0), width),
            share(column(mask.width() - 1), height),
            share(row(mask.height() - 1), width),
            share(column(0), height),
        ],
        skew_deg: dy.atan2(dx).to_degrees(),
        taper: taper(length(top), length(bottom)).max(taper(length(right), length(left))),
        aspect: across.max(down) / across.min(down),
        long_side_px: across.max(down) * scale as f64,
    }
}

/// The cells that stand out, smoothed, with gaps and holes closed.
fn shape(distance: &Distance) -> GrayImage {
    let (width, height) = (distance.width, distance.height);
    let mean = |x: usize, y: usize| {
        let (left, right) = (x.saturating_sub(1), (x + 2).min(width));
        let (top, bottom) = (y.saturating_sub(1), (y + 2).min(height));
        let rows = (top..bottom).map(|y| &distance.cells[y * width + left..y * width + right]);
        let sum: f32 = rows.flatten().sum();
        sum / ((right - left) * (bottom - top)) as f32
    };
    let mask = GrayImage::from_fn(width as u32, height as u32, |x, y| {
        Luma([if mean(x as usize, y as usize) > STANDS_OUT { 255 } else { 0 }])
    });
    open(&without_holes(close(&mask, Norm::LInf, REACH)), Norm::LInf, REACH)
}

fn without_holes(mut mask: GrayImage) -> GrayImage {
    let inverted = GrayImage::from_fn(mask.width(), mask.height(), |x, y| {
        Luma([255 - mask.get_pixel(x, y).0[0]])
    });
    let labels = connected_components(&inverted, Connectivity::Four, Luma([0]));
    let (right, bottom) = (mask.width() - 1, mask.height() - 1);
    let mut outside =
        vec![false; labels.pixels().map(|label| label.0[0]).max().unwrap_or(0) as usize + 1];
    for (x, y, label) in labels.enumerate_pixels() {
        if x == 0 || y == 0 || x == right || y == bottom {
            outside[label.0[0] as usize] = true;
        }
    }
    for (pixel, label) in mask.pixels_mut().zip(labels.pixels()) {
        if label.0[0] > 0 && !outside[label.0[0] as usize] {
            pixel.0[0] = 255;
        }
    }
    mask
}

/// The largest part with those that are not much smaller: light print can split a card.
fn largest_shape(mask: &GrayImage) -> GrayImage {
    let labels = connected_components(mask, Connectivity::Eight, Luma([0]));
    let mut sizes =
        vec![0usize; labels.pixels().map(|label| label.0[0]).max().unwrap_or(0) as usize + 1];
    for label in labels.pixels() {
        sizes[label.0[0] as usize] += 1;
    }
    sizes[0] = 0;
    let largest = sizes.iter().max().copied().unwrap_or(0) as f64;
    GrayImage::from_fn(mask.width(), mask.height(), |x, y| {
        let size = sizes[labels.get_pixel(x, y).0[0] as usize] as f64;
        Luma([if size > 0.0 && size >= LEAST_PART * largest { 255 } else { 0 }])
    })
}

/// First and last cell of every row: all that a hull needs.
fn boundary(mask: &GrayImage) -> Vec<Point<i32>> {
    let mut points = Vec::new();
    for (y, row) in mask.enumerate_rows() {
        let mut lit = row.filter(|(_, _, pixel)| pixel.0[0] > 0).map(|(x, _, _)| x);
        if let Some(first) = lit.next() {
            points.push(Point::new(first as i32, y as i32));
            points.push(Point::new(lit.last().unwrap_or(first) as i32, y as i32));
        }
    }
    points
}

/// Takes sides off a convex polygon, each time the one whose loss adds the least area, until four
/// are left. Rounded corners become sharp ones.
fn circumscribed(mut polygon: Vec<(f64, f64)>) -> Option<Vec<(f64, f64)>> {
    if signed_area(&polygon) < 0.0 {
        polygon.reverse();
    }
    while polygon.len() > 4 {
        let count = polygon.len();
        let at = |index: usize| polygon[index % count];
        let (side, corner, _) = (0..count)
            .filter_map(|side| {
                // Without the side from `side` to `side + 1`, its neighbours meet in one corner.
                let corner =
                    meeting((at(side + count - 1), at(side)), (at(side + 2), at(side + 1)))?;
                let added = area(&[at(side), corner, at(side + 1)]);
                Some((side, corner, added))
            })
            .min_by(|a, b| a.2.total_cmp(&b.2))?;
        polygon[side] = corner;
        polygon.remove((side + 1) % count);
    }
    Some(polygon)
}

/// Where two rays meet in front of both, if they do.
fn meeting(a: ((f64, f64), (f64, f64)), b: ((f64, f64), (f64, f64))) -> Option<(f64, f64)> {
    let (da, db) = ((a.1.0 - a.0.0, a.1.1 - a.0.1), (b.1.0 - b.0.0, b.1.1 - b.0.1));
    let denominator = da.0 * db.1 - da.1 * db.0;
    if denominator.abs() < 1e-9 {
        return None;
    }
    let (gap_x, gap_y) = (b.0.0 - a.0.0, b.0.1 - a.0.1);
    let (along_a, along_b) =
        ((gap_x * db.1 - gap_y * db.0) / denominator, (gap_x * da.1 - gap_y * da.0) / denominator);
    (along_a >= 1.0 && along_b >= 1.0).then_some((a.0.0 + along_a * da.0, a.0.1 + along_a * da.1))
}

/// Begins with the side that runs most nearly from left to right along the top.
fn upright_first(mut corners: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let count = corners.len();
    let first = (0..count).max_by(|&a, &b| {
        let rightward = |from: usize| {
            let (from, to) = (corners[from], corners[(from + 1) % count]);
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            dx / (dx * dx + dy * dy).sqrt().max(1e-9)
        };
        rightward(a).total_cmp(&rightward(b))
    });
    corners.rotate_left(first.unwrap_or(0));
    corners
}

fn cross(from: (f64, f64), to: (f64, f64), point: (f64, f64)) -> f64 {
    (to.0 - from.0) * (point.1 - from.1) - (to.1 - from.1) * (point.0 - from.0)
}

fn signed_area(polygon: &[(f64, f64)]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    polygon.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
}

fn area(polygon: &[(f64, f64)]) -> f64 {
    signed_area(polygon).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance 20 inside a turned rectangle of `across` × `down` cells around `centre`.
    fn card(centre: (f64, f64), across: f64, down: f64, degrees: f64) -> Distance {
        let (width, height) = (400, 300);
        let (sin, cos) = degrees.to_radians().sin_cos();
        let cells = (0..width * height)
            .map(|at| {
                let (x, y) = ((at % width) as f64 - centre.0, (at / width) as f64 - centre.1);
                let (u, v) = (x * cos + y * sin, y * cos - x * sin);
                if u.abs() < across / 2.0 && v.abs() < down / 2.0 { 20.0 } else { 0.5 }
            })
            .collect();
        Distance { width, height, cells, border_share: 1.0 }
    }

    #[test]
    fn a_turned_card_is_found_with_its_turn_and_shape() {
        for degrees in [-20.0, -7.0, 0.0, 3.0, 15.0] {
            let outline = find(&card((200.0, 150.0), 220.0, 139.0, degrees), 4).unwrap();
            assert!((outline.skew_deg - degrees).abs() < 0.7, "{degrees}: {outline:?}");
            assert!((outline.aspect - 1.583).abs() < 0.04, "{outline:?}");
            assert!(outline.taper < 0.03, "{outline:?}");
            assert!((outline.long_side_px - 880.0).abs() < 16.0, "{outline:?}");
            assert_eq!(outline.touching, [0.0; 4]);
            assert!(outline.contains(0.5, 0.5, 0.05) && !outline.contains(0.05, 0.05, 0.0));
        }
    }

    #[test]
    fn a_card_that_leaves_the_frame_touches_that_side() {
        let outline = find(&card((330.0, 150.0), 220.0, 139.0, 0.0), 4).unwrap();
        let [top, right, bottom, left] = outline.touching;
        assert!(right > 0.4 && [top, bottom, left] == [0.0; 3], "{outline:?}");
    }

    #[test]
    fn a_band_along_a_whole_side_belongs_to_the_page() {
        let cells = (0..400 * 300).map(|at| if at / 400 < 60 { 20.0 } else { 0.5 });
        let distance =
            Distance { width: 400, height: 300, cells: cells.collect(), border_share: 1.0 };
        assert_eq!(find(&distance, 4), None);
    }

    #[test]
    fn lines_of_print_are_no_sheet() {
        let cells = (0..400 * 300).map(|at| {
            if (at / 400) % 40 < 10 && (20..380).contains(&(at % 400)) { 20.0 } else { 0.5 }
        });
        let distance =
            Distance { width: 400, height: 300, cells: cells.collect(), border_share: 1.0 };
        assert_eq!(find(&distance, 4), None);
    }
}
