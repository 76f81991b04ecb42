//! What judges the items: the engine here, or services.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::fault::{ItemError, JobFault, code};
use super::item::Item;
use super::job::Job;
use super::part::error_record;
use crate::grpc::client::{Client, Content, Question, Trouble};
use crate::grpc::record::Answer;
use crate::intake::{Budget, Upload, format};
use crate::pipeline::Options;
use crate::reason::Locale;
use crate::rules::{Context, ContextFault, RuleBook, RuleSet};
use crate::store::{Stores, Uri};
use crate::verdict::Verdict;
use crate::worker::{Judge as Door, Stopped};

/// More of a file is not read: it is too large for any rule, and its size says so.
const MOST_BYTES: u64 = 1 << 28;
/// Longest that one file may take. Far more than any takes whose limits hold.
const LONGEST: Duration = Duration::from_secs(60);
/// Bound rule sets that are kept: contexts of one archive repeat.
const KEPT_RULES: usize = 512;

/// What judges.
#[derive(Debug)]
pub enum Engine {
    /// The engine here, on so many cores.
    Here(Here),
    /// Services. `by_reference`: they fetch the files themselves.
    Service {
        /// The connections.
        client: Client,
        /// Whether addresses are sent instead of files.
        by_reference: bool,
    },
}

/// The engine here.
#[derive(Debug)]
pub struct Here {
    rules: RuleCache,
    cores: Arc<Semaphore>,
    door: Arc<Door>,
}

impl Here {
    /// Under the rules of `book`, on `workers` cores, through `door`.
    pub fn new(book: Arc<RuleBook>, workers: usize, door: Door) -> Self {
        let cores = Arc::new(Semaphore::new(workers.max(1)));
        Self { rules: RuleCache::of(book), cores, door: Arc::new(door) }
    }
}

/// The rule sets that a job needs, each bound once.
pub(super) struct RuleCache {
    book: Arc<RuleBook>,
    bound: Mutex<HashMap<String, Arc<RuleSet>>>,
}

impl std::fmt::Debug for RuleCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleCache").field("digest", &self.book.digest).finish_non_exhaustive()
    }
}

impl RuleCache {
    pub(super) fn of(book: Arc<RuleBook>) -> Self {
        Self { book, bound: Mutex::default() }
    }

    /// The rules in force. Every context of a job has its day.
    pub(super) fn rules(&self, context: &Context, slot: &str) -> Result<Arc<RuleSet>, ItemError> {
        let name = format!("{slot}\n{context:?}");
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = bound.get(&name) {
            return Ok(Arc::clone(rules));
        }
        let today = context.as_of.unwrap_or(time::Date::MIN);
        let rules = self.book.rules(context, slot, today).map_err(|fault| unknown(&fault))?;
        let rules = Arc::new(rules);
        if bound.len() >= KEPT_RULES {
            bound.clear();
        }
        bound.insert(name, Arc::clone(&rules));
        Ok(rules)
    }
}

/// The same word that a service has for it.
fn unknown(fault: &ContextFault) -> ItemError {
    let reason = match fault.what {
        "profile" => "PROFILE_UNKNOWN",
        "slot" => "SLOT_UNKNOWN",
        "province" => "PROVINCE_UNKNOWN",
        "entity" => "ENTITY_TYPE_UNKNOWN",
        "filing type" => "FILING_TYPE_UNKNOWN",
        "channel" => "CHANNEL_UNKNOWN",
        _ => "CONTENT_CATEGORY_UNKNOWN",
    };
    let message = format!("{} is unknown; known: {}", fault.what, fault.known.join(", "));
    ItemError::of(code::INVALID_ARGUMENT, reason, message)
}

/// A budget that ends when a file takes longer than any may.
pub(super) struct Patience(Instant);

impl Budget for Patience {
    fn expired(&mut self) -> bool {
        self.0.elapsed() > LONGEST
    }
}

/// The one way to what judges a file.
fn verdict(
    door: &Door,
    upload: &Upload,
    rules: &RuleSet,
    options: Options,
) -> Result<Verdict, ItemError> {
    let mut patience = Patience(Instant::now());
    door.validate(upload, rules, options, &mut patience).map_err(|why| match why {
        Stopped::Expired(_) => {
            let message = "no verdict was reached in time";
            ItemError::of(code::ABORTED, "DEADLINE_EXCEEDED", message)
        }
        Stopped::Worker(fault) => {
            ItemError::of(code::UNAVAILABLE, "WORKER_LOST", fault.to_string())
        }
    })
}

/// Judges the items of one job.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) engine: Engine,
    pub(super) stores: Stores,
    pub(super) job: Job,
    pub(super) context: Context,
    pub(super) locale: Locale,
    /// Where relative addresses begin.
    pub(super) folder: Uri,
    /// Whether another rule set than the job's may answer.
    pub(super) mixed: bool,
    /// Items in a row whose store did not answer.
    pub(super) silent: AtomicUsize,
}

/// So many items in a row whose store does not answer are no fault of theirs: the job stops and goes
/// on when it is started again.
const MOST_SILENT: usize = 20;

/// A judged item: its record, and whether that says why there is no verdict.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) line: Vec<u8>,
    pub(super) failed: bool,
}

impl Judge {
    /// The record of an item. `Err` stops the job.
    pub(super) async fn record(&self, item: &Item) -> Result<Judged, JobFault> {
        let slot = if item.slot.is_empty() { &self.job.defaults.slot } else { &item.slot };
        let line = match self.answer(item, slot).await {
            Ok(answer) => {
                self.silent.store(0, Ordering::Relaxed);
                self.must_be_judged_alike(&answer)?;
                let line = answer.record(&item.uri, slot, &item.item_id);
                return Ok(Judged { line, failed: false });
            }
            Err(Why::Item(error)) => {
                if error.code != code::UNAVAILABLE {
                    self.silent.store(0, Ordering::Relaxed);
                } else if self.silent.fetch_add(1, Ordering::Relaxed) >= MOST_SILENT {
                    return Err(JobFault::temporary("the store of the files does not answer"));
                }
                error_record(&item.uri, slot, &item.item_id, &error)
            }
            Err(Why::Job(fault)) => return Err(fault),
        };
        Ok(Judged { line, failed: true })
    }

    fn must_be_judged_alike(&self, answer: &Answer) -> Result<(), JobFault> {
        let digest = answer.ruleset_digest();
        if self.mixed || digest == self.job.judges.ruleset_digest {
            return Ok(());
        }
        let text = format!(
            "a server judged under rule set {digest}, the job's is {}: bring all servers to one rule \
             set, or --allow-mixed",
            self.job.judges.ruleset_digest
        );
        Err(JobFault::Permanent(text))
    }

    async fn answer(&self, item: &Item, slot: &str) -> Result<Answer, Why> {
        let context = item
            .context(&self.context)
            .map_err(|why| ItemError::of(code::INVALID_ARGUMENT, "CONTEXT_MALFORMED", why))?;
        let (uri, declared) = self.named(item)?;
        match &self.engine {
            Engine::Here(here) => {
                // Before the file is fetched, which costs more.
                let rules = here.rules.rules(&context, slot)?;
                let bytes = self.fetch(&uri).await?;
                let upload = Upload { bytes, declared_media_type: declared };
                let (locale, readings) = (self.locale, self.job.readings);
                let core = Arc::clone(&here.cores).acquire_owned().await;
                let door = Arc::clone(&here.door);
                let judged = tokio::task::spawn_blocking(move || {
                    let _core = core;
                    let verdict = verdict(&door, &upload, &rules, Options::default())?;
                    Ok(Answer::of(&verdict, locale, readings))
                });
                judged
                    .await
                    .unwrap_or_else(|_panic| {
                        Err(ItemError::of(code::INTERNAL, "INTERNAL", "the engine failed"))
                    })
                    .map_err(Why::Item)
            }
            Engine::Service { client, by_reference } => {
                let content = if *by_reference {
                    Content::Reference(address(&uri)?)
                } else {
                    Content::Whole(self.fetch(&uri).await?)
                };
                let question = Question {
                    slot: slot.to_owned(),
                    context,
                    declared_media_type: declared,
                    content,
                    locale: self.locale,
                    readings: self.job.readings,
                };
                Ok(client.answer(&question).await?)
            }
        }
    }

    /// Where the file lies, and what it claims to be.
    fn named(&self, item: &Item) -> Result<(Uri, Option<String>), ItemError> {
        let malformed = |why: crate::store::UriFault| {
            ItemError::of(code::INVALID_ARGUMENT, "CONTENT_URI_MALFORMED", why)
        };
        let uri = Uri::parse_in(&item.uri, &self.folder).map_err(malformed)?;
        let declared = if item.media_type.is_empty() {
            let claimed = uri.extension().and_then(format::of_extension);
            claimed.map(|format| format.media_type.to_owned())
        } else {
            Some(item.media_type.clone())
        };
        Ok((uri, declared))
    }

    /// An item's page with its findings drawn on it; `None` where there is none to be had, or where
    /// services judge.
    pub(super) async fn picture(&self, item: &Item) -> Option<Vec<u8>> {
        let Engine::Here(here) = &self.engine else {
            return None;
        };
        let slot = if item.slot.is_empty() { &self.job.defaults.slot } else { &item.slot };
        let rules = here.rules.rules(&item.context(&self.context).ok()?, slot).ok()?;
        let (uri, declared_media_type) = self.named(item).ok()?;
        let upload = Upload { bytes: self.fetch(&uri).await.ok()?, declared_media_type };
        let door = Arc::clone(&here.door);
        let options = Options { annotate: true, ..Options::default() };
        let drawn =
            tokio::task::spawn_blocking(move || verdict(&door, &upload, &rules, options).ok());
        drawn.await.ok()??.annotated
    }

    async fn fetch(&self, uri: &Uri) -> Result<Bytes, ItemError> {
        self.stores.read(uri, MOST_BYTES).await.map_err(|fault| fault.kind.into())
    }
}

/// An address as a service reads it: with a scheme, and whole.
fn address(uri: &Uri) -> Result<String, ItemError> {
    let broken = || {
        let message = "its path cannot be told to a server";
        ItemError::of(code::INVALID_ARGUMENT, "CONTENT_URI_MALFORMED", message)
    };
    match uri {
        Uri::Object { .. } => Ok(uri.to_string()),
        Uri::Path(path) => {
            let path = path.canonicalize().map_err(|error| {
                let fault: crate::store::StoreFault = error.into();
                ItemError::from(fault.kind)
            })?;
            let path = path.to_str().ok_or_else(broken)?;
            let mut text = "file://".to_owned();
            for byte in path.bytes() {
                if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
                    text.push(char::from(byte));
                } else {
                    text.push_str(&format!("%{byte:02X}"));
                }
            }
            Ok(text)
        }
    }
}

/// Why an item has no record: its own fault, or one that stops the job.
enum Why {
    Item(ItemError),
    Job(JobFault),
}

impl From<ItemError> for Why {
    fn from(error: ItemError) -> Self {
        Self::Item(error)
    }
}

impl From<Trouble> for Why {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Item { code, reason, message, retryable } => {
                Self::Item(ItemError { code, reason, message, retryable })
            }
            Trouble::Away(why) => {
                Self::Job(JobFault::temporary(format!("no server answers: {why}")))
            }
        }
    }
}
