//! Is what is built in what may be built in? `deny.toml` says more, for `cargo deny`.

use toml::{Table, Value};

fn table(path: &str) -> Table {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(path).expect("it is there").parse().expect("it is TOML")
}

/// Names, versions and sources of all that is built, features aside.
fn packages() -> Vec<(String, String, Option<String>)> {
    let lock = table("Cargo.lock");
    let packages = lock["package"].as_array().expect("packages");
    let text = |package: &Value, key: &str| package.get(key)?.as_str().map(str::to_owned);
    let of = |package: &Value| {
        Some((text(package, "name")?, text(package, "version")?, text(package, "source")))
    };
    packages.iter().map(|package| of(package).expect("a package")).collect()
}

fn version(text: &str) -> Vec<u64> {
    let plain = text.split(['-', '+']).next().unwrap_or_default();
    plain.split('.').map(|part| part.parse().expect("a number")).collect()
}

#[test]
fn nothing_is_older_than_advisories_demand() {
    let packages = packages();
    for (name, least) in
        [("lopdf", "0.42.0"), ("imageproc", "0.26.2"), ("h2", "0.4.16"), ("tonic", "0.12.3")]
    {
        let known: Vec<&str> = packages.iter().filter(|it| it.0 == name).map(|it| &*it.1).collect();
        assert!(!known.is_empty(), "{name} is not in use: drop its row");
        for known in known {
            assert!(version(known) >= version(least), "{name} {known} is older than {least}");
        }
    }
}

#[test]
fn everything_comes_from_the_public_registry() {
    for (name, _, source) in packages() {
        let public =
            source.as_deref() == Some("registry+https://github.com/rust-lang/crates.io-index");
        assert!(public || name == "scanvet", "{name} comes from {source:?}");
    }
}

#[test]
fn nothing_that_deny_names_is_built_in() {
    let denied = table("deny.toml");
    let denied = denied["bans"]["deny"].as_array().expect("a list").clone();
    let whole = denied.iter().filter(|rule| rule.get("version").is_none());
    let names: Vec<&str> = whole.filter_map(|rule| rule["name"].as_str()).collect();
    assert!(names.contains(&"openssl-sys"));
    for (name, ..) in packages() {
        assert!(!names.contains(&&*name), "{name} may not be built in");
    }
}
