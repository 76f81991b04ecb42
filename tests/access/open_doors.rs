//! What is open to everybody, and where the service may listen.

use std::process::Command;
use std::sync::Arc;

use scanvet::access::{Access, AccessSettings, Settings};
use scanvet::grpc::{ServeConfig, ServeError, probe, serve};
use scanvet::rules::RuleBook;
use tokio::net::TcpListener;
use tonic::{Code, Status};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

use crate::made::{Authority, Desk, key_line};
use crate::{MISSING, Running, ask, assert_refused, heads, start, start_at, tls, with};

const KEY: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

fn by_key(desk: &Desk) -> AccessSettings {
    let api_keys = Some(desk.put("keys.toml", key_line("web", KEY)));
    AccessSettings { api_keys, ..AccessSettings::default() }
}

async fn reflects(running: &Running, key: Option<&str>) -> Result<(), Status> {
    let mut client = ServerReflectionClient::new(running.plain().await);
    let message_request = Some(MessageRequest::ListServices(String::new()));
    let ask = ServerReflectionRequest { host: String::new(), message_request };
    let headers: Vec<_> = key.into_iter().map(|key| ("x-api-key", key)).collect();
    let request = with(tokio_stream::iter([ask]), &headers);
    client.server_reflection_info(request).await?.into_inner().message().await.map(|_| ())
}

#[tokio::test]
async fn health_is_told_to_everybody_and_reflection_to_callers() {
    let desk = Desk::new();
    let running = start(heads(by_key(&desk))).await;
    assert!(probe(&running.address.to_string()).await.unwrap());
    assert_refused(reflects(&running, None).await, MISSING.0, MISSING.1);
    reflects(&running, Some(KEY)).await.unwrap();
}

#[tokio::test]
async fn reflection_can_be_turned_off_and_is_off_for_strangers_from_other_machines() {
    let desk = Desk::new();
    let mut settings = heads(by_key(&desk));
    settings.access.reflection = Some(false);
    let running = start(settings).await;
    assert_eq!(reflects(&running, Some(KEY)).await.unwrap_err().code(), Code::Unimplemented);
    ask(&running.plain().await, &[("x-api-key", KEY)]).await.unwrap();
    let open = |settings| Access::open(settings).unwrap();
    let (near, far) = ("127.0.0.1:1".parse().unwrap(), "192.0.2.1:1".parse().unwrap());
    let strangers = open(Settings::default());
    assert!(strangers.reflection(near) && !strangers.reflection(far));
    assert!(open(heads(by_key(&desk))).reflection(far));
}

#[tokio::test]
async fn without_tls_the_service_listens_to_this_machine_alone_unless_told_otherwise() {
    let open = |settings| Arc::new(Access::open(settings).unwrap());
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let config = ServeConfig { access: open(Settings::default()), ..ServeConfig::default() };
    let book = Arc::new(RuleBook::embedded().unwrap());
    let outcome = serve(listener, book, config, std::future::pending()).await;
    let Err(ServeError::Listen(fault)) = outcome else { panic!("it listens") };
    for word in ["serve.listen: 0.0.0.0:", "--tls-certificate", "127.0.0.1", "--insecure"] {
        assert!(fault.to_string().contains(word), "{word}: {fault}");
    }
    let insecure = open(Settings { insecure: true, ..Settings::default() });
    let running = start_at("0.0.0.0:0", insecure).await;
    ask(&running.plain().await, &[]).await.unwrap();
    let (ours, desk) = (Authority::new("ours"), Desk::new());
    let secure = open(Settings { tls: tls(&desk, &ours.server()), ..Settings::default() });
    let running = start_at("0.0.0.0:0", secure).await;
    ask(&running.secure(&ours.pem(), None).await.unwrap(), &[]).await.unwrap();
    let plain = open(Settings::default());
    for near in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        plain.may_listen(near.parse().unwrap()).unwrap();
    }
    for far in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1"] {
        plain.may_listen(far.parse().unwrap()).unwrap_err();
    }
}

fn scanvet(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanvet"));
    let output = command.args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_command_says_at_once_what_is_wrong_with_its_settings() {
    let (status, told) = scanvet(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(status, Some(2), "{told}");
    assert!(told.contains("--insecure"), "{told}");
    let desk = Desk::new();
    let keys = desk.put("keys.toml", "web = 1");
    let text = format!(
        "[serve.tls]\nkey = \"/nowhere/key.pem\"\n\
         [serve.access]\napi_keys = {keys:?}\nissuer = \"x\"\nreflection = false\nrequire = \"any\"\n\
         [serve.rates]\nfiles_per_second = 0\n[serve.rates.callers.\"web\"]\nbyte_burst = 0\n"
    );
    let config = desk.put("scanvet.toml", text);
    let config = config.to_str().unwrap();
    let (status, told) = scanvet(&["--config", config, "serve"]);
    assert_eq!(status, Some(2), "{told}");
    let keys = format!("serve.access.api_keys: {}: ", keys.display());
    for fault in [
        "serve.tls.certificate: is missing",
        &keys,
        "serve.access.issuer: ",
        "serve.rates: files_per_second",
        "serve.rates.callers: byte_burst of \"web\"",
    ] {
        assert!(told.contains(fault), "{fault}: {told}");
    }
    desk.put("scanvet.toml", "[serve.access]\napi_key = \"keys.toml\"\n");
    let (status, told) = scanvet(&["--config", config, "serve"]);
    assert!(status == Some(2) && told.contains("unknown field `api_key`"), "{told}");
}
