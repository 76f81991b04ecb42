//! Walks the chunks of a PNG (W3C PNG, third edition, §5).

use super::{Cursor, Draft, Extent, Header, State, Walk};

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
                Some(header) if draft.header.is_none() => draft.header = Some(header),
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
