//! Every reason has a fixture that gives it and one just on the other side of the bound that does not.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::filings::Described;
use crate::support::{Asked, codes, files, fixtures, judge, read, root, said};
use scanvet::intake::format;
use scanvet::reason::Severity;
use scanvet::report::catalogue;
use scanvet::verdict::Decision;

/// One fixture of a reason: what is asked, and whether the reason must come.
struct Fixture {
    path: String,
    code: String,
    fails: bool,
    asked: Asked,
    bytes: Vec<u8>,
}

/// The context that holds for a file: the nearest `context.toml` above it.
fn context_of(path: &str) -> Asked {
    let folders = root().join(path);
    let nearest = folders.ancestors().skip(1).map(|folder| folder.join("context.toml"));
    let found = nearest
        .take_while(|file| file.starts_with(root().join("testdata/reasons")))
        .find_map(|file| std::fs::read_to_string(file).ok());
    found.map_or_else(Asked::default, |text| {
        toml::from_str(&text).unwrap_or_else(|error| panic!("context of {path}: {error}"))
    })
}

fn committed() -> Vec<Fixture> {
    let fixtures = files("testdata/reasons").into_iter().filter(|path| !path.ends_with(".toml"));
    fixtures
        .map(|path| {
            let code = path.split('/').nth(2).unwrap_or_default().to_owned();
            let name = path.rsplit('/').next().unwrap_or_default();
            let fails = name.starts_with("fail-");
            assert!(
                fails || name.starts_with("pass-"),
                "{path} begins with neither fail- nor pass-"
            );
            Fixture { code, fails, asked: context_of(&path), bytes: read(&path), path }
        })
        .collect()
}

/// Files that are too large to commit: a small one padded, as a scanner pads.
fn made() -> Vec<Fixture> {
    let jpeg = fixtures::small_jpeg();
    let padded = |length: usize| {
        let mut bytes = jpeg.clone();
        bytes.resize(length, 0);
        bytes
    };
    let made = |code: &str, name: &str, profile: &str, slot: &str, length: usize| Fixture {
        path: format!("{code}/{name}"),
        code: code.to_owned(),
        fails: name.starts_with("fail-"),
        asked: Asked::profile(profile, slot),
        bytes: padded(length),
    };
    vec![
        made("FILE_TOO_LARGE", "fail-20-mb", "generic", "", 20 << 20),
        made("FILE_TOO_LARGE", "pass-just-below-20-mb", "generic", "", (20 << 20) - 1),
        made("FILE_TOO_LARGE", "fail-4-mb", "alibaba-2019", "", 4 << 20),
        made("FILE_TOO_LARGE", "pass-just-below-4-mb", "alibaba-2019", "", (4 << 20) - 1),
        made(
            "FILE_TOO_SMALL",
            "fail-just-below-200-kb",
            "alibaba-2019",
            "domain-certificate",
            204_799,
        ),
        made("FILE_TOO_SMALL", "pass-200-kb", "alibaba-2019", "domain-certificate", 204_800),
    ]
}

#[test]
fn every_fixture_gives_the_reason_that_its_folder_and_its_name_promise() {
    let mut wrong = Vec::new();
    for fixture in committed().into_iter().chain(made()) {
        let verdict = fixture.asked.judge(&fixture.bytes);
        let given = codes(&verdict).contains(&&*fixture.code);
        // What informs or warns keeps nothing from being accepted.
        let warned = verdict.findings.iter().any(|ruled| {
            ruled.finding.reason.code == fixture.code && ruled.severity <= Severity::Warning
        });
        let accepted = verdict.decision == Decision::Accept && !warned;
        if given != fixture.fails || fixture.fails && accepted {
            wrong.push(format!("{}: {}", fixture.path, said(&verdict)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Descriptions of filings: the path, its reason, whether it must come, and what they say.
fn described() -> Vec<(String, String, bool, Described)> {
    let paths = files("testdata/reasons").into_iter();
    paths
        .filter(|path| path.ends_with(".toml") && !path.ends_with("/context.toml"))
        .map(|path| {
            let code = path.split('/').nth(2).unwrap_or_default().to_owned();
            let name = path.rsplit('/').next().unwrap_or_default();
            let fails = name.starts_with("fail-");
            assert!(fails || name.starts_with("pass-"), "{path}");
            let text = String::from_utf8(read(&path)).expect("a description is text");
            let described = toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
            (path, code, fails, described)
        })
        .collect()
}

#[test]
fn every_described_filing_gives_the_reason_that_its_folder_and_its_name_promise() {
    let mut wrong = Vec::new();
    for (path, code, fails, described) in described() {
        let folder = root().join(&path);
        let verdict = described.judge(folder.parent().unwrap());
        // What is only perhaps missing is not what UPLOAD_MISSING is shown by.
        let given = verdict.findings.iter().any(|ruled| {
            ruled.finding.reason.code == code
                && (code != "UPLOAD_MISSING" || ruled.severity > Severity::Warning)
        });
        let severe = verdict.findings.iter().any(|ruled| ruled.severity > Severity::Warning);
        if given != fails || !fails && severe {
            let said: Vec<_> =
                verdict.findings.iter().map(|it| (it.finding.reason.code, it.severity)).collect();
            wrong.push(format!("{path}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_reason_has_a_fixture_that_fails_and_one_that_passes() {
    let mut sides: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for fixture in committed().into_iter().chain(made()) {
        sides.entry(fixture.code).or_default().insert(fixture.fails);
    }
    for (_, code, fails, _) in described() {
        sides.entry(code).or_default().insert(fails);
    }
    let known: BTreeSet<&str> = catalogue::reasons().map(|(reason, _)| reason.code).collect();
    for code in sides.keys() {
        assert!(known.contains(&**code), "testdata/reasons/{code} is the folder of no reason");
    }
    for code in known {
        let both = sides.get(code).is_some_and(|sides| sides.len() == 2);
        assert!(both, "testdata/reasons/{code} needs a fail- and a pass- file");
    }
}

/// Only the pixels count: the same ones stored without loss get the same verdict.
#[test]
fn a_jpeg_and_a_png_of_its_pixels_give_the_same_verdict() {
    let pixels = [
        "RESOLUTION_TOO_LOW",
        "IMAGE_TOO_DARK",
        "IMAGE_TOO_BRIGHT",
        "PAGE_BLANK",
        "COLOUR_MISSING",
        "IMAGE_BLURRED",
        "GLARE",
        "EDGES_CUT_OFF",
        "SKEWED",
        "SEAL_MISSING",
    ];
    let mut compared = 0;
    for fixture in committed() {
        if !pixels.contains(&&*fixture.code) || !fixture.path.ends_with(".jpg") {
            continue;
        }
        let picture = image::load_from_memory(&fixture.bytes).unwrap();
        let mut png = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
        let asked = Asked { declared: None, ..fixture.asked };
        let [as_jpeg, as_png] = [&fixture.bytes, png.get_ref()].map(|bytes| asked.judge(bytes));
        assert_eq!(as_jpeg.decision, as_png.decision, "{}", fixture.path);
        assert_eq!(codes(&as_jpeg), codes(&as_png), "{}", fixture.path);
        compared += 1;
    }
    assert!(compared >= 10, "only {compared} fixtures compared");
}

#[test]
fn the_samples_get_the_verdict_that_they_are_named_for() {
    let mut wrong = Vec::new();
    let samples = files("testdata/samples");
    assert!(!samples.is_empty());
    for path in samples {
        let (name, extension) = path.rsplit('/').next().unwrap().rsplit_once('.').unwrap();
        let declared = format::of_extension(extension).map(|format| format.media_type.to_owned());
        let verdict = Asked { declared, ..Asked::default() }.judge(&read(&path));
        if verdict.decision.word().to_lowercase() != name.split('-').next().unwrap() {
            wrong.push(format!("{path}: {}", said(&verdict)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_passes_can_be_accepted_at_all() {
    let accepted = committed()
        .iter()
        .filter(|fixture| {
            !fixture.fails && fixture.asked.judge(&fixture.bytes).decision == Decision::Accept
        })
        .count();
    assert!(accepted >= 10, "{accepted}");
    assert_eq!(judge(&fixtures::small_jpeg()).decision, Decision::Accept);
}
