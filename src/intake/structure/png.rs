//! Walks the chunks of a PNG (W3C PNG, third edition, §5).

use super::{Cursor, Draft, Extent, Header, State, Walk};
use crate::intake::foreign::Place;
use crate::intake::foreign::nook::{Nook, Stored};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// From the signature to IEND. Checksums are the decoder's business.
pub(super) fn walk(bytes: &[u8]) -> Walk {
    let mut draft = Draft::default();
    let mut cursor = Cursor { bytes, at: 0 };
    if cursor.take(SIGNATURE.len()) != Some(&SIGNATURE) {
        return draft.end(State::Corrupt, bytes.len());
    }
    loop {
        let Some((kind, body)) = chunk(&mut cursor) else {
            return draft.end(State::Truncated, bytes.len());
        };
        match kind {
            b"IHDR" => match header(body) {
                Some(header) if draft.header.is_none() => {
                    draft.header = Some(header);
                    draft.takes(bits(body));
                }
                _ => return draft.end(State::Corrupt, bytes.len()),
            },
            _ if draft.header.is_none() => return draft.end(State::Corrupt, bytes.len()),
            b"acTL" => {
                let frames = Cursor { bytes: body, at: 0 }.u32_be().unwrap_or(1);
                if let Some(header) = &mut draft.header {
                    header.frames = frames.max(1);
                }
            }
            b"eXIf" => {
                // Behind the data stands the checksum.
                let end = cursor.at - 4;
                draft.exif = Some(Extent { start: end - body.len(), end });
            }
            b"IEND" => return draft.end(State::Whole, cursor.at),
            _ => {}
        }
    }
}

/// Type and data of the next chunk; length and checksum are stepped over.
fn chunk<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let length = cursor.u32_be()?;
    let kind = cursor.take(4)?;
    let body = cursor.take(usize::try_from(length).ok()?)?;
    cursor.take(4)?;
    Some((kind, body))
}

/// Bits a pixel, as the header tells depth and colour type.
fn bits(body: &[u8]) -> u32 {
    let [.., depth, colour, _, _, _] = body else {
        return 0;
    };
    let samples = match colour {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    samples * u32::from(*depth)
}

/// Chunks that hold nothing but numbers about the picture, and its pixels.
const NUMBERS: &[&[u8; 4]] = &[
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"sBIT", b"sRGB", b"bKGD",
    b"hIST", b"pHYs", b"sPLT", b"tIME", b"acTL", b"fcTL", b"fdAT", b"cICP", b"mDCV", b"cLLI",
];

/// Texts, the profile, the camera's notes, and chunks that nobody knows.
pub(super) fn nooks(bytes: &[u8]) -> Vec<Nook> {
    let mut nooks = Vec::new();
    let mut cursor = Cursor { bytes, at: SIGNATURE.len() };
    while let Some((kind, body)) = chunk(&mut cursor) {
        let end = cursor.at - 4;
        let start = end - body.len();
        // Names end with a zero.
        let behind_name = |from: usize| {
            let name = body.get(from..)?;
            Some(from + memchr::memchr(0, name)? + 1)
        };
        match kind {
            b"IEND" => break,
            b"tEXt" => {
                let text = behind_name(0).unwrap_or(0);
                nooks.push(Nook::plain(Place::Comment, start, start + text));
                nooks.push(Nook::plain(Place::Comment, start + text, end));
            }
            b"eXIf" => nooks.push(Nook::plain(Place::Metadata, start, end)),
            b"zTXt" | b"iCCP" => {
                let place = if kind == b"iCCP" { Place::Profile } else { Place::Comment };
                // Behind the name stands the method.
                let packed = behind_name(0).map_or(end, |at| start + at + 1).min(end);
                nooks.push(Nook::plain(place, start, packed));
                nooks.push(Nook { stored: Stored::Deflated, ..Nook::plain(place, packed, end) });
            }
            b"iTXt" => {
                let place = match body.starts_with(b"XML:com.adobe.xmp\0") {
                    true => Place::Metadata,
                    false => Place::Comment,
                };
                let at = behind_name(0).unwrap_or(body.len());
                // Flag and method, then the language and the name in it.
                let text = behind_name(at + 2).and_then(behind_name).unwrap_or(body.len());
                nooks.push(Nook::plain(place, start, start + text));
                let is_packed = body.get(at) == Some(&1);
                let stored = if is_packed { Stored::Deflated } else { Stored::Plain };
                nooks.push(Nook { stored, ..Nook::plain(place, start + text, end) });
            }
            kind if NUMBERS.iter().any(|known| *known == kind) => {}
            _ => nooks.push(Nook::plain(Place::Gap, start, end)),
        }
    }
    nooks
}

fn header(body: &[u8]) -> Option<Header> {
    let mut cursor = Cursor { bytes: body, at: 0 };
    let (width, height) = (cursor.u32_be()?, cursor.u32_be()?);
    (width > 0 && height > 0).then_some(Header { width, height, frames: 1, pages: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_chunks(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        for (kind, body) in chunks {
            bytes.extend((body.len() as u32).to_be_bytes());
            bytes.extend(*kind);
            bytes.extend(*body);
            bytes.extend([0; 4]);
        }
        bytes
    }

    const IHDR: &[u8] = &[0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0];

    #[test]
    fn a_png_is_whole_at_iend_and_truncated_before() {
        let bytes = with_chunks(&[(b"IHDR", IHDR), (b"IDAT", &[1, 2, 3]), (b"IEND", &[])]);
        assert_eq!(walk(&bytes).state, State::Whole);
        assert_eq!(walk(&bytes).end, bytes.len());
        for cut in 8..bytes.len() {
            assert_eq!(walk(&bytes[..cut]).state, State::Truncated, "cut at {cut}");
        }
    }

    #[test]
    fn an_animation_control_chunk_tells_the_frames() {
        let animation = [0, 0, 0, 7, 0, 0, 0, 0];
        let bytes = with_chunks(&[(b"IHDR", IHDR), (b"acTL", &animation), (b"IEND", &[])]);
        assert_eq!(walk(&bytes).header.unwrap().frames, 7);
    }

    #[test]
    fn a_png_that_does_not_begin_with_its_header_is_corrupt() {
        let bytes = with_chunks(&[(b"IDAT", &[1]), (b"IHDR", IHDR), (b"IEND", &[])]);
        assert_eq!(walk(&bytes).state, State::Corrupt);
    }
}
