//! What a pass brings to the coefficients of a block other than the mean (T.81, G.1.2).

use super::bits::Bits;
use super::huffman::Table;
use super::sequential::{MAX_AC_SIZE, code};

/// The part of each block that a pass is about.
pub(super) struct Band {
    pub first: usize,
    pub last: usize,
    /// The bits that it leaves out.
    pub low: u32,
    /// In how many of the blocks that follow it brings nothing new.
    pub ended: u32,
}

impl Band {
    /// The first pass over a block (T.81, G.1.2.2).
    #[inline(always)]
    pub(super) fn begin(
        &mut self,
        bits: &mut Bits<'_>,
        ac: &Table,
        values: &mut [i16],
        filled: &mut u64,
    ) -> Option<()> {
        if self.ended > 0 {
            self.ended -= 1;
            return Some(());
        }
        let mut at = self.first;
        while at <= self.last {
            bits.refill();
            let mut entry = ac.look_up(bits.window());
            let mut value = entry.value();
            if value != 0 {
                bits.skip(entry.bits());
            } else {
                entry = code(bits, ac, entry)?;
                match (entry.size(), entry.advance()) {
                    (0, 16) => {
                        at += 16;
                        continue;
                    }
                    (0, blocks) => {
                        self.end(bits, blocks);
                        self.ended -= 1;
                        break;
                    }
                    (1..=MAX_AC_SIZE, _) => value = bits.value(entry.size()),
                    _ => return None,
                }
            }
            at += entry.advance();
            if at > self.last + 1 {
                return None;
            }
            *filled |= 1 << (at - 1);
            if let Some(kept) = values.get_mut(at - 1) {
                *kept = (value << self.low) as i16;
            }
        }
        Some(())
    }

    /// A pass that adds a bit to a block (T.81, G.1.2.3).
    #[inline(always)]
    pub(super) fn refine(
        &mut self,
        bits: &mut Bits<'_>,
        ac: &Table,
        values: &mut [i16],
        filled: &mut u64,
    ) -> Option<()> {
        let band = u64::MAX >> (63 - self.last);
        let old = *filled & band & (u64::MAX << self.first);
        if self.ended > 0 && old == 0 {
            self.ended -= 1;
            return Some(());
        }
        let mut at = self.first;
        // A bit for each coefficient that is not 0, the first the highest.
        let mut corrections = 0;
        while self.ended == 0 && at <= self.last {
            bits.refill();
            let mut entry = ac.look_up(bits.window());
            let mut value = entry.value();
            if value != 0 {
                bits.skip(entry.bits());
            } else {
                entry = code(bits, ac, entry)?;
                value = match (entry.size(), entry.advance()) {
                    (0, 16) => 0,
                    (0, blocks) => {
                        self.end(bits, blocks);
                        break;
                    }
                    (size, _) => bits.value(size & 1),
                };
            }
            if entry.size() > 1 {
                return None;
            }
            // Past so many coefficients that are still 0, to one that is.
            let run = entry.advance() - 1;
            let mut place = at + run;
            let mut passed = old & (u64::MAX << at);
            while place <= self.last && passed.trailing_zeros() as usize <= place {
                passed &= passed - 1;
                place += 1;
            }
            if place > self.last {
                // Sixteen zeros may be more than there are.
                if value != 0 {
                    return None;
                }
                break;
            }
            let between = (place - at - run) as u32;
            corrections = corrections << between | take(bits, between);
            if value != 0 {
                *filled |= 1 << place;
                if let Some(kept) = values.get_mut(place) {
                    *kept = (value << self.low) as i16;
                }
            }
            at = place + 1;
        }
        if at <= self.last {
            let rest = (old & (u64::MAX << at)).count_ones();
            bits.refill();
            corrections = (corrections << rest) | take(bits, rest);
        }
        self.ended = self.ended.saturating_sub(1);
        if !values.is_empty() {
            self.correct(old, corrections, values);
        }
        Some(())
    }

    /// Adds a bit to each of these coefficients.
    #[inline(always)]
    fn correct(&self, mut places: u64, corrections: u64, values: &mut [i16]) {
        let mut left = places.count_ones();
        while left > 0 {
            left -= 1;
            let bit = ((corrections >> left & 1) << self.low) as i16;
            if let Some(kept) = values.get_mut(places.trailing_zeros() as usize) {
                *kept = kept.wrapping_add(bit.wrapping_mul(*kept >> 15 | 1));
            }
            places &= places - 1;
        }
    }

    /// Nothing new in this block and some that follow: the code says how many bits their number has.
    #[inline(always)]
    fn end(&mut self, bits: &mut Bits<'_>, blocks: usize) {
        let size = blocks as u32 - 1;
        self.ended = (1 << size) + bits.take(size);
    }
}

/// Takes up to 63 bits; 24 need no refill behind a code.
#[inline(always)]
fn take(bits: &mut Bits<'_>, count: u32) -> u64 {
    if count <= 24 {
        return bits.take(count).into();
    }
    bits.refill();
    let high = u64::from(bits.take(count - 24));
    bits.refill();
    high << 24 | u64::from(bits.take(24))
}
