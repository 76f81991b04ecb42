//! Every number that a running service tells, in the Prometheus text format.
//!
//! `grpc_server_*` are those that dashboards for gRPC know (go-grpc-prometheus); `scanvet_*` are our
//! own. `docs/operations.md` lists them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::observe::process::Process;
use crate::verdict::Verdict;

/// A method as dashboards for gRPC name it. Only served ones have a name of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Method {
    /// `unary`, `client_stream`, `server_stream` or `bidi_stream`.
    pub grpc_type: &'static str,
    /// The whole name of the service.
    pub grpc_service: &'static str,
    /// The method.
    pub grpc_method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Handled {
    grpc_type: &'static str,
    grpc_service: &'static str,
    grpc_method: &'static str,
    grpc_code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProfile {
    profile: String,
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Found {
    profile: String,
    reason: &'static str,
}

/// One label of a fixed set of words.
macro_rules! label {
    ($name:ident, $field:ident) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct $name {
            $field: &'static str,
        }
    };
}
label!(Stage, stage);
label!(Check, check);
label!(Why, why);
label!(Cause, cause);
label!(Layer, layer);
label!(Class, class);
label!(Form, media_type);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reload {
    what: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleSet {
    version: String,
    digest: String,
}

/// Seconds of a call or of a file: 1 ms to 16 s.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 15))
}

/// Seconds of a step: 0.1 ms to 6.5 s.
fn short_seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_1, 4.0, 9))
}

type Seconds<L> = Family<L, Histogram, fn() -> Histogram>;

/// The numbers of one service. Cheap to count in from every thread.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    started: Family<Method, Counter>,
    handled: Family<Handled, Counter>,
    received: Family<Method, Counter>,
    sent: Family<Method, Counter>,
    handling: Seconds<Method>,
    verdicts: Family<OfProfile, Counter>,
    findings: Family<Found, Counter>,
    formats: Family<Form, Counter>,
    stages: Seconds<Stage>,
    checks: Seconds<Check>,
    waited: Seconds<Class>,
    depth: Family<Class, Gauge<i64, AtomicI64>>,
    shed: Family<Why, Counter>,
    restarts: Family<Cause, Counter>,
    layers: Family<Layer, Gauge<i64, AtomicI64>>,
    reloads: Family<Reload, Counter>,
    rules: Family<RuleSet, Gauge<i64, AtomicI64>>,
    refused: Family<Why, Counter>,
    processes: Gauge<i64, AtomicI64>,
    largest: Gauge<i64, AtomicI64>,
    busy: Gauge<i64, AtomicI64>,
    workers: Gauge<i64, AtomicI64>,
    held: Gauge<f64, AtomicU64>,
    bytes: Histogram,
    megapixels: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Mutex::default(),
            started: Family::default(),
            handled: Family::default(),
            received: Family::default(),
            sent: Family::default(),
            handling: Family::new_with_constructor(seconds),
            verdicts: Family::default(),
            findings: Family::default(),
            formats: Family::default(),
            stages: Family::new_with_constructor(short_seconds),
            checks: Family::new_with_constructor(short_seconds),
            waited: Family::new_with_constructor(short_seconds),
            depth: Family::default(),
            shed: Family::default(),
            restarts: Family::default(),
            layers: Family::default(),
            reloads: Family::default(),
            rules: Family::default(),
            refused: Family::default(),
            processes: Gauge::default(),
            largest: Gauge::default(),
            busy: Gauge::default(),
            workers: Gauge::default(),
            held: Gauge::default(),
            bytes: Histogram::new(exponential_buckets(1024.0, 4.0, 9)),
            megapixels: Histogram::new(exponential_buckets(0.1, 2.0, 10)),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&self) {
        let mut registry = Registry::default();
        let own = &mut registry;
        own.register("grpc_server_started", "Calls begun", self.started.clone());
        own.register("grpc_server_handled", "Calls ended, by their code", self.handled.clone());
        own.register("grpc_server_msg_received", "Messages received", self.received.clone());
        own.register("grpc_server_msg_sent", "Messages sent", self.sent.clone());
        let help = "Time from a call's head to its end";
        own.register_with_unit("grpc_server_handling", help, Unit::Seconds, self.handling.clone());
        own.register_collector(Box::new(Process));
        let own = own.sub_registry_with_prefix("scanvet");
        own.register("verdicts", "Verdicts on files", self.verdicts.clone());
        own.register("findings", "Reasons found", self.findings.clone());
        own.register("files", "Files judged, by what their bytes are", self.formats.clone());
        let help = "Time of a file in each stage";
        own.register_with_unit("stage", help, Unit::Seconds, self.stages.clone());
        own.register_with_unit("check", "Time of a check", Unit::Seconds, self.checks.clone());
        let help = "Time that jobs waited for a worker";
        own.register_with_unit("queue_wait", help, Unit::Seconds, self.waited.clone());
        own.register("queue_depth", "Jobs that wait for a worker", self.depth.clone());
        own.register("shed", "Calls refused to stay responsive", self.shed.clone());
        let help = "Worker processes that ended before the service did";
        own.register("worker_restarts", help, self.restarts.clone());
        own.register("worker_processes", "Worker processes alive", self.processes.clone());
        let help = "Memory of the largest worker process";
        own.register_with_unit("worker_resident", help, Unit::Bytes, self.largest.clone());
        own.register("sandbox_layer", "1 where the layer is in force", self.layers.clone());
        own.register("reloads", "Reloads of rules and settings", self.reloads.clone());
        own.register("ruleset_info", "1 for the rules in force", self.rules.clone());
        own.register("callers_refused", "Calls of callers not let in", self.refused.clone());
        own.register("workers_busy", "Workers that judge", self.busy.clone());
        own.register("workers", "Workers", self.workers.clone());
        own.register_with_unit("held", "Content in memory", Unit::Bytes, self.held.clone());
        own.register_with_unit("input", "Sizes of files", Unit::Bytes, self.bytes.clone());
        let help = "Sizes of first pages";
        own.register("input_megapixels", help, self.megapixels.clone());
        *self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = registry;
    }

    /// All of them, as Prometheus reads them.
    pub fn text(&self) -> String {
        let registry = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &registry);
        text
    }

    /// A call has begun.
    pub fn call_started(&self, method: &Method) {
        self.started.get_or_create(method).inc();
    }

    /// A call has ended with this code after so long.
    pub fn call_handled(&self, method: &Method, grpc_code: &'static str, took: Duration) {
        let Method { grpc_type, grpc_service, grpc_method } = *method;
        let handled = Handled { grpc_type, grpc_service, grpc_method, grpc_code };
        self.handled.get_or_create(&handled).inc();
        self.handling.get_or_create(method).observe(took.as_secs_f64());
    }

    /// So many messages of a call came and went.
    pub fn messages(&self, method: &Method, received: u64, sent: u64) {
        self.received.get_or_create(method).inc_by(received);
        self.sent.get_or_create(method).inc_by(sent);
    }

    /// A file was judged.
    pub fn judged(&self, verdict: &Verdict) {
        let profile = || verdict.context.profile.clone();
        let decision = verdict.decision.word();
        self.verdicts.get_or_create(&OfProfile { profile: profile(), verdict: decision }).inc();
        for ruled in &verdict.findings {
            let found = Found { profile: profile(), reason: ruled.finding.reason.code };
            self.findings.get_or_create(&found).inc();
        }
        for outcome in verdict.checks.iter().filter(|outcome| !outcome.elapsed.is_zero()) {
            let check = Check { check: outcome.check };
            self.checks.get_or_create(&check).observe(outcome.elapsed.as_secs_f64());
        }
        let media_type = verdict.detected.media_type.unwrap_or("unknown");
        self.formats.get_or_create(&Form { media_type }).inc();
        self.bytes.observe(verdict.detected.size as f64);
        let pixels = f64::from(verdict.detected.width) * f64::from(verdict.detected.height);
        if pixels > 0.0 {
            self.megapixels.observe(pixels / 1e6);
        }
    }

    /// A file spent so long in a stage: `receive`, `queue` or `judge`.
    pub fn stage(&self, stage: &'static str, took: Duration) {
        self.stages.get_or_create(&Stage { stage }).observe(took.as_secs_f64());
    }

    /// A job waited so long for a worker.
    pub fn waited(&self, class: &'static str, took: Duration) {
        self.waited.get_or_create(&Class { class }).observe(took.as_secs_f64());
    }

    /// So many jobs of a class wait.
    pub fn depth(&self, class: &'static str, jobs: usize) {
        self.depth.get_or_create(&Class { class }).set(jobs as i64);
    }

    /// A call was refused to stay responsive.
    pub fn shed(&self, why: &'static str) {
        self.shed.get_or_create(&Why { why }).inc();
    }

    /// A caller was not let in.
    pub fn refused(&self, why: &'static str) {
        self.refused.get_or_create(&Why { why }).inc();
    }

    /// So many worker processes have ended by this cause so far.
    pub fn restarts(&self, cause: &'static str, all: u64) {
        let counter = self.restarts.get_or_create(&Cause { cause });
        counter.inc_by(all.saturating_sub(counter.get()));
    }

    /// So many worker processes live, the largest of which holds so many bytes of memory.
    pub fn processes(&self, living: usize, largest: u64) {
        self.processes.set(living as i64);
        self.largest.set(i64::try_from(largest).unwrap_or(i64::MAX));
    }

    /// A layer between files and this process is in force.
    pub fn layer(&self, layer: &'static str) {
        self.layers.get_or_create(&Layer { layer }).set(1);
    }

    /// Something was loaded again, or what was there stays as the new one is broken.
    pub fn reloaded(&self, what: &'static str, is_sound: bool) {
        let outcome = if is_sound { "loaded" } else { "kept-old" };
        self.reloads.get_or_create(&Reload { what, outcome }).inc();
    }

    /// These rules are in force now, and no others.
    pub fn rules_in_force(&self, version: &str, digest: &str) {
        self.rules.clear();
        let (version, digest) = (version.to_owned(), digest.to_owned());
        self.rules.get_or_create(&RuleSet { version, digest }).set(1);
    }

    /// The service has so many workers.
    pub fn workers(&self, all: usize) {
        self.workers.set(all as i64);
    }

    /// So many more (or fewer) workers judge.
    pub fn busy(&self, change: i64) {
        self.busy.inc_by(change);
    }

    /// So many bytes of content are held.
    pub fn held(&self, bytes: f64) {
        self.held.set(bytes);
    }
}
