//! Names of callers: what may be one, and lists of those who are let in.

use super::settings::SettingFault;

/// Longest name of a caller, in bytes.
const LONGEST: usize = 256;

/// Whether `name` can stand in a log line and in a table of callers.
pub(super) fn is_plain(name: &str) -> bool {
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The names that are let in: exact ones, and prefixes that end with `/`.
#[derive(Debug, Default)]
pub(super) struct Allowed {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
enum Pattern {
    Exact(String),
    /// What follows must not be empty.
    Below(String),
}

impl Allowed {
    /// The list under `key`. Every entry that cannot be meant is told.
    pub(super) fn of(key: &'static str, entries: &[String]) -> Result<Self, Vec<SettingFault>> {
        let (mut patterns, mut faults) = (Vec::new(), Vec::new());
        for entry in entries {
            let (name, below) = match entry.strip_suffix('*') {
                Some(prefix) => (prefix, true),
                None => (&**entry, false),
            };
            // `https://*` and `*` would let in more than anybody means.
            let is_path = name.ends_with('/') && !name.ends_with("//") && name.len() > 1;
            if !is_plain(name) || name.contains('*') || below && !is_path {
                let what = format!("{entry:?} is neither a name nor a path that ends with /*");
                faults.push(SettingFault::of(key, what));
            } else if below {
                patterns.push(Pattern::Below(name.to_owned()));
            } else {
                patterns.push(Pattern::Exact(name.to_owned()));
            }
        }
        if faults.is_empty() { Ok(Self { patterns }) } else { Err(faults) }
    }

    /// Whether everybody is let in.
    pub(super) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether the list names `name`; letters of either case where `name` is a host's.
    pub(super) fn has(&self, name: &str, is_host: bool) -> bool {
        self.patterns.iter().any(|pattern| match pattern {
            Pattern::Exact(exact) if is_host => exact.eq_ignore_ascii_case(name),
            Pattern::Exact(exact) => exact == name,
            Pattern::Below(prefix) => {
                let rest = name.strip_prefix(&**prefix);
                // A step up would lead out of the path again.
                !is_host && rest.is_some_and(|rest| !rest.is_empty() && !has_step_up(rest))
            }
        })
    }
}

fn has_step_up(path: &str) -> bool {
    path.split('/').any(|step| step == ".." || step == ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entries: &[&str]) -> Allowed {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        Allowed::of("serve.tls.allowed_names", &entries).unwrap()
    }

    #[test]
    fn names_are_exact_and_paths_end_at_a_slash() {
        let list = allowed(&["spiffe://prod/filing/*", "spiffe://prod/audit", "Batch.example.org"]);
        assert!(list.has("spiffe://prod/filing/web", false));
        assert!(list.has("spiffe://prod/audit", false));
        assert!(list.has("batch.example.ORG", true));
        for other in [
            "spiffe://prod/filing",
            "spiffe://prod/filing/",
            "spiffe://prod/filing-2/web",
            "spiffe://prod/filing/../audit-2",
            "spiffe://prod/AUDIT",
            "spiffe://test/filing/web",
            "x.batch.example.org",
        ] {
            assert!(!list.has(other, false), "{other}");
        }
    }

    #[test]
    fn entries_that_would_let_in_everybody_are_faults() {
        for entry in ["*", "/*", "spiffe://*", "spiffe://a/*/b", "*.example.org", "", "a b"] {
            let fault = Allowed::of("serve.tls.allowed_names", &[entry.to_owned()]).unwrap_err();
            assert_eq!(fault[0].key, "serve.tls.allowed_names", "{entry}");
        }
    }
}
