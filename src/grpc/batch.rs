//! A stream of files: one answer an item, in any order; a bad item never ends the stream.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::call::Call;
use super::fault::{Fault, Violation};
use super::guard::wait_for;
use super::pool::Place;
use super::proto::stream_validate_files_request::Source;
use super::proto::stream_validate_files_response::Outcome;
use super::proto::{StreamValidateFilesRequest, StreamValidateFilesResponse};
use super::proto::{ValidationOptions, ValidationResult};
use super::request::{Ask, ask, is_plain_id};
use super::service::Service;
use super::upload::broken_stream;
use crate::access::Unit;

type Answer = Result<StreamValidateFilesResponse, Status>;

/// Answers the items of a stream until it ends, its caller leaves, or the server stops.
pub(super) fn answers(
    service: Arc<Service>,
    call: Call,
    requests: Streaming<StreamValidateFilesRequest>,
) -> ReceiverStream<Answer> {
    // An answer's place is taken before its item is read on: who reads no answers gets no work done.
    let (answers, receiver) = mpsc::channel(2 * service.config.workers.max(1));
    tokio::spawn(async move {
        // Dropping the loop when the caller has gone drops its items, which stops their jobs.
        let fault = tokio::select! {
            fault = read_items(&service, &call, requests, &answers) => fault,
            () = answers.closed() => return,
        };
        let code = fault.as_ref().map_or(Code::Ok, |fault| fault.code);
        if let Some(fault) = fault {
            let mut status = fault.into_status(call.id());
            call.sign(status.metadata_mut());
            // Nobody hears it any more when this fails.
            let _ = answers.send(Err(status)).await;
        }
        call.ended(code);
    });
    ReceiverStream::new(receiver)
}

/// Why the stream ended before its sender ended it, if it did. Every item that was read is answered.
async fn read_items(
    service: &Arc<Service>,
    call: &Call,
    mut requests: Streaming<StreamValidateFilesRequest>,
    answers: &Sender<Answer>,
) -> Option<Fault> {
    let mut draining = service.draining.clone();
    let mut items = JoinSet::new();
    let mut first_options = None;
    let end = loop {
        let Ok(answer) = answers.clone().reserve_owned().await else {
            return None;
        };
        let request = tokio::select! {
            request = requests.message() => request,
            _ = draining.wait_for(|draining| *draining) => break Some(Fault::draining()),
        };
        let request = match request {
            Ok(Some(request)) => request,
            Ok(None) => break None,
            Err(status) => break Some(broken_stream(&status)),
        };
        let waited = tokio::select! {
            () = share(service, call, &request) => true,
            _ = draining.wait_for(|draining| *draining) => false,
        };
        if !waited {
            break Some(Fault::draining());
        }
        let options = first_options.get_or_insert_with(|| request.options.clone());
        let (mut item, asked) = Item::of(service, call, request, options);
        let asked = match asked {
            Ok(asked) => service.pool.batch_place().await.map(|place| (asked, place)),
            Err(fault) => Err(fault),
        };
        let service = Arc::clone(service);
        items.spawn(async move {
            let outcome = match asked {
                Ok((asked, place)) => item.judge(&service, asked, place).await,
                Err(fault) => Err(fault),
            };
            answer.send(Ok(item.answer(outcome)));
        });
        // Only those that are under way are kept.
        while items.try_join_next().is_some() {}
    };
    while items.join_next().await.is_some() {}
    end
}

/// Waits for the caller's share to have room for an item. Where its bytes lie elsewhere they are not
/// counted: nobody has sent them.
async fn share(service: &Service, call: &Call, request: &StreamValidateFilesRequest) {
    let (access, caller) = (&service.config.access, call.caller());
    wait_for(access, caller, (Unit::Files, 1)).await;
    if let Some(Source::Content(content)) = &request.source {
        wait_for(access, caller, (Unit::Bytes, content.len() as u64)).await;
    }
}

/// One file of the stream under way.
struct Item {
    id: String,
    call: Call,
}

/// What is asked of an item, and its content.
type Asked = (Ask, Content);

/// The content of an item, or where it lies.
enum Content {
    Whole(Bytes),
    At(String),
}

impl Item {
    fn of(
        service: &Service,
        call: &Call,
        request: StreamValidateFilesRequest,
        first: &Option<ValidationOptions>,
    ) -> (Self, Result<Asked, Fault>) {
        let mut call = call.item("StreamValidateFiles/item", service.config.max_deadline);
        let StreamValidateFilesRequest { file, options, source } = request;
        let id = file.as_ref().map(|file| file.item_id.clone()).unwrap_or_default();
        let nameless = file.is_some() && id.is_empty();
        // What breaks the rule for ids may be anything, a person's name too: it is not echoed.
        let id = if is_plain_id(&id) { id } else { String::new() };
        let asked = ask(&service.books.now(), file, options.or_else(|| first.clone()));
        let asked = asked.and_then(|ask| match source {
            _ if nameless => Err(item_id_required()),
            Some(Source::Content(content)) => Ok((ask, Content::Whole(content.into()))),
            Some(Source::ContentUri(_)) if !service.fetches() => Err(fetches_nothing()),
            Some(Source::ContentUri(uri)) => Ok((ask, Content::At(uri))),
            None => {
                let message = "the item has no content";
                Err(Fault::argument("CONTENT_REQUIRED", message))
            }
        });
        if let Ok((ask, content)) = &asked {
            call.asks(ask);
            if let Content::Whole(content) = content {
                call.received(content.len());
            }
        }
        (Self { id, call }, asked)
    }

    async fn judge(
        &mut self,
        service: &Service,
        (ask, content): Asked,
        place: Place,
    ) -> Result<ValidationResult, Fault> {
        // Its time begins when it has a place: how long a batch waits says nothing of the item.
        self.call.restart(service.config.max_deadline);
        let content = match content {
            Content::Whole(content) => content,
            Content::At(uri) => {
                let content = fetched(service, &self.call, &uri).await?;
                self.call.received(content.len());
                content
            }
        };
        let held = service.pool.hold(content.len())?;
        service.judge(&mut self.call, &ask, (place, held), content).await
    }

    fn answer(self, outcome: Result<ValidationResult, Fault>) -> StreamValidateFilesResponse {
        self.call.ended(outcome.as_ref().map_or_else(|fault| fault.code, |_| Code::Ok));
        let outcome = match outcome {
            Ok(result) => Outcome::Result(result),
            Err(fault) => Outcome::Error(fault.into_item_error()),
        };
        StreamValidateFilesResponse { item_id: self.id, outcome: Some(outcome) }
    }
}

fn fetches_nothing() -> Fault {
    let message = "this server fetches nothing: send the content itself";
    Fault::argument("CONTENT_URI_DISABLED", message)
}

/// The file at `uri`, if the operator lets it be fetched. One byte more than the server takes is
/// enough to say that it is too large.
#[cfg(feature = "archives")]
async fn fetched(service: &Service, call: &Call, uri: &str) -> Result<Bytes, Fault> {
    use crate::store::{FaultKind, Refusal};
    let most = service.config.max_file_bytes as u64 + 1;
    let fetching = service.allowed.fetch(uri, most);
    let fetched = tokio::time::timeout_at(call.deadline.into(), fetching).await;
    fetched.map_err(|_| Fault::deadline())?.map_err(|refusal| match refusal {
        Refusal::Off => fetches_nothing(),
        Refusal::Malformed(why) => {
            Fault::argument("CONTENT_URI_MALFORMED", format!("content_uri {why}"))
        }
        Refusal::NotAllowed => {
            let message = "content_uri lies under none of the prefixes that this server may read";
            Fault::of(Code::PermissionDenied, "CONTENT_URI_NOT_ALLOWED", message)
        }
        Refusal::Fault(kind) => {
            let (code, message) = match kind {
                FaultKind::Missing => (Code::NotFound, "nothing lies at content_uri"),
                FaultKind::Denied => {
                    (Code::PermissionDenied, "this server may not read content_uri")
                }
                FaultKind::Malformed => (Code::InvalidArgument, "content_uri cannot be one"),
                FaultKind::Temporary => (Code::Unavailable, "the store does not answer, try again"),
            };
            Fault::of(code, kind.reason(), message)
        }
    })
}

#[cfg(not(feature = "archives"))]
async fn fetched(_: &Service, _: &Call, _: &str) -> Result<Bytes, Fault> {
    Err(fetches_nothing())
}

fn item_id_required() -> Fault {
    let violation = Violation::of("file.item_id", "ITEM_ID_REQUIRED", "is required in a stream");
    Fault::of_violations(vec![violation]).unwrap_or_else(Fault::internal)
}
