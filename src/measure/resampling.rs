//! Whether the picture was enlarged: interpolation makes neighbouring pixels alike in a rhythm.
//!
//! Between two original pixels the second difference is small, on them it is large, so its mean by
//! column and by row ripples with the enlargement (Gallagher 2005). A picture enlarged evenly has the
//! same rhythm both ways; print and screens seldom have.

use rten_simd::{Isa, SimdOp};

use crate::decode::page::Energy;

/// A rhythm that columns and rows share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampling {
    /// How many times the picture was enlarged, 2 to 8.
    pub factor: f64,
    /// Height of the weaker of the two peaks over the median of the spectrum.
    pub strength: f64,
}

/// Cycles a pixel that are looked at: enlargements of 2.1 to 7.7 times. Below lie lines of print.
const LOWEST: f64 = 0.13;
const HIGHEST: f64 = 0.475;

/// JPEG's blocks ripple at every eighth.
const BLOCKS: f64 = 8.0;
const NEAR_BLOCKS: f64 = 0.004;

/// Peaks of columns and rows this near to each other are one rhythm.
const SAME: f64 = 0.006;

/// Half the window of the running mean that takes the content out.
const SMOOTHING: usize = 16;

/// Bins that are told at once.
const LANES: usize = 64;

/// Fewer columns or rows have no spectrum to speak of.
const FEWEST: usize = 256;

/// Measures the ripples; `None` where the page is too small for a spectrum.
pub fn measure(energy: &Energy) -> Option<Resampling> {
    let [columns, rows] = &energy.ripple;
    let (across, down) = (peak(columns)?, peak(rows)?);
    let same = (across.0 - down.0).abs() <= SAME;
    Some(Resampling {
        factor: 2.0 / (across.0 + down.0),
        strength: if same { across.1.min(down.1) } else { 0.0 },
    })
}

/// Cycles a pixel of the highest peak, and its height over the median.
fn peak(profile: &[f32]) -> Option<(f64, f64)> {
    let count = profile.len();
    if count < FEWEST {
        return None;
    }
    let signal = windowed(profile);
    let from = (LOWEST * count as f64) as usize;
    let to = (HIGHEST * count as f64) as usize;
    let bins: Vec<usize> = (from..to)
        .filter(|bin| {
            let eighths = *bin as f64 / count as f64 * BLOCKS;
            (eighths - eighths.round()).abs() > NEAR_BLOCKS * BLOCKS
        })
        .collect();
    let spectrum: Vec<(f64, f32)> = bins
        .chunks(LANES)
        .flat_map(|bins| bins.iter().zip(Bins { signal: &signal, bins }.dispatch()))
        .map(|(bin, height)| (*bin as f64 / count as f64, height))
        .collect();
    let mut heights: Vec<f32> = spectrum.iter().map(|(_, height)| *height).collect();
    heights.sort_unstable_by(f32::total_cmp);
    let median = heights[heights.len() / 2].max(f32::MIN_POSITIVE);
    let (cycles, height) = spectrum.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some((cycles, f64::from(height / median)))
}

/// The profile without its slow part, faded out at both ends.
fn windowed(profile: &[f32]) -> Vec<f32> {
    let count = profile.len();
    (0..count)
        .map(|at| {
            let near = &profile[at.saturating_sub(SMOOTHING)..(at + SMOOTHING + 1).min(count)];
            let mean = near.iter().sum::<f32>() / near.len() as f32;
            let phase = std::f64::consts::TAU * at as f64 / (count - 1) as f64;
            (profile[at] - mean) * (0.5 - 0.5 * phase.cos()) as f32
        })
        .collect()
}

/// Up to [`LANES`] bins of the spectrum of `signal`.
struct Bins<'a> {
    signal: &'a [f32],
    bins: &'a [usize],
}

impl SimdOp for Bins<'_> {
    /// Their magnitudes.
    type Output = [f32; LANES];

    /// By Goertzel's recurrence, side by side: one alone waits for itself at every sample.
    #[inline(always)]
    fn eval<I: Isa>(self, _: I) -> [f32; LANES] {
        let mut turns = [0.0; LANES];
        for (turn, bin) in turns.iter_mut().zip(self.bins) {
            let angle = std::f64::consts::TAU * *bin as f64 / self.signal.len() as f64;
            *turn = 2.0 * angle.cos() as f32;
        }
        let (mut last, mut before) = ([0.0; LANES], [0.0; LANES]);
        for sample in self.signal {
            for lane in 0..LANES {
                let next = sample + turns[lane] * last[lane] - before[lane];
                (last[lane], before[lane]) = (next, last[lane]);
            }
        }
        std::array::from_fn(|lane| {
            let (last, before) = (last[lane], before[lane]);
            (last * last + before * before - turns[lane] * last * before).max(0.0).sqrt()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn energy(profile: impl Fn(usize) -> f32) -> Energy {
        let line: Vec<f32> = (0..1200).map(&profile).collect();
        Energy {
            width: 0,
            height: 0,
            reduction: 1,
            stands_for: 1,
            blocks: Vec::new(),
            ripple: [line.clone(), line],
            spectrum: [0.0; 64],
        }
    }

    /// 1,200 values in 0..1 that look random and are the same every time.
    fn noise() -> Vec<f32> {
        let mut state = 7u64;
        let next = |_| {
            state =
                state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            (state >> 40) as f32 / (1u64 << 24) as f32
        };
        (0..1200).map(next).collect()
    }

    #[test]
    fn an_enlargement_of_five_and_a_half_ripples_at_that_rhythm() {
        let noise = noise();
        let resampling = measure(&energy(|at| {
            let phase = at as f32 / 5.5 * std::f32::consts::TAU;
            5.0 + noise[at] + phase.cos()
        }))
        .unwrap();
        assert!((resampling.factor - 5.5).abs() < 0.1, "{resampling:?}");
        assert!(resampling.strength > 15.0, "{resampling:?}");
    }

    #[test]
    fn jpeg_blocks_and_noise_have_no_rhythm_of_enlargement() {
        let blocks = |at: usize| if at % 8 == 7 { 3.0 } else { 0.0 };
        let noise = noise();
        let resampling = measure(&energy(|at| 5.0 + noise[at] + blocks(at))).unwrap();
        assert!(resampling.strength < 8.0, "{resampling:?}");
    }
}
