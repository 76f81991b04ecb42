//! Tables of a report.

use std::fmt::Write;

use super::markup::{both, escaped};

/// A table with a title of its own.
#[derive(Clone, Debug)]
pub struct Table {
    /// English and Chinese.
    pub title: [&'static str; 2],
    /// A sentence before it, in both languages.
    pub note: [String; 2],
    /// Names of the columns; the first one names the row.
    pub head: Vec<[&'static str; 2]>,
    /// Rows.
    pub rows: Vec<Vec<Cell>>,
}

/// What stands in a cell.
#[derive(Clone, Debug)]
pub enum Cell {
    /// The same in every language: a code, a number, a name.
    Same(String),
    /// English and Chinese.
    Words([&'static str; 2]),
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Same(text.into())
    }
}

impl Cell {
    fn is_number(&self) -> bool {
        let Self::Same(text) = self else {
            return false;
        };
        text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
            && !text.contains(char::is_alphabetic)
    }

    fn markup(&self) -> String {
        match self {
            Self::Same(text) => escaped(text),
            Self::Words(texts) => both(*texts),
        }
    }
}

/// Begins a table: columns that stand to the right, and those that need a wide screen.
pub(super) fn open_table(
    out: &mut String,
    head: &[[&'static str; 2]],
    numeric: &[usize],
    wide: &[usize],
) {
    out.push_str("<div class=\"scroll\"><table><thead><tr>");
    for (at, words) in head.iter().enumerate() {
        let class = match (numeric.contains(&at), wide.contains(&at)) {
            (true, _) => " class=\"num\"",
            (false, true) => " class=\"wide\"",
            (false, false) => "",
        };
        let _ = match words {
            ["", _] => write!(out, "<td{class}></td>"),
            words => write!(out, "<th scope=\"col\"{class}>{}</th>", both(*words)),
        };
    }
    out.push_str("</tr></thead><tbody>");
}

/// A column of numbers, shares and intervals stands to the right.
fn is_numeric(rows: &[Vec<Cell>], column: usize) -> bool {
    column > 0 && rows.iter().filter_map(|row| row.get(column)).all(Cell::is_number)
}

/// The whole of it, with its title.
pub(super) fn table(out: &mut String, Table { title, note, head, rows }: &Table) {
    let _ = write!(out, "<h2>{}</h2>", both(*title));
    if !note[0].is_empty() {
        let _ = write!(out, "<p>{}</p>", both([&note[0], &note[1]]));
    }
    if rows.is_empty() {
        return;
    }
    let numeric: Vec<usize> = (0..head.len()).filter(|column| is_numeric(rows, *column)).collect();
    open_table(out, head, &numeric, &[]);
    for row in rows {
        out.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let class = if numeric.contains(&at) { " class=\"num\"" } else { "" };
            let _ = match at {
                0 => write!(out, "<th scope=\"row\">{}</th>", cell.markup()),
                _ => write!(out, "<td{class}>{}</td>", cell.markup()),
            };
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}
