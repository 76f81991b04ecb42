//! The bits of a scan, freed of the bytes that keep them from looking like markers.

use memchr::memchr;

use super::huffman::extend;

/// Zeros behind the data, so that eight bytes can always be read at once: as many as a window holds, and
/// as many again, so that who meets their end has used bits that are not there.
const PADDING: usize = 16;

/// The data of a scan, one interval between restart markers at a time.
pub(super) struct Data<'a> {
    bytes: &'a [u8],
    /// Where the marker is that ends the interval.
    at: usize,
    /// The interval without stuffing, and the padding.
    plain: Vec<u8>,
    state: State,
}

/// How far an interval has been read.
#[derive(Clone, Copy, Default)]
struct State {
    /// Where the bytes go on that are not in the window.
    at: usize,
    window: u64,
    count: u32,
}

impl<'a> Data<'a> {
    /// The first interval of the scan whose data begins at `at`; `None` where nothing ends it.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Option<Self> {
        let mut data = Self { bytes, at, plain: Vec::new(), state: State::default() };
        data.load()?;
        Some(data)
    }

    /// Where the marker is that ends the interval.
    pub(super) const fn end(&self) -> usize {
        self.at
    }

    fn load(&mut self) -> Option<()> {
        let mut rest = self.bytes.get(self.at..)?;
        let length = rest.len();
        self.plain.clear();
        loop {
            let found = memchr(0xFF, rest)?;
            let (data, marker) = rest.split_at(found);
            if let [0xFF, 0, behind @ ..] = marker {
                self.plain.extend_from_slice(&rest[..=found]);
                rest = behind;
                continue;
            }
            self.plain.extend_from_slice(data);
            self.plain.extend_from_slice(&[0; PADDING]);
            self.at += length - marker.len();
            self.state = State::default();
            return Some(());
        }
    }

    /// Steps over the restart marker of this number, 0..8, to the next interval. `None` where the data
    /// before it was not used up or another marker comes.
    pub(super) fn restart(&mut self, number: u8) -> Option<()> {
        self.finish()?;
        let marker = self.bytes.get(self.at..)?;
        let fill = marker.iter().position(|byte| *byte != 0xFF)?;
        if fill == 0 || marker[fill] != 0xD0 + number {
            return None;
        }
        self.at += fill + 1;
        self.load()
    }

    /// `None` where more bits were used than there are, or fewer but for the padding of a byte, which some
    /// encoders write whole.
    pub(super) fn finish(&self) -> Option<()> {
        let used = 8 * self.state.at - self.state.count as usize;
        let left = (8 * (self.plain.len() - PADDING)).checked_sub(used)?;
        (left < 16).then_some(())
    }

    /// The bits from where the last reading stopped.
    pub(super) fn bits(&self) -> Bits<'_> {
        let State { at, window, count } = self.state;
        Bits { rest: self.plain.get(at..).unwrap_or_default(), window, count, overrun: false }
    }

    /// Goes on from where `rest` bytes, and the bits of the window, are left; see [`Bits::left`].
    pub(super) fn resume(&mut self, (rest, window, count): (usize, u64, u32)) {
        self.state = State { at: self.plain.len() - rest, window, count };
    }
}

/// Counts the MCUs to the next restart marker.
pub(super) struct Restarts {
    /// From one to the next; 0 for none.
    interval: usize,
    left: usize,
    number: u8,
}

impl Restarts {
    /// From the start of a scan.
    pub(super) const fn new(interval: usize) -> Self {
        Self { interval, left: interval, number: 0 }
    }

    /// Whether a restart came before this MCU; `None` where it should have and did not.
    pub(super) fn due(&mut self, data: &mut Data<'_>) -> Option<bool> {
        if self.interval == 0 || self.left > 0 {
            return Some(false);
        }
        data.restart(self.number)?;
        self.number = (self.number + 1) % 8;
        self.left = self.interval;
        Some(true)
    }

    /// How many of `count` MCUs can be read before the next restart.
    pub(super) fn take(&mut self, count: usize) -> usize {
        if self.interval == 0 {
            return count;
        }
        let count = count.min(self.left);
        self.left -= count;
        count
    }
}

/// Reads bits. [`Bits::refill`] comes before whatever uses them.
#[derive(Clone, Copy)]
pub(super) struct Bits<'a> {
    rest: &'a [u8],
    /// The bits that come next, from the highest; those behind `count` are right or 0.
    window: u64,
    /// How many of them count, up to 63.
    count: u32,
    /// Whether bits were used that are not there.
    overrun: bool,
}

impl Bits<'_> {
    /// Fills the window with at least 56 bits; zeros where the data has ended.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if let Some((word, _)) = self.rest.split_first_chunk::<8>() {
            self.window |= u64::from_be_bytes(*word) >> self.count;
            self.rest = &self.rest[((63 - self.count) >> 3) as usize & 7..];
        } else {
            self.overrun = true;
        }
        self.count |= 56;
    }

    /// The bits that come next, from the highest.
    #[inline(always)]
    pub(super) const fn window(&self) -> u64 {
        self.window
    }

    /// Uses up some bits.
    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.window <<= count;
        self.count -= count;
    }

    /// Takes some bits, less than 32.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        let bits = (self.window >> 1 >> (63 - count)) as u32;
        self.skip(count);
        bits
    }

    /// Takes a value of so many bits; see [`extend`].
    #[inline(always)]
    pub(super) fn value(&mut self, size: u32) -> i32 {
        extend(self.take(size), size)
    }

    /// Bytes and bits that are left, for [`Data::resume`]; `None` where more were used than there are.
    pub(super) fn left(&self) -> Option<(usize, u64, u32)> {
        (!self.overrun).then_some((self.rest.len(), self.window, self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffing_goes_and_the_marker_stays() {
        let data = Data::new(&[9, 0x12, 0xFF, 0, 0x34, 0xFF, 0xFF, 0xD9], 1).unwrap();
        assert_eq!(data.end(), 5);
        assert_eq!(&data.plain[..3], [0x12, 0xFF, 0x34]);
        assert!(Data::new(&[0x12, 0xFF, 0], 0).is_none());
    }

    #[test]
    fn bits_that_are_not_there_are_noticed() {
        let mut data = Data::new(&[0xA5, 0xFF, 0xD0, 0x0F, 0xFF, 0xD1, 0xFF, 0xD9], 0).unwrap();
        let mut bits = data.bits();
        bits.refill();
        assert_eq!(bits.take(4), 0xA);
        assert_eq!(bits.take(0), 0);
        let left = bits.left().unwrap();
        data.resume(left);
        data.restart(0).unwrap();
        let mut bits = data.bits();
        bits.refill();
        assert_eq!(bits.take(9), 0x1E);
        let left = bits.left().unwrap();
        data.resume(left);
        assert!(data.finish().is_none());
    }

    #[test]
    fn restarts_come_in_order_and_use_up_their_data() {
        let bytes = [1, 2, 3, 0xFF, 0xD1, 4, 0xFF, 0xD9];
        assert!(Data::new(&bytes, 0).unwrap().restart(1).is_none());
        assert!(Data::new(&bytes, 2).unwrap().restart(0).is_none());
        assert!(Data::new(&bytes, 2).unwrap().restart(1).is_some());
    }
}
