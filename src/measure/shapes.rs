//! Masks: what hangs together, and what grows or shrinks by a few cells.
//!
//! The same as imageproc's functions of these names, without a forest of every cell and without
//! distances that nobody asks for.

use image::{GrayImage, ImageBuffer, Luma};

/// The number of the part that each cell belongs to, 0 outside the mask.
pub(super) type Labels = ImageBuffer<Luma<u32>, Vec<u32>>;

/// Which cells hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connectivity {
    /// Those that share a side.
    Four,
    /// Those that share a side or a corner.
    Eight,
}

/// Numbers the parts of a mask from 1 on, in the order of their first cells, row after row.
pub(super) fn connected_components(mask: &GrayImage, connectivity: Connectivity) -> Labels {
    let (width, height) = mask.dimensions();
    let mut labels = Labels::new(width, height);
    let (across, down) = (width as usize, height as usize);
    let reach = usize::from(connectivity == Connectivity::Eight);
    // What each provisional number leads to; 0 is no part.
    let mut leads = vec![0u32];
    for y in 0..down {
        let (above, here) = labels.split_at_mut(y * across);
        let above = &above[y.saturating_sub(1) * across..];
        let row = &mask.as_raw()[y * across..][..across];
        for x in (0..across).filter(|&x| row[x] > 0) {
            let mut own = if x > 0 { here[x - 1] } else { 0 };
            if y > 0 {
                for &other in &above[x.saturating_sub(reach)..across.min(x + reach + 1)] {
                    own = match (own, other) {
                        (own, 0) => own,
                        (0, other) => other,
                        (own, other) => joined(&mut leads, own, other),
                    };
                }
            }
            if own == 0 {
                own = leads.len() as u32;
                leads.push(own);
            }
            here[x] = own;
        }
    }
    // A part's least number is that of its first cell, so that its order is theirs.
    let mut count = 0;
    for label in 1..leads.len() {
        leads[label] = match leads[label] as usize {
            own if own == label => {
                count += 1;
                count
            }
            lower => leads[lower],
        };
    }
    for label in labels.iter_mut() {
        *label = leads[*label as usize];
    }
    labels
}

/// Makes two numbers lead to the lesser of what they lead to.
fn joined(leads: &mut [u32], one: u32, other: u32) -> u32 {
    let (one, other) = (end(leads, one), end(leads, other));
    leads[one.max(other) as usize] = one.min(other);
    one.min(other)
}

fn end(leads: &mut [u32], mut label: u32) -> u32 {
    while leads[label as usize] != label {
        leads[label as usize] = leads[leads[label as usize] as usize];
        label = leads[label as usize];
    }
    label
}

/// With every cell that lies up to so many cells from the mask, across, down or aslant.
pub(super) fn dilate(mask: &GrayImage, reach: u8) -> GrayImage {
    spread(mask, reach, |one, other| one.max(other))
}

/// Without every cell that lies up to so many cells from one outside the mask; what lies beyond the
/// frame is not outside.
pub(super) fn erode(mask: &GrayImage, reach: u8) -> GrayImage {
    spread(mask, reach, |one, other| one.min(other))
}

/// With gaps of up to twice the reach closed.
pub(super) fn close(mask: &GrayImage, reach: u8) -> GrayImage {
    erode(&dilate(mask, reach), reach)
}

/// Without what is no wider than twice the reach.
pub(super) fn open(mask: &GrayImage, reach: u8) -> GrayImage {
    dilate(&erode(mask, reach), reach)
}

/// Each cell the `pick` of all around it: one step at a time, across and then down.
fn spread(mask: &GrayImage, reach: u8, pick: impl Fn(u8, u8) -> u8) -> GrayImage {
    let mut grown = mask.clone();
    let across = mask.width() as usize;
    if across == 0 || mask.height() == 0 {
        return grown;
    }
    let (mut before, mut own) = (vec![0; across], vec![0; across]);
    let cells: &mut [u8] = &mut grown;
    for row in cells.chunks_exact_mut(across) {
        for _ in 0..reach {
            before.copy_from_slice(row);
            for (cell, &left) in row[1..].iter_mut().zip(&before) {
                *cell = pick(*cell, left);
            }
            for (cell, &right) in row.iter_mut().zip(&before[1..]) {
                *cell = pick(*cell, right);
            }
        }
    }
    for _ in 0..reach {
        // The row above as it was; the first one has none but itself.
        before.copy_from_slice(&cells[..across]);
        for start in (0..cells.len()).step_by(across) {
            let (row, below) = cells[start..].split_at_mut(across);
            own.copy_from_slice(row);
            for (cell, &above) in row.iter_mut().zip(&before) {
                *cell = pick(*cell, above);
            }
            for (cell, &below) in row.iter_mut().zip(below.iter()) {
                *cell = pick(*cell, below);
            }
            std::mem::swap(&mut before, &mut own);
        }
    }
    grown
}

#[cfg(test)]
mod tests {
    use imageproc::distance_transform::Norm;
    use imageproc::{morphology, region_labelling};

    use super::*;

    /// Blots of noise.
    fn masks() -> impl Iterator<Item = GrayImage> {
        let sizes = [(1, 40), (40, 1), (5, 7), (64, 48), (97, 61)];
        sizes.into_iter().flat_map(|size| (1..6).map(move |grain| (size, grain))).map(
            |((width, height), grain)| {
                GrayImage::from_fn(width, height, |x, y| {
                    let at = (x / grain).wrapping_mul(2_654_435_761)
                        ^ (y / grain).wrapping_mul(40_503).rotate_left(9);
                    let noise = (at ^ at >> 15).wrapping_mul(0x2C1B_3C6D);
                    Luma([if noise >> 24 > 120 { 255 } else { 0 }])
                })
            },
        )
    }

    #[test]
    fn parts_are_numbered_as_imageproc_numbers_them() {
        for mask in masks() {
            for (own, theirs) in [
                (Connectivity::Four, region_labelling::Connectivity::Four),
                (Connectivity::Eight, region_labelling::Connectivity::Eight),
            ] {
                let expected = region_labelling::connected_components(&mask, theirs, Luma([0]));
                assert!(connected_components(&mask, own) == expected, "{:?}", mask.dimensions());
            }
        }
    }

    #[test]
    fn masks_grow_and_shrink_as_those_of_imageproc() {
        for mask in masks() {
            for reach in 1..5 {
                assert!(dilate(&mask, reach) == morphology::dilate(&mask, Norm::LInf, reach));
                assert!(erode(&mask, reach) == morphology::erode(&mask, Norm::LInf, reach));
                assert!(close(&mask, reach) == morphology::close(&mask, Norm::LInf, reach));
                assert!(open(&mask, reach) == morphology::open(&mask, Norm::LInf, reach));
            }
        }
    }
}
