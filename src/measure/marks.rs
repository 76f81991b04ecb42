//! What people put on a form: seals, fingerprints, strokes of a pen; and the bars of its layout.
//!
//! Places are told on the sheet laid straight, sizes in millimetres of a sheet of A4, so that a
//! turned or reduced form reads like a straight one.

use image::{GrayImage, Luma};

use crate::decode::page::Planes;
use crate::measure::outline::Outline;
use crate::measure::paper::Paper;
use crate::measure::shapes::{self, Connectivity, close};

/// Length of the long side of A4 in millimetres (ISO 216).
const A4_LONG_SIDE_MM: f64 = 297.0;

/// What was found on one form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// Patches of red ink, largest first.
    pub red: Vec<RedMark>,
    /// Parts of dark ink that hang together and are taller than a line of print, tallest first.
    pub strokes: Vec<Mark>,
    /// Middles of the dark bars that run across the sheet, 0..1 from its top.
    pub bars: Vec<f64>,
}

/// Something on the sheet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Across, in millimetres.
    pub width_mm: f64,
    /// Down, in millimetres.
    pub height_mm: f64,
    /// Middle on the sheet laid straight, 0..1 from the left and the top.
    pub centre: (f64, f64),
    /// Left, top, right, bottom on the upright page, 0..1.
    pub edges: [f64; 4],
}

/// Red ink.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RedMark {
    /// Where and how large.
    pub mark: Mark,
    /// Share of directions from the middle in which there is ink near the rim: 1 for a round seal.
    pub ring_share: f64,
    /// Share of the box that is red.
    pub fill: f64,
}

/// Red difference apart from the cast above which ink is red, and by how much it must exceed the
/// blue difference.
const RED: f32 = 14.0;

/// Gaps inside a seal in millimetres: between ring, characters and star.
const SEAL_GAP_MM: f64 = 2.5;

/// Red specks smaller than this are print or dust.
const LEAST_RED_MM: f64 = 6.0;

/// Pen and print are darker than this share of the paper.
const INK: f32 = 0.74;

/// Lines of a table: runs of ink at least this long and at most this thick.
const RULE_LENGTH_MM: f64 = 18.0;
const RULE_THICKNESS_MM: f64 = 1.3;

/// Dark parts lower than this are print.
const LEAST_STROKE_MM: f64 = 5.2;

/// Dark parts wider than this share of the sheet are bars and tables.
const WIDEST_STROKE: f64 = 0.4;

/// A bar covers this share of the sheet's width, and is this thick.
const BAR_SHARE: f64 = 0.6;
const BAR_MM: f64 = 3.0;

/// A form of fewer cells a side shows no marks.
const LEAST_SIDE: usize = 24;

/// Directions in which a ring is looked for.
const SECTORS: usize = 36;

/// Finds the marks of a form that is turned by `skew_deg` under light of this `cast`.
pub fn find(
    planes: &Planes,
    paper: &Paper,
    outline: Option<&Outline>,
    skew_deg: f64,
    cast: (f32, f32),
) -> Marks {
    if planes.y.width.min(planes.y.height) < LEAST_SIDE {
        return Marks::default();
    }
    let sheet = Sheet::of(planes, outline, skew_deg);
    let red = red_cells(planes, cast);
    let mut ink = GrayImage::new(red.width(), red.height());
    for (x, y) in paper.darker_cells(&planes.y, INK) {
        if red.get_pixel(x as u32, y as u32).0[0] == 0 {
            ink.put_pixel(x as u32, y as u32, Luma([255]));
        }
    }
    let bars = bars(&ink, &sheet);
    Marks { red: red_marks(&red, &sheet), strokes: strokes(ink, &sheet), bars }
}

/// The sheet laid straight: where a cell of the page lies on it.
struct Sheet {
    centre: (f64, f64),
    sin: f64,
    cos: f64,
    width: f64,
    height: f64,
    page: (f64, f64),
    mm_per_cell: f64,
}

impl Sheet {
    fn of(planes: &Planes, outline: Option<&Outline>, skew_deg: f64) -> Self {
        let page = (planes.y.width as f64, planes.y.height as f64);
        let (sin, cos) = skew_deg.to_radians().sin_cos();
        let (centre, width, height) = match outline {
            Some(outline) => {
                let corners = outline.corners.map(|(x, y)| (x * page.0, y * page.1));
                let middle = corners.iter().fold((0.0, 0.0), |sum, corner| {
                    (sum.0 + corner.0 / 4.0, sum.1 + corner.1 / 4.0)
                });
                let side = |a: usize, b: usize| {
                    (corners[a].0 - corners[b].0).hypot(corners[a].1 - corners[b].1)
                };
                (middle, (side(0, 1) + side(2, 3)) / 2.0, (side(1, 2) + side(3, 0)) / 2.0)
            }
            None => ((page.0 / 2.0, page.1 / 2.0), page.0, page.1),
        };
        let mm_per_cell = A4_LONG_SIDE_MM / width.max(height);
        Self { centre, sin, cos, width, height, page, mm_per_cell }
    }

    /// Cells from the sheet's top left, laid straight.
    fn place(&self, x: u32, y: u32) -> (f64, f64) {
        let (x, y) = (f64::from(x) + 0.5 - self.centre.0, f64::from(y) + 0.5 - self.centre.1);
        (
            x * self.cos + y * self.sin + self.width / 2.0,
            y * self.cos - x * self.sin + self.height / 2.0,
        )
    }
}

/// Extent of a part, on the page and on the sheet.
struct Extent {
    cells: usize,
    page: [u32; 4],
    sheet: [f64; 4],
}

impl Extent {
    fn mark(&self, sheet: &Sheet) -> Mark {
        let [left, top, right, bottom] = self.sheet;
        let [x0, y0, x1, y1] = self.page.map(f64::from);
        Mark {
            width_mm: (right - left + 1.0) * sheet.mm_per_cell,
            height_mm: (bottom - top + 1.0) * sheet.mm_per_cell,
            centre: ((left + right) / 2.0 / sheet.width, (top + bottom) / 2.0 / sheet.height),
            edges: [
                x0 / sheet.page.0,
                y0 / sheet.page.1,
                (x1 + 1.0) / sheet.page.0,
                (y1 + 1.0) / sheet.page.1,
            ],
        }
    }
}

/// The parts that hang together.
fn parts(mask: &GrayImage, sheet: &Sheet) -> Vec<Extent> {
    let found = shapes::parts(mask, Connectivity::Eight);
    let extent = |part: shapes::Extent| {
        let [left, top, right, bottom] = part.edges;
        let sheet = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
        Extent { cells: part.cells, page: [left, top, right - 1, bottom - 1], sheet }
    };
    let mut parts: Vec<Extent> = found.extents().into_iter().map(extent).collect();
    for run in &found.runs {
        let on_sheet = &mut parts[run.part].sheet;
        // Along a row both places grow or fall all the way.
        for x in [run.start, run.end - 1] {
            let (across, down) = sheet.place(x as u32, run.y as u32);
            *on_sheet = [
                on_sheet[0].min(across),
                on_sheet[1].min(down),
                on_sheet[2].max(across),
                on_sheet[3].max(down),
            ];
        }
    }
    parts
}

fn red_cells(planes: &Planes, (blue, red): (f32, f32)) -> GrayImage {
    let mut cells = GrayImage::new(planes.y.width as u32, planes.y.height as u32);
    let chroma = planes.cb.cells.iter().zip(&planes.cr.cells);
    for (cell, (&luma, (&cb, &cr))) in cells.iter_mut().zip(planes.y.cells.iter().zip(chroma)) {
        let luma = f32::from(luma) / 255.0;
        let cb = f32::from(cb) - 128.0 - blue * luma;
        let cr = f32::from(cr) - 128.0 - red * luma;
        *cell = if (cr > RED) & (cr > cb) { 255 } else { 0 };
    }
    cells
}

fn red_marks(red: &GrayImage, sheet: &Sheet) -> Vec<RedMark> {
    let reach = (SEAL_GAP_MM / 2.0 / sheet.mm_per_cell).ceil().clamp(1.0, 20.0) as u8;
    let mut marks: Vec<RedMark> = parts(&close(red, reach), sheet)
        .into_iter()
        .filter_map(|part| {
            let mark = part.mark(sheet);
            (mark.width_mm.max(mark.height_mm) >= LEAST_RED_MM).then(|| RedMark {
                mark,
                ring_share: ring_share(red, &part),
                fill: fill(red, &part),
            })
        })
        .collect();
    let size = |red: &RedMark| red.mark.width_mm * red.mark.height_mm;
    marks.sort_by(|a, b| size(b).total_cmp(&size(a)));
    marks
}

/// Share of directions in which red lies in the outer third of the part's own ellipse.
fn ring_share(red: &GrayImage, part: &Extent) -> f64 {
    let [left, top, right, bottom] = part.page.map(f64::from);
    let (middle_x, middle_y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let (half_x, half_y) = ((right - left + 1.0) / 2.0, (bottom - top + 1.0) / 2.0);
    let mut sectors = [false; SECTORS];
    for y in part.page[1]..=part.page[3] {
        for x in part.page[0]..=part.page[2] {
            if red.get_pixel(x, y).0[0] > 0 {
                let (across, down) =
                    ((f64::from(x) - middle_x) / half_x, (f64::from(y) - middle_y) / half_y);
                if (0.67..=1.15).contains(&across.hypot(down)) {
                    let turn = down.atan2(across) / std::f64::consts::TAU + 0.5;
                    sectors[((turn * SECTORS as f64) as usize).min(SECTORS - 1)] = true;
                }
            }
        }
    }
    sectors.iter().filter(|hit| **hit).count() as f64 / SECTORS as f64
}

fn fill(red: &GrayImage, part: &Extent) -> f64 {
    let [left, top, right, bottom] = part.page;
    let cells = (top..=bottom).flat_map(|y| (left..=right).map(move |x| (x, y)));
    let hits = cells.filter(|&(x, y)| red.get_pixel(x, y).0[0] > 0).count();
    hits as f64 / f64::from((right - left + 1) * (bottom - top + 1))
}

fn strokes(mut ink: GrayImage, sheet: &Sheet) -> Vec<Mark> {
    without_rules(&mut ink, sheet);
    let mut strokes: Vec<Mark> = parts(&ink, sheet)
        .into_iter()
        // A stroke has some ink to it: a lone fold or hair has not.
        .filter(|part| part.cells >= 12)
        .map(|part| part.mark(sheet))
        .filter(|mark| {
            mark.height_mm >= LEAST_STROKE_MM
                && mark.width_mm <= WIDEST_STROKE * sheet.width * sheet.mm_per_cell
        })
        .collect();
    strokes.sort_by(|a, b| b.height_mm.total_cmp(&a.height_mm));
    strokes
}

/// Takes the lines of tables out, so that a signature on a line is a stroke of its own.
fn without_rules(ink: &mut GrayImage, sheet: &Sheet) {
    let length = (RULE_LENGTH_MM / sheet.mm_per_cell) as u32;
    let thickness = (RULE_THICKNESS_MM / sheet.mm_per_cell).ceil() as u32;
    let lit = ink.clone();
    let (width, height) = lit.dimensions();
    let is_lit = |x: u32, y: u32| y < height && lit.get_pixel(x, y).0[0] > 0;
    for (y, row) in (0..).zip(lit.chunks_exact(width.max(1) as usize)) {
        let mut start = 0;
        for run in row.chunk_by(|one, other| one == other) {
            let end = start + run.len() as u32;
            if run[0] > 0 && end - start >= length {
                for at in start..end {
                    let above = (1..=thickness).all(|up| y >= up && is_lit(at, y - up));
                    let below = (1..=thickness).all(|down| is_lit(at, y + down));
                    if !above && !below {
                        ink.put_pixel(at, y, Luma([0]));
                    }
                }
            }
            start = end;
        }
    }
}

/// Rows of the straight sheet that are mostly ink, joined to bars.
fn bars(ink: &GrayImage, sheet: &Sheet) -> Vec<f64> {
    let rows = sheet.height.ceil().max(1.0) as usize;
    let mut counts = vec![0u32; rows + 1];
    for (x, y, _) in ink.enumerate_pixels().filter(|(_, _, pixel)| pixel.0[0] > 0) {
        let (across, down) = sheet.place(x, y);
        if (0.0..sheet.width).contains(&across)
            && down >= 0.0
            && let Some(count) = counts.get_mut(down as usize)
        {
            *count += 1;
        }
    }
    let mut bars = Vec::new();
    let mut start = None;
    for (row, count) in counts.iter().enumerate() {
        let dark = f64::from(*count) >= BAR_SHARE * sheet.width;
        match (dark, start) {
            (true, None) => start = Some(row),
            (false, Some(from)) => {
                if (row - from) as f64 * sheet.mm_per_cell >= BAR_MM {
                    bars.push((from + row) as f64 / 2.0 / sheet.height);
                }
                start = None;
            }
            _ => {}
        }
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::page::Plane;

    /// A white sheet of 420 × 594 cells (0.5 mm) with ink where `cell` says so.
    fn sheet(cell: impl Fn(f64, f64) -> [u8; 3]) -> Planes {
        let cells: Vec<[u8; 3]> = (0..420 * 594)
            .map(|at| cell(f64::from(at % 420) / 2.0, f64::from(at / 420) / 2.0))
            .collect();
        let plane = |channel: usize| Plane {
            width: 420,
            height: 594,
            cells: cells.iter().map(|cell| cell[channel]).collect(),
        };
        Planes { y: plane(0), cb: plane(1), cr: plane(2) }
    }

    fn found(planes: &Planes) -> Marks {
        find(planes, &Paper::of(&planes.y), None, 0.0, (0.0, 0.0))
    }

    const PAPER: [u8; 3] = [245, 128, 128];
    const RED_INK: [u8; 3] = [110, 110, 200];
    const DARK: [u8; 3] = [30, 128, 128];

    #[test]
    fn a_round_seal_is_a_ring_of_its_size_at_its_place() {
        let planes = sheet(|x, y| {
            let radius = (x - 140.0).hypot(y - 270.0);
            if (18.0..20.0).contains(&radius) || radius < 5.0 { RED_INK } else { PAPER }
        });
        let marks = found(&planes);
        let seal = marks.red[0];
        assert!((seal.mark.width_mm - 40.0).abs() < 1.5, "{seal:?}");
        assert!(seal.ring_share > 0.95, "{seal:?}");
        assert!((seal.mark.centre.0 - 0.667).abs() < 0.01, "{seal:?}");
    }

    #[test]
    fn a_line_of_red_print_is_no_ring() {
        let planes =
            sheet(|x, y| match (100.0..140.0).contains(&x) && (200.0..206.0).contains(&y) {
                true => RED_INK,
                false => PAPER,
            });
        assert!(found(&planes).red[0].mark.height_mm < 8.0);
    }

    #[test]
    fn a_signature_is_a_tall_stroke_even_on_a_line_and_print_is_not() {
        let planes = sheet(|x, y| {
            let wave = 262.0 + 5.0 * (x / 4.0).sin();
            let signature = (60.0..90.0).contains(&x) && (y - wave).abs() < 0.6;
            let rule = (20.0..190.0).contains(&x) && (264.0..264.6).contains(&y);
            let print = (20.0..50.0).contains(&x) && (258.0..261.5).contains(&y) && x % 4.0 < 3.0;
            if signature || rule || print { DARK } else { PAPER }
        });
        let marks = found(&planes);
        assert!(!marks.strokes.is_empty(), "{marks:?}");
        assert!(
            marks.strokes.iter().all(|stroke| (0.25..0.45).contains(&stroke.centre.0)),
            "{marks:?}"
        );
    }

    #[test]
    fn bars_across_the_sheet_are_found_from_top_to_bottom() {
        let planes = sheet(|x, y| {
            let bar = |top: f64| (top..top + 7.0).contains(&y) && (10.0..200.0).contains(&x);
            if bar(13.0) || bar(50.0) || bar(187.0) { DARK } else { PAPER }
        });
        let bars = found(&planes).bars;
        assert_eq!(bars.len(), 3, "{bars:?}");
        assert!((bars[2] - 190.5 / 297.0).abs() < 0.01, "{bars:?}");
    }
}
