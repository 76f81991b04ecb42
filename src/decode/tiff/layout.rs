//! How one page of a TIFF is stored: what its tags say, checked once, so that reading it needs no care.

use crate::decode::integrity::State;
use crate::intake::structure::ifd::{Directory, Values};
use crate::intake::structure::tiff::tag;

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// Grey, 0 is white.
    WhiteIsZero,
    /// Grey, 0 is black.
    BlackIsZero,
    Rgb,
    /// An index into the colour map.
    Palette,
    /// Inks; the largest value covers all.
    Cmyk,
    YCbCr,
}

/// How a strip or tile is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    /// Modified Huffman: rows without end marks.
    Huffman,
    Group3 {
        two_dimensional: bool,
    },
    Group4,
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
}

/// What lies behind the samples of colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    /// Colour was multiplied by it already.
    Associated,
    Unassociated,
}

/// One page.
pub(super) struct Layout<'a> {
    pub directory: Directory<'a>,
    pub width: usize,
    pub height: usize,
    pub bits: usize,
    /// Samples a pixel, those without a meaning included.
    pub samples: usize,
    pub colour: Colour,
    pub alpha: Option<Alpha>,
    pub compression: Compression,
    /// Each sample is told by its difference to the one on its left.
    pub predicted: bool,
    /// One component after the other instead of pixel by pixel.
    pub planar: bool,
    /// The first pixel of a byte is its lowest bit.
    pub reversed: bool,
    /// Size of a strip or tile.
    pub chunk: (usize, usize),
    /// Pixels across and down that share a chroma sample.
    pub subsampling: (usize, usize),
    offsets: Values<'a>,
    lengths: Option<Values<'a>>,
}

/// More than any writer needs: CMYK with spot colours and alpha.
const MAX_SAMPLES: u64 = 8;

/// Smaller tiles of JPEG cost more in headers than in pixels.
const MIN_JPEG_TILE: usize = 1024;

impl<'a> Layout<'a> {
    /// Reads the tags. What is forbidden is corrupt, what is merely rare is unsupported.
    pub(super) fn of(directory: Directory<'a>) -> Result<Self, State> {
        let number = |tag, default| directory.value(tag).unwrap_or(default);
        let side = |tag| match directory.value(tag).map(usize::try_from) {
            Some(Ok(side)) if side > 0 && side <= u32::MAX as usize => Ok(side),
            _ => Err(State::Corrupt),
        };
        let (width, height) = (side(tag::WIDTH)?, side(tag::HEIGHT)?);
        let compression = compression(directory)?;
        let colour = colour(directory, compression)?;
        let samples = number(tag::SAMPLES_PER_PIXEL, 1);
        if samples > MAX_SAMPLES || number(tag::SAMPLE_FORMAT, 1) & 0b11 == 0b11 {
            return Err(State::Unsupported);
        }
        let samples = samples as usize;
        if samples < colour.samples() {
            return Err(State::Corrupt);
        }
        let tiled = directory.entry(tag::TILE_OFFSETS).is_some();
        let chunk = match tiled {
            true => (side(tag::TILE_WIDTH)?, side(tag::TILE_LENGTH)?),
            false => {
                let rows = number(tag::ROWS_PER_STRIP, u64::MAX).min(height as u64);
                (width, rows as usize)
            }
        };
        let (offsets, lengths) = match tiled {
            true => (tag::TILE_OFFSETS, tag::TILE_BYTE_COUNTS),
            false => (tag::STRIP_OFFSETS, tag::STRIP_BYTE_COUNTS),
        };
        let offsets = directory.values(offsets).ok_or(State::Corrupt)?;
        let lengths = directory.values(lengths);
        let [across, down] = [0, 1].map(|at| {
            let value = directory.values(tag::YCBCR_SUBSAMPLING).and_then(|both| both.get(at));
            value.unwrap_or(2) as usize
        });
        let layout = Self {
            directory,
            width,
            height,
            bits: bits(directory)?,
            samples,
            colour,
            alpha: alpha(directory, samples, colour),
            compression,
            predicted: predicted(directory, compression)?,
            planar: samples > 1 && number(tag::PLANAR_CONFIGURATION, 1) == 2,
            reversed: number(tag::FILL_ORDER, 1) == 2,
            chunk,
            subsampling: (across, down),
            offsets,
            lengths,
        };
        layout.checked()
    }

    /// What must hold between the tags.
    fn checked(self) -> Result<Self, State> {
        let (width, height) = self.chunk;
        if width == 0 || height == 0 {
            return Err(State::Corrupt);
        }
        let fits = width <= (2 * self.width).max(1024) && height <= (2 * self.height).max(1024);
        let enough = self.chunks() * self.planes() <= self.offsets.count();
        // Without lengths, only rows that are not compressed end by themselves.
        let ends = self.lengths.is_some()
            || self.compression == Compression::None
            || self.chunks() * self.planes() == 1;
        if !fits || !enough || !ends {
            return Err(State::Corrupt);
        }
        let tile = width * height;
        let tiny = tile < MIN_JPEG_TILE && self.chunks() > 1 && width < self.width;
        let fax = matches!(
            self.compression,
            Compression::Huffman | Compression::Group3 { .. } | Compression::Group4
        );
        let unsupported = match self.compression {
            Compression::Jpeg => self.bits != 8 || tiny,
            _ if fax => self.bits != 1 || (self.samples > 1 && !self.planar),
            _ => self.predicted && !matches!(self.bits, 8 | 16),
        } || (self.colour == Colour::Palette && self.bits > 8)
            || (self.is_subsampled() && (self.planar || self.bits != 8 || self.samples != 3));
        let strange = !matches!(self.subsampling, (1 | 2 | 4, 1 | 2 | 4));
        match unsupported || (self.colour == Colour::YCbCr && strange) {
            true => Err(State::Unsupported),
            false => Ok(self),
        }
    }

    /// Whether chroma must be spread over several pixels; a JPEG does that itself.
    pub(super) fn is_subsampled(&self) -> bool {
        self.colour == Colour::YCbCr
            && self.compression != Compression::Jpeg
            && self.subsampling != (1, 1)
    }

    /// Samples that make the picture: colour and transparency.
    pub(super) fn kept(&self) -> usize {
        self.colour.samples() + usize::from(self.alpha.is_some())
    }

    /// Samples that lie beside each other in a strip or tile.
    pub(super) const fn interleaved(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// How often the picture is stored over: once a component, or once.
    pub(super) fn planes(&self) -> usize {
        if self.planar { self.kept() } else { 1 }
    }

    const fn across(&self) -> usize {
        self.width.div_ceil(self.chunk.0)
    }

    /// Strips or tiles of one plane.
    pub(super) const fn chunks(&self) -> usize {
        self.across() * self.height.div_ceil(self.chunk.1)
    }

    /// Left and top of a strip or tile.
    pub(super) const fn place(&self, chunk: usize) -> (usize, usize) {
        (chunk % self.across() * self.chunk.0, chunk / self.across() * self.chunk.1)
    }

    /// The stored bytes of a strip or tile. Where a writer left the lengths out, all that follows.
    pub(super) fn bytes(&self, plane: usize, chunk: usize) -> Result<&'a [u8], State> {
        let index = plane * self.chunks() + chunk;
        let offset = self.offsets.get(index).ok_or(State::Corrupt)?;
        let rest = (self.directory.tiff().size() as u64).saturating_sub(offset);
        let length = self.lengths.and_then(|lengths| lengths.get(index)).unwrap_or(rest);
        self.directory.tiff().slice(offset, length).ok_or(State::Truncated)
    }
}

impl Colour {
    /// Samples a pixel.
    pub(super) const fn samples(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

fn colour(directory: Directory<'_>, compression: Compression) -> Result<Colour, State> {
    let Some(value) = directory.value(tag::PHOTOMETRIC) else {
        // Fax software leaves it out, and paper is white there.
        let fax = matches!(compression, Compression::Group3 { .. } | Compression::Group4);
        return Ok(if fax { Colour::WhiteIsZero } else { Colour::BlackIsZero });
    };
    match value {
        0 => Ok(Colour::WhiteIsZero),
        1 => Ok(Colour::BlackIsZero),
        2 => Ok(Colour::Rgb),
        3 => Ok(Colour::Palette),
        5 => Ok(Colour::Cmyk),
        6 => Ok(Colour::YCbCr),
        _ => Err(State::Unsupported),
    }
}

fn compression(directory: Directory<'_>) -> Result<Compression, State> {
    const TWO_DIMENSIONAL: u64 = 1;
    match directory.value(tag::COMPRESSION).unwrap_or(1) {
        1 => Ok(Compression::None),
        2 => Ok(Compression::Huffman),
        3 => {
            let options = directory.value(tag::T4_OPTIONS).unwrap_or(0);
            Ok(Compression::Group3 { two_dimensional: options & TWO_DIMENSIONAL != 0 })
        }
        4 => Ok(Compression::Group4),
        5 => Ok(Compression::Lzw),
        7 => Ok(Compression::Jpeg),
        8 | 32946 => Ok(Compression::Deflate),
        32773 => Ok(Compression::PackBits),
        _ => Err(State::Unsupported),
    }
}

fn predicted(directory: Directory<'_>, compression: Compression) -> Result<bool, State> {
    match (compression, directory.value(tag::PREDICTOR).unwrap_or(1)) {
        (Compression::Lzw | Compression::Deflate, 2) => Ok(true),
        (Compression::Lzw | Compression::Deflate, 3..) => Err(State::Unsupported),
        _ => Ok(false),
    }
}

fn bits(directory: Directory<'_>) -> Result<usize, State> {
    let Some(values) = directory.values(tag::BITS_PER_SAMPLE) else {
        return Ok(1);
    };
    let first = values.get(0).ok_or(State::Corrupt)?;
    if values.iter().any(|bits| bits != first) || !matches!(first, 1 | 2 | 4 | 8 | 16) {
        return Err(State::Unsupported);
    }
    Ok(first as usize)
}

fn alpha(directory: Directory<'_>, samples: usize, colour: Colour) -> Option<Alpha> {
    let carries = matches!(colour, Colour::Rgb | Colour::BlackIsZero | Colour::WhiteIsZero);
    if !carries || samples == colour.samples() {
        return None;
    }
    match directory.value(tag::EXTRA_SAMPLES)? {
        1 => Some(Alpha::Associated),
        2 => Some(Alpha::Unassociated),
        _ => None,
    }
}
