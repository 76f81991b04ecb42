//! `scanvet serve` and `scanvet health`.

use std::io::{self, IsTerminal};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use scanvet::grpc::{self, ServeConfig};
use scanvet::rules::{RuleBook, RuleBooks};
use scanvet::worker::{Judge, Missing, Settings};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;

use crate::cli::args::{Common, HealthArguments, ServeArguments};
use crate::cli::config::ServeTable;
use crate::cli::{self, Exit, Failure};

/// The port that gRPC examples use.
const PORT: u16 = 50_051;

pub(crate) fn run(common: &Common, arguments: &ServeArguments) -> Result<Exit, Failure> {
    let config = common.config()?;
    let book = common.book(&config)?;
    let listen = arguments.listen.or(config.serve.listen);
    let listen = listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)));
    let settings = settings(arguments, &config.serve, &book);
    let judge = Arc::new(judge(arguments, &config.serve, settings.workers)?);
    log();
    // A service that cannot do its work says so before it is asked.
    judge.start()?;
    is_shut_in(&judge, arguments.require_sandbox || config.serve.require_sandbox)?;
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
        tracing::info!(
            listen = %listener.local_addr()?,
            workers = settings.workers,
            sandbox_layers = judge.layers().join(","),
            landlock_abi = judge.landlock_abi(),
            ruleset_version = book.version,
            ruleset_digest = book.digest,
            "serving"
        );
        let books = RuleBooks::with_archive(book, config.ceilings.as_ref())?;
        grpc::serve_by(judge, listener, books, settings, stopped()).await?;
        tracing::info!("stopped");
        Ok(Exit::Success)
    })
}

/// The door through which the service has files judged. One process more than are busy is kept ready,
/// so that a file that ends one makes nobody wait for the next.
fn judge(
    arguments: &ServeArguments,
    table: &ServeTable,
    processes: usize,
) -> Result<Judge, Failure> {
    let kept_ready = processes + 1;
    let settings = Settings { processes, kept_ready, ..Settings::default() };
    cli::door(arguments.isolation.isolation.or(table.isolation), settings)
}

/// Says which layers of the sandbox are missing: as a warning, or instead of serving.
fn is_shut_in(judge: &Judge, required: bool) -> Result<(), Failure> {
    let missing = judge.missing_layers();
    if required && !missing.is_empty() {
        let missing =
            missing.iter().map(|Missing { layer, remedy }| format!("\n  {layer} {remedy}"));
        let missing: String = missing.collect();
        let why = "the sandbox around files is incomplete, and it is required (--require-sandbox or require_sandbox under [serve] in the configuration); missing:";
        return Err(format!("{why}{missing}").into());
    }
    for Missing { layer, remedy } in missing {
        tracing::warn!(layer, remedy, "a layer of the sandbox around files is missing");
    }
    Ok(())
}

/// Flags before the configuration file before the defaults.
fn settings(arguments: &ServeArguments, table: &ServeTable, book: &RuleBook) -> ServeConfig {
    let defaults = ServeConfig::default();
    let seconds = |seconds: Option<u64>, default| seconds.map_or(default, Duration::from_secs);
    let ceiling = book.ceiling("file.size", "below_bytes");
    ServeConfig {
        max_file_bytes: ceiling
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(defaults.max_file_bytes),
        workers: arguments.workers.or(table.workers).unwrap_or(defaults.workers).max(1),
        queue: table.queue.unwrap_or(defaults.queue),
        max_deadline: seconds(table.max_deadline_seconds, defaults.max_deadline),
        drain: seconds(table.drain_seconds, defaults.drain),
        content_prefixes: content_prefixes(arguments, table),
        ..defaults
    }
}

/// Those of the configuration file and those that were typed.
fn content_prefixes(arguments: &ServeArguments, table: &ServeTable) -> Vec<String> {
    #[cfg(feature = "archives")]
    let typed = &arguments.content_prefix[..];
    #[cfg(not(feature = "archives"))]
    let typed: &[String] = {
        let _ = arguments;
        &[]
    };
    table.content_prefixes.iter().chain(typed).cloned().collect()
}

/// Ends with the first SIGTERM or Ctrl-C.
async fn stopped() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a way to hear the signal there is nothing to wait for but the other one.
    let _ = interrupt.await;
}

/// JSON lines, or readable ones on a terminal, on standard error. `RUST_LOG` filters.
fn log() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,lopdf=off"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second subscriber can only be a test's own, which then stays.
    let _ = if io::stderr().is_terminal() {
        log.try_init()
    } else {
        log.json().flatten_event(true).try_init()
    };
}

pub(crate) fn health(arguments: &HealthArguments) -> Result<Exit, Failure> {
    let serves = Runtime::new()?.block_on(grpc::probe(&arguments.server))?;
    Ok(if serves { Exit::Success } else { Exit::Rejected })
}
