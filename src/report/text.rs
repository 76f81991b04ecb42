//! One verdict as a few lines for a person at a terminal.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::filing::check::FilingVerdict;
use crate::reason::{Finding, Locale, Measurement, Severity, fill};
use crate::verdict::{Decision, Ruled, Verdict};

/// The verdict on `file`, worst finding first: what is wrong, what was measured against which bound,
/// and what to do. Colours are ANSI codes; the caller's stream strips them where nobody sees them.
pub fn verdict(file: &str, verdict: &Verdict, locale: Locale) -> String {
    let mut out = String::new();
    let style = Style::new().bold().fg_color(Some(colour_of(verdict.decision).into()));
    let word = verdict.decision.word();
    let under = format!("{}, {}", verdict.slot, verdict.context.profile);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{style}{word}{style:#}  {}  ({under})", printable(file));
    for ruled in &verdict.findings {
        finding(&mut out, ruled, verdict.detected.pages > 1, locale);
    }
    out
}

/// What the files of a filing say together, under the verdict on all of it.
pub fn filing(name: &str, verdict: &FilingVerdict, profile: &str, locale: Locale) -> String {
    let mut out = String::new();
    let style = Style::new().bold().fg_color(Some(colour_of(verdict.decision).into()));
    let word = verdict.decision.word();
    let what = match locale {
        Locale::En => "filing",
        Locale::ZhCn => "备案",
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{style}{word}{style:#}  {}  ({what}, {profile})", printable(name));
    for ruled in &verdict.findings {
        finding(&mut out, ruled, false, locale);
    }
    out
}

fn finding(out: &mut String, ruled: &Ruled, many_pages: bool, locale: Locale) {
    let Ruled { finding, severity, check, page } = ruled;
    let text = finding.reason.text(locale);
    let headline = fill(text.headline, &finding.metadata, locale);
    let label = match severity {
        Severity::Error => "error",
        Severity::Review => "review",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let on_page = match (many_pages && *page > 0, locale) {
        (false, _) => String::new(),
        (true, Locale::En) => format!(", page {page}"),
        (true, Locale::ZhCn) => format!("，第 {page} 页"),
    };
    let code = Style::new().bold();
    let dim = Style::new().dimmed();
    let _ = writeln!(
        out,
        "  {label:7} {code}{}{code:#}  {headline}{on_page}  {dim}[{check}]{dim:#}",
        finding.reason.code
    );
    for measurement in &finding.measurements {
        let _ = writeln!(out, "          {dim}{}{dim:#}", against_bound(measurement, locale));
    }
    if let Some(why) = unassessed(finding) {
        let _ = writeln!(out, "          {dim}{why}{dim:#}");
    }
    let _ = writeln!(out, "          → {}", fill(text.fix, &finding.metadata, locale));
}

/// What could not be assessed, and why, for findings that measured nothing.
fn unassessed(finding: &Finding) -> Option<String> {
    let (check, why) = (finding.metadata.get("check")?, finding.metadata.get("why")?);
    Some(format!("{check}: {why}"))
}

/// A number beside the bound that holds for it.
pub fn against_bound(measurement: &Measurement, locale: Locale) -> String {
    let Measurement { name, value, unit, min, max } = measurement;
    beside_bounds(name, *value, unit, [*min, *max], locale)
}

/// The same of what was recorded.
pub(super) fn beside_bounds(
    name: &str,
    value: f64,
    unit: &str,
    [min, max]: [Option<f64>; 2],
    locale: Locale,
) -> String {
    let unit = unit_sign(unit);
    let (at_least, at_most, joint) = match locale {
        Locale::En => ("at least", "at most", ", "),
        Locale::ZhCn => ("不低于", "不高于", "，"),
    };
    let bounds: Vec<String> = [(at_least, min), (at_most, max)]
        .into_iter()
        .filter_map(|(word, bound)| bound.map(|bound| format!("{word} {}{unit}", number(bound))))
        .collect();
    match bounds.is_empty() {
        true => format!("{name} {}{unit}", number(value)),
        false => format!("{name} {}{unit} ({})", number(value), bounds.join(joint)),
    }
}

/// How people write a UCUM unit behind a number.
pub(super) fn unit_sign(unit: &str) -> &str {
    match unit {
        "By" => " B",
        "{pixel}" => " px",
        "1" => "",
        "[ppth]" => " ‰",
        "deg" => "°",
        "[ppi]" => " ppi",
        "mm" => " mm",
        // A word on what is counted is no unit.
        counted if counted.starts_with('{') => "",
        other => other,
    }
}

/// At most four significant decimals, without trailing zeros.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = if text.contains('.') { text.trim_end_matches('0') } else { &text };
    text.trim_end_matches('.').to_owned()
}

/// A name without the control characters that could drive a terminal.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

const fn colour_of(decision: Decision) -> AnsiColor {
    match decision {
        Decision::Accept => AnsiColor::Green,
        Decision::Reject => AnsiColor::Red,
        Decision::Review => AnsiColor::Yellow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_bounds_are_in_the_readers_language() {
        let blur = Measurement::of("blur.radius_per_mille", 1.723_46, "[ppth]").at_most(1.0);
        assert_eq!(
            against_bound(&blur, Locale::En),
            "blur.radius_per_mille 1.7235 ‰ (at most 1 ‰)"
        );
        assert_eq!(
            against_bound(&blur, Locale::ZhCn),
            "blur.radius_per_mille 1.7235 ‰ (不高于 1 ‰)"
        );
    }

    #[test]
    fn a_file_name_cannot_drive_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
    }
}
