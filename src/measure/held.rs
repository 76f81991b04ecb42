//! A card or sheet that a person holds up: a rectangle of edges that is no face.

use image::{GrayImage, Luma};
use imageproc::contours::find_contours;
use imageproc::distance_transform::Norm;
use imageproc::edges::canny;
use imageproc::geometry::{contour_area, min_area_rect};
use imageproc::morphology::dilate;
use imageproc::point::Point;

use crate::measure::face::Face;
use crate::measure::view::View;

/// A rectangle in a person's hands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// Corners, 0..1 of the page, in order around it.
    pub corners: [(f64, f64); 4],
    /// Left, top, right, bottom, 0..1 of the page.
    pub edges: [f64; 4],
    /// Long side over short side.
    pub aspect: f64,
    /// Long side in full-resolution pixels.
    pub long_side_px: f64,
    /// Share of the rectangle that its contour encloses: 1 for a card whose edges are all seen.
    pub fill: f64,
}

/// Gradients of the view that begin and continue an edge; letters and cards have 100 and more.
const EDGE: (f32, f32) = (25.0, 60.0);

/// Share of the picture that a document in someone's hands covers.
const AREA: std::ops::Range<f64> = 0.006..0.4;

/// Long side over short side of cards, passports and sheets, seen at a slant as well.
const ASPECT: std::ops::Range<f64> = 1.15..2.0;

/// Of a rectangle, less is a hand, a collar or a letter.
const LEAST_FILL: f64 = 0.80;

/// Part of a document's box at each side that is its rim.
const RIM: f64 = 0.2;

/// A contour of fewer points encloses nothing.
const FEWEST: usize = 24;

/// The fullest rectangle apart from the face; `None` where there is none.
pub fn find(view: &View, face: &Face, page: (usize, usize)) -> Option<Held> {
    let (width, height) = (view.width() as f64, view.height() as f64);
    let lab = view.lab();
    let luma = GrayImage::from_fn(view.rgb.width(), view.rgb.height(), |x, y| {
        let lightness = lab[y as usize * view.width() + x as usize][0];
        Luma([(lightness * 2.55).clamp(0.0, 255.0) as u8])
    });
    let edges = dilate(&canny(&luma, EDGE.0, EDGE.1), Norm::LInf, 1);
    let scale = (page.0 as f64 / width, page.1 as f64 / height);
    find_contours::<i32>(&edges)
        .into_iter()
        .filter(|contour| contour.points.len() >= FEWEST)
        .filter_map(|contour| rectangle(&contour.points, (width, height), scale))
        .filter(|held| !covers(held, face))
        .max_by(|a, b| (a.fill * a.area()).total_cmp(&(b.fill * b.area())))
}

impl Held {
    /// Its box without the rim, where hands and the background show.
    pub fn inner(&self) -> [f64; 4] {
        let [left, top, right, bottom] = self.edges;
        let (across, down) = (RIM * (right - left), RIM * (bottom - top));
        [left + across, top + down, right - across, bottom - down]
    }

    fn area(&self) -> f64 {
        self.long_side_px * self.long_side_px / self.aspect
    }
}

/// Whether the face lies in the rectangle: then it is a frame around the person, or the portrait.
fn covers(held: &Held, face: &Face) -> bool {
    let (x, y) = face.centre();
    let [left, top, right, bottom] = held.edges;
    (left..right).contains(&x) && (top..bottom).contains(&y)
}

fn rectangle(points: &[Point<i32>], view: (f64, f64), scale: (f64, f64)) -> Option<Held> {
    let corners = min_area_rect(points);
    let side = |from: usize, to: usize| {
        let (dx, dy) = (corners[to].x - corners[from].x, corners[to].y - corners[from].y);
        f64::from(dx).hypot(f64::from(dy))
    };
    let (one, other) = (side(0, 1), side(1, 2));
    let (long, short) = (one.max(other), one.min(other).max(1.0));
    let fill = contour_area(points) / (long * short);
    let share = long * short / (view.0 * view.1);
    let fits = AREA.contains(&share) && ASPECT.contains(&(long / short)) && fill >= LEAST_FILL;
    let corners =
        corners.map(|corner| (f64::from(corner.x) / view.0, f64::from(corner.y) / view.1));
    let least = |values: [f64; 4]| values.into_iter().fold(f64::INFINITY, f64::min);
    let most = |values: [f64; 4]| values.into_iter().fold(0.0, f64::max);
    let (xs, ys) = (corners.map(|corner| corner.0), corners.map(|corner| corner.1));
    fits.then(|| Held {
        corners,
        edges: [least(xs), least(ys), most(xs), most(ys)],
        aspect: long / short,
        long_side_px: long * scale.0.max(scale.1),
        fill: fill.min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    fn face() -> Face {
        Face { score: 0.9, edges: [0.4, 0.1, 0.6, 0.4], turned: 0, mesh: None }
    }

    fn scene(card: Option<[u32; 4]>) -> View {
        let mut picture =
            RgbImage::from_fn(320, 240, |x, y| Rgb([90, 100 + (x % 3) as u8, 110 + (y % 2) as u8]));
        if let Some([left, top, right, bottom]) = card {
            for (x, y) in (left..right).flat_map(|x| (top..bottom).map(move |y| (x, y))) {
                picture.put_pixel(x, y, Rgb([225, 225, 215]));
            }
        }
        View::from(picture)
    }

    #[test]
    fn a_card_in_the_hands_is_found_with_its_shape() {
        let held = find(&scene(Some([120, 140, 200, 190])), &face(), (3200, 2400)).unwrap();
        assert!((held.aspect - 1.6).abs() < 0.1, "{held:?}");
        assert!((held.long_side_px - 800.0).abs() < 60.0, "{held:?}");
    }

    #[test]
    fn nothing_or_a_frame_around_the_face_is_no_card() {
        assert_eq!(find(&scene(None), &face(), (3200, 2400)), None);
        assert_eq!(find(&scene(Some([100, 10, 220, 110])), &face(), (3200, 2400)), None);
    }
}
