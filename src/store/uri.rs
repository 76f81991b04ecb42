//! Addresses of files, taken apart once and strictly: what cannot be one is refused, never repaired.

use std::fmt;
use std::path::{Path, PathBuf};

/// Longest address; longer ones are no addresses but attacks.
const LONGEST: usize = 2048;

/// Where a file or a folder of files lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Uri {
    /// A path of this machine.
    Path(PathBuf),
    /// A key, or the beginning of keys, in a bucket of an object store.
    Object {
        /// `s3`, `gs` or `az`.
        scheme: &'static str,
        /// Bucket or container.
        bucket: String,
        /// Without a slash at its beginning and end; empty = the whole bucket. Taken as it is
        /// written: keys are not percent-encoded.
        key: String,
    },
}

/// Why a text is no address. Says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UriFault(pub(super) &'static str);

const SCHEMES: [&str; 3] = ["s3", "gs", "az"];

impl Uri {
    /// Reads an address: `s3://`, `gs://`, `az://`, `file://` or a path.
    pub fn parse(text: &str) -> Result<Self, UriFault> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(UriFault("is empty or too long"));
        }
        if text.contains(char::is_control) {
            return Err(UriFault("holds control characters"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self::Path(PathBuf::from(text)));
        };
        if scheme.eq_ignore_ascii_case("file") {
            return path_of(rest).map(Self::Path);
        }
        let scheme = SCHEMES.into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
        let scheme = scheme.ok_or(UriFault("must begin with s3://, gs://, az:// or file://"))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if bucket.is_empty() || !bucket.chars().all(plain) || bucket.starts_with('.') {
            return Err(UriFault("names no bucket"));
        }
        let key = key.strip_suffix('/').unwrap_or(key);
        if !key.is_empty() {
            key.split('/').try_for_each(sound_segment)?;
        }
        Ok(Self::Object { scheme, bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The same, with paths that do not begin at the root taken as relative to `folder`.
    pub fn parse_in(text: &str, folder: &Self) -> Result<Self, UriFault> {
        match (Self::parse(text)?, folder) {
            (Self::Path(path), Self::Path(folder)) => Ok(Self::Path(folder.join(path))),
            (Self::Path(path), Self::Object { .. }) if path.is_relative() => {
                // A manifest in a bucket names its neighbours.
                path.to_str().ok_or(UriFault("is no text")).and_then(|path| folder.child(path))
            }
            (uri, _) => Ok(uri),
        }
    }

    /// What lies under this one by the name of `name`, which may have several segments.
    pub fn child(&self, name: &str) -> Result<Self, UriFault> {
        match self {
            Self::Path(path) => Ok(Self::Path(path.join(name))),
            Self::Object { scheme, bucket, key } => {
                name.split('/').try_for_each(sound_segment)?;
                let key = if key.is_empty() { name.to_owned() } else { format!("{key}/{name}") };
                Ok(Self::Object { scheme, bucket: bucket.clone(), key })
            }
        }
    }

    /// The folder in which this lies.
    pub fn parent(&self) -> Self {
        match self {
            Self::Path(path) => {
                Self::Path(path.parent().unwrap_or_else(|| Path::new("")).to_owned())
            }
            Self::Object { scheme, bucket, key } => {
                let key = key.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
                Self::Object { scheme, bucket: bucket.clone(), key }
            }
        }
    }

    /// What stands after the last dot of the last segment.
    pub fn extension(&self) -> Option<&str> {
        match self {
            Self::Path(path) => path.extension()?.to_str(),
            Self::Object { key, .. } => {
                key.rsplit('/').next()?.rsplit_once('.').map(|(_, extension)| extension)
            }
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Object { scheme, bucket, key } => write!(f, "{scheme}://{bucket}/{key}"),
        }
    }
}

/// The path of `file://…`: no host, percent-encoding undone.
fn path_of(rest: &str) -> Result<PathBuf, UriFault> {
    if !rest.starts_with('/') {
        return Err(UriFault("a file:// address names no host: file:///path"));
    }
    if rest.contains(['?', '#']) {
        return Err(UriFault("a file:// address has no query and no fragment"));
    }
    let inner = rest[1..].strip_suffix('/').unwrap_or(&rest[1..]);
    let mut path = PathBuf::from("/");
    if inner.is_empty() {
        return Ok(path);
    }
    for segment in inner.split('/') {
        let segment = decoded(segment).ok_or(UriFault("is percent-encoded wrongly"))?;
        sound_segment(&segment)?;
        path.push(segment);
    }
    Ok(path)
}

/// A segment that is one name, by whatever spelling.
pub(super) fn sound_segment(segment: &str) -> Result<(), UriFault> {
    let meant = decoded(segment).unwrap_or_else(|| segment.to_owned());
    for spelling in [segment, &meant] {
        if matches!(spelling, "" | "." | "..") {
            return Err(UriFault("has a segment that is empty or dots"));
        }
        if spelling.contains(|c: char| c.is_control() || c == '\\' || c == '/') {
            return Err(UriFault("has a segment with a separator or control character in it"));
        }
    }
    Ok(())
}

/// Undoes percent-encoding; `None` where it is broken or the outcome is no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push((high << 4 | low) as u8);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart_and_told_again() {
        for text in ["s3://scans/2019/a b%20c.jpg", "gs://b/名.png", "az://c/x", "s3://scans/"] {
            assert_eq!(Uri::parse(text).unwrap().to_string(), text);
        }
        let file = Uri::parse("file:///srv/a%20b/%E8%AF%81.jpg").unwrap();
        assert_eq!(file, Uri::Path("/srv/a b/证.jpg".into()));
        assert_eq!(Uri::parse("a/b.jpg").unwrap(), Uri::Path("a/b.jpg".into()));
        assert_eq!(file.extension(), Some("jpg"));
        assert_eq!(Uri::parse("s3://b/x.y/z").unwrap().extension(), None);
    }

    #[test]
    fn neighbours_of_a_manifest_are_found_beside_it() {
        let manifest = Uri::parse("s3://b/jobs/m.csv").unwrap();
        let beside = Uri::parse_in("x/1.jpg", &manifest.parent()).unwrap();
        assert_eq!(beside.to_string(), "s3://b/jobs/x/1.jpg");
        assert!(Uri::parse_in("../1.jpg", &manifest.parent()).is_err());
        let manifest = Uri::parse("/srv/m.csv").unwrap();
        let beside = Uri::parse_in("x/1.jpg", &manifest.parent()).unwrap();
        assert_eq!(beside, Uri::Path("/srv/x/1.jpg".into()));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in [
            "",
            "http://h/x",
            "s3:///x",
            "s3://b//x",
            "s3://b/a/../x",
            "s3://b/%2e%2e/x",
            "s3://u@b/x",
            "s3://b:9/x",
            "file://host/x",
            "file:///a/..",
            "file:///a/%2e%2e/b",
            "file:///a%2fb",
            "file:///a%00b",
            "file:///a?x",
            "s3://b/a\\b",
            "s3://../x",
        ] {
            assert!(Uri::parse(text).is_err(), "{text}");
        }
    }
}
