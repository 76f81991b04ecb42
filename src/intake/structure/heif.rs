//! Walks the boxes of a HEIF (ISO/IEC 14496-12, §4.2, and 23008-12): sizes, and whether all boxes are
//! there.

use super::{Cursor, Draft, Extent, Header, State, Walk};

/// What lies between the file and its picture sizes; the others hold no boxes that matter here.
const CONTAINERS: [&[u8; 4]; 3] = [b"meta", b"iprp", b"ipco"];

/// From the first box to the last.
pub(super) fn walk(bytes: &[u8]) -> Walk {
    let mut draft = Draft::default();
    let mut moves = false;
    let mut cursor = Cursor { bytes, at: 0 };
    while cursor.at < bytes.len() {
        let Some((kind, body)) = next_box(&mut cursor) else {
            // What follows the last box is not a box; what lacks its end is.
            let boxed = bytes.get(cursor.at + 4..cursor.at + 8).is_none_or(is_kind);
            let whole = !boxed && draft.header.is_some();
            return match whole {
                true => draft.end(State::Whole, cursor.at),
                false => draft.end(State::Truncated, bytes.len()),
            };
        };
        moves |= kind == b"moov";
        if kind == b"meta" {
            draft.exif = draft.exif.or_else(|| exif(bytes, body));
        }
        sizes(kind, body, 0, &mut draft);
    }
    draft.takes(24);
    if let Some(header) = draft.header.as_mut().filter(|_| moves) {
        header.frames = 2;
    }
    let state = if draft.header.is_some() { State::Whole } else { State::Corrupt };
    draft.end(state, bytes.len())
}

/// Keeps the largest size in the box or in those within it: that is what a decoder needs.
fn sizes(kind: &[u8], body: &[u8], depth: usize, draft: &mut Draft) {
    if kind == b"ispe" {
        let mut cursor = Cursor { bytes: body, at: 4 };
        let Some((width, height)) = cursor.u32_be().zip(cursor.u32_be()) else {
            return;
        };
        let area = |width: u32, height: u32| u64::from(width) * u64::from(height);
        let known = draft.header.map_or(0, |header| area(header.width, header.height));
        if area(width, height) > known {
            draft.header = Some(Header { width, height, frames: 1, pages: 1 });
        }
    } else if depth <= CONTAINERS.len() && CONTAINERS.iter().any(|container| *container == kind) {
        // Only "meta" has a version and flags before its boxes.
        let at = if kind == b"meta" { 4 } else { 0 };
        let mut cursor = Cursor { bytes: body, at };
        while let Some((kind, body)) = next_box(&mut cursor) {
            sizes(kind, body, depth + 1, draft);
        }
    }
}

/// Where the camera's notes lie: the item of that type, and the place that the items' table gives it.
fn exif(bytes: &[u8], meta: &[u8]) -> Option<Extent> {
    let mut cursor = Cursor { bytes: meta, at: 4 };
    let (mut item, mut places) = (None, None);
    while let Some((kind, body)) = next_box(&mut cursor) {
        match kind {
            b"iinf" => item = item.or_else(|| exif_item(body)),
            b"iloc" => places = Some(body),
            _ => {}
        }
    }
    let (start, length) = place(places?, item?)?;
    let notes = Cursor { bytes, at: start }.take(length)?;
    // Before the notes stands how far behind itself they begin.
    let skipped = usize::try_from(Cursor { bytes: notes, at: 0 }.u32_be()?).ok()?;
    let from = start.checked_add(skipped)?.checked_add(4)?;
    (from < start + length).then_some(Extent { start: from, end: start + length })
}

/// The number of the item of EXIF.
fn exif_item(body: &[u8]) -> Option<u32> {
    let mut cursor = Cursor { bytes: body, at: 0 };
    let wide = cursor.u32_be()? >> 24 > 0;
    cursor.take(if wide { 4 } else { 2 })?;
    while let Some((kind, entry)) = next_box(&mut cursor) {
        let mut entry = Cursor { bytes: entry, at: 0 };
        let version = entry.u32_be()? >> 24;
        if kind != b"infe" || version < 2 {
            continue;
        }
        let item = if version == 2 { entry.u16_be()?.into() } else { entry.u32_be()? };
        entry.take(2)?;
        if entry.take(4)? == b"Exif" {
            return Some(item);
        }
    }
    None
}

/// Offset and length of the first part of an item that lies in the file itself.
fn place(body: &[u8], wanted: u32) -> Option<(usize, usize)> {
    let mut cursor = Cursor { bytes: body, at: 0 };
    let version = cursor.u32_be()? >> 24;
    let (sizes, more) = (cursor.byte()?, cursor.byte()?);
    let [offset, length, base, index] =
        [sizes >> 4, sizes & 15, more >> 4, more & 15].map(usize::from);
    let number = |cursor: &mut Cursor<'_>, size: usize| {
        let digits = cursor.take(size)?.iter();
        usize::try_from(digits.fold(0u64, |sum, &digit| sum << 8 | u64::from(digit))).ok()
    };
    let wide = if version < 2 { 2 } else { 4 };
    for _ in 0..number(&mut cursor, wide)? {
        let item = number(&mut cursor, wide)?;
        let method = if version == 0 { 0 } else { number(&mut cursor, 2)? };
        number(&mut cursor, 2)?;
        let start = number(&mut cursor, base)?;
        let parts = number(&mut cursor, 2)?;
        for part in 0..parts {
            if version > 0 {
                number(&mut cursor, index)?;
            }
            let at = number(&mut cursor, offset)?;
            let long = number(&mut cursor, length)?;
            if item == wanted as usize && part == 0 && method == 0 {
                return Some((start.checked_add(at)?, long));
            }
        }
    }
    None
}

/// Type and content of the box at the cursor; `None` where it reaches beyond the end.
fn next_box<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let mut ahead = Cursor { bytes: cursor.bytes, at: cursor.at };
    let size = ahead.u32_be()?;
    let kind = ahead.take(4).filter(|kind| is_kind(kind))?;
    let length = match size {
        // To the end of the file.
        0 => ahead.bytes.len() - ahead.at,
        1 => {
            let (high, low) = (ahead.u32_be()?, ahead.u32_be()?);
            usize::try_from(u64::from(high) << 32 | u64::from(low)).ok()?.checked_sub(16)?
        }
        _ => usize::try_from(size).ok()?.checked_sub(8)?,
    };
    let body = ahead.take(length)?;
    cursor.at = ahead.at;
    Some((kind, body))
}

fn is_kind(kind: &[u8]) -> bool {
    kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn file() -> Vec<u8> {
        let size =
            |width: u8, height: u8| boxed(b"ispe", &[0, 0, 0, 0, 0, 0, 0, width, 0, 0, 0, height]);
        let sizes = boxed(b"ipco", &[size(2, 2), size(9, 7)].concat());
        let meta = boxed(b"meta", &[vec![0; 4], boxed(b"iprp", &sizes)].concat());
        [boxed(b"ftyp", b"heic"), meta, boxed(b"mdat", &[7; 40])].concat()
    }

    #[test]
    fn the_largest_size_counts_and_the_last_box_ends_the_file() {
        let walk = walk(&file());
        assert_eq!((walk.state, walk.end), (State::Whole, file().len()));
        assert_eq!(walk.header, Some(Header { width: 9, height: 7, frames: 1, pages: 1 }));
        let trailed = [file(), b"PK\x03\x04\x14\0\0\0 an archive".to_vec()].concat();
        assert_eq!(super::walk(&trailed).end, file().len());
    }

    #[test]
    fn a_heif_cut_within_a_box_is_truncated() {
        let bytes = file();
        for cut in bytes.len() - 39..bytes.len() {
            assert_eq!(walk(&bytes[..cut]).state, State::Truncated, "cut at {cut}");
        }
    }

    #[test]
    fn the_cameras_notes_are_found_where_the_table_of_items_says() {
        let entry = boxed(b"infe", b"\x02\0\0\0\0\x07\0\0Exif\0");
        let items = boxed(b"iinf", &[&[0, 0, 0, 0, 0, 1][..], &entry].concat());
        let notes = b"\0\0\0\x06Exif\0\0MM\0*";
        let file = |at: u8| {
            let place =
                [&[0, 0, 0, 0, 0x44, 0, 0, 1, 0, 7, 0, 0, 0, 1, 0, 0, 0, at][..], &[0, 0, 0, 14]];
            let meta = [&[0; 4][..], &items, &boxed(b"iloc", &place.concat())].concat();
            let whole = [boxed(b"ftyp", b"heic"), boxed(b"meta", &meta)].concat();
            [whole, boxed(b"mdat", notes)].concat()
        };
        let at = file(0).len() - notes.len();
        let bytes = file(at as u8);
        let exif = walk(&bytes).exif.unwrap();
        assert_eq!(&bytes[exif.start..exif.end], b"MM\0*");
        assert_eq!(walk(&file(250)).exif, None);
    }

    #[test]
    fn a_film_moves() {
        let bytes = [file(), boxed(b"moov", &[])].concat();
        assert_eq!(walk(&bytes).header.unwrap().frames, 2);
    }
}
