//! What a batch came to: counts, and what flipped, as a table, JSON and a page.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::page::{self, Cell, Heading, Table};
use super::tally::Report;
use crate::reason::Locale;

/// Counts over all parts of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Summary {
    /// Whether every item of the manifest has its record.
    pub complete: bool,
    /// Items of the manifest.
    pub manifest_items: u64,
    /// Items with a record.
    pub items: u64,
    /// Of these, items with a verdict.
    pub judged: u64,
    /// Of these, items without one.
    pub errors: u64,
    /// Items whose verdict lacks the reading of a check that is in force.
    pub missing_readings: u64,
    /// Parts.
    pub parts: u64,
    /// Version of the rule book.
    pub ruleset_version: String,
    /// Digest of the rule book.
    pub ruleset_digest: String,
    /// What judged.
    pub engine_version: String,
    /// Items by verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Items by reason, and among these by weight.
    pub reasons: BTreeMap<String, BTreeMap<String, u64>>,
    /// Items without a verdict by reason.
    pub error_reasons: BTreeMap<String, u64>,
    /// Items by slot, and among these by verdict.
    pub slots: BTreeMap<String, BTreeMap<String, u64>>,
    /// Against older results, where some were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<Diff>,
}

/// What is judged otherwise than it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Diff {
    /// Items that both have.
    pub compared: u64,
    /// Of these, items with another verdict.
    pub flipped: u64,
    /// Items that only the new results have.
    pub only_new: u64,
    /// Items that only the old results have.
    pub only_old: u64,
    /// Flips by verdicts and reason, most frequent first. An item with several reasons counts in
    /// each.
    pub rows: Vec<FlipRow>,
}

/// Flips of one kind for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FlipRow {
    /// Old verdict.
    pub from: String,
    /// New verdict.
    pub to: String,
    /// The reason whose weight changed.
    pub reason: String,
    /// Its weight then; empty = not found.
    pub was: String,
    /// Its weight now; empty = not found.
    pub is: String,
    /// Items.
    pub items: u64,
    /// Ids of a few of them.
    pub samples: Vec<String>,
}

/// The summary as a few lines, and the flips as a table.
pub fn text(summary: &Summary) -> String {
    let mut out = String::new();
    let Summary { items, judged, errors, .. } = summary;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{items} items: {judged} judged, {errors} without a verdict");
    if !summary.complete {
        let left = summary.manifest_items.saturating_sub(*items);
        let _ = writeln!(out, "not complete: {left} items are still to be judged");
    }
    for (verdict, count) in &summary.verdicts {
        let _ = writeln!(out, "  {verdict:8} {count:>9}  {:5.1} %", share(*count, *judged));
    }
    if summary.missing_readings > 0 {
        let missing = summary.missing_readings;
        let _ = writeln!(out, "{missing} items lack a reading: see missing.ndjson");
    }
    if let Some(diff) = &summary.diff {
        let Diff { compared, flipped, .. } = diff;
        let _ = writeln!(out, "{flipped} of {compared} compared items flipped");
        for (count, what) in [(diff.only_new, "new"), (diff.only_old, "old")] {
            if count > 0 {
                let _ = writeln!(out, "{count} items stand only in the {what} results");
            }
        }
        if !diff.rows.is_empty() {
            let head = ["from", "to", "reason", "was", "is", "items"];
            let _ = writeln!(out, "{}", row(head));
        }
        for flip in &diff.rows {
            let count = flip.items.to_string();
            let FlipRow { from, to, reason, was, is, .. } = flip;
            let _ = writeln!(out, "{}", row([from, to, reason, dash(was), dash(is), &count]));
        }
    }
    out
}

fn row([from, to, reason, was, is, items]: [&str; 6]) -> String {
    format!("{from:7} {to:7} {reason:28} {was:8} {is:8} {items:>8}")
}

fn dash(weight: &str) -> &str {
    if weight.is_empty() { "-" } else { weight }
}

fn share(count: u64, total: u64) -> f64 {
    100.0 * count as f64 / total.max(1) as f64
}

/// The same as one page that needs nothing else.
pub fn html(report: &Report, locale: Locale) -> String {
    let summary = &report.summary;
    let left = summary.manifest_items.saturating_sub(summary.items);
    let note = match summary.complete {
        true => ["Every item of the manifest has its record.", "清单中的所有文件均有判定记录。"]
            .map(str::to_owned),
        false => [
            format!("Not complete: {left} items are still to be judged."),
            format!("尚未完成：还有 {left} 个文件待判定。"),
        ],
    };
    let tables = summary.diff.iter().map(flips).collect();
    let title = ["scanvet: results of a batch", "scanvet：批量判定结果"];
    page::html(report, &Heading { title, note, tables, locale })
}

fn flips(diff: &Diff) -> Table {
    let Diff { compared, flipped, only_new, only_old, rows } = diff;
    let rows = rows.iter().map(|flip| {
        let cells = [
            &*flip.from,
            &flip.to,
            &flip.reason,
            dash(&flip.was),
            dash(&flip.is),
            &flip.items.to_string(),
            &flip.samples.join(", "),
        ];
        cells.map(Cell::from).to_vec()
    });
    Table {
        title: ["What flipped", "判定变化"],
        note: [
            format!(
                "{flipped} of {compared} compared items have another verdict; {only_new} stand only in \
                 the new results, {only_old} only in the old ones."
            ),
            format!(
                "比较的 {compared} 个文件中有 {flipped} 个判定改变；仅在新结果中 {only_new} 个，仅在旧结果中 {only_old} 个。"
            ),
        ],
        head: vec![
            ["from", "原判定"],
            ["to", "新判定"],
            ["reason", "原因"],
            ["was", "原级别"],
            ["is", "新级别"],
            ["items", "文件"],
            ["for example", "例如"],
        ],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tally::{Groups, Plan};

    #[test]
    fn the_page_holds_the_flips_and_nothing_of_an_id_becomes_markup() {
        let flip = FlipRow {
            from: "ACCEPT".to_owned(),
            to: "REJECT".to_owned(),
            reason: "GLARE".to_owned(),
            is: "ERROR".to_owned(),
            items: 3,
            samples: vec!["<script>x</script>".to_owned()],
            ..FlipRow::default()
        };
        let diff = Diff { compared: 9, flipped: 3, rows: vec![flip], ..Diff::default() };
        let summary = Summary { items: 9, judged: 9, diff: Some(diff), ..Summary::default() };
        let plan = Plan { groups: Groups::Verdict, cases: 0 };
        let page = html(&Report::over(&summary, plan), Locale::En);
        assert!(page.contains("<td>GLARE</td>") && !page.contains("<script>x"), "{page}");
        let text = text(&summary);
        assert!(text.contains("3 of 9") && text.contains("ACCEPT  REJECT  GLARE"), "{text}");
    }
}
