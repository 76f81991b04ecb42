//! Files that carry another one: each format with each of its places, as corkami's mitra joins them.
#![allow(dead_code, reason = "each test takes its part of this")]

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

use crate::support::encode::png_chunk;
use crate::support::pdf::scan::Scan;
use crate::support::{encode, faults, fixtures};

/// From what is hidden to the file that carries it.
type Join = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A way to put bytes into a file.
pub(crate) struct Way {
    pub(crate) host: &'static str,
    pub(crate) name: &'static str,
    pub(crate) join: Join,
}

/// All ways of all formats.
pub(crate) fn ways() -> Vec<Way> {
    [jpeg(), png(), gif(), bmp(), webp(), tiff(), pdf()].into_iter().flatten().collect()
}

fn way(host: &'static str, name: &'static str, join: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Way {
    Way { host, name, join: Box::new(join) }
}

fn inserted(host: &[u8], at: usize, part: &[u8]) -> Vec<u8> {
    [&host[..at], part, &host[at..]].concat()
}

pub(crate) fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = ((body.len() + 2) as u16).to_be_bytes();
    [&[0xFF, marker][..], &length, body].concat()
}

fn jpeg() -> Vec<Way> {
    let host = fixtures::small_jpeg();
    let whole = host.clone();
    let with = move |marker, before: &'static [u8]| {
        let host = host.clone();
        move |part: &[u8]| inserted(&host, 2, &segment(marker, &[before, part].concat()))
    };
    let (stray, last, behind) = (whole.clone(), whole.clone(), whole);
    vec![
        way("JPEG", "comment", with(0xFE, b"")),
        way("JPEG", "comment behind words", with(0xFE, b"a caption ")),
        way("JPEG", "unknown segment", with(0xEF, b"Unknown\0")),
        way(
            "JPEG",
            "note of the user",
            with(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0UNICODE\0"),
        ),
        way("JPEG", "XML", with(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")),
        way("JPEG", "profile", with(0xE2, b"ICC_PROFILE\0\x01\x01")),
        way("JPEG", "between segments", move |part| {
            // Behind the first segment.
            let at = 4 + usize::from(u16::from_be_bytes([stray[4], stray[5]]));
            inserted(&stray, at, part)
        }),
        way("JPEG", "last segment", move |part| {
            inserted(&last, last.len() - 2, &segment(0xFE, part))
        }),
        way("JPEG", "behind", move |part| [&behind, part].concat()),
        way("JPEG", "behind zeros", {
            let host = fixtures::small_jpeg();
            move |part| [&host[..], &[0; 4096], part].concat()
        }),
    ]
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Behind the header of a PNG.
const BEHIND_IHDR: usize = 33;

fn png() -> Vec<Way> {
    let host = encode::png(&faults::posterised(&fixtures::leaflet()));
    let end = host.len() - 12;
    let with = |kind: &'static [u8; 4], at: usize, before: &'static [u8], packs: bool| {
        let host = host.clone();
        move |part: &[u8]| {
            let part = if packs { deflated(part) } else { part.to_vec() };
            inserted(&host, at, &png_chunk(kind, &[before, &part].concat()))
        }
    };
    let behind = host.clone();
    vec![
        way("PNG", "text", with(b"tEXt", BEHIND_IHDR, b"Comment\0", false)),
        way("PNG", "packed text", with(b"zTXt", BEHIND_IHDR, b"Comment\0\0", true)),
        way("PNG", "text of a language", with(b"iTXt", end, b"Comment\0\0\0en\0\0", false)),
        way("PNG", "packed text of a language", with(b"iTXt", end, b"Title\0\x01\0\0\0", true)),
        way("PNG", "profile", with(b"iCCP", BEHIND_IHDR, b"name\0\0", true)),
        way("PNG", "camera's notes", with(b"eXIf", BEHIND_IHDR, b"MM\0*\0\0\0\x08", false)),
        way("PNG", "unknown chunk", with(b"cOMM", BEHIND_IHDR, b"", false)),
        way("PNG", "last chunk", with(b"ruSt", end, b"", false)),
        way("PNG", "behind", move |part| [&behind, part].concat()),
    ]
}

fn blocks(part: &[u8]) -> Vec<u8> {
    let blocks = part.chunks(255).flat_map(|block| [&[block.len() as u8][..], block].concat());
    blocks.chain([0]).collect()
}

fn gif() -> Vec<Way> {
    let host = encode::gif(&[&faults::posterised(&fixtures::leaflet())]);
    let table = 3usize << (usize::from(host[10] & 7) + 1);
    let start = if host[10] & 0x80 == 0 { 13 } else { 13 + table };
    let with = |label: u8, before: &'static [u8], at: usize| {
        let host = host.clone();
        move |part: &[u8]| {
            let extension = [&[0x21, label][..], before, &blocks(part)].concat();
            inserted(&host, at, &extension)
        }
    };
    let (end, behind, sized) = (host.len() - 1, host.clone(), host.clone());
    vec![
        way("GIF", "comment", with(0xFE, b"", start)),
        way("GIF", "last comment", with(0xFE, b"", end)),
        way("GIF", "application", with(0xFF, b"\x0bXMP DataXMP", start)),
        way("GIF", "behind", move |part| [&behind, part].concat()),
        way("GIF", "width that opens a comment", move |part| {
            let mut bytes = [&sized, &b"*/=1;"[..], part].concat();
            bytes[6..8].copy_from_slice(b"/*");
            bytes
        }),
    ]
}

fn bmp() -> Vec<Way> {
    let picture = fixtures::leaflet();
    let row = (3 * picture.width() as usize).next_multiple_of(4);
    let mut pixels = Vec::new();
    for y in (0..picture.height()).rev() {
        let from = pixels.len();
        pixels.extend((0..picture.width()).flat_map(|x| {
            let [red, green, blue] = picture.get_pixel(x, y).0;
            [blue, green, red]
        }));
        pixels.resize(from + row, 0);
    }
    let write = move |gap: &[u8], behind: &[u8], told: bool| {
        let start = 54 + gap.len();
        let size = start + pixels.len() + if told { behind.len() } else { 0 };
        let mut bytes = b"BM".to_vec();
        bytes.extend((size as u32).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend((start as u32).to_le_bytes());
        bytes.extend(40u32.to_le_bytes());
        bytes.extend(picture.width().to_le_bytes());
        bytes.extend(picture.height().to_le_bytes());
        bytes.extend([1, 0, 24, 0]);
        bytes.extend([0; 24]);
        [&bytes[..], gap, &pixels, behind].concat()
    };
    let (gap, behind, told) = (write.clone(), write.clone(), write);
    vec![
        way("BMP", "before the pixels", move |part| gap(part, b"", true)),
        way("BMP", "behind", move |part| behind(b"", part, false)),
        way("BMP", "behind, within the size", move |part| told(b"", part, true)),
    ]
}

pub(crate) fn riff_chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = [&kind[..], &(body.len() as u32).to_le_bytes(), body].concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

/// A lossless WebP with chunks before and behind its picture.
pub(crate) fn riff(before: &[u8], behind: &[u8]) -> Vec<u8> {
    riff_of(&fixtures::leaflet(), before, behind)
}

/// The same of any picture.
pub(crate) fn riff_of(picture: &image::RgbImage, before: &[u8], behind: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    picture.write_with_encoder(image::codecs::webp::WebPEncoder::new_lossless(&mut plain)).unwrap();
    let size = |side: u32| (side - 1).to_le_bytes()[..3].to_vec();
    let flags = [&[0, 0, 0, 0][..], &size(picture.width()), &size(picture.height())].concat();
    let body = [&riff_chunk(b"VP8X", &flags), before, &plain[12..], behind].concat();
    [&b"RIFF"[..], &(body.len() as u32 + 4).to_le_bytes(), b"WEBP", &body].concat()
}

fn webp() -> Vec<Way> {
    let whole = riff(b"", b"");
    vec![
        way("WebP", "unknown chunk", |part| riff(b"", &riff_chunk(b"JUNK", part))),
        way("WebP", "unknown chunk before", |part| riff(&riff_chunk(b"abcd", part), b"")),
        way("WebP", "camera's notes", |part| {
            riff(b"", &riff_chunk(b"EXIF", &[b"MM\0*\0\0\0\x08\0\0", part].concat()))
        }),
        way("WebP", "XML", |part| riff(b"", &riff_chunk(b"XMP ", part))),
        way("WebP", "profile", |part| riff(&riff_chunk(b"ICCP", part), b"")),
        way("WebP", "behind", move |part| [&whole, part].concat()),
    ]
}

/// A grey TIFF of one strip; further tags as number, kind and bytes, and bytes that nothing points to.
pub(crate) fn tiff_with(tags: &[(u16, u16, &[u8])], cavity: &[u8]) -> Vec<u8> {
    let picture = fixtures::leaflet();
    let grey: Vec<u8> = picture.pixels().map(|pixel| pixel.0[0]).collect();
    let mut bytes = b"II*\0\0\0\0\0".to_vec();
    bytes.extend(cavity);
    let strip = bytes.len() as u32;
    bytes.extend(&grey);
    let mut entries: Vec<(u16, u16, u32, u32)> = vec![
        (256, 4, 1, picture.width()),
        (257, 4, 1, picture.height()),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, strip),
        (277, 3, 1, 1),
        (278, 4, 1, picture.height()),
        (279, 4, 1, grey.len() as u32),
    ];
    for (tag, kind, value) in tags {
        let mut value = value.to_vec();
        value.resize(value.len().max(5), 0);
        entries.push((*tag, *kind, value.len() as u32, bytes.len() as u32));
        bytes.extend(value);
    }
    entries.sort_unstable();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    let directory = (bytes.len() as u32).to_le_bytes();
    bytes[4..8].copy_from_slice(&directory);
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes
}

fn tiff() -> Vec<Way> {
    vec![
        way("TIFF", "description", |part| tiff_with(&[(270, 2, part)], b"")),
        way("TIFF", "software", |part| tiff_with(&[(305, 2, part)], b"")),
        way("TIFF", "private tag", |part| tiff_with(&[(50_000, 7, part)], b"")),
        way("TIFF", "profile", |part| tiff_with(&[(34_675, 7, part)], b"")),
        way("TIFF", "cavity", |part| tiff_with(&[], part)),
        way("TIFF", "behind", |part| [&tiff_with(&[], b""), part].concat()),
    ]
}

fn pdf() -> Vec<Way> {
    let host = Scan::good().write(&Default::default());
    let header = host.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let with = |before: &'static [u8], at: usize, after: &'static [u8]| {
        let host = host.clone();
        move |part: &[u8]| inserted(&host, at, &[before, part, after].concat())
    };
    let end = host.len();
    vec![
        way("PDF", "before", with(b"", 0, b"\n")),
        way("PDF", "comment", with(b"%", header, b"\n")),
        way("PDF", "stream", with(b"9999 0 obj\n<<>>\nstream\n", header, b"\nendstream\nendobj\n")),
        way("PDF", "behind", with(b"", end, b"")),
        way("PDF", "behind, with another end", with(b"", end, b"\n%%EOF\n")),
    ]
}
