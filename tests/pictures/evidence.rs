//! Does the annotated picture show what was found, where it was found, and keep to its limits?
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage, imageops};
use imageproc::drawing::draw_filled_circle_mut;
use scanvet::evidence::{LONGEST, MOST_BYTES};
use scanvet::grpc::proto::stream_validate_files_request::Source;
use scanvet::grpc::proto::stream_validate_files_response::Outcome;
use scanvet::grpc::proto::upload_and_validate_file_request::Payload;
use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{self, EvidenceLevel, FileDescriptor, ValidationOptions};
use scanvet::grpc::{ServeConfig, serve};
use scanvet::intake::metadata::Orientation;
use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{self, Options};
use scanvet::rules::{Context, RuleBook};
use scanvet::verdict::{Decision, Verdict};
use time::macros::date;

/// Okabe and Ito's vermillion, in which errors are drawn.
const VERMILLION: [u8; 3] = [213, 94, 0];

const INK: [u8; 3] = [20, 20, 20];

/// Paper with a red bar and lines of strokes, and nothing to find on it.
fn scan(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let inside = x > width / 10 && x < width * 9 / 10 && y > height / 10 && y < height * 9 / 10;
        match () {
            () if inside && y < height / 5 => Rgb([200, 40, 40]),
            () if inside && y % 32 < 14 && (x + y / 32 * 7) % 11 < 4 => Rgb(INK),
            () => Rgb([222, 219, 212]),
        }
    })
}

/// The same with a lamp's reflection at 0.3, 0.5.
fn lamp(width: u32, height: u32) -> RgbImage {
    let mut picture = scan(width, height);
    let centre = (width as i32 * 3 / 10, height as i32 / 2);
    draw_filled_circle_mut(&mut picture, centre, height as i32 / 12, Rgb([254; 3]));
    picture
}

fn png(picture: &RgbImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = PngEncoder::new(&mut png);
    exif.into_iter().for_each(|exif| encoder.set_exif_metadata(exif).unwrap());
    let (width, height) = picture.dimensions();
    encoder.write_image(picture, width, height, ExtendedColorType::Rgb8).unwrap();
    png
}

/// A TIFF header and the one tag that says how to turn the picture.
fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif
}

/// Random by a rule, so that every run sees the same.
fn noise(width: u32, height: u32, grain: u32, levels: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mut state =
            (x / grain).wrapping_mul(0x9E37_79B9) ^ (y / grain).wrapping_mul(0x85EB_CA6B);
        Rgb(std::array::from_fn(|_| {
            state = (state ^ state >> 15).wrapping_mul(0x2C1B_3C6D).wrapping_add(0x297A_2D39);
            (((state >> 16) % levels) * 255 / (levels - 1)) as u8
        }))
    })
}

fn judged(bytes: Vec<u8>, annotate: bool) -> Verdict {
    let book = RuleBook::embedded().unwrap();
    let context = Context::default();
    let rules = book.rules(&context, "supporting-document", date!(2026 - 01 - 02)).unwrap();
    let upload = Upload { bytes: bytes.into(), ..Upload::default() };
    pipeline::validate(&upload, &rules, Options { annotate, ..Options::default() }, &mut Unlimited)
        .unwrap()
}

/// The picture, after a look at what holds for all of them.
fn opened(jpeg: &[u8]) -> RgbImage {
    assert!(jpeg.len() <= MOST_BYTES, "{} bytes", jpeg.len());
    assert!(jpeg.starts_with(b"\xff\xd8"));
    for marker in [&b"Exif"[..], b"http://", b"ICC_PROFILE", b"Photoshop"] {
        assert!(!jpeg.windows(marker.len()).any(|window| window == marker));
    }
    let picture = image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).unwrap();
    assert!(picture.width().max(picture.height()) <= LONGEST);
    picture.into_rgb8()
}

fn differ(one: &Rgb<u8>, other: [u8; 3]) -> bool {
    one.0.iter().zip(other).any(|(one, other)| one.abs_diff(other) > 60)
}

#[test]
fn a_reflection_is_framed_where_it_lies_and_nothing_far_from_it_changes() {
    let source = lamp(2048, 1536);
    let verdict = judged(png(&source, None), true);
    let glare = verdict.findings.iter().find(|ruled| ruled.finding.reason.code == "GLARE").unwrap();
    let picture = opened(verdict.annotated.as_ref().unwrap());
    assert_eq!(picture.width(), LONGEST);
    let [(left, top), _, (right, bottom), _] = glare.finding.regions[0].points[..] else {
        panic!("a reflection is a box");
    };
    let [left, right] = [left, right].map(|x| (x * 1024.0) as u32);
    let [top, bottom] = [top, bottom].map(|y| (y * 768.0) as u32);
    for x in left..right {
        let drawn = |y: u32| (y - 2..y + 2).any(|y| !differ(&picture[(x, y)], VERMILLION));
        assert!(drawn(top) && drawn(bottom), "{x}");
    }
    // Each pixel shows four: but for the losses of JPEG, the two are the same.
    let source = imageops::thumbnail(&source, 1024, 768);
    let far = |x: u32, y: u32| y + 80 < top || y > bottom + 80 || x + 40 < left || x > left + 600;
    for (x, y, pixel) in source.enumerate_pixels().filter(|&(x, y, _)| far(x, y)) {
        let drawn = differ(&picture[(x, y)], pixel.0);
        assert!(!drawn, "{x}, {y}: {:?} was {pixel:?}", picture[(x, y)]);
    }
}

#[test]
fn a_picture_is_drawn_of_accepted_files_too_but_only_when_asked_for() {
    let accepted = judged(png(&scan(1600, 1200), None), true);
    assert_eq!(accepted.decision, Decision::Accept, "{:?}", accepted.findings);
    opened(&accepted.annotated.unwrap());
    let bytes = png(&lamp(1600, 1200), None);
    let (with, again) = (judged(bytes.clone(), true), judged(bytes.clone(), true));
    let without = judged(bytes, false);
    assert!(with.annotated == again.annotated, "the same bytes each time");
    assert!(with.annotated.is_some() && without.annotated.is_none());
    let codes = |verdict: &Verdict| -> Vec<_> {
        verdict.findings.iter().map(|ruled| ruled.finding.reason.code).collect()
    };
    assert_eq!(codes(&with), codes(&without));
}

#[test]
fn every_orientation_gives_the_same_upright_picture() {
    // Half of it is what is shown: no turn changes which pixels are joined.
    let upright = lamp(2048, 1536);
    let wanted = judged(png(&upright, None), true).annotated.unwrap();
    for value in 1..=8 {
        let orientation = Orientation::of_exif(value.into());
        let (width, height) = match orientation.swaps_sides() {
            true => (1536, 2048),
            false => (2048, 1536),
        };
        let mut stored = RgbImage::new(width, height);
        for (x, y, pixel) in upright.enumerate_pixels() {
            let (width, height) = (width as usize, height as usize);
            let (x, y) = orientation.stored(x as usize, y as usize, width, height);
            stored.put_pixel(x as u32, y as u32, *pixel);
        }
        let verdict = judged(png(&stored, Some(exif(value))), true);
        assert_eq!((verdict.detected.width, verdict.detected.height), (2048, 1536));
        assert!(verdict.annotated.unwrap() == wanted, "{orientation:?}");
    }
}

#[test]
fn noise_of_twelve_megapixels_and_the_worst_noise_there_is_fit_too() {
    let mut jpeg = Vec::new();
    let fine = noise(4000, 3000, 4, 256);
    JpegEncoder::new_with_quality(&mut jpeg, 60).encode_image(&fine).unwrap();
    let picture = opened(&judged(jpeg, true).annotated.unwrap());
    assert_eq!(picture.width(), LONGEST);
    opened(&judged(png(&noise(1024, 1024, 1, 2), None), true).annotated.unwrap());
}

#[test]
fn pictures_of_any_shape_have_room_for_what_is_said() {
    for (width, height) in [(1, 1), (40, 30), (3000, 4), (4, 3000), (900, 1300)] {
        let picture = opened(&judged(png(&lamp(width, height), None), true).annotated.unwrap());
        assert!(picture.width() >= 480 && picture.height() >= 160, "{width} × {height}");
    }
}

#[test]
fn a_file_with_nothing_to_decode_gives_no_picture() {
    let mut cut = png(&lamp(800, 600), None);
    cut.truncate(cut.len() / 2);
    for bytes in [Vec::new(), b"a letter".to_vec(), cut] {
        assert_eq!(judged(bytes, true).annotated, None);
    }
}

#[test]
fn check_writes_one_picture_for_each_file_that_can_be_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    std::fs::create_dir(place("more")).unwrap();
    let bytes = png(&lamp(1600, 1200), None);
    for name in ["a.png", "more/a.png"] {
        std::fs::write(place(name), &bytes).unwrap();
    }
    std::fs::write(place("b.png"), "a letter").unwrap();
    let files = ["a.png", "more/a.png", "b.png"].map(place);
    let check = |extra: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scanvet"));
        command.args(["check", "--format", "json"]).args(extra).args(&files).output().unwrap()
    };
    let pictures = place("not/there/yet");
    let (plain, drawn) = (check(&[]), check(&["--annotate".as_ref(), &pictures]));
    assert_eq!(plain.status.code(), drawn.status.code());
    assert_eq!(drawn.stdout.iter().filter(|&&byte| byte == b'\n').count(), 3);
    assert!(!String::from_utf8(drawn.stdout).unwrap().contains("annotatedImage"));
    let mut names: Vec<_> = std::fs::read_dir(&pictures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["a-2.annotated.jpg", "a.annotated.jpg"]);
    opened(&std::fs::read(pictures.join(&names[0])).unwrap());
}

#[tokio::test]
async fn the_service_sends_the_picture_by_every_call_when_asked() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let book = Arc::new(RuleBook::embedded().unwrap());
    tokio::spawn(serve(listener, book, ServeConfig::default(), std::future::pending()));
    let mut client = ValidationServiceClient::connect(uri).await.unwrap();
    let content = png(&lamp(1600, 1200), None);
    let slot = "supporting-document".to_owned();
    let file = FileDescriptor { slot, item_id: "1".to_owned(), ..FileDescriptor::default() };
    for level in [EvidenceLevel::Regions, EvidenceLevel::AnnotatedImage] {
        let options =
            ValidationOptions { evidence_level: level.into(), ..ValidationOptions::default() };
        let (file, options) = (Some(file.clone()), Some(options));
        let (whole, given) = (content.clone(), (file.clone(), options.clone()));
        let whole = proto::ValidateFileRequest { file: given.0, options: given.1, content: whole };
        let whole = client.validate_file(whole).await.unwrap().into_inner().result.unwrap();
        let header = proto::UploadHeader { file: file.clone(), options: options.clone() };
        let chunks = content.chunks(1 << 16).map(|chunk| Payload::Chunk(chunk.to_vec()));
        let pieces: Vec<_> = std::iter::once(Payload::Header(header))
            .chain(chunks)
            .map(|payload| proto::UploadAndValidateFileRequest { payload: Some(payload) })
            .collect();
        let pieces = client.upload_and_validate_file(tokio_stream::iter(pieces)).await.unwrap();
        let source = Some(Source::Content(content.clone()));
        let items = vec![proto::StreamValidateFilesRequest { file, options, source }];
        let items = client.stream_validate_files(tokio_stream::iter(items)).await.unwrap();
        let item = items.into_inner().message().await.unwrap().unwrap();
        let Some(Outcome::Result(item)) = item.outcome else {
            panic!("the item has a result");
        };
        for result in [whole, pieces.into_inner().result.unwrap(), item] {
            assert!(prost::Message::encoded_len(&result) < 1 << 20);
            assert!(!result.findings.is_empty());
            match level {
                EvidenceLevel::AnnotatedImage => drop(opened(&result.annotated_image)),
                _ => assert!(result.annotated_image.is_empty()),
            }
        }
    }
}
