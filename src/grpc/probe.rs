//! Asks a server whether it serves.

use std::time::Duration;

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::dial::{Dial, DialError};

/// Longest that a probe waits, so that whoever probes every few seconds gets an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a server's health is not known.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It cannot be asked.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// Nobody answers there.
    #[error("cannot reach the server: {0}")]
    Unreachable(#[from] tonic::transport::Error),
    /// Someone answers, but tells no health.
    #[error("the server tells no health: {} ({:?})", .0.message(), .0.code())]
    Unhelpful(#[from] tonic::Status),
}

/// Whether the server at `uri` (`http://` may be left out) says that it serves.
pub async fn probe(uri: &str) -> Result<bool, ProbeError> {
    probe_by(uri, &Dial::default()).await
}

/// The same of a server that is reached as `dial` says.
pub async fn probe_by(uri: &str, dial: &Dial) -> Result<bool, ProbeError> {
    let server = dial.uri(uri)?;
    let endpoint = dial.endpoint(server.to_string(), &server)?;
    let channel = endpoint.connect_timeout(PATIENCE).timeout(PATIENCE).connect().await?;
    let mut client = HealthClient::with_interceptor(channel, dial.credentials()?);
    let answer = client.check(HealthCheckRequest::default()).await?;
    Ok(answer.into_inner().status() == ServingStatus::Serving)
}
