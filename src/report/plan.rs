//! The plan of a filing as a table for a person at a terminal.

use std::fmt::Write;

use anstyle::Style;

use crate::filing::plan::{Limit, Plan};
use crate::intake::size::readable;
use crate::reason::Locale;
use crate::rules::{Need, RuleBook, StepRule, UploadRule};
use toml::Value;

/// Checks whose limits an applicant can keep to before there is a picture.
const PLANNED: [&str; 3] = ["file.format", "file.size", "resolution.pixels"];

/// Uploads with their limits, steps and notes, each with its source.
pub fn table(book: &RuleBook, plan: &Plan, locale: Locale) -> String {
    let context = &plan.rules.context;
    let mut out = String::new();
    let word = |en: &'static str, zh: &'static str| match locale {
        Locale::En => en,
        Locale::ZhCn => zh,
    };
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let day = context.as_of.map_or_else(String::new, |day| day.to_string());
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        out,
        "{}, {}, {}, {}, {day}",
        context.profile,
        known(&context.filing_type),
        known(&context.province),
        known(&context.entity)
    );
    heading(&mut out, word("uploads", "上传材料"));
    for upload in &plan.rules.uploads {
        self::upload(&mut out, book, plan, upload, locale);
    }
    heading(&mut out, word("steps", "步骤"));
    for step in &plan.rules.steps {
        self::step(&mut out, step, locale);
    }
    if !plan.rules.notes.is_empty() {
        heading(&mut out, word("notes", "注意事项"));
    }
    for note in &plan.rules.notes {
        line(&mut out, &note.id, "", note.text.text(locale), &note.source);
    }
    out
}

fn heading(out: &mut String, text: &str) {
    let bold = Style::new().bold();
    let _ = writeln!(out, "\n{bold}{text}{bold:#}");
}

fn line(out: &mut String, id: &str, mark: &str, text: &str, source: &str) {
    let (bold, dim) = (Style::new().bold(), Style::new().dimmed());
    let _ = writeln!(out, "  {bold}{id:30}{bold:#} {mark:12} {text}");
    let _ = writeln!(out, "  {:30} {:12} {dim}{source}{dim:#}", "", "");
}

fn upload(out: &mut String, book: &RuleBook, plan: &Plan, upload: &UploadRule, locale: Locale) {
    let mark = match (upload.need, locale) {
        (Need::Required, Locale::En) => "required",
        (Need::Required, Locale::ZhCn) => "必须",
        (_, Locale::En) => "conditional",
        (_, Locale::ZhCn) => "视情况",
    };
    let name = |slot: &str| {
        let names = book.slots.get(slot);
        names.and_then(|names| names.get(locale.tag())).map_or(slot, |name| name).to_owned()
    };
    line(out, &upload.slot, mark, upload.why.text(locale), &upload.source);
    if !upload.instead.is_empty() {
        let slots: Vec<String> = upload.instead.iter().map(|slot| name(slot)).collect();
        let word = if locale == Locale::En { "or instead" } else { "或者" };
        let _ = writeln!(out, "  {:43} {word}: {}", "", slots.join(", "));
    }
    let limits = plan.limits_of(upload);
    let told: Vec<String> = limits.iter().filter_map(|limit| bound(limit, locale)).collect();
    if !told.is_empty() {
        let _ = writeln!(out, "  {:43} {}", "", told.join("; "));
    }
}

fn step(out: &mut String, step: &StepRule, locale: Locale) {
    let hours = |hours: u32| match (hours % 24, locale) {
        (0, Locale::En) if hours > 48 => format!("{} days", hours / 24),
        (0, Locale::ZhCn) if hours > 48 => format!("{} 天", hours / 24),
        (_, Locale::En) => format!("{hours} hours"),
        (_, Locale::ZhCn) => format!("{hours} 小时"),
    };
    let mark = match (step.within_hours, step.workdays, locale) {
        (Some(within), ..) => hours(within),
        (_, Some((from, to)), Locale::En) => format!("{from}-{to} workdays"),
        (_, Some((from, to)), Locale::ZhCn) => format!("{from}-{to} 个工作日"),
        (.., Locale::En) if step.optional => "conditional".to_owned(),
        (.., Locale::ZhCn) if step.optional => "视情况".to_owned(),
        _ => String::new(),
    };
    line(out, &step.id, &mark, step.text.text(locale), &step.source);
}

/// A limit in few words, where it is one to plan by.
fn bound(limit: &Limit, locale: Locale) -> Option<String> {
    let names_edges = limit.key.starts_with("min_") || limit.key.starts_with("below_");
    match &limit.value {
        _ if !PLANNED.contains(&limit.check) => None,
        Value::Array(values) if limit.key == "allowed" => {
            let names = values.iter().filter_map(Value::as_str);
            let names: Vec<&str> = names.map(|name| name.trim_start_matches("image/")).collect();
            Some(names.join(", "))
        }
        Value::Integer(value) if names_edges && *value > 1 => {
            let word = match (limit.key.starts_with("min_"), locale) {
                (true, Locale::En) => "at least",
                (true, Locale::ZhCn) => "不少于",
                (false, Locale::En) => "below",
                (false, Locale::ZhCn) => "小于",
            };
            let value = match u64::try_from(*value) {
                Ok(bytes) if limit.key.ends_with("_bytes") => readable(bytes),
                _ => format!("{value} px"),
            };
            let side = match limit.key.split('_').nth(1) {
                Some("long") if locale == Locale::En => "long side ",
                Some("long") => "长边",
                Some("short") if locale == Locale::En => "short side ",
                Some("short") => "短边",
                _ => "",
            };
            Some(format!("{side}{word} {value}"))
        }
        _ => None,
    }
}
