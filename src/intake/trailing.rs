//! Does something follow the end of the picture that no camera put there?

use serde::{Deserialize, Serialize};

use crate::intake::Sniffed;
use crate::intake::structure::{Announced, State, jpeg_length};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// Bytes follow the end marker that are neither padding nor a block that cameras append: an
    /// archive, a script or a second document can hide there. Unknown bytes are for a person to judge.
    pub TRAILING_DATA = Error {
        en: "The file carries {size} of other data behind the picture"
            => "Open the picture and save or export it again, then upload the new file",
        zh: "图片结束标记之后还附带 {size} 的其他数据" => "请打开图片后另存或重新导出，再上传新文件",
    }
}

/// The check `file.trailing`.
pub struct Trailing;

/// What follows the end marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Nothing.
    Nothing,
    /// Zeros, 0xFF or white space.
    Padding,
    /// What cameras and phones append: further pictures, a video, a vendor's block.
    Camera,
    /// An archive, a document, a page, a script or a program.
    Payload,
    /// Anything else.
    Unknown,
}

/// How much follows and what it looks like.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    bytes: u64,
    content: Content,
}

/// How much of unknown content passes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_unknown_bytes: u64,
}

impl Check for Trailing {
    const ID: &'static str = "file.trailing";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&TRAILING_DATA];
    const NEEDS: Needs = Needs::Header;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        let walk = sniffed.walk.as_ref().ok_or(Unreadable::because("no-walker"))?;
        if matches!(walk.state, State::Truncated | State::Corrupt) {
            return Err(Unreadable::because("no-end-marker"));
        }
        let trailer = &sniffed.bytes[walk.end..];
        Ok(Reading { bytes: trailer.len() as u64, content: classify(trailer, walk.announced) })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let bytes = Measurement::of("file.trailing", reading.bytes as f64, "By");
        vec![match reading.content {
            Content::Nothing | Content::Padding | Content::Camera => bytes,
            Content::Payload => bytes.at_most(0.0),
            Content::Unknown => bytes.at_most(limits.max_unknown_bytes as f64),
        }]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let [bytes] = Self::measurements(reading, limits).try_into().ok()?;
        bytes.is_broken().then(|| {
            Finding::of(&TRAILING_DATA)
                .doubtful_if(reading.content == Content::Unknown)
                .because(bytes)
                .with("size", crate::intake::size::readable(reading.bytes))
        })
    }
}

/// Blocks that cameras, phones and their editors append, by how they begin (ExifTool's list of
/// trailers, plus what phones write).
const CAMERA_STARTS: &[&[u8]] = &[
    b"CANON OPTIONAL DATA\0",
    b"streamdata",
    b"vivo{",
    b"~\x10\x04\x05zmie",
    b"~\x18\x04\x05zmie",
];

/// And by how they end: Samsung, Photo Mechanic, AFCP, FotoStation.
const CAMERA_ENDS: &[&[u8]] = &[b"SEFT", b"cbipcbbl", b"AXS!", b"AXS*", b"\xa1\xb2\xc3\xd4"];

/// How things begin that have no business behind a picture.
const PAYLOAD_STARTS: &[&[u8]] =
    &[b"PK\x03\x04", b"MZ", b"\x7fELF", b"#!", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"<svg"];

/// And what gives them away further in; long enough not to occur by chance in a video.
const PAYLOAD_WORDS: &[&[u8]] = &[
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"%PDF-",
    b"<?php",
    b"<script",
    b"<SCRIPT",
    b"<html",
    b"<HTML",
    b"<iframe",
    b"javascript:",
];

/// A ZIP is read from its end: the end record lies in the last 64 KiB and 22 bytes.
const ZIP_END: &[u8] = b"PK\x05\x06";
const ZIP_END_REACH: usize = 65_535 + 22;

fn classify(trailer: &[u8], announced: Announced) -> Content {
    let padding = |byte: &u8| matches!(byte, 0x00 | 0xFF | b' ' | b'\r' | b'\n' | b'\t');
    if trailer.is_empty() {
        return Content::Nothing;
    }
    let Some(start) = trailer.iter().position(|byte| !padding(byte)) else {
        return Content::Padding;
    };
    // A JPEG marker's 0xFF looks like padding.
    let mut rest = &trailer[start..];
    if rest.starts_with(&[0xD8, 0xFF]) && start > 0 {
        rest = &trailer[start - 1..];
    }
    if announced.pictures && rest.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return match jpeg_length(rest) {
            Some(length) => camera_or(classify(&rest[length..], announced)),
            None => Content::Unknown,
        };
    }
    if PAYLOAD_STARTS.iter().any(|start| rest.starts_with(start)) || contains_payload(rest) {
        return Content::Payload;
    }
    // The box length before the word may begin with zeros, which looked like padding.
    let video = memchr::memmem::find(&rest[..rest.len().min(8)], b"ftyp").is_some();
    if (announced.video && video)
        || CAMERA_STARTS.iter().any(|start| rest.starts_with(start))
        || CAMERA_ENDS.iter().any(|end| rest.ends_with(end))
    {
        return Content::Camera;
    }
    Content::Unknown
}

fn contains_payload(bytes: &[u8]) -> bool {
    let last = &bytes[bytes.len().saturating_sub(ZIP_END_REACH)..];
    let holds = |bytes, word| memchr::memmem::find(bytes, word).is_some();
    PAYLOAD_WORDS.iter().any(|word| holds(bytes, word)) || holds(last, ZIP_END)
}

/// What a camera's picture followed by `rest` is: as bad as the rest.
const fn camera_or(rest: Content) -> Content {
    match rest {
        Content::Nothing | Content::Padding | Content::Camera => Content::Camera,
        worse => worse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: Announced = Announced { pictures: false, video: false };

    #[test]
    fn trailing_padding_and_camera_blocks_are_no_fault() {
        assert_eq!(classify(b"", SILENT), Content::Nothing);
        assert_eq!(classify(&[0; 4096], SILENT), Content::Padding);
        assert_eq!(classify(b"\0\0Image_UTC_DataSEFH....SEFT", SILENT), Content::Camera);
        assert_eq!(classify(b"CANON OPTIONAL DATA\0rest", SILENT), Content::Camera);
    }

    #[test]
    fn trailing_archives_documents_and_scripts_are_payload_even_behind_padding() {
        for payload in [&b"PK\x03\x04zip"[..], b"\0\0\0%PDF-1.7", b"<html>", b"x<?php echo 1;"] {
            assert_eq!(classify(payload, SILENT), Content::Payload);
        }
    }

    #[test]
    fn a_camera_end_mark_does_not_hide_an_archive() {
        assert_eq!(classify(b"PK\x03\x04zipSEFT", SILENT), Content::Payload);
    }

    #[test]
    fn a_video_is_a_cameras_only_where_the_header_announces_it() {
        let video = b"\0\0\0\x18ftypmp42";
        let announced = Announced { pictures: false, video: true };
        assert_eq!(classify(video, SILENT), Content::Unknown);
        assert_eq!(classify(video, announced), Content::Camera);
    }

    #[test]
    fn trailing_unknown_bytes_are_for_review_and_payload_is_for_rejection() {
        let limits = Limits { max_unknown_bytes: 16 };
        let judge = |bytes, content| Trailing::judge(&Reading { bytes, content }, &limits);
        assert!(judge(16, Content::Unknown).is_none());
        assert!(judge(17, Content::Unknown).unwrap().doubtful);
        assert!(!judge(1, Content::Payload).unwrap().doubtful);
        assert!(judge(9_000_000, Content::Camera).is_none());
    }
}
