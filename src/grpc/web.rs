//! Where the page is on, browsers are let in: files of the page, and calls as gRPC-Web. Outermost, so
//! that such a call passes the door and the guard as any other.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Version, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer, Service};

use super::HEADER_BYTES;
use crate::observe::Metrics;
use crate::web;
use crate::web::visitor::{self, Names, Stranger};

/// How long, and how much of, a message is still read whose call has been answered.
const LINGER: Duration = Duration::from_secs(5);

/// Lets browsers in, or nobody new where there are no names.
#[derive(Clone)]
pub(super) struct WebLayer {
    pub(super) names: Option<Arc<Names>>,
    pub(super) most: usize,
    pub(super) metrics: Arc<Metrics>,
}

impl<S> Layer<S> for WebLayer {
    type Service = Web<S>;

    fn layer(&self, inner: S) -> Web<S> {
        Web { inner, layer: self.clone() }
    }
}

/// The services, reachable for browsers.
#[derive(Clone)]
pub(super) struct Web<S> {
    inner: S,
    layer: WebLayer,
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Web<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some(names) = &self.layer.names else {
            return Box::pin(self.inner.call(request));
        };
        let (parts, body) = request.into_parts();
        let kind = Kind::of(&parts.headers);
        let told = match kind {
            Kind::Grpc if parts.version < Version::HTTP_2 => {
                Some(web::plain(StatusCode::BAD_REQUEST, "gRPC is spoken over HTTP/2\n"))
            }
            Kind::Grpc if visitor::is_same_origin(&parts) => None,
            Kind::Grpc => Some(self.refused(Stranger::OtherOrigin)),
            _ if size(&parts.headers) > HEADER_BYTES => {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                Some(web::plain(status, "the headers are too large\n"))
            }
            Kind::GrpcWeb => names.admit(&parts).err().map(|stranger| self.refused(stranger)),
            Kind::Other => Some(match names.admit(&parts) {
                Ok(()) => web::answer(&parts.method, parts.uri.path(), &parts.headers),
                Err(stranger) => self.refused(stranger),
            }),
        };
        if let Some(told) = told {
            return Box::pin(std::future::ready(Ok(told.map(whole))));
        }
        if kind == Kind::Grpc {
            return Box::pin(self.inner.call(Request::from_parts(parts, body)));
        }
        let body = match parts.version {
            Version::HTTP_2 => body,
            _ => Body::new(Lingering { body: Some(body), most: self.layer.most }),
        };
        let mut translated = GrpcWebLayer::new().layer(self.inner.clone());
        let answering = translated.call(Request::from_parts(parts, body));
        Box::pin(async move {
            let mut answer = answering.await?;
            let headers = answer.headers_mut();
            web::protect(headers);
            headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
            Ok(answer)
        })
    }
}

impl<S> Web<S> {
    fn refused(&self, stranger: Stranger) -> Response<Bytes> {
        let (why, status, text) = match stranger {
            Stranger::NoHost => ("no-host", StatusCode::BAD_REQUEST, "which host is asked for?\n"),
            Stranger::OtherHost => (
                "other-host",
                StatusCode::MISDIRECTED_REQUEST,
                "this server does not go by that name: its operator can add it to serve.web_hosts\n",
            ),
            Stranger::OtherOrigin => (
                "other-origin",
                StatusCode::FORBIDDEN,
                "pages of other origins may not call this server; a proxy before it must pass the Host header on\n",
            ),
        };
        tracing::info!(why, "refused");
        self.layer.metrics.refused(why);
        web::plain(status, text)
    }
}

/// What a request is by what it says of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Grpc,
    GrpcWeb,
    /// A file of the page, or nothing that is served.
    Other,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Self {
        let content = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
        match content.strip_prefix(b"application/grpc") {
            Some(rest) if rest.starts_with(b"-web") => Self::GrpcWeb,
            Some(_) => Self::Grpc,
            None => Self::Other,
        }
    }
}

/// Size of headers as HTTP/2 counts it (RFC 9113, 6.5.2).
fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

fn whole(content: Bytes) -> Body {
    Body::new(Whole(Some(content)))
}

/// A body of one piece.
struct Whole(Option<Bytes>);

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}

/// A message over HTTP/1.1 whose rest is read and thrown away when its call is answered early: a
/// browser reads no answer before it has sent all, and sees a broken connection instead.
struct Lingering {
    body: Option<Body>,
    most: usize,
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let read = frame.data_ref().map_or(0, Bytes::len);
                self.most = self.most.saturating_sub(read);
            }
            Poll::Ready(_) => self.body = None,
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(tokio::time::timeout(LINGER, drain(body, self.most)));
        }
    }
}

async fn drain(mut body: Body, most: usize) {
    let mut left = most;
    while let Some(Ok(frame)) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else {
            return;
        };
        left = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_is_shows_in_its_content_type() {
        let of = |content: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content.parse().unwrap());
            Kind::of(&headers)
        };
        assert_eq!(Kind::of(&HeaderMap::new()), Kind::Other);
        assert_eq!(of("application/grpc"), Kind::Grpc);
        assert_eq!(of("application/grpc+proto"), Kind::Grpc);
        assert_eq!(of("application/grpc-web+proto"), Kind::GrpcWeb);
        assert_eq!(of("application/grpc-web-text"), Kind::GrpcWeb);
        assert_eq!(of("text/plain"), Kind::Other);
    }
}
