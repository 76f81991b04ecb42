//! TIFF, one page at a time: every way of storing pixels that scanners and fax software use.
//!
//! Written here because the usual decoder knows neither palettes nor Group 3, and takes a page as a
//! whole; this one holds a row beside the picture.

mod layout;
mod source;

use std::io::Read;

use self::layout::{Alpha, Colour, Layout};
use super::Outcome;
use super::colour;
use super::integrity::State;
use super::raster::{Raster, Samples, over_white};
use crate::intake::structure::Header;
use crate::intake::structure::ifd::Directory;
use crate::intake::structure::tiff::tag;
use crate::intake::{Budget, Expired};

/// Bytes that a page may take here whatever the limits in force.
const MAX_CANVAS: usize = 1 << 30;

/// One page; the header's size is that of the largest and has been judged.
pub(super) fn decode(
    page: Directory<'_>,
    header: Header,
    budget: &mut dyn Budget,
) -> Result<Outcome, Expired> {
    let layout = match Layout::of(page) {
        Ok(layout) => layout,
        Err(state) => return Ok((None, state)),
    };
    let area = u64::from(header.width) * u64::from(header.height);
    if layout.width as u64 * layout.height as u64 > area {
        return Ok((None, State::Corrupt));
    }
    let samples = (layout.width * layout.height).checked_mul(layout.kept());
    let Some(samples) = samples.filter(|&samples| samples <= MAX_CANVAS) else {
        return Ok((None, State::Unsupported));
    };
    let mut canvas = vec![0; samples];
    for plane in 0..layout.planes() {
        for chunk in 0..layout.chunks() {
            budget.check()?;
            if let Err(state) = draw(&layout, plane, chunk, &mut canvas) {
                return Ok((None, state));
            }
        }
    }
    Ok(match finish(&layout, canvas) {
        Some(raster) => (Some(raster), State::Whole),
        None => (None, State::Corrupt),
    })
}

/// Reads a strip or tile and puts its samples, eight bits each, where they belong.
fn draw(layout: &Layout<'_>, plane: usize, chunk: usize, canvas: &mut [u8]) -> Result<(), State> {
    let (left, top) = layout.place(chunk);
    let rows = layout.chunk.1.min(layout.height - top);
    let columns = layout.chunk.0.min(layout.width - left);
    let mut source = source::open(layout, layout.bytes(plane, chunk)?, rows)?;
    let (interleaved, kept) = (layout.interleaved(), layout.kept());
    let mut put = |y: usize, line: &[u8]| {
        let row = &mut canvas[((top + y) * layout.width + left) * kept..][..columns * kept];
        if interleaved == kept {
            row.copy_from_slice(&line[..columns * kept]);
            return;
        }
        let (at, taken) = if layout.planar { (plane, 1) } else { (0, kept) };
        for (pixel, samples) in row.chunks_exact_mut(kept).zip(line.chunks_exact(interleaved)) {
            pixel[at..at + taken].copy_from_slice(&samples[..taken]);
        }
    };
    if layout.is_subsampled() {
        return subsampled(layout, &mut source, rows, put);
    }
    let samples = layout.chunk.0 * interleaved;
    let mut packed = vec![0; (samples * layout.bits).div_ceil(8)];
    let mut line = vec![0; samples];
    for y in 0..rows {
        source.read_exact(&mut packed).map_err(|_| State::Corrupt)?;
        if layout.predicted {
            sum_up(layout, &mut packed);
        }
        unpack(layout, &packed, &mut line);
        put(y, &line);
    }
    Ok(())
}

/// Chroma that several pixels share: blocks of luma, each followed by its two chroma samples.
fn subsampled(
    layout: &Layout<'_>,
    source: &mut impl Read,
    rows: usize,
    mut put: impl FnMut(usize, &[u8]),
) -> Result<(), State> {
    let (across, down) = layout.subsampling;
    let width = layout.chunk.0;
    let unit = across * down + 2;
    let mut packed = vec![0; width.div_ceil(across) * unit];
    let mut line = vec![0; width * 3];
    for top in (0..rows).step_by(down) {
        source.read_exact(&mut packed).map_err(|_| State::Corrupt)?;
        for y in 0..down.min(rows - top) {
            for (x, pixel) in line.chunks_exact_mut(3).enumerate() {
                let block = &packed[x / across * unit..][..unit];
                let luma = block[y * across + x % across];
                pixel.copy_from_slice(&[luma, block[unit - 2], block[unit - 1]]);
            }
            put(top + y, &line);
        }
    }
    Ok(())
}

/// Undoes the prediction of each sample from the one on its left.
fn sum_up(layout: &Layout<'_>, row: &mut [u8]) {
    let interleaved = layout.interleaved();
    if layout.bits == 8 {
        for at in interleaved..row.len() {
            row[at] = row[at].wrapping_add(row[at - interleaved]);
        }
        return;
    }
    let (read, write) = match layout.directory.tiff().is_little_endian() {
        true => (u16::from_le_bytes as fn([u8; 2]) -> u16, u16::to_le_bytes as fn(u16) -> [u8; 2]),
        false => (u16::from_be_bytes as _, u16::to_be_bytes as _),
    };
    for at in (2 * interleaved..row.len()).step_by(2) {
        let before = at - 2 * interleaved;
        let sum = read([row[at], row[at + 1]]).wrapping_add(read([row[before], row[before + 1]]));
        row[at..at + 2].copy_from_slice(&write(sum));
    }
}

/// From packed samples to a byte each. An index stays what it is, all else spreads over 0..=255.
fn unpack(layout: &Layout<'_>, packed: &[u8], line: &mut [u8]) {
    match layout.bits {
        8 => line.copy_from_slice(packed),
        16 => {
            let little_endian = layout.directory.tiff().is_little_endian();
            for (sample, pair) in line.iter_mut().zip(packed.chunks_exact(2)) {
                let pair = [pair[0], pair[1]];
                let deep =
                    if little_endian { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
                *sample = ((u32::from(deep) + 128) / 257) as u8;
            }
        }
        bits => {
            let (each, mask) = (8 / bits, (1u8 << bits) - 1);
            let scale = if layout.colour == Colour::Palette { 1 } else { 255 / mask };
            for (samples, byte) in line.chunks_mut(each).zip(packed) {
                for (index, sample) in samples.iter_mut().enumerate() {
                    *sample = (byte >> (8 - bits * (index + 1)) & mask) * scale;
                }
            }
        }
    }
}

/// From samples to grey or sRGB on white paper.
fn finish(layout: &Layout<'_>, mut canvas: Vec<u8>) -> Option<Raster> {
    let profile = layout.directory.values(tag::ICC_PROFILE).map(|profile| profile.bytes());
    let (width, height) = (layout.width, layout.height);
    let samples = match layout.colour {
        Colour::WhiteIsZero | Colour::BlackIsZero => {
            if layout.colour == Colour::WhiteIsZero {
                for pixel in canvas.chunks_exact_mut(layout.kept()) {
                    pixel[0] = 255 - pixel[0];
                }
            }
            Samples::Grey(without_alpha::<1>(layout.alpha, canvas))
        }
        Colour::Rgb => Samples::Rgb(without_alpha::<3>(layout.alpha, canvas)),
        Colour::Palette => Samples::Rgb(coloured(layout, &canvas)?),
        Colour::YCbCr => {
            canvas.chunks_exact_mut(3).for_each(colour::ycbcr_to_rgb);
            Samples::Rgb(canvas)
        }
        Colour::Cmyk => Samples::Rgb(colour::inks_to_rgb(canvas, width, profile)),
    };
    let mut raster = Raster::new(width, height, samples)?;
    if layout.colour != Colour::Cmyk {
        colour::to_srgb(&mut raster, profile);
    }
    Some(raster)
}

/// Lays `N` samples of colour and one of transparency on white paper, in place.
fn without_alpha<const N: usize>(alpha: Option<Alpha>, mut canvas: Vec<u8>) -> Vec<u8> {
    let Some(alpha) = alpha else {
        return canvas;
    };
    let pixels = canvas.len() / (N + 1);
    for pixel in 0..pixels {
        let opacity = canvas[pixel * (N + 1) + N];
        for sample in 0..N {
            let value = canvas[pixel * (N + 1) + sample];
            canvas[pixel * N + sample] = match alpha {
                Alpha::Associated => value.saturating_add(255 - opacity),
                Alpha::Unassociated => over_white(value, opacity),
            };
        }
    }
    canvas.truncate(pixels * N);
    canvas
}

/// Looks indices up in the colour map: all reds, then all greens, then all blues.
fn coloured(layout: &Layout<'_>, indices: &[u8]) -> Option<Vec<u8>> {
    let map = layout.directory.values(tag::COLOUR_MAP)?;
    let size = 1 << layout.bits;
    if map.count() < 3 * size {
        return None;
    }
    // Meant to be 16 bits deep, but some writers use only the lower eight.
    let shallow = map.iter().take(3 * size).all(|value| value < 256);
    let at = |index| {
        let value = map.get(index).unwrap_or(0);
        if shallow { value as u8 } else { (value >> 8) as u8 }
    };
    let colours: Vec<_> =
        (0..size).map(|index| [0, size, 2 * size].map(|c| at(c + index))).collect();
    Some(indices.iter().flat_map(|&index| colours[usize::from(index)]).collect())
}
