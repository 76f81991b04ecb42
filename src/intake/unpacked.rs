//! Does the file unpack to far more than a scan or photo of its size can hold?

use serde::{Deserialize, Serialize};

use crate::intake::Sniffed;
use crate::intake::foreign::Place;
use crate::intake::foreign::nook::{MOST_MEASURED, Stored};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The pictures in the file unpack to many times its size, or to more than can be read in the time
    /// that a file may take: an even area of many pixels, or a bomb. Counted from the headers of all
    /// pages before a pixel is decoded.
    pub DECOMPRESSION_TOO_LARGE = Error {
        en: "The file unpacks to {unpacked}, far more than its size"
            => "Scan or photograph the original again in fewer pixels; up to {max_size} unpacked is fine",
        zh: "文件展开后达 {unpacked}，远超其大小"
            => "请减少像素后重新扫描或拍摄原件，展开后不超过 {max_size} 即可",
    }
}

reason! {
    /// Notes, colour profile or texts that come with the picture are larger than any camera or program
    /// makes them, or unpack to that: something hides there, or is to fill the memory.
    pub METADATA_TOO_LARGE = Error {
        en: "The picture carries {size} of notes besides its pixels"
            => "Save or export it again without them, then upload the new file; at most {max_size} is taken",
        zh: "图片附带的附加信息达 {size}"
            => "请将图片另存或重新导出后上传，附加信息不得超过 {max_size}",
    }
}

/// The check `file.unpacked`.
pub struct Unpacked;

/// Bytes, but for one.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    file: u64,
    /// Pixels of the largest page, no bytes.
    largest: u64,
    /// Of the pixels of all pages, as deep as they are stored.
    pixels: u64,
    /// Of EXIF.
    exif: u64,
    /// Of the colour profile.
    profile: u64,
    /// Of texts and comments.
    text: u64,
}

/// How much passes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How many times the file's size pixels may take, where they take more than `free_bytes`.
    max_ratio: u64,
    free_bytes: u64,
    /// A page of more pixels is too large by itself, which `file.pixels` tells.
    max_pixels: u64,
    max_pixel_bytes: u64,
    max_exif_bytes: u64,
    max_profile_bytes: u64,
    max_text_bytes: u64,
}

impl Check for Unpacked {
    const ID: &'static str = "file.unpacked";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&DECOMPRESSION_TOO_LARGE, &METADATA_TOO_LARGE];
    const NEEDS: Needs = Needs::Header;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        let none = || Unreadable::because("no-walker");
        let walk = sniffed.walk.ok_or_else(none)?;
        let file = sniffed.bytes.len() as u64;
        // The notes of a TIFF are its own directories.
        let exif = walk.exif.filter(|exif| exif.start > 0);
        let exif = exif.map_or(0, |exif| exif.end.saturating_sub(exif.start) as u64);
        let largest = walk.header.map_or(0, |it| u64::from(it.width) * u64::from(it.height));
        let mut reading =
            Reading { file, largest, pixels: walk.unpacked, exif, profile: 0, text: 0 };
        let mut budget = MOST_MEASURED;
        for nook in &sniffed.nooks {
            // Seen once as they are stored.
            if nook.stored == Stored::Blocks {
                continue;
            }
            let sum = match nook.place {
                Place::Profile => &mut reading.profile,
                Place::Comment => &mut reading.text,
                _ => continue,
            };
            *sum += nook.unpacked_size(sniffed.whole(), &mut budget);
        }
        Ok(reading)
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let bytes = |name, bytes: u64| Measurement::of(name, bytes as f64, "By");
        let ratio = reading.pixels as f64 / reading.file.max(1) as f64;
        let ratio = Measurement::of("file.unpacked_ratio", ratio, "1");
        let pixels = bytes("file.unpacked_pixels", reading.pixels);
        let (told, free) =
            (reading.largest > limits.max_pixels, reading.pixels <= limits.free_bytes);
        vec![
            if told || free { ratio } else { ratio.at_most(limits.max_ratio as f64) },
            if told { pixels } else { pixels.at_most(limits.max_pixel_bytes as f64) },
            bytes("file.exif", reading.exif).at_most(limits.max_exif_bytes as f64),
            bytes("file.profile", reading.profile).at_most(limits.max_profile_bytes as f64),
            bytes("file.text", reading.text).at_most(limits.max_text_bytes as f64),
        ]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let broken: Vec<_> = Self::measurements(reading, limits)
            .into_iter()
            .filter(Measurement::is_broken)
            .collect();
        let first = broken.first()?;
        let size = |bytes: f64| crate::intake::size::readable(bytes as u64);
        let finding = match first.name.starts_with("file.unpacked") {
            true => {
                // Below that no ratio counts.
                let free = limits.free_bytes.min(limits.max_pixel_bytes);
                Finding::of(&DECOMPRESSION_TOO_LARGE)
                    .with("unpacked", size(reading.pixels as f64))
                    .with("max_size", size(free as f64))
            }
            false => Finding::of(&METADATA_TOO_LARGE)
                .with("size", size(first.value))
                .with("max_size", size(first.max.unwrap_or_default())),
        };
        Some(broken.into_iter().fold(finding, Finding::because))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        max_ratio: 200,
        free_bytes: 50,
        max_pixels: 2000,
        max_pixel_bytes: 1000,
        max_exif_bytes: 10,
        max_profile_bytes: 40,
        max_text_bytes: 80,
    };

    fn code(file: u64, pixels: u64, notes: [u64; 3]) -> Option<&'static str> {
        let [exif, profile, text] = notes;
        let reading = Reading { file, largest: pixels, pixels, exif, profile, text };
        Unpacked::judge(&reading, &LIMITS).map(|finding| finding.reason.code)
    }

    #[test]
    fn many_times_its_size_is_too_much_only_where_it_is_large() {
        assert_eq!(code(1, 50, [0; 3]), None);
        assert_eq!(code(1, 200, [0; 3]), None);
        assert_eq!(code(1, 201, [0; 3]), Some("DECOMPRESSION_TOO_LARGE"));
        assert_eq!(code(500, 1000, [0; 3]), None);
        assert_eq!(code(500, 1001, [0; 3]), Some("DECOMPRESSION_TOO_LARGE"));
        assert_eq!(code(500, 2001, [0; 3]), None, "told by another check");
    }

    #[test]
    fn notes_profile_and_texts_have_their_own_bounds() {
        assert_eq!(code(9, 9, [10, 40, 80]), None);
        for notes in [[11, 0, 0], [0, 41, 0], [0, 0, 81]] {
            assert_eq!(code(9, 9, notes), Some("METADATA_TOO_LARGE"), "{notes:?}");
        }
    }
}
