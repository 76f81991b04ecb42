//! Signed tokens (JWT): who signed them, for whom, and until when.
//!
//! `jsonwebtoken` takes the token apart and checks the claims; `ring`, which the tree has anyway,
//! verifies the signature. The crate's own back ends are left out: one builds C by cmake, the other
//! brings the `rsa` crate with RUSTSEC-2023-0071.
//!
//! The algorithm is the key's, never the token's: a token that names another one is refused, so that
//! neither `none` nor a public key used as an HMAC secret gets in. Keys that a token brings or points
//! at (`jwk`, `jku`, `x5u`, `x5c`) are never looked at.

use std::sync::Arc;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, new_error};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::jwk::{KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey, Validation};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256};
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

use super::identity::Refusal;
use super::names::{Allowed, is_plain};

/// Seconds by which clocks may differ.
const LEEWAY: u64 = 30;
/// Bytes of the modulus of the shortest RSA key.
const SHORTEST_RSA: usize = 256;

/// What a token must be.
#[derive(Debug)]
pub(super) struct Demands {
    pub(super) issuer: String,
    pub(super) audience: String,
    /// The claim that names the caller.
    pub(super) identity_claim: String,
    /// The names that are let in.
    pub(super) allowed: Allowed,
}

/// The keys by which tokens are verified.
pub(super) struct Tokens {
    demands: Arc<Demands>,
    keys: Vec<Key>,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Tokens {
    /// Reads a JSON Web Key Set. Keys for other purposes or of other kinds are passed over.
    pub(super) fn read(text: &[u8], demands: &Arc<Demands>) -> Result<Self, String> {
        // Whoever embeds scanvet may have set another; it verifies as well.
        let _ = PROVIDER.install_default();
        let set: JwkSet = serde_json::from_slice(text).map_err(|error| {
            format!("is no JSON Web Key Set (line {}, column {})", error.line(), error.column())
        })?;
        let mut keys: Vec<Key> = Vec::new();
        for (at, jwk) in set.keys.iter().enumerate() {
            let of_key = |what: &str| format!("key {} {what}", at + 1);
            if let AlgorithmParameters::OctetKey(_) = jwk.algorithm {
                return Err(of_key("is a shared secret: only public keys belong here"));
            }
            let Some(algorithm) = algorithm(jwk) else {
                continue;
            };
            let key = DecodingKey::from_jwk(jwk).map_err(|_| of_key("is malformed"))?;
            if let DecodingKeyKind::RsaModulusExponent { n, .. } = key.kind()
                && n.len() < SHORTEST_RSA
            {
                return Err(of_key("is shorter than 2048 bits"));
            }
            let id = jwk.common.key_id.clone();
            if keys.iter().any(|known| known.id == id) {
                return Err(of_key("has the id of another one, or both have none"));
            }
            keys.push(Key { id, algorithm, key });
        }
        if keys.is_empty() {
            return Err("has no public key for RS256, ES256 or EdDSA".to_owned());
        }
        Ok(Self { demands: Arc::clone(demands), keys })
    }

    /// The name that a token tells, if it may be believed.
    pub(super) fn verify(&self, token: &str) -> Result<Arc<str>, Refusal> {
        let header = jsonwebtoken::decode_header(token);
        let header = header.map_err(|_| Refusal::invalid("malformed-token"))?;
        if header.crit.is_some() {
            return Err(Refusal::invalid("critical-header"));
        }
        let key = match (&header.kid, &self.keys[..]) {
            (Some(id), keys) => keys.iter().find(|key| key.id.as_ref() == Some(id)),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let key = key.ok_or(Refusal::invalid("unknown-signer"))?;
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.demands.issuer]);
        validation.set_audience(&[&self.demands.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &key.key, &validation)
            .map_err(|error| Refusal::invalid(class(error.kind())))?
            .claims;
        let name = claims.get(&self.demands.identity_claim).and_then(Value::as_str);
        let name = name.filter(|name| is_plain(name)).ok_or(Refusal::invalid("nameless-token"))?;
        let allowed = &self.demands.allowed;
        if !allowed.is_empty() && !allowed.has(name, false) {
            return Err(Refusal::not_allowed("subject-not-on-the-list"));
        }
        Ok(name.into())
    }
}

/// The one algorithm by which a key signs; `None` for keys that are of no use here.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let (algorithm, told) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
    let operations = common.key_operations.as_ref();
    let verifies = operations.is_none_or(|them| them.contains(&KeyOperations::Verify));
    let agrees = common.key_algorithm.is_none_or(|it| it == told);
    (signs && verifies && agrees).then_some(algorithm)
}

/// Why a token is refused, in one of a few words.
fn class(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "wrong-signature",
        ErrorKind::InvalidAlgorithm => "wrong-algorithm",
        ErrorKind::ExpiredSignature => "expired-token",
        ErrorKind::ImmatureSignature => "token-not-yet-valid",
        ErrorKind::InvalidIssuer => "wrong-issuer",
        ErrorKind::InvalidAudience => "wrong-audience",
        ErrorKind::MissingRequiredClaim(_) => "claim-missing",
        _ => "malformed-token",
    }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Nothing is signed here.
fn no_signer(_: &Algorithm, _: &EncodingKey) -> jsonwebtoken::errors::Result<Box<dyn JwtSigner>> {
    Err(new_error(ErrorKind::UnsupportedAlgorithm))
}

fn verifier(
    algorithm: &Algorithm,
    key: &DecodingKey,
) -> jsonwebtoken::errors::Result<Box<dyn JwtVerifier>> {
    if !matches!(algorithm, Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA)
        || key.family() != algorithm.family()
    {
        return Err(new_error(ErrorKind::InvalidAlgorithm));
    }
    Ok(Box::new(Verifier { algorithm: *algorithm, key: key.clone() }))
}

struct Verifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Verifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl signature::Verifier<Vec<u8>> for Verifier {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match (self.algorithm, self.key.kind()) {
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let key = RsaPublicKeyComponents { n, e };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signed)
            }
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signed)
            }
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signed)
            }
            _ => return Err(signature::Error::new()),
        };
        verified.map_err(|_| signature::Error::new())
    }
}
