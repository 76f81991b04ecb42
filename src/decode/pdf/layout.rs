//! What a page shows and where, told by walking through it without drawing.

use hayro::hayro_interpret::{
    BlendMode, ClipPath, Device, DrawMode, DrawProps, Image, ImageDrawProps, Paint, SoftMask,
    font::GlyphRun,
};
use hayro::kurbo::{Affine, BezPath, Rect, Shape};

/// A picture on a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    /// Which of the pictures that the page draws, counted from 0.
    pub at: usize,
    /// Width and height in pixels.
    pub pixels: (u32, u32),
    /// From its pixels, the first row on top, to the upright page in points, the first on top.
    pub transform: Affine,
    /// The part of the page that it covers as far as that is seen, in points.
    pub seen: Rect,
    /// Whether it is seen as it is stored: upright or turned by quarters, in a rectangle, and neither
    /// blended nor masked by anything but itself.
    pub plain: bool,
    /// Whether what lies below shines through.
    pub translucent: bool,
    /// Whether ink lies below.
    pub over_ink: bool,
}

/// Everything that a page shows.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Pictures in the order in which they are drawn.
    pub pictures: Vec<Placed>,
    /// Characters that are seen; those of a recognised text below a scan are not.
    pub glyphs: u32,
    /// Lines, areas and shades of colour.
    pub strokes: u32,
    /// Whether anything was drawn after the last picture.
    pub covered: bool,
}

/// More pictures than the strips of a scan.
const MOST_PICTURES: usize = 4096;

/// Paint of at least this much red, green and blue is paper, no ink.
const PAPER: u8 = 250;

/// How much of a pixel an edge may lean and still be straight.
const STRAIGHT: f64 = 0.5;

/// The device that notes instead of drawing.
pub(super) struct Noting {
    pub layout: Layout,
    page: Rect,
    drawn: usize,
    /// What is seen of the page, and whether that is a rectangle.
    clips: Vec<(Rect, bool)>,
    /// Whether the groups that are open show everything as it is.
    groups: Vec<bool>,
}

impl Noting {
    /// On a page of this size in points.
    pub(super) const fn on(page: Rect) -> Self {
        let layout = Layout { pictures: Vec::new(), glyphs: 0, strokes: 0, covered: false };
        Self { layout, page, drawn: 0, clips: Vec::new(), groups: Vec::new() }
    }

    fn clip(&self) -> (Rect, bool) {
        self.clips.last().copied().unwrap_or((self.page, true))
    }

    /// Notes something drawn inside `bounds`; white is seen only on top of something.
    fn drawn_inside(&mut self, bounds: Rect, is_ink: bool) {
        let seen = bounds.intersect(self.clip().0);
        // A line of no width is drawn all the same.
        if seen.x1 < seen.x0 || seen.y1 < seen.y0 || !bounds.is_finite() {
            return;
        }
        self.layout.covered = true;
        self.layout.strokes = self.layout.strokes.saturating_add(u32::from(is_ink));
    }
}

impl<'a> Device<'a> for Noting {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, _: &DrawMode) {
        let bounds = props.transform.transform_rect_bbox(path.bounding_box());
        self.drawn_inside(bounds, is_ink(&props.paint));
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        let (outer, was_rectangle) = self.clip();
        let bounds = clip.path.bounding_box();
        let rectangle = clip.path.area().abs() >= bounds.area() * 0.999;
        self.clips.push((outer.intersect(bounds), was_rectangle && rectangle));
    }

    fn push_transparency_group(
        &mut self,
        opacity: f32,
        mask: Option<SoftMask<'a>>,
        blend_mode: BlendMode,
    ) {
        let outer = self.groups.last().copied().unwrap_or(true);
        let plain = opacity >= 1.0 && mask.is_none() && blend_mode == BlendMode::Normal;
        self.groups.push(outer && plain);
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, _: DrawProps<'a>, mode: &DrawMode) {
        if !matches!(mode, DrawMode::Invisible) {
            let glyphs = u32::try_from(run.glyphs().len()).unwrap_or(u32::MAX);
            self.layout.glyphs = self.layout.glyphs.saturating_add(glyphs);
            self.layout.covered = true;
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let at = self.drawn;
        self.drawn += 1;
        let pixels = (image.width(), image.height());
        let full = Rect::new(0.0, 0.0, pixels.0.into(), pixels.1.into());
        let (clip, rectangle) = self.clip();
        let seen = props.transform.transform_rect_bbox(full).intersect(clip);
        if seen.area() <= 0.0 || !seen.is_finite() || self.layout.pictures.len() >= MOST_PICTURES {
            return;
        }
        let translucent = match &image {
            Image::Stencil(_) => true,
            Image::Raster(raster) => {
                let dictionary = raster.stream().dict();
                ["SMask", "Mask", "SMaskInData"].iter().any(|key| dictionary.contains_key(key))
            }
        };
        let over_ink =
            !self.layout.pictures.is_empty() || self.layout.strokes > 0 || self.layout.glyphs > 0;
        let plain = rectangle
            && self.groups.last().copied().unwrap_or(true)
            && props.soft_mask.is_none()
            && props.blend_mode == BlendMode::Normal
            && is_straight(props.transform, pixels);
        let transform = props.transform;
        self.layout.pictures.push(Placed {
            at,
            pixels,
            transform,
            seen,
            plain,
            translucent,
            over_ink,
        });
        self.layout.covered = false;
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn pop_transparency_group(&mut self) {
        self.groups.pop();
    }
}

fn is_ink(paint: &Paint<'_>) -> bool {
    match paint {
        Paint::Color(colour) => {
            let [red, green, blue, alpha] = colour.to_rgba().to_rgba8();
            alpha > 0 && red.min(green).min(blue) < PAPER
        }
        Paint::Pattern(_) => true,
    }
}

/// Whether edges run along those of the page.
fn is_straight(transform: Affine, (width, height): (u32, u32)) -> bool {
    let [a, b, c, d, _, _] = transform.as_coeffs();
    let (width, height) = (f64::from(width), f64::from(height));
    // How far an edge leans over its whole length, against a pixel across it.
    let leans = |along: f64, across: f64, length: f64, pixel: f64| {
        (across * length).abs() > STRAIGHT * pixel.abs() && along != 0.0
    };
    let upright = !leans(a, b, width, d) && !leans(d, c, height, a);
    let turned = !leans(b, a, width, c) && !leans(c, d, height, b);
    upright || turned
}

impl Placed {
    /// Pixels per inch across and down, `unit` points of 1/72 inch to a unit of the page.
    pub(super) fn pixels_per_inch(&self, unit: f64) -> (f64, f64) {
        let [a, b, c, d, _, _] = self.transform.as_coeffs();
        let of = |points: f64| 72.0 / (points * unit);
        (of(a.hypot(b)), of(c.hypot(d)))
    }
}

impl Layout {
    /// The one picture that is all that the page shows, where there is one: it covers at least `share` of
    /// the page, nothing lies on it, and what lies below does not show.
    pub(super) fn single(&self, page: Rect, share: f64) -> Option<&Placed> {
        let [picture] = &self.pictures[..] else {
            return None;
        };
        let covers = |share: f64| picture.seen.area() >= share * page.area();
        let hides = covers(HIDING_SHARE) && !picture.translucent;
        let alone = !self.covered && (!picture.over_ink || hides);
        (picture.plain && alone && covers(share)).then_some(picture)
    }

    /// Share of the page that pictures cover, told on a grid.
    pub(super) fn picture_share(&self, page: Rect) -> f64 {
        let mut cells = vec![false; GRID * GRID];
        for picture in &self.pictures {
            let column = |x: f64| ((x - page.x0) / page.width() * GRID as f64).round() as usize;
            let row = |y: f64| ((y - page.y0) / page.height() * GRID as f64).round() as usize;
            for y in row(picture.seen.y0)..row(picture.seen.y1).min(GRID) {
                let columns = column(picture.seen.x0)..column(picture.seen.x1).min(GRID);
                if let Some(cells) = cells.get_mut(y * GRID + columns.start..y * GRID + columns.end)
                {
                    cells.fill(true);
                }
            }
        }
        cells.iter().filter(|covered| **covered).count() as f64 / (GRID * GRID) as f64
    }
}

/// A picture that covers so much of the page leaves nothing of what lies below.
const HIDING_SHARE: f64 = 0.98;

/// Cells of the grid a side.
const GRID: usize = 64;
