//! Somebody to be photographed: one real face over cloth that is dyed, turned, covered and dressed up
//! as a test wants it.
//!
//! Lengths are in pixels of the cut-out `testdata/photo/person.png` unless they say otherwise.

use std::sync::LazyLock;

use super::draw::{Colour, mix, wave};
use super::scene::turn;

/// Middle between the eyes.
const EYES: [f32; 2] = [216.2, 96.2];
/// The pupils.
const PUPILS: [[f32; 2]; 2] = [[194.2, 95.3], [238.1, 97.1]];
/// Tip of the nose.
const NOSE: [f32; 2] = [217.0, 121.0];
/// Lowest point of the chin.
const CHIN: [f32; 2] = [221.0, 171.8];
/// Where the hair ends beside the cheeks.
const EARS: f32 = 128.0;
/// Top of the hair.
const HEAD_TOP: f32 = 9.8;
/// How far the head leans as it was photographed, in degrees.
const LEANS: f32 = 4.0;
/// Where the head turns on the neck.
const NAPE: [f32; 2] = [214.0, 190.0];
/// From the hairline to the chin.
const FACE: f32 = 113.0;
/// What cloth of full light is stored as.
const LIT: f32 = 190.0;

/// What is worn besides the top.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Accent {
    /// Nothing.
    None,
    /// The collar is of another colour.
    Collar(Colour),
    /// A tie.
    Tie(Colour),
    /// A ribbon with a badge.
    Lanyard(Colour),
}

/// What is before the face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Worn {
    /// Nothing.
    Nothing,
    /// Thin frames with clear lenses.
    Glasses,
    /// Dark lenses, 1 = of the usual size.
    Sunglasses(f32),
    /// A medical mask: its colour, and how far it is pulled up (1 = over the nose, 0 = below the chin).
    Mask(Colour, f32),
    /// A hand over the mouth, 1 = of the usual size.
    Hand(f32),
}

/// One person. Places are shares of the picture's width and height.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Middle between the eyes.
    pub eyes: [f32; 2],
    /// From the hairline to the chin, as a share of the picture's height.
    pub face_height: f32,
    /// The head leans to the side, in degrees: clockwise above 0.
    pub roll: f32,
    /// The head is turned away, in degrees of an egg: what is seen is a head turned half as far.
    pub yaw: f32,
    /// Left and right swapped.
    pub mirrored: bool,
    /// Colour of the top.
    pub clothes: Colour,
    /// What goes with it.
    pub accent: Accent,
    /// Gains on the skin.
    pub skin: [f32; 3],
    /// Gains on the hair.
    pub hair: [f32; 3],
    /// What is before the face.
    pub worn: Worn,
    /// How much of the colours is left: less on a print.
    pub depth: f32,
}

impl Person {
    /// In the middle, as tall as people usually stand, in grey.
    pub const PLAIN: Self = Self {
        eyes: [0.5, 0.42],
        face_height: 0.3,
        roll: 0.0,
        yaw: 0.0,
        mirrored: false,
        clothes: [150.0, 152.0, 156.0],
        accent: Accent::None,
        skin: [1.0; 3],
        hair: [1.0; 3],
        worn: Worn::Nothing,
        depth: 1.0,
    };

    /// The top of the hair as a share of the picture's height.
    pub fn head_top(&self) -> f32 {
        self.eyes[1] - (EYES[1] - HEAD_TOP) / FACE * self.face_height
    }

    /// The chin as a share of the picture's height.
    pub fn chin(&self) -> f32 {
        self.eyes[1] + (CHIN[1] - EYES[1]) / FACE * self.face_height
    }

    /// What is seen of the person at a pixel of a picture of that size: colour and alpha.
    pub fn at(&self, [x, y]: [f32; 2], [width, height]: [f32; 2]) -> (Colour, f32) {
        let scale = self.face_height * height / FACE;
        let reach = |x: f32, y: f32| {
            let across = (x - self.eyes[0] * width) / scale;
            let across = if self.mirrored { -across } else { across };
            [EYES[0] + across, EYES[1] + (y - self.eyes[1] * height) / scale]
        };
        // Someone far away is seen by pixels that cover more than one of the cut-out's.
        let steps = (1.0 / scale + 0.4).clamp(1.0, 4.0) as usize;
        let mut sum = [0.0; 4];
        for step in 0..steps * steps {
            let part = |at: usize| (at as f32 + 0.5) / steps as f32 - 0.5;
            let place = reach(x + part(step % steps), y + part(step / steps));
            let (colour, alpha) = self.seen(place, (1.0 / scale).max(0.7));
            for (sum, sample) in sum.iter_mut().zip(colour) {
                *sum += sample * alpha;
            }
            sum[3] += alpha;
        }
        let [red, green, blue, alpha] = sum;
        if alpha <= 0.0 {
            return ([0.0; 3], 0.0);
        }
        let colour = [red / alpha, green / alpha, blue / alpha];
        (colour, alpha / (steps * steps) as f32)
    }

    fn seen(&self, place: [f32; 2], soft: f32) -> (Colour, f32) {
        let upright = self.upright(place);
        let outline = CUT_OUT.between(upright);
        let (place, seen) = if self.yaw == 0.0 || upright[1] > NAPE[1] {
            (upright, outline)
        } else {
            let turned = self.turned_away(upright);
            (turned, Seen { alpha: outline.alpha, ..CUT_OUT.between(turned) })
        };
        let colour = self.coloured(place, &seen, soft);
        let (colour, alpha) = self.covered(place, colour, seen.alpha, soft);
        // What is worn turns inside the outline too.
        let alpha = if self.yaw == 0.0 { alpha } else { seen.alpha };
        let luma = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2];
        (mix([60.0 + 0.7 * luma; 3], colour, self.depth), alpha)
    }

    /// The place on the cut-out that the leaning head shows at `place`.
    fn upright(&self, place: [f32; 2]) -> [f32; 2] {
        let [x, y] = [place[0] - NAPE[0], place[1] - NAPE[1]];
        let ramp = |share: f32| {
            let share = share.clamp(0.0, 1.0);
            share * share * (3.0 - 2.0 * share)
        };
        // Down the neck the turn fades out; shoulders stay where they are.
        let aside = ramp((100.0 - x.abs()) / 40.0);
        let above = ramp((-25.0 - y) / 20.0);
        let share = ramp((42.0 - y) / 42.0) * (above + (1.0 - above) * aside);
        let (sine, cosine) = turn((self.towards_right(self.roll) - LEANS) * share);
        [NAPE[0] + cosine * x + sine * y, NAPE[1] - sine * x + cosine * y]
    }

    /// The place on the cut-out that shows at `place` when the head, an egg inside its outline, is
    /// turned.
    fn turned_away(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        const MIDDLE: [f32; 2] = [216.0, 90.0];
        const RADII: [f32; 2] = [76.0, 98.0];
        // The hair is rounder than the face, which lies flatter on the head.
        const NEARNESS: f32 = 0.7;
        let (across, down) = ((x - MIDDLE[0]) / RADII[0], (y - MIDDLE[1]) / RADII[1]);
        let depth = (1.0 - down * down - across * across).max(0.0).sqrt();
        let (sine, cosine) = turn(self.towards_right(self.yaw));
        let on_egg = MIDDLE[0] + RADII[0] * (across * cosine - NEARNESS * depth * sine);
        // The nose stands out from it and wanders farther.
        let wanted = (0..4).fold(on_egg, |at, _| {
            let (dx, dy) = ((at - NOSE[0]) / 15.0, (y - NOSE[1]) / 20.0);
            on_egg - 13.0 * sine / (1.0 + dx * dx + dy * dy) / (1.0 + dx * dx + dy * dy)
        });
        // The side that the picture lacks goes on as what lies next to it, hair or cheek, to and fro.
        let [left, right] = CUT_OUT.spans[(y.max(0.0) as usize).min(CUT_OUT.height - 1)];
        let strip = if y < EARS { 26.0 } else { 11.0 };
        let folded = |beyond: f32| {
            let turns = (beyond / strip).floor();
            let rest = beyond - turns * strip;
            if turns as i32 % 2 == 0 { rest } else { strip - rest }
        };
        let shown = if wanted < left {
            left + folded(left - wanted)
        } else if wanted > right {
            right - folded(wanted - right)
        } else {
            wanted
        };
        [shown, y]
    }

    /// The same angle on the cut-out.
    fn towards_right(&self, angle: f32) -> f32 {
        if self.mirrored { -angle } else { angle }
    }

    fn coloured(&self, place: [f32; 2], seen: &Seen, soft: f32) -> Colour {
        let own = seen.colour;
        let skin: Colour = std::array::from_fn(|at| own[at] * self.skin[at]);
        let hair: Colour = std::array::from_fn(|at| own[at] * self.hair[at]);
        let body = mix(hair, skin, seen.skin);
        if seen.cloth <= 0.0 {
            return body;
        }
        let shade = own[1] / LIT;
        let dye = self.dye(place, seen.collar, soft);
        // Dyed in linear light, and even black cloth throws a little of it back.
        let dyed = dye.map(|dye| {
            let dye = dye / 255.0;
            (255.0 * ((dye * dye + 0.004) * shade * shade).sqrt()).min(255.0)
        });
        mix(body, dyed, seen.cloth)
    }

    /// Colour of the cloth at a place.
    fn dye(&self, [x, y]: [f32; 2], collar: f32, soft: f32) -> Colour {
        const TOP: f32 = 205.0;
        let within = |distance: f32| (0.5 - distance / soft).clamp(0.0, 1.0);
        let aside = (x - NAPE[0]).abs();
        match self.accent {
            Accent::None => self.clothes,
            Accent::Collar(colour) => mix(self.clothes, colour, collar),
            Accent::Tie(colour) => {
                let knot = 13.0 - 0.25 * (y - TOP);
                let blade = 8.0 + 0.085 * (y - TOP - 24.0);
                let half = if y < TOP + 24.0 { knot } else { blade };
                mix(self.clothes, colour, within((aside - half).max(TOP - y)))
            }
            Accent::Lanyard(colour) => {
                let along = ((y - TOP) / 125.0).clamp(0.0, 1.0);
                let ribbon = (aside - 38.0 * (1.0 - along)).abs() - 3.5;
                let ribbon = ribbon.max(TOP - y).max(y - TOP - 125.0);
                let badge = (aside - 20.0).max((y - TOP - 152.0).abs() - 27.0);
                let worn = mix(self.clothes, colour, within(ribbon));
                mix(worn, [236.0, 236.0, 230.0], within(badge))
            }
        }
    }

    fn covered(&self, [x, y]: [f32; 2], under: Colour, alpha: f32, soft: f32) -> (Colour, f32) {
        if y > NAPE[1] + 60.0 || (x - EYES[0]).abs() > 130.0 {
            return (under, alpha);
        }
        let within = |distance: f32| (0.5 - distance / soft).clamp(0.0, 1.0);
        // Distance from an ellipse, roughly, negative inside.
        let oval = |[cx, cy]: [f32; 2], [rx, ry]: [f32; 2]| {
            let (dx, dy) = ((x - cx) / rx, (y - cy) / ry);
            ((dx * dx + dy * dy).sqrt() - 1.0) * rx.min(ry)
        };
        let line = |[ax, ay]: [f32; 2], [bx, by]: [f32; 2], half: f32| {
            let (dx, dy) = (bx - ax, by - ay);
            let along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy);
            let along = along.clamp(0.0, 1.0);
            let (px, py) = (x - ax - along * dx, y - ay - along * dy);
            (px * px + py * py).sqrt() - half
        };
        let laid = |colour: Colour, distance: f32, below: (Colour, f32)| {
            let share = within(distance);
            (mix(below.0, colour, share), below.1 + (1.0 - below.1) * share)
        };
        let bare = (under, alpha);
        let temples = line([177.0, 93.0], [168.0, 102.0], 1.4)
            .min(line([256.0, 96.0], [263.0, 106.0], 1.4))
            .min(line([211.0, 92.0], [221.0, 92.4], 1.6));
        match self.worn {
            Worn::Nothing => bare,
            Worn::Glasses => {
                let rims = PUPILS
                    .map(|[px, py]| oval([px, py + 2.5], [17.5, 14.0]).abs() - 0.8)
                    .into_iter()
                    .fold(temples + 0.4, f32::min);
                laid([58.0, 50.0, 46.0], rims, bare)
            }
            Worn::Sunglasses(size) => {
                let lenses = PUPILS
                    .map(|[px, py]| oval([px, py + 3.0], [19.5 * size, 15.5 * size]))
                    .into_iter()
                    .fold(temples, f32::min);
                let glow = (1.0 - (y - 80.0) / 30.0).clamp(0.0, 1.0);
                laid(mix([14.0, 14.0, 17.0], [52.0, 54.0, 60.0], glow), lenses, bare)
            }
            Worn::Mask(colour, pulled) => {
                let top = CHIN[1] + 4.0 - 60.0 * pulled;
                let jaw = oval([219.0, 138.0], [45.0, 41.5]);
                let bridge = top + 0.006 * (x - 219.0) * (x - 219.0);
                let cloth = jaw.max(bridge - y);
                let ears = line([180.0, top + 8.0], [171.0, 116.0], 1.1).min(line(
                    [258.0, top + 9.0],
                    [265.0, 119.0],
                    1.1,
                ));
                let pleats = if (y - top - 28.0).abs() < 16.0 { 9.0 * wave(y / 8.0) } else { 0.0 };
                let round = 1.0 - 0.16 * (x - 219.0) * (x - 219.0) / 2025.0;
                let cloth_colour = colour.map(|sample| sample * round + pleats);
                laid(cloth_colour, cloth, laid([236.0, 238.0, 240.0], ears, bare))
            }
            Worn::Hand(size) => {
                let reach = |x: f32| 219.0 + size * (x - 219.0);
                let mut hand = oval([reach(244.0), 176.0], [31.0 * size, 38.0 * size]).min(line(
                    [reach(252.0), 190.0],
                    [reach(268.0), 260.0],
                    23.0 * size,
                ));
                let mut knuckle = f32::MAX;
                for finger in 0..4 {
                    let down = 16.0 * finger as f32 - 8.0;
                    let from = [reach(240.0), 142.0 + down];
                    let to =
                        [reach(178.0 + 5.0 * (finger as f32 - 1.0).abs()), 128.0 + 1.05 * down];
                    let finger = line(from, to, 8.8 * size);
                    hand = hand.min(finger);
                    knuckle = knuckle.min(finger.abs());
                }
                let thumb = line([reach(226.0), 196.0], [reach(200.0), 182.0], 9.5 * size);
                hand = hand.min(thumb);
                let crease = (1.0 - knuckle / 3.0).clamp(0.0, 1.0) * within(hand + 1.0);
                let light = 1.04 - 0.0022 * (y - 110.0) - 0.22 * crease;
                let flesh = [214.0, 168.0, 142.0];
                let flesh = std::array::from_fn(|at| flesh[at] * self.skin[at] * light);
                laid(flesh, hand, bare)
            }
        }
    }
}

/// What the cut-out has at a place.
#[derive(Clone, Copy)]
struct Seen {
    colour: Colour,
    alpha: f32,
    cloth: f32,
    skin: f32,
    collar: f32,
}

/// The cut-out, every channel times alpha so that it can be interpolated.
struct CutOut {
    width: usize,
    height: usize,
    /// Red, green, blue, alpha, cloth, skin, collar.
    cells: Vec<[f32; 7]>,
    /// Of each row, where the person begins and ends.
    spans: Vec<[f32; 2]>,
}

static CUT_OUT: LazyLock<CutOut> = LazyLock::new(|| {
    let read = |name| {
        let bytes = super::read(&format!("testdata/photo/{name}"));
        image::load_from_memory(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let (person, parts) = (read("person.png").into_rgba8(), read("parts.png").into_rgb8());
    assert_eq!(person.dimensions(), parts.dimensions());
    let cells = person.pixels().zip(parts.pixels()).map(|(person, parts)| {
        let [red, green, blue, alpha] = person.0.map(f32::from);
        let [cloth, skin, collar] = parts.0.map(|sample| f32::from(sample) / 255.0);
        let alpha = alpha / 255.0;
        [red, green, blue, 1.0, cloth, skin, collar].map(|sample| sample * alpha)
    });
    let cells: Vec<[f32; 7]> = cells.collect();
    let [width, height] = [person.width() as usize, person.height() as usize];
    let span = |row: &[[f32; 7]]| {
        let first = row.iter().position(|cell| cell[3] > 0.95).unwrap_or(width / 2);
        let last = row.iter().rposition(|cell| cell[3] > 0.95).unwrap_or(width / 2);
        [first as f32 + 1.5, (last as f32 - 0.5).max(first as f32 + 1.5)]
    };
    let spans = cells.chunks(width).map(span).collect();
    CutOut { width, height, cells, spans }
});

impl CutOut {
    /// Between the cells around a place, by cubics through them. Below the last row the cloth goes on.
    fn between(&self, [x, y]: [f32; 2]) -> Seen {
        let nothing = Seen { colour: [0.0; 3], alpha: 0.0, cloth: 0.0, skin: 0.0, collar: 0.0 };
        let (x, mut y) = (x - 0.5, y - 0.5);
        if x < 2.0 || x > self.width as f32 - 4.0 || y < 2.0 {
            return nothing;
        }
        // Mirrored up and down between two rows, as far as it takes.
        const HIGHEST: f32 = 380.0;
        let lowest = self.height as f32 - 4.0;
        if y > lowest {
            let span = lowest - HIGHEST;
            let beyond = (y - lowest) / span;
            let turns = beyond.floor();
            let rest = beyond - turns;
            y = if turns as i32 % 2 == 0 { lowest - rest * span } else { HIGHEST + rest * span };
        }
        let (left, top) = (x as usize, y as usize);
        let (across, down) = (cubic(x - left as f32), cubic(y - top as f32));
        let mut sum = [0.0; 7];
        for (row, down) in down.into_iter().enumerate() {
            let cells = &self.cells[(top + row - 1) * self.width + left - 1..][..4];
            for (cell, across) in cells.iter().zip(across) {
                for (sum, sample) in sum.iter_mut().zip(cell) {
                    *sum += across * down * sample;
                }
            }
        }
        let [red, green, blue, alpha, cloth, skin, collar] = sum;
        if alpha < 1.0 / 255.0 {
            return nothing;
        }
        Seen {
            colour: [red, green, blue].map(|sample| (sample / alpha).clamp(0.0, 255.0)),
            alpha: alpha.min(1.0),
            cloth: (cloth / alpha).clamp(0.0, 1.0),
            skin: (skin / alpha).clamp(0.0, 1.0),
            collar: (collar / alpha).clamp(0.0, 1.0),
        }
    }
}

/// Weights of the four cells around a place (Catmull and Rom 1974).
fn cubic(t: f32) -> [f32; 4] {
    let (square, cube) = (t * t, t * t * t);
    [
        -0.5 * cube + square - 0.5 * t,
        1.5 * cube - 2.5 * square + 1.0,
        -1.5 * cube + 2.0 * square + 0.5 * t,
        0.5 * cube - 0.5 * square,
    ]
}
