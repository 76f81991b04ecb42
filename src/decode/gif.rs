//! GIF through the image crate: the first frame on its canvas.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;

use super::Outcome;
use super::png::of_decoder;
use crate::intake::structure::Header;

/// The first frame; more than one is an animation, which intake has judged already.
pub(super) fn decode(bytes: &[u8], header: Header) -> Outcome {
    of_decoder(GifDecoder::new(Cursor::new(bytes)), header)
}
