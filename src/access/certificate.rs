//! The names on a caller's certificate. The certificate itself has been verified by the handshake.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::identity::Refusal;
use super::names::{Allowed, is_plain};

/// Subject alternative names. The common name is not looked at: it may be anything.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    uris: Vec<String>,
    hosts: Vec<String>,
}

impl Names {
    /// Those of a certificate that holds.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Self {
        let Ok(certificate) = EndEntityCert::try_from(certificate) else {
            return Self::default();
        };
        let plain = |name: &&str| is_plain(name);
        Self {
            uris: certificate.valid_uri_names().filter(plain).map(str::to_owned).collect(),
            hosts: certificate.valid_dns_names().filter(plain).map(str::to_owned).collect(),
        }
    }

    /// The name by which its holder is let in: the first that is on the list.
    pub(super) fn caller(&self, allowed: &Allowed) -> Result<Arc<str>, Refusal> {
        let uris = self.uris.iter().map(|name| (name, false));
        let mut names = uris.chain(self.hosts.iter().map(|name| (name, true)));
        let name = names.find(|(name, is_host)| allowed.is_empty() || allowed.has(name, *is_host));
        let name = name.ok_or(Refusal::not_allowed("certificate-not-on-the-list"))?;
        Ok(name.0.as_str().into())
    }
}
