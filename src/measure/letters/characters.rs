//! From cells of print to characters of one size.
//!
//! A Chinese character comes in parts with gaps as wide as those between characters, so parts are
//! joined, nearest first, as long as what comes out is no larger than a character.

use image::GrayImage;

use super::cloth::Grid;
use crate::measure::shapes::{self, Connectivity};

/// A box in cells, right and bottom excluded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
    /// Cells of print.
    pub area: usize,
    /// Something hides a part of it, or the frame cuts it.
    pub cut: bool,
}

/// More parts than this are the weave of the cloth or a crowd; the largest ones are kept.
const MOST_PARTS: usize = 2400;

/// Neighbours of a part that are looked at, in the order of their left edges.
const MOST_NEIGHBOURS: usize = 240;

/// Cells that the smallest character has a side.
const LEAST_SIDE: f32 = 3.0;

/// The part of the frame's short side that the largest character has.
const MOST_SIDE: f32 = 0.4;

/// Steps between the sizes that are tried.
const STEP: f32 = 1.15;

/// What a character may be larger than the size, and the size of the characters that are counted.
const LARGER: f32 = 1.15;
const SMALLER: f32 = 0.6;

/// The widest gap between parts of one character, in sizes.
const GAP: f32 = 0.22;

/// The widest gap between neighbours in a line, and how far their middles lie apart across it, in
/// sizes.
const ALONG: f32 = 1.5;
const ACROSS: f32 = 0.4;

/// The part of its box that the print of a character covers; a letter I fills it.
const FILL: std::ops::RangeInclusive<f32> = 0.1..=0.92;

/// What is narrower than this part of its height is a letter I or a fold.
const NARROW: f32 = 0.35;

/// Characters that touch are looked at together, up to so many sizes of them.
const LONGEST: f32 = 16.0;

/// From middle to middle of characters that touch, in sizes.
const PITCH: f32 = 1.05;

impl Part {
    pub(super) fn width(&self) -> f32 {
        (self.right - self.left) as f32
    }

    pub(super) fn height(&self) -> f32 {
        (self.bottom - self.top) as f32
    }

    fn is_narrow(&self) -> bool {
        self.width() < NARROW * self.height()
    }

    fn looks_printed(&self) -> bool {
        let fill = self.area as f32 / (self.width() * self.height());
        self.width() <= LONGEST * self.height() && (self.is_narrow() || FILL.contains(&fill))
    }

    fn joined(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
            area: self.area + other.area,
            cut: self.cut || other.cut,
        }
    }

    /// Whether both are of about one height and in one line.
    fn is_beside(&self, other: &Self) -> bool {
        let size = self.height().max(other.height());
        let middle = |part: &Self| (part.top + part.bottom) as f32 / 2.0;
        let gap = self.left.max(other.left) as f32 - self.right.min(other.right) as f32;
        self.height().min(other.height()) >= SMALLER * size
            && (middle(self) - middle(other)).abs() <= ACROSS * size
            && gap <= ALONG * size
    }

    /// Characters that touch, cut apart at even distances.
    fn cut_apart(self, size: f32) -> impl Iterator<Item = Self> {
        let count = ((self.width() / (PITCH * size)).round() as usize).max(1);
        let place = move |at: usize| self.left + at * (self.right - self.left) / count;
        (0..count).map(move |at| Self {
            left: place(at),
            right: place(at + 1).max(place(at) + 1),
            area: self.area / count,
            ..self
        })
    }
}

/// Characters of the size that most of the print has, in the order of their left edges.
pub(super) fn find(grid: &Grid, print: &[bool]) -> Vec<Part> {
    let mut parts = parts(grid, print);
    let most = MOST_SIDE * grid.width.min(grid.height) as f32;
    parts.retain(|part| part.height() <= most);
    let Some(size) = size(&parts, most) else {
        return Vec::new();
    };
    let mut characters = join(&parts, size);
    characters.retain(|part| {
        (SMALLER * size..=LARGER * size).contains(&part.height())
            && part.height() >= LEAST_SIDE
            && part.looks_printed()
    });
    characters.sort_unstable_by_key(|part| (part.left, part.top));
    let beside = have_neighbours(&characters);
    let found = characters.into_iter().zip(beside).filter(|(_, beside)| *beside);
    found.flat_map(|(part, _)| part.cut_apart(size)).collect()
}

/// What hangs together, in the order of the left edges.
fn parts(grid: &Grid, print: &[bool]) -> Vec<Part> {
    let cells: Vec<u8> = print.iter().map(|print| if *print { 255 } else { 0 }).collect();
    let Some(mask) = GrayImage::from_raw(grid.width as u32, grid.height as u32, cells) else {
        return Vec::new();
    };
    let found = shapes::parts(&mask, Connectivity::Eight);
    let none = Part { left: usize::MAX, top: usize::MAX, right: 0, bottom: 0, area: 0, cut: false };
    let mut parts = vec![none; found.count];
    for run in &found.runs {
        let part = &mut parts[run.part];
        *part = part.joined(&Part {
            left: run.start,
            top: run.y,
            right: run.end,
            bottom: run.y + 1,
            area: run.length(),
            cut: (run.start..run.end).any(|x| is_at_an_edge(grid, x, run.y)),
        });
    }
    parts.retain(|part| part.area > 1);
    if parts.len() > MOST_PARTS {
        parts.select_nth_unstable_by_key(MOST_PARTS, |part| {
            (usize::MAX - part.area, part.left, part.top)
        });
        parts.truncate(MOST_PARTS);
    }
    parts.sort_unstable_by_key(|part| (part.left, part.top));
    parts
}

/// Whether the cell is at the edge of the frame or of what hides the backdrop.
fn is_at_an_edge(grid: &Grid, x: usize, y: usize) -> bool {
    if x == 0 || y == 0 || x + 1 == grid.width || y + 1 == grid.height {
        return true;
    }
    let at = y * grid.width + x;
    [at - 1, at + 1, at - grid.width, at + grid.width].iter().any(|beside| !grid.free[*beside])
}

/// Of each part, whether there is another one of its size beside it that is no fold, or touches it.
fn have_neighbours(parts: &[Part]) -> Vec<bool> {
    let mut have: Vec<bool> =
        parts.iter().map(|part| part.width() > 2.0 * LARGER * part.height()).collect();
    for (at, part) in parts.iter().enumerate() {
        let furthest = part.right as f32 + ALONG / SMALLER * part.height();
        for (to, other) in parts.iter().enumerate().skip(at + 1).take(MOST_NEIGHBOURS) {
            if other.left as f32 > furthest {
                break;
            }
            if part.is_beside(other) {
                have[at] |= !other.is_narrow();
                have[to] |= !part.is_narrow();
            }
        }
    }
    have
}

/// The size that most parts with neighbours have, larger ones counting more.
fn size(parts: &[Part], most: f32) -> Option<f32> {
    let mut heights: Vec<f32> = have_neighbours(parts)
        .into_iter()
        .zip(parts)
        .filter(|(beside, part)| *beside && part.height() >= LEAST_SIDE && part.looks_printed())
        .map(|(_, part)| part.height())
        .collect();
    heights.sort_unstable_by(f32::total_cmp);
    let mut best = None;
    let mut size = LEAST_SIDE;
    while size <= most {
        let from = heights.partition_point(|height| *height < 0.8 * size);
        let to = heights.partition_point(|height| *height <= LARGER * size);
        let count = (to - from) as f32;
        let weight = count * size * size;
        if count > 0.0 && best.is_none_or(|(least, _)| weight > least) {
            best = Some((weight, quantile_height(&heights[from..to])));
        }
        size *= STEP;
    }
    best.map(|(_, size)| size)
}

/// The larger ones of a size are whole characters.
fn quantile_height(heights: &[f32]) -> f32 {
    crate::measure::quantile(heights, 0.75)
}

/// Joins parts, nearest first, to what is no larger than a character.
fn join(parts: &[Part], size: f32) -> Vec<Part> {
    let most = LARGER * size;
    let fits = |part: &Part| part.width().max(part.height()) <= most;
    let small: Vec<Part> = parts.iter().copied().filter(fits).collect();
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    for (at, part) in small.iter().enumerate() {
        for (to, other) in small.iter().enumerate().skip(at + 1).take(MOST_NEIGHBOURS) {
            let across = other.left as f32 - part.right as f32;
            if across > GAP * size {
                break;
            }
            let down = part.top.max(other.top) as f32 - part.bottom.min(other.bottom) as f32;
            if down <= GAP * size && fits(&part.joined(other)) {
                pairs.push((across.max(down), at, to));
            }
        }
    }
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut group: Vec<usize> = (0..small.len()).collect();
    let mut boxes = small;
    for (_, one, other) in pairs {
        let (one, other) = (root(&mut group, one), root(&mut group, other));
        let joined = boxes[one].joined(&boxes[other]);
        if one != other && fits(&joined) {
            group[other] = one;
            boxes[one] = joined;
        }
    }
    let whole = (0..boxes.len()).filter(|at| group[*at] == *at).map(|at| boxes[at]);
    whole.chain(parts.iter().copied().filter(|part| !fits(part))).collect()
}

fn root(group: &mut [usize], mut at: usize) -> usize {
    while group[at] != at {
        group[at] = group[group[at]];
        at = group[at];
    }
    at
}
