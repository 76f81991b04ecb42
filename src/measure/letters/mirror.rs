//! Does a character stand as it is read, or mirrored? Told by which way its strokes run and where.
//!
//! The network is `models/mirrored_writing.bin`; features and score are those of the program beside
//! it that trains it. The score of a picture is f(picture) − f(its mirror image): symmetrical
//! characters say nothing, and no text can lean to one side by the network's habit.

/// Cells a side of the picture of a character.
pub(super) const SIDE: usize = 24;

/// Cells a side of the histogram, and directions in each.
const CELLS: usize = 6;
const BINS: usize = 8;
const FEATURES: usize = BINS * CELLS * CELLS;

/// Root of a half.
const HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Unit vectors of the directions; the mirror image of one stands at `(4 - at) % 8`.
const DIRECTIONS: [(f32, f32); BINS] = [
    (1.0, 0.0),
    (HALF, HALF),
    (0.0, 1.0),
    (-HALF, HALF),
    (-1.0, 0.0),
    (-HALF, -HALF),
    (0.0, -1.0),
    (HALF, -HALF),
];

static NETWORK: &[u8] = include_bytes!("../../../models/mirrored_writing.bin");

/// Bytes of a hidden unit: scale, bias and output as f32, weights as i8.
const UNIT: usize = 12 + FEATURES;

/// No character is surer than this, in log-odds: letters of a kind that the network has not seen
/// can be surely wrong.
const SUREST: f32 = 4.0;

/// Features of one character.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Strokes([f32; FEATURES]);

impl Strokes {
    /// Of a square from 0 (cloth) to 1 (print).
    pub(super) fn of(square: &[f32; SIDE * SIDE]) -> Self {
        let at = |x: usize, y: usize| square[y * SIDE + x];
        let mut sums = [0.0f32; FEATURES];
        for y in 0..SIDE {
            for x in 0..SIDE {
                let across = at((x + 1).min(SIDE - 1), y) - at(x.saturating_sub(1), y);
                let down = at(x, (y + 1).min(SIDE - 1)) - at(x, y.saturating_sub(1));
                let length = (across * across + down * down).sqrt();
                if length == 0.0 {
                    continue;
                }
                let (rows, columns) = (shares(y), shares(x));
                for (bin, direction) in DIRECTIONS.iter().enumerate() {
                    let strength = across * direction.0 + down * direction.1 - HALF * length;
                    if strength <= 0.0 {
                        continue;
                    }
                    for (row, upright) in rows {
                        for (column, level) in columns {
                            sums[(bin * CELLS + row) * CELLS + column] +=
                                strength * upright * level;
                        }
                    }
                }
            }
        }
        let total: f32 = sums.iter().sum::<f32>() + 1e-6;
        let scale = 2.0 * (FEATURES as f32 / 4.0).sqrt();
        Self(sums.map(|sum| scale * (sum / total).sqrt()))
    }

    /// Those of the mirror image.
    fn mirrored(&self) -> Self {
        Self(std::array::from_fn(|at| {
            let (bin, row, column) = (at / (CELLS * CELLS), at / CELLS % CELLS, at % CELLS);
            let bin = (BINS + BINS / 2 - bin) % BINS;
            self.0[(bin * CELLS + row) * CELLS + CELLS - 1 - column]
        }))
    }

    /// Log-odds that the character is mirrored.
    pub(super) fn log_odds(&self) -> f32 {
        (output(&self.mirrored()) - output(self)).clamp(-SUREST, SUREST)
    }

    /// 1 for the same picture, 0 for pictures that have no stroke in common.
    pub(super) fn likeness(&self, other: &Self) -> f32 {
        // The squares of the features add up to the scale's square.
        let product: f32 = self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum();
        product / FEATURES as f32
    }
}

/// The cells of the histogram that a row or column of the picture counts for, and its share in each.
fn shares(at: usize) -> [(usize, f32); 2] {
    let step = (SIDE / CELLS) as f32;
    let place = (at as f32 - (step - 1.0) / 2.0) / step;
    let first = place.max(0.0) as usize;
    let second = (first + 1).min(CELLS - 1);
    let share = |cell: usize| (1.0 - (place - cell as f32).abs()).max(0.0);
    [(first, share(first)), (second, if second == first { 0.0 } else { share(second) })]
}

/// The network: one layer of rectified units, summed.
fn output(strokes: &Strokes) -> f32 {
    NETWORK.chunks_exact(UNIT).map(|unit| fired(unit, strokes)).sum()
}

fn fired(unit: &[u8], strokes: &Strokes) -> f32 {
    let number = |at: usize| match unit.get(at..at + 4) {
        Some([a, b, c, d]) => f32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0.0,
    };
    // In lanes that do not wait for each other.
    let mut sums = [0.0f32; 8];
    for (weights, features) in unit[12..].chunks_exact(8).zip(strokes.0.chunks_exact(8)) {
        for ((sum, weight), feature) in sums.iter_mut().zip(weights).zip(features) {
            *sum += f32::from(*weight as i8) * feature;
        }
    }
    let sum: f32 = sums.iter().sum();
    (sum * number(0) + number(4)).max(0.0) * number(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter: a stroke down the left, and one out of it to the right at the top.
    fn square(mirrored: bool) -> [f32; SIDE * SIDE] {
        std::array::from_fn(|at| {
            let (x, y) = (at % SIDE, at / SIDE);
            let x = if mirrored { SIDE - 1 - x } else { x };
            let printed = (2..5).contains(&x) || (2..5).contains(&y) && x < 18;
            if printed { 1.0 } else { 0.0 }
        })
    }

    #[test]
    fn the_network_holds_whole_units() {
        assert_eq!(NETWORK.len() % UNIT, 0);
        assert!(NETWORK.len() / UNIT >= 32);
    }

    #[test]
    fn a_mirrored_picture_scores_the_opposite_and_a_symmetrical_one_nothing() {
        let [plain, mirrored] = [false, true].map(|mirrored| Strokes::of(&square(mirrored)));
        assert!((plain.log_odds() + mirrored.log_odds()).abs() < 1e-2);
        assert!(plain.log_odds().abs() > 0.1);
        let bar = std::array::from_fn(|at| if (10..14).contains(&(at % SIDE)) { 1.0 } else { 0.0 });
        assert!(Strokes::of(&bar).log_odds().abs() < 1e-2);
    }

    #[test]
    fn a_picture_is_like_itself_and_unlike_its_mirror_image() {
        let [plain, mirrored] = [false, true].map(|mirrored| Strokes::of(&square(mirrored)));
        assert!((plain.likeness(&plain) - 1.0).abs() < 1e-3);
        assert!(plain.likeness(&mirrored) < 0.7);
    }
}
