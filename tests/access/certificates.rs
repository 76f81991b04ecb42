//! Callers known by certificates, and the server's own.

use rcgen::SerialNumber;
use scanvet::access::{Access, AccessSettings, Require, Settings, TlsSettings};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::made::{Authority, Certified, Desk, key_line};
use crate::{INVALID, Log, MISSING, NOT_ALLOWED, Running, ask, assert_refused, start, tls};

const REVOKED: u64 = 7;

fn day() -> time::Duration {
    time::Duration::days(1)
}

fn mutual(desk: &Desk, ours: &Authority) -> TlsSettings {
    let lists = ours.revokes(&[REVOKED], OffsetDateTime::now_utc() + day());
    TlsSettings {
        client_ca: Some(desk.put("callers.pem", ours.pem())),
        client_crl: Some(desk.put("revoked.pem", lists)),
        allowed_names: vec!["spiffe://prod/filing/*".to_owned(), "batch.example.org".to_owned()],
        ..tls(desk, &ours.server())
    }
}

fn settings(tls: TlsSettings) -> Settings {
    Settings { tls, ..Settings::default() }
}

/// Whether a caller gets as far as an answer. By TLS 1.3 it only learns from its first call that its
/// certificate was not taken.
async fn gets_an_answer(running: &Running, ca: &str, caller: Option<&Certified>) -> bool {
    match running.secure(ca, caller).await {
        Err(_) => false,
        Ok(channel) => match ask(&channel, &[]).await {
            Ok(()) => true,
            Err(status) => {
                assert!(status.get_details_missing(), "an answer of the server: {status:?}");
                false
            }
        },
    }
}

trait Details {
    fn get_details_missing(&self) -> bool;
}

impl Details for tonic::Status {
    /// Whether the fault is the transport's own.
    fn get_details_missing(&self) -> bool {
        self.details().is_empty()
    }
}

#[tokio::test]
async fn only_callers_with_a_certificate_that_holds_get_a_connection() {
    let log = Log::here();
    let (ours, others, desk) = (Authority::new("ours"), Authority::new("others"), Desk::new());
    let running = start(settings(mutual(&desk, &ours))).await;
    let now = OffsetDateTime::now_utc();
    let name = "spiffe://prod/filing/web";
    for good in [name, "batch.example.org"] {
        assert!(gets_an_answer(&running, &ours.pem(), Some(&ours.caller(&[good]))).await, "{good}");
    }
    assert!(!gets_an_answer(&running, &ours.pem(), None).await);
    log.says("\"no-certificate\"").await;
    let expired =
        ours.signs(&[name], |it| (it.not_before, it.not_after) = (now - 2 * day(), now - day()));
    assert!(!gets_an_answer(&running, &ours.pem(), Some(&expired)).await);
    log.says("\"expired-certificate\"").await;
    let early =
        ours.signs(&[name], |it| (it.not_before, it.not_after) = (now + day(), now + 2 * day()));
    assert!(!gets_an_answer(&running, &ours.pem(), Some(&early)).await);
    log.says("\"certificate-not-yet-valid\"").await;
    assert!(!gets_an_answer(&running, &ours.pem(), Some(&others.caller(&[name]))).await);
    log.says("\"unknown-issuer\"").await;
    let revoked = ours.signs(&[name], |it| it.serial_number = Some(SerialNumber::from(REVOKED)));
    assert!(!gets_an_answer(&running, &ours.pem(), Some(&revoked)).await);
    log.says("\"revoked-certificate\"").await;
    // What a server shows to its callers is no certificate of a caller.
    assert!(!gets_an_answer(&running, &ours.pem(), Some(&ours.server())).await);
    log.says("\"invalid-certificate\"").await;
}

#[tokio::test]
async fn a_good_certificate_with_a_name_that_is_not_on_the_list_is_denied() {
    let log = Log::here();
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let running = start(settings(mutual(&desk, &ours))).await;
    let lists = [
        &["spiffe://prod/audit"][..],
        &["spiffe://prod/filing"],
        &["spiffe://prod/filing/../audit"],
        &["spiffe://test/filing/web", "other.example.org"],
        &["*.example.org"],
        &[],
    ];
    for names in lists {
        let channel = running.secure(&ours.pem(), Some(&ours.caller(names))).await.unwrap();
        assert_refused(ask(&channel, &[]).await, NOT_ALLOWED.0, NOT_ALLOWED.1);
    }
    log.says("\"certificate-not-on-the-list\"").await;
    // One name that is on the list is enough.
    let both = ours.caller(&["other.example.org", "Batch.Example.Org"]);
    assert!(gets_an_answer(&running, &ours.pem(), Some(&both)).await);
}

#[tokio::test]
async fn a_list_of_revoked_certificates_that_is_out_of_date_lets_nobody_in() {
    let log = Log::here();
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let running = start(settings(mutual(&desk, &ours))).await;
    let caller = ours.caller(&["batch.example.org"]);
    assert!(gets_an_answer(&running, &ours.pem(), Some(&caller)).await);
    desk.put("revoked.pem", ours.revokes(&[], OffsetDateTime::now_utc() - day()));
    running.access.reload().unwrap();
    assert!(!gets_an_answer(&running, &ours.pem(), Some(&caller)).await);
    log.says("\"no-revocation-list-in-force\"").await;
}

#[tokio::test]
async fn the_servers_certificate_is_replaced_without_a_restart_and_no_connection_is_lost() {
    let (old, new, desk) = (Authority::new("old"), Authority::new("new"), Desk::new());
    let running = start(settings(tls(&desk, &old.server()))).await;
    let before = running.secure(&old.pem(), None).await.unwrap();
    ask(&before, &[]).await.unwrap();
    tls(&desk, &new.server());
    // Nothing changes before it is asked for.
    assert!(gets_an_answer(&running, &old.pem(), None).await);
    running.access.reload().unwrap();
    assert!(gets_an_answer(&running, &new.pem(), None).await);
    assert!(!gets_an_answer(&running, &old.pem(), None).await);
    ask(&before, &[]).await.unwrap();
}

#[tokio::test]
async fn a_broken_file_leaves_the_old_one_in_force_and_is_told_by_key_and_name() {
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let running = start(settings(mutual(&desk, &ours))).await;
    let caller = ours.caller(&["batch.example.org"]);
    let whole = mutual(&desk, &ours);
    let spoilt: [(&str, &str, String); 5] = [
        ("serve.tls.certificate", "server.pem", "-----BEGIN CERT".to_owned()),
        ("serve.tls.key", "server.key", ours.server().key),
        ("serve.tls.key", "server.key", String::new()),
        ("serve.tls.client_ca", "callers.pem", ours.server().key),
        ("serve.tls.client_crl", "revoked.pem", ours.pem()),
    ];
    for (key, file, content) in spoilt {
        let kept = std::fs::read(desk.path(file)).unwrap();
        let path = desk.put(file, content);
        let faults = running.access.reload().unwrap_err().to_string();
        assert_eq!(faults.lines().count(), 1, "{faults}");
        assert!(faults.starts_with(&format!("{key}: {}: ", path.display())), "{faults}");
        assert!(gets_an_answer(&running, &ours.pem(), Some(&caller)).await, "{key}");
        desk.put(file, kept);
    }
    drop(whole);
    running.access.reload().unwrap();
}

#[tokio::test]
async fn those_who_stall_or_babble_in_the_handshake_keep_nobody_out() {
    let log = Log::here();
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let running = start(settings(tls(&desk, &ours.server()))).await;
    let mut stalled = Vec::new();
    for number in 0..30 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        if number % 3 == 0 {
            stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        }
        stalled.push(stream);
    }
    assert!(gets_an_answer(&running, &ours.pem(), None).await);
    log.says("\"no-agreement\"").await;
    drop(stalled);
    log.says("\"connection-lost\"").await;
}

#[tokio::test]
async fn nothing_but_http2_is_spoken_over_tls() {
    let log = Log::here();
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let running = start(settings(tls(&desk, &ours.server()))).await;
    let mut roots = rustls::RootCertStore::empty();
    let pem = ours.pem();
    let ca: rustls::pki_types::CertificateDer<'static> =
        rustls::pki_types::pem::PemObject::from_pem_slice(pem.as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let stream = TcpStream::connect(running.address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let read = stream.read(&mut [0; 64]).await;
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    log.says("\"not-http2\"").await;
    // A plain call at a door for TLS, which must not stop it for others.
    let plain = tonic::transport::Endpoint::from_shared(format!("http://{}", running.address));
    let channel = plain.unwrap().connect_lazy();
    assert!(ask(&channel, &[]).await.unwrap_err().details().is_empty());
    assert!(gets_an_answer(&running, &ours.pem(), None).await);
}

#[tokio::test]
async fn where_all_is_required_neither_certificate_nor_key_is_enough() {
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let key = "k".repeat(44);
    let access = AccessSettings {
        api_keys: Some(desk.put("keys.toml", key_line("web", &key))),
        require: Some(Require::All),
        ..AccessSettings::default()
    };
    let running = start(Settings { access, ..settings(mutual(&desk, &ours)) }).await;
    let caller = ours.caller(&["batch.example.org"]);
    assert!(!gets_an_answer(&running, &ours.pem(), None).await);
    let channel = running.secure(&ours.pem(), Some(&caller)).await.unwrap();
    assert_refused(ask(&channel, &[]).await, MISSING.0, MISSING.1);
    assert_refused(ask(&channel, &[("x-api-key", &"x".repeat(44))]).await, INVALID.0, INVALID.1);
    ask(&channel, &[("x-api-key", &key)]).await.unwrap();
    let stranger = ours.caller(&["other.example.org"]);
    let channel = running.secure(&ours.pem(), Some(&stranger)).await.unwrap();
    let outcome = ask(&channel, &[("x-api-key", &key)]).await;
    assert_refused(outcome, NOT_ALLOWED.0, NOT_ALLOWED.1);
}

#[tokio::test]
async fn where_any_is_enough_a_key_or_a_certificate_will_do_but_a_bad_key_is_never_overlooked() {
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let key = "k".repeat(44);
    let access = AccessSettings {
        api_keys: Some(desk.put("keys.toml", key_line("web", &key))),
        ..AccessSettings::default()
    };
    let running = start(Settings { access, ..settings(mutual(&desk, &ours)) }).await;
    let good = ours.caller(&["batch.example.org"]);
    let with_certificate = running.secure(&ours.pem(), Some(&good)).await.unwrap();
    ask(&with_certificate, &[]).await.unwrap();
    ask(&with_certificate, &[("x-api-key", &key)]).await.unwrap();
    let outcome = ask(&with_certificate, &[("x-api-key", &"x".repeat(44))]).await;
    assert_refused(outcome, INVALID.0, INVALID.1);
    let without = running.secure(&ours.pem(), None).await.unwrap();
    assert_refused(ask(&without, &[]).await, MISSING.0, MISSING.1);
    ask(&without, &[("x-api-key", &key)]).await.unwrap();
    // A certificate that is shown must hold, whatever else is shown.
    let others = Authority::new("others").caller(&["batch.example.org"]);
    assert!(!gets_an_answer(&running, &ours.pem(), Some(&others)).await);
}

#[test]
fn settings_of_certificates_that_do_not_fit_together_are_told_together() {
    let desk = Desk::new();
    let nowhere = desk.path("nowhere.pem");
    let told = |tls: TlsSettings| Access::open(settings(tls)).unwrap_err().to_string();
    let faults = told(TlsSettings {
        certificate: Some(nowhere.clone()),
        key: Some(nowhere.clone()),
        client_ca: Some(nowhere.clone()),
        allowed_names: vec!["*".to_owned()],
        ..TlsSettings::default()
    });
    for key in ["certificate", "key", "client_ca", "allowed_names"] {
        assert!(faults.contains(&format!("serve.tls.{key}: ")), "{key}: {faults}");
    }
    assert_eq!(faults.lines().count(), 4, "{faults}");
    let access = AccessSettings { require: Some(Require::All), ..AccessSettings::default() };
    let none = Access::open(Settings { access, ..Settings::default() }).unwrap_err().to_string();
    assert!(none.starts_with("serve.access.require: \"all\" needs two of"), "{none}");
    let half = told(TlsSettings { key: Some(nowhere.clone()), ..TlsSettings::default() });
    assert_eq!(half, "serve.tls.certificate: is missing");
    let useless = told(TlsSettings { client_ca: Some(nowhere), ..TlsSettings::default() });
    assert!(useless.starts_with("serve.tls.client_ca: needs TLS"), "{useless}");
}
