//! `scanvet evaluate`: how often scanvet is right on labelled files.

use std::fmt::Write;
use std::path::Path;

use rayon::prelude::*;
use scanvet::evaluate::{self, Accuracy, LabelFault, Row, Said, Share};
use scanvet::grpc::record::Answer;
use scanvet::pipeline::Options;
use scanvet::reason::Locale;
use scanvet::report::{Cell, Groups, Heading, Item, Label, Plan, Report, Table, html};
use scanvet::rules::{Context, RuleBook};
use scanvet::verdict::{Decision, Verdict};
use scanvet::worker::Judge;

use crate::cli::args::{Common, EvaluateArguments, Format, parse_day};
use crate::cli::check::{progress, read};
use crate::cli::{self, Exit, Failure, Stopwatch, say, today};

/// Rows whose files are judged between two steps: what is kept of them is little, then.
const STEP: usize = 256;

pub(crate) fn run(common: &Common, arguments: &EvaluateArguments) -> Result<Exit, Failure> {
    let book = common.book(&common.config()?)?;
    let rows = evaluate::read_labels(&arguments.labels)?;
    let folder = arguments.labels.parent().unwrap_or(Path::new(""));
    let door = cli::judge(rayon::current_num_threads(), arguments.isolation)?;
    let bar = progress(rows.len());
    let shown = arguments.report.as_ref().map_or(0, |_| arguments.report_cases);
    let mut report = Report::new(Plan { groups: Groups::Label, cases: shown });
    report.judged_by(&book.version, &book.digest, env!("CARGO_PKG_VERSION"));
    let mut said = Vec::with_capacity(rows.len());
    for rows in rows.chunks(STEP) {
        let judged: Vec<Verdict> = rows
            .par_iter()
            .map(|row| judge(&door, &book, folder, row, Options::default()).inspect(|_| bar.inc(1)))
            .collect::<Result<_, LabelFault>>()?;
        for (row, verdict) in rows.iter().zip(judged) {
            let what = Said::of(&verdict);
            if arguments.report.is_some() {
                let record = Answer::of(&verdict, common.locale.into(), false);
                let record = record.record(&row.file, &row.slot, &row.file);
                report.add(Item::of(&record)?, Some(label(row, &what)));
            }
            said.push(what);
        }
    }
    let accuracy = evaluate::compare(&rows, &said);
    bar.finish_and_clear();
    if let Some(path) = &arguments.report {
        let options = Options { annotate: true, ..Options::default() };
        let wanted = report.pictured(arguments.report_pictures);
        let drawn: Vec<_> = wanted
            .par_iter()
            .filter_map(|(index, _)| {
                let row = rows.get(*index as usize)?;
                let verdict = judge(&door, &book, folder, row, options).ok()?;
                Some((*index, verdict.annotated?))
            })
            .collect();
        for (index, picture) in drawn {
            report.illustrate(index, picture);
        }
        let page = html(&report, &heading(&accuracy, common.locale.into()));
        std::fs::write(path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    match arguments.format {
        Format::Text => say(&table(&accuracy)),
        Format::Json => say(&format!("{}\n", serde_json::to_string(&accuracy)?)),
    }
    let right = f64::from(accuracy.right.count) / f64::from(accuracy.right.total.max(1));
    let missed = arguments.min_accuracy.is_some_and(|wanted| right < wanted);
    Ok(if missed { Exit::Rejected } else { Exit::Success })
}

fn judge(
    door: &Judge,
    book: &RuleBook,
    folder: &Path,
    row: &Row,
    options: Options,
) -> Result<Verdict, LabelFault> {
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
    let verdict = door.validate(&upload, &rules, options, &mut Stopwatch::start());
    verdict.map_err(|error| fault(&error))
}

/// What the report is told of a row.
fn label(row: &Row, said: &Said) -> Label {
    let words = evaluate::list(&row.verdict);
    let all = [Decision::Accept, Decision::Review, Decision::Reject];
    Label {
        wanted: Locale::ALL.map(|locale| evaluate::wanted(row, locale)),
        right: evaluate::is_right(row, said),
        verdicts: all.into_iter().filter(|decision| words.contains(decision.word())).collect(),
    }
}

fn heading(accuracy: &Accuracy, locale: Locale) -> Heading {
    let right = accuracy.right;
    let shares = [
        (["as labelled", "与标注一致"], right),
        (["good ones rejected", "合格被拒"], accuracy.false_rejects),
        (["bad ones accepted", "不合格被放行"], accuracy.false_accepts),
    ];
    let shares = shares.into_iter().map(|(name, share)| {
        let percent = 100.0 * f64::from(share.count) / f64::from(share.total.max(1));
        let counted = format!("{}/{}", share.count, share.total);
        let numbers = [counted, format!("{percent:.1} %"), within(share)];
        [vec![Cell::Words(name)], numbers.map(Cell::from).to_vec()].concat()
    });
    let reasons = accuracy.reasons.iter().map(|row| {
        let (caught, alarms) = (row.caught, row.false_alarms);
        let cells = [
            row.reason.clone(),
            caught.count.to_string(),
            (caught.total - caught.count).to_string(),
            within(caught),
            format!("{}/{}", alarms.count, alarms.total),
            within(alarms),
        ];
        cells.map(Cell::from).to_vec()
    });
    let certain = ["95 % interval", "95% 置信区间"];
    Heading {
        title: ["scanvet: verdicts against labels", "scanvet：判定与标注对比"],
        note: [
            format!("{} of {} files came out as labelled.", right.count, right.total),
            format!("{} 个文件中有 {} 个与标注一致。", right.total, right.count),
        ],
        tables: vec![
            Table {
                title: ["Accuracy", "准确度"],
                note: Default::default(),
                head: vec![["what", "项目"], ["files", "文件"], ["share", "占比"], certain],
                rows: shares.collect(),
            },
            Table {
                title: ["Accuracy by reason", "各原因的准确度"],
                note: [
                    "Caught: a file labelled with the reason has it. False alarm: one that must not have \
                     it has it."
                        .to_owned(),
                    "检出：标注该原因的文件被指出该原因。误报：不应有该原因的文件被指出该原因。".to_owned(),
                ],
                head: vec![
                    ["reason", "原因"],
                    ["caught", "检出"],
                    ["missed", "漏检"],
                    certain,
                    ["false alarms", "误报"],
                    certain,
                ],
                rows: reasons.collect(),
            },
        ],
        locale,
    }
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

/// The same in no language.
fn within(share: Share) -> String {
    interval(share).replace(" to ", "–")
}

fn interval(share: Share) -> String {
    match share.total {
        0 => "-".to_owned(),
        _ => format!("{:.1} to {:.1} %", 100.0 * share.low, 100.0 * share.high),
    }
}
