//! The spine: bytes → Sniffed → Document → Measured → Readings → Findings → Verdict.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::checks::{self, CATALOG, Subject};
use crate::decode::page::Page;
use crate::decode::{self, Decoded, Wanted};
use crate::evidence;
use crate::intake::{self, Budget, Expired, Sniffed, Upload};
use crate::measure::Measured;
use crate::reason::{Needs, Severity, Unreadable};
use crate::rules::{Rule, RuleSet, Status};
use crate::verdict::{CheckOutcome, Decision, Detected, Recorded, Ruled, Verdict};

/// How a caller wants an upload judged; no part of the rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Stop at the first blocking fault instead of reporting all.
    pub fail_fast: bool,
    /// Draw the findings on the first page that has any, else on the first.
    pub annotate: bool,
}

/// Judges one upload. What is wrong with the file is the answer, never an error; `Err` only says that
/// the budget ended first.
pub fn validate(
    upload: &Upload,
    rules: &RuleSet,
    options: Options,
    budget: &mut dyn Budget,
) -> Result<Verdict, Expired> {
    validate_seen(upload, rules, options, budget, &mut |_| {})
}

/// The same, and shows each page that was measured, so that what several uploads say together needs
/// no second decoding.
pub fn validate_seen(
    upload: &Upload,
    rules: &RuleSet,
    options: Options,
    budget: &mut dyn Budget,
    seen: &mut dyn FnMut(&Measured),
) -> Result<Verdict, Expired> {
    let mut judging =
        Judging { rules, options, budget, verdict: opened(upload, rules), shown: None };
    let sniffed = intake::sniff(upload);
    judging.verdict.detected = detected(&sniffed);
    judging.subject(&Subject::Upload(&sniffed), 0)?;
    // Nothing is decoded of a file that its size, kind or header already condemns.
    if !judging.is_rejected() {
        let wanted = checks::wanted(rules.rules.iter().map(|rule| rule.entry.needs));
        // Only a picture needs the pixels once the planes are there.
        let wanted = Wanted { tiles: wanted.tiles || options.annotate, ..wanted };
        let Decoded { pages, state } = decode::open(&sniffed, wanted, judging.budget)?;
        judging.pages(&pages);
        judging.subject(&Subject::Decoded(&state), 0)?;
        for page in pages {
            let (number, measured) = (page.number, Measured::new(page));
            judging.subject(&Subject::Page(&measured), number)?;
            // As with a check, a panic there must not cost the verdict.
            decode::contained(|| seen(&measured));
            judging.keep(measured.page);
        }
    }
    let shown = judging.shown.take();
    let mut verdict = judging.finish();
    if let Some(page) = shown {
        budget.check()?;
        // A fault of the drawing must not cost the verdict.
        let picture = decode::contained(|| evidence::annotate(&page, &verdict.findings));
        verdict.annotated = picture.flatten();
    }
    Ok(verdict)
}

/// Judges recorded readings again under `rules`, without the file. A reading of a check that is off,
/// or of another version than this engine's, says nothing.
pub fn judge_again(readings: Vec<Recorded>, rules: &RuleSet, detected: Detected) -> Verdict {
    let mut verdict = opened(&Upload::default(), rules);
    verdict.detected = detected;
    for recorded in readings {
        let Some(rule) = rules.rule(recorded.entry.id) else {
            continue;
        };
        let (check, page) = (recorded.entry.id, recorded.page);
        let ruling = rule.judge(&recorded.read);
        if let Some((finding, severity)) = ruling.finding {
            verdict.findings.push(Ruled { finding, severity, check, page });
        }
        let (status, detail) = (ruling.status, ruling.detail);
        let (measurements, elapsed) = (ruling.measurements, Duration::ZERO);
        verdict.checks.push(CheckOutcome { check, page, status, detail, measurements, elapsed });
        verdict.readings.push(recorded);
    }
    settle(&mut verdict);
    verdict
}

/// Worst finding first, and the outcome that follows.
fn settle(verdict: &mut Verdict) {
    // Stable: within a severity the order of the catalogue stays.
    verdict.findings.sort_by_key(|ruled| std::cmp::Reverse(ruled.severity));
    verdict.decision = Decision::of(verdict.findings.iter().map(|ruled| ruled.severity));
}

struct Judging<'a> {
    rules: &'a RuleSet,
    options: Options,
    budget: &'a mut dyn Budget,
    verdict: Verdict,
    /// The page that will be drawn on.
    shown: Option<Page>,
}

impl Judging<'_> {
    /// Runs every rule that looks at this kind of subject, cheapest first.
    fn subject(&mut self, subject: &Subject<'_>, page: u32) -> Result<(), Expired> {
        for rule in &self.rules.rules {
            if self.options.fail_fast && self.is_rejected() {
                return Ok(());
            }
            self.budget.check()?;
            self.rule(rule, subject, page);
        }
        Ok(())
    }

    fn rule(&mut self, rule: &Rule, subject: &Subject<'_>, page: u32) {
        let started = self.budget.elapsed();
        // A check that panics must not sink the others, nor the verdict.
        let read = decode::contained(|| (rule.entry.read)(subject))
            .unwrap_or_else(|| Some(Err(Unreadable::because("check-failed"))));
        let Some(read) = read else {
            return;
        };
        let ruling = rule.judge(&read);
        let check = rule.entry.id;
        if let Some((finding, severity)) = ruling.finding {
            self.verdict.findings.push(Ruled { finding, severity, check, page });
        }
        let elapsed = self.budget.elapsed().saturating_sub(started);
        let (status, detail) = (ruling.status, ruling.detail);
        let measurements = ruling.measurements;
        self.verdict.checks.push(CheckOutcome {
            check,
            page,
            status,
            detail,
            measurements,
            elapsed,
        });
        self.verdict.readings.push(Recorded { entry: rule.entry, page, read });
    }

    fn pages(&mut self, pages: &[decode::page::Page]) {
        if let Some(first) = pages.first() {
            let detected = &mut self.verdict.detected;
            detected.pages = pages.len() as u32;
            (detected.width, detected.height) = (first.width as u32, first.height as u32);
        }
    }

    /// Keeps the first page that has findings, else the first, where a picture is wanted.
    fn keep(&mut self, page: Page) {
        let found = |number| self.verdict.findings.iter().any(|ruled| ruled.page == number);
        let tells_more = |shown: &Page| !found(shown.number) && found(page.number);
        if self.options.annotate && self.shown.as_ref().is_none_or(tells_more) {
            self.shown = Some(page);
        }
    }

    fn is_rejected(&self) -> bool {
        self.verdict.findings.iter().any(|ruled| ruled.severity == Severity::Error)
    }

    /// Adds what was not run, sorts, and decides.
    fn finish(mut self) -> Verdict {
        for entry in CATALOG {
            if self.verdict.checks.iter().any(|outcome| outcome.check == entry.id) {
                continue;
            }
            let off = self.rules.off.iter().any(|off| off.id == entry.id);
            let why = match (off, entry.needs) {
                (true, _) => "switched-off",
                (false, Needs::Bytes | Needs::Header) => "stopped-at-first-fault",
                (false, _) => "not-decoded",
            };
            self.verdict.checks.push(CheckOutcome {
                check: entry.id,
                page: 0,
                status: Status::Skipped,
                detail: Some(why.to_owned()),
                measurements: Vec::new(),
                elapsed: Duration::ZERO,
            });
        }
        settle(&mut self.verdict);
        self.verdict
    }
}

/// A verdict on which nothing has been said yet.
fn opened(upload: &Upload, rules: &RuleSet) -> Verdict {
    Verdict {
        decision: Decision::Review,
        findings: Vec::new(),
        checks: Vec::new(),
        readings: Vec::new(),
        detected: Detected { size: upload.bytes.len() as u64, ..Detected::default() },
        ruleset_version: rules.version.clone(),
        ruleset_digest: rules.digest.clone(),
        applied_digest: rules.applied.clone(),
        slot: rules.slot.clone(),
        context: rules.context.clone(),
        annotated: None,
    }
}

fn detected(sniffed: &Sniffed) -> Detected {
    let header = sniffed.walk.as_ref().and_then(|walk| walk.header);
    let (width, height) = header.map_or((0, 0), |header| (header.width, header.height));
    let turned = sniffed.metadata.orientation.swaps_sides();
    let (width, height) = if turned { (height, width) } else { (width, height) };
    Detected {
        media_type: sniffed.detected.map(|detected| detected.media_type),
        size: sniffed.bytes.len() as u64,
        sha256: Sha256::digest(&sniffed.bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
        pages: 0,
        width,
        height,
        has_gps: sniffed.metadata.has_gps,
    }
}
