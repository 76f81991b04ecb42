//! Is the file something else besides the picture or document that it is?

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::intake::foreign::nook::MOST_SEEN_OF_ALL;
use crate::intake::foreign::{Foreign, Place, sign};
use crate::intake::pdf::MEDIA_TYPE;
use crate::intake::{Sniffed, structure};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The file is two things at once: other programs would find an archive, a document, a web page, a
    /// script or a program in it, before its header, in a comment, in its metadata, in its profile, in a
    /// gap or among its data. What follows its end is told apart, as `TRAILING_DATA`.
    pub POLYGLOT = Error {
        en: "The file also holds {foreign}"
            => "Open the picture and save or export it again, then upload the new file",
        zh: "文件中还藏有{foreign}" => "请打开图片后另存或重新导出，再上传新文件",
    }
}

/// The check `file.polyglot`.
pub struct Polyglot;

/// What else the file is, and in which sort of place; never what stands there.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    found: BTreeSet<(Foreign, Place)>,
}

/// Which kinds have no place in an upload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    refused: BTreeSet<Foreign>,
}

impl Check for Polyglot {
    const ID: &'static str = "file.polyglot";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&POLYGLOT];
    const NEEDS: Needs = Needs::Header;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        Ok(Reading { found: found(sniffed).ok_or(Unreadable::because("no-walker"))? })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let kinds = refused(reading, limits).len();
        vec![Measurement::of("file.foreign_kinds", kinds as f64, "1").at_most(0.0)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let kinds = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let refused = refused(reading, limits);
        let names = |language: usize, between: &str| {
            let names: Vec<&str> = refused.iter().map(|kind| kind.names()[language]).collect();
            names.join(between)
        };
        let found = Finding::of(&POLYGLOT).because(kinds);
        Some(found.with("foreign.en", names(0, ", ")).with("foreign.zh-CN", names(1, "、")))
    }
}

fn refused(reading: &Reading, limits: &Limits) -> BTreeSet<Foreign> {
    let kinds = reading.found.iter().map(|(foreign, _)| *foreign);
    kinds.filter(|kind| limits.refused.contains(kind)).collect()
}

/// `None` of a format that is not read here, which is refused for that.
fn found(sniffed: &Sniffed) -> Option<BTreeSet<(Foreign, Place)>> {
    let detected = sniffed.detected?;
    sniffed.walk?;
    let bytes = sniffed.whole();
    let is_document = detected.media_type == MEDIA_TYPE;
    let (mut found, mut budget) = (BTreeSet::new(), MOST_SEEN_OF_ALL);
    for nook in &sniffed.nooks {
        let own = nook.bytes(bytes, &mut budget);
        found.extend(sign::in_text(&own).map(|foreign| (foreign, nook.place)));
        // Cameras keep small pictures in their metadata, and nowhere else.
        let none_belongs = matches!(nook.place, Place::Comment | Place::Gap | Place::Before);
        if none_belongs && sign::picture(&own) {
            found.insert((Foreign::Picture, nook.place));
        }
    }
    let begins = sign::file_start(bytes).or_else(|| begins_as_script(bytes));
    found.extend(begins.map(|foreign| (foreign, Place::Start)));
    let reach = bytes.len().min(structure::pdf::HEADER_REACH);
    if !is_document && sign::document(&bytes[..reach]) {
        found.insert((Foreign::Document, Place::Start));
    }
    let start = if is_document { structure::pdf::begins(bytes).unwrap_or(0) } else { 0 };
    if let Some(foreign) = sign::certain(&bytes[start..]) {
        // In a nook it was seen already.
        if !found.iter().any(|(known, _)| *known == foreign) {
            found.insert((foreign, Place::Data));
        }
    }
    Some(found)
}

/// First bytes that are a name in JavaScript, followed by a comment or an assignment: where the sizes of
/// the picture should stand. What looks like it by chance has the right size.
fn begins_as_script(bytes: &[u8]) -> Option<Foreign> {
    const SCANNED: usize = 1 << 16;
    let closes = || {
        let ends = [b"*/=".as_slice(), b"*/ =", b"*/(", b"*/;", b"*/`", b"*/'", b"*/\""];
        let from = bytes.len().saturating_sub(SCANNED);
        let parts = [&bytes[..bytes.len().min(SCANNED)], &bytes[from..]];
        let holds =
            |end: &&[u8]| parts.iter().any(|part| memchr::memmem::find(part, end).is_some());
        ends.iter().any(holds)
    };
    let told = |at: usize| {
        let size = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes([size[0], size[1], size[2], size[3]]) as usize)
    };
    let script = match bytes {
        [b'G', b'I', b'F', b'8', _, b'a', rest @ ..] => match rest {
            [b'/', b'*', ..] => true,
            [b'=', first, second, ..] => {
                // As a size: at least 8,253 pixels, or one of three with a height that is text, too.
                let starts =
                    matches!(first, b'"' | b'\'' | b'`' | b'(' | b'[' | b'0'..=b'9' | b'/');
                let blank = matches!(first, b'\t' | b'\n' | b'\r' | b' ');
                starts || blank && matches!(second, b'"' | b'\'' | b'`')
            }
            _ => false,
        },
        // The length of the first segment is the beginning of a comment.
        [0xFF, 0xD8, 0xFF, 0xE0..=0xEF | 0xFE, b'/', b'*', ..] => closes(),
        [b'B', b'M', b'/', b'*', ..] => told(2) != Some(bytes.len()) || closes(),
        [b'B', b'M', b'=', ..] => told(2) != Some(bytes.len()) && closes(),
        [b'R', b'I', b'F', b'F', b'/', b'*', ..] => closes(),
        [b'R', b'I', b'F', b'F', b'=', ..] => closes(),
        _ => false,
    };
    script.then_some(Foreign::Script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_rules_refuse_is_a_fault_and_it_is_named_in_both_languages() {
        let limits = Limits { refused: [Foreign::Archive, Foreign::Page].into() };
        let judge = |found: &[(Foreign, Place)]| {
            Polyglot::judge(&Reading { found: found.iter().copied().collect() }, &limits)
        };
        assert!(judge(&[]).is_none());
        assert!(judge(&[(Foreign::Picture, Place::Gap)]).is_none());
        let finding =
            judge(&[(Foreign::Page, Place::Comment), (Foreign::Archive, Place::Data)]).unwrap();
        assert_eq!(finding.metadata["foreign.en"], "an archive, a web page");
        assert_eq!(finding.metadata["foreign.zh-CN"], "压缩包、网页");
        assert_eq!(finding.measurements[0].value, 2.0);
    }

    #[test]
    fn a_size_that_is_a_script_is_told_from_a_size() {
        assert_eq!(begins_as_script(b"GIF89a/*\x10\0..*/=1;"), Some(Foreign::Script));
        assert_eq!(begins_as_script(b"GIF89a=\"\x10\0"), Some(Foreign::Script));
        assert_eq!(begins_as_script(b"GIF89a=\x01\x10\0"), None, "317 pixels across");
        assert_eq!(begins_as_script(b"GIF89a=\x0A\x10\0"), None, "2,621 pixels across");
        assert_eq!(begins_as_script(b"\xFF\xD8\xFF\xE0/*\0\0..*/=1"), Some(Foreign::Script));
        assert_eq!(begins_as_script(b"\xFF\xD8\xFF\xE1/*Exif"), None);
    }
}
