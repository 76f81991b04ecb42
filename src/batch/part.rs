//! Parts: the results of one unit, committed whole. The parts that are there are the checkpoint.
//!
//! `parts/NAME.ndjson[.zst]` is the commit: whoever writes it first decides, and a second writer takes
//! over what the first one wrote. `parquet/NAME.parquet` and then `index/NAME.ndjson` are derived from
//! it, byte for byte the same whoever derives them, so that a run that was killed between them is
//! made whole by the next one.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::Read;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::columns;
use super::fault::{ItemError, JobFault};
use crate::store::Place;

/// Folders below the results.
pub(super) const PARTS: &str = "parts";
pub(super) const INDEX: &str = "index";
pub(super) const PARQUET: &str = "parquet";

/// Good and fast; readings are numbers and do not get much smaller with more effort.
const LEVEL: i32 = 3;
/// A part is held in memory whole; one that unpacks to more is none of ours.
const LARGEST: u64 = 1 << 30;

/// Which unit of which share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Unit {
    /// Share, from 0.
    pub(super) shard: u32,
    /// Unit of the share, from 0.
    pub(super) number: u32,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part-{:04}-{:08}", self.shard, self.number)
    }
}

impl Unit {
    /// From the beginning of a file's name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let (shard, rest) = name.strip_prefix("part-")?.split_once('-')?;
        let number = rest.split('.').next()?;
        Some(Self { shard: shard.parse().ok()?, number: number.parse().ok()? })
    }
}

/// What is done of a job: read off the names of what is there.
#[derive(Debug, Default)]
pub(super) struct Done {
    parts: HashSet<Unit>,
    indexed: HashSet<Unit>,
}

impl Done {
    pub(super) async fn of(place: &Place) -> Result<Self, JobFault> {
        let mut done = Self::default();
        for (folder, set) in [(PARTS, &mut done.parts), (INDEX, &mut done.indexed)] {
            let mut listing = place.child(folder).list();
            while let Some(listed) = listing.recv().await {
                let listed = listed.map_err(|fault| JobFault::of_store("results", &fault))?;
                set.extend(Unit::of_name(&listed));
            }
        }
        Ok(done)
    }

    pub(super) fn has(&self, unit: Unit) -> bool {
        self.parts.contains(&unit)
    }

    pub(super) fn is_whole(&self, unit: Unit) -> bool {
        self.parts.contains(&unit) && self.indexed.contains(&unit)
    }

    pub(super) fn note(&mut self, unit: Unit) {
        self.parts.insert(unit);
        self.indexed.insert(unit);
    }

    pub(super) fn forget(&mut self, unit: Unit) {
        self.parts.remove(&unit);
        self.indexed.remove(&unit);
    }

    pub(super) fn units(&self) -> impl Iterator<Item = &Unit> {
        self.parts.iter()
    }

    pub(super) fn count(&self) -> usize {
        self.parts.len()
    }
}

/// How parts are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) zstd: bool,
    pub(super) parquet: bool,
}

/// What an index says of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) items: u64,
    pub(super) errors: u64,
}

/// One line of an index: what the end of a job needs to know of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Line {
    pub(super) item_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) slot: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) profile: String,
    /// Empty where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) verdict: String,
    /// The worst weight of each reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) reasons: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<ItemError>,
    /// Checks that are in force and of which the item has no reading.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) missing: Vec<String>,
}

/// The records of a unit, and their index where whoever made them knows it: reading them again costs
/// more than some judgements.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) lines: Vec<u8>,
    pub(super) index: Option<(Vec<u8>, Tally)>,
}

impl From<Vec<u8>> for Filled {
    fn from(lines: Vec<u8>) -> Self {
        Self { lines, index: None }
    }
}

/// Writes the part of a unit, unless it is there; then what is there counts.
pub(super) async fn commit(
    place: &Place,
    unit: Unit,
    shape: Shape,
    filled: impl Into<Filled>,
) -> Result<Tally, JobFault> {
    let Filled { lines, index } = filled.into();
    let results = |fault| JobFault::of_store("results", &fault);
    let name = part_name(unit, shape.zstd);
    let (lines, packed) = tokio::task::spawn_blocking(move || {
        let packed = if shape.zstd { zstd::encode_all(&lines[..], LEVEL)? } else { lines.clone() };
        Ok::<_, std::io::Error>((lines, packed))
    })
    .await
    .map_err(JobFault::temporary)??;
    let first = place.put_new(&name, packed.into()).await.map_err(results)?;
    if first {
        derive(place, unit, shape, Filled { lines, index }).await
    } else {
        complete(place, unit, shape).await
    }
}

/// Makes a part whole whose index may be missing.
pub(super) async fn complete(place: &Place, unit: Unit, shape: Shape) -> Result<Tally, JobFault> {
    let lines = read(place, unit, shape.zstd).await?;
    derive(place, unit, shape, lines.into()).await
}

async fn derive(
    place: &Place,
    unit: Unit,
    shape: Shape,
    Filled { lines, index: known }: Filled,
) -> Result<Tally, JobFault> {
    let results = |fault| JobFault::of_store("results", &fault);
    let derived = tokio::task::spawn_blocking(move || {
        let broken = |why: String| JobFault::Permanent(format!("{PARTS}/{unit}: {why}"));
        let (index, tally) = known.map_or_else(|| index(&lines), Ok).map_err(broken)?;
        let table =
            if shape.parquet { Some(columns::table(&lines).map_err(broken)?) } else { None };
        Ok::<_, JobFault>((index, tally, table))
    });
    let (index, tally, table) = derived.await.map_err(JobFault::temporary)??;
    if let Some(table) = table {
        let name = format!("{PARQUET}/{unit}.parquet");
        place.put(&name, table.into()).await.map_err(results)?;
    }
    // Last: a part with an index is whole.
    place.put(&index_name(unit), index.into()).await.map_err(results)?;
    Ok(tally)
}

/// Takes a unit back, so that it is judged again.
pub(super) async fn remove(place: &Place, unit: Unit, zstd: bool) -> Result<(), JobFault> {
    let names = [index_name(unit), format!("{PARQUET}/{unit}.parquet"), part_name(unit, zstd)];
    for name in names {
        place.delete(&name).await.map_err(|fault| JobFault::of_store("results", &fault))?;
    }
    Ok(())
}

pub(super) fn part_name(unit: Unit, zstd: bool) -> String {
    format!("{PARTS}/{unit}.ndjson{}", if zstd { ".zst" } else { "" })
}

pub(super) fn index_name(unit: Unit) -> String {
    format!("{INDEX}/{unit}.ndjson")
}

/// The index of a unit, line by line.
pub(super) async fn indexed(place: &Place, unit: Unit) -> Result<Vec<Line>, JobFault> {
    let name = index_name(unit);
    let bytes = place.get(&name).await.map_err(|fault| JobFault::of_store("results", &fault))?;
    let bytes = bytes.ok_or_else(|| JobFault::Temporary(format!("{name} has gone")))?;
    lines_of(&bytes)
        .map(serde_json::from_slice)
        .collect::<Result<_, _>>()
        .map_err(|error| JobFault::Permanent(format!("{name}: {error}")))
}

pub(super) async fn read(place: &Place, unit: Unit, zstd: bool) -> Result<Vec<u8>, JobFault> {
    let name = part_name(unit, zstd);
    let bytes = place.get(&name).await.map_err(|fault| JobFault::of_store("results", &fault))?;
    let bytes: Bytes = bytes.ok_or_else(|| JobFault::Temporary(format!("{name} has gone")))?;
    if !zstd {
        return Ok(bytes.to_vec());
    }
    let unpack = move || {
        let mut lines = Vec::new();
        zstd::Decoder::new(&bytes[..])?.take(LARGEST).read_to_end(&mut lines)?;
        Ok::<_, std::io::Error>(lines)
    };
    Ok(tokio::task::spawn_blocking(unpack).await.map_err(JobFault::temporary)??)
}

pub(super) fn lines_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The part of a record that its index keeps.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Brief {
    file: String,
    slot: String,
    item_id: String,
    verdict: String,
    findings: Vec<BriefFinding>,
    provenance: BriefProvenance,
    error: Option<ItemError>,
    missing: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BriefFinding {
    reason: String,
    severity: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BriefProvenance {
    context: BriefContext,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BriefContext {
    profile: String,
}

/// From the mildest on, as the severities of records are named.
const SEVERITIES: [&str; 4] = ["INFO", "WARNING", "REVIEW", "ERROR"];

impl Line {
    /// Of a record, whichever command wrote it.
    pub(super) fn of(record: &[u8]) -> Result<Self, String> {
        let brief: Brief = serde_json::from_slice(record).map_err(|error| error.to_string())?;
        let rank = |word: &str| SEVERITIES.iter().position(|severity| *severity == word);
        let mut reasons: BTreeMap<String, String> = BTreeMap::new();
        for BriefFinding { reason, severity } in brief.findings {
            let severity = severity.trim_start_matches("SEVERITY_").to_owned();
            let worst = reasons.entry(reason).or_default();
            if rank(&severity) > rank(worst) {
                *worst = severity;
            }
        }
        Ok(Self {
            item_id: if brief.item_id.is_empty() { brief.file } else { brief.item_id },
            slot: brief.slot,
            profile: brief.provenance.context.profile,
            verdict: brief.verdict.trim_start_matches("VERDICT_").to_owned(),
            reasons,
            error: brief.error,
            missing: brief.missing,
        })
    }
}

impl Line {
    /// Adds the line to an index.
    pub(super) fn add_to(&self, index: &mut Vec<u8>, tally: &mut Tally) {
        tally.items += 1;
        tally.errors += u64::from(self.error.is_some());
        // Texts can always be written.
        let _ = serde_json::to_writer(&mut *index, self);
        index.push(b'\n');
    }
}

fn index(records: &[u8]) -> Result<(Vec<u8>, Tally), String> {
    let (mut out, mut tally) = (Vec::new(), Tally::default());
    for record in lines_of(records) {
        Line::of(record)?.add_to(&mut out, &mut tally);
    }
    Ok((out, tally))
}

/// The record of an item that could not be judged.
pub(super) fn error_record(file: &str, slot: &str, item_id: &str, error: &ItemError) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Record<'a> {
        file: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        slot: &'a str,
        item_id: &'a str,
        error: &'a ItemError,
    }
    let record = Record { file, slot, item_id, error };
    // Texts and numbers can always be written.
    let mut line = serde_json::to_vec(&record).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Stores, Uri};

    fn record(id: &str, verdict: &str) -> String {
        format!(
            "{{\"file\":\"f\",\"slot\":\"s\",\"itemId\":\"{id}\",\"verdict\":\"VERDICT_{verdict}\",\
             \"findings\":[{{\"reason\":\"GLARE\",\"severity\":\"SEVERITY_WARNING\"}},\
             {{\"reason\":\"GLARE\",\"severity\":\"SEVERITY_ERROR\"}}],\
             \"provenance\":{{\"context\":{{\"profile\":\"generic\"}}}}}}\n"
        )
    }

    #[tokio::test]
    async fn the_first_part_stays_and_what_is_derived_of_it_is_made_whole() {
        for zstd in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let place = Stores::default().place(&Uri::Path(folder.path().into())).unwrap();
            let unit = Unit { shard: 1, number: 2 };
            let shape = Shape { zstd, parquet: true };
            let first = record("a", "REJECT");
            let tally = commit(&place, unit, shape, first.into_bytes()).await.unwrap();
            assert_eq!(tally, Tally { items: 1, errors: 0 });
            place.delete(&index_name(unit)).await.unwrap();
            assert!(!Done::of(&place).await.unwrap().is_whole(unit));
            let second = error_record("f", "", "a", &ItemError::of(14, "AWAY", ""));
            let tally = commit(&place, unit, shape, second).await.unwrap();
            assert_eq!(tally, Tally { items: 1, errors: 0 }, "the first one counts");
            assert!(Done::of(&place).await.unwrap().is_whole(unit));
            let line = indexed(&place, unit).await.unwrap().remove(0);
            assert_eq!((&*line.item_id, &*line.verdict), ("a", "REJECT"));
            assert_eq!(line.reasons["GLARE"], "ERROR");
        }
    }

    #[test]
    fn names_say_which_unit_it_is() {
        let unit = Unit { shard: 3, number: 12 };
        assert_eq!(part_name(unit, true), "parts/part-0003-00000012.ndjson.zst");
        assert_eq!(Unit::of_name("part-0003-00000012.ndjson.zst"), Some(unit));
        assert_eq!(Unit::of_name("notes.txt"), None);
    }
}
