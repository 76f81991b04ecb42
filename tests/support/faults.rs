//! What can go wrong between a document and its upload, each as a function of its strength.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

fn each(picture: &RgbImage, change: impl Fn([f32; 3]) -> [f32; 3]) -> RgbImage {
    let mut changed = picture.clone();
    for pixel in changed.pixels_mut() {
        pixel.0 =
            change(pixel.0.map(f32::from)).map(|sample| (sample + 0.5).clamp(0.0, 255.0) as u8);
    }
    changed
}

fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// A grey copy.
pub fn grey(picture: &RgbImage) -> RgbImage {
    desaturated(picture, 0.0)
}

/// Colours faded to `keep` of what they were.
pub fn desaturated(picture: &RgbImage, keep: f32) -> RgbImage {
    each(picture, |pixel| pixel.map(|sample| luma(pixel) + keep * (sample - luma(pixel))))
}

/// A grey copy in light of the colour that the gains make.
pub fn tinted_grey(picture: &RgbImage, gains: [f32; 3]) -> RgbImage {
    each(picture, |pixel| gains.map(|gain| gain * luma(pixel)))
}

/// Black or white and nothing between, as from a fax.
pub fn bilevel(picture: &RgbImage, threshold: u8) -> RgbImage {
    each(picture, |pixel| [if luma(pixel) < f32::from(threshold) { 0.0 } else { 255.0 }; 3])
}

/// Out of focus by a Gaussian of `sigma` pixels; none at 0.
pub fn blurred(picture: &RgbImage, sigma: f32) -> RgbImage {
    if sigma <= 0.0 {
        return picture.clone();
    }
    imageproc::filter::gaussian_blur_f32(picture, sigma)
}

/// Less light: every sample times `gain`.
pub fn darkened(picture: &RgbImage, gain: f32) -> RgbImage {
    each(picture, |pixel| pixel.map(|sample| gain * sample))
}

/// Too much light: what is dark lifts by `strength` of the way to white, what is light clips.
pub fn washed_out(picture: &RgbImage, strength: f32) -> RgbImage {
    let gain = 1.0 + strength.min(0.15);
    each(picture, |pixel| pixel.map(|sample| gain * (sample + (255.0 - sample) * strength)))
}

/// Contrast about mid-grey.
pub fn contrast(picture: &RgbImage, factor: f32) -> RgbImage {
    each(picture, |pixel| pixel.map(|sample| 128.0 + factor * (sample - 128.0)))
}

/// Scaled to a size.
pub fn resized(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::resize(picture, width, height, FilterType::Triangle)
}

/// A part of the picture.
pub fn cropped(picture: &RgbImage, x: u32, y: u32, width: u32, height: u32) -> RgbImage {
    imageops::crop_imm(picture, x, y, width, height).to_image()
}

/// Laid askew: the top edge leans by `slope` pixels in each pixel across.
pub fn askew(picture: &RgbImage, slope: f32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    let length = (1.0 + slope * slope).sqrt();
    let (cosine, sine) = (1.0 / length, slope / length);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 - cx, y as f32 - cy);
        let (sx, sy) = (cx + cosine * dx + sine * dy, cy - sine * dx + cosine * dy);
        let sx = sx.clamp(0.0, width as f32 - 1.001);
        let sy = sy.clamp(0.0, height as f32 - 1.001);
        let (left, top) = (sx as u32, sy as u32);
        let (right, below) = (sx - left as f32, sy - top as f32);
        let at = |x, y, channel: usize| f32::from(picture.get_pixel(x, y).0[channel]);
        Rgb(std::array::from_fn(|channel| {
            let upper = at(left, top, channel) * (1.0 - right) + at(left + 1, top, channel) * right;
            let lower =
                at(left, top + 1, channel) * (1.0 - right) + at(left + 1, top + 1, channel) * right;
            (upper * (1.0 - below) + lower * below + 0.5) as u8
        }))
    })
}

/// Only six levels a channel, so that a palette holds every colour.
pub fn posterised(picture: &RgbImage) -> RgbImage {
    each(picture, |pixel| pixel.map(|sample| (sample / 51.0 + 0.5).floor() * 51.0))
}
