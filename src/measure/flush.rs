//! Lines of print that begin below each other and end where they end: so stands a page that is read from
//! the left, and on its head it is the other way round.
//!
//! Where that is plain nobody needs to look at the letters. Print that is set to both sides, in columns
//! or to the right leaves the question open.

use crate::decode::page::Plane;
use crate::measure::lines::{Lines, PRINT};
use crate::measure::outline::Outline;
use crate::measure::paper::Paper;

/// How lines of print begin and end, on the page laid straight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flush {
    /// Lines that are long enough to count.
    pub lines: usize,
    /// Share of them that begin at one place.
    pub left: f64,
    /// Share of them that end at one place.
    pub right: f64,
    /// How much sharper rows of print are told from each other than columns of it.
    pub across: f64,
}

/// How far inside an outline print counts, in half widths.
const RIM: f64 = 0.04;

/// Fewer inked cells make no lines.
const FEWEST: usize = 400;

/// A row of print has ink in this share of the page's width.
const INKED: f64 = 0.02;

/// Higher rows than this share of the page are pictures, shorter ones no lines.
const HIGHEST: f64 = 0.05;
const SHORTEST: f64 = 0.1;

/// An end of a line is where so many of the cells around it are inked: specks are none.
const AROUND: usize = 9;
const INKED_AROUND: usize = 3;

/// Ends this near to each other, as a share of the width, are at one place.
const SAME: f64 = 0.012;

/// What leaves no doubt: so many lines, told apart so much better than columns, and more of them
/// beginning at one place than ending at one, by so much and so many times.
const ENOUGH_LINES: usize = 12;
const ENOUGH_ACROSS: f64 = 4.0;
const LEAST_LEFT: f64 = 0.4;
const LEAST_LEAD: f64 = 0.15;
const LEAST_TIMES: f64 = 1.5;

impl Flush {
    /// Whether the page stands upright beyond doubt.
    pub fn is_upright(&self) -> bool {
        self.lines >= ENOUGH_LINES
            && self.across >= ENOUGH_ACROSS
            && self.left >= LEAST_LEFT
            && self.left >= self.right + LEAST_LEAD
            && self.left >= LEAST_TIMES * self.right
    }
}

/// Looks at the print inside the outline, or on the whole page. `None` without print.
pub fn measure(
    luma: &Plane,
    paper: &Paper,
    outline: Option<&Outline>,
    lines: Option<&Lines>,
) -> Option<Flush> {
    let mut ink = paper.darker_cells(luma, PRINT);
    if let Some(outline) = outline {
        let inside = outline.mask(luma.width, luma.height, RIM);
        ink.retain(|&(x, y)| inside[y * luma.width + x]);
    }
    if ink.len() < FEWEST {
        return None;
    }
    let skew = lines.map(|lines| lines.skew_deg).or(outline.map(|outline| outline.skew_deg));
    let straight = Straight::of(&ink, skew.unwrap_or_default());
    let ends = straight.line_ends();
    let at_one_place = |ends: &[f64]| {
        let near = |place: f64| ends.iter().filter(|end| (*end - place).abs() < SAME).count();
        let most = ends.iter().map(|&place| near(place)).max().unwrap_or_default();
        most as f64 / ends.len().max(1) as f64
    };
    let (starts, stops): (Vec<f64>, Vec<f64>) = ends.into_iter().unzip();
    Some(Flush {
        lines: starts.len(),
        left: at_one_place(&starts),
        right: at_one_place(&stops),
        across: sharpness(&straight.rows()) / sharpness(&straight.columns()).max(1.0),
    })
}

/// Inked cells of the page laid straight.
struct Straight {
    width: usize,
    height: usize,
    inked: Vec<bool>,
}

impl Straight {
    fn of(ink: &[(usize, usize)], skew_deg: f64) -> Self {
        let (sin, cos) = skew_deg.to_radians().sin_cos();
        let turned = |&(x, y): &(usize, usize)| {
            let (x, y) = (x as f64, y as f64);
            ((x * cos + y * sin) as i32, (y * cos - x * sin) as i32)
        };
        let places: Vec<(i32, i32)> = ink.iter().map(turned).collect();
        let first = |of: fn(&(i32, i32)) -> i32| places.iter().map(of).min().unwrap_or_default();
        let last = |of: fn(&(i32, i32)) -> i32| places.iter().map(of).max().unwrap_or_default();
        let (left, top) = (first(|place| place.0), first(|place| place.1));
        let width = (last(|place| place.0) - left) as usize + 1;
        let height = (last(|place| place.1) - top) as usize + 1;
        let mut inked = vec![false; width * height];
        for (x, y) in places {
            inked[(y - top) as usize * width + (x - left) as usize] = true;
        }
        Self { width, height, inked }
    }

    fn rows(&self) -> Vec<usize> {
        self.inked
            .chunks_exact(self.width)
            .map(|row| row.iter().filter(|inked| **inked).count())
            .collect()
    }

    fn columns(&self) -> Vec<usize> {
        let mut columns = vec![0; self.width];
        for row in self.inked.chunks_exact(self.width) {
            for (column, inked) in columns.iter_mut().zip(row) {
                *column += usize::from(*inked);
            }
        }
        columns
    }

    /// Where each line of print begins and ends, as shares of the width.
    fn line_ends(&self) -> Vec<(f64, f64)> {
        let least = (INKED * self.width as f64).max(3.0) as usize;
        let highest = (HIGHEST * self.height as f64) as usize;
        let is_print: Vec<bool> = self.rows().iter().map(|inked| *inked > least).collect();
        let bands = is_print.chunk_by(|one, other| one == other);
        let mut top = 0;
        let mut ends = Vec::new();
        for band in bands {
            let rows = top..top + band.len();
            top = rows.end;
            if band[0] && band.len() <= highest {
                ends.extend(self.ends(rows));
            }
        }
        ends
    }

    fn ends(&self, rows: std::ops::Range<usize>) -> Option<(f64, f64)> {
        let mut inked = vec![false; self.width];
        for row in self.inked.chunks_exact(self.width).take(rows.end).skip(rows.start) {
            for (all, own) in inked.iter_mut().zip(row) {
                *all |= own;
            }
        }
        let is_line = |x: usize| {
            let near = &inked[x.saturating_sub(AROUND / 2)..self.width.min(x + AROUND / 2 + 1)];
            inked[x] && near.iter().filter(|inked| **inked).count() >= INKED_AROUND
        };
        let first = (0..self.width).find(|&x| is_line(x))?;
        let last = (0..self.width).rfind(|&x| is_line(x))?;
        let share = |x: usize| x as f64 / self.width as f64;
        (share(last - first) > SHORTEST).then(|| (share(first), share(last)))
    }
}

/// Mean squared difference of neighbours.
fn sharpness(profile: &[usize]) -> f64 {
    let difference = |pair: &[usize]| pair[0] as f64 - pair[1] as f64;
    let squares: f64 = profile.windows(2).map(|pair| difference(pair).powi(2)).sum();
    squares / profile.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of words from `left` to where `right` says for each line.
    fn page(left: impl Fn(usize) -> usize, right: impl Fn(usize) -> usize) -> Plane {
        let cells = (0..400 * 500).map(|at| {
            let (x, y) = (at % 400, at / 400);
            let line = y / 14;
            let in_line = y % 14 < 5 && (3..33).contains(&line);
            let in_word = (x * 7 + line * 31) % 11 > 0;
            let inked = in_line && in_word && (left(line)..right(line)).contains(&x);
            if inked { 40 } else { 235 }
        });
        Plane { width: 400, height: 500, cells: cells.collect() }
    }

    fn ragged(line: usize) -> usize {
        180 + line * 53 % 170
    }

    fn turned(page: &Plane, quarters: usize) -> Plane {
        (0..quarters).fold(page.clone(), |page, _| {
            let (width, height) = (page.height, page.width);
            let cells = (0..width * height)
                .map(|at| page.at(at / width, page.height - 1 - at % width))
                .collect();
            Plane { width, height, cells }
        })
    }

    fn is_upright(page: &Plane) -> bool {
        measure(page, &Paper::of(page), None, None).is_some_and(|flush| flush.is_upright())
    }

    #[test]
    fn a_ragged_page_is_upright_and_in_doubt_in_every_other_turn() {
        let page = page(|_| 40, ragged);
        assert_eq!(
            [0, 1, 2, 3].map(|turn| is_upright(&turned(&page, turn))),
            [true, false, false, false]
        );
    }

    #[test]
    fn print_that_is_flush_on_both_sides_or_on_none_leaves_a_doubt() {
        assert!(!is_upright(&page(|_| 40, |_| 360)));
        assert!(!is_upright(&page(|line| 200 - ragged(line) / 2, |line| 200 + ragged(line) / 2)));
        assert!(!is_upright(&page(|line| 400 - ragged(line), |_| 360)));
    }

    #[test]
    fn a_page_without_print_has_no_lines() {
        let blank = page(|_| 0, |_| 0);
        assert_eq!(measure(&blank, &Paper::of(&blank), None, None), None);
    }
}
