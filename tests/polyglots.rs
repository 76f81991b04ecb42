//! Files that are two things at once are told from pictures with the habits of cameras.
#![allow(clippy::print_stdout, reason = "who runs it wants to see the figures")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "polyglots/cameras.rs"]
mod cameras;
#[path = "polyglots/hosts.rs"]
mod hosts;
#[path = "polyglots/payloads.rs"]
mod payloads;
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use scanvet::checks::{self, Subject};
use scanvet::intake::{self, Unlimited, Upload};
use scanvet::pipeline::judge_again;
use scanvet::rules::RuleSet;
use scanvet::verdict::{Decision, Detected, Recorded};
use support::{Asked, codes, judge_by, said};

/// The checks that look for what does not belong.
const LOOKING: [&str; 3] = ["file.unpacked", "file.polyglot", "file.trailing"];

/// What those checks find; nothing is decoded.
fn found(rules: &RuleSet, bytes: &[u8]) -> Vec<String> {
    let upload = Upload { bytes: bytes.to_vec().into(), declared_media_type: None };
    let mut sniffed = intake::sniff(&upload);
    sniffed.look_inside(&mut Unlimited).unwrap();
    let readings = LOOKING.iter().filter_map(|id| {
        let entry = checks::entry(id).unwrap();
        let read = (entry.read)(&Subject::Upload(&sniffed))?;
        Some(Recorded { entry, page: 0, read })
    });
    let verdict = judge_again(readings.collect(), rules, Detected::default());
    let findings = verdict.findings.iter();
    findings.map(|ruled| format!("{} {:?}", ruled.finding.reason.code, ruled.severity)).collect()
}

#[test]
fn whatever_is_joined_to_a_picture_or_document_is_found_wherever_it_lies() {
    let rules = Asked::default().rules();
    let (mut missed, mut joined) = (Vec::new(), BTreeMap::new());
    for way in hosts::ways() {
        for (kind, part) in payloads::payloads() {
            // A document in a document is none of another kind, and a script without a page acts only
            // where the first bytes of the file are part of it.
            let inert = way.host == "PDF" && !matches!(way.name, "before" | "behind");
            let inert = inert || way.name == "cavity";
            if way.host == "PDF" && kind == "PDF" || kind == "JavaScript" && inert {
                continue;
            }
            *joined.entry(way.host).or_insert(0) += 1;
            let bytes = (way.join)(&part);
            let verdict = judge_by(&rules, &bytes, None);
            let named = ["POLYGLOT", "TRAILING_DATA"];
            // What begins as an archive or a program is one, whatever follows.
            let is_one = way.name == "before" && codes(&verdict) == ["FORMAT_NOT_ALLOWED"];
            let is_found = is_one || named.iter().any(|name| codes(&verdict).contains(name));
            if !is_found || verdict.decision != Decision::Reject {
                missed.push(format!("{kind} in {}, {}: {}", way.host, way.name, said(&verdict)));
            }
        }
    }
    let all: usize = joined.values().sum();
    println!("{all} polyglots, {} missed: {joined:?}", missed.len());
    assert!(all >= 600, "{joined:?}");
    assert!(missed.is_empty(), "{} of {all}:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn a_second_picture_in_a_comment_or_gap_is_found_and_one_behind_is_for_a_person() {
    let rules = Asked::default().rules();
    let spots = ["comment", "text", "unknown chunk", "before the pixels", "description", "before"];
    for way in hosts::ways() {
        let expected = match way.name {
            "behind" => Decision::Review,
            // A document is made of pictures.
            "comment" if way.host == "PDF" => continue,
            name if spots.contains(&name) => Decision::Reject,
            _ => continue,
        };
        for (kind, part) in payloads::pictures() {
            let verdict = judge_by(&rules, &(way.join)(&part), None);
            let what = format!("{kind} in {}, {}: {}", way.host, way.name, said(&verdict));
            let named = ["POLYGLOT", "TRAILING_DATA"];
            assert!(named.iter().any(|name| codes(&verdict).contains(name)), "{what}");
            // The grey TIFF is refused for its colour besides.
            let other = ["PDF", "TIFF"].contains(&way.host);
            let refused = verdict.decision != Decision::Accept;
            assert!(verdict.decision == expected || other && refused, "{what}");
        }
    }
}

#[test]
fn the_hosts_alone_are_no_fault() {
    let rules = Asked::default().rules();
    for way in hosts::ways() {
        if way.name.starts_with("width") {
            continue;
        }
        let bytes = (way.join)(b"");
        assert_eq!(found(&rules, &bytes), [] as [&str; 0], "{}, {}", way.host, way.name);
        let words = (way.join)(b"Taken in front of the <b>harbour</b>, 2026");
        // With zeros before it, it is more than old software leaves behind.
        if way.name != "behind zeros" {
            assert_eq!(found(&rules, &words), [] as [&str; 0], "{}, {}", way.host, way.name);
        }
    }
}

#[test]
fn what_is_said_of_a_polyglot_names_its_kind_and_never_its_content() {
    let rules = Asked::default().rules();
    let secret = b"<script>secretword</script>";
    let bytes = (hosts::ways().remove(0).join)(secret);
    let verdict = judge_by(&rules, &bytes, None);
    assert_eq!(codes(&verdict), ["POLYGLOT"], "{}", said(&verdict));
    let read = verdict.readings.iter().find(|read| read.entry.id == "file.polyglot").unwrap();
    let reading = read.read.as_ref().unwrap().to_string();
    assert_eq!(reading, r#"{"found":[["page","comment"]]}"#);
    assert!(!format!("{verdict:?}").contains("secretword"));
}

/// Half a million pictures of thirty bytes, each announced: a reader that calls itself for each has no
/// stack left.
#[test]
fn a_row_of_tiny_pictures_behind_a_picture_is_walked_through() {
    let tiny = b"\xFF\xD8\xFF\xC0\0\x0B\x08\0\x01\0\x01\x01\x01\x11\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0\xFF\xD9";
    let announced = hosts::segment(0xE2, b"MPF\0II*\0\x08\0\0\0");
    let mut bytes = support::fixtures::small_jpeg();
    bytes.splice(2..2, announced);
    bytes.extend(tiny.repeat(600_000));
    let rules = Asked::default().rules();
    assert_eq!(found(&rules, &bytes), [] as [&str; 0]);
    bytes.extend(b"PK\x03\x04");
    assert_eq!(found(&rules, &bytes), ["TRAILING_DATA Error"]);
}

#[test]
fn the_habits_of_cameras_and_programs_are_no_fault() {
    let rules = Asked::default().rules();
    let (mut flagged, mut count) = (Vec::new(), 0);
    for (name, bytes) in cameras::files() {
        count += 1;
        let found = found(&rules, &bytes);
        if !found.is_empty() {
            flagged.push(format!("{name}: {found:?}"));
        }
    }
    println!("{count} files as cameras and programs write them, {} flagged", flagged.len());
    assert!(count >= 500, "{count}");
    assert!(flagged.is_empty(), "{} of {count}:\n{}", flagged.len(), flagged.join("\n"));
}

fn all_below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all_below(&path, into) } else { into.push(path) }
    }
}

/// Real files of whoever has some: `SCANVET_SAMPLES` names a folder.
#[test]
fn real_photos_are_no_polyglots() {
    let Some(folder) = std::env::var_os("SCANVET_SAMPLES") else {
        println!("SCANVET_SAMPLES names no folder of real photos: not looked at");
        return;
    };
    let (mut paths, mut count) = (Vec::new(), 0);
    all_below(Path::new(&folder), &mut paths);
    let rules = Asked::default().rules();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let upload = Upload { bytes: bytes.clone().into(), declared_media_type: None };
        if intake::sniff(&upload).walk.is_none() {
            continue;
        }
        count += 1;
        assert_eq!(found(&rules, &bytes), [] as [&str; 0], "{}", path.display());
    }
    println!("{count} real files, none flagged");
    assert!(count > 0);
}
