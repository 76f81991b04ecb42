//! Do recorded readings give, under any rules, what the files would give?
#![cfg(feature = "archives")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

mod archive;

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use archive::{
    Running, archive as make, assert_same, by_item, is_long, manifest, peak_of, ran, records,
    sample, scanvet, summary, text,
};

fn run(arguments: &[&str], wanted: i32) -> String {
    let (status, said) = ran(arguments);
    assert_eq!(status, wanted, "{said}");
    said
}

/// An archive whose items are of all kinds: real samples and small files.
fn kinds(folder: &Path) -> std::path::PathBuf {
    make(folder, 40);
    let csv = manifest(folder, 40);
    let mut rows = fs::read_to_string(&csv).unwrap();
    for (name, slot) in [
        ("accept-card.jpg", "id-card-front"),
        ("review-card-a-little-blurred.jpg", "id-card-front"),
        ("reject-card-blurred.jpg", "id-card-front"),
        ("reject-card-grey.jpg", "id-card-back"),
        ("accept-photo.jpg", "verification-photo"),
        ("accept-form.jpg", "authenticity-form"),
        ("reject-animated.gif", "supporting-document"),
        ("reject-text-named.jpg", "supporting-document"),
    ] {
        fs::write(folder.join(name), sample(name)).unwrap();
        rows.push_str(&format!("{name},{name},{slot}\n"));
    }
    fs::write(&csv, rows).unwrap();
    csv
}

#[test]
fn readings_say_under_other_rules_what_the_files_say() {
    let folder = tempfile::tempdir().unwrap();
    let csv = text(&kinds(folder.path()));
    let out = |name: &str| text(&folder.path().join(name));
    let day = ["--as-of", "2019-11-01"];
    let batch = |name: &str, more: &[&str]| {
        run(&[&["batch", &csv, "--out", &out(name)], &day[..], more].concat(), 0);
    };
    batch("alibaba", &["--profile", "alibaba-2018"]);
    batch("tencent", &["--profile", "tencent-2018", "--no-readings"]);
    batch("same", &["--profile", "alibaba-2018", "--no-readings"]);
    let rejudge = |to: &str, more: &[&str]| {
        let always = ["rejudge", &out("alibaba"), "--out", &out(to)];
        run(&[&always[..], &day[..], more].concat(), 0)
    };
    rejudge("again", &[]);
    assert_same(&records(&folder.path().join("same")), &records(&folder.path().join("again")));
    let old = out("alibaba");
    let said = rejudge("moved", &["--profile", "tencent-2018", "--diff", &old]);
    let lacking = summary(&folder.path().join("moved"))["missingReadings"].as_u64().unwrap();
    let (mut same, mut missing) = (0, 0);
    let files = by_item(&folder.path().join("tencent"));
    for (id, moved) in by_item(&folder.path().join("moved")) {
        if moved.get("missing").is_some() {
            // Nobody measured what the other rules would have let pass the first look.
            assert_eq!(moved["verdict"], "VERDICT_REVIEW", "{id}");
            missing += 1;
        } else {
            let fields = |value: &serde_json::Value| {
                ["verdict", "findings", "detected", "provenance"].map(|name| value[name].clone())
            };
            assert_eq!(fields(&moved), fields(&files[&id]), "{id}");
            same += 1;
        }
    }
    assert_eq!(missing, lacking);
    assert!(same > 30, "{same} alike, {missing} lacking: {said}");
    assert!(said.contains("compared items flipped"), "{said}");
}

#[test]
fn a_reading_that_is_missing_is_named_and_never_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir_all(&input).unwrap();
    fs::write(input.join("card.jpg"), sample("accept-card.jpg")).unwrap();
    fs::write(input.join("other.jpg"), sample("accept-card.jpg")).unwrap();
    let out = folder.path().join("out");
    let slot = ["--slot", "id-card-front"];
    run(&[&["batch", &text(&input), "--out", &text(&out)], &slot[..]].concat(), 0);
    // One item loses the reading of one check, another one all of them.
    let mut lines = Vec::new();
    for (id, mut record) in by_item(&out) {
        assert_eq!(record["verdict"], "VERDICT_ACCEPT");
        let readings = record["readings"].as_array_mut().unwrap();
        if id == "card.jpg" {
            readings.retain(|reading| reading["ruleId"] != "legibility.glare");
        } else {
            readings.clear();
        }
        lines.push(record.to_string());
    }
    let broken = folder.path().join("broken.ndjson");
    fs::write(&broken, lines.join("\n")).unwrap();
    let again = folder.path().join("again");
    let always = ["rejudge", &text(&broken), "--out", &text(&again)];
    let said = run(&[&always[..], &["--max-error-share", "0.9"]].concat(), 3);
    assert!(said.contains("1 items lack a reading"), "{said}");
    let missing = fs::read_to_string(again.join("missing.ndjson")).unwrap();
    let wanted = r#"{"itemId":"card.jpg","verdict":"REVIEW","missing":["legibility.glare"]}"#;
    assert_eq!(missing.trim(), wanted);
    let errors = fs::read_to_string(again.join("errors.ndjson")).unwrap();
    assert!(errors.contains("READINGS_MISSING") && errors.contains("other.jpg"), "{errors}");
}

#[test]
fn what_check_prints_can_be_judged_again_and_nonsense_is_an_error_of_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let sample = format!("{}/testdata/samples/accept-card.jpg", env!("CARGO_MANIFEST_DIR"));
    let always = ["check", "--format", "json", "--readings", &sample];
    let output = scanvet(&always).output().unwrap();
    let mut lines = output.stdout;
    lines.extend_from_slice(
        b"no record\n{\"itemId\":\"x\",\"error\":{\"code\":5,\"reason\":\"GONE\"}}\n",
    );
    let records = folder.path().join("checked.ndjson.zst");
    fs::write(&records, zstd::encode_all(&lines[..], 3).unwrap()).unwrap();
    let out = folder.path().join("out");
    let always = ["rejudge", &text(&records), "--out", &text(&out), "--max-error-share", "1"];
    let said = run(&always, 3);
    assert!(said.contains("3 items: 1 judged, 2 without a verdict"), "{said}");
    assert_eq!(
        run(&["rejudge", "/no/such/results", "--out", &text(&out)], 42),
        run(&["rejudge", "/no/such/results", "--out", &text(&out)], 42)
    );
}

#[test]
fn readings_are_judged_again_fast_and_in_flat_memory() {
    let folder = tempfile::tempdir().unwrap();
    let csv = text(&kinds(folder.path()));
    let out = text(&folder.path().join("out"));
    run(&["batch", &csv, "--out", &out, "--no-parquet"], 0);
    let originals = records(Path::new(&out));
    let count = if is_long() { 1_000_000 } else { 4000 };
    let many = folder.path().join("many.ndjson.zst");
    let readings = multiply(&originals, count, &many);
    let again = text(&folder.path().join("again"));
    let arguments = ["rejudge", &text(&many), "--out", &again, "--profile", "huawei-2025"];
    let more = ["--workers", "1", "--no-parquet", "--zstd", "--unit", "1000"];
    let began = Instant::now();
    let mut running = Running::start(scanvet(&[&arguments[..], &more[..]].concat()));
    let peak = peak_of(&mut running);
    assert_eq!(running.end(), 0);
    let seconds = began.elapsed().as_secs_f64();
    eprintln!(
        "{count} records with {readings} readings: {seconds:.1} s, {:.0} records/s, {:.0} readings/s, \
         {peak} KiB",
        count as f64 / seconds,
        readings as f64 / seconds
    );
    assert_eq!(summary(Path::new(&again))["items"], count);
    assert!(peak < 400 * 1024, "{peak} KiB");
}

/// So many records of the originals, each with an id and numbers of its own; how many readings.
fn multiply(originals: &[String], count: usize, path: &Path) -> usize {
    let file = fs::File::create(path).unwrap();
    let mut out = BufWriter::new(zstd::Encoder::new(file, 1).unwrap());
    let mut readings = 0;
    let counts: Vec<usize> =
        originals.iter().map(|line| line.matches("\"version\":").count()).collect();
    for number in 0..count {
        let at = number % originals.len();
        let line = originals[at].replacen("\"itemId\":\"", &format!("\"itemId\":\"{number}-"), 1);
        writeln!(out, "{line}").unwrap();
        readings += counts[at];
    }
    let encoder = out.into_inner().unwrap_or_else(|_| panic!("it can be written"));
    encoder.finish().unwrap();
    readings
}
