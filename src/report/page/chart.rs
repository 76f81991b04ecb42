//! How a quantity is spread beside its bounds, as a drawing, a table, and numbers for the script.

use std::fmt::Write;

use super::markup::{both, escaped};
use crate::reason::Reason;
use crate::report::spread::{Bin, GROUPS};
use crate::report::tally::{Groups, Quantity, Values};
use crate::report::text::{number, unit_sign};

/// The drawing's size, and where in it the columns stand.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 130.0;
const LEFT: f64 = 8.0;
const TOP: f64 = 18.0;
const FOOT: f64 = 20.0;
const COLUMNS: usize = 48;

/// Of the files at either end, this share may be drawn at the border: one odd file must not press all
/// the others into one column.
const ENDS: f64 = 0.005;

/// Names of the groups.
pub(super) const fn names(groups: Groups) -> [[&'static str; 2]; GROUPS] {
    match groups {
        Groups::Verdict => [["accepted", "通过"], ["review", "待人工"], ["rejected", "不通过"]],
        Groups::Label => {
            [["labelled good", "标注合格"], ["either", "两可"], ["labelled faulty", "标注不合格"]]
        }
    }
}

/// A chart: what of it is drawn, and what the script needs.
pub(super) struct Chart<'a> {
    quantity: &'a Quantity,
    values: &'a Values,
    groups: Groups,
    low: f64,
    high: f64,
}

impl<'a> Chart<'a> {
    pub(super) fn of(quantity: &'a Quantity, values: &'a Values, groups: Groups) -> Self {
        let (mut low, mut high) =
            (values.spread.quantile(ENDS), values.spread.quantile(1.0 - ENDS));
        for bound in quantity.bounds().into_iter().flatten() {
            (low, high) = (low.min(bound), high.max(bound));
        }
        let pad = if high > low { (high - low) * 0.04 } else { low.abs().max(1.0) * 0.1 };
        // What is never negative has no room below zero.
        let least = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        Self { quantity, values, groups, low: (low - pad).max(least), high: high + pad }
    }

    /// The check that measures.
    pub(super) fn check(&self) -> &str {
        &self.quantity.check
    }

    /// Files outside of the bounds.
    pub(super) fn outside(&self) -> u64 {
        self.values.spread.totals().1.iter().sum()
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn place(&self, value: f64) -> f64 {
        LEFT + self.share(value) * (WIDTH - 2.0 * LEFT)
    }

    /// The data of the script.
    pub(super) fn data(&self) -> serde_json::Value {
        let [min, max] = self.quantity.bounds();
        let bins: Vec<_> = self.values.spread.bins().map(row).collect();
        serde_json::json!({
            "name": self.quantity.name, "check": self.quantity.check,
            "min": min, "max": max, "domain": [self.low, self.high], "bins": bins,
        })
    }

    /// Where columns begin, and how wide all of them are: the script draws lines among them.
    pub(super) const fn frame() -> (f64, f64) {
        (LEFT, WIDTH - 2.0 * LEFT)
    }

    /// The whole figure.
    pub(super) fn write(&self, out: &mut String, at: usize, reasons: &[&Reason]) {
        let Quantity { name, check, unit, .. } = self.quantity;
        let codes: Vec<&str> = reasons.iter().map(|reason| reason.code).collect();
        let slots: Vec<&str> = self.values.slots.iter().map(|slot| &**slot).collect();
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "<figure class=\"chart\" data-at=\"{at}\"><h3><code>{}</code>{}</h3>\
             <p class=\"soft\">{} · <code>{}</code><br>{}</p>",
            escaped(name),
            match unit_sign(unit) {
                "" => String::new(),
                sign => format!(" ({})", escaped(sign.trim())),
            },
            escaped(check),
            escaped(&codes.join(" ")),
            escaped(&slots.join(", ")),
        );
        self.draw(out);
        self.slides(out);
        self.table(out);
        out.push_str("</figure>");
    }

    fn draw(&self, out: &mut String) {
        let mut columns = [[0u64; GROUPS]; COLUMNS];
        for bin in self.values.spread.bins() {
            let at = (self.share((bin.low + bin.high) / 2.0) * COLUMNS as f64) as usize;
            for (column, count) in columns[at.min(COLUMNS - 1)].iter_mut().zip(bin.counts) {
                *column += count;
            }
        }
        let most = columns.iter().map(|column| column.iter().sum::<u64>()).max().unwrap_or(0);
        let (floor, room) = (HEIGHT - FOOT, HEIGHT - FOOT - TOP);
        let _ = write!(
            out,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" aria-hidden=\"true\">"
        );
        let [min, max] = self.quantity.bounds();
        let ends = [
            min.map(|min| (LEFT, self.place(min))),
            max.map(|max| (self.place(max), WIDTH - LEFT)),
        ];
        for (from, to) in ends.into_iter().flatten() {
            let _ = write!(
                out,
                "<rect class=\"beyond\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{room}\"/>",
                (to - from).max(0.0)
            );
        }
        let width = (WIDTH - 2.0 * LEFT) / COLUMNS as f64;
        for (at, column) in columns.iter().enumerate() {
            let mut foot = floor;
            for (group, count) in column.iter().enumerate().filter(|(_, count)| **count > 0) {
                // A single file must be seen, too.
                let height = (*count as f64 / most as f64 * room).max(2.0);
                foot -= height;
                let _ = write!(
                    out,
                    "<rect class=\"g{group}\" x=\"{:.1}\" y=\"{foot:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                    LEFT + at as f64 * width + 0.4,
                    width - 0.8
                );
            }
        }
        let (right, foot) = (WIDTH - LEFT, HEIGHT - 6.0);
        let (low, high) = (axis(self.low), axis(self.high));
        let _ = write!(
            out,
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{floor}\" y2=\"{floor}\"/>\
             <text x=\"{LEFT}\" y=\"{foot}\">{low}</text>\
             <text x=\"{right}\" y=\"{foot}\" text-anchor=\"end\">{high}</text>"
        );
        for (end, sign, bound) in [("min", "≥", min), ("max", "≤", max)] {
            let Some(bound) = bound else { continue };
            let at = self.place(bound);
            let anchor = if at > WIDTH / 2.0 { "end" } else { "start" };
            let _ = write!(
                out,
                "<line class=\"bound\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{floor}\"/>\
                 <text x=\"{at:.1}\" y=\"12\" text-anchor=\"{anchor}\">{sign} {}</text>\
                 <line class=\"wish\" data-end=\"{end}\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{floor}\" visibility=\"hidden\"/>",
                number(bound)
            );
        }
        out.push_str("</svg>");
    }

    fn slides(&self, out: &mut String) {
        let [min, max] = self.quantity.bounds();
        let ends = [("min", ["at least", "不低于"], min), ("max", ["at most", "不高于"], max)];
        for (end, words, bound) in ends {
            let Some(bound) = bound else { continue };
            let (low, high) = (self.low.min(bound), self.high.max(bound));
            let name = escaped(&self.quantity.name);
            let [english, chinese] = words;
            let _ = write!(
                out,
                "<div class=\"slide controls\" data-end=\"{end}\" hidden><span>{}</span>\
                 <input type=\"range\" min=\"{low}\" max=\"{high}\" step=\"any\" value=\"{bound}\" aria-label=\"{name} {english} / {chinese}\">\
                 <input type=\"number\" step=\"any\" value=\"{bound}\" aria-label=\"{name} {english} / {chinese}\"></div>",
                both(words)
            );
        }
    }

    fn table(&self, out: &mut String) {
        let (all, outside) = self.values.spread.totals();
        out.push_str("<table><thead><tr><td></td>");
        let _ = write!(out, "<th scope=\"col\" class=\"num\">{}</th>", both(["files", "文件"]));
        for name in names(self.groups) {
            let _ = write!(out, "<th scope=\"col\" class=\"num\">{}</th>", both(name));
        }
        out.push_str("</tr></thead><tbody>");
        let mut row = |words: [&str; 2], counts: Option<[u64; GROUPS]>, name: &str| {
            let attributes = match counts {
                Some(_) => String::new(),
                None => format!(" class=\"moved\" data-row=\"{name}\" hidden"),
            };
            let _ = write!(out, "<tr{attributes}><th scope=\"row\">{}</th>", both(words));
            let counts = counts.unwrap_or_default();
            for count in [counts.iter().sum::<u64>()].into_iter().chain(counts) {
                let _ = write!(out, "<td class=\"num\">{count}</td>");
            }
            out.push_str("</tr>");
        };
        row(["measured", "已测量"], Some(all), "");
        row(["outside", "超出界限"], Some(outside), "");
        row(["outside if moved", "移动后超出"], None, "chosen");
        row(["newly outside", "新增超出"], None, "newly");
        row(["no longer outside", "不再超出"], None, "freed");
        out.push_str("</tbody></table>");
        let _ = write!(
            out,
            "<p class=\"soft moved\" hidden>{} <b class=\"alone\">0</b> <button type=\"button\" class=\"back\">{}</button></p>",
            both([
                "of those no longer outside, stopped by nothing else:",
                "不再超出的文件中，仅因此项被拦下的："
            ]),
            both(["reset", "还原"]),
        );
    }
}

/// Few digits, since a scale is no reading.
fn axis(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 1.0 => number((value * 100.0).round() / 100.0),
        _ => number(value),
    }
}

fn row(bin: &Bin) -> serde_json::Value {
    // As fine as readings are recorded.
    let fine = |value: f64| (value * 1e6).round() / 1e6;
    let [first, second, third] = bin.counts;
    serde_json::json!([fine(bin.low), fine(bin.high), bin.side, first, second, third, bin.alone])
}
