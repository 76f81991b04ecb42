//! The commands that ask a server, against one that wants to know who calls.

use std::process::Command;

use scanvet::access::{AccessSettings, Settings, TlsSettings};

use crate::made::{Authority, Desk, Signer, jwks, key_line};
use crate::{Running, start, tls};

const KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

/// Runs the command beside the server: its exit status and all that it said.
async fn scanvet(arguments: &[&str]) -> (Option<i32>, String) {
    let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
    let run = move || Command::new(env!("CARGO_BIN_EXE_scanvet")).args(arguments).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

fn uri(running: &Running) -> String {
    format!("https://localhost:{}", running.address.port())
}

#[tokio::test]
async fn health_is_asked_by_tls_and_only_of_a_server_that_is_trusted() {
    let (ours, others, desk) = (Authority::new("ours"), Authority::new("others"), Desk::new());
    let running = start(Settings { tls: tls(&desk, &ours.server()), ..Settings::default() }).await;
    let (uri, plain) = (uri(&running), format!("http://{}", running.address));
    let ours = desk.put("ours.pem", ours.pem());
    let others = desk.put("others.pem", others.pem());
    let (ours, others) = (ours.to_str().unwrap(), others.to_str().unwrap());
    let (status, said) = scanvet(&["health", "--server", &uri, "--ca", ours]).await;
    assert_eq!(status, Some(0), "{said}");
    // The scheme may be left out where a certificate is named.
    let bare = uri.trim_start_matches("https://");
    let (status, said) = scanvet(&["health", "--server", bare, "--ca", ours]).await;
    assert_eq!(status, Some(0), "{said}");
    for wrong in
        [&["--server", &uri, "--ca", others][..], &["--server", &uri], &["--server", &plain]]
    {
        let (status, said) = scanvet(&[&["health"], wrong].concat()).await;
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains("server"), "{said}");
    }
    let (status, said) = scanvet(&["health", "--server", &uri, "--ca", "/nowhere.pem"]).await;
    assert!(status == Some(2) && said.contains("/nowhere.pem: "), "{said}");
    let (status, said) = scanvet(&["health", "--server", &plain, "--ca", ours]).await;
    assert!(status == Some(2) && said.contains("say https://"), "{said}");
}

#[tokio::test]
async fn a_batch_shows_its_key_its_token_or_its_certificate() {
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let signer = Signer::es256();
    let settings = Settings {
        tls: TlsSettings {
            client_ca: Some(desk.put("callers.pem", ours.pem())),
            ..tls(&desk, &ours.server())
        },
        access: AccessSettings {
            api_keys: Some(desk.put("keys.toml", key_line("batch", KEY))),
            jwks: Some(desk.put("jwks.json", jwks(&[signer.jwk("1")]))),
            issuer: Some("https://login.example.org".to_owned()),
            audience: Some("scanvet".to_owned()),
            ..AccessSettings::default()
        },
        ..Settings::default()
    };
    let running = start(settings).await;
    let in_an_hour = time::OffsetDateTime::now_utc().unix_timestamp() + 3600;
    let claims = serde_json::json!({
        "iss": "https://login.example.org", "aud": "scanvet", "sub": "batch", "exp": in_an_hour,
    });
    let caller = ours.caller(&["batch.example.org"]);
    let path =
        |name: &str, content: &str| desk.put(name, content).into_os_string().into_string().unwrap();
    let ca = path("ca.pem", &ours.pem());
    let key = path("key", &format!("{KEY}\n"));
    let token = path("token", &signer.token("1", &claims));
    let certificate = path("caller.pem", &caller.certificate);
    let private = path("caller.key", &caller.key);
    path("note.pdf", "Dear Sir or Madam");
    let input = path("manifest.csv", "item_id,uri,slot\n1,note.pdf,supporting-document\n");
    let out = |way: &str| desk.path(&format!("out-{way}")).into_os_string().into_string().unwrap();
    let uri = uri(&running);
    let shown: [(&str, &[&str]); 3] = [
        ("key", &["--api-key-file", &key]),
        ("token", &["--token-file", &token]),
        ("certificate", &["--client-certificate", &certificate, "--client-key", &private]),
    ];
    for (way, shown) in shown {
        let out = out(way);
        let arguments = ["batch", &input, "--out", &out, "--server", &uri, "--ca", &ca];
        let (status, said) = scanvet(&[&arguments[..], shown].concat()).await;
        assert_eq!(status, Some(0), "{way}: {said}");
    }
    let out = out("nothing");
    let arguments = ["batch", &input, "--out", &out, "--server", &uri, "--ca", &ca];
    let (status, said) = scanvet(&arguments).await;
    // Trying again would change nothing.
    assert!(status == Some(42) && said.contains("no credentials were shown"), "{status:?} {said}");
    let absent = ["--api-key-file", "/nowhere/key"];
    let (status, said) = scanvet(&[&arguments[..], &absent].concat()).await;
    assert!(status == Some(42) && said.contains("/nowhere/key: "), "{status:?} {said}");
}
