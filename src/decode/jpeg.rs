//! JPEG: by its coefficients where that suffices, else through zune-jpeg (the image crate's own decoder,
//! used directly because only it tells a strict reading from a lenient one).

use bytes::Bytes;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::coefficients::{self, Frame, Transform};
use super::colour;
use super::integrity::State;
use super::page::{self, Page, Rect};
use super::pixels::Decode;
use super::raster::{self, Raster, Samples};
use super::reduce::spectral::{self, Spectral};
use super::{Outcome, Wanted, windows};
use crate::intake::metadata::Orientation;
use crate::intake::structure::Header;
use crate::intake::{Budget, Expired};

/// More scans than any encoder writes; each costs a pass over all coefficients.
const MAX_SCANS: usize = 64;

/// What the colours of a JPEG mean.
#[derive(Clone, Copy)]
pub(super) enum Profile<'a> {
    /// What its own profile says, where it has one.
    Own,
    /// What whatever holds it says: a profile, or sRGB.
    Given(Option<&'a [u8]>),
}

/// How a page is to be looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// How it must be turned to stand upright.
    pub orientation: Orientation,
    /// What the checks will ask for.
    pub wanted: Wanted,
}

/// Looks at a picture through its coefficients alone, and says whether it is grey; its pixels are decoded,
/// from the bytes that `keep` gives, when a tile is asked for. `None` where it is too small for that, out of
/// the ordinary or not whole: the decoder must look.
pub(super) fn without_pixels(
    bytes: &[u8],
    header: Header,
    look: Look,
    profile: Profile<'_>,
    keep: impl FnOnce() -> Bytes,
    budget: &mut dyn Budget,
) -> Result<Option<(Page, bool)>, Expired> {
    let Look { orientation, wanted } = look;
    let size = (header.width as usize, header.height as usize);
    let scale = page::analysis_scale(size.0, size.1);
    if !spectral::suits(size.0, size.1, scale) {
        return Ok(None);
    }
    raster::keep_freed_memory();
    let depth = Spectral::depth(size, scale, wanted.energy);
    let open = |frame: &Frame| Some(Spectral::new(frame, scale, wanted.energy));
    let Some((frame, spectral)) = coefficients::read(bytes, size, depth, open, budget)? else {
        return Ok(None);
    };
    let (mut planes, energy) = spectral.finish(orientation);
    let grey = frame.transform == Transform::Grey;
    let profile = match profile {
        Profile::Own => own_profile(bytes),
        Profile::Given(profile) => profile.map(<[u8]>::to_vec),
    };
    if let Some(profile) = &profile {
        colour::planes_to_srgb(&mut planes, grey, profile);
    }
    let decode = wanted.tiles.then(|| {
        let bytes = keep();
        let (of_boxes, has_profile) = (bytes.clone(), profile.is_some());
        let all = move || {
            let raster = attempt(&bytes, header, false, Profile::Given(profile.as_deref())).ok();
            raster.filter(|raster| raster.is_of(size.0, size.1))
        };
        let boxes = move |boxes: &[Rect]| {
            // What a profile means is told of whole pictures.
            let boxes = (!has_profile).then_some(boxes)?;
            windows::read(&of_boxes, size, boxes)
        };
        Decode { all: Box::new(all), boxes: Box::new(boxes) }
    });
    let page = Page::without_pixels(size, orientation, (planes, energy), decode);
    Ok(Some((page, grey)))
}

/// The colour profile of a picture.
fn own_profile(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
    decoder.decode_headers().ok()?;
    decoder.icc_profile()
}

/// Strictly first. What only a lenient reading opens is damaged, and its picture is judged all the same.
pub(super) fn decode(bytes: &[u8], header: Header, progressive: bool) -> Outcome {
    decode_as(bytes, header, progressive, Profile::Own)
}

/// The same, with the meaning of its colours.
pub(super) fn decode_as(
    bytes: &[u8],
    header: Header,
    progressive: bool,
    profile: Profile<'_>,
) -> Outcome {
    let attempt = |bytes, strict| attempt(bytes, header, strict, profile);
    // Even a strict reading fills in what is missing once it has met the end marker, so a sequential
    // picture is read without it: then missing data is an error. Progressive ones end at the marker.
    let without_end = bytes.strip_suffix(&[0xFF, 0xD9]).unwrap_or(bytes);
    if !progressive && let Ok(raster) = attempt(without_end, true) {
        return (Some(raster), State::Whole);
    }
    let complaint = match attempt(bytes, true) {
        Ok(raster) if progressive => return (Some(raster), State::Whole),
        Ok(raster) => return (Some(raster), State::Damaged),
        Err(complaint) => complaint,
    };
    match attempt(bytes, false) {
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

/// Samples as a JPEG stores them, without any meaning.
pub(super) struct Components {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// So many bytes a pixel as there are components.
    pub samples: Vec<u8>,
}

/// The components of a JPEG within another file, which says what they mean. It must be whole, no
/// larger than `limit`, and have `count` components.
pub(super) fn components(
    bytes: &[u8],
    limit: (usize, usize),
    count: usize,
) -> Result<Components, State> {
    let raw = |strict| -> Result<_, DecodeErrors> {
        let options = options(limit, strict);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers()?;
        let stored = decoder.input_colorspace().filter(|space| space.num_components() == count);
        let stored = stored.ok_or(DecodeErrors::FormatStatic("other components"))?;
        decoder.set_options(options.jpeg_set_out_colorspace(stored));
        let samples = samples(&mut decoder)?;
        let (width, height) = size(&decoder)?;
        Ok(Components { width, height, samples })
    };
    raw(true).or_else(|complaint| match complaint {
        DecodeErrors::Unsupported(_) => Err(State::Unsupported),
        complaint if is_harmless(&complaint) => raw(false).map_err(|_| State::Corrupt),
        _ => Err(State::Corrupt),
    })
}

/// The picture of a decoder that has read its header.
fn samples(decoder: &mut JpegDecoder<ZCursor<&[u8]>>) -> Result<Vec<u8>, DecodeErrors> {
    let length = decoder.output_buffer_size();
    let mut samples = raster::zeros(length.ok_or(DecodeErrors::FormatStatic("no dimensions"))?);
    decoder.decode_into(&mut samples)?;
    Ok(samples)
}

fn options((width, height): (usize, usize), strict: bool) -> DecoderOptions {
    DecoderOptions::default()
        .set_strict_mode(strict)
        .set_max_width(width)
        .set_max_height(height)
        .jpeg_set_max_scans(MAX_SCANS)
}

fn size(decoder: &JpegDecoder<ZCursor<&[u8]>>) -> Result<(usize, usize), DecodeErrors> {
    decoder.dimensions().ok_or(DecodeErrors::FormatStatic("no dimensions"))
}

fn attempt(
    bytes: &[u8],
    header: Header,
    strict: bool,
    profile: Profile<'_>,
) -> Result<Raster, DecodeErrors> {
    let options = options((header.width as usize, header.height as usize), strict);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers()?;
    let stored = decoder.input_colorspace();
    let output = match stored {
        Some(space @ (ColorSpace::Luma | ColorSpace::CMYK | ColorSpace::YCCK)) => space,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(output));
    let samples = samples(&mut decoder)?;
    let (width, height) = size(&decoder)?;
    let own = decoder.icc_profile();
    let profile = match profile {
        Profile::Own => own.as_deref(),
        Profile::Given(profile) => profile,
    };
    let samples = match output {
        ColorSpace::Luma => Samples::Grey(samples),
        ColorSpace::RGB => Samples::Rgb(samples),
        _ if samples.len() != 4 * width * height => {
            return Err(DecodeErrors::FormatStatic("inks missing"));
        }
        inks => {
            let inks = as_inks(samples, inks, is_adobes(bytes));
            Samples::Rgb(colour::inks_to_rgb(inks, width, profile))
        }
    };
    let raster = Raster::new(width, height, samples);
    let mut raster = raster.ok_or(DecodeErrors::FormatStatic("pixels missing"))?;
    if output == ColorSpace::Luma || output == ColorSpace::RGB {
        colour::to_srgb(&mut raster, profile);
    }
    Ok(raster)
}

/// From what is stored to how much of each ink covers the paper. Adobe stores the opposite, and says
/// so by its marker alone.
fn as_inks(mut samples: Vec<u8>, stored: ColorSpace, adobe: bool) -> Vec<u8> {
    for pixel in samples.chunks_exact_mut(4) {
        if stored == ColorSpace::YCCK {
            // Luma and chroma are of the colours' opposite, which the inks are.
            colour::ycbcr_to_rgb(pixel);
            pixel[3] = 255 - pixel[3];
        } else if adobe {
            for ink in pixel {
                *ink = 255 - *ink;
            }
        }
    }
    samples
}

/// Whether a segment before the first scan is Adobe's.
pub(super) fn is_adobes(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = bytes.get(at..at + 4) {
        match marker {
            0xEE if bytes[at + 4..].starts_with(b"Adobe") => return true,
            // A fill byte before the marker.
            0xFF => at += 1,
            0xDA | 0xD9 => return false,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adobe_stores_inks_the_other_way_round() {
        let stored = || vec![255, 0, 255, 200];
        assert_eq!(as_inks(stored(), ColorSpace::CMYK, false), [255, 0, 255, 200]);
        assert_eq!(as_inks(stored(), ColorSpace::CMYK, true), [0, 255, 0, 55]);
        let marker = b"\xFF\xD8\xFF\xE0\x00\x04ab\xFF\xEE\x00\x0EAdobe\0\0\0\0\0\0\0";
        assert!(is_adobes(marker));
        assert!(!is_adobes(&marker[..10]));
    }
}
