//! Was the document changed after somebody signed it?

use lopdf::{Dictionary, Document, Object};
use serde::{Deserialize, Serialize};

use super::Pdf;
use super::objects::dictionaries;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// Bytes follow what the last signature covers: what is shown may not be what was signed. Stamps of
    /// time and proofs of validity are added so, too, which is why it is a warning. Judged is the last
    /// revision, as readers show it.
    pub PDF_CHANGED_AFTER_SIGNING = Warning {
        en: "The PDF was changed after it was signed"
            => "Upload the document as it was signed, without later changes",
        zh: "PDF 在签名之后被修改过" => "请上传签名后未经修改的原始文件",
    }
}

/// How often the document was saved, and what its signatures cover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revisions {
    /// The original and one for each update appended to it.
    pub revisions: u32,
    /// Signatures that say which bytes they cover.
    pub signatures: u32,
    /// Bytes behind those that the last of them covers, white space left out.
    pub unsigned_bytes: u64,
}

/// Signatures and stamps of time alike (ISO 32000-2, 12.8.1).
const SIGNATURES: [&[u8]; 2] = [b"Sig", b"DocTimeStamp"];

pub(super) fn find(document: &Document, part: &[u8]) -> Revisions {
    let revisions = document.revision_count() as u32;
    let ends: Vec<usize> = dictionaries(document).filter_map(covered).collect();
    let last = ends.iter().copied().max();
    let rest = last.map_or(&[][..], |end| part.get(end..).unwrap_or_default());
    Revisions {
        revisions,
        signatures: ends.len() as u32,
        unsigned_bytes: rest.trim_ascii().len() as u64,
    }
}

/// Where the bytes end that a signature covers: offset and length of two parts, the signature between.
fn covered(dictionary: &Dictionary) -> Option<usize> {
    let named = dictionary.get_type().is_ok_and(|name| SIGNATURES.contains(&name));
    // The type may be left out; then the contents beside the range tell.
    (named || dictionary.has(b"Contents")).then_some(())?;
    let range = dictionary.get(b"ByteRange").and_then(Object::as_array).ok()?;
    let numbers: Vec<usize> =
        range.iter().filter_map(|number| usize::try_from(number.as_i64().ok()?).ok()).collect();
    let [_, _, start, length] = numbers[..] else {
        return None;
    };
    start.checked_add(length)
}

/// The check `pdf.revisions`.
pub struct RevisionsCheck;

/// How much may follow.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    max_unsigned_bytes: f64,
}

impl Check for RevisionsCheck {
    const ID: &'static str = "pdf.revisions";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PDF_CHANGED_AFTER_SIGNING];
    const NEEDS: Needs = Needs::Header;
    type Input = Pdf;
    type Reading = Revisions;
    type Limits = Limits;

    fn read(pdf: &Pdf) -> Result<Revisions, Unreadable> {
        Ok(pdf.revisions.clone())
    }

    fn measurements(reading: &Revisions, limits: &Limits) -> Vec<Measurement> {
        let count = |name, value: u32| Measurement::of(name, value.into(), "1");
        let bytes = Measurement::of("pdf.unsigned", reading.unsigned_bytes as f64, "By");
        vec![
            bytes.at_most(limits.max_unsigned_bytes),
            count("pdf.revisions", reading.revisions),
            count("pdf.signatures", reading.signatures),
        ]
    }

    fn judge(reading: &Revisions, limits: &Limits) -> Option<Finding> {
        let bytes = Self::measurements(reading, limits).into_iter().find(Measurement::is_broken)?;
        Some(Finding::of(&PDF_CHANGED_AFTER_SIGNING).because(bytes))
    }
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    #[test]
    fn bytes_behind_the_last_signature_are_a_change_and_a_line_end_is_none() {
        let mut document = Document::new();
        let signature = |end: i64| {
            let range = [0, 10, 20, end - 20].map(Object::Integer).to_vec();
            dictionary! { "Type" => "Sig", "ByteRange" => range }
        };
        document.add_object(signature(40));
        document.add_object(signature(60));
        assert_eq!(find(&document, &[b'x'; 60]).unsigned_bytes, 0);
        let lines = [&[b'x'; 60][..], b"\r\n"].concat();
        assert_eq!(find(&document, &lines).unsigned_bytes, 0);
        let found = find(&document, &[b'x'; 75]);
        assert_eq!((found.signatures, found.unsigned_bytes), (2, 15));
    }

    #[test]
    fn a_document_that_nobody_signed_may_be_saved_often() {
        let limits = Limits { max_unsigned_bytes: 0.0 };
        let reading = Revisions { revisions: 9, ..Revisions::default() };
        assert!(RevisionsCheck::judge(&reading, &limits).is_none());
        let reading = Revisions { signatures: 1, unsigned_bytes: 1, ..reading };
        assert!(RevisionsCheck::judge(&reading, &limits).is_some());
    }
}
