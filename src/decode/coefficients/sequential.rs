//! Pictures whose blocks are coded once, from the first coefficient to the last (T.81, annex F).

use super::bits::{Bits, Data, Restarts};
use super::block::{Block, Steps};
use super::header::{Header, Next, Scan};
use super::huffman::{Code, Entry, Seconds, Skips, Table};
use super::{Coefficients, Depth, Frame, Sink, Sparse, Stop};
use crate::intake::Budget;

/// The most bits of the difference of two means.
const MAX_DC_SIZE: u32 = 11;

/// The most bits of another coefficient; one more than encoders come to.
pub(super) const MAX_AC_SIZE: u32 = 11;

/// Reads all scans: rows of a single scan are given as they come, those of several are kept until all
/// components are there.
pub(super) fn read<S: Sink>(
    header: &mut Header<'_>,
    first: Scan,
    frame: &Frame,
    depth: Depth,
    sink: &mut S,
    budget: &mut dyn Budget,
) -> Result<(), Stop> {
    if first.parts.len() == frame.components.len() {
        Pass::new(header, &first, frame, depth)?.read(header, budget, sink)?;
        return match header.next() {
            Some(Next::End) => Ok(()),
            _ => Err(Stop::Unusual),
        };
    }
    let mut kept = Kept(vec![Vec::new(); frame.components.len()]);
    let mut next = Next::Scan(first);
    while let Next::Scan(scan) = next {
        if scan.parts.iter().any(|part| !kept.0[part.component].is_empty()) {
            return Err(Stop::Unusual);
        }
        for part in &scan.parts {
            let component = frame.components[part.component];
            let blocks = component.blocks_across * component.blocks_down;
            kept.0[part.component].reserve_exact(blocks);
        }
        Pass::new(header, &scan, frame, depth)?.read(header, budget, &mut kept)?;
        next = header.next().ok_or(Stop::Unusual)?;
    }
    let Kept(kept) = kept;
    if kept.iter().any(Vec::is_empty) {
        return Err(Stop::Unusual);
    }
    frame.in_order(|component, row| {
        let across = frame.components[component].blocks_across;
        sink.row(component, row, &kept[component][row * across..][..across]);
        Ok(())
    })
}

/// The blocks of each component, until all are there.
struct Kept(Vec<Vec<Block>>);

impl Sink for Kept {
    fn row(&mut self, component: usize, _: usize, blocks: &[Block]) {
        self.0[component].extend_from_slice(blocks);
    }
}

/// One scan.
struct Pass {
    lanes: Vec<Lane>,
    /// MCUs across and down.
    across: usize,
    down: usize,
}

/// The code of coefficients other than the mean, in three forms.
struct Codes {
    ac: Box<Table>,
    seconds: Box<Seconds>,
    skips: Box<Skips>,
}

impl Codes {
    fn new(code: &Code) -> Self {
        let ac = Table::new(code);
        Self { seconds: Seconds::new(&ac), skips: Skips::new(&ac), ac }
    }
}

/// A component of the scan.
struct Lane {
    component: usize,
    dc: Box<Table>,
    codes: Codes,
    steps: Steps,
    /// Of the blocks that are not read whole.
    rest: Steps,
    /// Blocks across and down of an MCU.
    h: usize,
    v: usize,
    /// The mean of the block before, as coded.
    mean: i32,
    /// The blocks of a row of MCUs, with those beyond the edges.
    blocks: Vec<Block>,
    /// How many there are across, with and without those beyond the edge.
    stride: usize,
    blocks_across: usize,
    blocks_down: usize,
    /// Which blocks are read whole.
    sparse: Option<Sparse>,
    /// The same of each block of the rows of MCUs at hand.
    whole: Vec<bool>,
}

impl Pass {
    fn new(header: &Header<'_>, scan: &Scan, frame: &Frame, depth: Depth) -> Result<Self, Stop> {
        if (scan.first, scan.last, scan.high, scan.low) != (0, 63, 0, 0) {
            return Err(Stop::Unusual);
        }
        let (across, down) = frame.mcus(scan);
        let lanes = scan.parts.iter().map(|part| {
            let component = frame.components[part.component];
            let (h, v) = match scan.parts.len() {
                1 => (1, 1),
                _ => (component.h, component.v),
            };
            let quantisation = header.quantisation(part.component)?;
            let wanted = depth.of(part.component);
            let sparse = depth.sparse.filter(|_| part.component == 0 && scan.parts.len() > 1);
            Some(Lane {
                component: part.component,
                dc: Table::new(header.dc(part.dc)?),
                codes: Codes::new(header.ac(part.ac)?),
                steps: Steps::new(wanted, quantisation),
                rest: Steps::new(
                    sparse.map_or(Coefficients::Mean, |sparse| sparse.rest),
                    quantisation,
                ),
                h,
                v,
                mean: 0,
                blocks: vec![Block::ZERO; across * h * v],
                stride: across * h,
                blocks_across: component.blocks_across,
                blocks_down: component.blocks_down,
                sparse,
                whole: vec![true; across * h * v],
            })
        });
        let lanes = lanes.collect::<Option<_>>().ok_or(Stop::Unusual)?;
        Ok(Self { lanes, across, down })
    }

    fn read(
        mut self,
        header: &mut Header<'_>,
        budget: &mut dyn Budget,
        sink: &mut dyn Sink,
    ) -> Result<(), Stop> {
        let mut data = Data::new(header.bytes(), header.at()).ok_or(Stop::Unusual)?;
        let mut restarts = Restarts::new(header.restart());
        for row in 0..self.down {
            budget.check()?;
            let wanted = sink.wants(row);
            self.lanes.iter_mut().for_each(|lane| lane.choose(row, wanted));
            let mut column = 0;
            while column < self.across {
                if restarts.due(&mut data).ok_or(Stop::Unusual)? {
                    self.lanes.iter_mut().for_each(|lane| lane.mean = 0);
                }
                let end = column + restarts.take(self.across - column);
                let mut bits = data.bits();
                for column in column..end {
                    for lane in &mut self.lanes {
                        lane.mcu(&mut bits, column).ok_or(Stop::Unusual)?;
                    }
                }
                let left = bits.left().ok_or(Stop::Unusual)?;
                data.resume(left);
                column = end;
            }
            for lane in &self.lanes {
                for (down, blocks) in lane.blocks.chunks_exact(lane.stride).enumerate() {
                    let row = row * lane.v + down;
                    if row < lane.blocks_down {
                        sink.row(lane.component, row, &blocks[..lane.blocks_across]);
                    }
                }
            }
        }
        data.finish().ok_or(Stop::Unusual)?;
        header.resume(data.end());
        Ok(())
    }
}

impl Lane {
    /// Chooses which blocks of a row of MCUs are read whole.
    fn choose(&mut self, row: usize, wanted: Option<&[bool]>) {
        if let Some(sparse) = self.sparse {
            for (down, whole) in self.whole.chunks_exact_mut(self.stride).enumerate() {
                whole.fill(sparse.is_whole_row(row * self.v + down));
                whole.iter_mut().step_by(sparse.columns).for_each(|whole| *whole = true);
            }
        } else if let Some(wanted) = wanted {
            for whole in self.whole.chunks_exact_mut(self.stride) {
                for (whole, wanted) in whole.chunks_exact_mut(self.h).zip(wanted) {
                    whole.fill(*wanted);
                }
            }
        }
    }

    /// Reads the blocks of one MCU.
    #[inline(always)]
    fn mcu(&mut self, bits: &mut Bits<'_>, column: usize) -> Option<()> {
        for down in 0..self.v {
            for across in 0..self.h {
                let at = down * self.stride + column * self.h + across;
                let block = self.blocks.get_mut(at)?;
                let mut local = *bits;
                self.mean += mean_step(&mut local, &self.dc)?;
                if self.mean as i16 as i32 != self.mean {
                    return None;
                }
                let steps = if *self.whole.get(at)? { &self.steps } else { &self.rest };
                // What is never deeper than the mean is 0 already.
                if self.steps.reach > 1 {
                    block.coefficients = [0; 64];
                }
                steps.steps[0].put(&mut block.coefficients, self.mean)?;
                if steps.reach > 1 {
                    others(&mut local, &self.codes, steps, block)?;
                } else {
                    block.last = 0;
                    skip(&mut local, &self.codes, 1)?;
                }
                *bits = local;
            }
        }
        Some(())
    }
}

/// How the mean differs from that of the block before.
#[inline(always)]
pub(super) fn mean_step(bits: &mut Bits<'_>, dc: &Table) -> Option<i32> {
    bits.refill();
    let mut entry = dc.look_up(bits.window());
    if entry.value() != 0 {
        bits.skip(entry.bits());
        return Some(entry.value());
    }
    if entry.code_bits() == 0 {
        entry = dc.search(bits.window())?;
    }
    // A run has no meaning here.
    if entry.size() > MAX_DC_SIZE || entry.advance() != 1 {
        return None;
    }
    bits.skip(entry.code_bits());
    Some(bits.value(entry.size()))
}

/// The coefficients behind the mean.
#[inline(always)]
fn others(bits: &mut Bits<'_>, codes: &Codes, steps: &Steps, block: &mut Block) -> Option<()> {
    let Codes { ac, seconds, .. } = codes;
    let mut at = 1;
    let mut last = 0;
    'symbols: while at < steps.reach {
        bits.refill();
        // The bits suffice for two pairs of values and then for one of any length.
        for _ in 0..3 {
            let window = bits.window();
            let first = ac.look_up(window);
            if first.value() == 0 {
                let entry = code(bits, ac, first)?;
                match (entry.size(), entry.advance()) {
                    (0, 1) => {
                        block.last = last as u8;
                        return Some(());
                    }
                    (0, 16) => at += 16,
                    (1..=MAX_AC_SIZE, advance) => {
                        last = at + advance - 1;
                        let value = bits.value(entry.size());
                        steps.steps.get(last)?.put(&mut block.coefficients, value)?;
                        at = last + 1;
                    }
                    _ => return None,
                }
                continue 'symbols;
            }
            last = at + first.advance() - 1;
            steps.steps.get(last)?.put(&mut block.coefficients, first.value())?;
            at = last + 1;
            if at >= steps.reach {
                bits.skip(first.bits());
                break 'symbols;
            }
            let second = seconds.look_up(window);
            last += second.advance();
            steps.steps.get(last)?.put(&mut block.coefficients, second.value())?;
            at = last + 1;
            bits.skip(second.bits());
            if at >= steps.reach {
                break 'symbols;
            }
        }
    }
    block.last = last as u8;
    skip(bits, codes, at)
}

/// Steps over the coefficients from `at` on.
#[inline(always)]
fn skip(bits: &mut Bits<'_>, codes: &Codes, mut at: usize) -> Option<()> {
    let Codes { ac, skips, .. } = codes;
    while at < 64 {
        bits.refill();
        let (count, advance, ends) = skips.look_up(bits.window());
        // What ends behind the last coefficient may belong to the next block.
        if count > 0 && at + advance + usize::from(ends) <= 64 {
            bits.skip(count);
            if ends {
                return Some(());
            }
            at += advance;
            continue;
        }
        let entry = code(bits, ac, ac.look_up(bits.window()))?;
        match (entry.size(), entry.advance()) {
            (0, 1) => return Some(()),
            (0, 16) => at += 16,
            (1..=MAX_AC_SIZE, advance) => {
                bits.skip(entry.size());
                at += advance;
            }
            _ => return None,
        }
    }
    (at == 64).then_some(())
}

/// Steps over a code, however long.
#[inline(always)]
pub(super) fn code(bits: &mut Bits<'_>, ac: &Table, mut entry: Entry) -> Option<Entry> {
    if entry.code_bits() == 0 {
        entry = ac.search(bits.window())?;
    }
    bits.skip(entry.code_bits());
    Some(entry)
}
