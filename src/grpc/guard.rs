//! Who calls is settled on the head of a call, before its message is read.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tonic::body::Body;
use tonic::codegen::{Service as Calls, http};
use tonic::transport::server::Connected;
use tower::Layer;

use super::call::{self, request_id};
use super::fault::Fault;
use super::methods;
use crate::access::{Access, Identity, Peer, Unit, Wire};
use crate::observe::Metrics;

/// Answered whoever asks: probes have no credentials.
const HEALTH: &str = "/grpc.health.v1.Health/";

impl Connected for Wire {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

/// Puts a guard before a service.
#[derive(Clone)]
pub(super) struct GuardLayer(pub(super) Arc<Access>, pub(super) Arc<Metrics>);

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { access: Arc::clone(&self.0), metrics: Arc::clone(&self.1), inner }
    }
}

/// Lets calls in whose callers may call, with an [`Identity`] among their extensions.
#[derive(Clone)]
pub(super) struct Guard<S> {
    access: Arc<Access>,
    metrics: Arc<Metrics>,
    inner: S,
}

type Answer = http::Response<Body>;

impl<S> Calls<http::Request<Body>> for Guard<S>
where
    S: Calls<http::Request<Body>, Response = Answer, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        match self.admitted(&request) {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                Box::pin(self.inner.call(request))
            }
            Err(answer) => Box::pin(std::future::ready(Ok(*answer))),
        }
    }
}

impl<S> Guard<S> {
    /// Who calls, or the answer to whom may not.
    fn admitted(&self, request: &http::Request<Body>) -> Result<Identity, Box<Answer>> {
        let path = request.uri().path();
        let stranger = Peer::default();
        let peer = request.extensions().get().unwrap_or(&stranger);
        if path.starts_with(HEALTH) {
            return Ok(Identity::anonymous(peer.address));
        }
        let route = methods::route_of(path);
        let refused = |why: &'static str, fault: Fault| {
            // What else the path says may be anything.
            let method = route.method.grpc_method;
            let (id, reason) = (request_id(request.headers()), fault.reason);
            tracing::info!(request_id = id, rpc = method, reason, why, "refused");
            self.metrics.refused(why);
            Box::new(call::refused(&id, fault).into_http())
        };
        let caller = self.access.identify(peer, request.headers());
        let caller = caller.map_err(|refusal| refused(refusal.why, Fault::denied(refusal)))?;
        // The files of streams are counted one by one.
        if route.judges {
            charge(&self.access, &caller, (Unit::Files, 1))
                .map_err(|fault| refused("over-its-rate", fault))?;
        }
        Ok(caller)
    }
}

/// Who sent a request that the guard has let in.
pub(super) fn caller<T>(request: &tonic::Request<T>) -> Identity {
    request.extensions().get().cloned().unwrap_or_else(|| Identity::anonymous(None))
}

/// Books so much on the caller's share.
pub(super) fn charge(access: &Access, caller: &Identity, amount: (Unit, u64)) -> Result<(), Fault> {
    let charged = access.charge(caller, amount, Instant::now());
    charged.map_err(|over| Fault::over_rate(caller, &over))
}

/// Waits until the caller's share has room for so much, and books it. Items of a stream are not
/// refused: what is not read off the stream slows its sender down.
pub(super) async fn wait_for(access: &Access, caller: &Identity, amount: (Unit, u64)) {
    const LONGEST_NAP: Duration = Duration::from_secs(1);
    while let Err(over) = access.charge(caller, amount, Instant::now()) {
        tokio::time::sleep(over.retry_after.min(LONGEST_NAP)).await;
    }
}
