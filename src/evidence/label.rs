//! The sign beside a region: what it says, and a place for it that hides little.

use image::RgbImage;

use super::draw::{self, Area, DARK, LIGHT, PADDING, Style};
use super::glyphs::{self, Type};
use crate::reason::Measurement;
use crate::verdict::Ruled;

/// What is said of a finding: its number and code, and below that what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) number: usize,
    pub(super) style: Style,
    pub(super) title: &'static str,
    pub(super) detail: String,
}

/// Height of a line of text with the space around it.
pub(super) const ROW: u32 = glyphs::HEIGHT + 2 * PADDING;

/// Width of the border of a label.
const BORDER: u32 = 2;

impl Label {
    /// Of a finding by its number, and of one of its regions where each has a number of its own.
    pub(super) fn of(number: usize, ruled: &Ruled, region: Option<usize>) -> Self {
        let style = Style::of(ruled.severity);
        let measurements = &ruled.finding.measurements;
        let own = region.filter(|_| measurements.len() == ruled.finding.regions.len());
        let measured = measurements.get(own.unwrap_or(0)).map(against_bound);
        let evidence = measured.or_else(|| unassessed(ruled)).unwrap_or_default();
        let kind = region.and_then(|at| ruled.finding.regions.get(at));
        // What is outlined, unless the measurement's name begins with just that.
        let kind = kind.map(|region| &*region.label).filter(|kind| !evidence.starts_with(*kind));
        let kind = kind.map(|kind| format!("{kind}: ")).unwrap_or_default();
        let detail = format!("{} {kind}{evidence}", style.word).trim_end().to_owned();
        Self { number, style, title: ruled.finding.reason.code, detail }
    }

    /// The same with nothing but the number.
    pub(super) fn numbered(self) -> Self {
        Self { title: "", detail: String::new(), ..self }
    }

    /// Width and height of its sign.
    pub(super) fn size(&self) -> (u32, u32) {
        let badge = draw::badge_width(self.number);
        if self.title.is_empty() {
            return (badge, ROW);
        }
        let width = (badge + Type::Wide.width(self.title)).max(Type::Narrow.width(&self.detail));
        (width + 4 * PADDING, 2 * ROW - PADDING)
    }

    /// Paints the sign; text that has no room is clipped.
    pub(super) fn draw(&self, canvas: &mut RgbImage, area: Area) {
        draw::fill(canvas, area, self.style.colour);
        draw::fill(canvas, area.shrunk(BORDER), DARK);
        let first = Area { bottom: area.top + ROW, ..area };
        draw::badge(canvas, first, self.number, &self.style);
        let left = area.left + draw::badge_width(self.number) + PADDING;
        let room = area.right.saturating_sub(left + PADDING);
        let title = Type::Wide.clipped(self.title, room);
        glyphs::write(canvas, (left, area.top + PADDING), &title, Type::Wide, LIGHT);
        let left = area.left + 2 * PADDING;
        let detail = Type::Narrow.clipped(&self.detail, area.right.saturating_sub(left + PADDING));
        glyphs::write(canvas, (left, area.top + ROW), &detail, Type::Narrow, LIGHT);
    }
}

/// `glare.share 0.021 (at most 0.004)`: a number and the bound that it breaks, or keeps.
fn against_bound(measured: &Measurement) -> String {
    let Measurement { name, value, unit, min, max } = *measured;
    let unit = match unit {
        "1" => "",
        "By" => " B",
        "{pixel}" => " px",
        "[ppth]" => " per mille",
        "deg" => " deg",
        "mm" => " mm",
        "[ppi]" => " ppi",
        // A word on what is counted is no unit.
        counted if counted.starts_with('{') => "",
        other => other,
    };
    let bound = match (min, max) {
        (_, Some(max)) if value > max => format!(" (at most {})", number(max)),
        (Some(min), _) => format!(" (at least {})", number(min)),
        (None, Some(max)) => format!(" (at most {})", number(max)),
        (None, None) => String::new(),
    };
    format!("{name} {}{unit}{bound}", number(value))
}

/// Four digits that count, at most four decimals, without trailing zeros.
fn number(value: f64) -> String {
    let decimals = [1000.0, 100.0, 10.0, 1.0].iter().filter(|&&power| value.abs() < power).count();
    let text = format!("{value:.decimals$}");
    let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

/// Which check could not be made, and why.
fn unassessed(ruled: &Ruled) -> Option<String> {
    let why = ruled.finding.metadata.get("why")?;
    Some(format!("{}: {why}", ruled.check))
}

/// Space between a label and its region.
const GAP: u32 = 5;

/// Steps of the places that are tried when nothing beside the region is free.
const STEP: usize = 16;

/// What hiding another label costs, in pixels of a region, and what a pixel of distance does.
const LABEL_COST: u64 = 1000;
const DISTANCE_COST: u64 = 60;

/// Where a label of that size hides least: beside its region if it can be, else nearby, always on the
/// stage.
pub(super) fn place(
    size: (u32, u32),
    region: Area,
    stage: Area,
    labels: &[Area],
    regions: &[Area],
) -> Area {
    let (width, height) = (size.0.min(stage.width()), size.1.min(stage.height()));
    let fitted = |(left, top): (u32, u32)| {
        let left = left.clamp(stage.left, stage.right - width);
        Area::at((left, top.clamp(stage.top, stage.bottom - height)), (width, height))
    };
    let Area { left, top, right, bottom } = region;
    let (above, below) = (top.saturating_sub(height + GAP), bottom + GAP);
    let (far_left, far_right) = (left.saturating_sub(width + GAP), right + GAP);
    let (end, foot) = (right.saturating_sub(width), bottom.saturating_sub(height));
    let beside = [
        (left, above),
        (left, below),
        (end, above),
        (end, below),
        (far_right, top),
        (far_left, top),
        (far_right, foot),
        (far_left, foot),
        (left + GAP, top + GAP),
        (end.saturating_sub(GAP), foot.saturating_sub(GAP)),
    ];
    let downwards = (stage.top..stage.bottom).step_by(STEP);
    let anywhere = downwards
        .flat_map(|top| (stage.left..stage.right).step_by(STEP).map(move |left| (left, top)));
    let cost = |area: &Area| {
        let hidden = |others: &[Area], grown| -> u64 {
            others.iter().map(|other| area.grown(grown).shared(*other)).sum()
        };
        LABEL_COST * hidden(labels, GAP)
            + hidden(regions, 0)
            + DISTANCE_COST * u64::from(distance(*area, region).saturating_sub(GAP))
    };
    // The first of the cheapest, so that the order above decides between equals.
    let places = beside.into_iter().chain(anywhere).map(fitted);
    places.min_by_key(cost).unwrap_or_else(|| fitted((left, top)))
}

/// Pixels between two boxes, across or down, whichever is more.
fn distance(one: Area, other: Area) -> u32 {
    let between = |start: u32, end: u32, other_start: u32, other_end: u32| {
        other_start.saturating_sub(end).max(start.saturating_sub(other_end))
    };
    let across = between(one.left, one.right, other.left, other.right);
    across.max(between(one.top, one.bottom, other.top, other.bottom))
}

/// From a label that stands apart to the nearest place of its region's outline.
pub(super) fn leader(label: Area, outline: &[(i32, i32)]) -> Option<[(i32, i32); 2]> {
    let side = |from: u32, to: u32, at: i32| at.clamp(from as i32, to as i32 - 1);
    let ends = outline.iter().map(|&(x, y)| {
        [(side(label.left, label.right, x), side(label.top, label.bottom, y)), (x, y)]
    });
    let apart = |[(x, y), (to_x, to_y)]: &[(i32, i32); 2]| (to_x - x).abs().max((to_y - y).abs());
    ends.min_by_key(apart).filter(|line| apart(line) > 3 * GAP as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: Area = Area { left: 0, top: 0, right: 800, bottom: 600 };

    #[test]
    fn a_number_stands_beside_the_bound_that_it_breaks() {
        let share = Measurement::of("glare.share", 0.021_37, "1");
        assert_eq!(against_bound(&share), "glare.share 0.0214");
        assert_eq!(
            against_bound(&share.clone().at_most(0.004)),
            "glare.share 0.0214 (at most 0.004)"
        );
        assert_eq!(against_bound(&share.at_least(0.5)), "glare.share 0.0214 (at least 0.5)");
        let skew = Measurement::of("skew.degrees", 12.0, "deg").at_least(-6.0).at_most(6.0);
        assert_eq!(against_bound(&skew), "skew.degrees 12 deg (at most 6)");
        let size = Measurement::of("file.size", 100.0, "By").at_least(100.0);
        assert_eq!(against_bound(&size), "file.size 100 B (at least 100)");
        assert_eq!([66.0113, -15.286, 4_194_300.0].map(number), ["66.01", "-15.29", "4194300"]);
    }

    #[test]
    fn a_label_stands_above_its_region_or_below_where_there_is_no_room() {
        let region = Area { left: 300, top: 200, right: 400, bottom: 260 };
        let placed = place((200, 40), region, STAGE, &[], &[region]);
        assert_eq!((placed.left, placed.bottom), (300, 200 - GAP));
        let at_the_top = Area { top: 0, ..region };
        let placed = place((200, 40), at_the_top, STAGE, &[], &[at_the_top]);
        assert_eq!((placed.left, placed.top), (300, 260 + GAP));
    }

    #[test]
    fn labels_of_one_place_do_not_hide_each_other_and_stay_on_the_stage() {
        let region = Area { left: 700, top: 560, right: 790, bottom: 595 };
        let mut labels = Vec::new();
        for _ in 0..12 {
            let placed = place((300, 44), region, STAGE, &labels, &[region]);
            assert!(placed.right <= STAGE.right && placed.bottom <= STAGE.bottom);
            assert!(labels.iter().all(|label| placed.shared(*label) == 0), "{placed:?}");
            labels.push(placed);
        }
    }

    #[test]
    fn a_label_that_does_not_fit_the_stage_is_made_to() {
        let stage = Area { left: 10, top: 0, right: 60, bottom: 30 };
        assert_eq!(place((300, 44), stage, stage, &[], &[stage]), stage);
    }

    #[test]
    fn only_a_label_that_stands_apart_has_a_leader() {
        let label = Area { left: 100, top: 100, right: 200, bottom: 140 };
        assert_eq!(leader(label, &[(100, 145), (300, 145)]), None);
        assert_eq!(leader(label, &[(150, 300), (400, 300)]), Some([(150, 139), (150, 300)]));
        assert_eq!(leader(label, &[]), None);
    }
}
