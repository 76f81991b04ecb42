//! Walks the directories of a TIFF (TIFF 6.0, §2 and §8): its pages, and whether all strips are there.

use super::ifd::{Directory, Entry, Fault, Tiff};
use super::{Draft, Extent, Header, State, Walk};
use crate::intake::foreign::Place;
use crate::intake::foreign::nook::Nook;

/// Directories after which nobody goes on counting; far more than any limit on pages.
const MAX_DIRECTORIES: usize = 1024;

/// Strips and tiles in the whole file; the smallest tiles of a poster are fewer.
const MAX_CHUNKS: usize = 1 << 20;

/// How many times over strips and tiles may use the same bytes. Honest ones use them once; a bomb
/// would let thousands of them inflate the same megabytes.
const MAX_REUSE: u64 = 4;

/// Tags by their numbers.
pub mod tag {
    #![expect(missing_docs, reason = "the names are those of the specification")]
    pub const NEW_SUBFILE_TYPE: u16 = 254;
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS_PER_SAMPLE: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const SAMPLES_PER_PIXEL: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_BYTE_COUNTS: u16 = 279;
    pub const PLANAR_CONFIGURATION: u16 = 284;
    pub const T4_OPTIONS: u16 = 292;
    pub const PREDICTOR: u16 = 317;
    pub const COLOUR_MAP: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_LENGTH: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_BYTE_COUNTS: u16 = 325;
    pub const SUB_DIRECTORIES: u16 = 330;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const JPEG_OFFSET: u16 = 513;
    pub const JPEG_LENGTH: u16 = 514;
    pub const YCBCR_SUBSAMPLING: u16 = 530;
    pub const EXIF_DIRECTORY: u16 = 34665;
    pub const ICC_PROFILE: u16 = 34675;
    pub const GPS_DIRECTORY: u16 = 34853;
    pub const INTEROP_DIRECTORY: u16 = 40965;
}

/// Tags that point to further directories.
const POINTERS: [u16; 4] =
    [tag::SUB_DIRECTORIES, tag::EXIF_DIRECTORY, tag::GPS_DIRECTORY, tag::INTEROP_DIRECTORY];

/// Tags that say where pixels lie, and how many bytes of them.
const CHUNKS: [(u16, u16); 3] = [
    (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS),
    (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS),
    (tag::JPEG_OFFSET, tag::JPEG_LENGTH),
];

/// Texts and notes that are looked into; scans have a dozen a page.
const MAX_NOOKS: usize = 4096;

/// Tags whose bytes are no notes.
const NUMBERS: [u16; 1] = [tag::JPEG_TABLES];

/// Tags without whose values no pixel can be told.
const INDISPENSABLE: &[u16] = &[
    tag::BITS_PER_SAMPLE,
    tag::STRIP_OFFSETS,
    tag::STRIP_BYTE_COUNTS,
    tag::COLOUR_MAP,
    tag::TILE_OFFSETS,
    tag::TILE_BYTE_COUNTS,
    tag::JPEG_TABLES,
    tag::ICC_PROFILE,
];

/// The chain of directories, as far as it goes, and how it ends.
pub(super) fn chain(bytes: &[u8]) -> (Vec<Directory<'_>>, State) {
    let Some((tiff, mut at)) = Tiff::open(bytes) else {
        return (Vec::new(), if bytes.len() < 16 { State::Truncated } else { State::Corrupt });
    };
    let (mut directories, mut visited) = (Vec::new(), Vec::new());
    while at != 0 && directories.len() <= MAX_DIRECTORIES {
        if visited.contains(&at) {
            return (directories, State::Corrupt);
        }
        visited.push(at);
        match tiff.directory(at) {
            Ok(directory) => {
                at = directory.next;
                directories.push(directory);
            }
            Err(Fault::Beyond) => return (directories, State::Truncated),
            Err(Fault::Absurd) => return (directories, State::Corrupt),
        }
    }
    let state = if directories.is_empty() { State::Corrupt } else { State::Whole };
    (directories, state)
}

/// The pages of a TIFF in order: neither thumbnails nor masks of other pages.
pub fn pages(bytes: &[u8]) -> Vec<Directory<'_>> {
    let (mut directories, _) = chain(bytes);
    directories.retain(|directory| is_page(*directory));
    directories
}

fn is_page(directory: Directory<'_>) -> bool {
    const REDUCED_OR_MASK: u64 = 0b101;
    let kind = directory.value(tag::NEW_SUBFILE_TYPE).unwrap_or(0);
    kind & REDUCED_OR_MASK == 0 && size(directory).is_some()
}

/// From the header along the chain of directories to the furthest byte that any of them names.
pub(super) fn walk(bytes: &[u8]) -> Walk {
    let (directories, state) = chain(bytes);
    let mut draft = Draft { header: header(&directories), ..Draft::default() };
    if draft.header.is_some() {
        draft.exif = Some(Extent { start: 0, end: bytes.len() });
    }
    draft.unpacked =
        directories.iter().map(|directory| unpacked(*directory)).fold(0, u64::saturating_add);
    let mut reach = Reach { end: 0, chunks: 0, stored: 0, visited: Vec::new() };
    let state = match state {
        State::Whole => directories.iter().try_for_each(|&directory| reach.add(directory, 0)),
        broken => Err(broken),
    };
    match state {
        Ok(()) if draft.header.is_some() => draft.end(State::Whole, reach.end),
        Ok(()) => draft.end(State::Corrupt, bytes.len()),
        Err(state) => draft.end(state, bytes.len()),
    }
}

/// Bytes that a page takes as deep as it is stored.
fn unpacked(directory: Directory<'_>) -> u64 {
    let Some((width, height)) = size(directory).filter(|_| is_page(directory)) else {
        return 0;
    };
    let number = |tag| directory.value(tag).unwrap_or(1);
    let bits = number(tag::BITS_PER_SAMPLE).saturating_mul(number(tag::SAMPLES_PER_PIXEL));
    (u64::from(width) * u64::from(height)).saturating_mul(bits).div_ceil(8)
}

/// What a camera wrote, in a directory of its own.
fn exif(directory: Directory<'_>) -> Option<Directory<'_>> {
    let at = directory.value(tag::EXIF_DIRECTORY)?;
    directory.tiff().directory(at).ok()
}

/// Texts, notes and profiles of every directory.
pub(super) fn nooks(bytes: &[u8]) -> Vec<Nook> {
    let mut nooks = Vec::new();
    let (directories, _) = chain(bytes);
    for directory in directories.iter().flat_map(|it| [Some(*it), exif(*it)]).flatten() {
        for entry in directory.entries().filter(|entry| !NUMBERS.contains(&entry.tag)) {
            let place = match entry.tag {
                tag::ICC_PROFILE => Place::Profile,
                _ if entry.is_text() => Place::Comment,
                _ => Place::Metadata,
            };
            let extent = entry.is_bytes().then(|| entry.extent()).flatten();
            nooks.extend(extent.map(|extent| Nook::plain(place, extent.start, extent.end)));
            if nooks.len() >= MAX_NOOKS {
                return nooks;
            }
        }
    }
    nooks
}

/// The size of the largest page: that is what decoding needs.
fn header(directories: &[Directory<'_>]) -> Option<Header> {
    let pages: Vec<_> = directories.iter().filter(|directory| is_page(**directory)).collect();
    // A raw photo has only thumbnails in its chain.
    let sized = if pages.is_empty() { directories.iter().collect() } else { pages };
    let largest = sized
        .iter()
        .filter_map(|directory| size(**directory))
        .max_by_key(|&(width, height)| u64::from(width) * u64::from(height))?;
    let (width, height) = largest;
    Some(Header { width, height, frames: 1, pages: sized.len() as u32 })
}

fn size(directory: Directory<'_>) -> Option<(u32, u32)> {
    let side = |tag| directory.value(tag).and_then(|side| u32::try_from(side).ok());
    side(tag::WIDTH).zip(side(tag::HEIGHT)).filter(|&(width, height)| width > 0 && height > 0)
}

/// How far the file reaches by its own account.
struct Reach {
    end: usize,
    chunks: usize,
    /// Bytes of all strips and tiles.
    stored: u64,
    visited: Vec<usize>,
}

impl Reach {
    /// Levels of directories below the chain; EXIF has two.
    const MAX_DEPTH: usize = 3;

    fn add(&mut self, directory: Directory<'_>, depth: usize) -> Result<(), State> {
        if depth > Self::MAX_DEPTH || self.visited.contains(&directory.end) {
            return Ok(());
        }
        if self.visited.len() > MAX_DIRECTORIES {
            return Err(State::Corrupt);
        }
        self.visited.push(directory.end);
        self.end = self.end.max(directory.end);
        let tiff = directory.tiff();
        for entry in directory.entries() {
            // A private tag may hold anything, and nobody misses its values.
            self.extend(tiff, entry.at, entry.size, INDISPENSABLE.contains(&entry.tag))?;
            if POINTERS.contains(&entry.tag) {
                self.below(tiff, entry, depth)?;
            }
        }
        for (offsets, lengths) in CHUNKS {
            let Some(offsets) = directory.values(offsets) else {
                continue;
            };
            self.chunks += offsets.count();
            if self.chunks > MAX_CHUNKS {
                return Err(State::Corrupt);
            }
            let lengths = directory.values(lengths);
            for (index, offset) in offsets.iter().enumerate() {
                // Some writers leave the lengths out: then the pixels may reach to the end.
                let rest = || (tiff.size() as u64).saturating_sub(offset).max(1);
                let length = lengths.and_then(|lengths| lengths.get(index));
                self.stored = self.stored.saturating_add(length.unwrap_or(0));
                self.extend(tiff, offset, length.unwrap_or_else(rest), depth == 0)?;
            }
        }
        let allowed = MAX_REUSE * tiff.size() as u64;
        if self.stored <= allowed { Ok(()) } else { Err(State::Corrupt) }
    }

    fn below(&mut self, tiff: Tiff<'_>, entry: Entry<'_>, depth: usize) -> Result<(), State> {
        let offsets = entry.values().into_iter().flat_map(|values| values.iter());
        for offset in offsets.take(MAX_DIRECTORIES) {
            if let Ok(directory) = tiff.directory(offset) {
                self.add(directory, depth + 1)?;
            }
        }
        Ok(())
    }

    fn extend(&mut self, tiff: Tiff<'_>, at: u64, size: u64, needed: bool) -> Result<(), State> {
        match at.checked_add(size).and_then(|end| usize::try_from(end).ok()) {
            Some(end) if end <= tiff.size() => self.end = self.end.max(end),
            _ if needed => return Err(State::Truncated),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Directories of one-byte pages, little endian, each pointing to the next of `nexts`.
    fn with_pages(nexts: &[u32]) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        for next in nexts {
            let entries = [(256u16, 3u32), (257, 1), (258, 8), (273, 4), (279, 3)];
            bytes.extend((entries.len() as u16).to_le_bytes());
            for (tag, value) in entries {
                bytes.extend(tag.to_le_bytes());
                bytes.extend([4, 0, 1, 0, 0, 0]);
                bytes.extend(value.to_le_bytes());
            }
            bytes.extend(next.to_le_bytes());
        }
        bytes
    }

    /// Bytes of one of those directories.
    const EACH: u32 = 66;

    #[test]
    fn pages_are_counted_and_are_no_frames() {
        let bytes = with_pages(&[8 + EACH, 8 + 2 * EACH, 0]);
        let walk = walk(&bytes);
        assert_eq!((walk.state, walk.end), (State::Whole, bytes.len()));
        assert_eq!(walk.header, Some(Header { width: 3, height: 1, frames: 1, pages: 3 }));
    }

    #[test]
    fn a_chain_that_bites_its_tail_is_corrupt() {
        assert_eq!(walk(&with_pages(&[8])).state, State::Corrupt);
        assert_eq!(walk(&with_pages(&[8 + EACH, 8])).state, State::Corrupt);
    }

    #[test]
    fn a_tiff_cut_anywhere_is_truncated() {
        let bytes = with_pages(&[8 + EACH, 0]);
        for cut in 8..bytes.len() {
            assert_eq!(walk(&bytes[..cut]).state, State::Truncated, "cut at {cut}");
        }
    }

    #[test]
    fn a_strip_beyond_the_end_is_missing() {
        let mut bytes = with_pages(&[0]);
        bytes[8 + 2 + 3 * 12 + 8] = 200;
        assert_eq!(walk(&bytes).state, State::Truncated);
    }

    #[test]
    fn strips_that_all_use_the_same_bytes_are_corrupt() {
        let sharing: Vec<u32> = (1..20).map(|page| 8 + page * EACH).chain([0]).collect();
        let mut bytes = with_pages(&sharing);
        let whole = bytes.len() as u32;
        for page in 0..20 {
            let at = 8 + page * EACH as usize + 2 + 3 * 12 + 8;
            bytes[at..at + 4].copy_from_slice(&0u32.to_le_bytes());
            bytes[at + 12..at + 16].copy_from_slice(&whole.to_le_bytes());
        }
        assert_eq!(walk(&bytes).state, State::Corrupt);
    }

    #[test]
    fn what_follows_the_furthest_byte_is_not_the_pictures() {
        let mut bytes = with_pages(&[0]);
        bytes.extend(b"PK\x03\x04");
        assert_eq!(walk(&bytes).end, bytes.len() - 4);
    }
}
