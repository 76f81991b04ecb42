//! On which line of a pack a dotted key stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line of `key`, counted from 1; of the nearest table above it where it is missing; 0 where
/// the text is no TOML or nothing of it is meant.
pub(super) fn of(text: &str, key: &str) -> usize {
    let Ok(table) = DeTable::parse(text) else {
        return 0;
    };
    in_table(table.get_ref(), key).map_or(0, |at| line_at(text, at))
}

/// The line of a byte.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}

/// Keys may hold points themselves, so the longest that fits is taken.
fn in_table(table: &DeTable<'_>, path: &str) -> Option<usize> {
    let fits = |key: &str| {
        let rest = path.strip_prefix(key)?;
        (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
    };
    let (key, value, rest) = table
        .iter()
        .filter_map(|(key, value)| Some((key, value, fits(key.get_ref())?)))
        .max_by_key(|(key, ..)| key.get_ref().len())?;
    let own = key.span().start;
    Some(in_value(value, rest).unwrap_or(own))
}

fn in_value(value: &Spanned<DeValue<'_>>, rest: &str) -> Option<usize> {
    match (value.get_ref(), rest.strip_prefix('.'), rest.strip_prefix('[')) {
        (DeValue::Table(table), Some(rest), _) => in_table(table, rest),
        (DeValue::Array(array), _, Some(rest)) => {
            let (index, rest) = rest.split_once(']')?;
            let element = array.get(index.parse::<usize>().ok()?)?;
            Some(in_value(element, rest).unwrap_or(element.span().start))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "id = \"x\"\n\n[checks.\"file.size\"]\nmin_bytes = 1\n\n[[when]]\nfrom = \"a\"\n\n[[when]]\n[when.steps.sms]\non = true\n";

    #[test]
    fn a_key_is_found_though_it_holds_points() {
        assert_eq!(of(TEXT, "id"), 1);
        assert_eq!(of(TEXT, "checks.file.size"), 3);
        assert_eq!(of(TEXT, "checks.file.size.min_bytes"), 4);
        assert_eq!(of(TEXT, "when[0].from"), 7);
        assert_eq!(of(TEXT, "when[1].steps.sms.on"), 11);
    }

    #[test]
    fn what_is_missing_is_told_by_the_table_that_lacks_it() {
        assert_eq!(of(TEXT, "checks.file.size.source"), 3);
        assert_eq!(of(TEXT, "when[1].steps.sms.source"), 10);
        assert_eq!(of(TEXT, "version"), 0);
        assert_eq!(of("not toml", "id"), 0);
    }
}
