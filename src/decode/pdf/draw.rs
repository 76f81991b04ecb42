//! Draws a page that is more than one picture, at the resolution of the finest one on it.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use crate::decode::raster::{Raster, Samples};

/// Pixels of a drawn page at most, and a side.
const MOST_PIXELS: f64 = 25e6;
const LONGEST_SIDE: f64 = 12_000.0;

/// Points an inch.
const POINTS: f64 = 72.0;

/// The page, and the pixels per inch that it got. `unit` points to a unit of the page.
pub(super) fn page(page: &Page<'_>, wanted_ppi: f64, unit: f64) -> (Option<Raster>, f64) {
    let (width, height) = page.render_dimensions();
    let scale = scale((width.into(), height.into()), wanted_ppi * unit / POINTS);
    // The library cuts parts of pixels off; none may be left of a page that has one.
    let side = |points: f32| (points * scale as f32).max(1.0) / points;
    let settings = PixmapSettings { x_scale: side(width), y_scale: side(height), bg_color: WHITE };
    let (cache, interpreter) = (RenderCache::new(), InterpreterSettings::default());
    let pixmap = render(page, &cache, &interpreter, &RenderSettings::default(), &settings);
    let (width, height) = (usize::from(pixmap.width()), usize::from(pixmap.height()));
    let rgb = pixmap.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
    (Raster::new(width, height, Samples::Rgb(rgb)), scale * POINTS / unit)
}

/// Pixels a unit, as many as are wanted and as fit.
fn scale((width, height): (f64, f64), wanted: f64) -> f64 {
    let by_area = (MOST_PIXELS / (width * height)).sqrt();
    wanted.min(by_area).min(LONGEST_SIDE / width.max(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_drawn_as_fine_as_is_wanted_until_it_grows_too_large() {
        let a4 = (595.0, 842.0);
        assert_eq!(scale(a4, 300.0 / POINTS), 300.0 / POINTS);
        let most = scale(a4, 2400.0 / POINTS);
        assert!((a4.0 * a4.1 * most * most - MOST_PIXELS).abs() < 1.0);
        assert_eq!(scale((14_400.0, 10.0), 4.0) * 14_400.0, LONGEST_SIDE);
    }
}
