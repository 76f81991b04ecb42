//! Is the page served to whom it is for, and do calls of browsers pass what every call passes?
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

#[path = "web/browser.rs"]
mod browser;
#[path = "web/raw.rs"]
mod raw;
#[path = "web/source.rs"]
mod source;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use prost::Message;
use scanvet::access::{Access, AccessSettings, RateSettings, Settings};
use scanvet::grpc::proto::{self, FileDescriptor, Verdict};
use scanvet::grpc::{ServeConfig, serve};
use scanvet::rules::RuleBook;
use tokio::net::TcpListener;

use raw::{Answer, Ask, frame};

const VALIDATE: &str = "/scanvet.v1.ValidationService/ValidateFile";
const INFO: &str = "/scanvet.v1.ValidationService/GetServerInfo";

async fn start(config: ServeConfig) -> SocketAddr {
    start_at("127.0.0.1:0", config).await
}

/// A server that runs until the test ends.
async fn start_at(at: &str, config: ServeConfig) -> SocketAddr {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = ServeConfig { workers: 1, max_deadline: Duration::from_secs(60), ..config };
    let book = Arc::new(RuleBook::embedded().unwrap());
    tokio::spawn(async move { serve(listener, book, config, std::future::pending()).await });
    address
}

fn sample(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples");
    std::fs::read(folder.join(name)).expect("a sample")
}

fn request(content: Vec<u8>) -> Vec<u8> {
    let file = FileDescriptor { slot: "id-card-front".to_owned(), ..FileDescriptor::default() };
    proto::ValidateFileRequest { file: Some(file), content, options: None }.encode_to_vec()
}

fn verdict(answer: &Answer) -> Verdict {
    let answer = proto::ValidateFileResponse::decode(&*answer.message()).unwrap();
    answer.result.unwrap().verdict()
}

#[tokio::test]
async fn the_page_is_served_and_may_load_nothing_from_elsewhere() {
    let server = start(ServeConfig::default()).await;
    for (path, media_type) in [
        ("/", "text/html"),
        ("/app.js", "text/javascript"),
        ("/app.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/licences.txt", "text/plain"),
    ] {
        let answer = Ask::get(server, path).answer().await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(media_type), "{path}");
        assert!(!answer.body.is_empty(), "{path}");
        let policy = answer.header("content-security-policy");
        for demand in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(demand), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        for name in answer.headers.iter().map(|(name, _)| name) {
            assert!(!name.starts_with("access-control"), "{path}: {name}");
            assert!(name != "set-cookie", "{path}");
        }
        let head = Ask { method: "HEAD", ..Ask::get(server, path) }.answer().await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    assert_eq!(Ask::get(server, "/nothing").answer().await.status, 404);
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = Ask { method, ..Ask::get(server, "/") }.answer().await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD"), "{method}");
    }
}

#[tokio::test]
async fn where_it_is_off_no_browser_is_answered() {
    let off = ServeConfig { web: Some(false), ..ServeConfig::default() };
    let server = start(off).await;
    let page = Ask::get(server, "/").bytes().await;
    assert!(!page.starts_with(b"HTTP/1.1"), "{}", String::from_utf8_lossy(&page));
    let call = Ask::call(server, INFO, Vec::new()).bytes().await;
    assert!(!call.starts_with(b"HTTP/1.1"), "{}", String::from_utf8_lossy(&call));
}

#[tokio::test]
async fn beyond_loopback_it_is_off_unless_it_is_switched_on() {
    let access = || {
        let settings = Settings { insecure: true, ..Settings::default() };
        Arc::new(Access::open(settings).unwrap_or_else(|faults| panic!("{faults}")))
    };
    let config = ServeConfig { access: access(), ..ServeConfig::default() };
    let port = start_at("0.0.0.0:0", config).await.port();
    let here = SocketAddr::from(([127, 0, 0, 1], port));
    assert!(!Ask::get(here, "/").bytes().await.starts_with(b"HTTP/1.1"));

    let on = ServeConfig { access: access(), web: Some(true), ..ServeConfig::default() };
    let port = start_at("0.0.0.0:0", on).await.port();
    let here = SocketAddr::from(([127, 0, 0, 1], port));
    let asked = Ask { host: "scan.example.org".to_owned(), ..Ask::get(here, "/") };
    assert_eq!(asked.answer().await.status, 200);
}

#[tokio::test]
async fn a_call_over_http_1_gets_the_verdict() {
    let server = start(ServeConfig::default()).await;
    for (name, expected) in
        [("accept-card.jpg", Verdict::Accept), ("reject-card-grey.jpg", Verdict::Reject)]
    {
        let answer = Ask::call(server, VALIDATE, request(sample(name))).answer().await;
        assert_eq!((answer.status, answer.grpc_status()), (200, 0), "{name}");
        assert_eq!(answer.header("content-type"), "application/grpc-web+proto");
        assert_eq!(verdict(&answer), expected, "{name}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    // As base64, as older clients send it.
    let body = frame(&request(sample("reject-card-grey.jpg")));
    let body = base64::engine::general_purpose::STANDARD.encode(body).into_bytes();
    let text = "application/grpc-web-text";
    let more = vec![("accept".to_owned(), text.to_owned())];
    let ask = Ask { body, more, content_type: text, ..Ask::call(server, VALIDATE, Vec::new()) };
    let answer = ask.answer().await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with(text), "{answer:?}");
    // Base64 of the head of a message that is shorter than 65,536 bytes.
    assert!(answer.body.starts_with(b"AAA"), "{answer:?}");
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said_as_to_any_caller() {
    let server = start(ServeConfig::default()).await;
    let empty = proto::ValidateFileRequest::default().encode_to_vec();
    let answer = Ask::call(server, VALIDATE, empty).answer().await;
    assert_eq!((answer.status, answer.grpc_status()), (200, 3), "INVALID_ARGUMENT");
    let nothing = Ask::call(server, "/scanvet.v1.ValidationService/Nothing", Vec::new());
    assert_eq!(nothing.answer().await.grpc_status(), 12, "UNIMPLEMENTED");
    // Plain gRPC has trailers, which HTTP/1.1 gives no browser.
    let plain = Ask { content_type: "application/grpc", ..Ask::call(server, INFO, Vec::new()) };
    assert_eq!(plain.answer().await.status, 400);
    let get = Ask { method: "GET", ..Ask::call(server, INFO, Vec::new()) };
    assert_eq!(get.answer().await.status, 405);
    let large = vec![("x-large".to_owned(), "x".repeat(17 * 1024))];
    let large = Ask { more: large, ..Ask::get(server, "/") };
    assert_eq!(large.answer().await.status, 431);
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let server = start(ServeConfig::default()).await;
    let origin = |origin: &str| vec![("origin".to_owned(), origin.to_owned())];
    let own =
        Ask { more: origin(&format!("http://{server}")), ..Ask::call(server, INFO, Vec::new()) };
    let answer = own.answer().await;
    assert_eq!((answer.status, answer.grpc_status()), (200, 0));
    for other in ["https://evil.example", "http://127.0.0.1:1", "null", "http://localhost"] {
        for kind in ["application/grpc-web+proto", "application/grpc-web-text", "text/plain"] {
            let call = Ask::call(server, INFO, Vec::new());
            let answer = Ask { more: origin(other), content_type: kind, ..call }.answer().await;
            assert_eq!(answer.status, 403, "{other} {kind}");
            let name = answer.headers.iter().find(|(name, _)| name.starts_with("access-control"));
            assert_eq!(name, None);
        }
        // What a browser asks before it sends such a call.
        let ask = Ask { method: "OPTIONS", more: origin(other), ..Ask::get(server, INFO) };
        assert_eq!(ask.answer().await.status, 403, "{other}");
    }
    // A name that was made to resolve to this machine.
    let rebound = Ask {
        host: "evil.example:50051".to_owned(),
        more: origin("http://evil.example:50051"),
        ..Ask::call(server, INFO, Vec::new())
    };
    assert_eq!(rebound.answer().await.status, 421);
    let named =
        ServeConfig { web_hosts: vec!["scan.example.org".to_owned()], ..ServeConfig::default() };
    let server = start(named).await;
    let proxied = Ask {
        host: "scan.example.org".to_owned(),
        more: origin("https://scan.example.org"),
        ..Ask::call(server, INFO, Vec::new())
    };
    assert_eq!(proxied.answer().await.status, 200);
}

#[tokio::test]
async fn calls_of_browsers_need_the_key_and_the_page_does_not() {
    let key = "a key that nobody guesses, of more than 32 characters";
    let digest: String = {
        use sha2::Digest;
        sha2::Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut keys = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut keys, format!("\"web\" = \"sha256:{digest}\"\n").as_bytes())
        .unwrap();
    let access =
        AccessSettings { api_keys: Some(keys.path().to_owned()), ..AccessSettings::default() };
    let rates =
        RateSettings { files_per_second: Some(1), file_burst: Some(1), ..RateSettings::default() };
    let settings = Settings { access, rates, ..Settings::default() };
    let access = Access::open(settings).unwrap_or_else(|faults| panic!("{faults}"));
    let config = ServeConfig { access: Arc::new(access), ..ServeConfig::default() };
    let server = start(config).await;

    assert_eq!(Ask::get(server, "/").answer().await.status, 200);
    let answer = Ask::call(server, INFO, Vec::new()).answer().await;
    assert_eq!(answer.grpc_status(), 16, "UNAUTHENTICATED");
    let with = |key: &str| vec![("authorization".to_owned(), format!("Bearer {key}"))];
    let wrong = Ask { more: with(&key.to_uppercase()), ..Ask::call(server, INFO, Vec::new()) };
    assert_eq!(wrong.answer().await.grpc_status(), 16);
    let right = Ask { more: with(key), ..Ask::call(server, INFO, Vec::new()) };
    assert_eq!(right.answer().await.grpc_status(), 0);
    // The caller's share counts, too.
    let judge = || Ask {
        more: with(key),
        ..Ask::call(server, VALIDATE, request(sample("accept-card.jpg")))
    };
    let (a, b, c) = (judge(), judge(), judge());
    let (a, b, c) = tokio::join!(a.answer(), b.answer(), c.answer());
    let codes = [a, b, c].map(|answer| answer.grpc_status());
    assert!(codes.contains(&0) && codes.contains(&8), "OK and RESOURCE_EXHAUSTED: {codes:?}");
}

#[tokio::test]
async fn who_is_refused_early_reads_why_after_sending_all() {
    // All of the memory that is set aside is taken by a call that goes on and on.
    let config = ServeConfig { max_bytes_in_flight: 1, ..ServeConfig::default() };
    let server = start(config).await;
    let head = format!(
        "POST {VALIDATE} HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/grpc-web+proto\r\n\
         Content-Length: 1000000\r\n\r\n\0\0\x01\0\0half"
    );
    let _slow = tokio::spawn(async move { raw::until_closed(server, head.as_bytes()).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let answer = Ask::call(server, VALIDATE, request(vec![7; 8 << 20])).answer().await;
    assert_eq!((answer.status, answer.grpc_status()), (200, 14), "UNAVAILABLE");
    // One file that is more than this server takes.
    let config = ServeConfig { max_file_bytes: 1 << 20, ..ServeConfig::default() };
    let server = start(config).await;
    let answer = Ask::call(server, VALIDATE, request(vec![7; 2 << 20])).answer().await;
    assert_eq!(answer.grpc_status(), 11, "OUT_OF_RANGE");
}

#[tokio::test]
async fn who_says_nothing_or_only_half_is_cut_off() {
    let server = start(ServeConfig::default()).await;
    let begun = std::time::Instant::now();
    let silent = tokio::spawn(raw::until_closed(server, b""));
    let half = tokio::spawn(raw::until_closed(server, b"GET /"));
    let (silent, half) = (silent.await.unwrap(), half.await.unwrap());
    let waited = begun.elapsed();
    assert!(silent.is_empty() && half.is_empty());
    assert!(waited > Duration::from_secs(8) && waited < Duration::from_secs(25), "{waited:?}");
    if std::env::var_os("SCANVET_LONG").is_some_and(|value| value == "1") {
        let begun = std::time::Instant::now();
        let head =
            tokio::spawn(raw::until_closed(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nX"));
        let idle = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let idle = tokio::spawn(raw::until_closed(server, idle));
        head.await.unwrap();
        assert!(String::from_utf8_lossy(&idle.await.unwrap()).starts_with("HTTP/1.1 404"));
        let waited = begun.elapsed();
        assert!(waited > Duration::from_secs(20) && waited < Duration::from_secs(60), "{waited:?}");
    }
}

#[tokio::test]
async fn a_slow_upload_ends_with_the_time_that_calls_have() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let config =
        ServeConfig { workers: 1, max_deadline: Duration::from_secs(1), ..ServeConfig::default() };
    let book = Arc::new(RuleBook::embedded().unwrap());
    tokio::spawn(async move { serve(listener, book, config, std::future::pending()).await });
    let begun = std::time::Instant::now();
    let head = format!(
        "POST {VALIDATE} HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/grpc-web+proto\r\n\
         Content-Length: 1000000\r\n\r\n\0\0\0\0"
    );
    let answer =
        String::from_utf8_lossy(&raw::until_closed(server, head.as_bytes()).await).into_owned();
    assert!(answer.contains("grpc-status: 4"), "DEADLINE_EXCEEDED: {answer}");
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(20), "{waited:?}");
}
