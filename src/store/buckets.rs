//! The object stores, each opened once, with credentials from the environment.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::client::{HttpClient, HttpConnector};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{
    ClientConfigKey, ClientOptions, GetOptions, GetRange, ObjectStore, RetryConfig,
};
use tokio_stream::StreamExt;

use super::place::Place;
use super::{FaultKind, StoreFault, Uri};

/// Opens object stores and remembers them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    open: Arc<Mutex<Open>>,
}

/// By scheme and bucket.
type Open = HashMap<(&'static str, String), Arc<dyn ObjectStore>>;

/// Longest that one request may take, whatever the store does.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a store that answers 5xx or not at all is asked again.
const RETRY: Duration = Duration::from_secs(60);
/// How long one that breaks off is asked again, and the longest pause in between.
const AGAIN: Duration = Duration::from_secs(45);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Stores {
    /// The folder or prefix at `uri`.
    pub fn place(&self, uri: &Uri) -> Result<Place, StoreFault> {
        Ok(match uri {
            Uri::Path(path) => Place::folder(path.clone()),
            Uri::Object { scheme, bucket, key } => {
                Place::prefix(self.bucket(scheme, bucket)?, parsed(key)?)
            }
        })
    }

    /// The first `most` bytes of the file at `uri`: one that is longer is too long for any rule.
    pub async fn read(&self, uri: &Uri, most: u64) -> Result<Bytes, StoreFault> {
        match uri {
            Uri::Path(path) => {
                let path = path.clone();
                blocking(move || Ok(read_start(&path, most)?)).await
            }
            Uri::Object { scheme, bucket, key } => {
                let store = self.bucket(scheme, bucket)?;
                let key = parsed(key)?;
                patient(async || match start_of(&store, &key, most).await {
                    // An empty object has no range.
                    Err(error) if is_unsatisfiable(&error) => Ok(Bytes::new()),
                    outcome => Ok(outcome?),
                })
                .await
            }
        }
    }

    fn bucket(
        &self,
        scheme: &'static str,
        bucket: &str,
    ) -> Result<Arc<dyn ObjectStore>, StoreFault> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (scheme, bucket.to_owned());
        if let Some(store) = open.get(&name) {
            return Ok(Arc::clone(store));
        }
        let store = connect(scheme, bucket)?;
        open.insert(name, Arc::clone(&store));
        Ok(store)
    }
}

fn parsed(key: &str) -> Result<Key, StoreFault> {
    Key::parse(key).map_err(|error| StoreFault::of(FaultKind::Malformed, error))
}

fn connect(scheme: &str, bucket: &str) -> Result<Arc<dyn ObjectStore>, StoreFault> {
    // A second time it is already there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let retry = RetryConfig { retry_timeout: RETRY, ..RetryConfig::default() };
    Ok(match scheme {
        "gs" => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_bucket_name(bucket)
                .with_retry(retry)
                .with_http_connector(Straight)
                .build()?,
        ),
        "az" => Arc::new(
            MicrosoftAzureBuilder::from_env()
                .with_container_name(bucket)
                .with_retry(retry)
                .with_http_connector(Straight)
                .build()?,
        ),
        _ => Arc::new(
            AmazonS3Builder::from_env()
                .with_bucket_name(bucket)
                .with_retry(retry)
                .with_http_connector(Straight)
                .build()?,
        ),
    })
}

/// Connects without ever following a redirect: an answer comes from the store that was asked.
#[derive(Debug)]
struct Straight;

impl HttpConnector for Straight {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let http = options.get_config_value(&ClientConfigKey::AllowHttp);
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(http.as_deref() != Some("true"))
            .connect_timeout(Duration::from_secs(5))
            .timeout(PATIENCE)
            .user_agent(concat!("scanvet/", env!("CARGO_PKG_VERSION")))
            .build();
        let client = client.map_err(|error| object_store::Error::Generic {
            store: "HTTP client",
            source: Box::new(error),
        })?;
        Ok(HttpClient::new(client))
    }
}

async fn start_of(
    store: &Arc<dyn ObjectStore>,
    key: &Key,
    most: u64,
) -> object_store::Result<Bytes> {
    let range = Some(GetRange::Bounded(0..most));
    let got = store.get_opts(key, GetOptions { range, ..GetOptions::default() }).await?;
    let mut bytes = BytesMut::new();
    let mut pieces = got.into_stream();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece?);
        // A store that ignores ranges must not fill the memory.
        if bytes.len() as u64 >= most {
            bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            break;
        }
    }
    Ok(bytes.freeze())
}

fn is_unsatisfiable(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::Generic { source, .. } if source.to_string().contains("416"))
}

/// At most `most` bytes of a file.
fn read_start(path: &Path, most: u64) -> io::Result<Bytes> {
    // Opening a pipe would wait for whoever writes into it.
    let about = std::fs::metadata(path)?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len().min(most)).unwrap_or(0));
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// Tries again what a store did not answer, or broke off: beyond what its client retries by itself,
/// which is what the store says it may.
pub(super) async fn patient<T, F: Future<Output = Result<T, StoreFault>>>(
    mut attempt: impl FnMut() -> F,
) -> Result<T, StoreFault> {
    let (began, mut pause) = (Instant::now(), Duration::from_millis(200));
    loop {
        match attempt().await {
            Err(fault) if fault.kind == FaultKind::Temporary && began.elapsed() < AGAIN => {}
            settled => return settled,
        }
        tokio::time::sleep(pause).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

/// Runs what waits for a disk where waiting disturbs nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreFault> + Send + 'static,
) -> Result<T, StoreFault> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(StoreFault::of(FaultKind::Temporary, error)))
}
