//! Do operators see what a service does, and nothing of what its files hold?
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests")]

mod service;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use scanvet::grpc::proto::upload_and_validate_file_request::Payload;
use scanvet::grpc::proto::{self, FileDescriptor};
use serde_json::Value;
use service::{Service, metric, path, request, sample, settings, validate};
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// A collector that keeps what it is told.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    async fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let collector = Self::default();
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(collector.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        (collector, uri)
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.0.lock().unwrap();
        let scopes =
            requests.iter().flat_map(|it| &it.resource_spans).flat_map(|it| &it.scope_spans);
        scopes.flat_map(|it| it.spans.clone()).collect()
    }
}

const OURS: &str = r#"grpc_service="scanvet.v1.ValidationService""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_and_verdicts_are_counted_under_the_names_that_dashboards_know() {
    let service = Service::start(&[]);
    let mut client = service.client().await;
    validate(&mut client, sample("accept-card.jpg")).await.unwrap();
    validate(&mut client, b"no picture".to_vec()).await.unwrap();
    client.validate_file(proto::ValidateFileRequest::default()).await.unwrap_err();
    let header = proto::UploadHeader { file: request(Vec::new()).file, options: None };
    let pieces = [Payload::Header(header), Payload::Chunk(sample("accept-card.jpg"))];
    let pieces =
        pieces.map(|payload| proto::UploadAndValidateFileRequest { payload: Some(payload) });
    client.upload_and_validate_file(tokio_stream::iter(pieces)).await.unwrap();
    let text = service.metrics();
    let of = |name: &str, more: &str| metric(&text, &format!("{name}{{{more}}}"));
    let unary = format!(r#"grpc_type="unary",{OURS},grpc_method="ValidateFile""#);
    assert_eq!(of("grpc_server_started_total", &unary), 3.0, "{text}");
    assert_eq!(of("grpc_server_handled_total", &format!(r#"{unary},grpc_code="OK""#)), 2.0);
    let invalid = format!(r#"{unary},grpc_code="InvalidArgument""#);
    assert_eq!(of("grpc_server_handled_total", &invalid), 1.0);
    assert_eq!(of("grpc_server_handling_seconds_count", &unary), 3.0);
    let pieces = format!(r#"grpc_type="client_stream",{OURS},grpc_method="UploadAndValidateFile""#);
    assert_eq!(of("grpc_server_msg_received_total", &pieces), 2.0);
    assert_eq!(of("grpc_server_msg_sent_total", &pieces), 1.0);
    assert_eq!(of("scanvet_verdicts_total", r#"profile="generic",verdict="ACCEPT""#), 2.0);
    let unknown = r#"profile="generic",reason="FORMAT_UNKNOWN""#;
    assert_eq!(of("scanvet_findings_total", unknown), 1.0);
    for stage in ["receive", "queue", "judge"] {
        let count = of("scanvet_stage_seconds_count", &format!("stage=\"{stage}\""));
        assert!(count >= 3.0, "{stage}: {count}");
    }
    assert_eq!(of("scanvet_queue_wait_seconds_count", r#"class="interactive""#), 3.0);
    assert_eq!(of("scanvet_files_total", r#"media_type="image/jpeg""#), 2.0);
    for name in ["process_resident_memory_bytes", "process_open_fds", "scanvet_workers"] {
        assert!(metric(&text, name) > 0.0, "{name} in {text}");
    }
    assert!(text.contains("scanvet_ruleset_info{version="), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_names_make_one_series_more() {
    let service = Service::start(&[]);
    let mut client = service.client().await;
    validate(&mut client, sample("accept-card.jpg")).await.unwrap();
    let names = |text: &str| -> BTreeSet<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
    };
    let before = names(&service.metrics());
    let channel = tonic::transport::Endpoint::from_shared(service.uri.clone()).unwrap();
    let channel = channel.connect().await.unwrap();
    let many = 2000;
    for at in 0..many {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.unwrap();
        let path = format!("/scanvet.v1.ValidationService/Nothing{at}").parse().unwrap();
        let codec = tonic_prost::ProstCodec::<proto::GetServerInfoRequest, ()>::default();
        let asked = Request::new(proto::GetServerInfoRequest::default());
        grpc.unary(asked, path, codec).await.unwrap_err();
        let mut wrong = request(b"x".to_vec());
        let file = wrong.file.as_mut().unwrap();
        (file.slot, file.item_id) = (format!("slot-{at}"), format!("item-{at}"));
        let context = proto::FilingContext {
            profile: format!("profile-{at}"),
            ..proto::FilingContext::default()
        };
        wrong.options = Some(proto::ValidationOptions {
            context: Some(context),
            ..proto::ValidationOptions::default()
        });
        client.validate_file(wrong).await.unwrap_err();
    }
    let text = service.metrics();
    let new: Vec<String> = names(&text).difference(&before).cloned().collect();
    let method = |name: &str| {
        let after = name.split_once("grpc_method=\"")?.1;
        Some(after.split('"').next()?.to_owned())
    };
    let methods: BTreeSet<String> = new.iter().filter_map(|name| method(name)).collect();
    // A code that the method had not told before is no new name.
    let known = BTreeSet::from(["ValidateFile".to_owned(), "_OTHER".to_owned()]);
    assert!(methods.is_subset(&known), "{methods:?}");
    assert!(!text.contains("profile-") && !text.contains("slot-"), "{text}");
    let other = r#"grpc_server_started_total{grpc_type="unknown",grpc_service="_OTHER",grpc_method="_OTHER"}"#;
    assert_eq!(metric(&text, other), f64::from(many));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_is_told_of_each_call_in_the_callers_trace() {
    let (collector, uri) = Collector::start().await;
    let file = settings(&format!("[serve.traces]\nendpoint = \"{uri}\"\n"));
    let mut service = Service::start(&["--config", path(&file)]);
    let mut client = service.client().await;
    let mut call = Request::new(request(sample("accept-card.jpg")));
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let traceparent = format!("00-{trace}-{parent}-01");
    call.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    client.validate_file(call).await.unwrap();
    // One whose caller says that its trace is not kept.
    let mut call = Request::new(request(sample("accept-card.jpg")));
    call.metadata_mut()
        .insert("traceparent", format!("00-{parent}{parent}-{parent}-00").parse().unwrap());
    client.validate_file(call).await.unwrap();
    drop(client);
    service.signal("TERM");
    tokio::task::block_in_place(|| service.ended());
    let spans = collector.spans();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let all: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
    let call = spans.iter().find(|span| span.name == "scanvet.v1.ValidationService/ValidateFile");
    let call = call.unwrap_or_else(|| panic!("{all:?}"));
    assert_eq!(
        (hex(&call.trace_id), hex(&call.parent_span_id)),
        (trace.to_owned(), parent.to_owned())
    );
    let attribute = |name: &str| {
        let known = call.attributes.iter().find(|known| known.key == name).unwrap();
        format!("{:?}", known.value)
    };
    assert!(attribute("rpc.response.status_code").contains("OK"));
    assert!(attribute("scanvet.verdict").contains("ACCEPT"));
    let stages: BTreeSet<&str> = spans
        .iter()
        .filter(|span| span.parent_span_id == call.span_id)
        .map(|span| &*span.name)
        .collect();
    assert!(stages.contains("queue") && stages.contains("judge"), "{stages:?}");
    assert!(spans.iter().all(|span| hex(&span.trace_id) == trace), "{all:?}");
    assert!(service.log().contains(&format!("\"trace_id\":\"{trace}\"")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_decision_leaves_a_line_and_the_file_may_be_moved_away() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.jsonl");
    let file = settings(&format!("[serve.audit]\nfile = {:?}\n", audit.to_str().unwrap()));
    let service = Service::start(&["--config", path(&file)]);
    let mut client = service.client().await;
    let mut call = request(sample("accept-card.jpg"));
    call.file.as_mut().unwrap().item_id = "item-1".to_owned();
    let result = client.validate_file(call.clone()).await.unwrap().into_inner().result.unwrap();
    let files = [&call, &call]
        .map(|call| proto::FileContent { file: call.file.clone(), content: call.content.clone() });
    let filing = proto::ValidateFilingRequest { files: files.to_vec(), options: None };
    client.validate_filing(filing).await.unwrap();
    client.validate_file(proto::ValidateFileRequest::default()).await.unwrap_err();
    let lines = |path: &std::path::Path| -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let told = lines(&audit);
    let slots: Vec<&str> = told.iter().map(|line| line["slot"].as_str().unwrap()).collect();
    assert_eq!(slots, ["id-card-front", "id-card-front", "id-card-front", "filing"]);
    let first = &told[0];
    assert_eq!((&first["item_id"], &first["verdict"]), (&"item-1".into(), &"ACCEPT".into()));
    assert_eq!(first["ruleset_digest"], *result.provenance.unwrap().ruleset_digest);
    for key in ["time", "caller", "known_by", "request_id", "profile", "judge_ms", "size_class"] {
        assert!(!first[key].is_null(), "{key} in {first}");
    }
    let sha256 = result.detected.unwrap().sha256;
    assert!(!told.iter().any(|line| line.to_string().contains(&sha256)));
    let kept = folder.path().join("audit.1.jsonl");
    std::fs::rename(&audit, &kept).unwrap();
    service.signal("HUP");
    service.logs("\"message\":\"loaded\"");
    client.validate_file(call).await.unwrap();
    assert_eq!((lines(&kept).len(), lines(&audit).len()), (4, 1));
}

/// A word that must not come out anywhere.
const CANARY: &str = "CANARY7913";

/// A picture that says the word in every place where a picture can say one.
fn with_canaries(at: usize, picture: &[u8]) -> Vec<u8> {
    let word = format!("{CANARY}-{at}");
    let comment = [&[0xFF, 0xFE][..], &((word.len() + 2) as u16).to_be_bytes(), word.as_bytes()];
    let exif = {
        // One directory: ImageDescription, Artist, and a place whose latitude is the word.
        let mut tiff = b"MM\0*\0\0\0\x08\0\x02".to_vec();
        for tag in [0x010E_u16, 0x013B] {
            tiff.extend(tag.to_be_bytes());
            tiff.extend([0, 2]);
            tiff.extend((word.len() as u32).to_be_bytes());
            tiff.extend(38_u32.to_be_bytes());
        }
        tiff.extend([0; 4]);
        tiff.extend(word.as_bytes());
        [&b"Exif\0\0"[..], &tiff].concat()
    };
    let app1 = [&[0xFF, 0xE1][..], &((exif.len() + 2) as u16).to_be_bytes(), &exif].concat();
    let tail = if at.is_multiple_of(3) { word.clone().into_bytes() } else { Vec::new() };
    match at % 4 {
        0 => word.repeat(30).into_bytes(),
        1 => format!("%PDF-1.7\n1 0 obj<</Title({word})/OpenAction<</S/JavaScript/JS({word})>>>>")
            .into_bytes(),
        _ => [&picture[..2], &app1, &comment.concat(), &picture[2..], &tail].concat(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_word_of_two_hundred_files_comes_out_in_logs_numbers_traces_audit_or_errors() {
    let (collector, uri) = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit.jsonl");
    let text = format!(
        "[serve.traces]\nendpoint = \"{uri}\"\n[serve.audit]\nfile = {:?}\n",
        audit.to_str().unwrap()
    );
    let file = settings(&text);
    let mut service =
        Service::start_with(&["--config", path(&file)], |command| command.env("RUST_LOG", "debug"));
    let mut client = service.client().await;
    let picture = sample("accept-card.jpg");
    let mut answers = String::new();
    for at in 0..200 {
        let mut call = request(with_canaries(at, &picture));
        if at.is_multiple_of(5) {
            let file = call.file.as_mut().unwrap();
            *file = FileDescriptor {
                item_id: format!("name {CANARY}"),
                slot: format!("{CANARY}-slot"),
                declared_media_type: format!("image/{CANARY}"),
                ..file.clone()
            };
        }
        let mut call = Request::new(call);
        call.metadata_mut().insert("x-request-id", format!("id {CANARY}").parse().unwrap());
        call.metadata_mut().insert("x-name", CANARY.parse().unwrap());
        match client.validate_file(call).await {
            Ok(result) => answers += &format!("{:?}", result.into_inner()),
            Err(status) => {
                answers += &format!("{status:?} {:?}", Bytes::copy_from_slice(status.details()))
            }
        }
    }
    let metrics = service.metrics();
    service.signal("TERM");
    tokio::task::block_in_place(|| service.ended());
    let begun = Instant::now();
    while collector.spans().is_empty() && begun.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let spans = format!("{:?}", collector.spans());
    let audit = std::fs::read_to_string(audit).unwrap();
    assert!(spans.len() > 1000 && audit.lines().count() > 100 && service.log().len() > 1000);
    for (place, text) in [
        ("answers", &answers),
        ("numbers", &metrics),
        ("traces", &spans),
        ("audit", &audit),
        ("log", &service.log()),
    ] {
        let found = text.find(CANARY).map(|at| &text[at.saturating_sub(200)..at + 20]);
        assert_eq!(found, None, "in the {place}");
    }
}
