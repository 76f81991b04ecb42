//! Bombs are refused for what they are, soon, by a process that holds no more than it may; and whoever
//! has them judged grows no larger by it.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "who runs the long forms wants to see the figures")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "support/apart.rs"]
mod apart;
#[path = "support/bombs.rs"]
mod made;
mod support;

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use made::BOMBS;
use scanvet::verdict::Decision;
use support::pdf::hostile;
use support::{Asked, codes, said};

/// Larger files are refused for their size.
const MOST_BYTES: usize = 20 << 20;

/// To make some bombs takes a gigabyte of this process, whose memory another test looks at.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn every_bomb_is_refused_for_what_it_is() {
    let _alone = alone();
    let (judge, rules) = (apart::judge(1), Asked::default().rules());
    let chosen = std::env::var("BOMB").unwrap_or_default();
    let (mut faults, mut longest) = (Vec::new(), std::time::Duration::ZERO);
    for bomb in BOMBS.iter().filter(|bomb| bomb.name.contains(&chosen)) {
        let bytes = (bomb.make)();
        assert!(bytes.len() < MOST_BYTES, "{}: {} bytes", bomb.name, bytes.len());
        let size = bytes.len();
        let (verdict, elapsed) = apart::ask(&judge, &rules, bytes);
        println!("{:50} {size:9} B {:5} ms {:?}", bomb.name, elapsed.as_millis(), codes(&verdict));
        longest = longest.max(elapsed);
        // The limits of the process are 600 MiB and 7 s; who breaks them is ended.
        let named =
            bomb.codes.is_empty() || codes(&verdict).iter().any(|it| bomb.codes.contains(it));
        let refused = bomb.codes.is_empty() || verdict.decision != Decision::Accept;
        let in_time = elapsed < apart::LONGEST;
        if !named
            || !refused
            || !in_time
            || apart::was_ended(&verdict)
            || apart::fell_over(&verdict)
        {
            faults.push(format!("{} ({size} bytes): {}", bomb.name, said(&verdict)));
        }
    }
    println!("{} bombs, longest {longest:?}, {:?}", BOMBS.len(), judge.counts());
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
    assert_eq!(judge.counts().crashed + judge.counts().out_of_time, 0, "{:?}", judge.counts());
}

#[test]
fn there_are_bombs_of_every_format() {
    let names: std::collections::BTreeSet<&str> = BOMBS.iter().map(|bomb| bomb.name).collect();
    assert_eq!(names.len(), BOMBS.len(), "each has its own name");
    assert!(names.len() >= 25, "{}", names.len());
    for format in ["PNG", "JPEG", "GIF", "WebP", "TIFF", "BMP", "PDF"] {
        assert!(names.iter().any(|name| name.starts_with(format)), "{format}");
    }
}

/// Kilobytes that this process holds.
fn held_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// In the long form a thousand, bombs in PDF among them.
#[test]
fn the_owner_of_the_processes_does_not_grow_with_the_bombs() {
    let _alone = alone();
    const MOST_GROWN_MB: u64 = 50;
    let (rounds, warm) = if apart::is_long() { (1_000, 100) } else { (40, 20) };
    let (judge, rules) = (apart::judge(2), Asked::default().rules());
    let documents = hostile::bombs();
    // What takes seconds to make says nothing of what it takes to judge.
    let slow = |name: &str| ["gigabyte", "of one", "million"].iter().any(|it| name.contains(it));
    let quick: Vec<_> = BOMBS.iter().filter(|bomb| !slow(bomb.name)).collect();
    let mut before = 0;
    for round in 0..rounds {
        let bytes = match round % 4 {
            3 if apart::is_long() => (documents[round / 4 % documents.len()].make)(),
            _ => (quick[round % quick.len()].make)(),
        };
        let (verdict, _) = apart::ask(&judge, &rules, bytes);
        assert!(!apart::fell_over(&verdict), "{}", said(&verdict));
        if round == warm {
            before = held_kb();
        }
    }
    let grown = held_kb().saturating_sub(before) >> 10;
    println!(
        "{rounds} bombs: the owner grew by {grown} MB from {} MB, {:?}",
        before >> 10,
        judge.counts()
    );
    assert!(grown < MOST_GROWN_MB, "{grown} MB");
}
