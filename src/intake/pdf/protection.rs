//! Does the document open without a password?

use hayro::hayro_syntax::{DecryptionError, LoadPdfError};
use lopdf::Document;
use serde::{Deserialize, Serialize};

use super::Pdf;
use crate::reason;
use crate::reason::{Check, Finding, Measurement, Needs, Reason, Unreadable};

reason! {
    /// The document opens with a password or a certificate only, which no reviewer has. One that opens
    /// without, but forbids printing or copying, is no fault.
    pub PDF_ENCRYPTED = Error {
        en: "The PDF is protected with a password"
            => "Remove the password, or print the document to a new PDF, and upload that",
        zh: "PDF 设有打开密码" => "请取消密码保护，或打印为新的 PDF 后重新上传",
    }
}

/// What stands before the content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// Not encrypted.
    #[default]
    Open,
    /// Encrypted, but opens without a password.
    EmptyPassword,
    /// Needs a password or a certificate.
    NeedsPassword,
}

/// What both readers say. One of them opens some files as empty that the other knows to be locked.
pub(super) fn of(document: &Document, error: Option<&LoadPdfError>) -> Protection {
    match of_error(error.copied()) {
        Protection::Open if document.is_encrypted() => Protection::NeedsPassword,
        Protection::Open if document.was_encrypted() => Protection::EmptyPassword,
        protection => protection,
    }
}

/// What a refusal says.
pub(super) const fn of_error(error: Option<LoadPdfError>) -> Protection {
    use DecryptionError::{PasswordProtected, UnsupportedAlgorithm};
    match error {
        Some(LoadPdfError::Decryption(PasswordProtected | UnsupportedAlgorithm)) => {
            Protection::NeedsPassword
        }
        _ => Protection::Open,
    }
}

/// The check `pdf.protection`.
pub struct ProtectionCheck;

/// What stands before the content.
#[derive(Serialize, Deserialize)]
pub struct Reading {
    protection: Protection,
}

/// There is nothing to set: a reviewer opens it or does not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {}

impl Check for ProtectionCheck {
    const ID: &'static str = "pdf.protection";
    const VERSION: u32 = 1;
    const REASONS: &'static [&'static Reason] = &[&PDF_ENCRYPTED];
    const NEEDS: Needs = Needs::Header;
    type Input = Pdf;
    type Reading = Reading;
    type Limits = Limits;

    fn read(pdf: &Pdf) -> Result<Reading, Unreadable> {
        Ok(Reading { protection: pdf.protection })
    }

    fn measurements(_: &Reading, _: &Limits) -> Vec<Measurement> {
        Vec::new()
    }

    fn judge(reading: &Reading, _: &Limits) -> Option<Finding> {
        let locked = reading.protection == Protection::NeedsPassword;
        locked.then(|| Finding::of(&PDF_ENCRYPTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_can_open_is_a_fault() {
        let judged =
            |protection| ProtectionCheck::judge(&Reading { protection }, &Limits {}).is_some();
        assert!(judged(Protection::NeedsPassword));
        assert!(!judged(Protection::EmptyPassword) && !judged(Protection::Open));
    }
}
