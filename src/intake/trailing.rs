//! Does something follow the end of the picture that no camera put there?

use serde::{Deserialize, Serialize};

use crate::intake::Sniffed;
use crate::intake::foreign::{Foreign, sign};
use crate::intake::structure::{Announced, State, jpeg_length};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// Bytes follow the end marker that are neither padding nor a block that cameras append: an
    /// archive, a script or a second document can hide there. Unknown bytes are for a person to judge.
    pub TRAILING_DATA = Error {
        en: "{size} of other data follow the picture in the file"
            => "Open the picture and save or export it again, then upload the new file",
        zh: "文件中图片之后还附带 {size} 其他数据" => "请打开图片后另存或重新导出，再上传新文件",
    }
}

/// The check `file.trailing`.
pub struct Trailing;

/// What follows the end marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Which kind of file it is, where it is one that is known; older readings do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    foreign: Option<Foreign>,
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
        let (content, foreign) = classify(trailer, walk.announced);
        Ok(Reading { bytes: trailer.len() as u64, content, foreign })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let bytes = Measurement::of("file.trailing", reading.bytes as f64, "By");
        vec![match reading.content {
            Content::Nothing | Content::Padding | Content::Camera => bytes,
            Content::Payload => bytes.at_most(0.0),
            // A picture of its own is too much however small.
            Content::Unknown if reading.foreign.is_some() => bytes.at_most(0.0),
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

/// What follows the end, and which kind of file it is where it is one.
fn classify(trailer: &[u8], announced: Announced) -> (Content, Option<Foreign>) {
    let padding = |byte: &u8| matches!(byte, 0x00 | 0xFF | b' ' | b'\r' | b'\n' | b'\t');
    let (mut rest, mut content) = (trailer, Content::Nothing);
    // One picture after the other, as many as there are; each as bad as the worst.
    loop {
        let Some(start) = rest.iter().position(|byte| !padding(byte)) else {
            let last = if rest.is_empty() { Content::Nothing } else { Content::Padding };
            // A picture that was announced may carry anything all the same.
            return unknown_or(trailer, content.max(last));
        };
        // A JPEG marker's 0xFF looks like padding.
        let marker = rest[start..].starts_with(&[0xD8, 0xFF]) && start > 0;
        rest = &rest[if marker { start - 1 } else { start }..];
        if !announced.pictures || !rest.starts_with(&[0xFF, 0xD8, 0xFF]) {
            break;
        }
        let Some(length) = jpeg_length(rest) else {
            return unknown_or(trailer, Content::Unknown);
        };
        content = Content::Camera;
        rest = &rest[length..];
    }
    // The box length before the word may begin with zeros, which looked like padding.
    let video = memchr::memmem::find(&rest[..rest.len().min(8)], b"ftyp").is_some();
    let known = (announced.video && video)
        || CAMERA_STARTS.iter().any(|start| rest.starts_with(start))
        || CAMERA_ENDS.iter().any(|end| rest.ends_with(end));
    // Videos hold every short word by chance.
    let foreign = if known { sign::at_start(rest) } else { sign::in_text(rest) };
    match foreign {
        Some(foreign) => (Content::Payload, Some(foreign)),
        None if known => unknown_or(trailer, Content::Camera),
        None => match unknown_or(trailer, Content::Unknown) {
            (content, None) if infer::is_image(rest) => (content, Some(Foreign::Picture)),
            other => other,
        },
    }
}

/// The content, unless anything in the trailer is a file of its own for certain.
fn unknown_or(trailer: &[u8], content: Content) -> (Content, Option<Foreign>) {
    let document = || sign::document(trailer).then_some(Foreign::Document);
    match sign::certain(trailer).or_else(document) {
        Some(foreign) => (Content::Payload, Some(foreign)),
        None => (content, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content_of(trailer: &[u8], announced: Announced) -> Content {
        classify(trailer, announced).0
    }

    const SILENT: Announced = Announced { pictures: false, video: false };

    #[test]
    fn trailing_padding_and_camera_blocks_are_no_fault() {
        assert_eq!(content_of(b"", SILENT), Content::Nothing);
        assert_eq!(content_of(&[0; 4096], SILENT), Content::Padding);
        assert_eq!(content_of(b"\0\0Image_UTC_DataSEFH....SEFT", SILENT), Content::Camera);
        assert_eq!(content_of(b"CANON OPTIONAL DATA\0rest", SILENT), Content::Camera);
    }

    #[test]
    fn trailing_archives_documents_and_scripts_are_payload_even_behind_padding() {
        for payload in [&b"PK\x03\x04zip"[..], b"\0\0\0%PDF-1.7", b"<html>", b"x<?php echo 1;"] {
            assert_eq!(content_of(payload, SILENT), Content::Payload);
        }
    }

    #[test]
    fn an_announced_picture_hides_nothing() {
        let picture = |comment: &[u8]| {
            let length = [0, comment.len() as u8 + 2];
            let frame = b"\xFF\xC0\0\x0B\x08\0\x01\0\x01\x01\x01\x11\0";
            let scan = b"\xFF\xDA\0\x08\x01\x01\0\0\x3F\0\x12\xFF\xD9";
            [b"\xFF\xD8\xFF\xFE", &length[..], comment, frame, scan].concat()
        };
        let announced = Announced { pictures: true, video: false };
        assert_eq!(content_of(&picture(b"a gain map"), announced), Content::Camera);
        assert_eq!(content_of(&picture(b"a gain map"), SILENT), Content::Unknown);
        let hides = picture(b"<script>alert(1)</script>");
        assert_eq!(content_of(&hides, announced), Content::Payload);
        assert_eq!(content_of(&hides, SILENT), Content::Payload);
    }

    #[test]
    fn a_camera_end_mark_does_not_hide_an_archive() {
        assert_eq!(content_of(b"PK\x03\x04zipSEFT", SILENT), Content::Payload);
    }

    #[test]
    fn a_video_is_a_cameras_only_where_the_header_announces_it() {
        let video = b"\0\0\0\x18ftypmp42";
        let announced = Announced { pictures: false, video: true };
        assert_eq!(content_of(video, SILENT), Content::Unknown);
        assert_eq!(content_of(video, announced), Content::Camera);
    }

    #[test]
    fn trailing_unknown_bytes_are_for_review_and_payload_is_for_rejection() {
        let limits = Limits { max_unknown_bytes: 16 };
        let judge =
            |bytes, content| Trailing::judge(&Reading { bytes, content, foreign: None }, &limits);
        assert!(judge(16, Content::Unknown).is_none());
        assert!(judge(17, Content::Unknown).unwrap().doubtful);
        assert!(!judge(1, Content::Payload).unwrap().doubtful);
        assert!(judge(9_000_000, Content::Camera).is_none());
    }
}
