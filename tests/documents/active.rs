//! Whatever acts in a PDF, carries files or asks for a form of XML is found, however it is written;
//! what only looks like it is no fault.

use crate::support;
use crate::support::pdf::active::{FEATURES, NAMES};
use crate::support::pdf::crypt::{Encryption, Method};
use crate::support::pdf::grown::grown;
use crate::support::pdf::harmless::HARMLESS;
use crate::support::pdf::scan::Scan;
use crate::support::pdf::{Layout, Pdf, Spelling, Xref};
use crate::support::{Asked, codes, judge_by, said};
use rayon::prelude::*;
use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline::{self, Options};
use scanvet::rules::RuleSet;
use scanvet::verdict::{Decision, Verdict};

/// What a scan must not hold; the first three reject.
const FAULTS: [&str; 3] = ["PDF_ACTIVE_CONTENT", "PDF_EMBEDDED_FILE", "PDF_XFA"];

/// The ways to write the same document.
fn written(pdf: &Pdf) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut write = |name: &str, spelling: Spelling, layout: Layout| {
        let mut pdf = pdf.clone();
        pdf.respell(NAMES, spelling);
        files.push((name.to_owned(), pdf.write(&layout)));
    };
    write("plain", Spelling::Plain, Layout::of(Xref::Table));
    for spelling in [Spelling::First, Spelling::Second, Spelling::Last, Spelling::Every] {
        write(&format!("escaped ({spelling:?})"), spelling, Layout::of(Xref::Table));
    }
    write("beside a stream of places", Spelling::Plain, Layout::of(Xref::Stream));
    write("packed", Spelling::Plain, Layout::of(Xref::Packed));
    write("packed and escaped", Spelling::Every, Layout::of(Xref::Packed));
    for method in Method::ALL {
        let name = format!("encrypted ({method:?})");
        write(&name, Spelling::Plain, Layout::encrypted(Xref::Table, Encryption::open(method)));
    }
    for method in [Method::Rc4Long, Method::Aes256] {
        let name = format!("packed, encrypted and escaped ({method:?})");
        let layout = Layout::encrypted(Xref::Packed, Encryption::open(method));
        write(&name, Spelling::Second, layout);
    }
    files
}

/// The verdict up to its first fault.
fn first_fault(rules: &RuleSet, bytes: &[u8]) -> Verdict {
    let upload = Upload { bytes: bytes.to_vec().into(), declared_media_type: None };
    let options = Options { fail_fast: true, ..Options::default() };
    pipeline::validate(&upload, rules, options, &mut Unlimited).expect("no end to the budget")
}

/// Everything that went wrong, so that one run tells it all.
fn none(wrong: Vec<String>, of: usize) {
    assert!(wrong.is_empty(), "{} of {of}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_scan_in_a_pdf_is_accepted_however_it_is_written() {
    let rules = Asked::default().rules();
    let files = written(&Scan::good().finish());
    let wrong = files.par_iter().filter_map(|(way, bytes)| {
        let verdict = judge_by(&rules, bytes, Some("application/pdf"));
        let bad = verdict.decision != Decision::Accept || !verdict.findings.is_empty();
        bad.then(|| format!("{way}: {}", said(&verdict)))
    });
    none(wrong.collect(), files.len());
}

#[test]
fn whatever_acts_is_found_however_it_is_written() {
    let rules = Asked::default().rules();
    let files: Vec<(&str, &str, String, Vec<u8>)> = FEATURES
        .iter()
        .flat_map(|feature| {
            let mut scan = Scan::good();
            (feature.add)(&mut scan);
            let ways = written(&scan.finish()).into_iter();
            ways.map(|(way, bytes)| (feature.name, feature.code, way, bytes))
        })
        .collect();
    assert!(files.len() > 600, "{}", files.len());
    let wrong = files.par_iter().filter_map(|(name, code, way, bytes)| {
        // The structure comes before the pages, and the first fault says enough of most files.
        let first = first_fault(&rules, bytes);
        let told = codes(&first).contains(code);
        let verdict = if told { first } else { judge_by(&rules, bytes, None) };
        let found = codes(&verdict).contains(code) && verdict.decision == Decision::Reject;
        (!found).then(|| format!("{name}, {way}: {code} is not among {}", said(&verdict)))
    });
    none(wrong.collect(), files.len());
}

#[test]
fn what_a_revision_or_a_second_table_adds_is_found() {
    for (name, code, bytes) in grown() {
        let verdict = support::judge(&bytes);
        assert!(codes(&verdict).contains(&code), "{name}: {}", said(&verdict));
    }
}

#[test]
fn a_script_that_a_revision_took_away_is_no_fault() {
    let whole = Scan::good().finish();
    let root = whole.root;
    let clean = whole.objects[&root].clone();
    let mut scripted = Scan::good();
    scripted.catalogue = "/OpenAction << /S /JavaScript /JS (a) >>".to_owned();
    let scripted = scripted.write(&Layout::of(Xref::Table));
    let bytes = support::pdf::updated(&scripted, &[(root, clean)], root);
    let verdict = support::judge(&bytes);
    assert_eq!(codes(&verdict), [] as [&str; 0], "{}", said(&verdict));
}

#[test]
fn what_only_looks_like_it_is_no_fault() {
    let rules = Asked::default().rules();
    let files: Vec<(&str, Option<&str>, String, Vec<u8>)> = HARMLESS
        .iter()
        .flat_map(|harmless| {
            let mut scan = Scan::good();
            (harmless.add)(&mut scan);
            // Each is judged to its last page, which takes long: every third way to write it.
            let ways = written(&scan.finish()).into_iter().step_by(3);
            ways.map(|(way, bytes)| (harmless.name, harmless.code, way, bytes))
        })
        .collect();
    let wrong = files.par_iter().filter_map(|(name, code, way, bytes)| {
        let verdict = judge_by(&rules, bytes, None);
        let found = codes(&verdict);
        let fault = FAULTS.iter().any(|fault| found.contains(fault));
        let as_expected = found.as_slice() == code.as_slice();
        let right = !fault && as_expected && verdict.decision == Decision::Accept;
        (!right).then(|| format!("{name}, {way}: {}", said(&verdict)))
    });
    none(wrong.collect(), files.len());
}

/// Each file is what it says: were one broken, it might be refused for that alone.
#[test]
fn the_same_document_is_the_same_bytes_each_time() {
    let once = |feature: &support::pdf::active::Feature| {
        let mut scan = Scan::good();
        (feature.add)(&mut scan);
        written(&scan.finish())
    };
    for feature in FEATURES.iter().step_by(10) {
        assert_eq!(once(feature), once(feature), "{}", feature.name);
    }
}
