//! PDFs made to crash, hang or fill memory: each gets an answer, soon, and within its memory.

use std::sync::LazyLock;
use std::time::Duration;

use crate::support::isolated::{self, Answer};
use crate::support::pdf::hostile::{Bomb, bombs};
use crate::support::pdf::scan::Scan;
use crate::support::pdf::{Layout, Xref};

/// No file takes longer, from the start of the program to its end.
const LONGEST: Duration = Duration::from_secs(8);
/// Nor do the program and its children hold more, in megabytes.
const MOST_MB: u64 = 600;

static BOMBS: LazyLock<Vec<Bomb>> = LazyLock::new(bombs);

/// What is wrong with the answer to a bomb.
fn wrong(bomb: &Bomb, size: usize, answer: &Answer) -> Option<String> {
    let expected =
        bomb.codes.is_empty() || answer.codes.iter().any(|code| bomb.codes.contains(&&**code));
    let refused = bomb.codes.is_empty() || !answer.accepts();
    let in_time = answer.elapsed < LONGEST && answer.peak_mb < MOST_MB;
    let right = answer.is_given() && expected && refused && in_time;
    (!right).then(|| format!("{} ({size} bytes): {answer:?}, not {:?}", bomb.name, bomb.codes))
}

/// Every so-manieth bomb, so that two tests share the work.
fn all_get_an_answer(part: usize, of: usize) {
    let chosen = std::env::var("BOMB").unwrap_or_default();
    let mut faults = Vec::new();
    for bomb in BOMBS.iter().skip(part).step_by(of).filter(|bomb| bomb.name.contains(&chosen)) {
        let bytes = (bomb.make)();
        assert!(bytes.len() < 20 << 20, "{}: {} bytes are too large", bomb.name, bytes.len());
        let answer = isolated::check(&bytes, "bomb");
        faults.extend(wrong(bomb, bytes.len(), &answer));
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_bomb_gets_an_answer_in_time_and_in_memory() {
    all_get_an_answer(0, 2);
}

#[test]
fn every_other_bomb_does_too() {
    all_get_an_answer(1, 2);
}

#[test]
fn there_are_bombs_of_every_kind() {
    let names: std::collections::BTreeSet<&str> = BOMBS.iter().map(|bomb| bomb.name).collect();
    assert_eq!(names.len(), BOMBS.len(), "each has its own name");
    assert!(BOMBS.len() >= 100, "{}", BOMBS.len());
}

/// What is around the bombs is sound: a good scan passes through the same door.
#[test]
fn a_good_scan_is_accepted_by_the_program() {
    for xref in [Xref::Table, Xref::Packed] {
        let answer = isolated::check(&Scan::good().write(&Layout::of(xref)), "scan");
        assert!(answer.accepts() && answer.status == Some(0), "{answer:?}");
        assert!(answer.elapsed < LONGEST && answer.peak_mb < MOST_MB, "{answer:?}");
    }
}
