//! The spine: bytes → Sniffed → Document → Measured → Readings → Findings → Verdict.

mod replay;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checks::{self, CATALOG, Entry, Read, Subject};
use crate::decode::page::Page;
use crate::decode::{self, Pages, Wanted};
use crate::evidence;
use crate::intake::{self, Budget, Expired, Sniffed, Upload};
use crate::measure::Measured;
use crate::reason::{Needs, Severity, Unreadable};
use crate::rules::{Rule, RuleSet};
use crate::verdict::{CheckOutcome, Decision, Detected, Recorded, Ruled, Verdict};

pub use self::replay::{Report, Told, replay, unfinished};

/// How a caller wants an upload judged; no part of the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    validate_before(upload, rules, options, budget, &mut Nobody)
}

/// Hears how far the judging of an upload has come.
pub trait Witness {
    /// What needs no decoding was judged and condemns nothing; decoding follows.
    fn sniffed(&mut self, _so_far: &Verdict) {}

    /// A page was measured, so that what several uploads say together needs no second decoding.
    fn page(&mut self, _page: &Measured) {}
}

/// Hears nothing.
struct Nobody;

impl Witness for Nobody {}

/// The same before a witness.
pub fn validate_before(
    upload: &Upload,
    rules: &RuleSet,
    options: Options,
    budget: &mut dyn Budget,
    witness: &mut dyn Witness,
) -> Result<Verdict, Expired> {
    let mut judging =
        Judging { rules, options, budget, verdict: opened(upload, rules), shown: None };
    let mut sniffed = intake::sniff(upload);
    judging.verdict.detected = detected(&sniffed);
    judging.subject(&Subject::Upload(&sniffed), 0, |needs| needs <= Needs::Bytes)?;
    // Nobody parses what is too large, or of a kind that is refused whatever stands in it.
    if !judging.is_rejected() {
        let looked = decode::contained(|| sniffed.look_inside(judging.budget));
        match looked {
            Some(looked) => looked?,
            None => sniffed.give_up_inside(),
        }
        let told = &mut judging.verdict.detected;
        (told.width, told.height) = upright_size(&sniffed);
    }
    judging.subject(&Subject::Upload(&sniffed), 0, |needs| needs > Needs::Bytes)?;
    // Nothing is decoded of a file that its size, kind or header already condemns.
    if !judging.is_rejected() {
        witness.sniffed(&judging.verdict);
        judging.pages(&sniffed, witness)?;
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
    /// Runs every rule that looks at this kind of subject and needs what `which` says, cheapest first.
    fn subject(
        &mut self,
        subject: &Subject<'_>,
        page: u32,
        which: impl Fn(Needs) -> bool,
    ) -> Result<(), Expired> {
        for rule in self.rules.rules.iter().filter(|rule| which(rule.entry.needs)) {
            if self.options.fail_fast && self.is_rejected() {
                return Ok(());
            }
            self.budget.check()?;
            self.rule(rule, subject, page);
        }
        Ok(())
    }

    /// Judges page after page, so that no two are held at once, and the state of the file as soon as it
    /// is known.
    fn pages(&mut self, sniffed: &Sniffed, witness: &mut dyn Witness) -> Result<(), Expired> {
        let wanted = checks::wanted(self.rules.rules.iter().map(|rule| rule.entry.needs));
        // Only a picture needs the pixels once the planes are there.
        let wanted = Wanted { tiles: wanted.tiles || self.options.annotate, ..wanted };
        let mut pages = Pages::of(sniffed, wanted);
        let before = self.told();
        let (mut count, mut known) = (0, false);
        loop {
            let page = pages.next(self.budget)?;
            if pages.is_done() && !known {
                known = true;
                let told = self.told();
                self.subject(&Subject::Decoded(&pages.state()), 0, |_| true)?;
                self.put_first(before, told);
            }
            let Some(page) = page else {
                break;
            };
            count += 1;
            let detected = &mut self.verdict.detected;
            if count == 1 {
                (detected.width, detected.height) = (page.width as u32, page.height as u32);
            }
            detected.pages = count;
            let (number, measured) = (page.number, Measured::new(page));
            self.subject(&Subject::Page(&measured), number, |_| true)?;
            // As with a check, a panic there must not cost the verdict.
            decode::contained(|| witness.page(&measured));
            self.keep(measured.page);
            if self.options.fail_fast && self.is_rejected() {
                break;
            }
        }
        Ok(())
    }

    /// How much has been said so far: findings, outcomes and readings.
    fn told(&self) -> [usize; 3] {
        [self.verdict.findings.len(), self.verdict.checks.len(), self.verdict.readings.len()]
    }

    /// Puts what was said since `told` before what was said since `before`: of the whole file before of
    /// its pages.
    fn put_first(&mut self, before: [usize; 3], told: [usize; 3]) {
        let verdict = &mut self.verdict;
        verdict.findings[before[0]..].rotate_left(told[0] - before[0]);
        verdict.checks[before[1]..].rotate_left(told[1] - before[1]);
        verdict.readings[before[2]..].rotate_left(told[2] - before[2]);
    }

    fn rule(&mut self, rule: &Rule, subject: &Subject<'_>, page: u32) {
        let started = self.budget.elapsed();
        // A check that panics must not sink the others, nor the verdict.
        let read = decode::contained(|| (rule.entry.read)(subject))
            .unwrap_or_else(|| Some(Err(Unreadable::because("check-failed"))));
        if let Some(read) = read {
            let elapsed = self.budget.elapsed().saturating_sub(started);
            self.record(rule, page, read, elapsed);
        }
    }

    /// Judges a reading and keeps it.
    fn record(&mut self, rule: &Rule, page: u32, read: Read, elapsed: Duration) {
        let ruling = rule.judge(&read);
        let check = rule.entry.id;
        if let Some((finding, severity)) = ruling.finding {
            self.verdict.findings.push(Ruled { finding, severity, check, page });
        }
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
            let why = skipped_because(entry, self.rules, &self.verdict.detected);
            self.verdict.checks.push(CheckOutcome::skipped(entry.id, why));
        }
        settle(&mut self.verdict);
        self.verdict
    }
}

/// Why a check says nothing of an upload: a kebab-case word.
pub fn skipped_because(entry: &Entry, rules: &RuleSet, detected: &Detected) -> &'static str {
    match entry.needs {
        _ if rules.off.iter().any(|off| off.id == entry.id) => "switched-off",
        _ if !entry.applies_to(detected.media_type) => "not-of-this-format",
        Needs::Bytes | Needs::Header => "stopped-at-first-fault",
        _ if detected.pages == 0 => "not-decoded",
        _ => "stopped-at-first-fault",
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
    let (width, height) = upright_size(sniffed);
    Detected {
        media_type: sniffed.detected.map(|detected| detected.media_type),
        size: sniffed.bytes.len() as u64,
        sha256: sha256(&sniffed.bytes),
        pages: 0,
        width,
        height,
        has_gps: sniffed.metadata.has_gps,
    }
}

/// Width and height that the header promises, upright; 0 where it says nothing.
fn upright_size(sniffed: &Sniffed) -> (u32, u32) {
    let header = sniffed.walk.as_ref().and_then(|walk| walk.header);
    let (width, height) = header.map_or((0, 0), |header| (header.width, header.height));
    match sniffed.metadata.orientation.swaps_sides() {
        true => (height, width),
        false => (width, height),
    }
}

/// What the content is called everywhere: lower-case hex SHA-256.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
