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
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC0CIyEx2Ixy/kKYzOAWTB/jLmb2FphU3yhvo4OJcrq\
    dC3OA6PPYckUBij9XcHZsFzSuTenAM4bbAeZnxE/rC4E2NCMY614wng8Oe1krMYpzOTE2gNpC854oUe8oyBALZgVw2UC\
    g2HY9bDIrc6D0n+JBkTa/K5rT0uPG6RJ7a8pYcloPjVzHCKtokUUtDcz4rM2FSoIk2J1vTKyVJGfZGc4LJTQEgvkcZ0P\
    5Vx85erCIta+DAAByYsuDgUutI5l8s+MTJLeCiZimXFMxyvpU22B+pXqpZCotHwv+4pVXiQosiPObUOSHEGdwMdI4ePo\
    /QZ/XHO6LoofDw/+DAKq+9lhAgMBAAECggEAF3NsoGgbX5qu9j4tSXj0swyo6cbBIR/fom8AsJGWMLuQ8t6xAhS9/Ux/\
    Ht/NXjaVpMJJIEkfz90e0VExzT43oVx/r+XVBR+py0iNZnmF95BvtT+jxZVq3/Y8MrN6AjoeLymMWQs1ne4FCOLw/WVY\
    RQhKxE65RpOl5z6FxDaAhE53Wj9tq3r9uE3UkTJXkoZMncl2A4eyjuHz62UTjZo4bXEsoGWfi5npU8rxpY14iG+omTB9\
    OQTPktGpJZAGZhKpZQ0ykwQ8PN1fYAeUaTzxqQAaKFYBS7rp6C8xks4k4DAkfQsBe7IIb3VO1x3kIc+llKmykQYlosFL\
    mo+mslZJBQKBgQDdM0hWsTcBQtbiYzTTBtjsNW7c2/n3pzPqRcIJuIFVdVB70ms2WBYjsTuVTj2UQUYc6BerjpTe3shv\
    rnyxVUZ1ab9LkUACiZCgnS0YWuuLdXUQBfSJoTWRL6Aq306LzloAWwJ/OHYjnHgTJirNrqjeUcMI6HYQzqYA59WnaBRY\
    xQKBgQDQW0qp5hfdPPTRWxFEcAkEE/eRQTWul5zoknKFLsCka4oGotNYeBgfishK62vEX+om6gVwz5kGb0bnjH4/G6HO\
    BlC+dVTjCIJ2NxEEnsatmBXXzrDA7OAJl/z6W1AGwjy1i/o2udHlUB9kzBDAPwdLIJlAwSF+mjhsMkA+qwuv7QKBgQCF\
    FYOiVQDpC1PJ5TI0/NuqUgOfceIU9E4x10KFIrL9vZVsyg6jJaA8XTeh/u7hsdwDLEiBeUlsRdGGEA8JimrX3YWwa3V9\
    kVKor6ggDSPGRibmOw8DdzCJZ4QQB0Z0qvRPXnJEJK4/grZjnwUFtt321G5pf6L5Pbt2tAVBsUb8mQKBgCaxvZT96VKp\
    /mFfAz7te48pUiHEtX5+I6LBh8kaHKasXg7LcGqOqxQ4huf6/qGSmn6tmWMQ+r9KLSXVXqDDtfH4FEi6q5AaRXhE08FC\
    52zXwL66YPMDSrwdYNrx2FPZAMNKgqZlLgjjL2Fd0IKTcfxOyodPFrRXWcEmN+4rf9klAoGAFbmmt9TgE7OnazXLcHIq\
    qNCOYBSxDuI13zIB/u16S4R2EA3SZnbWKwm670pbStJmeKkT16t0vSToLKS8bfdu42E8gUcwXZgHAVHkA+OXu2GcQGP4\
    70xFtLhYNpnYpGbFdBWgCrSToQkVpyPZibbdLbmA7AVWSs4joKgObKKFjUs=";

/// A folder of files that the settings name.
pub struct Desk(TempDir);

impl Desk {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where a file of that name lies, or would.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, over the one before.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
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
