//! Strokes of a pen on a form, as the checks of the signature and of the reserved part read them.

use serde::{Deserialize, Serialize};

use crate::measure::marks::Mark;
use crate::measure::{Measured, rounded};

/// Left, top, right, bottom on the straight sheet, 0..1.
pub(super) type Area = [f64; 4];

/// As many as are recorded.
const MOST: usize = 16;

/// Strokes taller than print, tallest first.
#[derive(Serialize, Deserialize)]
pub(super) struct Strokes {
    strokes: Vec<Stroke>,
}

/// A part of dark ink: its size in millimetres of A4, and its middle on the straight sheet.
#[derive(Serialize, Deserialize)]
pub(super) struct Stroke {
    pub(super) width_mm: f64,
    pub(super) height_mm: f64,
    pub(super) centre: (f64, f64),
    pub(super) edges: [f64; 4],
}

impl Strokes {
    pub(super) fn of(measured: &Measured) -> Self {
        Self { strokes: measured.marks().strokes.iter().take(MOST).map(Stroke::of).collect() }
    }

    /// Those whose middle lies in an area.
    pub(super) fn lying_in(&self, area: Area) -> impl Iterator<Item = &Stroke> {
        self.strokes.iter().filter(move |stroke| contains(area, stroke.centre))
    }

    /// Height of the tallest in an area, in millimetres; 0 without one.
    pub(super) fn tallest_in(&self, area: Area) -> f64 {
        self.lying_in(area).map(|stroke| stroke.height_mm).fold(0.0, f64::max)
    }

    #[cfg(test)]
    pub(super) fn one(height_mm: f64, centre: (f64, f64)) -> Self {
        let stroke = Stroke { width_mm: 30.0, height_mm, centre, edges: [0.1, 0.2, 0.3, 0.4] };
        Self { strokes: vec![stroke] }
    }
}

impl Stroke {
    fn of(mark: &Mark) -> Self {
        Self {
            width_mm: rounded(mark.width_mm as f32),
            height_mm: rounded(mark.height_mm as f32),
            centre: (rounded(mark.centre.0 as f32), rounded(mark.centre.1 as f32)),
            edges: mark.edges.map(|edge| rounded(edge as f32)),
        }
    }
}

/// Whether a place lies in an area, its edges included.
pub(super) fn contains([left, top, right, bottom]: Area, (x, y): (f64, f64)) -> bool {
    (left..=right).contains(&x) && (top..=bottom).contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tallest_stroke_of_an_area_is_none_of_another() {
        let strokes = Strokes::one(9.0, (0.35, 0.9));
        assert_eq!(strokes.tallest_in([0.1, 0.8, 0.75, 1.0]), 9.0);
        assert_eq!(strokes.tallest_in([0.1, 0.2, 0.75, 0.8]), 0.0);
    }
}
