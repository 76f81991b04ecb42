//! Draws documents the way a camera or a scanner would see them, the same on every machine.
//!
//! Nothing here but sums, products and square roots, so that the committed fixtures can be compared
//! byte by byte.

use std::sync::LazyLock;

use font8x8::{BASIC_FONTS, UnicodeFonts};
use image::{Rgb, RgbImage};

/// Red, green, blue in 0..=255.
pub type Colour = [f32; 3];

/// What print is printed with.
pub const INK: Colour = [34.0, 34.0, 40.0];
const SKIN: Colour = [222.0, 180.0, 150.0];
const HAIR: Colour = [44.0, 36.0, 34.0];
/// What seals are pressed with.
pub const SEAL: Colour = [205.0, 38.0, 44.0];
/// What signatures are written with.
pub const PEN: Colour = [32.0, 40.0, 120.0];

/// Numbers without a pattern, from Knuth's MMIX multiplier.
pub struct Lcg(u64);

impl Lcg {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next 32 bits.
    pub fn bits(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.bits() as usize % bound
    }

    /// A number from `from` to `to`.
    pub fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * (self.bits() >> 8) as f32 / 16_777_215.0
    }

    /// In -1..1, denser in the middle, as noise is.
    fn noise(&mut self) -> f32 {
        let bits = self.bits();
        let sum = (bits & 0xFF) + (bits >> 8 & 0xFF) + (bits >> 16 & 0xFF);
        sum as f32 / 382.5 - 1.0
    }
}

/// Something like a sine of `turns`, of parabolas.
pub fn wave(turns: f32) -> f32 {
    let phase = 2.0 * (turns - turns.floor()) - 1.0;
    -4.0 * phase * (1.0 - phase.abs())
}

/// A colour between two.
pub fn mix(from: Colour, to: Colour, share: f32) -> Colour {
    std::array::from_fn(|at| from[at] + (to[at] - from[at]) * share)
}

/// A picture before it is rounded to bytes. Lengths are in pixels.
pub struct Canvas {
    width: usize,
    height: usize,
    cells: Vec<Colour>,
}

impl Canvas {
    /// Filled by a function of 0..1 across and down.
    pub fn new(width: usize, height: usize, paint: impl Fn(f32, f32) -> Colour) -> Self {
        let at = |at: usize, of: usize| (at as f32 + 0.5) / of as f32;
        let cells = (0..width * height)
            .map(|cell| paint(at(cell % width, width), at(cell / width, height)))
            .collect();
        Self { width, height, cells }
    }

    /// Width and height.
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// The colour between the four cells around a place, in pixels; the rim goes on outside.
    pub fn between(&self, x: f32, y: f32) -> Colour {
        let x = (x - 0.5).clamp(0.0, self.width as f32 - 1.001);
        let y = (y - 0.5).clamp(0.0, self.height as f32 - 1.001);
        let (left, top) = (x as usize, y as usize);
        let row = |y: usize| {
            let cells = &self.cells[y * self.width + left..][..2];
            mix(cells[0], cells[1], x - left as f32)
        };
        mix(row(top), row(top + 1), y - top as f32)
    }

    /// Every cell changed by its place, in 0..1 across and down.
    pub fn changed(&self, change: impl Fn(f32, f32, Colour) -> Colour) -> Self {
        let at = |at: usize, of: usize| (at as f32 + 0.5) / of as f32;
        let changed = |(cell, &colour): (usize, &Colour)| {
            change(at(cell % self.width, self.width), at(cell / self.width, self.height), colour)
        };
        let cells = self.cells.iter().enumerate().map(changed).collect();
        Self { cells, ..*self }
    }

    /// Lays `paint` over the box where `distance` (negative inside) says so, with a soft edge.
    fn shape(
        &mut self,
        [left, top, right, bottom]: [f32; 4],
        soft: f32,
        paint: impl Fn(f32, f32) -> (Colour, f32),
        distance: impl Fn(f32, f32) -> f32,
    ) {
        let clip = |value: f32, most: usize| (value.max(0.0) as usize).min(most);
        let (from_x, to_x) = (clip(left - soft, self.width), clip(right + soft + 1.0, self.width));
        let (from_y, to_y) =
            (clip(top - soft, self.height), clip(bottom + soft + 1.0, self.height));
        for y in from_y..to_y {
            for x in from_x..to_x {
                let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
                let inside = (0.5 - distance(px, py) / soft).clamp(0.0, 1.0);
                if inside > 0.0 {
                    let (colour, alpha) = paint(px, py);
                    let cell = &mut self.cells[y * self.width + x];
                    *cell = mix(*cell, colour, inside * alpha);
                }
            }
        }
    }

    /// A box with round corners.
    pub fn rectangle(&mut self, edges: [f32; 4], corner: f32, colour: Colour) {
        self.soft_rectangle(edges, corner, 1.0, |_, _| (colour, 1.0));
    }

    fn soft_rectangle(
        &mut self,
        edges @ [left, top, right, bottom]: [f32; 4],
        corner: f32,
        soft: f32,
        paint: impl Fn(f32, f32) -> (Colour, f32),
    ) {
        let (cx, cy) = ((left + right) / 2.0, (top + bottom) / 2.0);
        let (half_x, half_y) = ((right - left) / 2.0 - corner, (bottom - top) / 2.0 - corner);
        self.shape(edges, soft, paint, |x, y| {
            let (dx, dy) = ((x - cx).abs() - half_x, (y - cy).abs() - half_y);
            let outside = dx.max(0.0) * dx.max(0.0) + dy.max(0.0) * dy.max(0.0);
            outside.sqrt() + dx.max(dy).min(0.0) - corner
        });
    }

    /// A filled ellipse; `ring` > 0 leaves only a line of that width along its edge.
    pub fn ellipse(&mut self, [cx, cy]: [f32; 2], [rx, ry]: [f32; 2], ring: f32, colour: Colour) {
        self.shape(
            [cx - rx, cy - ry, cx + rx, cy + ry],
            1.2,
            |_, _| (colour, 1.0),
            |x, y| {
                let (dx, dy) = ((x - cx) / rx, (y - cy) / ry);
                let distance = ((dx * dx + dy * dy).sqrt() - 1.0) * rx.min(ry);
                if ring > 0.0 { (distance + ring / 2.0).abs() - ring / 2.0 } else { distance }
            },
        );
    }

    /// A pen drawn along points.
    pub fn stroke(&mut self, points: &[[f32; 2]], width: f32, colour: Colour) {
        for pair in points.windows(2) {
            let ([ax, ay], [bx, by]) = (pair[0], pair[1]);
            let (dx, dy) = (bx - ax, by - ay);
            let length = (dx * dx + dy * dy).max(1e-6);
            let edges =
                [ax.min(bx) - width, ay.min(by) - width, ax.max(bx) + width, ay.max(by) + width];
            self.shape(
                edges,
                1.0,
                |_, _| (colour, 1.0),
                |x, y| {
                    let along = (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0);
                    let (px, py) = (x - ax - along * dx, y - ay - along * dy);
                    (px * px + py * py).sqrt() - width / 2.0
                },
            );
        }
    }

    /// A five-pointed star as on a seal.
    pub fn star(&mut self, [cx, cy]: [f32; 2], radius: f32, colour: Colour) {
        // Corners of a pentagon, outer and inner in turn, so that no trigonometry is needed.
        const CORNERS: [[f32; 2]; 10] = [
            [0.0, -1.0],
            [0.2245, -0.309],
            [0.9511, -0.309],
            [0.3633, 0.118],
            [0.5878, 0.809],
            [0.0, 0.382],
            [-0.5878, 0.809],
            [-0.3633, 0.118],
            [-0.9511, -0.309],
            [-0.2245, -0.309],
        ];
        let edges = [cx - radius, cy - radius, cx + radius, cy + radius];
        self.shape(
            edges,
            1.0,
            |_, _| (colour, 1.0),
            |x, y| {
                let (x, y) = ((x - cx) / radius, (y - cy) / radius);
                let mut inside = false;
                for at in 0..CORNERS.len() {
                    let ([ax, ay], [bx, by]) = (CORNERS[at], CORNERS[(at + 1) % CORNERS.len()]);
                    if (ay > y) != (by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax) {
                        inside = !inside;
                    }
                }
                if inside { -1.0 } else { 1.0 }
            },
        );
    }

    /// Text whose capitals are about 7/8 of `size` high; its edges are as soft as a lens leaves them.
    pub fn text(&mut self, [left, top]: [f32; 2], size: f32, colour: Colour, text: &str) {
        let dot = size / 8.0;
        for (index, glyph) in text.chars().filter_map(|c| BASIC_FONTS.get(c)).enumerate() {
            let start = left + index as f32 * size * 0.88;
            let lit = |u: f32, v: f32| {
                (0.0..8.0).contains(&u)
                    && (0.0..8.0).contains(&v)
                    && glyph[v as usize] >> (u as usize) & 1 == 1
            };
            self.shape(
                [start, top, start + size, top + size],
                1.0,
                |x, y| {
                    let mut hits = 0;
                    for sub in 0..9 {
                        let (dx, dy) = ((sub % 3 - 1) as f32 / 3.0, (sub / 3 - 1) as f32 / 3.0);
                        hits += i32::from(lit((x + dx - start) / dot, (y + dy - top) / dot));
                    }
                    (colour, hits as f32 / 9.0)
                },
                |_, _| -1.0,
            );
        }
    }

    /// Wavy lines as on bank notes.
    pub fn guilloche(
        &mut self,
        [left, top, right, bottom]: [f32; 4],
        lines: usize,
        colour: Colour,
    ) {
        let height = bottom - top;
        for line in 0..lines {
            let phase = line as f32 / lines as f32;
            for x in left as usize..right as usize {
                let along = (x as f32 - left) / height;
                let swing = wave(along * 0.9 + phase) * 0.06 + wave(along * 0.23 - phase) * 0.05;
                let y = top + height * (phase + swing).clamp(0.01, 0.98);
                for row in y as usize..=y as usize + 1 {
                    let share = 1.0 - (row as f32 - y).abs().min(1.0);
                    let cell = &mut self.cells[row * self.width + x];
                    *cell = mix(*cell, colour, 0.45 * share);
                }
            }
        }
    }

    /// A head with shoulders that fills the box.
    pub fn person(&mut self, [left, top, right, bottom]: [f32; 4], clothes: Colour) {
        let (w, h) = (right - left, bottom - top);
        let at = |x: f32, y: f32| [left + x * w, top + y * h];
        let [sx, sy] = at(0.5, 1.02);
        let (body_x, body_y) = (0.46 * w, 0.34 * h);
        // The shoulders end with the box, like the frame of a portrait.
        self.shape(
            [left, top, right, bottom],
            1.0,
            |_, _| (clothes, 1.0),
            |x, y| {
                let (dx, dy) = ((x - sx) / body_x, (y - sy) / body_y);
                (((dx * dx + dy * dy).sqrt() - 1.0) * body_y).max(y - bottom)
            },
        );
        self.ellipse(at(0.5, 0.33), [0.25 * w, 0.25 * h], 0.0, HAIR);
        self.rectangle(
            [left + 0.42 * w, top + 0.55 * h, left + 0.58 * w, top + 0.74 * h],
            4.0,
            mix(SKIN, HAIR, 0.18),
        );
        self.ellipse(at(0.5, 0.41), [0.20 * w, 0.24 * h], 0.0, SKIN);
        for x in [0.42, 0.58] {
            self.ellipse(at(x, 0.38), [0.035 * w, 0.018 * h], 0.0, [250.0, 248.0, 244.0]);
            self.ellipse(at(x, 0.38), [0.016 * w, 0.018 * h], 0.0, HAIR);
            self.rectangle(
                [left + (x - 0.045) * w, top + 0.335 * h, left + (x + 0.045) * w, top + 0.345 * h],
                1.0,
                HAIR,
            );
        }
        self.stroke(
            &[at(0.5, 0.40), at(0.485, 0.47), at(0.51, 0.475)],
            0.012 * w,
            mix(SKIN, HAIR, 0.35),
        );
        self.stroke(
            &[at(0.45, 0.54), at(0.5, 0.55), at(0.55, 0.54)],
            0.018 * w,
            [176.0, 92.0, 88.0],
        );
    }

    /// Falls off towards the corners and adds the grain of a sensor, then rounds.
    pub fn photographed(&self, vignette: f32, grain: f32, seed: u64) -> RgbImage {
        let mut lcg = Lcg::new(seed);
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let (dx, dy) =
                (x as f32 / self.width as f32 - 0.5, y as f32 / self.height as f32 - 0.5);
            let gain = 1.0 - vignette * 2.0 * (dx * dx + dy * dy);
            let luma = grain * lcg.noise();
            let cell = self.cells[y as usize * self.width + x as usize];
            Rgb(cell.map(|sample| {
                let noise = luma + 0.3 * grain * lcg.noise();
                (sample * gain + noise + 0.5).clamp(0.0, 255.0) as u8
            }))
        })
    }
}

/// An identity card of nobody on a green desk, as a phone would take it; 4:3.
pub fn card(width: usize) -> RgbImage {
    let (w, height) = (width as f32, width * 3 / 4);
    let h = height as f32;
    let mut canvas = Canvas::new(width, height, |x, y| {
        // Grain of the wood, too soft to count as an edge.
        let vein = 4.0 * wave(y * 9.0 + 0.4 * wave(x * 1.5));
        mix([92.0, 128.0, 104.0], [66.0, 104.0, 84.0], x * 0.6 + y * 0.4)
            .map(|sample| sample + vein)
    });
    let card @ [left, top, right, bottom] =
        [0.07 * w, 0.13 * h, 0.93 * w, 0.13 * h + 0.86 * w / 1.586];
    let shadow = [left + 0.012 * w, top + 0.016 * w, right + 0.012 * w, bottom + 0.016 * w];
    canvas.soft_rectangle(shadow, 0.03 * w, 0.03 * w, |_, _| ([20.0, 28.0, 24.0], 0.5));
    canvas.soft_rectangle(card, 0.028 * w, 1.2, |x, y| {
        let (u, v) = ((x - left) / (right - left), (y - top) / (bottom - top));
        let paper = mix([236.0, 240.0, 226.0], [206.0, 224.0, 240.0], u);
        (mix(paper, [240.0, 222.0, 214.0], v * 0.7), 1.0)
    });
    let inner = 0.02 * w;
    canvas.guilloche(
        [left + inner, top + inner, right - inner, bottom - inner],
        20,
        [150.0, 190.0, 186.0],
    );
    let [cw, ch] = [right - left, bottom - top];
    let at = |x: f32, y: f32| [left + x * cw, top + y * ch];
    canvas.rectangle(
        [left + 0.04 * cw, top + 0.05 * ch, right - 0.04 * cw, top + 0.145 * ch],
        0.008 * w,
        [38.0, 84.0, 150.0],
    );
    canvas.text(at(0.06, 0.066), 0.034 * w, [246.0, 248.0, 250.0], "SPECIMEN IDENTITY CARD");
    let portrait = [left + 0.67 * cw, top + 0.21 * ch, left + 0.94 * cw, top + 0.78 * ch];
    canvas.rectangle(portrait, 2.0, [196.0, 214.0, 232.0]);
    canvas.person(portrait, [60.0, 72.0, 96.0]);
    let fields = [
        ("NAME", "SAMPLE PERSON"),
        ("SEX", "X    NATION  NONE"),
        ("BORN", "1970 JAN 01"),
        ("ADDRESS", "1 TEST STREET"),
        ("", "NOWHERE 000000"),
    ];
    for (row, (label, value)) in fields.into_iter().enumerate() {
        let y = 0.2 + 0.105 * row as f32;
        canvas.text(at(0.05, y + 0.012), 0.016 * w, [40.0, 92.0, 150.0], label);
        canvas.text(at(0.205, y), 0.025 * w, INK, value);
    }
    canvas.text(at(0.05, 0.86), 0.017 * w, [40.0, 92.0, 150.0], "NUMBER");
    canvas.text(at(0.205, 0.845), 0.032 * w, INK, "000000 19700101 0000");
    let small = "Drawn by a program. It belongs to nobody and proves nothing.";
    canvas.text(at(0.05, 0.765), 0.0108 * w, INK, small);
    canvas.photographed(0.22, 1.3, width as u64)
}

/// The card as large as a phone's picture sent by mail, drawn once.
pub static CARD: LazyLock<RgbImage> = LazyLock::new(|| card(1400));

/// The card a little above the smallest size that passes, for fixtures about other things.
pub static SMALL_CARD: LazyLock<RgbImage> = LazyLock::new(|| card(820));

/// Somebody who does not exist before a provider's blue backdrop.
pub fn photo(width: usize) -> RgbImage {
    let (w, height) = (width as f32, width * 4 / 3);
    let h = height as f32;
    let mut canvas = Canvas::new(width, height, |x, y| {
        mix([44.0, 112.0, 190.0], [30.0, 92.0, 172.0], 0.6 * y + 0.3 * x)
    });
    let white = [238.0, 242.0, 246.0];
    canvas.rectangle([0.04 * w, 0.03 * h, 0.96 * w, 0.04 * h], 0.0, white);
    canvas.text([0.08 * w, 0.06 * h], 0.062 * w, white, "CLOUD PROVIDER");
    for row in 0..4 {
        let y = (0.16 + 0.2 * row as f32) * h;
        canvas.text([0.04 * w, y], 0.028 * w, white, "FILING PHOTO");
        canvas.text([0.68 * w, y], 0.028 * w, white, "FILING PHOTO");
    }
    canvas.person([0.12 * w, 0.16 * h, 0.88 * w, h + 1.0], [238.0, 214.0, 120.0]);
    canvas.photographed(0.10, 2.5, 7)
}

/// A printed leaflet as a program exports it: flat colours, no grain, small as PNG and GIF.
pub fn leaflet(width: usize, height: usize) -> RgbImage {
    let (w, h) = (width as f32, height as f32);
    let mut canvas = Canvas::new(width, height, |_, _| [244.0, 240.0, 226.0]);
    canvas.rectangle([0.0, 0.0, w, 0.16 * h], 0.0, [36.0, 96.0, 160.0]);
    canvas.text([0.05 * w, 0.05 * h], 0.044 * w, [244.0, 240.0, 226.0], "LEAFLET SPECIMEN");
    canvas.rectangle([0.72 * w, 0.24 * h, 0.94 * w, 0.62 * h], 8.0, [226.0, 120.0, 48.0]);
    for row in 0..5 {
        let y = (0.24 + 0.14 * row as f32) * h;
        canvas.text(
            [0.05 * w, y],
            0.025 * w,
            INK,
            ["A line of print to read", "and another line below"][row % 2],
        );
    }
    canvas.photographed(0.0, 0.0, 1)
}

/// Unprinted paper as a scanner sees it, with its shade and grain.
pub fn sheet(width: usize, height: usize) -> Canvas {
    Canvas::new(width, height, |x, y| {
        mix([246.0, 240.0, 224.0], [228.0, 222.0, 208.0], 0.5 * x + 0.5 * y)
    })
}
