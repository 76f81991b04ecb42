//! One call: its id, how long it may take, and what the log, the audit and the traces keep of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use http::HeaderMap;
use time::OffsetDateTime;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Code, Request, Response, Status};

use super::fault::Fault;
use super::guard::caller;
use super::methods;
use super::pool::Done;
use super::queue::Class;
use super::request::{Ask, is_plain_id};
use crate::access::Identity;
use crate::filing::check::FilingVerdict;
use crate::observe::audit::{Decided, millis};
use crate::observe::traces::Ended;
use crate::observe::{Audit, Metrics, Parent, Traces};
use crate::rules::FilingRules;
use crate::verdict::{Ruled, Verdict};

/// Header of the id under which the log knows a call.
const REQUEST_ID: &str = "x-request-id";

/// Where a caller says that nobody waits: `batch`.
const PRIORITY: &str = "x-priority";

/// Who is told of calls.
pub(super) struct Observers {
    pub(super) metrics: Arc<Metrics>,
    pub(super) audit: Arc<Audit>,
    pub(super) traces: Option<Traces>,
}

/// When the head of a call came, before its message was read.
#[derive(Clone, Copy)]
pub(super) struct Arrival(pub(super) Instant);

/// A call under way. Its log line is written when it is dropped, so that a caller who leaves is
/// logged too. The line never holds content, hashes, places or free text.
pub(super) struct Call {
    rpc: &'static str,
    origin: Origin,
    pub(super) class: Class,
    started: Instant,
    /// When the answer must be on its way.
    pub(super) deadline: Instant,
    asked: Asked,
    verdict: &'static str,
    reasons: String,
    bytes: Option<usize>,
    waited: Duration,
    worked: Duration,
    /// Whether a span is told of it: items of a stream are told by their stream.
    is_whole: bool,
    code: Code,
}

/// Where a call comes from, and who is told of it: the same for all items of a stream.
#[derive(Clone)]
struct Origin {
    id: String,
    caller: Identity,
    parent: Option<Parent>,
    observers: Arc<Observers>,
}

/// What is asked, once it is known to be sound.
#[derive(Clone, Default)]
struct Asked {
    item_id: String,
    slot: String,
    profile: String,
    ruleset_version: String,
    ruleset_digest: String,
}

impl Asked {
    fn of(ask: &Ask) -> Self {
        let rules = &ask.rules;
        Self {
            item_id: ask.item_id.clone(),
            slot: rules.slot.clone(),
            profile: rules.context.profile.clone(),
            ruleset_version: rules.version.clone(),
            ruleset_digest: rules.digest.clone(),
        }
    }
}

impl Call {
    /// A call that came with `request`, granted at most `longest`.
    pub(super) fn of<T>(
        rpc: &'static str,
        request: &Request<T>,
        longest: Duration,
        observers: &Arc<Observers>,
    ) -> Self {
        let started = request.extensions().get().map_or_else(Instant::now, |Arrival(at)| *at);
        let headers = request.metadata().as_ref();
        let parent = headers.get("traceparent").and_then(|parent| parent.to_str().ok());
        let origin = Origin {
            id: request_id(headers),
            caller: caller(request),
            parent: parent.and_then(Parent::of),
            observers: Arc::clone(observers),
        };
        observers.metrics.stage("receive", started.elapsed());
        let mut call = Self::begun(rpc, origin, started, granted(headers, longest));
        call.class = class(headers);
        call.is_whole = true;
        call
    }

    /// An item of a stream: a line of its own under the stream's id.
    pub(super) fn item(&self, rpc: &'static str, longest: Duration) -> Self {
        Self::begun(rpc, self.origin.clone(), Instant::now(), longest)
    }

    fn begun(rpc: &'static str, origin: Origin, started: Instant, time: Duration) -> Self {
        Self {
            rpc,
            origin,
            class: Class::Batch,
            started,
            deadline: started + time,
            asked: Asked::default(),
            verdict: "",
            reasons: String::new(),
            bytes: None,
            waited: Duration::ZERO,
            worked: Duration::ZERO,
            is_whole: false,
            code: Code::Cancelled,
        }
    }

    /// Who calls.
    pub(super) fn caller(&self) -> &Identity {
        &self.origin.caller
    }

    /// Begins to count its time anew.
    pub(super) fn restart(&mut self, longest: Duration) {
        self.started = Instant::now();
        self.deadline = self.started + longest;
    }

    /// Notes what is asked, now that it is known to be sound.
    pub(super) fn asks(&mut self, ask: &Ask) {
        self.asked = Asked::of(ask);
    }

    /// Notes how much came.
    pub(super) fn received(&mut self, bytes: usize) {
        self.bytes = Some(bytes);
    }

    /// Notes how long the work waited and took, and hands on what it came to.
    pub(super) fn done<T>(&mut self, Done { value, waited, worked }: Done<T>) -> T {
        self.waited = self.waited.max(waited);
        self.worked = self.worked.max(worked);
        value
    }

    /// Notes the answer.
    pub(super) fn judged(&mut self, verdict: &Verdict) {
        self.origin.observers.metrics.judged(verdict);
        self.verdict = verdict.decision.word();
        self.reasons = codes(&verdict.findings);
        self.audit(&self.asked, (self.verdict, &self.reasons), self.bytes);
    }

    /// Notes the answer to one file of a filing.
    pub(super) fn judged_file(&self, ask: &Ask, verdict: &Verdict) {
        self.origin.observers.metrics.judged(verdict);
        let reasons = codes(&verdict.findings);
        let bytes = usize::try_from(verdict.detected.size).ok();
        self.audit(&Asked::of(ask), (verdict.decision.word(), &reasons), bytes);
    }

    /// Notes a whole filing: what is asked, and the answer to it.
    pub(super) fn judged_filing(&mut self, rules: &FilingRules, verdict: &FilingVerdict) {
        self.asked = Asked {
            item_id: String::new(),
            slot: "filing".to_owned(),
            profile: rules.context.profile.clone(),
            ruleset_version: rules.version.clone(),
            ruleset_digest: rules.digest.clone(),
        };
        self.verdict = verdict.decision.word();
        self.reasons = codes(&verdict.findings);
        self.audit(&self.asked, (self.verdict, &self.reasons), self.bytes);
    }

    fn audit(&self, asked: &Asked, (verdict, reasons): (&str, &str), bytes: Option<usize>) {
        let trace_id = self.origin.parent.as_ref().map(Parent::trace_id).unwrap_or_default();
        self.origin.observers.audit.write(&Decided {
            caller: &self.origin.caller.name,
            known_by: self.origin.caller.how.word(),
            request_id: &self.origin.id,
            trace_id: &trace_id,
            rpc: self.rpc,
            item_id: &asked.item_id,
            slot: &asked.slot,
            profile: &asked.profile,
            ruleset_version: &asked.ruleset_version,
            ruleset_digest: &asked.ruleset_digest,
            verdict,
            reasons,
            size_class: size_class(bytes),
            queue_ms: millis(self.waited),
            judge_ms: millis(self.worked),
            duration_ms: millis(self.started.elapsed()),
        });
    }

    /// Ends the call with its answer or fault.
    pub(super) fn end<T>(mut self, outcome: Result<T, Fault>) -> Result<Response<T>, Status> {
        let mut answer =
            outcome.map(Response::new).map_err(|fault| fault.into_status(&self.origin.id));
        self.code = answer.as_ref().map_or_else(Status::code, |_| Code::Ok);
        let metadata = match &mut answer {
            Ok(response) => response.metadata_mut(),
            Err(status) => status.metadata_mut(),
        };
        self.sign(metadata);
        answer
    }

    /// Tells the caller under which id the log knows this call.
    pub(super) fn sign(&self, metadata: &mut MetadataMap) {
        sign(metadata, &self.origin.id);
    }

    /// Ends a stream, or an item of one, whose answer has gone another way.
    pub(super) fn ended(mut self, code: Code) {
        self.code = code;
    }

    /// The id under which the caller finds this call in the log.
    pub(super) fn id(&self) -> &str {
        &self.origin.id
    }

    /// What a span tells of it.
    fn trace(&self, traces: &Traces) {
        let took = self.started.elapsed();
        let before = took.saturating_sub(self.waited + self.worked);
        let judged = !self.worked.is_zero();
        traces.call(&Ended {
            method: &format!("{}/{}", super::SERVICE_NAME, self.rpc),
            parent: self.origin.parent.as_ref(),
            code: methods::names(self.code).1,
            is_ours: methods::is_ours(self.code),
            took,
            stages: [
                ("receive", if judged { before } else { Duration::ZERO }),
                ("queue", self.waited),
                ("judge", self.worked),
            ],
            attributes: vec![
                ("scanvet.slot", self.asked.slot.clone()),
                ("scanvet.profile", self.asked.profile.clone()),
                ("scanvet.verdict", self.verdict.to_owned()),
                ("scanvet.reasons", self.reasons.clone()),
                ("scanvet.request_id", self.origin.id.clone()),
            ],
        });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.is_whole
            && let Some(traces) = &self.origin.observers.traces
        {
            self.trace(traces);
        }
        tracing::info!(
            request_id = self.origin.id,
            trace_id = self.origin.parent.as_ref().map(Parent::trace_id),
            caller = &*self.origin.caller.name,
            rpc = self.rpc,
            item_id = self.asked.item_id,
            slot = self.asked.slot,
            profile = self.asked.profile,
            verdict = self.verdict,
            reasons = self.reasons,
            size_class = size_class(self.bytes),
            duration_ms = millis(self.started.elapsed()),
            grpc_code = ?self.code,
            "call"
        );
    }
}

/// A power of two: an exact size tells files apart.
fn size_class(bytes: Option<usize>) -> usize {
    bytes.map_or(0, usize::next_power_of_two)
}

fn codes(findings: &[Ruled]) -> String {
    let codes: Vec<&str> = findings.iter().map(|ruled| ruled.finding.reason.code).collect();
    codes.join(",")
}

/// Tells the caller under which id the log knows a call.
fn sign(metadata: &mut MetadataMap, id: &str) {
    if let Ok(id) = AsciiMetadataValue::try_from(id) {
        metadata.insert(REQUEST_ID, id);
    }
}

/// The status of a call that is refused by its head alone.
pub(super) fn refused(id: &str, fault: Fault) -> Status {
    let mut status = fault.into_status(id);
    sign(status.metadata_mut(), id);
    status
}

/// The caller's id of a call, where it is plain, or a new one.
pub(super) fn request_id(headers: &HeaderMap) -> String {
    let id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.filter(|id| is_plain_id(id)).map_or_else(new_id, str::to_owned)
}

/// Whether the caller says that nobody waits.
pub(super) fn class(headers: &HeaderMap) -> Class {
    match headers.get(PRIORITY).map(http::HeaderValue::as_bytes) {
        Some(b"batch") => Class::Batch,
        _ => Class::Interactive,
    }
}

/// The time that a call gets: the caller's, at most `longest`.
pub(super) fn granted(headers: &HeaderMap, longest: Duration) -> Duration {
    match timeout(headers) {
        // A little less than the caller's own: the answer must travel, too.
        Some(asked) if asked < longest => asked - (asked / 4).min(Duration::from_millis(5)),
        _ => longest,
    }
}

/// How long the caller waits, if it says so: `grpc-timeout`, at most eight digits and a unit.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

/// Unique to this server and its start; it need not be a secret.
fn new_id() -> String {
    static START: LazyLock<i128> =
        LazyLock::new(|| OffsetDateTime::now_utc().unix_timestamp_nanos());
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:x}-{:x}", *START, NEXT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_timeout_is_read_in_every_unit_and_nonsense_is_none() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            timeout(&headers)
        };
        assert_eq!(of("2S"), Some(Duration::from_secs(2)));
        assert_eq!(of("1500m"), Some(Duration::from_millis(1500)));
        assert_eq!(of("99999999H").map(|time| time.as_secs()), Some(99_999_999 * 3600));
        for nonsense in ["", "S", "123456789S", "5", "-1S", "5X"] {
            assert_eq!(of(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_callers_id_is_kept_only_when_it_is_plain() {
        let id = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, text.parse().unwrap());
            request_id(&headers)
        };
        assert_eq!(id("job-7:a.b_c"), "job-7:a.b_c");
        assert_ne!(id("two words"), "two words");
        assert_ne!(id("two words"), id("two words"));
    }
}
