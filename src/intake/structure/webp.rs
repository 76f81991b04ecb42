//! Walks the chunks of a WebP (RFC 9649, §2).

use super::{Cursor, Draft, Extent, Header, State, Walk};
use crate::intake::foreign::Place;
use crate::intake::foreign::nook::Nook;

/// Where the picture's chunks lie within a frame of an animation.
const FRAME_HEADER: usize = 16;

/// From the RIFF header to the end that it names.
pub(super) fn walk(bytes: &[u8]) -> Walk {
    let mut draft = Draft::default();
    let mut cursor = Cursor { bytes, at: 0 };
    if cursor.take(4) != Some(b"RIFF") {
        return draft.end(State::Corrupt, bytes.len());
    }
    let Some(length) = cursor.u32_le() else {
        return draft.end(State::Truncated, bytes.len());
    };
    let end = cursor.at.saturating_add(length as usize);
    let Some(body) = bytes.get(..end) else {
        // What is there of the header is still worth reporting.
        read_chunks(&mut Cursor { bytes, at: 12 }, &mut draft);
        return draft.end(State::Truncated, bytes.len());
    };
    let read = read_chunks(&mut Cursor { bytes: body, at: 12 }, &mut draft);
    // Lossless pictures have four samples a pixel, lossy ones three.
    draft.takes(if bytes.get(12..16) == Some(b"VP8 ") { 24 } else { 32 });
    let drawn = draft.header.is_some_and(|header| header.frames > 0);
    match read {
        Some(()) if drawn => draft.end(State::Whole, end),
        _ => draft.end(State::Corrupt, bytes.len()),
    }
}

/// `None` where a chunk reaches beyond the bytes.
fn read_chunks(cursor: &mut Cursor<'_>, draft: &mut Draft) -> Option<()> {
    while cursor.at < cursor.bytes.len() {
        let kind = cursor.take(4)?;
        let length = cursor.u32_le()? as usize;
        let start = cursor.at;
        // The header of the last chunk tells the size of a file that ends within it.
        let body = cursor.bytes.get(start..)?;
        let body = &body[..length.min(body.len())];
        match kind {
            b"VP8X" => see(draft, canvas(body), 0),
            b"VP8 " => see(draft, lossy(body), 1),
            b"VP8L" => see(draft, lossless(body), 1),
            b"ANMF" => {
                see(draft, frame(body), 1);
                // A frame may hide a larger picture than it declares.
                let inner = body.get(FRAME_HEADER..).and_then(of_frame);
                see(draft, inner, 0);
            }
            b"EXIF" => draft.exif = Some(Extent { start, end: start.saturating_add(length) }),
            _ => {}
        }
        cursor.take(length)?;
        if length % 2 == 1 && cursor.at < cursor.bytes.len() {
            cursor.take(1)?;
        }
    }
    Some(())
}

/// Chunks that are no picture.
pub(super) fn nooks(bytes: &[u8]) -> Vec<Nook> {
    let mut nooks = Vec::new();
    let mut cursor = Cursor { bytes, at: 12 };
    while let Some(kind) = cursor.take(4) {
        let Some(length) = cursor.u32_le().map(|length| length as usize) else {
            break;
        };
        let start = cursor.at;
        let end = start.saturating_add(length).min(bytes.len());
        match kind {
            b"VP8X" | b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ANMF" => {}
            b"ICCP" => nooks.push(Nook::plain(Place::Profile, start, end)),
            b"EXIF" | b"XMP " => nooks.push(Nook::plain(Place::Metadata, start, end)),
            _ => nooks.push(Nook::plain(Place::Gap, start, end)),
        }
        if length.checked_add(length % 2).and_then(|length| cursor.take(length)).is_none() {
            break;
        }
    }
    nooks
}

/// Counts pictures, and keeps the largest size that any header claims: that is what a decoder needs.
fn see(draft: &mut Draft, size: Option<(u32, u32)>, pictures: u32) {
    let Some((width, height)) = size.filter(|&(width, height)| width > 0 && height > 0) else {
        return;
    };
    let header = draft.header.get_or_insert(Header { width, height, frames: 0, pages: 1 });
    header.width = header.width.max(width);
    header.height = header.height.max(height);
    header.frames += pictures;
}

fn canvas(body: &[u8]) -> Option<(u32, u32)> {
    let mut cursor = Cursor { bytes: body, at: 4 };
    Some((cursor.u24_le()? + 1, cursor.u24_le()? + 1))
}

fn frame(body: &[u8]) -> Option<(u32, u32)> {
    let mut cursor = Cursor { bytes: body, at: 6 };
    Some((cursor.u24_le()? + 1, cursor.u24_le()? + 1))
}

/// The first picture among the chunks of a frame; an alpha chunk may come before it.
fn of_frame(chunks: &[u8]) -> Option<(u32, u32)> {
    let mut cursor = Cursor { bytes: chunks, at: 0 };
    loop {
        let kind = cursor.take(4)?;
        let length = cursor.u32_le()? as usize;
        let body = cursor.bytes.get(cursor.at..)?;
        match kind {
            b"VP8 " => return lossy(body),
            b"VP8L" => return lossless(body),
            _ => cursor.take(length.checked_add(length % 2)?)?,
        };
    }
}

/// A key frame of VP8 (RFC 6386, §9.1).
fn lossy(body: &[u8]) -> Option<(u32, u32)> {
    let mut cursor = Cursor { bytes: body, at: 3 };
    if cursor.take(3)? != [0x9D, 0x01, 0x2A] {
        return None;
    }
    // The two bits above are a hint for scaling.
    let mut side = || cursor.u16_le().map(|side| u32::from(side & 0x3FFF));
    Some((side()?, side()?))
}

/// The header of VP8L (RFC 9649, §3.4).
fn lossless(body: &[u8]) -> Option<(u32, u32)> {
    let mut cursor = Cursor { bytes: body, at: 0 };
    if cursor.byte()? != 0x2F {
        return None;
    }
    let bits = cursor.u32_le()?;
    Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_vec();
        bytes.extend((body.len() as u32).to_le_bytes());
        bytes.extend(body);
        bytes.extend(std::iter::repeat_n(0, body.len() % 2));
        bytes
    }

    fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = chunks.concat();
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((body.len() as u32 + 4).to_le_bytes());
        bytes.extend(b"WEBP");
        bytes.extend(body);
        bytes
    }

    /// VP8L of 16,383 × 2 pixels.
    const WIDE: &[u8] = &[0x2F, 0xFE, 0x7F, 0x00, 0x00, 1, 2, 3];

    #[test]
    fn a_lossless_webp_is_whole_at_the_end_of_its_riff_and_truncated_before() {
        let mut bytes = riff(&[chunk(b"VP8L", WIDE)]);
        let length = bytes.len();
        for cut in 12..length {
            assert_eq!(walk(&bytes[..cut]).state, State::Truncated, "cut at {cut}");
        }
        bytes.extend(b"more");
        let walk = walk(&bytes);
        assert_eq!((walk.state, walk.end), (State::Whole, length));
        assert_eq!(walk.header, Some(Header { width: 16_383, height: 2, frames: 1, pages: 1 }));
    }

    #[test]
    fn a_small_canvas_does_not_hide_a_large_picture() {
        let canvas = chunk(b"VP8X", &[0, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
        let header = walk(&riff(&[canvas, chunk(b"VP8L", WIDE)])).header.unwrap();
        assert_eq!((header.width, header.height), (16_383, 2));
    }

    #[test]
    fn frames_of_an_animation_are_counted() {
        let canvas = chunk(b"VP8X", &[2, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
        let frame = chunk(b"ANMF", &[0; 24]);
        let walk = walk(&riff(&[canvas, frame.clone(), frame]));
        assert_eq!(walk.header.unwrap().frames, 2);
    }

    #[test]
    fn a_webp_without_a_picture_is_corrupt() {
        let canvas = chunk(b"VP8X", &[0, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
        assert_eq!(walk(&riff(&[canvas])).state, State::Corrupt);
        let mut lying = riff(&[chunk(b"VP8L", WIDE)]);
        lying[16] = 200;
        assert_eq!(walk(&lying).state, State::Corrupt);
    }
}
