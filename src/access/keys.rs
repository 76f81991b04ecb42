//! API keys: the file holds the SHA-256 of each, so that who reads it cannot call.
//!
//! A plain hash is enough, as keys are made by machines (32 random bytes): nobody can try them all,
//! so that there is nothing a slow hash or a salt would win. Keys that are too short to be such are
//! refused, whatever the file says.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// Characters of the shortest key: 128 random bits in hexadecimal.
const SHORTEST: usize = 32;
/// Characters of the longest key.
const LONGEST: usize = 512;

/// The callers and the SHA-256 of their keys.
pub(super) struct ApiKeys {
    entries: Vec<(Arc<str>, [u8; 32])>,
}

impl ApiKeys {
    /// Reads `name = "sha256:<64 hex digits>"` lines. The fault says nothing of the values: a key may
    /// have been put there by mistake.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_| "is no text")?;
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |at| text[..at.start].matches('\n').count() + 1);
            format!("is no TOML at line {line}")
        })?;
        if table.is_empty() {
            return Err("names no caller".to_owned());
        }
        let mut entries: Vec<(Arc<str>, [u8; 32])> = Vec::new();
        for (at, (name, value)) in table.iter().enumerate() {
            if !super::names::is_plain(name) {
                return Err(format!(
                    "the name of entry {} has characters it must not have",
                    at + 1
                ));
            }
            let digest = value.as_str().and_then(|value| value.strip_prefix("sha256:"));
            let digest = digest.and_then(hex).ok_or_else(|| {
                format!("the value of {name:?} must be \"sha256:\" and 64 hex digits")
            })?;
            if let Some((other, _)) = entries.iter().find(|(_, known)| *known == digest) {
                return Err(format!("{name:?} and {other:?} have the same key"));
            }
            entries.push((name.as_str().into(), digest));
        }
        Ok(Self { entries })
    }

    /// Whose key this is. It takes as long for one that is nearly right as for any other.
    pub(super) fn find(&self, key: &[u8]) -> Option<Arc<str>> {
        if !(SHORTEST..=LONGEST).contains(&key.len()) {
            return None;
        }
        let digest: [u8; 32] = Sha256::digest(key).into();
        let mut found = u32::MAX;
        for (at, (_, known)) in (0u32..).zip(&self.entries) {
            found.conditional_assign(&at, known.ct_eq(&digest));
        }
        self.entries.get(found as usize).map(|(name, _)| Arc::clone(name))
    }
}

fn hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 2 * bytes.len() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, key: &str) -> String {
        let digest = Sha256::digest(key);
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("\"{name}\" = \"sha256:{digits}\"\n")
    }

    #[test]
    fn each_key_is_its_callers_and_nothing_like_it_is() {
        let (one, two) = ("1".repeat(44), "2".repeat(44));
        let keys = ApiKeys::read((line("one", &one) + &line("two", &two)).as_bytes()).unwrap();
        assert_eq!(keys.find(one.as_bytes()).as_deref(), Some("one"));
        assert_eq!(keys.find(two.as_bytes()).as_deref(), Some("two"));
        for wrong in ["", &one[1..], &format!("{one}1"), &"1".repeat(43), "sha256:"] {
            assert_eq!(keys.find(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_too_short_to_be_random_is_refused_though_the_file_has_it() {
        let keys = ApiKeys::read(line("one", "letmein").as_bytes()).unwrap();
        assert_eq!(keys.find(b"letmein"), None);
    }

    #[test]
    fn faults_of_the_file_never_quote_a_value() {
        let secret = "CANARY".repeat(8);
        let doubled = line("a", &secret) + &line("b", &secret);
        let files = [
            format!("one = \"{secret}\""),
            format!("one = \"sha256:{secret}\""),
            format!("one = {secret}"),
            format!("one = [\"{secret}\"]"),
            format!("\"{secret} \" = 1"),
            doubled,
            String::new(),
        ];
        for file in files {
            let fault = ApiKeys::read(file.as_bytes()).err().unwrap();
            assert!(!fault.contains("CANARY"), "{fault}");
        }
        assert!(ApiKeys::read(b"one = \"sha256:00\"").err().unwrap().contains("\"one\""));
    }
}
