//! The strip below the page: findings that have no place on it.

use image::RgbImage;

use super::draw::{self, Area, DARK, LIGHT, PADDING};
use super::glyphs::{self, Type};
use super::label::{Label, ROW};

/// More findings than this are counted, not listed: the page must keep its room.
const MOST_ROWS: usize = 12;

/// Rows of text; none where everything that was found has its place.
#[derive(Debug, Default)]
pub(super) struct Legend {
    labels: Vec<Label>,
    note: Option<String>,
}

impl Legend {
    /// Lists `labels`. Says so where nothing was found at all.
    pub(super) fn of(mut labels: Vec<Label>, nothing_found: bool) -> Self {
        let left_out = labels.len().saturating_sub(MOST_ROWS);
        labels.truncate(MOST_ROWS);
        let note = match (nothing_found, left_out) {
            (true, _) => Some("No findings".to_owned()),
            (false, 0) => None,
            (false, more) => Some(format!("and {more} more")),
        };
        Self { labels, note }
    }

    /// Height of the strip.
    pub(super) fn height(&self) -> u32 {
        match self.labels.len() + usize::from(self.note.is_some()) {
            0 => 0,
            rows => rows as u32 * (ROW + PADDING) + PADDING,
        }
    }

    /// All titles alike: wide where every row has room for that.
    fn title_size(&self, room: u32) -> Type {
        let width = |label: &Label| {
            let text = Type::Wide.width(label.title) + Type::Narrow.width(&label.detail);
            draw::badge_width(label.number) + text + 7 * PADDING
        };
        let fits = self.labels.iter().all(|label| width(label) <= room);
        if fits { Type::Wide } else { Type::Narrow }
    }

    /// Paints the strip over `area`.
    pub(super) fn draw(&self, canvas: &mut RgbImage, area: Area) {
        draw::fill(canvas, area, DARK);
        let size = self.title_size(area.width());
        let mut top = area.top + PADDING;
        for label in &self.labels {
            let row = Area::at((area.left + PADDING, top), (area.width(), ROW));
            draw::badge(canvas, row, label.number, &label.style);
            let mut left = row.left + draw::badge_width(label.number) + 2 * PADDING;
            let mut put = |text: &str, size: Type| {
                let text = size.clipped(text, area.right.saturating_sub(left + PADDING));
                glyphs::write(canvas, (left, top + PADDING), &text, size, LIGHT);
                left += size.width(&text) + 3 * PADDING;
            };
            put(label.title, size);
            put(&label.detail, Type::Narrow);
            top += ROW + PADDING;
        }
        if let Some(note) = &self.note {
            let place = (area.left + 2 * PADDING, top + PADDING);
            glyphs::write(canvas, place, note, Type::Narrow, LIGHT);
        }
    }
}
