//! One fault for each reason about a document, as a function of its amount, on any card or form.

use image::RgbImage;

use super::draw::{Canvas, Lcg};
use super::forms::{Form, WHOLE};
use super::scene::{self, ID_1, Shot};
use super::{Asked, draw, encode, faults};

/// What varies between documents and matters to no reason.
pub struct Setting {
    /// Chooses everything else.
    pub seed: u64,
    /// A card on a desk.
    pub shot: Shot,
    /// The tint of the light.
    pub light: [f32; 3],
    /// Levels of sensor noise.
    pub grain: f32,
    /// How much darker the corners are.
    pub vignette: f32,
    /// Quality of the JPEG.
    pub quality: u8,
}

impl Setting {
    /// The same seed gives the same setting.
    pub fn of(seed: u64) -> Self {
        let mut lcg = Lcg::new(seed ^ 0x5E77);
        let warmth = lcg.between(-0.05, 0.09);
        Self {
            seed,
            shot: Shot::of(seed),
            light: [1.0 + warmth.min(0.0), 1.0 - 0.3 * warmth.abs(), 1.0 - warmth.max(0.0)],
            grain: lcg.between(0.5, 5.0),
            vignette: lcg.between(0.0, 0.2),
            quality: 70 + lcg.below(26) as u8,
        }
    }

    /// Seen by the camera.
    pub fn seen(&self, picture: &Canvas) -> RgbImage {
        let lit = scene::lit(picture, self.light, self.light);
        lit.photographed(self.vignette, self.grain, self.seed)
    }

    fn jpeg(&self, picture: &RgbImage) -> Vec<u8> {
        encode::jpeg(picture, self.quality)
    }

    fn face(&self) -> Canvas {
        scene::face(self.seed, 1000, ID_1)
    }

    fn card(&self) -> Canvas {
        self.shot.take(&self.face())
    }

    fn either(&self, amount: f32) -> f32 {
        if self.seed.is_multiple_of(2) { amount } else { -amount }
    }

    fn form(&self) -> Form {
        Form { seed: self.seed, mark: self.seed.is_multiple_of(3), ..WHOLE }
    }

    fn scanned(&self, form: &Form) -> RgbImage {
        let tint = self.light.map(|gain| 0.5 + 0.5 * gain);
        let sheet = scene::lit(&form.drawn(1160), tint, tint);
        sheet.photographed(0.2 * self.vignette, 0.4 * self.grain, self.seed)
    }

    fn form_jpeg(&self, form: &Form) -> Vec<u8> {
        self.jpeg(&self.scanned(form))
    }
}

/// One fault: what is asked, how it is made, and amounts on either side of its bound.
pub struct Case {
    /// The reason that must come.
    pub code: &'static str,
    /// What it is shown on.
    pub on: &'static str,
    /// What the upload is judged as.
    pub asked: fn() -> Asked,
    /// The upload with this much of the fault.
    pub make: fn(&Setting, f32) -> Vec<u8>,
    /// Amounts that fail, the strongest last.
    pub fails: [f32; 3],
    /// Amounts that pass, the one nearest to the bound last.
    pub passes: [f32; 3],
}

fn document() -> Asked {
    Asked::default()
}

fn certificate() -> Asked {
    Asked::slot("entity-certificate")
}

fn id_card() -> Asked {
    Asked::slot("id-card-front")
}

fn form() -> Asked {
    Asked::profile("alibaba-2018", "authenticity-form")
}

fn fingerprinted() -> Asked {
    Asked { province: "CN-JX".to_owned(), entity: "individual".to_owned(), ..form() }
}

/// Every case.
pub const CASES: &[Case] = &[
    Case {
        code: "RESOLUTION_TOO_LOW",
        on: "cards",
        asked: document,
        make: |setting, width| {
            let picture = setting.seen(&setting.card());
            setting.jpeg(&faults::resized(&picture, width as u32, (width * 0.75) as u32))
        },
        fails: [700.0, 500.0, 320.0],
        passes: [1000.0, 900.0, 820.0],
    },
    Case {
        code: "IMAGE_TOO_DARK",
        on: "cards",
        asked: document,
        make: |setting, loss| {
            setting.jpeg(&faults::darkened(&setting.seen(&setting.card()), 1.0 - loss))
        },
        fails: [0.68, 0.78, 0.88],
        passes: [0.0, 0.3, 0.45],
    },
    Case {
        code: "IMAGE_TOO_BRIGHT",
        on: "cards",
        asked: document,
        make: |setting, strength| {
            setting.jpeg(&faults::washed_out(&setting.seen(&setting.card()), strength))
        },
        fails: [0.5, 0.6, 0.7],
        passes: [0.0, 0.06, 0.12],
    },
    Case {
        code: "PAGE_BLANK",
        on: "sheets",
        asked: document,
        make: |setting, lines| {
            let mut sheet = draw::sheet(800, 1131);
            for line in 0..lines.ceil() as usize {
                let letters = 44.0 * (lines - line as f32).min(1.0);
                let text = &"A line of print on an otherwise empty page, x"[..letters as usize];
                let top = 140.0 + 30.0 * line as f32 + (setting.seed % 400) as f32;
                sheet.text([90.0, top], 18.0, [40.0; 3], text);
            }
            setting.jpeg(&setting.seen(&sheet))
        },
        fails: [0.25, 0.1, 0.0],
        passes: [12.0, 4.0, 1.0],
    },
    Case {
        code: "IMAGE_BLURRED",
        on: "cards",
        asked: document,
        make: |setting, sigma| {
            setting.jpeg(&faults::blurred(&setting.seen(&setting.card()), sigma))
        },
        fails: [1.3, 2.0, 3.5],
        passes: [0.0, 0.2, 0.35],
    },
    Case {
        code: "COLOUR_MISSING",
        on: "cards",
        asked: document,
        make: |setting, fading| {
            let face = scene::faded(&setting.face(), 1.0 - fading);
            setting.jpeg(&setting.seen(&setting.shot.take(&face)))
        },
        fails: [0.92, 0.97, 1.0],
        passes: [0.0, 0.3, 0.5],
    },
    Case {
        code: "COLOUR_PARTIAL",
        on: "cards",
        asked: certificate,
        make: |setting, fading| {
            let mut face = scene::faded(&setting.face(), 1.0 - fading);
            let ink = [draw::SEAL, [44.0, 60.0, 170.0], [120.0, 40.0, 140.0]];
            let ink = ink[setting.seed as usize % 7 % 3];
            scene::stamp(&mut face, 0.1 + 0.013 * (setting.seed % 20) as f32, ink);
            setting.jpeg(&setting.seen(&setting.shot.take(&face)))
        },
        fails: [0.95, 0.98, 1.0],
        passes: [0.0, 0.3, 0.5],
    },
    Case {
        code: "COLOUR_CAST",
        on: "cards",
        asked: document,
        make: |setting, tint| {
            let warm = [1.0, 1.0 - 0.4 * tint, 1.0 - tint];
            let cold = [1.0 - tint, 1.0 - 0.4 * tint, 1.0];
            let gains = if setting.seed.is_multiple_of(3) { cold } else { warm };
            let lit = scene::lit(&setting.card(), gains, gains);
            setting.jpeg(&lit.photographed(setting.vignette, setting.grain, setting.seed))
        },
        fails: [0.5, 0.6, 0.7],
        passes: [0.0, 0.1, 0.2],
    },
    Case {
        code: "GLARE",
        on: "cards",
        asked: document,
        make: |setting, radius| {
            let mut lcg = Lcg::new(setting.seed);
            let place = [lcg.between(0.35, 0.65), lcg.between(0.4, 0.6)];
            let lamp = scene::mirrored_lamp(&setting.card(), place, radius * setting.shot.size);
            setting.jpeg(&setting.seen(&lamp))
        },
        fails: [0.05, 0.08, 0.13],
        passes: [0.0, 0.006, 0.012],
    },
    Case {
        code: "DOCUMENT_NOT_FOUND",
        on: "scans of another shape",
        asked: id_card,
        make: |setting, aspect| {
            let frame = [1000, (1000.0 / aspect) as usize];
            let shot = Shot { frame, size: 1.04, aspect, ..Shot::scan() };
            let face = scene::face(setting.seed, 1000, aspect);
            setting.jpeg(&setting.seen(&shot.take(&face)))
        },
        fails: [1.36, 1.25, 1.1],
        passes: [1.586, 1.5, 1.44],
    },
    Case {
        code: "DOCUMENT_TOO_SMALL",
        on: "cards",
        asked: document,
        make: |setting, size| {
            let shot = Shot { size, ..setting.shot };
            setting.jpeg(&setting.seen(&shot.take(&setting.face())))
        },
        fails: [0.45, 0.38, 0.31],
        passes: [0.75, 0.6, 0.54],
    },
    Case {
        code: "ASPECT_RATIO_WRONG",
        on: "cards",
        asked: id_card,
        make: |setting, aspect| {
            let size = setting.shot.size * (aspect / ID_1).min(1.0);
            let shot = Shot { aspect, size, ..setting.shot };
            let face = scene::face(setting.seed, 1000, aspect);
            setting.jpeg(&setting.seen(&shot.take(&face)))
        },
        fails: [1.32, 1.2, 1.0],
        passes: [1.586, 1.54, 1.5],
    },
    Case {
        code: "EDGES_CUT_OFF",
        on: "cards",
        asked: document,
        make: |setting, cut| {
            setting.jpeg(&setting.seen(&cut_off(setting, cut).take(&setting.face())))
        },
        fails: [0.04, 0.1, 0.2],
        // Nearer than that, the shadow of the card leaves the frame.
        passes: [-0.09, -0.065, -0.045],
    },
    Case {
        code: "EDGES_CUT_OFF",
        on: "cards in a corner of the glass",
        asked: id_card,
        make: |setting, cut| {
            let face = setting.face();
            let shot = in_a_corner(setting, cut);
            let lid = Canvas::new(shot.frame[0], shot.frame[1], |_, _| shot.desk);
            setting.jpeg(&setting.seen(&shot.lay(&lid, &face)))
        },
        fails: [0.04, 0.1, 0.2],
        // Flush, or with less outside than a scanner leaves out.
        passes: [-0.02, 0.0, 0.004],
    },
    Case {
        code: "SKEWED",
        on: "cards",
        asked: document,
        make: |setting, degrees| {
            let shot = Shot { turned: setting.either(degrees), size: 0.7, ..setting.shot };
            setting.jpeg(&setting.seen(&shot.take(&setting.face())))
        },
        fails: [8.0, 12.0, 18.0],
        passes: [0.0, 2.5, 4.5],
    },
    Case {
        code: "SKEWED",
        on: "forms",
        asked: form,
        make: |setting, slope| {
            let form = setting.scanned(&setting.form());
            setting.jpeg(&faults::askew(&form, setting.either(slope)))
        },
        // Rises in a run: 3.4, 6.8 and 12 degrees; 0, 0.6 and 1.7.
        fails: [0.06, 0.12, 0.21],
        passes: [0.0, 0.01, 0.03],
    },
    Case {
        code: "PERSPECTIVE",
        on: "cards",
        asked: document,
        make: |setting, taper| {
            let shot = Shot { taper, ..setting.shot };
            setting.jpeg(&setting.seen(&shot.take(&setting.face())))
        },
        fails: [0.2, 0.27, 0.35],
        passes: [0.0, 0.06, 0.1],
    },
    Case {
        code: "DPI_TOO_LOW",
        on: "cards",
        asked: id_card,
        make: |setting, ppi| {
            // The card is 85.6 mm wide.
            let width = setting.shot.frame[0] as f32;
            let shot = Shot { size: ppi * 85.6 / 25.4 / width, ..setting.shot };
            setting.jpeg(&setting.seen(&shot.take(&setting.face())))
        },
        fails: [118.0, 105.0, 85.0],
        passes: [220.0, 170.0, 145.0],
    },
    Case {
        code: "DPI_TOO_LOW",
        on: "forms",
        asked: form,
        make: |setting, ppi| {
            let width = (ppi * 210.0 / 25.4) as u32;
            let form = setting.scanned(&setting.form());
            setting.jpeg(&faults::resized(&form, width, width * 1754 / 1240))
        },
        fails: [120.0, 90.0, 60.0],
        passes: [150.0, 140.0, 135.0],
    },
    Case {
        code: "UPSCALED",
        on: "cards",
        asked: document,
        make: |setting, factor| {
            let small = |side: usize| (side as f32 / factor) as usize;
            let frame = [1200, 900].map(small);
            let shot = Shot { frame, ..setting.shot };
            let face = scene::face(setting.seed, small(1000), ID_1);
            let picture = setting.seen(&shot.take(&face));
            setting.jpeg(&faults::resized(&picture, 1200, 900))
        },
        fails: [2.3, 3.2, 4.5],
        passes: [1.0, 1.1, 1.3],
    },
    Case {
        code: "SCREEN_RECAPTURE",
        on: "cards",
        asked: document,
        make: |setting, depth| {
            let pitch = 2.6 + 0.07 * (setting.seed % 12) as f32;
            setting.jpeg(&setting.seen(&scene::on_a_screen(&setting.card(), pitch, depth)))
        },
        fails: [0.2, 0.3, 0.45],
        passes: [0.0, 0.005, 0.01],
    },
    Case {
        code: "SCREEN_RECAPTURE",
        on: "cards on turned screens",
        asked: document,
        make: |setting, depth| {
            let pitch = 2.3 + 0.1 * (setting.seed % 17) as f32;
            let degrees = 2.0 + 1.4 * (setting.seed % 21) as f32;
            let screen = scene::on_a_turned_screen(&setting.card(), pitch, depth, degrees);
            setting.jpeg(&setting.seen(&screen))
        },
        fails: [0.2, 0.3, 0.45],
        passes: [0.0, 0.005, 0.01],
    },
    Case {
        code: "SCREEN_RECAPTURE",
        on: "cards on screens, made smaller",
        asked: document,
        make: |setting, depth| {
            let shot = Shot { frame: [1500, 1125], ..setting.shot };
            let pitch = 2.6 + 0.09 * (setting.seed % 20) as f32;
            let card = shot.take(&scene::face(setting.seed, 1000, ID_1));
            let screen = scene::on_a_turned_screen(&card, pitch, depth, 3.0);
            let part = 0.6 + 0.02 * (setting.seed % 11) as f32;
            let [width, height] = [1500.0, 1125.0].map(|side: f32| (side * part) as u32);
            setting.jpeg(&faults::resized(&setting.seen(&screen), width, height))
        },
        fails: [0.2, 0.3, 0.45],
        passes: [0.0, 0.005, 0.01],
    },
    Case {
        code: "LOW_CONTRAST",
        on: "cards",
        asked: document,
        make: |setting, loss| {
            setting.jpeg(&faults::contrast(&setting.seen(&setting.card()), 1.0 - loss))
        },
        fails: [0.78, 0.84, 0.9],
        passes: [0.0, 0.3, 0.5],
    },
    Case {
        code: "OVERCOMPRESSED",
        on: "cards",
        asked: document,
        make: |setting, loss| encode::jpeg(&setting.seen(&setting.card()), (100.0 - loss) as u8),
        fails: [78.0, 85.0, 92.0],
        passes: [20.0, 50.0, 73.0],
    },
    Case {
        code: "TEMPLATE_MISMATCH",
        on: "forms",
        asked: form,
        make: |setting, shift| setting.form_jpeg(&Form { shift, ..setting.form() }),
        fails: [0.075, 0.1, 0.14],
        passes: [0.0, 0.02, 0.04],
    },
    Case {
        code: "SEAL_MISSING",
        on: "forms",
        asked: form,
        make: |setting, seal| setting.form_jpeg(&Form { seal, ..setting.form() }),
        fails: [20.0, 14.0, 0.0],
        passes: [45.0, 38.0, 30.0],
    },
    Case {
        code: "SIGNATURE_MISSING",
        on: "forms",
        asked: form,
        make: |setting, signature| setting.form_jpeg(&Form { signature, ..setting.form() }),
        fails: [4.0, 2.0, 0.0],
        passes: [12.0, 10.0, 8.0],
    },
    Case {
        code: "FINGERPRINT_MISSING",
        on: "forms",
        asked: fingerprinted,
        make: |setting, fingerprint| {
            setting.form_jpeg(&Form { fingerprint, seal: 0.0, mark: true, ..setting.form() })
        },
        fails: [6.0, 4.0, 0.0],
        passes: [22.0, 18.0, 14.0],
    },
    Case {
        code: "RESERVED_AREA_FILLED",
        on: "forms",
        asked: form,
        make: |setting, reserved| setting.form_jpeg(&Form { reserved, ..setting.form() }),
        fails: [11.0, 14.0, 20.0],
        passes: [0.0, 4.0, 6.0],
    },
];

/// A card of which a share lies outside one side of the frame, or which keeps that much away from it.
fn cut_off(setting: &Setting, cut: f32) -> Shot {
    let shot = Shot { turned: 0.4 * setting.shot.turned, taper: 0.0, ..setting.shot };
    let [width, height] = shot.frame.map(|side| side as f32);
    let across = shot.size;
    let down = shot.size * width / shot.aspect / height;
    let mut middle = [0.5; 2];
    // A turned card reaches a little farther.
    let reach = 0.5 + 0.01 * shot.turned.abs();
    match setting.seed % 4 {
        0 => middle[0] = across * (reach - cut),
        1 => middle[0] = 1.0 - across * (reach - cut),
        2 => middle[1] = down * (reach - cut),
        _ => middle[1] = 1.0 - down * (reach - cut),
    }
    Shot { middle, ..shot }
}

/// A card in a corner of a scan, flush with two sides or with one and a share of it outside.
fn in_a_corner(setting: &Setting, cut: f32) -> Shot {
    let frame = [1500, 1100];
    let [width, height] = frame.map(|side| side as f32);
    let card = [880.0 / width, 880.0 / scene::ID_1 / height];
    // On a lighter one the shadow looks like a part of the card: that is for review.
    let lids = [[150.0, 152.0, 154.0], [124.0; 3], [96.0, 98.0, 100.0], [34.0; 3]];
    let mut lcg = Lcg::new(setting.seed ^ 0xF1A5);
    let corner = [lcg.below(2), lcg.below(2)];
    // Both sides, or either, are cut.
    let sides = [[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]][lcg.below(3)];
    let middle = std::array::from_fn(|axis| {
        let inside = card[axis] * (0.5 - cut * sides[axis]);
        if corner[axis] == 0 { inside } else { 1.0 - inside }
    });
    Shot {
        frame,
        middle,
        desk: lids[lcg.below(lids.len())],
        size: card[0],
        turned: 0.0,
        taper: 0.0,
        corner: 0.037,
        shadow: 0.15,
        ..setting.shot
    }
}

/// The case of a code, the first if there are several.
pub fn case(code: &str) -> &'static Case {
    CASES.iter().find(|case| case.code == code).unwrap_or_else(|| panic!("no case of {code}"))
}
