//! Does what deploy/ ships fit the program that is shipped?
//!
//! Tools that are missing are named and passed over; where `SCANVET_CI_TOOLS=1` says that those of
//! `tests/requirements.txt` are installed, each of them that is missing is a fault.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests")]

mod promql;
mod service;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use promql::{Metrics, Query};
use serde_json::Value;
use service::{Service, path, request, sample, settings};
use sha2::{Digest, Sha256};

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether a tool answers; where it does not and `.ci/run` installs it, that is a fault.
fn is_there(program: &str, trial: &[&str], is_of_ci: bool) -> bool {
    let found = Command::new(program).args(trial).output();
    let found = found.is_ok_and(|output| output.status.success());
    let is_ci = std::env::var_os("SCANVET_CI_TOOLS").is_some_and(|value| value == "1");
    assert!(found || !is_of_ci || !is_ci, "`{program} {}` does not work", trial.join(" "));
    if !found {
        eprintln!("skipped: `{program} {}` does not work here", trial.join(" "));
    }
    found
}

/// Runs a tool where the project is; that it fails is a fault.
fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let told = [&*output.stdout, b"\n", &*output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success(), "{program} {}: {told}", arguments.join(" "));
    output
}

/// Every file of the project that the library is compiled from, as the compiler has noted them.
fn compiled_from() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_BIN_EXE_scanvet")).with_file_name("deps");
    let notes = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let notes = notes.filter(|path| path.extension().is_some_and(|it| it == "d"));
    let notes = notes.map(|path| (path.metadata().unwrap().modified().unwrap(), path));
    // The newest of the library itself: not of its tests, and not of what lints have read.
    let notes = notes.map(|(time, path)| (time, std::fs::read_to_string(path).unwrap()));
    let ours = |text: &str| text.contains("libscanvet-") && text.contains(".rlib: ");
    let (_, noted) = notes.filter(|(_, text)| ours(text)).max().expect("a note");
    let root = at("").canonicalize().unwrap();
    let files = noted.split_once(": ").expect("a rule").1.lines().next().expect("its files");
    let files = files.split_whitespace().map(|file| at(file).canonicalize().unwrap());
    let ours = files.filter_map(|file| file.strip_prefix(&root).ok()?.to_str().map(str::to_owned));
    // What the build script makes is no file of the project.
    let mut ours: BTreeSet<String> = ours.filter(|file| !file.starts_with("target/")).collect();
    for line in read("build.rs").lines() {
        if let Some((_, watched)) = line.split_once("rerun-if-changed=") {
            ours.extend(below(watched.split('"').next().expect("a path")));
        }
    }
    ours
}

/// The files below a folder of the project.
fn below(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(at(folder)).unwrap().map(|entry| entry.unwrap());
    let of = |entry: std::fs::DirEntry| {
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() { below(&path) } else { vec![path] }
    };
    entries.flat_map(of).collect()
}

#[test]
fn the_image_is_built_from_all_that_the_program_is_compiled_from() {
    if !is_there("python3", &["--version"], false) {
        return;
    }
    let copied = run("python3", &["deploy/image.py", "--list"]).stdout;
    let copied = String::from_utf8(copied).unwrap();
    let copied: BTreeSet<&str> = copied.lines().collect();
    let compiled = compiled_from();
    assert!(compiled.contains("proto/scanvet/v1/scanvet.proto"), "{compiled:?}");
    assert!(compiled.contains("src/lib.rs") && compiled.contains("models/blaze_full.onnx"));
    for file in compiled {
        assert!(copied.contains(&*format!("build/{file}")), "the Dockerfile does not copy {file}");
    }
    for file in [
        "build/Cargo.lock",
        "build/src/main.rs",
        "build/build.rs",
        "root/licenses/LICENSE-MIT",
        "root/licenses/models/NOTICE",
    ] {
        assert!(copied.contains(file), "{file}");
    }
    assert!(!copied.iter().any(|file| file.contains("testdata")), "{copied:?}");
}

#[test]
fn the_dockerfile_is_as_dockerfiles_should_be() {
    if is_there("hadolint", &["--version"], true) {
        run("hadolint", &["Dockerfile"]);
    }
}

/// The words behind the last `CMD` of a line of the Dockerfile that begins so.
fn words(dockerfile: &str, begins: &str) -> Vec<String> {
    let line = dockerfile.lines().rfind(|line| line.starts_with(begins)).expect("a line");
    serde_json::from_str(line.rsplit_once("CMD ").expect("a command").1).expect("a list")
}

#[test]
fn what_the_image_starts_is_sound() {
    let dockerfile = read("Dockerfile");
    let mut serve = words(&dockerfile, "CMD ");
    serve.push("--check-config".to_owned());
    let serve: Vec<&str> = serve.iter().map(String::as_str).collect();
    run(env!("CARGO_BIN_EXE_scanvet"), &serve);
    let health = words(&dockerfile, "HEALTHCHECK ");
    let help = run(env!("CARGO_BIN_EXE_scanvet"), &[&health[1], "--help"]).stdout;
    // It asks where CMD listens.
    assert!(String::from_utf8(help).unwrap().contains("[default: 127.0.0.1:50051]"));
    assert!(serve.contains(&"0.0.0.0:50051"));
}

#[test]
fn versions_are_those_of_the_package() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, line) in [
        ("Dockerfile", format!("org.opencontainers.image.version=\"{version}\"")),
        ("deploy/compose.yaml", format!("image: scanvet:{version}")),
        ("deploy/kubernetes/base/kustomization.yaml", format!("newTag: {version}")),
        ("deploy/kubernetes/overlays/production/kustomization.yaml", format!("newTag: {version}")),
    ] {
        assert!(read(file).contains(&line), "{file} lacks {line}");
    }
}

#[test]
fn configurations_are_sound() {
    let check = |file: &str| {
        run(env!("CARGO_BIN_EXE_scanvet"), &["serve", "--config", file, "--check-config"])
    };
    check("deploy/scanvet.toml");
    check("deploy/kubernetes/base/scanvet.toml");
    // All that is offered there as a comment, too, the files of TLS aside.
    let whole: String = read("deploy/scanvet.toml")
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|it| it.contains(" = ") || it.starts_with('['))
                .unwrap_or(line)
        })
        .filter(|line| {
            !line.contains(".pem") && !line.contains(".key") && !line.contains("/var/log")
        })
        .fold(String::new(), |text, line| text + line + "\n");
    assert!(whole.contains("\n[serve.rates]\nfiles_per_second = 20\n"), "{whole}");
    check(path(&settings(&whole)));
}

#[test]
fn the_cluster_serves_tls_with_the_variables_of_its_component() {
    let signed = rcgen::generate_simple_self_signed(["scanvet".to_owned()]).unwrap();
    let certificate = settings(&signed.cert.pem());
    let key = settings(&signed.signing_key.serialize_pem());
    let component = read("deploy/kubernetes/components/tls/deployment.yaml");
    for name in ["SCANVET_SERVE__INSECURE", "SCANVET_TLS_CERTIFICATE", "SCANVET_TLS_KEY"] {
        assert!(component.contains(name), "{name}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_scanvet"))
        .args(["serve", "--print-config", "--config"])
        .arg(at("deploy/kubernetes/base/scanvet.toml"))
        .env("SCANVET_SERVE__INSECURE", "false")
        .env("SCANVET_TLS_CERTIFICATE", certificate.path())
        .env("SCANVET_TLS_KEY", key.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("insecure = false") && printed.contains("certificate = "),
        "{printed}"
    );
}

#[test]
fn kubernetes_knows_every_field() {
    let check = ["-c", "import kubernetes_validate, yaml, tomllib"];
    if is_there("python3", &check, true) {
        let output = run("python3", &["deploy/kubernetes/check.py"]);
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(told.contains("production: 11 objects"), "{told}");
    }
}

#[test]
fn compose_knows_every_field() {
    // The first one, of before 2021, does not know this option, nor today's files.
    if is_there("docker-compose", &["version", "--format", "json"], true) {
        let arguments = ["--file", "deploy/compose.yaml", "config", "--format", "json"];
        let output = run("docker-compose", &arguments);
        let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
        for file in ["prometheus", "grafana/provisioning", "grafana/dashboards", "scanvet.toml"] {
            let text = whole.to_string();
            assert!(text.contains(&format!("deploy/{file}\"")) && at("deploy").join(file).exists());
        }
        // With what the command line adds, the settings hold in there.
        let command = whole["services"]["scanvet"]["command"].as_array().unwrap();
        let own = at("deploy/scanvet.toml");
        let words = command.iter().map(|word| word.as_str().unwrap());
        let words =
            words.map(|word| if word.starts_with("/etc") { own.to_str().unwrap() } else { word });
        let words: Vec<&str> = words.chain(["--check-config"]).collect();
        run(env!("CARGO_BIN_EXE_scanvet"), &words);
    }
}

#[test]
fn prometheus_takes_the_alerts_and_each_rings_when_it_should() {
    if is_there("promtool", &["--version"], false) {
        run("promtool", &["check", "config", "deploy/prometheus/prometheus.yml"]);
        run("promtool", &["test", "rules", "deploy/prometheus/alerts_test.yml"]);
    }
}

#[test]
fn systemd_takes_the_unit() {
    if !is_there("systemd-analyze", &["--version"], false) {
        return;
    }
    let version = String::from_utf8(run("systemd-analyze", &["--version"]).stdout).unwrap();
    let version: u32 = version.split_whitespace().nth(1).unwrap().parse().unwrap_or_default();
    if version < 250 {
        eprintln!("skipped: systemd {version} does not know all keys");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("scanvet.service");
    let program = env!("CARGO_BIN_EXE_scanvet");
    let text = read("deploy/scanvet.service").replace("/usr/local/bin/scanvet", program);
    std::fs::write(&unit, text).unwrap();
    let output = run("systemd-analyze", &["verify", unit.to_str().unwrap()]);
    // It warns of keys that it does not know, and ends well.
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!told.contains("scanvet.service"), "{told}");
}

/// Expressions of the alerts. Each stands behind `expr:`, or in the deeper lines after `expr: |`.
fn alerts() -> Vec<String> {
    let text = read("deploy/prometheus/alerts.yml");
    let mut found: Vec<String> = Vec::new();
    let mut inside = None;
    for line in text.lines() {
        let depth = line.len() - line.trim_start().len();
        match (line.trim_start().strip_prefix("expr: "), inside) {
            (Some("|"), _) => {
                inside = Some(depth);
                found.push(String::new());
            }
            (Some(whole), _) => found.push(whole.to_owned()),
            (None, Some(outer)) if depth > outer => {
                writeln!(found.last_mut().unwrap(), "{line}").unwrap();
            }
            (None, _) => inside = None,
        }
    }
    found
}

#[test]
fn the_guide_lists_the_alerts() {
    let (alerts, guide) = (read("deploy/prometheus/alerts.yml"), read("docs/deploy.md"));
    let named = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: "));
    let listed = guide.lines().filter_map(|line| line.strip_prefix("| Scanvet"));
    let listed = listed.filter_map(|line| Some(format!("Scanvet{}", line.split_once(' ')?.0)));
    assert_eq!(named.map(str::to_owned).collect::<Vec<_>>(), listed.collect::<Vec<_>>());
}

/// Queries of the dashboard, with the labels that their legends name.
fn panels(dashboard: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found = Vec::new();
    for target in dashboard["panels"].as_array().unwrap().iter().filter_map(|it| it.get("targets"))
    {
        for target in target.as_array().unwrap() {
            found.push((text(&target["expr"]), text(&target["legendFormat"])));
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let query = text(&variable["query"]["query"]);
        if let Some(query) = query.strip_prefix("label_values(") {
            let (metric, label) = query.trim_end_matches(')').rsplit_once(", ").unwrap();
            found.push((format!("sum by ({label}) ({metric})"), String::new()));
        }
    }
    found
}

/// All that a service can tell: after calls that were judged, refused and too many, and reloads.
async fn everything() -> Metrics {
    let key = "a key of more than thirty-two characters";
    let digest: String = Sha256::digest(key).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let keys = settings(&format!("\"test\" = \"sha256:{digest}\"\n"));
    let config = settings(&format!(
        "[serve]\nworkers = 1\nqueue = 2\n[serve.access]\napi_keys = {:?}\n",
        keys.path()
    ));
    let service = Service::start(&["--config", path(&config)]);
    let client = service.client().await;
    let call = |name: &'static str, is_batch: bool| {
        let mut call = tonic::Request::new(request(sample(name)));
        call.metadata_mut().insert("x-api-key", key.parse().unwrap());
        if is_batch {
            call.metadata_mut().insert("x-priority", "batch".parse().unwrap());
        }
        let mut client = client.clone();
        async move { client.validate_file(call).await }
    };
    client.clone().validate_file(request(Vec::new())).await.unwrap_err();
    for (name, is_batch) in
        [("accept-card.jpg", false), ("reject-card-grey.jpg", true), ("accept-form.jpg", false)]
    {
        call(name, is_batch).await.unwrap();
    }
    let mut many = tokio::task::JoinSet::new();
    for _ in 0..12 {
        many.spawn(call("accept-card.jpg", false));
    }
    let answers = many.join_all().await;
    assert!(answers.iter().any(Result::is_err), "twelve calls fit in");
    service.signal("HUP");
    service.logs("\"loaded\"");
    std::fs::write(keys.path(), "no keys").unwrap();
    service.signal("HUP");
    service.logs("not loaded");
    Metrics::of(&service.metrics())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_and_dashboard_name_only_what_is_exported() {
    let known = everything().await;
    let alerts = alerts();
    assert!(alerts.len() > 10, "{alerts:?}");
    let dashboard: Value =
        serde_json::from_str(&read("deploy/grafana/dashboards/scanvet.json")).unwrap();
    let panels = panels(&dashboard);
    assert!(panels.len() > 25, "{panels:?}");
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for (text, legend) in alerts.into_iter().map(|text| (text, String::new())).chain(panels) {
        let mut query = Query::of(&text);
        assert!(!query.metrics.is_empty(), "{text}");
        let legend = legend.split("{{").skip(1).filter_map(|part| part.split_once("}}"));
        query.grouping.extend(legend.map(|(label, _)| label.to_owned()));
        faults.extend(known.lacks(&query).into_iter().map(|fault| format!("{fault}: {text}")));
        used.extend(query.metrics.into_iter().map(|(metric, _)| metric));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // What the docs promise to be seen is seen.
    for metric in ["scanvet_findings_total", "scanvet_shed_total", "scanvet_worker_restarts_total"]
    {
        assert!(used.contains(metric), "nothing shows {metric}");
    }
}

#[test]
fn names_that_are_not_exported_are_seen() {
    let known = Metrics::of(
        "# TYPE a_seconds histogram\na_seconds_bucket{stage=\"judge\",le=\"1\"} 2\nb 1\n",
    );
    let lacks = |query: &str| known.lacks(&Query::of(query));
    let nothing: [&str; 0] = [];
    let sound = "histogram_quantile(0.99, sum by (le, stage) (rate(a_seconds_bucket{job=\"x\"}[5m] \
                 offset 1h))) > 1e3 and on (instance) b unless absent(b)";
    assert_eq!(lacks(sound), nothing);
    assert_eq!(Query::of(sound).metrics.len(), 3);
    assert_eq!(lacks("sum(a_seconds_count)"), ["no metric a_seconds_count"]);
    assert_eq!(lacks("b{colour=\"}\"}"), ["b has no label colour"]);
    assert_eq!(lacks("sum by (colour) (b)"), ["no metric there has a label colour"]);
    assert_eq!(
        lacks("a_seconds_bucket{stage=~\"judge|jugde\"}"),
        ["a_seconds_bucket: stage is never jugde"]
    );
}
