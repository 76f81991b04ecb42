//! `scanvet rejudge`: recorded readings under other rules, without the files.

use std::process::ExitCode;
use std::sync::Arc;

use scanvet::batch::{self, Again, Ended, Job, JobFault, Judges, Meter};

use crate::cli::args::{Common, RejudgeArguments, ResultArguments};
use crate::cli::batch::{cores, exit, extent, runtime, watched};

pub(crate) fn run(common: &Common, arguments: &RejudgeArguments) -> ExitCode {
    exit(judged(common, arguments))
}

fn judged(common: &Common, arguments: &RejudgeArguments) -> Result<Ended, JobFault> {
    let permanent = |failure: Box<dyn std::error::Error>| JobFault::Permanent(failure.to_string());
    let config = common.config().map_err(permanent)?;
    let book = common.book(&config).map_err(permanent)?;
    let ResultArguments { results, unit, zstd, no_parquet, allow_mixed, max_error_share, .. } =
        &arguments.results;
    let workers = arguments.workers.unwrap_or_else(cores).max(1);
    let context = arguments.context.clone();
    let locale = common.locale.into();
    let job = Job {
        judges: Judges::here(&book),
        defaults: batch::defaults(&context.context(), ""),
        locale: scanvet::reason::Locale::tag(locale).to_owned(),
        unit: (*unit).max(1),
        zstd: *zstd,
        readings: arguments.readings,
        ..Job::default()
    };
    let again = Again {
        records: arguments.records.clone(),
        results: results.clone(),
        job,
        book: Arc::new(book),
        over: Box::new(move |recorded| context.over(recorded)),
        workers,
        parquet: !no_parquet,
        mixed: *allow_mixed,
        max_error_share: *max_error_share,
        diff: arguments.results.diff.clone(),
        extent: extent(&arguments.results, 0),
        locale,
    };
    let runtime = runtime(Some(workers))?;
    let meter = Arc::new(Meter::default());
    let outcome = runtime.block_on(watched(&meter, |stop| batch::rejudge(again, &meter, stop)));
    runtime.shutdown_background();
    outcome
}
