//! Is what is embedded what the source says, and does it know what the rules know?

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use prost::Message;
use prost_types::{DescriptorProto, FileDescriptorProto};
use scanvet::rules::RuleBook;
use sha2::{Digest, Sha256};

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(web().join(path)).unwrap_or_else(|error| panic!("web/{path}: {error}"))
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// As `web/build.mjs` computes it.
fn digest_of_sources() -> String {
    let mut files = ["build.mjs", "package.json", "package-lock.json", "tsconfig.json"]
        .map(|name| web().join(name))
        .to_vec();
    below(&web().join("src"), &mut files);
    let named = files.iter().map(|path| {
        let name = path.strip_prefix(web()).unwrap().to_string_lossy().replace('\\', "/");
        (name, std::fs::read(path).unwrap())
    });
    let mut named: Vec<_> = named.collect();
    named.sort();
    let mut digest = Sha256::new();
    for (name, content) in named {
        digest.update(format!("{name} {}\n", content.len()));
        digest.update(content);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_is_embedded_was_built_from_what_is_there() {
    let built = text("dist/app.js");
    let expected = format!("sources sha256:{}", digest_of_sources());
    assert!(
        built.lines().next().is_some_and(|line| line.contains(&expected)),
        "web/dist is older than web/src: (cd web && npm ci && npm run build)"
    );
}

#[test]
fn built_again_it_is_the_same() {
    if !web().join("node_modules/esbuild").exists() {
        eprintln!("skipped: web/node_modules is not there (cd web && npm ci)");
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let built =
        Command::new("node").arg(web().join("build.mjs")).arg("--out").arg(out.path()).output();
    let built = built.expect("node runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let mut files = Vec::new();
    below(&web().join("dist"), &mut files);
    assert_eq!(files.len(), 5);
    for file in files {
        let name = file.file_name().unwrap();
        let again = std::fs::read(out.path().join(name)).unwrap();
        assert!(again == std::fs::read(&file).unwrap(), "{} differs", file.display());
    }
}

#[test]
fn the_script_names_no_other_server_and_its_libraries_are_credited() {
    let (script, page) = (text("dist/app.js"), text("dist/index.html"));
    let hosts = script.match_indices("https://").chain(script.match_indices("http://"));
    for (at, _) in hosts {
        let address: String = script[at..].chars().take_while(|c| !"\"'`) ".contains(*c)).collect();
        // Names of XML and of types, which nobody asks for.
        let harmless = [
            "http://www.w3.org/",
            "https://github.com/",
            "https://developers.google.com/",
            "https://protobuf.dev/",
            "https://",
        ];
        assert!(harmless.iter().any(|it| address.starts_with(it)), "{address}");
    }
    assert!(!page.contains("://"), "{page}");
    let licences = text("dist/licences.txt");
    for name in [
        "@bufbuild/protobuf",
        "@connectrpc/connect",
        "@connectrpc/connect-web",
        "Apache License",
        "Redistribution and use",
    ] {
        assert!(licences.contains(name), "{name}");
    }
}

#[test]
fn the_page_has_a_name_in_both_languages_for_all_that_the_rules_know() {
    let words = text("src/words.ts");
    let book = RuleBook::embedded().unwrap_or_else(|faults| panic!("{faults}"));
    assert!(book.slots.len() > 10);
    for (slot, names) in &book.slots {
        let key = if slot.contains('-') { format!("\"{slot}\"") } else { slot.clone() };
        let line = format!("{key}: [\"{}\", \"{}\"]", names["en"], names["zh-CN"]);
        assert!(words.contains(&line), "{line}");
    }
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/packs/base.toml");
    let base: toml::Table = std::fs::read_to_string(packs).unwrap().parse().unwrap();
    let vocabulary = base["vocabulary"].as_table().unwrap();
    for kind in ["entities", "filing_types", "channels", "contents", "provinces"] {
        for id in vocabulary[kind].as_array().unwrap() {
            let id = id.as_str().unwrap();
            let (bare, quoted) = (format!(" {id}: ["), format!("\"{id}\": ["));
            assert!(words.contains(&bare) || words.contains(&quoted), "{kind}: {id}");
        }
    }
}

/// Fields, values and methods as the description of the page has them.
fn described(file: &FileDescriptorProto) -> Vec<String> {
    let mut found = Vec::new();
    let mut messages: Vec<&DescriptorProto> = file.message_type.iter().collect();
    while let Some(message) = messages.pop() {
        // What a map is made of stands nowhere in the source.
        let is_map =
            |message: &&DescriptorProto| message.options.as_ref().is_some_and(|it| it.map_entry());
        messages.extend(message.nested_type.iter().filter(|message| !is_map(message)));
        for field in &message.field {
            let named = field.type_name().rsplit('.').next().unwrap_or_default();
            let kind = match named {
                "" => format!("{:?}", field.r#type()).to_lowercase(),
                entry if entry.ends_with("Entry") => "string>".to_owned(),
                named => named.to_owned(),
            };
            found.push(format!("{kind} {} = {}", field.name(), field.number()));
        }
    }
    for kind in &file.enum_type {
        found.extend(kind.value.iter().map(|it| format!("{} = {}", it.name(), it.number())));
    }
    for method in file.service.iter().flat_map(|service| &service.method) {
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let streams = |streams: bool| if streams { "stream " } else { "" };
        let (input, output) = (last(method.input_type()), last(method.output_type()));
        let (up, down) = (streams(method.client_streaming()), streams(method.server_streaming()));
        found.push(format!("rpc {}({up}{input}) returns ({down}{output})", method.name()));
    }
    found.sort();
    found
}

/// The same of the source.
fn written(proto: &str) -> Vec<String> {
    let line = |line: &str| {
        let line = line.trim();
        if line.starts_with("rpc ") {
            return Some(line.trim_end_matches(" {}").to_owned());
        }
        let (left, number) = line.strip_suffix(';')?.split_once(" = ")?;
        number.parse::<u32>().ok()?;
        let words: Vec<&str> = left.split_whitespace().collect();
        let last = &words[words.len().saturating_sub(2)..];
        let last = last.join(" ");
        // The last part of the name of a type from elsewhere.
        let last = match last.split_once(' ') {
            Some((kind, name)) => format!("{} {name}", kind.rsplit('.').next().unwrap_or(kind)),
            None => last,
        };
        Some(format!("{last} = {number}"))
    };
    let mut found: Vec<String> = proto.lines().filter_map(line).collect();
    found.sort();
    found
}

#[test]
fn the_page_speaks_the_messages_of_the_service() {
    let generated = text("src/gen/scanvet/v1/scanvet_pb.ts");
    let at = generated.find("fileDesc(\"").expect("a description") + "fileDesc(\"".len();
    let told: String = generated[at..].chars().take_while(|c| *c != '"').collect();
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    let told = engine.decode(told.trim_end_matches('=')).unwrap();
    let told = described(&FileDescriptorProto::decode(&*told).unwrap());
    let own = written(&text("../proto/scanvet/v1/scanvet.proto"));
    assert!(own.len() > 100);
    assert_eq!(told, own, "(cd web && npm run generate)");
}
