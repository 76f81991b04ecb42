//! Huffman codes (T.81, annexes C and F) as tables that are asked with the bits that come next.

/// How many bits are looked up at once; longer codes are rare and searched for.
const LOOK_UP: u32 = 12;

/// Entries of a table.
const ENTRIES: usize = 1 << LOOK_UP;

/// The most bits of a value of AC in a picture of 8 bits; one more than encoders come to.
const MAX_SIZE: u32 = 11;

/// A code as a DHT segment has it, known to be one.
#[derive(Clone, Debug)]
pub(super) struct Code {
    /// How many codes there are of each length from 1.
    counts: [u8; 16],
    /// What they stand for, by length.
    symbols: Vec<u8>,
}

impl Code {
    /// `None` where there are more codes of a length than it has room for; that of all ones is forbidden.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut end = 0;
        for (length, count) in (1..).zip(counts) {
            end += u32::from(*count) << (16 - length);
            if end >= 1 << 16 {
                return None;
            }
        }
        Some(Self { counts: *counts, symbols: symbols.to_vec() })
    }
}

/// What the bits that come next say, where [`LOOK_UP`] bits are enough to tell.
///
/// From the lowest bit: five bits of how many bits code and value have, five of those of the code alone
/// (none where the code is longer or there is none), five of one more than the run of zeros, a bit that
/// is free, and the value, which is 0 where it does not fit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry(u32);

impl Entry {
    const fn new(length: u32, symbol: u8, value: i16) -> Self {
        let (run, size) = ((symbol >> 4) as u32, (symbol & 15) as u32);
        Self((length + size) | (length << 5) | ((run + 1) << 10) | ((value as u16 as u32) << 16))
    }

    /// Of a known value; so many bits, and so far along the zig-zag.
    const fn of(bits: u32, advance: u32, value: i32) -> Self {
        Self(bits | (advance << 10) | ((value as u16 as u32) << 16))
    }

    /// The value, if it is not 0 and is known.
    #[inline(always)]
    pub(super) const fn value(self) -> i32 {
        self.0 as i32 >> 16
    }

    /// Bits of code and value.
    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        self.0 & 31
    }

    /// Bits of the code; 0 where nothing is known.
    #[inline(always)]
    pub(super) const fn code_bits(self) -> u32 {
        self.0 >> 5 & 31
    }

    /// How far a value of AC moves along the zig-zag: the zeros before it and itself.
    #[inline(always)]
    pub(super) const fn advance(self) -> usize {
        (self.0 >> 10 & 31) as usize
    }

    /// Bits of the value.
    #[inline(always)]
    pub(super) const fn size(self) -> u32 {
        self.bits() - self.code_bits()
    }
}

/// One code to decode with.
#[derive(Clone, Debug)]
pub(super) struct Table {
    entries: [Entry; ENTRIES],
    /// For each length, the first 16 bits that are no code of it or of a shorter one.
    ends: [u32; 17],
    /// For each length, what to add to a code to get the place of its symbol.
    offsets: [i32; 17],
    symbols: [u8; 256],
}

impl Table {
    /// Lays the code out.
    pub(super) fn new(code: &Code) -> Box<Self> {
        let mut table = Box::new(Self {
            entries: [Entry::default(); ENTRIES],
            ends: [0; 17],
            offsets: [0; 17],
            symbols: [0; 256],
        });
        let mut symbols = code.symbols.iter();
        let (mut end, mut place) = (0u32, 0usize);
        for (length, count) in (1u32..).zip(&code.counts) {
            table.offsets[length as usize] = place as i32 - (end >> (16 - length)) as i32;
            for symbol in symbols.by_ref().take(usize::from(*count)) {
                if let Some(slot) = table.symbols.get_mut(place) {
                    *slot = *symbol;
                }
                table.lay(length, end, *symbol);
                end += 1 << (16 - length);
                place += 1;
            }
            table.ends[length as usize] = end;
        }
        table
    }

    /// Enters a code that begins at `start` in all that can follow it.
    fn lay(&mut self, length: u32, start: u32, symbol: u8) {
        let Some(rest) = LOOK_UP.checked_sub(length) else {
            return;
        };
        let size = u32::from(symbol & 15);
        let start = (start >> (16 - LOOK_UP)) as usize;
        let entries = self.entries.iter_mut().skip(start).take(1 << rest);
        for (bits, entry) in (0u32..).zip(entries) {
            let value = match rest.checked_sub(size) {
                Some(behind) if size > 0 => extend(bits >> behind, size),
                _ => 0,
            };
            *entry = Entry::new(length, symbol, value as i16);
        }
    }

    /// What the bits at the top of `window` say.
    #[inline(always)]
    pub(super) fn look_up(&self, window: u64) -> Entry {
        self.entries[(window >> (64 - LOOK_UP)) as usize]
    }

    /// The same however long the code is; the value is never known. `None` where there is no such code.
    #[cold]
    #[inline(never)]
    pub(super) fn search(&self, window: u64) -> Option<Entry> {
        let next = (window >> 48) as u32;
        let length = (1..=16).find(|length| next < self.ends[*length as usize])?;
        let place = (next >> (16 - length)) as i32 + self.offsets[length as usize];
        Some(Entry::new(length, self.symbols[(place & 255) as usize], 0))
    }
}

/// What `size` bits stand for (T.81, F.2.2.1): half of them, those that begin with 0, are negative.
#[inline(always)]
pub(super) const fn extend(bits: u32, size: u32) -> i32 {
    let value = bits as i32;
    if value < 1 << size >> 1 { value + 1 - (1 << size) } else { value }
}

/// The value of AC that follows the one that a table gives, where both are known from the same bits: its
/// value, how far it moves on from the first, and the bits of both. Where none is known it is the first
/// again, which moves no further, so that who sets both need not ask.
#[derive(Clone, Debug)]
pub(super) struct Seconds([Entry; ENTRIES]);

impl Seconds {
    /// Of a table of AC.
    pub(super) fn new(table: &Table) -> Box<Self> {
        let mut seconds = Box::new(Self([Entry::default(); ENTRIES]));
        for (window, (second, first)) in seconds.0.iter_mut().zip(&table.entries).enumerate() {
            let entry = table.entries[window << first.bits() & (ENTRIES - 1)];
            let both = first.bits() + entry.bits();
            *second = match entry.value() {
                0 => Entry::of(first.bits(), 0, first.value()),
                // Beyond the window there are bits that are not known.
                _ if both > LOOK_UP => Entry::of(first.bits(), 0, first.value()),
                value => Entry::of(both, entry.advance() as u32, value),
            };
        }
        seconds
    }

    /// What the bits at the top of `window` say; of use only where the table knows the first value.
    #[inline(always)]
    pub(super) fn look_up(&self, window: u64) -> Entry {
        self.0[(window >> (64 - LOOK_UP)) as usize]
    }
}

/// Steps over the coefficients of a block that nobody wants, several at a time.
///
/// From the lowest bit: five bits of how many bits to step over, eight of how far that moves along the
/// zig-zag, and one, the highest, of whether the block ends. 0 where nothing is known.
#[derive(Clone, Debug)]
pub(super) struct Skips([u16; ENTRIES]);

impl Skips {
    /// Adds up the entries of a table of AC.
    pub(super) fn new(table: &Table) -> Box<Self> {
        let mut skips = Box::new(Self([0; ENTRIES]));
        for (window, skip) in skips.0.iter_mut().enumerate() {
            let (mut bits, mut advance, mut ends) = (0, 0, 0);
            while bits < LOOK_UP && ends == 0 {
                let entry = table.entries[window << bits & (ENTRIES - 1)];
                // Beyond the window there are bits that are not known.
                if entry.code_bits() == 0 || bits + entry.code_bits() > LOOK_UP {
                    break;
                }
                match (entry.advance(), entry.size()) {
                    (1, 0) => ends = 1,
                    (2..16, 0) | (_, MAX_SIZE..) => break,
                    (step, _) => advance += step as u16,
                }
                bits += entry.bits();
            }
            *skip = bits as u16 | advance << 5 | ends << 15;
        }
        skips
    }

    /// What to step over: bits, places of the zig-zag, and whether the block ends.
    #[inline(always)]
    pub(super) fn look_up(&self, window: u64) -> (u32, usize, bool) {
        let skip = self.0[(window >> (64 - LOOK_UP)) as usize];
        (u32::from(skip & 31), usize::from(skip >> 5 & 1023), skip >> 15 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_all_bits_are_negative() {
        assert_eq!([0, 1].map(|bits| extend(bits, 1)), [-1, 1]);
        assert_eq!([0, 1, 2, 3].map(|bits| extend(bits, 2)), [-3, -2, 2, 3]);
        assert_eq!(extend(0, 11), -2047);
        assert_eq!(extend(0, 0), 0);
    }

    #[test]
    fn a_code_of_all_ones_is_none() {
        let mut counts = [0; 16];
        counts[0] = 2;
        assert!(Code::new(&counts, &[1, 2]).is_none());
        counts[0] = 1;
        assert!(Code::new(&counts, &[1]).is_some());
    }

    /// Codes 0, 10, and one of 16 bits behind them.
    fn table() -> Box<Table> {
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[15]) = (1, 1, 1);
        Table::new(&Code::new(&counts, &[0x12, 0x00, 0x35]).unwrap())
    }

    #[test]
    fn short_codes_come_with_their_value_and_long_ones_are_found() {
        let table = table();
        let entry = table.look_up(0b011 << 61);
        assert_eq!((entry.code_bits(), entry.bits(), entry.advance()), (1, 3, 2));
        assert_eq!(entry.value(), 3);
        let end = table.look_up(0b10 << 62);
        assert_eq!((end.code_bits(), end.size(), end.advance(), end.value()), (2, 0, 1, 0));
        assert_eq!(table.look_up(0b1100_0000 << 56).code_bits(), 0);
        let long = table.search(0b1100_0000 << 56).unwrap();
        assert_eq!((long.code_bits(), long.size(), long.advance()), (16, 5, 4));
        assert!(table.search(u64::MAX).is_none());
    }

    #[test]
    fn a_second_value_comes_with_the_first_where_the_bits_tell_it_and_is_the_first_where_not() {
        let seconds = Seconds::new(&table());
        let told = |entry: Entry| (entry.bits(), entry.advance(), entry.value());
        // Two values of a run of one and two bits; the third lies in the window, too, but is none of two.
        assert_eq!(told(seconds.look_up(0b0110_1001_1000 << 52)), (6, 2, 2));
        // A value, and then the end of the block.
        assert_eq!(told(seconds.look_up(0b0111_0000 << 56)), (3, 0, 3));
    }

    #[test]
    fn a_skip_takes_all_that_its_bits_tell_and_ends_with_the_block() {
        let skips = Skips::new(&table());
        // Two values of two bits, then the end.
        assert_eq!(skips.look_up(0b0110_0010 << 56), (8, 4, true));
        assert_eq!(skips.look_up(0b11 << 62), (0, 0, false));
    }
}
