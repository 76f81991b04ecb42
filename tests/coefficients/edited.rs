//! Pictures with one thing changed: what is legal is read, what is not is left to the library.

use super::WHOLE;
use super::kinds::{Coding, Content, Kind, Restart, SAMPLINGS};
use super::reference::{Picture, difference, picture, whole};
use scanvet::decode::coefficients::{Block, Frame, Sink, Transform, read};
use scanvet::intake::{Budget, Expired};

fn kind(sampling: usize, coding: Coding, restart: Restart) -> Vec<u8> {
    let (quality, size, content) = (80, (70, 45), Content::Photo);
    Kind { sampling: SAMPLINGS[sampling], quality, coding, restart, size, content }.encode()
}

fn plain() -> Vec<u8> {
    kind(3, Coding::Baseline, Restart::Every(3))
}

/// Where the marker stands for the `nth` time.
fn find(bytes: &[u8], marker: u8, nth: usize) -> usize {
    let places = bytes.windows(2).enumerate().filter(|(_, pair)| **pair == [0xFF, marker]);
    places.map(|(at, _)| at).nth(nth).unwrap()
}

fn with(at: usize, inserted: &[u8]) -> Vec<u8> {
    let mut bytes = plain();
    bytes.splice(at..at, inserted.iter().copied());
    bytes
}

fn set(at: usize, byte: u8) -> Vec<u8> {
    let mut bytes = plain();
    bytes[at] = byte;
    bytes
}

fn read_all(bytes: &[u8]) -> Option<Picture> {
    picture(bytes, (70, 45), WHOLE)
}

/// Reads as the plain picture does, and the library agrees.
fn assert_same(bytes: &[u8]) {
    let found = read_all(bytes).unwrap();
    assert_eq!(found.blocks, read_all(&plain()).unwrap().blocks);
    assert!(difference(&found, 0, &whole(bytes, false).unwrap()) <= 2);
}

#[test]
fn fill_bytes_before_markers_are_passed_over() {
    let bytes = plain();
    for marker in [0xDB, 0xC4, 0xC0, 0xDA, 0xD0, 0xD1, 0xD9] {
        assert_same(&with(find(&bytes, marker, 0), &[0xFF, 0xFF]));
    }
}

#[test]
fn comments_and_segments_of_applications_are_passed_over() {
    assert_same(&with(2, &[0xFF, 0xFE, 0, 6, 0xFF, 0xD9, 0xFF, 0xDA]));
    assert_same(&with(2, &[0xFF, 0xE5, 0, 3, 0xFF]));
}

#[test]
fn quantisation_of_sixteen_bits_reads_as_that_of_eight() {
    let mut bytes = plain();
    let at = find(&bytes, 0xDB, 0);
    assert_eq!(bytes[at + 2..at + 5], [0, 67, 0]);
    let wide = bytes[at + 5..at + 69].iter().flat_map(|value| [0, *value]);
    let segment: Vec<u8> = [0xFF, 0xDB, 0, 131, 0x10].into_iter().chain(wide).collect();
    bytes.splice(at..at + 69, segment);
    assert_same(&bytes);
}

#[test]
fn what_follows_the_end_is_not_looked_at() {
    let mut bytes = plain();
    bytes.extend(b"PK\x03\x04");
    assert_eq!(read_all(&bytes).unwrap().blocks, read_all(&plain()).unwrap().blocks);
}

#[test]
fn factors_of_a_single_component_say_nothing() {
    let grey = kind(4, Coding::Baseline, Restart::Every(3));
    let mut odd = grey.clone();
    let at = find(&odd, 0xC0, 0);
    assert_eq!(odd[at + 11], 0x11);
    odd[at + 11] = 0x22;
    let found = read_all(&odd).unwrap();
    assert_eq!(found, read_all(&grey).unwrap());
    assert_eq!(found.frame.transform, Transform::Grey);
    assert!(difference(&found, 0, &whole(&odd, false).unwrap()) <= 2);
}

#[test]
fn extended_sequential_pictures_of_eight_bits_are_read() {
    assert_same(&set(find(&plain(), 0xC0, 0) + 1, 0xC1));
}

#[test]
fn adobe_may_say_that_the_components_are_luma_and_chroma() {
    let adobe =
        |transform| [b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat();
    assert_same(&with(2, &adobe(1)));
    for transform in [0, 2, 3] {
        assert!(read_all(&with(2, &adobe(transform))).is_none(), "{transform}");
    }
}

#[test]
fn tables_between_scans_are_taken() {
    // A component at a time, with a code each, and the quantisation said once more.
    let mut bytes = kind(3, Coding::Optimised, Restart::Never);
    let at = find(&bytes, 0xDB, 0);
    let table = bytes[at..at + 69].to_vec();
    let scan = find(&bytes, 0xDA, 1);
    let code = find(&bytes, 0xC4, 0);
    let found = read_all(&bytes).unwrap();
    let codes = bytes[code..].to_vec();
    let length = 2 + usize::from(u16::from_be_bytes([codes[2], codes[3]]));
    bytes.splice(scan..scan, codes[..length].iter().copied());
    bytes.splice(scan..scan, table.iter().copied());
    assert_eq!(read_all(&bytes).unwrap(), found);
    // Other values for what is in use.
    bytes[scan + 9] ^= 1;
    assert!(read_all(&bytes).is_none());
}

#[test]
fn what_is_exotic_or_faulty_is_left_to_the_library() {
    let bytes = plain();
    let frame = find(&bytes, 0xC0, 0);
    let scan = find(&bytes, 0xDA, 0);
    let end = bytes.len() - 2;
    let rgb = |mut bytes: Vec<u8>| {
        for (component, id) in b"RGB".iter().enumerate() {
            bytes[frame + 10 + 3 * component] = *id;
            bytes[scan + 5 + 2 * component] = *id;
        }
        bytes
    };
    let cases = [
        ("lossless", set(frame + 1, 0xC3)),
        ("arithmetic", set(frame + 1, 0xC9)),
        ("12 bits", set(frame + 4, 12)),
        ("other quantisation table", set(frame + 12, 3)),
        ("4:1:1", set(frame + 11, 0x41)),
        ("chroma finer than luma", set(frame + 14, 0x22)),
        ("twice the same component", set(frame + 13, bytes[frame + 10])),
        ("red, green, blue", rgb(plain())),
        ("other Huffman table", set(scan + 6, 0x33)),
        ("part of the coefficients", set(scan + 12, 62)),
        ("bytes between segments", with(find(&bytes, 0xC4, 0), &[0, 0, 0, 0])),
        ("bytes before the end", with(end, &[0x55, 0x55])),
        ("restart out of order", set(find(&bytes, 0xD0, 0) + 1, 0xD1)),
        ("restart missing", {
            let mut bytes = plain();
            let at = find(&bytes, 0xD0, 0);
            bytes.drain(at..at + 2);
            bytes
        }),
        ("one restart more", with(end, &[0xFF, 0xD7])),
        ("number of lines behind the scan", with(end, &[0xFF, 0xDC, 0, 4, 0, 45])),
        ("second scan", {
            let mut bytes = plain();
            let again = bytes[scan..end].to_vec();
            bytes.splice(end..end, again);
            bytes
        }),
        ("film", with(2, b"\xFF\xE0\0\x07AVI1\0")),
    ];
    for (name, bytes) in cases {
        assert!(read_all(&bytes).is_none(), "{name}");
    }
    assert!(picture(&bytes, (70, 46), WHOLE).is_none(), "another size than judged");
}

#[test]
fn a_progressive_picture_without_a_pass_is_left_to_the_library() {
    let bytes = kind(3, Coding::Progressive, Restart::Never);
    let scans = bytes.windows(2).filter(|pair| **pair == [0xFF, 0xDA]).count();
    assert!(scans > 3);
    let last = find(&bytes, 0xDA, scans - 1);
    let cut = [&bytes[..last], &[0xFF, 0xD9]].concat();
    assert!(read_all(&bytes).is_some());
    assert!(read_all(&cut).is_none());
}

/// Expires after so many questions.
struct After(usize);

impl Budget for After {
    fn expired(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 == 0
    }
}

struct Deaf;

impl Sink for Deaf {
    fn row(&mut self, _: usize, _: usize, _: &[Block]) {}
}

#[test]
fn reading_stops_when_the_time_is_over_and_when_the_sink_declines() {
    for coding in super::CODINGS {
        let bytes = kind(3, coding, Restart::Never);
        // Asked for each row of MCUs.
        for rows in 1..=3 {
            let outcome = read(&bytes, (70, 45), WHOLE, |_| Some(Deaf), &mut After(rows));
            assert_eq!(outcome.err(), Some(Expired), "{coding:?}");
        }
        let declined = |_: &Frame| None::<Deaf>;
        assert!(read(&bytes, (70, 45), WHOLE, declined, &mut After(9)).unwrap().is_none());
    }
}
