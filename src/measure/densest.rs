//! The part of a document where its print is densest.
//!
//! Print is what changes from one cell to the next; so is the edge of the paper, which therefore counts no
//! more than a stroke does.

use rten_simd::{Isa, SimdOp};

use crate::decode::page::Plane;

/// Steps between neighbours count up to this many levels.
const STRONGEST: u8 = 60;

/// Parts of the window's side that its place is chosen in.
const PARTS: usize = 12;

/// Left, top, right and bottom of a square of about `side` cells a side inside `bounds`, which are such edges,
/// too. `None` where it does not fit in or is smaller than its parts.
pub(super) fn window(luma: &Plane, bounds: [usize; 4], side: usize) -> Option<[usize; 4]> {
    let [left, top, right, bottom] = bounds;
    let part = side / PARTS;
    let columns = right.checked_sub(left)?.checked_div(part)?;
    let rows = bottom.checked_sub(top)?.checked_div(part)?;
    if columns < PARTS || rows < PARTS {
        return None;
    }
    let mut across = Vec::with_capacity(rows * columns);
    let mut sums = vec![0; columns * part];
    for row in 0..rows {
        sums.fill(0);
        Steps { luma, left, rows: [top + row * part, part], sums: &mut sums }.dispatch();
        let of_part = |sums: &[u16]| sums.iter().copied().map(u32::from).sum();
        let parts: Vec<u32> = sums.chunks_exact(part).map(of_part).collect();
        across.extend(parts.windows(PARTS).map(|parts| parts.iter().sum::<u32>()));
    }
    let places = columns - PARTS + 1;
    let steps =
        |place: &usize| -> u32 { across.iter().skip(*place).step_by(places).take(PARTS).sum() };
    let place = (0..places * (rows - PARTS + 1)).max_by_key(steps)?;
    let (x, y) = (left + place % places * part, top + place / places * part);
    Some([x, y, x + PARTS * part, y + PARTS * part])
}

/// Some rows whose steps to the right and down are added up by column.
struct Steps<'a> {
    luma: &'a Plane,
    left: usize,
    /// The first row and their number.
    rows: [usize; 2],
    sums: &'a mut [u16],
}

impl SimdOp for Steps<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) {
        let [first, count] = self.rows;
        let mut rows = self.luma.rows().skip(first).map(|row| &row[self.left..]);
        let Some(mut row) = rows.next() else {
            return;
        };
        for below in rows.take(count) {
            let near = row.iter().zip(row.iter().skip(1)).zip(below);
            for (sum, ((&cell, &right), &below)) in self.sums.iter_mut().zip(near) {
                let [right, below] =
                    [right, below].map(|other| cell.abs_diff(other).min(STRONGEST));
                *sum = sum.saturating_add(u16::from(right + below));
            }
            row = below;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paper with stripes in a box of it.
    fn striped([left, top, right, bottom]: [usize; 4]) -> Plane {
        let level = |at: usize| {
            let (x, y) = (at % 300, at / 300);
            let inside = (left..right).contains(&x) && (top..bottom).contains(&y);
            if inside && x % 4 < 2 { 40 } else { 220 }
        };
        Plane { width: 300, height: 200, cells: (0..300 * 200).map(level).collect() }
    }

    #[test]
    fn the_window_lies_where_the_print_is() {
        let plane = striped([150, 90, 210, 150]);
        assert_eq!(window(&plane, [0, 0, 300, 200], 60), Some([150, 90, 210, 150]));
        // Inside the bounds alone.
        let [left, _, right, bottom] = window(&plane, [60, 0, 180, 130], 60).unwrap();
        assert!(left >= 110 && right <= 180 && bottom <= 130);
    }

    #[test]
    fn an_edge_counts_no_more_than_a_stroke() {
        let mut plane = striped([20, 20, 80, 80]);
        for row in plane.cells.chunks_exact_mut(300) {
            row[200..].fill(0);
        }
        assert_eq!(window(&plane, [0, 0, 300, 200], 60), Some([20, 20, 80, 80]));
    }

    #[test]
    fn a_strip_has_no_room_for_a_window() {
        let plane = striped([0; 4]);
        assert_eq!(window(&plane, [0, 0, 300, 40], 60), None);
        assert_eq!(window(&plane, [0, 0, 300, 200], 11), None);
    }
}
