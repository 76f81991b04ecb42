//! Runs a job: units of the manifest, judged on all cores, each committed when it is whole.

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::broker::Queue;
use super::engine::{Engine, Judge};
use super::fault::JobFault;
use super::finish::finish;
use super::item::Item;
use super::job::{Job, Manifest};
use super::meter::Meter;
use super::page::{Artist, Extent, Shown};
use super::part::{self, Done, Shape, Tally, Unit};
use super::queue;
use crate::reason::Locale;
use crate::report::batch::Summary;
use crate::store::{Place, Stores, Uri};

/// What is to be done.
#[derive(Debug)]
pub struct Order {
    /// Where the results go.
    pub results: String,
    /// The job as it was asked for; what is fixed when it begins is filled in.
    pub job: Job,
    /// What judges.
    pub engine: Engine,
    /// The share that is done here, from 0.
    pub shard: u32,
    /// Files that are fetched or judged at once.
    pub at_once: usize,
    /// Whether to write tables beside the records.
    pub parquet: bool,
    /// Whether to go on with results of another rule set or engine.
    pub mixed: bool,
    /// Whether to judge units again in which items have no verdict.
    pub retry_errors: bool,
    /// The job stops when a larger share of the items has no verdict.
    pub max_error_share: f64,
    /// Old results to compare with.
    pub diff: Option<String>,
    /// How much its page shows.
    pub extent: Extent,
    /// Shares the work with others.
    pub queue: Option<Queue>,
    /// Language of the texts.
    pub locale: Locale,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// All of this share is done; so many of its items have no verdict.
    Done(Summary, u64),
    /// Too many items had no verdict.
    Stopped(Summary),
    /// Whoever started it asked it to stop.
    Interrupted(Summary),
    /// It helped with units of a queue, and none are left.
    Helped,
}

/// Items after which the share of errors is looked at: a few at the beginning say little.
const SAMPLE: u64 = 1000;
/// Units under way at once: one is filled while another one ends.
const UNITS_AT_ONCE: usize = 2;

/// Does all of a share, or of a queue. `stop` turning true ends it early: what is under way is
/// finished and committed.
pub async fn run(
    order: Order,
    meter: &Arc<Meter>,
    stop: watch::Receiver<bool>,
) -> Result<Ended, JobFault> {
    let stores = Stores::default();
    let results = Uri::parse(&order.results)
        .map_err(|why| JobFault::Permanent(format!("results {}: {why}", order.results)))?;
    let place = stores.place(&results).map_err(|fault| JobFault::of_store("results", &fault))?;
    if order.queue.as_ref().is_some_and(|queue| !queue.fills()) {
        return help(order, place, stores, meter, stop).await;
    }
    let (job, manifest) = order.job.clone().begin(&place, &stores, order.mixed).await?;
    if order.shard >= job.shards {
        let text = format!("shard {} of {}: shards count from 0", order.shard, job.shards);
        return Err(JobFault::Permanent(text));
    }
    let folder = manifest.folder().clone();
    let (diff, share) = (order.diff.clone(), order.max_error_share);
    let (shard, queue) = (order.shard, order.queue.clone());
    let (retry_errors, extent, locale) = (order.retry_errors, order.extent, order.locale);
    let crew = Crew::of(order, job.clone(), place.clone(), stores.clone(), folder, meter);
    let mut done = Done::of(&place).await?;
    if retry_errors {
        crew.take_back_errors(&mut done).await?;
    }
    meter.expect(job.items / u64::from(job.shards));
    let early = match queue {
        Some(queue) => queue::run(&queue, &crew, &manifest, &mut done, stop).await?,
        None => crew.share(&manifest, shard, done, stop).await?,
    };
    let artist = Some(Artist { judge: &crew.judge, manifest: &manifest });
    let shown = Shown { extent, locale, artist };
    let finished = finish(&place, &stores, &job, diff.as_deref(), Some(shard), shown);
    let (summary, own) = finished.await?;
    Ok(match early {
        Early::Interrupted => Ended::Interrupted(summary),
        Early::TooManyErrors => Ended::Stopped(summary),
        // However the errors fell on the runs.
        Early::No if is_too_much(own.errors, own.items, share) => Ended::Stopped(summary),
        Early::No => Ended::Done(summary, own.errors),
    })
}

/// Works on the units of a queue that somebody else fills.
async fn help(
    order: Order,
    place: Place,
    stores: Stores,
    meter: &Arc<Meter>,
    stop: watch::Receiver<bool>,
) -> Result<Ended, JobFault> {
    let (job, folder) = queue::begun(&place, &stop).await?;
    let Some((job, folder)) = job.zip(folder) else {
        return Ok(Ended::Helped);
    };
    if order.job.judges != job.judges && !order.mixed {
        let text = format!(
            "the job was begun under rule set {} by engine {}, here it is {} by engine {}: bring them \
             together, or --allow-mixed",
            job.judges.ruleset_digest,
            job.judges.engine_version,
            order.job.judges.ruleset_digest,
            order.job.judges.engine_version,
        );
        return Err(JobFault::Permanent(text));
    }
    let queue = order.queue.clone().ok_or_else(|| JobFault::permanent("no queue"))?;
    let crew = Crew::of(order, job, place, stores, folder, meter);
    queue::help(&queue, &crew, stop).await?;
    Ok(Ended::Helped)
}

/// Why a run ended before its work did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Early {
    No,
    Interrupted,
    TooManyErrors,
}

pub(super) fn is_too_much(errors: u64, items: u64, share: f64) -> bool {
    errors > 0 && errors as f64 > share * items as f64
}

/// What all units share.
#[derive(Clone, Debug)]
pub(super) struct Crew {
    pub(super) place: Place,
    pub(super) shape: Shape,
    pub(super) job: Arc<Job>,
    judge: Arc<Judge>,
    slots: Arc<Semaphore>,
    pub(super) meter: Arc<Meter>,
    max_error_share: f64,
    /// Units that were judged here.
    own: Arc<Mutex<HashSet<Unit>>>,
}

impl Crew {
    fn of(
        order: Order,
        job: Job,
        place: Place,
        stores: Stores,
        folder: Uri,
        meter: &Arc<Meter>,
    ) -> Self {
        let context = job.context();
        let judge = Judge {
            engine: order.engine,
            stores,
            job: job.clone(),
            context,
            locale: order.locale,
            folder,
            mixed: order.mixed,
            silent: AtomicUsize::new(0),
        };
        Self {
            place,
            shape: Shape { zstd: job.zstd, parquet: order.parquet },
            job: Arc::new(job),
            judge: Arc::new(judge),
            slots: Arc::new(Semaphore::new(order.at_once.max(1))),
            meter: Arc::clone(meter),
            max_error_share: order.max_error_share,
            own: Arc::default(),
        }
    }

    /// Whether a unit was judged here, and so is counted already.
    pub(super) fn is_own(&self, unit: Unit) -> bool {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).contains(&unit)
    }

    /// Whether so many items have no verdict that the job must stop.
    pub(super) fn has_too_many_errors(&self) -> bool {
        let read = self.meter.read();
        let enough = read.done >= SAMPLE.min(self.job.items);
        enough && is_too_much(read.errors, read.done, self.max_error_share)
    }

    /// Judges a unit and commits it.
    pub(super) async fn unit(&self, unit: Unit, items: Vec<Item>) -> Result<Tally, JobFault> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).insert(unit);
        let mut under_way = JoinSet::new();
        let count = items.len();
        for (index, item) in items.into_iter().enumerate() {
            // So many files are in memory at once, and no more.
            let slot =
                Arc::clone(&self.slots).acquire_owned().await.map_err(JobFault::temporary)?;
            let (judge, meter) = (Arc::clone(&self.judge), Arc::clone(&self.meter));
            under_way.spawn(async move {
                let _slot = slot;
                let judged = judge.record(&item).await?;
                meter.judged(judged.failed);
                Ok::<_, JobFault>((index, judged.line))
            });
        }
        let mut lines = vec![Vec::new(); count];
        while let Some(judged) = under_way.join_next().await {
            // The first fault drops the others, and the unit is left for another run.
            let (index, line) = judged.map_err(JobFault::temporary)??;
            lines[index] = line;
        }
        part::commit(&self.place, unit, self.shape, lines.concat()).await
    }

    /// A unit whose part is there: makes it whole where it is not.
    async fn found(&self, unit: Unit, items: u64, whole: bool) -> Result<(), JobFault> {
        let tally = if whole {
            Tally { items, errors: 0 }
        } else {
            part::complete(&self.place, unit, self.shape).await?
        };
        self.meter.found(tally.items, tally.errors);
        Ok(())
    }

    /// All units of a share that are not there yet.
    async fn share(
        &self,
        manifest: &Manifest,
        shard: u32,
        done: Done,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Early, JobFault> {
        let mut units = units(manifest, &self.job, shard).await?;
        let mut under_way = JoinSet::new();
        let mut early = Early::No;
        loop {
            if *stop.borrow() {
                early = Early::Interrupted;
            } else if self.has_too_many_errors() {
                early = Early::TooManyErrors;
            }
            if early != Early::No {
                break;
            }
            let next = tokio::select! {
                next = units.recv(), if under_way.len() < UNITS_AT_ONCE => next,
                Some(ended) = under_way.join_next() => {
                    let ended: Result<Tally, JobFault> = ended.map_err(JobFault::temporary)?;
                    ended?;
                    continue;
                }
                Ok(_) = stop.wait_for(|stop| *stop) => continue,
            };
            let Some(next) = next else { break };
            let (unit, items) = next?;
            if done.has(unit) {
                self.found(unit, items.len() as u64, done.is_whole(unit)).await?;
            } else {
                let crew = self.clone();
                under_way.spawn(async move { crew.unit(unit, items).await });
            }
        }
        while let Some(ended) = under_way.join_next().await {
            ended.map_err(JobFault::temporary)??;
        }
        if early == Early::No && self.has_too_many_errors() {
            early = Early::TooManyErrors;
        }
        Ok(early)
    }

    /// Takes back the units in which items have no verdict.
    async fn take_back_errors(&self, done: &mut Done) -> Result<(), JobFault> {
        let units: Vec<Unit> = done.units().copied().collect();
        for unit in units {
            if !done.is_whole(unit) {
                part::complete(&self.place, unit, self.shape).await?;
            }
            let lines = part::indexed(&self.place, unit).await?;
            if lines.iter().any(|line| line.error.is_some()) {
                part::remove(&self.place, unit, self.shape.zstd).await?;
                done.forget(unit);
            }
        }
        Ok(())
    }
}

/// The units of a share in the order of the manifest. Few are in memory at a time.
pub(super) async fn units(
    manifest: &Manifest,
    job: &Job,
    shard: u32,
) -> Result<mpsc::Receiver<Result<(Unit, Vec<Item>), JobFault>>, JobFault> {
    let rows = manifest.rows().await?;
    let (size, shards) = (job.unit.max(1), job.shards.max(1));
    let (send, units) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let mut number = 0;
        let mut items = Vec::with_capacity(size);
        // Nobody listens any more when a send fails.
        let hand_out = |items: &mut Vec<Item>, number: &mut u32| {
            let unit = Unit { shard, number: *number };
            *number += 1;
            send.blocking_send(Ok((unit, std::mem::take(items)))).is_ok()
        };
        for row in rows {
            match row {
                Ok(item) if item.shard(shards) == shard => items.push(item),
                Ok(_) => continue,
                Err(fault) => {
                    let _ = send.blocking_send(Err(fault));
                    return;
                }
            }
            if items.len() >= size && !hand_out(&mut items, &mut number) {
                return;
            }
        }
        if !items.is_empty() {
            hand_out(&mut items, &mut number);
        }
    });
    Ok(units)
}
