//! Does the service answer as its contract says, over a real connection?
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use image::ExtendedColorType::Rgb8;
use image::codecs::jpeg::JpegEncoder;
use scanvet::grpc::proto::stream_validate_files_request::Source;
use scanvet::grpc::proto::stream_validate_files_response::Outcome;
use scanvet::grpc::proto::upload_and_validate_file_request::Payload;
use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{self, FileDescriptor, FilingContext, ValidationOptions};
use scanvet::grpc::{ServeConfig, probe, serve};
use scanvet::intake::{Unlimited, Upload};
use scanvet::pipeline;
use scanvet::rules::{Context, RuleBook};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

type Client = ValidationServiceClient<Channel>;

struct Running {
    uri: String,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

fn quick() -> ServeConfig {
    let notice = Duration::from_millis(200);
    ServeConfig { notice, max_deadline: Duration::from_secs(60), ..ServeConfig::default() }
}

async fn start(config: ServeConfig) -> (Running, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let book = Arc::new(RuleBook::embedded().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        serve(listener, book, config, stopped).await.unwrap();
    });
    let client = Client::connect(uri.clone()).await.unwrap();
    (Running { uri, stop: Some(stop), task }, client)
}

/// White paper with a red bar and lines of black strokes: sharp, bright and in colour.
fn scan(width: u32, height: u32) -> Vec<u8> {
    let mut pixels = Vec::with_capacity((width * height * 3) as usize);
    for y in 0..height {
        for x in 0..width {
            let stroke =
                y % 29 < 13 && (x + y / 29 * 7) % 11 < 4 && x > width / 10 && x < width * 9 / 10;
            pixels.extend_from_slice(match () {
                () if y < height / 6 => &[200, 40, 40],
                () if stroke => &[15, 15, 15],
                () => &[245, 242, 235],
            });
        }
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 90).encode(&pixels, width, height, Rgb8).unwrap();
    jpeg
}

fn file() -> Option<FileDescriptor> {
    Some(FileDescriptor { slot: "supporting-document".to_owned(), ..FileDescriptor::default() })
}

fn whole(content: Vec<u8>) -> proto::ValidateFileRequest {
    proto::ValidateFileRequest { file: file(), content, options: None }
}

async fn validate(
    client: &mut Client,
    content: Vec<u8>,
) -> Result<proto::ValidationResult, Status> {
    Ok(client.validate_file(whole(content)).await?.into_inner().result.unwrap())
}

fn reasons(result: &proto::ValidationResult) -> Vec<&str> {
    result.findings.iter().map(|finding| &*finding.reason).collect()
}

/// The reason in the ErrorInfo that every error carries.
fn reason(status: &Status) -> String {
    let info = status.get_details_error_info().expect("every error carries ErrorInfo");
    assert_eq!(info.domain, "scanvet");
    info.reason
}

fn upload(payload: Payload) -> proto::UploadAndValidateFileRequest {
    proto::UploadAndValidateFileRequest { payload: Some(payload) }
}

fn header(file: FileDescriptor) -> Payload {
    Payload::Header(proto::UploadHeader { file: Some(file), options: None })
}

async fn send(
    client: &mut Client,
    payloads: Vec<Payload>,
) -> Result<proto::ValidationResult, Status> {
    let messages: Vec<_> = payloads.into_iter().map(upload).collect();
    let answer = client.upload_and_validate_file(tokio_stream::iter(messages)).await?;
    Ok(answer.into_inner().result.unwrap())
}

fn pieces(content: &[u8]) -> Vec<Payload> {
    content.chunks(64 * 1024).map(|chunk| Payload::Chunk(chunk.to_vec())).collect()
}

fn upload_of(content: &[u8]) -> Vec<Payload> {
    let mut payloads = vec![header(file().unwrap())];
    payloads.extend(pieces(content));
    payloads
}

#[tokio::test]
async fn a_good_scan_is_accepted_and_a_text_is_rejected_with_an_ok_response() {
    let (_running, mut client) = start(quick()).await;
    let good = validate(&mut client, scan(1200, 900)).await.unwrap();
    assert_eq!(good.verdict(), proto::Verdict::Accept, "{:?}", reasons(&good));
    assert_eq!(good.detected.unwrap().media_type, "image/jpeg");
    let bad = validate(&mut client, b"Dear Sir or Madam".to_vec()).await.unwrap();
    assert_eq!(bad.verdict(), proto::Verdict::Reject);
    assert_eq!(reasons(&bad), ["FORMAT_UNKNOWN"]);
    let finding = &bad.findings[0];
    assert_eq!(finding.help_uri, "docs/reasons.md#format_unknown");
    assert_eq!(finding.messages[0].locale, "en");
    let empty = validate(&mut client, Vec::new()).await.unwrap();
    assert_eq!(reasons(&empty), ["FILE_EMPTY"]);
}

#[tokio::test]
async fn the_same_bytes_get_the_same_verdict_here_and_in_the_core() {
    let (_running, mut client) = start(quick()).await;
    let book = RuleBook::embedded().unwrap();
    let today = time::OffsetDateTime::now_utc().to_offset(time::macros::offset!(+8)).date();
    let rules = book.rules(&Context::default(), "supporting-document", today).unwrap();
    for content in [scan(1200, 900), scan(640, 480), b"%PDF-1.7".to_vec()] {
        let there = validate(&mut client, content.clone()).await.unwrap();
        let upload = Upload { bytes: Bytes::from(content.clone()), ..Upload::default() };
        let here =
            pipeline::validate(&upload, &rules, pipeline::Options::default(), &mut Unlimited);
        let here = here.unwrap();
        let by_chunks = send(&mut client, upload_of(&content)).await.unwrap();
        for there in [there, by_chunks] {
            assert!(there.verdict().as_str_name().ends_with(here.decision.word()));
            assert_eq!(there.provenance.unwrap().ruleset_digest, here.ruleset_digest);
            for (sent, outcome) in there.checks.iter().zip(&here.checks) {
                assert_eq!(sent.rule_id, outcome.check);
                let numbers = |m: &proto::Measurement| (m.name.clone(), m.value, m.min, m.max);
                let sent: Vec<_> = sent.measurements.iter().map(numbers).collect();
                let known: Vec<_> = outcome
                    .measurements
                    .iter()
                    .map(|m| (m.name.to_owned(), m.value, m.min, m.max))
                    .collect();
                assert_eq!(sent, known);
            }
        }
    }
}

#[tokio::test]
async fn evidence_locales_and_readings_come_as_asked() {
    let (_running, mut client) = start(quick()).await;
    let ask = |evidence_level, include_readings| {
        let locales = ["zh-Hans", "fr", "en"].map(str::to_owned).to_vec();
        let options = ValidationOptions {
            locales,
            evidence_level,
            include_readings,
            ..ValidationOptions::default()
        };
        proto::ValidateFileRequest { options: Some(options), ..whole(scan(640, 480)) }
    };
    let result = client.validate_file(ask(2, true)).await.unwrap().into_inner().result.unwrap();
    let tags: Vec<_> = result.findings[0].messages.iter().map(|m| &*m.locale).collect();
    assert_eq!(tags, ["zh-CN", "en"]);
    assert!(!result.findings[0].measurements.is_empty());
    assert!(result.readings.iter().any(|reading| reading.rule_id == "resolution.pixels"));
    let result = client.validate_file(ask(1, false)).await.unwrap().into_inner().result.unwrap();
    assert!(result.findings[0].measurements.is_empty() && result.readings.is_empty());
    assert!(result.checks.iter().all(|check| check.measurements.is_empty()));
}

#[tokio::test]
async fn every_wrong_field_is_told_in_one_answer() {
    let (_running, mut client) = start(quick()).await;
    let file = FileDescriptor {
        item_id: "张三".to_owned(),
        slot: "selfie".to_owned(),
        size_bytes: -1,
        sha256: "ABC".to_owned(),
        ..FileDescriptor::default()
    };
    let context = FilingContext {
        province: "CN-XX".to_owned(),
        entity_type: "ghost".to_owned(),
        filing_type: "none".to_owned(),
        content_categories: vec!["x".to_owned(), "news".to_owned(), "y".to_owned()],
        channel: "fax".to_owned(),
        as_of: "yesterday".to_owned(),
        ..FilingContext::default()
    };
    let options = ValidationOptions {
        context: Some(context),
        evidence_level: 77,
        ..ValidationOptions::default()
    };
    let request =
        proto::ValidateFileRequest { file: Some(file), content: vec![], options: Some(options) };
    let status = client.validate_file(request).await.unwrap_err();
    assert_eq!((status.code(), &*reason(&status)), (Code::InvalidArgument, "INVALID_FIELDS"));
    let told = status.get_details_bad_request().unwrap().field_violations;
    let mut told: Vec<_> = told.iter().map(|violation| &*violation.reason).collect();
    told.sort_unstable();
    let wanted = [
        "AS_OF_MALFORMED",
        "CHANNEL_UNKNOWN",
        "CONTENT_CATEGORY_UNKNOWN",
        "CONTENT_CATEGORY_UNKNOWN",
        "ENTITY_TYPE_UNKNOWN",
        "EVIDENCE_LEVEL_UNKNOWN",
        "FILING_TYPE_UNKNOWN",
        "ITEM_ID_MALFORMED",
        "PROVINCE_UNKNOWN",
        "SHA256_MALFORMED",
        "SIZE_NEGATIVE",
        "SLOT_UNKNOWN",
    ];
    assert_eq!(told, wanted);
    assert!(!status.message().contains("张三"), "what may be a name is not echoed");
    let info = status.get_details_error_info().unwrap();
    assert!(info.metadata["known_slots"].contains("id-card-front"));
}

#[tokio::test]
async fn one_wrong_field_gives_its_own_reason() {
    let (_running, mut client) = start(quick()).await;
    let none = proto::ValidateFileRequest::default();
    let status = client.validate_file(none).await.unwrap_err();
    assert_eq!(reason(&status), "FILE_REQUIRED");
    let mut no_slot = whole(vec![]);
    no_slot.file = Some(FileDescriptor::default());
    assert_eq!(reason(&client.validate_file(no_slot).await.unwrap_err()), "SLOT_REQUIRED");
    let context = FilingContext { profile: "acme".to_owned(), ..FilingContext::default() };
    let options = ValidationOptions { context: Some(context), ..ValidationOptions::default() };
    let request = proto::ValidateFileRequest { options: Some(options), ..whole(vec![]) };
    let status = client.validate_file(request).await.unwrap_err();
    assert_eq!(reason(&status), "PROFILE_UNKNOWN");
    assert!(status.message().contains("alibaba-2018"), "{}", status.message());
}

#[tokio::test]
async fn announced_size_and_digest_must_be_those_of_the_content() {
    let (_running, mut client) = start(quick()).await;
    let mut request = whole(scan(640, 480));
    let announced = FileDescriptor { size_bytes: 5, ..file().unwrap() };
    request.file = Some(announced);
    let status = client.validate_file(request.clone()).await.unwrap_err();
    assert_eq!((status.code(), &*reason(&status)), (Code::InvalidArgument, "SIZE_MISMATCH"));
    request.file = Some(FileDescriptor { sha256: "0".repeat(64), ..file().unwrap() });
    let status = client.validate_file(request.clone()).await.unwrap_err();
    assert_eq!((status.code(), &*reason(&status)), (Code::InvalidArgument, "DIGEST_MISMATCH"));
    let digest = validate(&mut client, request.content.clone()).await.unwrap();
    let sha256 = digest.detected.unwrap().sha256;
    let size_bytes = request.content.len() as i64;
    request.file = Some(FileDescriptor { sha256, size_bytes, ..file().unwrap() });
    client.validate_file(request).await.unwrap();
}

#[tokio::test]
async fn a_pinned_rule_set_must_be_loaded() {
    let (_running, mut client) = start(quick()).await;
    let info = client.get_server_info(proto::GetServerInfoRequest {}).await.unwrap().into_inner();
    let ask = |version: &str| {
        let ruleset_version = version.to_owned();
        let options = ValidationOptions { ruleset_version, ..ValidationOptions::default() };
        proto::ValidateFileRequest { options: Some(options), ..whole(b"x".to_vec()) }
    };
    client.validate_file(ask(&info.ruleset_versions[0])).await.unwrap();
    let status = client.validate_file(ask("1999.1.0")).await.unwrap_err();
    let expected = (Code::FailedPrecondition, "RULESET_NOT_AVAILABLE");
    assert_eq!((status.code(), &*reason(&status)), expected);
    let known = &status.get_details_error_info().unwrap().metadata["available"];
    assert_eq!(*known, info.ruleset_versions[0]);
}

#[tokio::test]
async fn an_upload_in_chunks_is_judged_whole_and_its_trailer_is_checked() {
    let (_running, mut client) = start(quick()).await;
    let content = scan(1600, 1200);
    let result = send(&mut client, upload_of(&content)).await.unwrap();
    assert_eq!(result.verdict(), proto::Verdict::Accept, "{:?}", reasons(&result));
    let sha256 = result.detected.unwrap().sha256;
    let trailer = |sha256: String| Payload::Trailer(proto::UploadTrailer { sha256 });
    let mut payloads = upload_of(&content);
    payloads.push(trailer(sha256));
    send(&mut client, payloads.clone()).await.unwrap();
    payloads.pop();
    payloads.push(trailer("0".repeat(64)));
    let status = send(&mut client, payloads).await.unwrap_err();
    assert_eq!((status.code(), &*reason(&status)), (Code::InvalidArgument, "DIGEST_MISMATCH"));
}

#[tokio::test]
async fn an_upload_out_of_order_is_the_callers_fault() {
    let (_running, mut client) = start(quick()).await;
    let chunk = || Payload::Chunk(scan(64, 64));
    let start = || header(file().unwrap());
    let trailer = || Payload::Trailer(proto::UploadTrailer::default());
    let orders = [
        vec![],
        vec![chunk()],
        vec![trailer()],
        vec![start(), start()],
        vec![start(), chunk(), trailer(), chunk()],
    ];
    for order in orders {
        let status = send(&mut client, order).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(reason(&status), "UPLOAD_OUT_OF_ORDER");
    }
    let giant = vec![start(), Payload::Chunk(vec![0xff; 1024 * 1024 + 1])];
    assert_eq!(reason(&send(&mut client, giant).await.unwrap_err()), "CHUNK_TOO_LARGE");
}

/// Sends `first` and never ends the stream; the answer must come all the same.
async fn unfinished(client: &mut Client, first: Vec<Payload>) -> proto::ValidationResult {
    let (sender, receiver) = mpsc::channel(first.len());
    for payload in first {
        sender.send(upload(payload)).await.unwrap();
    }
    let answer = client.upload_and_validate_file(ReceiverStream::new(receiver));
    let answer = tokio::time::timeout(Duration::from_secs(20), answer).await;
    drop(sender);
    answer.expect("answered before the sender ended").unwrap().into_inner().result.unwrap()
}

#[tokio::test]
async fn a_wrong_kind_is_refused_before_the_sender_ends() {
    let (_running, mut client) = start(quick()).await;
    let text = Payload::Chunk(b"a letter, and no picture at all ".repeat(4));
    let result = unfinished(&mut client, vec![header(file().unwrap()), text]).await;
    assert_eq!(result.verdict(), proto::Verdict::Reject);
    assert_eq!(reasons(&result), ["FORMAT_UNKNOWN"]);
    let detected = result.detected.unwrap();
    assert_eq!((detected.size_bytes, &*detected.sha256), (0, ""), "the rest is not known");
    for check in &result.checks {
        assert!(check.rule_id == "file.format" || check.status_detail == "refused-early");
    }
}

#[tokio::test]
async fn too_many_bytes_are_refused_before_the_sender_ends() {
    let (_running, mut client) = start(quick()).await;
    let mut content = scan(640, 480);
    content.resize(21 * 1024 * 1024, 0);
    let mut payloads = vec![header(file().unwrap())];
    payloads.extend(content.chunks(1024 * 1024).map(|chunk| Payload::Chunk(chunk.to_vec())));
    let result = unfinished(&mut client, payloads).await;
    assert_eq!(reasons(&result), ["FILE_TOO_LARGE"]);
    assert_eq!(result.detected.unwrap().size_bytes, 0);
}

#[tokio::test]
async fn a_file_above_the_servers_own_limit_is_out_of_range() {
    let config = ServeConfig { max_file_bytes: 100_000, ..quick() };
    let (_running, mut client) = start(config).await;
    let status = validate(&mut client, vec![0; 100_001]).await.unwrap_err();
    let expected = (Code::OutOfRange, "FILE_ABOVE_SERVER_LIMIT");
    assert_eq!((status.code(), &*reason(&status)), expected);
    let mut payloads = vec![header(file().unwrap())];
    payloads.extend(pieces(&scan(1600, 1200).repeat(2)));
    assert_eq!(reason(&send(&mut client, payloads).await.unwrap_err()), "FILE_ABOVE_SERVER_LIMIT");
}

#[tokio::test]
async fn a_message_above_the_transport_limit_is_out_of_range() {
    let config = ServeConfig { max_file_bytes: 1000, ..quick() };
    let (_running, mut client) = start(config).await;
    let status = validate(&mut client, vec![0; 3 * 1024 * 1024]).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange);
}

#[tokio::test]
async fn a_full_server_says_so_at_once_and_when_to_come_again() {
    let (_running, client) = start(ServeConfig { workers: 1, queue: 0, ..quick() }).await;
    let picture = scan(6000, 5000);
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let (mut client, picture) = (client.clone(), picture.clone());
            tokio::spawn(async move { validate(&mut client, picture).await })
        })
        .collect();
    let mut refused = 0;
    let mut judged = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => judged += 1,
            Err(status) => {
                assert_eq!(status.code(), Code::Unavailable);
                assert_eq!(reason(&status), "OVERLOADED");
                assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
                assert!(status.metadata().contains_key("grpc-retry-pushback-ms"));
                refused += 1;
            }
        }
    }
    assert!(judged >= 1 && refused >= 1, "{judged} judged, {refused} refused");
}

#[tokio::test]
async fn a_call_that_takes_too_long_ends_and_frees_its_worker() {
    let max_deadline = Duration::from_millis(60);
    let config = ServeConfig { workers: 1, queue: 0, max_deadline, ..quick() };
    let (_running, mut client) = start(config).await;
    let status = validate(&mut client, scan(6000, 5000)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&status), "DEADLINE_EXCEEDED");
    let freed = async {
        while validate(&mut client, b"text".to_vec()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), freed).await.expect("the worker is free again");
}

#[tokio::test]
async fn the_callers_own_deadline_holds() {
    let (_running, mut client) = start(quick()).await;
    let mut request = Request::new(whole(scan(6000, 5000)));
    request.set_timeout(Duration::from_millis(40));
    let status = client.validate_file(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
}

#[tokio::test]
async fn one_bad_item_does_not_end_a_stream() {
    let (_running, mut client) = start(quick()).await;
    let item = |id: &str, source: Source| proto::StreamValidateFilesRequest {
        file: Some(FileDescriptor { item_id: id.to_owned(), ..file().unwrap() }),
        source: Some(source),
        options: None,
    };
    let locales = vec!["zh-CN".to_owned()];
    let options = ValidationOptions { locales, ..ValidationOptions::default() };
    let text = || Source::Content(b"text".to_vec());
    let messages = vec![
        proto::StreamValidateFilesRequest { options: Some(options), ..item("a", text()) },
        item("b", Source::ContentUri("s3://x/y".to_owned())),
        item("c", text()),
        item("", text()),
    ];
    let answers = client.stream_validate_files(tokio_stream::iter(messages)).await.unwrap();
    let mut answers = answers.into_inner();
    let mut seen = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        let told = match answer.outcome.unwrap() {
            Outcome::Result(result) => {
                assert_eq!(result.findings[0].messages[0].locale, "zh-CN", "first options hold");
                assert_eq!(result.item_id, answer.item_id);
                reasons(&result).join(",")
            }
            Outcome::Error(error) => {
                assert_eq!((error.code, error.retryable), (3, false));
                error.reason
            }
        };
        seen.push((answer.item_id, told));
    }
    seen.sort();
    let seen: Vec<_> = seen.iter().map(|(id, told)| (&**id, &**told)).collect();
    let wanted = [
        ("", "ITEM_ID_REQUIRED"),
        ("a", "FORMAT_UNKNOWN"),
        ("b", "CONTENT_URI_DISABLED"),
        ("c", "FORMAT_UNKNOWN"),
    ];
    assert_eq!(seen, wanted);
}

#[tokio::test]
async fn profiles_come_in_pages_and_a_foreign_token_is_refused() {
    let (_running, mut client) = start(quick()).await;
    let (mut ids, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = proto::ListProfilesRequest { page_size: 1, page_token };
        let page = client.list_profiles(request).await.unwrap().into_inner();
        assert_eq!(page.profiles.len(), 1);
        ids.push(page.profiles[0].id.clone());
        assert!(page.profiles[0].slots.contains(&"id-card-front".to_owned()));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let all = client.list_profiles(proto::ListProfilesRequest::default()).await.unwrap();
    let all = all.into_inner().profiles;
    assert_eq!(ids, all.iter().map(|profile| profile.id.clone()).collect::<Vec<_>>());
    let old = all.iter().find(|profile| profile.id == "alibaba-2018").unwrap();
    assert_eq!((&*old.valid_from, &*old.valid_until), ("2017-12-18", "2019-06-30"));
    let request = proto::ListProfilesRequest { page_size: -1, page_token: "2".to_owned() };
    let status = client.list_profiles(request).await.unwrap_err();
    assert_eq!(status.get_details_bad_request().unwrap().field_violations.len(), 2);
}

#[tokio::test]
async fn the_rule_set_tells_reasons_bounds_and_templates_in_force() {
    let (_running, mut client) = start(quick()).await;
    let context = FilingContext { profile: "alibaba-2018".to_owned(), ..FilingContext::default() };
    let slot = "domain-certificate".to_owned();
    let request = proto::GetRulesetRequest { context: Some(context), slot, ..Default::default() };
    let answer = client.get_ruleset(request).await.unwrap().into_inner();
    let codes: Vec<_> = answer.reasons.iter().map(|info| &*info.reason).collect();
    let known: Vec<_> =
        scanvet::report::catalogue::reasons().map(|(reason, _)| reason.code).collect();
    assert_eq!(codes, known);
    let large = answer.reasons.iter().find(|info| info.reason == "FILE_TOO_LARGE").unwrap();
    let max = large.thresholds.iter().find(|bound| bound.name == "file.size.below_bytes").unwrap();
    let min = large.thresholds.iter().find(|bound| bound.name == "file.size.min_bytes").unwrap();
    assert_eq!((max.max, min.min), (Some(4_194_304.0), Some(204_800.0)));
    assert_eq!(large.severity(), proto::Severity::Error);
    assert_eq!(large.templates.len(), 2);
    assert!(large.templates[0].text.contains("{max_size}"));
}

#[tokio::test]
async fn the_server_tells_its_limits() {
    let (_running, mut client) = start(quick()).await;
    let info = client.get_server_info(proto::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert!(info.engine_version.starts_with(env!("CARGO_PKG_VERSION")));
    assert_eq!(info.max_file_bytes, 20 * 1024 * 1024);
    assert_eq!(info.max_message_bytes, 321 * 1024 * 1024);
    assert_eq!((info.max_pixels, info.max_pages), (50_000_000, 1));
    assert!(info.accepted_media_types.contains(&"image/jpeg".to_owned()));
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let (_running, mut client) = start(quick()).await;
    let mut request = Request::new(whole(b"text".to_vec()));
    request.metadata_mut().insert("x-request-id", "job-7".parse().unwrap());
    let answer = client.validate_file(request).await.unwrap();
    assert_eq!(answer.metadata().get("x-request-id").unwrap(), "job-7");
    let fault = client.validate_file(proto::ValidateFileRequest::default()).await.unwrap_err();
    assert!(!fault.metadata().get("x-request-id").unwrap().is_empty());
}

#[tokio::test]
async fn compressed_requests_are_read() {
    let (running, _) = start(quick()).await;
    let channel = Channel::from_shared(running.uri.clone()).unwrap().connect().await.unwrap();
    let gzip = tonic::codec::CompressionEncoding::Gzip;
    let mut client = Client::new(channel).send_compressed(gzip);
    assert_eq!(
        reasons(&validate(&mut client, vec![b'a'; 100_000]).await.unwrap()),
        ["FORMAT_UNKNOWN"]
    );
}

#[tokio::test]
async fn a_drain_tells_not_serving_first_and_then_closes() {
    let (mut running, _client) = start(quick()).await;
    assert!(probe(&running.uri).await.unwrap());
    let channel = Channel::from_shared(running.uri.clone()).unwrap().connect().await.unwrap();
    let mut health = HealthClient::new(channel);
    let service = "scanvet.v1.ValidationService".to_owned();
    let watched = health.watch(HealthCheckRequest { service: service.clone() }).await.unwrap();
    let mut watched = watched.into_inner();
    let told = watched.message().await.unwrap().unwrap().status();
    assert_eq!(told, ServingStatus::Serving);
    running.stop.take().unwrap().send(()).unwrap();
    let told = watched.message().await.unwrap().unwrap().status();
    assert_eq!(told, ServingStatus::NotServing);
    assert!(!probe(&running.uri).await.unwrap(), "told to new callers too");
    assert!(watched.message().await.unwrap().is_none(), "watching ends");
    tokio::time::timeout(Duration::from_secs(20), running.task).await.unwrap().unwrap();
    assert!(probe(&running.uri).await.is_err());
}

#[tokio::test]
async fn a_drain_lets_calls_under_way_finish() {
    let picture = scan(7000, 7000);
    let (mut running, mut client) = start(ServeConfig { notice: Duration::ZERO, ..quick() }).await;
    let under_way = tokio::spawn(async move { validate(&mut client, picture).await });
    tokio::time::sleep(Duration::from_millis(150)).await;
    running.stop.take().unwrap().send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!running.task.is_finished(), "it waits");
    under_way.await.unwrap().expect("what was under way is finished");
    tokio::time::timeout(Duration::from_secs(20), running.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_drain_is_bounded_and_ends_streams() {
    let config = ServeConfig { drain: Duration::from_millis(300), ..quick() };
    let (mut running, mut client) = start(config).await;
    let (_sender, receiver) = mpsc::channel(1);
    let answers = client.stream_validate_files(ReceiverStream::new(receiver)).await.unwrap();
    let (_held_open, receiver) = mpsc::channel::<proto::UploadAndValidateFileRequest>(1);
    let mut other = client.clone();
    let hanging =
        tokio::spawn(
            async move { other.upload_and_validate_file(ReceiverStream::new(receiver)).await },
        );
    running.stop.take().unwrap().send(()).unwrap();
    let status = answers.into_inner().message().await.unwrap_err();
    assert_eq!((status.code(), &*reason(&status)), (Code::Unavailable, "DRAINING"));
    tokio::time::timeout(Duration::from_secs(5), running.task).await.unwrap().unwrap();
    hanging.abort();
}

/// Runs on one thread, so that the subscriber that is set for it hears all.
#[tokio::test]
async fn the_log_names_the_verdict_and_nothing_of_the_file() {
    #[derive(Clone, Default)]
    struct Log(Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (_running, mut client) = start(quick()).await;
    let mut request = whole(b"CANARY in the content".to_vec());
    let announced = FileDescriptor {
        item_id: "item-1".to_owned(),
        declared_media_type: "CANARY/type".to_owned(),
        ..file().unwrap()
    };
    request.file = Some(announced);
    let result = client.validate_file(request.clone()).await.unwrap().into_inner().result.unwrap();
    request.file.as_mut().unwrap().item_id = "CANARY name".to_owned();
    request.file.as_mut().unwrap().slot = "CANARY-slot".to_owned();
    let mut request = Request::new(request);
    request.metadata_mut().insert("x-request-id", "CANARY id".parse().unwrap());
    client.validate_file(request).await.unwrap_err();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> =
        text.lines().filter(|line| line.contains(r#""message":"call""#)).collect();
    assert_eq!(lines.len(), 2, "one line a call: {text}");
    for word in ["item-1", "REJECT", "FORMAT_UNKNOWN", "supporting-document", "\"size_class\":32"] {
        assert!(lines[0].contains(word), "{word} in {}", lines[0]);
    }
    assert!(lines[1].contains("InvalidArgument"), "{}", lines[1]);
    let decisions = text.lines().filter(|line| line.contains(r#""message":"decision""#));
    assert_eq!(decisions.count(), 1, "a call without a verdict decides nothing: {text}");
    assert!(!text.contains("CANARY") && !text.contains(&result.detected.unwrap().sha256), "{text}");
}

/// Old tools ask in v1alpha, new ones in v1; both want the details of errors and health, too.
macro_rules! reflection_names {
    ($uri:expr, $version:ident) => {{
        use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
        use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
        use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
        use tonic_reflection::pb::$version::{ServerReflectionRequest, ServerReflectionResponse};
        let ask = |message_request| ServerReflectionRequest {
            host: String::new(),
            message_request: Some(message_request),
        };
        let symbols = [
            "scanvet.v1.ValidationService",
            "google.rpc.ErrorInfo",
            "google.rpc.BadRequest",
            "grpc.health.v1.Health",
        ];
        let requests = symbols.map(|name| ask(MessageRequest::FileContainingSymbol(name.into())));
        let channel = Channel::from_shared($uri.clone()).unwrap().connect().await.unwrap();
        let mut client = ServerReflectionClient::new(channel);
        let answers = client.server_reflection_info(tokio_stream::iter(requests)).await.unwrap();
        let mut answers = answers.into_inner();
        for symbol in symbols {
            let ServerReflectionResponse { message_response, .. } =
                answers.message().await.unwrap().unwrap();
            let found =
                matches!(message_response, Some(MessageResponse::FileDescriptorResponse(_)));
            assert!(found, "{symbol}");
        }
    }};
}

#[tokio::test]
async fn reflection_knows_the_service_health_and_the_details_of_errors_in_both_versions() {
    let (running, _) = start(quick()).await;
    reflection_names!(running.uri, v1);
    reflection_names!(running.uri, v1alpha);
}
