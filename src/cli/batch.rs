//! `scanvet batch`: judges an archive, resumes where it was stopped, and says what flipped.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scanvet::batch::{
    self, Ended, Engine, Extent, Here, Job, JobFault, Judges, Meter, Order, Queue, Role,
};
use scanvet::grpc::Dial;
use scanvet::grpc::client::{Client, Trouble};
use scanvet::report::batch::{Summary, text};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::cli::args::{BatchArguments, Common, QueueRole, ResultArguments};
use crate::cli::{complain, judge, say, say_aside};

/// How a batch ends. Kubernetes and other runners tell permanent from temporary by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Every item has a verdict.
    Done = 0,
    /// Done, but some items have none.
    ItemErrors = 3,
    /// Stopped: too many items had none.
    Stopped = 4,
    /// Manifest, configuration or arguments: trying again changes nothing.
    Permanent = 42,
    /// Interrupted, or something did not answer: trying again goes on where it was.
    Again = 75,
}

/// Seconds between two lines on how far it is, where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(60);

pub(crate) fn run(common: &Common, arguments: &BatchArguments) -> ExitCode {
    let runtime = match runtime(arguments.workers) {
        Ok(runtime) => runtime,
        Err(fault) => return exit(Err(fault)),
    };
    let meter = Arc::new(Meter::default());
    let outcome = runtime.block_on(async {
        let order = order(common, arguments).await?;
        watched(&meter, |stop| batch::run(order, &meter, stop)).await
    });
    // What a thread still waits for must not hold up the end.
    runtime.shutdown_background();
    exit(outcome)
}

/// Few threads: each one keeps memory of its own, which would add up.
pub(crate) fn runtime(workers: Option<usize>) -> Result<Runtime, JobFault> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(workers.unwrap_or_else(cores) + 6)
        .enable_all()
        .build()
        .map_err(|error| JobFault::Temporary(error.to_string()))
}

async fn order(common: &Common, arguments: &BatchArguments) -> Result<Order, JobFault> {
    let permanent = |failure: Box<dyn std::error::Error>| JobFault::Permanent(failure.to_string());
    let ResultArguments { results, unit, zstd, no_parquet, allow_mixed, max_error_share, .. } =
        &arguments.results;
    let workers = arguments.workers.unwrap_or_else(cores).max(1);
    let (engine, judges, at_once) = if arguments.server.is_empty() {
        let config = common.config().map_err(permanent)?;
        let book = common.book(&config).map_err(permanent)?;
        let judges = Judges::here(&book);
        let door = judge(workers, arguments.isolation).map_err(permanent)?;
        // Files come while others are judged.
        (Engine::Here(Here::new(Arc::new(book), workers, door)), judges, 2 * workers + 2)
    } else {
        let window = arguments.window.max(1);
        let dial = Dial::from(&arguments.dial);
        dial.check(&arguments.server).map_err(|fault| JobFault::Permanent(fault.to_string()))?;
        let client =
            Client::of(&arguments.server, window, &dial).await.map_err(JobFault::Temporary)?;
        let applied = client.applied().await.map_err(|trouble| match trouble {
            Trouble::Away(why) => JobFault::Temporary(format!("no server answers: {why}")),
            Trouble::Item { message, .. } => JobFault::Permanent(format!("refused by {message}")),
        })?;
        let judges = Judges {
            ruleset_version: applied.version,
            ruleset_digest: applied.digest,
            engine_version: applied.engine,
        };
        let at_once = window * client.addresses();
        let by_reference = arguments.by_reference;
        (Engine::Service { client, by_reference }, judges, at_once)
    };
    let locale = common.locale.into();
    let job = Job {
        input: arguments.input.clone().unwrap_or_default(),
        judges,
        defaults: batch::defaults(&arguments.context.context(), &arguments.slot),
        locale: scanvet::reason::Locale::tag(locale).to_owned(),
        unit: (*unit).max(1),
        shards: arguments.shard_count.max(1),
        zstd: *zstd,
        readings: !arguments.no_readings,
        ..Job::default()
    };
    Ok(Order {
        results: results.clone(),
        job,
        engine,
        shard: arguments.shard_index,
        at_once,
        parquet: !no_parquet,
        mixed: *allow_mixed,
        retry_errors: arguments.retry_errors,
        max_error_share: *max_error_share,
        diff: arguments.results.diff.clone(),
        extent: extent(&arguments.results, arguments.report_pictures),
        queue: arguments.queue.clone().map(|server| Queue {
            server,
            role: match arguments.queue_role {
                QueueRole::Both => Role::Both,
                QueueRole::Fill => Role::Fill,
                QueueRole::Work => Role::Work,
            },
            ack_wait: Duration::from_secs(arguments.queue_ack_seconds.max(1)),
            patience: Duration::from_secs(arguments.queue_patience_seconds.max(1)),
            deliveries: arguments.queue_deliveries.max(1),
        }),
        locale,
    })
}

/// How much `report.html` shows.
pub(crate) const fn extent(arguments: &ResultArguments, pictures: usize) -> Extent {
    let ResultArguments { report_cases, report_counts, .. } = arguments;
    Extent { readings: !*report_counts, cases: *report_cases, pictures }
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs a job while showing how far it is, and hands it the wish to stop: Ctrl-C or SIGTERM ask for
/// what is under way to be finished, a second one ends at once.
pub(crate) async fn watched<F>(
    meter: &Arc<Meter>,
    job: impl FnOnce(watch::Receiver<bool>) -> F,
) -> Result<Ended, JobFault>
where
    F: Future<Output = Result<Ended, JobFault>>,
{
    let (ask, asked) = watch::channel(false);
    let running = job(asked);
    tokio::pin!(running);
    let shown = Shown::new();
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    let mut stopping = false;
    let mut wishes = Wishes::new();
    let outcome = loop {
        tokio::select! {
            outcome = &mut running => break outcome,
            _ = tick.tick() => shown.update(meter),
            () = wishes.next() => {
                if stopping {
                    break Err(JobFault::Temporary("stopped at once".to_owned()));
                }
                stopping = true;
                shown.bar.suspend(|| say_aside("finishing what is under way; again to stop at once"));
                ask.send_replace(true);
            }
        }
    };
    shown.bar.finish_and_clear();
    outcome
}

/// The wishes to stop, one after the other. Listened to from the beginning, so that none is lost.
struct Wishes {
    #[cfg(unix)]
    signals: [Option<tokio::signal::unix::Signal>; 2],
}

impl Wishes {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            signals: {
                use tokio::signal::unix::{SignalKind, signal};
                [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok())
            },
        }
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.signals;
        let wish = async |signal: &mut Option<tokio::signal::unix::Signal>| match signal {
            Some(signal) => signal.recv().await,
            // Without a way to hear it there is nothing to wait for.
            None => std::future::pending().await,
        };
        tokio::select! {
            _ = wish(interrupt) => {}
            _ = wish(terminate) => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// A bar on a terminal, a line a minute elsewhere.
struct Shown {
    bar: ProgressBar,
    lines: bool,
    began: Instant,
    told: std::cell::Cell<Instant>,
}

impl Shown {
    fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        let target =
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = "{bar:40} {pos}/{len} items, {msg}";
        let style = ProgressStyle::with_template(template);
        let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let now = Instant::now();
        Self { bar, lines: !terminal, began: now, told: std::cell::Cell::new(now) }
    }

    fn update(&self, meter: &Meter) {
        let read = meter.read();
        let total = read.total.max(read.done);
        // Only what this run did says how fast it is.
        let rate = (read.done - read.before.min(read.done)) as f64
            / self.began.elapsed().as_secs_f64().max(0.001);
        let left = if rate > 0.0 {
            let seconds = (total - read.done) as f64 / rate;
            format!("{}h{:02}m left", seconds as u64 / 3600, seconds as u64 / 60 % 60)
        } else {
            "no rate yet".to_owned()
        };
        let message = format!("{rate:.1} items/s, {left}, {} without a verdict", read.errors);
        self.bar.set_length(total);
        self.bar.set_position(read.done);
        self.bar.set_message(message.clone());
        if self.lines && self.told.get().elapsed() >= LINE_EVERY {
            self.told.set(Instant::now());
            say_aside(&format!("{}/{total} items, {message}", read.done));
        }
    }
}

/// Says how it ended.
pub(crate) fn exit(outcome: Result<Ended, JobFault>) -> ExitCode {
    let end = match outcome {
        Ok(Ended::Done(summary, errors)) => {
            say(&text(&summary));
            if errors > 0 { End::ItemErrors } else { End::Done }
        }
        Ok(Ended::Helped) => End::Done,
        Ok(Ended::Stopped(summary)) => {
            stopped(&summary);
            End::Stopped
        }
        Ok(Ended::Interrupted(summary)) => {
            say(&text(&summary));
            End::Again
        }
        Err(fault) => {
            complain(&fault.to_string());
            match fault {
                JobFault::Permanent(_) => End::Permanent,
                JobFault::Temporary(_) => End::Again,
            }
        }
    };
    ExitCode::from(end as u8)
}

fn stopped(summary: &Summary) {
    say(&text(summary));
    complain("too many items have no verdict: see errors.ndjson and --max-error-share");
}
