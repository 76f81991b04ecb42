//! Filings described in TOML, and one way to ask for their verdict.

use std::path::Path;

use scanvet::filing::check::{self, FilingVerdict};
use scanvet::intake::{Unlimited, Upload, format};
use scanvet::pipeline::Options;
use scanvet::rules::Context;
use scanvet::verdict::{Decision, Verdict};

use super::{BOOK, TODAY};

/// A filing as its description says it: the same keys as `check --filing` takes.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Described {
    pub profile: String,
    pub province: Option<String>,
    pub entity: Option<String>,
    pub filing_type: Option<String>,
    pub channel: Option<String>,
    pub content: Vec<String>,
    pub domains: u32,
    pub as_of: Option<String>,
    pub upload: Vec<Place>,
}

/// One upload of it.
#[derive(Debug, serde::Deserialize)]
pub struct Place {
    pub slot: String,
    pub file: String,
}

impl Described {
    /// What it belongs to.
    pub fn context(&self) -> Context {
        let form = time::macros::format_description!("[year]-[month]-[day]");
        let day = self.as_of.as_ref().map(|day| time::Date::parse(day, form).expect("a day"));
        Context {
            profile: self.profile.clone(),
            province: self.province.clone(),
            entity: self.entity.clone(),
            filing_type: self.filing_type.clone(),
            channel: self.channel.clone(),
            contents: self.content.clone(),
            domain_count: self.domains,
            as_of: day,
            ..Context::default()
        }
    }

    /// The verdict, with the uploads read relative to `folder`.
    pub fn judge(&self, folder: &Path) -> FilingVerdict {
        let uploads: Vec<(String, Upload)> = self
            .upload
            .iter()
            .map(|Place { slot, file }| {
                let bytes =
                    std::fs::read(folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
                let extension = file.rsplit('.').next().and_then(format::of_extension);
                let declared = extension.map(|format| format.media_type.to_owned());
                (slot.clone(), Upload { bytes: bytes.into(), declared_media_type: declared })
            })
            .collect();
        judged(&self.context(), &uploads).1
    }
}

/// The verdicts on uploads and on the filing of them.
pub fn judged(context: &Context, uploads: &[(String, Upload)]) -> (Vec<Verdict>, FilingVerdict) {
    let filing = BOOK.filing(context, TODAY).unwrap_or_else(|fault| panic!("{fault}"));
    let one = |(slot, upload): &(String, Upload)| {
        let rules = BOOK.rules(context, slot, TODAY).unwrap_or_else(|fault| panic!("{fault}"));
        check::one(upload, &rules, &filing, Options::default(), &mut Unlimited)
            .expect("a budget without end does not end")
    };
    let (verdicts, seen): (Vec<_>, Vec<_>) = uploads.iter().map(one).unzip();
    let decisions: Vec<Decision> = verdicts.iter().map(|verdict| verdict.decision).collect();
    let together = check::together(&BOOK, &filing, &seen, decisions);
    (verdicts, together)
}

/// Codes of what the files say together, worst first.
pub fn codes(verdict: &FilingVerdict) -> Vec<&'static str> {
    verdict.findings.iter().map(|ruled| ruled.finding.reason.code).collect()
}
