//! Walks the blocks of a GIF (GIF89a specification, §17 to §27).

use super::{Cursor, Draft, Header, State, Walk};
use crate::intake::foreign::Place;
use crate::intake::foreign::nook::{Nook, Stored};

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2C;
const TRAILER: u8 = 0x3B;

/// From the signature to the trailer, counting pictures.
pub(super) fn walk(bytes: &[u8]) -> Walk {
    let mut draft = Draft::default();
    let mut cursor = Cursor { bytes, at: 6 };
    let Some((width, height)) = cursor.u16_le().zip(cursor.u16_le()) else {
        return draft.end(State::Truncated, bytes.len());
    };
    if width == 0 || height == 0 {
        return draft.end(State::Corrupt, bytes.len());
    }
    let header = Header { width: width.into(), height: height.into(), frames: 0, pages: 1 };
    draft.header = Some(header);
    draft.takes(8);
    let Some(state) = blocks(&mut cursor, &mut draft) else {
        return draft.end(State::Truncated, bytes.len());
    };
    let end = if state == State::Whole { cursor.at } else { bytes.len() };
    draft.end(state, end)
}

/// Comments and extensions, each as it is stored and without the lengths of its blocks.
pub(super) fn nooks(bytes: &[u8]) -> Vec<Nook> {
    let mut nooks = Vec::new();
    let mut cursor = Cursor { bytes, at: 10 };
    let mut draft = Draft::default();
    // Where the blocks break off, what came before is there all the same.
    let _ = blocks_seen(&mut cursor, &mut draft, &mut |label, start, end| {
        let place = match label {
            0xFE => Place::Comment,
            0xF9 => return,
            _ => Place::Metadata,
        };
        let plain = Nook::plain(place, start, end);
        nooks.extend([plain.clone(), Nook { stored: Stored::Blocks, ..plain }]);
    });
    nooks
}

/// `None` where the bytes run out.
fn blocks(cursor: &mut Cursor<'_>, draft: &mut Draft) -> Option<State> {
    blocks_seen(cursor, draft, &mut |_, _, _| {})
}

/// The same; each extension is told by its label and where its blocks lie.
fn blocks_seen(
    cursor: &mut Cursor<'_>,
    draft: &mut Draft,
    seen: &mut dyn FnMut(u8, usize, usize),
) -> Option<State> {
    let flags = cursor.byte()?;
    cursor.take(2)?;
    skip_colour_table(cursor, flags)?;
    loop {
        match cursor.byte()? {
            EXTENSION => {
                let label = cursor.byte()?;
                let start = cursor.at;
                skip_sub_blocks(cursor)?;
                seen(label, start, cursor.at);
            }
            IMAGE => {
                cursor.take(8)?;
                let flags = cursor.byte()?;
                skip_colour_table(cursor, flags)?;
                cursor.byte()?;
                skip_sub_blocks(cursor)?;
                if let Some(header) = &mut draft.header {
                    header.frames += 1;
                }
            }
            TRAILER => {
                let empty = draft.header.is_none_or(|header| header.frames == 0);
                return Some(if empty { State::Corrupt } else { State::Whole });
            }
            _ => return Some(State::Corrupt),
        }
    }
}

fn skip_colour_table(cursor: &mut Cursor<'_>, flags: u8) -> Option<()> {
    if flags & 0x80 != 0 {
        cursor.take(3 << ((flags & 0x07) + 1))?;
    }
    Some(())
}

fn skip_sub_blocks(cursor: &mut Cursor<'_>) -> Option<()> {
    loop {
        match cursor.byte()? {
            0 => return Some(()),
            length => cursor.take(length.into())?,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_frames(frames: usize) -> Vec<u8> {
        let mut bytes = b"GIF89a".to_vec();
        bytes.extend([3, 0, 2, 0, 0x80, 0, 0]);
        bytes.extend([0; 6]);
        for _ in 0..frames {
            bytes.extend([EXTENSION, 0xF9, 4, 0, 0, 0, 0, 0]);
            bytes.extend([IMAGE, 0, 0, 0, 0, 3, 0, 2, 0, 0, 2, 2, 0x4C, 0x01, 0]);
        }
        bytes.push(TRAILER);
        bytes
    }

    #[test]
    fn frames_are_counted_and_the_trailer_ends_the_file() {
        let mut bytes = with_frames(3);
        let length = bytes.len();
        bytes.extend(b"more");
        let walk = walk(&bytes);
        assert_eq!(walk.header, Some(Header { width: 3, height: 2, frames: 3, pages: 1 }));
        assert_eq!((walk.state, walk.end), (State::Whole, length));
    }

    #[test]
    fn a_gif_without_its_trailer_is_truncated_and_one_without_a_picture_corrupt() {
        let bytes = with_frames(1);
        assert_eq!(walk(&bytes[..bytes.len() - 1]).state, State::Truncated);
        assert_eq!(walk(&with_frames(0)).state, State::Corrupt);
    }
}
