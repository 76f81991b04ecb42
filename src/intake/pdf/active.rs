//! Does anything in the document act by itself?

use serde::{Deserialize, Serialize};

use super::Pdf;
use super::acts::Act;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The document holds scripts, starts programs, plays media, or sends, fetches or acts on opening and
    /// on other events. A scan has no need of any of it. Found under its name however it is written, in
    /// object streams too, and in encrypted files that open.
    pub PDF_ACTIVE_CONTENT = Error {
        en: "The PDF holds scripts or actions"
            => "Print the document to a new PDF, or scan the original again, and upload that",
        zh: "PDF 含有脚本或自动操作" => "请重新打印为新的 PDF，或重新扫描原件后上传",
    }
}

/// The check `pdf.active`.
pub struct Active;

/// Kinds of things that act.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    acts: Vec<Act>,
}

/// Which kinds are no scan's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    refused: Vec<Act>,
}

impl Check for Active {
    const ID: &'static str = "pdf.active";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PDF_ACTIVE_CONTENT];
    const NEEDS: Needs = Needs::Header;
    type Input = Pdf;
    type Reading = Reading;
    type Limits = Limits;

    fn read(pdf: &Pdf) -> Result<Reading, Unreadable> {
        Ok(Reading { acts: pdf.acts.active.iter().copied().collect() })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let refused = reading.acts.iter().filter(|act| limits.refused.contains(act)).count();
        vec![Measurement::of("pdf.active_kinds", refused as f64, "1").at_most(0.0)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let kinds = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        let refused = reading.acts.iter().filter(|act| limits.refused.contains(act));
        let names: Vec<&str> = refused.map(|act| act.name()).collect();
        Some(Finding::of(&PDF_ACTIVE_CONTENT).because(kinds).with("acts", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_rules_refuse_is_a_fault_and_it_is_named() {
        let limits = Limits { refused: vec![Act::Script, Act::Launch] };
        let judge = |acts: &[Act]| Active::judge(&Reading { acts: acts.to_vec() }, &limits);
        assert!(judge(&[]).is_none() && judge(&[Act::Media]).is_none());
        let finding = judge(&[Act::Script, Act::Media]).unwrap();
        assert_eq!(finding.metadata["acts"], "script");
    }
}
