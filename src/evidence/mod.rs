//! Findings drawn on the upright page, for people: one glance instead of a list of numbers.
//!
//! Each region has an outline and a label: the finding's number in the verdict (counted from 1, worst
//! first), its code, its severity, what the region is, and what was measured against which bound. A
//! tilted page has a level line beside it. Findings without a place are listed below the page. The
//! same page and findings give the same bytes.

mod draw;
mod glyphs;
mod label;
mod legend;
mod skew;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, Rgb, RgbImage, imageops};

use crate::decode::page::Page;
use crate::evidence::draw::{Area, INSET, Style};
use crate::evidence::label::Label;
use crate::evidence::legend::Legend;
use crate::evidence::skew::Lines;
use crate::reason::Region;
use crate::verdict::Ruled;

/// Pixels of the longer side at most.
pub const LONGEST: u32 = 1024;

/// Bytes of the picture at most: it travels in an answer beside much else.
pub const MOST_BYTES: usize = 256 * 1024;

/// The least stage: on a smaller one labels would not be readable.
const LEAST: (u32, u32) = (480, 160);

/// A page that is shorter is enlarged up to this, so that labels do not hide all of it.
const ENLARGED: u32 = 640;

/// Around a page that does not fill its stage.
const BACKDROP: Rgb<u8> = Rgb([64, 64, 64]);

/// Qualities to try, best first.
const QUALITIES: [u8; 8] = [88, 78, 65, 50, 35, 22, 12, 5];

/// Draws those of `findings` that are of this page or of the whole file. A JPEG without metadata, at
/// most [`LONGEST`] pixels a side and [`MOST_BYTES`]; `None` where the page kept no pixels.
pub fn annotate(page: &Page, findings: &[Ruled]) -> Option<Vec<u8>> {
    let (placed, listed): (Vec<_>, Vec<_>) = (1..)
        .zip(findings)
        .filter(|(_, ruled)| ruled.page == page.number || ruled.page == 0)
        .partition(|(_, ruled)| has_place(ruled));
    let nothing_found = placed.is_empty() && listed.is_empty();
    let listed = listed.into_iter().map(|(number, ruled)| Label::of(number, ruled, None));
    let legend = Legend::of(listed.collect(), nothing_found);
    let layout = Layout::of(page, legend.height());
    let mut canvas = layout.canvas(page)?;
    draw_regions(&mut canvas, &layout, &placed);
    let Area { bottom, right, .. } = layout.stage;
    legend.draw(&mut canvas, Area::at((0, bottom), (right, legend.height())));
    encode(canvas)
}

/// Whether it can be drawn: a region of the page, or the tilt of all of it.
fn has_place(ruled: &Ruled) -> bool {
    !ruled.finding.regions.is_empty() || skew::degrees(ruled).is_some()
}

/// Where things lie in the picture: the page in the middle of the stage, the legend below.
struct Layout {
    page: Area,
    stage: Area,
    height: u32,
}

impl Layout {
    fn of(page: &Page, legend: u32) -> Self {
        let (width, height) = (page.width as f64, page.height as f64);
        let room = (f64::from(LONGEST), f64::from(LONGEST - legend));
        let fits = (room.0 / width).min(room.1 / height);
        // Only by whole numbers: what was measured on a pixel is seen as a pixel.
        let enlarged = (f64::from(ENLARGED) / width.max(height)).min(fits).floor();
        let scale = fits.min(enlarged.max(1.0));
        let scaled = |length: f64| (length * scale).round().max(1.0) as u32;
        let (width, height) = (scaled(width), scaled(height));
        let stage = Area::at((0, 0), (width.max(LEAST.0), height.max(LEAST.1)));
        let corner = ((stage.width() - width) / 2, (stage.height() - height) / 2);
        Self { page: Area::at(corner, (width, height)), stage, height: stage.bottom + legend }
    }

    /// The page before anything is drawn on it.
    fn canvas(&self, page: &Page) -> Option<RgbImage> {
        let (width, height) = (self.page.width(), self.page.height());
        let pixels = page.preview(width as usize, height as usize)?;
        let preview = RgbImage::from_raw(width, height, pixels)?;
        if (width, height) == (self.stage.width(), self.height) {
            return Some(preview);
        }
        let mut canvas = RgbImage::from_pixel(self.stage.width(), self.height, BACKDROP);
        let (left, top) = (self.page.left, self.page.top);
        imageops::replace(&mut canvas, &preview, left.into(), top.into());
        Some(canvas)
    }

    /// The corners of a region in pixels, so far from the border that their lines show.
    fn corners(&self, region: &Region) -> Vec<(i32, i32)> {
        let on = |share: f64, start: u32, end: u32| {
            let at = f64::from(start) + share * f64::from(end - start);
            let (least, most) = (start + INSET, end.saturating_sub(INSET + 1));
            at.max(f64::from(least)).min(f64::from(most.max(least))) as i32
        };
        let Area { left, top, right, bottom } = self.page;
        region.points.iter().map(|&(x, y)| (on(x, left, right), on(y, top, bottom))).collect()
    }
}

/// The box around corners, none of which is negative.
fn around(corners: &[(i32, i32)]) -> Option<Area> {
    let span = |of: fn(&(i32, i32)) -> i32| {
        let values = || corners.iter().map(of).map(|at| at.max(0) as u32);
        Some((values().min()?, values().max()?))
    };
    let ((left, right), (top, bottom)) = (span(|corner| corner.0)?, span(|corner| corner.1)?);
    Some(Area { left, top, right: right + 1, bottom: bottom + 1 }.grown(INSET))
}

/// A region in the picture, with the box around it and what its label says.
struct Sign {
    label: Label,
    corners: Vec<(i32, i32)>,
    area: Area,
}

/// All outlines first, then the labels, so that no line crosses a text.
fn draw_regions(canvas: &mut RgbImage, layout: &Layout, placed: &[(usize, &Ruled)]) {
    let mut signs: Vec<Sign> = Vec::new();
    for &(number, ruled) in placed {
        let first = signs.len();
        for (at, region) in ruled.finding.regions.iter().enumerate() {
            let corners = layout.corners(region);
            let Some(area) = around(&corners) else {
                continue;
            };
            let mut label = Label::of(number, ruled, Some(at));
            // Said once, then only numbered: a dozen marks would hide the page under one sentence.
            if signs[first..].iter().any(|sign| sign.label == label) {
                label = label.numbered();
            }
            draw::lines(canvas, &corners, true, &label.style);
            signs.push(Sign { label, corners, area });
        }
        if let Some(degrees) = skew::degrees(ruled) {
            match signs.get(first) {
                Some(sign) => draw_tilt(canvas, Lines::below(&sign.corners), &sign.label.style),
                None => signs.extend(tilted_print(canvas, layout, number, ruled, degrees)),
            }
        }
    }
    let regions: Vec<Area> = signs.iter().map(|sign| sign.area).collect();
    let stage = layout.stage.shrunk(draw::PADDING);
    let mut labels = Vec::new();
    for Sign { label, area, .. } in &signs {
        labels.push(label::place(label.size(), *area, stage, &labels, &regions));
    }
    for (Sign { label, corners, .. }, area) in signs.iter().zip(&labels) {
        if let Some(leader) = label::leader(*area, &draw::path(corners, true)) {
            draw::lines(canvas, &leader, false, &label.style);
        }
    }
    for (Sign { label, .. }, area) in signs.iter().zip(labels) {
        label.draw(canvas, area);
    }
}

/// The level line beside a tilted side, which the outline shows already.
fn draw_tilt(canvas: &mut RgbImage, lines: Option<Lines>, style: &Style) {
    if let Some(Lines { level, arc, .. }) = lines {
        draw::lines(canvas, &level, false, &skew::LEVEL);
        draw::lines(canvas, &arc, false, style);
    }
}

/// A page whose print is tilted has no outline: its own line stands for it.
fn tilted_print(
    canvas: &mut RgbImage,
    layout: &Layout,
    number: usize,
    ruled: &Ruled,
    degrees: f64,
) -> Option<Sign> {
    let label = Label::of(number, ruled, None);
    let lines = Lines::across(layout.page, degrees);
    let corners = lines.tilted.clone();
    draw::lines(canvas, &corners, false, &label.style);
    draw_tilt(canvas, Some(lines), &label.style);
    Some(Sign { label, area: around(&corners)?, corners })
}

/// The best quality that keeps to [`MOST_BYTES`]; a picture of pure noise is halved until one does.
fn encode(mut canvas: RgbImage) -> Option<Vec<u8>> {
    loop {
        let (width, height) = canvas.dimensions();
        for quality in QUALITIES {
            let mut jpeg = Vec::new();
            let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, quality);
            encoder.encode(&canvas, width, height, ExtendedColorType::Rgb8).ok()?;
            if jpeg.len() <= MOST_BYTES {
                return Some(jpeg);
            }
        }
        canvas = imageops::thumbnail(&canvas, (width / 2).max(1), (height / 2).max(1));
    }
}
