//! Do `PlanFiling` and `ValidateFiling` keep their contract over a real connection?
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use scanvet::grpc::proto::validation_service_client::ValidationServiceClient;
use scanvet::grpc::proto::{self, FileContent, FileDescriptor, FilingContext, ValidationOptions};
use scanvet::grpc::{ServeConfig, json, serve};
use scanvet::reason::Locale;
use scanvet::rules::{RuleBook, RuleBooks};
use support::cards::{self, Side};
use support::{BOOK, TODAY, encode};
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

type Client = ValidationServiceClient<Channel>;

async fn start(config: ServeConfig) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let books = RuleBooks::with_archive(RuleBook::embedded().unwrap(), None).unwrap();
    tokio::spawn(serve(listener, books, config, std::future::pending()));
    Client::connect(uri).await.unwrap()
}

fn quick() -> ServeConfig {
    ServeConfig { max_deadline: Duration::from_secs(60), ..ServeConfig::default() }
}

fn context() -> FilingContext {
    FilingContext {
        profile: "alibaba-2018".to_owned(),
        province: "CN-TJ".to_owned(),
        entity_type: "company".to_owned(),
        filing_type: "new-website-elsewhere".to_owned(),
        as_of: "2018-05-01".to_owned(),
        ..FilingContext::default()
    }
}

fn file(slot: &str, content: Vec<u8>) -> FileContent {
    let file = FileDescriptor { slot: slot.to_owned(), ..FileDescriptor::default() };
    FileContent { file: Some(file), content }
}

fn filing(files: Vec<FileContent>) -> proto::ValidateFilingRequest {
    let options = ValidationOptions { context: Some(context()), ..ValidationOptions::default() };
    proto::ValidateFilingRequest { files, options: Some(options) }
}

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_details_bad_request().unwrap();
    details.field_violations.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test]
async fn a_plan_tells_uploads_limits_steps_and_notes_with_their_sources() {
    let mut client = start(quick()).await;
    let locales = vec!["zh-CN".to_owned(), "en".to_owned()];
    let context = Some(context());
    let request = proto::PlanFilingRequest { context, locales, ..Default::default() };
    let plan = client.plan_filing(request).await.unwrap().into_inner();
    let sms = plan.steps.iter().find(|step| step.id == "sms-verification").unwrap();
    assert_eq!(sms.within.unwrap().seconds, 48 * 60 * 60);
    assert_eq!(sms.text[0].locale, "zh-CN");
    let review = plan.steps.iter().find(|step| step.id == "review").unwrap();
    assert_eq!((review.min_workdays, review.max_workdays), (3, 20));
    let form = plan.uploads.iter().find(|upload| upload.slot == "authenticity-form").unwrap();
    assert!(form.required && !form.source.is_empty());
    let size = form.limits.iter().find(|limit| limit.name == "file.size.below_bytes").unwrap();
    assert_eq!(size.bound.as_ref().unwrap().max, Some(4_194_304.0));
    assert!(size.source.contains("Alibaba Cloud"), "{}", size.source);
    assert!(plan.uploads.iter().flat_map(|upload| &upload.limits).all(|it| !it.source.is_empty()));
    assert!(plan.notes.iter().any(|note| note.id == "photo-clothing"));
    let provenance = plan.provenance.unwrap();
    assert_eq!(provenance.context.unwrap().as_of, "2018-05-01");
    assert_eq!(provenance.applied_digest.len(), 64);
}

#[tokio::test]
async fn a_plan_in_an_unknown_province_names_the_field() {
    let mut client = start(quick()).await;
    let context = FilingContext {
        province: "CN-XX".to_owned(),
        entity_type: "circus".to_owned(),
        domain_count: -1,
        ..context()
    };
    let request = proto::PlanFilingRequest { context: Some(context), ..Default::default() };
    let status = client.plan_filing(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let mut fields = fields(&status);
    fields.sort();
    assert_eq!(fields, ["context.domain_count", "context.entity_type", "context.province"]);
}

#[test]
fn a_plan_as_json_parses_back_into_the_message() {
    let context = scanvet::rules::Context {
        profile: "huawei-2025".to_owned(),
        ..scanvet::rules::Context::default()
    };
    let plan = scanvet::filing::plan::plan(&BOOK, &context, TODAY).unwrap();
    let time = time::macros::datetime!(2026-11-22 03:04:05 UTC);
    let line = json::plan_line(&plan, &Locale::ALL, time);
    assert!(line.starts_with("{\"uploads\":[") && !line.contains('\n'), "{}", &line[..80]);
    assert!(line.len() < 1 << 20, "an answer stays below 1 MiB");
    let message = json::parse_plan(serde_json::from_str(&line).unwrap()).unwrap();
    assert_eq!(message.uploads.len(), plan.rules.uploads.len());
    assert_eq!(message.steps.len(), plan.rules.steps.len());
    assert_eq!(message.notes.len(), plan.rules.notes.len());
}

#[tokio::test]
async fn a_filing_is_judged_file_by_file_and_together_without_pictures() {
    let mut client = start(quick()).await;
    let front = encode::jpeg(&cards::photographed(Side::Portrait, 1), 80);
    let back = encode::jpeg(&cards::photographed(Side::Emblem, 1), 80);
    let mut request = filing(vec![
        file("id-card-front", back),
        file("id-card-back", front),
        file("authenticity-form", b"a letter".to_vec()),
    ]);
    // Pictures are for single files.
    request.options.as_mut().unwrap().evidence_level = 3;
    request.files[2].file.as_mut().unwrap().item_id = "third".to_owned();
    let answer = client.validate_filing(request).await.unwrap().into_inner();
    assert_eq!(answer.verdict(), proto::Verdict::Reject);
    let ids: Vec<&str> = answer.results.iter().map(|result| &*result.item_id).collect();
    assert_eq!(ids, ["", "", "third"], "the order of the request");
    assert_eq!(answer.results[2].findings[0].reason, "FORMAT_UNKNOWN");
    assert!(answer.results.iter().all(|result| result.annotated_image.is_empty()));
    let swapped = answer.set_findings.iter().find(|it| it.reason == "SIDES_SWAPPED").unwrap();
    assert_eq!(swapped.metadata["uploads"], "1, 2");
    assert_eq!(swapped.rule_id, "filing.sides-swapped");
    let missing = answer.set_findings.iter().filter(|it| it.reason == "UPLOAD_MISSING");
    let required: Vec<&str> = missing
        .filter(|it| it.severity() == proto::Severity::Error)
        .map(|it| &*it.metadata["upload"])
        .collect();
    assert_eq!(required, ["entity-certificate", "verification-photo"]);
    assert_eq!(answer.provenance.unwrap().ruleset_digest, BOOK.digest);
}

#[tokio::test]
async fn one_worker_without_a_queue_judges_a_filing_of_sixteen() {
    let mut client = start(ServeConfig { workers: 1, queue: 0, ..quick() }).await;
    let files: Vec<FileContent> =
        (0..16).map(|_| file("supporting-document", b"a letter".to_vec())).collect();
    let answer = client.validate_filing(filing(files)).await.unwrap().into_inner();
    assert_eq!(answer.results.len(), 16);
    let twice = answer.set_findings.iter().filter(|it| it.reason == "UPLOAD_DUPLICATE").count();
    assert_eq!(twice, 16 * 15 / 2);
}

#[tokio::test]
async fn what_breaks_the_contract_is_told_with_the_place_of_its_file() {
    let mut client = start(quick()).await;
    let none = client.validate_filing(filing(Vec::new())).await.unwrap_err();
    assert_eq!(fields(&none), ["files"]);
    let many = (0..17).map(|_| file("passport", vec![1])).collect();
    let many = client.validate_filing(filing(many)).await.unwrap_err();
    assert_eq!((many.code(), fields(&many)), (Code::InvalidArgument, vec!["files".to_owned()]));
    let mut request = filing(vec![file("passport", vec![1]), file("napkin", vec![1])]);
    request.files.push(FileContent::default());
    request.options.as_mut().unwrap().context.as_mut().unwrap().province = "CN-XX".to_owned();
    let wrong = client.validate_filing(request).await.unwrap_err();
    let mut told = fields(&wrong);
    told.sort();
    assert_eq!(told, ["files[1].file.slot", "files[2].file", "options.context.province"]);
}

#[tokio::test]
async fn a_filing_keeps_to_its_deadline() {
    let max_deadline = Duration::from_millis(50);
    let mut client = start(ServeConfig { max_deadline, ..quick() }).await;
    let large =
        encode::jpeg(&support::faults::resized(&cards::scanned(Side::Emblem, 1), 5000, 3000), 80);
    let files = (0..4).map(|_| file("id-card-back", large.clone())).collect();
    let status = client.validate_filing(Request::new(filing(files))).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_rule_set_of_old_is_pinned_by_its_version() {
    let mut client = start(quick()).await;
    let info = client.get_server_info(proto::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert!(info.ruleset_versions.len() >= 2, "{:?}", info.ruleset_versions);
    let version = info.ruleset_versions.last().unwrap().clone();
    let mut request = filing(vec![file("passport", b"a letter".to_vec())]);
    request.options.as_mut().unwrap().ruleset_version = version.clone();
    let answer = client.validate_filing(request.clone()).await.unwrap().into_inner();
    assert_eq!(answer.provenance.unwrap().ruleset_version, version);
    let of_file = answer.results[0].provenance.clone().unwrap();
    assert_eq!(of_file.ruleset_version, version);
    request.options.as_mut().unwrap().ruleset_version = "1999.1.0".to_owned();
    let status = client.validate_filing(request).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn the_rule_set_tells_the_reasons_of_filings_with_their_weights() {
    let mut client = start(quick()).await;
    let weight = async |client: &mut Client, profile: &str| {
        let context = FilingContext { profile: profile.to_owned(), ..FilingContext::default() };
        let request = proto::GetRulesetRequest { context: Some(context), ..Default::default() };
        let rules = client.get_ruleset(request).await.unwrap().into_inner();
        let reason = rules.reasons.into_iter().find(|it| it.reason == "SIDES_COMBINED").unwrap();
        assert_eq!(reason.rule_id, "filing.sides-combined");
        reason.severity()
    };
    assert_eq!(weight(&mut client, "generic").await, proto::Severity::Review);
    assert_eq!(weight(&mut client, "alibaba-2019").await, proto::Severity::Error);
}

/// The service hands out whatever `Arc` of a book it is given, too.
#[tokio::test]
async fn a_server_may_have_the_current_rules_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let book = Arc::new(RuleBook::embedded().unwrap());
    tokio::spawn(serve(listener, book, quick(), std::future::pending()));
    let mut client = Client::connect(uri).await.unwrap();
    let info = client.get_server_info(proto::GetServerInfoRequest {}).await.unwrap().into_inner();
    assert_eq!(info.ruleset_versions, std::slice::from_ref(&BOOK.version));
}
