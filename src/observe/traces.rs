//! The caller's trace context (W3C, `traceparent`), and spans of calls for a collector.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{Span as _, SpanContext, SpanKind, Status, TraceContextExt, TraceState};
use opentelemetry::trace::{SpanId, TraceFlags, TraceId, Tracer as _, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, SpanExporter};

/// Longest that the last spans may take to go out when the service stops.
const LAST_EXPORT: Duration = Duration::from_secs(2);

/// What a caller says of its own trace.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent(SpanContext);

impl Parent {
    /// Reads a `traceparent`; `None` where it is malformed, which the standard says is to be ignored.
    pub fn of(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |text: &str, digits: usize| {
            text.len() == digits
                && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        // Later versions may say more behind the flags, this one may not.
        let ends = version != "00" || parts.next().is_none();
        if !is_hex(version, 2) || version == "ff" || !is_hex(flags, 2) || !ends {
            return None;
        }
        if !is_hex(trace, 32) || !is_hex(span, 16) {
            return None;
        }
        let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
        let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
        let context = SpanContext::new(trace, span, flags, true, TraceState::default());
        context.is_valid().then_some(Self(context))
    }

    /// The id of the trace in hex, for log lines.
    pub fn trace_id(&self) -> String {
        self.0.trace_id().to_string()
    }
}

/// Sends spans to a collector.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// A call that has ended.
#[derive(Debug)]
pub struct Ended<'a> {
    /// Whole name of the service and the method: `scanvet.v1.ValidationService/ValidateFile`.
    pub method: &'a str,
    /// The caller's trace.
    pub parent: Option<&'a Parent>,
    /// The name of its code, as OpenTelemetry spells it: `OK`, `UNAVAILABLE`.
    pub code: &'static str,
    /// Whether the code tells of a fault of this side.
    pub is_ours: bool,
    /// Time that it took.
    pub took: Duration,
    /// Time before it stood in the queue, in the queue, and of judging; zero where there was none.
    pub stages: [(&'static str, Duration); 3],
    /// Slot, profile, verdict and the like: words of a bounded set.
    pub attributes: Vec<(&'static str, String)>,
}

impl Traces {
    /// Sends by `exporter`; of the calls whose callers do not say whether theirs is sampled, a share.
    pub fn by(exporter: impl SpanExporter + 'static, share: f64) -> Self {
        let service = Resource::builder()
            .with_service_name("scanvet")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(service.build())
            .build();
        let tracer = provider.tracer_with_scope(InstrumentationScope::builder("scanvet").build());
        Self { provider, tracer }
    }

    /// Tells of a call, with a span for each stage that took time.
    pub fn call(&self, ended: &Ended<'_>) {
        let end = SystemTime::now();
        let start = end - ended.took;
        let parent = ended.parent.map_or_else(Context::new, |Parent(context)| {
            Context::new().with_remote_span_context(context.clone())
        });
        let mut attributes = vec![
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", ended.method.to_owned()),
            KeyValue::new("rpc.response.status_code", ended.code),
        ];
        let told = ended.attributes.iter().filter(|(_, value)| !value.is_empty());
        attributes.extend(told.map(|(name, value)| KeyValue::new(*name, value.clone())));
        let mut span = self
            .tracer
            .span_builder(ended.method.to_owned())
            .with_kind(SpanKind::Server)
            .with_start_time(start)
            .with_attributes(attributes)
            .start_with_context(&self.tracer, &parent);
        if ended.is_ours {
            span.set_status(Status::error(ended.code));
        }
        let inside = Context::new().with_remote_span_context(span.span_context().clone());
        let mut begin = start;
        for (name, took) in ended.stages.iter().filter(|(_, took)| !took.is_zero()) {
            let mut stage = self
                .tracer
                .span_builder(*name)
                .with_start_time(begin)
                .start_with_context(&self.tracer, &inside);
            begin += *took;
            stage.end_with_timestamp(begin);
        }
        span.end_with_timestamp(end);
    }

    /// Sends what is left. Blocks for a moment.
    pub fn flush(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(LAST_EXPORT) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_trace_is_read_and_what_is_malformed_is_ignored() {
        let of = |text: &str| Parent::of(text).map(|parent| parent.trace_id());
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(of(&format!("00-{id}-00f067aa0ba902b7-01")).as_deref(), Some(id));
        assert_eq!(of(&format!("cc-{id}-00f067aa0ba902b7-01-later")).as_deref(), Some(id));
        for malformed in [
            String::new(),
            format!("00-{id}-00f067aa0ba902b7"),
            format!("00-{id}-00f067aa0ba902b7-01-more"),
            format!("ff-{id}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{id}-0000000000000000-01"),
            format!("00-{}-00f067aa0ba902b7-01", id.to_uppercase()),
            format!("00-{id}-00f067aa0ba902b7-0x"),
        ] {
            assert_eq!(of(&malformed), None, "{malformed}");
        }
    }
}
