//! What a camera wrote about the picture: which way is up, and whether it says where it was taken.

use crate::intake::structure::ifd::{Directory, Tiff};

/// How EXIF begins in some containers, before its own header.
const PREFIX: &[u8] = b"Exif\0\0";

const ORIENTATION: u16 = 0x0112;
const GPS_DIRECTORY: u16 = 0x8825;

/// Latitude and longitude, in the directory of the position.
const POSITION: [u16; 2] = [2, 4];

/// How XMP names a latitude.
pub(super) const POSITION_IN_XML: &[u8] = b"GPSLatitude";

/// The little that scanvet takes from EXIF. A position is noticed, never read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// How to turn the stored pixels upright.
    pub orientation: Orientation,
    /// Whether a GPS position is present.
    pub has_gps: bool,
}

/// EXIF orientation: how the stored picture must be turned to stand upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// 1: as stored.
    #[default]
    Upright,
    /// 2: mirror left to right.
    MirrorHorizontal,
    /// 3: half a turn.
    Rotate180,
    /// 4: mirror top to bottom.
    MirrorVertical,
    /// 5: mirror left to right, then a quarter turn counter-clockwise.
    Transpose,
    /// 6: a quarter turn clockwise.
    Rotate90,
    /// 7: mirror left to right, then a quarter turn clockwise.
    Transverse,
    /// 8: a quarter turn counter-clockwise.
    Rotate270,
}

impl Orientation {
    /// From the value of the EXIF tag; anything outside 1..=8 is upright.
    pub const fn of_exif(value: u32) -> Self {
        match value {
            2 => Self::MirrorHorizontal,
            3 => Self::Rotate180,
            4 => Self::MirrorVertical,
            5 => Self::Transpose,
            6 => Self::Rotate90,
            7 => Self::Transverse,
            8 => Self::Rotate270,
            _ => Self::Upright,
        }
    }

    /// Whether width and height change places.
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270)
    }

    /// Where the upright pixel `(x, y)` lies in a stored picture of `width` × `height`.
    pub const fn stored(self, x: usize, y: usize, width: usize, height: usize) -> (usize, usize) {
        match self {
            Self::Upright => (x, y),
            Self::MirrorHorizontal => (width - 1 - x, y),
            Self::Rotate180 => (width - 1 - x, height - 1 - y),
            Self::MirrorVertical => (x, height - 1 - y),
            Self::Transpose => (y, x),
            Self::Rotate90 => (y, height - 1 - x),
            Self::Transverse => (width - 1 - y, height - 1 - x),
            Self::Rotate270 => (width - 1 - y, x),
        }
    }
}

/// Reads two facts from EXIF and looks at nothing else: a directory that claims millions of values
/// costs as much as an honest one. Broken metadata counts as none.
pub fn read(exif: &[u8]) -> Metadata {
    let exif = exif.strip_prefix(PREFIX).unwrap_or(exif);
    let main = Tiff::open(exif).and_then(|(tiff, first)| tiff.directory(first).ok());
    let Some(main) = main else {
        return Metadata::default();
    };
    let gps = main.value(GPS_DIRECTORY).and_then(|at| main.tiff().directory(at).ok());
    let has_gps = gps.is_some_and(|gps| POSITION.into_iter().any(|tag| gps.entry(tag).is_some()));
    Metadata { orientation: orientation(main), has_gps }
}

/// Which way is up, as a directory says it.
pub fn orientation(directory: Directory<'_>) -> Orientation {
    let value = directory.value(ORIENTATION).and_then(|value| value.try_into().ok());
    value.map_or(Orientation::Upright, Orientation::of_exif)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientation_and_the_presence_of_a_position_are_read_and_nothing_else() {
        let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\x03\0\0\0\x01\0\x08\0\0\
            \x88\x25\0\x04\0\0\0\x01\0\0\0\x26\0\0\0\0\0\x01\0\x02\0\x05\0\0\0\x03\0\0\0\0\0\0\0\0";
        let expected = Metadata { orientation: Orientation::Rotate270, has_gps: true };
        assert_eq!(read(exif), expected);
        assert_eq!(read(&exif[6..]), expected);
        assert_eq!(read(&exif[..30]), Metadata::default());
        assert_eq!(read(b""), Metadata::default());
    }

    #[test]
    fn a_quarter_turn_takes_the_upright_top_left_from_the_stored_bottom_left() {
        // A 3×2 picture stored on its side; "rotate 90 clockwise" brings its left column to the top.
        assert_eq!(Orientation::Rotate90.stored(0, 0, 3, 2), (0, 1));
        assert_eq!(Orientation::Rotate90.stored(1, 0, 3, 2), (0, 0));
        assert_eq!(Orientation::Rotate270.stored(0, 0, 3, 2), (2, 0));
    }

    #[test]
    fn every_orientation_visits_every_stored_pixel_once() {
        for value in 1..=8 {
            let orientation = Orientation::of_exif(value);
            let (width, height) = (5, 3);
            let (w, h) = if orientation.swaps_sides() { (height, width) } else { (width, height) };
            let mut seen: Vec<_> = (0..h)
                .flat_map(|y| (0..w).map(move |x| (x, y)))
                .map(|(x, y)| orientation.stored(x, y, width, height))
                .collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), width * height, "{orientation:?}");
            assert!(seen.iter().all(|&(x, y)| x < width && y < height));
        }
    }
}
