//! What several commands take: where files are judged, and how a server is reached.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use scanvet::grpc::Dial;
use serde::{Deserialize, Serialize};

/// Where files are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Isolation {
    /// In processes of their own, shut off from everything. Linux only, and the default there.
    Process,
    /// In the process that was started: faster for files that are trusted.
    None,
}

/// Whether something is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// Whether files are judged apart.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct IsolationArguments {
    /// Where files are judged. Default: process on Linux, none elsewhere.
    #[arg(long, value_enum)]
    pub(crate) isolation: Option<Isolation>,
}

/// How a server is reached, and what it is shown.
#[derive(Clone, Debug, Args)]
pub(crate) struct DialArguments {
    /// Who may sign the server's certificate (PEM). Default: whom this machine trusts.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Show this certificate (PEM) to the server.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// The key of that certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    pub(crate) client_key: Option<PathBuf>,
    /// Show the API key in this file.
    #[arg(long, value_name = "FILE", conflicts_with = "token_file")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// Show the token in this file, which is read with every call.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Show key or token over http:// beyond this machine, too.
    #[arg(long)]
    pub(crate) insecure: bool,
}

impl From<&DialArguments> for Dial {
    fn from(arguments: &DialArguments) -> Self {
        let DialArguments {
            ca,
            client_certificate,
            client_key,
            api_key_file,
            token_file,
            insecure,
        } = arguments.clone();
        let (certificate, key) = (client_certificate, client_key);
        Self { ca, certificate, key, api_key_file, token_file, insecure }
    }
}

/// What a process that judges is started with.
#[cfg(target_os = "linux")]
#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// Bytes of address space.
    #[arg(long)]
    pub(crate) address_space: u64,
    /// Seconds of processor time a file.
    #[arg(long)]
    pub(crate) cpu_seconds: u64,
}
