//! One file as a report shows it: what was found, what to do, and the picture of it.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::markup::{both, escaped};
use super::word;
use crate::reason::{Locale, Reason, fill};
use crate::report::item::Found;
use crate::report::tally::Case;
use crate::report::text::beside_bounds;

/// The whole of it. `known` finds a reason by its code.
pub(super) fn write(
    out: &mut String,
    case: &Case,
    known: impl Fn(&str) -> Option<&'static Reason>,
) {
    let verdict = case.decision.map_or("ERROR", |decision| decision.word());
    let mut codes: Vec<&str> = case.findings.iter().map(|found| &*found.reason).collect();
    codes.dedup();
    let label = match &case.label {
        Some(label) if label.right => "right",
        Some(_) => "wrong",
        None => "",
    };
    let layout = if case.picture.is_some() { "" } else { " plain" };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<article class=\"case {verdict}{layout}\" data-verdict=\"{verdict}\" data-reason=\"{}\" \
         data-slot=\"{}\" data-profile=\"{}\" data-label=\"{label}\">",
        escaped(&codes.join(" ")),
        escaped(&case.slot),
        escaped(&case.profile),
    );
    if let Some(picture) = &case.picture {
        let name = escaped(&case.name);
        out.push_str("<div><img alt=\"");
        let _ = write!(out, "{name}: {}", escaped(&codes.join(", ")));
        out.push_str("\" loading=\"lazy\" src=\"data:image/jpeg;base64,");
        STANDARD.encode_string(picture, out);
        out.push_str("\"></div>");
    }
    let _ = write!(
        out,
        "<div><h3>{}</h3><p class=\"soft\"><span class=\"badge {verdict}\">{}</span> \
         {} · {}</p>",
        escaped(&case.name),
        both(word(verdict)),
        escaped(&case.slot),
        escaped(&case.profile),
    );
    if let Some(label) = &case.label {
        let words = match label.right {
            true => ["as labelled", "与标注一致"],
            false => ["not as labelled", "与标注不符"],
        };
        let [english, chinese] = &label.wanted;
        let _ = write!(out, "<p><b>{}</b>: {}</p>", both(words), both([english, chinese]));
    }
    if case.decision.is_none() {
        let words = both(["not judged", "未能判定"]);
        let _ = write!(out, "<p>{words}: <code>{}</code></p>", escaped(&case.error));
    }
    if !case.findings.is_empty() {
        out.push_str("<ol>");
        for found in &case.findings {
            finding(out, found, known(&found.reason));
        }
        out.push_str("</ol>");
    }
    out.push_str("</div></article>\n");
}

fn finding(out: &mut String, found: &Found, reason: Option<&Reason>) {
    let weight = escaped(found.weight());
    let code = escaped(&found.reason);
    let text = |of: fn(&Reason, Locale) -> &'static str| {
        // A code that this version does not know speaks for itself.
        let filled = |locale| {
            reason.map_or(String::new(), |reason| fill(of(reason, locale), &found.metadata, locale))
        };
        let [english, chinese] = Locale::ALL.map(filled);
        both([&english, &chinese])
    };
    let _ = write!(
        out,
        "<li><span class=\"badge {weight}\">{}</span> <b>{}</b> <code>{code}</code>",
        both(word(found.weight())),
        text(|reason, locale| reason.text(locale).headline)
    );
    if found.page > 1 {
        let page = found.page;
        let _ = write!(out, " {}", both([&format!("page {page}"), &format!("第 {page} 页")]));
    }
    let _ = write!(
        out,
        "<span class=\"fix\">{}</span>",
        text(|reason, locale| reason.text(locale).fix)
    );
    out.push_str("<ul>");
    for measured in &found.measurements {
        let bounds = [measured.min, measured.max];
        let said =
            |locale| beside_bounds(&measured.name, measured.value, &measured.unit, bounds, locale);
        let [english, chinese] = Locale::ALL.map(said);
        let _ = write!(out, "<li>{}</li>", both([&english, &chinese]));
    }
    if let (Some(check), Some(why)) = (found.metadata.get("check"), found.metadata.get("why")) {
        let _ = write!(out, "<li><code>{}: {}</code></li>", escaped(check), escaped(why));
    }
    out.push_str("</ul></li>");
}
