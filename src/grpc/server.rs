//! The server: what it needs to run, and its life from the first call to the last.

use std::future::Future;
use std::net::SocketAddr;
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
use tower::layer::util::{Identity, Stack};

use super::call::{Arrival, Observers};
use super::door::Door;
use super::guard::GuardLayer;
use super::pool::Pool;
use super::proto::validation_service_server::ValidationServiceServer;
use super::service::{Entrance, Service, SharedBooks};
use super::web::WebLayer;
use super::{HEADER_BYTES, MIB, SERVICE_NAME, ServeConfig, ServeError, proto};
use crate::access;
use crate::measure;
use crate::observe::{Audit, Metrics, Traces, admin};
use crate::web::visitor::Names;
use crate::worker::Judge;

/// All that a server needs. The handles may be kept: rules are put in through them while it runs,
/// numbers are read, and the audit file is opened again.
pub struct Serving {
    /// Judges files, and keeps as many processes busy as there are [`ServeConfig::workers`].
    pub judge: Arc<Judge>,
    /// The rules in force.
    pub books: SharedBooks,
    /// What the operator has set.
    pub config: ServeConfig,
    /// Where `/metrics`, `/livez` and `/readyz` are served, if anywhere.
    pub admin: Option<TcpListener>,
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// Where decisions are written down.
    pub audit: Arc<Audit>,
    /// Where spans go, if anywhere.
    pub traces: Option<Traces>,
}

impl Serving {
    /// Without admin port and traces, and with the audit in the log.
    pub fn new(judge: Arc<Judge>, books: impl Into<SharedBooks>, config: ServeConfig) -> Self {
        let (metrics, audit) = (Arc::default(), Arc::default());
        Self { judge, books: books.into(), config, admin: None, metrics, audit, traces: None }
    }

    /// Serves on `listener` until `shutdown` ends, then drains: tells NOT_SERVING, takes no new
    /// connection, and lets the calls under way finish, for at most [`ServeConfig::drain`].
    pub async fn run(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError> {
        let Self { judge, books, config, admin, metrics, audit, traces } = self;
        let address = listener.local_addr().map_err(ServeError::Address)?;
        config.access.may_listen(address)?;
        // The first caller is not to wait for the networks.
        // Where files are judged apart, their processes prepare themselves.
        let prepared = !judge.layers().is_empty()
            || tokio::task::spawn_blocking(measure::prepare).await.unwrap_or(false);
        if !prepared {
            tracing::error!("networks could not be prepared: files that need them go to review");
        }
        #[cfg(feature = "archives")]
        let allowed = crate::store::Allowed::of(&config.content_prefixes)
            .map_err(ServeError::ContentPrefix)?;
        #[cfg(not(feature = "archives"))]
        if !config.content_prefixes.is_empty() {
            let why = "this program was built without what fetches files (feature archives)";
            return Err(ServeError::ContentPrefix(why.to_owned()));
        }
        let (drain_begins, draining) = watch::channel(false);
        let numbers = Arc::clone(&metrics);
        let pool = Pool::start(config.workers, config.queue, config.max_bytes_in_flight, numbers)?;
        let service = Arc::new(Service {
            books,
            judge,
            config: config.clone(),
            pool,
            observers: Arc::new(Observers { metrics, audit, traces }),
            #[cfg(feature = "archives")]
            allowed,
            draining,
        });
        let admin = admin.map(|listener| tokio::spawn(watched(listener, Arc::clone(&service))));
        let mut health = HealthReporter::new();
        tell(&health, ServingStatus::Serving).await;
        let (close, closing) = oneshot::channel::<()>();
        let server = router(address, Arc::clone(&service), &health)?;
        let server = server.serve_with_incoming_shutdown(
            access::incoming(listener, Arc::clone(&config.access), config.max_connections),
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
        if let Some(admin) = admin {
            admin.abort();
        }
        let observers = Arc::clone(&service.observers);
        let flushed = tokio::task::spawn_blocking(move || {
            observers.traces.as_ref().map(Traces::flush);
        });
        // What cannot be sent any more is lost, as the collector is told nothing else either.
        let _ = flushed.await;
        Ok(ended?)
    }
}

/// Serves on `listener` and judges every file in this process; otherwise as [`serve_by`].
pub async fn serve(
    listener: TcpListener,
    books: impl Into<SharedBooks>,
    config: ServeConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    serve_by(Arc::new(Judge::here()), listener, books, config, shutdown).await
}

/// [`Serving::run`] with nothing beside.
pub async fn serve_by(
    judge: Arc<Judge>,
    listener: TcpListener,
    books: impl Into<SharedBooks>,
    config: ServeConfig,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    Serving::new(judge, books, config).run(listener, shutdown).await
}

/// The admin port. The service goes on when it fails.
async fn watched(listener: TcpListener, service: Arc<Service>) {
    let (metrics, draining) = (Arc::clone(&service.pool.metrics), service.draining.clone());
    let before = move |metrics: &Metrics| {
        for (cause, all) in service.judge.counts().restarts() {
            metrics.restarts(cause, all);
        }
        let running = service.judge.running();
        let largest = running.iter().filter_map(|process| process.resident_bytes).max();
        metrics.processes(running.len(), largest.unwrap_or_default());
        for layer in service.judge.layers() {
            metrics.layer(layer);
        }
        metrics.held(service.pool.held() as f64);
        let book = &service.books.now().current;
        metrics.rules_in_force(&book.version, &book.digest);
    };
    if let Err(error) = admin::serve(listener, metrics, before, draining).await {
        tracing::error!(%error, "the admin port has failed");
    }
}

/// Names under which health is told: the server as a whole, and its service.
const NAMES: [&str; 2] = ["", SERVICE_NAME];

async fn tell(health: &HealthReporter, status: ServingStatus) {
    for name in NAMES {
        health.set_service_status(name, status).await;
    }
}

/// What a call passes before it is answered, innermost first.
type Passed = Stack<GuardLayer, Stack<Door, Stack<WebLayer, Identity>>>;

fn router(
    address: SocketAddr,
    service: Arc<Service>,
    health: &HealthReporter,
) -> Result<Router<Passed>, ServeError> {
    let config = service.config.clone();
    let on = config.web.unwrap_or(address.ip().to_canonical().is_loopback());
    let web = WebLayer {
        names: on.then(|| Arc::new(Names::of(address, &config.web_hosts))),
        most: config.max_file_bytes + MIB,
        metrics: Arc::clone(&service.pool.metrics),
    };
    let guard = GuardLayer(Arc::clone(&config.access), Arc::clone(&service.pool.metrics));
    let door = Door(Arc::clone(&service));
    let validation = ValidationServiceServer::new(Entrance(service))
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(config.max_message_bytes());
    let health = tonic_health::server::HealthService::from_health_reporter(health.clone());
    let server = Server::builder()
        // Browsers speak HTTP/2 to TLS alone.
        .accept_http1(on)
        // More streams than workers and queue on one connection serve nobody.
        .max_concurrent_streams(128)
        .max_connection_age(config.max_connection_age)
        .max_connection_age_grace(config.drain)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .http2_max_header_list_size(HEADER_BYTES as u32)
        // Rapid reset, RUSTSEC-2024-0003: streams that are reset before they are answered, and
        // those that this side resets as they break the protocol.
        .http2_max_pending_accept_reset_streams(Some(20))
        .http2_max_local_error_reset_streams(Some(128))
        .initial_stream_window_size(Some(MIB as u32))
        .initial_connection_window_size(Some(4 * MIB as u32))
        .layer(web)
        .layer(door)
        .layer(guard)
        .add_service(InterceptedService::new(validation, stamp as fn(_) -> _))
        .add_service(tonic_health::pb::health_server::HealthServer::new(health));
    if !config.access.reflection(address) {
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
