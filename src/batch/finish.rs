//! The end of a job: counts over all parts, `errors.ndjson`, what flipped, and a page.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::diff::Comparison;
use super::fault::{ItemError, JobFault};
use super::job::Job;
use super::page::{Shown, page};
use super::part::{Done, INDEX, Line, PARQUET, PARTS, Tally, indexed};
use super::queue::DEAD;
use crate::report::batch::Summary;
use crate::store::{Place, Stores};

/// Times that the parts are looked at again because more came while they were counted.
const ROUNDS: usize = 8;

/// The file that counts everything; its `complete` says that the job is done.
pub(super) const SUMMARY: &str = "summary.json";

/// Counts everything that is there and writes it beside the parts. Whoever of several ends last sees
/// all of it. The tally is that of the share `own`, or of all.
pub(super) async fn finish(
    place: &Place,
    stores: &Stores,
    job: &Job,
    diff: Option<&str>,
    own: Option<u32>,
    shown: Shown<'_>,
) -> Result<(Summary, Tally), JobFault> {
    let mut summary = (Summary::default(), Tally::default());
    for _ in 0..ROUNDS {
        let done = Done::of(place).await?;
        summary = write(place, stores, job, diff, own, &done, shown).await?;
        let after = Done::of(place).await?;
        if after.count() == done.count() {
            break;
        }
    }
    for folder in [PARTS, INDEX, PARQUET] {
        place.child(folder).sweep().await;
    }
    Ok(summary)
}

async fn write(
    place: &Place,
    stores: &Stores,
    job: &Job,
    diff: Option<&str>,
    own: Option<u32>,
    done: &Done,
    shown: Shown<'_>,
) -> Result<(Summary, Tally), JobFault> {
    let mut tally = Tally::default();
    let mut comparison = match diff {
        Some(old) => Some(Comparison::with(stores, old, job.items).await?),
        None => None,
    };
    let folder = tempfile::tempdir()?;
    let mut errors = Lines::new(folder.path(), "errors.ndjson")?;
    let mut missing = Lines::new(folder.path(), "missing.ndjson")?;
    let mut summary = Summary {
        manifest_items: job.items,
        ruleset_version: job.judges.ruleset_version.clone(),
        ruleset_digest: job.judges.ruleset_digest.clone(),
        engine_version: job.judges.engine_version.clone(),
        ..Summary::default()
    };
    let mut units: Vec<_> = done.units().copied().filter(|unit| done.is_whole(*unit)).collect();
    units.sort();
    for unit in &units {
        summary.parts += 1;
        for line in indexed(place, *unit).await? {
            count(&mut summary, &line);
            if own.is_none_or(|own| own == unit.shard) {
                tally.items += 1;
                tally.errors += u64::from(line.error.is_some());
            }
            if let Some(error) = &line.error {
                let Line { item_id, slot, .. } = &line;
                errors.add(&Failed { item_id, slot, error })?;
            }
            if !line.missing.is_empty() {
                let Line { item_id, missing: checks, verdict, .. } = &line;
                missing.add(&Missing { item_id, verdict, missing: checks })?;
            }
            if let Some(comparison) = &mut comparison {
                comparison.add(&line)?;
            }
        }
    }
    summary.complete = summary.items >= job.items;
    if let Some(comparison) = comparison {
        let mut flips = Lines::new(folder.path(), "flips.ndjson")?;
        summary.diff = Some(comparison.finish(&mut flips.out)?);
        flips.put(place).await?;
    }
    errors.put(place).await?;
    bury(place, folder.path()).await?;
    if summary.missing_readings > 0 {
        missing.put(place).await?;
    }
    let results = |fault| JobFault::of_store("results", &fault);
    let page = page(place, job, &units, &summary, shown).await?.into_bytes();
    place.put("report.html", page.into()).await.map_err(results)?;
    let mut text = serde_json::to_vec_pretty(&summary).map_err(JobFault::permanent)?;
    text.push(b'\n');
    // Last: who waits for the job waits for this.
    place.put(SUMMARY, text.into()).await.map_err(results)?;
    Ok((summary, tally))
}

/// Lists the units that killed their workers, if there are any.
async fn bury(place: &Place, folder: &Path) -> Result<(), JobFault> {
    let results = |fault| JobFault::of_store("results", &fault);
    let dead = place.child(DEAD);
    let (mut names, mut listing) = (Vec::new(), dead.list());
    while let Some(name) = listing.recv().await {
        names.push(name.map_err(results)?);
    }
    names.sort();
    if names.is_empty() {
        return Ok(());
    }
    let mut letters = Lines::new(folder, "dead-letters.ndjson")?;
    for name in names {
        let letter = dead.get(&name).await.map_err(results)?.unwrap_or_default();
        letters.out.write_all(&letter)?;
        letters.out.write_all(b"\n")?;
    }
    letters.put(place).await
}

fn count(summary: &mut Summary, line: &Line) {
    summary.items += 1;
    if let Some(error) = &line.error {
        summary.errors += 1;
        *summary.error_reasons.entry(error.reason.clone()).or_default() += 1;
        return;
    }
    summary.judged += 1;
    summary.missing_readings += u64::from(!line.missing.is_empty());
    *summary.verdicts.entry(line.verdict.clone()).or_default() += 1;
    let of_slot = summary.slots.entry(line.slot.clone()).or_default();
    *of_slot.entry(line.verdict.clone()).or_default() += 1;
    for (reason, weight) in &line.reasons {
        let weights = summary.reasons.entry(reason.clone()).or_default();
        *weights.entry(weight.clone()).or_default() += 1;
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failed<'a> {
    item_id: &'a str,
    slot: &'a str,
    error: &'a ItemError,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Missing<'a> {
    item_id: &'a str,
    verdict: &'a str,
    missing: &'a [String],
}

/// Lines that grow on this machine's disk and are then put in place whole.
struct Lines {
    name: &'static str,
    path: std::path::PathBuf,
    out: BufWriter<File>,
}

impl Lines {
    fn new(folder: &Path, name: &'static str) -> Result<Self, JobFault> {
        let path = folder.join(name);
        let out = BufWriter::new(File::create_new(&path)?);
        Ok(Self { name, path, out })
    }

    fn add(&mut self, line: &impl Serialize) -> Result<(), JobFault> {
        serde_json::to_writer(&mut self.out, line).map_err(JobFault::temporary)?;
        self.out.write_all(b"\n")?;
        Ok(())
    }

    async fn put(mut self, place: &Place) -> Result<(), JobFault> {
        self.out.flush()?;
        let put = place.put_file(self.name, &self.path).await;
        put.map_err(|fault| JobFault::of_store("results", &fault))
    }
}
