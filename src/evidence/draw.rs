//! Lines and boxes that show on any background, and what tells severities apart without colour.

use image::{Rgb, RgbImage};
use imageproc::drawing::draw_filled_rect_mut;
use imageproc::rect::Rect;

use super::glyphs::{self, Type};
use crate::reason::Severity;

/// Behind text and around lines.
pub(super) const DARK: Rgb<u8> = Rgb([24, 24, 24]);
/// Text on it.
pub(super) const LIGHT: Rgb<u8> = Rgb([245, 245, 245]);

/// How a severity looks: Okabe and Ito's colours, which all kinds of colour vision tell apart, and a
/// dash of its own, since a printer may know no colour at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) colour: Rgb<u8>,
    /// Pixels with ink, then pixels without.
    pub(super) dash: (u32, u32),
    pub(super) word: &'static str,
}

impl Style {
    pub(super) const fn of(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self { colour: Rgb([213, 94, 0]), dash: (1, 0), word: "ERROR" },
            Severity::Review => Self { colour: Rgb([230, 159, 0]), dash: (20, 9), word: "REVIEW" },
            Severity::Warning => {
                Self { colour: Rgb([86, 180, 233]), dash: (9, 9), word: "WARNING" }
            }
            Severity::Info => Self { colour: Rgb([0, 158, 115]), dash: (3, 8), word: "INFO" },
        }
    }
}

/// A box in pixels, right and bottom excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) right: u32,
    pub(super) bottom: u32,
}

impl Area {
    pub(super) const fn at((left, top): (u32, u32), (width, height): (u32, u32)) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    pub(super) const fn width(self) -> u32 {
        self.right - self.left
    }

    pub(super) const fn height(self) -> u32 {
        self.bottom - self.top
    }

    /// Pixels that both have.
    pub(super) fn shared(self, other: Self) -> u64 {
        let across = self.right.min(other.right).saturating_sub(self.left.max(other.left));
        let down = self.bottom.min(other.bottom).saturating_sub(self.top.max(other.top));
        u64::from(across) * u64::from(down)
    }

    /// The same without a rim; an area of no pixels where that is all there is.
    pub(super) const fn shrunk(self, by: u32) -> Self {
        let (width, height) =
            (self.width().saturating_sub(2 * by), self.height().saturating_sub(2 * by));
        Self::at((self.left + by, self.top + by), (width, height))
    }

    /// The same grown by `by` on each side.
    pub(super) const fn grown(self, by: u32) -> Self {
        let (left, top) = (self.left.saturating_sub(by), self.top.saturating_sub(by));
        Self { left, top, right: self.right + by, bottom: self.bottom + by }
    }
}

/// Paints a box, as far as it lies in the picture.
pub(super) fn fill(canvas: &mut RgbImage, area: Area, colour: Rgb<u8>) {
    // A box without pixels is more than the drawing crate takes.
    if area.width() > 0 && area.height() > 0 {
        let rect = Rect::at(area.left as i32, area.top as i32);
        draw_filled_rect_mut(canvas, rect.of_size(area.width(), area.height()), colour);
    }
}

/// Half the width of a line, and of the halo around it, without the pixel in the middle.
const LINE: i32 = 1;
const HALO: i32 = 3;

/// The least distance of a line from the border at which all of it shows.
pub(super) const INSET: u32 = HALO as u32;

/// Draws lines from corner to corner, and back to the first where `closed`: dark, and dashed in the
/// colour of the style above that, so that one of both stands out from whatever lies below.
pub(super) fn lines(canvas: &mut RgbImage, corners: &[(i32, i32)], closed: bool, style: &Style) {
    let path = path(corners, closed);
    for &place in &path {
        dab(canvas, place, HALO, DARK);
    }
    let (on, off) = style.dash;
    let inked = path.iter().zip(0..).filter(|(_, step)| step % (on + off) < on);
    for (&place, _) in inked {
        dab(canvas, place, LINE, style.colour);
    }
}

fn dab(canvas: &mut RgbImage, (x, y): (i32, i32), reach: i32, colour: Rgb<u8>) {
    let side = 2 * reach as u32 + 1;
    draw_filled_rect_mut(canvas, Rect::at(x - reach, y - reach).of_size(side, side), colour);
}

/// The places along the lines, one a pixel of their length.
pub(super) fn path(corners: &[(i32, i32)], closed: bool) -> Vec<(i32, i32)> {
    let ends = corners.iter().skip(1).chain(corners.first().filter(|_| closed));
    let mut path = Vec::new();
    for (&(x, y), &(to_x, to_y)) in corners.iter().zip(ends) {
        let (across, down) = (f64::from(to_x - x), f64::from(to_y - y));
        let steps = across.hypot(down).ceil();
        for step in 0..=steps as u32 {
            let share = f64::from(step) / steps.max(1.0);
            let moved = |from: i32, by: f64| from + (share * by).round() as i32;
            path.push((moved(x, across), moved(y, down)));
        }
    }
    path
}

/// Space around the text of a label.
pub(super) const PADDING: u32 = 4;

/// Width of the badge that bears a number.
pub(super) fn badge_width(number: usize) -> u32 {
    Type::Wide.width(&number.to_string()) + 2 * PADDING
}

/// A number, dark on the colour of its severity, as high as `area`.
pub(super) fn badge(canvas: &mut RgbImage, area: Area, number: usize, style: &Style) {
    let badge = Area { right: area.left + badge_width(number), ..area };
    fill(canvas, badge, style.colour);
    let top = badge.top + badge.height().saturating_sub(glyphs::HEIGHT) / 2;
    let place = (badge.left + PADDING, top);
    glyphs::write(canvas, place, &number.to_string(), Type::Wide, DARK);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_differ_in_colour_dash_and_word() {
        let all = [Severity::Info, Severity::Warning, Severity::Review, Severity::Error];
        for one in all {
            for other in all.into_iter().filter(|other| *other != one) {
                let (one, other) = (Style::of(one), Style::of(other));
                assert!(one.colour != other.colour && one.dash != other.dash);
                assert_ne!(one.word, other.word);
            }
        }
    }

    #[test]
    fn a_line_shows_on_black_and_on_white() {
        for background in [Rgb([0; 3]), Rgb([255; 3])] {
            let mut canvas = RgbImage::from_pixel(60, 20, background);
            lines(&mut canvas, &[(5, 10), (55, 10)], false, &Style::of(Severity::Error));
            assert_eq!(canvas[(30, 10)], Style::of(Severity::Error).colour);
            assert_eq!(canvas[(30, 7)], DARK);
            assert_eq!(canvas[(30, 3)], background);
        }
    }

    #[test]
    fn corners_on_top_of_each_other_and_lines_out_of_the_picture_do_no_harm() {
        let mut canvas = RgbImage::new(8, 8);
        lines(&mut canvas, &[(2, 2), (2, 2), (-50, 90)], true, &Style::of(Severity::Info));
        lines(&mut canvas, &[], true, &Style::of(Severity::Info));
        fill(&mut canvas, Area::at((90, 90), (0, 5)), DARK);
        fill(&mut canvas, Area::at((90, 90), (5, 5)), DARK);
    }
}
