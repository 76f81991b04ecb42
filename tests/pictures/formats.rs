//! The same picture gives the same verdict in whichever format, coding and colour space it arrives,
//! and no bytes whatever bring the pipeline down.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "formats/common.rs"]
mod common;
#[path = "formats/hostile.rs"]
mod hostile;
#[path = "formats/made.rs"]
mod made;
#[path = "formats/tiff.rs"]
pub(super) mod tiff;

use scanvet::decode::integrity::State;
use scanvet::intake::format::FORMATS;
use scanvet::rules::embedded_packs;

use self::common::{assert_same, assert_truncation_is_seen, codes, decoded, file, verdict};

/// Without loss, and as much as JPEG and lossy WebP of low quality change a cell on average.
const EXACT: f64 = 0.0;
const LOSSY: f64 = 2.5;
/// What two colour engines may differ by.
const CONVERTED: f64 = 1.0;
/// And by a little more where inks leave a shade on the paper.
const INKS: f64 = 2.0;

#[test]
fn files_of_other_software_look_as_the_picture_that_was_saved() {
    for (name, mean) in [
        ("lossless.webp", EXACT),
        ("alpha.webp", EXACT),
        ("lossy.webp", LOSSY),
        ("plain.jpg", LOSSY),
        ("progressive.jpg", LOSSY),
        ("cmyk-adobe.jpg", LOSSY),
        ("cmyk-plain.jpg", LOSSY),
        ("rgb-lzw.tif", EXACT),
        ("rgb-lzw-predicted.tif", EXACT),
        ("rgb-deflate.tif", EXACT),
        ("rgb-deflate-turned.tif", EXACT),
        ("rgba-deflate.tif", EXACT),
        ("cmyk-deflate.tif", EXACT),
        // Coarser than the others.
        ("ycbcr-jpeg.tif", 4.0),
    ] {
        assert_same(file(name), file("reference.png"), mean, name);
    }
}

#[test]
fn a_palette_of_sixteen_colours_is_close_to_the_picture() {
    assert_same(file("palette-lzw.tif"), file("reference.png"), LOSSY, "palette-lzw.tif");
}

#[test]
fn grey_is_grey_however_it_is_stored() {
    for (name, mean) in [
        ("grey-lzw.tif", EXACT),
        ("grey16-deflate.tif", EXACT),
        ("grey-jpeg.tif", LOSSY),
        ("grey-linear.png", CONVERTED),
    ] {
        assert_same(file(name), file("grey.png"), mean, name);
    }
}

#[test]
fn faxes_look_the_same_in_every_coding() {
    for name in ["huffman", "g3", "g3-2d", "g4", "g4-reversed", "g4-white-is-zero", "packbits"] {
        let name = format!("bilevel-{name}.tif");
        assert_same(file(&name), file("bilevel.png"), EXACT, &name);
    }
}

#[test]
fn profiles_are_converted_to_srgb_in_every_container() {
    for space in ["p3", "adobe-rgb"] {
        for (extension, mean) in
            [("png", CONVERTED), ("webp", CONVERTED), ("tif", CONVERTED), ("jpg", LOSSY)]
        {
            let name = format!("{space}.{extension}");
            assert_same(file(&name), file("reference.png"), mean, &name);
        }
    }
}

#[test]
fn inks_with_a_profile_look_as_another_colour_engine_shows_them() {
    for (name, mean) in [("cmyk-profile.tif", INKS), ("cmyk-profile.jpg", LOSSY)] {
        assert_same(file(name), file("cmyk-profile-expected.png"), mean, name);
    }
}

#[test]
fn every_page_is_judged_and_numbered_from_one() {
    let found = verdict(file("two-pages-deflate.tif"));
    assert_eq!(found.detected.pages, 2);
    // The second page stands on its head, which is seen on that page alone.
    let faults: Vec<_> =
        found.findings.iter().map(|ruled| (ruled.finding.reason.code, ruled.page)).collect();
    assert_eq!(faults, [("ORIENTATION_WRONG", 2)]);
    let pages: Vec<u32> =
        found.readings.iter().map(|read| read.page).filter(|page| *page > 0).collect();
    assert!(pages.contains(&1) && pages.contains(&2) && pages.iter().all(|page| *page <= 2));
    let turned = decoded(file("two-pages-deflate.tif")).pages;
    let (first, second) = (&turned[0].planes.y, &turned[1].planes.y);
    assert_eq!(
        first.cells.iter().rev().collect::<Vec<_>>(),
        second.cells.iter().collect::<Vec<_>>()
    );
}

#[test]
fn an_animation_is_rejected_before_it_is_decoded() {
    assert_eq!(codes(&verdict(file("animated.webp"))), ["IMAGE_ANIMATED"]);
    // And where the limit is lifted, the first frame is what is looked at.
    let page = decoded(file("animated.webp")).pages.remove(0);
    let reference = common::page(file("reference.png"), "reference");
    assert_eq!(common::distance(&page, &reference).1, 0);
}

#[test]
fn a_file_that_breaks_off_is_not_accepted() {
    for name in [
        "lossless.webp",
        "lossy.webp",
        "p3.webp",
        "rgb-lzw.tif",
        "rgb-deflate.tif",
        "two-pages-deflate.tif",
        "ycbcr-jpeg.tif",
        "bilevel-g4.tif",
        "cmyk-adobe.jpg",
        "p3.png",
    ] {
        assert_truncation_is_seen(&file(name), name);
    }
    for (name, bytes) in made::uncompressed() {
        assert_truncation_is_seen(&bytes, &name);
    }
}

#[test]
fn what_hides_behind_a_picture_is_found_in_every_format() {
    for name in ["lossless.webp", "rgb-lzw.tif", "ycbcr-jpeg.tif"] {
        let bytes = [file(name), b"PK\x03\x04 an archive".to_vec()].concat();
        assert_eq!(codes(&verdict(bytes)), ["TRAILING_DATA"], "{name}");
    }
    let bytes = [made::bmp(24, false), b"%PDF-1.7 a document".to_vec()].concat();
    assert_eq!(codes(&verdict(bytes)), ["TRAILING_DATA"]);
}

#[test]
fn the_generic_profile_takes_exactly_what_is_read_here() {
    let (_, base) = embedded_packs().into_iter().find(|(path, _)| path == "base.toml").unwrap();
    let base: toml::Table = base.parse().unwrap();
    let allowed = base["checks"]["file.format"]["allowed"].as_array().unwrap();
    let mut allowed: Vec<_> = allowed.iter().map(|name| name.as_str().unwrap()).collect();
    let mut readable: Vec<_> = FORMATS
        .iter()
        .filter(|format| format.readable && format.media_type != "image/heif")
        .map(|format| format.media_type)
        .collect();
    allowed.sort_unstable();
    readable.sort_unstable();
    assert_eq!(allowed, readable);
}

#[test]
fn what_is_recognised_but_not_read_is_not_allowed() {
    for brand in if cfg!(feature = "heic") { vec!["avif"] } else { vec!["avif", "heic"] } {
        let bytes =
            [b"\0\0\0\x18ftyp", brand.as_bytes(), &[0; 4], brand.as_bytes(), &[0; 64]].concat();
        assert_eq!(codes(&verdict(bytes)), ["FORMAT_NOT_ALLOWED"], "{brand}");
    }
}

#[test]
fn a_coding_that_nobody_reads_is_for_a_person() {
    let size = (816, 512);
    let picture = tiff::Picture { size, bits: 8, channels: 3, sample: &|_, _, _| 200 };
    for (photometric, compression) in [(8, 1), (2, 50_000), (6, 6), (32_803, 1)] {
        let page = tiff::Page {
            tags: picture.tags(photometric, compression),
            chunks: picture.strips(tiff::PLAIN, 512),
        };
        let bytes = tiff::PLAIN.write(vec![page]);
        assert_eq!(decoded(bytes.clone()).state, State::Unsupported);
        assert_eq!(codes(&verdict(bytes)), ["FILE_UNPROCESSABLE"]);
    }
}

#[cfg(feature = "heic")]
#[test]
fn heic_is_decoded_where_it_was_built_in() {
    let image = &*common::REFERENCE;
    let options = heifer::EncodeOptions { quality: 90, ..heifer::EncodeOptions::default() };
    let bytes =
        heifer::encode_rgb8(image.width(), image.height(), image.as_raw(), &options).unwrap();
    let page = common::page(bytes.clone(), "heic");
    let apart = common::distance(&page, &common::page(file("reference.png"), "reference"));
    assert!(apart.0 <= LOSSY, "{apart:?}");
    for percent in (0..100).step_by(5) {
        let part = decoded(bytes[..bytes.len() * percent / 100].to_vec());
        assert!(part.state != State::Whole, "at {percent} %");
    }
}
