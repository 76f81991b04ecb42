//! The outline of a sheet or card that lies on something else, or of two of one shape.
//!
//! Cells that stand out from the surface that the border shows are joined to one shape, and the
//! shape's hull is reduced to the quadrilateral around it. A page that fills the frame has none.

use image::{GrayImage, imageops};
use imageproc::geometry::convex_hull;
use imageproc::point::Point;

use crate::measure::background::Distance;
use crate::measure::polygon::{Place, area, circumscribed, cross, fill, upright_first};
use crate::measure::rim::{self, Rim};
use crate::measure::shapes::{Connectivity, close, open, parts, parts_of};
use crate::measure::{rounded, sheets};

/// A sheet on a surface, or two. Lengths and places are in shares of the page's width and height.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Corners, clockwise from the top left, `(x, y)` in 0..1; outside where the frame cuts them off.
    pub corners: [Place; 4],
    /// Share of the frame.
    pub area_share: f64,
    /// Share of the outline that stands out from the background: near 1 for a sheet, less where light
    /// print or tinted print was taken for one.
    pub fill: f64,
    /// Share of each side of the frame (top, right, bottom, left) along which the sheet touches it.
    pub touching: [f64; 4],
    /// Where it touches, and whether its corners are seen there.
    pub rims: [Rim; 4],
    /// Turn of the sheet against the frame in degrees, clockwise, -45..45.
    pub skew_deg: f64,
    /// Difference of opposite sides, as a share of the longer one; the larger of the two pairs.
    pub taper: f64,
    /// Long side over short side.
    pub aspect: f64,
    /// Length of the long side in full-resolution pixels.
    pub long_side_px: f64,
    /// Length of the short side in full-resolution pixels.
    pub short_side_px: f64,
    /// The sheets by themselves where there are two: one above or beside the other. Turn, taper and
    /// fill are then those of the worse one.
    pub sheets: Vec<Sheet>,
    /// Whether the background is seen between them all the way.
    pub apart: bool,
}

/// One of two sheets.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Corners as of an outline.
    pub corners: [Place; 4],
    /// Long side over short side.
    pub aspect: f64,
    /// Length of the long side in full-resolution pixels.
    pub long_side_px: f64,
}

/// Distance from the surface, in units of its grain averaged over nine cells, that stands out.
const STANDS_OUT: f32 = 3.5;

/// Part of a sheet's usual distance from the surface beyond which a cell is sheet and no shadow.
const SOLID: f32 = 0.5;

/// Cells of which one tells of all how far a sheet stands out: a prime, so that columns change.
const SAMPLED: usize = 7;

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
    let raw = standing_out(distance);
    let parts = large_parts(&open(&without_holes(closed(&raw)), REACH));
    let mask = joined(&parts, raw.dimensions());
    let whole = Shape::of(&mask)?;
    let solid = solid(distance, &mask);
    let apart = sheets::apart(&parts);
    let outline = match &apart {
        Some(pair) => describe([&mask, &solid], &whole, pair, scale),
        None if whole.is_sheet() => {
            let (halves, apart) = sheets::joined_at_a_seam(&raw, &whole).unwrap_or_default();
            Outline { apart, ..describe([&mask, &solid], &whole, &halves, scale) }
        }
        None => return None,
    };
    let outline = Outline { apart: outline.apart || apart.is_some(), ..outline };
    let own = outline.touching.iter().all(|share| *share < WHOLE_SIDE);
    (own && outline.area_share < FILLS_THE_FRAME).then_some(outline)
}

impl Outline {
    /// Whether a place, in shares of the page, lies on the sheet or on one of two, at least `margin`
    /// of the sheet's half width from its rim.
    pub fn contains(&self, x: f64, y: f64, margin: f64) -> bool {
        self.each_shrunk(margin).any(|corners| {
            (0..4).all(|side| cross(corners[side], corners[(side + 1) % 4], (x, y)) >= 0.0)
        })
    }

    /// Which cells of planes of `width` × `height` it contains, row-major.
    pub fn mask(&self, width: usize, height: usize, margin: f64) -> Vec<bool> {
        let mut mask = vec![false; width * height];
        for corners in self.each_shrunk(margin) {
            fill(&corners, width, &mut mask);
        }
        mask
    }

    /// The sheet, or each of two, without a margin.
    fn each_shrunk(&self, margin: f64) -> impl Iterator<Item = [Place; 4]> {
        let quadrilaterals = self.sheets.iter().map(|sheet| &sheet.corners);
        let whole = self.sheets.is_empty().then_some(&self.corners);
        quadrilaterals.chain(whole).map(move |corners| shrunk(corners, margin))
    }

    /// The long side of the document in full-resolution pixels: of the smaller one of two.
    pub fn document_long_side_px(&self) -> f64 {
        self.sheets
            .iter()
            .map(|sheet| sheet.long_side_px)
            .reduce(f64::min)
            .unwrap_or(self.long_side_px)
    }

    /// The corners as they are recorded and drawn.
    pub fn rounded_corners(&self) -> [Place; 4] {
        self.corners.map(|(x, y)| (rounded(x as f32), rounded(y as f32)))
    }
}

fn shrunk(corners: &[Place; 4], margin: f64) -> [Place; 4] {
    let centre = corners
        .iter()
        .fold((0.0, 0.0), |sum, corner| (sum.0 + corner.0 / 4.0, sum.1 + corner.1 / 4.0));
    corners.map(|(x, y)| {
        (centre.0 + (x - centre.0) * (1.0 - margin), centre.1 + (y - centre.1) * (1.0 - margin))
    })
}

/// A part of the mask and the quadrilateral around it, in cells.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    /// Clockwise from the top left.
    pub(super) corners: [Place; 4],
    /// What its hull encloses.
    pub(super) area: f64,
    /// Share of the hull that stands out.
    fill: f64,
}

impl Shape {
    pub(super) fn of(mask: &GrayImage) -> Option<Self> {
        let filled = mask.pixels().filter(|pixel| pixel.0[0] > 0).count() as f64;
        let hull: Vec<Place> = convex_hull(boundary(mask))
            .into_iter()
            .map(|point: Point<i32>| (f64::from(point.x), f64::from(point.y)))
            .collect();
        let hull_area = area(&hull);
        if hull.len() < 4 || hull_area < LEAST_AREA * f64::from(mask.width() * mask.height()) {
            return None;
        }
        let corners = upright_first(circumscribed(hull)?).try_into().ok()?;
        Some(Self { corners, area: hull_area, fill: filled / hull_area })
    }

    /// One half of this shape.
    pub(super) fn part(&self, corners: [Place; 4]) -> Self {
        Self { corners, area: area(&corners), fill: self.fill }
    }

    /// Cells have an extent of one, hull points have none.
    pub(super) fn is_sheet(&self) -> bool {
        self.fill >= LEAST_FILL && self.area / area(&self.corners) >= LEAST_RECTANGULARITY
    }

    fn side(&self, from: usize) -> Place {
        let (a, b) = (self.corners[from], self.corners[(from + 1) % 4]);
        (b.0 - a.0, b.1 - a.1)
    }

    fn lengths(&self) -> [f64; 4] {
        [0, 1, 2, 3].map(|side| self.side(side)).map(|(x, y)| x.hypot(y))
    }

    /// Mean length across and down.
    pub(super) fn extent(&self) -> (f64, f64) {
        let [top, right, bottom, left] = self.lengths();
        ((top + bottom) / 2.0, (right + left) / 2.0)
    }

    pub(super) fn aspect(&self) -> f64 {
        let (across, down) = self.extent();
        across.max(down) / across.min(down)
    }

    fn taper(&self) -> f64 {
        let [top, right, bottom, left] = self.lengths();
        let taper = |a: f64, b: f64| (a - b).abs() / a.max(b);
        taper(top, bottom).max(taper(right, left))
    }

    fn skew_deg(&self) -> f64 {
        // The direction of top and bottom together; the bottom side runs backwards.
        let (top, bottom) = (self.side(0), self.side(2));
        (top.1 - bottom.1).atan2(top.0 - bottom.0).to_degrees()
    }

    fn long_side_px(&self, scale: usize) -> f64 {
        let (across, down) = self.extent();
        across.max(down) * scale as f64
    }
}

fn describe(
    [mask, solid]: [&GrayImage; 2],
    whole: &Shape,
    sheets: &[Shape],
    scale: usize,
) -> Outline {
    let (width, height) = (f64::from(mask.width()), f64::from(mask.height()));
    let place = |corners: &[Place; 4]| corners.map(|(x, y)| (x / width, y / height));
    let (across, down) = whole.extent();
    let of_each = match sheets {
        [] => std::slice::from_ref(whole),
        sheets => sheets,
    };
    let worst = |value: fn(&Shape) -> f64| {
        of_each.iter().map(value).reduce(|a, b| if b.abs() > a.abs() { b } else { a })
    };
    let long_side = of_each.iter().map(|shape| shape.long_side_px(1)).fold(0.0, f64::max);
    let rims = rim::find(mask, solid, long_side);
    Outline {
        corners: place(&whole.corners),
        area_share: of_each.iter().map(|shape| shape.area).sum::<f64>() / (width * height),
        fill: of_each.iter().map(|shape| shape.fill).fold(1.0, f64::min),
        touching: rims.map(|rim| rim.share),
        rims,
        skew_deg: worst(Shape::skew_deg).unwrap_or_default(),
        taper: worst(Shape::taper).unwrap_or_default(),
        aspect: whole.aspect(),
        long_side_px: whole.long_side_px(scale),
        short_side_px: across.min(down) * scale as f64,
        sheets: sheets
            .iter()
            .map(|shape| Sheet {
                corners: place(&shape.corners),
                aspect: shape.aspect(),
                long_side_px: shape.long_side_px(scale),
            })
            .collect(),
        apart: false,
    }
}

/// The cells that stand out, smoothed.
fn standing_out(distance: &Distance) -> GrayImage {
    let (width, height) = (distance.width, distance.height);
    let at_the_rim = |x: usize, y: usize| {
        let (left, right) = (x.saturating_sub(1), (x + 2).min(width));
        let (top, bottom) = (y.saturating_sub(1), (y + 2).min(height));
        let rows = (top..bottom).map(|y| &distance.cells[y * width + left..y * width + right]);
        let sum: f32 = rows.flatten().sum();
        sum / ((right - left) * (bottom - top)) as f32
    };
    let level = |mean: f32| if mean > STANDS_OUT { 255 } else { 0 };
    let mut mask = GrayImage::new(width as u32, height as u32);
    for (y, row) in mask.chunks_exact_mut(width.max(1)).enumerate() {
        let is_inner = y > 0 && y + 1 < height && width > 2;
        let whole = if is_inner { 1..width - 1 } else { 0..0 };
        if is_inner {
            let [above, here, below] =
                [y - 1, y, y + 1].map(|y| distance.cells[y * width..][..width].windows(3));
            let near = above.zip(here).zip(below);
            for (cell, ((above, here), below)) in row[1..width - 1].iter_mut().zip(near) {
                let sum = above[0] + above[1] + above[2] + here[0] + here[1] + here[2];
                *cell = level((sum + below[0] + below[1] + below[2]) / 9.0);
            }
        }
        for x in (0..width).filter(|x| !whole.contains(x)) {
            row[x] = level(at_the_rim(x, y));
        }
    }
    mask
}

/// The cells of the mask that stand out about as far as most of it: not its shadow, nor its soft rim.
fn solid(distance: &Distance, mask: &GrayImage) -> GrayImage {
    // Every few cells are enough for it.
    let cells = distance.cells.iter().zip(mask.iter()).step_by(SAMPLED);
    let mut inside: Vec<f32> = cells.filter(|(_, cell)| **cell > 0).map(|(far, _)| *far).collect();
    let middle = inside.len() / 2;
    let median = match inside.is_empty() {
        true => 0.0,
        false => *inside.select_nth_unstable_by(middle, f32::total_cmp).1,
    };
    let bound = (SOLID * median).max(STANDS_OUT);
    let mut solid = mask.clone();
    for (cell, distance) in solid.iter_mut().zip(&distance.cells) {
        *cell = if *distance > bound { *cell } else { 0 };
    }
    solid
}

/// With gaps closed, but not the one between a sheet and the side of the frame.
fn closed(mask: &GrayImage) -> GrayImage {
    let (width, height) = mask.dimensions();
    let reach = u32::from(REACH);
    let mut padded = GrayImage::new(width + 2 * reach, height + 2 * reach);
    imageops::replace(&mut padded, mask, reach.into(), reach.into());
    imageops::crop_imm(&close(&padded, REACH), reach, reach, width, height).to_image()
}

fn without_holes(mut mask: GrayImage) -> GrayImage {
    let (width, height) = (mask.width() as usize, mask.height() as usize);
    let gaps = parts_of(&mask, Connectivity::Four, |cell| cell == 0);
    let mut outside = vec![false; gaps.count];
    for run in &gaps.runs {
        outside[run.part] |=
            run.start == 0 || run.end == width || run.y == 0 || run.y + 1 == height;
    }
    for run in gaps.runs.iter().filter(|run| !outside[run.part]) {
        run.fill(&mut mask, width, 255);
    }
    mask
}

/// The largest part and those that are not much smaller: light print can split a card.
fn large_parts(mask: &GrayImage) -> Vec<GrayImage> {
    let parts = parts(mask, Connectivity::Eight);
    let mut sizes = vec![0; parts.count];
    for run in &parts.runs {
        sizes[run.part] += run.length();
    }
    let largest = sizes.iter().max().copied().unwrap_or(0) as f64;
    let of_part = |part: usize| {
        let mut own = GrayImage::new(mask.width(), mask.height());
        for run in parts.runs.iter().filter(|run| run.part == part) {
            run.fill(&mut own, mask.width() as usize, 255);
        }
        own
    };
    let large = (0..parts.count).filter(|&part| sizes[part] as f64 >= LEAST_PART * largest);
    large.map(of_part).collect()
}

fn joined(parts: &[GrayImage], (width, height): (u32, u32)) -> GrayImage {
    let mut joined = GrayImage::new(width, height);
    for part in parts {
        for (cell, own) in joined.iter_mut().zip(part.iter()) {
            *cell = (*cell).max(*own);
        }
    }
    joined
}

/// First and last cell of every row: all that a hull needs.
fn boundary(mask: &GrayImage) -> Vec<Point<i32>> {
    let mut points = Vec::new();
    for (y, row) in mask.chunks_exact((mask.width() as usize).max(1)).enumerate() {
        let first = row.iter().position(|&cell| cell > 0);
        let last = row.iter().rposition(|&cell| cell > 0);
        points.extend(first.into_iter().chain(last).map(|x| Point::new(x as i32, y as i32)));
    }
    points
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
