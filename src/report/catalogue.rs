//! The reason catalogue as a page, generated from the declarations.

use std::fmt::Write;

use crate::checks;
use crate::filing::reasons::REASONS;
use crate::reason::{Locale, Reason, Severity};

/// Every reason with the id of its check: those of single files, then those of whole filings.
pub fn reasons() -> impl Iterator<Item = (&'static Reason, Option<&'static str>)> {
    let of_files = checks::reasons().map(|(reason, entry)| (reason, entry.map(|entry| entry.id)));
    of_files.chain(REASONS.iter().map(|(reason, check)| (*reason, Some(*check))))
}

/// `docs/reasons.md` as it must stand: every code with texts, check, weight, why it matters, and the
/// picture that `pictured` has of it: its path from the page.
pub fn page(pictured: impl Fn(&Reason) -> Option<String>) -> String {
    let mut out = "\
# Reasons

Every code that a finding can carry. Generated from the declarations in the source; change it
there and run `BLESS=1 cargo test --test generated`.

Codes are stable: a retired one is never used again. `{…}` is filled from the finding's metadata.
The severity is the default; rule packs decide, and weigh thin evidence as `review`. The pictures are
the made files of `testdata/reasons/` as `check --annotate` draws them, made small.

"
    .to_owned();
    out.push_str(&families());
    let mut told: Vec<&str> = Vec::new();
    for (_, check) in reasons() {
        let family = family(check);
        if told.contains(&family) {
            continue;
        }
        told.push(family);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n## {family}");
        for (reason, check) in reasons().filter(|(_, check)| self::family(*check) == family) {
            section(&mut out, reason, check.unwrap_or("any check"), pictured(reason));
        }
    }
    out
}

/// What reasons are grouped by: the first word of their check's id.
fn family(check: Option<&'static str>) -> &'static str {
    check.and_then(|check| check.split('.').next()).unwrap_or("any")
}

/// One row a family, with its codes, each a link to what is said of it.
fn families() -> String {
    let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
    for (reason, check) in reasons() {
        let family = family(check);
        let code = format!("[`{}`](#{})", reason.code, reason.code.to_lowercase());
        match rows.iter_mut().find(|(name, _)| *name == family) {
            Some((_, codes)) => codes.push(code),
            None => rows.push((family, vec![code])),
        }
    }
    let mut out = "| family | reasons |\n|---|---|\n".to_owned();
    for (family, codes) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {family} | {} |", codes.join(" "));
    }
    out
}

fn section(out: &mut String, reason: &Reason, id: &str, picture: Option<String>) {
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
    let _ = match picture {
        Some(path) => writeln!(out, "\n![{}]({path})", reason.code),
        None => writeln!(out, "\nNo picture: nothing of such an upload can be drawn on."),
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reason::placeholders;

    #[test]
    fn reasons_of_filings_keep_the_rules_of_all_reasons() {
        let mut codes = BTreeSet::new();
        for (reason, _) in reasons() {
            assert!(codes.insert(reason.code), "{} is declared twice", reason.code);
        }
        for (reason, check) in REASONS {
            let names = |locale| {
                let text = reason.text(locale);
                let mut names = placeholders(text.headline);
                names.extend(placeholders(text.fix));
                names.into_iter().collect::<BTreeSet<_>>()
            };
            assert_eq!(names(Locale::En), names(Locale::ZhCn), "{}", reason.code);
            assert!(check.starts_with("filing.") && !reason.doc.trim().is_empty());
            for locale in Locale::ALL {
                let text = reason.text(locale);
                assert!(text.headline.chars().count() <= 60, "{}", text.headline);
                assert!(text.fix.chars().count() <= 120, "{}", text.fix);
                assert!(!text.headline.ends_with(['.', '。']) && !text.fix.ends_with(['.', '。']));
            }
        }
    }
}
