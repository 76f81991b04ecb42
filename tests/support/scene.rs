//! Cards by seed, and the shots that are taken of them on a desk or a scanner.

use super::draw::{Canvas, Colour, INK, Lcg, mix, wave};

/// Long side over short side of an ID-1 card.
pub const ID_1: f32 = 1.586;

/// Surfaces that a card stands out from.
const DESKS: [Colour; 8] = [
    [92.0, 128.0, 104.0],
    [120.0, 84.0, 58.0],
    [70.0, 74.0, 82.0],
    [58.0, 82.0, 128.0],
    [140.0, 104.0, 74.0],
    [112.0, 52.0, 48.0],
    [44.0, 44.0, 46.0],
    [150.0, 140.0, 120.0],
];

/// Papers, from left to right.
const PAPERS: [[Colour; 2]; 6] = [
    [[236.0, 240.0, 226.0], [206.0, 224.0, 240.0]],
    [[238.0, 226.0, 216.0], [230.0, 214.0, 226.0]],
    [[214.0, 232.0, 214.0], [236.0, 236.0, 206.0]],
    [[222.0, 216.0, 236.0], [206.0, 226.0, 236.0]],
    [[240.0, 232.0, 206.0], [240.0, 214.0, 200.0]],
    [[206.0, 226.0, 230.0], [232.0, 236.0, 230.0]],
];

const BANDS: [Colour; 5] = [
    [38.0, 84.0, 150.0],
    [140.0, 40.0, 52.0],
    [30.0, 110.0, 84.0],
    [92.0, 56.0, 132.0],
    [176.0, 96.0, 30.0],
];

/// A card of nobody, flat and whole, `width` pixels across. The seed chooses design and colours.
pub fn face(seed: u64, width: usize, aspect: f32) -> Canvas {
    let mut lcg = Lcg::new(seed);
    let height = (width as f32 / aspect) as usize;
    let (w, h) = (width as f32, height as f32);
    let [left, right] = PAPERS[lcg.below(PAPERS.len())];
    let band = BANDS[lcg.below(BANDS.len())];
    let mirrored = lcg.below(2) == 1;
    let mut canvas = Canvas::new(width, height, |x, y| {
        let paper = mix(left, right, x);
        mix(paper, mix(right, band, 0.12), 0.6 * y)
    });
    let lines = 14 + lcg.below(10);
    canvas.guilloche([0.02 * w, 0.03 * h, 0.98 * w, 0.97 * h], lines, mix(left, band, 0.4));
    let top = lcg.between(0.04, 0.07);
    canvas.rectangle([0.04 * w, top * h, 0.96 * w, (top + 0.1) * h], 0.008 * w, band);
    let title = ["SPECIMEN IDENTITY CARD", "SPECIMEN RESIDENCE PERMIT", "SPECIMEN OF A CARD"];
    let white = [246.0, 248.0, 250.0];
    canvas.text([0.06 * w, (top + 0.02) * h], 0.034 * w, white, title[lcg.below(3)]);
    let size = lcg.between(0.52, 0.6) * h;
    let edge = if mirrored { 0.05 * w } else { 0.94 * w - 0.78 * size };
    let portrait = [edge, 0.22 * h, edge + 0.78 * size, 0.22 * h + size];
    canvas.rectangle(portrait, 2.0, mix([200.0, 216.0, 230.0], band, 0.2));
    canvas.person(portrait, mix(band, [40.0; 3], 0.4));
    let start = if mirrored { 0.1 * w + 0.78 * size } else { 0.05 * w };
    let fields = [
        ("NAME", "SAMPLE PERSON"),
        ("SEX", "X   NATION NONE"),
        ("BORN", "1970 JAN 01"),
        ("ADDRESS", "1 TEST STREET"),
        ("", "NOWHERE 000000"),
    ];
    let label_ink = mix(band, INK, 0.3);
    for (row, (label, value)) in fields.into_iter().enumerate() {
        let y = (0.2 + 0.105 * row as f32) * h;
        canvas.text([start, y + 0.012 * h], 0.016 * w, label_ink, label);
        canvas.text([start + 0.13 * w, y], 0.025 * w, INK, value);
    }
    let small = "Drawn by a program. It belongs to nobody.";
    canvas.text([start, 0.765 * h], 0.0108 * w, INK, small);
    canvas.text([0.05 * w, 0.86 * h], 0.017 * w, label_ink, "NUMBER");
    canvas.text([0.205 * w, 0.845 * h], 0.032 * w, INK, "000000 19700101 0000");
    canvas
}

/// A grey copy of a face.
pub fn copied(face: &Canvas) -> Canvas {
    faded(face, 0.0)
}

/// A face whose colours kept a part of what they were.
pub fn faded(face: &Canvas, keep: f32) -> Canvas {
    face.changed(|_, _, colour| {
        let [red, green, blue] = colour;
        mix([0.299 * red + 0.587 * green + 0.114 * blue; 3], colour, keep)
    })
}

/// A round stamp of this ink on a face, its diameter as a share of the width.
pub fn stamp(face: &mut Canvas, diameter: f32, ink: Colour) {
    let (w, h) = face.size();
    let centre = [0.45 * w as f32, 0.62 * h as f32];
    let radius = diameter * w as f32 / 2.0;
    face.ellipse(centre, [radius, radius], 0.16 * radius, ink);
    face.star(centre, 0.5 * radius, ink);
    for (row, text) in [(-0.66, "SAMPLE CO"), (0.5, "SPECIMEN")] {
        let size = 0.17 * radius;
        let left = centre[0] - 0.44 * size * text.len() as f32;
        face.text([left, centre[1] + row * radius], size, ink, text);
    }
}

/// Light whose gains go from the left to the right edge.
pub fn lit(picture: &Canvas, left: Colour, right: Colour) -> Canvas {
    picture.changed(|x, _, colour| {
        let gains = mix(left, right, x);
        std::array::from_fn(|channel| colour[channel] * gains[channel])
    })
}

/// A lamp mirrored in the picture: centre and radius in shares of the width, with a soft rim.
pub fn mirrored_lamp(picture: &Canvas, [cx, cy]: [f32; 2], radius: f32) -> Canvas {
    let (width, height) = picture.size();
    let ratio = height as f32 / width as f32;
    picture.changed(|x, y, colour| {
        let (dx, dy) = (x - cx, (y - cy) * ratio);
        let distance = (dx * dx + dy * dy).sqrt() / radius.max(1e-6);
        mix(colour, [262.0; 3], ((1.45 - distance) / 0.45).clamp(0.0, 1.0))
    })
}

/// The pixels of a screen: dark gaps every `pitch` pixels across and down, `depth` of the light.
pub fn on_a_screen(picture: &Canvas, pitch: f32, depth: f32) -> Canvas {
    let (width, height) = picture.size();
    let gap = |at: f32| 1.0 - depth * (0.5 + 0.5 * wave(at / pitch));
    picture.changed(|x, y, colour| {
        let gain = gap(x * width as f32) * gap(y * height as f32);
        colour.map(|sample| sample * gain)
    })
}

/// The same, turned against the picture.
pub fn on_a_turned_screen(picture: &Canvas, pitch: f32, depth: f32, degrees: f32) -> Canvas {
    let (width, height) = picture.size();
    let (sine, cosine) = turn(degrees);
    let gap = |at: f32| 1.0 - depth * (0.5 + 0.5 * wave(at / pitch));
    picture.changed(|x, y, colour| {
        let (x, y) = (x * width as f32, y * height as f32);
        let gain = gap(cosine * x + sine * y) * gap(cosine * y - sine * x);
        colour.map(|sample| sample * gain)
    })
}

/// Sine and cosine of an angle in degrees, by their series.
pub fn turn(degrees: f32) -> (f32, f32) {
    let angle = degrees * 0.017_453_292;
    let square = angle * angle;
    let sine = angle * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0)));
    let cosine = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0));
    (sine, cosine)
}

/// Where a card lies and what it lies on.
#[derive(Clone, Copy, Debug)]
pub struct Shot {
    /// Pixels of the picture, across and down.
    pub frame: [usize; 2],
    /// Colour of the desk.
    pub desk: Colour,
    /// Width of the card as a share of the frame's.
    pub size: f32,
    /// Long side over short side of the card.
    pub aspect: f32,
    /// Middle of the card, 0..1 of the frame.
    pub middle: [f32; 2],
    /// Degrees, clockwise.
    pub turned: f32,
    /// How much shorter the far side is.
    pub taper: f32,
    /// Which side is the far one, 0..4.
    pub far: usize,
    /// How round the corners are, as a share of the card's width.
    pub corner: f32,
    /// How dark its shadow is.
    pub shadow: f32,
}

impl Shot {
    /// A card on a desk as most people photograph it: some turn, not quite in the middle.
    pub fn of(seed: u64) -> Self {
        let mut lcg = Lcg::new(seed ^ 0xD35C);
        Self {
            frame: [1000, 750],
            desk: DESKS[lcg.below(DESKS.len())],
            size: lcg.between(0.68, 0.82),
            aspect: ID_1,
            middle: [lcg.between(0.48, 0.52), lcg.between(0.47, 0.53)],
            turned: lcg.between(-2.5, 2.5),
            taper: lcg.between(0.0, 0.04),
            far: lcg.below(4),
            corner: 0.03,
            shadow: 0.5,
        }
    }

    /// A card that fills the frame, as a scanner's program crops it.
    pub fn scan() -> Self {
        Self {
            frame: [1000, 630],
            desk: [200.0; 3],
            size: 1.04,
            aspect: ID_1,
            middle: [0.5; 2],
            turned: 0.0,
            taper: 0.0,
            far: 0,
            corner: 0.0,
            shadow: 0.5,
        }
    }

    /// Corners in pixels, clockwise from the top left.
    fn corners(&self) -> [[f32; 2]; 4] {
        let [w, h] = self.frame.map(|side| side as f32);
        let (half_x, half_y) = (self.size * w / 2.0, self.size * w / 2.0 / self.aspect);
        let mut corners =
            [[-half_x, -half_y], [half_x, -half_y], [half_x, half_y], [-half_x, half_y]];
        // Top and bottom lose width, left and right lose height.
        let axis = self.far % 2;
        for at in [self.far, (self.far + 1) % 4] {
            corners[at][axis] *= 1.0 - self.taper;
        }
        let (sine, cosine) = turn(self.turned);
        corners.map(|[x, y]| {
            let [mx, my] = [self.middle[0] * w, self.middle[1] * h];
            [mx + cosine * x - sine * y, my + sine * x + cosine * y]
        })
    }

    /// The desk alone.
    pub fn surface(&self) -> Canvas {
        let [width, height] = self.frame;
        Canvas::new(width, height, |x, y| {
            let vein = 3.0 * wave(y * 9.0 + 0.4 * wave(x * 1.5)) - 8.0 * (x - y);
            self.desk.map(|sample| sample + vein)
        })
    }

    /// The picture of a face, before light, grain and rounding.
    pub fn take(&self, face: &Canvas) -> Canvas {
        self.lay(&self.surface(), face)
    }

    /// A picture with the face laid on it.
    pub fn lay(&self, under: &Canvas, face: &Canvas) -> Canvas {
        let inverse = inverse(&square_to(self.corners()));
        let [width, height] = self.frame;
        let (face_w, face_h) = face.size();
        let card = [self.size * width as f32, self.size * width as f32 / self.aspect];
        let radius = self.corner * card[0];
        // Distance from the card's rim, negative inside, in pixels.
        let rim = |[u, v]: [f32; 2]| {
            let dx = (u - 0.5).abs() * card[0] - card[0] / 2.0 + radius;
            let dy = (v - 0.5).abs() * card[1] - card[1] / 2.0 + radius;
            let outside = dx.max(0.0) * dx.max(0.0) + dy.max(0.0) * dy.max(0.0);
            outside.sqrt() + dx.max(dy).min(0.0) - radius
        };
        let seen = |x: f32, y: f32| {
            let [[a, b, c], [d, e, f], [g, h, i]] = inverse;
            let depth = g * x + h * y + i;
            [(a * x + b * y + c) / depth, (d * x + e * y + f) / depth]
        };
        let shade = 0.012 * width as f32;
        under.changed(|x, y, mut colour| {
            let (px, py) = (x * width as f32, y * height as f32);
            let place = seen(px, py);
            let on_card = (0.5 - rim(place)).clamp(0.0, 1.0);
            if on_card < 1.0 {
                let shadow = rim(seen(px - 0.5 * shade, py - 0.7 * shade)) / shade;
                colour = mix(colour, [16.0; 3], self.shadow * (0.5 - shadow).clamp(0.0, 1.0));
            }
            if on_card > 0.0 {
                let paper = face.between(place[0] * face_w as f32, place[1] * face_h as f32);
                colour = mix(colour, paper, on_card);
            }
            colour
        })
    }
}

type Matrix = [[f32; 3]; 3];

/// The projection of the unit square onto four corners (Heckbert 1989).
fn square_to([p0, p1, p2, p3]: [[f32; 2]; 4]) -> Matrix {
    let (dx1, dx2, dx3) = (p1[0] - p2[0], p3[0] - p2[0], p0[0] - p1[0] + p2[0] - p3[0]);
    let (dy1, dy2, dy3) = (p1[1] - p2[1], p3[1] - p2[1], p0[1] - p1[1] + p2[1] - p3[1]);
    let whole = dx1 * dy2 - dx2 * dy1;
    let (g, h) = ((dx3 * dy2 - dx2 * dy3) / whole, (dx1 * dy3 - dx3 * dy1) / whole);
    [
        [p1[0] - p0[0] + g * p1[0], p3[0] - p0[0] + h * p3[0], p0[0]],
        [p1[1] - p0[1] + g * p1[1], p3[1] - p0[1] + h * p3[1], p0[1]],
        [g, h, 1.0],
    ]
}

/// The inverse up to a factor, which a projection does not mind.
fn inverse([[a, b, c], [d, e, f], [g, h, i]]: &Matrix) -> Matrix {
    [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ]
}
