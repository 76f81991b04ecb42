//! Is there anything on the page?

use serde::{Deserialize, Serialize};

use crate::measure::{Measured, rounded};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// Nothing on the page is darker than the paper around it, whatever the paper's tint: an empty
    /// sheet, the back of a form, or a covered lens.
    pub(super) PAGE_BLANK = Error {
        en: "The page is empty" => "Upload the side with the text, and check that the scan worked",
        zh: "页面为空白" => "请上传有内容的一面，并确认扫描成功",
    }
}

/// The check `legibility.blank`.
pub(super) struct Blank;

/// Share of the page that is ink, the margin left out.
#[derive(Serialize, Deserialize)]
pub(super) struct Reading {
    ink_share: f64,
}

/// How much ink makes a page, and how little is surely none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    min_ink_share: f64,
    doubtful_min_ink_share: f64,
}

impl Check for Blank {
    const ID: &'static str = "legibility.blank";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PAGE_BLANK];
    const NEEDS: Needs = Needs::Planes;
    type Input = Measured;
    type Reading = Reading;
    type Limits = Limits;

    fn read(measured: &Measured) -> Result<Reading, Unreadable> {
        Ok(Reading { ink_share: rounded(measured.tone().ink_share) })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let ink = Measurement::of("blank.ink_share", reading.ink_share, "1");
        vec![ink.at_least(limits.min_ink_share)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let ink = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let doubtful = reading.ink_share >= limits.doubtful_min_ink_share;
        Some(Finding::of(&PAGE_BLANK).doubtful_if(doubtful).because(ink))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nearly_blank_page_is_for_review() {
        let limits = Limits { min_ink_share: 0.002, doubtful_min_ink_share: 0.0002 };
        let judged = |ink_share| {
            Blank::judge(&Reading { ink_share }, &limits).map(|finding| finding.doubtful)
        };
        assert_eq!(judged(0.05), None);
        assert_eq!(judged(0.001), Some(true));
        assert_eq!(judged(0.0), Some(false));
    }
}
