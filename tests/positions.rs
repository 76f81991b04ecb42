//! Where a picture was taken is noticed in every format, and never told: not in an answer, not in the
//! annotated picture, not in what the program says besides.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "polyglots/hosts.rs"]
mod hosts;
mod support;

use std::process::Command;

use hosts::{riff, riff_chunk, segment};
use image::ImageEncoder;
use serde_json::Value;
use support::encode::png_chunk;
use support::{draw, encode, judge};

/// Digits that stand in no other number, and words that stand in no other text.
struct Canary {
    seconds: [u32; 2],
    word: String,
}

impl Canary {
    fn new(number: u32) -> Self {
        Self {
            seconds: [58_213_007 + 997 * number, 41_977_031 + 991 * number],
            word: format!("Lochgelly{number}x"),
        }
    }

    /// What nobody may find in any output, as text and as it is stored.
    fn traces(&self) -> Vec<Vec<u8>> {
        let numbers = self.seconds.iter().flat_map(|seconds| {
            let degrees = 37.0 + 41.0 / 60.0 + f64::from(*seconds) / 1e6 / 3600.0;
            [
                seconds.to_string().into_bytes(),
                format!("{:.4}", f64::from(*seconds) / 1e6).into_bytes(),
                format!("{degrees:.5}").into_bytes(),
                seconds.to_be_bytes().to_vec(),
                seconds.to_le_bytes().to_vec(),
            ]
        });
        numbers.chain([self.word.clone().into_bytes()]).collect()
    }

    /// EXIF with a directory of the position.
    fn exif(&self, little: bool) -> Vec<u8> {
        let u16_of = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let u32_of = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut bytes = if little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        bytes.extend(u32_of(8));
        let entry = |bytes: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            bytes.extend(u16_of(tag));
            bytes.extend(u16_of(kind));
            bytes.extend(u32_of(count));
            bytes.extend(value);
        };
        bytes.extend(u16_of(1));
        entry(&mut bytes, 0x8825, 4, 1, u32_of(26));
        bytes.extend([0; 4]);
        // Letters of the hemispheres, three fractions each, and the name of the area.
        let values = 26 + 2 + 5 * 12 + 4;
        bytes.extend(u16_of(5));
        entry(&mut bytes, 1, 2, 2, *b"N\0\0\0");
        entry(&mut bytes, 2, 5, 3, u32_of(values));
        entry(&mut bytes, 3, 2, 2, *b"W\0\0\0");
        entry(&mut bytes, 4, 5, 3, u32_of(values + 24));
        entry(&mut bytes, 28, 7, self.word.len() as u32, u32_of(values + 48));
        bytes.extend([0; 4]);
        for seconds in self.seconds {
            for (over, under) in [(37, 1), (41, 1), (seconds, 1_000_000)] {
                bytes.extend(u32_of(over));
                bytes.extend(u32_of(under));
            }
        }
        bytes.extend(self.word.as_bytes());
        bytes
    }

    fn xml(&self) -> Vec<u8> {
        let [north, west] = self.seconds.map(|seconds| f64::from(seconds) / 6e7 + 41.0);
        format!(
            "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description exif:GPSLatitude='37,{north:.7}N' \
             exif:GPSLongitude='37,{west:.7}W' photoshop:City='{}'/></x:xmpmeta>",
            self.word
        )
        .into_bytes()
    }
}

/// A picture with a position, by the way in which it is told.
fn file(way: usize, canary: &Canary, little: bool) -> Vec<u8> {
    let picture = draw::leaflet(120, 90);
    let exif = canary.exif(little);
    let mut jpeg = encode::jpeg(&picture, 60);
    let mut png = encode::png(&picture);
    match way {
        0 => {
            jpeg.splice(2..2, segment(0xE1, &[&b"Exif\0\0"[..], &exif].concat()));
            jpeg
        }
        1 => {
            let body = [&b"http://ns.adobe.com/xap/1.0/\0"[..], &canary.xml()].concat();
            jpeg.splice(2..2, segment(0xE1, &body));
            jpeg
        }
        2 => {
            png.splice(33..33, png_chunk(b"eXIf", &exif));
            png
        }
        3 => {
            let text = [&b"XML:com.adobe.xmp\0\0\0\0\0"[..], &canary.xml()].concat();
            png.splice(33..33, png_chunk(b"iTXt", &text));
            png
        }
        4 => hosts::riff_of(&picture, b"", &riff_chunk(b"EXIF", &exif)),
        5 => hosts::riff_of(&picture, b"", &riff_chunk(b"XMP ", &canary.xml())),
        6 => tiff(&picture, &exif, little),
        _ => {
            // As the encoder of a library puts it there.
            let mut bytes = Vec::new();
            let mut encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
            encoder.set_exif_metadata(exif).unwrap();
            picture.write_with_encoder(encoder).unwrap();
            bytes
        }
    }
}

/// The directory of the position within a TIFF: the pixels of the page follow the notes.
fn tiff(picture: &image::RgbImage, exif: &[u8], little: bool) -> Vec<u8> {
    let u16_of = |value: u16| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let u32_of = |value: u32| if little { value.to_le_bytes() } else { value.to_be_bytes() };
    let mut bytes = exif.to_vec();
    let pixels = bytes.len() as u32;
    bytes.extend(picture.as_raw());
    let directory = bytes.len() as u32;
    let entries: [(u16, u16, u32, u32); 10] = [
        (256, 4, 1, picture.width()),
        (257, 4, 1, picture.height()),
        (258, 4, 1, 8),
        (259, 4, 1, 1),
        (262, 4, 1, 2),
        (273, 4, 1, pixels),
        (277, 4, 1, 3),
        (278, 4, 1, picture.height()),
        (279, 4, 1, picture.as_raw().len() as u32),
        (0x8825, 4, 1, 26),
    ];
    bytes.extend(u16_of(entries.len() as u16));
    for (tag, kind, count, value) in entries {
        bytes.extend([u16_of(tag), u16_of(kind)].concat());
        bytes.extend([u32_of(count), u32_of(value)].concat());
    }
    bytes.extend([0; 4]);
    bytes[4..8].copy_from_slice(&u32_of(directory));
    bytes
}

const WAYS: usize = 8;

#[test]
fn a_hundred_pictures_with_a_position_set_the_flag_and_none_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = folder.path().join("drawn");
    let mut traces = Vec::new();
    let mut paths = Vec::new();
    for number in 0..104 {
        let canary = Canary::new(number);
        let bytes = file(number as usize % WAYS, &canary, (number / WAYS as u32).is_multiple_of(2));
        // What is looked for is in the file.
        let is_there = |trace: &Vec<u8>| memchr::memmem::find(&bytes, trace).is_some();
        assert!(canary.traces().iter().any(is_there), "{number}");
        let path = folder.path().join(format!("{number}"));
        std::fs::write(&path, bytes).unwrap();
        paths.push(path);
        traces.extend(canary.traces());
    }
    let output = Command::new(env!("CARGO_BIN_EXE_scanvet"))
        .args(["check", "--format", "json", "--annotate"])
        .arg(&drawn)
        .args(&paths)
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), paths.len());
    for line in &lines {
        assert_eq!(line["detected"]["hasGpsMetadata"], true, "{line}");
    }
    let pictures = std::fs::read_dir(&drawn).unwrap().map(|entry| entry.unwrap().path());
    let pictures: Vec<Vec<u8>> = pictures.map(|path| std::fs::read(path).unwrap()).collect();
    assert!(pictures.len() >= 100, "{} pictures were drawn", pictures.len());
    // Hashes are hexadecimal and may hold any digits; everything else is searched.
    let without_hashes: Vec<u8> = said
        .split('"')
        .filter(|word| !(word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())))
        .collect::<Vec<_>>()
        .join("\"")
        .into_bytes();
    let texts = [without_hashes, output.stderr];
    for (number, trace) in traces.iter().enumerate() {
        let told = texts.iter().any(|text| memchr::memmem::find(text, trace).is_some());
        // Four bytes occur by chance among those of a picture; words and numbers do not.
        let drawn = trace.len() > 4
            && pictures.iter().any(|bytes| memchr::memmem::find(bytes, trace).is_some());
        assert!(!told && !drawn, "trace {number} is told");
    }
}

#[test]
fn a_picture_without_a_position_sets_no_flag() {
    let picture = draw::leaflet(120, 90);
    let mut named = encode::jpeg(&picture, 60);
    let words = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmp:CreatorTool='GPS logger'/>";
    named.splice(2..2, segment(0xE1, words));
    for bytes in [encode::jpeg(&picture, 60), encode::png(&picture), riff(b"", b""), named] {
        assert!(!judge(&bytes).detected.has_gps);
    }
}
