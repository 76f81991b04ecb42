//! Walks a file from marker to marker without decoding: header, frames, end, and what is missing.

mod bmp;
mod gif;
mod heif;
pub mod ifd;
mod jpeg;
pub mod pdf;
mod png;
pub mod tiff;
mod webp;

use crate::intake::foreign::nook::Nook;
use crate::intake::format::Detected;

pub(in crate::intake) use bmp::begins as begins_as_bmp;

/// What the header says, in pixels as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Stored width.
    pub width: u32,
    /// Stored height.
    pub height: u32,
    /// Pictures in the file that follow each other in time; 1 for a still one.
    pub frames: u32,
    /// Pictures in the file that lie side by side, as the sheets of a scan do.
    pub pages: u32,
}

/// Whether the structure is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// From the first marker to the end marker.
    Whole,
    /// The bytes end before the end marker.
    Truncated,
    /// Whole by its markers, but with a blemish: a progressive picture whose last passes are missing, or
    /// a document that begins or ends as none should.
    Incomplete,
    /// A marker, length or value that the format forbids.
    Corrupt,
    /// Whole, but in a coding that hardly anybody writes: arithmetic, lossless, hierarchical.
    Exotic,
}

/// What a camera said in the header about bytes that follow the end marker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// An MPF block: further JPEG pictures follow.
    pub pictures: bool,
    /// Motion-photo metadata: a video follows.
    pub video: bool,
}

/// Part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset just behind the last.
    pub end: usize,
}

/// One walk through a file.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    /// `None` when the file breaks off or goes wrong before it.
    pub header: Option<Header>,
    /// Whether the walk reached the end marker.
    pub state: State,
    /// Offset just behind the end marker; the length of the file where it was not reached.
    pub end: usize,
    /// Bytes that the header announces behind the end.
    pub announced: Announced,
    /// A JPEG that is coded in passes over the whole picture.
    pub progressive: bool,
    /// Bytes that the pixels of all pages take as deep as they are stored; 0 where the header does not
    /// tell, and of documents.
    pub unpacked: u64,
    /// Where the camera's notes lie, if there are any.
    pub exif: Option<Extent>,
}

/// Walks `bytes`; `None` for a format that has no walker here.
pub fn walk(detected: Detected, bytes: &[u8]) -> Option<Walk> {
    match detected.media_type {
        "image/jpeg" => Some(jpeg::walk(bytes)),
        "image/png" => Some(png::walk(bytes)),
        "image/gif" => Some(gif::walk(bytes)),
        "image/webp" => Some(webp::walk(bytes)),
        "image/bmp" => Some(bmp::walk(bytes)),
        "image/tiff" => Some(tiff::walk(bytes)),
        "application/pdf" => Some(pdf::walk(bytes)),
        "image/heif" if detected.format.is_some_and(|format| format.readable) => {
            Some(heif::walk(bytes))
        }
        _ => None,
    }
}

/// Where bytes may lie that are no pixels, up to the end marker; what of it is not there is left out.
pub fn nooks(detected: Detected, bytes: &[u8]) -> Vec<Nook> {
    match detected.media_type {
        "image/jpeg" => jpeg::nooks(bytes),
        "image/png" => png::nooks(bytes),
        "image/gif" => gif::nooks(bytes),
        "image/webp" => webp::nooks(bytes),
        "image/bmp" => bmp::nooks(bytes),
        "image/tiff" => tiff::nooks(bytes),
        "application/pdf" => pdf::nooks(bytes),
        _ => Vec::new(),
    }
}

/// Length of the JPEG at the start of `bytes` if it is whole.
pub fn jpeg_length(bytes: &[u8]) -> Option<usize> {
    let walk = jpeg::walk(bytes);
    matches!(walk.state, State::Whole | State::Incomplete).then_some(walk.end)
}

/// A position in the bytes that only moves forward.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16_be(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u16_le(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn u24_le(&mut self) -> Option<u32> {
        self.take(3).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]))
    }

    fn u32_le(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn u32_be(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

/// Collects a walk as it goes, so that each walker reads as the format's grammar.
#[derive(Default)]
struct Draft {
    header: Option<Header>,
    announced: Announced,
    progressive: bool,
    unpacked: u64,
    exif: Option<Extent>,
}

impl Draft {
    /// Notes that the header's picture takes so many bits a pixel.
    fn takes(&mut self, bits: u32) {
        let pixels = self.header.map_or(0, |it| u64::from(it.width) * u64::from(it.height));
        self.unpacked = pixels.saturating_mul(bits.into()).div_ceil(8);
    }

    fn end(self, state: State, end: usize) -> Walk {
        Walk {
            header: self.header,
            state,
            end,
            announced: self.announced,
            progressive: self.progressive,
            unpacked: self.unpacked,
            exif: self.exif,
        }
    }
}
