//! The README shows what the program really prints.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// Replaces the output under the README's `check` command by what the program prints.
#[test]
fn the_output_in_the_readme_is_what_check_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let readme = fs::read_to_string(&path).expect("a README");
    let (before, rest) = readme.split_once("$ cargo run --release -- ").expect("the command");
    let (arguments, rest) = rest.split_once('\n').expect("its line");
    let (_, after) = rest.split_once("```\n").expect("the end of the block");
    let output = Command::new(env!("CARGO_BIN_EXE_scanvet"))
        .args(arguments.split(' '))
        .current_dir(root)
        .output()
        .expect("check runs");
    let output = String::from_utf8(output.stdout).expect("text");
    let wanted = format!("{before}$ cargo run --release -- {arguments}\n{output}```\n{after}");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &wanted).expect("the README can be written");
    } else {
        assert!(readme == wanted, "run `BLESS=1 cargo test --test readme`; it prints:\n{output}");
    }
}
