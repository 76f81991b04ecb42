//! `scanvet check`: judges files here, on all cores, without a server.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::prelude::*;
use scanvet::grpc::json;
use scanvet::intake::{Upload, format};
use scanvet::pipeline::Options;
use scanvet::report::text;
use scanvet::rules::RuleSet;
use scanvet::verdict::{Decision, Verdict};
use scanvet::worker::Judge;
use time::OffsetDateTime;

use crate::cli::args::{CheckArguments, Common, Format};
use crate::cli::{self, Exit, Failure, Stopwatch, complain, filing, say, today};

/// More of a file is not read: it is too large for any rule, and its size says so.
const MOST_BYTES: u64 = 1 << 28;

/// Files judged between two outputs, per core.
const BATCH: usize = 8;

pub(crate) fn run(common: &Common, arguments: &CheckArguments) -> Result<Exit, Failure> {
    let book = common.book(&common.config()?)?;
    if let Some(path) = &arguments.filing {
        return filing::run(common, &book, arguments, path);
    }
    let rules = book.rules(&arguments.context.context(), &arguments.slot, today())?;
    let door = cli::judge(rayon::current_num_threads(), arguments.isolation)?;
    let mut pictures = arguments.annotate.as_deref().map(Pictures::into).transpose()?;
    let options = Options { fail_fast: arguments.fail_fast, annotate: pictures.is_some() };
    let bar = progress(arguments.files.len());
    let mut exit = Exit::Success;
    for files in arguments.files.chunks(BATCH * rayon::current_num_threads()) {
        let judged: Vec<_> = files
            .par_iter()
            .map(|file| judge(&door, file, &rules, options).inspect(|_| bar.inc(1)))
            .collect();
        // In the order of the arguments, whoever finished first.
        bar.suspend(|| {
            for (file, mut judged) in files.iter().zip(judged) {
                let picture = judged.as_mut().ok().and_then(|verdict| verdict.annotated.take());
                exit = worse(exit, print(common, arguments, file, judged));
                if let (Some(pictures), Some(picture)) = (&mut pictures, picture) {
                    exit = worse(exit, pictures.save(file, &picture));
                }
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
    status(verdict.decision)
}

pub(crate) fn status(decision: Decision) -> Exit {
    match decision {
        Decision::Accept => Exit::Success,
        Decision::Reject => Exit::Rejected,
        Decision::Review => Exit::Review,
    }
}

/// Judges one file. Its name goes no further than its extension, which is the claim.
fn judge(door: &Judge, file: &Path, rules: &RuleSet, options: Options) -> io::Result<Verdict> {
    let upload = read(file)?;
    door.validate(&upload, rules, options, &mut Stopwatch::start()).map_err(io::Error::other)
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

/// A folder of pictures and the names that were given away in it.
#[derive(Debug)]
struct Pictures {
    folder: PathBuf,
    given: HashSet<OsString>,
}

impl Pictures {
    /// Pictures into a folder, which is made where it is not there.
    fn into(folder: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("pictures {}: {error}", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), given: HashSet::new() })
    }

    /// Writes the picture of a file; that it could not be written is no word on the file.
    fn save(&mut self, file: &Path, picture: &[u8]) -> Exit {
        let name = self.name_for(file);
        let path = self.folder.join(name);
        match std::fs::write(&path, picture) {
            Ok(()) => Exit::Success,
            Err(error) => {
                complain(&format!("{}: {error}", path.display()));
                Exit::Usage
            }
        }
    }

    /// The file's own name without extension, numbered from the second of that name on.
    fn name_for(&mut self, file: &Path) -> OsString {
        let stem = file.file_stem().unwrap_or_default();
        let mut number = 1u32;
        loop {
            let mut name = stem.to_owned();
            if number > 1 {
                name.push(format!("-{number}"));
            }
            name.push(".annotated.jpg");
            // On some file systems `A` and `a` are one name.
            if self.given.insert(name.to_ascii_lowercase()) {
                return name;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_the_same_name_get_pictures_of_their_own() {
        let mut pictures = Pictures { folder: PathBuf::new(), given: HashSet::new() };
        let files = ["a/x.jpg", "b/x.png", "x-2.jpg", "c/X.gif", "y", "z.tar.gz"];
        let names = files.map(|file| pictures.name_for(Path::new(file)).into_string().unwrap());
        let wanted = ["x", "x-2", "x-2-2", "X-3", "y", "z.tar"];
        assert_eq!(names, wanted.map(|stem| format!("{stem}.annotated.jpg")));
    }
}
