//! A whole verdict beside a plain decode of the same file, in one run.
//!
//! The peer is the decode of the `image` crate into RGB and nothing else, which is what a naive
//! service does before it has looked at anything.

use std::path::Path;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{self, Options};
use scanvet::rules::{Context, RuleBook};
use time::macros::date;

const FILES: [(&str, &str); 3] = [
    ("accept-card.jpg", "id-card-front"),
    ("accept-form.jpg", "authenticity-form"),
    ("accept-photo.jpg", "verification-photo"),
];

fn verdict(criterion: &mut Criterion) {
    let book = RuleBook::embedded().expect("the packs bind");
    for (name, slot) in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").join(name);
        let bytes = Bytes::from(std::fs::read(path).expect("a bundled sample"));
        let rules =
            book.rules(&Context::default(), slot, date!(2026 - 11 - 22)).expect("a known slot");
        let upload = Upload { bytes: bytes.clone(), declared_media_type: None };
        let mut group = criterion.benchmark_group(name);
        group.bench_function("plain decode", |bencher| {
            bencher.iter(|| image::load_from_memory(&bytes).expect("it decodes").into_rgb8());
        });
        group.bench_function("whole verdict", |bencher| {
            bencher.iter(|| {
                pipeline::validate(&upload, &rules, Options::default(), &mut Unlimited)
                    .expect("nothing stops it")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, verdict);
criterion_main!(benches);
