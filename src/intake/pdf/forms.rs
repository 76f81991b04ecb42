//! Can the document be filled in, so that it shows other things to other people?

use serde::{Deserialize, Serialize};

use super::Pdf;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The document is a form in XML: most readers show a page that says so, and not the form.
    pub PDF_XFA = Error {
        en: "The PDF is a dynamic form that most readers cannot show"
            => "Open it in Adobe Reader, print it to a new PDF, and upload that",
        zh: "PDF 为动态表单，多数阅读器无法显示" => "请用 Adobe Reader 打开并打印为新的 PDF 后上传",
    }
}

reason! {
    /// The document has fields that can still be changed. What counts is what they show now.
    pub PDF_FORM_FIELDS = Warning {
        en: "The PDF has form fields that can still be changed"
            => "Better print it to a new PDF, or scan the signed paper",
        zh: "PDF 含有仍可修改的表单字段" => "建议打印为新的 PDF，或扫描已签署的纸质文件",
    }
}

/// The check `pdf.forms`.
pub struct Forms;

/// Which kinds of forms there are.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    xfa: bool,
    fields: u32,
}

/// How many fields pass without a word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_fields: f64,
}

impl Check for Forms {
    const ID: &'static str = "pdf.forms";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PDF_XFA, &PDF_FORM_FIELDS];
    const NEEDS: Needs = Needs::Header;
    type Input = Pdf;
    type Reading = Reading;
    type Limits = Limits;

    fn read(pdf: &Pdf) -> Result<Reading, Unreadable> {
        Ok(Reading { xfa: pdf.acts.xfa, fields: pdf.acts.fields })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let fields = Measurement::of("pdf.form_fields", reading.fields.into(), "1");
        vec![fields.at_most(limits.max_fields)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        if reading.xfa {
            return Some(Finding::of(&PDF_XFA));
        }
        let fields =
            Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        Some(Finding::of(&PDF_FORM_FIELDS).because(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_in_xml_weighs_more_than_its_fields() {
        let judge = |xfa, fields| {
            let finding = Forms::judge(&Reading { xfa, fields }, &Limits { max_fields: 0.0 });
            finding.map(|finding| finding.reason.code)
        };
        assert_eq!(judge(false, 0), None);
        assert_eq!(judge(false, 3), Some("PDF_FORM_FIELDS"));
        assert_eq!(judge(true, 3), Some("PDF_XFA"));
    }
}
