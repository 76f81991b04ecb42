//! Is the file of a kind that is accepted, and of the kind that it claims to be?

use serde::{Deserialize, Serialize};

use crate::intake::{Sniffed, format};
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The first bytes are of no known file format: text, a damaged transfer, or an exotic file.
    pub FORMAT_UNKNOWN = Error {
        en: "The file is not a picture or document that can be read"
            => "Upload the photo or scan itself in an accepted format: {allowed}",
        zh: "无法识别该文件，不是可读取的图片" => "请上传照片或扫描件本身，可接受的格式：{allowed}",
    }
}

reason! {
    /// The format is known but this profile, or this build of scanvet, does not take it.
    pub FORMAT_NOT_ALLOWED = Error {
        en: "Files of this kind are not accepted here: {detected}"
            => "Save or export it in an accepted format ({allowed}); renaming it is not enough",
        zh: "此处不接受这种格式的文件：{detected}"
            => "请另存或导出为可接受的格式（{allowed}），仅修改扩展名无效",
    }
}

reason! {
    /// The file is not what its name or the sender's media type says: a renamed file.
    pub FORMAT_MISMATCH = Error {
        en: "The file is {detected}, although its name says {declared}"
            => "Save or export it again in an accepted format ({allowed}); renaming it is not enough",
        zh: "文件实际为 {detected}，与文件名所示的 {declared} 不符"
            => "请另存或导出为可接受的格式（{allowed}），仅修改扩展名无效",
    }
}

/// The check `file.format`.
pub struct Kind;

/// What the file is and what it claims, as media types.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    detected: Option<String>,
    declared: Option<String>,
    readable: bool,
}

/// Which formats are accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Media types.
    allowed: Vec<String>,
    /// Whether a file that is not what it claims breaks the rule.
    match_required: bool,
}

impl Check for Kind {
    const ID: &'static str = "file.format";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] =
        &[&FORMAT_UNKNOWN, &FORMAT_NOT_ALLOWED, &FORMAT_MISMATCH];
    const NEEDS: Needs = Needs::Bytes;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        if sniffed.bytes.is_empty() {
            return Err(Unreadable::because("empty"));
        }
        let detected = sniffed.detected;
        Ok(Reading {
            detected: detected.map(|detected| detected.media_type.to_owned()),
            declared: sniffed.declared.map(|declared| declared.media_type.to_owned()),
            readable: detected.is_some_and(|detected| detected.format.is_some_and(|f| f.readable)),
        })
    }

    fn measurements(_: &Reading, _: &Limits) -> Vec<Measurement> {
        Vec::new()
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let lies = reading.declared.is_some() && reading.declared != reading.detected;
        let reason = match &reading.detected {
            None => &FORMAT_UNKNOWN,
            // Before the kind: whoever renames a file must hear that renaming does not help.
            Some(_) if lies && limits.match_required => &FORMAT_MISMATCH,
            Some(detected) if !limits.allowed.contains(detected) || !reading.readable => {
                &FORMAT_NOT_ALLOWED
            }
            Some(_) => return None,
        };
        let finding = Finding::of(reason).with("allowed", format::names(&limits.allowed));
        let names = [("detected", &reading.detected), ("declared", &reading.declared)];
        Some(names.into_iter().fold(finding, |finding, (name, media_type)| match media_type {
            Some(media_type) => finding.with(name, format::names(std::slice::from_ref(media_type))),
            None => finding,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(
        detected: Option<&str>,
        declared: Option<&str>,
        readable: bool,
    ) -> Option<&'static str> {
        let reading = Reading {
            detected: detected.map(str::to_owned),
            declared: declared.map(str::to_owned),
            readable,
        };
        let limits = Limits {
            allowed: vec!["image/jpeg".to_owned(), "image/webp".to_owned()],
            match_required: true,
        };
        Kind::judge(&reading, &limits).map(|finding| finding.reason.code)
    }

    #[test]
    fn format_judges_the_lie_before_the_kind() {
        assert_eq!(reason_of(Some("image/jpeg"), None, true), None);
        assert_eq!(reason_of(Some("image/jpeg"), Some("image/jpeg"), true), None);
        assert_eq!(reason_of(Some("image/png"), Some("image/jpeg"), true), Some("FORMAT_MISMATCH"));
        assert_eq!(reason_of(None, Some("image/jpeg"), false), Some("FORMAT_UNKNOWN"));
        assert_eq!(reason_of(None, None, false), Some("FORMAT_UNKNOWN"));
        assert_eq!(reason_of(Some("image/png"), None, true), Some("FORMAT_NOT_ALLOWED"));
    }

    #[test]
    fn a_format_that_this_build_cannot_read_is_not_allowed_even_where_the_pack_lists_it() {
        assert_eq!(reason_of(Some("image/webp"), None, false), Some("FORMAT_NOT_ALLOWED"));
    }
}
