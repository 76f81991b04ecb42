//! Does the document carry other files?

use serde::{Deserialize, Serialize};

use super::Pdf;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// Other files are attached to the document or embedded in it: nobody looks at them, and anything
    /// can hide there.
    pub PDF_EMBEDDED_FILE = Error {
        en: "The PDF carries other files inside"
            => "Print the document to a new PDF without attachments, and upload that",
        zh: "PDF 内附带其他文件" => "请打印为不含附件的新 PDF 后重新上传",
    }
}

/// The check `pdf.embedded`.
pub struct Embedded;

/// Files inside.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    files: u32,
}

/// How many pass.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_files: f64,
}

impl Check for Embedded {
    const ID: &'static str = "pdf.embedded";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PDF_EMBEDDED_FILE];
    const NEEDS: Needs = Needs::Header;
    type Input = Pdf;
    type Reading = Reading;
    type Limits = Limits;

    fn read(pdf: &Pdf) -> Result<Reading, Unreadable> {
        Ok(Reading { files: pdf.acts.embedded })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let files = Measurement::of("pdf.embedded_files", reading.files.into(), "1");
        vec![files.at_most(limits.max_files)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let files = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        Some(Finding::of(&PDF_EMBEDDED_FILE).because(files))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_inside_are_counted_against_their_bound() {
        let judge =
            |files, max_files| Embedded::judge(&Reading { files }, &Limits { max_files }).is_some();
        assert!(!judge(0, 0.0) && judge(1, 0.0) && !judge(1, 1.0));
    }
}
