//! PNG through the image crate, with limits that its defaults do not set.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::{DynamicImage, ImageDecoder, ImageError, Limits};

use super::Outcome;
use super::colour;
use super::integrity::State;
use super::raster::Raster;
use crate::intake::structure::Header;

/// Room for what is not pixels: profiles and text, which inflate without bound by default.
const ANCILLARY_BYTES: u64 = 16 << 20;

/// All colour types and depths; an animation gives its first frame.
pub(super) fn decode(bytes: &[u8], header: Header) -> Outcome {
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits(header));
    of_decoder(decoder, header)
}

/// Limits that fit this header and nothing larger.
pub(super) fn limits(header: Header) -> Limits {
    // RGBA of 16 bits is the deepest form that the decoders give.
    let pixels = u64::from(header.width) * u64::from(header.height) * 8;
    let mut limits = Limits::default();
    limits.max_image_width = Some(header.width);
    limits.max_image_height = Some(header.height);
    limits.max_alloc = Some(pixels + ANCILLARY_BYTES);
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
