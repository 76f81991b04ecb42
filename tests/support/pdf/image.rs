//! Pictures as image XObjects.

use image::RgbImage;

use super::deflated;

/// An image XObject: the entries of its dictionary beside type and length, and its data.
#[derive(Clone, Debug)]
pub struct Image {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Colour space, bits, filter and whatever else.
    pub entries: String,
    /// As stored.
    pub data: Vec<u8>,
}

impl Image {
    /// Data of any filter.
    pub fn raw(width: u32, height: u32, entries: &str, data: impl Into<Vec<u8>>) -> Self {
        Self { width, height, entries: entries.to_owned(), data: data.into() }
    }

    /// A JPEG file as it is.
    pub fn dct(jpeg: &[u8]) -> Self {
        let (width, height, components) = frame(jpeg);
        let space = match components {
            1 => "DeviceGray",
            3 => "DeviceRGB",
            // As Adobe's programs store inks, which is inverted.
            _ => "DeviceCMYK /Decode [1 0 1 0 1 0 1 0]",
        };
        let entries = format!("/ColorSpace /{space} /BitsPerComponent 8 /Filter /DCTDecode");
        Self { width, height, entries, data: jpeg.to_vec() }
    }

    /// Rows of red, green and blue, deflated.
    pub fn rgb(picture: &RgbImage) -> Self {
        Self::raw(
            picture.width(),
            picture.height(),
            "/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode",
            deflated(picture.as_raw()),
        )
    }

    /// The whole dictionary's entries.
    pub fn dictionary(&self) -> String {
        let Self { width, height, entries, .. } = self;
        format!("/Type /XObject /Subtype /Image /Width {width} /Height {height} {entries}")
    }
}

/// Width, height and components of a JPEG.
pub fn frame(jpeg: &[u8]) -> (u32, u32, u8) {
    let mut at = 2;
    loop {
        let marker = jpeg[at + 1];
        let field = |from: usize| u32::from(jpeg[from]) << 8 | u32::from(jpeg[from + 1]);
        if matches!(marker, 0xC0..=0xC2) {
            return (field(at + 7), field(at + 5), jpeg[at + 9]);
        }
        at += 2 + field(at + 2) as usize;
    }
}
