//! Lists the rule packs to embed, and compiles the API without protoc.

use std::path::{Path, PathBuf};
use std::{env, error, fs};

fn main() -> Result<(), Box<dyn error::Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    embed_packs(&out)?;
    embed_archive(&out)?;
    compile_api(&out)
}

/// `EMBEDDED: &[(path below the folder, text)]`, so that a new pack is one new file.
fn embed_packs(out: &Path) -> Result<(), Box<dyn error::Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("src/rules/packs");
    println!("cargo::rerun-if-changed=src/rules/packs");
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut code = "static EMBEDDED: &[(&str, &str)] = &[\n".to_owned();
    for file in files {
        let name = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        code.push_str(&format!("({name:?}, include_str!({:?})),\n", file.to_string_lossy()));
    }
    code.push_str("];\n");
    fs::write(out.join("packs.rs"), code)?;
    Ok(())
}

/// `ARCHIVE: &[(version, JSON of all packs)]`: rule sets of old, for verdicts that name them.
fn embed_archive(out: &Path) -> Result<(), Box<dyn error::Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("src/rules/archive");
    println!("cargo::rerun-if-changed=src/rules/archive");
    let mut files = Vec::new();
    for entry in fs::read_dir(&root)? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut code = "static ARCHIVE: &[(&str, &str)] = &[\n".to_owned();
    for file in files {
        let version = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        code.push_str(&format!("({version:?}, include_str!({:?})),\n", file.to_string_lossy()));
    }
    code.push_str("];\n");
    fs::write(out.join("archive.rs"), code)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn error::Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Messages and service from the proto, and its descriptors for reflection and JSON.
fn compile_api(out: &Path) -> Result<(), Box<dyn error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(["scanvet/v1/scanvet.proto"], ["proto"])?;
    fs::write(out.join("scanvet.bin"), prost::Message::encode_to_vec(&descriptors))?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
