//! What operators see of a running service: numbers, traces, one line a decision, and health.
//!
//! | file | what it does |
//! |---|---|
//! | `metrics` | every number, under the names that operators know |
//! | `process` | what the process itself uses |
//! | `traces` | the caller's trace context, and spans for a collector |
//! | `audit` | one line a decision, in the log or a file of its own |
//! | `admin` | the port for Prometheus and for probes that speak HTTP |
//!
//! Nothing here knows a file's content, name or digest, so that nothing here can tell them. Every
//! label has a bounded set of values: methods that are served, codes of gRPC, profiles and reasons of
//! the rules in force.

pub mod admin;
pub mod audit;
pub mod metrics;
mod process;
pub mod traces;

pub use crate::observe::audit::{Audit, Decided};
pub use crate::observe::metrics::Metrics;
pub use crate::observe::traces::{Parent, Traces};
