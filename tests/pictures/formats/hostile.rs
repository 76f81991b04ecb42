//! Files made to crash, hang or fill memory; all they get is a verdict.

use std::time::{Duration, Instant};

use super::common::{codes, file, verdict};
use super::made;
use super::tiff::{PLAIN, Page, Picture};

/// Far more than any of these files takes; a bomb takes minutes.
const LIMIT: Duration = Duration::from_secs(20);

fn quickly(bytes: Vec<u8>) -> Vec<&'static str> {
    let started = Instant::now();
    let verdict = verdict(bytes);
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
    codes(&verdict)
}

fn page(size: (usize, usize), more: &[(u16, u16, Vec<u64>)]) -> Page {
    let picture = Picture { size, bits: 8, channels: 1, sample: &|_, _, _| 0 };
    let mut tags = picture.tags(1, 1);
    for tag in more {
        tags.retain(|(number, ..)| *number != tag.0);
        tags.push(tag.clone());
    }
    Page { tags, chunks: vec![vec![0; 64]] }
}

#[test]
fn a_chain_of_directories_that_bites_its_tail_is_corrupt() {
    let mut bytes = PLAIN.write(vec![page((8, 8), &[]), page((8, 8), &[])]);
    let first = bytes[4..8].to_vec();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&first);
    assert_eq!(quickly(bytes), ["FILE_CORRUPT"]);
}

#[test]
fn a_claim_of_ten_thousand_million_pixels_is_refused_by_the_header() {
    let claim = page((100_000, 100_000), &[]);
    let bytes = PLAIN.write(vec![page((8, 8), &[]), claim]);
    assert_eq!(quickly(bytes), ["TOO_MANY_PIXELS"]);
    let huge = page((u32::MAX as usize, u32::MAX as usize), &[]);
    assert_eq!(quickly(PLAIN.write(vec![huge])), ["TOO_MANY_PIXELS"]);
}

#[test]
fn a_webp_of_the_largest_size_is_refused_by_the_header() {
    let body = [0x2F, 0xFE, 0xBF, 0xFF, 0x0F, 0, 0, 0];
    let bytes = [b"RIFF\x14\0\0\0WEBPVP8L\x08\0\0\0", &body[..]].concat();
    assert_eq!(quickly(bytes), ["TOO_MANY_PIXELS"]);
}

#[test]
fn a_bmp_of_absurd_height_is_refused_by_the_header() {
    for height in [i32::MIN, -40_000, 40_000, i32::MAX] {
        let mut bytes = made::bmp(24, false);
        bytes[22..26].copy_from_slice(&height.to_le_bytes());
        assert_eq!(quickly(bytes), ["TOO_MANY_PIXELS"], "{height}");
    }
}

#[test]
fn pages_are_counted_before_any_is_decoded() {
    let pages = |count| PLAIN.write((0..count).map(|_| page((8, 8), &[])).collect());
    assert!(!quickly(pages(20)).contains(&"TOO_MANY_PAGES"));
    assert!(quickly(pages(21)).contains(&"TOO_MANY_PAGES"));
    assert!(quickly(pages(100_000)).contains(&"TOO_MANY_PAGES"));
}

#[test]
fn sides_that_the_strips_do_not_fill_are_corrupt() {
    for more in [
        (278, 4, vec![0]),
        (277, 3, vec![3]),
        (322, 4, vec![u64::from(u32::MAX)]),
        (258, 3, vec![16]),
        (257, 4, vec![4000]),
        (259, 3, vec![5]),
        (259, 3, vec![7]),
        (259, 3, vec![8]),
    ] {
        let found = quickly(PLAIN.write(vec![page((64, 1), &[more.clone(), (323, 4, vec![16])])]));
        assert_eq!(found, ["FILE_CORRUPT"], "{more:?}");
    }
}

/// Directories of EXIF that all lie in each other. A reader that follows them all and keeps their
/// entries took 200 MB for 57 kB of two thousand directories, and would take ten times that for these.
#[test]
fn exif_that_points_to_itself_a_thousand_times_over_costs_nothing() {
    let mut exif = b"MM\0*\0\0\0\x08".to_vec();
    let children: usize = 20_000;
    let start = 8 + 2 + 12 * children + 4;
    exif.extend((children as u16).to_be_bytes());
    for child in 0..children {
        exif.extend(0x8769u16.to_be_bytes());
        exif.extend([0, 4, 0, 0, 0, 1]);
        exif.extend(((start + 2 * child) as u32).to_be_bytes());
    }
    exif.extend([0; 4]);
    // Each directory claims 2,048 entries, which are all empty, and no next one.
    exif.extend([0x08, 0].repeat(children));
    exif.extend(vec![0; 12 * 2048 + 2 * children + 8]);
    let mut bytes = file("reference.png");
    let chunk = [&(exif.len() as u32).to_be_bytes()[..], b"eXIf", &exif, &[0; 4]].concat();
    bytes.splice(33..33, chunk);
    quickly(bytes);
}

#[test]
fn every_mutant_gets_a_verdict() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let bmp = {
        // Smaller than the picture, that three hundred of them are quick.
        let mut bytes = made::bmp(8, false);
        bytes[22..26].copy_from_slice(&64i32.to_le_bytes());
        bytes.truncate(54 + 1024 + 816 * 64);
        bytes
    };
    let names = [
        "lossless.webp",
        "lossy.webp",
        "p3.webp",
        "rgb-lzw.tif",
        "rgb-deflate.tif",
        "palette-lzw.tif",
        "ycbcr-jpeg.tif",
        "bilevel-g3-2d.tif",
        "bilevel-g4.tif",
        "cmyk-profile.tif",
        "cmyk-profile.jpg",
        "adobe-rgb.png",
        "two-pages-deflate.tif",
    ];
    // `SCANVET_LONG=1` takes minutes.
    let rounds = if std::env::var_os("SCANVET_LONG").is_some() { 300 } else { 60 };
    let seeds = names.iter().map(|name| file(name)).chain([bmp]);
    for seed in seeds {
        for round in 0..rounds {
            let mut mutant = seed.clone();
            // Half of them hurt the headers, where most can go wrong.
            let reach = if round % 2 == 0 { mutant.len().min(400) } else { mutant.len() };
            let tail = mutant.len() - reach;
            for _ in 0..=random(8) {
                let at = random(reach) + if round % 4 == 0 { tail } else { 0 };
                mutant[at] = match random(4) {
                    0 => 0,
                    1 => 0xFF,
                    _ => random(256) as u8,
                };
            }
            quickly(mutant);
        }
    }
}
