//! How far a page is from level: a line that is, beside one that is not, and the angle between them.

use super::draw::{Area, LIGHT, Style};
use crate::verdict::Ruled;

/// What is level is no fault, and so has no severity's colour.
pub(super) const LEVEL: Style = Style { colour: LIGHT, dash: (6, 8), word: "" };

/// Where the arc crosses the lines, as a share of their length.
const ARC: f64 = 0.85;

/// Share of the page's width that a line of print is drawn over.
const SPAN: f64 = 0.7;

/// Lines of a skewed page, as corners of open paths.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lines {
    /// As the page would lie.
    pub(super) level: Vec<(i32, i32)>,
    /// As it lies.
    pub(super) tilted: Vec<(i32, i32)>,
    /// From one to the other.
    pub(super) arc: Vec<(i32, i32)>,
}

/// The measured tilt, clockwise, if the finding has one.
pub(super) fn degrees(ruled: &Ruled) -> Option<f64> {
    let mut measured = ruled.finding.measurements.iter();
    measured.find(|measured| measured.name == "skew.degrees").map(|measured| measured.value)
}

impl Lines {
    /// Along the lower side of an outline, and outside of it, so that nothing on it is hidden.
    pub(super) fn below(outline: &[(i32, i32)]) -> Option<Self> {
        let next = outline.iter().cycle().skip(1);
        let sides = outline.iter().zip(next).map(|(&one, &other)| (one, other));
        let flat =
            |((x, y), (to_x, to_y)): &((i32, i32), (i32, i32))| (to_x - x).abs() > (to_y - y).abs();
        let (one, other) = sides.filter(flat).max_by_key(|(one, other)| one.1 + other.1)?;
        let (pivot, end) = if one.1 >= other.1 { (one, other) } else { (other, one) };
        Some(Self::from(pivot, end))
    }

    /// Through the middle of a page whose lines of print are tilted.
    pub(super) fn across(page: Area, degrees: f64) -> Self {
        let half = f64::from(page.width()) * SPAN / 2.0;
        let (x, y) =
            (f64::from(page.left + page.right) / 2.0, f64::from(page.top + page.bottom) / 2.0);
        let (down, along) = degrees.to_radians().sin_cos();
        let at = |way: f64| ((x + way * half * along) as i32, (y + way * half * down) as i32);
        Self::from(at(-1.0), at(1.0))
    }

    fn from(pivot: (i32, i32), end: (i32, i32)) -> Self {
        let (across, down) = (f64::from(end.0 - pivot.0), f64::from(end.1 - pivot.1));
        let (length, angle) = (across.hypot(down), (down / across.abs().max(1.0)).atan());
        let way = across.signum();
        let on_arc = |step: u32| {
            let (sin, cos) = (angle * f64::from(step) / 12.0).sin_cos();
            let reach = ARC * length;
            (pivot.0 + (way * reach * cos) as i32, pivot.1 + (reach * sin) as i32)
        };
        let level = (pivot.0 + (way * length) as i32, pivot.1);
        Self {
            level: vec![pivot, level],
            tilted: vec![pivot, end],
            arc: (0..=12).map(on_arc).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_line_leaves_from_the_lowest_corner_and_stays_outside() {
        // Turned so that the right side is lower, then the left one.
        for (outline, pivot, end) in [
            ([(20, 10), (100, 30), (90, 80), (10, 60)], (90, 80), (10, 60)),
            ([(10, 30), (90, 10), (100, 60), (20, 80)], (20, 80), (100, 60)),
        ] {
            let lines = Lines::below(&outline).unwrap();
            assert_eq!(lines.tilted, [pivot, end]);
            assert_eq!(lines.level[1].1, pivot.1);
            assert!(lines.arc.iter().all(|(_, y)| *y <= pivot.1 && *y >= end.1), "{lines:?}");
        }
    }

    #[test]
    fn print_that_falls_to_the_right_is_tilted_clockwise() {
        let lines = Lines::across(Area::at((0, 0), (400, 200)), 10.0);
        assert!(lines.tilted[1].1 > lines.tilted[0].1, "{lines:?}");
        assert_eq!(lines.level[0].1, lines.level[1].1);
    }

    #[test]
    fn corners_that_are_one_point_have_no_side() {
        assert_eq!(Lines::below(&[(5, 5); 4]), None);
        assert_eq!(Lines::below(&[]), None);
    }
}
