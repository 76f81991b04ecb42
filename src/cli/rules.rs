//! `scanvet rules`: profiles, slots, limits and reasons, and a lint for rule packs.

use std::fmt::Write;

use scanvet::checks;
use scanvet::reason::{Locale, Reason};
use scanvet::rules::{Context, RuleBook, RuleSet};

use crate::cli::args::{Common, RulesCommand};
use crate::cli::{Exit, Failure, say, today};

pub(crate) fn run(common: &Common, command: &RulesCommand) -> Result<Exit, Failure> {
    if let RulesCommand::Check { folder } = command {
        let packs = super::config::read_packs(folder)?;
        let book = RuleBook::load(&packs, common.config()?.ceilings)?;
        say(&format!("{} packs, version {}, digest {}\n", packs.len(), book.version, book.digest));
        return Ok(Exit::Success);
    }
    let book = common.book(&common.config()?)?;
    let text = match command {
        RulesCommand::List => list(&book, common.locale.into()),
        RulesCommand::Show { name, slot } => show(&book, name, slot)?,
        RulesCommand::Diff { before, after } => diff(&book, before, after)?,
        RulesCommand::Check { .. } => String::new(),
    };
    say(&text);
    Ok(Exit::Success)
}

fn list(book: &RuleBook, locale: Locale) -> String {
    let mut out = format!("version {}, digest {}\n\nprofiles\n", book.version, book.digest);
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
    out
}

fn show(book: &RuleBook, name: &str, slot: &str) -> Result<String, Failure> {
    if let Some((reason, entry)) = checks::reasons().find(|(reason, _)| reason.code == name) {
        return Ok(show_reason(reason, entry.map_or("any check", |entry| entry.id)));
    }
    let rules = rules_of(book, name, slot)?;
    let mut out = String::new();
    for rule in &rules.rules {
        let _ = writeln!(out, "{}", rule.entry.id);
        for (key, value) in &rule.limits {
            let _ = writeln!(out, "  {key} = {value}");
        }
        for reason in rule.entry.reasons {
            let _ = writeln!(out, "  {:?} {}", rule.severity(reason.code), reason.code);
        }
        let _ = writeln!(out, "  because {}\n  source  {}\n", rule.because, rule.source);
    }
    Ok(out)
}

fn show_reason(reason: &Reason, check: &str) -> String {
    let mut out = format!("{}  [{check}]\n{}", reason.code, reason.doc);
    for locale in Locale::ALL {
        let text = reason.text(locale);
        let _ = writeln!(out, "  {:6} {}\n         {}", locale.tag(), text.headline, text.fix);
    }
    out
}

fn diff(book: &RuleBook, before: &str, after: &str) -> Result<String, Failure> {
    let mut out = String::new();
    for slot in book.slots.keys() {
        let (Ok(old), Ok(new)) = (rules_of(book, before, slot), rules_of(book, after, slot)) else {
            // Known to one of them only, unless a profile does not exist at all.
            rules_of(book, before, "").and(rules_of(book, after, ""))?;
            let _ = writeln!(out, "{slot}: not in both");
            continue;
        };
        for rule in &old.rules {
            let Some(other) = new.rule(rule.entry.id) else {
                let _ = writeln!(out, "{slot}: {}: on → off", rule.entry.id);
                continue;
            };
            for (key, value) in &rule.limits {
                let changed = other.limits.get(key).filter(|other| *other != value);
                if let Some(changed) = changed {
                    let _ = writeln!(out, "{slot}: {}.{key}: {value} → {changed}", rule.entry.id);
                }
            }
        }
    }
    Ok(if out.is_empty() { "no limit differs\n".to_owned() } else { out })
}

fn rules_of(book: &RuleBook, profile: &str, slot: &str) -> Result<RuleSet, Failure> {
    let context = Context { profile: profile.to_owned(), ..Context::default() };
    Ok(book.rules(&context, slot, today())?)
}
