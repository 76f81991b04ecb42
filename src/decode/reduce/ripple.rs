//! Ripples of interpolation: second differences of neighbouring pixels.

/// Second differences of neighbouring pixels, summed by column and by row.
pub(super) struct Ripple {
    /// Of all rows but those in `recent`.
    columns: Vec<u32>,
    /// Of the last rows.
    recent: Vec<u16>,
    rows_in_recent: usize,
    /// How many rows were looked along.
    along: usize,
    rows: Vec<u32>,
    before: [Vec<u8>; 2],
}

/// Strong edges say nothing of interpolation and would drown what does.
const STRONGEST: i16 = 20;

/// So many differences can be summed in 16 bits.
const FITTING: usize = u16::MAX as usize / STRONGEST as usize;

/// Sums that do not wait for each other.
const LANES: usize = 32;

impl Ripple {
    /// For rows of `width` to look along, and rows of `compared` to compare with those above.
    pub(super) fn new(width: usize, compared: usize) -> Self {
        Self {
            columns: vec![0; width],
            recent: vec![0; width],
            rows_in_recent: 0,
            along: 0,
            rows: Vec::new(),
            before: [Vec::with_capacity(compared), Vec::with_capacity(compared)],
        }
    }

    /// Looks along a row of luma: what it has to say of the columns.
    #[inline(always)]
    pub(super) fn along(&mut self, luma: &[u8]) {
        if self.rows_in_recent == FITTING {
            self.settle();
        }
        self.rows_in_recent += 1;
        self.along += 1;
        let (right, middle) = (luma.iter().skip(2), luma.iter().skip(1));
        let near = luma.iter().zip(middle).zip(right);
        for (sum, ((&a, &b), &c)) in self.recent.iter_mut().skip(1).zip(near) {
            *sum += second(a, b, c);
        }
    }

    /// Compares the luma of a row with that of the two above; every row must come, from the first to the
    /// last, all of the same columns.
    #[inline(always)]
    pub(super) fn down(&mut self, luma: &[u8]) {
        let [upper, middle] = &self.before;
        if !upper.is_empty() {
            self.rows.push(down(upper, middle, luma));
        }
        self.before.swap(0, 1);
        self.before[1].clear();
        self.before[1].extend_from_slice(luma);
    }

    fn settle(&mut self) {
        for (column, recent) in self.columns.iter_mut().zip(&mut self.recent) {
            *column += u32::from(std::mem::take(recent));
        }
        self.rows_in_recent = 0;
    }

    /// Mean by column and by row, without the rim.
    pub(super) fn means(mut self) -> [Vec<f32>; 2] {
        self.settle();
        let (along, compared) = (self.along.max(1) as f32, self.before[1].len().max(1) as f32);
        let inner = self.columns.len().saturating_sub(2);
        let columns = self.columns.iter().skip(1).take(inner);
        [
            columns.map(|sum| *sum as f32 / along).collect(),
            self.rows.iter().map(|sum| *sum as f32 / compared).collect(),
        ]
    }
}

#[inline(always)]
fn second(a: u8, b: u8, c: u8) -> u16 {
    let difference = 2 * i16::from(b) - i16::from(a) - i16::from(c);
    difference.abs().min(STRONGEST).unsigned_abs()
}

/// The sum over a row of the differences from the rows above it.
#[inline(always)]
fn down(upper: &[u8], middle: &[u8], lower: &[u8]) -> u32 {
    let mut sum = 0;
    // As many differences a lane as fit.
    let part = LANES * FITTING;
    let parts = upper.chunks(part).zip(middle.chunks(part)).zip(lower.chunks(part));
    for ((upper, middle), lower) in parts {
        let mut lanes = [0u16; LANES];
        let (upper, upper_rest) = upper.as_chunks::<LANES>();
        let (middle, middle_rest) = middle.as_chunks::<LANES>();
        let (lower, lower_rest) = lower.as_chunks::<LANES>();
        for ((upper, middle), lower) in upper.iter().zip(middle).zip(lower) {
            for (lane, sum) in lanes.iter_mut().enumerate() {
                *sum += second(upper[lane], middle[lane], lower[lane]);
            }
        }
        for lane in lanes {
            sum += u32::from(lane);
        }
        for ((&a, &b), &c) in upper_rest.iter().zip(middle_rest).zip(lower_rest) {
            sum += u32::from(second(a, b, c));
        }
    }
    sum
}
