//! Do reports say what was judged, in both languages, and hold nothing but themselves?
#![cfg(feature = "archives")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scanvet::report::{Groups, Heading, Item, Plan, Report, html};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Exit status and what was printed.
fn scanvet(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanvet"));
    let output = command.args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples").join(name)).unwrap()
}

/// An element: its name and its attributes, unescaped.
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Element {
    fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", |value| value)
    }
}

/// A page taken apart. Whatever is not well formed ends the test.
struct Page {
    text: String,
    elements: Vec<Element>,
    scripts: Vec<String>,
    style: String,
}

/// Elements without an end.
const VOID: [&str; 4] = ["meta", "img", "input", "br"];

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

impl Page {
    fn of(text: String) -> Self {
        let mut page =
            Self { text: String::new(), elements: vec![], scripts: vec![], style: String::new() };
        let mut open: Vec<String> = Vec::new();
        let mut rest = text.strip_prefix("<!doctype html>").unwrap();
        while let Some(at) = rest.find('<') {
            assert!(!rest[..at].contains('>'), "a bare > near {:.80}", &rest[..at]);
            rest = &rest[at + 1..];
            let end = rest.find('>').unwrap();
            let (tag, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "closed out of turn");
                continue;
            }
            let element = element(tag.trim_end_matches('/'));
            let name = element.name.clone();
            if name == "script" || name == "style" {
                let (inner, after) = rest.split_once(&format!("</{name}>")).unwrap();
                rest = after;
                match &*name {
                    "script" => page.scripts.push(inner.to_owned()),
                    _ => inner.clone_into(&mut page.style),
                }
            } else if !tag.ends_with('/') && !VOID.contains(&&*name) {
                open.push(name);
            }
            page.elements.push(element);
        }
        assert!(open.is_empty(), "left open: {open:?}");
        page.text = text;
        page
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    fn cases(&self) -> Vec<&Element> {
        self.all("article").collect()
    }

    /// What the script is given.
    fn data(&self) -> Value {
        serde_json::from_str(&self.scripts[0]).unwrap()
    }

    /// The number on a verdict's card.
    fn card(&self, verdict: &str) -> usize {
        let (_, after) = self.text.split_once(&format!("data-count=\"{verdict}\"><b>")).unwrap();
        after.split_once('<').unwrap().0.parse().unwrap()
    }

    /// It asks for nothing: no address that leads out, and a policy that would stop one.
    fn is_by_itself(&self) {
        for element in &self.elements {
            for (name, value) in &element.attributes {
                let leads =
                    ["src", "href", "action", "srcset", "data", "poster"].contains(&&**name);
                assert!(
                    !leads
                        || value.starts_with('#')
                        || value.starts_with("data:image/jpeg;base64,"),
                    "{} {name}={value:.60}",
                    element.name
                );
                assert!(!name.starts_with("on") && name != "style", "{name}");
            }
            assert!(!["link", "iframe", "object", "embed", "base"].contains(&&*element.name));
        }
        assert!(!self.style.replace("url(#", "").contains("url("));
        assert!(!self.style.contains("@import"));
        let policy =
            self.all("meta").find(|meta| meta.get("http-equiv") == "Content-Security-Policy");
        let policy = policy.unwrap().get("content");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        for text in [&self.style, self.scripts.last().unwrap()] {
            let hash = STANDARD.encode(Sha256::digest(text.as_bytes()));
            assert!(policy.contains(&hash), "what is in the page is not what the policy lets run");
        }
    }

    /// Each text stands in both languages, side by side.
    fn speaks_both_languages(&self) {
        let of = |tag: &str| {
            let spans = self.all("span").filter(|span| span.get("lang") == tag);
            spans.count()
        };
        assert!(of("en") > 30 && of("en") == of("zh-CN"));
        for element in self.elements.iter().filter(|one| one.attributes.contains_key("data-en")) {
            assert!(!element.get("data-zh").is_empty());
        }
        // Tables for everyone: each head says of what it is one.
        assert!(self.all("th").all(|head| ["col", "row"].contains(&head.get("scope"))));
        assert!(self.all("img").all(|picture| !picture.get("alt").is_empty()));
    }
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    assert!(!name.is_empty() && name.chars().all(char::is_alphanumeric), "<{tag:.80}>");
    let mut attributes = BTreeMap::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let attribute = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = "";
        if let Some(quoted) = rest.strip_prefix("=\"") {
            (value, rest) = quoted.split_once('"').unwrap();
        }
        assert!(attributes.insert(attribute, unescaped(value)).is_none());
    }
    Element { name: name.to_owned(), attributes }
}

fn words<'a>(element: &'a Element, attribute: &str) -> Vec<&'a str> {
    element.get(attribute).split_whitespace().collect()
}

#[test]
fn the_demo_shows_every_sample_with_its_reasons_and_needs_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/demo").to_string_lossy().into_owned();
    let (status, said) = scanvet(&["demo", "--out", &out]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("report.html") && said.contains("scanvet check"), "{said}");
    let text = fs::read_to_string(Path::new(&out).join("report.html")).unwrap();
    assert!(text.len() < 6 << 20, "{} bytes", text.len());
    let page = Page::of(text);
    page.is_by_itself();
    page.speaks_both_languages();
    let cases = page.cases();
    assert_eq!(cases.len(), scanvet::report::demo::SAMPLES.len());
    for verdict in ["ACCEPT", "REVIEW", "REJECT"] {
        let shown = cases.iter().filter(|case| case.get("data-verdict") == verdict).count();
        assert_eq!(page.card(verdict), shown, "{verdict}");
        assert!(shown > 0, "no sample is judged {verdict}");
    }
    // The table of reasons counts what the cases show.
    for row in page.all("tr").filter(|row| row.attributes.contains_key("data-reason-count")) {
        let code = row.get("data-reason-count");
        let shown = cases.iter().filter(|case| words(case, "data-reason").contains(&code)).count();
        let (_, after) = page.text.split_once(&format!("data-reason-count=\"{code}\">")).unwrap();
        let (_, after) = after.split_once("<td class=\"num\">").unwrap();
        assert_eq!(after.split_once('<').unwrap().0, shown.to_string(), "{code}");
    }
    for code in [
        "COLOUR_MISSING",
        "IMAGE_BLURRED",
        "IMAGE_TOO_DARK",
        "RESOLUTION_TOO_LOW",
        "FILE_TRUNCATED",
        "GLARE",
        "SKEWED",
        "EDGES_CUT_OFF",
        "PERSPECTIVE",
        "ORIENTATION_WRONG",
        "SEAL_MISSING",
        "SIGNATURE_MISSING",
        "CLOTHING_RED",
        "BACKDROP_INCOMPLETE",
        "FACE_OFF_CENTRE",
        "FACE_MULTIPLE",
        "UPPER_BODY_MISSING",
        "BACKGROUND_NOT_PLAIN",
        "PDF_ACTIVE_CONTENT",
        "TRAILING_DATA",
        "FORMAT_UNKNOWN",
    ] {
        assert!(cases.iter().any(|case| words(case, "data-reason").contains(&code)), "{code}");
    }
    // All but what cannot be decoded.
    assert!(page.all("img").count() >= cases.len() - 4);
    for picture in page.all("img") {
        let (_, data) = picture.get("src").split_once(',').unwrap();
        assert!(STANDARD.decode(data).unwrap().starts_with(&[0xff, 0xd8]));
    }
    let (_, chinese) = scanvet(&["demo", "--out", &out, "--locale", "zh-CN"]);
    assert!(chinese.contains("报告"), "{chinese}");
    let text = fs::read_to_string(Path::new(&out).join("report.html")).unwrap();
    let page = Page::of(text);
    assert_eq!(page.all("html").next().unwrap().get("lang"), "zh-CN");
    page.speaks_both_languages();
}

#[test]
fn the_demo_says_where_it_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"in the way").unwrap();
    let (status, said) = scanvet(&["demo", "--out", &file.join("below").to_string_lossy()]);
    assert!(status == 2 && said.contains("below"), "{status} {said}");
}

/// A manifest of hostile names, and their records.
fn hostile(folder: &Path) -> (String, String) {
    let names = [
        ("</script><script>alert(1)</script>", "accept-card.jpg"),
        ("\"><img src=x onerror=alert(2)>", "reject-card-blurred.jpg"),
        ("' onmouseover='alert(3)", "reject-text-named.jpg"),
        ("</title></style><!--", "reject-card-grey.jpg"),
    ];
    let mut manifest = csv::Writer::from_path(folder.join("manifest.csv")).unwrap();
    manifest.write_record(["item_id", "uri", "slot"]).unwrap();
    for (id, file) in names {
        fs::write(folder.join(file), sample(file)).unwrap();
        manifest.write_record([id, file, "id-card-front"]).unwrap();
    }
    manifest.write_record(["gone & lost", "gone.jpg", "id-card-front"]).unwrap();
    manifest.flush().unwrap();
    let text = |name: &str| folder.join(name).to_string_lossy().into_owned();
    (text("manifest.csv"), text("out"))
}

#[test]
fn no_name_becomes_markup_and_pictures_are_there_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (manifest, out) = hostile(folder.path());
    let more = ["--report-pictures", "2", "--report-cases", "4"];
    let (status, said) = scanvet(&[&["batch", &manifest, "--out", &out][..], &more].concat());
    assert_eq!(status, 3, "{said}");
    let report = Path::new(&out).join("report.html");
    let page = Page::of(fs::read_to_string(&report).unwrap());
    page.is_by_itself();
    page.speaks_both_languages();
    assert_eq!((page.cases().len(), page.all("img").count(), page.scripts.len()), (4, 2, 2));
    assert_eq!((page.card("ACCEPT"), page.card("REJECT")), (1, 3));
    assert!(page.text.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
    assert!(page.text.contains("4 of 5 files are in this report"), "the limit is told");

    // Without asking, no pixel of an archive is in its report.
    let again = folder.path().join("again").to_string_lossy().into_owned();
    scanvet(&["batch", &manifest, "--out", &again]);
    let page = Page::of(fs::read_to_string(Path::new(&again).join("report.html")).unwrap());
    assert_eq!((page.cases().len(), page.all("img").count()), (5, 0));
    assert!(page.text.contains("gone &amp; lost") && page.text.contains("NOT_FOUND"));
    let counts = folder.path().join("counts").to_string_lossy().into_owned();
    scanvet(&["batch", &manifest, "--out", &counts, "--report-counts"]);
    let page = Page::of(fs::read_to_string(Path::new(&counts).join("report.html")).unwrap());
    assert_eq!((page.cases().len(), page.card("REJECT")), (0, 3));
    assert_eq!(page.data()["charts"].as_array().unwrap().len(), 0);
}

/// Values of a quantity by group, as whole millionths, with the bounds that hold.
type Values = BTreeMap<String, Vec<(i64, usize)>>;

fn key(of: &Value, check: &str) -> String {
    format!("{check} {} {:?} {:?}", of["name"], of["min"].as_f64(), of["max"].as_f64())
}

fn fine(value: f64) -> i64 {
    (value * 1e6).round() as i64
}

/// What the records say was measured: of each file the worst page.
fn measured(out: &Path) -> Values {
    let mut values = Values::new();
    for part in fs::read_dir(out.join("parts")).unwrap() {
        let records = fs::read_to_string(part.unwrap().path()).unwrap();
        for record in records.lines() {
            let record: Value = serde_json::from_str(record).unwrap();
            let group = match record["verdict"].as_str() {
                Some("VERDICT_ACCEPT") => 0,
                Some("VERDICT_REVIEW") => 1,
                _ => 2,
            };
            let mut worst: BTreeMap<String, (f64, f64)> = BTreeMap::new();
            for check in record["checks"].as_array().into_iter().flatten() {
                for one in check["measurements"].as_array().into_iter().flatten() {
                    let (min, max) = (one["min"].as_f64(), one["max"].as_f64());
                    if min.is_none() && max.is_none() {
                        continue;
                    }
                    let value = one["value"].as_f64().unwrap_or(0.0);
                    let excess = min.map_or(f64::MIN, |min| min - value);
                    let excess = excess.max(max.map_or(f64::MIN, |max| value - max));
                    let held = worst
                        .entry(key(one, check["ruleId"].as_str().unwrap()))
                        .or_insert((excess, value));
                    if excess > held.0 {
                        *held = (excess, value);
                    }
                }
            }
            for (key, (_, value)) in worst {
                values.entry(key).or_default().push((fine(value), group));
            }
        }
    }
    values.values_mut().for_each(|values| values.sort_unstable());
    values
}

#[test]
fn the_spreads_are_those_of_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    for name in [
        "accept-card.jpg",
        "accept-form.jpg",
        "reject-card-blurred.jpg",
        "reject-card-dark.jpg",
        "review-card-a-little-blurred.jpg",
        "reject-blank.jpg",
    ] {
        fs::write(input.join(name), sample(name)).unwrap();
    }
    let (input, out) = (input.to_string_lossy(), folder.path().join("out"));
    let (status, said) = scanvet(&["batch", &input, "--out", &out.to_string_lossy()]);
    assert_eq!(status, 0, "{said}");
    let page = Page::of(fs::read_to_string(out.join("report.html")).unwrap());
    let mut drawn = Values::new();
    for chart in page.data()["charts"].as_array().unwrap() {
        let values = drawn.entry(key(chart, chart["check"].as_str().unwrap())).or_default();
        let mut outside = 0;
        for bin in chart["bins"].as_array().unwrap() {
            let number = |at: usize| bin[at].as_f64().unwrap();
            assert_eq!(fine(number(0)), fine(number(1)), "so few values stand each by itself");
            for group in 0..3 {
                let count = number(3 + group) as usize;
                values.extend(std::iter::repeat_n((fine(number(0)), group), count));
                outside += if number(2) == 0.0 { 0 } else { count };
            }
        }
        let broken = |value: f64| {
            chart["min"].as_f64().is_some_and(|min| value < min)
                || chart["max"].as_f64().is_some_and(|max| value > max)
        };
        let wanted = values.iter().filter(|(value, _)| broken(*value as f64 / 1e6)).count();
        assert_eq!(outside, wanted, "{}", chart["name"]);
        values.sort_unstable();
    }
    assert!(drawn.len() > 20);
    assert_eq!(drawn, measured(&out));
}

#[test]
fn the_report_of_an_evaluation_tells_right_from_wrong_and_good_from_faulty() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        ("accept-card.jpg", "ACCEPT", ""),
        ("reject-card-blurred.jpg", "REJECT", "IMAGE_BLURRED"),
        ("reject-card-grey.jpg", "ACCEPT", ""),
        ("review-card-a-little-blurred.jpg", "ACCEPT|REVIEW", ""),
    ];
    let labels = folder.path().join("labels.csv");
    let mut csv = csv::Writer::from_path(&labels).unwrap();
    csv.write_record(["file", "slot", "profile", "verdict", "reasons", "absent", "note"]).unwrap();
    for (file, verdict, reasons) in rows {
        fs::write(folder.path().join(file), sample(file)).unwrap();
        csv.write_record([file, "id-card-front", "generic", verdict, reasons, "", ""]).unwrap();
    }
    csv.flush().unwrap();
    let (labels, report) = (labels.to_string_lossy(), folder.path().join("report.html"));
    let file = report.to_string_lossy();
    let (status, said) =
        scanvet(&["evaluate", &labels, "--report", &file, "--report-pictures", "1"]);
    assert_eq!(status, 0, "{said}");
    let page = Page::of(fs::read_to_string(&report).unwrap());
    page.is_by_itself();
    page.speaks_both_languages();
    let cases = page.cases();
    let wrong: Vec<_> = cases.iter().filter(|case| case.get("data-label") == "wrong").collect();
    assert_eq!((cases.len(), wrong.len()), (4, 1));
    assert_eq!(wrong[0].get("data-reason"), "COLOUR_MISSING");
    // The only picture is that of the row that came out wrong.
    let picture: Vec<_> = page.all("img").collect();
    assert!(picture.len() == 1 && picture[0].get("alt").starts_with("reject-card-grey.jpg"));
    let data = page.data();
    let charts = data["charts"].as_array().unwrap();
    let blur = charts.iter().find(|chart| chart["check"] == "legibility.blur").unwrap();
    let mut by_label = [0; 3];
    for bin in blur["bins"].as_array().unwrap() {
        for (group, count) in by_label.iter_mut().enumerate() {
            *count += bin[3 + group].as_u64().unwrap();
        }
    }
    assert_eq!(by_label, [2, 1, 1], "labelled good, either, faulty");
    assert!(page.text.contains("3/4") && page.text.contains("95 % interval"));
}

#[test]
fn a_hundred_thousand_items_make_a_small_page() {
    let mut report = Report::new(Plan { groups: Groups::Verdict, cases: 100 });
    for number in 0..100_000_u32 {
        let value = f64::from(number.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
        let (verdict, findings) = match value > 0.9 {
            true => ("REJECT", r#"[{"reason":"GLARE","severity":"SEVERITY_ERROR","ruleId":"g"}]"#),
            false => ("ACCEPT", "[]"),
        };
        let record = format!(
            r#"{{"itemId":"i{number}","slot":"passport","verdict":"VERDICT_{verdict}","findings":{findings},
            "checks":[{{"ruleId":"g","measurements":[{{"name":"g.share","value":{value},"unit":"1","max":0.9}}]}}]}}"#
        );
        report.add(Item::of(record.as_bytes()).unwrap(), None);
    }
    report.pictured(0);
    let heading = Heading {
        title: ["many", "许多"],
        note: Default::default(),
        tables: Vec::new(),
        locale: scanvet::reason::Locale::En,
    };
    let text = html(&report, &heading);
    assert!(text.len() < 256 << 10, "{} bytes", text.len());
    let page = Page::of(text);
    assert_eq!(page.cases().len(), 100);
    assert_eq!(page.card("ACCEPT") + page.card("REJECT"), 100_000);
    let data = page.data();
    let bins = data["charts"][0]["bins"].as_array().unwrap();
    let outside = bins.iter().filter(|bin| bin[2] != 0).map(|bin| bin[5].as_u64().unwrap());
    assert_eq!(outside.sum::<u64>() as usize, page.card("REJECT"), "exact at the bound in force");
    assert!(page.text.contains("100 of 100000 files"));
}
