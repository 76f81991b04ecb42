//! Is the file whole, and can it be decoded to the end?

use serde::{Deserialize, Serialize};

use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The bytes end before the picture does: an upload that broke off. Never accepted, since the
    /// part that is missing may be the part that matters.
    pub FILE_TRUNCATED = Error {
        en: "The file is incomplete: its end is missing"
            => "Open the original to see that it is whole, then upload it again",
        zh: "文件不完整，末尾部分缺失" => "请确认原文件可完整打开，然后重新上传",
    }
}

reason! {
    /// The file breaks its format's rules, so that it cannot be opened, or only in part.
    pub FILE_CORRUPT = Error {
        en: "The file is damaged and cannot be read completely"
            => "Open the original, save or export it again, and upload the new file",
        zh: "文件已损坏，无法完整读取" => "请打开原文件另存或重新导出后上传",
    }
}

reason! {
    /// The file uses a coding that cannot be decoded here, or made the decoder fail. We do not know
    /// that the file is bad, so a person decides. A file that ended two processes on its own, or took
    /// all the time that a file may have, is refused.
    pub FILE_UNPROCESSABLE = Error {
        en: "The file could not be processed"
            => "Save the picture again as an ordinary JPEG or PNG and upload it",
        zh: "文件无法处理" => "请将图片另存为普通 JPEG 或 PNG 格式后重新上传",
    }
}

/// In which state decoding found the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Decoded to its end without complaint.
    Whole,
    /// The bytes end early.
    Truncated,
    /// Nothing could be decoded.
    Corrupt,
    /// A decoder that overlooks faults got a picture, a strict one did not.
    Damaged,
    /// A coding that no decoder here knows.
    Unsupported,
    /// The decoder panicked.
    Panicked,
    /// It ended the process that judged it, and a second one.
    Killed,
    /// It was not judged in the time that a file may take.
    OutOfTime,
}

/// The check `file.integrity`.
pub struct Integrity;

/// How decoding ended.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    state: State,
}

/// There is nothing to set: a file is whole or it is not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {}

impl Check for Integrity {
    const ID: &'static str = "file.integrity";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] =
        &[&FILE_TRUNCATED, &FILE_CORRUPT, &FILE_UNPROCESSABLE];
    const NEEDS: Needs = Needs::Decoded;
    type Input = State;
    type Reading = Reading;
    type Limits = Limits;

    fn read(state: &State) -> Result<Reading, Unreadable> {
        Ok(Reading { state: *state })
    }

    fn measurements(_: &Reading, _: &Limits) -> Vec<Measurement> {
        Vec::new()
    }

    fn judge(reading: &Reading, _: &Limits) -> Option<Finding> {
        match reading.state {
            State::Whole => None,
            State::Truncated => Some(Finding::of(&FILE_TRUNCATED)),
            State::Corrupt => Some(Finding::of(&FILE_CORRUPT)),
            State::Damaged => Some(Finding::of(&FILE_CORRUPT).doubtful_if(true)),
            State::Unsupported | State::Panicked => {
                Some(Finding::of(&FILE_UNPROCESSABLE).doubtful_if(true))
            }
            State::Killed | State::OutOfTime => Some(Finding::of(&FILE_UNPROCESSABLE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(state: State) -> Option<(&'static str, bool)> {
        Integrity::judge(&Reading { state }, &Limits {})
            .map(|finding| (finding.reason.code, finding.doubtful))
    }

    #[test]
    fn what_we_cannot_know_to_be_bad_is_doubtful() {
        assert_eq!(judged(State::Whole), None);
        assert_eq!(judged(State::Truncated), Some(("FILE_TRUNCATED", false)));
        assert_eq!(judged(State::Corrupt), Some(("FILE_CORRUPT", false)));
        assert_eq!(judged(State::Damaged), Some(("FILE_CORRUPT", true)));
        assert_eq!(judged(State::Panicked), Some(("FILE_UNPROCESSABLE", true)));
        assert_eq!(judged(State::Unsupported), Some(("FILE_UNPROCESSABLE", true)));
    }

    #[test]
    fn a_file_that_no_process_survives_is_bad_for_certain() {
        assert_eq!(judged(State::Killed), Some(("FILE_UNPROCESSABLE", false)));
        assert_eq!(judged(State::OutOfTime), Some(("FILE_UNPROCESSABLE", false)));
    }
}
