//! How the values of one quantity are spread, in few numbers however many values there are.

use std::collections::BTreeMap;

/// Groups of files that are counted apart: by verdict, or by label.
pub(super) const GROUPS: usize = 3;

/// Bins that are kept: enough for every pixel of a chart.
const MOST_BINS: usize = 400;

/// Width of a bin as a power of two, at the beginning: finer than any reading is recorded.
const FINEST: i32 = -24;

/// A histogram whose bins become wider as there are more. The same values give the same bins,
/// whatever their order, and no bin lies across the bound in force.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    width: i32,
    bins: BTreeMap<(i64, i8), Bin>,
}

/// Values that lie close together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bin {
    pub(super) low: f64,
    pub(super) high: f64,
    /// Below the bounds in force (-1), within (0), or above them (1).
    pub(super) side: i8,
    pub(super) counts: [u64; GROUPS],
    /// Files that nothing but this check stops.
    pub(super) alone: u64,
}

impl Bin {
    fn add(&mut self, other: &Self) {
        (self.low, self.high) = (self.low.min(other.low), self.high.max(other.high));
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.alone += other.alone;
    }

    pub(super) fn files(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Default for Spread {
    fn default() -> Self {
        Self { width: FINEST, bins: BTreeMap::new() }
    }
}

impl Spread {
    /// Counts the value of a file. What is no number is counted nowhere.
    pub(super) fn add(&mut self, value: f64, side: i8, group: usize, alone: bool) {
        if !value.is_finite() {
            return;
        }
        let mut counts = [0; GROUPS];
        counts[group.min(GROUPS - 1)] = 1;
        let alone = u64::from(alone);
        self.put(Bin { low: value, high: value, side, counts, alone });
        while self.bins.len() > MOST_BINS {
            self.width += 1;
            for bin in std::mem::take(&mut self.bins).into_values() {
                self.put(bin);
            }
        }
    }

    fn put(&mut self, bin: Bin) {
        let at = (bin.low / 2f64.powi(self.width)).floor() as i64;
        let same = self.bins.entry((at, bin.side));
        same.and_modify(|known| known.add(&bin)).or_insert(bin);
    }

    /// All bins, lowest first.
    pub(super) fn bins(&self) -> impl DoubleEndedIterator<Item = &Bin> {
        self.bins.values()
    }

    /// Files that were counted, and those that break the bound, by group.
    pub(super) fn totals(&self) -> ([u64; GROUPS], [u64; GROUPS]) {
        let (mut all, mut outside) = ([0; GROUPS], [0; GROUPS]);
        for bin in self.bins() {
            for (group, count) in bin.counts.iter().enumerate() {
                all[group] += count;
                outside[group] += if bin.side == 0 { 0 } else { *count };
            }
        }
        (all, outside)
    }

    /// The value below which so large a share of the files lies.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let files: u64 = self.bins().map(Bin::files).sum();
        let (mut below, mut value) = (0, 0.0);
        for bin in self.bins() {
            value = if share < 0.5 { bin.low } else { bin.high };
            below += bin.files();
            if below as f64 > share * files as f64 {
                break;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_values_are_few_bins_and_no_bin_crosses_the_bound() {
        let bound = 0.300_1;
        let value = |number: u32| f64::from(number * 7919 % 10_007) / 10_007.0;
        let mut spread = Spread::default();
        for number in 0..10_007 {
            let value = value(number);
            spread.add(value, i8::from(value > bound), (number % 3) as usize, false);
        }
        assert!(spread.bins().count() <= MOST_BINS);
        let broken = (0..10_007).filter(|number| value(*number) > bound).count() as u64;
        let (all, outside) = spread.totals();
        assert_eq!((all.iter().sum::<u64>(), outside.iter().sum::<u64>()), (10_007, broken));
        for bin in spread.bins() {
            assert!(if bin.side > 0 { bin.low > bound } else { bin.high <= bound }, "{bin:?}");
        }
        assert!((spread.quantile(0.25) - 0.25).abs() < 0.01);
    }

    #[test]
    fn the_order_of_the_values_changes_nothing() {
        let values: Vec<f64> = (0..3000).map(|number| f64::from(number).sqrt()).collect();
        let spread = |values: &mut dyn Iterator<Item = &f64>| {
            let mut spread = Spread::default();
            values.for_each(|value| spread.add(*value, 0, 0, false));
            spread.bins().copied().collect::<Vec<Bin>>()
        };
        assert_eq!(spread(&mut values.iter()), spread(&mut values.iter().rev()));
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let mut spread = Spread::default();
        spread.add(f64::NAN, 0, 0, false);
        spread.add(f64::INFINITY, 1, 0, false);
        assert_eq!(spread.bins().count(), 0);
        assert!(spread.quantile(0.5).abs() < f64::EPSILON);
    }
}
