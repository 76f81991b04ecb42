//! The operator's settings: defaults, then the configuration file, then the environment, then flags;
//! and rule packs. Every fault names its file and key, or its variable, and never a value.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use scanvet::access::{AccessSettings, RateSettings, TlsSettings};
use scanvet::grpc::ServeConfig;
use scanvet::rules::PackFile;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::cli::Failure;
use crate::cli::args::{Isolation, Switch};

/// The port that gRPC examples use.
const PORT: u16 = 50_051;

/// All settings. Unknown keys are faults.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The service.
    pub(crate) serve: ServeTable,
    /// Safety ceilings by check and limit, over the built-in ones.
    pub(crate) ceilings: Option<Table>,
}

/// The service's part of the settings. `docs/operations.md` has a row for each.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServeTable {
    /// Where calls come in.
    pub(crate) listen: SocketAddr,
    /// Files judged at once.
    pub(crate) workers: usize,
    /// Files that may wait for a worker.
    pub(crate) queue: usize,
    /// Content kept in memory by all calls together.
    pub(crate) max_bytes_in_flight: usize,
    /// Longest that a call may take.
    pub(crate) max_deadline_seconds: u64,
    /// Connections that may be open.
    pub(crate) max_connections: usize,
    /// Age at which a connection is asked to close.
    pub(crate) max_connection_age_seconds: u64,
    /// How long NOT_SERVING is told before connections are closed.
    pub(crate) notice_seconds: u64,
    /// How long calls under way may take to end after that.
    pub(crate) drain_seconds: u64,
    /// Where files are judged: `process` or `none`; where it is absent, `process` on Linux.
    pub(crate) isolation: Option<Isolation>,
    /// Refuse to start when a layer of the sandbox around files is missing.
    pub(crate) require_sandbox: bool,
    /// Prefixes under which files are fetched for callers that name them.
    pub(crate) content_prefixes: Vec<String>,
    /// The page for people, and gRPC-Web; where it is absent, on if the service listens on loopback.
    pub(crate) web: Option<Switch>,
    /// Names by which browsers may ask for the page, beside `localhost` and addresses.
    pub(crate) web_hosts: Vec<String>,
    /// Listen beyond this machine without TLS.
    pub(crate) insecure: bool,
    /// Who the server is, and which certificates of callers it takes.
    pub(crate) tls: TlsSettings,
    /// Which credentials of callers it takes.
    pub(crate) access: AccessSettings,
    /// How much each caller may have judged.
    pub(crate) rates: RateSettings,
    /// The port for Prometheus and probes that speak HTTP.
    pub(crate) admin: AdminTable,
    /// Where decisions are written down.
    pub(crate) audit: AuditTable,
    /// Where spans go.
    pub(crate) traces: TracesTable,
}

/// `[serve.admin]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AdminTable {
    /// Where `/metrics`, `/livez` and `/readyz` are served; nowhere where it is absent.
    pub(crate) listen: Option<SocketAddr>,
}

/// `[serve.audit]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditTable {
    /// A file for JSON lines; the log where it is absent.
    pub(crate) file: Option<PathBuf>,
}

/// `[serve.traces]`
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TracesTable {
    /// A collector that speaks OTLP over gRPC; no traces where it is absent.
    pub(crate) endpoint: Option<String>,
    /// Share of the calls that are traced whose callers do not say.
    pub(crate) share: f64,
}

impl Default for TracesTable {
    fn default() -> Self {
        Self { endpoint: None, share: 1.0 }
    }
}

impl Default for ServeTable {
    fn default() -> Self {
        let defaults = ServeConfig::default();
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            workers: defaults.workers,
            queue: defaults.queue,
            max_bytes_in_flight: defaults.max_bytes_in_flight,
            max_deadline_seconds: defaults.max_deadline.as_secs(),
            max_connections: defaults.max_connections,
            max_connection_age_seconds: defaults.max_connection_age.as_secs(),
            notice_seconds: defaults.notice.as_secs(),
            drain_seconds: defaults.drain.as_secs(),
            isolation: None,
            require_sandbox: false,
            content_prefixes: defaults.content_prefixes,
            web: None,
            web_hosts: defaults.web_hosts,
            insecure: false,
            tls: TlsSettings::default(),
            access: AccessSettings::default(),
            rates: RateSettings::default(),
            admin: AdminTable::default(),
            audit: AuditTable::default(),
            traces: TracesTable::default(),
        }
    }
}

/// How a variable of the environment begins that stands for a key of the configuration:
/// `SCANVET_SERVE__QUEUE` is `serve.queue`.
const VARIABLE: &str = "SCANVET_";
const NESTED: &str = "__";

/// The file, if there is one, under the variables.
pub(crate) fn load(path: Option<&Path>) -> Result<Config, Failure> {
    let mut merged = Table::new();
    if let Some(path) = path {
        let fault = |error: &dyn std::fmt::Display| -> Failure {
            format!("configuration {}: {error}", path.display()).into()
        };
        let text = std::fs::read_to_string(path).map_err(|error| fault(&error))?;
        // Once for the lines that faults are in, and once to merge.
        toml::from_str::<Config>(&text).map_err(|error| fault(&error))?;
        merged = toml::from_str(&text).map_err(|error| fault(&error))?;
    }
    let mut faults = Vec::new();
    for (name, value) in variables(std::env::vars_os()) {
        match of_variable(&name, &value) {
            Ok(table) => lay_over(&mut merged, table),
            Err(fault) => faults.push(fault),
        }
    }
    if !faults.is_empty() {
        faults.sort();
        return Err(faults.join("\n").into());
    }
    Config::deserialize(merged).map_err(|error| format!("configuration: {error}").into())
}

fn variables(
    all: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> Vec<(String, String)> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let ours = |(name, _): &(String, String)| {
        name.strip_prefix(VARIABLE).is_some_and(|rest| rest.contains(NESTED))
    };
    let mut ours: Vec<(String, String)> = all.filter_map(text).filter(ours).collect();
    ours.sort();
    ours
}

/// The one key that a variable stands for.
fn of_variable(name: &str, value: &str) -> Result<Table, String> {
    let path = name.strip_prefix(VARIABLE).unwrap_or(name).to_ascii_lowercase();
    let keys: Vec<&str> = path.split(NESTED).collect();
    let nest = |value: Value| {
        let nested = keys
            .iter()
            .rev()
            .fold(value, |inner, key| Value::Table(Table::from_iter([((*key).to_owned(), inner)])));
        nested.as_table().cloned().unwrap_or_default()
    };
    let typed = toml::from_str::<Table>(&format!("value = {value}")).ok();
    let typed = typed.and_then(|mut table| table.remove("value"));
    // What looks like a number may be meant as a text: a name, a path.
    let readings = typed.into_iter().chain([Value::String(value.to_owned())]);
    let mut fault = String::new();
    for reading in readings {
        let table = nest(reading);
        match Config::deserialize(table.clone()) {
            Ok(_) => return Ok(table),
            Err(_) if !fault.is_empty() => {}
            Err(error) => fault = error.message().to_owned(),
        }
    }
    // What serde says of a wrong value repeats it, and it may be a secret put into the wrong variable.
    let fault = match fault.starts_with("unknown field") {
        true => fault,
        false => format!("the value does not fit `{}`", keys.join(".")),
    };
    Err(format!("environment {name}: {fault}"))
}

/// Lays tables over tables, key by key.
fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variable: &str, value: &str) -> Result<ServeTable, String> {
        let table = of_variable(variable, value)?;
        Ok(Config::deserialize(table).unwrap().serve)
    }

    #[test]
    fn variables_are_read_as_what_their_keys_hold() {
        assert_eq!(of("SCANVET_SERVE__QUEUE", "7").unwrap().queue, 7);
        let listen = of("SCANVET_SERVE__LISTEN", "[::1]:50052").unwrap().listen;
        assert_eq!(listen.port(), 50_052);
        let prefixes = of("SCANVET_SERVE__CONTENT_PREFIXES", r#"["s3://a/", "s3://b/"]"#);
        assert_eq!(prefixes.unwrap().content_prefixes.len(), 2);
        let file = of("SCANVET_SERVE__AUDIT__FILE", "2026").unwrap().audit.file;
        assert_eq!(file, Some(PathBuf::from("2026")), "a path that looks like a number");
        assert_eq!(of("SCANVET_SERVE__TRACES__SHARE", "0.25").unwrap().traces.share, 0.25);
    }

    #[test]
    fn a_variable_that_is_no_key_or_holds_what_does_not_fit_is_told_without_its_value() {
        let fault = of("SCANVET_SERVE__QUEU", "7").unwrap_err();
        assert!(fault.contains("SCANVET_SERVE__QUEU: unknown field `queu`"), "{fault}");
        let fault = of("SCANVET_SERVE__QUEUE", "hunter2").unwrap_err();
        assert_eq!(fault, "environment SCANVET_SERVE__QUEUE: the value does not fit `serve.queue`");
    }

    #[test]
    fn only_variables_with_a_key_inside_are_ours() {
        let all = [("SCANVET_RULES", "x"), ("SCANVET_SERVE__QUEUE", "1"), ("PATH", "a__b")];
        let all = all.map(|(name, value)| (name.into(), value.into()));
        let ours = [("SCANVET_SERVE__QUEUE".to_owned(), "1".to_owned())];
        assert_eq!(variables(all.into_iter()), ours);
    }

    #[test]
    fn what_is_laid_over_leaves_its_neighbours() {
        let mut below: Table = toml::from_str("a = 1\n[b]\nc = 2\nd = 3").unwrap();
        lay_over(&mut below, toml::from_str("[b]\nd = 4").unwrap());
        assert_eq!(below, toml::from_str("a = 1\n[b]\nc = 2\nd = 4").unwrap());
    }

    #[test]
    fn the_whole_configuration_is_printed_as_it_is_read() {
        let mut config = Config::default();
        config.serve.admin.listen = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)));
        config.ceilings = toml::from_str("[\"file.size\"]\nbelow_bytes = 1000").ok();
        let printed = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<Config>(&printed).unwrap(), config);
    }
}
