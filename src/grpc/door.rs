//! What every call passes before and after it is answered: counted, refused before its message is
//! read where it would be refused anyway, and cut off when it sends too slowly or too much.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;
use tonic::body::Body;
use tonic::{Code, Status};

use super::call;
use super::fault::Fault;
use super::methods::{self, Route};
use super::pool::Held;
use super::queue::Class;
use super::service::Service;
use crate::observe::Metrics;

/// A stream that says nothing for so long, though it is read, is ended: a batch has more to send.
const IDLE: Duration = Duration::from_secs(60);

/// Puts the door before a server's services.
#[derive(Clone)]
pub(super) struct Door(pub(super) Arc<Service>);

impl<S> tower::Layer<S> for Door {
    type Service = Behind<S>;

    fn layer(&self, inner: S) -> Behind<S> {
        Behind { inner, service: Arc::clone(&self.0) }
    }
}

/// The services behind the door.
#[derive(Clone)]
pub(super) struct Behind<S> {
    inner: S,
    service: Arc<Service>,
}

type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> tower::Service<Request<Body>> for Behind<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let route = methods::route_of(request.uri().path());
        let metrics = Arc::clone(&self.service.pool.metrics);
        metrics.call_started(&route.method);
        let count = Count { route, started: Instant::now(), code: None, sent: 0, metrics };
        if let Some(status) = self.refused(&route, request.headers()) {
            let answer = count.answered(status.into_http());
            return Box::pin(async move { Ok(answer) });
        }
        let time = call::granted(request.headers(), self.service.config.max_deadline);
        let request = request.map(|body| {
            Body::new(Incoming {
                body,
                messages: Messages::default(),
                held: None,
                patience: if route.is_endless { IDLE } else { time },
                timer: (!route.is_endless).then(|| Box::pin(tokio::time::sleep(time))),
                route,
                service: Arc::clone(&self.service),
            })
        });
        let answering = self.inner.call(request);
        Box::pin(async move { answering.await.map(|response| count.answered(response)) })
    }
}

impl<S> Behind<S> {
    /// Reading a message of megabytes is most of what refusing its call would cost.
    fn refused(&self, route: &Route, headers: &HeaderMap) -> Option<Status> {
        if !route.judges || call::class(headers) == Class::Batch {
            return None;
        }
        self.service.pool.is_full().map(|fault| call::refused(&call::request_id(headers), fault))
    }
}

/// A call as it is counted; told when the call has ended, however it ends.
struct Count {
    route: Route,
    started: Instant,
    code: Option<Code>,
    sent: u64,
    metrics: Arc<Metrics>,
}

impl Count {
    fn answered(mut self, response: Response<Body>) -> Response<Body> {
        self.look_at(response.headers());
        let messages = Messages::default();
        response.map(|body| Body::new(Outgoing { body, messages, count: self }))
    }

    fn look_at(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.code = Some(Code::from_bytes(code.as_bytes()));
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        // Who leaves before the end has no code.
        let code = methods::names(self.code.unwrap_or(Code::Cancelled)).0;
        self.metrics.call_handled(&self.route.method, code, self.started.elapsed());
        self.metrics.messages(&self.route.method, 0, self.sent);
    }
}

/// Messages in a body: each is led by a flag and four bytes of length.
#[derive(Default)]
struct Messages {
    head: [u8; 5],
    have: usize,
    left: usize,
    whole: u64,
}

impl Messages {
    fn read(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
            if self.left > 0 {
                let taken = self.left.min(piece.len());
                self.left -= taken;
                piece = &piece[taken..];
            } else {
                self.head[self.have] = piece[0];
                self.have += 1;
                piece = &piece[1..];
                if self.have < self.head.len() {
                    continue;
                }
                let [_, length @ ..] = self.head;
                self.left = u32::from_be_bytes(length) as usize;
                self.have = 0;
            }
            self.whole += u64::from(self.left == 0 && self.have == 0);
        }
    }

    /// Whether a message has begun that is not yet whole.
    fn is_inside(&self) -> bool {
        self.left > 0 || self.have > 0
    }
}

/// What comes in.
struct Incoming {
    body: Body,
    messages: Messages,
    /// Of the message that is coming in; once it is whole, the call holds it itself.
    held: Option<(Held, usize)>,
    patience: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    route: Route,
    service: Arc<Service>,
}

impl Incoming {
    fn take(&mut self, piece: &Bytes) -> Result<(), Fault> {
        if self.route.is_endless {
            self.timer = None;
        }
        self.messages.read(piece);
        if !self.messages.is_inside() {
            self.held = None;
            return Ok(());
        }
        let (held, bytes) = match &mut self.held {
            Some(held) => held,
            none => none.insert((self.service.pool.hold(0)?, 0)),
        };
        *bytes += piece.len();
        self.service.pool.hold_more(held, *bytes)
    }
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let cut = |fault: Fault| Poll::Ready(Some(Err(fault.into_status(""))));
        match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(piece) = frame.data_ref()
                    && let Err(fault) = this.take(piece)
                {
                    return cut(fault);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Pending => {
                let patience = this.patience;
                let timer =
                    this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                match timer.as_mut().poll(context) {
                    Poll::Ready(()) => cut(Fault::deadline()),
                    Poll::Pending => Poll::Pending,
                }
            }
            ready => ready,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.service.pool.metrics.messages(&self.route.method, self.messages.whole, 0);
    }
}

/// What goes out.
struct Outgoing {
    body: Body,
    messages: Messages,
    count: Count,
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            if let Some(piece) = frame.data_ref() {
                this.messages.read(piece);
                this.count.sent = this.messages.whole;
            }
            if let Some(trailers) = frame.trailers_ref() {
                this.count.look_at(trailers);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_however_they_are_cut() {
        let mut wire = Vec::new();
        for length in [0usize, 1, 700, 3] {
            wire.push(0);
            wire.extend((length as u32).to_be_bytes());
            wire.extend(vec![7; length]);
        }
        for piece in [1, 2, 5, 6, 64, wire.len()] {
            let mut messages = Messages::default();
            wire.chunks(piece).for_each(|chunk| messages.read(chunk));
            assert_eq!((messages.whole, messages.is_inside()), (4, false), "in pieces of {piece}");
        }
        let mut messages = Messages::default();
        messages.read(&wire[..wire.len() - 1]);
        assert_eq!((messages.whole, messages.is_inside()), (3, true));
    }
}
