//! PDF by its outermost marks alone: where it begins, where it ends, and whether its end is there.
//! What is between needs a parser: `src/intake/pdf/mod.rs`.

use super::{Draft, State, Walk};
use crate::intake::foreign::Place;
use crate::intake::foreign::nook::Nook;

/// Readers look for the header so far into the file (Adobe's implementation note 13 to PDF 1.7).
pub const HEADER_REACH: usize = 1024;

const HEADER: &[u8] = b"%PDF-";
const END: &[u8] = b"%%EOF";
const TABLE_AT: &[u8] = b"startxref";
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Offset of the header, where there is one within reach.
pub fn begins(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(&bytes[..bytes.len().min(HEADER_REACH)], HEADER)
}

pub(super) fn walk(bytes: &[u8]) -> Walk {
    let draft = Draft::default();
    let Some(start) = begins(bytes) else {
        return draft.end(State::Corrupt, bytes.len());
    };
    let Some(at) = memchr::memmem::rfind(bytes, END) else {
        // Some writers leave the mark out; the offset before it tells whether the file is whole.
        let state = if ends_with_offset(bytes) { State::Incomplete } else { State::Truncated };
        return draft.end(state, bytes.len());
    };
    let end = at + END.len();
    let end = end + line_end(&bytes[end..]);
    // Objects behind the last mark are an update that broke off, and a linearised file has such a mark
    // near its beginning.
    if begins_object(&bytes[end..]) {
        return draft.end(State::Truncated, bytes.len());
    }
    let before = bytes[..start].strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes[..start]);
    let state = if before.trim_ascii().is_empty() { State::Whole } else { State::Incomplete };
    draft.end(state, end)
}

/// What stands before the header.
pub(super) fn nooks(bytes: &[u8]) -> Vec<Nook> {
    let start = begins(bytes).unwrap_or(0);
    if start > 0 { vec![Nook::plain(Place::Before, 0, start)] } else { Vec::new() }
}

fn line_end(rest: &[u8]) -> usize {
    match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\r' | b'\n', ..] => 1,
        _ => 0,
    }
}

/// Whether an offset of the cross-reference table is all that the file ends with.
fn ends_with_offset(bytes: &[u8]) -> bool {
    let Some(at) = memchr::memmem::rfind(bytes, TABLE_AT) else {
        return false;
    };
    let rest = bytes[at + TABLE_AT.len()..].trim_ascii();
    !rest.is_empty() && rest.iter().all(u8::is_ascii_digit)
}

/// How far before `obj` its two numbers begin.
const NUMBERS_REACH: usize = 256;

/// Whether an indirect object stands in `rest`: number, generation, `obj`.
fn begins_object(rest: &[u8]) -> bool {
    memchr::memmem::find_iter(rest, b"obj").any(|at| {
        // Far more than two numbers take; a file without spaces is not searched from every place anew.
        let before = rest[at.saturating_sub(NUMBERS_REACH)..at].trim_ascii_end();
        let numbers = before.split(u8::is_ascii_whitespace).rev().filter(|word| !word.is_empty());
        let words: Vec<&[u8]> = numbers.take(2).collect();
        words.len() == 2 && words.iter().all(|word| word.iter().all(u8::is_ascii_digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(bytes: &[u8]) -> (State, usize) {
        let walk = walk(bytes);
        (walk.state, walk.end)
    }

    #[test]
    fn a_pdf_ends_behind_its_last_mark() {
        let whole = b"%PDF-1.7\n1 0 obj\nendobj\nstartxref\n9\n%%EOF\r\n";
        assert_eq!(walked(whole), (State::Whole, whole.len()));
        let trailed = [&whole[..], b"PK\x03\x04"].concat();
        assert_eq!(walked(&trailed), (State::Whole, whole.len()));
    }

    #[test]
    fn a_pdf_without_its_end_is_truncated_even_where_an_earlier_part_is_whole() {
        assert_eq!(walked(b"%PDF-1.7\n1 0 obj\nendobj\n").0, State::Truncated);
        assert_eq!(walked(b"%PDF-1.7\nstartxref\n9\n%%EOF\n2 0 obj\n<<").0, State::Truncated);
    }

    #[test]
    fn a_forgotten_mark_is_a_blemish_where_the_offset_is_there() {
        assert_eq!(walked(b"%PDF-1.7\nxref\nstartxref\n9\n").0, State::Incomplete);
    }

    #[test]
    fn a_byte_order_mark_before_the_header_does_no_harm_and_other_bytes_are_a_blemish() {
        assert_eq!(walked(b"\xEF\xBB\xBF%PDF-1.7\n%%EOF").0, State::Whole);
        assert_eq!(walked(b"From: scanner\n%PDF-1.7\n%%EOF").0, State::Incomplete);
    }
}
