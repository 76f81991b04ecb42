//! How often scanvet is right: verdicts against labelled files, with intervals that say how sure
//! the numbers are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::reason::{Locale, Severity};
use crate::verdict::{Decision, Verdict};

/// One labelled file. Lists are separated by `|`; context columns are optional.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Row {
    /// Path, relative to the labels.
    pub file: String,
    /// Slot to judge it as.
    pub slot: String,
    /// Profile to judge it under.
    pub profile: String,
    /// Verdicts that are right.
    pub verdict: String,
    /// At least one of these must be found, if any is named.
    #[serde(default)]
    pub reasons: String,
    /// None of these may be found.
    #[serde(default)]
    pub absent: String,
    /// For people.
    #[serde(default)]
    pub note: String,
    /// Context.
    #[serde(default)]
    pub province: String,
    /// Context.
    #[serde(default)]
    pub entity: String,
    /// Context.
    #[serde(default)]
    pub filing_type: String,
    /// Context.
    #[serde(default)]
    pub channel: String,
    /// Context, a list.
    #[serde(default)]
    pub content: String,
    /// Context.
    #[serde(default)]
    pub as_of: String,
}

/// What was said of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The verdict.
    pub decision: Decision,
    /// Codes with the weight they had.
    pub findings: Vec<(String, Severity)>,
}

impl Said {
    /// The part of a verdict that labels speak of.
    pub fn of(verdict: &Verdict) -> Self {
        let findings = verdict.findings.iter();
        Self {
            decision: verdict.decision,
            findings: findings
                .map(|ruled| (ruled.finding.reason.code.to_owned(), ruled.severity))
                .collect(),
        }
    }

    fn has(&self, code: &str) -> bool {
        self.findings.iter().any(|(found, _)| found == code)
    }
}

/// A count out of a total, with its 95 % Wilson interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub count: u32,
    /// Out of how many.
    pub total: u32,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_964;

impl Share {
    /// With the interval of Wilson (1927), which stays inside 0..1 for small numbers.
    pub fn of(count: u32, total: u32) -> Self {
        if total == 0 {
            return Self { count, total, low: 0.0, high: 1.0 };
        }
        let (n, p) = (f64::from(total), f64::from(count) / f64::from(total));
        let centre = p + Z * Z / (2.0 * n);
        let spread = Z * ((p * (1.0 - p) + Z * Z / (4.0 * n)) / n).sqrt();
        let scale = 1.0 + Z * Z / n;
        let (low, high) = ((centre - spread) / scale, (centre + spread) / scale);
        Self { count, total, low: low.max(0.0), high: high.min(1.0) }
    }
}

/// How one reason did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReasonAccuracy {
    /// The code.
    pub reason: String,
    /// Rows that name it and got it, out of those plus the rows that name it and got none of theirs.
    pub caught: Share,
    /// Rows on which it was raised though it must not be, out of all rows on which it must not be.
    pub false_alarms: Share,
}

/// A row that came out wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Miss {
    /// The file as the labels name it.
    pub file: String,
    /// What the label asks for, in words.
    pub wanted: String,
    /// What was said, in words.
    pub said: String,
}

/// The whole table.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accuracy {
    /// Rows that came out right.
    pub right: Share,
    /// Rows labelled ACCEPT alone that were rejected.
    pub false_rejects: Share,
    /// Rows that must be rejected or reviewed and were accepted.
    pub false_accepts: Share,
    /// By reason.
    pub reasons: Vec<ReasonAccuracy>,
    /// Rows that came out wrong.
    pub wrong: Vec<Miss>,
}

/// Why labels cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct LabelFault {
    file: PathBuf,
    problem: String,
}

impl LabelFault {
    /// A fault of `file`, or of one of its rows.
    pub fn new(file: &Path, problem: impl ToString) -> Self {
        Self { file: file.to_owned(), problem: problem.to_string() }
    }
}

/// Reads the labels of a CSV file. Every fault names the line.
pub fn read_labels(path: &Path) -> Result<Vec<Row>, LabelFault> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| LabelFault::new(path, error))?;
    let rows: Vec<Row> = reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| LabelFault::new(path, error))?;
    for (index, row) in rows.iter().enumerate() {
        if verdicts(row).is_none() {
            let problem = format!("row {}: no such verdict: \"{}\"", index + 1, row.verdict);
            return Err(LabelFault::new(path, problem));
        }
    }
    Ok(rows)
}

/// What was said against what the labels ask for.
pub fn compare(rows: &[Row], said: &[Said]) -> Accuracy {
    let pairs = || rows.iter().zip(said);
    let wrong: Vec<Miss> = pairs()
        .filter(|(row, said)| !is_right(row, said))
        .map(|(row, said)| miss(row, said))
        .collect();
    let count = |pick: &dyn Fn(&Row) -> bool, hit: &dyn Fn(&Said) -> bool| {
        let picked: Vec<_> = pairs().filter(|(row, _)| pick(row)).collect();
        let hits = picked.iter().filter(|(_, said)| hit(said)).count();
        Share::of(hits as u32, picked.len() as u32)
    };
    let must_stop = |row: &Row| !list(&row.verdict).contains("ACCEPT");
    Accuracy {
        right: Share::of((rows.len() - wrong.len()) as u32, rows.len() as u32),
        false_rejects: count(&is_good, &|said| said.decision == Decision::Reject),
        false_accepts: count(&must_stop, &|said| said.decision == Decision::Accept),
        reasons: by_reason(rows, said),
        wrong,
    }
}

fn by_reason(rows: &[Row], said: &[Said]) -> Vec<ReasonAccuracy> {
    let mut tallies: BTreeMap<&str, [u32; 4]> = BTreeMap::new();
    let raised: BTreeSet<&str> =
        said.iter().flat_map(|said| said.findings.iter().map(|(code, _)| &**code)).collect();
    for (row, said) in rows.iter().zip(said) {
        let reasons = list(&row.reasons);
        let any = reasons.iter().any(|code| said.has(code));
        for code in &reasons {
            let tally = tallies.entry(code).or_default();
            // Of several that would do, those not found are neither caught nor missed.
            if said.has(code) {
                tally[0] += 1;
                tally[1] += 1;
            } else if !any {
                tally[1] += 1;
            }
        }
        let absent = list(&row.absent);
        for &code in absent.union(&raised) {
            let error = said
                .findings
                .iter()
                .any(|(found, severity)| found == code && *severity == Severity::Error);
            let forbidden = absent.contains(code);
            if forbidden || is_good(row) {
                let tally = tallies.entry(code).or_default();
                tally[2] += u32::from(if forbidden { said.has(code) } else { error });
                tally[3] += 1;
            }
        }
    }
    tallies
        .into_iter()
        .map(|(code, [caught, due, false_alarms, clear])| ReasonAccuracy {
            reason: code.to_owned(),
            caught: Share::of(caught, due),
            false_alarms: Share::of(false_alarms, clear),
        })
        .collect()
}

/// Right: the verdict is one of the label's, one of its reasons is found if any is named, and none
/// of the absent ones; on a row labelled ACCEPT alone, no finding of severity ERROR.
pub fn is_right(row: &Row, said: &Said) -> bool {
    let reasons = list(&row.reasons);
    list(&row.verdict).contains(said.decision.word())
        && (reasons.is_empty() || reasons.iter().any(|code| said.has(code)))
        && !list(&row.absent).iter().any(|code| said.has(code))
}

fn is_good(row: &Row) -> bool {
    row.verdict.trim() == "ACCEPT"
}

/// What the label asks for, in words.
pub fn wanted(row: &Row, locale: Locale) -> String {
    let (with, without) = match locale {
        Locale::En => ("with", "without"),
        Locale::ZhCn => ("含", "不含"),
    };
    let mut wanted = row.verdict.clone();
    for (word, codes) in [(with, &row.reasons), (without, &row.absent)] {
        if !codes.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(wanted, " {word} {codes}");
        }
    }
    wanted
}

fn miss(row: &Row, said: &Said) -> Miss {
    let codes: Vec<&str> = said.findings.iter().map(|(code, _)| &**code).collect();
    let said = format!("{} {}", said.decision.word(), codes.join("|"));
    Miss {
        file: row.file.clone(),
        wanted: wanted(row, Locale::En),
        said: said.trim_end().to_owned(),
    }
}

fn verdicts(row: &Row) -> Option<BTreeSet<&str>> {
    let verdicts = list(&row.verdict);
    let known = |word: &&str| matches!(*word, "ACCEPT" | "REJECT" | "REVIEW");
    (!verdicts.is_empty() && verdicts.iter().all(known)).then_some(verdicts)
}

/// The entries of a `|`-separated list.
pub fn list(text: &str) -> BTreeSet<&str> {
    text.split('|').map(str::trim).filter(|entry| !entry.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(verdict: &str, reasons: &str, absent: &str) -> Row {
        let [verdict, reasons, absent] = [verdict, reasons, absent].map(str::to_owned);
        Row { verdict, reasons, absent, ..Row::default() }
    }

    fn said(decision: Decision, codes: &[(&str, Severity)]) -> Said {
        let findings = codes.iter().map(|(code, severity)| ((*code).to_owned(), *severity));
        Said { decision, findings: findings.collect() }
    }

    #[test]
    fn wilson_intervals_are_those_of_the_textbook() {
        let share = Share::of(10, 10);
        assert!((share.low - 0.7225).abs() < 1e-3 && share.high > 0.999_999, "{share:?}");
        let share = Share::of(1, 20);
        assert!((share.low - 0.0089).abs() < 1e-3 && (share.high - 0.2361).abs() < 1e-3);
    }

    #[test]
    fn one_of_several_reasons_is_enough_and_an_absent_one_is_an_alarm() {
        let rows = [row("REJECT", "A|B", "C"), row("REJECT", "A|B", "C"), row("ACCEPT", "", "")];
        let error = Severity::Error;
        let said = [
            said(Decision::Reject, &[("B", error)]),
            said(Decision::Reject, &[("C", error)]),
            said(Decision::Reject, &[("D", error)]),
        ];
        let accuracy = compare(&rows, &said);
        assert_eq!((accuracy.right.count, accuracy.right.total), (1, 3));
        assert_eq!((accuracy.false_rejects.count, accuracy.false_rejects.total), (1, 1));
        let of = |code: &str| {
            let found = accuracy.reasons.iter().find(|row| row.reason == code).unwrap();
            (found.caught.count, found.caught.total, found.false_alarms.count)
        };
        assert_eq!(of("A"), (0, 1, 0), "not needed where B was found");
        assert_eq!(of("B"), (1, 2, 0));
        assert_eq!(of("C"), (0, 0, 1));
        assert_eq!(of("D"), (0, 0, 1));
    }

    #[test]
    fn a_warning_on_a_good_row_is_no_false_alarm() {
        let rows = [row("ACCEPT", "", "")];
        let said = [said(Decision::Accept, &[("W", Severity::Warning)])];
        let accuracy = compare(&rows, &said);
        assert_eq!(accuracy.right.count, 1);
        assert_eq!(accuracy.reasons[0].false_alarms.count, 0);
    }
}
