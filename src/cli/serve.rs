//! `scanvet serve` and `scanvet health`.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use scanvet::access::{self, Access};
use scanvet::grpc::{self, Dial, ServeConfig, Serving, SharedBooks};
use scanvet::observe::{Audit, Metrics, Traces};
use scanvet::rules::{RuleBook, RuleBooks};
use scanvet::worker::{Judge, Missing, Settings};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::cli::args::{Common, HealthArguments, ServeArguments, Switch};
use crate::cli::config::{Config, ServeTable};
use crate::cli::{self, Exit, Failure};

pub(crate) fn run(common: &Common, arguments: &ServeArguments) -> Result<Exit, Failure> {
    let config = settings(common, arguments)?;
    if arguments.print_config {
        cli::say(&toml::to_string(&config)?);
        return Ok(Exit::Success);
    }
    let books = books(common, &config)?;
    let access = Arc::new(access(&config.serve)?);
    access.may_listen(config.serve.listen)?;
    let serving =
        ServeConfig { access: Arc::clone(&access), ..of_table(&config.serve, &books.current) };
    if arguments.check_config {
        check(&config.serve)?;
        cli::say("the configuration is sound\n");
        return Ok(Exit::Success);
    }
    let judge = Arc::new(judge(&config.serve)?);
    log();
    // A service that cannot do its work says so before it is asked.
    judge.start()?;
    is_shut_in(&judge, config.serve.require_sandbox)?;
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(async {
        let listener = bind(config.serve.listen).await?;
        let admin = match config.serve.admin.listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        tracing::info!(
            listen = %listener.local_addr()?,
            admin = admin.as_ref().and_then(|admin| admin.local_addr().ok()).map(|it| it.to_string()),
            workers = serving.workers,
            sandbox_layers = judge.layers().join(","),
            landlock_abi = judge.landlock_abi(),
            ruleset_version = books.current.version,
            ruleset_digest = books.current.digest,
            "serving"
        );
        let serving = Serving {
            admin,
            audit: Arc::new(audit(&config.serve)?),
            traces: traces(&config.serve)?,
            ..Serving::new(judge, books, serving)
        };
        let running = Running {
            common: common.clone(),
            arguments: arguments.clone(),
            config,
            access,
            books: serving.books.clone(),
            metrics: Arc::clone(&serving.metrics),
            audit: Arc::clone(&serving.audit),
        };
        let (stop, stopped) = oneshot::channel();
        let signals = tokio::spawn(running.heed(stop));
        let stopped = async {
            // Dropped without a word is a reason to stop, too.
            let _ = stopped.await;
        };
        tokio::select! {
            ended = serving.run(listener, stopped) => {
                ended?;
                tracing::info!("stopped");
                Ok(Exit::Success)
            }
            heeded = signals => {
                heeded??;
                tracing::warn!("stopped at once: calls under way are lost");
                Ok(Exit::Rejected)
            }
        }
    });
    // Nobody waits for what still runs.
    runtime.shutdown_background();
    outcome
}

/// The door through which the service has files judged. One process more than are busy is kept ready,
/// so that a file that ends one makes nobody wait for the next.
fn judge(table: &ServeTable) -> Result<Judge, Failure> {
    let processes = table.workers;
    let kept_ready = processes + 1;
    let settings = Settings { processes, kept_ready, ..Settings::default() };
    cli::door(table.isolation, settings)
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

/// Flags over the environment over the file over the defaults.
fn settings(common: &Common, arguments: &ServeArguments) -> Result<Config, Failure> {
    let mut config = common.config()?;
    let serve = &mut config.serve;
    serve.listen = arguments.listen.unwrap_or(serve.listen);
    serve.workers = arguments.workers.unwrap_or(serve.workers).max(1);
    serve.admin.listen = arguments.admin_listen.or(serve.admin.listen);
    let tls = &mut serve.tls;
    tls.certificate = arguments.tls_certificate.clone().or(tls.certificate.take());
    tls.key = arguments.tls_key.clone().or(tls.key.take());
    tls.client_ca = arguments.client_ca.clone().or(tls.client_ca.take());
    serve.insecure |= arguments.insecure;
    serve.isolation = arguments.isolation.isolation.or(serve.isolation);
    serve.require_sandbox |= arguments.require_sandbox;
    serve.web = arguments.web.or(serve.web);
    #[cfg(feature = "archives")]
    serve.content_prefixes.extend(arguments.content_prefix.iter().cloned());
    Ok(config)
}

/// Who may call.
fn access(table: &ServeTable) -> Result<Access, Failure> {
    let ServeTable { tls, access, rates, insecure, .. } = table.clone();
    let opened = Access::open(access::Settings { tls, access, rates, insecure });
    opened.map_err(|faults| format!("the service cannot be opened:\n{faults}").into())
}

fn books(common: &Common, config: &Config) -> Result<RuleBooks, Failure> {
    let book = common.book(config)?;
    Ok(RuleBooks::with_archive(book, config.ceilings.as_ref())?)
}

fn of_table(table: &ServeTable, book: &RuleBook) -> ServeConfig {
    let defaults = ServeConfig::default();
    let ceiling = book.ceiling("file.size", "below_bytes");
    ServeConfig {
        max_file_bytes: ceiling
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(defaults.max_file_bytes),
        workers: table.workers,
        queue: table.queue,
        max_bytes_in_flight: table.max_bytes_in_flight,
        max_deadline: Duration::from_secs(table.max_deadline_seconds),
        notice: Duration::from_secs(table.notice_seconds),
        drain: Duration::from_secs(table.drain_seconds),
        max_connections: table.max_connections,
        max_connection_age: Duration::from_secs(table.max_connection_age_seconds),
        content_prefixes: table.content_prefixes.clone(),
        web: table.web.map(|web| web == Switch::On),
        web_hosts: table.web_hosts.clone(),
        ..defaults
    }
}

/// What only shows when it is used: every fault at once.
fn check(table: &ServeTable) -> Result<(), Failure> {
    let mut faults = Vec::new();
    faults.extend(audit(table).err());
    #[cfg(feature = "archives")]
    faults.extend(scanvet::store::Allowed::of(&table.content_prefixes).err().map(Failure::from));
    if let Some(endpoint) = &table.traces.endpoint {
        let runtime = Runtime::new()?;
        let _inside = runtime.enter();
        faults.extend(
            grpc::traces(endpoint, table.traces.share)
                .err()
                .map(|error| Failure::from(format!("serve.traces.endpoint: {error}"))),
        );
    }
    if faults.is_empty() {
        return Ok(());
    }
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Err(faults.join("\n").into())
}

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| format!("cannot listen on {address}: {error}").into())
}

fn audit(table: &ServeTable) -> Result<Audit, Failure> {
    let Some(file) = &table.audit.file else {
        return Ok(Audit::log());
    };
    let fault = |error| format!("serve.audit.file {}: {error}", file.display()).into();
    Audit::file(file).map_err(fault)
}

fn traces(table: &ServeTable) -> Result<Option<Traces>, Failure> {
    let Some(endpoint) = &table.traces.endpoint else {
        return Ok(None);
    };
    let traces = grpc::traces(endpoint, table.traces.share);
    traces.map(Some).map_err(|error| format!("serve.traces.endpoint: {error}").into())
}

/// What signals act on while the service runs.
struct Running {
    common: Common,
    arguments: ServeArguments,
    config: Config,
    access: Arc<Access>,
    books: SharedBooks,
    metrics: Arc<Metrics>,
    audit: Arc<Audit>,
}

impl Running {
    /// Loads again on SIGHUP, stops with the first SIGTERM or Ctrl-C, and ends with the second.
    #[cfg(unix)]
    async fn heed(mut self, stop: oneshot::Sender<()>) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut stop = Some(stop);
        loop {
            tokio::select! {
                _ = hang_up.recv() => {
                    self = tokio::task::spawn_blocking(move || { self.reload(); self }).await?;
                    continue;
                }
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            match stop.take() {
                // Whoever has gone does not wait to be told.
                Some(stop) => drop(stop.send(())),
                None => return Ok(()),
            }
        }
    }

    #[cfg(not(unix))]
    async fn heed(self, stop: oneshot::Sender<()>) -> io::Result<()> {
        tokio::signal::ctrl_c().await?;
        drop(stop.send(()));
        tokio::signal::ctrl_c().await
    }

    /// Puts new rules and settings in force; where anything is broken all of the old stays.
    #[cfg(unix)]
    fn reload(&mut self) {
        let loaded = settings(&self.common, &self.arguments).and_then(|config| {
            let books = books(&self.common, &config)?;
            self.audit.reopen().map_err(|error| format!("serve.audit.file: {error}"))?;
            Ok((config, books))
        });
        // Each file of it by itself: a broken one leaves in force what was read before.
        let access = self.access.reload();
        self.metrics.reloaded("access", access.is_ok());
        if let Err(faults) = access {
            tracing::error!(%faults, "not loaded: what was in force stays");
        }
        self.metrics.reloaded("configuration", loaded.is_ok());
        let (config, books) = match loaded {
            Ok(loaded) => loaded,
            Err(fault) => {
                tracing::error!(%fault, "not loaded: what was in force stays");
                return;
            }
        };
        let new = Config { ceilings: self.config.ceilings.clone(), ..config.clone() };
        if new != self.config {
            tracing::warn!("settings of [serve] have changed that take a restart");
        }
        self.config.ceilings = config.ceilings;
        let book = &books.current;
        tracing::info!(ruleset_version = book.version, ruleset_digest = book.digest, "loaded");
        self.books.replace(books);
    }
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
