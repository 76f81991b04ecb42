//! `scanvet check`: judges files here, on all cores, without a server.

use std::io::{self, IsTerminal, Read};
use std::path::Path;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;
use scanvet::grpc::json;
use scanvet::intake::{Upload, format};
use scanvet::pipeline::{self, Options};
use scanvet::report::text;
use scanvet::rules::RuleSet;
use scanvet::verdict::{Decision, Verdict};
use time::OffsetDateTime;

use crate::cli::args::{CheckArguments, Common, Format};
use crate::cli::{Exit, Failure, Stopwatch, complain, say, today};

/// More of a file is not read: it is too large for any rule, and its size says so.
const MOST_BYTES: u64 = 1 << 28;

/// Files judged between two outputs, per core.
const BATCH: usize = 8;

pub(crate) fn run(common: &Common, arguments: &CheckArguments) -> Result<Exit, Failure> {
    let book = common.book(&common.config()?)?;
    let rules = book.rules(&arguments.context.context(), &arguments.slot, today())?;
    let options = Options { fail_fast: arguments.fail_fast };
    let bar = progress(arguments.files.len());
    let mut exit = Exit::Success;
    for files in arguments.files.chunks(BATCH * rayon::current_num_threads()) {
        let judged: Vec<_> = files
            .par_iter()
            .map(|file| judge(file, &rules, options).inspect(|_| bar.inc(1)))
            .collect();
        // In the order of the arguments, whoever finished first.
        bar.suspend(|| {
            for (file, judged) in files.iter().zip(judged) {
                exit = worse(exit, print(common, arguments, file, judged));
            }
        });
    }
    bar.finish_and_clear();
    Ok(exit)
}

fn print(
    common: &Common,
    arguments: &CheckArguments,
    file: &Path,
    judged: io::Result<Verdict>,
) -> Exit {
    let name = file.to_string_lossy();
    let verdict = match judged {
        Ok(verdict) => verdict,
        Err(error) => {
            complain(&format!("{name}: {error}"));
            return Exit::Usage;
        }
    };
    let locale = common.locale.into();
    match arguments.format {
        Format::Text => say(&text::verdict(&name, &verdict, locale)),
        Format::Json => {
            let now = OffsetDateTime::now_utc();
            let line = json::result_line(&name, &verdict, &[locale], now, arguments.readings);
            say(&format!("{line}\n"));
        }
    }
    match verdict.decision {
        Decision::Accept => Exit::Success,
        Decision::Reject => Exit::Rejected,
        Decision::Review => Exit::Review,
    }
}

/// Judges one file. Its name goes no further than its extension, which is the claim.
fn judge(file: &Path, rules: &RuleSet, options: Options) -> io::Result<Verdict> {
    let upload = read(file)?;
    pipeline::validate(&upload, rules, options, &mut Stopwatch::start()).map_err(io::Error::other)
}

/// The bytes of a file and what its extension claims.
pub(crate) fn read(file: &Path) -> io::Result<Upload> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let extension = file.extension().map(|extension| extension.to_string_lossy().into_owned());
    let claimed = extension.as_deref().and_then(format::of_extension);
    Ok(Upload {
        bytes: bytes.into(),
        declared_media_type: claimed.map(|format| format.media_type.to_owned()),
    })
}

/// The status that says more: a failure before a rejection before a review.
fn worse(one: Exit, other: Exit) -> Exit {
    let rank = |exit| match exit {
        Exit::Success => 0,
        Exit::Review => 1,
        Exit::Rejected => 2,
        Exit::Usage => 3,
    };
    if rank(other) > rank(one) { other } else { one }
}

/// A bar on a terminal and for more than one file; nothing elsewhere.
pub(crate) fn progress(files: usize) -> ProgressBar {
    let shown = files > 1 && io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(files as u64), target);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} files, {per_sec}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
