//! Walks the segments of a JPEG (ITU-T T.81, annex B).

use memchr::memchr;
use rten_simd::{Isa, SimdOp};

use super::{Cursor, Draft, Extent, Header, State, Walk};
use crate::intake::foreign::Place;
use crate::intake::foreign::nook::Nook;

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const APP1: u8 = 0xE1;
const APP2: u8 = 0xE2;
const COM: u8 = 0xFE;

/// How an APP1 segment of EXIF begins.
const EXIF: &[u8] = b"Exif\0\0";

/// From SOI to the EOI of the primary picture; thumbnails inside segments are stepped over.
pub(super) fn walk(bytes: &[u8]) -> Walk {
    let mut draft = Draft::default();
    let mut cursor = Cursor { bytes, at: 0 };
    let mut passes = Passes::default();
    if cursor.take(2) != Some(&[0xFF, SOI]) {
        return draft.end(State::Corrupt, bytes.len());
    }
    loop {
        let Some(marker) = next_marker(&mut cursor) else {
            return draft.end(State::Truncated, bytes.len());
        };
        match marker {
            EOI => {
                let state = match draft.header {
                    None => State::Corrupt,
                    Some(_) if passes.exotic => State::Exotic,
                    Some(_) if passes.are_missing() => State::Incomplete,
                    Some(_) => State::Whole,
                };
                return draft.end(state, cursor.at);
            }
            // Markers without a length: restarts and TEM.
            0x01 | 0xD0..=0xD7 => continue,
            0x00 | SOI => return draft.end(State::Corrupt, bytes.len()),
            _ => {}
        }
        let Some(body) =
            cursor.u16_be().and_then(|length| cursor.take(usize::from(length).checked_sub(2)?))
        else {
            return draft.end(State::Truncated, bytes.len());
        };
        match marker {
            // SOF0..SOF15 without DHT, JPG and DAC.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) && draft.header.is_none() => {
                match frame(body) {
                    Some(header) => {
                        draft.header = Some(header);
                        passes = Passes::of_frame(marker, body);
                        draft.progressive = passes.progressive;
                        draft.takes(u32::from(body[0]).next_multiple_of(8) * u32::from(body[5]));
                    }
                    None => return draft.end(State::Corrupt, bytes.len()),
                }
            }
            APP1 => {
                if body.starts_with(EXIF) && draft.exif.is_none() {
                    let start = cursor.at - body.len() + EXIF.len();
                    draft.exif = Some(Extent { start, end: cursor.at });
                }
                let says = |word: &[u8]| memchr::memmem::find(body, word).is_some();
                draft.announced.video |= says(b"MotionPhoto") || says(b"MicroVideo");
            }
            APP2 => draft.announced.pictures |= body.starts_with(b"MPF\0"),
            SOS => {
                passes.add(body);
                skip_entropy_coded(&mut cursor);
            }
            _ => {}
        }
    }
}

/// Segments that are no part of the coding, and stray bytes between segments.
pub(super) fn nooks(bytes: &[u8]) -> Vec<Nook> {
    let mut nooks = Vec::new();
    let mut cursor = Cursor { bytes, at: 2 };
    loop {
        let before = cursor.at;
        let marker = next_marker(&mut cursor);
        // The marker itself takes two bytes, which fill bytes may come before.
        let stray = cursor.at.saturating_sub(2);
        if bytes.get(before..stray).is_some_and(|stray| stray.iter().any(|byte| *byte != 0xFF)) {
            nooks.push(Nook::plain(Place::Gap, before, stray));
        }
        let body = match marker {
            None | Some(EOI) => return nooks,
            Some(0x00 | 0x01 | 0xD0..=SOI) => continue,
            Some(_) => cursor.u16_be().and_then(|it| cursor.take(usize::from(it).checked_sub(2)?)),
        };
        let Some(body) = body else {
            return nooks;
        };
        let place = match marker {
            Some(SOS) => {
                skip_entropy_coded(&mut cursor);
                continue;
            }
            // Frames, tables, restarts and sizes.
            Some(0xC0..=0xCF | 0xDB..=0xDF) => continue,
            Some(COM) => Place::Comment,
            Some(APP2) if body.starts_with(b"ICC_PROFILE\0") => Place::Profile,
            Some(0xE0..=0xEF) => Place::Metadata,
            _ => Place::Gap,
        };
        nooks.push(Nook::plain(place, cursor.at - body.len(), cursor.at));
    }
}

/// Which coefficients of which component the scans have given to their last bit.
#[derive(Default)]
struct Passes {
    exotic: bool,
    progressive: bool,
    /// Component and a bit a coefficient.
    complete: Vec<(u8, u64)>,
}

impl Passes {
    fn of_frame(marker: u8, body: &[u8]) -> Self {
        let components = body.get(6..).unwrap_or_default().chunks_exact(3);
        Self {
            exotic: !matches!(marker, 0xC0..=0xC2),
            progressive: marker == 0xC2,
            complete: components.map(|component| (component[0], 0)).collect(),
        }
    }

    /// Notes a scan header: count, then component and tables each, then Ss, Se and Ah·Al.
    fn add(&mut self, body: &[u8]) {
        let count = usize::from(body.first().copied().unwrap_or(0));
        let (Some(components), Some(range)) =
            (body.get(1..1 + 2 * count), body.get(1 + 2 * count..))
        else {
            return;
        };
        let &[first, last @ 0..=63, approximation, ..] = range else {
            return;
        };
        if approximation & 0x0F != 0 || first > last {
            return;
        }
        let bits = (u64::MAX >> (63 - last)) & (u64::MAX << first);
        for scanned in components.chunks_exact(2) {
            for (id, complete) in &mut self.complete {
                if *id == scanned[0] {
                    *complete |= bits;
                }
            }
        }
    }

    fn are_missing(&self) -> bool {
        self.progressive && self.complete.iter().any(|(_, complete)| *complete != u64::MAX)
    }
}

/// The marker at or after the cursor. Encoders may pad with 0xFF, careless ones with other bytes.
fn next_marker(cursor: &mut Cursor<'_>) -> Option<u8> {
    let rest = cursor.bytes.get(cursor.at..)?;
    cursor.at += memchr(0xFF, rest)?;
    loop {
        match cursor.byte()? {
            0xFF => {}
            marker => return Some(marker),
        }
    }
}

/// Moves to the next marker that ends the scan: not a stuffed 0xFF00, not a restart.
fn skip_entropy_coded(cursor: &mut Cursor<'_>) {
    let rest = cursor.bytes.get(cursor.at..).unwrap_or_default();
    cursor.at += EndOfScan { rest }.dispatch();
}

/// Looks for the marker that ends a scan: at every byte at once, as stuffing is too frequent to stop at.
struct EndOfScan<'a> {
    rest: &'a [u8],
}

/// Bytes that are looked at together.
const LANES: usize = 64;

impl SimdOp for EndOfScan<'_> {
    /// How far it is away.
    type Output = usize;

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) -> usize {
        // 0xFF comes again and again where an encoder fills up; the last one belongs to the marker.
        let ends =
            |byte: u8, next: u8| byte == 0xFF && next != 0 && next != 0xFF && next & 0xF8 != 0xD0;
        let mut before = 0;
        while let Some(near) = self.rest.get(before..=before + LANES) {
            let mut found = false;
            for (byte, next) in near[..LANES].iter().zip(&near[1..]) {
                found |= ends(*byte, *next);
            }
            if found {
                break;
            }
            before += LANES;
        }
        let left = self.rest.get(before..).unwrap_or_default();
        let found = left.windows(2).position(|pair| ends(pair[0], pair[1]));
        let broken_off = left.len() - usize::from(left.last() == Some(&0xFF));
        before + found.unwrap_or(broken_off)
    }
}

fn frame(body: &[u8]) -> Option<Header> {
    let mut cursor = Cursor { bytes: body, at: 1 };
    let (height, width) = (cursor.u16_be()?, cursor.u16_be()?);
    let components = cursor.byte()?;
    (width > 0 && height > 0 && components > 0).then(|| Header {
        width: width.into(),
        height: height.into(),
        frames: 1,
        pages: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SOI, a frame header of 3 × 2 pixels, a scan of two stuffed bytes and a restart.
    fn smallest() -> Vec<u8> {
        let mut bytes = vec![0xFF, SOI];
        bytes.extend([0xFF, 0xC0, 0, 11, 8, 0, 2, 0, 3, 1, 1, 0x11, 0]);
        bytes.extend([0xFF, SOS, 0, 8, 1, 1, 0, 0, 63, 0]);
        bytes.extend([0x12, 0xFF, 0x00, 0xFF, 0xD0, 0x34]);
        bytes.extend([0xFF, EOI]);
        bytes
    }

    #[test]
    fn the_walk_ends_behind_the_end_marker_whatever_follows() {
        let mut bytes = smallest();
        let length = bytes.len();
        bytes.extend(b"PK\x03\x04");
        let walk = walk(&bytes);
        assert_eq!(walk.state, State::Whole);
        assert_eq!(walk.end, length);
        assert_eq!(walk.header, Some(Header { width: 3, height: 2, frames: 1, pages: 1 }));
    }

    #[test]
    fn a_jpeg_cut_anywhere_is_truncated() {
        let bytes = smallest();
        for cut in 2..bytes.len() {
            assert_eq!(walk(&bytes[..cut]).state, State::Truncated, "cut at {cut}");
        }
    }

    /// The smallest as a progressive picture with these scans of its only component.
    fn progressive(scans: &[[u8; 3]]) -> Vec<u8> {
        let mut bytes = vec![0xFF, SOI];
        bytes.extend([0xFF, 0xC2, 0, 11, 8, 0, 2, 0, 3, 1, 1, 0x11, 0]);
        for scan in scans {
            bytes.extend([0xFF, SOS, 0, 8, 1, 1, 0]);
            bytes.extend(scan);
            bytes.push(0x12);
        }
        bytes.extend([0xFF, EOI]);
        bytes
    }

    #[test]
    fn a_progressive_picture_without_its_last_passes_is_incomplete() {
        let scans = [[0, 0, 0x01], [1, 63, 0x02], [0, 0, 0x10], [1, 63, 0x21], [1, 63, 0x10]];
        assert_eq!(walk(&progressive(&scans)).state, State::Whole);
        for kept in 1..scans.len() {
            assert_eq!(walk(&progressive(&scans[..kept])).state, State::Incomplete, "{kept}");
        }
    }

    #[test]
    fn a_scan_ends_at_the_first_marker_that_is_no_stuffing_and_no_restart_however_far_away() {
        for length in 0..200 {
            for kind in [[0xFF, 0x00], [0xFF, 0xD3], [0xFF, 0xFF], [0x12, 0x00]] {
                let mut bytes: Vec<u8> = kind.into_iter().cycle().take(2 * length).collect();
                bytes.extend([0x12, 0xFF, EOI, 0xFF, SOS]);
                let mut cursor = Cursor { bytes: &bytes, at: 0 };
                skip_entropy_coded(&mut cursor);
                let expected = if kind == [0xFF, 0xFF] && length > 0 {
                    // The last of them is a marker.
                    2 * length - 1
                } else {
                    2 * length + 1
                };
                assert_eq!(cursor.at, expected, "{length} {kind:?}");
                for broken_off in [2 * length, 2 * length + 2] {
                    let mut cursor = Cursor { bytes: &bytes[..broken_off], at: 0 };
                    skip_entropy_coded(&mut cursor);
                    let left = &bytes[cursor.at.min(broken_off)..broken_off];
                    assert!(left.is_empty() || left[0] == 0xFF, "{length} {kind:?}");
                }
            }
        }
    }

    #[test]
    fn arithmetic_coding_is_exotic() {
        let mut bytes = smallest();
        bytes[3] = 0xC9;
        assert_eq!(walk(&bytes).state, State::Exotic);
    }

    #[test]
    fn a_thumbnail_in_a_segment_does_not_end_the_picture() {
        let mut bytes = smallest();
        let thumbnail = smallest();
        let mut segment = vec![0xFF, APP1, 0, (thumbnail.len() + 2) as u8];
        segment.extend(thumbnail);
        bytes.splice(2..2, segment);
        assert_eq!(walk(&bytes).end, bytes.len());
    }

    #[test]
    fn a_frame_of_no_width_is_corrupt() {
        let mut bytes = smallest();
        bytes[10] = 0;
        assert_eq!(walk(&bytes).state, State::Corrupt);
    }
}
