//! Asks a server whether it serves.

use std::time::Duration;

use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Longest that a probe waits, so that whoever probes every few seconds gets an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a server's health is not known.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nobody answers there.
    #[error("cannot reach the server: {0}")]
    Unreachable(#[from] tonic::transport::Error),
    /// Someone answers, but tells no health.
    #[error("the server tells no health: {} ({:?})", .0.message(), .0.code())]
    Unhelpful(#[from] tonic::Status),
}

/// Whether the server at `uri` (`http://` may be left out) says that it serves.
pub async fn probe(uri: &str) -> Result<bool, ProbeError> {
    let uri = if uri.contains("://") { uri.to_owned() } else { format!("http://{uri}") };
    let endpoint = Endpoint::from_shared(uri)?.connect_timeout(PATIENCE).timeout(PATIENCE);
    let mut client = HealthClient::new(endpoint.connect().await?);
    let answer = client.check(HealthCheckRequest::default()).await?;
    Ok(answer.into_inner().status() == ServingStatus::Serving)
}
