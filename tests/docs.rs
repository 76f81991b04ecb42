//! What the documentation says can be done: every command of it runs, and prints what is shown.
//!
//! A block of `console` shows commands behind `$ ` and what they print; one of `sh` must end well. The
//! blocks of a page run in order in one folder that holds what a clone holds, and some files of the
//! kinds that the page speaks of. Marks behind the language:
//!
//! - `norun REASON`: not run here, because of something in [`REASONS`]; its options are still looked up;
//! - `needs=TOOL`: run where the tool is installed, which must be where `SCANVET_CI_TOOLS` is set.
//!
//! `BLESS=1 cargo test --test docs` writes what the commands print into the pages.
#![allow(clippy::print_stdout, reason = "who runs it wants to see what was left out")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![cfg(unix)]

#[path = "example/panorama.rs"]
mod panorama;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

use scanvet::reason::{Check, Locale};
use support::{files, read, root};

/// Why a block may not be run, and what is meant.
const REASONS: [(&str, &str); 10] = [
    ("starts-a-server", "it does not end, or listens where something else may"),
    ("builds", "it compiles or runs the tests, which takes minutes"),
    ("needs-a-container-engine", "docker or compose"),
    ("needs-kubernetes", "a cluster"),
    ("needs-a-store", "credentials of an object store"),
    ("needs-nats", "a NATS server"),
    ("needs-servers", "services under other names"),
    ("needs-network", "packages from outside"),
    ("needs-a-browser", "somebody who looks"),
    ("changes-the-machine", "it installs for everybody on it"),
];

/// Tools that `needs=` may name.
const TOOLS: [&str; 4] = ["openssl", "grpcurl", "python3", "node"];

/// How documentation of the repository starts the program before it is installed.
const CARGO_RUN: &str = "cargo run --release -- ";

/// The program as the pages call it. A file's time is for a build that is optimised on a machine that is
/// not busy; no verdict depends on where it is judged.
const WRAPPER: &str = r#"#!/bin/sh
command=$1
case "$command $*" in
*--isolation*) ;;
check*|batch*|evaluate*) shift; set -- "$command" --isolation none "$@" ;;
esac
exec 'PROGRAM' "$@"
"#;

/// Options of cargo and of the tests that prose names by themselves.
const OPTIONS_OF_OTHERS: [&str; 3] = ["--test", "--nocapture", "--release"];

/// Fewer commands than this, and the blocks are not found any more.
const LEAST_RUN: usize = 18;

fn pages() -> Vec<String> {
    let docs = files("docs").into_iter().filter(|path| path.ends_with(".md"));
    ["README.md", "CONTRIBUTING.md"].map(str::to_owned).into_iter().chain(docs).collect()
}

fn text(path: &str) -> String {
    String::from_utf8(read(path)).unwrap_or_else(|_| panic!("{path} is no text"))
}

/// A fenced block: its language and marks, and its lines.
struct Block {
    info: String,
    body: String,
    /// Where the body lies in the page.
    at: std::ops::Range<usize>,
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut at, mut open): (Vec<Block>, usize, Option<(String, usize)>) =
        (Vec::new(), 0, None);
    for line in page.split_inclusive('\n') {
        match (&open, line.trim_end().strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), at + line.len())),
            (Some((info, start)), Some("")) => {
                let body = page[*start..at].to_owned();
                blocks.push(Block { info: info.clone(), body, at: *start..at });
                open = None;
            }
            _ => {}
        }
        at += line.len();
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

impl Block {
    fn language(&self) -> &str {
        self.info.split(' ').next().unwrap_or_default()
    }

    fn marks(&self) -> Vec<&str> {
        self.info.split(' ').skip(1).collect()
    }

    fn is_of_commands(&self) -> bool {
        ["console", "sh", "bash", "shell"].contains(&self.language())
    }

    /// Each command as it is typed, with what continues it, and what is shown of its output.
    fn typed(&self) -> Vec<(String, String)> {
        let mut typed: Vec<(String, String)> = Vec::new();
        for line in self.body.split_inclusive('\n') {
            match (line.strip_prefix("$ "), typed.last_mut()) {
                (Some(command), _) => typed.push((command.to_owned(), String::new())),
                (None, Some((command, shown))) if shown.is_empty() && command.ends_with("\\\n") => {
                    command.push_str(line);
                }
                (None, Some((_, shown))) => shown.push_str(line),
                (None, None) => panic!("no command before {line}"),
            }
        }
        typed
    }
}

/// Where the commands of one page run.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// With what a clone holds, and the files that pages speak of.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["testdata", "src", "proto", "deploy", "examples", "docs", "clients"] {
            if root().join(name).exists() {
                symlink(root().join(name), folder.path().join(name)).unwrap();
            }
        }
        let samples = root().join("testdata/samples");
        fs::create_dir(folder.path().join("scans")).unwrap();
        for (from, to) in [
            ("accept-card.jpg", "scans/one.jpg"),
            ("reject-card-grey.jpg", "scans/two.jpg"),
            ("accept-card.jpg", "photo.jpg"),
        ] {
            fs::copy(samples.join(from), folder.path().join(to)).unwrap();
        }
        let program = folder.path().join("bin");
        fs::create_dir(&program).unwrap();
        let program = program.join("scanvet");
        let script = WRAPPER.replace("PROGRAM", env!("CARGO_BIN_EXE_scanvet"));
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let manifest = "uri,slot\nscans/one.jpg,id-card-front\nscans/two.jpg,id-card-front\n";
        fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
        Self { folder }
    }

    /// Status, output and complaints of a script.
    fn run(&self, script: &str) -> (i32, String, String) {
        let mut path = OsString::from(self.folder.path().join("bin"));
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script.replace(CARGO_RUN, "scanvet ")])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env_remove("BLESS")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }
}

fn is_installed(tool: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| folder.join(tool).is_file())
}

/// Whether a block is to be run, after a look at its marks.
fn is_run(path: &str, block: &Block) -> bool {
    for mark in block.marks() {
        if let Some(tool) = mark.strip_prefix("needs=") {
            assert!(TOOLS.contains(&tool), "{path}: {tool} is no tool that blocks may need");
            if !is_installed(tool) {
                assert!(env::var_os("SCANVET_CI_TOOLS").is_none(), "{path}: {tool} is missing");
                println!("left out: a block of {path}, as {tool} is not installed");
                return false;
            }
        }
    }
    let marks = block.marks();
    if marks.first() == Some(&"norun") {
        let reason = marks.get(1).copied().unwrap_or_default();
        let known = REASONS.iter().any(|(name, _)| *name == reason);
        assert!(known, "{path}: \"{}\" has no reason that is known", block.info);
        return false;
    }
    let known = |mark: &&str| mark.starts_with("needs=");
    assert!(marks.iter().all(known), "{path}: marks of \"{}\"", block.info);
    true
}

#[test]
fn every_command_of_the_documentation_runs_and_prints_what_is_shown() {
    let (mut run, mut wrong) = (0, Vec::new());
    let blessing = env::var_os("BLESS").is_some();
    for path in pages() {
        let page = text(&path);
        let (place, mut blessed) = (Place::new(), page.clone());
        let mut moved = 0_isize;
        for block in blocks(&page).iter().filter(|block| block.is_of_commands()) {
            if !is_run(&path, block) {
                continue;
            }
            if block.language() != "console" {
                let (status, output, complaint) = place.run(&block.body);
                run += 1;
                if status != 0 {
                    wrong.push(format!(
                        "{path}: {}ends with {status}:\n{output}{complaint}",
                        block.body
                    ));
                }
                continue;
            }
            let mut body = String::new();
            for (command, shown) in block.typed() {
                let (status, output, complaint) = place.run(&command);
                run += 1;
                if ![0, 1, 3].contains(&status) {
                    wrong.push(format!("{path}: {command}ends with {status}:\n{complaint}"));
                }
                if shown != output && !blessing {
                    wrong.push(format!("{path}: {command}prints\n{output}instead of\n{shown}"));
                }
                body.push_str(&format!("$ {command}{output}"));
            }
            let at = |place: usize| (place as isize + moved) as usize;
            blessed.replace_range(at(block.at.start)..at(block.at.end), &body);
            moved += body.len() as isize - block.body.len() as isize;
        }
        if blessing && blessed != page {
            fs::write(root().join(&path), &blessed).unwrap();
        }
    }
    assert!(run >= LEAST_RUN, "only {run} commands were found");
    let remedy = "run `BLESS=1 cargo test --test docs` where only the output has changed";
    assert!(wrong.is_empty(), "{}\n{remedy}", wrong.join("\n"));
}

/// Names of the subcommands and of the options of a command, as its help tells them.
#[derive(Default)]
struct Help {
    commands: BTreeSet<String>,
    options: BTreeSet<String>,
}

fn help(of: &[&str]) -> Help {
    let output =
        Command::new(env!("CARGO_BIN_EXE_scanvet")).args(of).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut help = Help::default();
    let mut in_commands = false;
    for line in text.lines() {
        in_commands = line == "Commands:" || in_commands && !line.is_empty();
        let first = line.split_whitespace().next().unwrap_or_default();
        if in_commands && line.starts_with("  ") && !line.starts_with("   ") {
            help.commands.insert(first.to_owned());
        }
        if line.trim_start().starts_with('-') {
            let words = line.split([' ', ',']).filter(|word| word.starts_with('-'));
            help.options.extend(words.map(str::to_owned));
        }
    }
    help
}

/// The help of the program, of each command and of each command below it, by their words.
fn helps() -> BTreeMap<String, Help> {
    let mut helps = BTreeMap::from([(String::new(), help(&[]))]);
    for command in helps[""].commands.clone() {
        let own = help(&[&command]);
        for below in own.commands.clone() {
            helps.insert(format!("{command} {below}"), help(&[&command, &below]));
        }
        helps.insert(command, own);
    }
    helps
}

/// Calls of the program in a line of shell or in prose between backticks, as words.
fn calls(line: &str) -> Vec<Vec<String>> {
    let line = line.replace(CARGO_RUN, "scanvet ");
    let mut calls = Vec::new();
    for part in line.split(['|', ';', '&', '(', ')']) {
        let mut words =
            part.split_whitespace().skip_while(|word| *word == "$" || word.contains('='));
        if words.next().is_some_and(|word| word == "scanvet" || word.ends_with("/scanvet")) {
            calls.push(words.map(|word| word.trim_matches(['"', '\'']).to_owned()).collect());
        }
    }
    calls
}

/// What of a call the program does not know.
fn unknown(call: &[String], helps: &BTreeMap<String, Help>) -> Vec<String> {
    let mut name = String::new();
    for word in call.iter().filter(|word| !word.starts_with('-')) {
        let longer = format!("{name} {word}").trim().to_owned();
        if !helps.contains_key(&longer) {
            break;
        }
        name = longer;
    }
    let (all, own) = (&helps[""], &helps[&name]);
    let mut unknown = Vec::new();
    let first = call.first().filter(|word| name.is_empty() && !word.starts_with('-'));
    unknown.extend(first.map(|word| format!("no command {word}")));
    let known = |option: &str| all.options.contains(option) || own.options.contains(option);
    let options = call.iter().filter(|word| word.starts_with("--") && word.len() > 2);
    let options = options.map(|word| word.split(['=', '…']).next().unwrap_or_default());
    unknown.extend(options.filter(|it| !known(it)).map(|it| format!("{name} has no {it}")));
    unknown
}

#[test]
fn every_command_and_option_that_the_documentation_names_exists() {
    let helps = helps();
    assert!(helps.len() > 8 && helps["check"].options.contains("--annotate"));
    let everything: BTreeSet<&String> = helps.values().flat_map(|help| &help.options).collect();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in pages() {
        let page = text(&path);
        let fences = blocks(&page);
        let mut lines: Vec<String> = Vec::new();
        for block in fences.iter().filter(|block| block.is_of_commands()) {
            let body = block.body.replace("\\\n", " ");
            lines.extend(body.lines().map(str::to_owned));
        }
        let prose: String = page.split("```").step_by(2).collect();
        let spans = prose.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " "));
        for span in spans {
            let name = span.split(['=', ' ', '|']).next().unwrap_or_default().to_owned();
            let is_option = name.len() > 2 && name.starts_with("--");
            let others = OPTIONS_OF_OTHERS.contains(&&*name);
            if is_option && !others && !everything.contains(&name) {
                wrong.push(format!("{path}: nothing has the option `{name}`"));
            }
            lines.push(span);
        }
        for call in lines.iter().flat_map(|line| calls(line)) {
            seen += 1;
            let faults = unknown(&call, &helps).into_iter();
            wrong.extend(
                faults.map(|fault| format!("{path}: `scanvet {}`: {fault}", call.join(" "))),
            );
        }
    }
    assert!(seen > 30, "only {seen} calls were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_link_of_the_documentation_leads_somewhere() {
    let mut wrong = Vec::new();
    for path in pages().into_iter().chain(["CHANGELOG.md".to_owned()]) {
        let page = text(&path);
        let prose: String = page.split("```").step_by(2).collect();
        for link in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") {
                continue;
            }
            let own = root().join(&path);
            let target: PathBuf =
                if file.is_empty() { own } else { own.parent().unwrap().join(file) };
            if !target.exists() {
                wrong.push(format!("{path}: {link}"));
            } else if !anchor.is_empty() {
                let headings = fs::read_to_string(&target).unwrap_or_default();
                let headings = headings.lines().filter(|line| line.starts_with('#'));
                let named = |line: &str| line.trim_start_matches('#').trim().to_lowercase();
                let slug = |line: &str| named(line).replace(' ', "-").replace(['.', '`', ','], "");
                if !headings.map(slug).any(|slug| slug == anchor) {
                    wrong.push(format!("{path}: {link} names no heading"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_reason_to_leave_a_block_out_is_used_or_goes() {
    let marks: BTreeSet<String> = pages()
        .iter()
        .flat_map(|path| blocks(&text(path)))
        .filter_map(|block| block.info.split(' ').nth(2).map(str::to_owned))
        .collect();
    let used = REASONS.iter().filter(|(name, _)| marks.contains(*name)).count();
    assert!(used >= 4, "{marks:?}");
    assert!(REASONS.iter().all(|(_, meaning)| !meaning.is_empty()));
}

/// The worked example of CONTRIBUTING.md is compiled as it stands there, and judges.
#[test]
fn the_example_of_a_new_check_compiles_and_judges() {
    let page = text("CONTRIBUTING.md");
    let blocks = blocks(&page);
    let of = |language: &str| blocks.iter().find(|block| block.language() == language).unwrap();
    let source = text("tests/example/panorama.rs");
    assert_eq!(
        of("rust").body,
        source.replace("scanvet::", "crate::"),
        "the example and the page differ"
    );
    let table: toml::Table = toml::from_str(&of("toml").body).unwrap();
    let mut limits = table["checks"]["geometry.panorama"].as_table().unwrap().clone();
    for key in ["severity", "doubtful", "unassessed", "because", "source"] {
        assert!(limits.remove(key).is_some(), "{key}");
    }
    let limits: panorama::Limits = limits.try_into().unwrap();
    let reading = |ratio| serde_json::from_value(serde_json::json!({ "ratio": ratio })).unwrap();
    assert!(panorama::Panorama::judge(&reading(1.5), &limits).is_none());
    let finding = panorama::Panorama::judge(&reading(6.0), &limits).unwrap();
    let said = |locale| finding.reason.text(locale).message(locale, &finding.metadata);
    assert!(said(Locale::En).contains("at most 3 times") && said(Locale::ZhCn).contains("3 倍"));
    assert!(
        !finding.doubtful && panorama::Panorama::judge(&reading(3.5), &limits).unwrap().doubtful
    );
}

#[test]
fn blocks_and_calls_are_seen() {
    let page =
        "a\n```sh norun builds\nscanvet serve --no-such & x\n```\n`scanvet rules nonsense`\n";
    let [block] = &blocks(page)[..] else { panic!("one block") };
    assert_eq!((block.language(), block.marks()), ("sh", vec!["norun", "builds"]));
    let helps = helps();
    let wrong = |line: &str| calls(line).iter().flat_map(|call| unknown(call, &helps)).count();
    assert_eq!(wrong("scanvet serve --no-such & x"), 1);
    assert_eq!(wrong("scanvet nonsense"), 1);
    assert_eq!(wrong("FOO=1 scanvet rules diff a b --locale en | scanvet check --annotate DIR"), 0);
    let console =
        Block { info: "console".to_owned(), body: "$ a \\\n  b\nc\n$ d\n".to_owned(), at: 0..0 };
    let typed = console.typed();
    assert_eq!(typed[0], ("a \\\n  b\n".to_owned(), "c\n".to_owned()));
    assert_eq!(typed[1], ("d\n".to_owned(), String::new()));
}
