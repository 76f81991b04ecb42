//! From the stored bytes of a strip or tile to rows of packed samples, never more than are asked for.

use std::borrow::Cow;
use std::io::{self, Cursor, Read};

use flate2::read::ZlibDecoder;
use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};
use weezl::decode::Configuration;
use weezl::{BitOrder, LzwStatus};

use super::layout::{Compression, Layout};
use crate::decode::integrity::State;
use crate::decode::jpeg;
use crate::intake::structure::tiff::tag;

/// More than all tables of a JPEG take; they are read again for every tile.
const MAX_TABLES: usize = 8192;

/// Opens a strip or tile of `rows` rows that are wanted.
pub(super) fn open<'a>(
    layout: &Layout<'a>,
    bytes: &'a [u8],
    rows: usize,
) -> Result<Box<dyn Read + 'a>, State> {
    Ok(match layout.compression {
        Compression::None => Box::new(Cursor::new(in_order(layout, bytes))),
        Compression::PackBits => Box::new(PackBits::new(in_order(layout, bytes))),
        Compression::Lzw => Box::new(Lzw::new(bytes)?),
        Compression::Deflate => Box::new(ZlibDecoder::new(bytes)),
        Compression::Jpeg => Box::new(Cursor::new(of_jpeg(layout, bytes, rows)?)),
        Compression::Huffman | Compression::Group3 { .. } | Compression::Group4 => {
            Box::new(Cursor::new(of_fax(layout, &in_order(layout, bytes), rows)?))
        }
    })
}

/// The bytes with their first pixel in the highest bit.
fn in_order<'a>(layout: &Layout<'a>, bytes: &'a [u8]) -> Cow<'a, [u8]> {
    match layout.reversed {
        true => bytes.iter().map(|byte| byte.reverse_bits()).collect(),
        false => bytes.into(),
    }
}

/// The components of a JPEG as they are stored; the tags say what they mean.
fn of_jpeg(layout: &Layout<'_>, bytes: &[u8], rows: usize) -> Result<Vec<u8>, State> {
    let tables = layout.directory.values(tag::JPEG_TABLES).map(|tables| tables.bytes());
    let joined = match tables {
        Some(tables) if tables.len() > MAX_TABLES => return Err(State::Corrupt),
        // Both are JPEGs by themselves: between them stand an end and a start to be left out.
        Some([start @ .., 0xFF, 0xD9]) => {
            let picture = bytes.strip_prefix(&[0xFF, 0xD8]).ok_or(State::Corrupt)?;
            Cow::Owned([start, picture].concat())
        }
        _ => Cow::Borrowed(bytes),
    };
    let (width, height) = layout.chunk;
    let raw = jpeg::components(&joined, (width, height), layout.interleaved())?;
    (raw.width == width && raw.height >= rows).then_some(raw.samples).ok_or(State::Corrupt)
}

/// Rows of bits, 1 for black.
fn of_fax(layout: &Layout<'_>, bytes: &[u8], rows: usize) -> Result<Vec<u8>, State> {
    let encoding = match layout.compression {
        Compression::Group4 => EncodingMode::Group4,
        Compression::Group3 { two_dimensional: true } => EncodingMode::Group3_2D,
        _ => EncodingMode::Group3_1D,
    };
    let (columns, length) = (layout.chunk.0, rows * layout.chunk.0.div_ceil(8));
    let settings = DecodeSettings {
        columns: columns as u32,
        rows: rows as u32,
        end_of_block: layout.compression != Compression::Huffman,
        end_of_line: false,
        rows_are_byte_aligned: layout.compression == Compression::Huffman,
        encoding,
        strict: false,
    };
    let mut rows = Rows { columns, length, bits: Vec::new() };
    let decoded = hayro_ccitt::decode(bytes, &mut rows, &mut DecoderContext::new(settings));
    if decoded.is_err() && rows.bits.len() < length {
        return Err(State::Corrupt);
    }
    // Some writers leave out white rows at the end.
    rows.bits.resize(length, 0);
    Ok(rows.bits)
}

struct Rows {
    columns: usize,
    length: usize,
    bits: Vec<u8>,
}

impl hayro_ccitt::Decoder for Rows {
    fn push_row(&mut self, changes: &[u32]) {
        let (start, row) = (self.bits.len(), self.columns.div_ceil(8));
        if start + row > self.length {
            return;
        }
        self.bits.resize(start + row, 0);
        let bits = &mut self.bits[start..];
        for run in changes.chunks(2) {
            let end = run.get(1).map_or(self.columns, |&end| end as usize).min(self.columns);
            for x in (run[0] as usize).min(end)..end {
                bits[x / 8] |= 0x80 >> (x % 8);
            }
        }
    }
}

struct Lzw<'a> {
    decoder: weezl::decode::Decoder,
    rest: &'a [u8],
}

impl<'a> Lzw<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, State> {
        // The way of before 1988, with its bits the other way round.
        if matches!(bytes, [0, second, ..] if second & 1 == 1) {
            return Err(State::Unsupported);
        }
        let configuration = Configuration::with_tiff_size_switch(BitOrder::Msb, 8);
        let decoder = configuration.with_yield_on_full_buffer(true).build();
        Ok(Self { decoder, rest: bytes })
    }
}

impl Read for Lzw<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let step = self.decoder.decode_bytes(self.rest, into);
            self.rest = self.rest.get(step.consumed_in..).unwrap_or(&[]);
            match step.status {
                Ok(LzwStatus::Ok) if step.consumed_out == 0 && step.consumed_in > 0 => {}
                Ok(_) => return Ok(step.consumed_out),
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }
}

struct PackBits<'a> {
    bytes: Cow<'a, [u8]>,
    at: usize,
    /// Bytes that are left of a run, and whether it repeats the byte at the cursor.
    run: (usize, bool),
}

impl<'a> PackBits<'a> {
    const fn new(bytes: Cow<'a, [u8]>) -> Self {
        Self { bytes, at: 0, run: (0, false) }
    }

    /// Opens the next run; `None` at the end.
    fn next(&mut self) -> Option<()> {
        while self.run.0 == 0 {
            let header = self.bytes.get(self.at)?.cast_signed();
            self.at += 1;
            self.run = match header {
                -128 => (0, false),
                ..0 => (usize::from(header.unsigned_abs()) + 1, true),
                _ => (usize::from(header.unsigned_abs()) + 1, false),
            };
        }
        Some(())
    }
}

impl Read for PackBits<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() || self.next().is_none() {
            return Ok(0);
        }
        let (left, repeats) = self.run;
        let length = left.min(into.len());
        let (taken, step) =
            if repeats { (1, usize::from(left == length)) } else { (length, length) };
        let Some(bytes) = self.bytes.get(self.at..self.at + taken) else {
            return Ok(0);
        };
        match repeats {
            true => into[..length].fill(bytes[0]),
            false => into[..length].copy_from_slice(bytes),
        }
        self.at += step;
        self.run.0 -= length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_bits_unpack_as_in_the_specification() {
        let packed = b"\xFE\xAA\x02\x80\x00\x2A\xFD\xAA\x03\x80\x00\x2A\x22\xF7\xAA";
        let mut unpacked = Vec::new();
        PackBits::new(packed[..].into()).read_to_end(&mut unpacked).unwrap();
        let expected = b"\xAA\xAA\xAA\x80\x00\x2A\xAA\xAA\xAA\xAA\x80\x00\x2A\x22\
            \xAA\xAA\xAA\xAA\xAA\xAA\xAA\xAA\xAA\xAA";
        assert_eq!(unpacked, expected);
    }

    #[test]
    fn a_run_that_breaks_off_ends_there() {
        for packed in [&b"\xFE"[..], b"\x05ab", b"\x80"] {
            let mut unpacked = Vec::new();
            PackBits::new(packed.into()).read_to_end(&mut unpacked).unwrap();
            assert!(unpacked.is_empty());
        }
    }
}
