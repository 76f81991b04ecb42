//! Whether two pictures are one: a perceptual hash of 64 bits, and a small copy to be sure.
//!
//! The hash holds for each of the 64 lowest frequencies of a copy of 64 × 64 cells whether it lies
//! above their median. Saving again or resizing moves few of them. Two cards of one design can come
//! near, so the small copies are compared cell by cell, too: print that differs shows there.

use std::f32::consts::PI;

use serde::{Deserialize, Serialize};

use crate::decode::page::Plane;

/// Cells a side of the small copy.
const SIDE: usize = 64;

/// Frequencies a side of the hash; the mean is left out.
const FREQUENCIES: usize = 8;

/// What is kept of a picture to find it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Likeness {
    /// One bit a frequency.
    pub hash: u64,
    /// Standard deviation of the small copy, in levels of 256.
    pub spread: f32,
    copy: Vec<f32>,
}

impl Likeness {
    /// Of a page's luma; `None` for a page of too few cells.
    pub fn of(luma: &Plane) -> Option<Self> {
        if luma.width.min(luma.height) < SIDE {
            return None;
        }
        let copy = reduced(luma);
        let mean = copy.iter().sum::<f32>() / copy.len() as f32;
        let variance = copy.iter().map(|cell| (cell - mean) * (cell - mean)).sum::<f32>();
        let spread = (variance / copy.len() as f32).sqrt();
        let coefficients = lowest(&copy);
        let mut sorted = coefficients.clone();
        sorted.sort_by(f32::total_cmp);
        let median = (sorted[sorted.len() / 2 - 1] + sorted[sorted.len() / 2]) / 2.0;
        let hash =
            coefficients.iter().fold(0, |hash, value| hash << 1 | u64::from(*value > median));
        Some(Self { hash, spread, copy })
    }

    /// Whether it is complete: one that came from elsewhere may not be.
    pub fn is_whole(&self) -> bool {
        self.copy.len() == SIDE * SIDE
    }

    /// Bits of 64 that differ.
    pub fn distance(&self, other: &Self) -> u32 {
        (self.hash ^ other.hash).count_ones()
    }

    /// Root of the mean squared difference of the small copies, in levels of 256.
    pub fn difference(&self, other: &Self) -> f32 {
        let sum: f32 = self.copy.iter().zip(&other.copy).map(|(a, b)| (a - b) * (a - b)).sum();
        (sum / self.copy.len() as f32).sqrt()
    }
}

/// The mean of what falls on each of 64 × 64 cells, parts of a cell by their share.
fn reduced(luma: &Plane) -> Vec<f32> {
    let columns = spans(luma.width);
    let rows = spans(luma.height);
    let narrow: Vec<f32> = luma
        .rows()
        .flat_map(|row| columns.iter().map(|span| mean(span, |x| f32::from(row[x]))))
        .collect();
    let cell = |span: &Span, column: usize| mean(span, |y| narrow[y * SIDE + column]);
    let mut copy = Vec::with_capacity(SIDE * SIDE);
    for span in &rows {
        copy.extend((0..SIDE).map(|column| cell(span, column)));
    }
    copy
}

/// Places along one side that fall on one cell, each with its share.
type Span = Vec<(usize, f32)>;

fn spans(length: usize) -> Vec<Span> {
    let edge = |at: usize| at as f32 * length as f32 / SIDE as f32;
    (0..SIDE)
        .map(|at| {
            let (from, to) = (edge(at), edge(at + 1));
            let last = (to.ceil() as usize).min(length);
            (from as usize..last)
                .map(|place| {
                    let (left, right) = (place as f32, place as f32 + 1.0);
                    (place, (right.min(to) - left.max(from)).max(0.0))
                })
                .collect()
        })
        .collect()
}

fn mean(span: &Span, value: impl Fn(usize) -> f32) -> f32 {
    let whole: f32 = span.iter().map(|(_, share)| share).sum();
    span.iter().map(|(place, share)| share * value(*place)).sum::<f32>() / whole
}

/// Cosine transform at frequencies 1 to 8 across and down.
fn lowest(copy: &[f32]) -> Vec<f32> {
    let wave = |frequency: usize, at: usize| {
        ((at as f32 + 0.5) * frequency as f32 * PI / SIDE as f32).cos()
    };
    // Across first: of each row the frequencies; then down.
    let across: Vec<f32> = copy
        .chunks_exact(SIDE)
        .flat_map(|row| {
            (1..=FREQUENCIES).map(move |u| {
                row.iter().enumerate().map(|(x, cell)| cell * wave(u, x)).sum::<f32>()
            })
        })
        .collect();
    let mut found = Vec::with_capacity(FREQUENCIES * FREQUENCIES);
    for v in 1..=FREQUENCIES {
        for u in 0..FREQUENCIES {
            found.push((0..SIDE).map(|y| across[y * FREQUENCIES + u] * wave(v, y)).sum());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: usize, height: usize, level: impl Fn(f32, f32) -> f32) -> Plane {
        let cells = (0..width * height)
            .map(|at| {
                let (x, y) = (at % width, at / width);
                level(x as f32 / width as f32, y as f32 / height as f32) as u8
            })
            .collect();
        Plane { width, height, cells }
    }

    fn blots(x: f32, y: f32) -> f32 {
        if (x - 0.3).abs() < 0.1 && (y - 0.6).abs() < 0.25 || y < 0.15 { 40.0 } else { 210.0 }
    }

    #[test]
    fn another_size_and_a_little_noise_leave_a_picture_what_it_is() {
        let one = Likeness::of(&plane(400, 300, blots)).unwrap();
        let noise = |x: f32, y: f32| blots(x, y) + 6.0 * ((x * 97.0).sin() + (y * 61.0).cos());
        let other = Likeness::of(&plane(161, 121, noise)).unwrap();
        assert!(one.distance(&other) <= 5, "{}", one.distance(&other));
        assert!(one.difference(&other) < 20.0, "{}", one.difference(&other));
    }

    #[test]
    fn another_picture_is_another_one() {
        let one = Likeness::of(&plane(400, 300, blots)).unwrap();
        let other = Likeness::of(&plane(400, 300, |x, y| blots(y, x))).unwrap();
        assert!(one.distance(&other) > 12 && one.difference(&other) > 20.0);
        assert!(Likeness::of(&plane(20, 20, blots)).is_none());
    }
}
