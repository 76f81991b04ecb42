//! How a client reaches a server, and shows it who calls.

use std::fmt;
use std::path::{Path, PathBuf};

use tonic::codegen::http::Uri;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

/// What a client trusts and shows. The default trusts nobody but plain connections and shows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dial {
    /// Who may sign the server's certificate (PEM). `None`: whom this machine trusts.
    pub ca: Option<PathBuf>,
    /// The client's certificate chain (PEM).
    pub certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub key: Option<PathBuf>,
    /// Holds an API key. Read with every call.
    pub api_key_file: Option<PathBuf>,
    /// Holds a signed token. Read with every call, so that it may be renewed.
    pub token_file: Option<PathBuf>,
    /// Show credentials over plain connections, too.
    pub insecure: bool,
}

/// Why a server cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// No address of a server.
    #[error("server {server}: {why}")]
    Address {
        /// As it was given.
        server: String,
        /// What is wrong.
        why: String,
    },
    /// A file of certificates, keys or credentials.
    #[error("{}: {why}", .file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong. Never a part of the file.
        why: String,
    },
    /// What was asked for does not fit together.
    #[error("{0}")]
    Options(String),
}

impl Dial {
    /// Whether the options fit together and to the servers, and the files can be used. Nobody is asked.
    pub fn check(&self, servers: &[String]) -> Result<(), DialError> {
        for server in servers {
            let uri = self.uri(server)?;
            self.endpoint(uri.to_string(), &uri)?;
        }
        self.credentials().map(|_| ())
    }

    /// The URI of a server whose scheme may be left out.
    pub(super) fn uri(&self, server: &str) -> Result<Uri, DialError> {
        let fault = |why: &dyn fmt::Display| self.address(server, why);
        let secure = self.ca.is_some() || self.certificate.is_some();
        let scheme = if secure { "https" } else { "http" };
        let full = match server.contains("://") {
            true => server.to_owned(),
            false => format!("{scheme}://{server}"),
        };
        let uri: Uri = full.parse().map_err(|error| fault(&error))?;
        let host = uri.host().ok_or_else(|| fault(&"names no host"))?;
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if secure => {
                return Err(fault(&"certificates are of no use over http://, say https://"));
            }
            Some("http") if self.shows() && !self.insecure && !is_loopback(host) => {
                let why = "a key or token would be sent for all to read: say https://, or \
                           --insecure where something else protects the connection";
                return Err(fault(&why));
            }
            Some("http") => {}
            _ => return Err(fault(&"is neither http:// nor https://")),
        }
        Ok(uri)
    }

    /// The way to `address`, which is one of those of `server`.
    pub(super) fn endpoint(&self, address: String, server: &Uri) -> Result<Endpoint, DialError> {
        let fault = |why: &dyn fmt::Display| self.address(&server.to_string(), why);
        let endpoint = Endpoint::from_shared(address).map_err(|error| fault(&error))?;
        if server.scheme_str() != Some("https") {
            return Ok(endpoint);
        }
        let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
        let mut tls = ClientTlsConfig::new().domain_name(host);
        tls = match &self.ca {
            Some(ca) => tls.ca_certificate(Certificate::from_pem(read(ca)?)),
            None => tls.with_native_roots(),
        };
        tls = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                tls.identity(Identity::from_pem(read(certificate)?, read(key)?))
            }
            (None, None) => tls,
            _ => {
                let what = "a client's certificate and its key are given together";
                return Err(DialError::Options(what.to_owned()));
            }
        };
        endpoint.tls_config(tls).map_err(|error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            fault(&format!("TLS: {}", source.unwrap_or_else(|| error.to_string())))
        })
    }

    /// What every call shows. The files are read here once, so that faults are told before a call.
    pub(super) fn credentials(&self) -> Result<Credentials, DialError> {
        if self.api_key_file.is_some() && self.token_file.is_some() {
            let what = "either a key or a token is shown, not both";
            return Err(DialError::Options(what.to_owned()));
        }
        let credentials = match (&self.api_key_file, &self.token_file) {
            (Some(file), _) => Credentials::Key(file.clone()),
            (_, Some(file)) => Credentials::Token(file.clone()),
            _ => Credentials::None,
        };
        credentials.header()?;
        Ok(credentials)
    }

    fn shows(&self) -> bool {
        self.api_key_file.is_some() || self.token_file.is_some()
    }

    fn address(&self, server: &str, why: &dyn fmt::Display) -> DialError {
        DialError::Address { server: server.to_owned(), why: why.to_string() }
    }
}

/// Puts credentials into the head of every call.
#[derive(Clone, Debug)]
pub(super) enum Credentials {
    None,
    Key(PathBuf),
    Token(PathBuf),
}

impl Credentials {
    fn header(&self) -> Result<Option<(&'static str, AsciiMetadataValue)>, DialError> {
        let (name, prefix, file) = match self {
            Self::None => return Ok(None),
            Self::Key(file) => ("x-api-key", "", file),
            Self::Token(file) => ("authorization", "Bearer ", file),
        };
        let fault = || DialError::File {
            file: file.clone(),
            why: "must hold one line of printable ASCII".to_owned(),
        };
        let text = String::from_utf8(read(file)?).map_err(|_| fault())?;
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(fault());
        }
        let value = format!("{prefix}{text}").parse::<AsciiMetadataValue>();
        let mut value = value.map_err(|_| fault())?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let header = self.header().map_err(|fault| Status::unauthenticated(fault.to_string()))?;
        if let Some((name, value)) = header {
            request.metadata_mut().insert(name, value);
        }
        Ok(request)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    let address = bare.parse::<std::net::IpAddr>();
    bare == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

fn read(file: &Path) -> Result<Vec<u8>, DialError> {
    std::fs::read(file)
        .map_err(|error| DialError::File { file: file.to_owned(), why: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(dial: &Dial, server: &str) -> Result<String, String> {
        dial.uri(server).map(|uri| uri.to_string()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_server_without_a_scheme_is_asked_as_the_options_say() {
        let plain = Dial::default();
        assert_eq!(uri(&plain, "scans:50051").unwrap(), "http://scans:50051/");
        let trusting = Dial { ca: Some("ca.pem".into()), ..Dial::default() };
        assert_eq!(uri(&trusting, "scans:50051").unwrap(), "https://scans:50051/");
        assert!(uri(&trusting, "http://scans:50051").unwrap_err().contains("https://"));
        assert!(uri(&plain, "ftp://scans").unwrap_err().contains("neither http://"));
    }

    #[test]
    fn credentials_are_not_sent_for_all_to_read() {
        let dial = Dial { api_key_file: Some("key".into()), ..Dial::default() };
        for near in ["http://127.0.0.1:1", "http://[::1]:1", "localhost:1", "https://scans:1"] {
            uri(&dial, near).unwrap();
        }
        assert!(uri(&dial, "http://scans:50051").unwrap_err().contains("--insecure"));
        uri(&Dial { insecure: true, ..dial }, "http://scans:50051").unwrap();
    }
}
