//! Where a sheet touches the frame: whether it ends there, or is cut off.
//!
//! A card that lies flush with the glass of a scanner shows its round corners, and paper free of print
//! along its edge; of one that is cut off neither is left.

use image::GrayImage;

use crate::decode::page::Plane;

/// One side of the frame and the sheet along it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rim {
    /// Share of the side along which the sheet touches it.
    pub share: f64,
    /// From where to where, 0..1 of the side, left to right or top to bottom.
    pub run: (f64, f64),
    /// How far the sheet's other sides draw in towards this one, as a share of its long side: what is
    /// seen of its round corners, at the end that shows less of it.
    pub rounding: f64,
}

/// Corners are round within this share of the sheet's long side; past it its sides are straight.
const CORNER: f64 = 0.07;

/// What draws in farther is a turned sheet whose corner the frame cuts.
const FARTHEST: f64 = 0.06;

/// Depth of the strip in which print is looked for, as a share of the long side of the plane.
const STRIP: f64 = 0.015;

/// Print is darker than this share of the paper around it.
const PRINT: f32 = 0.78;

/// Cells either way in which the paper is looked for.
const AROUND: usize = 20;

/// Measures the four sides of a mask; `long_side` is the sheet's, in cells. `solid` is what
/// of it is surely sheet: its gaps are not closed, nor its round corners.
pub(super) fn find(mask: &GrayImage, solid: &GrayImage, long_side: f64) -> [Rim; 4] {
    [0, 1, 2, 3].map(|side| {
        let rows = Rows { size: mask.dimensions(), side };
        let lit = |depth: usize, along: usize| {
            let (x, y) = rows.cell(depth, along);
            mask.get_pixel(x, y).0[0] > 0
        };
        let seen = |depth: usize, along: usize| {
            let (x, y) = rows.cell(depth, along);
            lit(depth, along) && solid.get_pixel(x, y).0[0] > 0
        };
        let ends = |depth: usize| {
            let first = (0..rows.length()).find(|&along| seen(depth, along))?;
            let last = (first..rows.length()).rev().find(|&along| seen(depth, along))?;
            Some((first as f64, last as f64))
        };
        let length = rows.length() as f64;
        let touching = (0..rows.length()).filter(|&along| lit(0, along)).count();
        let share = touching as f64 / length;
        match ends(0).filter(|_| touching > 0) {
            Some((first, last)) => Rim {
                share,
                run: (first / length, (last + 1.0) / length),
                rounding: rounding((first, last), long_side, rows.depth(), ends),
            },
            None => Rim { share, ..Rim::default() },
        }
    })
}

/// By how much the ends lie inside the lines of the sides that are straight farther in.
fn rounding(
    (first, last): (f64, f64),
    long_side: f64,
    deepest: usize,
    ends: impl Fn(usize) -> Option<(f64, f64)>,
) -> f64 {
    let from = (CORNER * long_side).ceil() as usize;
    let straight: Vec<(f64, (f64, f64))> = (from..(3 * from).min(deepest))
        .map_while(|depth| Some((depth as f64, ends(depth)?)))
        .collect();
    if straight.len() <= from {
        return 0.0;
    }
    let at_rim = |end: fn(&(f64, f64)) -> f64| {
        let points: Vec<(f64, f64)> = straight.iter().map(|(x, ends)| (*x, end(ends))).collect();
        intercept(&points)
    };
    let offsets = [first - at_rim(|ends| ends.0), at_rim(|ends| ends.1) - last];
    let [less, more] = [f64::min, f64::max].map(|pick| pick(offsets[0], offsets[1]) / long_side);
    if more > FARTHEST { 0.0 } else { less.max(0.0) }
}

/// Where the line through the points meets the axis, by least squares.
fn intercept(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / spread;
    y - slope * x
}

/// Share of the touched part of each side along which print stands: what a cut through a document
/// shows, and its margin does not.
pub(super) fn print(luma: &Plane, rims: &[Rim; 4]) -> [f64; 4] {
    let depth = ((STRIP * luma.width.max(luma.height) as f64).ceil() as usize).max(2);
    let mut shares = [0.0; 4];
    for (side, share) in shares.iter_mut().enumerate() {
        let rows = Rows { size: (luma.width as u32, luma.height as u32), side };
        let length = rows.length() as f64;
        let (from, to) = rims[side].run;
        // Beside round corners lies what the sheet lies on.
        let corner = CORNER * (to - from);
        let (from, to) = (from + corner, to - corner);
        let run = (from * length) as usize..((to * length) as usize).min(rows.length());
        // The outermost cell is half frame, half rim.
        let strip = 1..(depth + 1).min(rows.depth());
        let level = |along: usize, pick: fn(u8, u8) -> u8| {
            strip
                .clone()
                .map(|depth| rows.cell(depth, along))
                .map(|(x, y)| luma.at(x as usize, y as usize))
                .reduce(pick)
                .unwrap_or_default()
        };
        let lightest: Vec<u8> = run.clone().map(|along| level(along, u8::max)).collect();
        let darkest: Vec<u8> = run.map(|along| level(along, u8::min)).collect();
        let printed = (0..darkest.len()).filter(|&at| {
            let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(lightest.len());
            let mut around = lightest[around].to_vec();
            let middle = around.len() / 2;
            let (_, paper, _) = around.select_nth_unstable(middle);
            f32::from(darkest[at]) < PRINT * f32::from(*paper)
        });
        *share = printed.count() as f64 / darkest.len().max(1) as f64;
    }
    shares
}

/// The frame seen from one side (top, right, bottom, left): rows from it inwards.
#[derive(Clone, Copy)]
struct Rows {
    size: (u32, u32),
    side: usize,
}

impl Rows {
    fn length(self) -> usize {
        if self.side.is_multiple_of(2) { self.size.0 as usize } else { self.size.1 as usize }
    }

    fn depth(self) -> usize {
        if self.side.is_multiple_of(2) { self.size.1 as usize } else { self.size.0 as usize }
    }

    fn cell(self, depth: usize, along: usize) -> (u32, u32) {
        let (depth, along) = (depth as u32, along as u32);
        match self.side {
            0 => (along, depth),
            1 => (self.size.0 - 1 - depth, along),
            2 => (along, self.size.1 - 1 - depth),
            _ => (depth, along),
        }
    }
}
