//! Enough of PromQL to know which metrics and labels a query names.
#![allow(unreachable_pub, reason = "what a test takes of this is its own matter")]

use std::collections::{BTreeMap, BTreeSet};

/// What one query names.
#[derive(Debug, Default, PartialEq)]
pub struct Query {
    /// Metrics, each with its matchers: label and value.
    pub metrics: Vec<(String, Vec<(String, String)>)>,
    /// Labels of `by`, `without`, `on` and their like.
    pub grouping: BTreeSet<String>,
}

const GROUPING: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
const WORDS: [&str; 6] = ["and", "or", "unless", "offset", "bool", "atan2"];

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':')
}

/// A name at the start of a text, and what follows.
fn name(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter| !is_name(letter)).unwrap_or(text.len()))
}

/// The text in the quotes at the start of a text, and what follows.
fn quoted(text: &str) -> (String, &str) {
    let mut inner = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (inner, &text[at + 1..]),
            '\\' => inner.extend(letters.next().map(|(_, letter)| letter)),
            _ => inner.push(letter),
        }
    }
    panic!("a text without an end: {text}");
}

/// `{label="value", …}` at the start of a text, and what follows.
fn matchers(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text[1..].trim_start();
    while !rest.starts_with('}') {
        let (label, after) = name(rest);
        let value = after.trim_start_matches([' ', '=', '!', '~']);
        assert!(!label.is_empty() && value.starts_with('"'), "no matcher: {rest}");
        let (value, after) = quoted(value);
        found.push((label.to_owned(), value));
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    (found, &rest[1..])
}

impl Query {
    pub fn of(text: &str) -> Self {
        let mut query = Self::default();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            rest = if first == '"' {
                quoted(rest).1
            } else if first == '[' {
                &rest[rest.find(']').expect("a range ends") + 1..]
            } else if first.is_ascii_digit() {
                name(rest).1
            } else if is_name(first) {
                let (word, after) = name(rest);
                query.named(word, after.trim_start())
            } else {
                &rest[first.len_utf8()..]
            };
        }
        query
    }

    /// Takes a name, and returns what is left behind it.
    fn named<'a>(&mut self, word: &str, after: &'a str) -> &'a str {
        if GROUPING.contains(&word) {
            let (inside, after) = after[1..].split_once(')').expect("a list ends");
            self.grouping.extend(inside.split(',').map(|label| label.trim().to_owned()));
            after
        } else if after.starts_with('{') {
            let (found, after) = matchers(after);
            self.metrics.push((word.to_owned(), found));
            after
        } else {
            // A function or an aggregation before its brackets, or before its `by`.
            let is_call = after.starts_with('(') || GROUPING.contains(&name(after).0);
            if !is_call && !WORDS.contains(&word) {
                self.metrics.push((word.to_owned(), Vec::new()));
            }
            after
        }
    }
}

/// What a service exports: every name with its labels and their values.
#[derive(Debug, Default)]
pub struct Metrics(pub BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Metrics {
    /// Of the text of `/metrics`.
    pub fn of(text: &str) -> Self {
        let mut all = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (metric, after) = name(line);
            let labels = all.0.entry(metric.to_owned()).or_default();
            // What Prometheus adds to everything that it scrapes.
            for label in ["job", "instance"] {
                labels.entry(label.to_owned()).or_default();
            }
            let found = if after.starts_with('{') { matchers(after).0 } else { Vec::new() };
            for (label, value) in found {
                labels.entry(label).or_default().insert(value);
            }
        }
        let own = [("up", ["job", "instance"])];
        for (metric, labels) in own {
            let labels = labels.map(|label| (label.to_owned(), BTreeSet::new()));
            all.0.insert(metric.to_owned(), labels.into());
        }
        all
    }

    /// What of a query is not exported, in words.
    pub fn lacks(&self, query: &Query) -> Vec<String> {
        let mut faults = Vec::new();
        let mut known = BTreeSet::new();
        for (metric, matchers) in &query.metrics {
            let Some(labels) = self.0.get(metric) else {
                faults.push(format!("no metric {metric}"));
                continue;
            };
            known.extend(labels.keys());
            for (label, value) in matchers {
                let Some(values) = labels.get(label) else {
                    faults.push(format!("{metric} has no label {label}"));
                    continue;
                };
                // Causes, layers and outcomes are all told, so that a misspelt one is seen.
                for word in value.split('|').filter(|_| CLOSED.contains(&&**label)) {
                    if !values.contains(word) {
                        faults.push(format!("{metric}: {label} is never {word}"));
                    }
                }
            }
        }
        let unknown = query.grouping.iter().filter(|label| !known.contains(label));
        faults.extend(unknown.map(|label| format!("no metric there has a label {label}")));
        faults
    }
}

/// Labels of which a test makes the service show every value.
const CLOSED: [&str; 6] = ["cause", "class", "layer", "outcome", "stage", "verdict"];
