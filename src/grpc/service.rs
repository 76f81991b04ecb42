//! The calls of `ValidationService`: read the request, hand the work to the pool, tell the answer.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

use super::call::{Call, Observers};
use super::early;
use super::fault::Fault;
use super::guard::charge;
use super::pool::{Held, Place, Pool};
use super::proto::validation_service_server::ValidationService;
use super::proto::{self, ValidationResult};
use super::request::{Ask, ask};
use super::{ServeConfig, batch, catalogue, convert, filing, plan, upload};
use crate::access::Unit;
use crate::intake::Upload;
use crate::rules::RuleBooks;
use crate::verdict::Verdict;
use crate::worker::Judge;

/// What every call shares.
pub(super) struct Service {
    pub(super) books: SharedBooks,
    pub(super) judge: Arc<Judge>,
    pub(super) config: ServeConfig,
    pub(super) pool: Pool,
    pub(super) observers: Arc<Observers>,
    /// What may be fetched for callers.
    #[cfg(feature = "archives")]
    pub(super) allowed: crate::store::Allowed,
    /// Turns true when the server begins to stop.
    pub(super) draining: watch::Receiver<bool>,
}

/// The rules in force, which may be replaced while calls are answered: each call keeps those that it
/// began with.
#[derive(Clone, Debug)]
pub struct SharedBooks(Arc<RwLock<Arc<RuleBooks>>>);

impl SharedBooks {
    /// The rules that hold now.
    pub fn now(&self) -> Arc<RuleBooks> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in force.
    pub fn replace(&self, books: RuleBooks) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(books);
    }
}

impl<B: Into<RuleBooks>> From<B> for SharedBooks {
    fn from(books: B) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(books.into()))))
    }
}

/// The service behind an `Arc`, so that a stream outlives the call that opened it.
pub(super) struct Entrance(pub(super) Arc<Service>);

impl Service {
    fn call<T>(&self, rpc: &'static str, request: &Request<T>) -> Call {
        Call::of(rpc, request, self.config.max_deadline, &self.observers)
    }

    /// Books what came on the caller's share of bytes.
    pub(super) fn charge_bytes(&self, call: &Call, bytes: u64) -> Result<(), Fault> {
        charge(&self.config.access, call.caller(), (Unit::Bytes, bytes))
    }

    /// Whether files are fetched for callers who name them.
    pub(super) fn fetches(&self) -> bool {
        #[cfg(feature = "archives")]
        let fetches = !self.allowed.is_empty();
        #[cfg(not(feature = "archives"))]
        let fetches = false;
        fetches
    }

    /// Judges a whole file.
    pub(super) async fn judge(
        &self,
        call: &mut Call,
        ask: &Ask,
        (place, held): (Place, Held),
        content: Bytes,
    ) -> Result<ValidationResult, Fault> {
        self.must_fit(ask, content.len())?;
        must_be_whole(ask, content.len())?;
        let mut verdict = self.verdict(call, ask, (place, held), content).await?;
        must_be_announced(ask, &verdict)?;
        call.judged(&verdict);
        // Here and not in `convert`: the JSON of a verdict has no use for a picture.
        let annotated_image = verdict.annotated.take().unwrap_or_default();
        let now = OffsetDateTime::now_utc();
        let result = convert::result(&verdict, &ask.item_id, &ask.shape, now);
        Ok(ValidationResult { annotated_image, ..result })
    }

    /// Judges a file by what has come of it, when that already condemns it.
    pub(super) async fn refuse_early(
        &self,
        call: &mut Call,
        ask: &Ask,
        held: Held,
        (prefix, settled): (Bytes, early::Settled),
    ) -> Result<ValidationResult, Fault> {
        let place = self.pool.place(call.class, call.deadline)?;
        let verdict = early::only(self.verdict(call, ask, (place, held), prefix).await?, settled);
        call.judged(&verdict);
        Ok(convert::result(&verdict, &ask.item_id, &ask.shape, OffsetDateTime::now_utc()))
    }

    async fn verdict(
        &self,
        call: &mut Call,
        ask: &Ask,
        (place, held): (Place, Held),
        bytes: Bytes,
    ) -> Result<Verdict, Fault> {
        let upload = Upload { bytes, declared_media_type: ask.declared_media_type.clone() };
        let (judge, rules) = (Arc::clone(&self.judge), Arc::clone(&ask.rules));
        let options = ask.options;
        let work = move |budget: &mut dyn crate::intake::Budget| {
            judge.validate(&upload, &rules, options, budget)
        };
        let done = self.pool.run(place, held, call.deadline, work).await?;
        Ok(call.done(done))
    }

    /// A file above the server's own limit, which the rules would let pass, is not judged at all.
    pub(super) fn must_fit(&self, ask: &Ask, size: usize) -> Result<(), Fault> {
        let largest = self.config.max_file_bytes;
        let judged = early::size_limit(&ask.rules).is_some_and(|limit| size as u64 >= limit);
        if size <= largest || judged {
            return Ok(());
        }
        let message = format!("this server takes files of at most {largest} bytes");
        let fault = Fault::of(Code::OutOfRange, "FILE_ABOVE_SERVER_LIMIT", message);
        Err(fault.with("max_file_bytes", largest))
    }
}

/// What was announced of the length must hold.
pub(super) fn must_be_whole(ask: &Ask, size: usize) -> Result<(), Fault> {
    if ask.size.is_none_or(|announced| announced == size as u64) {
        return Ok(());
    }
    let message = "the content is not as long as file.size_bytes says";
    Err(Fault::argument("SIZE_MISMATCH", message).with("size_bytes", size))
}

/// What was announced of the content must hold.
pub(super) fn must_be_announced(ask: &Ask, verdict: &Verdict) -> Result<(), Fault> {
    if ask.sha256.as_ref().is_none_or(|announced| *announced == verdict.detected.sha256) {
        return Ok(());
    }
    let message = "the content does not have the SHA-256 that was announced";
    Err(Fault::argument("DIGEST_MISMATCH", message))
}

#[tonic::async_trait]
impl ValidationService for Entrance {
    async fn validate_file(
        &self,
        request: Request<proto::ValidateFileRequest>,
    ) -> Result<Response<proto::ValidateFileResponse>, Status> {
        let service = &self.0;
        let mut call = service.call("ValidateFile", &request);
        let proto::ValidateFileRequest { file, content, options } = request.into_inner();
        let outcome = async {
            call.received(content.len());
            let ask = ask(&service.books.now(), file, options)?;
            service.charge_bytes(&call, content.len() as u64)?;
            call.asks(&ask);
            let place = service.pool.place(call.class, call.deadline)?;
            let admitted = (place, service.pool.hold(content.len())?);
            service.judge(&mut call, &ask, admitted, content.into()).await
        };
        let outcome = outcome.await;
        call.end(outcome.map(|result| proto::ValidateFileResponse { result: Some(result) }))
    }

    async fn upload_and_validate_file(
        &self,
        request: Request<Streaming<proto::UploadAndValidateFileRequest>>,
    ) -> Result<Response<proto::UploadAndValidateFileResponse>, Status> {
        let service = &self.0;
        let mut call = service.call("UploadAndValidateFile", &request);
        let deadline = call.deadline;
        let receiving = upload::receive(service, &mut call, request.into_inner());
        let outcome = tokio::time::timeout_at(deadline.into(), receiving).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Fault::deadline()));
        call.end(
            outcome.map(|result| proto::UploadAndValidateFileResponse { result: Some(result) }),
        )
    }

    async fn validate_filing(
        &self,
        request: Request<proto::ValidateFilingRequest>,
    ) -> Result<Response<proto::ValidateFilingResponse>, Status> {
        let mut call = self.0.call("ValidateFiling", &request);
        let outcome = filing::answer(&self.0, &mut call, request.into_inner()).await;
        call.end(outcome)
    }

    async fn plan_filing(
        &self,
        request: Request<proto::PlanFilingRequest>,
    ) -> Result<Response<proto::PlanFilingResponse>, Status> {
        let call = self.0.call("PlanFiling", &request);
        call.end(plan::answer(&self.0.books.now(), request.into_inner()))
    }

    type StreamValidateFilesStream =
        ReceiverStream<Result<proto::StreamValidateFilesResponse, Status>>;

    async fn stream_validate_files(
        &self,
        request: Request<Streaming<proto::StreamValidateFilesRequest>>,
    ) -> Result<Response<Self::StreamValidateFilesStream>, Status> {
        let call = self.0.call("StreamValidateFiles", &request);
        let mut metadata = tonic::metadata::MetadataMap::new();
        call.sign(&mut metadata);
        let answers = batch::answers(Arc::clone(&self.0), call, request.into_inner());
        let mut response = Response::new(answers);
        *response.metadata_mut() = metadata;
        Ok(response)
    }

    async fn list_profiles(
        &self,
        request: Request<proto::ListProfilesRequest>,
    ) -> Result<Response<proto::ListProfilesResponse>, Status> {
        let call = self.0.call("ListProfiles", &request);
        call.end(catalogue::profiles(&self.0.books.now().current, request.get_ref()))
    }

    async fn get_ruleset(
        &self,
        request: Request<proto::GetRulesetRequest>,
    ) -> Result<Response<proto::GetRulesetResponse>, Status> {
        let call = self.0.call("GetRuleset", &request);
        call.end(catalogue::ruleset(&self.0.books.now(), request.into_inner()))
    }

    async fn get_server_info(
        &self,
        request: Request<proto::GetServerInfoRequest>,
    ) -> Result<Response<proto::GetServerInfoResponse>, Status> {
        let call = self.0.call("GetServerInfo", &request);
        call.end(Ok(catalogue::server_info(&self.0)))
    }
}
