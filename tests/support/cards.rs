//! Both sides of an identity card of nobody, laid out as the cards of the mainland are, and two in one
//! picture.

use image::RgbImage;

use super::draw::{Canvas, Colour, INK, Lcg, mix};
use super::scene::{self, ID_1, Shot};

const RED: Colour = [186.0, 44.0, 40.0];
const GOLD: Colour = [226.0, 182.0, 76.0];
const BLUE: Colour = [58.0, 96.0, 150.0];

/// Papers of either side, from left to right.
const PAPERS: [[Colour; 2]; 4] = [
    [[222.0, 232.0, 236.0], [238.0, 226.0, 230.0]],
    [[226.0, 238.0, 230.0], [226.0, 230.0, 242.0]],
    [[236.0, 232.0, 222.0], [220.0, 232.0, 238.0]],
    [[230.0, 226.0, 236.0], [232.0, 240.0, 232.0]],
];

/// Which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Portrait,
    Emblem,
}

/// A side of the card of somebody, flat and whole, `width` pixels across.
pub fn side(which: Side, seed: u64, width: usize) -> Canvas {
    let mut lcg = Lcg::new(seed);
    let (w, h) = (width as f32, width as f32 / ID_1);
    let [left, right] = PAPERS[lcg.below(PAPERS.len())];
    let mut card = Canvas::new(width, h as usize, |x, y| mix(left, right, 0.7 * x + 0.3 * y));
    let lines = 16 + lcg.below(8);
    card.guilloche([0.03 * w, 0.05 * h, 0.97 * w, 0.95 * h], lines, mix(left, BLUE, 0.35));
    match which {
        Side::Portrait => portrait(&mut card, &mut lcg, [w, h]),
        Side::Emblem => emblem(&mut card, &mut lcg, [w, h]),
    }
    card
}

fn portrait(card: &mut Canvas, lcg: &mut Lcg, [w, h]: [f32; 2]) {
    let clothes = [[46.0, 52.0, 66.0], [120.0, 40.0, 44.0], [66.0, 84.0, 60.0], [210.0; 3]];
    let place = [0.64 * w, 0.12 * h, 0.93 * w, 0.76 * h];
    card.person(place, clothes[lcg.below(clothes.len())]);
    for (row, label) in ["NAME", "SEX", "BORN", "HOME", ""].into_iter().enumerate() {
        let y = (0.12 + 0.13 * row as f32) * h;
        card.text([0.06 * w, y + 0.012 * h], 0.016 * w, BLUE, label);
        let value: String = (0..8).map(|_| (b'A' + lcg.below(26) as u8) as char).collect();
        card.text([0.17 * w, y], 0.026 * w, INK, &value);
    }
    let digits: String = (0..18).map(|_| (b'0' + lcg.below(10) as u8) as char).collect();
    card.text([0.06 * w, 0.85 * h], 0.017 * w, BLUE, "NUMBER");
    card.text([0.30 * w, 0.84 * h], 0.033 * w, INK, &digits);
}

fn emblem(card: &mut Canvas, lcg: &mut Lcg, [w, h]: [f32; 2]) {
    let centre = [0.155 * w, 0.27 * h];
    let radius = 0.098 * w;
    card.ellipse(centre, [radius, 1.06 * radius], 0.0, RED);
    card.ellipse(centre, [radius, 1.06 * radius], 0.2 * radius, GOLD);
    card.star([centre[0], centre[1] - 0.3 * radius], 0.34 * radius, GOLD);
    card.rectangle(
        [
            centre[0] - 0.5 * radius,
            centre[1] + 0.3 * radius,
            centre[0] + 0.5 * radius,
            centre[1] + 0.45 * radius,
        ],
        0.0,
        GOLD,
    );
    for (y, size, left) in [(0.13, 0.050, 0.34), (0.34, 0.062, 0.30)] {
        card.text([left * w, y * h], size * w, INK, "SPECIMEN CARD");
    }
    card.text([0.28 * w, 0.73 * h], 0.020 * w, INK, "ISSUED BY");
    card.text([0.28 * w, 0.85 * h], 0.020 * w, INK, "VALID");
    let day: String = (0..16).map(|_| (b'0' + lcg.below(10) as u8) as char).collect();
    card.text([0.46 * w, 0.73 * h], 0.022 * w, INK, "OFFICE OF NOWHERE");
    card.text([0.46 * w, 0.85 * h], 0.022 * w, INK, &day);
}

/// The side as a phone takes it on somebody's desk.
pub fn photographed(which: Side, seed: u64) -> RgbImage {
    let shot = Shot { desk: DESK, ..Shot::of(seed) };
    shot.take(&side(which, seed, 900)).photographed(0.12, 1.2, seed)
}

/// The desk of every picture that says no other.
const DESK: Colour = [88.0, 96.0, 106.0];

/// The side on a surface of another colour.
pub fn on_a_desk(which: Side, seed: u64, desk: Colour) -> RgbImage {
    let shot = Shot { desk, ..Shot::of(seed) };
    shot.take(&side(which, seed, 900)).photographed(0.12, 1.2, seed)
}

/// The side cropped to its edges, as a scanner's program does.
pub fn scanned(which: Side, seed: u64) -> RgbImage {
    let shot = Shot { frame: [1000, 630], ..Shot::scan() };
    shot.take(&side(which, seed, 1000)).photographed(0.0, 0.8, seed)
}

/// Two pictures below or beside each other.
pub fn joined(first: &RgbImage, second: &RgbImage, below: bool) -> RgbImage {
    let (width, height) = first.dimensions();
    let (across, down) = if below { (width, 2 * height) } else { (2 * width, height) };
    RgbImage::from_fn(across, down, |x, y| match below {
        true if y >= height => *second.get_pixel(x, y - height),
        false if x >= width => *second.get_pixel(x - width, y),
        _ => *first.get_pixel(x, y),
    })
}

/// A card that is no identity card of the mainland: another layout, with a portrait anywhere.
pub fn another(seed: u64) -> RgbImage {
    Shot::of(seed).take(&scene::face(seed, 900, ID_1)).photographed(0.12, 1.2, seed)
}
