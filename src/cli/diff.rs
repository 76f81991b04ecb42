//! `scanvet rules diff`: what changes for applicants between two profiles or two days.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use scanvet::reason::Locale;
use scanvet::rules::{Context, FilingRules, Need, RuleBook, RuleSet};
use time::Date;

use crate::cli::args::{ContextArguments, parse_day};
use crate::cli::rules::word;
use crate::cli::{Failure, today};

/// Every difference, one a line; what is the same in several slots is told once.
pub(crate) fn text(
    book: &RuleBook,
    before: &str,
    after: &str,
    arguments: &ContextArguments,
    locale: Locale,
) -> Result<String, Failure> {
    let old = book.filing(&context(book, before, arguments)?, today())?;
    let new = book.filing(&context(book, after, arguments)?, today())?;
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{} → {}", name(&old), name(&new));
    uploads(&mut out, &old, &new, locale);
    steps(&mut out, &old, &new, locale);
    let notes = |rules: &FilingRules| -> BTreeMap<String, String> {
        let said = rules.notes.iter();
        said.map(|note| (note.id.clone(), note.text.text(locale).to_owned())).collect()
    };
    changes(&mut out, "note", &notes(&old), &notes(&new));
    together(&mut out, book, &old, &new);
    limits(&mut out, book, &old.context, &new.context);
    if out.lines().count() < 2 {
        out.push_str("nothing changes\n");
    }
    Ok(out)
}

fn name(rules: &FilingRules) -> String {
    let day = rules.context.as_of.map_or_else(String::new, |day| day.to_string());
    format!("{} on {day}", rules.context.profile)
}

/// `alibaba-2018`, `2018-05-01` or `alibaba-2018@2018-05-01` over what was typed beside it.
fn context(book: &RuleBook, what: &str, arguments: &ContextArguments) -> Result<Context, Failure> {
    let typed = arguments.context();
    let day = |text: &str| -> Result<Date, Failure> {
        parse_day(text).map_err(|problem| format!("\"{text}\": {problem}").into())
    };
    Ok(match what.split_once('@') {
        Some((profile, text)) => {
            Context { profile: profile.to_owned(), as_of: Some(day(text)?), ..typed }
        }
        None if book.profiles.contains_key(what) => Context { profile: what.to_owned(), ..typed },
        None if what.starts_with(|c: char| c.is_ascii_digit()) => {
            Context { as_of: Some(day(what)?), ..typed }
        }
        // An unknown profile, told with the known ones.
        None => Context { profile: what.to_owned(), ..typed },
    })
}

fn uploads(out: &mut String, old: &FilingRules, new: &FilingRules, locale: Locale) {
    let told = |rules: &FilingRules| -> BTreeMap<String, String> {
        let need = |need| if need == Need::Required { "required" } else { "conditional" };
        let uploads = rules.uploads.iter();
        uploads
            .map(|upload| {
                let text = format!("{}: {}", need(upload.need), upload.why.text(locale));
                (upload.id.clone(), text)
            })
            .collect()
    };
    changes(out, "upload", &told(old), &told(new));
}

fn steps(out: &mut String, old: &FilingRules, new: &FilingRules, locale: Locale) {
    let told = |rules: &FilingRules| -> BTreeMap<String, String> {
        let steps = rules.steps.iter();
        steps
            .map(|step| {
                let optional = if step.optional { "conditional: " } else { "" };
                let days = step.workdays.map(|(from, to)| format!(" ({from}-{to} workdays)"));
                let text = step.text.text(locale);
                (step.id.clone(), format!("{optional}{text}{}", days.unwrap_or_default()))
            })
            .collect()
    };
    changes(out, "step", &told(old), &told(new));
}

/// What was added, taken away or changed between two lists.
fn changes(
    out: &mut String,
    what: &str,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) {
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for id in ids {
        let _ = match (old.get(id), new.get(id)) {
            (Some(old), None) => writeln!(out, "- {what} {id}: {old}"),
            (None, Some(new)) => writeln!(out, "+ {what} {id}: {new}"),
            (Some(old), Some(new)) if old != new => {
                writeln!(out, "~ {what} {id}: {old} → {new}")
            }
            _ => Ok(()),
        };
    }
}

/// Limits of the checks across files.
fn together(out: &mut String, book: &RuleBook, old: &FilingRules, new: &FilingRules) {
    for (_, check) in &scanvet::filing::reasons::REASONS {
        let told = |rules: &FilingRules| -> BTreeMap<String, String> {
            let origins = book.filing_origins(rules, check).into_iter();
            origins.filter_map(|(key, mut set)| Some((key, set.pop()?.value.to_string()))).collect()
        };
        changes(out, check, &told(old), &told(new));
    }
}

/// Limits of the checks of single files, slot by slot.
fn limits(out: &mut String, book: &RuleBook, old: &Context, new: &Context) {
    let mut slots_of: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for slot in book.slots.keys() {
        let changed = match [old, new].map(|context| book.rules(context, slot, today()).ok()) {
            [Some(old), Some(new)] => of_slot(&old, &new),
            [None, Some(_)] => vec!["+ slot".to_owned()],
            [Some(_), None] => vec!["- slot".to_owned()],
            [None, None] => Vec::new(),
        };
        for change in changed {
            slots_of.entry(change).or_default().push(slot);
        }
    }
    for (change, slots) in slots_of {
        let slots = if slots.len() == book.slots.len() {
            "every slot".to_owned()
        } else {
            slots.join(", ")
        };
        let _ = writeln!(out, "{change}  ({slots})");
    }
}

fn of_slot(old: &RuleSet, new: &RuleSet) -> Vec<String> {
    let mut found = Vec::new();
    for rule in &old.rules {
        let id = rule.entry.id;
        let Some(other) = new.rule(id) else {
            found.push(format!("- {id}"));
            continue;
        };
        let keys: BTreeSet<&String> = rule.limits.keys().chain(other.limits.keys()).collect();
        for key in keys {
            let (was, is) = (rule.limits.get(key), other.limits.get(key));
            if was != is {
                let value = |value: Option<&toml::Value>| {
                    value.map_or_else(|| "-".to_owned(), ToString::to_string)
                };
                found.push(format!("~ {id}.{key}: {} → {}", value(was), value(is)));
            }
        }
        for reason in rule.entry.reasons {
            let (was, is) = (rule.severity(reason.code), other.severity(reason.code));
            if was != is {
                found.push(format!("~ {id} {}: {} → {}", reason.code, word(was), word(is)));
            }
        }
    }
    let added = new.rules.iter().filter(|rule| old.rule(rule.entry.id).is_none());
    found.extend(added.map(|rule| format!("+ {}", rule.entry.id)));
    found
}
