//! The queue itself: a stream of one job on a NATS server, and its one consumer.

use std::future::Future;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config as StreamConfig, RetentionPolicy, StorageType};
use async_nats::jetstream::{self, Context, Message};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_stream::StreamExt;

use super::fault::JobFault;
use super::item::Item;
use super::job::Job;
use super::manifest::hex;
use super::part::Unit;

const WORKERS: &str = "workers";
/// Longest that one look into the queue waits.
pub(super) const LOOK: Duration = Duration::from_secs(2);
/// Between two tries, and two looks at what is done.
pub(super) const POLL: Duration = Duration::from_millis(500);

/// A queue, and what is done with it.
#[derive(Clone, Debug)]
pub struct Queue {
    /// `nats://host:4222`.
    pub server: String,
    /// What this process does.
    pub role: Role,
    /// How long a unit whose worker is silent waits for another one.
    pub ack_wait: Duration,
    /// How long a queue that does not answer is waited for.
    pub patience: Duration,
    /// Times that a unit is handed out before it counts as poisoned.
    pub deliveries: i64,
}

/// What a process does with a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Fills it and works on it.
    Both,
    /// Fills it and waits for the others.
    Fill,
    /// Works on it until nothing is left.
    Work,
}

impl Queue {
    pub(super) fn fills(&self) -> bool {
        self.role != Role::Work
    }
}

/// One message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Work {
    pub(super) unit: Unit,
    pub(super) items: Vec<Item>,
}

/// The name of a job in the queue: the same for everyone who works on it.
fn name_of(job: &Job) -> String {
    let text = serde_json::to_vec(job).unwrap_or_default();
    format!("scanvet-{}", &hex(&Sha256::digest(text))[..16])
}

/// A connection, and how long it has been silent.
pub(super) struct Line {
    pub(super) context: Context,
    pub(super) name: String,
    pub(super) queue: Queue,
}

impl Line {
    pub(super) async fn to(queue: &Queue, job: &Job) -> Result<Self, JobFault> {
        let began = Instant::now();
        loop {
            let options = async_nats::ConnectOptions::new().name("scanvet");
            match options.connect(&queue.server).await {
                Ok(client) => {
                    let context = jetstream::new(client);
                    return Ok(Self { context, name: name_of(job), queue: queue.clone() });
                }
                Err(error) if began.elapsed() > queue.patience => {
                    return Err(JobFault::Temporary(format!("queue: {error}")));
                }
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    pub(super) fn subject(&self) -> String {
        format!("{}.units", self.name)
    }

    /// Makes the stream and its consumer, or finds them.
    pub(super) async fn opened(&self) -> Result<PullConsumer, String> {
        let stream = StreamConfig {
            name: self.name.clone(),
            subjects: vec![self.subject()],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::File,
            // Whoever starts a job twice within this puts nothing in twice.
            duplicate_window: Duration::from_secs(600),
            ..StreamConfig::default()
        };
        let stream = self.context.get_or_create_stream(stream).await.map_err(|e| e.to_string())?;
        let consumer = pull::Config {
            durable_name: Some(WORKERS.to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.queue.ack_wait,
            // Poisoned units are counted here: the server would drop them silently.
            max_deliver: -1,
            max_ack_pending: 10_000,
            ..pull::Config::default()
        };
        let consumer = stream.get_or_create_consumer(WORKERS, consumer).await;
        consumer.map_err(|error| error.to_string())
    }

    /// The consumer, where somebody has made it; `Ok(None)` where the server says that there is none.
    pub(super) async fn found(&self) -> Result<Option<PullConsumer>, String> {
        use jetstream::context::GetStreamErrorKind;
        match self.context.get_stream(&self.name).await {
            Ok(stream) => {
                let consumer: Result<PullConsumer, _> = stream.get_consumer(WORKERS).await;
                consumer.map(Some).map_err(|error| error.to_string())
            }
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.code() == 404 => Ok(None),
                _ => Err(error.to_string()),
            },
        }
    }

    /// Tries until it succeeds, or the queue has been silent for too long.
    pub(super) async fn insist<T, F: Future<Output = Result<T, String>>>(
        &self,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, JobFault> {
        let began = Instant::now();
        loop {
            match attempt().await {
                Ok(outcome) => return Ok(outcome),
                Err(why) if began.elapsed() > self.queue.patience => {
                    return Err(JobFault::Temporary(format!("queue: {why}")));
                }
                Err(_) => tokio::time::sleep(POLL).await,
            }
        }
    }

    pub(super) async fn publish(&self, id: &str, work: &Work) -> Result<(), JobFault> {
        let payload = serde_json::to_vec(work).map_err(JobFault::permanent)?;
        let most = self.context.client().server_info().max_payload;
        if most > 0 && payload.len() > most {
            let text = format!(
                "the rows of a unit take {} bytes, a message of this queue holds {most}: name a smaller \
                 --unit in a new --out",
                payload.len()
            );
            return Err(JobFault::Permanent(text));
        }
        let payload = bytes::Bytes::from(payload);
        self.insist(|| async {
            let message = PublishMessage::build().payload(payload.clone()).message_id(id);
            let sent = self.context.send_publish(self.subject(), message).await;
            sent.map_err(|e| e.to_string())?.await.map_err(|e| e.to_string())?;
            Ok(())
        })
        .await
    }
}

/// What a look into the queue finds.
pub(super) enum Next {
    Message(Box<Message>),
    Nothing,
    Gone,
}

/// The next unit, if there is one.
pub(super) async fn next(line: &Line) -> Result<Next, String> {
    let look = async {
        let Some(consumer) = line.found().await? else {
            return Ok(Next::Gone);
        };
        let batch = consumer.fetch().max_messages(1).expires(LOOK / 2).messages().await;
        let mut batch = batch.map_err(|error| error.to_string())?;
        match batch.next().await {
            Some(Ok(message)) => Ok(Next::Message(Box::new(message))),
            Some(Err(error)) => Err(error.to_string()),
            None => Ok(Next::Nothing),
        }
    };
    // A server that dies in between must not be waited for.
    tokio::time::timeout(3 * LOOK, look).await.unwrap_or_else(|_| Err("no answer".to_owned()))
}
