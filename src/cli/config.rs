//! The operator's configuration file and rule packs: every fault names file and key.

use std::net::SocketAddr;
use std::path::Path;

use scanvet::rules::PackFile;
use serde::Deserialize;

use crate::cli::Failure;
use crate::cli::args::Isolation;

/// The configuration file. Unknown keys are faults.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Safety ceilings by check and limit, over the built-in ones.
    pub(crate) ceilings: Option<toml::Table>,
    /// The service.
    #[serde(default)]
    pub(crate) serve: ServeTable,
}

/// The service's part of the configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServeTable {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) workers: Option<usize>,
    pub(crate) queue: Option<usize>,
    pub(crate) max_deadline_seconds: Option<u64>,
    pub(crate) drain_seconds: Option<u64>,
    /// Where files are judged: "process" or "none".
    pub(crate) isolation: Option<Isolation>,
    /// Refuse to start when a layer of the sandbox around files is missing.
    #[serde(default)]
    pub(crate) require_sandbox: bool,
    /// Prefixes under which files are fetched for callers that name them.
    #[serde(default)]
    pub(crate) content_prefixes: Vec<String>,
}

/// Reads a configuration file.
pub(crate) fn read(path: &Path) -> Result<Config, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("configuration {}: {error}", path.display()))?;
    toml::from_str(&text)
        .map_err(|error| format!("configuration {}: {error}", path.display()).into())
}

/// Reads every `.toml` below a folder of rule packs.
pub(crate) fn read_packs(folder: &Path) -> Result<Vec<PackFile>, Failure> {
    let mut packs = Vec::new();
    collect(folder, folder, &mut packs)
        .map_err(|error| format!("rules {}: {error}", folder.display()))?;
    packs.sort();
    Ok(packs)
}

fn collect(root: &Path, folder: &Path, packs: &mut Vec<PackFile>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // One level of folders is all that packs have; links are not followed into loops.
        if path.is_dir() && folder == root {
            collect(root, &path, packs)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.strip_prefix(root).unwrap_or(&path);
            let name = name.to_string_lossy().replace('\\', "/");
            packs.push((name, std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
