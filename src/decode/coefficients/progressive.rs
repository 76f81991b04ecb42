//! Pictures that are coded in passes over all blocks (T.81, annex G).

use super::band::Band;
use super::bits::{Data, Restarts};
use super::block::{Block, Steps};
use super::header::{Header, Next, Scan};
use super::huffman::Table;
use super::sequential::mean_step;
use super::{Depth, Frame, Sink, Sparse, Stop};
use crate::intake::Budget;

/// The most bits that a pass may leave out (T.81, G.1.1.1.2).
const MAX_LOW: u32 = 13;

/// What the state of a coefficient is before its first pass.
const UNSEEN: u32 = u32::MAX;

/// Reads all scans, then gives the rows.
pub(super) fn read<S: Sink>(
    header: &mut Header<'_>,
    first: Scan,
    frame: &Frame,
    depth: Depth,
    sink: &mut S,
    budget: &mut dyn Budget,
) -> Result<(), Stop> {
    let components = frame.components.iter().enumerate();
    let planes = components.map(|(index, component)| {
        let sparse = depth.sparse.filter(|_| index == 0);
        let wanted = depth.of(index);
        let rest = sparse.map_or(wanted, |sparse| sparse.rest);
        let quantisation = header.quantisation(index)?;
        let steps = [wanted, rest].map(|wanted| Steps::new(wanted, quantisation));
        Some(Plane::new(steps, sparse, [component.blocks_across, component.blocks_down]))
    });
    let mut planes: Vec<Plane> = planes.collect::<Option<_>>().ok_or(Stop::Unusual)?;
    let mut next = Next::Scan(first);
    while let Next::Scan(scan) = next {
        let wanted = note(&scan, &mut planes, depth).ok_or(Stop::Unusual)?;
        match wanted {
            false => header.pass_over().ok_or(Stop::Unusual)?,
            true if scan.first == 0 => means(&scan, header, frame, &mut planes, budget)?,
            true => others(&scan, header, &mut planes, budget)?,
        }
        next = header.next().ok_or(Stop::Unusual)?;
    }
    if planes.iter().any(|plane| plane.missing != [0; 64]) {
        return Err(Stop::Unusual);
    }
    frame.in_order(|component, row| {
        if component == 0 {
            budget.check()?;
        }
        let blocks = planes[component].row(row).ok_or(Stop::Unusual)?;
        sink.row(component, row, blocks);
        Ok(())
    })
}

/// A component, as far as its passes have come.
struct Plane {
    steps: Steps,
    /// Of the blocks that are not read whole.
    rest: Steps,
    /// Which blocks are read whole.
    sparse: Option<Sparse>,
    /// The mean of each block.
    means: Vec<i16>,
    /// The coefficients of each block that [`Steps::reach`] keeps, in zig-zag order; the place of the mean
    /// is not used.
    values: Vec<i16>,
    /// Which coefficients of each block other than the mean are not 0; those not kept, too, as it
    /// decides how the passes that refine them are coded. Empty where only the mean is wanted.
    filled: Vec<u64>,
    across: usize,
    down: usize,
    /// Room for a row.
    blocks: Vec<Block>,
    /// How many bits of each coefficient are still to come.
    missing: [u32; 64],
}

impl Plane {
    fn new([steps, rest]: [Steps; 2], sparse: Option<Sparse>, [across, down]: [usize; 2]) -> Self {
        let blocks = across * down;
        let kept = if steps.reach > 1 { blocks } else { 0 };
        Self {
            means: vec![0; blocks],
            values: vec![0; steps.reach * kept],
            filled: vec![0; kept],
            steps,
            rest,
            sparse,
            across,
            down,
            blocks: vec![Block::ZERO; across],
            missing: [UNSEEN; 64],
        }
    }

    /// A row of blocks as they are given.
    fn row(&mut self, row: usize) -> Option<&[Block]> {
        let reach = self.steps.reach;
        let places = row * self.across..(row + 1) * self.across;
        for (column, (block, place)) in self.blocks.iter_mut().zip(places).enumerate() {
            let is_whole = self.sparse.is_none_or(|sparse| sparse.is_whole(column, row));
            let steps = if is_whole { &self.steps } else { &self.rest };
            if reach > 1 {
                block.coefficients = [0; 64];
            }
            steps.steps[0].put(&mut block.coefficients, (*self.means.get(place)?).into())?;
            if steps.reach > 1 {
                let values = self.values.get(place * reach..)?.get(..reach)?;
                let mut filled = self.filled.get(place)? & (u64::MAX >> (64 - steps.reach));
                block.last = 63u32.saturating_sub(filled.leading_zeros()) as u8;
                while filled != 0 {
                    let at = filled.trailing_zeros() as usize & 63;
                    steps.steps[at].put(&mut block.coefficients, (*values.get(at)?).into())?;
                    filled &= filled - 1;
                }
            } else {
                block.last = 0;
            }
        }
        Some(&self.blocks)
    }
}

/// Notes which bits a scan brings, and tells whether they are wanted; `None` where its passes are not
/// in order.
fn note(scan: &Scan, planes: &mut [Plane], depth: Depth) -> Option<bool> {
    let refines = scan.high != 0;
    let is_of_means = scan.first == 0;
    if scan.low > MAX_LOW
        || refines && scan.low + 1 != scan.high
        || is_of_means && scan.last != 0
        || !is_of_means && scan.parts.len() > 1
    {
        return None;
    }
    let before = if refines { scan.high } else { UNSEEN };
    let mut wanted = is_of_means;
    for part in &scan.parts {
        let plane = planes.get_mut(part.component)?;
        let band = plane.missing.get_mut(scan.first..=scan.last)?;
        if band.iter().any(|missing| *missing != before) {
            return None;
        }
        band.fill(scan.low);
        // What has been left out is not there to be refined, and a later pass may go over other bounds.
        wanted |= match depth.refined {
            true => plane.steps.reach > 1,
            false => !refines && scan.first < plane.steps.reach,
        };
    }
    Some(wanted)
}

/// A pass over the means.
fn means(
    scan: &Scan,
    header: &mut Header<'_>,
    frame: &Frame,
    planes: &mut [Plane],
    budget: &mut dyn Budget,
) -> Result<(), Stop> {
    struct Lane {
        component: usize,
        /// None where the pass refines.
        dc: Option<Box<Table>>,
        h: usize,
        v: usize,
        mean: i32,
    }
    let lanes = scan.parts.iter().map(|part| {
        let component = frame.components[part.component];
        let alone = scan.parts.len() == 1;
        let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
        let dc = match scan.high {
            0 => Some(Table::new(header.dc(part.dc)?)),
            _ => None,
        };
        Some(Lane { component: part.component, dc, h, v, mean: 0 })
    });
    let mut lanes: Vec<Lane> = lanes.collect::<Option<_>>().ok_or(Stop::Unusual)?;
    let (across, down) = frame.mcus(scan);
    let mut data = Data::new(header.bytes(), header.at()).ok_or(Stop::Unusual)?;
    let mut restarts = Restarts::new(header.restart());
    for row in 0..down {
        budget.check()?;
        let mut column = 0;
        while column < across {
            if restarts.due(&mut data).ok_or(Stop::Unusual)? {
                lanes.iter_mut().for_each(|lane| lane.mean = 0);
            }
            let end = column + restarts.take(across - column);
            let mut bits = data.bits();
            for column in column..end {
                for lane in &mut lanes {
                    let plane = &mut planes[lane.component];
                    for place in 0..lane.h * lane.v {
                        let x = column * lane.h + place % lane.h;
                        let y = row * lane.v + place / lane.h;
                        let value = match &lane.dc {
                            Some(dc) => {
                                lane.mean += mean_step(&mut bits, dc).ok_or(Stop::Unusual)?;
                                if lane.mean as i16 as i32 != lane.mean {
                                    return Err(Stop::Unusual);
                                }
                                (lane.mean << scan.low) as i16
                            }
                            None => {
                                bits.refill();
                                (bits.take(1) << scan.low) as i16
                            }
                        };
                        // The others lie beyond the edge.
                        if x < plane.across && y < plane.down {
                            plane.means[y * plane.across + x] |= value;
                        }
                    }
                }
            }
            let left = bits.left().ok_or(Stop::Unusual)?;
            data.resume(left);
            column = end;
        }
    }
    data.finish().ok_or(Stop::Unusual)?;
    header.resume(data.end());
    Ok(())
}

/// A pass over other coefficients of a component.
fn others(
    scan: &Scan,
    header: &mut Header<'_>,
    planes: &mut [Plane],
    budget: &mut dyn Budget,
) -> Result<(), Stop> {
    let [part] = scan.parts.as_slice() else {
        return Err(Stop::Unusual);
    };
    let plane = &mut planes[part.component];
    let ac = Table::new(header.ac(part.ac).ok_or(Stop::Unusual)?);
    let mut data = Data::new(header.bytes(), header.at()).ok_or(Stop::Unusual)?;
    let mut restarts = Restarts::new(header.restart());
    let mut band = Band { first: scan.first, last: scan.last, low: scan.low, ended: 0 };
    let reach = plane.steps.reach;
    // Where of some blocks nothing but the mean is given.
    let sparse = plane.sparse.filter(|_| plane.rest.reach == 1);
    let rows = plane.values.chunks_exact_mut(reach * plane.across);
    let rows = rows.zip(plane.filled.chunks_exact_mut(plane.across));
    for (row, (values, filled)) in rows.enumerate() {
        budget.check()?;
        let mut column = 0;
        while column < plane.across {
            if restarts.due(&mut data).ok_or(Stop::Unusual)? && band.ended > 0 {
                return Err(Stop::Unusual);
            }
            let end = column + restarts.take(plane.across - column);
            let mut bits = data.bits();
            let blocks = values[column * reach..].chunks_exact_mut(reach);
            for (column, (values, filled)) in (column..).zip(blocks.zip(&mut filled[column..end])) {
                // What is not given need not be kept, only how it was coded.
                let is_kept = sparse.is_none_or(|sparse| sparse.is_whole(column, row));
                let values = if is_kept { values } else { &mut [] };
                match scan.high {
                    0 => band.begin(&mut bits, &ac, values, filled),
                    _ => band.refine(&mut bits, &ac, values, filled),
                }
                .ok_or(Stop::Unusual)?;
            }
            let left = bits.left().ok_or(Stop::Unusual)?;
            data.resume(left);
            column = end;
        }
    }
    if band.ended > 0 {
        return Err(Stop::Unusual);
    }
    data.finish().ok_or(Stop::Unusual)?;
    header.resume(data.end());
    Ok(())
}
