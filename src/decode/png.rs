//! PNG row by row into eight bits, so that no second copy of a large picture is ever held; and what the
//! other decoders of the image crate share.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, Limits};
use png::{BitDepth, ColorType, DecodingError, InterlaceInfo, Transformations};

use super::Outcome;
use super::colour;
use super::integrity::State;
use super::raster::{self, Raster, Samples, over_white};
use crate::intake::structure::Header;

/// Room for what is not pixels: profiles and notes, which inflate without bound by default.
const ANCILLARY_BYTES: usize = 16 << 20;

/// Bytes a pixel of the deepest form: red, green, blue and opacity of 16 bits.
const DEEPEST: usize = 8;

/// Rows that the decoder may hold at once, in its deepest form.
const ROWS: usize = 16;

/// All colour types and depths; an animation gives its first frame.
pub(super) fn decode(bytes: &[u8], header: Header) -> Outcome {
    match by_rows(bytes, header) {
        Ok(Some(raster)) => (Some(raster), State::Whole),
        Ok(None) | Err(_) => (None, State::Corrupt),
    }
}

/// `None` where the picture is not of the size that was judged.
fn by_rows(bytes: &[u8], header: Header) -> Result<Option<Raster>, DecodingError> {
    let row = header.width as usize * DEEPEST;
    let limits = png::Limits { bytes: ANCILLARY_BYTES + ROWS * row };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    // Palettes and fewer than eight bits; sixteen become eight here, where they are rounded.
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let (width, height) = reader.info().size();
    if (width, height) != (header.width, header.height) {
        return Ok(None);
    }
    let (width, height) = (width as usize, height as usize);
    let form = Form::of(reader.output_color_type());
    let stride = width * form.kept();
    let mut samples = raster::zeros(stride * height);
    let mut kept = vec![0; stride];
    let mut at = 0;
    while let Some(row) = reader.next_interlaced_row()? {
        let pixels = row.data().len() / form.stored();
        match row.interlace() {
            InterlaceInfo::Null(_) => {
                let Some(into) = samples.get_mut(at..at + stride) else {
                    return Ok(None);
                };
                form.keep(row.data(), into);
                at += stride;
            }
            // Rows of seven passes, each spread over the whole picture.
            InterlaceInfo::Adam7(place) => {
                let kept = &mut kept[..pixels * form.kept()];
                form.keep(row.data(), kept);
                png::expand_interlaced_row(&mut samples, stride, kept, place, form.bits());
            }
        }
    }
    let samples = if form.grey { Samples::Grey(samples) } else { Samples::Rgb(samples) };
    let mut raster = Raster::new(width, height, samples);
    if let Some(raster) = &mut raster {
        colour::to_srgb(raster, reader.info().icc_profile.as_deref());
    }
    Ok(raster)
}

/// How the decoder gives pixels.
#[derive(Clone, Copy)]
struct Form {
    grey: bool,
    opacity: bool,
    /// Two bytes a sample, the higher first.
    deep: bool,
}

impl Form {
    const fn of((colour, depth): (ColorType, BitDepth)) -> Self {
        Self {
            grey: matches!(colour, ColorType::Grayscale | ColorType::GrayscaleAlpha),
            opacity: matches!(colour, ColorType::GrayscaleAlpha | ColorType::Rgba),
            deep: matches!(depth, BitDepth::Sixteen),
        }
    }

    /// Samples a pixel that are kept.
    const fn kept(self) -> usize {
        if self.grey { 1 } else { 3 }
    }

    /// Bits a pixel that are kept.
    const fn bits(self) -> u8 {
        8 * self.kept() as u8
    }

    /// Bytes a pixel as the decoder gives them.
    const fn stored(self) -> usize {
        let samples = self.kept() + if self.opacity { 1 } else { 0 };
        if self.deep { 2 * samples } else { samples }
    }

    /// From pixels as they come to eight bits on white paper, as many as fit.
    fn keep(self, from: &[u8], to: &mut [u8]) {
        match (self.grey, self.opacity, self.deep) {
            (_, false, false) => {
                let length = to.len().min(from.len());
                to[..length].copy_from_slice(&from[..length]);
            }
            (_, false, true) => {
                for (sample, deep) in to.iter_mut().zip(from.chunks_exact(2)) {
                    *sample = shallow(deep);
                }
            }
            (true, true, deep) => on_white::<1>(from, to, deep),
            (false, true, deep) => on_white::<3>(from, to, deep),
        }
    }
}

fn on_white<const N: usize>(from: &[u8], to: &mut [u8], deep: bool) {
    let each = if deep { 2 } else { 1 };
    for (pixel, stored) in to.chunks_exact_mut(N).zip(from.chunks_exact((N + 1) * each)) {
        let sample = |at: usize| if deep { shallow(&stored[2 * at..]) } else { stored[at] };
        for (at, kept) in pixel.iter_mut().enumerate() {
            *kept = over_white(sample(at), sample(N));
        }
    }
}

/// The nearest of eight bits.
fn shallow(deep: &[u8]) -> u8 {
    ((u32::from(u16::from_be_bytes([deep[0], deep[1]])) + 128) / 257) as u8
}

/// Limits that fit this header and nothing larger.
pub(super) fn limits(header: Header) -> Limits {
    let pixels = u64::from(header.width) * u64::from(header.height) * DEEPEST as u64;
    let mut limits = Limits::default();
    limits.max_image_width = Some(header.width);
    limits.max_image_height = Some(header.height);
    limits.max_alloc = Some(pixels + ANCILLARY_BYTES as u64);
    limits
}

/// The first picture of a decoder of the image crate.
pub(super) fn of_decoder(
    decoder: Result<impl ImageDecoder, ImageError>,
    header: Header,
) -> Outcome {
    let decoded = decoder.and_then(|mut decoder| {
        decoder.set_limits(limits(header))?;
        // Without its profile a picture is still one.
        let profile = decoder.icc_profile().unwrap_or(None);
        Ok((Raster::of_image(DynamicImage::from_decoder(decoder)?), profile))
    });
    match decoded {
        Ok((Some(mut raster), profile)) => {
            colour::to_srgb(&mut raster, profile.as_deref());
            (Some(raster), State::Whole)
        }
        Err(ImageError::Unsupported(_)) => (None, State::Unsupported),
        Ok((None, _)) | Err(_) => (None, State::Corrupt),
    }
}
