//! Recorded readings judged under other rules, without the files.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::diff::{Source, sources};
use super::engine::RuleCache;
use super::fault::{ItemError, JobFault, code};
use super::finish::finish;
use super::job::Job;
use super::manifest::hex;
use super::meter::Meter;
use super::old::{Old, OldContext, recorded};
use super::page::{Extent, Shown};
use super::part::{self, Done, Filled, Line, Shape, Tally, Unit, error_record, lines_of};
use super::run::{Ended, is_too_much};
use crate::checks::CATALOG;
use crate::grpc::record::Answer;
use crate::pipeline;
use crate::reason::{COULD_NOT_ASSESS, Finding, Locale, Severity};
use crate::report::batch::Summary;
use crate::rules::{Context, RuleBook, RuleSet};
use crate::store::{Place, Stores, Uri};
use crate::verdict::{CheckOutcome, Decision, Detected, Recorded, Ruled, Verdict};

/// What is to be judged again.
pub struct Again {
    /// Results of a batch, or a file or folder of records as NDJSON.
    pub records: String,
    /// Where the new results go.
    pub results: String,
    /// The job as it was asked for.
    pub job: Job,
    /// The new rules.
    pub book: Arc<RuleBook>,
    /// What was typed of the context, over what is recorded.
    pub over: Box<dyn Fn(Context) -> Context + Send + Sync>,
    /// Cores.
    pub workers: usize,
    /// Whether to write tables beside the records.
    pub parquet: bool,
    /// Whether to go on with results of another rule set or engine.
    pub mixed: bool,
    /// The job stops when a larger share of the items has no verdict.
    pub max_error_share: f64,
    /// Old results to compare with; empty = the recorded ones themselves.
    pub diff: Option<String>,
    /// How much its page shows; never pictures.
    pub extent: Extent,
    /// Language of the texts.
    pub locale: Locale,
}

/// Judges all records again. `stop` turning true ends it early: what is under way is committed.
pub async fn rejudge(
    again: Again,
    meter: &Arc<Meter>,
    stop: watch::Receiver<bool>,
) -> Result<Ended, JobFault> {
    let stores = Stores::default();
    let parsed = |what: &str, text: &str| {
        Uri::parse(text).map_err(|why| JobFault::Permanent(format!("{what} {text}: {why}")))
    };
    let (from, to) = (parsed("records", &again.records)?, parsed("results", &again.results)?);
    let place = stores.place(&to).map_err(|fault| JobFault::of_store("results", &fault))?;
    let sources = sources(&stores, &from).await?;
    if sources.is_empty() {
        let text = format!("records {}: no records lie there", again.records);
        return Err(JobFault::Permanent(text));
    }
    let mut job = Job { input: again.records.clone(), shards: 1, ..again.job.clone() };
    // What lay there when the job began is what it judges.
    let mut hasher = Sha256::new();
    for source in &sources {
        hasher.update(source.name.as_bytes());
        hasher.update(b"\n");
    }
    job.manifest_sha256 = hex(&hasher.finalize());
    job.items = match Job::begun(&place).await? {
        Some(begun) if begun.manifest_sha256 == job.manifest_sha256 => begun.items,
        _ => recorded_items(&stores, &from, &sources).await?,
    };
    let job = job.settled(&place, again.mixed).await?;
    meter.expect(job.items);
    let done = Done::of(&place).await?;
    let diff = again.diff.clone();
    let (share, unit) = (again.max_error_share, job.unit.max(1));
    let shown = Shown { extent: again.extent, locale: again.locale, artist: None };
    let again = Arc::new(Judging {
        rules: RuleCache::of(Arc::clone(&again.book)),
        known: Mutex::default(),
        over: again.over,
        locale: again.locale,
        readings: job.readings,
        shape: Shape { zstd: job.zstd, parquet: again.parquet },
        cores: Arc::new(Semaphore::new(again.workers.max(1))),
        workers: again.workers.max(1),
        place: place.clone(),
        meter: Arc::clone(meter),
    });
    let interrupted = again.all(sources, unit, &done, stop).await?;
    let finished = finish(&place, &stores, &job, diff.as_deref(), None, shown);
    let (summary, own) = finished.await?;
    let too_many = is_too_much(own.errors, own.items, share);
    Ok(match interrupted {
        true => Ended::Interrupted(summary),
        false if too_many => Ended::Stopped(summary),
        false => Ended::Done(summary, own.errors),
    })
}

/// How many records there are: what their own summary says, else counted.
async fn recorded_items(stores: &Stores, from: &Uri, sources: &[Source]) -> Result<u64, JobFault> {
    let of_records = |fault| JobFault::of_store("records", &fault);
    let place = stores.place(from).map_err(of_records)?;
    let summary = place.get(super::finish::SUMMARY).await.unwrap_or_default();
    let summary = summary.and_then(|bytes| serde_json::from_slice::<Summary>(&bytes).ok());
    if let Some(summary) = summary {
        return Ok(summary.items);
    }
    let mut count = 0;
    for source in sources {
        let lines = source.open().await?;
        let counted = tokio::task::spawn_blocking(move || {
            let mut count = 0;
            for line in lines {
                line?;
                count += 1;
            }
            Ok::<u64, JobFault>(count)
        });
        count += counted.await.map_err(JobFault::temporary)??;
    }
    Ok(count)
}

struct Judging {
    rules: RuleCache,
    /// By slot and context as they are written: parsing them anew for each record costs too much.
    known: Mutex<HashMap<String, Result<Arc<RuleSet>, ItemError>>>,
    over: Box<dyn Fn(Context) -> Context + Send + Sync>,
    locale: Locale,
    readings: bool,
    shape: Shape,
    cores: Arc<Semaphore>,
    workers: usize,
    place: Place,
    meter: Arc<Meter>,
}

/// Contexts that are kept: those of one archive repeat.
const KEPT: usize = 4096;

impl Judging {
    /// Every record of every source; whether it was told to stop.
    async fn all(
        self: Arc<Self>,
        sources: Vec<Source>,
        unit: usize,
        done: &Done,
        stop: watch::Receiver<bool>,
    ) -> Result<bool, JobFault> {
        let mut chunks = chunks(sources, unit);
        let mut under_way: JoinSet<Result<(), JobFault>> = JoinSet::new();
        while let Some(chunk) = chunks.recv().await {
            if *stop.borrow() {
                break;
            }
            let (unit, lines) = chunk?;
            if done.is_whole(unit) {
                self.meter.found(lines_of(&lines).count() as u64, 0);
                continue;
            }
            let core =
                Arc::clone(&self.cores).acquire_owned().await.map_err(JobFault::temporary)?;
            let again = Arc::clone(&self);
            under_way.spawn(async move {
                let judging = Arc::clone(&again);
                let judged = tokio::task::spawn_blocking(move || {
                    let _core = core;
                    judging.chunk(&lines)
                });
                let records = judged.await.map_err(JobFault::temporary)?;
                part::commit(&again.place, unit, again.shape, records).await?;
                Ok(())
            });
            while under_way.len() > self.workers {
                if let Some(ended) = under_way.join_next().await {
                    ended.map_err(JobFault::temporary)??;
                }
            }
        }
        while let Some(ended) = under_way.join_next().await {
            ended.map_err(JobFault::temporary)??;
        }
        Ok(*stop.borrow())
    }

    fn chunk(&self, old: &[u8]) -> Filled {
        let (mut lines, mut index) = (Vec::with_capacity(old.len() / 2), Vec::new());
        let mut tally = Tally::default();
        for line in lines_of(old) {
            let brief = self.record(line, &mut lines);
            brief.add_to(&mut index, &mut tally);
            self.meter.judged(brief.error.is_some());
        }
        Filled { lines, index: Some((index, tally)) }
    }

    /// Adds the new record of an old one to `lines`; its line of the index.
    fn record(&self, line: &[u8], lines: &mut Vec<u8>) -> Line {
        let old: Old<'_> = match serde_json::from_slice(line) {
            Ok(old) => old,
            Err(_) => {
                let message = "the line is no record";
                let error = ItemError::of(code::INVALID_ARGUMENT, "RECORD_MALFORMED", message);
                return without(["", "", ""], error, lines);
            }
        };
        let id = if old.item_id.is_empty() { &old.file } else { &old.item_id };
        let id = id.clone().into_owned();
        let mut failed = |error| without([&old.file, &old.slot, &id], error, lines);
        if let Some(error) = &old.error {
            return failed(error.clone());
        }
        if old.readings.is_empty() {
            let message = "its record holds no readings";
            return failed(ItemError::of(code::NOT_FOUND, "READINGS_MISSING", message));
        }
        let rules = match self.rules(&old) {
            Ok(rules) => rules,
            Err(error) => return failed(error),
        };
        let (file, slot) = (old.file.into_owned(), old.slot.into_owned());
        let readings = old.readings.into_iter().filter_map(recorded).collect();
        let detected = old.detected.map(Detected::from).unwrap_or_default();
        let (verdict, missing) = judged_again(readings, &rules, detected);
        let answer = Answer::of(&verdict, self.locale, self.readings);
        answer.add_record([&file, &slot, &id], &missing, lines);
        brief(&verdict, id, slot, &missing)
    }

    fn rules(&self, old: &Old<'_>) -> Result<Arc<RuleSet>, ItemError> {
        let written = old.provenance.as_ref().and_then(|provenance| provenance.context);
        let written = written.map_or("{}", RawValue::get);
        let name = format!("{}\n{written}", old.slot);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = known.get(&name) {
            return rules.clone();
        }
        let context: OldContext = serde_json::from_str(written).unwrap_or_default();
        let context = (self.over)(context.into());
        let rules = self.rules.rules(&context, &old.slot);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(name, rules.clone());
        rules
    }
}

/// Adds the record of an item without a verdict to `lines`; its line of the index.
fn without([file, slot, id]: [&str; 3], error: ItemError, lines: &mut Vec<u8>) -> Line {
    lines.extend_from_slice(&error_record(file, slot, id, &error));
    let (item_id, slot) = (id.to_owned(), slot.to_owned());
    Line { item_id, slot, error: Some(error), ..Line::default() }
}

/// What the index would say of the record of a verdict.
fn brief(verdict: &Verdict, item_id: String, slot: String, missing: &[&str]) -> Line {
    let mut worst: BTreeMap<&str, Severity> = BTreeMap::new();
    for ruled in &verdict.findings {
        let severity = worst.entry(ruled.finding.reason.code).or_insert(ruled.severity);
        *severity = (*severity).max(ruled.severity);
    }
    let word = |severity| match severity {
        Severity::Info => "INFO",
        Severity::Warning => "WARNING",
        Severity::Review => "REVIEW",
        Severity::Error => "ERROR",
    };
    let reasons = worst.into_iter();
    Line {
        item_id,
        slot,
        profile: verdict.context.profile.clone(),
        verdict: verdict.decision.word().to_owned(),
        reasons: reasons.map(|(code, weight)| (code.to_owned(), word(weight).to_owned())).collect(),
        error: None,
        missing: missing.iter().map(|check| (*check).to_owned()).collect(),
    }
}

/// The lines of all sources in units, named for their source and their place in it.
fn chunks(sources: Vec<Source>, unit: usize) -> mpsc::Receiver<Result<(Unit, Vec<u8>), JobFault>> {
    let (send, chunks) = mpsc::channel(2);
    tokio::spawn(async move {
        for (shard, source) in (0u32..).zip(sources) {
            let lines = match source.open().await {
                Ok(lines) => lines,
                Err(fault) => {
                    let _ = send.send(Err(fault)).await;
                    return;
                }
            };
            let send = send.clone();
            let read = tokio::task::spawn_blocking(move || {
                let (mut chunk, mut count, mut number) = (Vec::new(), 0, 0);
                let mut lines = lines;
                loop {
                    let line = lines.next();
                    if line.is_none() || count >= unit {
                        let lines = std::mem::take(&mut chunk);
                        let last = line.is_none();
                        if count > 0 {
                            let unit = Unit { shard, number };
                            // Nobody listens any more when this fails.
                            if send.blocking_send(Ok((unit, lines))).is_err() {
                                return;
                            }
                        }
                        if last {
                            return;
                        }
                        (count, number) = (0, number + 1);
                    }
                    match line {
                        Some(Ok(line)) => {
                            chunk.extend_from_slice(&line);
                            count += 1;
                        }
                        Some(Err(fault)) => {
                            let _ = send.blocking_send(Err(fault));
                            return;
                        }
                        None => return,
                    }
                }
            });
            if read.await.is_err() {
                return;
            }
        }
    });
    chunks
}

/// The one door to judging readings again; and the checks in force whose readings the verdict lacks.
fn judged_again(
    readings: Vec<Recorded>,
    rules: &RuleSet,
    detected: Detected,
) -> (Verdict, Vec<&'static str>) {
    let mut verdict = pipeline::judge_again(readings, rules, detected);
    let mut missing = Vec::new();
    // What is rejected by the readings that there are needs no others.
    if verdict.decision != Decision::Reject {
        for rule in &rules.rules {
            let read = verdict.readings.iter().any(|it| it.entry.id == rule.entry.id);
            if read || !rule.entry.applies_to(verdict.detected.media_type) {
                continue;
            }
            missing.push(rule.entry.id);
            // However a check weighs that could not assess: nothing is accepted that nobody measured.
            let finding = Finding::of(&COULD_NOT_ASSESS)
                .with("check", rule.entry.id)
                .with("why", "reading-missing");
            let (check, severity) = (rule.entry.id, Severity::Review);
            verdict.findings.push(Ruled { finding, severity, check, page: 0 });
        }
        verdict.findings.sort_by_key(|ruled| std::cmp::Reverse(ruled.severity));
        verdict.decision = Decision::of(verdict.findings.iter().map(|ruled| ruled.severity));
    }
    for entry in CATALOG {
        // Every outcome names the very id of its row: comparing where they stand is enough, and fast.
        if verdict.checks.iter().any(|outcome| std::ptr::eq(outcome.check, entry.id)) {
            continue;
        }
        let why = match missing.contains(&entry.id) {
            true => "reading-missing",
            false => pipeline::skipped_because(entry, rules, &verdict.detected),
        };
        verdict.checks.push(CheckOutcome::skipped(entry.id, why));
    }
    (verdict, missing)
}
