//! What a server may fetch for its callers: files under prefixes that its operator named, nothing else.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::buckets::blocking;
use super::{FaultKind, StoreFault, Stores, Uri};

/// The prefixes that an operator named, and the stores in which they lie.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    prefixes: Vec<Uri>,
    stores: Stores,
}

/// Why an address is not fetched. Says nothing of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing may be fetched here.
    Off,
    /// It is no address.
    Malformed(&'static str),
    /// It lies under none of the prefixes.
    NotAllowed,
    /// It may be fetched but could not be.
    Fault(FaultKind),
}

impl From<StoreFault> for Refusal {
    fn from(fault: StoreFault) -> Self {
        match fault.kind {
            FaultKind::Malformed => Self::NotAllowed,
            kind => Self::Fault(kind),
        }
    }
}

impl Allowed {
    /// Allows what lies under these prefixes: `s3://bucket/folder/`, `file:///folder/`. The error
    /// says which one cannot be a prefix.
    pub fn of<T: AsRef<str>>(prefixes: &[T]) -> Result<Self, String> {
        let prefix = |text: &T| {
            let text = text.as_ref();
            let fault = |why: &str| format!("content prefix {text}: {why}");
            match Uri::parse(text).map_err(|why| fault(&why.to_string()))? {
                Uri::Path(path) => {
                    if !text.contains("://") {
                        return Err(fault("must begin with s3://, gs://, az:// or file://"));
                    }
                    // Links in the prefix itself are the operator's own.
                    let path = path.canonicalize().map_err(|error| fault(&error.to_string()))?;
                    if path.parent().is_none() || !path.is_dir() {
                        return Err(fault("must be a folder, and not the root"));
                    }
                    Ok(Uri::Path(path))
                }
                object => Ok(object),
            }
        };
        let prefixes = prefixes.iter().map(prefix).collect::<Result<_, _>>()?;
        Ok(Self { prefixes, stores: Stores::default() })
    }

    /// Whether anything may be fetched.
    pub fn is_empty(&self) -> bool {
        self.prefixes.is_empty()
    }

    /// The first `most` bytes of the file at `address`, if it lies under a prefix.
    pub async fn fetch(&self, address: &str, most: u64) -> Result<Bytes, Refusal> {
        if self.is_empty() {
            return Err(Refusal::Off);
        }
        // A bare path would be taken from wherever the server happens to run.
        if !address.contains("://") {
            return Err(Refusal::Malformed("must begin with s3://, gs://, az:// or file://"));
        }
        let uri = Uri::parse(address).map_err(|fault| Refusal::Malformed(fault.0))?;
        match &uri {
            Uri::Object { .. } => {
                if !self.prefixes.iter().any(|prefix| object_lies_under(&uri, prefix)) {
                    return Err(Refusal::NotAllowed);
                }
                Ok(self.stores.read(&uri, most).await?)
            }
            Uri::Path(path) => {
                let path = self.real(path.clone()).await?;
                // The path is real by now: nothing in it is a link that could lead elsewhere.
                let bytes = self.stores.read(&Uri::Path(path.clone()), most).await?;
                // Nor was it made one while it was read.
                if self.real(path.clone()).await? != path {
                    return Err(Refusal::NotAllowed);
                }
                Ok(bytes)
            }
        }
    }

    /// Where a path really leads, if that lies under a prefix. What lies elsewhere is refused in the
    /// same words whether it is there or not.
    async fn real(&self, path: PathBuf) -> Result<PathBuf, Refusal> {
        let prefixes = self.prefixes.clone();
        let under = move |path: &Path| {
            prefixes.iter().any(|prefix| {
                matches!(prefix, Uri::Path(prefix) if path != prefix && path.starts_with(prefix))
            })
        };
        let real = blocking({
            let path = path.clone();
            move || Ok(path.canonicalize()?)
        });
        match real.await {
            Ok(real) if under(&real) => Ok(real),
            Ok(_) => Err(Refusal::NotAllowed),
            Err(fault) if fault.kind == FaultKind::Missing && under(&path) => {
                Err(Refusal::Fault(FaultKind::Missing))
            }
            Err(_) => Err(Refusal::NotAllowed),
        }
    }
}

/// Whole segments count: `archive2` does not lie under `archive`.
fn object_lies_under(uri: &Uri, prefix: &Uri) -> bool {
    let (
        Uri::Object { scheme, bucket, key },
        Uri::Object { scheme: own_scheme, bucket: own_bucket, key: own_key },
    ) = (uri, prefix)
    else {
        return false;
    };
    let below = if own_key.is_empty() {
        Some(key.as_str())
    } else {
        key.strip_prefix(own_key.as_str()).and_then(|rest| rest.strip_prefix('/'))
    };
    scheme == own_scheme && bucket == own_bucket && below.is_some_and(|rest| !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of scans, one secret beside it, and links from the scans to it.
    fn scans() -> (tempfile::TempDir, Allowed, String) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for (name, text) in [
            ("scans/a.jpg", "scan"),
            ("scans/2019/b c.jpg", "scan"),
            ("secret.txt", "secret"),
            ("scans2/x.jpg", "secret"),
        ] {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        #[cfg(unix)]
        for (link, to) in [
            ("scans/link.jpg", "secret.txt"),
            ("scans/folder", "."),
            ("scans/fine.jpg", "scans/a.jpg"),
        ] {
            std::os::unix::fs::symlink(root.join(to), root.join(link)).unwrap();
        }
        let base = format!("file://{}", root.display());
        let allowed = Allowed::of(&[format!("{base}/scans/"), "s3://bank/scans/".to_owned()]);
        (folder, allowed.unwrap(), base)
    }

    #[tokio::test]
    async fn what_lies_under_a_prefix_is_fetched() {
        let (_folder, allowed, base) = scans();
        for name in ["scans/a.jpg", "scans/2019/b%20c.jpg", "scans/fine.jpg"] {
            assert_eq!(allowed.fetch(&format!("{base}/{name}"), 99).await.unwrap(), "scan");
        }
        assert_eq!(allowed.fetch(&format!("{base}/scans/a.jpg"), 2).await.unwrap(), "sc");
        let missing = allowed.fetch(&format!("{base}/scans/none.jpg"), 9).await.unwrap_err();
        assert_eq!(missing, Refusal::Fault(FaultKind::Missing));
    }

    #[tokio::test]
    async fn nothing_else_is_fetched_however_it_is_spelled() {
        let (_folder, allowed, base) = scans();
        let tries = [
            format!("{base}/secret.txt"),
            format!("{base}/scans/../secret.txt"),
            format!("{base}/scans/2019/../../secret.txt"),
            format!("{base}/scans/%2e%2e/secret.txt"),
            format!("{base}/scans/.%2E/secret.txt"),
            format!("{base}/scans/..%2fsecret.txt"),
            format!("{base}/scans/..%5csecret.txt"),
            format!("{base}/scans//../secret.txt"),
            format!("{base}/scans/./../secret.txt"),
            format!("{base}/scans2/x.jpg"),
            format!("{base}/scans/link.jpg"),
            format!("{base}/scans/folder/secret.txt"),
            format!("{base}/scans/a.jpg%00.png"),
            format!("{base}/scans/a.jpg?x=1"),
            format!("{base}/scans/"),
            format!("{base}/scans"),
            format!("{base}/scans/folder/scans2/x.jpg"),
            base.replace("file:///", "file://localhost/") + "/scans/a.jpg",
            base.replace("file://", "") + "/scans/a.jpg",
            "secret.txt".to_owned(),
            "file:///etc/passwd".to_owned(),
            "file:///proc/self/environ".to_owned(),
            "s3://bank/scans".to_owned(),
            "s3://bank/scans2/x".to_owned(),
            "s3://bank/scans/../x".to_owned(),
            "s3://bank/scans/%2e%2e/x".to_owned(),
            "s3://bank2/scans/x".to_owned(),
            "s3://bank@evil/scans/x".to_owned(),
            "gs://bank/scans/x".to_owned(),
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "https://bank/scans/x".to_owned(),
            String::new(),
        ];
        assert!(tries.len() >= 20);
        for address in tries {
            let answer = allowed.fetch(&address, 99).await;
            let refused = matches!(answer, Err(Refusal::NotAllowed | Refusal::Malformed(_)));
            assert!(refused, "{address}: {answer:?}");
        }
        let nothing = Allowed::default().fetch(&format!("{base}/scans/a.jpg"), 9).await;
        assert_eq!(nothing, Err(Refusal::Off));
    }

    #[test]
    fn a_prefix_must_be_a_folder_or_a_bucket() {
        for prefix in ["file:///", "file:///no/such/folder", "http://x/", "scans/", "s3://"] {
            assert!(Allowed::of(&[prefix]).is_err(), "{prefix}");
        }
    }
}
