//! A file is what its bytes are: twelve kinds of file, each under twelve names.

use crate::support::{Asked, codes, encode, fixtures, said};
use scanvet::intake::format;
use scanvet::verdict::Decision;

/// A kind of file, the media type that people claim for it, and a sound file of it.
fn kinds() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let leaflet = fixtures::leaflet();
    vec![
        ("jpeg", "image/jpeg", fixtures::small_jpeg()),
        ("png", "image/png", encode::png(&leaflet)),
        ("gif", "image/gif", encode::gif(&[&leaflet])),
        ("webp", "image/webp", webp()),
        ("bmp", "image/bmp", fixtures::bmp()),
        ("tiff", "image/tiff", tiff()),
        ("heic", "image/heic", boxes(b"heic", &[b"mif1", b"heic"])),
        ("avif", "image/avif", boxes(b"avif", &[b"mif1", b"avif", b"miaf"])),
        ("pdf", "application/pdf", pdf()),
        ("zip", "application/zip", fixtures::zip()),
        (
            "html",
            "text/html",
            b"<!DOCTYPE html>\n<html><title>Scan</title><p>Scan.</p></html>\n".to_vec(),
        ),
        ("text", "text/plain", b"Dear Sir or Madam, the scan is on its way.\n".to_vec()),
    ]
}

/// One pixel, lossless.
fn webp() -> Vec<u8> {
    let mut bytes = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0".to_vec();
    bytes.extend([0x2F, 0, 0, 0, 0x10, 0x07, 0x10, 0x11, 0x11, 0x88, 0x88, 0xFE, 0x07, 0]);
    bytes
}

/// One grey pixel behind the directory.
fn tiff() -> Vec<u8> {
    let entries: [(u16, u16, u32); 8] = [
        (256, 3, 1),
        (257, 3, 1),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 110),
        (278, 3, 1),
        (279, 4, 1),
    ];
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.push(200);
    bytes
}

/// The file type box of the ISO media formats, and an empty payload.
fn boxes(major: &[u8; 4], compatible: &[&[u8; 4]]) -> Vec<u8> {
    let length = 16 + 4 * compatible.len() as u32;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend(b"ftyp");
    bytes.extend(major);
    bytes.extend([0; 4]);
    bytes.extend(compatible.iter().flat_map(|brand| **brand));
    bytes.extend(b"\0\0\0\x08mdat");
    bytes
}

/// One empty page.
fn pdf() -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (at, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", text.len()));
        text.push_str(&format!("{} 0 obj{object}endobj\n", at + 1));
    }
    let start = text.len();
    text.push_str(&format!(
        "xref\n0 4\n{table}trailer<</Size 4/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    ));
    text.into_bytes()
}

#[test]
fn a_kind_under_any_other_name_is_never_accepted_and_the_lie_is_named() {
    for (kind, _, bytes) in kinds() {
        for (name, claim, _) in kinds().iter().filter(|(name, _, _)| *name != kind) {
            let verdict = Asked::claiming(claim).judge(&bytes);
            // Text has no first bytes of its own, so nobody can say what it is instead.
            let expected = if kind == "text" { "FORMAT_UNKNOWN" } else { "FORMAT_MISMATCH" };
            assert!(codes(&verdict).contains(&expected), "{kind} as {name}: {}", said(&verdict));
            assert_ne!(verdict.decision, Decision::Accept, "{kind} as {name}");
        }
    }
}

#[test]
fn a_kind_under_its_own_name_is_no_mismatch() {
    for (kind, claim, bytes) in kinds() {
        let verdict = Asked::claiming(claim).judge(&bytes);
        assert!(!codes(&verdict).contains(&"FORMAT_MISMATCH"), "{kind}: {}", said(&verdict));
        let good = ["jpeg", "png", "gif"].contains(&kind);
        assert_eq!(verdict.decision == Decision::Accept, good, "{kind}: {}", said(&verdict));
    }
}

#[test]
fn a_kind_without_a_claim_is_judged_by_its_bytes_alone() {
    for (kind, claim, bytes) in kinds() {
        let verdict = Asked::default().judge(&bytes);
        assert!(!codes(&verdict).contains(&"FORMAT_MISMATCH"), "{kind}: {}", said(&verdict));
        let named = format::of_media_type(claim).map(|format| format.media_type);
        let expected = if kind == "text" { None } else { named };
        assert_eq!(verdict.detected.media_type, expected, "{kind}");
    }
}

#[test]
fn a_claim_that_names_no_format_is_no_claim() {
    for claim in ["", "application/octet-stream", "image", "jpg", "\u{0}\u{ffff}"] {
        let verdict = Asked::claiming(claim).judge(&fixtures::small_jpeg());
        assert_eq!(verdict.decision, Decision::Accept, "{claim:?}: {}", said(&verdict));
    }
}

#[test]
fn a_picture_behind_other_bytes_is_not_a_picture() {
    for prefix in [&b"\0"[..], b"GIF", b"%PDF-1.4\n", b"<html>"] {
        let bytes = [prefix, &fixtures::small_jpeg()].concat();
        let verdict = Asked::claiming("image/jpeg").judge(&bytes);
        assert_eq!(verdict.decision, Decision::Reject, "{prefix:?}: {}", said(&verdict));
    }
}
