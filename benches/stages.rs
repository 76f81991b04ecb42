//! The time of each stage of a verdict, on files made here: a photo of 12 megapixels, a card of 3, and a
//! form of A4 at 300 pixels per inch.
//!
//! `cargo bench --bench stages`; `taskset -c 0` before it keeps it on one core. The stages of a file add
//! up to its whole verdict but for checks that cost next to nothing.

#[path = "../tests/support/mod.rs"]
mod support;

use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use image::RgbImage;
use image::imageops::{self, FilterType};
use scanvet::decode::{self, Wanted};
use scanvet::intake::{self, Unlimited, Upload};
use scanvet::measure::Measured;
use scanvet::pipeline::{self, Options};
use scanvet::rules::RuleSet;
use support::photo::Photo;
use support::{Asked, cards, encode, forms};

/// Of every file.
const QUALITY: u8 = 90;

/// Looks at one thing and says whether it is there.
type Look = fn(&Measured) -> bool;

/// A stage: its name, what must have been measured before it, and itself.
type Stage = (&'static str, Look, Look);

const NOTHING: Look = |_| false;
const PERSON: Look = |page| page.person().is_some();
const OUTLINE: Look = |page| page.outline().is_some();
const COLOUR: Look = |page| page.colour().is_some();
const RHYTHM: Stage = ("rhythm of enlargement", NOTHING, |page| page.resampling().is_some());

const OF_PHOTOS: &[Stage] = &[
    ("view and networks", NOTHING, PERSON),
    ("backdrop and clothes", PERSON, |page| page.garment().is_some()),
    ("letters", PERSON, |page| page.letters().is_some()),
    ("outline and colour", NOTHING, |page| OUTLINE(page) | COLOUR(page)),
    RHYTHM,
];

const OF_DOCUMENTS: &[Stage] = &[
    ("outline and colour", NOTHING, |page| OUTLINE(page) | COLOUR(page)),
    ("marks", |page| page.lines().is_some() | COLOUR(page), |page| page.marks().red.is_empty()),
    ("orientation", OUTLINE, |page| page.orientation().is_some()),
    RHYTHM,
];

fn stages(criterion: &mut Criterion) {
    let photo = enlarged(&Photo { width: 1000, height: 750, ..Photo::of(3) }.drawn(), 4000, 3000);
    let asked = Asked::profile("alibaba-2018", "verification-photo");
    bench(criterion, "photo of 12 megapixels", &photo, &asked.rules(), OF_PHOTOS);
    let card = enlarged(&cards::photographed(cards::Side::Portrait, 3), 2000, 1500);
    let asked = Asked::profile("alibaba-2019", "id-card-front");
    bench(criterion, "card of 3 megapixels", &card, &asked.rules(), OF_DOCUMENTS);
    let form = forms::WHOLE.drawn(2480).photographed(0.03, 0.7, 5);
    let asked = Asked::profile("alibaba-2018", "authenticity-form");
    bench(criterion, "form of A4", &form, &asked.rules(), OF_DOCUMENTS);
}

fn enlarged(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    imageops::resize(picture, width, height, FilterType::CatmullRom)
}

fn bench(
    criterion: &mut Criterion,
    name: &str,
    picture: &RgbImage,
    rules: &RuleSet,
    stages: &[Stage],
) {
    let bytes = Bytes::from(encode::jpeg(picture, QUALITY));
    let upload = Upload { bytes: bytes.clone(), declared_media_type: None };
    let sniffed = intake::sniff(&upload);
    let open = |energy| {
        let wanted = Wanted { planes: true, energy, tiles: true };
        let decoded = decode::open(&sniffed, wanted, &mut Unlimited).expect("nothing stops it");
        Measured::new(decoded.pages.into_iter().next().expect("it has a page"))
    };
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20);
    group.bench_function("plain decode of the image crate", |bencher| {
        bencher.iter(|| image::load_from_memory(&bytes).expect("it decodes").into_rgb8());
    });
    group.bench_function("decode and planes", |bencher| bencher.iter(|| open(false)));
    group.bench_function("decode, planes and energy", |bencher| bencher.iter(|| open(true)));
    for (stage, before, measured) in stages {
        let setup = || {
            let page = open(true);
            before(&page);
            page
        };
        // Handed back, so that its end is not counted.
        let run = |page: Measured| (measured(&page), page);
        group.bench_function(*stage, |bencher| {
            bencher.iter_batched(setup, run, BatchSize::PerIteration);
        });
    }
    group.bench_function("whole verdict", |bencher| {
        bencher.iter(|| {
            pipeline::validate(&upload, rules, Options::default(), &mut Unlimited)
                .expect("nothing stops it")
        });
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
