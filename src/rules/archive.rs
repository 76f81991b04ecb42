//! Rule sets of old, whole and sealed, so that a verdict that names one can be reproduced.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Table;

use super::book::{PackFile, RuleBook};
use super::pack::{Fault, Faults};

include!(concat!(env!("OUT_DIR"), "/archive.rs"));

/// The loaded rule sets: the current one, and those that callers may pin.
#[derive(Debug)]
pub struct RuleBooks {
    /// The one that holds where nobody pins another.
    pub current: Arc<RuleBook>,
    /// Older ones, oldest first.
    pub older: Vec<Arc<RuleBook>>,
}

impl RuleBooks {
    /// The current book and every archived one under the same ceilings.
    pub fn with_archive(current: RuleBook, ceilings: Option<&Table>) -> Result<Self, Faults> {
        let mut older = Vec::new();
        for (version, text) in ARCHIVE {
            // An archived set is not offered beside a current one of its name.
            if *version != current.version {
                older.push(Arc::new(RuleBook::archived(text, ceilings.cloned())?));
            }
        }
        Ok(Self { current: Arc::new(current), older })
    }

    /// The rule set of a version; empty = the current one.
    pub fn pinned(&self, version: &str) -> Option<&RuleBook> {
        let books = std::iter::once(&self.current).chain(&self.older);
        books.map(Arc::as_ref).find(|book| version.is_empty() || book.version == version)
    }

    /// Every version, the current one first.
    pub fn versions(&self) -> Vec<String> {
        let older = self.older.iter().rev().map(|book| book.version.clone());
        std::iter::once(self.current.version.clone()).chain(older).collect()
    }
}

impl From<Arc<RuleBook>> for RuleBooks {
    /// The current one alone.
    fn from(current: Arc<RuleBook>) -> Self {
        Self { current, older: Vec::new() }
    }
}

/// All packs of a rule set as one JSON object, file by file: the form in which it is archived.
pub fn archive(files: &[PackFile]) -> Result<String, Faults> {
    let fault = |file: &str, problem: String| {
        let (file, key) = (file.to_owned(), String::new());
        Faults(vec![Fault { file, line: 0, key, problem }])
    };
    let mut packs: BTreeMap<&str, Table> = BTreeMap::new();
    for (file, text) in files {
        let table = toml::from_str(text).map_err(|error| fault(file, error.to_string()))?;
        packs.insert(file, table);
    }
    serde_json::to_string(&packs).map_err(|error| fault("archive", error.to_string()))
}

impl RuleBook {
    /// Loads an archived rule set. Checks that it does not know, because they came later, are off.
    pub fn archived(text: &str, ceilings: Option<Table>) -> Result<Self, Faults> {
        let fault = |problem: String| {
            let (file, key) = ("archive".to_owned(), String::new());
            Faults(vec![Fault { file, line: 0, key, problem }])
        };
        let packs: BTreeMap<String, Table> =
            serde_json::from_str(text).map_err(|error| fault(error.to_string()))?;
        let mut files = Vec::new();
        for (file, table) in packs {
            let text = toml::to_string(&table).map_err(|error| fault(error.to_string()))?;
            files.push((file, text));
        }
        Self::sealed(&files, ceilings)
    }
}
