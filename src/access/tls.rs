//! The server's side of TLS, made from the operator's files.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig};

use super::settings::{SettingFault, SettingFaults, TlsSettings, read};

const CERTIFICATE: &str = "serve.tls.certificate";
const KEY: &str = "serve.tls.key";
const CLIENT_CA: &str = "serve.tls.client_ca";
const CLIENT_CRL: &str = "serve.tls.client_crl";

/// The only protocol that is spoken over TLS.
pub(super) const HTTP2: &[u8] = b"h2";

/// Whether callers show certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clients {
    /// Without one the handshake fails.
    Must,
    /// Who has none is known in another way.
    May,
}

/// Reads the files; `None` where TLS is not set up. Every fault is told.
pub(super) fn configuration(
    settings: &TlsSettings,
    clients: Clients,
) -> Result<Option<Arc<ServerConfig>>, SettingFaults> {
    let mut faults = SettingFaults::default();
    let TlsSettings { certificate, key, client_ca, client_crl, allowed_names } = settings;
    let (certificate, key) = match (certificate, key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => {
            let without = [
                (CLIENT_CA, client_ca.is_some()),
                (CLIENT_CRL, client_crl.is_some()),
                ("serve.tls.allowed_names", !allowed_names.is_empty()),
            ];
            let set = without.into_iter().filter(|(_, set)| *set);
            let what = format!("needs TLS: set {CERTIFICATE} and {KEY}, too");
            faults.0.extend(set.map(|(key, _)| SettingFault::of(key, what.clone())));
            return faults.none_or(Some(None));
        }
        (Some(_), None) => return Err(SettingFault::of(KEY, "is missing").into()),
        (None, Some(_)) => return Err(SettingFault::of(CERTIFICATE, "is missing").into()),
    };
    if client_ca.is_none() {
        let without = [
            (CLIENT_CRL, client_crl.is_some()),
            ("serve.tls.allowed_names", !allowed_names.is_empty()),
        ];
        let set = without.into_iter().filter(|(_, set)| *set);
        let what = format!("says nothing without {CLIENT_CA}");
        faults.0.extend(set.map(|(key, _)| SettingFault::of(key, what.clone())));
    }
    let chain: Option<Vec<CertificateDer<'static>>> =
        faults.keep_one(pem(CERTIFICATE, certificate));
    let private = faults.keep_one(private_key(key));
    let verifier = faults.keep_one(verifier(client_ca.as_deref(), client_crl.as_deref(), clients));
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| SettingFault::of("serve.tls", error.to_string()))?;
    let (Some(chain), Some(private), Some(verifier)) = (chain, private, verifier) else {
        return Err(faults);
    };
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(chain, private).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            SettingFault::in_file(KEY, key, format!("is not the key of {CERTIFICATE}"))
        }
        error => {
            SettingFault::in_file(CERTIFICATE, certificate, format!("cannot be used: {error}"))
        }
    });
    let config = faults.keep_one(config).map(|mut config| {
        config.alpn_protocols = vec![HTTP2.to_vec()];
        // A session taken up again is not verified again, and connections live long anyway.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Some(Arc::new(config))
    });
    faults.none_or(config)
}

type Verifier = Arc<dyn rustls::server::danger::ClientCertVerifier>;

/// Verifies the certificates of callers against those who may sign them.
fn verifier(
    client_ca: Option<&Path>,
    client_crl: Option<&Path>,
    clients: Clients,
) -> Result<Option<Verifier>, SettingFault> {
    let Some(client_ca) = client_ca else {
        return Ok(None);
    };
    let mut roots = RootCertStore::empty();
    for certificate in pem::<CertificateDer<'static>>(CLIENT_CA, client_ca)? {
        roots.add(certificate).map_err(|error| {
            SettingFault::in_file(CLIENT_CA, client_ca, format!("cannot be used: {error}"))
        })?;
    }
    let provider = Arc::new(ring::default_provider());
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    if let Some(client_crl) = client_crl {
        let lists: Vec<CertificateRevocationListDer<'static>> = pem(CLIENT_CRL, client_crl)?;
        // Who is on no list that is in force is refused: an old list may lack whom a thief has become.
        builder = builder.with_crls(lists).enforce_revocation_expiration();
    }
    if clients == Clients::May {
        builder = builder.allow_unauthenticated();
    }
    let (key, file) = client_crl.map_or((CLIENT_CA, client_ca), |file| (CLIENT_CRL, file));
    let built = builder.build();
    let built = built
        .map_err(|error| SettingFault::in_file(key, file, format!("cannot be used: {error}")))?;
    Ok(Some(built))
}

/// Everything of one kind in a PEM file; at least one.
fn pem<T: PemObject>(key: &'static str, file: &Path) -> Result<Vec<T>, SettingFault> {
    let bytes = read(key, file)?;
    let fault = |what: &str| SettingFault::in_file(key, file, what);
    let all: Result<Vec<T>, PemError> = T::pem_slice_iter(&bytes).collect();
    let all = all.map_err(|_| fault("is broken PEM"))?;
    if all.is_empty() { Err(fault("holds none in PEM (-----BEGIN …)")) } else { Ok(all) }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, SettingFault> {
    let bytes = read(KEY, file)?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| {
        SettingFault::in_file(KEY, file, "holds no private key in PEM without a passphrase")
    })
}
