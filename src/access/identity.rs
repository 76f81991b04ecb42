//! Who calls: from a connection's certificate and a call's head to a name, or to a refusal.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::certificate::Names;
use super::keys::ApiKeys;
use super::names::Allowed;
use super::settings::Require;
use super::token::Tokens;

/// Header that holds an API key and nothing else.
const API_KEY: &str = "x-api-key";
/// Longest credential that is looked at, in bytes.
pub(super) const LONGEST: usize = 8 * 1024;

/// Who calls. Put among the extensions of every call that is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name, `anonymous` where nobody has to tell one. At most 256 printable ASCII characters.
    pub name: Arc<str>,
    /// How the name is known.
    pub how: How,
    /// Whose share the caller draws on: its name, or where it calls from if it has none.
    pub(super) bucket: Arc<str>,
}

/// How a caller's name is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// It is not: nobody has to tell it.
    Anonymous,
    /// By a certificate.
    Certificate,
    /// By an API key.
    ApiKey,
    /// By a signed token.
    Token,
}

impl How {
    /// For logs and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Certificate => "certificate",
            Self::ApiKey => "api-key",
            Self::Token => "token",
        }
    }
}

impl Identity {
    pub(super) fn of(name: Arc<str>, how: How) -> Self {
        Self { bucket: Arc::clone(&name), name, how }
    }

    /// Somebody at that address. Who has one IPv6 address has a whole /64.
    pub fn anonymous(address: Option<IpAddr>) -> Self {
        let bucket = match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            None => "unknown".to_owned(),
        };
        Self { name: "anonymous".into(), how: How::Anonymous, bucket: bucket.into() }
    }

    /// Whose share it is, as `google.rpc.QuotaFailure` names subjects.
    pub fn subject(&self) -> String {
        let kind = if self.how == How::Anonymous { "clientip" } else { "caller" };
        format!("{kind}:{}", self.bucket)
    }
}

/// The other end of a connection.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// Where it calls from.
    pub address: Option<IpAddr>,
    /// What its certificate names, if it has shown one that holds.
    pub(super) certificate: Option<Arc<Names>>,
}

/// What a caller is told of why it is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It shows nothing.
    Missing,
    /// What it shows does not hold.
    Invalid,
    /// It is known, and not on the list.
    NotAllowed,
}

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For the caller.
    pub denial: Denial,
    /// For the operator's log: one of a few words, nothing of the credential.
    pub why: &'static str,
}

impl Refusal {
    pub(super) const fn invalid(why: &'static str) -> Self {
        Self { denial: Denial::Invalid, why }
    }

    pub(super) const fn not_allowed(why: &'static str) -> Self {
        Self { denial: Denial::NotAllowed, why }
    }

    const MISSING: Self = Self { denial: Denial::Missing, why: "nothing-shown" };
}

/// The ways to be known that the operator has set up.
pub(super) struct Ways<'a> {
    /// The names on certificates that are let in.
    pub(super) certificates: Option<&'a Allowed>,
    pub(super) keys: Option<Arc<ApiKeys>>,
    pub(super) tokens: Option<Arc<Tokens>>,
    pub(super) require: Require,
}

/// What came by one way: nothing, a caller, or something that is not good.
type Shown = Option<Result<Identity, Refusal>>;

impl Ways<'_> {
    /// Who calls. Whatever is shown in the head must be good, also where the certificate would be
    /// enough: who shows a bad key has made a mistake that must not go unseen.
    pub(super) fn decide(&self, peer: &Peer, headers: &HeaderMap) -> Result<Identity, Refusal> {
        if self.certificates.is_none() && self.keys.is_none() && self.tokens.is_none() {
            return Ok(Identity::anonymous(peer.address));
        }
        let (key, token) = self.shown(headers)?;
        let key: Shown = self.keys.as_ref().zip(key).map(|(keys, key)| {
            let name = keys.find(key).ok_or(Refusal::invalid("unknown-key"))?;
            Ok(Identity::of(name, How::ApiKey))
        });
        let token: Shown = self
            .tokens
            .as_ref()
            .zip(token)
            .map(|(tokens, token)| Ok(Identity::of(tokens.verify(token)?, How::Token)));
        let certificate: Shown = self
            .certificates
            .zip(peer.certificate.as_deref())
            .map(|(allowed, names)| Ok(Identity::of(names.caller(allowed)?, How::Certificate)));
        let (key, token) = (key.transpose()?, token.transpose()?);
        match self.require {
            Require::Any => {
                let shown = token.or(key).map(Ok).or(certificate);
                shown.unwrap_or(Err(Refusal::MISSING))
            }
            Require::All => {
                let certificate = certificate.transpose()?;
                let lacks = |set_up: bool, shown: &Option<Identity>| set_up && shown.is_none();
                if lacks(self.tokens.is_some(), &token)
                    || lacks(self.keys.is_some(), &key)
                    || lacks(self.certificates.is_some(), &certificate)
                {
                    return Err(Refusal::MISSING);
                }
                token.or(key).or(certificate).ok_or(Refusal::MISSING)
            }
        }
    }

    /// The key and the token in the head of a call.
    fn shown<'h>(
        &self,
        headers: &'h HeaderMap,
    ) -> Result<(Option<&'h [u8]>, Option<&'h str>), Refusal> {
        if self.keys.is_none() && self.tokens.is_none() {
            return Ok((None, None));
        }
        let mut key = only(headers, API_KEY)?.filter(|_| self.keys.is_some());
        let Some(value) = only(headers, AUTHORIZATION.as_str())? else {
            return Ok((key, None));
        };
        let value = std::str::from_utf8(value).map_err(|_| Refusal::invalid("malformed"))?;
        let (scheme, credential) = value.split_once(' ').unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::invalid("unknown-scheme"));
        }
        let credential = credential.trim();
        // A token has two dots; of keys only their hash is known.
        let is_token = credential.bytes().filter(|byte| *byte == b'.').count() == 2;
        if self.tokens.is_some() && (is_token || self.keys.is_none()) {
            return Ok((key, Some(credential)));
        }
        if key.replace(credential.as_bytes()).is_some() {
            return Err(Refusal::invalid("two-keys"));
        }
        Ok((key, None))
    }
}

/// The value of a header that may come once.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h [u8]>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(http::HeaderValue::as_bytes);
    if values.next().is_some() {
        return Err(Refusal::invalid("header-twice"));
    }
    if value.is_some_and(|value| value.len() > LONGEST) {
        return Err(Refusal::invalid("too-long"));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_told_apart_by_where_they_call_from() {
        let at = |text: &str| Identity::anonymous(Some(text.parse().unwrap()));
        assert_eq!(at("198.51.100.7").subject(), "clientip:198.51.100.7");
        assert_eq!(at("::ffff:198.51.100.7"), at("198.51.100.7"));
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff::9"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
        // Nothing of the address stands in the name, which goes to the log.
        assert_eq!(&*at("198.51.100.7").name, "anonymous");
    }
}
