//! Reads the headers of a BMP: sizes, and whether all rows are there.

use super::{Cursor, Draft, Header, State, Walk};
use crate::intake::foreign::Place;
use crate::intake::foreign::nook::Nook;

/// The sizes that the second header comes in: OS/2 1.x and 2.x, Windows 3 to 5.
const HEADER_SIZES: &[u32] = &[12, 16, 40, 52, 56, 64, 108, 124];
const CORE_HEADER: u32 = 12;

/// How the pixels are stored.
const UNCOMPRESSED: [u32; 3] = [0, 3, 6];

/// Whether the bytes begin as a BMP does; "BM" alone also begins letters.
pub(in crate::intake) fn begins(bytes: &[u8]) -> bool {
    let size = Cursor { bytes, at: 14 }.u32_le();
    bytes.starts_with(b"BM") && size.is_none_or(|size| HEADER_SIZES.contains(&size))
}

/// From the file header to the last row.
pub(super) fn walk(bytes: &[u8]) -> Walk {
    let draft = Draft::default();
    let Some(layout) = layout(bytes) else {
        return draft.end(State::Truncated, bytes.len());
    };
    let (Ok(width), height) = (u32::try_from(layout.width), layout.height.unsigned_abs()) else {
        return draft.end(State::Corrupt, bytes.len());
    };
    if width == 0 || height == 0 || !matches!(layout.bits, 1 | 2 | 4 | 8 | 16 | 24 | 32) {
        return draft.end(State::Corrupt, bytes.len());
    }
    let header = Header { width, height, frames: 1, pages: 1 };
    let mut draft = Draft { header: Some(header), ..Draft::default() };
    draft.takes(layout.bits.into());
    let told = usize::try_from(layout.file_size).ok();
    if !UNCOMPRESSED.contains(&layout.compression) {
        // Run lengths end where they end; only the file header knows.
        return match told.filter(|&told| told as u64 > layout.pixels_at) {
            Some(told) if told > bytes.len() => draft.end(State::Truncated, bytes.len()),
            Some(told) => draft.end(State::Whole, told),
            None => draft.end(State::Whole, bytes.len()),
        };
    }
    match rows_end(&layout) {
        Some(rows_end) if rows_end <= bytes.len() => {
            // Old writers leave the file size empty or wrong; a profile may follow the rows.
            let told = told.filter(|&told| told <= bytes.len()).unwrap_or(0);
            draft.end(State::Whole, rows_end.max(told))
        }
        _ => draft.end(State::Truncated, bytes.len()),
    }
}

/// What lies between the headers and the pixels, colours and masks too, and behind the pixels.
pub(super) fn nooks(bytes: &[u8]) -> Vec<Nook> {
    let Some(layout) = layout(bytes) else {
        return Vec::new();
    };
    let headers = 14usize.saturating_add(Cursor { bytes, at: 14 }.u32_le().unwrap_or(0) as usize);
    let pixels = usize::try_from(layout.pixels_at).unwrap_or(usize::MAX).min(bytes.len());
    let mut nooks = Vec::new();
    if headers < pixels {
        nooks.push(Nook::plain(Place::Gap, headers, pixels));
    }
    if let Some(end) = rows_end(&layout).filter(|&end| end < bytes.len()) {
        nooks.push(Nook::plain(Place::Gap, end, bytes.len()));
    }
    nooks
}

/// Where the last row ends; `None` of run lengths, which end where they end, and of absurd sizes.
fn rows_end(layout: &Layout) -> Option<usize> {
    if !UNCOMPRESSED.contains(&layout.compression) {
        return None;
    }
    // Rows are padded to four bytes. In 128 bits: 2³¹ × 32 bits × 2³¹ rows overflow less.
    let bits = u128::from(layout.width.unsigned_abs()) * u128::from(layout.bits);
    let rows = bits.div_ceil(32) * 4 * u128::from(layout.height.unsigned_abs());
    usize::try_from(u128::from(layout.pixels_at) + rows).ok()
}

struct Layout {
    file_size: u32,
    pixels_at: u64,
    width: i32,
    /// Negative where the first row is the topmost.
    height: i32,
    bits: u16,
    compression: u32,
}

fn layout(bytes: &[u8]) -> Option<Layout> {
    let mut cursor = Cursor { bytes, at: 2 };
    let file_size = cursor.u32_le()?;
    cursor.take(4)?;
    let pixels_at = cursor.u32_le()?.into();
    let size = cursor.u32_le()?;
    let core = size == CORE_HEADER;
    let (width, height) = match core {
        true => (cursor.u16_le()?.into(), cursor.u16_le()?.into()),
        false => (cursor.u32_le()?.cast_signed(), cursor.u32_le()?.cast_signed()),
    };
    cursor.take(2)?;
    let bits = cursor.u16_le()?;
    let compression = if core { 0 } else { cursor.u32_le()? };
    Some(Layout { file_size, pixels_at, width, height, bits, compression })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(width: i32, height: i32, bits: u16, pixels: usize) -> Vec<u8> {
        let mut bytes = b"BM".to_vec();
        bytes.extend((54 + pixels as u32).to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(54u32.to_le_bytes());
        bytes.extend(40u32.to_le_bytes());
        bytes.extend(width.to_le_bytes());
        bytes.extend(height.to_le_bytes());
        bytes.extend(1u16.to_le_bytes());
        bytes.extend(bits.to_le_bytes());
        bytes.extend([0; 24]);
        bytes.resize(54 + pixels, 0);
        bytes
    }

    #[test]
    fn rows_are_padded_and_may_run_from_the_top() {
        for height in [2, -2] {
            let bytes = of(3, height, 24, 24);
            let walk = walk(&bytes);
            assert_eq!((walk.state, walk.end), (State::Whole, 78));
            assert_eq!(walk.header, Some(Header { width: 3, height: 2, frames: 1, pages: 1 }));
        }
    }

    #[test]
    fn a_bmp_cut_anywhere_is_truncated() {
        let bytes = of(3, 2, 24, 24);
        for cut in 2..bytes.len() {
            assert_eq!(walk(&bytes[..cut]).state, State::Truncated, "cut at {cut}");
        }
    }

    #[test]
    fn absurd_sides_are_reported_and_never_computed_with() {
        let walk = walk(&of(i32::MAX, i32::MIN, 32, 4));
        let header = walk.header.unwrap();
        assert_eq!((header.width, header.height), (0x7FFF_FFFF, 0x8000_0000));
        assert_eq!(walk.state, State::Truncated);
        assert_eq!(super::walk(&of(-3, 2, 24, 24)).state, State::Corrupt);
        assert_eq!(super::walk(&of(3, 0, 24, 24)).state, State::Corrupt);
    }

    #[test]
    fn a_letter_that_begins_with_bm_is_no_bmp() {
        assert!(begins(&of(3, 2, 24, 24)));
        assert!(!begins(b"BMW AG, Petuelring 130, Munich"));
    }
}
