//! Pages and pictures generated from the declarations, the proto and the fixtures are current.

#[path = "support/api.rs"]
#[allow(unreachable_pub, reason = "it stands with what several tests share")]
mod api;
mod support;

use std::path::Path;
use std::{env, fs};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{self, Options};
use scanvet::report::catalogue;
use support::{Asked, files, read, root};

/// Of the proto, as the build made them.
static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scanvet.bin"));

const PICTURES: &str = "docs/pictures/reasons";
const MOST_BYTES: usize = 10 * 1024;
const MOST_BYTES_OF_ALL: usize = 1 << 20;
/// Longer sides to try, in pixels.
const SIDES: [u32; 4] = [400, 320, 240, 160];

/// Mean difference of two pictures, in levels of 255, that another machine may make.
const MOST_DIFFERENCE: f64 = 6.0;

fn blessing() -> bool {
    env::var_os("BLESS").is_some()
}

/// Compares a file with what it must hold, or writes it when asked to.
fn current(path: &str, wanted: &str) {
    let path = root().join(path);
    let found = fs::read_to_string(&path).unwrap_or_default();
    if blessing() {
        fs::write(&path, wanted).expect("the page can be written");
    } else {
        assert!(
            found == wanted,
            "{} is out of date: run `BLESS=1 cargo test --test generated`",
            path.display()
        );
    }
}

/// The first committed file that shows the reason and can be drawn on, drawn on and made small.
fn drawn(code: &str) -> Option<Vec<u8>> {
    let paths = files(&format!("testdata/reasons/{code}"));
    paths.iter().filter(|path| path.contains("/fail-") && !path.ends_with(".toml")).find_map(
        |path| {
            let text = fs::read_to_string(root().join(path).with_file_name("context.toml"));
            let asked = text.map_or_else(
                |_| Asked::default(),
                |text| toml::from_str(&text).expect("a context"),
            );
            let upload =
                Upload { bytes: read(path).into(), declared_media_type: asked.declared.clone() };
            let options = Options { annotate: true, ..Options::default() };
            let verdict = pipeline::validate(&upload, &asked.rules(), options, &mut Unlimited);
            let picture = verdict.expect("a budget without end does not end").annotated?;
            Some(small(&picture))
        },
    )
}

/// As large and as good as its bytes may be.
fn small(jpeg: &[u8]) -> Vec<u8> {
    let picture = image::load_from_memory(jpeg).expect("a picture").to_rgb8();
    let longest = picture.width().max(picture.height());
    for side in SIDES {
        let scaled = |length: u32| (length * side / longest).max(1);
        let (width, height) = (scaled(picture.width()), scaled(picture.height()));
        let picture = image::imageops::resize(&picture, width, height, FilterType::CatmullRom);
        for quality in [70, 60, 50, 40, 30] {
            let mut jpeg = Vec::new();
            let encoder = JpegEncoder::new_with_quality(&mut jpeg, quality);
            picture.write_with_encoder(encoder).expect("a picture can be encoded");
            if jpeg.len() <= MOST_BYTES {
                return jpeg;
            }
        }
    }
    panic!("no picture of noise alone is so small");
}

/// Mean difference of the levels of two pictures; that of sizes is endless.
fn difference(one: &[u8], other: &[u8]) -> f64 {
    let [one, other] =
        [one, other].map(|jpeg| image::load_from_memory(jpeg).expect("a picture").to_rgb8());
    if one.dimensions() != other.dimensions() {
        return f64::INFINITY;
    }
    let apart = one.iter().zip(other.iter()).map(|(a, b)| f64::from(a.abs_diff(*b)));
    apart.sum::<f64>() / one.len() as f64
}

fn path_of(code: &str) -> String {
    format!("{PICTURES}/{code}.jpg")
}

#[test]
fn the_pictures_of_reasons_are_current_and_small() {
    let folder = root().join(PICTURES);
    let mut wanted = Vec::new();
    for (reason, _) in catalogue::reasons() {
        if let Some(jpeg) = drawn(reason.code) {
            wanted.push((path_of(reason.code), jpeg));
        }
    }
    assert!(wanted.len() > 40, "only {} reasons have a picture", wanted.len());
    if blessing() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (path, jpeg) in &wanted {
            fs::write(root().join(path), jpeg).expect("the picture can be written");
        }
    }
    for (path, jpeg) in &wanted {
        let found = fs::read(root().join(path)).unwrap_or_default();
        assert!(
            !found.is_empty() && difference(&found, jpeg) <= MOST_DIFFERENCE,
            "{path} is out of date: run `BLESS=1 cargo test --test generated`"
        );
    }
    let found = files(PICTURES);
    let known: Vec<&String> = wanted.iter().map(|(path, _)| path).collect();
    for path in &found {
        assert!(known.contains(&path), "{path} is the picture of no reason");
        assert!(read(path).len() <= MOST_BYTES, "{path}");
    }
    let all: usize = found.iter().map(|path| read(path).len()).sum();
    assert!(all <= MOST_BYTES_OF_ALL, "{all} bytes");
    // After the pictures, of which it names those that are there.
    current(
        "docs/reasons.md",
        &catalogue::page(|reason| {
            let path = path_of(reason.code);
            let there = Path::new(&root().join(&path)).exists();
            there.then(|| path["docs/".len()..].to_owned())
        }),
    );
}

/// What `check --slot id-card-front --annotate DIR` draws of a fixture.
#[test]
fn the_picture_of_the_readme_is_current() {
    const FIXTURE: &str = "testdata/reasons/GLARE/fail-just.jpg";
    const PICTURE: &str = "docs/pictures/rejected.jpg";
    let upload = Upload { bytes: read(FIXTURE).into(), declared_media_type: None };
    let options = Options { annotate: true, ..Options::default() };
    let rules = Asked::slot("id-card-front").rules();
    let verdict = pipeline::validate(&upload, &rules, options, &mut Unlimited);
    let jpeg = verdict.expect("a budget without end does not end").annotated.expect("a picture");
    if blessing() {
        fs::write(root().join(PICTURE), &jpeg).expect("the picture can be written");
    }
    assert!(difference(&read(PICTURE), &jpeg) <= MOST_DIFFERENCE, "{PICTURE} is out of date");
    assert!(read("README.md").windows(PICTURE.len()).any(|it| it == PICTURE.as_bytes()));
}

#[test]
fn the_reference_of_the_api_is_current() {
    current("docs/api.md", &api::page(DESCRIPTORS));
}

#[test]
fn another_picture_would_be_seen() {
    let grey = |level: u8| {
        let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([level; 3]));
        let mut jpeg = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut jpeg, 90);
        picture.write_with_encoder(encoder).expect("a picture can be encoded");
        jpeg
    };
    assert!(difference(&grey(100), &grey(101)) <= MOST_DIFFERENCE);
    assert!(difference(&grey(100), &grey(120)) > MOST_DIFFERENCE);
}
