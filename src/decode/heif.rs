//! HEIC through heifer, which turns, crops and converts to sRGB as the file says.

use heifer::{Error, Options};

use super::Outcome;
use super::integrity::State;
use super::raster::{Raster, Samples, on_white};
use crate::intake::structure::Header;

/// The primary picture, on one thread as all others.
pub(super) fn decode(bytes: &[u8], header: Header) -> Outcome {
    let max_pixels = u64::from(header.width) * u64::from(header.height);
    let options = Options { max_threads: 1, max_pixels };
    match heifer::decode_srgb_rgba8(bytes, &options) {
        Ok(image) => {
            let (width, height) = (image.width as usize, image.height as usize);
            let rgb = on_white::<3>(image.data);
            match Raster::new(width, height, Samples::Rgb(rgb)) {
                Some(raster) => (Some(raster), State::Whole),
                None => (None, State::Corrupt),
            }
        }
        Err(Error::Unsupported(_)) => (None, State::Unsupported),
        Err(_) => (None, State::Corrupt),
    }
}
