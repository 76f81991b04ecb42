//! The noise of the person beside that of the background: one camera leaves one noise.

use crate::decode::page::{Energy, OCTAVE_SIZES};
use crate::measure::person::Person;

/// Noise of both parts, in levels of luma (standard deviation).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Splice {
    /// Of the person.
    pub person: f32,
    /// Of the background.
    pub background: f32,
}

/// Share of the blocks with the least coarse structure: those that show noise and little texture.
const FLAT: f32 = 0.15;

/// Fewer blocks of one part tell nothing.
const FEWEST: usize = 60;

/// Least noise: one level of rounding.
const LEAST: f32 = 0.3;

/// Mean lumas between which nothing is clipped, so that the noise is the camera's.
const UNCLIPPED: std::ops::Range<f32> = 16.0..239.0;

/// Measures the finest octave of blocks that lie in one part, corners included. `None` where one part is too small.
pub fn measure(energy: &Energy, person: &Person) -> Option<Splice> {
    let (width, height) = (person.width, person.mask.len() / person.width);
    let inner = person.eroded(2, false);
    let outer = person.eroded(4, true);
    let mut parts = [Vec::new(), Vec::new()];
    for (at, block) in energy.blocks.iter().enumerate() {
        if !UNCLIPPED.contains(&block.mean) {
            continue;
        }
        let (x, y) =
            (at % energy.width * width / energy.width, at / energy.width * height / energy.height);
        let place = y * width + x;
        if inner[place] {
            parts[0].push((block.low + block.mid, block.high));
        } else if !outer[place] {
            parts[1].push((block.low + block.mid, block.high));
        }
    }
    let [person, background] = parts.map(|mut part: Vec<(f32, f32)>| {
        (part.len() >= FEWEST.div_ceil(energy.stands_for)).then(|| {
            let flat = (part.len() as f32 * FLAT) as usize + 1;
            part.select_nth_unstable_by(flat - 1, |a, b| a.0.total_cmp(&b.0));
            let mut high: Vec<f32> = part[..flat].iter().map(|block| block.1).collect();
            let middle = high.len() / 2;
            let high = *high.select_nth_unstable_by(middle, f32::total_cmp).1;
            (high / OCTAVE_SIZES.high).max(0.0).sqrt().max(LEAST)
        })
    });
    Some(Splice { person: person?, background: background? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::page::Octaves;

    fn measured(person: f32, background: f32) -> Splice {
        let (width, height) = (80, 60);
        let mask: Vec<bool> = (0..width * height).map(|at| at % width >= 40).collect();
        let octaves =
            |noise: f32| Octaves { mean: 120.0, high: 48.0 * noise * noise, ..Octaves::default() };
        let blocks =
            mask.iter().map(|&inside| octaves(if inside { person } else { background })).collect();
        let energy = Energy {
            width,
            height,
            reduction: 1,
            stands_for: 1,
            blocks,
            ripple: Default::default(),
            spectrum: [0.0; 64],
        };
        measure(&energy, &Person { mask, width }).unwrap()
    }

    #[test]
    fn the_noise_of_both_parts_is_told_apart() {
        let one = measured(3.0, 3.0);
        assert!((one.person - one.background).abs() < 0.1, "{one:?}");
        let pasted = measured(6.0, 1.0);
        assert!(pasted.person > 5.0 * pasted.background, "{pasted:?}");
    }
}
