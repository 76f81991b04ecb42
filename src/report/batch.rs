//! What a batch came to: counts, and what flipped, as a table, JSON and a page.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

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
pub fn html(summary: &Summary) -> String {
    let mut out = String::from(HEAD);
    let Summary { items, judged, errors, .. } = summary;
    let _ = write!(
        out,
        "<h1>scanvet batch</h1><p>{items} items: {judged} judged, {errors} without a verdict{}.</p>\
         <p>Rule set {} <code>{}</code>, engine {}.</p>",
        if summary.complete { "" } else { "; not complete" },
        escaped(&summary.ruleset_version),
        escaped(summary.ruleset_digest.get(..12).unwrap_or_default()),
        escaped(&summary.engine_version),
    );
    if let Some(diff) = &summary.diff {
        let _ = write!(
            out,
            "<h2>What flipped</h2><p>{} of {} compared items have another verdict; {} stand only in \
             the new results, {} only in the old ones.</p>",
            diff.flipped, diff.compared, diff.only_new, diff.only_old
        );
        let rows = diff.rows.iter().map(|flip| {
            let cells = [
                &*flip.from,
                &flip.to,
                &flip.reason,
                dash(&flip.was),
                dash(&flip.is),
                &flip.items.to_string(),
                &flip.samples.join(", "),
            ];
            cells.map(str::to_owned).to_vec()
        });
        table(&mut out, &["from", "to", "reason", "was", "is", "items", "for example"], rows);
    }
    let verdicts =
        summary.verdicts.iter().map(|(verdict, count)| counted(verdict, *count, *judged));
    out.push_str("<h2>Verdicts</h2>");
    table(&mut out, &["verdict", "items", "share"], verdicts);
    out.push_str("<h2>Reasons</h2>");
    let mut reasons: Vec<_> = summary.reasons.iter().collect();
    reasons.sort_by_key(|(_, weights)| std::cmp::Reverse(weights.values().sum::<u64>()));
    let reasons = reasons.into_iter().map(|(reason, weights)| {
        let told: Vec<String> =
            weights.iter().map(|(weight, count)| format!("{weight} {count}")).collect();
        let mut cells = counted(reason, weights.values().sum(), *judged);
        cells.push(told.join(", "));
        cells
    });
    table(&mut out, &["reason", "items", "share", "weights"], reasons);
    out.push_str("<h2>Slots</h2>");
    let slots = summary.slots.iter().map(|(slot, verdicts)| {
        let of = |verdict| verdicts.get(verdict).copied().unwrap_or(0).to_string();
        vec![slot.clone(), of("ACCEPT"), of("REVIEW"), of("REJECT")]
    });
    table(&mut out, &["slot", "accept", "review", "reject"], slots);
    if summary.errors > 0 {
        out.push_str("<h2>Without a verdict</h2>");
        let errors = summary.error_reasons.iter();
        let errors = errors.map(|(reason, count)| counted(reason, *count, *items));
        table(&mut out, &["reason", "items", "share"], errors);
    }
    out.push_str("</body></html>\n");
    out
}

fn counted(name: &str, count: u64, total: u64) -> Vec<String> {
    vec![name.to_owned(), count.to_string(), format!("{:.1} %", share(count, total))]
}

fn table(out: &mut String, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    out.push_str("<table><tr>");
    for name in head {
        let _ = write!(out, "<th>{name}</th>");
    }
    out.push_str("</tr>");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{}</td>", escaped(&cell));
        }
        out.push_str("</tr>");
    }
    out.push_str("</table>");
}

/// Ids come from manifests and may hold anything.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
<title>scanvet batch</title><style>body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;\
margin:2rem auto;padding:0 1rem;color:#222}table{border-collapse:collapse;margin:.5rem 0 1.5rem}\
th,td{text-align:left;padding:.2rem .9rem .2rem 0;border-bottom:1px solid #ddd}\
code{font-size:.9em}</style></head><body>";

#[cfg(test)]
mod tests {
    use super::*;

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
        let page = html(&summary);
        assert!(page.contains("<td>GLARE</td>") && !page.contains("<script>"), "{page}");
        let text = text(&summary);
        assert!(text.contains("3 of 9") && text.contains("ACCEPT  REJECT  GLARE"), "{text}");
    }
}
