//! The page in a browser: `web/test/page.mjs` in a headless Chromium.
//!
//! Needs `node`, `chromium` and `web/test/node_modules` (`cd web/test && npm ci`), as `.ci/run` sets
//! them up; where they are missing the test says so and passes, unless `SCANVET_CI_TOOLS` is set.

use std::path::Path;
use std::process::Command;

fn runs(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success())
}

/// What is missing to run it.
fn missing(folder: &Path) -> Option<&'static str> {
    if !runs("node", "--version") {
        Some("node is not installed")
    } else if !folder.join("node_modules/playwright-core").exists() {
        Some("web/test/node_modules is not there (cd web/test && npm ci)")
    } else if !runs(&chromium(), "--version") {
        Some("chromium is not installed")
    } else {
        None
    }
}

fn chromium() -> String {
    std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned())
}

#[test]
fn people_can_use_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("web/test");
    if let Some(missing) = missing(&folder) {
        assert!(std::env::var_os("SCANVET_CI_TOOLS").is_none(), "{missing}");
        eprintln!("skipped: {missing}");
        return;
    }
    let files = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(files.path().join("it.pem"), made.cert.pem()).unwrap();
    std::fs::write(files.path().join("it.key"), made.signing_key.serialize_pem()).unwrap();
    let output = Command::new("node")
        .arg(folder.join("page.mjs"))
        .env("SCANVET", env!("CARGO_BIN_EXE_scanvet"))
        .env("CHROMIUM", chromium())
        .env("CERTIFICATE", files.path().join("it.pem"))
        .env("KEY", files.path().join("it.key"))
        .env("SCREENSHOTS", root.join("target/web"))
        .output()
        .expect("node runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    eprintln!("{told}");
}
