//! Draws verification photos: people before a provider's curtain or before a wall, the same on every
//! machine. Places and lengths are shares of the picture's width and height unless they say otherwise.

use image::RgbImage;

use super::draw::{Canvas, Colour, Lcg, mix, wave};
use super::letters::Letters;
use super::person::{Accent, Person, Worn};
use super::{encode, faults};

/// Tops that no rule minds, from white to black.
pub const GOOD_TOPS: [Colour; 8] = [
    [232.0, 231.0, 226.0],
    [150.0, 152.0, 156.0],
    [40.0, 41.0, 44.0],
    [46.0, 110.0, 62.0],
    [196.0, 170.0, 128.0],
    [104.0, 72.0, 48.0],
    [212.0, 178.0, 60.0],
    [104.0, 108.0, 54.0],
];

/// What a backdrop is made of.
#[derive(Clone, Copy, Debug)]
pub enum Backdrop {
    /// Cloth with a provider's words.
    Curtain(Curtain),
    /// Paint or wood.
    Wall(Wall),
}

/// Cloth in folds.
#[derive(Clone, Copy, Debug)]
pub struct Curtain {
    /// Of the cloth in full light.
    pub colour: Colour,
    /// How much darker it is in the folds.
    pub folds: f32,
    /// What it says.
    pub letters: Option<Letters>,
}

/// A wall.
#[derive(Clone, Copy, Debug)]
pub struct Wall {
    /// In full light.
    pub colour: Colour,
    /// How much of the light is lost towards one side.
    pub shade: f32,
    /// Boards with a grain, 0 = paint.
    pub wood: f32,
}

/// The sides of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are what they are called")]
pub enum Side {
    Left,
    Right,
    Top,
    Bottom,
}

impl Side {
    /// One of them.
    pub fn of(seed: u64) -> Self {
        [Self::Left, Self::Right, Self::Top, Self::Bottom][(seed % 4) as usize]
    }

    /// How far into the picture a place lies.
    fn depth(self, x: f32, y: f32) -> f32 {
        match self {
            Self::Left => x,
            Self::Right => 1.0 - x,
            Self::Top => y,
            Self::Bottom => 1.0 - y,
        }
    }
}

/// Where the backdrop ends and something else shows.
#[derive(Clone, Copy, Debug)]
pub struct Strip {
    /// At which side.
    pub side: Side,
    /// How much of the picture's width or height.
    pub share: f32,
    /// Of what shows.
    pub colour: Colour,
}

/// What hangs on a wall or falls on it.
#[derive(Clone, Copy, Debug)]
pub enum Thing {
    /// A picture in a dark frame: left, top, right, bottom.
    Frame([f32; 4]),
    /// The gap of a door: where, and how wide as a share of the width.
    Gap(f32, f32),
    /// The corner of a room: where, and how much darker the far side is.
    Corner(f32, f32),
    /// A shadow with a soft edge: middle, radius of the height, depth.
    Shadow([f32; 2], f32, f32),
}

/// A face printed on paper behind the person: left, top, right, bottom, and who it is.
#[derive(Clone, Copy, Debug)]
pub struct Poster(pub [f32; 4], pub Person);

/// The people are laid over a photo that was saved before.
#[derive(Clone, Copy, Debug)]
pub struct Pasted {
    /// Levels of noise of the photo that they are laid over.
    pub grain: f32,
    /// Quality at which it was saved.
    pub quality: u8,
}

/// A verification photo.
#[derive(Clone, Debug)]
pub struct Photo {
    /// Of the noise.
    pub seed: u64,
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// Behind everything.
    pub backdrop: Backdrop,
    /// Beside the backdrop.
    pub strip: Option<Strip>,
    /// On the backdrop.
    pub things: Vec<Thing>,
    /// On the backdrop too.
    pub posters: Vec<Poster>,
    /// The first one hindmost.
    pub people: Vec<Person>,
    /// Tint of the light.
    pub light: Colour,
    /// Gain on everything.
    pub exposure: f32,
    /// How much darker the corners are.
    pub vignette: f32,
    /// Levels of sensor noise.
    pub grain: f32,
    /// σ of a Gaussian over everything, in pixels.
    pub blur: f32,
    /// Without colour.
    pub grey: bool,
    /// Of the JPEG.
    pub quality: u8,
    /// Put together from two photos.
    pub pasted: Option<Pasted>,
}

impl Photo {
    /// A good photo, all that matters to no reason chosen by the seed.
    pub fn of(seed: u64) -> Self {
        let mut lcg = Lcg::new(seed ^ 0xF07A);
        let warmth = lcg.between(-0.04, 0.06);
        let light = [1.0 + warmth.min(0.0), 1.0 - 0.3 * warmth.abs(), 1.0 - warmth.max(0.0)];
        let backdrop = Backdrop::Curtain(Curtain::chosen(&mut lcg));
        let person = Person::chosen(&mut lcg);
        let [width, height] = [[640, 480], [720, 540], [800, 600]][lcg.below(3)];
        Self {
            seed,
            width,
            height,
            backdrop,
            strip: None,
            things: Vec::new(),
            posters: Vec::new(),
            people: vec![person],
            light,
            exposure: lcg.between(0.9, 1.05),
            vignette: lcg.between(0.05, 0.25),
            grain: lcg.between(1.5, 4.5),
            blur: 0.0,
            grey: false,
            quality: 70 + lcg.below(26) as u8,
            pasted: None,
        }
    }

    /// A good photo for providers who want a white wall.
    pub fn before_white(seed: u64) -> Self {
        let mut lcg = Lcg::new(seed ^ 0x3117);
        let tone = lcg.between(224.0, 244.0);
        let wall = Wall {
            colour: [tone, tone - lcg.between(0.0, 3.0), tone - lcg.between(0.0, 6.0)],
            shade: lcg.between(0.0, 0.06),
            wood: 0.0,
        };
        Self { backdrop: Backdrop::Wall(wall), vignette: lcg.between(0.02, 0.08), ..Self::of(seed) }
    }

    /// The same photo with the first person changed.
    pub fn with(mut self, change: impl FnOnce(&mut Person)) -> Self {
        change(&mut self.people[0]);
        self
    }

    /// The same photo with the curtain's letters changed.
    pub fn lettered(mut self, change: impl FnOnce(&mut Letters)) -> Self {
        if let Backdrop::Curtain(Curtain { letters: Some(letters), .. }) = &mut self.backdrop {
            change(letters);
        }
        self
    }

    /// As the camera sees it.
    pub fn drawn(&self) -> RgbImage {
        let mut canvas = self.scene();
        if let Some(pasted) = self.pasted {
            let saved = canvas.photographed(0.0, pasted.grain, self.seed ^ 0xB4C);
            let saved = image::load_from_memory(&encode::jpeg(&saved, pasted.quality));
            let saved = saved.expect("what was just saved can be read").into_rgb8();
            canvas = Canvas::new(self.width, self.height, |x, y| {
                let at = |share: f32, of: usize| (share * of as f32) as u32;
                saved.get_pixel(at(x, self.width), at(y, self.height)).0.map(f32::from)
            });
        }
        for person in &self.people {
            canvas = self.laid(&canvas, person, [0.0, 0.0, 1.0, 1.0]);
        }
        let gains = self.light.map(|gain| gain * self.exposure);
        let lit = canvas.changed(|_, _, colour| std::array::from_fn(|at| colour[at] * gains[at]));
        let lit = if self.blur > 0.0 {
            let sharp = lit.photographed(0.0, 0.0, self.seed);
            let soft = faults::blurred(&sharp, self.blur);
            Canvas::new(self.width, self.height, |x, y| {
                let at = |share: f32, of: usize| (share * of as f32) as u32;
                soft.get_pixel(at(x, self.width), at(y, self.height)).0.map(f32::from)
            })
        } else {
            lit
        };
        let seen = lit.photographed(self.vignette, self.grain, self.seed);
        if self.grey { faults::grey(&seen) } else { seen }
    }

    /// As it is uploaded.
    pub fn jpeg(&self) -> Vec<u8> {
        encode::jpeg(&self.drawn(), self.quality)
    }

    fn laid(&self, canvas: &Canvas, person: &Person, clip: [f32; 4]) -> Canvas {
        let size = [self.width as f32, self.height as f32];
        canvas.changed(|x, y, under| {
            if x < clip[0] || y < clip[1] || x > clip[2] || y > clip[3] {
                return under;
            }
            let (colour, alpha) = person.at([x * size[0], y * size[1]], size);
            mix(under, colour, alpha)
        })
    }

    /// All but the people.
    fn scene(&self) -> Canvas {
        let phase = Lcg::new(self.seed ^ 0xF01D).between(0.0, 1.0);
        let mut canvas = match self.backdrop {
            Backdrop::Curtain(curtain) => self.curtain(&curtain, phase),
            Backdrop::Wall(wall) => {
                let [width, height] = [self.width, self.height];
                Canvas::new(width, height, |x, y| wall.at(x, y, phase))
            }
        };
        if let Some(strip) = self.strip {
            canvas = canvas.changed(|x, y, cloth| strip.beside(x, y, cloth, phase));
        }
        let aspect = self.width as f32 / self.height as f32;
        for thing in &self.things {
            canvas = canvas.changed(|x, y, wall| thing.before(x, y, wall, aspect));
        }
        for Poster(edges, person) in &self.posters {
            let [left, top, right, bottom] = *edges;
            let inside = |x: f32, y: f32, rim: f32| {
                x > left + rim && x < right - rim && y > top + rim && y < bottom - rim
            };
            canvas = canvas.changed(|x, y, wall| match () {
                () if inside(x, y, 0.012) => mix([196.0, 200.0, 190.0], [170.0; 3], y),
                () if inside(x, y, 0.0) => [232.0, 230.0, 222.0],
                () => wall,
            });
            let print = [left + 0.012, top + 0.012, right - 0.012, bottom - 0.012];
            canvas = self.laid(&canvas, person, print);
        }
        canvas
    }

    fn curtain(&self, curtain: &Curtain, phase: f32) -> Canvas {
        let [width, height] = [self.width, self.height];
        let print = curtain.letters.map(|letters| (letters, letters.drawn(width, height)));
        Canvas::new(width, height, |x, y| {
            let hang = wave(3.1 * x + phase + 0.06 * wave(y + phase));
            let fine = wave(11.0 * x - 2.0 * phase + 0.1 * wave(1.3 * y));
            let light =
                1.0 + curtain.folds * (0.7 * hang + 0.3 * fine) - 0.16 * (x - 0.3) - 0.1 * y;
            let mut colour = curtain.colour;
            if let Some((letters, print)) = &print {
                // Print hangs in the folds as the cloth does.
                let swing = 0.006 * curtain.folds * 10.0 * hang;
                let at = |share: f32, of: usize| {
                    ((share * of as f32).max(0.0) as u32).min(of as u32 - 1)
                };
                let inked = print.get_pixel(at(x + 0.1 * swing, width), at(y + swing, height)).0[0];
                let share = letters.strength * f32::from(inked) / 255.0;
                colour = mix(colour, letters.colour, share);
            }
            colour.map(|sample| sample * light)
        })
    }
}

impl Curtain {
    fn chosen(lcg: &mut Lcg) -> Self {
        const WORDS: [&[&str]; 3] = [
            &["阿里云 网站备案", "阿里云 ICP备案"],
            &["阿里云 ICP备案 网站备案"],
            &["阿里云计算有限公司", "网站备案 核验照片"],
        ];
        let colour = [lcg.between(24.0, 48.0), lcg.between(84.0, 116.0), lcg.between(176.0, 216.0)];
        Self {
            colour,
            folds: lcg.between(0.02, 0.11),
            letters: Some(Letters {
                words: WORDS[lcg.below(3)],
                size: lcg.between(0.046, 0.066),
                rows: lcg.between(2.3, 3.1),
                gap: lcg.between(1.0, 2.0),
                offset: [lcg.between(0.0, 0.2), lcg.between(0.0, 0.12)],
                strength: lcg.between(0.88, 0.98),
                blur: 0.0,
                mirrored: false,
                colour: [242.0, 244.0, 246.0],
            }),
        }
    }
}

impl Wall {
    fn at(&self, x: f32, y: f32, phase: f32) -> Colour {
        let light = 1.0 - self.shade * (0.8 * x + 0.2 * y);
        let board = (7.0 * x + phase).floor();
        let gap = if (7.0 * x + phase) - board < 0.025 { 0.5 } else { 0.0 };
        let grain = wave(31.0 * x + 0.35 * wave(1.3 * y + 0.37 * board));
        let fine = wave(83.0 * x + 0.8 * wave(2.1 * y + 0.61 * board));
        let tone = wave(0.377 * board);
        let wood = 1.0 + self.wood * (0.05 * grain + 0.04 * fine + 0.07 * tone - gap);
        // Plaster is never quite even.
        let plaster = 0.006 * wave(2.3 * x + 1.7 * y + phase);
        self.colour.map(|sample| sample * light * (wood + plaster))
    }
}

impl Strip {
    fn beside(&self, x: f32, y: f32, cloth: Colour, phase: f32) -> Colour {
        let upright = matches!(self.side, Side::Left | Side::Right);
        let along = if upright { y } else { x };
        let edge = self.share * (1.0 + 0.05 * wave(along + phase) + 0.08 * (along - 0.5));
        let depth = self.side.depth(x, y);
        if depth > edge {
            // The seam of the cloth lies double.
            return if depth < edge + 0.006 { cloth.map(|sample| 0.86 * sample) } else { cloth };
        }
        let shadow = (1.0 - (edge - depth) / 0.02).clamp(0.0, 1.0);
        let light = 1.0 - 0.05 * along - 0.35 * shadow * shadow;
        self.colour.map(|sample| sample * light)
    }
}

impl Thing {
    fn before(&self, x: f32, y: f32, wall: Colour, aspect: f32) -> Colour {
        match *self {
            Self::Frame([left, top, right, bottom]) => {
                let depth = (x - left).min(right - x).min(y - top).min(bottom - y);
                match depth {
                    depth if depth > 0.03 => {
                        mix([120.0, 150.0, 118.0], [196.0, 176.0, 130.0], 4.0 * depth)
                    }
                    depth if depth > 0.014 => [236.0, 232.0, 220.0],
                    depth if depth > 0.0 => [74.0, 52.0, 38.0],
                    depth if depth > -0.01 => wall.map(|sample| sample * 0.86),
                    _ => wall,
                }
            }
            Self::Gap(at, width) => {
                let distance = (x - at).abs() - width / 2.0;
                if distance < 0.0 {
                    [52.0, 46.0, 42.0]
                } else if distance < 2.0 * width && x > at {
                    wall.map(|sample| sample * 0.9)
                } else {
                    wall
                }
            }
            Self::Corner(at, darker) => {
                let far = ((x - at) * 300.0).clamp(0.0, 1.0);
                wall.map(|sample| sample * (1.0 - darker * far))
            }
            Self::Shadow([cx, cy], radius, depth) => {
                let (dx, dy) = ((x - cx) * aspect / radius, (y - cy) / radius);
                let inside = ((1.25 - (dx * dx + dy * dy).sqrt()) * 2.5).clamp(0.0, 1.0);
                wall.map(|sample| sample * (1.0 - depth * inside * inside * (3.0 - 2.0 * inside)))
            }
        }
    }
}

impl Person {
    /// Somebody whom no rule minds.
    pub fn chosen(lcg: &mut Lcg) -> Self {
        let dark = lcg.between(0.0, 1.0);
        let hair = lcg.between(0.25, 1.0);
        let clothes = GOOD_TOPS[lcg.below(GOOD_TOPS.len())];
        let accent = match lcg.below(5) {
            0 => Accent::Collar(GOOD_TOPS[lcg.below(3)]),
            1 => Accent::Lanyard([52.0, 56.0, 60.0]),
            _ => Accent::None,
        };
        Self {
            eyes: [lcg.between(0.47, 0.53), lcg.between(0.42, 0.47)],
            face_height: lcg.between(0.28, 0.36),
            roll: lcg.between(-2.5, 2.5),
            mirrored: lcg.below(2) == 0,
            clothes,
            accent,
            skin: Self::shade(dark * dark),
            hair: [hair, 0.93 * hair, 0.88 * hair],
            worn: if lcg.below(6) == 0 { Worn::Glasses } else { Worn::Nothing },
            ..Self::PLAIN
        }
    }

    /// Gains that make skin as light as it was (0) to dark brown (1).
    pub fn shade(dark: f32) -> [f32; 3] {
        [1.0 - 0.50 * dark, 1.0 - 0.58 * dark, 1.0 - 0.64 * dark]
    }
}
