//! Every limit of docs/limits.md holds at its bound and breaks behind it, and stands there as it is set.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "polyglots/hosts.rs"]
mod hosts;
mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use scanvet::checks::{self, Subject};
use scanvet::intake::{self, Upload};
use scanvet::pipeline::judge_again;
use scanvet::report::catalogue;
use scanvet::rules::{Context, RuleBook, embedded_packs};
use scanvet::verdict::{Detected, Recorded};
use support::encode::{self, png_chunk};
use support::{Asked, TODAY, codes, fixtures, judge_by, read, root, said};

/// What, check, key, default and reason of every limit that is set in the packs.
fn documented() -> Vec<[String; 5]> {
    let page = String::from_utf8(read("docs/limits.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && line.matches('|').count() == 6);
    rows.skip(1)
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            let cells: Vec<_> = cells.map(|cell| cell.trim().replace('`', "")).collect();
            cells.try_into().unwrap()
        })
        .collect()
}

#[test]
fn the_page_on_limits_tells_what_is_in_force() {
    let packs = embedded_packs();
    let base: toml::Table =
        packs.iter().find(|(file, _)| file == "base.toml").unwrap().1.parse().unwrap();
    let rows = documented();
    assert!(rows.len() >= 18, "{}", rows.len());
    for [what, check, key, default, reason] in &rows {
        let set = base["checks"][check][key].as_integer();
        let told: i64 = default.replace(',', "").parse().unwrap();
        assert_eq!(set, Some(told), "{what}");
        let known =
            catalogue::reasons().any(|(known, entry)| known.code == reason && entry == Some(check));
        assert!(known, "{what}: {reason} is no reason of {check}");
    }
    // And none is left out: whole numbers of the checks that need no pixels.
    for (check, table) in base["checks"].as_table().unwrap() {
        if !["file.", "pdf.complexity"].iter().any(|start| check.starts_with(start)) {
            continue;
        }
        for (key, value) in table.as_table().unwrap() {
            let is_told = rows.iter().any(|row| row[1] == *check && row[2] == *key);
            let other = ["min_bytes", "max_pixels"].contains(&key.as_str());
            assert!(is_told || other || !value.is_integer(), "{check} {key} is not on the page");
        }
    }
}

#[test]
fn an_operator_lowers_every_limit_in_one_block() {
    for [what, check, key, _, reason] in documented() {
        let ceilings: toml::Table = format!("[\"{check}\"]\n{key} = 0\n").parse().unwrap();
        let book = RuleBook::load(&embedded_packs(), Some(ceilings)).unwrap();
        let rules = book.rules(&Context::default(), "", TODAY).unwrap();
        assert_ne!(rules.applied, Asked::default().rules().applied, "{what}");
        if check.starts_with("file.size") || key == "max_pages" || key.ends_with("pixels") {
            let verdict = judge_by(&rules, &fixtures::small_jpeg(), None);
            assert!(codes(&verdict).contains(&&*reason), "{what}: {}", said(&verdict));
        }
    }
}

fn deflated(length: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![b'a'; length]).unwrap();
    encoder.finish().unwrap()
}

/// A good PNG with a chunk behind its header.
fn noted(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut bytes = encode::png(&fixtures::leaflet());
    bytes.splice(33..33, png_chunk(kind, body));
    bytes
}

/// Whether the header and the notes alone give a reason; nothing is decoded.
fn breaks(bytes: &[u8], reason: &str) -> bool {
    let upload = Upload { bytes: bytes.to_vec().into(), declared_media_type: None };
    let entry = checks::entry("file.unpacked").unwrap();
    let read = (entry.read)(&Subject::Upload(&intake::sniff(&upload))).unwrap();
    let recorded = Recorded { entry, page: 0, read };
    let verdict = judge_again(vec![recorded], &Asked::default().rules(), Detected::default());
    codes(&verdict).contains(&reason)
}

#[test]
fn notes_profiles_and_texts_are_bounded_however_they_are_packed() {
    let too_large = "METADATA_TOO_LARGE";
    let exif = |length: usize| noted(b"eXIf", &vec![0; length]);
    assert!(!breaks(&exif(1 << 20), too_large) && breaks(&exif((1 << 20) + 1), too_large));
    let exif = |length: usize| hosts::riff(b"", &hosts::riff_chunk(b"EXIF", &vec![0; length]));
    assert!(!breaks(&exif(1 << 20), too_large) && breaks(&exif((1 << 20) + 1), too_large));
    let profile = |length: usize| noted(b"iCCP", &[&b"name\0\0"[..], &deflated(length)].concat());
    // The name stands with it.
    assert!(!breaks(&profile((4 << 20) - 6), too_large));
    assert!(breaks(&profile((4 << 20) + 1), too_large));
    let profile = |length: usize| hosts::riff(&hosts::riff_chunk(b"ICCP", &vec![0; length]), b"");
    assert!(!breaks(&profile(4 << 20), too_large) && breaks(&profile((4 << 20) + 1), too_large));
    for (kind, intro) in [(b"zTXt", &b"Comment\0\0"[..]), (b"iTXt", b"Comment\0\x01\0\0\0")] {
        let text = |length| noted(kind, &[intro, &deflated(length)].concat());
        assert!(!breaks(&text((8 << 20) - 20), too_large));
        assert!(breaks(&text((8 << 20) + 1), too_large));
    }
    let text = |length: usize| noted(b"tEXt", &[&b"Comment\0"[..], &vec![b'a'; length]].concat());
    assert!(!breaks(&text((8 << 20) - 8), too_large) && breaks(&text(8 << 20), too_large));
}

#[test]
fn a_picture_of_one_shade_may_unpack_to_two_hundred_times_its_size_or_to_fifty_megabytes() {
    let too_large = "DECOMPRESSION_TOO_LARGE";
    let blank = |width: u32, height: u32| {
        let row = vec![0xFF; (width * height) as usize];
        let (grey, deep) = (png::ColorType::Grayscale, png::BitDepth::Eight);
        encode::png_of(width, height, grey, deep, &row)
    };
    // Below fifty megabytes; beyond, without and with enough of a text to come below the ratio.
    let mut bytes = blank(8_200, 6_090);
    assert!(bytes.len() < 249_000 && 8_200 * 6_090 < 50 << 20, "{}", bytes.len());
    assert!(!breaks(&bytes, too_large));
    bytes[24] = 16;
    assert!(breaks(&bytes, too_large));
    bytes.splice(33..33, png_chunk(b"tEXt", &[&b"Comment\0"[..], &vec![b'a'; 600_000]].concat()));
    assert!(!breaks(&bytes, too_large));
}

#[test]
fn pages_of_a_tiff_count_together() {
    let page = |pages: u32| {
        let mut bytes = encode::tiff(pages);
        // Each of 50 megapixels with one bit: six megabytes.
        for start in (0..pages).map(|page| 8 + page as usize * 178) {
            for at in (start + 2..start + 2 + 9 * 12).step_by(12) {
                let value: u32 = match u16::from_le_bytes([bytes[at], bytes[at + 1]]) {
                    256 => 10_000,
                    257 => 5_000,
                    258 => 1,
                    _ => continue,
                };
                bytes[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
            }
        }
        bytes
    };
    assert!(!breaks(&page(8), "DECOMPRESSION_TOO_LARGE"));
    assert!(breaks(&page(9), "DECOMPRESSION_TOO_LARGE"));
}

#[test]
fn the_places_that_the_page_names_hold_what_it_says() {
    let page = String::from_utf8(read("docs/limits.md")).unwrap();
    let fixed = page.split("## Fixed").nth(1).unwrap().split("## How").next().unwrap();
    let rows: Vec<_> = fixed.lines().filter(|line| line.contains(".rs`")).collect();
    assert!(rows.len() >= 14, "{}", rows.len());
    for row in rows {
        let path = row.split('`').find(|part| part.ends_with(".rs")).unwrap();
        assert!(root().join(path).exists(), "{row}");
    }
    for (path, constant) in [
        ("src/decode/jpeg.rs", "MAX_SCANS: usize = 64;"),
        ("src/intake/structure/tiff.rs", "MAX_DIRECTORIES: usize = 1024;"),
        ("src/intake/structure/tiff.rs", "MAX_CHUNKS: usize = 1 << 20;"),
        ("src/intake/structure/tiff.rs", "MAX_REUSE: u64 = 4;"),
        ("src/intake/structure/ifd.rs", "MAX_ENTRIES: u64 = 4096;"),
        ("src/decode/tiff/mod.rs", "MAX_CANVAS: usize = 1 << 30;"),
        ("src/decode/png.rs", "ANCILLARY_BYTES: usize = 16 << 20;"),
        ("src/decode/png.rs", "ROWS: usize = 16;"),
        ("src/decode/colour.rs", "MAX_PROFILE_BYTES: usize = 4 << 20;"),
        ("src/intake/foreign/nook.rs", "MOST_SEEN: u64 = 1 << 20;"),
        ("src/intake/foreign/nook.rs", "MOST_SEEN_OF_ALL: u64 = 8 << 20;"),
        ("src/intake/foreign/nook.rs", "MOST_MEASURED: u64 = 64 << 20;"),
        ("src/intake/pdf/mod.rs", "MAX_STRUCTURE_BYTES: usize = 8 << 20;"),
    ] {
        let text = String::from_utf8(read(path)).unwrap();
        assert!(text.contains(constant), "{path} no longer says {constant}");
    }
}
