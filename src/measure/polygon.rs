//! Convex polygons on the analysis planes, `(x, y)` with y downwards.

/// A place on a page.
pub(super) type Place = (f64, f64);

/// Takes sides off a convex polygon, each time the one whose loss adds the least area, until four
/// are left. Rounded corners become sharp ones.
pub(super) fn circumscribed(mut polygon: Vec<Place>) -> Option<Vec<Place>> {
    if signed_area(&polygon) < 0.0 {
        polygon.reverse();
    }
    while polygon.len() > 4 {
        let count = polygon.len();
        let at = |index: usize| polygon[index % count];
        let (side, corner, _) = (0..count)
            .filter_map(|side| {
                // Without the side from `side` to `side + 1`, its neighbours meet in one corner.
                let corner =
                    meeting((at(side + count - 1), at(side)), (at(side + 2), at(side + 1)))?;
                let added = area(&[at(side), corner, at(side + 1)]);
                Some((side, corner, added))
            })
            .min_by(|a, b| a.2.total_cmp(&b.2))?;
        polygon[side] = corner;
        polygon.remove((side + 1) % count);
    }
    Some(polygon)
}

/// Where two rays meet in front of both, if they do.
fn meeting(a: (Place, Place), b: (Place, Place)) -> Option<Place> {
    let (da, db) = ((a.1.0 - a.0.0, a.1.1 - a.0.1), (b.1.0 - b.0.0, b.1.1 - b.0.1));
    let denominator = da.0 * db.1 - da.1 * db.0;
    if denominator.abs() < 1e-9 {
        return None;
    }
    let (gap_x, gap_y) = (b.0.0 - a.0.0, b.0.1 - a.0.1);
    let (along_a, along_b) =
        ((gap_x * db.1 - gap_y * db.0) / denominator, (gap_x * da.1 - gap_y * da.0) / denominator);
    (along_a >= 1.0 && along_b >= 1.0).then_some((a.0.0 + along_a * da.0, a.0.1 + along_a * da.1))
}

/// Begins with the side that runs most nearly from left to right along the top.
pub(super) fn upright_first(mut corners: Vec<Place>) -> Vec<Place> {
    let count = corners.len();
    let first = (0..count).max_by(|&a, &b| {
        let rightward = |from: usize| {
            let (from, to) = (corners[from], corners[(from + 1) % count]);
            let (dx, dy) = (to.0 - from.0, to.1 - from.1);
            dx / (dx * dx + dy * dy).sqrt().max(1e-9)
        };
        rightward(a).total_cmp(&rightward(b))
    });
    corners.rotate_left(first.unwrap_or(0));
    corners
}

/// Twice the area of a triangle, positive where `point` lies clockwise of the way.
pub(super) fn cross(from: Place, to: Place, point: Place) -> f64 {
    (to.0 - from.0) * (point.1 - from.1) - (to.1 - from.1) * (point.0 - from.0)
}

/// Sets the cells of a mask, `width` a row, whose centres lie inside a convex quadrilateral that runs
/// clockwise, in shares of the page. A row's cells inside are a run, whose ends are found by halving.
pub(super) fn fill(corners: &[Place; 4], width: usize, mask: &mut [bool]) {
    let width = width.max(1);
    let height = mask.len() / width;
    let centre = |at: usize, length: usize| (at as f64 + 0.5) / length as f64;
    for (y, row) in mask.chunks_exact_mut(width).enumerate() {
        let (mut from, mut to) = (0, width);
        for side in 0..4 {
            let (start, end) = (corners[side], corners[(side + 1) % 4]);
            let is_inside =
                |x: usize| cross(start, end, (centre(x, width), centre(y, height))) >= 0.0;
            // What lies beyond a side that runs down lies on its right.
            match end.1 > start.1 {
                true => to = to.min(count_while(width, is_inside)),
                false => from = from.max(count_while(width, |x| !is_inside(x))),
            }
        }
        if from < to {
            row[from..to].fill(true);
        }
    }
}

/// How many of `0..end` from the first on hold, where none holds after one that does not.
fn count_while(end: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut known, mut end) = (0, end);
    while known < end {
        let middle = (known + end) / 2;
        match holds(middle) {
            true => known = middle + 1,
            false => end = middle,
        }
    }
    known
}

fn signed_area(polygon: &[Place]) -> f64 {
    let next = polygon.iter().cycle().skip(1);
    polygon.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
}

/// What a polygon encloses, whichever way it runs.
pub(super) fn area(polygon: &[Place]) -> f64 {
    signed_area(polygon).abs()
}
