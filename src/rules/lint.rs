//! Everything that is wrong with one table of limits, not only what the parser met first.

use toml::{Table, Value};

/// Binds a table or names its first fault.
pub(super) type Bind<'a> = &'a dyn Fn(Table) -> Result<(), String>;

/// More faults than any table has keys.
const MOST: usize = 64;

/// Binds `table` again and again, taking each fault out of the way once it is noted. Empty when the
/// table binds.
pub(super) fn problems(bind: Bind<'_>, table: &Table) -> Vec<String> {
    let mut table = table.clone();
    let mut problems = Vec::new();
    while let Err(problem) = bind(table.clone()) {
        let unknown = quoted(&problem, "unknown field `").map(str::to_owned);
        let missing = quoted(&problem, "missing field `").map(str::to_owned);
        let culprit = match (&unknown, &missing) {
            (None, None) => culprit(bind, &table, &problem),
            _ => None,
        };
        let last = problem.clone();
        problems.push(match &culprit {
            Some(key) => format!("{key}: {problem}"),
            None => problem,
        });
        let mended = match (unknown, missing.or(culprit)) {
            (Some(key), _) => table.remove(&key).is_some(),
            (None, Some(key)) => fill(bind, &mut table, &key, &last),
            (None, None) => false,
        };
        if !mended || problems.len() >= MOST {
            break;
        }
    }
    problems
}

/// The name behind `before`, up to the closing quote.
fn quoted<'a>(problem: &'a str, before: &str) -> Option<&'a str> {
    Some(problem.strip_prefix(before)?.split_once('`')?.0)
}

/// Keys that every table has; their faults name themselves.
const COMMON: [&str; 6] = ["because", "doubtful", "on", "severity", "source", "unassessed"];

/// The limit whose value is at fault: without it, it is the one that is missing.
fn culprit(bind: Bind<'_>, table: &Table, problem: &str) -> Option<String> {
    let mut limits = table.keys().filter(|key| !COMMON.contains(&key.as_str()));
    limits
        .find(|key| {
            let mut without = table.clone();
            without.remove(*key);
            let changed = bind(without).err();
            changed.is_none_or(|changed| {
                changed != *problem && quoted(&changed, "missing field `") == Some(key.as_str())
            })
        })
        .cloned()
}

/// Puts in a value of whatever type lets the parser go on to the next fault.
fn fill(bind: Bind<'_>, table: &mut Table, key: &str, last: &str) -> bool {
    let number = || Value::Array(vec![Value::Float(0.0); 4]);
    let values = [
        Value::Integer(0),
        Value::Float(0.0),
        Value::Boolean(true),
        Value::String("review".to_owned()),
        Value::Array(Vec::new()),
        number(),
    ];
    values.into_iter().any(|value| {
        table.insert(key.to_owned(), value);
        let next = bind(table.clone()).err();
        // A wrong type is told without its key.
        next.is_none_or(|next| next != last && !next.starts_with("invalid"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks;
    use crate::rules::Rule;

    fn problems_of(limits: &str) -> Vec<String> {
        let entry = checks::entry("legibility.glare").unwrap();
        let weights = "severity = \"error\"\ndoubtful = \"review\"\nunassessed = \"silent\"\n";
        let table = format!("{weights}{limits}").parse().unwrap();
        problems(&|table| Rule::bind(entry, table).map(drop), &table)
    }

    #[test]
    fn all_faults_of_a_table_are_found_together() {
        let sound = "because = \"b\"\nsource = \"s\"\nmax_share = 0.1\ndoubtful_max_share = 0.2";
        assert_eq!(problems_of(sound), [""; 0]);
        let faults = problems_of("because = \"b\"\nmax_share = \"low\"\nfoo = 1\nbar = 2");
        for wanted in [
            "missing field `source`",
            "`foo`",
            "`bar`",
            "max_share: invalid type",
            "`doubtful_max_share`",
        ] {
            assert!(faults.iter().any(|fault| fault.contains(wanted)), "{wanted}: {faults:#?}");
        }
        assert_eq!(faults.len(), 5, "{faults:#?}");
    }
}
