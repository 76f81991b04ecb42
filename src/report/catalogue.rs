//! The reason catalogue as a page, generated from the declarations.

use std::fmt::Write;

use crate::checks;
use crate::reason::{Locale, Reason, Severity};

/// `docs/reasons.md` as it must stand: every code with texts, check, weight and why it matters.
pub fn page() -> String {
    let mut out = "\
# Reasons

Every code that a finding can carry. Generated from the declarations in the source; change it
there and run `BLESS=1 cargo test --test generated`.

Codes are stable: a retired one is never used again. `{…}` is filled from the finding's metadata.
The severity is the default; rule packs decide, and weigh thin evidence as `review`.
"
    .to_owned();
    let mut family = "";
    for (reason, entry) in checks::reasons() {
        let id = entry.map_or("any check", |entry| entry.id);
        let of = id.split('.').next().unwrap_or(id);
        if of != family {
            family = of;
            // Writing to a string cannot fail.
            let _ = writeln!(out, "\n## {family}");
        }
        section(&mut out, reason, id);
    }
    out
}

/// The README's table: one row a family, with its codes.
pub fn families() -> String {
    let mut rows: Vec<(&str, Vec<&str>)> = Vec::new();
    for (reason, entry) in checks::reasons() {
        let family = entry.and_then(|entry| entry.id.split('.').next()).unwrap_or("any");
        match rows.iter_mut().find(|(name, _)| *name == family) {
            Some((_, codes)) => codes.push(reason.code),
            None => rows.push((family, vec![reason.code])),
        }
    }
    let mut out = "| family | reasons |\n|---|---|\n".to_owned();
    for (family, codes) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {family} | `{}` |", codes.join("` `"));
    }
    out
}

fn section(out: &mut String, reason: &Reason, id: &str) {
    let severity = match reason.severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Review => "review",
        Severity::Error => "error",
    };
    let doc: Vec<&str> = reason.doc.lines().map(str::trim).collect();
    let _ = writeln!(out, "\n### {}\n\n`{id}` · {severity}\n", reason.code);
    let _ = writeln!(out, "{}\n", doc.join(" ").trim());
    for locale in Locale::ALL {
        let text = reason.text(locale);
        let _ = writeln!(out, "- {}: **{}** {}", locale.tag(), text.headline, text.fix);
    }
}
