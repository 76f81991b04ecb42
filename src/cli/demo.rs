//! `scanvet demo`: the samples that the program carries, judged, and a report to look at.

use std::path::Path;

use rayon::prelude::*;
use scanvet::grpc::record::Answer;
use scanvet::intake::{Upload, format};
use scanvet::pipeline::Options;
use scanvet::reason::Locale;
use scanvet::report::demo::{SAMPLES, Sample};
use scanvet::report::{Groups, Heading, Item, Plan, Report, html};
use scanvet::rules::{Context, RuleBook};
use scanvet::worker::Judge;

use crate::cli::args::{Common, DemoArguments};
use crate::cli::{self, Exit, Failure, Stopwatch, say, today};

/// The folder of the samples, below that of the report.
const FOLDER: &str = "samples";

pub(crate) fn run(common: &Common, arguments: &DemoArguments) -> Result<Exit, Failure> {
    let book = common.book(&common.config()?)?;
    let door = cli::judge(rayon::current_num_threads(), arguments.isolation)?;
    let folder = arguments.out.join(FOLDER);
    let fault = |path: &Path, error: &dyn ToString| -> Failure {
        format!("{}: {}", path.display(), error.to_string()).into()
    };
    std::fs::create_dir_all(&folder).map_err(|error| fault(&folder, &error))?;
    for sample in SAMPLES {
        let path = folder.join(sample.name);
        std::fs::write(&path, sample.bytes).map_err(|error| fault(&path, &error))?;
    }
    let locale = common.locale.into();
    let judged: Vec<(Item, Option<Vec<u8>>)> = SAMPLES
        .par_iter()
        .map(|sample| judge(&door, &book, sample, locale))
        .collect::<Result<_, String>>()?;
    let mut report = Report::new(Plan { groups: Groups::Verdict, cases: SAMPLES.len() });
    report.judged_by(&book.version, &book.digest, env!("CARGO_PKG_VERSION"));
    let mut pictures = Vec::new();
    for (item, picture) in judged {
        report.add(item, None);
        pictures.push(picture);
    }
    for (index, _) in report.pictured(SAMPLES.len()) {
        if let Some(picture) = pictures.get_mut(index as usize).and_then(Option::take) {
            report.illustrate(index, picture);
        }
    }
    let page = arguments.out.join("report.html");
    let heading = heading(locale);
    std::fs::write(&page, html(&report, &heading)).map_err(|error| fault(&page, &error))?;
    say(&closing(&page, &folder, locale));
    Ok(Exit::Success)
}

/// The item and its picture. Samples are ours: that one cannot be judged is a fault of ours too.
fn judge(
    door: &Judge,
    book: &RuleBook,
    sample: &Sample,
    locale: Locale,
) -> Result<(Item, Option<Vec<u8>>), String> {
    let Sample { name, slot, profile, bytes } = *sample;
    let fault = |error: &dyn ToString| format!("{name}: {}", error.to_string());
    let context = Context { profile: profile.to_owned(), ..Context::default() };
    let rules = book.rules(&context, slot, today()).map_err(|error| fault(&error))?;
    let claimed = name.rsplit_once('.').and_then(|(_, extension)| format::of_extension(extension));
    let upload = Upload {
        bytes: bytes.into(),
        declared_media_type: claimed.map(|format| format.media_type.to_owned()),
    };
    let options = Options { annotate: true, ..Options::default() };
    let verdict = door.validate(&upload, &rules, options, &mut Stopwatch::start());
    let mut verdict = verdict.map_err(|error| fault(&error))?;
    let picture = verdict.annotated.take();
    let record = Answer::of(&verdict, locale, false).record(name, slot, name);
    Ok((Item::of(&record).map_err(|error| fault(&error))?, picture))
}

fn heading(locale: Locale) -> Heading {
    Heading {
        title: ["scanvet: a look at what it does", "scanvet：功能演示"],
        note: [
            "Drawn documents that belong to nobody, and verification photos made of NASA's portrait of \
             the astronaut Eileen Collins: good ones, and one of each common fault."
                .to_owned(),
            "样本均为绘制的虚构证件，以及由美国宇航局公开的宇航员艾琳·柯林斯肖像合成的核验照片：合格的与各类常见问题的。"
                .to_owned(),
        ],
        tables: Vec::new(),
        locale,
    }
}

/// Where to look, and what to try next.
fn closing(page: &Path, folder: &Path, locale: Locale) -> String {
    let (page, folder) = (page.display(), folder.display());
    let next = format!(
        "  scanvet check --profile alibaba-2018 --slot id-card-front {folder}/card-blurred.jpg\n  \
         scanvet check --annotate pictures FILE…\n  scanvet batch DIR --out results\n"
    );
    match locale {
        Locale::En => format!("report: {page}\ntry next:\n{next}"),
        Locale::ZhCn => format!("报告：{page}\n接下来可以试试：\n{next}"),
    }
}
