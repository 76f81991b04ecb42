//! Masks: what hangs together, and what grows or shrinks by a few cells.
//!
//! The same as imageproc's functions of these names, without a forest of every cell and without
//! distances that nobody asks for.

use image::GrayImage;

/// Which cells hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connectivity {
    /// Those that share a side.
    Four,
    /// Those that share a side or a corner.
    Eight,
}

/// Cells of one row that hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The row.
    pub y: usize,
    /// The first column.
    pub start: usize,
    /// The column after the last.
    pub end: usize,
    /// The part that they belong to, counted from 0.
    pub part: usize,
}

impl Run {
    /// How many cells.
    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }

    /// Sets them in row-major cells of this width.
    pub(super) fn fill<T: Copy>(&self, cells: &mut [T], width: usize, value: T) {
        cells[self.y * width + self.start..self.y * width + self.end].fill(value);
    }
}

/// The parts of a mask as runs, row after row. They are numbered in the order of their first cells.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// From top to bottom, left to right.
    pub runs: Vec<Run>,
    /// How many parts.
    pub count: usize,
}

/// Extent of one part: left, top, right, bottom, the last two outside, and its number of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Cells.
    pub cells: usize,
    /// The box around them.
    pub edges: [u32; 4],
}

impl Parts {
    /// Of each part, in order.
    pub(super) fn extents(&self) -> Vec<Extent> {
        let nothing = Extent { cells: 0, edges: [u32::MAX, u32::MAX, 0, 0] };
        let mut extents = vec![nothing; self.count];
        for run in &self.runs {
            let Extent { cells, edges: [left, top, right, bottom] } = &mut extents[run.part];
            *cells += run.length();
            (*left, *top) = ((*left).min(run.start as u32), (*top).min(run.y as u32));
            (*right, *bottom) = ((*right).max(run.end as u32), (*bottom).max(run.y as u32 + 1));
        }
        extents
    }
}

/// The parts of what is set in a mask.
pub(super) fn parts(mask: &GrayImage, connectivity: Connectivity) -> Parts {
    parts_of(mask, connectivity, |cell| cell > 0)
}

/// The parts of the cells that are `lit`.
pub(super) fn parts_of(
    mask: &GrayImage,
    connectivity: Connectivity,
    lit: impl Fn(u8) -> bool,
) -> Parts {
    let reach = usize::from(connectivity == Connectivity::Eight);
    let mut runs: Vec<Run> = Vec::new();
    // What each provisional number leads to.
    let mut leads: Vec<u32> = Vec::new();
    let mut above = 0..0;
    for (y, row) in mask.as_raw().chunks_exact((mask.width() as usize).max(1)).enumerate() {
        let first = runs.len();
        let (mut at, mut next) = (0, above.start);
        while let Some(start) = row[at..].iter().position(|&cell| lit(cell)) {
            let start = at + start;
            let length = row[start..].iter().position(|&cell| !lit(cell));
            let end = length.map_or(row.len(), |length| start + length);
            let mut part = None;
            // The runs above that end too early for this one do so for all that follow.
            while next < above.end && runs[next].end + reach <= start {
                next += 1;
            }
            for run in runs[next..above.end].iter().take_while(|run| run.start < end + reach) {
                let other = run.part as u32;
                part = Some(part.map_or(other, |own| joined(&mut leads, own, other)));
            }
            let part = part.unwrap_or_else(|| {
                leads.push(leads.len() as u32);
                leads.len() as u32 - 1
            });
            runs.push(Run { y, start, end, part: part as usize });
            at = end;
        }
        above = first..runs.len();
    }
    // A part's least number is that of its first run, so that its order is theirs.
    let mut count = 0;
    for number in 0..leads.len() {
        leads[number] = match leads[number] as usize {
            own if own == number => {
                count += 1;
                count - 1
            }
            lower => leads[lower],
        };
    }
    for run in &mut runs {
        run.part = leads[run.part] as usize;
    }
    Parts { runs, count: count as usize }
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
    use image::{ImageBuffer, Luma};
    use imageproc::distance_transform::Norm;
    use imageproc::{morphology, region_labelling};

    use super::*;

    /// The number of the part that each cell belongs to, from 1 on, 0 outside the mask.
    type Labels = ImageBuffer<Luma<u32>, Vec<u32>>;

    fn connected_components(mask: &GrayImage, connectivity: Connectivity) -> Labels {
        let mut labels = Labels::new(mask.width(), mask.height());
        for run in parts(mask, connectivity).runs {
            run.fill(&mut labels, mask.width() as usize, run.part as u32 + 1);
        }
        labels
    }

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
