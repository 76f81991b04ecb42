//! What a job is: fixed when it begins, kept beside its results, and the same for all who work on it.

use std::fs::File;
use std::io::{BufWriter, Write};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::fault::JobFault;
use super::item::Item;
use super::manifest::{self, Form, Rows};
use crate::rules::{Context, RuleBook};
use crate::store::{Place, Stores, Uri};

/// The file that says what a job is. Who writes it first decides.
pub(super) const JOB: &str = "job.json";
/// Where the listing of a folder or prefix is kept.
const LISTINGS: &str = "manifest";
/// Files of a listing in one of its pieces.
const PIECE: usize = 50_000;

/// What judges.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judges {
    /// Version of the rule book.
    pub ruleset_version: String,
    /// Digest of the rule book.
    pub ruleset_digest: String,
    /// Version of the engine.
    pub engine_version: String,
}

/// The fixed part of a job, as `job.json` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// The input as it was named.
    pub input: String,
    /// Its SHA-256; of a listing, that of its pieces' names and rows together.
    pub manifest_sha256: String,
    /// Name of the listing below the results; empty where the input is a manifest.
    pub listing: String,
    /// Rows.
    pub items: u64,
    /// What judges.
    pub judges: Judges,
    /// What holds for rows that say nothing else. The day is always set.
    pub defaults: Item,
    /// Language of the texts.
    pub locale: String,
    /// Rows of a unit.
    pub unit: usize,
    /// Shares of the work.
    pub shards: u32,
    /// Whether parts are compressed.
    pub zstd: bool,
    /// Whether readings are recorded.
    pub readings: bool,
}

/// The context that holds for rows which say nothing else, as a row of a manifest.
pub fn defaults(context: &Context, slot: &str) -> Item {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let count = context.domain_count;
    Item {
        slot: slot.to_owned(),
        profile: context.profile.clone(),
        province: text(&context.province),
        entity: text(&context.entity),
        filing_type: text(&context.filing_type),
        channel: text(&context.channel),
        content: context.contents.join("|"),
        as_of: context.as_of.map(|day| day.to_string()).unwrap_or_default(),
        paid: if context.paid_service { "true".to_owned() } else { String::new() },
        domains: if count > 0 { count.to_string() } else { String::new() },
        issued_elsewhere: context.issued_elsewhere.map(|yes| yes.to_string()).unwrap_or_default(),
        ..Item::default()
    }
}

impl Job {
    /// The context of rows that say nothing else.
    pub(super) fn context(&self) -> Context {
        // The job was made of a context, and a day that is none is caught by `must_match`.
        self.defaults.context(&Context::default()).unwrap_or_default()
    }

    /// Says what differs from the job that `place` already holds; `mixed` lets another rule set or
    /// engine go on with it.
    fn must_match(&self, begun: &Self, mixed: bool) -> Result<(), JobFault> {
        let differ = [
            ("input", self.input != begun.input),
            ("manifest", self.manifest_sha256 != begun.manifest_sha256),
            ("context, slot or day", self.defaults != begun.defaults),
            ("--locale", self.locale != begun.locale),
            ("--unit", self.unit != begun.unit),
            ("--shard-count", self.shards != begun.shards),
            ("--zstd", self.zstd != begun.zstd),
            ("--no-readings", self.readings != begun.readings),
        ];
        if let Some((what, _)) = differ.iter().find(|(_, differs)| *differs) {
            let text = format!(
                "these results were begun with another {what}: name another --out, or the same {what}"
            );
            return Err(JobFault::Permanent(text));
        }
        if self.judges != begun.judges && !mixed {
            let text = format!(
                "these results were begun under rule set {} ({}) by engine {}, now it is {} ({}) by \
                 engine {}: name another --out, or --allow-mixed",
                begun.judges.ruleset_version,
                short(&begun.judges.ruleset_digest),
                begun.judges.engine_version,
                self.judges.ruleset_version,
                short(&self.judges.ruleset_digest),
                self.judges.engine_version,
            );
            return Err(JobFault::Permanent(text));
        }
        Ok(())
    }

    /// The job that was begun in `place`, if one was.
    pub async fn begun(place: &Place) -> Result<Option<Self>, JobFault> {
        let bytes = place.get(JOB).await.map_err(|fault| JobFault::of_store("results", &fault))?;
        let job = bytes.map(|bytes| serde_json::from_slice(&bytes));
        job.transpose().map_err(|error| JobFault::Permanent(format!("{JOB}: {error}")))
    }

    /// Begins the job in `place`, or goes on with the one that was begun there.
    ///
    /// A manifest is read through once, so that a broken one stops the job before anything is judged;
    /// a folder or prefix is listed, and the list kept, so that every run and share sees the same.
    pub async fn begin(
        mut self,
        place: &Place,
        stores: &Stores,
        mixed: bool,
    ) -> Result<(Self, Manifest), JobFault> {
        let begun = Self::begun(place).await?;
        let input = Uri::parse(&self.input)
            .map_err(|why| JobFault::Permanent(format!("input {}: {why}", self.input)))?;
        let form = input.extension().and_then(Form::of_extension);
        if let Some(begun) = &begun
            && self.defaults.as_of.is_empty()
        {
            // The day on which the job began is the day of all of it.
            self.defaults.as_of.clone_from(&begun.defaults.as_of);
        }
        if let Some(form) = form {
            let manifest = Manifest::fetched(stores, &input, form).await?;
            self.manifest_sha256 = manifest.sha256()?;
            if begun.as_ref().is_none_or(|begun| begun.manifest_sha256 != self.manifest_sha256) {
                self.items = manifest.counted().await?;
            }
            return self.settle(place, begun, mixed, None).await.map(|job| (job, manifest));
        }
        let listed = match &begun {
            Some(begun) => {
                self.listing.clone_from(&begun.listing);
                self.manifest_sha256.clone_from(&begun.manifest_sha256);
                None
            }
            None => Some(self.list(&input, place, stores).await?),
        };
        let job = self.settle(place, begun, mixed, listed).await?;
        let manifest = Manifest::Listing { place: place.child(&job.listing), folder: input };
        Ok((job, manifest))
    }

    /// The same of a job whose input needs no list.
    pub(super) async fn settled(self, place: &Place, mixed: bool) -> Result<Self, JobFault> {
        let begun = Self::begun(place).await?;
        let mut job = self;
        if let Some(begun) = &begun {
            job.defaults.as_of.clone_from(&begun.defaults.as_of);
        }
        job.settle(place, begun, mixed, None).await
    }

    /// Writes `job.json`, unless somebody has; then this one must be the same.
    async fn settle(
        mut self,
        place: &Place,
        begun: Option<Self>,
        mixed: bool,
        listed: Option<usize>,
    ) -> Result<Self, JobFault> {
        let results = |fault| JobFault::of_store("results", &fault);
        let begun = match begun {
            Some(begun) => begun,
            None => {
                if self.defaults.as_of.is_empty() {
                    self.defaults.as_of = today_in_china();
                }
                let text = serde_json::to_vec_pretty(&self).map_err(JobFault::permanent)?;
                if place.put_new(JOB, text.into()).await.map_err(results)? {
                    return Ok(self);
                }
                let begun = Self::begun(place).await?;
                let begun = begun.ok_or_else(|| JobFault::temporary("job.json came and went"))?;
                // Another one listed first: its list is the job's.
                for piece in 0..listed.unwrap_or(0) {
                    let name = format!("{}/{}", self.listing, piece_name(piece));
                    place.delete(&name).await.map_err(results)?;
                }
                if listed.is_some() {
                    self.listing.clone_from(&begun.listing);
                    self.manifest_sha256.clone_from(&begun.manifest_sha256);
                }
                self.defaults.as_of.clone_from(&begun.defaults.as_of);
                begun
            }
        };
        self.must_match(&begun, mixed)?;
        Ok(begun)
    }

    /// Keeps the list of what lies under `input`, in pieces, under a name of its own; how many.
    async fn list(
        &mut self,
        input: &Uri,
        place: &Place,
        stores: &Stores,
    ) -> Result<usize, JobFault> {
        use sha2::{Digest, Sha256};
        let of_input = |fault| JobFault::of_store(&input.to_string(), &fault);
        let results = |fault| JobFault::of_store("results", &fault);
        let source = stores.place(input).map_err(of_input)?;
        if source.as_folder().is_some_and(|folder| !folder.is_dir()) {
            let text = format!(
                "input {input}: is neither a folder nor a manifest (.csv, .ndjson, .parquet)"
            );
            return Err(JobFault::Permanent(text));
        }
        let nonce = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
        self.listing = format!("{LISTINGS}/{nonce:x}-{:x}", std::process::id());
        let mut files = source.list();
        let mut hasher = Sha256::new();
        let (mut rows, mut pieces, mut over) = (Vec::new(), 0, false);
        while !over {
            let listed = files.recv().await;
            over = listed.is_none();
            if let Some(listed) = listed {
                let name = listed.map_err(of_input)?;
                if is_ours(&name, &source, place) {
                    continue;
                }
                let item = Item { item_id: name.clone(), uri: name, ..Item::default() };
                serde_json::to_writer(&mut rows, &item).map_err(JobFault::permanent)?;
                rows.push(b'\n');
                self.items += 1;
            }
            if over || self.items.is_multiple_of(PIECE as u64) {
                hasher.update(&rows);
                let name = format!("{}/{}", self.listing, piece_name(pieces));
                let piece = Bytes::from(std::mem::take(&mut rows));
                place.put(&name, piece).await.map_err(results)?;
                pieces += 1;
            }
        }
        if self.items == 0 {
            return Err(JobFault::Permanent(format!("input {input}: nothing lies there")));
        }
        self.manifest_sha256 = manifest::hex(&hasher.finalize());
        Ok(pieces)
    }
}

/// Results that lie inside the folder which is judged are no uploads.
fn is_ours(name: &str, source: &Place, results: &Place) -> bool {
    let (Some(source), Some(results)) = (source.as_folder(), results.as_folder()) else {
        return false;
    };
    match (source.canonicalize(), results.canonicalize()) {
        (Ok(source), Ok(results)) => source.join(name).starts_with(&results),
        _ => false,
    }
}

fn piece_name(number: usize) -> String {
    format!("{number:05}.ndjson")
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn today_in_china() -> String {
    let offset = time::macros::offset!(+8);
    time::OffsetDateTime::now_utc().to_offset(offset).date().to_string()
}

/// The rows of a job, to be read as often as need be.
#[derive(Debug)]
pub enum Manifest {
    /// A file of this machine, or a copy of one that lies in a store.
    File {
        /// What is read.
        file: File,
        /// How it is written.
        form: Form,
        /// Where relative paths begin.
        folder: Uri,
    },
    /// The kept list of a folder or prefix.
    Listing {
        /// Where the pieces are.
        place: Place,
        /// What was listed.
        folder: Uri,
    },
}

impl Manifest {
    async fn fetched(stores: &Stores, uri: &Uri, form: Form) -> Result<Self, JobFault> {
        let of_input = |fault| JobFault::of_store(&uri.to_string(), &fault);
        let gone = || JobFault::Permanent(format!("input {uri}: there is no such manifest"));
        let folder = uri.parent();
        let file = match uri {
            Uri::Path(path) => File::open(path).map_err(|error| of_input(error.into()))?,
            Uri::Object { .. } => {
                let copy = tempfile::tempfile()?;
                let place = stores.place(&folder).map_err(of_input)?;
                let name = uri.to_string();
                let name = name.rsplit('/').next().unwrap_or_default();
                let copied = place.copy_to(name, copy.try_clone()?).await.map_err(of_input)?;
                if !copied {
                    return Err(gone());
                }
                copy
            }
        };
        Ok(Self::File { file, form, folder })
    }

    /// Where relative addresses begin.
    pub(super) fn folder(&self) -> &Uri {
        match self {
            Self::File { folder, .. } | Self::Listing { folder, .. } => folder,
        }
    }

    fn sha256(&self) -> Result<String, JobFault> {
        match self {
            Self::File { file, .. } => Ok(manifest::digest(file)?),
            Self::Listing { .. } => Ok(String::new()),
        }
    }

    async fn counted(&self) -> Result<u64, JobFault> {
        let mut rows = self.rows().await?;
        tokio::task::spawn_blocking(move || {
            let mut count = 0;
            for row in &mut rows {
                row?;
                count += 1;
            }
            if count == 0 {
                return Err(JobFault::permanent("manifest: there is no row"));
            }
            Ok(count)
        })
        .await
        .map_err(JobFault::temporary)?
    }

    /// Every row from the first on.
    pub(super) async fn rows(&self) -> Result<Rows, JobFault> {
        use std::io::Seek;
        match self {
            Self::File { file, form, .. } => {
                // Handles of one file share a position, so this is for one reader at a time.
                let mut file = file.try_clone()?;
                file.rewind()?;
                form.rows(file)
            }
            Self::Listing { place, .. } => {
                let results = |fault| JobFault::of_store("results", &fault);
                let mut all = BufWriter::new(tempfile::tempfile()?);
                for piece in 0.. {
                    let rows = place.get(&piece_name(piece)).await.map_err(results)?;
                    let Some(rows) = rows else { break };
                    all.write_all(&rows)?;
                }
                let mut all =
                    all.into_inner().map_err(|error| JobFault::temporary(error.error()))?;
                all.rewind()?;
                Form::Ndjson.rows(all)
            }
        }
    }
}

impl Judges {
    /// The engine here, under `book`.
    pub fn here(book: &RuleBook) -> Self {
        Self {
            ruleset_version: book.version.clone(),
            ruleset_digest: book.digest.clone(),
            engine_version: crate::grpc::engine_version(),
        }
    }
}
