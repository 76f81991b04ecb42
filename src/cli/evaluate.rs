//! `scanvet evaluate`: how often scanvet is right on labelled files.

use std::fmt::Write;
use std::path::Path;

use scanvet::evaluate::{self, Accuracy, LabelFault, Row, Said, Share};
use scanvet::pipeline::Options;
use scanvet::rules::{Context, RuleBook};
use scanvet::worker::Judge;

use crate::cli::args::{Common, EvaluateArguments, Format, parse_day};
use crate::cli::check::{progress, read};
use crate::cli::{self, Exit, Failure, Stopwatch, say, today};

pub(crate) fn run(common: &Common, arguments: &EvaluateArguments) -> Result<Exit, Failure> {
    let book = common.book(&common.config()?)?;
    let rows = evaluate::read_labels(&arguments.labels)?;
    let folder = arguments.labels.parent().unwrap_or(Path::new(""));
    let door = cli::judge(rayon::current_num_threads(), arguments.isolation)?;
    let bar = progress(rows.len());
    let accuracy = evaluate::evaluate(&rows, |row| {
        let said = judge(&door, &book, folder, row);
        bar.inc(1);
        said
    })?;
    bar.finish_and_clear();
    match arguments.format {
        Format::Text => say(&table(&accuracy)),
        Format::Json => say(&format!("{}\n", serde_json::to_string(&accuracy)?)),
    }
    let right = f64::from(accuracy.right.count) / f64::from(accuracy.right.total.max(1));
    let missed = arguments.min_accuracy.is_some_and(|wanted| right < wanted);
    Ok(if missed { Exit::Rejected } else { Exit::Success })
}

fn judge(door: &Judge, book: &RuleBook, folder: &Path, row: &Row) -> Result<Said, LabelFault> {
    let path = folder.join(&row.file);
    let fault = |problem: &dyn ToString| LabelFault::new(&path, problem.to_string());
    let known = |text: &String| (!text.is_empty()).then(|| text.clone());
    let as_of = known(&row.as_of).map(|day| parse_day(&day)).transpose();
    let context = Context {
        profile: row.profile.clone(),
        province: known(&row.province),
        entity: known(&row.entity),
        filing_type: known(&row.filing_type),
        contents: evaluate::list(&row.content).into_iter().map(str::to_owned).collect(),
        channel: known(&row.channel),
        as_of: as_of.map_err(|error| fault(&error))?,
        ..Context::default()
    };
    let rules = book.rules(&context, &row.slot, today()).map_err(|error| fault(&error))?;
    let upload = read(&path).map_err(|error| fault(&error))?;
    let verdict = door.validate(&upload, &rules, Options::default(), &mut Stopwatch::start());
    verdict.map(|verdict| Said::of(&verdict)).map_err(|error| fault(&error))
}

fn table(accuracy: &Accuracy) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "{:28} {:>8} {:>7} {:>16} {:>13} {:>16}",
        "reason", "caught", "missed", "95 % interval", "false alarms", "95 % interval"
    );
    for row in &accuracy.reasons {
        let (caught, alarms) = (row.caught, row.false_alarms);
        let _ = writeln!(
            out,
            "{:28} {:>8} {:>7} {:>16} {:>13} {:>16}",
            row.reason,
            caught.count,
            caught.total - caught.count,
            interval(caught),
            format!("{}/{}", alarms.count, alarms.total),
            interval(alarms),
        );
    }
    for (name, share) in [
        ("right", accuracy.right),
        ("good ones rejected", accuracy.false_rejects),
        ("bad ones accepted", accuracy.false_accepts),
    ] {
        let _ = writeln!(
            out,
            "{name:18} {:>4}/{:<4} {:5.1} %  {}",
            share.count,
            share.total,
            100.0 * f64::from(share.count) / f64::from(share.total.max(1)),
            interval(share)
        );
    }
    for miss in &accuracy.wrong {
        let _ = writeln!(out, "wrong: {}: wanted {}; said {}", miss.file, miss.wanted, miss.said);
    }
    out
}

fn interval(share: Share) -> String {
    match share.total {
        0 => "-".to_owned(),
        _ => format!("{:.1} to {:.1} %", 100.0 * share.low, 100.0 * share.high),
    }
}
