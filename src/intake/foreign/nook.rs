//! Where in a file bytes may lie that are no pixels: comments, metadata, profiles, and what lies between
//! the parts.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::Place;
use crate::intake::structure::Extent;

/// A place that readers of pictures step over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nook {
    /// What it is there for.
    pub place: Place,
    /// Where its bytes lie.
    pub extent: Extent,
    /// How they are stored.
    pub stored: Stored,
}

/// How the bytes of a nook are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As they are.
    Plain,
    /// In blocks of up to 255 bytes, each behind its length.
    Blocks,
    /// Compressed by deflate, with the header of zlib.
    Deflated,
}

/// Of a compressed nook no more than this is looked at for signs, which stand at its beginning.
const MOST_SEEN: u64 = 1 << 20;

/// Nor more of all of them in a file.
pub const MOST_SEEN_OF_ALL: u64 = 8 << 20;

/// Nor is more of it measured; a limit above this holds nothing back.
pub const MOST_MEASURED: u64 = 64 << 20;

impl Nook {
    /// One that is stored as it is.
    pub const fn plain(place: Place, start: usize, end: usize) -> Self {
        Self { place, extent: Extent { start, end }, stored: Stored::Plain }
    }

    /// Its bytes within `file`, unpacked as far as signs are looked for; `budget` is what may still be
    /// unpacked of this file.
    pub fn bytes<'a>(&self, file: &'a [u8], budget: &mut u64) -> Cow<'a, [u8]> {
        let stored = self.slice(file);
        match self.stored {
            Stored::Plain => stored.into(),
            Stored::Blocks => joined(stored).into(),
            Stored::Deflated => {
                let mut unpacked = Vec::new();
                let mut reader = ZlibDecoder::new(stored).take(MOST_SEEN.min(*budget));
                // What breaks off or goes wrong gives what came before.
                let _ = reader.read_to_end(&mut unpacked);
                *budget -= unpacked.len() as u64;
                unpacked.into()
            }
        }
    }

    /// Bytes that it unpacks to, as far as they are measured: `budget` is what may still be unpacked of
    /// this file, so that thousands of bombs cost no more than one.
    pub fn unpacked_size(&self, file: &[u8], budget: &mut u64) -> u64 {
        let stored = self.slice(file);
        if self.stored != Stored::Deflated {
            return stored.len() as u64;
        }
        let mut reader = ZlibDecoder::new(stored).take(*budget);
        let (mut buffer, mut size) = ([0; 1 << 14], 0);
        while let Ok(length @ 1..) = reader.read(&mut buffer) {
            size += length as u64;
        }
        *budget -= size;
        size
    }

    fn slice<'a>(&self, file: &'a [u8]) -> &'a [u8] {
        file.get(self.extent.start..self.extent.end).unwrap_or_default()
    }
}

/// Blocks without their lengths.
fn joined(mut blocks: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some((&length, rest)) = blocks.split_first() {
        let (block, rest) = rest.split_at(usize::from(length).min(rest.len()));
        bytes.extend(block);
        blocks = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    #[test]
    fn blocks_are_joined_and_break_off_where_the_bytes_do() {
        let nook = Nook { stored: Stored::Blocks, ..Nook::plain(Place::Comment, 1, 9) };
        assert_eq!(*nook.bytes(b"!\x02ab\x03cde\x09f", &mut 0), *b"abcde");
    }

    #[test]
    fn a_bomb_is_measured_only_as_far_as_the_budget_goes() {
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&vec![0; 3 << 20]).unwrap();
        let packed = packed.finish().unwrap();
        let whole = Nook::plain(Place::Comment, 0, packed.len());
        let nook = Nook { stored: Stored::Deflated, ..whole };
        let mut budget = 4 << 20;
        assert_eq!(nook.unpacked_size(&packed, &mut budget), 3 << 20);
        assert_eq!(nook.unpacked_size(&packed, &mut budget), 1 << 20);
        assert_eq!(nook.unpacked_size(&packed, &mut budget), 0);
        budget = (3 << 20) / 2;
        assert_eq!(nook.bytes(&packed, &mut budget).len(), 1 << 20);
        assert_eq!(nook.bytes(&packed, &mut budget).len(), 1 << 19);
    }
}
