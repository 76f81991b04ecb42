//! Pictures made to crash, hang or fill memory: some bytes that ask for a thousand times as much.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::support::encode::{self, png_chunk};
use crate::support::{draw, faults, fixtures, read};

/// A bomb, and the reasons of which one must be given.
pub(crate) struct Bomb {
    pub(crate) name: &'static str,
    pub(crate) codes: &'static [&'static str],
    pub(crate) make: fn() -> Vec<u8>,
}

const fn bomb(name: &'static str, codes: &'static [&'static str], make: fn() -> Vec<u8>) -> Bomb {
    Bomb { name, codes, make }
}

const PIXELS: &[&str] = &["TOO_MANY_PIXELS"];
const UNPACKED: &[&str] = &["DECOMPRESSION_TOO_LARGE"];
const NOTES: &[&str] = &["METADATA_TOO_LARGE"];
const CORRUPT: &[&str] = &["FILE_CORRUPT"];
const BROKEN: &[&str] = &["FILE_CORRUPT", "FILE_TRUNCATED"];
const MOVES: &[&str] = &["IMAGE_ANIMATED"];

/// All of them.
pub(crate) const BOMBS: &[Bomb] = &[
    bomb("PNG of 30,000 by 30,000 zeros", PIXELS, || png(30_000, 30_000, 8, 2, &[], 1 << 20)),
    bomb("PNG of the largest sides", PIXELS, || png(u32::MAX >> 1, u32::MAX >> 1, 16, 6, &[], 9)),
    bomb("PNG of 50 megapixels of one colour", UNPACKED, || {
        png(8_000, 6_000, 8, 2, &[], 6_000 * 24_001)
    }),
    bomb("PNG of 50 megapixels, 16 bits and transparent", UNPACKED, || {
        png(8_000, 6_000, 16, 6, &[], 6_000 * 64_001)
    }),
    bomb("PNG with a gigabyte of packed text", NOTES, || noted(b"zTXt", b"Comment\0\0")),
    bomb("PNG with a gigabyte of packed text of a language", NOTES, || {
        noted(b"iTXt", b"Comment\0\x01\0\0\0")
    }),
    bomb("PNG with a profile of a gigabyte", NOTES, || noted(b"iCCP", b"profile\0\0")),
    bomb("PNG with a thousand packed texts", NOTES, || {
        let text = png_chunk(b"zTXt", &[&b"Comment\0\0"[..], &zeros(3 << 20)].concat());
        png(800, 500, 1, 0, &text.repeat(1_000), 101 * 500)
    }),
    bomb("PNG with notes of two megabytes", NOTES, || {
        png(800, 500, 1, 0, &png_chunk(b"eXIf", &vec![7; 2 << 20]), 101 * 500)
    }),
    bomb("PNG with text of ten megabytes", NOTES, || {
        let text = [&b"Comment\0"[..], &vec![b'x'; 10 << 20]].concat();
        png(800, 500, 1, 0, &png_chunk(b"tEXt", &text), 101 * 500)
    }),
    bomb("PNG with a gigabyte behind its pixels", &[], || png(800, 500, 1, 0, &[], 1 << 30)),
    bomb("PNG with ten gigabytes behind its pixels", &[], || {
        // Flushed blocks of one megabyte each can be repeated.
        png_of_blocks(10_000)
    }),
    bomb("PNG of 100,000 frames", MOVES, || {
        let control = [100_000u32.to_be_bytes(), [0; 4]].concat();
        png(800, 500, 1, 0, &png_chunk(b"acTL", &control), 101 * 500)
    }),
    bomb("PNG of a million empty chunks", &[], || {
        png(800, 500, 1, 0, &png_chunk(b"cOMM", &[]).repeat(1_000_000), 101 * 500)
    }),
    bomb("JPEG of 65,535 by 65,535", PIXELS, || jpeg_of(65_535, 65_535)),
    bomb("JPEG of 50 megapixels without data", UNPACKED, || jpeg_of(8_000, 6_000)),
    bomb("JPEG of 10,000 passes", CORRUPT, || {
        let whole = read("testdata/jpeg/progressive.jpg");
        let scan = whole.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).expect("a scan");
        let pass = &whole[scan..whole.len() - 2];
        let end = &[0xFF, 0xD9];
        [&whole[..whole.len() - 2], &pass[..pass.len().min(64)].repeat(10_000), end].concat()
    }),
    bomb("JPEG of 10,000 passes and 50 megapixels", UNPACKED, || {
        let mut whole = read("testdata/jpeg/progressive.jpg");
        let frame = whole.windows(2).position(|pair| pair == [0xFF, 0xC2]).expect("a frame");
        whole[frame + 5..frame + 9].copy_from_slice(&[0x17, 0x70, 0x1F, 0x40]);
        let scan = whole.windows(2).rposition(|pair| pair == [0xFF, 0xDA]).expect("a scan");
        let pass = whole[scan..whole.len() - 2].to_vec();
        let end = &[0xFF, 0xD9];
        [&whole[..whole.len() - 2], &pass[..pass.len().min(64)].repeat(10_000), end].concat()
    }),
    bomb("JPEG of half a million pictures", &["TRAILING_DATA"], || {
        let tiny = b"\xFF\xD8\xFF\xC0\0\x0B\x08\0\x01\0\x01\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0\xFF\xD9";
        let mut bytes = fixtures::small_jpeg();
        bytes.splice(2..2, *b"\xFF\xE2\0\x0EMPF\0II*\0\x08\0\0\0");
        [&bytes[..], &tiny.repeat(500_000), b"PK\x03\x04"].concat()
    }),
    bomb("JPEG with a million comments", &[], || {
        let mut bytes = fixtures::small_jpeg();
        bytes.splice(2..2, [0xFF, 0xFE, 0, 2].repeat(1_000_000));
        bytes
    }),
    bomb("GIF of 65,535 by 65,535", PIXELS, || {
        let mut bytes = encode::gif(&[&faults::posterised(&draw::leaflet(160, 120))]);
        bytes[6..10].fill(0xFF);
        bytes
    }),
    bomb("GIF of 100,000 frames", MOVES, || {
        let frame = [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x4C, 0x01, 0];
        let mut bytes = b"GIF89a\x20\x03\xF4\x01\x80\0\0\0\0\0\xFF\xFF\xFF".to_vec();
        bytes.extend(frame.repeat(100_000));
        bytes.push(0x3B);
        bytes
    }),
    bomb("GIF whose frame lies outside of its canvas", &[], || {
        let mut bytes = encode::gif(&[&faults::posterised(&fixtures::leaflet())]);
        let frame =
            bytes.windows(5).position(|start| start == [0x2C, 0, 0, 0, 0]).expect("a frame");
        bytes[frame + 1..frame + 9]
            .copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        bytes
    }),
    bomb("WebP of the largest sides", PIXELS, || webp(&[0x2F, 0xFE, 0xBF, 0xFF, 0x0F, 0, 0, 0])),
    bomb("WebP of 49 megapixels in twenty bytes", UNPACKED, || {
        // 7,000 by 7,000: fourteen bits a side, less one.
        let sides = (6_999u32 | 6_999 << 14).to_le_bytes();
        webp(&[&[0x2F][..], &sides, &[0x88, 0x88, 0x08, 0, 0, 0, 0]].concat())
    }),
    bomb("TIFF whose directories bite their tail", CORRUPT, || {
        let mut bytes = encode::tiff(2);
        let second = 8 + 114 + 64;
        bytes[second + 110..second + 114].copy_from_slice(&8u32.to_le_bytes());
        bytes
    }),
    bomb("TIFF of 100,000 by 100,000", PIXELS, || tiff(&[(256, 100_000), (257, 100_000)])),
    bomb("TIFF of a strip of ten thousand million bytes", BROKEN, || tiff(&[(279, u32::MAX)])),
    bomb("TIFF of 36 megapixels of one shade", UNPACKED, || {
        packed_tiff(12_000, 3_000, &zeros(2 * 12_000 * 3_000))
    }),
    bomb("TIFF of twenty fax pages of 50 megapixels", UNPACKED, || faxes(20)),
    bomb("TIFF of a thousand pages", &["TOO_MANY_PAGES"], || encode::tiff(1_000)),
    bomb("BMP of negative height", PIXELS, || bmp(i32::MIN)),
    bomb("BMP of two thousand million rows", PIXELS, || bmp(i32::MAX)),
    bomb("BMP of run lengths that never end", &[], || {
        let mut bytes = bmp(400);
        bytes[28] = 8;
        bytes[30] = 1;
        bytes.extend([0, 2, 0, 0].repeat(1_000_000));
        bytes
    }),
    bomb(
        "PDF behind which nothing but one word stands",
        &["TRAILING_DATA", "FILE_CORRUPT"],
        || [&b"%PDF-1.4\n%%EOF\n"[..], &b"obj".repeat(5_000_000)].concat(),
    ),
];

fn zeros(length: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let block = vec![0; 1 << 20];
    let mut left = length;
    while left > 0 {
        let taken = left.min(block.len());
        encoder.write_all(&block[..taken]).expect("writing to memory");
        left -= taken;
    }
    encoder.finish().expect("writing to memory")
}

/// A PNG of so many zeros, and chunks before them.
fn png(width: u32, height: u32, depth: u8, colour: u8, before: &[u8], length: usize) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([depth, colour, 0, 0, 0]);
    let (start, end) = (png_chunk(b"IHDR", &header), png_chunk(b"IEND", &[]));
    let pixels = png_chunk(b"IDAT", &zeros(length));
    [b"\x89PNG\r\n\x1a\n", &start[..], before, &pixels, &end].concat()
}

/// With a note that unpacks to a gigabyte.
fn noted(kind: &[u8; 4], intro: &[u8]) -> Vec<u8> {
    let note = png_chunk(kind, &[intro, &zeros(1 << 30)].concat());
    png(800, 500, 1, 0, &note, 101 * 500)
}

/// So many megabytes of zeros: one flushed block of deflate again and again.
fn png_of_blocks(megabytes: usize) -> Vec<u8> {
    let mut encoder = flate2::Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(1 << 16);
    let zeros = vec![0; 1 << 20];
    encoder
        .compress_vec(&zeros, &mut block, flate2::FlushCompress::Full)
        .expect("compressing zeros");
    let packed = [&[0x78, 0x9C][..], &block.repeat(megabytes)].concat();
    let mut bytes = png(800, 500, 1, 0, &[], 9);
    bytes.truncate(33);
    bytes.extend(png_chunk(b"IDAT", &packed));
    bytes.extend(png_chunk(b"IEND", &[]));
    bytes
}

fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = encode::jpeg(&draw::card(160), 70);
    let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame");
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

fn webp(body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_le_bytes();
    let chunk = [&b"WEBPVP8L"[..], &length, body].concat();
    [&b"RIFF"[..], &(chunk.len() as u32).to_le_bytes(), &chunk].concat()
}

/// A page of eight by eight pixels with other values of some tags.
fn tiff(changed: &[(u16, u32)]) -> Vec<u8> {
    let mut bytes = encode::tiff(1);
    for at in (10..10 + 9 * 12).step_by(12) {
        let tag = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        if let Some((_, value)) = changed.iter().find(|(changed, _)| *changed == tag) {
            bytes[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
        }
    }
    bytes
}

/// Grey of 16 bits, packed by deflate into one strip.
fn packed_tiff(width: u32, height: u32, packed: &[u8]) -> Vec<u8> {
    let length = packed.len() as u32;
    let changed = [
        (256, width),
        (257, height),
        (258, 16),
        (259, 8),
        (273, 122),
        (278, height),
        (279, length),
    ];
    let mut bytes = tiff(&changed);
    bytes.truncate(122);
    bytes.extend(packed);
    bytes
}

/// White pages of a fax that share nothing: each its own code words, one bit a row.
fn faxes(pages: u32) -> Vec<u8> {
    let (width, height) = (10_000u32, 5_000u32);
    // Group 4 codes a row that is like the one above as a single bit.
    let strip = vec![0xFF; height as usize / 8];
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    let entries = 8u32;
    let directory = 2 + 12 * entries + 4;
    for page in 0..pages {
        let start = 8 + page * (directory + strip.len() as u32);
        bytes.extend((entries as u16).to_le_bytes());
        for (tag, value) in [
            (256u16, width),
            (257, height),
            (258, 1),
            (259, 4),
            (262, 0),
            (273, start + directory),
            (278, height),
            (279, strip.len() as u32),
        ] {
            bytes.extend(tag.to_le_bytes());
            bytes.extend([4, 0, 1, 0, 0, 0]);
            bytes.extend(value.to_le_bytes());
        }
        let next = start + directory + strip.len() as u32;
        bytes.extend(if page + 1 < pages { next } else { 0 }.to_le_bytes());
        bytes.extend(&strip);
    }
    bytes
}

fn bmp(height: i32) -> Vec<u8> {
    let mut bytes = fixtures::bmp();
    bytes[18..22].copy_from_slice(&800u32.to_le_bytes());
    bytes[22..26].copy_from_slice(&height.to_le_bytes());
    bytes
}
