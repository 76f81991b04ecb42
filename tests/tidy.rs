//! The invariants that are absences: each test fails when something appears that must not be there.

mod support;

use support::{files, read, root};

/// The layers in order: each names only what stands before it. Layers in one row do not name each
/// other.
const LAYERS: &[&[&str]] = &[
    &["reason"],
    &["intake"],
    &["decode"],
    &["measure"],
    &["checks"],
    &["rules"],
    &["verdict"],
    &["evidence"],
    &["pipeline"],
    &["filing"],
    &["worker"],
    &["report"],
    &["web"],
    &["store"],
    &["observe"],
    &["access"],
    &["grpc"],
    &["batch", "evaluate"],
    &["cli", "main"],
];

/// No file may become a place where everything lands.
const MOST_LINES: usize = 450;

fn text(path: &str) -> String {
    String::from_utf8(read(path)).unwrap_or_else(|_| panic!("{path} is no text"))
}

fn rust_files(folder: &str) -> Vec<String> {
    files(folder).into_iter().filter(|path| path.ends_with(".rs")).collect()
}

/// The layer of a file below `src/`; `None` for the map of the crate.
fn layer_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("src/").unwrap_or(path).split('/').next().unwrap_or(path);
    let name = name.trim_end_matches(".rs");
    (name != "lib").then_some(name)
}

fn rank(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

/// The code of a file: comments, texts and characters blanked, lines kept.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(quoted) = raw_string(rest) {
            quoted
        } else if first == '"' {
            quoted(rest, '"')
        } else if first == '\'' && is_character(rest) {
            quoted(rest, '\'')
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(rest[..skipped].chars().filter(|c| *c == '\n'));
        code.push(' ');
        rest = &rest[skipped..];
    }
    code
}

/// Length of the raw string at the start, if there is one.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?.chars().take_while(|c| *c == '#').count();
    let open = 1 + hashes + 1;
    text[1 + hashes..].starts_with('"').then_some(())?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[open..].find(&close).map_or(text.len(), |at| open + at + close.len()))
}

/// Length of a quoted text at the start, escapes considered.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// A character and not a lifetime.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    chars.next() == Some('\\') || chars.next() == Some('\'')
}

/// The part of a file that is shipped.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `word` stands in `code` by itself.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(is_word) && !code[at + word.len()..].starts_with(is_word)
    })
}

#[test]
fn every_layer_names_only_what_stands_before_it() {
    for path in rust_files("src") {
        let Some(layer) = layer_of(&path) else {
            continue;
        };
        let own = rank(layer).unwrap_or_else(|| panic!("{path} belongs to no layer"));
        let code = code(&text(&path));
        assert!(
            !code.contains("crate::{"),
            "{path}: one `use` a layer, so that the order can be checked"
        );
        assert!(!code.contains("super::super::"), "{path}: say crate:: instead of super::super::");
        for (at, _) in code.match_indices("crate::") {
            if code[..at].ends_with(is_word) {
                continue;
            }
            let named: String =
                code[at + "crate::".len()..].chars().take_while(|c| is_word(*c)).collect();
            let later =
                rank(&named).is_some_and(|rank| rank > own || rank == own && named != layer);
            assert!(!later, "{path} names {named}, which stands after it");
        }
    }
}

#[test]
fn every_file_says_first_what_it_is() {
    let tests = rust_files("tests").into_iter().chain(rust_files("benches"));
    for path in rust_files("src").into_iter().chain(tests).chain(["build.rs".to_owned()]) {
        assert!(text(&path).starts_with("//! "), "{path} does not begin with //!");
    }
}

#[test]
fn only_the_grpc_folder_speaks_of_messages_on_the_wire() {
    for path in rust_files("src") {
        if path.starts_with("src/grpc/") || path == "src/lib.rs" {
            continue;
        }
        let text = text(&path).to_lowercase();
        for word in ["prost", "tonic", "protobuf"] {
            assert!(!text.contains(word), "{path} speaks of {word}");
        }
    }
}

/// Numeric literals in `code` as written, without suffix and underscores.
fn literals(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let chars: Vec<char> = code.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_digit() || at > 0 && is_word(chars[at - 1]) {
            at += 1;
            continue;
        }
        let mut literal = String::new();
        while let Some(&c) = chars.get(at) {
            let point = c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit);
            if !is_word(c) && !point {
                break;
            }
            literal.push(c);
            at += 1;
        }
        let digits = literal.replace('_', "");
        let digits = digits.trim_end_matches(|c: char| !c.is_ascii_digit());
        let suffix = digits.find(['u', 'i', 'f']).map_or(digits, |suffix| &digits[..suffix]);
        found.push(suffix.to_owned());
    }
    found
}

/// Bodies of all functions of that name.
fn bodies<'a>(code: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("fn {name}(");
    code.match_indices(&start)
        .filter_map(|(at, _)| {
            // A declaration in a trait has no body.
            let open = at + code[at..].find(['{', ';'])?;
            code[open..].starts_with('{').then_some(())?;
            let mut depth = 0;
            let close = code[open..].char_indices().find(|(_, c)| {
                depth += match c {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                depth == 0
            })?;
            Some(&code[open..open + close.0])
        })
        .collect()
}

#[test]
fn no_threshold_stands_in_a_judge() {
    const HARMLESS: [&str; 8] = ["0", "1", "2", "100", "0.0", "1.0", "2.0", "100.0"];
    let mut judges = 0;
    for path in rust_files("src") {
        let text = text(&path);
        let code = code(shipped(&text));
        for body in bodies(&code, "judge") {
            judges += 1;
            for literal in literals(body) {
                assert!(
                    HARMLESS.contains(&&*literal),
                    "{path}: {literal} in a judge belongs into a rule pack"
                );
            }
        }
    }
    assert!(judges >= scanvet::checks::CATALOG.len(), "only {judges} judges found");
}

#[test]
fn the_literal_of_a_judge_would_be_seen() {
    let judge = "fn judge(x: f64) -> bool { /* 7 */ x.0 > 0.35_f64 && y1 < \"9\".len() && z[3] == 1_000u32 }";
    let code = code(judge);
    let [body] = bodies(&code, "judge")[..] else { panic!("one body") };
    assert_eq!(literals(body), ["0", "0.35", "3", "1000"]);
    assert!(names("a unsafe b", "unsafe") && !names("unsafe_code", "unsafe"));
}

#[test]
fn the_core_knows_no_file_no_network_no_environment_and_no_clock() {
    let last = rank("pipeline").unwrap();
    for path in rust_files("src") {
        if layer_of(&path).and_then(rank).is_none_or(|rank| rank > last) {
            continue;
        }
        let text = text(&path);
        let code = code(shipped(&text));
        for word in ["std::fs", "std::net", "std::env", "tokio", "SystemTime", "Instant"] {
            assert!(!names(&code, word), "{path} names {word}");
        }
    }
}

#[test]
fn nothing_is_unsafe() {
    for path in rust_files("src").into_iter().chain(rust_files("tests")) {
        assert!(!names(&code(&text(&path)), "unsafe"), "{path}");
    }
}

#[test]
fn no_source_file_grows_without_end() {
    for path in rust_files("src") {
        let lines = text(&path).lines().count();
        assert!(lines <= MOST_LINES, "{path} has {lines} lines");
    }
}

/// What stands in backticks and looks like a path of the repository, up to a placeholder.
fn paths(prose: &str) -> Vec<&str> {
    const FOLDERS: [&str; 6] = ["src/", "tests/", "docs/", "testdata/", "proto/", "benches/"];
    const ENDS: [&str; 9] =
        [".rs", ".md", ".toml", ".proto", ".csv", ".py", ".jpg", ".png", ".gif"];
    prose
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| !name.contains(char::is_whitespace) && !name.contains("://"))
        .filter(|name| {
            FOLDERS.iter().any(|folder| name.starts_with(folder))
                || name.contains('/') && ENDS.iter().any(|end| name.ends_with(end))
        })
        .map(|name| match name.find(['*', '<', '{', '…']) {
            Some(placeholder) => {
                &name[..name[..placeholder].rfind('/').map_or(0, |slash| slash + 1)]
            }
            None => name,
        })
        .collect()
}

#[test]
fn every_path_that_prose_names_exists() {
    let documents = ["README.md", "CHANGELOG.md", "testdata/README.md"].map(str::to_owned);
    let documents = documents.into_iter().chain(files("docs"));
    let documents = documents
        .filter(|path| path.ends_with(".md") && root().join(path).exists())
        .map(|path| (text(&path), path));
    let comments = ["src", "tests", "benches"].into_iter().flat_map(rust_files).map(|path| {
        let comments: Vec<String> = text(&path)
            .lines()
            .map(|line| line.trim_start().to_owned())
            .filter(|line| line.starts_with("//!") || line.starts_with("///"))
            .collect();
        (comments.join("\n"), path)
    });
    for (prose, path) in documents.chain(comments) {
        // A fenced block is an example, not a reference.
        let prose: String = prose.split("```").step_by(2).collect();
        let folder = root().join(&path).parent().map(std::path::Path::to_path_buf).unwrap();
        for name in paths(&prose) {
            let found = root().join(name).exists() || folder.join(name).exists();
            assert!(found, "{path} names `{name}`, which does not exist");
        }
    }
}

#[test]
fn no_file_knows_the_machine_that_it_was_written_on() {
    let forbidden = ["wo", "rk"].concat();
    let forbidden = format!("/{forbidden}/");
    let folders =
        ["src", "tests", "benches", "docs", "proto", "testdata", "models", "examples", ".github"];
    let top = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let top = top.filter(|path| path.is_file() && !path.ends_with(".git"));
    let top = top.map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    for path in folders.into_iter().flat_map(files).chain(top) {
        if let Ok(text) = String::from_utf8(read(&path)) {
            assert!(!text.contains(&forbidden), "{path}");
        }
    }
}
