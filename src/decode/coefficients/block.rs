//! A block, and how what the scan says becomes its coefficients.

use super::Coefficients;

/// Natural index (eight to a row) of each place of the zig-zag (T.81, figure A.6).
pub(super) const NATURAL: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Eight by eight samples, transformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Dequantised, in natural order: eight to a row, the index across growing along it. Eight times the
    /// mean, less 128, comes first.
    pub coefficients: [i16; 64],
    /// Place in the zig-zag behind which every coefficient is 0.
    pub last: u8,
}

impl Block {
    /// All grey.
    pub(super) const ZERO: Self = Self { coefficients: [0; 64], last: 0 };
}

/// Where a coefficient of the zig-zag goes and what it is multiplied by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    factor: i32,
    natural: u8,
}

impl Step {
    /// Sets the coefficient; one that is not wanted is set to 0. `None` beyond the range of the type, far
    /// outside of what 8 bits of a sample come to.
    #[inline(always)]
    pub(super) fn put(self, block: &mut [i16; 64], value: i32) -> Option<()> {
        block[usize::from(self.natural & 63)] = i16::try_from(value * self.factor).ok()?;
        Some(())
    }
}

/// The way from the zig-zag to the block, for one component.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    /// One a coefficient of the zig-zag.
    pub(super) steps: [Step; 64],
    /// How many of them hold all that are wanted.
    pub(super) reach: usize,
}

impl Steps {
    /// With a quantisation table in zig-zag order.
    pub(super) fn new(wanted: Coefficients, quantisation: &[u16; 64]) -> Self {
        let steps = std::array::from_fn(|at| {
            let natural = NATURAL[at];
            let wanted = wanted.wants(usize::from(natural));
            Step { factor: if wanted { quantisation[at].into() } else { 0 }, natural }
        });
        Self { steps, reach: wanted.reach() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zig_zag_goes_over_every_coefficient_once_along_the_diagonals() {
        let mut seen = [false; 64];
        for pair in NATURAL.windows(2) {
            let diagonal = |at: u8| at / 8 + at % 8;
            assert!(diagonal(pair[1]) - diagonal(pair[0]) <= 1);
        }
        for at in NATURAL {
            seen[usize::from(at)] = true;
        }
        assert_eq!(seen, [true; 64]);
    }

    #[test]
    fn a_corner_reaches_as_far_as_its_last_coefficient() {
        assert_eq!(Coefficients::All.reach(), 64);
        assert_eq!(Coefficients::Corner(8).reach(), 64);
        assert_eq!(Coefficients::Corner(4).reach(), 25);
        assert_eq!(Coefficients::Corner(2).reach(), 5);
        assert_eq!(Coefficients::Corner(1).reach(), 1);
        assert_eq!(Coefficients::Mean.reach(), 1);
    }
}
