//! The service: the only folder that names protobuf.
//!
//! | file | what it does |
//! |---|---|
//! | `proto` | the generated messages |
//! | `service` | the calls |
//! | `request` | from a request to what is asked, or every field that is wrong |
//! | `upload`, `early` | a file in pieces, refused as soon as it can be |
//! | `batch` | a stream of files |
//! | `catalogue` | profiles, rule set, limits |
//! | `plan` | what a filing needs |
//! | `filing` | the files of one filing together |
//! | `convert` | from verdicts to messages |
//! | `json` | from verdicts to JSON lines |
//! | `fault` | why a call has no answer |
//! | `guard` | who may call, before a message is read |
//! | `call` | a call's id, time and log line |
//! | `server` | the server: its start, its life, its drain |
//! | `door` | what every call passes before and after it is answered |
//! | `web` | lets browsers in: the page's files, and calls as gRPC-Web |
//! | `methods` | what is served, by the names of dashboards |
//! | `pool`, `queue` | the workers, and who waits for them |
//! | `dial` | how a client reaches a server and shows who it is |
//! | `client` | asks other servers to judge |
//! | `record` | from verdicts to the records of archives |
//! | `collector` | tells a collector of calls |
//! | `probe` | asks another server for its health |

mod batch;
mod call;
mod catalogue;
#[cfg(feature = "archives")]
pub mod client;
mod collector;
mod convert;
mod dial;
mod door;
mod early;
mod fault;
mod filing;
mod guard;
pub mod json;
mod methods;
mod plan;
mod pool;
mod probe;
pub mod proto;
mod queue;
#[cfg(feature = "archives")]
pub mod record;
mod request;
mod server;
mod service;
mod upload;
mod web;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::access::{Access, SettingFault};

pub use crate::grpc::collector::traces;
#[cfg(feature = "archives")]
pub(crate) use crate::grpc::convert::engine_version;
pub use crate::grpc::dial::{Dial, DialError};
pub use crate::grpc::probe::{ProbeError, probe, probe_by};
pub use crate::grpc::proto::validation_service_server::SERVICE_NAME;
pub use crate::grpc::server::{Serving, serve, serve_by};
pub use crate::grpc::service::SharedBooks;

/// What an operator may set. The rule book's ceilings are set where it is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeConfig {
    /// Largest file that is taken in; the rules may ask for less.
    pub max_file_bytes: usize,
    /// Files judged at once.
    pub workers: usize,
    /// Files that may wait for a worker; those beyond are refused at once.
    pub queue: usize,
    /// Content kept in memory by all calls together.
    pub max_bytes_in_flight: usize,
    /// Longest that a call may take, whatever its caller grants.
    pub max_deadline: Duration,
    /// How long NOT_SERVING is told before connections are closed, so that balancers turn away.
    pub notice: Duration,
    /// How long calls under way may take to finish after that.
    pub drain: Duration,
    /// Connections that may be open; those beyond are closed at once.
    pub max_connections: usize,
    /// Age at which a connection is closed, gracefully, so that callers spread over new servers.
    pub max_connection_age: Duration,
    /// Prefixes (`s3://bucket/folder/`, `file:///folder/`) under which files are fetched for callers who
    /// name them; empty = nothing is fetched.
    pub content_prefixes: Vec<String>,
    /// Whether the page for people is served, and gRPC-Web; `None` = where the service listens on
    /// loopback.
    pub web: Option<bool>,
    /// Names by which browsers may ask for the page, beside `localhost` and addresses; empty = any,
    /// but on loopback none.
    pub web_hosts: Vec<String>,
    /// Who may call, and how much. Keep a clone to have its files read again.
    pub access: Arc<Access>,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            max_file_bytes: 20 * MIB,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            queue: 64,
            max_bytes_in_flight: 512 * MIB,
            max_deadline: Duration::from_secs(10),
            notice: Duration::from_secs(2),
            drain: Duration::from_secs(30),
            max_connections: 1024,
            max_connection_age: Duration::from_secs(300),
            content_prefixes: Vec::new(),
            web: None,
            web_hosts: Vec::new(),
            access: Arc::default(),
        }
    }
}

const MIB: usize = 1024 * 1024;
/// Headers of a request.
const HEADER_BYTES: usize = 16 * 1024;
/// Files of the largest filing, which comes in one message.
pub(crate) const FILES_OF_A_FILING: usize = 16;

impl ServeConfig {
    /// Largest message that is read: a filing of the largest files and what is said of them.
    pub fn max_message_bytes(&self) -> usize {
        self.max_file_bytes.saturating_mul(FILES_OF_A_FILING).saturating_add(MIB)
    }
}

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The workers could not be started.
    #[error("cannot start the workers: {0}")]
    Workers(#[from] io::Error),
    /// The descriptors that were compiled in do not fit each other.
    #[error("cannot describe the service: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// What may be fetched for callers cannot be a prefix.
    #[error("{0}")]
    ContentPrefix(String),
    /// It cannot be told on which address the service listens.
    #[error("cannot tell the address: {0}")]
    Address(#[source] io::Error),
    /// The address is not to be listened on without TLS.
    #[error(transparent)]
    Listen(#[from] SettingFault),
    /// The transport failed.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
}
