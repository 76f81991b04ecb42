//! Do the files of a filing belong together?
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::support;
use crate::support::cards::{self, Side};
use crate::support::filings::{codes, judged};
use crate::support::{encode, faults};
use image::RgbImage;
use scanvet::filing::check::FilingVerdict;
use scanvet::intake::Upload;
use scanvet::reason::{Locale, Severity};
use scanvet::rules::Context;
use scanvet::verdict::{Decision, Ruled};

fn individual(profile: &str) -> Context {
    Context {
        profile: profile.to_owned(),
        entity: Some("individual".to_owned()),
        filing_type: Some("transfer".to_owned()),
        ..Context::default()
    }
}

fn jpeg(slot: &str, picture: &RgbImage) -> (String, Upload) {
    encoded(slot, encode::jpeg(picture, 80))
}

fn encoded(slot: &str, bytes: Vec<u8>) -> (String, Upload) {
    (slot.to_owned(), Upload { bytes: bytes.into(), declared_media_type: None })
}

fn together(context: &Context, uploads: &[(String, Upload)]) -> FilingVerdict {
    judged(context, uploads).1
}

fn found<'a>(verdict: &'a FilingVerdict, code: &str) -> Option<&'a Ruled> {
    verdict.findings.iter().find(|ruled| ruled.finding.reason.code == code)
}

const FRONT: &str = "id-card-front";
const BACK: &str = "id-card-back";

#[test]
fn a_side_in_its_own_slot_is_right_and_in_the_other_one_wrong() {
    let context = individual("alibaba-2019");
    let (mut alarms, mut missed, mut certain) = (Vec::new(), Vec::new(), 0);
    for seed in 1..=12 {
        let make = if seed % 3 == 0 { cards::scanned } else { cards::photographed };
        let (front, back) = (make(Side::Portrait, seed), make(Side::Emblem, seed));
        let right = together(&context, &[jpeg(FRONT, &front), jpeg(BACK, &back)]);
        if found(&right, "SIDES_SWAPPED").or(found(&right, "SIDES_COMBINED")).is_some() {
            alarms.push(seed);
        }
        let wrong = together(&context, &[jpeg(FRONT, &back), jpeg(BACK, &front)]);
        match found(&wrong, "SIDES_SWAPPED") {
            Some(ruled) => certain += u32::from(ruled.severity == Severity::Error),
            None => missed.push(seed),
        }
    }
    assert!(alarms.is_empty() && missed.is_empty(), "alarms {alarms:?}, missed {missed:?}");
    assert!(certain >= 10, "only {certain} of 12 are certain");
}

#[test]
fn a_grey_copy_of_a_card_tells_no_side() {
    let context = individual("alibaba-2019");
    let [front, back] = [Side::Portrait, Side::Emblem].map(|side| cards::photographed(side, 5));
    let uploads = [jpeg(FRONT, &faults::grey(&back)), jpeg(BACK, &faults::grey(&front))];
    assert!(found(&together(&context, &uploads), "SIDES_SWAPPED").is_none());
}

#[test]
fn cards_of_other_layouts_are_not_taken_for_a_wrong_side_with_certainty() {
    let context = individual("generic");
    for seed in 1..=8 {
        let uploads = [jpeg(FRONT, &cards::another(seed)), jpeg(BACK, &cards::another(seed + 40))];
        let verdict = together(&context, &uploads);
        let swapped = found(&verdict, "SIDES_SWAPPED");
        // On the emblem's slot a portrait on the right is a wrong side indeed.
        let front = swapped.filter(|ruled| ruled.finding.metadata["uploads"].contains('1'));
        assert!(front.is_none_or(|ruled| ruled.severity < Severity::Error), "{seed}");
    }
}

#[test]
fn both_sides_in_one_picture_are_seen_however_they_are_joined() {
    let mut missed = Vec::new();
    for seed in 1..=4 {
        for (name, make) in [
            ("photographed", cards::photographed as fn(Side, u64) -> RgbImage),
            ("scanned", cards::scanned),
        ] {
            let (front, back) = (make(Side::Portrait, seed), make(Side::Emblem, seed));
            for below in [true, false] {
                let picture = cards::joined(&front, &back, below);
                let apart = together(&individual("alibaba-2019"), &[jpeg(FRONT, &picture)]);
                let joined = together(&individual("azure-china-2017"), &[jpeg(FRONT, &picture)]);
                let is_error = |ruled: &&Ruled| ruled.severity == Severity::Error;
                let caught = found(&apart, "SIDES_COMBINED").filter(is_error).is_some();
                let alarm = found(&joined, "SIDES_COMBINED").or(found(&joined, "SIDES_SEPARATE"));
                let swapped = found(&apart, "SIDES_SWAPPED").is_some();
                if !caught || alarm.is_some() || swapped {
                    missed.push((seed, name, below));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
}

#[test]
fn separate_sides_are_wrong_where_one_picture_is_asked_for() {
    let [front, back] = [Side::Portrait, Side::Emblem].map(|side| cards::photographed(side, 3));
    let uploads = [jpeg(FRONT, &front), jpeg(BACK, &back)];
    let verdict = together(&individual("azure-china-2017"), &uploads);
    assert_eq!(found(&verdict, "SIDES_SEPARATE").unwrap().severity, Severity::Error);
    assert!(found(&together(&individual("alibaba-2019"), &uploads), "SIDES_SEPARATE").is_none());
    // The back may still come: a person looks.
    let verdict = together(&individual("azure-china-2017"), &uploads[..1]);
    assert_eq!(found(&verdict, "SIDES_SEPARATE").unwrap().severity, Severity::Review);
}

#[test]
fn one_picture_in_two_slots_is_found_saved_again_resized_or_as_another_format() {
    let context = individual("alibaba-2019");
    for seed in 1..=3 {
        let picture = cards::photographed(Side::Portrait, seed);
        let copies = [
            ("the same bytes", encode::jpeg(&picture, 80)),
            ("saved again", encode::jpeg(&picture, 45)),
            ("half the size", encode::jpeg(&faults::resized(&picture, 500, 375), 80)),
            ("a third of it", encode::jpeg(&faults::resized(&picture, 333, 250), 70)),
            ("larger", encode::jpeg(&faults::resized(&picture, 1500, 1125), 80)),
            ("as PNG", encode::png(&picture)),
        ];
        for (name, copy) in copies {
            let uploads = [jpeg(FRONT, &picture), encoded("supporting-document", copy)];
            let verdict = together(&context, &uploads);
            let duplicate = found(&verdict, "UPLOAD_DUPLICATE");
            let duplicate = duplicate.unwrap_or_else(|| panic!("{seed}, {name}"));
            assert_eq!(duplicate.severity, Severity::Error, "{seed}, {name}");
            assert_eq!(duplicate.finding.metadata["uploads"], "1, 2");
            assert_eq!(verdict.decision, Decision::Reject);
        }
    }
}

#[test]
fn two_cards_of_one_design_are_two_cards() {
    let context = individual("alibaba-2019");
    for seed in 1..=5 {
        // Papers repeat after a few seeds; scans lie upon each other to the pixel.
        let make = |side, seed| jpeg(FRONT, &cards::scanned(side, seed));
        let mut other = make(Side::Portrait, seed + 1);
        other.0 = "supporting-document".to_owned();
        for pair in [
            [make(Side::Portrait, seed), other],
            [make(Side::Portrait, seed), make(Side::Portrait, seed + 4)],
            [make(Side::Portrait, seed), make(Side::Emblem, seed)],
        ] {
            let verdict = together(&context, &pair);
            let duplicate = found(&verdict, "UPLOAD_DUPLICATE");
            assert!(duplicate.is_none(), "{seed}: {:?}", duplicate.unwrap().finding.measurements);
        }
    }
}

#[test]
fn a_picture_twice_in_one_slot_is_for_a_person() {
    let card = cards::photographed(Side::Portrait, 2);
    let verdict = together(&individual("alibaba-2019"), &[jpeg(FRONT, &card), jpeg(FRONT, &card)]);
    assert_eq!(found(&verdict, "UPLOAD_DUPLICATE").unwrap().severity, Severity::Review);
}

#[test]
fn sides_on_surfaces_of_different_colours_are_a_warning_and_other_light_is_none() {
    let context = individual("alibaba-2019");
    let of = |front: [f32; 3], back: [f32; 3]| {
        let uploads = [
            jpeg(FRONT, &cards::on_a_desk(Side::Portrait, 4, front)),
            jpeg(BACK, &cards::on_a_desk(Side::Emblem, 4, back)),
        ];
        found(&together(&context, &uploads), "SIDES_ON_DIFFERENT_SURFACES").map(|it| it.severity)
    };
    let (wood, cloth) = ([120.0, 84.0, 58.0], [58.0, 82.0, 128.0]);
    assert_eq!(of(wood, cloth), Some(Severity::Warning));
    assert_eq!(of(wood, wood), None);
    assert_eq!(of(wood, wood.map(|sample| 0.75 * sample)), None, "less light");
}

#[test]
fn what_is_required_and_missing_rejects_and_what_may_be_missing_warns() {
    let context = Context { entity: Some("company".to_owned()), ..individual("alibaba-2019") };
    let [front, back] = [Side::Portrait, Side::Emblem].map(|side| cards::photographed(side, 6));
    let mut uploads = vec![jpeg(FRONT, &front), jpeg(BACK, &back)];
    let missing = |uploads: &[(String, Upload)]| -> Vec<(String, Severity)> {
        let verdict = together(&context, uploads);
        let missing =
            verdict.findings.iter().filter(|it| it.finding.reason.code == "UPLOAD_MISSING");
        missing.map(|it| (it.finding.metadata["upload"].clone(), it.severity)).collect()
    };
    let found = missing(&uploads);
    assert!(found.contains(&("entity-certificate".to_owned(), Severity::Error)), "{found:?}");
    assert!(found.contains(&("change-proof".to_owned(), Severity::Warning)), "{found:?}");
    assert!(found.iter().all(|(upload, _)| upload != "id-card-front"), "{found:?}");
    uploads.push(jpeg("entity-certificate", &support::fixtures::leaflet()));
    let found = missing(&uploads);
    assert!(found.iter().all(|(_, severity)| *severity == Severity::Warning), "{found:?}");
    // A passport serves for both sides of a card.
    let passport = jpeg("passport", &support::fixtures::leaflet());
    let found = missing(&[passport, uploads.pop().unwrap()]);
    assert!(found.iter().all(|(_, severity)| *severity == Severity::Warning), "{found:?}");
}

#[test]
fn a_missing_upload_is_told_with_its_condition_in_both_languages() {
    let verdict = together(&individual("alibaba-2019"), &[]);
    let missing = found(&verdict, "UPLOAD_MISSING").unwrap();
    let finding = &missing.finding;
    let said = |locale| finding.reason.text(locale).message(locale, &finding.metadata);
    assert!(said(Locale::En).starts_with("Not among the uploads: Identity card, portrait side."));
    assert!(said(Locale::ZhCn).starts_with("缺少材料：身份证人像面。"), "{}", said(Locale::ZhCn));
    assert!(!said(Locale::En).contains('{') && !said(Locale::ZhCn).contains('{'));
}

#[test]
fn a_filing_comes_by_the_ways_that_province_and_provider_take() {
    let card = cards::photographed(Side::Portrait, 7);
    let by =
        |channel: Option<&str>, province: &str, day, filing_type: &str, profile: &str, slot| {
            let context = Context {
                channel: channel.map(str::to_owned),
                province: Some(province.to_owned()),
                filing_type: Some(filing_type.to_owned()),
                as_of: Some(day),
                ..individual(profile)
            };
            let verdict = together(&context, &[jpeg(slot, &card)]);
            found(&verdict, "CHANNEL_NOT_ALLOWED").map(|ruled| ruled.severity)
        };
    use time::macros::date;
    let (spring, summer) = (date!(2018 - 05 - 01), date!(2019 - 08 - 05));
    let error = Some(Severity::Error);
    let web = Some("web");
    // Quick start, note: first filings, and entities known to MIIT, by the mobile app only.
    assert_eq!(by(web, "CN-BJ", summer, "initial", "alibaba-2019", FRONT), error);
    assert_eq!(by(web, "CN-BJ", summer, "new-website-recorded", "alibaba-2019", FRONT), error);
    assert_eq!(by(web, "CN-BJ", summer, "transfer", "alibaba-2019", FRONT), None);
    assert_eq!(by(Some("mobile-app"), "CN-BJ", summer, "initial", "alibaba-2019", FRONT), None);
    assert_eq!(by(None, "CN-BJ", summer, "initial", "alibaba-2019", FRONT), None, "unknown");
    // Shanghai: in 2018 the administrator by the app, documents as one likes; later all of it.
    let photo = "verification-photo";
    assert_eq!(by(web, "CN-SH", spring, "transfer", "alibaba-2018", photo), error);
    assert_eq!(by(web, "CN-SH", spring, "transfer", "alibaba-2018", FRONT), None);
    assert_eq!(by(web, "CN-SH", summer, "transfer", "alibaba-2019", FRONT), error);
    assert_eq!(by(web, "CN-TJ", spring, "transfer", "alibaba-2018", photo), None);
}

#[test]
fn the_worst_of_files_and_filing_decides() {
    let context = individual("alibaba-2019");
    let [front, back] = [Side::Portrait, Side::Emblem].map(|side| cards::photographed(side, 8));
    let (verdicts, filing) = judged(&context, &[jpeg(FRONT, &front), jpeg(BACK, &back)]);
    let severe = filing.findings.iter().any(|it| it.severity > Severity::Warning);
    assert!(!severe, "{:?}", codes(&filing));
    let files = verdicts.iter().map(support::said).collect::<Vec<_>>();
    assert_eq!(filing.decision, Decision::Accept, "{files:?}");
    let text = encoded("supporting-document", b"a letter".to_vec());
    let uploads = [jpeg(FRONT, &front), jpeg(BACK, &back), text];
    assert_eq!(together(&context, &uploads).decision, Decision::Reject);
}
