//! Which part of the picture is a person, and where the clothes are.

use image::imageops::{self, FilterType};

use crate::measure::face::mesh::point;
use crate::measure::face::{self, Face};
use crate::measure::network::Network;
use crate::measure::shapes;
use crate::measure::view::View;

pub(super) static NETWORK: Network = Network::of(include_bytes!("../../models/selfie_seg.onnx"));

/// Pixels a side of the network's input.
const SIDE: usize = 256;

/// A picture wider than this is cut to a square around the face, as people become too thin otherwise.
const WIDEST: f64 = 2.0;

/// Between these probabilities the edge is refined by colour.
const UNSURE: std::ops::Range<f32> = 0.15..0.85;

/// Pixels of the view around an unsure one that tell what person and background look like there.
const NEIGHBOURS: usize = 6;

/// Pixels of the view around a person that show no letter for certain.
const CLEARANCE: u8 = 4;

/// Person and background of less difference (CIE L*a*b*) are not told apart by colour: a blue shirt
/// before a blue curtain.
const LIKE: f32 = 15.0;

/// The background seeps into the mask over pixels that differ from it by less.
const SEEPING: f32 = 4.5;

/// People in the view.
#[derive(Clone, Debug)]
pub struct Person {
    /// Row-major over the view: true where a person is.
    pub mask: Vec<bool>,
    /// Pixels across.
    pub width: usize,
}

/// Segments the view. The network sees people in clouds, too: it is asked only where a face was
/// found. `None` where it fails.
pub fn segment(view: &View, face: &Face) -> Option<Person> {
    let (width, height) = (view.width(), view.height());
    let across = match width as f64 > WIDEST * height as f64 {
        true => height,
        false => width,
    };
    let middle = (face.centre().0.clamp(0.0, 1.0) * width as f64) as usize;
    let left = middle.saturating_sub(across / 2).min(width - across);
    let window =
        imageops::crop_imm(&view.rgb, left as u32, 0, across as u32, height as u32).to_image();
    let input = imageops::resize(&window, SIDE as u32, SIDE as u32, FilterType::Triangle);
    let input = face::planar(&input, |level| level / 255.0);
    let found = NETWORK.run(&[1, 3, SIDE, SIDE], &input)?.pop()?;
    if found.len() != SIDE * SIDE || found.iter().any(|share| !share.is_finite()) {
        return None;
    }
    let mut shares = vec![0.0; width * height];
    for (y, row) in shares.chunks_exact_mut(width).enumerate() {
        for (x, share) in row[left..left + across].iter_mut().enumerate() {
            *share = between(&found, x as f32 / across as f32, y as f32 / height as f32);
        }
    }
    Some(Person { mask: seeped(view, refined(view, &shares)), width })
}

/// Bilinear over the network's output.
fn between(found: &[f32], x: f32, y: f32) -> f32 {
    let along = |place: f32| {
        let at = (place * SIDE as f32).clamp(0.0, (SIDE - 1) as f32);
        let first = at as usize;
        (first, (first + 1).min(SIDE - 1), at - first as f32)
    };
    let (left, right, across) = along(x);
    let (top, bottom, down) = along(y);
    let row = |y: usize| found[y * SIDE + left] * (1.0 - across) + found[y * SIDE + right] * across;
    row(top) * (1.0 - down) + row(bottom) * down
}

/// Unsure pixels go to the side whose colour they have in their neighbourhood.
fn refined(view: &View, shares: &[f32]) -> Vec<bool> {
    let (width, height, lab) = (view.width(), view.height(), view.lab());
    let decide = |at: usize| {
        let (x, y) = (at % width, at / width);
        let near = |at: usize, length: usize| {
            at.saturating_sub(NEIGHBOURS)..(at + NEIGHBOURS + 1).min(length)
        };
        let mut sides = [([0.0f32; 3], 0.0f32); 2];
        for y in near(y, height) {
            for at in near(x, width).map(|x| y * width + x) {
                if !UNSURE.contains(&shares[at]) {
                    let (sum, count) = &mut sides[usize::from(shares[at] >= 0.5)];
                    *sum = std::array::from_fn(|channel| sum[channel] + lab[at][channel]);
                    *count += 1.0;
                }
            }
        }
        let [ground, person] =
            sides.map(|(sum, count)| (count > 8.0).then(|| sum.map(|sum| sum / count)));
        match (ground, person) {
            (Some(ground), Some(person)) if apart(ground, person) > LIKE => {
                apart(lab[at], person) < apart(lab[at], ground)
            }
            _ => shares[at] >= 0.5,
        }
    };
    (0..shares.len())
        .map(|at| if UNSURE.contains(&shares[at]) { decide(at) } else { shares[at] >= 0.5 })
        .collect()
}

/// The mask without what hangs together with the background and has its colour: below a tilted head
/// the network expects a body, whatever is there. Where most of the mask would go, a person wears the
/// colour of the backdrop, and it stays.
fn seeped(view: &View, mask: Vec<bool>) -> Vec<bool> {
    let (width, height, lab) = (view.width(), view.height(), view.lab());
    let beside = |at: usize| {
        let (x, y) = (at % width, at / width);
        let left = (x > 0).then(|| at - 1);
        let right = (x + 1 < width).then(|| at + 1);
        let above = (y > 0).then(|| at - width);
        let below = (y + 1 < height).then(|| at + width);
        [left, right, above, below].into_iter().flatten()
    };
    let mut seeped = mask.clone();
    let mut from: Vec<(usize, [f32; 3])> = (0..mask.len())
        .filter(|&at| !mask[at] && beside(at).any(|other| mask[other]))
        .map(|at| (at, lab[at]))
        .collect();
    while let Some((at, ground)) = from.pop() {
        for other in beside(at) {
            if seeped[other] && apart(lab[other], ground) < SEEPING {
                seeped[other] = false;
                from.push((other, ground));
            }
        }
    }
    let count = |mask: &[bool]| mask.iter().filter(|person| **person).count();
    match count(&seeped) * 8 > count(&mask) * 7 {
        true => seeped,
        false => mask,
    }
}

fn apart(one: [f32; 3], other: [f32; 3]) -> f32 {
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f32>().sqrt()
}

/// How much of a body is in the picture, in units of its face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body {
    /// From the chin down to the end of the body, or of the picture, in lengths of the face from
    /// hairline to chin.
    pub lengths: f64,
    /// Width of the body at its widest, in widths of the face.
    pub widths: f64,
    /// Share of the face's width over which the head meets the upper side of the picture.
    pub head_cut_share: f64,
    /// Left, top, right, bottom of head and body, 0..1 of the page.
    pub edges: [f64; 4],
}

impl Person {
    /// The body of the person with this face; `None` without a mesh.
    pub fn body(&self, face: &Face) -> Option<Body> {
        let mesh = face.mesh.as_ref()?;
        let (width, height) = (self.width as f64, (self.mask.len() / self.width) as f64);
        let place = |number: usize| mesh.points.get(number).map(|(x, y)| (x * width, y * height));
        let (top, chin) = (place(point::FOREHEAD)?, place(point::CHIN)?);
        let (left, right) = (place(point::LEFT)?, place(point::RIGHT)?);
        let length = (top.0 - chin.0).hypot(top.1 - chin.1).max(1.0);
        let across = (right.0 - left.0).hypot(right.1 - left.1).max(1.0);
        let rows = self.mask.chunks_exact(self.width);
        // This person's columns: three face widths to each side, so that a neighbour hardly counts.
        let reach = |place: f64| place.clamp(0.0, width) as usize;
        let columns = reach(chin.0 - 3.0 * across)..reach(chin.0 + 3.0 * across);
        let mut body =
            Body { lengths: 0.0, widths: 0.0, head_cut_share: 0.0, edges: [1.0, 1.0, 0.0, 0.0] };
        for (y, row) in rows.enumerate() {
            let row = &row[columns.clone()];
            let seen = row.iter().filter(|person| **person).count();
            let (Some(first), Some(last)) =
                (row.iter().position(|person| *person), row.iter().rposition(|person| *person))
            else {
                continue;
            };
            let at = y as f64;
            if at > chin.1 && seen as f64 > across / 2.0 {
                body.lengths = (at + 1.0 - chin.1) / length;
                body.widths = body.widths.max(seen as f64 / across);
            }
            if y == 0 {
                let face = reach(chin.0 - across / 2.0)..reach(chin.0 + across / 2.0);
                let cut = face.filter(|x| self.mask[*x]).count();
                body.head_cut_share = (cut as f64 / across).min(1.0);
            }
            let [left, top, right, _] = body.edges;
            let (from, to) = ((columns.start + first) as f64, (columns.start + last + 1) as f64);
            body.edges = [
                left.min(from / width),
                top.min(at / height),
                right.max(to / width),
                (at + 1.0) / height,
            ];
        }
        Some(body)
    }

    /// Share of `[left, top, right, bottom]`, 0..1 of the page, that is a person.
    pub fn share_of(&self, edges: [f64; 4]) -> f64 {
        let height = self.mask.len() / self.width;
        let at = |place: f64, length: usize| (place.clamp(0.0, 1.0) * length as f64) as usize;
        let (left, right) = (at(edges[0], self.width), at(edges[2], self.width));
        let (top, bottom) = (at(edges[1], height), at(edges[3], height));
        let cells = (top..bottom).flat_map(|y| (left..right).map(move |x| y * self.width + x));
        let (inside, all) =
            cells.fold((0, 0), |(inside, all), at| (inside + usize::from(self.mask[at]), all + 1));
        inside as f64 / all.max(1) as f64
    }

    /// Row-major over a raster of the page of that size: true where surely no person is.
    pub fn leaves_free(&self, width: usize, height: usize) -> Vec<bool> {
        let taken = self.eroded(CLEARANCE, true);
        let down = self.mask.len() / self.width;
        let place =
            |at: usize| at / width * down / height * self.width + at % width * self.width / width;
        (0..width * height).map(|at| !taken[place(at)]).collect()
    }

    /// The mask without its outermost `cells`, or with so many more where `grown` holds.
    pub fn eroded(&self, cells: u8, grown: bool) -> Vec<bool> {
        use image::{GrayImage, Luma};
        let height = (self.mask.len() / self.width) as u32;
        let picture = GrayImage::from_fn(self.width as u32, height, |x, y| {
            Luma([if self.mask[y as usize * self.width + x as usize] { 255 } else { 0 }])
        });
        let changed = match grown {
            true => shapes::dilate(&picture, cells),
            false => shapes::erode(&picture, cells),
        };
        changed.pixels().map(|pixel| pixel.0[0] > 0).collect()
    }
}
