//! A curtain with characters on it, and nobody before it.

use image::{Rgb, RgbImage};

use super::read;

/// Pixels a side of one character of the strip.
const SIDE: u32 = 48;

/// Width and height of the picture.
const FRAME: [u32; 2] = [800, 600];

/// A blue curtain in folds, with rows of white characters that stand out by `contrast`, 0..=1.
pub fn curtain(contrast: f32) -> RgbImage {
    let strip = image::load_from_memory(&read("testdata/glyphs/noto-sans-cjk-sc.png"))
        .expect("the strip of characters")
        .into_luma8();
    let count = strip.width() / SIDE;
    RgbImage::from_fn(FRAME[0], FRAME[1], |x, y| {
        let fold = 1.0 + 0.08 * (x as f32 / 47.0).sin() + 0.04 * (x as f32 / 19.0).sin();
        let (row, down) = ((y + 60) / 110, (y + 60) % 110);
        let (column, across) = ((x + 30 * row) / 52, (x + 30 * row) % 52);
        // Eight characters, then a gap of two.
        let is_print = down < SIDE && across < SIDE && column % 10 < 8;
        let at = (column % 10 + 8 * row) % count;
        let ink = if is_print { strip.get_pixel(at * SIDE + across, down).0[0] } else { 0 };
        let ink = contrast * f32::from(ink) / 255.0;
        let mix = |cloth: f32| ((cloth + ink * (250.0 - cloth)) * fold * 0.92).clamp(0.0, 255.0);
        Rgb([mix(34.0) as u8, mix(98.0) as u8, mix(200.0) as u8])
    })
}
