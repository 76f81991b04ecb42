//! Authenticity forms as a flatbed scans them: print, bars, and what people put on them.

use std::sync::LazyLock;

use image::RgbImage;

use super::draw::{Canvas, Colour, INK, Lcg, PEN, SEAL, mix, wave};

/// Millimetres along the long side of A4.
const LONG_SIDE_MM: f32 = 297.0;

/// What stands on a form apart from its print. Lengths are in millimetres; 0 leaves a part out.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// A provider's coloured mark at the top.
    pub mark: bool,
    /// Diameter of the red seal.
    pub seal: f32,
    /// How tall the signature is.
    pub signature: f32,
    /// Diameter of a red fingerprint.
    pub fingerprint: f32,
    /// How tall the writing in the reserved part is.
    pub reserved: f32,
    /// How far the bars lie below their places, as a share of the sheet.
    pub shift: f32,
    /// Chooses paper, print, inks and places.
    pub seed: u64,
}

/// A form with all that belongs on it.
pub const WHOLE: Form = Form {
    mark: true,
    seal: 44.0,
    signature: 9.0,
    fingerprint: 0.0,
    reserved: 0.0,
    shift: 0.0,
    seed: 5,
};

/// The form with all that belongs on it, drawn once.
pub static FORM: LazyLock<RgbImage> = LazyLock::new(|| WHOLE.scanned());

/// Middles and heights of the bars, 0..1 of the sheet.
const BARS: [[f32; 2]; 3] = [[0.056, 0.026], [0.1815, 0.025], [0.643, 0.028]];

impl Form {
    /// At 150 pixels per inch, with the grain of a scanner.
    pub fn scanned(&self) -> RgbImage {
        self.drawn(1240).photographed(0.03, 0.7, self.seed)
    }

    /// On a sheet of `width` pixels.
    pub fn drawn(&self, width: usize) -> Canvas {
        let mut lcg = Lcg::new(self.seed);
        let height = width * 1754 / 1240;
        let (w, h) = (width as f32, height as f32);
        let at = |x: f32, y: f32| [x * w, y * h];
        let unit = w / 1240.0;
        let light = lcg.between(-6.0, 5.0);
        let warm = lcg.between(0.0, 8.0);
        let mut canvas = Canvas::new(width, height, |x, y| {
            let paper = mix([244.0, 243.0, 240.0], [232.0, 232.0, 230.0], 0.5 * x + 0.4 * y);
            [paper[0] + light, paper[1] + light - 0.2 * warm, paper[2] + light - warm]
        });
        if self.mark {
            let colour =
                [[232.0, 110.0, 30.0], [30.0, 110.0, 220.0], [200.0, 40.0, 60.0]][lcg.below(3)];
            canvas.rectangle([0.07 * w, 0.010 * h, 0.62 * w, 0.037 * h], 6.0, colour);
            let white = [250.0, 250.0, 246.0];
            canvas.text(at(0.09, 0.0155), 26.0 * unit, white, "CLOUD PROVIDER SPECIMEN");
        }
        let titles = ["PART ONE: FILED BY", "PART TWO: VERIFIED", "PART THREE: DECLARED"];
        for ([middle, thickness], title) in BARS.into_iter().zip(titles) {
            let top = middle + self.shift - thickness / 2.0;
            let edges = [0.07 * w, top * h, 0.93 * w, (top + thickness) * h];
            canvas.rectangle(edges, 0.0, [26.0, 26.0, 28.0]);
            canvas.text(at(0.09, top + 0.0075), 24.0 * unit, [236.0, 236.0, 232.0], title);
        }
        self.print(&mut canvas, &mut lcg, unit);
        self.people(&mut canvas, &mut lcg, unit);
        canvas
    }

    fn print(&self, canvas: &mut Canvas, lcg: &mut Lcg, unit: f32) {
        let (width, height) = canvas.size();
        let (w, h) = (width as f32, height as f32);
        let at = |x: f32, y: f32| [x * w, (y + self.shift) * h];
        canvas.text(at(0.15, 0.083), 36.0 * unit, INK, "WEBSITE AUTHENTICITY FORM");
        let entity = ["FILING ENTITY  SAMPLE COMPANY", "FILING ENTITY  TEST BUREAU"][lcg.below(2)];
        for (row, label) in [entity, "DOMAIN NAME    EXAMPLE.TEST"].into_iter().enumerate() {
            canvas.text(at(0.08, 0.118 + 0.022 * row as f32), 20.0 * unit, INK, label);
        }
        let lines = [
            "The original of the identity document was seen",
            "and agrees with what the form says of it.",
            "The person in the photo is the person in charge.",
            "The telephone number was called and answered.",
        ];
        let (rows, first) = (7 + lcg.below(3), lcg.below(4));
        for row in 0..rows {
            let y = 0.214 + 0.045 * row as f32;
            let rule = at(0.07, y + 0.0185)[1];
            canvas.rectangle([0.07 * w, rule, 0.93 * w, rule + 1.5 * unit], 0.0, [120.0; 3]);
            canvas.text(at(0.08, y + 0.002), 19.0 * unit, INK, lines[(row + first) % 4]);
        }
        for row in 0..4 {
            let text = "I declare that all of this is true and that I know what follows.";
            canvas.text(at(0.08, 0.68 + 0.035 * row as f32), 17.0 * unit, INK, text);
        }
        let foot = |x: f32, y: f32| [x * w, y * h];
        canvas.text(foot(0.08, 0.868), 18.0 * unit, INK, "SIGNATURE");
        canvas.text(foot(0.52, 0.842), 18.0 * unit, INK, "SEAL OF THE ENTITY");
    }

    fn people(&self, canvas: &mut Canvas, lcg: &mut Lcg, unit: f32) {
        let (width, height) = canvas.size();
        let (w, h) = (width as f32, height as f32);
        let mm = h / LONG_SIDE_MM;
        let place = |lcg: &mut Lcg, x: f32, y: f32| {
            [(x + lcg.between(-0.02, 0.02)) * w, (y + lcg.between(-0.008, 0.008)) * h]
        };
        let pen: Colour = [PEN, [30.0, 30.0, 34.0]][lcg.below(2)];
        let turns = lcg.between(5.0, 7.5);
        let mut written = |start: [f32; 2], length: f32, tall: f32, wide: f32| {
            let points: Vec<[f32; 2]> = (0..90)
                .map(|step| {
                    let along = step as f32 / 89.0;
                    let back = 0.05 * wave(along * turns + 0.25);
                    // The first swing is the tallest, as a first letter is.
                    let swing = wave(along * turns) * (1.0 - 0.5 * along);
                    [start[0] + length * (along + back), start[1] - 0.53 * tall * swing]
                })
                .collect();
            canvas.stroke(&points, wide, pen);
        };
        let start = place(lcg, 0.23, 0.882);
        if self.signature > 0.0 {
            written(start, 0.2 * w, self.signature * mm, 4.0 * unit);
        }
        let start = place(lcg, 0.3, 0.45);
        if self.reserved > 0.0 {
            written(start, 0.3 * w, self.reserved * mm, 4.0 * unit);
        }
        let red = mix(SEAL, [190.0, 60.0, 70.0], lcg.between(0.0, 1.0));
        let start = place(lcg, 0.42, 0.93);
        if self.fingerprint > 0.0 {
            let radius = self.fingerprint * mm / 2.0;
            for ridge in 0..6 {
                let part = 1.0 - ridge as f32 / 6.0;
                let [rx, ry] = [0.82 * radius * part, radius * part];
                canvas.ellipse(start, [rx, ry], (0.1 * radius).max(1.0), red);
            }
        }
        let centre = place(lcg, 0.69, 0.905);
        if self.seal > 0.0 {
            let radius = self.seal * mm / 2.0;
            canvas.ellipse(centre, [radius, radius], 0.1 * radius, red);
            canvas.star(centre, 0.36 * radius, red);
            for (row, text) in [(-0.62, "SAMPLE CO"), (0.5, "SPECIMEN")] {
                let size = 0.13 * radius;
                let left = centre[0] - 0.44 * size * text.len() as f32;
                canvas.text([left, centre[1] + row * radius], size * 1.1, red, text);
            }
        }
    }
}
