//! Digests over a canonical form, so that order and comments do not count.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use toml::Table;

use super::book::PackFile;

/// Of whole packs and the ceilings over them: lower-case hex SHA-256 of JSON with sorted keys.
pub(super) fn of_packs(files: &[PackFile], ceilings: &BTreeMap<String, Table>) -> String {
    let mut packs: BTreeMap<&str, Value> = BTreeMap::new();
    for (file, text) in files {
        let table: Table = toml::from_str(text).unwrap_or_default();
        packs.insert(file, serde_json::to_value(table).unwrap_or_default());
    }
    of(&serde_json::json!({ "packs": packs, "ceilings": ceilings }))
}

/// Of the tables that were applied, by name.
pub(super) fn of_tables(tables: &BTreeMap<String, Table>) -> String {
    of(&serde_json::json!(tables))
}

fn of(value: &Value) -> String {
    let mut text = String::new();
    canonicalise(value, &mut text);
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn canonicalise(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            let sorted: BTreeMap<_, _> = object.iter().collect();
            out.push('{');
            for (key, value) in sorted {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonicalise(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(array) => {
            out.push('[');
            for value in array {
                canonicalise(value, out);
                out.push(',');
            }
            out.push(']');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}
