//! JPEG through zune-jpeg (the image crate's own decoder, used directly because only it tells a
//! strict reading from a lenient one).

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::Outcome;
use super::integrity::State;
use super::raster::{Raster, Samples};
use crate::intake::structure::Header;

/// More scans than any encoder writes; each costs a pass over all coefficients.
const MAX_SCANS: usize = 64;

/// Strictly first. What only a lenient reading opens is damaged, and its picture is judged all the same.
pub(super) fn decode(bytes: &[u8], header: Header, progressive: bool) -> Outcome {
    // Even a strict reading fills in what is missing once it has met the end marker, so a sequential
    // picture is read without it: then missing data is an error. Progressive ones end at the marker.
    let without_end = bytes.strip_suffix(&[0xFF, 0xD9]).unwrap_or(bytes);
    if !progressive && let Ok(raster) = attempt(without_end, header, true) {
        return (Some(raster), State::Whole);
    }
    let complaint = match attempt(bytes, header, true) {
        Ok(raster) if progressive => return (Some(raster), State::Whole),
        Ok(raster) => return (Some(raster), State::Damaged),
        Err(complaint) => complaint,
    };
    match attempt(bytes, header, false) {
        Ok(raster) if is_harmless(&complaint) => (Some(raster), State::Whole),
        Ok(raster) => (Some(raster), State::Damaged),
        Err(DecodeErrors::Unsupported(_)) => (None, State::Unsupported),
        Err(_) => (None, State::Corrupt),
    }
}

/// Stray bytes between header segments lose no pixel; some cameras write them.
fn is_harmless(complaint: &DecodeErrors) -> bool {
    format!("{complaint:?}").contains("Extra bytes between headers")
}

fn attempt(bytes: &[u8], header: Header, strict: bool) -> Result<Raster, DecodeErrors> {
    let options = DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(header.width as usize)
        .set_max_height(header.height as usize)
        .jpeg_set_max_scans(MAX_SCANS);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers()?;
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let output = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(output));
    let samples = decoder.decode()?;
    let (width, height) =
        decoder.dimensions().ok_or(DecodeErrors::FormatStatic("no dimensions"))?;
    let samples = if grey { Samples::Grey(samples) } else { Samples::Rgb(samples) };
    Raster::new(width, height, samples).ok_or(DecodeErrors::FormatStatic("pixels missing"))
}
