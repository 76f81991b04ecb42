//! `scanvet serve` and `scanvet health`.

use std::io::{self, IsTerminal};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use scanvet::access::{self, Access, TlsSettings};
use scanvet::grpc::{self, Dial, ServeConfig};
use scanvet::rules::{RuleBook, RuleBooks};
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
    let access = Arc::new(access(arguments, &config.serve)?);
    access.may_listen(listen)?;
    let settings = ServeConfig { access, ..settings(arguments, &config.serve, &book) };
    let judge = Arc::new(cli::judge(settings.workers)?);
    log();
    // A service that cannot do its work says so before it is asked.
    judge.start()?;
    Runtime::new()?.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
        tracing::info!(
            listen = %listener.local_addr()?,
            workers = settings.workers,
            sandbox_layers = judge.layers().join(","),
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

/// Who may call. Flags before the configuration file.
fn access(arguments: &ServeArguments, table: &ServeTable) -> Result<Access, Failure> {
    let ServeTable { tls, access, rates, insecure, .. } = table.clone();
    let tls = TlsSettings {
        certificate: arguments.tls_certificate.clone().or(tls.certificate),
        key: arguments.tls_key.clone().or(tls.key),
        client_ca: arguments.client_ca.clone().or(tls.client_ca),
        ..tls
    };
    let insecure = arguments.insecure || insecure;
    let opened = Access::open(access::Settings { tls, access, rates, insecure });
    opened.map_err(|faults| format!("the service cannot be opened:\n{faults}").into())
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
    let dial = Dial::from(&arguments.dial);
    let serves = Runtime::new()?.block_on(grpc::probe_by(&arguments.server, &dial))?;
    Ok(if serves { Exit::Success } else { Exit::Rejected })
}
