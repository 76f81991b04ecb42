//! `scanvet check --filing`: the files of one filing, judged together.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use scanvet::filing::check;
use scanvet::grpc::json;
use scanvet::pipeline::Options;
use scanvet::report::text;
use scanvet::rules::{Context, RuleBook};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::cli::args::{CheckArguments, Common, Format, parse_day};
use crate::cli::check::{read, status};
use crate::cli::{self, Exit, Failure, Stopwatch, say, today};

/// The description of a filing. Unknown keys are faults.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Description {
    profile: String,
    province: Option<String>,
    entity: Option<String>,
    filing_type: Option<String>,
    channel: Option<String>,
    content: Vec<String>,
    paid: bool,
    domains: u32,
    issued_elsewhere: Option<bool>,
    as_of: Option<String>,
    /// In the order of the answer.
    upload: Vec<Described>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    slot: String,
    /// Relative to the description.
    file: PathBuf,
}

/// A description inside a folder.
const DESCRIPTION: &str = "filing.toml";

pub(crate) fn run(
    common: &Common,
    book: &RuleBook,
    arguments: &CheckArguments,
    path: &Path,
) -> Result<Exit, Failure> {
    let described = if path.is_dir() { of_folder(path, book)? } else { of_file(path)? };
    let name = path.to_string_lossy();
    if described.upload.is_empty() {
        return Err(format!("{name}: no uploads: name files for their slots, or list them").into());
    }
    let filing = book.filing(&arguments.context.over(context(&described, &name)?), today())?;
    let options = Options { fail_fast: arguments.fail_fast, annotate: false };
    let door = cli::judge(rayon::current_num_threads(), arguments.isolation)?;
    let judged: Result<Vec<_>, Failure> = described
        .upload
        .par_iter()
        .map(|Described { slot, file }| {
            let rules = book.rules(&filing.context, slot, today()).map_err(|it| it.to_string())?;
            let upload = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let mut budget = Stopwatch::start();
            let one = door.validate_one(&upload, &rules, &filing, options, &mut budget);
            one.map_err(|error| error.to_string())
        })
        .collect::<Result<Vec<_>, String>>()
        .map_err(Into::into);
    let (verdicts, seen): (Vec<_>, Vec<_>) = judged?.into_iter().unzip();
    let decisions = verdicts.iter().map(|verdict| verdict.decision);
    let together = check::together(book, &filing, &seen, decisions);
    let names = described.upload.iter().map(|upload| upload.file.to_string_lossy().into_owned());
    let verdicts: Vec<_> = names.zip(verdicts).collect();
    let locale = common.locale.into();
    match arguments.format {
        Format::Text => {
            for (file, verdict) in &verdicts {
                say(&text::verdict(file, verdict, locale));
            }
            say(&text::filing(&name, &together, &filing.context.profile, locale));
        }
        Format::Json => {
            let (now, readings) = (OffsetDateTime::now_utc(), arguments.readings);
            let told = (&together, &filing);
            let line = json::filing_line(&name, &verdicts, told, &[locale], now, readings);
            say(&format!("{line}\n"));
        }
    }
    Ok(status(together.decision))
}

fn context(described: &Description, name: &str) -> Result<Context, Failure> {
    let day = described.as_of.as_deref().map(parse_day).transpose();
    Ok(Context {
        profile: described.profile.clone(),
        province: described.province.clone(),
        entity: described.entity.clone(),
        filing_type: described.filing_type.clone(),
        contents: described.content.clone(),
        channel: described.channel.clone(),
        paid_service: described.paid,
        domain_count: described.domains,
        issued_elsewhere: described.issued_elsewhere,
        as_of: day.map_err(|problem| format!("{name}: as-of: {problem}"))?,
    })
}

fn of_file(path: &Path) -> Result<Description, Failure> {
    let fault = |problem: String| format!("{}: {problem}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    let mut described: Description =
        toml::from_str(&text).map_err(|error| fault(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for upload in &mut described.upload {
        upload.file = folder.join(&upload.file);
    }
    Ok(described)
}

/// The description in a folder, if there is one; files that it does not list are taken by name, when
/// it lists none.
fn of_folder(folder: &Path, book: &RuleBook) -> Result<Description, Failure> {
    let own = folder.join(DESCRIPTION);
    let mut described = if own.exists() { of_file(&own)? } else { Description::default() };
    if described.upload.is_empty() {
        let entries =
            std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut files =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
        files.retain(|file| file.is_file() && !is_aside(file));
        files.sort();
        for file in files {
            let slot = slot_of(&file, book.slots.keys())?;
            described.upload.push(Described { slot, file });
        }
    }
    Ok(described)
}

/// Descriptions and hidden files.
fn is_aside(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name == DESCRIPTION || name.starts_with('.')
}

/// `id-card-front.jpg` and `id-card-front-2.jpg` are both of one slot.
fn slot_of<'a>(file: &Path, slots: impl Iterator<Item = &'a String>) -> Result<String, Failure> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let fits = |slot: &&String| {
        let rest = stem.strip_prefix(slot.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    let known: Vec<&String> = slots.collect();
    let found = known.iter().copied().filter(fits).max_by_key(|slot| slot.len());
    found.cloned().ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|slot| &***slot).collect();
        let name = file.display();
        format!("{name} is named for no slot; known: {}", known.join(", ")).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_the_longest_slot_that_it_is_named_for() {
        let slots = ["id-card-front", "passport", "id-card"].map(str::to_owned);
        let of = |name: &str| slot_of(Path::new(name), slots.iter()).ok();
        assert_eq!(of("a/id-card-front.jpg").as_deref(), Some("id-card-front"));
        assert_eq!(of("id-card-front-2.png").as_deref(), Some("id-card-front"));
        assert_eq!(of("id-card.png").as_deref(), Some("id-card"));
        assert_eq!(of("passports.png"), None);
    }
}
