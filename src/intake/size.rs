//! Is the file as large as the provider demands, and no larger?

use serde::{Deserialize, Serialize};

use crate::intake::Sniffed;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The upload holds no bytes: usually a broken transfer or an empty placeholder file.
    pub FILE_EMPTY = Error {
        en: "The file is empty" => "Choose the file again and upload it once more",
        zh: "文件为空" => "请重新选择文件并再次上传",
    }
}

reason! {
    /// The file has as many bytes as the provider's limit or more. Limits are binary and exclusive:
    /// "smaller than 4 MB" means fewer than 4,194,304 bytes.
    pub FILE_TOO_LARGE = Error {
        en: "The file must be smaller than {max_size}"
            => "Yours is {size}: save it at a lower quality or make the picture smaller, and upload it again",
        zh: "文件须小于 {max_size}" => "当前为 {size}，请降低图片质量或缩小尺寸后重新上传",
    }
}

reason! {
    /// The file has fewer bytes than the provider accepts, which usually means a thumbnail or a
    /// downloaded certificate instead of a photo of the original.
    pub FILE_TOO_SMALL = Error {
        en: "The file must be at least {min_size}"
            => "Yours is {size}: upload the original picture, or print it in colour and photograph it",
        zh: "文件不得小于 {min_size}" => "当前为 {size}，请上传原图，或彩色打印后拍照上传",
    }
}

/// The check `file.size`.
pub struct Size;

/// How large the file is.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    bytes: u64,
}

/// How large it may be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    min_bytes: u64,
    /// Exclusive.
    below_bytes: u64,
}

impl Check for Size {
    const ID: &'static str = "file.size";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&FILE_EMPTY, &FILE_TOO_LARGE, &FILE_TOO_SMALL];
    const NEEDS: Needs = Needs::Bytes;
    type Input = Sniffed;
    type Reading = Reading;
    type Limits = Limits;

    fn read(sniffed: &Sniffed) -> Result<Reading, Unreadable> {
        Ok(Reading { bytes: sniffed.bytes.len() as u64 })
    }

    fn measurements(reading: &Reading, limits: &Limits) -> Vec<Measurement> {
        let largest = limits.below_bytes.saturating_sub(1);
        let size = Measurement::of("file.size", reading.bytes as f64, "By");
        vec![size.at_least(limits.min_bytes as f64).at_most(largest as f64)]
    }

    fn judge(reading: &Reading, limits: &Limits) -> Option<Finding> {
        let reason = if reading.bytes == 0 {
            &FILE_EMPTY
        } else if reading.bytes >= limits.below_bytes {
            &FILE_TOO_LARGE
        } else if reading.bytes < limits.min_bytes {
            &FILE_TOO_SMALL
        } else {
            return None;
        };
        let [size] = Self::measurements(reading, limits).try_into().ok()?;
        let finding = Finding::of(reason).because(size).with("size", readable(reading.bytes));
        Some(match reason.code {
            "FILE_TOO_LARGE" => finding.with("max_size", readable(limits.below_bytes)),
            _ => finding.with("min_size", readable(limits.min_bytes)),
        })
    }
}

/// A byte count as people read it, in binary units with at most one decimal.
pub fn readable(bytes: u64) -> String {
    const KIB: u64 = 1024;
    const MIB: u64 = KIB * KIB;
    let (unit, name) = match bytes {
        0..KIB => return format!("{bytes} B"),
        KIB..MIB => (KIB, "KB"),
        _ => (MIB, "MB"),
    };
    // Tenths, rounded down: 3.99 MB must not read as the 4 MB that it stays below.
    let tenths = bytes / unit * 10 + bytes % unit * 10 / unit;
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        tenth => format!("{}.{tenth} {name}", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason_of(bytes: u64) -> Option<&'static str> {
        let limits = Limits { min_bytes: 204_800, below_bytes: 4_194_304 };
        Size::judge(&Reading { bytes }, &limits).map(|finding| finding.reason.code)
    }

    #[test]
    fn size_limits_are_binary_and_the_upper_one_is_exclusive() {
        assert_eq!(reason_of(0), Some("FILE_EMPTY"));
        assert_eq!(reason_of(204_799), Some("FILE_TOO_SMALL"));
        assert_eq!(reason_of(204_800), None);
        assert_eq!(reason_of(4_194_303), None);
        assert_eq!(reason_of(4_194_304), Some("FILE_TOO_LARGE"));
    }

    #[test]
    fn sizes_read_as_people_write_them_and_never_round_up_to_a_limit() {
        assert_eq!(readable(999), "999 B");
        assert_eq!(readable(204_800), "200 KB");
        assert_eq!(readable(4_194_303), "3.9 MB");
        assert_eq!(readable(4_194_304), "4 MB");
        assert_eq!(readable(u64::MAX), "17592186044415.9 MB");
    }
}
