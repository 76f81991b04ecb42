//! Spans of calls go to a collector by OTLP, which is gRPC again.

use opentelemetry_otlp::{SpanExporter, WithExportConfig};

use crate::observe::Traces;

/// Traces that go to the collector at `endpoint` (`http://host:4317`), or why that can be none. A
/// collector that does not answer is no fault: its spans are lost, calls go on. Needs a running tokio.
pub fn traces(endpoint: &str, share: f64) -> Result<Traces, String> {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build();
    Ok(Traces::by(exporter.map_err(|error| error.to_string())?, share))
}
