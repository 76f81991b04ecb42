//! Old results beside new ones: which verdicts flipped, and for which reasons.
//!
//! Both sides are laid out on disk by a hash of the item, so that only one share of them is in memory
//! at a time, however many there are.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fault::JobFault;
use super::part::{Done, INDEX, Line, PARTS, indexed};
use crate::report::batch::{Diff, FlipRow};
use crate::store::{Place, Stores, Uri};

/// Items of a share, more or less.
const SHARE: u64 = 50_000;
/// Files that are open at once, on each side.
const MOST_SHARES: u64 = 200;
/// Examples of each kind of flip.
const SAMPLES: usize = 3;

/// What the comparison keeps of an item.
#[derive(Debug, Serialize, Deserialize)]
struct Said {
    id: String,
    /// `ERROR` where there is no verdict.
    verdict: String,
    reasons: BTreeMap<String, String>,
}

impl Said {
    fn of(line: &Line) -> Self {
        let verdict = if line.error.is_some() { "ERROR" } else { &line.verdict };
        let (id, verdict) = (line.item_id.clone(), verdict.to_owned());
        Self { id, verdict, reasons: line.reasons.clone() }
    }
}

/// One flip, as `flips.ndjson` tells it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Flip<'a> {
    item_id: &'a str,
    from: &'a str,
    to: &'a str,
    reasons: Vec<Change<'a>>,
}

/// A reason whose weight changed; an empty weight = not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Change<'a> {
    reason: &'a str,
    was: &'a str,
    is: &'a str,
}

/// Both sides on disk.
pub(super) struct Comparison {
    new: Side,
    old: Side,
}

impl Comparison {
    /// Lays out the old results at `uri`: those of a batch, or records as NDJSON.
    pub(super) async fn with(stores: &Stores, uri: &str, items: u64) -> Result<Self, JobFault> {
        let shares = (items / SHARE + 1).min(MOST_SHARES);
        let mut old = Side::of(shares)?;
        let parsed = Uri::parse(uri)
            .map_err(|why| JobFault::Permanent(format!("old results {uri}: {why}")))?;
        let of_old = |fault| JobFault::of_store(&format!("old results {uri}"), &fault);
        let place = stores.place(&parsed).map_err(of_old)?;
        let done = Done::of(&place).await?;
        let mut units: Vec<_> = done.units().copied().filter(|unit| done.is_whole(*unit)).collect();
        units.sort();
        for unit in &units {
            for line in indexed(&place, *unit).await? {
                old.add(&Said::of(&line))?;
            }
        }
        if units.is_empty() {
            read_records(stores, &parsed, &mut old).await.map_err(|fault| match fault {
                JobFault::Permanent(why) => {
                    JobFault::Permanent(format!("old results {uri}: {why}"))
                }
                temporary => temporary,
            })?;
        }
        Ok(Self { new: Side::of(shares)?, old })
    }

    /// Notes a new result.
    pub(super) fn add(&mut self, line: &Line) -> Result<(), JobFault> {
        self.new.add(&Said::of(line))
    }

    /// Compares, and writes each flip as a line.
    pub(super) fn finish(self, flips: &mut impl Write) -> Result<Diff, JobFault> {
        let mut diff = Diff::default();
        let mut rows: BTreeMap<[String; 5], (u64, Vec<String>)> = BTreeMap::new();
        for (old, new) in self.old.shares.into_iter().zip(self.new.shares) {
            let mut olds = HashMap::new();
            for said in read_back(old)? {
                let said = said?;
                olds.insert(said.id.clone(), said);
            }
            for said in read_back(new)? {
                let new = said?;
                let Some(old) = olds.remove(&new.id) else {
                    diff.only_new += 1;
                    continue;
                };
                diff.compared += 1;
                if old.verdict == new.verdict {
                    continue;
                }
                diff.flipped += 1;
                let reasons = decisive(&old, &new);
                for change in &reasons {
                    let Change { reason, was, is } = *change;
                    let key = [&*old.verdict, &new.verdict, reason, was, is].map(str::to_owned);
                    let (count, samples) = rows.entry(key).or_default();
                    *count += 1;
                    if samples.len() < SAMPLES {
                        samples.push(new.id.clone());
                    }
                }
                let flip = Flip { item_id: &new.id, from: &old.verdict, to: &new.verdict, reasons };
                serde_json::to_writer(&mut *flips, &flip).map_err(JobFault::temporary)?;
                flips.write_all(b"\n")?;
            }
            diff.only_old += olds.len() as u64;
        }
        diff.rows = rows
            .into_iter()
            .map(|([from, to, reason, was, is], (items, samples))| FlipRow {
                from,
                to,
                reason,
                was,
                is,
                items,
                samples,
            })
            .collect();
        diff.rows.sort_by_key(|row| std::cmp::Reverse(row.items));
        Ok(diff)
    }
}

/// The changes that decide a flip: what newly rejects or asks for a person, or no longer does; where
/// none does, every change.
fn decisive<'a>(old: &'a Said, new: &'a Said) -> Vec<Change<'a>> {
    let weight = |said: &'a Said, reason: &str| said.reasons.get(reason).map_or("", |w| &**w);
    let mut names: Vec<&String> = old.reasons.keys().chain(new.reasons.keys()).collect();
    names.sort();
    names.dedup();
    let changes: Vec<Change<'_>> = names
        .into_iter()
        .map(|reason| Change { reason, was: weight(old, reason), is: weight(new, reason) })
        .filter(|change| change.was != change.is)
        .collect();
    let decides = |change: &&Change<'_>| match (&*old.verdict, &*new.verdict) {
        (_, "REJECT") => change.is == "ERROR",
        ("REJECT", _) => change.was == "ERROR",
        (_, "REVIEW") => change.is == "REVIEW",
        _ => change.was == "REVIEW",
    };
    let decisive: Vec<_> = changes.iter().filter(decides).copied().collect();
    if decisive.is_empty() { changes } else { decisive }
}

/// One side: shares by a hash of the id, in files that are gone when they are closed.
struct Side {
    shares: Vec<BufWriter<File>>,
}

impl Side {
    fn of(shares: u64) -> Result<Self, JobFault> {
        let share = |_| Ok(BufWriter::new(tempfile::tempfile()?));
        Ok(Self { shares: (0..shares).map(share).collect::<std::io::Result<_>>()? })
    }

    fn add(&mut self, said: &Said) -> Result<(), JobFault> {
        let digest = Sha256::digest(said.id.as_bytes());
        // Other digits than those that tell shards apart.
        let word =
            digest.iter().skip(8).take(8).fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        let share = (word % self.shares.len() as u64) as usize;
        serde_json::to_writer(&mut self.shares[share], said).map_err(JobFault::temporary)?;
        self.shares[share].write_all(b"\n")?;
        Ok(())
    }
}

fn read_back(
    share: BufWriter<File>,
) -> Result<impl Iterator<Item = Result<Said, JobFault>>, JobFault> {
    let mut file = share.into_inner().map_err(|error| JobFault::temporary(error.error()))?;
    file.rewind()?;
    Ok(BufReader::new(file)
        .lines()
        .map(|line| serde_json::from_str(&line?).map_err(JobFault::temporary)))
}

/// Records as NDJSON, in one file or in every one of a folder: what `check --format json` prints, or
/// parts without an index.
async fn read_records(stores: &Stores, uri: &Uri, old: &mut Side) -> Result<(), JobFault> {
    let mut found = false;
    for source in sources(stores, uri).await? {
        found = true;
        for line in source.open().await? {
            let line = Line::of(&line?).map_err(JobFault::Permanent)?;
            old.add(&Said::of(&line))?;
        }
    }
    if found { Ok(()) } else { Err(JobFault::permanent("no records lie there")) }
}

/// A file of records.
#[derive(Clone, Debug)]
pub(super) struct Source {
    place: Place,
    pub(super) name: String,
}

/// Longest record: readings of many pages are long, but not like this.
const LONGEST_RECORD: u64 = 1 << 28;

/// The files of records at `uri`, in order: the parts of results, a file, or a folder of files.
pub(super) async fn sources(stores: &Stores, uri: &Uri) -> Result<Vec<Source>, JobFault> {
    let of_results = |fault| JobFault::of_store("records", &fault);
    let whole = uri.to_string();
    if is_records(&whole) {
        let place = stores.place(&uri.parent()).map_err(of_results)?;
        let name = whole.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        return Ok(vec![Source { place, name }]);
    }
    let place = stores.place(uri).map_err(of_results)?;
    let mut all = Vec::new();
    let mut listing = place.list();
    while let Some(listed) = listing.recv().await {
        all.push(listed.map_err(of_results)?);
    }
    let parts: Vec<String> =
        all.iter().filter(|name| name.starts_with(&format!("{PARTS}/"))).cloned().collect();
    let mut names = if parts.is_empty() { all } else { parts };
    names.retain(|name| is_records(name) && !name.starts_with(&format!("{INDEX}/")));
    names.sort();
    Ok(names.into_iter().map(|name| Source { place: place.clone(), name }).collect())
}

fn is_records(name: &str) -> bool {
    [".ndjson", ".jsonl", ".ndjson.zst", ".jsonl.zst"].iter().any(|end| name.ends_with(end))
}

impl Source {
    /// Its lines, one at a time.
    pub(super) async fn open(
        &self,
    ) -> Result<impl Iterator<Item = Result<Vec<u8>, JobFault>> + Send + use<>, JobFault> {
        let of_results = |fault| JobFault::of_store(&self.name, &fault);
        let file = match self.place.as_folder() {
            Some(folder) => {
                File::open(folder.join(&self.name)).map_err(|error| of_results(error.into()))?
            }
            None => {
                let mut copy = tempfile::tempfile()?;
                let copied = self.place.copy_to(&self.name, copy.try_clone()?).await;
                copied.map_err(of_results)?;
                copy.rewind()?;
                copy
            }
        };
        let reader: Box<dyn BufRead + Send> = if self.name.ends_with(".zst") {
            Box::new(BufReader::with_capacity(1 << 18, zstd::Decoder::new(file)?))
        } else {
            Box::new(BufReader::with_capacity(1 << 18, file))
        };
        let mut reader = reader;
        Ok(std::iter::from_fn(move || {
            let mut line = Vec::with_capacity(16 * 1024);
            match reader.by_ref().take(LONGEST_RECORD).read_until(b'\n', &mut line) {
                Err(error) => Some(Err(error.into())),
                Ok(0) => None,
                Ok(_) if line.len() as u64 == LONGEST_RECORD => {
                    Some(Err(JobFault::permanent("a record is too long to be one")))
                }
                Ok(_) => Some(Ok(line)),
            }
        })
        .filter(|line| line.as_ref().map_or(true, |line| !line.trim_ascii().is_empty())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(id: &str, verdict: &str, reasons: &[(&str, &str)]) -> Said {
        let reasons =
            reasons.iter().map(|(code, weight)| ((*code).to_owned(), (*weight).to_owned()));
        Said { id: id.to_owned(), verdict: verdict.to_owned(), reasons: reasons.collect() }
    }

    #[test]
    fn a_flip_is_told_by_the_reasons_that_decide_it() {
        let old = said("a", "ACCEPT", &[("GLARE", "WARNING"), ("SKEWED", "INFO")]);
        let new = said("a", "REJECT", &[("GLARE", "ERROR"), ("BLUR", "WARNING")]);
        let changes = decisive(&old, &new);
        assert_eq!(changes, [Change { reason: "GLARE", was: "WARNING", is: "ERROR" }]);
        let back = decisive(&new, &old);
        assert_eq!(back, [Change { reason: "GLARE", was: "ERROR", is: "WARNING" }]);
    }

    #[test]
    fn both_sides_are_joined_whatever_their_order() {
        let mut comparison = Comparison { new: Side::of(4).unwrap(), old: Side::of(4).unwrap() };
        for number in 0..1000 {
            let id = format!("i{number}");
            comparison.old.add(&said(&id, "ACCEPT", &[])).unwrap();
            let other = 999 - number;
            let verdict = if other % 10 == 0 { "REJECT" } else { "ACCEPT" };
            let reasons: &[_] = if other % 10 == 0 { &[("BLUR", "ERROR")] } else { &[] };
            comparison.new.add(&said(&format!("i{other}"), verdict, reasons)).unwrap();
        }
        comparison.old.add(&said("gone", "ACCEPT", &[])).unwrap();
        let mut lines = Vec::new();
        let diff = comparison.finish(&mut lines).unwrap();
        assert_eq!((diff.compared, diff.flipped, diff.only_old, diff.only_new), (1000, 100, 1, 0));
        assert_eq!(diff.rows.len(), 1);
        assert_eq!((&*diff.rows[0].reason, diff.rows[0].items), ("BLUR", 100));
        assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 100);
    }
}
