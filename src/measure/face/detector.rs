//! BlazeFace, full range: boxes and key points of faces.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use crate::measure::network::Network;
use crate::measure::view::View;

pub(in crate::measure) static NETWORK: Network =
    Network::of(include_bytes!("../../../models/blaze_full.onnx"));

/// Pixels a side of the input.
const SIDE: usize = 192;

/// Pixels of the input a side of an anchor's cell; one anchor a cell.
const STRIDE: usize = 4;

/// Anchors a side.
const ANCHORS: usize = SIDE / STRIDE;

/// Faces of a second look that are looked at closely.
const CONFIRMED: usize = 4;

/// Numbers of an anchor: centre, size and six points.
const NUMBERS: usize = 16;

/// Probability from which something is a face; among 28 pictures without people none reaches it.
const LEAST_SCORE: f32 = 0.5;

/// Boxes that overlap by more are the same face.
const SAME: f64 = 0.3;

/// A face, in 0..1 of the page.
#[derive(Clone, Debug)]
pub(super) struct Detection {
    pub(super) score: f32,
    /// Left, top, right, bottom.
    pub(super) edges: [f64; 4],
    /// The two eyes, the picture's left one first.
    pub(super) eyes: [(f64, f64); 2],
}

/// From a place in a turned picture, 0..1, back to that in the page.
type Back = fn((f64, f64)) -> (f64, f64);

/// A part of the view, in its pixels.
#[derive(Clone, Copy)]
struct Part {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

/// Faces of the whole view, the largest first; where it shows none, those of its overlapping squares
/// (small faces of wide pictures), and then those of the view turned upright: pictures come lying on
/// their side, and the network knows upright faces only. With the turn that showed them.
///
/// Letters look like small faces now and then, so that whatever the second looks find must be
/// `confirmed`. `None` where the network fails.
pub(super) fn look(
    view: &View,
    confirmed: impl Fn(&Detection, u32) -> bool,
) -> Option<(Vec<Detection>, u32)> {
    let (width, height) = view.rgb.dimensions();
    let whole = Part { x: 0, y: 0, width, height };
    let faces = merged(look_at(&view.rgb, whole)?);
    if !faces.is_empty() {
        return Some((faces, 0));
    }
    let mut faces = Vec::new();
    for part in squares(width, height) {
        faces.extend(look_at(&view.rgb, part)?);
    }
    let sure = |faces: Vec<Detection>, turned| -> Vec<Detection> {
        faces.into_iter().take(CONFIRMED).filter(|face| confirmed(face, turned)).collect()
    };
    let faces = sure(merged(faces), 0);
    if !faces.is_empty() {
        return Some((faces, 0));
    }
    for turned in [90, 270, 180] {
        let (upright, back): (RgbImage, Back) = match turned {
            90 => (imageops::rotate90(&view.rgb), |(x, y)| (y, 1.0 - x)),
            270 => (imageops::rotate270(&view.rgb), |(x, y)| (1.0 - y, x)),
            _ => (imageops::rotate180(&view.rgb), |(x, y)| (1.0 - x, 1.0 - y)),
        };
        let (width, height) = upright.dimensions();
        let found = look_at(&upright, Part { x: 0, y: 0, width, height })?;
        let faces = merged(found.iter().map(|face| face.moved(back)).collect());
        let faces = sure(faces, turned);
        if !faces.is_empty() {
            return Some((faces, turned));
        }
    }
    Some((Vec::new(), 0))
}

impl Detection {
    fn moved(&self, to: impl Fn((f64, f64)) -> (f64, f64)) -> Self {
        let [left, top, right, bottom] = self.edges;
        let (a, b) = (to((left, top)), to((right, bottom)));
        let edges = [a.0.min(b.0), a.1.min(b.1), a.0.max(b.0), a.1.max(b.1)];
        Self { score: self.score, edges, eyes: self.eyes.map(to) }
    }

    fn area(&self) -> f64 {
        (self.edges[2] - self.edges[0]) * (self.edges[3] - self.edges[1])
    }

    /// Intersection over union.
    fn overlap(&self, other: &Self) -> f64 {
        let [a, b] = [self.edges, other.edges];
        let across = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
        let down = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
        let both = across * down;
        both / (self.area() + other.area() - both).max(f64::MIN_POSITIVE)
    }
}

/// Two squares at the ends of the long side, of three quarters of it at most.
fn squares(width: u32, height: u32) -> Vec<Part> {
    let side = width.min(height).min(width.max(height) * 3 / 4);
    let part = |x, y| Part { x, y, width: side, height: side };
    vec![
        part(0, 0),
        part(width - side, height - side),
        part((width - side) / 2, (height - side) / 2),
    ]
}

/// Every anchor that sees a face in a part of the picture. `None` where the network fails.
fn look_at(picture: &RgbImage, part: Part) -> Option<Vec<Detection>> {
    let long = part.width.max(part.height);
    let reduced =
        |side: u32| ((side as usize * SIDE + long as usize / 2) / long as usize).max(1) as u32;
    let (across, down) = (reduced(part.width), reduced(part.height));
    let window = imageops::crop_imm(picture, part.x, part.y, part.width, part.height).to_image();
    let window = imageops::resize(&window, across, down, FilterType::Triangle);
    let (left, top) = ((SIDE as u32 - across) / 2, (SIDE as u32 - down) / 2);
    let mut square = RgbImage::from_pixel(SIDE as u32, SIDE as u32, Rgb([0; 3]));
    imageops::replace(&mut square, &window, left.into(), top.into());
    let outputs =
        NETWORK.run(&[1, 3, SIDE, SIDE], &planar(&square, |level| level / 127.5 - 1.0))?;
    let [numbers, scores] = <[Vec<f32>; 2]>::try_from(outputs).ok()?;
    if (numbers.len(), scores.len()) != (ANCHORS * ANCHORS * NUMBERS, ANCHORS * ANCHORS) {
        return None;
    }
    let frame = picture.dimensions();
    let place = |x: f32, y: f32| {
        let along = |at: f32, start: u32, reduced: u32, from: u32, side: u32, length: u32| {
            let within = f64::from(at - start as f32) / f64::from(reduced);
            (f64::from(from) + within * f64::from(side)) / f64::from(length)
        };
        (
            along(x, left, across, part.x, part.width, frame.0),
            along(y, top, down, part.y, part.height, frame.1),
        )
    };
    let mut found = Vec::new();
    for (anchor, (numbers, score)) in numbers.chunks_exact(NUMBERS).zip(scores).enumerate() {
        let score = 1.0 / (1.0 + (-score.clamp(-100.0, 100.0)).exp());
        if score < LEAST_SCORE || numbers.iter().any(|number| !number.is_finite()) {
            continue;
        }
        let middle = |at: usize| ((at * STRIDE) as f32) + STRIDE as f32 / 2.0;
        let (x, y) = (middle(anchor % ANCHORS), middle(anchor / ANCHORS));
        let (from, to) = ([-0.5, -0.5], [0.5, 0.5]);
        let corner = |side: [f32; 2]| {
            place(x + numbers[0] + side[0] * numbers[2], y + numbers[1] + side[1] * numbers[3])
        };
        let (from, to) = (corner(from), corner(to));
        let eye = |at: usize| place(x + numbers[at], y + numbers[at + 1]);
        let edges = [from.0, from.1, to.0, to.1];
        found.push(Detection { score, edges, eyes: [eye(4), eye(6)] });
    }
    Some(found)
}

/// One of each face: the mean of the boxes that mean it, by their scores. The largest first.
fn merged(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut faces = Vec::new();
    while let Some(best) = found.first().cloned() {
        let (same, others): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|other| best.overlap(other) > SAME);
        found = others;
        faces.push(mean(&same, best.score));
        // `best` overlaps itself unless its box is empty: then it would come back for ever.
        found.retain(|other| other.area() > 0.0);
    }
    faces.retain(|face| face.area() > 0.0);
    faces.sort_by(|a, b| b.area().total_cmp(&a.area()));
    faces
}

fn mean(same: &[Detection], score: f32) -> Detection {
    let weight: f64 = same.iter().map(|one| f64::from(one.score)).sum();
    let mean = |value: &dyn Fn(&Detection) -> f64| {
        same.iter().map(|one| f64::from(one.score) * value(one)).sum::<f64>()
            / weight.max(f64::MIN_POSITIVE)
    };
    Detection {
        score,
        edges: std::array::from_fn(|edge| mean(&|one| one.edges[edge])),
        eyes: std::array::from_fn(|eye| {
            (mean(&|one| one.eyes[eye].0), mean(&|one| one.eyes[eye].1))
        }),
    }
}

/// Channel by channel, as networks want it.
pub(in crate::measure) fn planar(picture: &RgbImage, scaled: impl Fn(f32) -> f32) -> Vec<f32> {
    let channel = |channel: usize| picture.pixels().map(move |pixel| pixel.0[channel]);
    (0..3).flat_map(channel).map(|level| scaled(f32::from(level))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(left: f64, score: f32) -> Detection {
        Detection { score, edges: [left, 0.0, left + 0.2, 0.2], eyes: [(left, 0.1); 2] }
    }

    #[test]
    fn boxes_of_one_face_become_one_and_apart_ones_stay_apart() {
        let faces = merged(vec![face(0.10, 0.6), face(0.12, 0.9), face(0.6, 0.7)]);
        assert_eq!(faces.len(), 2);
        assert_eq!(faces.iter().map(|face| face.score).fold(0.0, f32::max), 0.9);
        assert!(
            (faces[0].edges[0] - 0.112).abs() < 1e-6 || (faces[1].edges[0] - 0.112).abs() < 1e-6
        );
    }

    #[test]
    fn an_empty_box_is_no_face_and_ends() {
        let empty = Detection { score: 0.9, edges: [0.5; 4], eyes: [(0.5, 0.5); 2] };
        assert!(merged(vec![empty.clone(), empty]).is_empty());
    }

    #[test]
    fn a_grey_wall_shows_no_face_in_any_direction() {
        let wall = RgbImage::from_pixel(320, 240, Rgb([140, 140, 140]));
        let whole = Part { x: 0, y: 0, width: 320, height: 240 };
        assert!(look_at(&wall, whole).unwrap().is_empty());
    }
}
