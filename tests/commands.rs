//! Do the commands on rules and filings print what they promise, and end as they promise?
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use scanvet::rules::embedded_packs;
use support::root;

/// Exit status, standard output and standard error.
fn scanvet(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_scanvet"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn plan(more: &[&str]) -> String {
    let always = "plan --profile alibaba-2018 --filing-type new-website-elsewhere --entity company";
    let arguments: Vec<&str> = always.split(' ').chain(more.iter().copied()).collect();
    let (status, text, complaint) = scanvet(&arguments);
    assert_eq!(status, 0, "{complaint}");
    text
}

/// The line of a step or upload and the one with its source.
fn told<'a>(plan: &'a str, id: &str) -> Option<&'a str> {
    plan.lines().find(|line| line.trim_start().starts_with(&format!("{id} ")))
}

#[test]
fn the_plans_of_the_two_seed_documents_differ_by_day_and_province() {
    let tianjin = plan(&["--province", "CN-TJ", "--as-of", "2018-05-01"]);
    assert!(told(&tianjin, "sms-verification").unwrap().contains("48 hours"), "{tianjin}");
    let spring = plan(&["--province", "CN-ZJ", "--as-of", "2018-05-01"]);
    assert!(told(&spring, "sms-verification").is_none());
    let later = plan(&["--province", "CN-ZJ", "--as-of", "2019-03-01"]);
    assert!(told(&later, "sms-verification").unwrap().contains("24 hours"));
    let shanghai = plan(&["--province", "CN-SH", "--as-of", "2018-05-01"]);
    assert!(told(&shanghai, "shanghai-app").unwrap().contains("app"), "{shanghai}");
    assert!(told(&shanghai, "photo-verification").is_none());
    let news = plan(&["--province", "CN-TJ", "--as-of", "2018-05-01", "--content", "news"]);
    assert!(told(&news, "pre-approval").unwrap().contains("required"), "{news}");
    assert!(told(&tianjin, "pre-approval").unwrap().contains("conditional"));
    let chinese = plan(&["--province", "CN-TJ", "--as-of", "2018-05-01", "--locale", "zh-CN"]);
    assert!(told(&chinese, "sms-verification").unwrap().contains("48小时内"), "{chinese}");
}

#[test]
fn a_plan_as_json_is_one_object_that_parses_back() {
    let text = plan(&["--format", "json"]);
    assert_eq!(text.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let message = scanvet::grpc::json::parse_plan(value).unwrap();
    assert!(message.uploads.iter().any(|upload| upload.slot == "authenticity-form"));
}

fn write_packs(folder: &Path, change: impl Fn(&str, String) -> String) {
    for (file, text) in embedded_packs() {
        let path = folder.join(&file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, change(&file, text)).unwrap();
    }
}

#[test]
fn a_broken_pack_lists_all_its_faults_with_file_and_line_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let addition = "\n[checks.\"file.size\"]\nbelow_byte = 5\nbecause = \"x\"\nsource = \"x\"\n\n[checks.\"legibility.charm\"]\nbecause = \"x\"\nsource = \"x\"\n\n[notes.local-phone]\non = true\nsource = \"x\"\n\n[[when]]\nfrom = \"2026-02-01\"\nuntil = \"2026-01-01\"\n";
    write_packs(folder.path(), |file, text| match file {
        "provinces/CN-QH.toml" => format!("{text}{addition}"),
        "base.toml" => text.replace("max_frames = 1\n", ""),
        _ => text,
    });
    let own = fs::read_to_string(folder.path().join("provinces/CN-QH.toml")).unwrap();
    let line = |start: &str| 1 + own.lines().position(|line| line.starts_with(start)).unwrap();
    let (status, _, complaint) = scanvet(&["rules", "check", &folder.path().to_string_lossy()]);
    assert_eq!(status, 2);
    for wanted in [
        format!("provinces/CN-QH.toml:{}: ", line("below_byte")),
        format!(
            "provinces/CN-QH.toml:{}: checks.legibility.charm: no such check",
            line("[checks.\"legi")
        ),
        format!(
            "provinces/CN-QH.toml:{}: notes.local-phone: missing field `because`",
            line("[notes.local")
        ),
        "is no span of days".to_owned(),
        "missing field `max_frames`".to_owned(),
    ] {
        assert!(complaint.contains(&wanted), "{wanted} is not in\n{complaint}");
    }
    // Used all the same, nothing is judged.
    let rules = folder.path().to_string_lossy().into_owned();
    let sample = "testdata/samples/accept-leaflet.png";
    assert_eq!(scanvet(&["--rules", &rules, "check", sample]).0, 2);
}

#[test]
fn sound_packs_of_a_folder_are_what_is_built_in() {
    let folder = tempfile::tempdir().unwrap();
    write_packs(folder.path(), |_, text| text);
    let (status, text, complaint) = scanvet(&["rules", "check", &folder.path().to_string_lossy()]);
    assert_eq!(status, 0, "{complaint}");
    assert!(text.contains(&support::BOOK.digest) && text.contains("combinations"), "{text}");
}

#[test]
fn rules_show_tells_where_a_limit_comes_from_and_what_it_goes_over() {
    for name in ["domain-certificate", "FILE_TOO_SMALL"] {
        let arguments =
            ["rules", "show", name, "--profile", "alibaba-2018", "--slot", "domain-certificate"];
        let (status, text, complaint) = scanvet(&arguments);
        assert_eq!(status, 0, "{complaint}");
        for wanted in [
            "min_bytes = 204800  [profiles/alibaba-2018.toml]",
            "over 1  [base.toml: service limit]",
            "域名证书",
        ] {
            assert!(text.contains(wanted), "{name}: {wanted} is not in\n{text}");
        }
    }
    let (_, text, _) = scanvet(&["rules", "show", "CHANNEL_NOT_ALLOWED", "--province", "CN-SH"]);
    assert!(text.contains("[\"mobile-app\"]  [provinces/CN-SH.toml]"), "{text}");
    assert!(scanvet(&["rules", "show", "alibaba-2019"]).1.contains("file.size"));
    assert_eq!(scanvet(&["rules", "show", "nimbus-2031"]).0, 2);
}

#[test]
fn rules_diff_tells_what_changes_between_profiles_and_between_days() {
    let (status, text, _) = scanvet(&["rules", "diff", "tencent-2018", "tencent-2022"]);
    assert_eq!(status, 0);
    for wanted in [
        "~ file.size.below_bytes: 2097152 → 8388609",
        "~ file.size.min_bytes: 1 → 204800",
        "- upload authenticity-form",
        "+ note proof-freshness",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
    let days = ["rules", "diff", "2018-05-01", "2019-03-01", "--profile", "alibaba-2018"];
    let of = |province| scanvet(&[&days[..], &["--province", province]].concat()).1;
    assert!(of("CN-ZJ").contains("+ step sms-verification"));
    assert!(of("CN-TJ").contains("48 hours") && of("CN-TJ").contains("24 hours"));
    let same = scanvet(&["rules", "diff", "generic@2026-01-01", "generic@2026-02-01"]).1;
    assert!(same.contains("nothing changes"), "{same}");
    assert_eq!(scanvet(&["rules", "diff", "generic", "2018-13-01"]).0, 2);
}

#[test]
fn a_folder_is_a_filing_by_the_names_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("testdata/filings/id-card-front.jpg", "id-card-front.jpg"),
        ("testdata/filings/id-card-back.jpg", "id-card-back.jpg"),
    ] {
        fs::copy(root().join(from), folder.path().join(to)).unwrap();
    }
    let path = folder.path().to_string_lossy().into_owned();
    let always =
        ["check", "--filing", &path, "--profile", "alibaba-2019", "--entity", "individual"];
    let (status, text, complaint) = scanvet(&always);
    assert_eq!(status, 0, "{text}{complaint}");
    assert!(text.contains("ACCEPT") && text.contains("UPLOAD_MISSING"), "{text}");
    let (status, text, _) = scanvet(&[&always[..], &["--format", "json"]].concat());
    assert_eq!((status, text.lines().count()), (0, 1));
    assert!(text.starts_with("{\"file\":"), "{text}");
    let (_, message) =
        scanvet::grpc::json::parse_filing(serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(message.results.len(), 2);
    fs::remove_file(folder.path().join("id-card-back.jpg")).unwrap();
    assert_eq!(scanvet(&always).0, 1);
    fs::write(folder.path().join("holiday.jpg"), b"x").unwrap();
    let (status, _, complaint) = scanvet(&always);
    assert!(status == 2 && complaint.contains("named for no slot"), "{complaint}");
}
