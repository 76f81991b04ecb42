//! Authorities, certificates, keys and tokens, all made here and good for nothing else.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams,
    SanType, SerialNumber,
};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// The private key of a signer of tokens in these tests (PKCS #8): it protects nothing.
const RSA_KEY: &str = "\
    MIIEpAIBAAKCAQEA6QIOmiT3t+6MrQGSjZqmV2aXkx7DhUYIvpz+JnlJVkufcxNic1AcsQoTxWekY62e2pMKdRkKmZrI\
    Kzzeww8k72foW5NXINILA+j1AeZYxg790nv1JKzm0sJccpeybrQETAbUbkNlZEWsnzFlSufeXGIBscmQXg/ygaQXF1jd\
    jKI7tzOdLUsbZAmDEie1wppiMMBkEjvNSt0pobISGjVhy41Bf0Sfk2JEE4wIh1uPxBAdoStoa7WbQDwtHUJpICRLG2/T\
    bANCIwt9Cjas56Widu9V41jlg7LnLLzcuMG+T8Rpo6uLa6nfNktjHcbl277mOoIpato/gZGx+bbakNk2rwIDAQABAoIB\
    AGxFEOzuVY8JkSOI0gTrgfSlzrPFfTut1b1grLXK8Nlg7Vfm/32ukY5wLMyzAo9wqxpMbfUIbEUAx5dTwvznShXWdgEr\
    XzZ4czbfZg16b/CkIaxO/hOLJfxz5Mo4k+hdzItZNxd/SJtFxtb3+GXMhSXvQnNOwj768Qfta+9k0xmXm7VM1PZTnuY/\
    TDk4LI/b9MFTpTXHugrEzO5vONxpILWUcEt5bHl+3O0dd7mO/LJxa/XOhZDXKXydp8i9IU+ruhMJKDCxurDnQcXZwrb3\
    6lQ/dJ06l2qjRRNkSadpog7Axu2x6WRHnq9eAknWXheJwlgtJbwFjqyYYUh5RQnHo3UCgYEA/pGY4D2Oa68tDz/bjR1Z\
    kpmyZl4ZLx7XhkwwREmsmobq3Mns7d4vlx+fF6pCL39wWTwMZwZGcQ8eiZGf0N4Jq2SM1J6W9lWyvdMbblA6+Y8m8TRt\
    7BhvLqLHBMGINrdHDwX+iUxUNiVaBV9Q8hFMA0EbaMBUEWa43yLNbpmU4DUCgYEA6lFtaGUTJDa5QBRAd5UlZoKcXSGN\
    DwaIzsXWjDnGmm4bU59xEu0Eygf+Ks40hdZjYTAEZlwgVGyILyH1EiNJCu7vcYk77hj7Dw9DbEiEGYOGKMw6z1eldSes\
    GeJF8kV2wwAGc/3TeRCiZemHwxv/Y+W662lzbo+JoX+ifL/GH9MCgYEAnxVnnsJ5DQxUsVHrpvzva/DGjrhBLrQsZY2Z\
    ICOWTJ8BiGZbvK57uQoWxpgscjhGgk1HRt6iCKc1Iy0w3TrUehoE9B4DIv+dCokxfDeBE1GFOXjVNJR0boVkr7EtqVvR\
    eS76yNw9R/UBk5fkItHyWZpHQafnIVS7NR4vmO07Hv0CgYEAyZqDutV0Ea1v2B1Ulk7h3gA0jsCmQC5MGTQI859mLEre\
    AiXlwPXjL/yOh7/hWuHpoZ4Ruww62MiEp6Dc3d00JE8N/y6nPKWLpRpp1UnTNqx+Cq4lT25GsrUOkzqnGdsAYqir5LKY\
    d8qDH5I9N/bn1si6+X9CTPb84NITOKg7y/cCgYAySAoDQKZvJSrr+I4QLuGScBhkKMh//qr9tu9Rnd1PN2+gw7uoISom\
    +4CDCCFXrK1vtTbOUFHd5mzmILrePcUFveJn/mrBEfU0ncz4ulhz4T3Fdke+BdA3xkJWdQQr4cbqLL5EkZ48GG8Hmg+J\
    9KNzXBRuRM4hjowsGvDoAvo4wQ==\
";

/// A folder of files that the settings name.
pub struct Desk(TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file, over the one before.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

/// Signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, PEM.
#[derive(Clone)]
pub struct Certified {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server's certificate for `localhost`.
    pub fn server(&self) -> Certified {
        self.signs(&["localhost"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        })
    }

    /// A caller's certificate.
    pub fn caller(&self, names: &[&str]) -> Certified {
        self.signs(names, |_| {})
    }

    /// A certificate that is valid for this hour, unless `change` says otherwise. Names with a
    /// colon are URIs.
    pub fn signs(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Certified {
        let now = OffsetDateTime::now_utc();
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.contains(':') {
                true => SanType::URI((*name).try_into().unwrap()),
                false => SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        (params.not_before, params.not_after) =
            (now - Duration::hours(1), now + Duration::hours(1));
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap().pem();
        Certified { certificate, key: key.serialize_pem() }
    }

    /// The list of what is revoked, PEM, in force until `next_update`.
    pub fn revokes(&self, serials: &[u64], next_update: OffsetDateTime) -> String {
        let now = OffsetDateTime::now_utc();
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now - Duration::hours(1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: now - Duration::days(2),
            next_update,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.0).unwrap().pem().unwrap()
    }
}

/// A line of a file of API keys.
pub fn key_line(name: &str, key: &str) -> String {
    let digits: String = Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{name}\" = \"sha256:{digits}\"\n")
}

/// Signs tokens.
pub enum Signer {
    Rs256(Box<RsaKeyPair>),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Signer {
    pub fn rs256() -> Self {
        let key = STANDARD.decode(RSA_KEY.replace(char::is_whitespace, "")).unwrap();
        Self::Rs256(Box::new(RsaKeyPair::from_pkcs8(&key).unwrap()))
    }

    pub fn es256() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::Es256(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap())
    }

    pub fn eddsa() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::EdDsa(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    /// The public key as it stands in a JSON Web Key Set.
    pub fn jwk(&self, id: &str) -> Value {
        let mut jwk = match self {
            Self::Rs256(key) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({ "kty": "RSA", "n": encode(public.n), "e": encode(public.e) })
            }
            Self::Es256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
            }
            Self::EdDsa(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(key.public_key()) })
            }
        };
        jwk["kid"] = id.into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// What this key signs under that head, whatever the head says.
    pub fn signs(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = match self {
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let random = SystemRandom::new();
                key.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            Self::Es256(key) => {
                let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
                signature.as_ref().to_vec()
            }
            Self::EdDsa(key) => key.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", encode(signature))
    }

    /// A token with those claims under the head that belongs to this key.
    pub fn token(&self, id: &str, claims: &Value) -> String {
        self.signs(&json!({ "alg": self.algorithm(), "kid": id, "typ": "JWT" }), claims)
    }
}

/// A token that nobody's public key has signed: `signature` by whatever way.
pub fn forged(header: &Value, claims: &Value, sign: impl FnOnce(&str) -> Vec<u8>) -> String {
    let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = encode(sign(&message));
    format!("{message}.{signature}")
}

/// HMAC with SHA-256.
pub fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
    ring::hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
}

pub fn jwks(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}
