//! A person holds a document up: one face, one document, both clear.

use crate::support;
use crate::support::person::Person;
use crate::support::photo::Photo;
use crate::support::{Asked, codes, draw, encode, faults, said};
use image::{RgbImage, imageops};
use scanvet::verdict::Decision;

/// Before a white wall, with a card of this share of the picture's width held before the chest.
fn holding(seed: u64, share: f32, soft: f32) -> RgbImage {
    let photo = Photo::before_white(seed).drawn();
    let mut picture = faults::resized(&photo, 1280, 1280 * photo.height() / photo.width());
    if share > 0.0 {
        let width = (share * picture.width() as f32) as u32;
        let card = faults::resized(&draw::card(1200), width, (width as f32 / 1.586) as u32);
        let card = if soft > 0.0 { faults::blurred(&card, soft) } else { card };
        let left = (picture.width() - card.width()) / 2 + 7;
        let top = picture.height() - card.height() - picture.height() / 30;
        imageops::overlay(&mut picture, &card, left.into(), top.into());
    }
    picture
}

fn judged(picture: &RgbImage) -> scanvet::verdict::Verdict {
    Asked::profile("generic", "handheld-photo").judge(&encode::jpeg(picture, 88))
}

#[test]
fn a_clear_face_and_a_clear_card_pass() {
    let wrong: Vec<String> = (0..6)
        .filter_map(|seed| {
            let verdict = judged(&holding(seed, 0.36, 0.0));
            (verdict.decision != Decision::Accept).then(|| format!("{seed}: {}", said(&verdict)))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_a_document_a_person_looks() {
    for seed in 0..6 {
        let verdict = judged(&holding(seed, 0.0, 0.0));
        assert!(codes(&verdict).contains(&"DOCUMENT_NOT_FOUND"), "{seed}: {}", said(&verdict));
        assert_eq!(verdict.decision, Decision::Review, "{seed}: {}", said(&verdict));
    }
}

#[test]
fn a_card_out_of_focus_is_returned_though_the_face_is_sharp() {
    for seed in 0..4 {
        let verdict = judged(&holding(seed, 0.36, 6.0));
        let held = support::readings(&verdict)
            .into_iter()
            .find(|(check, _)| *check == "photo.held-document");
        let blurred = codes(&verdict).contains(&"IMAGE_BLURRED");
        assert!(blurred, "{seed}: {} {held:?}", said(&verdict));
    }
}

#[test]
fn a_second_person_is_one_too_many() {
    let mut photo = Photo::before_white(3);
    let mut other: Person = photo.people[0];
    other.eyes = [0.2, 0.42];
    photo.people[0].eyes[0] = 0.65;
    photo.people.push(other);
    let verdict = judged(&photo.drawn());
    assert!(codes(&verdict).contains(&"FACE_MULTIPLE"), "{}", said(&verdict));
}
