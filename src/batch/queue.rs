//! Units shared out over NATS JetStream. A message holds the rows of one unit and is acknowledged after
//! its part is committed; the manifest stays the source of truth, so that whatever the queue loses is
//! put into it again.

use std::time::{Duration, Instant};

use async_nats::jetstream::message::AckKind;
use async_nats::jetstream::{Context, Message};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::broker::{LOOK, Line, Next, POLL, Queue, Role, Work, next};
use super::fault::{ItemError, JobFault, code};
use super::finish::SUMMARY;
use super::item::Item;
use super::job::{Job, Manifest};
use super::manifest::Form;
use super::part::{self, Done, Unit, error_record};
use super::run::{Crew, Early, units};
use crate::report::batch::Summary;
use crate::store::{Place, Uri};

/// An entry of the dead-letter list.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dead {
    pub(super) unit: String,
    pub(super) deliveries: i64,
    pub(super) items: Vec<String>,
}

/// Where dead letters are kept.
pub(super) const DEAD: &str = "dead";
/// Units that one process has under way.
const UNITS_AT_ONCE: usize = 2;
/// Rounds without anything in the queue after which what is missing is put into it again.
const EMPTY_ROUNDS: u32 = 4;

/// Waits for the job that whoever fills the queue begins; its rows' folder beside it. `None` when told
/// to stop.
pub(super) async fn begun(
    place: &Place,
    stop: &watch::Receiver<bool>,
) -> Result<(Option<Job>, Option<Uri>), JobFault> {
    let began = Instant::now();
    loop {
        if *stop.borrow() {
            return Ok((None, None));
        }
        if let Some(job) = Job::begun(place).await? {
            let input = Uri::parse(&job.input).map_err(JobFault::permanent)?;
            let is_manifest = input.extension().and_then(Form::of_extension).is_some();
            let folder = if is_manifest { input.parent() } else { input };
            return Ok((Some(job), Some(folder)));
        }
        if began.elapsed() > Duration::from_secs(60) {
            return Err(JobFault::temporary("results: no job was begun there"));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Fills the queue with what is missing, waits until all of it is done, and works, too, if asked to.
pub(super) async fn run(
    queue: &Queue,
    crew: &Crew,
    manifest: &Manifest,
    done: &mut Done,
    stop: watch::Receiver<bool>,
) -> Result<Early, JobFault> {
    let line = Line::to(queue, &crew.job).await?;
    line.insist(|| line.opened()).await?;
    let workers_stop = stop.clone();
    let (over, is_over) = watch::channel(false);
    let working = async {
        match queue.role {
            Role::Both => work(&line, crew, workers_stop, is_over).await,
            _ => std::future::pending().await,
        }
    };
    let filling = async {
        let early = fill(&line, crew, manifest, done, stop).await;
        over.send_replace(true);
        early
    };
    tokio::pin!(working, filling);
    let early = tokio::select! {
        early = &mut filling => {
            if queue.role == Role::Both {
                // What is under way here is committed before the parts are counted.
                working.await?;
            }
            early?
        }
        failed = &mut working => {
            failed?;
            // Told to stop: so is the other one.
            filling.await?
        }
    };
    if early != Early::Interrupted {
        // Nobody else can have anything left to do. If this fails the next run finds it empty.
        let _ = line.context.delete_stream(&line.name).await;
    }
    Ok(early)
}

async fn fill(
    line: &Line,
    crew: &Crew,
    manifest: &Manifest,
    done: &mut Done,
    stop: watch::Receiver<bool>,
) -> Result<Early, JobFault> {
    let mut round = 0u32;
    loop {
        let missing = put_missing(line, crew, manifest, done, round, &stop).await?;
        let Some(missing) = missing else {
            return Ok(Early::Interrupted);
        };
        let early = wait(line, crew, done, missing, &stop).await?;
        match early {
            Some(early) => return Ok(early),
            // The queue has nothing left but units are missing.
            None => round += 1,
        }
    }
}

/// Puts every unit that is not done into the queue; how many units the job has. `None` when stopped.
async fn put_missing(
    line: &Line,
    crew: &Crew,
    manifest: &Manifest,
    done: &mut Done,
    round: u32,
    stop: &watch::Receiver<bool>,
) -> Result<Option<usize>, JobFault> {
    let mut all = units(manifest, &crew.job, 0).await?;
    let mut count = 0;
    while let Some(next) = all.recv().await {
        if *stop.borrow() {
            return Ok(None);
        }
        let (unit, items) = next?;
        count += 1;
        if done.is_whole(unit) {
            if round == 0 {
                crew.meter.found(items.len() as u64, 0);
            }
        } else if done.has(unit) {
            let tally = part::complete(&crew.place, unit, crew.shape).await?;
            crew.meter.found(tally.items, tally.errors);
            done.note(unit);
        } else {
            let id = format!("{unit}-{round}");
            line.publish(&id, &Work { unit, items }).await?;
        }
    }
    Ok(Some(count))
}

/// Waits until `units` units are done. `None` when the queue is empty and they are not.
async fn wait(
    line: &Line,
    crew: &Crew,
    done: &mut Done,
    units: usize,
    stop: &watch::Receiver<bool>,
) -> Result<Option<Early>, JobFault> {
    let (mut empty, mut heard, mut progress) = (0, Instant::now(), Instant::now());
    let mut pause = POLL;
    loop {
        if *stop.borrow() {
            return Ok(Some(Early::Interrupted));
        }
        let looked = Instant::now();
        let now = Done::of(&crew.place).await?;
        let new: Vec<Unit> =
            now.units().copied().filter(|u| now.is_whole(*u) && !done.is_whole(*u)).collect();
        for unit in new {
            progress = Instant::now();
            let lines = part::indexed(&crew.place, unit).await?;
            let errors = lines.iter().filter(|line| line.error.is_some()).count() as u64;
            if !crew.is_own(unit) {
                crew.meter.found(lines.len() as u64, errors);
            }
            done.note(unit);
        }
        if done.count() >= units {
            return Ok(Some(Early::No));
        }
        if crew.has_too_many_errors() {
            return Ok(Some(Early::TooManyErrors));
        }
        match left(line).await {
            Ok(0) => {
                heard = Instant::now();
                empty += 1;
                if empty >= EMPTY_ROUNDS {
                    // Workers that commit at this moment come before another round.
                    let now = Done::of(&crew.place).await?;
                    if now.units().filter(|unit| now.is_whole(**unit)).count() <= done.count() {
                        return Ok(None);
                    }
                }
            }
            Ok(_) => {
                heard = Instant::now();
                empty = 0;
            }
            Err(why) => {
                // The workers may go on all the same.
                if heard.elapsed().min(progress.elapsed()) > line.queue.patience {
                    return Err(JobFault::Temporary(format!("queue: {why}")));
                }
            }
        }
        // A store that lists slowly is not asked all the time.
        pause = pause.max(looked.elapsed() * 5).min(Duration::from_secs(30));
        tokio::time::sleep(pause).await;
    }
}

/// Messages that nobody has finished.
async fn left(line: &Line) -> Result<u64, String> {
    let mut consumer = line.opened().await?;
    let info = consumer.info().await.map_err(|error| error.to_string())?;
    Ok(info.num_pending + info.num_ack_pending as u64)
}

/// Works on a queue that somebody else fills, until the job is done.
pub(super) async fn help(
    queue: &Queue,
    crew: &Crew,
    stop: watch::Receiver<bool>,
) -> Result<(), JobFault> {
    let line = Line::to(queue, &crew.job).await?;
    let (_keep, never) = watch::channel(false);
    work(&line, crew, stop, never).await
}

/// Takes units off the queue until it is gone or `stop` or `over` turns true; what is under way is
/// finished.
async fn work(
    line: &Line,
    crew: &Crew,
    stop: watch::Receiver<bool>,
    over: watch::Receiver<bool>,
) -> Result<(), JobFault> {
    let mut under_way: JoinSet<Result<(), JobFault>> = JoinSet::new();
    let mut silent = Instant::now();
    while !*stop.borrow() && !*over.borrow() {
        while under_way.len() >= UNITS_AT_ONCE {
            if let Some(ended) = under_way.join_next().await {
                ended.map_err(JobFault::temporary)??;
            }
        }
        while let Some(ended) = under_way.try_join_next() {
            ended.map_err(JobFault::temporary)??;
        }
        match next(line).await {
            Ok(Next::Message(message)) => {
                silent = Instant::now();
                let (crew, context) = (crew.clone(), line.context.clone());
                let (queue, subject) = (line.queue.clone(), line.subject());
                under_way
                    .spawn(async move { one(&crew, &context, &queue, &subject, message).await });
            }
            Ok(Next::Nothing) => silent = Instant::now(),
            gone_or_silent => {
                if is_finished(&crew.place).await? {
                    break;
                }
                if silent.elapsed() > line.queue.patience {
                    let why = match gone_or_silent {
                        Err(why) => why,
                        Ok(_) => "there is no such job in it".to_owned(),
                    };
                    return Err(JobFault::Temporary(format!("queue: {why}")));
                }
                tokio::time::sleep(POLL).await;
            }
        }
    }
    while let Some(ended) = under_way.join_next().await {
        ended.map_err(JobFault::temporary)??;
    }
    Ok(())
}

/// Whether whoever fills the queue has counted everything.
async fn is_finished(place: &Place) -> Result<bool, JobFault> {
    let bytes = place.get(SUMMARY).await.map_err(|fault| JobFault::of_store("results", &fault))?;
    let summary = bytes.and_then(|bytes| serde_json::from_slice::<Summary>(&bytes).ok());
    Ok(summary.is_some_and(|summary| summary.complete))
}

/// Does one unit; its message is acknowledged when its part is there.
async fn one(
    crew: &Crew,
    context: &Context,
    queue: &Queue,
    subject: &str,
    message: Box<Message>,
) -> Result<(), JobFault> {
    let deliveries = message.info().map(|info| info.delivered).unwrap_or(1);
    let Ok(work) = serde_json::from_slice::<Work>(&message.payload) else {
        // Nobody can do anything with it, and the manifest knows what is missing.
        let _ = message.ack_with(AckKind::Term).await;
        return Ok(());
    };
    let Work { unit, items } = work;
    let results = |fault| JobFault::of_store("results", &fault);
    if crew.place.get(&part::index_name(unit)).await.map_err(results)?.is_none() {
        if deliveries > queue.deliveries {
            bury(crew, unit, &items, deliveries).await?;
        } else {
            let judging = crew.unit(unit, items.clone());
            tokio::pin!(judging);
            let mut beat = tokio::time::interval(queue.ack_wait / 3);
            let outcome = loop {
                tokio::select! {
                    outcome = &mut judging => break outcome,
                    _ = beat.tick() => {
                        // If it is lost somebody else does the unit, too, and the first part counts.
                        let _ = message.ack_with(AckKind::Progress).await;
                    }
                }
            };
            if let Err(fault) = outcome {
                // A fault of the surroundings is none of the unit: it begins anew.
                if let Ok(payload) = serde_json::to_vec(&Work { unit, items }) {
                    let again = context.publish(subject.to_owned(), payload.into()).await;
                    if let Ok(acknowledged) = again
                        && acknowledged.await.is_ok()
                    {
                        let _ = message.ack().await;
                    }
                }
                return Err(fault);
            }
        }
    }
    // If it is lost the unit comes again, and is found done.
    let _ = tokio::time::timeout(LOOK, message.double_ack()).await;
    Ok(())
}

/// Puts a unit on the dead-letter list: its items get records that say so.
async fn bury(crew: &Crew, unit: Unit, items: &[Item], deliveries: i64) -> Result<(), JobFault> {
    let message = "workers died of its unit again and again";
    let error = ItemError::of(code::ABORTED, "UNIT_POISONED", message);
    let slot = |item: &Item| {
        if item.slot.is_empty() { crew.job.defaults.slot.clone() } else { item.slot.clone() }
    };
    let lines: Vec<Vec<u8>> = items
        .iter()
        .map(|item| error_record(&item.uri, &slot(item), &item.item_id, &error))
        .collect();
    let ids = items.iter().map(|item| item.item_id.clone()).collect();
    let dead = Dead { unit: unit.to_string(), deliveries, items: ids };
    let text = serde_json::to_vec(&dead).map_err(JobFault::permanent)?;
    let put = crew.place.put(&format!("{DEAD}/{unit}.json"), text.into()).await;
    put.map_err(|fault| JobFault::of_store("results", &fault))?;
    let tally = part::commit(&crew.place, unit, crew.shape, lines.concat()).await?;
    crew.meter.found(tally.items, tally.errors);
    Ok(())
}
