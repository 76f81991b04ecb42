//! The surface of a face: 468 points in three dimensions, and how it is turned.

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::cover::{self, Cover};
use super::detector::{Detection, planar};
use crate::decode::page::{Page, Rect};
use crate::measure::network::Network;
use crate::measure::view;

pub(in crate::measure) static NETWORK: Network =
    Network::of(include_bytes!("../../../models/face_landmark_mp01021.onnx"));

/// Pixels a side of the input.
const SIDE: usize = 192;

/// Points of the surface.
const POINTS: usize = 468;

/// The box around a face, enlarged as the network is used to it.
const ENLARGED: f64 = 1.5;

/// Up to so many full-resolution pixels a pixel of the input come from the page itself; beyond, the
/// planes are fine enough, and a tile would be large.
const CLOSE: f64 = 4.0;

/// Points by their number in the mesh.
pub mod point {
    /// Where the hair begins, in the middle.
    pub const FOREHEAD: usize = 10;
    /// The lowest of the chin.
    pub const CHIN: usize = 152;
    /// The cheek's edge on the picture's left.
    pub const LEFT: usize = 234;
    /// The cheek's edge on the picture's right.
    pub const RIGHT: usize = 454;
    /// Outer corner of the eye on the picture's left.
    pub const LEFT_EYE: usize = 33;
    /// Outer corner of the eye on the picture's right.
    pub const RIGHT_EYE: usize = 263;
}

/// A face's surface.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// The network's log-odds that it sees a whole face: open ones read 19 to 31, masked ones 2 to 12.
    pub presence: f32,
    /// Turned to the picture's right (positive) or left, in degrees.
    pub yaw_deg: f32,
    /// Looking down (positive) or up, in degrees; a frontal face reads −8 to +12.
    pub pitch_deg: f32,
    /// Tilted clockwise (positive), in degrees, −180..180.
    pub roll_deg: f32,
    /// Places on the page, 0..1.
    pub points: Vec<(f64, f64)>,
    /// What hides it; `None` where its points lie outside the picture.
    pub cover: Option<Cover>,
    /// From the hairline to the chin, in full-resolution pixels.
    pub length_px: f64,
}

/// A square on the page: its middle in full-resolution pixels, the turn of its sides, and pixels of
/// the page a pixel of the input.
#[derive(Clone, Copy)]
struct Square {
    middle: (f64, f64),
    cosine: f64,
    sine: f64,
    step: f64,
}

impl Square {
    /// Around a face, with the eyes level.
    fn around(page: &Page, face: &Detection, turned: u32) -> Self {
        let (width, height) = (page.width as f64, page.height as f64);
        let [left, top, right, bottom] = face.edges;
        let [(ax, ay), (bx, by)] = face.eyes.map(|(x, y)| (x * width, y * height));
        let angle = match (bx - ax).hypot(by - ay) < 1.0 {
            // Without two eyes the turn in which the face was found must do.
            true => -f64::from(turned).to_radians(),
            false => (by - ay).atan2(bx - ax),
        };
        let side = ((right - left) * width).max((bottom - top) * height) * ENLARGED;
        let middle = ((left + right) / 2.0 * width, (top + bottom) / 2.0 * height);
        let (sine, cosine) = angle.sin_cos();
        Self { middle, cosine, sine, step: (side / SIDE as f64).max(1e-3) }
    }

    /// The place on the page, in full-resolution pixels, of a place in the input.
    fn place(&self, across: f64, down: f64) -> (f64, f64) {
        let half = SIDE as f64 / 2.0;
        let (x, y) = ((across - half) * self.step, (down - half) * self.step);
        (
            self.middle.0 + self.cosine * x - self.sine * y,
            self.middle.1 + self.sine * x + self.cosine * y,
        )
    }

    fn corners(&self) -> [(f64, f64); 4] {
        let side = SIDE as f64;
        [(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)].map(|(x, y)| self.place(x, y))
    }
}

/// Fits the mesh to a detected face; `None` where nothing of it lies on the page or the network fails.
pub(super) fn fit(page: &Page, face: &Detection, turned: u32) -> Option<Mesh> {
    let square = Square::around(page, face, turned);
    let close_up = crop(page, &square)?;
    let input = planar(&close_up, |level| level / 255.0);
    let outputs = NETWORK.run(&[1, 3, SIDE, SIDE], &input)?;
    let [surface, presence] = <[Vec<f32>; 2]>::try_from(outputs).ok()?;
    if surface.len() != POINTS * 3 || surface.iter().any(|number| !number.is_finite()) {
        return None;
    }
    let surface: Vec<[f32; 3]> =
        surface.chunks_exact(3).map(|xyz| [xyz[0], xyz[1], xyz[2]]).collect();
    let (yaw_deg, pitch_deg) = turn(&surface);
    let pixels: Vec<(f64, f64)> =
        surface.iter().map(|[x, y, _]| square.place((*x).into(), (*y).into())).collect();
    let between =
        |from: usize, to: usize| (pixels[to].0 - pixels[from].0, pixels[to].1 - pixels[from].1);
    let eyes = between(point::LEFT_EYE, point::RIGHT_EYE);
    let length = between(point::FOREHEAD, point::CHIN);
    let (width, height) = (page.width as f64, page.height as f64);
    Some(Mesh {
        presence: presence.first()?.clamp(-100.0, 100.0),
        cover: cover::measure(&close_up, &surface),
        yaw_deg,
        pitch_deg,
        roll_deg: eyes.1.atan2(eyes.0).to_degrees() as f32,
        length_px: length.0.hypot(length.1),
        points: pixels.into_iter().map(|(x, y)| (x / width, y / height)).collect(),
    })
}

/// Yaw and pitch in degrees: where the plane through the cheeks' edges, hairline and chin faces.
fn turn(surface: &[[f32; 3]]) -> (f32, f32) {
    let between = |from: usize, to: usize| -> [f32; 3] {
        std::array::from_fn(|axis| surface[to][axis] - surface[from][axis])
    };
    let across = between(point::LEFT, point::RIGHT);
    let down = between(point::FOREHEAD, point::CHIN);
    // Away from the camera, as depth grows away from it.
    let normal = [
        across[1] * down[2] - across[2] * down[1],
        across[2] * down[0] - across[0] * down[2],
        across[0] * down[1] - across[1] * down[0],
    ];
    let yaw = normal[0].atan2(normal[2]);
    let pitch = (-normal[1]).atan2(normal[0].hypot(normal[2]));
    (yaw.to_degrees(), pitch.to_degrees())
}

/// The input: the square cut out of the page with its sides level.
fn crop(page: &Page, square: &Square) -> Option<RgbImage> {
    let close = (square.step <= CLOSE).then(|| tile(page, square)).flatten();
    let (source, origin, scale) = match close {
        Some(tile) => tile,
        None => (view::picture(&page.planes), (0.0, 0.0), page.scale as f64),
    };
    // Reduced first where a pixel of the input covers several of the source.
    let reduce = (square.step / scale).max(1.0);
    let side = |side: u32| ((f64::from(side) / reduce).round() as u32).max(1);
    let source = match reduce > 1.3 {
        true => {
            let (across, down) = (side(source.width()), side(source.height()));
            imageops::resize(&source, across, down, FilterType::Triangle)
        }
        false => source,
    };
    let scale = if reduce > 1.3 { scale * reduce } else { scale };
    Some(RgbImage::from_fn(SIDE as u32, SIDE as u32, |across, down| {
        let (x, y) = square.place(f64::from(across) + 0.5, f64::from(down) + 0.5);
        let (x, y) = ((x - origin.0) / scale - 0.5, (y - origin.1) / scale - 0.5);
        imageops::interpolate_bilinear(&source, x as f32, y as f32).unwrap_or(image::Rgb([0; 3]))
    }))
}

/// Full-resolution pixels around the square, where they lie on the page, and pixels of the page a pixel.
fn tile(page: &Page, square: &Square) -> Option<(RgbImage, (f64, f64), f64)> {
    let corners = square.corners();
    let least = |along: [f64; 4]| along.into_iter().fold(f64::INFINITY, f64::min).max(0.0);
    let most = |along: [f64; 4]| along.into_iter().fold(0.0, f64::max);
    let (xs, ys) = (corners.map(|corner| corner.0), corners.map(|corner| corner.1));
    let (left, top) = (least(xs) as usize, least(ys) as usize);
    let rect = Rect {
        x: left,
        y: top,
        width: (most(xs) as usize + 2).checked_sub(left)?,
        height: (most(ys) as usize + 2).checked_sub(top)?,
    };
    let tile = page.tile(rect)?;
    let (width, height) = (tile.rect.width as u32, tile.rect.height as u32);
    let picture = RgbImage::from_raw(width, height, tile.rgb)?;
    Some((picture, (left as f64, top as f64), 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flat face turned by yaw, then pitch.
    fn surface(yaw_deg: f32, pitch_deg: f32) -> Vec<[f32; 3]> {
        let mut surface = vec![[0.0; 3]; POINTS];
        let places = [
            (point::LEFT, [-60.0f32, 0.0, 0.0]),
            (point::RIGHT, [60.0, 0.0, 0.0]),
            (point::FOREHEAD, [0.0, -80.0, 0.0]),
            (point::CHIN, [0.0, 80.0, 0.0]),
        ];
        let (yaw_sin, yaw_cos) = yaw_deg.to_radians().sin_cos();
        let (pitch_sin, pitch_cos) = pitch_deg.to_radians().sin_cos();
        for (number, [x, y, z]) in places {
            let (y, z) = (y * pitch_cos - z * pitch_sin, y * pitch_sin + z * pitch_cos);
            surface[number] = [x * yaw_cos + z * yaw_sin, y, -x * yaw_sin + z * yaw_cos];
        }
        surface
    }

    #[test]
    fn yaw_and_pitch_are_read_off_the_surface() {
        for (yaw, pitch) in [(0.0, 0.0), (30.0, 0.0), (-45.0, 0.0), (0.0, 20.0), (25.0, -15.0)] {
            let (found_yaw, found_pitch) = turn(&surface(yaw, pitch));
            assert!((found_yaw - yaw).abs() < 0.5, "{yaw} {pitch}: {found_yaw}");
            assert!((found_pitch - pitch).abs() < 0.5, "{yaw} {pitch}: {found_pitch}");
        }
    }
}
