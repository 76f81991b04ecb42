//! Asks services to judge: `StreamValidateFiles` on every address, reopened often enough that the load
//! moves when servers come and go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport;
use tonic::{Code, Status};

use super::convert;
use super::dial::{Credentials, Dial};
use super::proto::stream_validate_files_request::Source;
use super::proto::stream_validate_files_response::Outcome;
use super::proto::validation_service_client::ValidationServiceClient;
use super::proto::{self, StreamValidateFilesRequest};
use super::record::Answer;
use crate::reason::Locale;
use crate::rules::Context;

/// Items of one stream: a stream stays with one server for as long as it is open.
const ITEMS_OF_A_STREAM: usize = 1000;
/// Longest that a stream is open, for the same reason.
const AGE_OF_A_STREAM: Duration = Duration::from_secs(60);
/// How long an address that failed is left alone.
const REST: Duration = Duration::from_millis(500);
/// Longest that an item may be under way before its stream is given up.
const PATIENCE: Duration = Duration::from_secs(120);
const CONNECT: Duration = Duration::from_secs(5);

/// One file to be judged.
#[derive(Clone, Debug)]
pub struct Question {
    /// What the file is meant to be.
    pub slot: String,
    /// What it belongs to.
    pub context: Context,
    /// What its name claims.
    pub declared_media_type: Option<String>,
    /// The file.
    pub content: Content,
    /// Language of the texts.
    pub locale: Locale,
    /// Whether to send the readings, too.
    pub readings: bool,
}

/// The bytes of a file, or where a server that may fetch them finds them.
#[derive(Clone, Debug)]
pub enum Content {
    /// The bytes.
    Whole(Bytes),
    /// `s3://bucket/key` and the like; the server's operator must have allowed it.
    Reference(String),
}

/// Why an item has no verdict.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// A server says why.
    Item {
        /// `google.rpc.Code`.
        code: i32,
        /// `UPPER_SNAKE`.
        reason: String,
        /// For the developer.
        message: String,
        /// Whether trying again may help.
        retryable: bool,
    },
    /// No server answers.
    Away(String),
}

/// The rule set that a server applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Version.
    pub version: String,
    /// Digest of the book.
    pub digest: String,
    /// What judges.
    pub engine: String,
}

/// A connection that shows who calls.
type Channel = InterceptedService<transport::Channel, Credentials>;

/// Connections to every address of every server that was named. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    lines: Arc<[Line]>,
    next: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Line {
    address: String,
    channel: Channel,
    asks: mpsc::Sender<Ask>,
    under_way: Arc<AtomicUsize>,
    /// Whether its last stream broke.
    rests: Arc<AtomicBool>,
}

struct Ask {
    request: StreamValidateFilesRequest,
    reply: oneshot::Sender<Result<Answer, Trouble>>,
}

impl Client {
    /// Finds every address behind `servers` (`http://` may be left out; a name may have several
    /// addresses). Nothing is asked yet. The error names what cannot be an address.
    pub async fn of(
        servers: &[String],
        readings_window: usize,
        dial: &Dial,
    ) -> Result<Self, String> {
        let mut lines = Vec::new();
        let credentials = dial.credentials().map_err(|e| e.to_string())?;
        for server in servers {
            let fault = |why: &dyn std::fmt::Display| format!("server {server}: {why}");
            let origin = dial.uri(server).map_err(|e| e.to_string())?;
            let host = origin.host().unwrap_or_default();
            let port = origin.port_u16().unwrap_or(50_051);
            let bare = host.trim_matches(['[', ']']);
            let found = tokio::net::lookup_host((bare, port)).await.map_err(|e| fault(&e))?;
            let mut found: Vec<SocketAddr> = found.collect();
            found.sort();
            found.dedup();
            for address in found {
                let scheme = origin.scheme_str().unwrap_or("http");
                let endpoint = dial
                    .endpoint(format!("{scheme}://{address}"), &origin)
                    .map_err(|e| e.to_string())?
                    // Servers tell their names apart by what was asked for, not by the address.
                    .origin(origin.clone())
                    .connect_timeout(CONNECT)
                    .http2_keep_alive_interval(Duration::from_secs(60))
                    .keep_alive_timeout(Duration::from_secs(20))
                    .tcp_nodelay(true);
                let channel = InterceptedService::new(endpoint.connect_lazy(), credentials.clone());
                lines.push(Line::to(address.to_string(), channel, readings_window));
            }
        }
        if lines.is_empty() {
            return Err("no server has an address".to_owned());
        }
        Ok(Self { lines: lines.into(), next: Arc::default() })
    }

    /// How many addresses there are.
    pub fn addresses(&self) -> usize {
        self.lines.len()
    }

    /// The rule set of the first server that answers.
    pub async fn applied(&self) -> Result<Applied, Trouble> {
        let mut trouble = Trouble::Away("no server was asked".to_owned());
        for line in self.lines.iter() {
            match applied(line.channel.clone()).await {
                Ok(applied) => return Ok(applied),
                Err(status) => trouble = line.trouble(&status),
            }
        }
        Err(trouble)
    }

    /// Asks whichever address has least to do. What no server answers is asked again elsewhere, a few
    /// times.
    pub async fn answer(&self, question: &Question) -> Result<Answer, Trouble> {
        let mut trouble = Trouble::Away("no server was asked".to_owned());
        let rounds = 2 * self.lines.len() + 6;
        for round in 0..rounds {
            let line = self.line();
            match line.ask(self.request(question)).await {
                Err(again @ (Trouble::Away(_) | Trouble::Item { retryable: true, .. })) => {
                    trouble = again;
                    // Other addresses first, then with more and more patience.
                    let slow = round.saturating_sub(self.lines.len()) as u32;
                    tokio::time::sleep(Duration::from_millis(100) * (1 << slow.min(4))).await;
                }
                settled => return settled,
            }
        }
        Err(trouble)
    }

    fn line(&self) -> &Line {
        let start = self.next.fetch_add(1, Ordering::Relaxed);
        let rotated = (0..self.lines.len()).map(|n| &self.lines[(start + n) % self.lines.len()]);
        let busy = |line: &&Line| {
            let rests = line.rests.load(Ordering::Relaxed);
            (rests, line.under_way.load(Ordering::Relaxed))
        };
        rotated.min_by_key(busy).unwrap_or(&self.lines[0])
    }

    fn request(&self, question: &Question) -> StreamValidateFilesRequest {
        // The caller's own ids may be anything; on the wire they are numbers.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let source = match &question.content {
            Content::Whole(bytes) => Source::Content(bytes.to_vec()),
            Content::Reference(uri) => Source::ContentUri(uri.clone()),
        };
        StreamValidateFilesRequest {
            file: Some(proto::FileDescriptor {
                item_id: id.to_string(),
                slot: question.slot.clone(),
                declared_media_type: question.declared_media_type.clone().unwrap_or_default(),
                ..proto::FileDescriptor::default()
            }),
            options: Some(proto::ValidationOptions {
                locales: vec![question.locale.tag().to_owned()],
                context: Some(convert::context(&question.context)),
                include_readings: question.readings,
                ..proto::ValidationOptions::default()
            }),
            source: Some(source),
        }
    }
}

async fn applied(channel: Channel) -> Result<Applied, Status> {
    let mut client = ValidationServiceClient::new(channel);
    let mut request = tonic::Request::new(proto::GetRulesetRequest::default());
    request.set_timeout(2 * CONNECT);
    let rules = client.get_ruleset(request).await?.into_inner();
    let mut request = tonic::Request::new(proto::GetServerInfoRequest::default());
    request.set_timeout(2 * CONNECT);
    let info = client.get_server_info(request).await?.into_inner();
    Ok(Applied {
        version: rules.ruleset_version,
        digest: rules.ruleset_digest,
        engine: info.engine_version,
    })
}

impl Line {
    fn to(address: String, channel: Channel, window: usize) -> Self {
        let (asks, queue) = mpsc::channel(window.max(1));
        let (under_way, rests) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        tokio::spawn(streams(channel.clone(), queue, Arc::clone(&rests)));
        Self { address, channel, asks, under_way, rests }
    }

    /// Why a call came to nothing. Asking again does not help who is not let in.
    fn trouble(&self, status: &Status) -> Trouble {
        let message = format!("{}: {}", self.address, status.message());
        let reason = match status.code() {
            Code::Unauthenticated => "UNAUTHENTICATED",
            Code::PermissionDenied => "PERMISSION_DENIED",
            _ => return Trouble::Away(message),
        };
        let (code, reason) = (status.code() as i32, reason.to_owned());
        Trouble::Item { code, reason, message, retryable: false }
    }

    async fn ask(&self, request: StreamValidateFilesRequest) -> Result<Answer, Trouble> {
        let away = |why: &str| Trouble::Away(format!("{}: {why}", self.address));
        let (reply, answer) = oneshot::channel();
        let _counted = Counted::one(&self.under_way);
        self.asks.send(Ask { request, reply }).await.map_err(|_| away("closed"))?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(away("the stream broke")),
            Err(_) => Err(away("no answer")),
        }
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn one(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One stream after the other, for as long as somebody asks.
async fn streams(channel: Channel, mut queue: mpsc::Receiver<Ask>, rests: Arc<AtomicBool>) {
    while let Some(first) = queue.recv().await {
        let broke = stream(channel.clone(), first, &mut queue).await.is_err();
        rests.store(broke, Ordering::Relaxed);
        if broke {
            tokio::time::sleep(REST).await;
            rests.store(false, Ordering::Relaxed);
        }
    }
}

type Waiting = std::collections::HashMap<String, oneshot::Sender<Result<Answer, Trouble>>>;

/// One stream: sends what is asked until it is old or full, and hands out the answers. Who waits for
/// an answer that does not come is told so when `waiting` is dropped.
async fn stream(
    channel: Channel,
    first: Ask,
    queue: &mut mpsc::Receiver<Ask>,
) -> Result<(), Status> {
    let mut client =
        ValidationServiceClient::new(channel).max_decoding_message_size(64 * 1024 * 1024);
    let (send, requests) = mpsc::channel(1);
    let mut waiting = Waiting::new();
    let mut sent = 0;
    let take = |Ask { request, reply }: Ask, waiting: &mut Waiting| {
        let id = request.file.as_ref().map(|file| file.item_id.clone()).unwrap_or_default();
        waiting.insert(id, reply);
        request
    };
    let request = take(first, &mut waiting);
    // The channel is new and holds one.
    let _ = send.try_send(request);
    sent += 1;
    let opened = client.stream_validate_files(ReceiverStream::new(requests));
    let mut answers = match tokio::time::timeout(2 * CONNECT, opened).await {
        Ok(opened) => opened?.into_inner(),
        Err(_) => return Err(Status::unavailable("cannot connect")),
    };
    let old = tokio::time::sleep(AGE_OF_A_STREAM);
    tokio::pin!(old);
    let mut send = Some(send);
    loop {
        if sent >= ITEMS_OF_A_STREAM {
            send = None;
        }
        tokio::select! {
            answer = answers.next() => match answer {
                Some(Ok(answer)) => hand_out(answer, &mut waiting),
                Some(Err(status)) => return Err(status),
                None if waiting.is_empty() => return Ok(()),
                None => return Err(Status::unavailable("the server ended the stream")),
            },
            place = reserve(&send) => {
                let Some(place) = place else {
                    return Err(Status::unavailable("the stream broke"));
                };
                // With a place in hand, for what is asked next or until the stream is old.
                tokio::select! {
                    biased;
                    answer = answers.next(), if !waiting.is_empty() => match answer {
                        Some(Ok(answer)) => hand_out(answer, &mut waiting),
                        Some(Err(status)) => return Err(status),
                        None => return Err(Status::unavailable("the server ended the stream")),
                    },
                    ask = queue.recv() => match ask {
                        Some(ask) => {
                            place.send(take(ask, &mut waiting));
                            sent += 1;
                        }
                        None => {
                            drop(place);
                            send = None;
                        }
                    },
                    () = &mut old => {
                        drop(place);
                        send = None;
                    }
                }
            },
        }
    }
}

/// A place for one more request; never where no more are sent.
async fn reserve(
    send: &Option<mpsc::Sender<StreamValidateFilesRequest>>,
) -> Option<mpsc::OwnedPermit<StreamValidateFilesRequest>> {
    match send {
        Some(send) => send.clone().reserve_owned().await.ok(),
        None => std::future::pending().await,
    }
}

fn hand_out(answer: proto::StreamValidateFilesResponse, waiting: &mut Waiting) {
    let Some(reply) = waiting.remove(&answer.item_id) else {
        return;
    };
    let outcome = match answer.outcome {
        Some(Outcome::Result(result)) => Ok(Answer(result)),
        Some(Outcome::Error(error)) => Err(Trouble::Item {
            code: error.code,
            reason: error.reason,
            message: error.message,
            retryable: error.retryable,
        }),
        None => Err(Trouble::Item {
            code: Code::Internal as i32,
            reason: "NO_OUTCOME".to_owned(),
            message: "the server's answer holds no outcome".to_owned(),
            retryable: false,
        }),
    };
    // Who asked may have gone.
    let _ = reply.send(outcome);
}
