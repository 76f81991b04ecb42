//! Pictures as files: JPEG, PNG in all its colour types, GIF.

use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::jpeg::JpegEncoder;
use image::{Delay, ExtendedColorType, Frame, GrayImage, RgbImage, RgbaImage};
use png::{BitDepth, ColorType};

/// A baseline JPEG.
pub fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder
        .encode(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8)
        .expect("a drawn picture fits into a JPEG");
    bytes
}

/// A JPEG of one component.
pub fn jpeg_grey(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let grey = GrayImage::from_raw(picture.width(), picture.height(), grey_samples(picture))
        .expect("a sample for each pixel");
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder
        .encode(&grey, grey.width(), grey.height(), ExtendedColorType::L8)
        .expect("a drawn picture fits into a JPEG");
    bytes
}

/// The colour types of PNG that scanners and programs write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Png {
    /// Red, green, blue.
    Rgb,
    /// With an alpha channel, all opaque.
    Rgba,
    /// The red channel alone.
    Grey,
    /// The same with an alpha channel, all opaque.
    GreyAlpha,
    /// A palette of 6 × 6 × 6 colours.
    Palette,
    /// 16 bits a sample.
    Rgb16,
    /// Black and white, one bit.
    Bilevel,
}

/// A PNG of one of the colour types.
pub fn png_as(picture: &RgbImage, form: Png) -> Vec<u8> {
    let rgb = picture.as_raw();
    let (colour, depth, samples): (_, _, Vec<u8>) = match form {
        Png::Rgb => (ColorType::Rgb, BitDepth::Eight, rgb.clone()),
        Png::Rgba => (ColorType::Rgba, BitDepth::Eight, opaque(picture).into_raw()),
        Png::Grey => (ColorType::Grayscale, BitDepth::Eight, grey_samples(picture)),
        Png::GreyAlpha => (
            ColorType::GrayscaleAlpha,
            BitDepth::Eight,
            grey_samples(picture).into_iter().flat_map(|grey| [grey, 255]).collect(),
        ),
        Png::Palette => (
            ColorType::Indexed,
            BitDepth::Eight,
            picture
                .pixels()
                .map(|pixel| {
                    let [red, green, blue] = pixel.0.map(|sample| (u16::from(sample) + 25) / 51);
                    (red * 36 + green * 6 + blue) as u8
                })
                .collect(),
        ),
        Png::Rgb16 => (
            ColorType::Rgb,
            BitDepth::Sixteen,
            rgb.iter().flat_map(|&sample| [sample, sample]).collect(),
        ),
        Png::Bilevel => (ColorType::Grayscale, BitDepth::One, bits(picture)),
    };
    png_of(picture.width(), picture.height(), colour, depth, &samples)
}

/// An RGB PNG.
pub fn png(picture: &RgbImage) -> Vec<u8> {
    png_as(picture, Png::Rgb)
}

/// A PNG with transparency.
pub fn png_rgba(picture: &RgbaImage) -> Vec<u8> {
    png_of(picture.width(), picture.height(), ColorType::Rgba, BitDepth::Eight, picture.as_raw())
}

/// A PNG from samples as they are stored.
pub fn png_of(
    width: u32,
    height: u32,
    colour: ColorType,
    depth: BitDepth,
    samples: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::High);
    if colour == ColorType::Indexed {
        let level = |at: u8| at * 51;
        encoder.set_palette(
            (0..216u8).flat_map(|at| [at / 36, at / 6 % 6, at % 6].map(level)).collect::<Vec<_>>(),
        );
    }
    let mut writer = encoder.write_header().expect("the header is sound");
    writer.write_image_data(samples).expect("a sample for each pixel");
    writer.finish().expect("writing to memory");
    bytes
}

/// An animated PNG of two frames.
pub fn png_animated(first: &RgbImage, second: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, first.width(), first.height());
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_animated(2, 0).expect("two frames");
    let mut writer = encoder.write_header().expect("the header is sound");
    writer.write_image_data(first.as_raw()).expect("a sample for each pixel");
    writer.write_image_data(second.as_raw()).expect("a sample for each pixel");
    writer.finish().expect("writing to memory");
    bytes
}

/// A GIF of one frame, or an animated one. Exact where the pictures have at most 256 colours.
pub fn gif(frames: &[&RgbImage]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 10);
    if frames.len() > 1 {
        encoder.set_repeat(Repeat::Infinite).expect("writing to memory");
    }
    for picture in frames {
        let delay = Delay::from_numer_denom_ms(500, 1);
        let frame = Frame::from_parts(opaque(picture), 0, 0, delay);
        encoder.encode_frame(frame).expect("a drawn picture fits into a GIF");
    }
    drop(encoder);
    bytes
}

/// A PNG chunk with its length and checksum.
pub fn png_chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut checksum = flate2::Crc::new();
    checksum.update(kind);
    checksum.update(body);
    let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(body);
    bytes.extend(checksum.sum().to_be_bytes());
    bytes
}

fn opaque(picture: &RgbImage) -> RgbaImage {
    RgbaImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue] = picture.get_pixel(x, y).0;
        [red, green, blue, 255].into()
    })
}

fn grey_samples(picture: &RgbImage) -> Vec<u8> {
    picture.pixels().map(|pixel| pixel.0[0]).collect()
}

fn bits(picture: &RgbImage) -> Vec<u8> {
    let row = |y| -> Vec<bool> {
        (0..picture.width()).map(|x| picture.get_pixel(x, y).0[0] >= 128).collect()
    };
    (0..picture.height())
        .flat_map(|y| {
            row(y)
                .chunks(8)
                .map(|octet| {
                    octet
                        .iter()
                        .enumerate()
                        .fold(0, |byte, (at, &white)| byte | u8::from(white) << (7 - at))
                })
                .collect::<Vec<u8>>()
        })
        .collect()
}

/// A TIFF of so many grey pages of 8 × 8 pixels, uncompressed (TIFF 6.0, section 3).
pub fn tiff(pages: u32) -> Vec<u8> {
    const SIDE: u32 = 8;
    /// Width, height, bits, compression, photometric, strip, samples, rows, bytes.
    const ENTRIES: u32 = 9;
    const DIRECTORY: u32 = 2 + 12 * ENTRIES + 4;
    let page = DIRECTORY + SIDE * SIDE;
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    for number in 0..pages {
        let start = 8 + number * page;
        let next = if number + 1 < pages { start + page } else { 0 };
        bytes.extend((ENTRIES as u16).to_le_bytes());
        for (tag, value) in [
            (256u16, SIDE),
            (257, SIDE),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, start + DIRECTORY),
            (277, 1),
            (278, SIDE),
            (279, SIDE * SIDE),
        ] {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(4u16.to_le_bytes());
            bytes.extend(1u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(next.to_le_bytes());
        bytes.extend((0..SIDE * SIDE).map(|at| (at * 3) as u8));
    }
    bytes
}
