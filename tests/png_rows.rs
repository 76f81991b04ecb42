//! PNG is read row by row into eight bits: the pixels are those that a reader of whole pictures gives.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use scanvet::decode::page::Rect;
use scanvet::decode::{self, Wanted, integrity::State};
use scanvet::intake::{self, Unlimited, Upload};
use support::draw::Lcg;
use support::encode::png_chunk;

/// Colour type, samples a pixel, and the depths that it comes in.
const FORMS: [(u8, usize, &[usize]); 5] = [
    (0, 1, &[1, 2, 4, 8, 16]),
    (2, 3, &[8, 16]),
    (3, 1, &[1, 2, 4, 8]),
    (4, 2, &[8, 16]),
    (6, 4, &[8, 16]),
];

/// Start and step across and down of the seven passes, or of the only one.
const ONE_PASS: &[[usize; 4]] = &[[0, 1, 0, 1]];
const SEVEN_PASSES: &[[usize; 4]] = &[
    [0, 8, 0, 8],
    [4, 8, 0, 8],
    [0, 4, 4, 8],
    [2, 4, 0, 4],
    [0, 2, 2, 4],
    [1, 2, 0, 2],
    [0, 1, 1, 2],
];

/// A PNG of chance samples; every row is filtered in another way.
fn png(
    lcg: &mut Lcg,
    (width, height): (usize, usize),
    (colour, samples, bits): (u8, usize, usize),
    passes: &[[usize; 4]],
    chunks: &[Vec<u8>],
) -> Vec<u8> {
    let mut rows = Vec::new();
    for [left, across, top, down] in passes {
        let columns = width.saturating_sub(*left).div_ceil(*across);
        for _ in (*top..height).step_by(*down) {
            if columns > 0 {
                rows.push(lcg.below(5) as u8);
                rows.extend((0..(columns * samples * bits).div_ceil(8)).map(|_| lcg.bits() as u8));
            }
        }
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&rows).unwrap();
    let sides = [(width as u32).to_be_bytes(), (height as u32).to_be_bytes()].concat();
    let interlaced = u8::from(passes.len() > 1);
    let header = [&sides[..], &[bits as u8, colour, 0, 0, interlaced]].concat();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(png_chunk(b"IHDR", &header));
    bytes.extend(chunks.concat());
    bytes.extend(png_chunk(b"IDAT", &packed.finish().unwrap()));
    bytes.extend(png_chunk(b"IEND", &[]));
    bytes
}

/// What the image crate makes of it, on white paper.
fn expected(bytes: &[u8]) -> Vec<u8> {
    let image = image::load_from_memory_with_format(bytes, image::ImageFormat::Png).unwrap();
    let has_alpha = image.color().has_alpha();
    let rgba = if has_alpha { image.into_rgba8() } else { image.into_rgb8().convert() };
    let pixels = rgba.pixels().flat_map(|pixel| {
        let [red, green, blue, alpha] = pixel.0.map(u32::from);
        [red, green, blue].map(|sample| ((sample * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
    });
    pixels.collect()
}

trait Convert {
    fn convert(self) -> image::RgbaImage;
}

impl Convert for image::RgbImage {
    fn convert(self) -> image::RgbaImage {
        image::DynamicImage::ImageRgb8(self).into_rgba8()
    }
}

fn read(bytes: &[u8]) -> Option<Vec<u8>> {
    let upload = Upload { bytes: bytes.to_vec().into(), declared_media_type: None };
    let wanted = Wanted { planes: true, energy: false, tiles: true };
    let mut decoded = decode::open(&intake::sniff(&upload), wanted, &mut Unlimited).unwrap();
    if decoded.state != State::Whole {
        return None;
    }
    let page = decoded.pages.remove(0);
    let whole = Rect { x: 0, y: 0, width: page.width, height: page.height };
    Some(page.tile(whole).unwrap().rgb)
}

#[test]
fn every_colour_type_depth_and_order_of_rows_gives_the_same_pixels() {
    let mut lcg = Lcg::new(7);
    let mut compared = 0;
    for (colour, samples, depths) in FORMS {
        for &bits in depths {
            for passes in [ONE_PASS, SEVEN_PASSES] {
                for size in [(1, 1), (2, 3), (5, 1), (1, 9), (8, 8), (33, 17), (100, 61)] {
                    for transparent in [false, true] {
                        let mut chunks = Vec::new();
                        if colour == 3 {
                            let palette: Vec<u8> =
                                (0..3usize << bits).map(|_| lcg.bits() as u8).collect();
                            chunks.push(png_chunk(b"PLTE", &palette));
                        }
                        let clear: Vec<u8> = match colour {
                            0 => vec![0, 1],
                            2 => vec![0, 1, 0, 1, 0, 1],
                            3 => (0..1usize << bits).map(|at| (at * 37) as u8).collect(),
                            _ => Vec::new(),
                        };
                        if transparent && !clear.is_empty() {
                            chunks.push(png_chunk(b"tRNS", &clear));
                        }
                        let form = (colour, samples, bits);
                        let bytes = png(&mut lcg, size, form, passes, &chunks);
                        let what = format!("{form:?} {size:?} {} {transparent}", passes.len());
                        assert_eq!(read(&bytes).expect(&what), expected(&bytes), "{what}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert_eq!(compared, 15 * 2 * 7 * 2);
}

#[test]
fn rows_that_are_missing_or_damaged_make_no_whole_picture() {
    let mut lcg = Lcg::new(9);
    for passes in [ONE_PASS, SEVEN_PASSES] {
        let bytes = png(&mut lcg, (40, 30), (6, 4, 16), passes, &[]);
        let data = bytes.windows(4).position(|kind| kind == b"IDAT").unwrap();
        let length = u32::from_be_bytes(bytes[data - 4..data].try_into().unwrap()) as usize;
        let body = &bytes[data + 4..data + 4 + length];
        for cut in [0, 1, length / 2, length - 20, length - 5, length - 1] {
            let mut short = bytes[..data - 4].to_vec();
            short.extend(png_chunk(b"IDAT", &body[..cut]));
            short.extend(png_chunk(b"IEND", &[]));
            // A checksum that is cut short costs no pixel, for either reader.
            let whole =
                image::load_from_memory_with_format(&short, image::ImageFormat::Png).is_ok();
            assert_eq!(read(&short).is_some(), whole, "{cut} of {length}");
            assert!(!whole || cut >= length - 5, "{cut} of {length}");
        }
        let mut damaged = bytes.clone();
        damaged[data + 4 + length / 2] ^= 1;
        assert_eq!(read(&damaged), None);
    }
}
