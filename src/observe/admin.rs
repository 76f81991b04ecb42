//! The port for Prometheus and for probes that speak HTTP: `/metrics`, `/livez`, `/readyz`.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::observe::Metrics;

/// What Prometheus calls this format; every version of it since 2.5 reads it.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves on `listener` until it is dropped. `draining` turns true when the service begins to stop;
/// `before` brings numbers up to date that are only known elsewhere.
pub async fn serve(
    listener: TcpListener,
    metrics: Arc<Metrics>,
    before: impl Fn(&Metrics) + Clone + Send + Sync + 'static,
    draining: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let metrics = move || {
        before(&metrics);
        let text = metrics.text();
        async move { ([(CONTENT_TYPE, OPENMETRICS)], text) }
    };
    let ready = move || {
        let (code, word) = match *draining.borrow() {
            true => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
            false => (StatusCode::OK, "ready\n"),
        };
        async move { (code, word) }
    };
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready));
    axum::serve(listener, router).await
}
