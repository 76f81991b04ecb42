//! One call: its id, how long it may take, and the one line that the log keeps of it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Code, Request, Response, Status};

use super::fault::Fault;
use super::request::{Ask, is_plain_id};
use crate::filing::check::FilingVerdict;
use crate::verdict::Verdict;

/// Header of the id under which the log knows a call.
pub(super) const REQUEST_ID: &str = "x-request-id";

/// When the head of a call came, before its message was read.
#[derive(Clone, Copy)]
pub(super) struct Arrival(pub(super) Instant);

/// A call under way. Its log line is written when it is dropped, so that a caller who leaves is
/// logged too. The line never holds content, hashes, places or free text.
pub(super) struct Call {
    rpc: &'static str,
    id: String,
    started: Instant,
    /// When the answer must be on its way.
    pub(super) deadline: Instant,
    item_id: String,
    slot: String,
    profile: String,
    verdict: &'static str,
    reasons: String,
    bytes: Option<usize>,
    code: Code,
}

impl Call {
    /// A call that came with `request`, granted at most `longest`.
    pub(super) fn of<T>(rpc: &'static str, request: &Request<T>, longest: Duration) -> Self {
        let started = request.extensions().get().map_or_else(Instant::now, |Arrival(at)| *at);
        let metadata = request.metadata();
        let asked = timeout(metadata);
        let time = match asked {
            // A little less than the caller's own: the answer must travel, too.
            Some(asked) if asked < longest => asked - (asked / 4).min(Duration::from_millis(5)),
            _ => longest,
        };
        Self::started(rpc, request_id(metadata), started, started + time)
    }

    /// An item of a stream: a line of its own under the stream's id.
    pub(super) fn item(&self, rpc: &'static str, longest: Duration) -> Self {
        let now = Instant::now();
        Self::started(rpc, self.id.clone(), now, now + longest)
    }

    fn started(rpc: &'static str, id: String, started: Instant, deadline: Instant) -> Self {
        Self {
            rpc,
            id,
            started,
            deadline,
            item_id: String::new(),
            slot: String::new(),
            profile: String::new(),
            verdict: "",
            reasons: String::new(),
            bytes: None,
            code: Code::Cancelled,
        }
    }

    /// Begins to count its time anew.
    pub(super) fn restart(&mut self, longest: Duration) {
        self.started = Instant::now();
        self.deadline = self.started + longest;
    }

    /// Notes what is asked, now that it is known to be sound.
    pub(super) fn asks(&mut self, ask: &Ask) {
        self.item_id.clone_from(&ask.item_id);
        self.slot.clone_from(&ask.rules.slot);
        self.profile.clone_from(&ask.rules.context.profile);
    }

    /// Notes how much came.
    pub(super) fn received(&mut self, bytes: usize) {
        self.bytes = Some(bytes);
    }

    /// Notes the answer.
    pub(super) fn judged(&mut self, verdict: &Verdict) {
        self.verdict = verdict.decision.word();
        let codes: Vec<&str> =
            verdict.findings.iter().map(|ruled| ruled.finding.reason.code).collect();
        self.reasons = codes.join(",");
    }

    /// Notes a whole filing: what is asked, and the answer to it.
    pub(super) fn judged_filing(&mut self, profile: &str, verdict: &FilingVerdict) {
        "filing".clone_into(&mut self.slot);
        profile.clone_into(&mut self.profile);
        self.verdict = verdict.decision.word();
        let codes: Vec<&str> =
            verdict.findings.iter().map(|ruled| ruled.finding.reason.code).collect();
        self.reasons = codes.join(",");
    }

    /// Ends the call with its answer or fault.
    pub(super) fn end<T>(mut self, outcome: Result<T, Fault>) -> Result<Response<T>, Status> {
        let mut answer = outcome.map(Response::new).map_err(|fault| fault.into_status(&self.id));
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
        if let Ok(id) = AsciiMetadataValue::try_from(&self.id) {
            metadata.insert(REQUEST_ID, id);
        }
    }

    /// Ends a stream, or an item of one, whose answer has gone another way.
    pub(super) fn ended(mut self, code: Code) {
        self.code = code;
    }

    /// The id under which the caller finds this call in the log.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        tracing::info!(
            request_id = self.id,
            rpc = self.rpc,
            item_id = self.item_id,
            slot = self.slot,
            profile = self.profile,
            verdict = self.verdict,
            reasons = self.reasons,
            // A power of two: an exact size tells files apart.
            size_class = self.bytes.map_or(0, usize::next_power_of_two),
            duration_ms = self.started.elapsed().as_millis() as u64,
            grpc_code = ?self.code,
            "call"
        );
    }
}

/// How long the caller waits, if it says so: `grpc-timeout`, at most eight digits and a unit.
pub(super) fn timeout(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get("grpc-timeout")?.to_str().ok()?;
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

/// The id that the caller has given its call, if it is plain, or a new one.
pub(super) fn request_id(metadata: &MetadataMap) -> String {
    let id = metadata.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.filter(|id| is_plain_id(id)).map_or_else(new_id, str::to_owned)
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
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", text.parse().unwrap());
            timeout(&metadata)
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
            let mut request = Request::new(());
            request.metadata_mut().insert(REQUEST_ID, text.parse().unwrap());
            Call::of("Test", &request, Duration::from_secs(1)).id.clone()
        };
        assert_eq!(id("job-7:a.b_c"), "job-7:a.b_c");
        assert_ne!(id("two words"), "two words");
        assert_ne!(id("two words"), id("two words"));
    }
}
