//! Who may call the service, and how much: over real connections, with credentials made here.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![allow(unreachable_pub, reason = "what is made is for all files of this test")]

#[path = "access/certificates.rs"]
mod certificates;
#[path = "access/clients.rs"]
mod clients;
#[path = "access/credentials.rs"]
mod credentials;
#[path = "access/made.rs"]
mod made;
#[path = "access/open_doors.rs"]
mod open_doors;
#[path = "access/shares.rs"]
mod shares;
#[path = "access/tokens.rs"]
mod tokens;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use scanvet::access::{Access, AccessSettings, Settings, TlsSettings};
use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{self, FileDescriptor};
use scanvet::grpc::{ServeConfig, serve};
use scanvet::rules::RuleBook;
use tokio::net::TcpListener;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use tracing::subscriber::DefaultGuard;

use made::{Certified, Desk};

/// A server that runs until the test ends.
struct Running {
    address: SocketAddr,
    access: Arc<Access>,
}

async fn start(settings: Settings) -> Running {
    let access = Access::open(settings).unwrap_or_else(|faults| panic!("{faults}"));
    start_at("127.0.0.1:0", Arc::new(access)).await
}

async fn start_at(at: &str, access: Arc<Access>) -> Running {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = ServeConfig {
        workers: 1,
        max_deadline: Duration::from_secs(60),
        access: Arc::clone(&access),
        ..ServeConfig::default()
    };
    let book = Arc::new(RuleBook::embedded().unwrap());
    tokio::spawn(async move { serve(listener, book, config, std::future::pending()).await });
    Running { address, access }
}

/// Settings under which callers show keys or tokens over plain connections.
fn heads(access: AccessSettings) -> Settings {
    Settings { access, ..Settings::default() }
}

/// Settings of a server that has this certificate.
fn tls(desk: &Desk, server: &Certified) -> TlsSettings {
    TlsSettings {
        certificate: Some(desk.put("server.pem", &server.certificate)),
        key: Some(desk.put("server.key", &server.key)),
        ..TlsSettings::default()
    }
}

impl Running {
    /// A plain connection.
    async fn plain(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }

    /// A connection by TLS that trusts `ca` and shows `certified`.
    async fn secure(
        &self,
        ca: &str,
        certified: Option<&Certified>,
    ) -> Result<Channel, tonic::transport::Error> {
        let mut tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(ca));
        if let Some(Certified { certificate, key }) = certified {
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        let endpoint = Endpoint::from_shared(format!("https://{}", self.address)).unwrap();
        endpoint.tls_config(tls).unwrap().connect().await
    }
}

type Header<'a> = (&'static str, &'a str);

fn with<T>(message: T, headers: &[Header<'_>]) -> Request<T> {
    let mut request = Request::new(message);
    for (name, value) in headers {
        request.metadata_mut().append(*name, value.parse().unwrap());
    }
    request
}

/// A call that needs no file.
async fn ask(channel: &Channel, headers: &[Header<'_>]) -> Result<(), Status> {
    let mut client = ValidationServiceClient::new(channel.clone());
    client.list_profiles(with(proto::ListProfilesRequest::default(), headers)).await.map(|_| ())
}

fn file() -> Option<FileDescriptor> {
    Some(FileDescriptor { slot: "supporting-document".to_owned(), ..FileDescriptor::default() })
}

/// A call with a file, which is rejected at a glance.
async fn send(
    channel: &Channel,
    headers: &[Header<'_>],
    content: &[u8],
) -> Result<proto::ValidationResult, Status> {
    let mut client = ValidationServiceClient::new(channel.clone());
    let message =
        proto::ValidateFileRequest { file: file(), content: content.to_vec(), options: None };
    Ok(client.validate_file(with(message, headers)).await?.into_inner().result.unwrap())
}

/// Code and reason of an error.
fn told(status: &Status) -> (Code, String) {
    let info = status.get_details_error_info().expect("every error carries ErrorInfo");
    assert_eq!(info.domain, "scanvet");
    (status.code(), info.reason)
}

/// Asserts that a call was refused in that way.
#[track_caller]
fn assert_refused<T>(outcome: Result<T, Status>, code: Code, reason: &str) {
    let status = outcome.err().expect("it was let in");
    assert_eq!(told(&status), (code, reason.to_owned()), "{status:?}");
    assert!(status.metadata().contains_key("x-request-id"), "the log can be searched for it");
}

const INVALID: (Code, &str) = (Code::Unauthenticated, "CREDENTIALS_INVALID");
const MISSING: (Code, &str) = (Code::Unauthenticated, "CREDENTIALS_MISSING");
const NOT_ALLOWED: (Code, &str) = (Code::PermissionDenied, "CALLER_NOT_ALLOWED");

/// What this thread logs while it is kept.
struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    fn here() -> Self {
        #[derive(Clone)]
        struct Writer(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Writer {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let text = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer(Arc::clone(&text));
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        Self { text, _guard: tracing::subscriber::set_default(subscriber) }
    }

    fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }

    /// Waits until a line holds `word`.
    async fn says(&self, word: &str) {
        for _ in 0..500 {
            if self.text().contains(word) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{word} is not in the log: {}", self.text());
    }
}
