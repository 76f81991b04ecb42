//! BMP through the image crate.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;

use super::Outcome;
use super::png::of_decoder;
use crate::intake::structure::Header;

/// All depths, run lengths and bit masks; either end up.
pub(super) fn decode(bytes: &[u8], header: Header) -> Outcome {
    of_decoder(BmpDecoder::new(Cursor::new(bytes)), header)
}
