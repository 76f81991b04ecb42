//! The turn of a page by its lines of print.
//!
//! Ink is projected along many directions; along the lines, rows of ink and rows of paper alternate
//! most sharply.

use crate::decode::page::Plane;
use crate::measure::paper::Paper;

/// Turn of the print.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lines {
    /// Degrees, clockwise.
    pub skew_deg: f64,
    /// How much sharper the rows are along the lines than along the median direction.
    pub prominence: f64,
}

/// Directions tried, in degrees either way, in three rounds of finer steps.
const FARTHEST: f64 = 22.0;
const STEPS: [f64; 3] = [0.5, 0.1, 0.02];

/// Print is darker than this share of its paper.
pub(super) const PRINT: f32 = 0.88;

/// Ink cells below which there is no line to follow.
const FEWEST: usize = 400;

/// Lines make rows at least this much sharper than other directions do.
const LEAST_PROMINENCE: f64 = 1.25;

/// Finds the direction of the lines; `None` where the page has none.
pub fn find(luma: &Plane, paper: &Paper) -> Option<Lines> {
    let ink = Ink::of(luma, paper)?;
    let coarse: Vec<(f64, f64)> = directions(0.0, FARTHEST, STEPS[0])
        .map(|degrees| (degrees, ink.sharpness(degrees)))
        .collect();
    let mut scores: Vec<f64> = coarse.iter().map(|(_, score)| *score).collect();
    scores.sort_unstable_by(f64::total_cmp);
    let typical = scores[scores.len() / 2].max(1.0);
    let mut best = sharpest(coarse.into_iter())?;
    for pair in STEPS.windows(2) {
        best = sharpest(
            directions(best.0, pair[0], pair[1]).map(|degrees| (degrees, ink.sharpness(degrees))),
        )?;
    }
    let prominence = best.1 / typical;
    (prominence >= LEAST_PROMINENCE && best.0.abs() < FARTHEST - STEPS[0])
        .then_some(Lines { skew_deg: best.0, prominence })
}

fn directions(centre: f64, reach: f64, step: f64) -> impl Iterator<Item = f64> {
    let steps = (reach / step).round() as i32;
    (-steps..=steps).map(move |at| centre + f64::from(at) * step)
}

fn sharpest(scores: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    scores.max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Where print is, counted up from the left: of each row, so many inked cells before each column.
/// Columns that a shear moves by the same number of rows are added up as one.
struct Ink {
    width: usize,
    height: usize,
    /// Column after column from none to all.
    counts: Vec<u16>,
}

impl Ink {
    /// `None` for too little.
    fn of(luma: &Plane, paper: &Paper) -> Option<Self> {
        let (width, height) = (luma.width, luma.height);
        let ink = paper.darker_cells(luma, PRINT);
        // Longer rows than can be counted are far beyond any plane.
        if ink.len() < FEWEST || width > usize::from(u16::MAX) {
            return None;
        }
        let mut counts = vec![0u16; (width + 1) * height];
        for (x, y) in ink {
            counts[(x + 1) * height + y] = 1;
        }
        for x in 1..=width {
            let (before, own) = counts.split_at_mut(x * height);
            let before = &before[(x - 1) * height..];
            for (count, before) in own[..height].iter_mut().zip(before) {
                *count += before;
            }
        }
        Some(Self { width, height, counts })
    }

    /// Sum of squared differences of neighbouring rows once the page is sheared by `degrees`.
    fn sharpness(&self, degrees: f64) -> f64 {
        let slope = degrees.to_radians().tan();
        let reach = (self.width as f64 * slope.abs()) as usize + 2;
        let shift = |x: usize| (reach as f64 - x as f64 * slope) as usize;
        let column = |x: usize| &self.counts[x * self.height..][..self.height];
        let mut rows = vec![0u16; self.height + 2 * reach];
        let mut from = 0;
        while from < self.width {
            let down = shift(from);
            let to = (from + 1..self.width).find(|&x| shift(x) != down).unwrap_or(self.width);
            let rows = &mut rows[down..][..self.height];
            for ((row, after), before) in rows.iter_mut().zip(column(to)).zip(column(from)) {
                *row += after - before;
            }
            from = to;
        }
        let differences = rows.windows(2).map(|pair| i32::from(pair[0]) - i32::from(pair[1]));
        differences.map(|difference| i64::from(difference * difference)).sum::<i64>() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(degrees: f64) -> Plane {
        let slope = degrees.to_radians().tan();
        let cells = (0..400 * 500).map(|at| {
            let (x, y) = ((at % 400) as f64, (at / 400) as f64);
            let row = (y - x * slope).rem_euclid(14.0);
            let word = (x * 0.37).sin() > -0.4;
            if row < 4.0 && word && (40.0..360.0).contains(&x) { 40 } else { 235 }
        });
        Plane { width: 400, height: 500, cells: cells.collect() }
    }

    fn found(luma: &Plane) -> Option<Lines> {
        find(luma, &Paper::of(luma))
    }

    #[test]
    fn the_turn_of_printed_lines_is_found_to_a_tenth_of_a_degree() {
        for degrees in [-15.0, -5.0, -0.5, 0.0, 2.0, 8.0] {
            let lines = found(&printed(degrees)).unwrap();
            assert!((lines.skew_deg - degrees).abs() < 0.15, "{degrees}: {lines:?}");
        }
    }

    #[test]
    fn a_page_without_lines_has_no_turn() {
        let mut state = 1u64;
        let noise = (0..400 * 500).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if state >> 61 == 0 { 40 } else { 235 }
        });
        assert_eq!(found(&Plane { width: 400, height: 500, cells: noise.collect() }), None);
        let blank = Plane { width: 400, height: 500, cells: vec![235; 200_000] };
        assert_eq!(found(&blank), None);
    }
}
