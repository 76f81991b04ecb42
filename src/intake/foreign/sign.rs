//! The signs by which other programs know their files. Each is long enough, or looked at closely enough,
//! not to occur by chance among compressed pixels.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use memchr::{memchr_iter, memmem};

use super::Foreign;

/// A ZIP is read from its end: the end record lies in the last 64 KiB and 22 bytes.
const ZIP_END: &[u8] = b"PK\x05\x06";
const ZIP_END_REACH: usize = 65_535 + 22;
const ZIP_END_LENGTH: usize = 22;
const ZIP_ENTRY: &[u8] = b"PK\x03\x04";
const ZIP_ENTRY_LENGTH: usize = 30;

/// Compression methods that ZIP has ever known (APPNOTE 4.4.5) stay below, and versions too.
const MOST_ZIP_METHODS: u16 = 100;
const MOST_ZIP_VERSIONS: u16 = 64;
const MOST_ZIP_NAME: u16 = 1024;

/// What is looked at closely where its sign stands, `(bytes, at)`.
type Look = fn(&[u8], usize) -> bool;

/// What is found wherever it stands, in the order in which it counts where several are. No sign begins
/// another.
const ANYWHERE: &[(&[u8], Look, Foreign)] = &[
    (b"Rar!\x1a\x07", enough, Foreign::Archive),
    (b"7z\xbc\xaf\x27\x1c", enough, Foreign::Archive),
    (b"\xfd7zXZ\0", enough, Foreign::Archive),
    (b"MSCF\0\0\0\0", enough, Foreign::Archive),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", enough, Foreign::Document),
    (b"{\\rtf1", enough, Foreign::Document),
    (b"!This program cannot be run in DOS mode", enough, Foreign::Program),
    (ZIP_ENTRY, is_zip_entry, Foreign::Archive),
    (ZIP_END, is_zip_end, Foreign::Archive),
    (b"ustar", is_tape, Foreign::Archive),
    (b"1AY&SY", is_bzip, Foreign::Archive),
    (b"MZ", is_windows_program, Foreign::Program),
    (b"\x7fELF", is_linux_program, Foreign::Program),
    (b"#!/", is_shell_script, Foreign::Script),
    // How tags begin that count.
    (b"<?", is_tag, Foreign::Script),
    (b"<s", is_tag, Foreign::Page),
    (b"<S", is_tag, Foreign::Page),
    (b"<i", is_tag, Foreign::Page),
    (b"<I", is_tag, Foreign::Page),
    (b"<h", is_tag, Foreign::Page),
    (b"<H", is_tag, Foreign::Page),
    (b"<!", is_tag, Foreign::Page),
    (b"javascript:", enough, Foreign::Script),
];

/// All of these signs at once: a pass for each would cost more than a hash of the file. `None` is what the
/// types ask for; so few signs always fit.
static SIGNS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let signs = ANYWHERE.iter().map(|(sign, ..)| sign);
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(signs).ok()
});

/// Tags that browsers and servers act upon, in any case; what must follow so that it is one.
const TAGS: &[(&[u8], After)] = &[
    (b"<script", After::Delimiter),
    (b"<iframe", After::Delimiter),
    (b"<html", After::Delimiter),
    (b"<!doctype html", After::Delimiter),
    (b"<svg", After::Namespace),
    (b"<?php", After::Delimiter),
];

/// The same where no chance is at work: in texts and in what a camera wrote, and behind the end.
const SHORT_TAGS: &[&[u8]] = &[b"svg", b"body", b"object", b"embed", b"applet", b"meta", b"link"];

/// How scripts begin or call, in texts.
const CALLS: &[&[u8]] = &[
    b"javascript:",
    b"vbscript:",
    b"data:text/html",
    b"onload=",
    b"onerror=",
    b"alert(",
    b"eval(",
    b"function(",
    b"document.cookie",
    b"document.write",
    b"document.location",
    b"window.location",
    b"string.fromcharcode",
    b"xmlhttprequest",
    b"<?=$",
    b"<?= $",
    b"<?=`",
    b"<%@ page",
    b"<%@page",
];

/// What begins a file of its own; anywhere else it is chance.
const STARTS: &[(&[u8], Foreign)] = &[
    (ZIP_ENTRY, Foreign::Archive),
    (b"PK\x01\x02", Foreign::Archive),
    (ZIP_END, Foreign::Archive),
    (b"\x1f\x8b\x08", Foreign::Archive),
    (b"BZh", Foreign::Archive),
    (b"\x28\xb5\x2f\xfd", Foreign::Archive),
    (b"%PDF", Foreign::Document),
    (b"\x7fELF", Foreign::Program),
    (b"\xfe\xed\xfa\xce", Foreign::Program),
    (b"\xfe\xed\xfa\xcf", Foreign::Program),
    (b"\xce\xfa\xed\xfe", Foreign::Program),
    (b"\xcf\xfa\xed\xfe", Foreign::Program),
    (b"\xca\xfe\xba\xbe", Foreign::Program),
    (b"\0asm\x01\0\0\0", Foreign::Program),
    (b"#!", Foreign::Script),
];

/// Whole pictures, which have no place in a text.
const PICTURES: &[&[u8]] =
    &[b"\x89PNG\r\n\x1a\n", b"GIF89a", b"GIF87a", b"\xff\xd8\xff\xe0\0\x10JFIF\0"];

#[derive(Clone, Copy)]
enum After {
    /// White space, `>` or `/`.
    Delimiter,
    /// A delimiter, and soon a namespace or an event.
    Namespace,
}

/// How far behind `<svg` its namespace or event stands.
const NAMESPACE_REACH: usize = 256;

/// What is there for certain, wherever it stands: for bytes that may be compressed pixels.
pub fn certain(bytes: &[u8]) -> Option<Foreign> {
    first(bytes).map(|sign| ANYWHERE[sign].2)
}

/// Which of the signs is there and counts before the others.
fn first(bytes: &[u8]) -> Option<usize> {
    let signs = SIGNS.as_ref()?;
    let mut first = None;
    let mut from = 0;
    while let Some(found) = signs.find(Input::new(bytes).span(from..bytes.len())) {
        // Another may begin inside it.
        from = found.start() + 1;
        let sign = found.pattern().as_usize();
        if first.is_none_or(|first| sign < first) && ANYWHERE[sign].1(bytes, found.start()) {
            first = Some(sign);
        }
    }
    first
}

/// A document's header, as its readers look for it.
pub fn document(bytes: &[u8]) -> bool {
    memmem::find_iter(bytes, b"%PDF-").any(|at| {
        let version = &bytes[at + 5..];
        matches!(version, [b'0'..=b'9', b'.', b'0'..=b'9', ..])
    })
}

/// What stands in a text, in what a camera wrote, or behind the end: short signs count here, too.
pub fn in_text(bytes: &[u8]) -> Option<Foreign> {
    let found = at_start(bytes).or_else(|| certain(bytes));
    found.or_else(|| document(bytes).then_some(Foreign::Document)).or_else(|| words(bytes))
}

/// What begins here as a file of its own.
pub fn at_start(bytes: &[u8]) -> Option<Foreign> {
    let rest = bytes.trim_ascii_start();
    let begins = |sign: &[u8]| bytes.starts_with(sign) || rest.starts_with(sign);
    let start = STARTS.iter().find(|(sign, _)| begins(sign)).map(|(_, foreign)| *foreign);
    let program = || match rest {
        // Text would go on with a letter.
        [b'M', b'Z', next, ..] if !next.is_ascii_graphic() && *next != b' ' => {
            Some(Foreign::Program)
        }
        _ => None,
    };
    start.or_else(program)
}

/// Words of pages and scripts, in letters of one or two bytes.
fn words(bytes: &[u8]) -> Option<Foreign> {
    let text = bytes.to_ascii_lowercase();
    let found = plain_words(&text);
    if found.is_some() || memchr::memchr(0, &text).is_none() {
        return found;
    }
    let narrow: Vec<u8> = text.into_iter().filter(|&byte| byte != 0).collect();
    plain_words(&narrow).or_else(|| tag(&narrow))
}

fn plain_words(text: &[u8]) -> Option<Foreign> {
    let is_tag = memchr_iter(b'<', text).any(|at| {
        let name = &text[at + 1..];
        SHORT_TAGS.iter().any(|tag| {
            let after = name.strip_prefix(*tag).and_then(<[u8]>::first);
            after.is_some_and(|after| is_delimiter(*after))
        })
    });
    if is_tag {
        return Some(Foreign::Page);
    }
    CALLS.iter().any(|call| memmem::find(text, call).is_some()).then_some(Foreign::Script)
}

/// A whole picture, for places where none belongs.
pub fn picture(bytes: &[u8]) -> bool {
    PICTURES.iter().any(|sign| memmem::find(bytes, sign).is_some())
}

fn tag(bytes: &[u8]) -> Option<Foreign> {
    let at = memchr_iter(b'<', bytes).find(|&at| is_tag(bytes, at))?;
    Some(if bytes[at..].starts_with(b"<?") { Foreign::Script } else { Foreign::Page })
}

fn is_tag(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    TAGS.iter().any(|(tag, after)| {
        let own = rest.get(..tag.len());
        own.is_some_and(|own| own.eq_ignore_ascii_case(tag)) && follows(&rest[tag.len()..], *after)
    })
}

fn follows(rest: &[u8], after: After) -> bool {
    let delimited = rest.first().is_some_and(|byte| is_delimiter(*byte));
    match after {
        After::Delimiter => delimited,
        After::Namespace => {
            let near = rest[..rest.len().min(NAMESPACE_REACH)].to_ascii_lowercase();
            let holds = |word: &[u8]| memmem::find(&near, word).is_some();
            delimited && (holds(b"xmlns") || holds(b"onload") || holds(b"<script"))
        }
    }
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0C | b'>' | b'/')
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from(u16_at(bytes, at)?) | u32::from(u16_at(bytes, at + 2)?) << 16)
}

/// What is long enough not to occur by chance.
const fn enough(_: &[u8], _: usize) -> bool {
    true
}

/// An entry whose version, method and name are such as ZIP has.
fn is_zip_entry(bytes: &[u8], at: usize) -> bool {
    let Some(entry) = bytes.get(at..at + ZIP_ENTRY_LENGTH) else {
        return false;
    };
    let field = |at| u16_at(entry, at).unwrap_or(u16::MAX);
    field(4) & 0xFF < MOST_ZIP_VERSIONS
        && field(8) < MOST_ZIP_METHODS
        && (1..MOST_ZIP_NAME).contains(&field(26))
}

/// An end record in reach whose directory lies before it.
fn is_zip_end(bytes: &[u8], at: usize) -> bool {
    let record = bytes.get(at..at + ZIP_END_LENGTH);
    let Some(record) = record.filter(|_| bytes.len() - at <= ZIP_END_REACH) else {
        return false;
    };
    let of_zip64 = at >= 20 && bytes[at - 20..].starts_with(b"PK\x06\x07");
    let field = |from| u32_at(record, from).map_or(u64::MAX, u64::from);
    // Offsets may count from where the archive begins, or from the start of the file.
    of_zip64 || (field(12) <= at as u64 && field(16) <= at as u64)
}

/// A header of tar whose checksum is right.
fn is_tape(bytes: &[u8], at: usize) -> bool {
    const MARK_AT: usize = 257;
    const BLOCK: usize = 512;
    const SUM: std::ops::Range<usize> = 148..156;
    let block = at.checked_sub(MARK_AT).and_then(|start| bytes.get(start..start + BLOCK));
    let Some(block) = block else {
        return false;
    };
    let digits = block[SUM].iter().filter(|byte| byte.is_ascii_digit());
    let told = digits.fold(0u32, |sum, digit| sum << 3 | u32::from(digit - b'0') & 7);
    // Nothing is added up where nothing is told.
    if told == 0 {
        return false;
    }
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    let own: u32 = block[SUM].iter().map(|&byte| u32::from(byte)).sum();
    told == sum - own + 8 * u32::from(b' ')
}

/// The first block, behind a header.
fn is_bzip(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(4).is_some_and(|start| bytes[start..].starts_with(b"BZh"))
}

/// The old header, and the new one where it says.
fn is_windows_program(bytes: &[u8], at: usize) -> bool {
    const POINTER: usize = 0x3C;
    const FURTHEST: u32 = 4096;
    let new = u32_at(bytes, at + POINTER).filter(|&new| new <= FURTHEST);
    new.is_some_and(|new| {
        bytes.get(at + new as usize..).is_some_and(|rest| rest.starts_with(b"PE\0\0"))
    })
}

/// ELF of 32 or 64 bits, in either byte order, version 1.
fn is_linux_program(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at..], [_, _, _, _, 1 | 2, 1 | 2, 1, ..])
}

fn is_shell_script(bytes: &[u8], at: usize) -> bool {
    let path = &bytes[at + b"#!/".len()..];
    path.starts_with(b"bin/") || path.starts_with(b"usr/bin/")
}

/// Whether the whole file begins as an archive on tape or a disk image does, whose marks stand further in.
pub fn file_start(bytes: &[u8]) -> Option<Foreign> {
    const TAPE_AT: usize = 257;
    const DISK_AT: usize = 0x8001;
    let marked =
        |at: usize, mark: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(mark));
    (marked(TAPE_AT, b"ustar\0") || marked(TAPE_AT, b"ustar ") || marked(DISK_AT, b"CD001\x01"))
        .then_some(Foreign::Archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_programs_documents_and_pages_are_known_by_their_signs() {
        let entry = b"..PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a";
        let mut program = b"..MZ\x90\0".to_vec();
        program.resize(2 + 0x3C, 0);
        program.extend(b"\x40\0\0\0PE\0\0");
        for (bytes, foreign) in [
            (&entry[..], Foreign::Archive),
            (b"..Rar!\x1a\x07\x01\0", Foreign::Archive),
            (b"..7z\xbc\xaf\x27\x1c\0\x04", Foreign::Archive),
            (&program, Foreign::Program),
            (b"..\x7fELF\x02\x01\x01\0", Foreign::Program),
            (b"..<HTML><body>", Foreign::Page),
            (b"..<ScRiPt >alert(1)", Foreign::Page),
            (b"..<svg xmlns='http://www.w3.org/2000/svg'>", Foreign::Page),
            (b"..<?php echo 1;", Foreign::Script),
        ] {
            assert_eq!(certain(bytes), Some(foreign), "{bytes:?}");
            assert_eq!(in_text(bytes), Some(foreign), "{bytes:?}");
        }
    }

    #[test]
    fn of_several_signs_the_first_in_the_list_counts_wherever_it_stands() {
        let archive = b"#!/bin/sh <script> javascript: Rar!\x1a\x07";
        assert_eq!(certain(archive), Some(Foreign::Archive));
        assert_eq!(certain(b"javascript: <script> "), Some(Foreign::Page));
        assert_eq!(certain(b"javascript: "), Some(Foreign::Script));
        // One begins inside what another only looks like.
        assert_eq!(certain(b"MSCF\0\0\0MZRar!\x1a\x07"), Some(Foreign::Archive));
    }

    #[test]
    fn every_tag_is_found_among_the_signs_in_either_case() {
        for (tag, _) in TAGS {
            for tag in [tag.to_ascii_lowercase(), tag.to_ascii_uppercase()] {
                let page = [&b"..."[..], &tag, b" xmlns>"].concat();
                assert!(certain(&page).is_some(), "{tag:?}");
                assert_eq!(certain(&page), super::tag(&page), "{tag:?}");
            }
        }
    }

    #[test]
    fn no_sign_begins_another() {
        for (at, (sign, ..)) in ANYWHERE.iter().enumerate() {
            let others = ANYWHERE.iter().enumerate().filter(|(other, _)| *other != at);
            assert!(
                others.into_iter().all(|(_, (other, ..))| !other.starts_with(sign)),
                "{sign:?}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_a_sign_is_none() {
        for bytes in [
            &b"..PK\x03\x04 a word of four letters and then text of some length"[..],
            b"PK\x05\x06\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
            b"<htmlx> <scripture> <?phpx",
            b"..MZ without anything behind it that a program has",
            b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF/></x:xmpmeta>",
        ] {
            assert_eq!(certain(bytes), None, "{bytes:?}");
        }
        assert_eq!(in_text(b"MZ is how this caption begins"), None);
        assert_eq!(in_text(b"Taken on the way to the <b>harbour</b>"), None);
    }

    #[test]
    fn letters_of_two_bytes_and_calls_count_in_texts() {
        let wide: Vec<u8> = b"<script>x</script>".iter().flat_map(|&byte| [byte, 0]).collect();
        assert_eq!(in_text(&wide), Some(Foreign::Page));
        assert_eq!(in_text(b"*/=alert(1);//"), Some(Foreign::Script));
        assert_eq!(certain(b"*/=alert(1);//"), None);
    }

    #[test]
    fn a_tape_is_known_by_its_checksum() {
        let mut block = [0u8; 512];
        block[..4].copy_from_slice(b"name");
        block[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum::<u32>() + 8 * 32;
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert_eq!(certain(&[&b"pixels"[..], &block].concat()), Some(Foreign::Archive));
        block[0] ^= 1;
        assert_eq!(certain(&block), None);
    }
}
