//! How much each caller may have judged.

use std::collections::BTreeMap;

use scanvet::access::{AccessSettings, CallerRates, RateSettings, Settings};
use scanvet::grpc::proto::stream_validate_files_request::Source;
use scanvet::grpc::proto::stream_validate_files_response::Outcome;
use scanvet::grpc::proto::upload_and_validate_file_request::Payload;
use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{self, FileDescriptor};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::made::{Desk, key_line};
use crate::{ask, file, send, start, told, with};

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";
/// A file that is rejected at a glance.
const NOTE: &[u8] = b"Dear Sir or Madam";

fn shared(desk: &Desk, rates: RateSettings) -> Settings {
    let keys = key_line("one", ONE) + &key_line("two", TWO);
    let api_keys = Some(desk.put("keys.toml", keys));
    let access = AccessSettings { api_keys, ..AccessSettings::default() };
    Settings { access, rates, ..Settings::default() }
}

fn files(per_second: u64, burst: u64) -> RateSettings {
    let (files_per_second, file_burst) = (Some(per_second), Some(burst));
    RateSettings { files_per_second, file_burst, ..RateSettings::default() }
}

fn bytes(per_second: u64, burst: u64) -> RateSettings {
    let (bytes_per_second, byte_burst) = (Some(per_second), Some(burst));
    RateSettings { bytes_per_second, byte_burst, ..RateSettings::default() }
}

/// Sends until the share is used up.
async fn flood(channel: &Channel, headers: &[(&'static str, &str)]) -> Status {
    for _ in 0..200 {
        if let Err(status) = send(channel, headers, NOTE).await {
            return status;
        }
    }
    panic!("200 files were let in");
}

/// Asserts that a share is used up, and whose.
#[track_caller]
fn assert_used_up(status: &Status, reason: &str, subject: &str) {
    assert_eq!(told(status), (Code::ResourceExhausted, reason.to_owned()), "{status:?}");
    let quota = status.get_details_quota_failure().unwrap();
    assert_eq!(quota.violations[0].subject, subject);
    let retry = status.get_details_retry_info().unwrap();
    assert!(retry.retry_delay.is_some_and(|delay| !delay.is_zero()), "{retry:?}");
    assert!(status.metadata().contains_key("grpc-retry-pushback-ms"));
}

#[tokio::test]
async fn one_callers_flood_of_files_is_refused_and_another_caller_does_not_notice() {
    let desk = Desk::new();
    let running = start(shared(&desk, files(1, 2))).await;
    let channel = running.plain().await;
    let status = flood(&channel, &[("x-api-key", ONE)]).await;
    assert_used_up(&status, "FILE_RATE_EXCEEDED", "caller:one");
    send(&channel, &[("x-api-key", TWO)], NOTE).await.unwrap();
    // What needs no file is not counted.
    ask(&channel, &[("x-api-key", ONE)]).await.unwrap();
}

#[tokio::test]
async fn bytes_are_counted_and_a_single_caller_may_have_more() {
    let desk = Desk::new();
    let mut rates = bytes(1000, 1000);
    let more = CallerRates { bytes_per_second: Some(1 << 30), ..CallerRates::default() };
    rates.callers = BTreeMap::from([("two".to_owned(), more)]);
    let running = start(shared(&desk, rates)).await;
    let channel = running.plain().await;
    let large = vec![b'x'; 500_000];
    // A file larger than the burst is let in once, and paid off.
    send(&channel, &[("x-api-key", ONE)], &large).await.unwrap();
    let status = send(&channel, &[("x-api-key", ONE)], NOTE).await.unwrap_err();
    assert_used_up(&status, "BYTE_RATE_EXCEEDED", "caller:one");
    for _ in 0..3 {
        send(&channel, &[("x-api-key", TWO)], &large).await.unwrap();
    }
}

async fn upload(channel: &Channel, payloads: Vec<Payload>) -> Result<(), Status> {
    let mut client = ValidationServiceClient::new(channel.clone());
    let messages: Vec<_> = payloads
        .into_iter()
        .map(|payload| proto::UploadAndValidateFileRequest { payload: Some(payload) })
        .collect();
    let request = with(tokio_stream::iter(messages), &[("x-api-key", ONE)]);
    client.upload_and_validate_file(request).await.map(|_| ())
}

fn header(size_bytes: i64) -> Payload {
    let file = FileDescriptor { size_bytes, ..file().unwrap() };
    Payload::Header(proto::UploadHeader { file: Some(file), options: None })
}

#[tokio::test]
async fn an_upload_is_booked_when_its_size_is_announced_or_as_it_comes() {
    let desk = Desk::new();
    let running = start(shared(&desk, bytes(1000, 1000))).await;
    let channel = running.plain().await;
    // Announced and sent: counted once.
    let chunk = || Payload::Chunk(vec![b'x'; 300]);
    upload(&channel, vec![header(600), chunk(), chunk()]).await.unwrap();
    let large = header(100_000);
    let status = upload(&channel, vec![large, chunk()]).await.unwrap_err();
    assert_used_up(&status, "BYTE_RATE_EXCEEDED", "caller:one");
    // Not announced: refused with the chunk that is too much.
    let chunks = std::iter::repeat_with(|| Payload::Chunk(vec![b'x'; 60_000])).take(2);
    let status = upload(&channel, std::iter::once(header(0)).chain(chunks).collect()).await;
    assert_used_up(&status.unwrap_err(), "BYTE_RATE_EXCEEDED", "caller:one");
}

#[tokio::test]
async fn the_files_of_a_filing_are_counted_one_by_one() {
    let desk = Desk::new();
    let running = start(shared(&desk, files(1, 8))).await;
    let mut client = ValidationServiceClient::new(running.plain().await);
    let one = proto::FileContent { file: file(), content: NOTE.to_vec() };
    let filing = proto::ValidateFilingRequest { files: vec![one; 16], options: None };
    let status = client.validate_filing(with(filing, &[("x-api-key", ONE)])).await.unwrap_err();
    assert_used_up(&status, "FILE_RATE_EXCEEDED", "caller:one");
}

#[tokio::test]
async fn a_stream_is_slowed_down_rather_than_refused() {
    let desk = Desk::new();
    let running = start(shared(&desk, files(20, 1))).await;
    let mut client = ValidationServiceClient::new(running.plain().await);
    let items = (0..6).map(|number| proto::StreamValidateFilesRequest {
        file: Some(FileDescriptor { item_id: number.to_string(), ..file().unwrap() }),
        options: None,
        source: Some(Source::Content(NOTE.to_vec())),
    });
    let began = std::time::Instant::now();
    let request = with(tokio_stream::iter(items.collect::<Vec<_>>()), &[("x-api-key", ONE)]);
    let mut answers = client.stream_validate_files(request).await.unwrap().into_inner();
    let mut answered = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(matches!(answer.outcome, Some(Outcome::Result(_))), "{answer:?}");
        answered += 1;
    }
    assert_eq!(answered, 6);
    assert!(began.elapsed().as_millis() >= 240, "five of six waited a twentieth of a second each");
}

#[tokio::test]
async fn callers_without_a_name_share_what_their_address_has() {
    let settings = Settings { rates: files(1, 1), ..Settings::default() };
    let running = start(settings).await;
    let (one, two) = (running.plain().await, running.plain().await);
    flood(&one, &[]).await;
    // Another connection from there is no other caller.
    let status = flood(&two, &[]).await;
    assert_used_up(&status, "FILE_RATE_EXCEEDED", "clientip:127.0.0.1");
    assert!(!status.message().contains("127.0.0.1"), "{status:?}");
}

#[tokio::test]
async fn callers_on_one_connection_and_on_many_are_never_taken_for_each_other() {
    let desk = Desk::new();
    let running = start(shared(&desk, files(1, 1))).await;
    let channels = [running.plain().await, running.plain().await];
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..120 {
        let channel = channels[number % 2].clone();
        let (name, key) = if number / 2 % 2 == 0 { ("one", ONE) } else { ("two", TWO) };
        calls.spawn(async move { (name, send(&channel, &[("x-api-key", key)], NOTE).await) });
    }
    let mut refused = [0, 0];
    while let Some(call) = calls.join_next().await {
        let (name, outcome) = call.unwrap();
        if let Err(status) = outcome {
            assert_used_up(&status, "FILE_RATE_EXCEEDED", &format!("caller:{name}"));
            refused[usize::from(name == "two")] += 1;
        }
    }
    assert!(refused.iter().all(|count| (1..60).contains(count)), "{refused:?}");
}
