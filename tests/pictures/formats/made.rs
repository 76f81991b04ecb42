//! The picture in forms that are made here: every depth and layout of TIFF and BMP, and all eight
//! orientations.

use std::io::Cursor;

use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ImageEncoder, RgbImage, imageops};

use super::common::{REFERENCE, assert_same, distance, file, page};
use super::tiff::{Form, PLAIN, Page, Picture};
use super::{EXACT, LOSSY};

const FORMS: [Form; 4] = [
    PLAIN,
    Form { little_endian: false, big: false },
    Form { little_endian: true, big: true },
    Form { little_endian: false, big: true },
];

const SIZE: (usize, usize) = (816, 512);

fn rgb(x: usize, y: usize, channel: usize) -> u64 {
    REFERENCE.get_pixel(x as u32, y as u32).0[channel].into()
}

fn colour(x: usize, y: usize) -> [f64; 3] {
    [0, 1, 2].map(|channel| rgb(x, y, channel) as f64)
}

fn luma(x: usize, y: usize, _: usize) -> u64 {
    file_grey().get_pixel(x as u32, y as u32).0[0].into()
}

fn file_grey() -> &'static image::GrayImage {
    static GREY: std::sync::LazyLock<image::GrayImage> = std::sync::LazyLock::new(|| {
        image::load_from_memory(&file("grey.png")).unwrap().into_luma8()
    });
    &GREY
}

fn ycbcr(x: usize, y: usize, channel: usize) -> u64 {
    let [r, g, b] = colour(x, y);
    let value = match channel {
        0 => 0.299 * r + 0.587 * g + 0.114 * b,
        1 => 128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b,
        _ => 128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b,
    };
    value.round().clamp(0.0, 255.0) as u64
}

fn picture(
    bits: usize,
    channels: usize,
    sample: &dyn Fn(usize, usize, usize) -> u64,
) -> Picture<'_> {
    Picture { size: SIZE, bits, channels, sample }
}

fn striped(
    form: Form,
    picture: &Picture<'_>,
    photometric: u64,
    more: &[(u16, u16, u64)],
) -> Vec<u8> {
    let mut tags = picture.tags(photometric, 1);
    tags.push((278, 3, vec![100]));
    tags.extend(more.iter().map(|&(tag, kind, value)| (tag, kind, vec![value])));
    form.write(vec![Page { tags, chunks: picture.strips(form, 100) }])
}

/// Uncompressed files of each format that has them.
pub(crate) fn uncompressed() -> Vec<(String, Vec<u8>)> {
    let picture = picture(8, 3, &rgb);
    let tiffs = FORMS.iter().map(|&form| (format!("{form:?}"), striped(form, &picture, 2, &[])));
    tiffs.chain([("bmp".to_owned(), bmp(24, false))]).collect()
}

#[test]
fn tiff_is_read_in_both_byte_orders_and_widths() {
    for (name, bytes) in uncompressed() {
        assert_same(bytes, file("reference.png"), EXACT, &name);
    }
}

#[test]
fn tiff_is_read_in_every_depth() {
    for form in FORMS {
        let deep = |x, y, channel| rgb(x, y, channel) * 257;
        let bytes = striped(form, &picture(16, 3, &deep), 2, &[]);
        assert_same(bytes, file("reference.png"), EXACT, "16 bits");
        let black = |x, y, channel| u64::from(luma(x, y, channel) < 128);
        let bytes = striped(form, &picture(1, 1, &black), 0, &[]);
        let light = |x, y, channel| u64::from(luma(x, y, channel) >= 128);
        assert_same(bytes, striped(form, &picture(1, 1, &light), 1, &[]), EXACT, "1 bit");
        for bits in [2, 4] {
            let few = |x, y, channel| luma(x, y, channel) >> (8 - bits);
            let spread = |x, y, channel| few(x, y, channel) * (255 / ((1 << bits) - 1));
            let bytes = striped(form, &picture(bits, 1, &few), 1, &[]);
            let like = striped(form, &picture(8, 1, &spread), 1, &[]);
            assert_same(bytes, like, EXACT, "a few bits");
        }
    }
    let inverted = |x, y, channel| 255 - luma(x, y, channel);
    assert_same(
        striped(PLAIN, &picture(8, 1, &inverted), 0, &[]),
        file("grey.png"),
        EXACT,
        "inverted",
    );
}

#[test]
fn tiles_and_separate_planes_are_put_together() {
    for planar in [false, true] {
        let picture = picture(8, 3, &rgb);
        let (mut tags, tile) = (picture.tags(2, 1), (128, 112));
        tags.extend([(322, 3, vec![tile.0 as u64]), (323, 3, vec![tile.1 as u64])]);
        tags.push((284, 3, vec![if planar { 2 } else { 1 }]));
        let places: Vec<_> = (0..SIZE.1)
            .step_by(tile.1)
            .flat_map(|top| (0..SIZE.0).step_by(tile.0).map(move |left| (left, top)))
            .collect();
        let planes = if planar { vec![(0, 1), (1, 2), (2, 3)] } else { vec![(0, 3)] };
        let chunks = planes.iter().flat_map(|&(first, end)| {
            let picture = &picture;
            places.iter().map(move |&place| picture.packed(PLAIN, place, tile, first..end))
        });
        let chunks = chunks.collect();
        let bytes = PLAIN.write(vec![Page { tags, chunks }]);
        assert_same(bytes, file("reference.png"), EXACT, "tiles");
    }
}

#[test]
fn transparency_shows_white_paper_multiplied_in_or_not() {
    let fade = |x: usize| (x % 256) as u64;
    let seen = |x, y, c| (rgb(x, y, c) * fade(x) + 255 * (255 - fade(x)) + 127) / 255;
    let like = striped(PLAIN, &picture(8, 3, &seen), 2, &[]);
    let apart = |x, y, c| if c == 3 { fade(x) } else { rgb(x, y, c) };
    let multiplied = |x, y, c| if c == 3 { fade(x) } else { (rgb(x, y, c) * fade(x) + 127) / 255 };
    let bytes = striped(PLAIN, &picture(8, 4, &apart), 2, &[(338, 3, 2)]);
    assert_same(bytes, like.clone(), EXACT, "apart");
    let bytes = striped(PLAIN, &picture(8, 4, &multiplied), 2, &[(338, 3, 1)]);
    assert_same(bytes, like, 0.5, "multiplied");
    // A fourth sample without a meaning is none.
    let bytes = striped(PLAIN, &picture(8, 4, &apart), 2, &[(338, 3, 0)]);
    assert_same(bytes, file("reference.png"), EXACT, "without a meaning");
}

#[test]
fn luma_and_chroma_are_read_without_jpeg_and_with_shared_chroma() {
    let full = picture(8, 3, &ycbcr);
    let mut tags = full.tags(6, 1);
    tags.push((530, 3, vec![1, 1]));
    let bytes = PLAIN.write(vec![Page { tags, chunks: full.strips(PLAIN, SIZE.1) }]);
    assert_same(bytes, file("reference.png"), 0.5, "full chroma");
    let mut blocks = Vec::new();
    for y in (0..SIZE.1).step_by(2) {
        for x in (0..SIZE.0).step_by(2) {
            blocks.extend(
                [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| ycbcr(x + dx, y + dy, 0) as u8),
            );
            blocks.extend([1, 2].map(|channel| ycbcr(x, y, channel) as u8));
        }
    }
    let bytes = PLAIN.write(vec![Page { tags: full.tags(6, 1), chunks: vec![blocks] }]);
    assert_same(bytes, file("reference.png"), LOSSY, "shared chroma");
}

/// A BMP of so many bits, its rows from the bottom or from the top.
pub(crate) fn bmp(bits: u16, from_top: bool) -> Vec<u8> {
    let (width, height) = SIZE;
    let colours: usize = if bits <= 8 { 1 << bits } else { 0 };
    let mut rows: Vec<Vec<u8>> = (0..height)
        .map(|y| {
            let mut row: Vec<u8> = match bits {
                1 => {
                    let bit = |x: usize| u8::from(luma(x, y, 0) >= 128) << (7 - x % 8);
                    (0..width).step_by(8).map(|x| (x..x + 8).map(bit).sum()).collect()
                }
                8 => (0..width).map(|x| luma(x, y, 0) as u8).collect(),
                bits => (0..width)
                    .flat_map(|x| {
                        let blue_first = [2, 1, 0].map(|channel| rgb(x, y, channel) as u8);
                        blue_first.into_iter().chain(std::iter::repeat_n(0, (bits == 32).into()))
                    })
                    .collect(),
            };
            row.resize(row.len().next_multiple_of(4), 0);
            row
        })
        .collect();
    if !from_top {
        rows.reverse();
    }
    let rows = rows.concat();
    let start = 54 + 4 * colours;
    let mut bytes = b"BM".to_vec();
    bytes.extend(((start + rows.len()) as u32).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend((start as u32).to_le_bytes());
    bytes.extend(40u32.to_le_bytes());
    bytes.extend((width as i32).to_le_bytes());
    bytes.extend((height as i32 * if from_top { -1 } else { 1 }).to_le_bytes());
    bytes.extend([1, 0]);
    bytes.extend(bits.to_le_bytes());
    bytes.extend([0; 24]);
    for colour in 0..colours {
        let grey = (colour * 255 / (colours - 1)) as u8;
        bytes.extend([grey, grey, grey, 0]);
    }
    bytes.extend(rows);
    bytes
}

#[test]
fn bmp_is_read_in_every_depth_from_either_end() {
    for from_top in [false, true] {
        assert_same(bmp(24, from_top), file("reference.png"), EXACT, "24 bits");
        assert_same(bmp(32, from_top), file("reference.png"), EXACT, "32 bits");
        assert_same(bmp(8, from_top), file("grey.png"), EXACT, "8 bits");
        let light = |x, y, channel| u64::from(luma(x, y, channel) >= 128);
        let like = striped(PLAIN, &picture(1, 1, &light), 1, &[]);
        assert_same(bmp(1, from_top), like, EXACT, "1 bit");
    }
    let mut encoded = Vec::new();
    REFERENCE.write_with_encoder(BmpEncoder::new(&mut encoded)).unwrap();
    assert_same(encoded, file("reference.png"), EXACT, "the image crate's");
}

/// The picture stored so that `orientation` turns it upright.
fn stored(orientation: u64) -> RgbImage {
    let page = &*REFERENCE;
    match orientation {
        2 => imageops::flip_horizontal(page),
        3 => imageops::rotate180(page),
        4 => imageops::flip_vertical(page),
        5 => imageops::flip_horizontal(&imageops::rotate90(page)),
        6 => imageops::rotate270(page),
        7 => imageops::flip_horizontal(&imageops::rotate270(page)),
        8 => imageops::rotate90(page),
        _ => page.clone(),
    }
}

fn exif(orientation: u64) -> Vec<u8> {
    let tags = vec![(274, 3, vec![orientation])];
    Form { little_endian: false, big: false }.write(vec![Page { tags, chunks: Vec::new() }])
}

#[test]
fn all_eight_orientations_stand_upright_in_every_format() {
    let reference = page(file("reference.png"), "reference");
    for orientation in 1..=8 {
        let image = stored(orientation);
        let (mut png, mut webp, mut jpeg) = (Vec::new(), Vec::new(), Vec::new());
        let mut encoder = PngEncoder::new(&mut png);
        encoder.set_exif_metadata(exif(orientation)).unwrap();
        image.write_with_encoder(encoder).unwrap();
        let mut encoder = WebPEncoder::new_lossless(&mut webp);
        encoder.set_exif_metadata(exif(orientation)).unwrap();
        image.write_with_encoder(encoder).unwrap();
        let mut encoder = JpegEncoder::new_with_quality(Cursor::new(&mut jpeg), 95);
        encoder.set_exif_metadata(exif(orientation)).unwrap();
        image.write_with_encoder(encoder).unwrap();
        let sample = |x, y, channel: usize| image.get_pixel(x as u32, y as u32).0[channel].into();
        let size = (image.width() as usize, image.height() as usize);
        let picture = Picture { size, bits: 8, channels: 3, sample: &sample };
        let tiff = striped(PLAIN, &picture, 2, &[(274, 3, orientation)]);
        for (name, bytes, most) in
            [("png", png, 0), ("webp", webp, 0), ("tiff", tiff, 0), ("jpeg", jpeg, 40)]
        {
            let apart = distance(&page(bytes, name), &reference);
            assert!(apart.1 <= most, "{name} {orientation}: {apart:?}");
        }
    }
}
