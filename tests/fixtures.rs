//! What is committed below `testdata/` is what the drawings make, and README.md tells where each file
//! comes from.

mod support;

use std::fs;

use support::{files, fixtures, read, root};

/// Files that the drawings do not make: written by hand, or by the program that README.md names.
const GIVEN: [&str; 2] = ["testdata/README.md", "testdata/make_jpegs.py"];
const GIVEN_FOLDERS: [&str; 6] = [
    "testdata/formats/",
    "testdata/glyphs/",
    "testdata/jpeg/",
    "testdata/pdf/",
    "testdata/photo/",
    "testdata/portraits/",
];

/// Enough for every fixture that a clone can bear.
const MOST_BYTES: usize = 10 << 20;

fn is_given(path: &str) -> bool {
    GIVEN.contains(&path)
        || GIVEN_FOLDERS.iter().any(|folder| path.starts_with(folder))
        || path.starts_with("testdata/reasons/") && path.ends_with(".toml")
}

#[test]
fn every_drawn_fixture_is_committed_as_it_is_drawn() {
    const REMEDY: &str = "run `BLESS=1 cargo test --test fixtures` and look at what changed";
    let drawn = fixtures::drawn();
    if std::env::var_os("BLESS").is_some() {
        let stale =
            |path: &String| !is_given(path) && !drawn.contains_key(&path["testdata/".len()..]);
        for path in files("testdata").iter().filter(|path| stale(path)) {
            fs::remove_file(root().join(path)).unwrap();
        }
        for (path, bytes) in &drawn {
            let path = root().join("testdata").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
    for (path, bytes) in &drawn {
        let committed = fs::read(root().join("testdata").join(path)).unwrap_or_default();
        let there = root().join("testdata").join(path).exists();
        assert!(there && committed == *bytes, "testdata/{path} is not as it is drawn: {REMEDY}");
    }
    for path in files("testdata") {
        let known = is_given(&path) || drawn.contains_key(&path["testdata/".len()..]);
        assert!(known, "{path} is neither drawn nor given: remove it, or {REMEDY}");
    }
}

#[test]
fn the_readme_says_of_every_fixture_where_it_comes_from() {
    let readme = String::from_utf8(read("testdata/README.md")).unwrap();
    let named: Vec<&str> = readme.split('`').skip(1).step_by(2).collect();
    for path in files("testdata") {
        let path = &path["testdata/".len()..];
        let covered =
            named.iter().any(|name| *name == path || name.ends_with('/') && path.starts_with(name));
        assert!(
            covered || path == "README.md",
            "testdata/README.md does not say where {path} comes from"
        );
    }
}

#[test]
fn the_fixtures_stay_small_enough_to_clone() {
    let bytes: usize = files("testdata").iter().map(|path| read(path).len()).sum();
    assert!(bytes < MOST_BYTES, "{bytes} bytes below testdata/");
    for path in files("testdata") {
        let length = read(&path).len();
        assert!(length <= 200_000, "{path} has {length} bytes");
    }
}
