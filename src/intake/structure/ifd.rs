//! Reads the directories of a TIFF (TIFF 6.0, §2; BigTIFF), which EXIF is made of too.
//!
//! Nothing is copied and nothing is believed: a value is looked up where an entry says that it lies,
//! and is absent when that is not within the bytes.

use super::Extent;

/// More entries than any writer puts into a directory; the largest known hold some hundreds.
const MAX_ENTRIES: u64 = 4096;

/// A TIFF's bytes and how its numbers are written.
#[derive(Clone, Copy, Debug)]
pub struct Tiff<'a> {
    bytes: &'a [u8],
    little_endian: bool,
    big: bool,
}

/// A list of tagged values.
#[derive(Clone, Copy, Debug)]
pub struct Directory<'a> {
    tiff: Tiff<'a>,
    entries: &'a [u8],
    /// Offset of the next directory; 0 for none.
    pub next: u64,
    /// Offset just behind this one.
    pub end: usize,
}

/// Why there is no directory at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It lies beyond the end of the bytes, in whole or in part.
    Beyond,
    /// It claims what no directory holds.
    Absurd,
}

/// One entry: where its values lie and how to read them.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    tiff: Tiff<'a>,
    /// What the values mean.
    pub tag: u16,
    kind: u16,
    count: u64,
    /// Offset of the values.
    pub at: u64,
    /// Bytes that the values take.
    pub size: u64,
}

/// The values of an entry that all lie within the bytes.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    tiff: Tiff<'a>,
    bytes: &'a [u8],
    /// Bytes a value; 0 where values are no whole numbers.
    each: usize,
}

impl<'a> Tiff<'a> {
    /// Reads the header; `None` when it is none. The second value is the first directory's offset.
    pub fn open(bytes: &'a [u8]) -> Option<(Self, u64)> {
        let little_endian = match bytes.get(..2)? {
            b"II" => true,
            b"MM" => false,
            _ => return None,
        };
        let tiff = Self { bytes, little_endian, big: false };
        match tiff.number(2, 2)? {
            42 => Some((tiff, tiff.number(4, 4)?)),
            // Offsets of eight bytes; no other width was ever defined.
            43 if tiff.number(4, 2)? == 8 => Some((Self { big: true, ..tiff }, tiff.number(8, 8)?)),
            _ => None,
        }
    }

    /// The directory at `offset`.
    pub fn directory(self, offset: u64) -> Result<Directory<'a>, Fault> {
        let (count_size, entry_size, next_size) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let at = usize::try_from(offset).map_err(|_| Fault::Beyond)?;
        let count = self.number(at, count_size).ok_or(Fault::Beyond)?;
        if count == 0 || count > MAX_ENTRIES {
            return Err(Fault::Absurd);
        }
        let start = at + count_size;
        let stop = start + count as usize * entry_size;
        let entries = self.bytes.get(start..stop).ok_or(Fault::Beyond)?;
        let next = self.number(stop, next_size).ok_or(Fault::Beyond)?;
        Ok(Directory { tiff: self, entries, next, end: stop + next_size })
    }

    /// The bytes from `at` on, `size` of them.
    pub fn slice(self, at: u64, size: u64) -> Option<&'a [u8]> {
        let at = usize::try_from(at).ok()?;
        self.bytes.get(at..at.checked_add(usize::try_from(size).ok()?)?)
    }

    /// Whether numbers begin with their lowest byte.
    pub const fn is_little_endian(self) -> bool {
        self.little_endian
    }

    /// How many bytes there are.
    pub const fn size(self) -> usize {
        self.bytes.len()
    }

    fn number(self, at: usize, size: usize) -> Option<u64> {
        let bytes = self.bytes.get(at..at.checked_add(size)?)?;
        Some(self.number_in(bytes))
    }

    fn number_in(self, bytes: &[u8]) -> u64 {
        let join = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        match self.little_endian {
            true => bytes.iter().rev().fold(0, join),
            false => bytes.iter().fold(0, join),
        }
    }
}

impl<'a> Directory<'a> {
    /// The entries in their order.
    pub fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        let tiff = self.tiff;
        let (each, wide) = if tiff.big { (20, 8) } else { (12, 4) };
        let base = self.end - self.entries.len() - wide;
        self.entries.chunks_exact(each).enumerate().map(move |(index, entry)| {
            let kind = tiff.number_in(&entry[2..4]) as u16;
            let count = tiff.number_in(&entry[4..4 + wide]);
            let size = count.saturating_mul(size_of_kind(kind) as u64);
            let inline = base + index * each + 4 + wide;
            let at = match size <= wide as u64 {
                true => inline as u64,
                false => tiff.number_in(&entry[4 + wide..]),
            };
            let tag = tiff.number_in(&entry[..2]) as u16;
            Entry { tiff, tag, kind, count, at, size }
        })
    }

    /// The first entry of a tag.
    pub fn entry(self, tag: u16) -> Option<Entry<'a>> {
        self.entries().find(|entry| entry.tag == tag)
    }

    /// The values of a tag; `None` where it is missing or lies beyond the end.
    pub fn values(self, tag: u16) -> Option<Values<'a>> {
        self.entry(tag)?.values()
    }

    /// The first value of a tag.
    pub fn value(self, tag: u16) -> Option<u64> {
        self.values(tag)?.get(0)
    }

    /// The first value of a tag that holds fractions.
    pub fn fraction(self, tag: u16) -> Option<f64> {
        const FRACTION: u16 = 5;
        let entry = self.entry(tag).filter(|entry| entry.kind == FRACTION)?;
        let (over, under) = entry.values()?.bytes().get(..8)?.split_at(4);
        let [over, under] = [over, under].map(|half| self.tiff.number_in(half) as f64);
        (under > 0.0).then(|| over / under)
    }

    /// The TIFF that it is part of.
    pub const fn tiff(self) -> Tiff<'a> {
        self.tiff
    }
}

impl<'a> Entry<'a> {
    /// Whether the values are a text.
    pub const fn is_text(self) -> bool {
        self.kind == 2
    }

    /// Whether the values are single bytes, which may mean anything: texts among them.
    pub const fn is_bytes(self) -> bool {
        size_of_kind(self.kind) == 1
    }

    /// Where the values lie, when they all lie within the bytes.
    pub fn extent(self) -> Option<Extent> {
        self.tiff.slice(self.at, self.size)?;
        let start = usize::try_from(self.at).ok()?;
        Some(Extent { start, end: start + self.size as usize })
    }

    /// The values, where they all lie within the bytes.
    pub fn values(self) -> Option<Values<'a>> {
        let bytes = self.tiff.slice(self.at, self.size)?;
        let each = match self.kind {
            1 | 3 | 4 | 7 | 13 | 16 | 18 => size_of_kind(self.kind),
            _ => 0,
        };
        (self.count > 0).then_some(Values { tiff: self.tiff, bytes, each })
    }
}

impl<'a> Values<'a> {
    /// How many there are; 0 where they are no whole numbers.
    pub const fn count(self) -> usize {
        match self.bytes.len().checked_div(self.each) {
            Some(len) => len,
            None => 0,
        }
    }

    /// The value at `index`.
    pub fn get(self, index: usize) -> Option<u64> {
        if self.each == 0 {
            return None;
        }
        let start = index.checked_mul(self.each)?;
        Some(self.tiff.number_in(self.bytes.get(start..start.checked_add(self.each)?)?))
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = u64> {
        (0..self.count()).filter_map(move |index| self.get(index))
    }

    /// As stored.
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }
}

/// Bytes of one value of a kind; 0 for kinds that nobody knows.
const fn size_of_kind(kind: u16) -> usize {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_in_both_byte_orders_and_only_within_the_bytes() {
        let little = b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x11\x01\x04\0\x02\0\0\0\xff\0\0\0\0\0\0\0";
        let (tiff, first) = Tiff::open(little).unwrap();
        let directory = tiff.directory(first).unwrap();
        assert_eq!(directory.value(0x0112), Some(6));
        assert_eq!(directory.value(0x0111), None);
        assert_eq!((directory.next, directory.end), (0, little.len()));
        let big = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let (tiff, first) = Tiff::open(big).unwrap();
        assert_eq!(tiff.directory(first).unwrap().value(0x0112), Some(6));
        assert_eq!(tiff.directory(first + 1).unwrap_err(), Fault::Beyond);
    }

    #[test]
    fn a_big_tiff_has_wide_numbers() {
        let mut bytes = b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10".to_vec();
        bytes.extend(b"\0\0\0\0\0\0\0\x01\x01\x12\0\x03\0\0\0\0\0\0\0\x01\0\x06\0\0\0\0\0\0");
        bytes.extend([0; 8]);
        let (tiff, first) = Tiff::open(&bytes).unwrap();
        assert_eq!(tiff.directory(first).unwrap().value(0x0112), Some(6));
    }
}
