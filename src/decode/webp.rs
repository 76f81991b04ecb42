//! WebP through the image crate: the first frame on its canvas.

use std::io::Cursor;

use image::codecs::webp::WebPDecoder;

use super::Outcome;
use super::png::of_decoder;
use crate::intake::structure::Header;

/// Lossy and lossless; more than one frame is an animation, which intake has judged already.
pub(super) fn decode(bytes: &[u8], header: Header) -> Outcome {
    of_decoder(WebPDecoder::new(Cursor::new(bytes)), header)
}
