//! What a PDF is before anything in it is looked at: whole, open to everybody, with nothing around it,
//! and unchanged since it was signed.

use crate::support;
use crate::support::pdf::crypt::{Encryption, Method};
use crate::support::pdf::scan::Scan;
use crate::support::pdf::signed::{changed, signed, signed_later, swapped};
use crate::support::pdf::{Layout, Object, Xref, updated};
use crate::support::{codes, fixtures, judge, said};
use scanvet::verdict::{Decision, Verdict};

fn good(layout: &Layout) -> Vec<u8> {
    Scan::good().write(layout)
}

fn assert_reason(bytes: &[u8], code: &str, name: &str) -> Verdict {
    let verdict = judge(bytes);
    assert!(codes(&verdict).contains(&code), "{name}: {code} is not among {}", said(&verdict));
    verdict
}

fn assert_clean(bytes: &[u8], name: &str) {
    let verdict = judge(bytes);
    assert_eq!(codes(&verdict), [] as [&str; 0], "{name}: {}", said(&verdict));
}

#[test]
fn a_file_that_asks_for_a_password_says_so_and_is_not_taken_for_empty() {
    for method in Method::ALL {
        for xref in [Xref::Table, Xref::Packed] {
            let encryption = Encryption { method, user_password: "secret" };
            let bytes = good(&Layout::encrypted(xref, encryption));
            let name = format!("{method:?}, {xref:?}");
            let verdict = assert_reason(&bytes, "PDF_ENCRYPTED", &name);
            assert_eq!(verdict.decision, Decision::Reject, "{name}");
            assert_eq!(codes(&verdict), ["PDF_ENCRYPTED"], "{name}: nothing else is known");
        }
    }
}

#[test]
fn a_file_that_opens_without_a_password_is_judged_like_any_other() {
    for method in Method::ALL {
        for xref in [Xref::Table, Xref::Stream, Xref::Packed] {
            let bytes = good(&Layout::encrypted(xref, Encryption::open(method)));
            assert_clean(&bytes, &format!("{method:?}, {xref:?}"));
        }
    }
}

/// Certificates instead of passwords, and a handler that nobody knows.
#[test]
fn a_file_that_asks_for_another_key_is_encrypted() {
    for handler in ["/Adobe.PubSec /SubFilter /adbe.pkcs7.s5 /V 4 /R 4", "/Nobody /V 1 /R 2"] {
        let mut scan = Scan::good();
        let number = scan.pdf.add(format!("<< /Filter {handler} >>"));
        scan.pdf.trailer = format!("/Encrypt {number} 0 R");
        let verdict = assert_reason(&scan.write(&Layout::default()), "PDF_ENCRYPTED", handler);
        assert_eq!(verdict.decision, Decision::Reject, "{handler}");
    }
}

#[test]
fn a_signed_file_that_nobody_changed_is_no_fault() {
    for (name, bytes) in [("when it was made", signed().file), ("later", signed_later())] {
        let verdict = judge(&bytes);
        let found = codes(&verdict);
        assert!(!found.contains(&"PDF_CHANGED_AFTER_SIGNING"), "{name}: {}", said(&verdict));
        assert_ne!(verdict.decision, Decision::Reject, "{name}: {}", said(&verdict));
    }
}

#[test]
fn a_revision_after_a_signature_is_seen() {
    let signed = signed();
    for (name, bytes) in [("a view", changed(&signed)), ("a picture", swapped(&signed))] {
        assert_reason(&bytes, "PDF_CHANGED_AFTER_SIGNING", name);
    }
}

#[test]
fn a_revision_without_a_signature_is_no_fault() {
    let pdf = Scan::good().finish();
    let whole = pdf.write(&Layout::default());
    let catalogue = pdf.objects[&pdf.root].text.replace(">>", "/PageMode /UseThumbs >>");
    let objects = [(pdf.root, Object { text: catalogue, data: None })];
    let once = updated(&whole, &objects, pdf.root);
    assert_clean(&once, "once");
    assert_clean(&updated(&once, &objects, pdf.root), "twice");
}

#[test]
fn what_hides_behind_a_pdf_is_found() {
    for (name, after) in [
        ("an archive", fixtures::zip()),
        ("a program", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0".repeat(64)),
        ("a web page", b"<html><script>alert(1)</script></html>\n".repeat(8)),
        ("a picture", fixtures::small_jpeg()),
    ] {
        let layout = Layout { after, ..Layout::default() };
        let verdict = judge(&good(&layout));
        let found = codes(&verdict);
        let said_so = ["TRAILING_DATA", "POLYGLOT"].iter().any(|code| found.contains(code));
        // A picture is nothing that runs: a person decides.
        assert!(said_so && verdict.decision != Decision::Accept, "{name}: {}", said(&verdict));
    }
}

/// Programs end a file with a line or two, or fill a block.
#[test]
fn white_space_behind_a_pdf_is_no_fault() {
    for after in [&b"\r\n"[..], b"\n\n\n", b" \t\r\n", &[0; 3]] {
        let layout = Layout { after: after.to_vec(), ..Layout::default() };
        assert_clean(&good(&layout), &format!("{after:?}"));
    }
    let bytes = good(&Layout::default());
    assert_clean(bytes.strip_suffix(b"\n").expect("a line"), "nothing behind the end mark");
}

/// Readers search for the header in the first kilobyte, so that such a file may be two things at once.
#[test]
fn a_header_that_is_not_first_is_never_accepted() {
    for (name, before) in [
        ("a line", b"a line before\n".to_vec()),
        ("a program", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0".repeat(16)),
        ("a web page", b"<!DOCTYPE html><html><script>alert(1)</script>\n".to_vec()),
        ("a picture", b"GIF89a\x01\0\x01\0\0\0\0".to_vec()),
        ("a kilobyte and more", vec![b'x'; 1100]),
    ] {
        let verdict = judge(&good(&Layout { before, ..Layout::default() }));
        assert_ne!(verdict.decision, Decision::Accept, "{name}: {}", said(&verdict));
    }
}

#[test]
fn a_file_without_its_end_is_truncated() {
    for xref in [Xref::Table, Xref::Stream, Xref::Packed] {
        let whole = good(&Layout::of(xref));
        for percent in [30, 60, 90] {
            let cut = &whole[..whole.len() * percent / 100];
            let verdict = judge(cut);
            let found = codes(&verdict);
            let known = ["FILE_TRUNCATED", "FILE_CORRUPT"].iter().any(|code| found.contains(code));
            assert!(known, "{xref:?} at {percent} %: {}", said(&verdict));
            assert_eq!(verdict.decision, Decision::Reject, "{xref:?} at {percent} %");
        }
    }
    let whole = good(&Layout::default());
    let cut = &whole[..whole.len() * 6 / 10];
    assert_reason(cut, "FILE_TRUNCATED", "the end mark is missing");
}

#[test]
fn a_file_that_was_cut_is_never_accepted() {
    let mut accepted = Vec::new();
    for xref in [Xref::Table, Xref::Packed] {
        let whole = good(&Layout::of(xref));
        for percent in 0..99 {
            let cut = &whole[..whole.len() * percent / 100];
            // Also with an end mark put behind the cut.
            let ended = [cut, b"\nstartxref\n0\n%%EOF\n"].concat();
            for (how, bytes) in [("cut", cut), ("cut and ended", &ended[..])] {
                let verdict = judge(bytes);
                if verdict.decision == Decision::Accept {
                    accepted.push(format!("{xref:?} {how} at {percent} %: {}", said(&verdict)));
                }
            }
        }
    }
    assert!(accepted.is_empty(), "{}", accepted.join("\n"));
}

/// A scan of which the image is whole, but the references to it are not.
#[test]
fn a_file_whose_parts_are_missing_is_corrupt() {
    let whole = Scan::good().finish();
    let image = whole.objects.iter().find(|(_, object)| object.text.contains("/Image")).unwrap();
    let page = whole.objects.iter().find(|(_, object)| object.text.contains("/Page ")).unwrap();
    for (name, number) in [("catalogue", whole.root), ("page", *page.0), ("image", *image.0)] {
        let mut broken = whole.clone();
        broken.objects.remove(&number);
        let verdict = judge(&broken.write(&Layout::default()));
        assert_ne!(verdict.decision, Decision::Accept, "{name}: {}", said(&verdict));
    }
    let mut headless = good(&Layout::default());
    headless.truncate(1024);
    assert_eq!(judge(&headless).decision, Decision::Reject);
    assert_eq!(judge(b"%PDF-1.4\n").decision, Decision::Reject);
    assert_eq!(judge(b"%PDF-1.4\nstartxref\n0\n%%EOF\n").decision, Decision::Reject);
}

#[test]
fn a_claim_of_pdf_for_something_else_is_a_mismatch() {
    let asked = support::Asked::claiming("application/pdf");
    let verdict = asked.judge(&fixtures::small_jpeg());
    assert_eq!(codes(&verdict), ["FORMAT_MISMATCH"], "{}", said(&verdict));
    let asked = support::Asked::claiming("image/jpeg");
    let verdict = asked.judge(&good(&Layout::default()));
    assert!(codes(&verdict).contains(&"FORMAT_MISMATCH"), "{}", said(&verdict));
}

#[test]
fn pages_are_counted_and_too_many_are_refused() {
    let pages = |count: u32| {
        let mut scan = Scan::good();
        let image = scan.pdf.objects.iter().find(|(_, object)| object.text.contains("/Image"));
        let (number, _) = image.expect("a scan has an image");
        let number = *number;
        for _ in 1..count {
            scan.page_of(number, [403.2, 268.8]);
        }
        scan.write(&Layout::of(Xref::Packed))
    };
    let few = judge(&pages(3));
    assert_eq!((few.detected.pages, few.decision), (3, Decision::Accept), "{}", said(&few));
    assert!(!codes(&judge(&pages(20))).contains(&"TOO_MANY_PAGES"));
    for count in [21, 500] {
        let verdict = assert_reason(&pages(count), "TOO_MANY_PAGES", &count.to_string());
        assert_eq!(verdict.decision, Decision::Reject);
    }
}
