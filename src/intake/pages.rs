//! Does the file hold more pages than anyone will look at?

use serde::{Deserialize, Serialize};

use crate::intake::Sniffed;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The document has more pages than one material needs: usually a whole file of contracts where one
    /// certificate was asked for.
    pub TOO_MANY_PAGES = Error {
        en: "The document has {pages} pages, more than {max_pages}"
            => "Upload only the pages that were asked for, at most {max_pages}",
        zh: "文档共 {pages} 页，超过 {max_pages} 页"
            => "请仅上传所要求的页面，不超过 {max_pages} 页",
    }
}

/// The check `file.pages`.
pub struct Pages;

/// Number of pages that the structure holds.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    pages: u32,
}

/// How many pages pass.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_pages: u32,
}

impl Check for Pages {
    const ID: &'static str = "file.pages";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&TOO_MANY_PAGES];
    const NEEDS: Needs = Needs::Header;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        let header = sniffed.header()?;
        Ok(Reading { pages: header.pages })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let pages = Measurement::of("file.pages", reading.pages.into(), "{page}");
        vec![pages.at_most(limits.max_pages.into())]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let [pages] = Self::measurements(reading, limits).try_into().ok()?;
        pages.is_broken().then(|| {
            Finding::of(&TOO_MANY_PAGES)
                .because(pages)
                .with("pages", reading.pages)
                .with("max_pages", limits.max_pages)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_allowed_up_to_the_limit() {
        let limits = Limits { max_pages: 20 };
        assert!(Pages::judge(&Reading { pages: 20 }, &limits).is_none());
        let finding = Pages::judge(&Reading { pages: 21 }, &limits).unwrap();
        assert_eq!(finding.metadata["pages"], "21");
    }
}
