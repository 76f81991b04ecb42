//! Callers known by signed tokens.

use scanvet::access::{Access, AccessSettings, Settings};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::made::{Desk, Signer, decode, encode, forged, hmac, jwks};
use crate::{INVALID, Log, MISSING, NOT_ALLOWED, ask, assert_refused, heads, start};

const ISSUER: &str = "https://login.example.org";

fn settings(desk: &Desk, keys: &[Value]) -> Settings {
    heads(AccessSettings {
        jwks: Some(desk.put("jwks.json", jwks(keys))),
        issuer: Some(ISSUER.to_owned()),
        audience: Some("scanvet".to_owned()),
        ..AccessSettings::default()
    })
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": "scanvet", "sub": "filing-web", "exp": now() + 3600 })
}

/// The claims with one of them changed, or taken away by `null`.
fn but(name: &str, value: Value) -> Value {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

#[tokio::test]
async fn tokens_by_each_kind_of_key_are_taken() {
    let desk = Desk::new();
    let signers = [Signer::rs256(), Signer::es256(), Signer::eddsa()];
    let keys: Vec<Value> = signers.iter().map(|it| it.jwk(it.algorithm())).collect();
    let running = start(settings(&desk, &keys)).await;
    let channel = running.plain().await;
    for signer in &signers {
        let good = [
            claims(),
            but("aud", json!(["other", "scanvet"])),
            but("nbf", json!(now() - 5)),
            // Clocks may differ by seconds.
            but("exp", json!(now() - 5)),
            but("nbf", json!(now() + 5)),
        ];
        for claims in good {
            let token = format!("Bearer {}", signer.token(signer.algorithm(), &claims));
            ask(&channel, &[("authorization", &token)]).await.unwrap_or_else(|status| {
                panic!("{} {claims} {status:?}", signer.algorithm());
            });
        }
    }
    assert_refused(ask(&channel, &[]).await, MISSING.0, MISSING.1);
}

#[tokio::test]
async fn tokens_that_may_not_be_believed_are_refused() {
    let log = Log::here();
    let desk = Desk::new();
    let (rsa, other) = (Signer::rs256(), Signer::eddsa());
    let keys = [rsa.jwk("rsa"), other.jwk("ed")];
    let running = start(settings(&desk, &keys)).await;
    let channel = running.plain().await;
    let head = |algorithm: &str| json!({ "alg": algorithm, "kid": "rsa", "typ": "JWT" });
    let public = decode(keys[0]["n"].as_str().unwrap());
    let good = rsa.token("rsa", &claims());
    let (body, signature) = good.rsplit_once('.').unwrap();
    let swapped = {
        let [head, _, signature]: [&str; 3] =
            good.split('.').collect::<Vec<_>>().try_into().unwrap();
        format!("{head}.{}.{signature}", encode(but("sub", json!("admin")).to_string()))
    };
    let signed = |claims: Value| rsa.token("rsa", &claims);
    let attempts: Vec<(&str, String)> = vec![
        ("malformed-token", forged(&head("none"), &claims(), |_| Vec::new())),
        ("malformed-token", forged(&head("None"), &claims(), |_| Vec::new())),
        ("wrong-algorithm", forged(&head("HS256"), &claims(), |it| hmac(&public, it))),
        (
            "wrong-algorithm",
            forged(&head("HS256"), &claims(), |it| hmac(jwks(&keys).as_bytes(), it)),
        ),
        ("wrong-algorithm", rsa.signs(&head("PS256"), &claims())),
        ("wrong-algorithm", other.signs(&head("EdDSA"), &claims())),
        ("wrong-signature", Signer::es256().signs(&head("RS256"), &claims())),
        ("wrong-signature", format!("{body}.{}", encode(vec![0; 256]))),
        ("wrong-signature", format!("{body}.")),
        ("wrong-signature", swapped),
        ("wrong-audience", signed(but("aud", json!("someone-else")))),
        ("claim-missing", signed(but("aud", Value::Null))),
        ("wrong-issuer", signed(but("iss", json!("https://evil.example.org")))),
        ("claim-missing", signed(but("iss", Value::Null))),
        ("expired-token", signed(but("exp", json!(now() - 3600)))),
        ("claim-missing", signed(but("exp", Value::Null))),
        ("claim-missing", signed(but("exp", json!("tomorrow")))),
        ("token-not-yet-valid", signed(but("nbf", json!(now() + 3600)))),
        ("nameless-token", signed(but("sub", Value::Null))),
        ("nameless-token", signed(but("sub", json!("two words\n")))),
        ("nameless-token", signed(but("sub", json!("x".repeat(300))))),
        ("unknown-signer", rsa.token("no-such-key", &claims())),
        ("unknown-signer", rsa.signs(&json!({ "alg": "RS256" }), &claims())),
        (
            "critical-header",
            rsa.signs(
                &json!({ "alg": "RS256", "kid": "rsa", "crit": ["b64"], "b64": true }),
                &claims(),
            ),
        ),
        // A key that the token itself brings.
        (
            "unknown-signer",
            Signer::eddsa().signs(
                &json!({ "alg": "EdDSA", "jwk": Signer::eddsa().jwk("own"), "kid": "own" }),
                &claims(),
            ),
        ),
        ("too-long", signed(but("padding", json!("x".repeat(7_600))))),
        ("malformed-token", "..".to_owned()),
        ("malformed-token", "a.b.c".to_owned()),
        ("malformed-token", format!("{good}.{signature}")),
        ("malformed-token", good.replace('.', "")),
    ];
    assert!(attempts.iter().any(|(_, token)| token.len() > 10_000), "a token of 10 KB");
    for (class, token) in attempts {
        log.text.lock().unwrap().clear();
        let outcome = ask(&channel, &[("authorization", &format!("Bearer {token}"))]).await;
        assert_refused(outcome, INVALID.0, INVALID.1);
        let text = log.text();
        let line = text.lines().find(|line| line.contains("\"refused\"")).unwrap();
        assert!(line.contains(&format!("\"why\":\"{class}\"")), "{class}: {line}");
        let payload = token.split('.').nth(1).unwrap_or(&token);
        assert!(payload.len() < 8 || !line.contains(payload), "{line}");
    }
    ask(&channel, &[("authorization", &format!("Bearer {good}"))]).await.unwrap();
}

#[tokio::test]
async fn keys_of_signers_are_replaced_without_a_restart_and_a_broken_set_changes_nothing() {
    let desk = Desk::new();
    let (old, new) = (Signer::es256(), Signer::es256());
    let running = start(settings(&desk, &[old.jwk("1")])).await;
    let channel = running.plain().await;
    let by = |signer: &Signer, id: &str| format!("Bearer {}", signer.token(id, &claims()));
    ask(&channel, &[("authorization", &by(&old, "1"))]).await.unwrap();
    // Both hold while tokens of the old one are about.
    settings(&desk, &[old.jwk("1"), new.jwk("2")]);
    running.access.reload().unwrap();
    ask(&channel, &[("authorization", &by(&old, "1"))]).await.unwrap();
    ask(&channel, &[("authorization", &by(&new, "2"))]).await.unwrap();
    settings(&desk, &[new.jwk("2")]);
    running.access.reload().unwrap();
    let outcome = ask(&channel, &[("authorization", &by(&old, "1"))]).await;
    assert_refused(outcome, INVALID.0, INVALID.1);
    // With one key a token need not say which.
    let nameless = new.signs(&json!({ "alg": "ES256" }), &claims());
    ask(&channel, &[("authorization", &format!("Bearer {nameless}"))]).await.unwrap();
    let mut short = Signer::rs256().jwk("short");
    short["n"] = encode([0xc3; 128]).into();
    let broken = [
        ("{", "no JSON Web Key Set"),
        (&jwks(&[]), "no public key"),
        (&jwks(&[json!({ "kty": "oct", "k": encode("CANARY"), "kid": "1" })]), "shared secret"),
        (&jwks(&[short]), "2048 bits"),
        (&jwks(&[new.jwk("2"), old.jwk("2")]), "id of another"),
        (&jwks(&[json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" })]), "no public key"),
    ];
    for (content, what) in broken {
        let path = desk.put("jwks.json", content);
        let fault = running.access.reload().unwrap_err().to_string();
        assert!(fault.starts_with(&format!("serve.access.jwks: {}: ", path.display())), "{fault}");
        assert!(fault.contains(what) && !fault.contains("CANARY"), "{what}: {fault}");
        ask(&channel, &[("authorization", &by(&new, "2"))]).await.unwrap();
    }
}

#[tokio::test]
async fn callers_are_named_by_the_claim_that_is_set_and_may_have_to_be_on_a_list() {
    let desk = Desk::new();
    let signer = Signer::eddsa();
    let mut settings = settings(&desk, &[signer.jwk("1")]);
    settings.access.identity_claim = Some("client_id".to_owned());
    settings.access.allowed_subjects = vec!["filing/*".to_owned(), "audit".to_owned()];
    let running = start(settings).await;
    let channel = running.plain().await;
    let named =
        |name: &str| format!("Bearer {}", signer.token("1", &but("client_id", json!(name))));
    for good in ["filing/web", "audit"] {
        ask(&channel, &[("authorization", &named(good))]).await.unwrap();
    }
    for known in ["filing", "filing/", "auditor", "filing-web"] {
        let outcome = ask(&channel, &[("authorization", &named(known))]).await;
        assert_refused(outcome, NOT_ALLOWED.0, NOT_ALLOWED.1);
    }
    let token = format!("Bearer {}", signer.token("1", &claims()));
    let outcome = ask(&channel, &[("authorization", &token)]).await;
    assert_refused(outcome, INVALID.0, INVALID.1);
}

#[test]
fn settings_of_tokens_that_would_take_anybodys_are_faults() {
    let desk = Desk::new();
    let mut loose = settings(&desk, &[Signer::eddsa().jwk("1")]);
    (loose.access.issuer, loose.access.audience) = (None, None);
    loose.access.allowed_subjects = vec!["*".to_owned()];
    let faults = Access::open(loose).unwrap_err().to_string();
    assert_eq!(faults.lines().count(), 3, "{faults}");
    for key in ["issuer", "audience", "allowed_subjects"] {
        assert!(faults.contains(&format!("serve.access.{key}: ")), "{faults}");
    }
    let idle = AccessSettings { issuer: Some(ISSUER.to_owned()), ..AccessSettings::default() };
    let fault = Access::open(heads(idle)).unwrap_err().to_string();
    assert!(fault.starts_with("serve.access.issuer: says nothing without"), "{fault}");
}
