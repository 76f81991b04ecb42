//! Colour as checks expect it: sRGB, whatever profile, inks or luma and chroma a file is stored in.

use std::sync::Arc;

use moxcms::{
    ColorProfile, DataColorSpace, Layout, ParsingOptions, Transform8BitExecutor, TransformOptions,
};

use super::contained;
use super::page::Planes;
use super::raster::{Raster, Samples};

/// Larger profiles are no camera's and no scanner's.
const MAX_PROFILE_BYTES: usize = 4 << 20;

/// More tags than any profile has. Each may point to the same large table, so they are counted first.
const MAX_TAGS: u32 = 100;

/// Cells of a colour table: 33 to the third power for three inks, 17 to the fourth for four, and room.
const MAX_TABLE_CELLS: usize = 2_000_000;

/// A profile that changes no colour by more than this is left alone: it is sRGB by another name.
const SAME: u8 = 2;

/// Converts a raster of a profile's kind; a profile that is broken or of another kind is ignored.
pub(super) fn to_srgb(raster: &mut Raster, profile: Option<&[u8]>) {
    let row = 3 * raster.width;
    match &mut raster.samples {
        Samples::Grey(grey) => {
            if let Some(table) = profile.and_then(grey_table) {
                for sample in grey {
                    *sample = table[usize::from(*sample)];
                }
            }
        }
        Samples::Rgb(rgb) => {
            let transform = |bytes| transform(bytes, DataColorSpace::Rgb, Layout::Rgb);
            let transform = profile.and_then(transform).filter(|t| changes_anything(&**t));
            if let Some(transform) = transform {
                let mut before = vec![0; row];
                for row in rgb.chunks_exact_mut(row) {
                    before.copy_from_slice(row);
                    if transform.transform(&before, row).is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// Converts planes of a profile's kind, `grey` where the file has no colour: what it does to the mean of a
/// cell is what it does to its pixels.
pub(super) fn planes_to_srgb(planes: &mut Planes, grey: bool, profile: &[u8]) {
    let Planes { y, cb, cr } = planes;
    if grey {
        if let Some(table) = grey_table(profile) {
            for luma in &mut y.cells {
                *luma = table[usize::from(*luma)];
            }
        }
        return;
    }
    let transform = transform(profile, DataColorSpace::Rgb, Layout::Rgb);
    let Some(transform) = transform.filter(|t| changes_anything(&**t)) else {
        return;
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let width = y.width.max(1);
    let rows = y.cells.chunks_mut(width).zip(cb.cells.chunks_mut(width));
    for ((y, cb), cr) in rows.zip(cr.cells.chunks_mut(width)) {
        before.clear();
        for ((luma, blue), red) in y.iter().zip(cb.iter()).zip(cr.iter()) {
            let mut pixel = [*luma, *blue, *red];
            ycbcr_to_rgb(&mut pixel);
            before.extend(pixel);
        }
        after.resize(before.len(), 0);
        if transform.transform(&before, &mut after).is_err() {
            return;
        }
        let cells = y.iter_mut().zip(cb.iter_mut()).zip(cr.iter_mut());
        for (((luma, blue), red), pixel) in cells.zip(after.as_chunks::<3>().0) {
            [*luma, *blue, *red] = rgb_to_ycbcr(pixel.map(f32::from));
        }
    }
}

/// From four inks a pixel (0 is none, 255 covers all) to three colours, in place.
pub(super) fn inks_to_rgb(mut inks: Vec<u8>, width: usize, profile: Option<&[u8]>) -> Vec<u8> {
    let transform = profile.and_then(|bytes| transform(bytes, DataColorSpace::Cmyk, Layout::Rgba));
    let mut row = vec![0; 3 * width];
    for y in 0..inks.len() / (4 * width) {
        let stored = &inks[4 * width * y..][..4 * width];
        let converted = transform.as_ref().is_some_and(|t| t.transform(stored, &mut row).is_ok());
        if !converted {
            for (rgb, inks) in row.chunks_exact_mut(3).zip(stored.chunks_exact(4)) {
                let light = |ink: u8| u32::from(255 - ink);
                for (colour, &ink) in rgb.iter_mut().zip(inks) {
                    *colour = ((light(ink) * light(inks[3]) + 127) / 255) as u8;
                }
            }
        }
        // Three bytes a pixel never reach the rows that are still to be read.
        inks[3 * width * y..][..3 * width].copy_from_slice(&row);
    }
    inks.truncate(inks.len() / 4 * 3);
    inks
}

/// Full-range BT.601, as in JFIF.
#[inline(always)]
pub(super) fn rgb_to_ycbcr([red, green, blue]: [f32; 3]) -> [u8; 3] {
    let cell = [
        0.299 * red + 0.587 * green + 0.114 * blue,
        128.0 - 0.168_736 * red - 0.331_264 * green + 0.5 * blue,
        128.0 + 0.5 * red - 0.418_688 * green - 0.081_312 * blue,
    ];
    cell.map(|level| (level + 0.5) as u8)
}

/// The way back; the first three samples of a pixel.
pub(super) fn ycbcr_to_rgb(pixel: &mut [u8]) {
    let [y, cb, cr] = [pixel[0], pixel[1], pixel[2]].map(i32::from);
    let (cb, cr) = (cb - 128, cr - 128);
    let half = 1 << 15;
    let red = y + ((91_881 * cr + half) >> 16);
    let green = y - ((22_554 * cb + 46_802 * cr + half) >> 16);
    let blue = y + ((116_130 * cb + half) >> 16);
    for (sample, value) in pixel.iter_mut().zip([red, green, blue]) {
        *sample = value.clamp(0, 255) as u8;
    }
}

/// What each grey becomes; `None` where nothing changes.
fn grey_table(profile: &[u8]) -> Option<Vec<u8>> {
    let transform = transform(profile, DataColorSpace::Gray, Layout::Gray)?;
    let greys: Vec<u8> = (0..=255).collect();
    let mut rgb = vec![0; 3 * greys.len()];
    transform.transform(&greys, &mut rgb).ok()?;
    let table: Vec<u8> = rgb.chunks_exact(3).map(|pixel| pixel[1]).collect();
    let same = greys.iter().zip(&table).all(|(before, after)| before.abs_diff(*after) <= SAME);
    (!same).then_some(table)
}

/// Sends a lattice of colours through.
fn changes_anything(transform: &Transform8BitExecutor) -> bool {
    const STEPS: [u8; 6] = [0, 51, 102, 153, 204, 255];
    let before: Vec<u8> = STEPS
        .iter()
        .flat_map(|&red| STEPS.iter().map(move |&green| (red, green)))
        .flat_map(|(red, green)| STEPS.iter().flat_map(move |&blue| [red, green, blue]))
        .collect();
    let mut after = vec![0; before.len()];
    transform.transform(&before, &mut after).is_ok()
        && before.iter().zip(&after).any(|(before, after)| before.abs_diff(*after) > SAME)
}

/// Prepares a conversion from a profile of `space` to sRGB. A profile that makes its reader panic is
/// as broken as one that it refuses.
fn transform(
    profile: &[u8],
    space: DataColorSpace,
    layout: Layout,
) -> Option<Arc<Transform8BitExecutor>> {
    let tags = profile.get(128..132).and_then(|count| count.try_into().ok());
    let tags = tags.map(u32::from_be_bytes)?;
    if profile.len() > MAX_PROFILE_BYTES || tags > MAX_TAGS {
        return None;
    }
    let options = ParsingOptions {
        max_profile_size: MAX_PROFILE_BYTES + 1,
        max_allowed_clut_size: MAX_TABLE_CELLS,
        ..ParsingOptions::default()
    };
    contained(|| {
        let profile = ColorProfile::new_from_slice_with_options(profile, options).ok()?;
        if profile.color_space != space {
            return None;
        }
        let srgb = ColorProfile::new_srgb();
        let options = TransformOptions::default();
        profile.create_transform_8bit(layout, &srgb, Layout::Rgb, options).ok()
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(rgb: [u8; 3], profile: &ColorProfile) -> [u8; 3] {
        let mut raster = Raster::new(1, 1, Samples::Rgb(rgb.to_vec())).unwrap();
        to_srgb(&mut raster, Some(&profile.encode().unwrap()));
        raster.rgb(0, 0)
    }

    #[test]
    fn srgb_is_left_alone_and_wider_spaces_are_not() {
        assert_eq!(convert([200, 60, 30], &ColorProfile::new_srgb()), [200, 60, 30]);
        let [red, green, blue] = convert([200, 60, 30], &ColorProfile::new_display_p3());
        assert!(red > 210 && green < 55 && blue < 30, "{red} {green} {blue}");
    }

    #[test]
    fn grey_follows_its_own_curve() {
        let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let mut raster = Raster::new(2, 1, Samples::Grey(vec![55, 255])).unwrap();
        to_srgb(&mut raster, Some(&linear));
        assert!(raster.rgb(0, 0)[0].abs_diff(128) <= 1, "{:?}", raster.rgb(0, 0));
        assert_eq!(raster.rgb(1, 0), [255; 3]);
    }

    #[test]
    fn a_profile_that_is_broken_or_of_another_kind_changes_nothing() {
        let grey = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
        let mut many_tags = ColorProfile::new_display_p3().encode().unwrap();
        many_tags[128..132].copy_from_slice(&1_000_000u32.to_be_bytes());
        for profile in [&b""[..], &[7; 200], &grey[..60], &grey, &many_tags] {
            let mut raster = Raster::new(1, 1, Samples::Rgb(vec![200, 60, 30])).unwrap();
            to_srgb(&mut raster, Some(profile));
            assert_eq!(raster.rgb(0, 0), [200, 60, 30]);
        }
    }

    #[test]
    fn inks_cover_white_paper() {
        let inks = vec![0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 0, 128, 0, 0];
        let rgb = inks_to_rgb(inks, 2, None);
        assert_eq!(rgb, [255, 255, 255, 0, 255, 255, 0, 0, 0, 255, 127, 255]);
    }

    #[test]
    fn luma_and_chroma_become_the_colours_of_jfif() {
        for (ycbcr, rgb) in [([76, 85, 255], [254, 0, 0]), ([128, 128, 128], [128, 128, 128])] {
            let mut pixel = ycbcr;
            ycbcr_to_rgb(&mut pixel);
            assert_eq!(pixel, rgb);
        }
    }
}
