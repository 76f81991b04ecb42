//! From readings that another process took to the same verdict.
//!
//! What they say is believed, and nothing else: the rules that judge them are the caller's own, a
//! check that was not read is missed, and what the first bytes and the length tell is read here.

use std::iter::Peekable;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Judging, Options, opened};
use crate::checks::{self, Read, Subject};
use crate::decode::integrity::{FILE_UNPROCESSABLE, Integrity, State};
use crate::intake::kind::Kind;
use crate::intake::metadata::Metadata;
use crate::intake::pdf;
use crate::intake::size::Size;
use crate::intake::{Sniffed, Unlimited, Upload, format};
use crate::reason::{Check, Finding, Needs, Severity, Unreadable};
use crate::rules::{Rule, RuleSet, Status};
use crate::verdict::{CheckOutcome, Detected, Ruled, Verdict};

/// A reading as the process that took it tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Id of the check.
    pub check: String,
    /// Version of the reading's form.
    pub version: u32,
    /// Counted from 1; 0 = the whole file.
    pub page: u32,
    /// The reading, or why there is none.
    pub read: Read,
    /// Time used, in microseconds.
    pub micros: u64,
}

/// What a process tells of an upload. The rest of a verdict follows from it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Every reading, in the order in which they were taken.
    pub readings: Vec<Told>,
    /// Pages that were decoded.
    pub pages: u32,
    /// Upright width of the first page in pixels.
    pub width: u32,
    /// Upright height.
    pub height: u32,
    /// Whether the file says where it was taken.
    pub has_gps: bool,
}

impl Report {
    /// Of a verdict, or of the part of one that is there already.
    pub fn of(verdict: &Verdict) -> Self {
        let detected = &verdict.detected;
        let readings = verdict.readings.iter().map(|recorded| {
            let (check, page) = (recorded.entry.id, recorded.page);
            let same = |outcome: &&CheckOutcome| outcome.check == check && outcome.page == page;
            let elapsed = verdict.checks.iter().find(same).map(|outcome| outcome.elapsed);
            let micros = u64::try_from(elapsed.unwrap_or_default().as_micros());
            Told {
                check: check.to_owned(),
                version: recorded.entry.version,
                page,
                read: recorded.read.clone(),
                micros: micros.unwrap_or(u64::MAX),
            }
        });
        Self {
            readings: readings.collect(),
            pages: detected.pages,
            width: detected.width,
            height: detected.height,
            has_gps: detected.has_gps,
        }
    }
}

/// The verdict on `upload` that its readings give, the same as [`super::validate`] gives. `sha256` is
/// that of its content. `None` where no whole run under `rules` can have given these readings.
pub fn replay(
    upload: &Upload,
    sha256: String,
    rules: &RuleSet,
    options: Options,
    report: Report,
) -> Option<Verdict> {
    let seen = Seen::of(upload);
    let mut unlimited = Unlimited;
    let mut judging = seen.judging(rules, options, &mut unlimited, sha256, &report);
    let mut told = report.readings.into_iter().peekable();
    seen.upload(&mut judging, &mut told)?;
    if !judging.is_rejected() {
        seen.pages(&mut judging, report.pages, &mut told)?;
    }
    told.next().is_none().then(|| judging.finish())
}

/// The verdict on an upload that could not be judged to its end: REJECT, with what was told of it
/// before it was decoded. `state` says why.
pub fn unfinished(
    upload: &Upload,
    sha256: String,
    rules: &RuleSet,
    begun: Option<Report>,
    state: State,
) -> Verdict {
    let seen = Seen::of(upload);
    let mut unlimited = Unlimited;
    let begun = begun.unwrap_or_default();
    let facts = Report { pages: 0, ..begun.clone() };
    let all = Options::default();
    let mut judging = seen.judging(rules, all, &mut unlimited, sha256.clone(), &facts);
    let mut told = begun.readings.into_iter().peekable();
    let whole = seen.upload(&mut judging, &mut told);
    if whole.is_none() || told.next().is_some() {
        // Nothing that can be believed: what the first bytes and the length tell is left.
        judging = seen.judging(rules, all, &mut unlimited, sha256, &Report::default());
        for rule in &rules.rules {
            if let Some(read) = seen.own(rule) {
                judging.record(rule, 0, read, Duration::ZERO);
            }
        }
    }
    for rule in rules.rules.iter().filter(|rule| Stage::of(rule) == Stage::Decoded) {
        if let Some(read) = (rule.entry.read)(&Subject::Decoded(&state)) {
            judging.record(rule, 0, read, Duration::ZERO);
        }
    }
    // Whatever the packs say of it: nobody can look at what cannot be opened.
    let findings = &mut judging.verdict.findings;
    match findings.iter_mut().find(|ruled| ruled.finding.reason.code == FILE_UNPROCESSABLE.code) {
        Some(ruled) => ruled.severity = Severity::Error,
        None => findings.push(Ruled {
            finding: Finding::of(&FILE_UNPROCESSABLE),
            severity: Severity::Error,
            check: Integrity::ID,
            page: 0,
        }),
    }
    let mut verdict = judging.finish();
    for outcome in verdict.checks.iter_mut().filter(|outcome| outcome.status == Status::Skipped) {
        if outcome.detail.as_deref() == Some("stopped-at-first-fault") {
            outcome.detail = Some("not-decoded".to_owned());
        }
    }
    verdict
}

/// When a check reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// As the bytes came.
    Bytes,
    /// Before anything is decoded.
    Header,
    /// When it is known how decoding ended.
    Decoded,
    /// Once a page.
    Page,
}

impl Stage {
    fn of(rule: &Rule) -> Self {
        match rule.entry.needs {
            Needs::Bytes => Self::Bytes,
            Needs::Header => Self::Header,
            Needs::Decoded => Self::Decoded,
            _ => Self::Page,
        }
    }
}

/// What is seen here of an upload, without walking its structure.
struct Seen(Sniffed);

impl Seen {
    fn of(upload: &Upload) -> Self {
        Self(Sniffed {
            bytes: upload.bytes.clone(),
            declared: upload.declared_media_type.as_deref().and_then(format::of_media_type),
            detected: format::detect(&upload.bytes),
            walk: None,
            nooks: Vec::new(),
            metadata: Metadata::default(),
            pdf: None,
        })
    }

    fn judging<'a>(
        &self,
        rules: &'a RuleSet,
        options: Options,
        unlimited: &'a mut Unlimited,
        sha256: String,
        report: &Report,
    ) -> Judging<'a> {
        let mut verdict = opened(&Upload::default(), rules);
        verdict.detected = Detected {
            media_type: self.0.detected.map(|detected| detected.media_type),
            size: self.0.bytes.len() as u64,
            sha256,
            pages: report.pages,
            width: report.width,
            height: report.height,
            has_gps: report.has_gps,
        };
        Judging { rules, options, budget: unlimited, verdict, shown: None }
    }

    /// The reading of a check that needs no more than what is seen here.
    fn own(&self, rule: &Rule) -> Option<Read> {
        if [Size::ID, Kind::ID].contains(&rule.entry.id) {
            (rule.entry.read)(&Subject::Upload(&self.0))
        } else {
            None
        }
    }

    /// Everything before decoding.
    fn upload(
        &self,
        judging: &mut Judging<'_>,
        told: &mut Peekable<impl Iterator<Item = Told>>,
    ) -> Option<()> {
        self.stage(judging, Stage::Bytes, 0, self.is_document(), told)?;
        // Nobody parses a document that is rejected already.
        let parsed = self.is_document() && !judging.is_rejected();
        self.stage(judging, Stage::Header, 0, parsed, told)
    }

    fn is_document(&self) -> bool {
        self.0.detected.is_some_and(|detected| detected.media_type == pdf::MEDIA_TYPE)
    }

    /// Everything after the header; `counted` pages were decoded.
    fn pages(
        &self,
        judging: &mut Judging<'_>,
        counted: u32,
        told: &mut Peekable<impl Iterator<Item = Told>>,
    ) -> Option<()> {
        // Who stops at the first fault may never have come to the end of the file.
        let unended = judging.options.fail_fast && told.peek().is_some_and(|told| told.page > 0);
        if !unended {
            self.stage(judging, Stage::Decoded, 0, false, told)?;
        }
        let (mut pages, mut last) = (0, 0);
        while let Some(page) = told.peek().map(|told| told.page).filter(|page| *page > last) {
            self.stage(judging, Stage::Page, page, self.is_document(), told)?;
            (pages, last) = (pages + 1, page);
        }
        let stopped = judging.options.fail_fast && judging.is_rejected();
        let any = judging.rules.rules.iter().any(|rule| Stage::of(rule) == Stage::Page);
        let missed = any && !stopped && pages != counted;
        // A file that was decoded to its end has a page.
        let empty = counted == 0 && is_whole(&judging.verdict);
        (!missed && !empty && (stopped || !unended)).then_some(())
    }

    /// Every rule of one stage on the next readings; `None` where one is not the rule's. Rules of
    /// documents say nothing of an upload that is not `parsed` as one.
    fn stage(
        &self,
        judging: &mut Judging<'_>,
        stage: Stage,
        page: u32,
        parsed: bool,
        told: &mut Peekable<impl Iterator<Item = Told>>,
    ) -> Option<()> {
        let rules = judging.rules;
        for rule in rules.rules.iter().filter(|rule| Stage::of(rule) == stage) {
            if judging.options.fail_fast && judging.is_rejected() {
                break;
            }
            if !parsed && !rule.entry.applies_to(None) {
                continue;
            }
            let (entry, next) = (rule.entry, told.next()?);
            let fits = next.check == entry.id && next.version == entry.version;
            if !fits || next.page != page || !is_plain(&next.read) {
                return None;
            }
            let read = self.own(rule).unwrap_or(next.read);
            judging.record(rule, page, read, Duration::from_micros(next.micros));
        }
        Some(())
    }
}

/// Why there is no reading is shown to people: a word, not a text.
fn is_plain(read: &Read) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    match read {
        Ok(_) => true,
        Err(Unreadable { why }) => (1..=63).contains(&why.len()) && why.bytes().all(plain),
    }
}

/// Whether the file is said to have been decoded to its end.
fn is_whole(verdict: &Verdict) -> bool {
    let whole = checks::entry(Integrity::ID)
        .and_then(|entry| (entry.read)(&Subject::Decoded(&State::Whole)));
    let said = verdict.readings.iter().find(|recorded| recorded.entry.id == Integrity::ID);
    said.is_some_and(|said| Some(&said.read) == whole.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CATALOG;
    use crate::intake::pdf::Pdf;
    use crate::intake::sniff;

    #[test]
    fn what_a_check_needs_says_at_what_it_looks() {
        let sniffed = Sniffed { pdf: Some(Pdf::default()), ..sniff(&Upload::default()) };
        for entry in CATALOG {
            let upload = (entry.read)(&Subject::Upload(&sniffed)).is_some();
            assert_eq!(upload, entry.needs <= Needs::Header, "{}", entry.id);
            let decoded = (entry.read)(&Subject::Decoded(&State::Whole)).is_some();
            assert_eq!(decoded, entry.needs == Needs::Decoded, "{}", entry.id);
        }
    }
}
