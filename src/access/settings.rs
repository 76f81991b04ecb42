//! What an operator may set of who may call, and how its faults are told: by key and file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// All of it. The tables are those of the configuration file below `[serve]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `[serve.tls]`
    pub tls: TlsSettings,
    /// `[serve.access]`
    pub access: AccessSettings,
    /// `[serve.rates]`
    pub rates: RateSettings,
    /// `serve.insecure`: listen beyond this machine without TLS.
    pub insecure: bool,
}

/// `[serve.tls]`: who the server is, and which certificates of callers it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// The server's certificate chain, PEM, its own first.
    pub certificate: Option<PathBuf>,
    /// The private key of the first certificate, PEM.
    pub key: Option<PathBuf>,
    /// Certificates (PEM) of those who may sign the certificates of callers.
    pub client_ca: Option<PathBuf>,
    /// Revoked certificates of callers: one list (PEM) of each authority that signs them.
    pub client_crl: Option<PathBuf>,
    /// Subject alternative names of the callers who are let in: DNS names, and URIs that may end
    /// with `/*`. Empty: whoever has a certificate.
    pub allowed_names: Vec<String>,
}

/// `[serve.access]`: the credentials in the head of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessSettings {
    /// Names of callers and the SHA-256 of their keys, TOML.
    pub api_keys: Option<PathBuf>,
    /// The public keys of whoever signs tokens, a JSON Web Key Set.
    pub jwks: Option<PathBuf>,
    /// Who must have issued a token.
    pub issuer: Option<String>,
    /// Whom a token must be meant for.
    pub audience: Option<String>,
    /// The claim that names the caller. Default: `sub`.
    pub identity_claim: Option<String>,
    /// Names that tokens may tell: exact, or ending with `/*`. Empty: any.
    pub allowed_subjects: Vec<String>,
    /// Whether tools may ask for the description of the service. Default: yes, except to anybody
    /// beyond this machine.
    pub reflection: Option<bool>,
    /// How many of the ways above a caller needs. Default: any one.
    pub require: Option<Require>,
}

/// How many of the ways that are set up a caller needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Require {
    /// One is enough.
    #[default]
    Any,
    /// Each of them.
    All,
}

/// `[serve.rates]`: how much each caller may have judged. What is not set has no bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateSettings {
    /// Files a second.
    pub files_per_second: Option<u64>,
    /// Files at once after a rest. Default: those of ten seconds.
    pub file_burst: Option<u64>,
    /// Bytes a second.
    pub bytes_per_second: Option<u64>,
    /// Bytes at once after a rest. Default: those of ten seconds.
    pub byte_burst: Option<u64>,
    /// Other rates of single callers, by name.
    pub callers: BTreeMap<String, CallerRates>,
}

/// `[serve.rates.callers."name"]`: what is not set is as for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallerRates {
    /// Files a second.
    pub files_per_second: Option<u64>,
    /// Files at once after a rest.
    pub file_burst: Option<u64>,
    /// Bytes a second.
    pub bytes_per_second: Option<u64>,
    /// Bytes at once after a rest.
    pub byte_burst: Option<u64>,
}

/// One thing that is wrong with the settings or a file that they name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFault {
    /// Key of the configuration.
    pub key: &'static str,
    /// The file that the key names, if it is about the file.
    pub file: Option<PathBuf>,
    /// What is wrong. Never a part of the file.
    pub what: String,
}

impl SettingFault {
    pub(super) fn of(key: &'static str, what: impl Into<String>) -> Self {
        Self { key, file: None, what: what.into() }
    }

    pub(super) fn in_file(key: &'static str, file: &Path, what: impl Into<String>) -> Self {
        Self { key, file: Some(file.to_path_buf()), what: what.into() }
    }
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}: {}: {}", self.key, file.display(), self.what),
            None => write!(f, "{}: {}", self.key, self.what),
        }
    }
}

/// All that is wrong, told together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingFaults(pub Vec<SettingFault>);

impl SettingFaults {
    /// `value`, where nothing was wrong.
    pub(super) fn none_or<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }

    /// The value, or `None` and the faults kept.
    pub(super) fn keep<T>(&mut self, outcome: Result<T, Self>) -> Option<T> {
        outcome.map_err(|faults| self.0.extend(faults.0)).ok()
    }

    /// The value, or `None` and the fault kept.
    pub(super) fn keep_one<T>(&mut self, outcome: Result<T, SettingFault>) -> Option<T> {
        outcome.map_err(|fault| self.0.push(fault)).ok()
    }
}

impl From<SettingFault> for SettingFaults {
    fn from(fault: SettingFault) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for SettingFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for SettingFault {}

impl std::error::Error for SettingFaults {}

/// Most that a file of keys or certificates may hold; lists of revoked certificates are the longest.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// The bytes of the file that `key` names.
pub(super) fn read(key: &'static str, file: &Path) -> Result<Vec<u8>, SettingFault> {
    use std::io::Read;
    let fault = |what: String| SettingFault::in_file(key, file, what);
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|open| open.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| fault(error.to_string()))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(fault(format!("is larger than {LARGEST_FILE} bytes")));
    }
    Ok(bytes)
}
