//! The files of one filing: judged in lanes on the workers, then together.

use std::sync::Arc;

use time::OffsetDateTime;
use tokio::task::JoinSet;

use super::call::Call;
use super::fault::{Fault, Violation};
use super::guard::charge;
use super::pool::{Done, Held, Place};
use super::proto::{FileContent, ValidateFilingRequest, ValidateFilingResponse};
use super::request::{Ask, OPTIONS_CONTEXT, Shape, filing_context, pinned, read, today};
use super::service::{Service, must_be_announced, must_be_whole};
use super::{FILES_OF_A_FILING, convert};
use crate::access::Unit;
use crate::filing::check::{self, FilingVerdict, Seen};
use crate::intake::Upload;
use crate::rules::{FilingRules, RuleBook};
use crate::verdict::Verdict;

/// A file of the filing with its place in the request.
struct Item {
    at: usize,
    ask: Ask,
    content: Vec<u8>,
}

/// The verdict on one file, its place, and what the others are compared with.
type Judged = (usize, Verdict, Seen);

/// Answers `ValidateFiling`.
pub(super) async fn answer(
    service: &Arc<Service>,
    call: &mut Call,
    request: ValidateFilingRequest,
) -> Result<ValidateFilingResponse, Fault> {
    let bytes = request.files.iter().map(|file| file.content.len()).sum();
    call.received(bytes);
    // The first file was counted by the head of the call.
    let others = request.files.len().saturating_sub(1) as u64;
    charge(&service.config.access, call.caller(), (Unit::Files, others))?;
    service.charge_bytes(call, bytes as u64)?;
    let version = request.options.as_ref().map_or("", |options| &options.ruleset_version);
    let books = service.books.now();
    let book = pinned(&books, version)?;
    let (items, rules) = asked(book, request)?;
    for item in &items {
        let told = |fault: Fault| fault.with("file", item.at);
        service.must_fit(&item.ask, item.content.len()).map_err(told)?;
        must_be_whole(&item.ask, item.content.len()).map_err(told)?;
    }
    let asks: Vec<Ask> = items.iter().map(|item| item.ask.clone()).collect();
    let judged = on_workers(service, call, items, &rules).await?;
    for (ask, (at, verdict, _)) in asks.iter().zip(&judged) {
        must_be_announced(ask, verdict).map_err(|fault| fault.with("file", at))?;
    }
    let (verdicts, seen): (Vec<Verdict>, Vec<Seen>) =
        judged.into_iter().map(|(_, verdict, seen)| (verdict, seen)).unzip();
    let decisions = verdicts.iter().map(|verdict| verdict.decision);
    let together = check::together(book, &rules, &seen, decisions);
    for (ask, verdict) in asks.iter().zip(&verdicts) {
        call.judged_file(ask, verdict);
    }
    call.judged_filing(&rules, &together);
    let now = OffsetDateTime::now_utc();
    let named = asks.iter().zip(&verdicts).map(|(ask, verdict)| (&*ask.item_id, verdict));
    Ok(response(named, &together, &rules, &asks[0].shape, now))
}

/// The verdicts on files (with their ids) and on what they say together, as a message.
pub(super) fn response<'a>(
    verdicts: impl Iterator<Item = (&'a str, &'a Verdict)>,
    together: &FilingVerdict,
    rules: &FilingRules,
    shape: &Shape,
    now: OffsetDateTime,
) -> ValidateFilingResponse {
    let result = |(id, verdict): (&str, &Verdict)| convert::result(verdict, id, shape, now);
    let digests = [&rules.digest, &rules.applied];
    let provenance = convert::provenance_of(&rules.version, digests, &rules.context, now);
    ValidateFilingResponse {
        results: verdicts.map(result).collect(),
        set_findings: together.findings.iter().map(|it| convert::finding(it, shape)).collect(),
        verdict: convert::decision(together.decision).into(),
        provenance: Some(provenance),
    }
}

/// What is asked of every file and of the filing; every field that breaks the contract is named.
fn asked(
    book: &RuleBook,
    request: ValidateFilingRequest,
) -> Result<(Vec<Item>, Arc<FilingRules>), Fault> {
    let ValidateFilingRequest { files, options } = request;
    let options = options.unwrap_or_default();
    let mut broken = Vec::new();
    if files.is_empty() || files.len() > FILES_OF_A_FILING {
        let rule = format!("must be 1 to {FILES_OF_A_FILING} files");
        broken.push(Violation::of("files", "FILES_OUT_OF_RANGE", &rule));
    }
    let context = options.context.clone().unwrap_or_default();
    let context = filing_context(book, context, OPTIONS_CONTEXT, &mut broken);
    let mut items = Vec::new();
    for (at, FileContent { file, content }) in files.into_iter().enumerate() {
        let mut of_file = Vec::new();
        let ask = read(book, file, Some(options.clone()), &mut of_file);
        // The options are told once, by the first file or the context.
        let own = of_file.into_iter().filter(|violation| {
            let told = |known: &Violation| known.field == violation.field;
            violation.field.starts_with("file") || !broken.iter().any(told)
        });
        let own: Vec<Violation> =
            own.map(|it| if it.field.starts_with("file") { it.of_file(at) } else { it }).collect();
        broken.extend(own);
        items.extend(ask.map(|ask| Item { at, ask, content }));
    }
    let faults = Fault::of_violations(broken);
    let (None, Some(context)) = (&faults, context) else {
        return Err(faults.unwrap_or_else(Fault::internal));
    };
    let rules = book.filing(&context, today()).map_err(|_| Fault::internal())?;
    Ok((items, Arc::new(rules)))
}

/// Judges the files on as many workers as are free, one at least; in the order of the request.
async fn on_workers(
    service: &Arc<Service>,
    call: &mut Call,
    items: Vec<Item>,
    rules: &Arc<FilingRules>,
) -> Result<Vec<Judged>, Fault> {
    let mut places = vec![service.pool.place(call.class, call.deadline)?];
    while places.len() < items.len().min(service.config.workers)
        && let Some(place) = service.pool.another_place(call.class)
    {
        places.push(place);
    }
    let mut lanes: Vec<Vec<Item>> = places.iter().map(|_| Vec::new()).collect();
    for item in items {
        // The lane with the fewest bytes.
        let bytes = |lane: &Vec<Item>| lane.iter().map(|item| item.content.len()).sum::<usize>();
        if let Some(lane) = lanes.iter_mut().min_by_key(|lane| (bytes(lane), lane.len())) {
            lane.push(item);
        }
    }
    let mut running = JoinSet::new();
    for (place, lane) in places.into_iter().zip(lanes) {
        let bytes = lane.iter().map(|item| item.content.len()).sum();
        let admitted = (place, service.pool.hold(bytes)?);
        let (service, rules, deadline) = (Arc::clone(service), Arc::clone(rules), call.deadline);
        running.spawn(async move { judge_lane(&service, admitted, deadline, lane, rules).await });
    }
    let mut judged = Vec::new();
    // Leaving early drops the set, which stops what still runs.
    while let Some(lane) = running.join_next().await {
        judged.extend(call.done(lane.map_err(|_| Fault::internal())??));
    }
    judged.sort_by_key(|(at, ..)| *at);
    Ok(judged)
}

async fn judge_lane(
    service: &Service,
    (place, held): (Place, Held),
    deadline: std::time::Instant,
    lane: Vec<Item>,
    rules: Arc<FilingRules>,
) -> Result<Done<Vec<Judged>>, Fault> {
    let judge = Arc::clone(&service.judge);
    let work = move |budget: &mut dyn crate::intake::Budget| {
        lane.into_iter()
            .map(|Item { at, ask, content }| {
                let declared_media_type = ask.declared_media_type.clone();
                let upload = Upload { bytes: content.into(), declared_media_type };
                let one = judge.validate_one(&upload, &ask.rules, &rules, ask.options, budget)?;
                Ok((at, one.0, one.1))
            })
            .collect()
    };
    service.pool.run(place, held, deadline, work).await
}
