//! Does every entrance of the service have files judged apart, and answer as if it did not?
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use scanvet::grpc::proto::stream_validate_files_request::Source;
use scanvet::grpc::proto::stream_validate_files_response::Outcome;
use scanvet::grpc::proto::upload_and_validate_file_request::Payload;
use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{self, FileContent, FileDescriptor, ValidationResult};
use scanvet::grpc::{ServeConfig, serve_by};
use scanvet::rules::RuleBook;
use scanvet::worker::{Judge, Program, Settings};
use support::read;
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Code, Status};

type Client = ValidationServiceClient<Channel>;

async fn start(judge: &Arc<Judge>) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let book = Arc::new(RuleBook::embedded().unwrap());
    let config = ServeConfig { max_deadline: Duration::from_secs(60), ..ServeConfig::default() };
    let judge = Arc::clone(judge);
    tokio::spawn(serve_by(judge, listener, book, config, std::future::pending()));
    Client::connect(uri).await.unwrap()
}

/// Each file ends its process, so that the processes count the files.
fn apart(program: Program) -> Arc<Judge> {
    let settings = Settings { recycle_files: 1, ..Settings::default() };
    Arc::new(Judge::isolated(program, settings).unwrap())
}

fn file() -> Option<FileDescriptor> {
    Some(FileDescriptor { slot: "id-card-front".to_owned(), ..FileDescriptor::default() })
}

async fn whole(client: &mut Client, content: Vec<u8>) -> Result<ValidationResult, Status> {
    let request = proto::ValidateFileRequest { file: file(), content, options: None };
    Ok(client.validate_file(request).await?.into_inner().result.unwrap())
}

async fn in_pieces(client: &mut Client, content: &[u8]) -> ValidationResult {
    let header = Payload::Header(proto::UploadHeader { file: file(), options: None });
    let chunks = content.chunks(1 << 16).map(|chunk| Payload::Chunk(chunk.to_vec()));
    let messages: Vec<_> = std::iter::once(header)
        .chain(chunks)
        .map(|payload| proto::UploadAndValidateFileRequest { payload: Some(payload) })
        .collect();
    let answer = client.upload_and_validate_file(tokio_stream::iter(messages)).await.unwrap();
    answer.into_inner().result.unwrap()
}

async fn in_a_stream(client: &mut Client, content: Vec<u8>) -> ValidationResult {
    let file = Some(FileDescriptor { item_id: "one".to_owned(), ..file().unwrap() });
    let source = Some(Source::Content(content));
    let items = vec![proto::StreamValidateFilesRequest { file, options: None, source }];
    let answers = client.stream_validate_files(tokio_stream::iter(items)).await.unwrap();
    match answers.into_inner().message().await.unwrap().unwrap().outcome.unwrap() {
        Outcome::Result(result) => result,
        Outcome::Error(error) => panic!("{error:?}"),
    }
}

async fn in_a_filing(client: &mut Client, content: Vec<u8>) -> ValidationResult {
    let files = vec![FileContent { file: file(), content }];
    let request = proto::ValidateFilingRequest { files, options: None };
    client.validate_filing(request).await.unwrap().into_inner().results.remove(0)
}

/// What is told, but for times and ids.
fn told(result: ValidationResult) -> ValidationResult {
    let mut result = ValidationResult { item_id: String::new(), provenance: None, ..result };
    result.checks.iter_mut().for_each(|check| check.elapsed = None);
    result
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entrance_goes_through_the_same_door() {
    let judge = apart(Program::at(env!("CARGO_BIN_EXE_scanvet")));
    let (mut apart, mut here) = (start(&judge).await, start(&Arc::new(Judge::here())).await);
    for name in ["accept-card.jpg", "reject-archive-behind.jpg"] {
        let before = judge.counts().recycled;
        let content = read(&format!("testdata/samples/{name}"));
        let wanted = told(whole(&mut here, content.clone()).await.unwrap());
        assert!(!wanted.checks.is_empty());
        assert_eq!(told(whole(&mut apart, content.clone()).await.unwrap()), wanted);
        assert_eq!(told(in_pieces(&mut apart, &content).await), wanted);
        assert_eq!(told(in_a_stream(&mut apart, content.clone()).await), wanted);
        assert_eq!(told(in_a_filing(&mut apart, content).await), wanted);
        assert_eq!(judge.counts().recycled, before + 4, "{name}");
    }
    assert_eq!(judge.counts().crashed, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_are_told_where_they_are_in_force() {
    let judge = apart(Program::at(env!("CARGO_BIN_EXE_scanvet")));
    let info = async |judge: &Arc<Judge>| {
        let request = proto::GetServerInfoRequest {};
        start(judge).await.get_server_info(request).await.unwrap().into_inner().sandbox_layers
    };
    judge.start().unwrap();
    assert_eq!(info(&judge).await, judge.layers());
    assert_eq!(judge.layers()[..2], ["process", "rlimit"]);
    assert!(info(&Arc::new(Judge::here())).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_processes_asks_its_callers_to_come_again() {
    let judge = apart(Program::at("/bin/true"));
    let mut client = start(&judge).await;
    let status = whole(&mut client, read("testdata/samples/accept-card.jpg")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let details = tonic_types::StatusExt::get_error_details(&status);
    assert_eq!(details.error_info().unwrap().reason, "WORKER_LOST");
    assert!(details.retry_info().is_some());
}
