//! Text from an embedded bitmap font: the same letters on every machine, without a font file.

use font8x8::legacy::BASIC_LEGACY;
use image::{Rgb, RgbImage};

/// The two widths of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// Twice the font, with its stairs smoothed.
    Wide,
    /// Twice as high only: more letters to the line.
    Narrow,
}

/// Dots of a letter's side.
const DOTS: u32 = 8;

/// Height of either type in pixels.
pub(super) const HEIGHT: u32 = 2 * DOTS;

impl Type {
    /// Width of a letter in pixels.
    pub(super) const fn advance(self) -> u32 {
        match self {
            Self::Wide => 2 * DOTS,
            Self::Narrow => DOTS,
        }
    }

    /// Width of a text in pixels.
    pub(super) fn width(self, text: &str) -> u32 {
        text.chars().count() as u32 * self.advance()
    }

    /// As much of `text` as has room, ending in two dots where something is missing.
    pub(super) fn clipped(self, text: &str, room: u32) -> String {
        let letters = (room / self.advance()) as usize;
        if text.chars().count() <= letters {
            return text.to_owned();
        }
        let kept: String = text.chars().take(letters.saturating_sub(2)).collect();
        kept + &".".repeat(letters.min(2))
    }

    fn is_inked(self, letter: char, x: u32, y: u32) -> bool {
        match self {
            Self::Wide => is_inked_twice(letter, x, y),
            Self::Narrow => is_dot(letter, x.into(), i64::from(y / 2)),
        }
    }
}

/// Writes `text` with its left top at `(left, top)`; what lies outside the picture is left out.
pub(super) fn write(
    canvas: &mut RgbImage,
    (left, top): (u32, u32),
    text: &str,
    size: Type,
    colour: Rgb<u8>,
) {
    for (letter, place) in text.chars().zip(0..) {
        let left = left + place * size.advance();
        for (x, y) in (0..HEIGHT).flat_map(|y| (0..size.advance()).map(move |x| (x, y))) {
            if !size.is_inked(letter, x, y) {
                continue;
            }
            if let Some(pixel) = canvas.get_pixel_mut_checked(left + x, top + y) {
                *pixel = colour;
            }
        }
    }
}

/// Whether a dot of the font has ink. What the font does not have shows as a question mark.
fn is_dot(letter: char, x: i64, y: i64) -> bool {
    let rows = BASIC_LEGACY.get(letter as usize).unwrap_or(&BASIC_LEGACY['?' as usize]);
    let row = usize::try_from(y).ok().and_then(|y| rows.get(y));
    (0..i64::from(DOTS)).contains(&x) && row.is_some_and(|row| row >> x & 1 == 1)
}

/// The same at twice the size by the rule of Scale2x: a quarter of a dot takes the ink of its two
/// outer neighbours where these agree, and the neighbours across do not.
fn is_inked_twice(letter: char, x: u32, y: u32) -> bool {
    let (dot_x, dot_y) = (i64::from(x / 2), i64::from(y / 2));
    let (step_x, step_y) = (2 * i64::from(x % 2) - 1, 2 * i64::from(y % 2) - 1);
    let beside = is_dot(letter, dot_x + step_x, dot_y);
    let above = is_dot(letter, dot_x, dot_y + step_y);
    let far_beside = is_dot(letter, dot_x - step_x, dot_y);
    let far_above = is_dot(letter, dot_x, dot_y - step_y);
    if beside == above && beside != far_beside && above != far_above {
        beside
    } else {
        is_dot(letter, dot_x, dot_y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ink(text: &str, size: Type) -> usize {
        let mut canvas = RgbImage::new(40, 20);
        write(&mut canvas, (2, 2), text, size, Rgb([255; 3]));
        canvas.pixels().filter(|pixel| pixel.0 != [0; 3]).count()
    }

    #[test]
    fn letters_have_ink_and_what_the_font_lacks_is_a_question_mark() {
        for size in [Type::Wide, Type::Narrow] {
            assert!(ink("A", size) > 20);
            assert_eq!(ink(" ", size), 0);
            assert_eq!(ink("章", size), ink("?", size));
        }
    }

    #[test]
    fn a_text_that_leaves_the_picture_is_cut_there() {
        assert!(ink("MMMMMMMMMMMM", Type::Wide) > 100);
    }

    #[test]
    fn a_clipped_text_has_room_and_shows_that_it_is_clipped() {
        assert_eq!(Type::Wide.clipped("GLARE", 80), "GLARE");
        assert_eq!(Type::Wide.clipped("GLARE", 79), "GL..");
        assert_eq!(Type::Narrow.clipped("GLARE", 9), ".");
    }
}
