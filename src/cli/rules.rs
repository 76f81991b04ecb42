//! `scanvet rules`: profiles, slots, limits and reasons, and a lint for rule packs.

use std::collections::BTreeSet;
use std::fmt::Write;

use scanvet::reason::{Locale, Reason, Severity};
use scanvet::report::catalogue;
use scanvet::rules::{Context, FilingRules, Origin, RuleBook, RuleSet};

use crate::cli::args::{Common, ContextArguments, RulesCommand};
use crate::cli::diff;
use crate::cli::{Exit, Failure, say, today};

pub(crate) fn run(common: &Common, command: &RulesCommand) -> Result<Exit, Failure> {
    if let RulesCommand::Check { folder } = command {
        let packs = super::config::read_packs(folder)?;
        let book = RuleBook::load(&packs, common.config()?.ceilings)?;
        let (version, digest) = (&book.version, &book.digest);
        say(&format!("{} packs, version {version}, digest {digest}\n", packs.len()));
        say(&bound(&book));
        return Ok(Exit::Success);
    }
    let book = common.book(&common.config()?)?;
    let locale = common.locale.into();
    let text = match command {
        RulesCommand::List => list(&book, locale),
        RulesCommand::Show { name, slot, context } => show(&book, name, slot, context)?,
        RulesCommand::Diff { before, after, context } => {
            diff::text(&book, before, after, context, locale)?
        }
        RulesCommand::Check { .. } => String::new(),
    };
    say(&text);
    Ok(Exit::Success)
}

fn bound(book: &RuleBook) -> String {
    let bound = book.bound;
    format!(
        "{} combinations of profile, slot, province, entity and filing type bind, in {} tables\n",
        bound.combinations, bound.tables
    )
}

fn list(book: &RuleBook, locale: Locale) -> String {
    let mut out = format!("version {}, digest {}\n", book.version, book.digest);
    out.push_str(&bound(book));
    out.push_str("\nprofiles\n");
    for profile in book.profiles.values() {
        let until = profile.valid_until.map_or("today".to_owned(), |day| day.to_string());
        let name = profile.names.get(locale.tag()).map_or("", |name| name);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {:20} {} to {until:12} {name}", profile.id, profile.valid_from);
    }
    out.push_str("\nslots\n");
    for (slot, names) in &book.slots {
        let _ = writeln!(out, "  {slot:24} {}", names.get(locale.tag()).map_or("", |name| name));
    }
    let _ = writeln!(out, "\nprovinces\n  {}", book.provinces().join(" "));
    out
}

fn show(
    book: &RuleBook,
    name: &str,
    slot: &str,
    arguments: &ContextArguments,
) -> Result<String, Failure> {
    let context = arguments.context();
    if let Some((reason, check)) = catalogue::reasons().find(|(reason, _)| reason.code == name) {
        let mut out = show_reason(reason, check.unwrap_or("any check"));
        let check = check.unwrap_or_default();
        let (rules, filing) =
            (book.rules(&context, slot, today())?, book.filing(&context, today())?);
        out.push_str(&limits(book, &rules, &filing, check));
        return Ok(out);
    }
    let rules = match book.slots.contains_key(name) {
        true => book.rules(&context, name, today())?,
        false => {
            let context = Context { profile: name.to_owned(), ..context };
            let known = "is neither a profile nor a slot nor a reason";
            let told = |fault| format!("\"{name}\" {known}: {fault}");
            book.rules(&context, slot, today()).map_err(told)?
        }
    };
    let filing = book.filing(&rules.context, today())?;
    let day = rules.context.as_of.map_or_else(String::new, |day| day.to_string());
    let mut out = format!("{}, {}, {day}\n\n", rules.context.profile, rules.slot);
    for rule in &rules.rules {
        out.push_str(&limits(book, &rules, &filing, rule.entry.id));
    }
    let off: Vec<&str> = rules.off.iter().map(|entry| entry.id).collect();
    let _ = writeln!(out, "switched off: {}", off.join(", "));
    Ok(out)
}

fn show_reason(reason: &Reason, check: &str) -> String {
    let mut out = format!("{}  [{check}]\n{}", reason.code, reason.doc);
    for locale in Locale::ALL {
        let text = reason.text(locale);
        let _ = writeln!(out, "  {:6} {}\n         {}", locale.tag(), text.headline, text.fix);
    }
    out.push('\n');
    out
}

/// One check's limits in force: for each who set it, and what that went over.
fn limits(book: &RuleBook, rules: &RuleSet, filing: &FilingRules, check: &str) -> String {
    let mut origins = book.origins(rules, check);
    if origins.is_empty() {
        origins = book.filing_origins(filing, check);
    }
    if origins.is_empty() {
        return String::new();
    }
    let mut out = format!("{check}\n");
    if let Some(rule) = rules.rule(check) {
        for reason in rule.entry.reasons {
            let _ = writeln!(out, "  {} {}", word(rule.severity(reason.code)), reason.code);
        }
    }
    let mut about = BTreeSet::new();
    for (key, set) in &origins {
        if let Some((Origin { file, value, because, source }, below)) = set.split_last() {
            let _ = writeln!(out, "  {key} = {value}  [{file}]");
            for below in below.iter().rev() {
                let _ =
                    writeln!(out, "    over {}  [{}: {}]", below.value, below.file, below.source);
            }
            about.insert((file, because, source));
        }
    }
    for (file, because, source) in about {
        let _ = writeln!(out, "  {file}\n    because {because}\n    source  {source}");
    }
    out.push('\n');
    out
}

pub(crate) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Review => "review",
        Severity::Error => "error",
    }
}
