//! What is printed on a drawn curtain, in characters of Noto Sans CJK SC.

use std::sync::LazyLock;

use image::{GrayImage, Luma};

/// The characters of `testdata/glyphs/noto-sans-cjk-sc.png`, from left to right.
const CHARACTERS: &str = "阿里云网站备案腾讯华为电信计算有限公司服务中心照片核验ICP";

static STRIP: LazyLock<GrayImage> = LazyLock::new(|| {
    let bytes = super::read("testdata/glyphs/noto-sans-cjk-sc.png");
    image::load_from_memory(&bytes).expect("a strip of characters").into_luma8()
});

/// Characters in rows all over a picture. Lengths are shares of the picture's height.
#[derive(Clone, Copy, Debug)]
pub struct Letters {
    /// Repeated without end, each row beginning elsewhere.
    pub words: &'static [&'static str],
    /// Height of a character.
    pub size: f32,
    /// From one row to the next, in characters.
    pub rows: f32,
    /// Between one word and the next, in characters.
    pub gap: f32,
    /// Where the first row begins.
    pub offset: [f32; 2],
    /// How much of the letters' colour there is: 1 = printed, 0 = gone.
    pub strength: f32,
    /// σ of a Gaussian over the letters alone.
    pub blur: f32,
    /// As seen in a mirror.
    pub mirrored: bool,
    /// What they are printed with.
    pub colour: [f32; 3],
}

impl Letters {
    /// How much of each pixel of a picture is print.
    pub fn drawn(&self, width: usize, height: usize) -> GrayImage {
        let size = self.size * height as f32;
        let mut print = GrayImage::new(width as u32, height as u32);
        let start = self.offset.map(|share| share * height as f32);
        let pitch = self.rows * size;
        let mut top = start[1] - (start[1] / pitch).ceil() * pitch - pitch;
        let mut row = 0;
        while top < height as f32 {
            // The rows are staggered, so that words do not stand in columns.
            let mut left = start[0] - size * (6.0 + 4.3 * (row % 2) as f32);
            let mut word = row;
            while left < width as f32 {
                for character in self.words[word % self.words.len()].chars() {
                    draw(&mut print, character, [left, top], size);
                    left += size * advance(character);
                }
                left += size * self.gap;
                word += 1;
            }
            top += pitch;
            row += 1;
        }
        if self.mirrored {
            image::imageops::flip_horizontal_in_place(&mut print);
        }
        let sigma = self.blur * height as f32;
        if sigma > 0.0 { imageproc::filter::gaussian_blur_f32(&print, sigma) } else { print }
    }
}

/// Latin letters are narrower than Chinese characters.
fn advance(character: char) -> f32 {
    match character {
        'I' => 0.34,
        ' ' => 0.4,
        'C' | 'P' => 0.68,
        _ => 1.0,
    }
}

fn draw(print: &mut GrayImage, character: char, [left, top]: [f32; 2], size: f32) {
    if character == ' ' {
        return;
    }
    let side = STRIP.height() as f32;
    let index = CHARACTERS.chars().position(|known| known == character);
    let index = index.unwrap_or_else(|| panic!("{character} is not among the characters"));
    // Narrow letters stand in the middle of their square.
    let left = left - size * (1.0 - advance(character)) / 2.0;
    let clip = |value: f32, most: u32| value.clamp(0.0, most as f32) as u32;
    for y in clip(top, print.height())..clip(top + size + 1.0, print.height()) {
        for x in clip(left, print.width())..clip(left + size + 1.0, print.width()) {
            let mut hits = 0;
            for sub in 0..16 {
                let (dx, dy) = ((sub % 4) as f32 / 4.0 + 0.125, (sub / 4) as f32 / 4.0 + 0.125);
                let u = (x as f32 + dx - left) / size * side;
                let v = (y as f32 + dy - top) / size * side;
                if (0.0..side).contains(&u) && (0.0..side).contains(&v) {
                    let cell = STRIP.get_pixel(index as u32 * STRIP.height() + u as u32, v as u32);
                    hits += u32::from(cell.0[0] > 127);
                }
            }
            let Luma([before]) = *print.get_pixel(x, y);
            let inked = u32::from(before) + hits * 255 / 16;
            print.put_pixel(x, y, Luma([inked.min(255) as u8]));
        }
    }
}
