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
//! | `pool` | the workers |
//! | `dial` | how a client reaches a server and shows who it is |
//! | `client` | asks other servers to judge |
//! | `record` | from verdicts to the records of archives |
//! | `probe` | asks another server for its health |

mod batch;
mod call;
mod catalogue;
#[cfg(feature = "archives")]
pub mod client;
mod convert;
mod dial;
mod early;
mod fault;
mod filing;
mod guard;
pub mod json;
mod plan;
mod pool;
mod probe;
pub mod proto;
#[cfg(feature = "archives")]
pub mod record;
mod request;
mod service;
mod upload;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tonic::codec::CompressionEncoding;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic::{Request, Status};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower_layer::{Identity, Stack};

use crate::access::{self, Access, SettingFault};
use crate::grpc::call::Arrival;
use crate::grpc::guard::GuardLayer;
use crate::grpc::pool::Pool;
use crate::grpc::proto::validation_service_server::{SERVICE_NAME, ValidationServiceServer};
use crate::grpc::service::{Entrance, Service};
use crate::measure;
use crate::rules::RuleBooks;
use crate::worker::Judge;

#[cfg(feature = "archives")]
pub(crate) use crate::grpc::convert::engine_version;
pub use crate::grpc::dial::{Dial, DialError};
pub use crate::grpc::probe::{ProbeError, probe, probe_by};

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
    /// Age at which a connection is closed, gracefully, so that callers spread over new servers.
    pub max_connection_age: Duration,
    /// Prefixes (`s3://bucket/folder/`, `file:///folder/`) under which files are fetched for callers who
    /// name them; empty = nothing is fetched.
    pub content_prefixes: Vec<String>,
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
            max_connection_age: Duration::from_secs(300),
            content_prefixes: Vec::new(),
            access: Arc::default(),
        }
    }
}

const MIB: usize = 1024 * 1024;
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

/// Serves on `listener` and judges every file in this process; otherwise as [`serve_by`].
pub async fn serve(
    listener: TcpListener,
    books: impl Into<RuleBooks>,
    config: ServeConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    serve_by(Arc::new(Judge::here()), listener, books, config, shutdown).await
}

/// Serves on `listener` until `shutdown` ends, then drains: tells NOT_SERVING, takes no new
/// connection, and lets the calls under way finish, for at most [`ServeConfig::drain`]. Files are
/// judged by `judge`, which keeps as many processes busy as there are [`ServeConfig::workers`].
pub async fn serve_by(
    judge: Arc<Judge>,
    listener: TcpListener,
    books: impl Into<RuleBooks>,
    config: ServeConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Address)?;
    config.access.may_listen(address)?;
    // The first caller is not to wait for the networks.
    if !tokio::task::spawn_blocking(measure::prepare).await.unwrap_or(false) {
        tracing::error!("networks could not be prepared: files that need them go to review");
    }
    #[cfg(feature = "archives")]
    let allowed =
        crate::store::Allowed::of(&config.content_prefixes).map_err(ServeError::ContentPrefix)?;
    #[cfg(not(feature = "archives"))]
    if !config.content_prefixes.is_empty() {
        let why = "this program was built without what fetches files (feature archives)";
        return Err(ServeError::ContentPrefix(why.to_owned()));
    }
    let (drain_begins, draining) = watch::channel(false);
    let pool = Pool::start(config.workers, config.queue, config.max_bytes_in_flight)?;
    let service = Arc::new(Service {
        books: books.into(),
        judge,
        config: config.clone(),
        pool,
        #[cfg(feature = "archives")]
        allowed,
        draining,
    });
    let mut health = HealthReporter::new();
    tell(&health, ServingStatus::Serving).await;
    let (close, closing) = oneshot::channel::<()>();
    let reflection = config.access.reflection(address);
    let server = server(&config, Arc::clone(&service), &health, reflection)?;
    let server = server.serve_with_incoming_shutdown(
        access::incoming(listener, Arc::clone(&config.access)),
        async move {
            // Dropped without a word is a reason to close, too.
            let _ = closing.await;
        },
    );
    let drain = async {
        shutdown.await;
        tracing::info!("draining");
        tell(&health, ServingStatus::NotServing).await;
        drain_begins.send_replace(true);
        tokio::time::sleep(config.notice).await;
        // Ends the streams of those who watch, which would hold their connections open.
        for name in NAMES {
            health.clear_service_status(name).await;
        }
        drop(close);
        tokio::time::sleep(config.drain).await;
    };
    let ended = tokio::select! {
        ended = server => ended,
        () = drain => Ok(()),
    };
    service.pool.stop();
    Ok(ended?)
}

/// Names under which health is told: the server as a whole, and its service.
const NAMES: [&str; 2] = ["", SERVICE_NAME];

async fn tell(health: &HealthReporter, status: ServingStatus) {
    for name in NAMES {
        health.set_service_status(name, status).await;
    }
}

fn server(
    config: &ServeConfig,
    service: Arc<Service>,
    health: &HealthReporter,
    reflects: bool,
) -> Result<Router<Stack<GuardLayer, Identity>>, ServeError> {
    let validation = ValidationServiceServer::new(Entrance(service))
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(config.max_message_bytes());
    let health = tonic_health::server::HealthService::from_health_reporter(health.clone());
    let server = Server::builder()
        .layer(GuardLayer(Arc::clone(&config.access)))
        // More streams than workers and queue on one connection serve nobody.
        .max_concurrent_streams(128)
        .max_connection_age(config.max_connection_age)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .http2_max_header_list_size(16 * 1024)
        // Rapid reset, RUSTSEC-2024-0003.
        .http2_max_pending_accept_reset_streams(Some(20))
        .initial_stream_window_size(Some(MIB as u32))
        .initial_connection_window_size(Some(4 * MIB as u32))
        .add_service(InterceptedService::new(validation, stamp as fn(_) -> _))
        .add_service(tonic_health::pb::health_server::HealthServer::new(health));
    if !reflects {
        return Ok(server);
    }
    // Tools of before 2023 know no other than the latter.
    let server = server.add_service(reflection().build_v1()?);
    Ok(server.add_service(reflection().build_v1alpha()?))
}

/// All that tools want to show: ours, health, and the details of errors.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

/// A call's time begins with its head, not when its message has been read.
fn stamp(mut request: Request<()>) -> Result<Request<()>, Status> {
    request.extensions_mut().insert(Arrival(Instant::now()));
    Ok(request)
}
