//! Pages generated from the declarations are current.

use std::path::Path;
use std::{env, fs};

use scanvet::report::catalogue;

/// Compares a file with what it must hold, or writes it when asked to.
fn current(path: &str, wanted: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let found = fs::read_to_string(&path).unwrap_or_default();
    let wanted = wanted(&found);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &wanted).expect("the page can be written");
    } else {
        assert!(
            found == wanted,
            "{} is out of date: run `BLESS=1 cargo test --test generated`",
            path.display()
        );
    }
}

#[test]
fn the_reason_catalogue_is_current() {
    current("docs/reasons.md", |_| catalogue::page());
}

#[test]
fn the_table_of_reasons_in_the_readme_is_current() {
    const START: &str = "<!-- reasons: generated -->\n";
    const END: &str = "<!-- end -->";
    current("README.md", |readme| {
        let (before, rest) = readme.split_once(START).expect("the README has the start marker");
        let (_, after) = rest.split_once(END).expect("the README has the end marker");
        format!("{before}{START}{}{END}{after}", catalogue::families())
    });
}
