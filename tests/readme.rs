//! The README shows what the program really prints.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Replaces the output under each of the README's `check` commands by what the program prints.
#[test]
fn the_output_in_the_readme_is_what_check_prints() {
    const PROMPT: &str = "$ cargo run --release -- ";
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).expect("a README");
    let mut parts = readme.split(PROMPT);
    let mut wanted = parts.next().expect("a beginning").to_owned();
    let mut checked = 0;
    for part in parts {
        wanted.push_str(PROMPT);
        if !part.starts_with("check ") {
            wanted.push_str(part);
            continue;
        }
        let (arguments, rest) = part.split_once('\n').expect("the command's line");
        let (_, after) = rest.split_once("```\n").expect("the end of the block");
        let output = Command::new(env!("CARGO_BIN_EXE_scanvet"))
            .args(arguments.split(' '))
            .current_dir(root)
            .output()
            .expect("check runs");
        let output = String::from_utf8(output.stdout).expect("text");
        wanted.push_str(&format!("{arguments}\n{output}```\n{after}"));
        checked += 1;
    }
    assert!(checked >= 2, "{checked} commands checked");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &wanted).expect("the README can be written");
    } else {
        assert!(readme == wanted, "run `BLESS=1 cargo test --test readme`; it prints:\n{wanted}");
    }
}
