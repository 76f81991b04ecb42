//! Both sides of a card in one picture: accepted where the rules allow it, named where they do not.

use crate::support::cases::Setting;
use crate::support::draw::Canvas;
use crate::support::scene::{self, ID_1, Shot};
use crate::support::{Asked, codes, encode, faults, said};
use scanvet::verdict::{Decision, Verdict};

/// Which way the sides are put together.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Stacked,
    Abreast,
}

/// What they lie on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ground {
    Desk,
    /// A sheet of A4 on the glass of a scanner.
    Sheet,
    /// A scan cropped to what lies on it, with a margin in shares of a card's width.
    Crop(f32),
}

const WAYS: [Way; 2] = [Way::Stacked, Way::Abreast];

/// Gaps in shares of a card's width: none, 2, 4, 9 and 19 mm.
const GAPS: [f32; 5] = [0.0, 0.023, 0.05, 0.1, 0.22];

const WHITE: [f32; 3] = [247.0, 248.0, 247.0];

/// Two cards, the second under or beside the first.
fn pair(seed: u64, way: Way, gap: f32, ground: Ground, keep: f32) -> Canvas {
    let faces = [seed, seed + 100].map(|seed| scene::faded(&scene::face(seed, 1000, ID_1), keep));
    let height = 1.0 / ID_1;
    // In widths of a card.
    let (across, down) = match way {
        Way::Stacked => (1.0, 2.0 * height + gap),
        Way::Abreast => (2.0 + gap, height),
    };
    let setting = Setting::of(seed);
    let shot = Shot { taper: 0.0, turned: 0.3 * setting.shot.turned, ..setting.shot };
    let (frame, card, shot) = match ground {
        Ground::Desk => {
            let frame: [usize; 2] = if way == Way::Stacked { [1500, 2000] } else { [2000, 1500] };
            let room = (0.86 * frame[0] as f32 / across).min(0.86 * frame[1] as f32 / down);
            (frame, room, shot)
        }
        Ground::Sheet => {
            // 10 pixels a millimetre would be 254 an inch; this is 200.
            ([1654, 2339], 85.6 * 200.0 / 25.4, Shot { turned: 0.0, shadow: 0.12, ..shot })
        }
        Ground::Crop(margin) => {
            let side = |cards: f32| (900.0 * (cards + 2.0 * margin)) as usize;
            let frame = [side(across), side(down)];
            (frame, 900.0, Shot { turned: 0.0, shadow: 0.12, ..shot })
        }
    };
    let [width, depth] = frame.map(|side| side as f32);
    let shot = Shot { frame, size: card / width, ..shot };
    let ground = match ground {
        Ground::Desk => shot.surface(),
        _ => Canvas::new(frame[0], frame[1], |_, _| WHITE),
    };
    let offset = |sign: f32| match way {
        Way::Stacked => [0.5, 0.5 + sign * (height + gap) / 2.0 * card / depth],
        Way::Abreast => [0.5 + sign * (1.0 + gap) / 2.0 * card / width, 0.5],
    };
    let first = Shot { middle: offset(-1.0), ..shot }.lay(&ground, &faces[0]);
    Shot { middle: offset(1.0), ..shot }.lay(&first, &faces[1])
}

fn judged(asked: &Asked, picture: &Canvas, seed: u64) -> Verdict {
    let setting = Setting { grain: 2.0, vignette: 0.05, ..Setting::of(seed) };
    asked.judge(&encode::jpeg(&setting.seen(picture), 88))
}

fn allowed() -> Asked {
    Asked::profile("alibaba-2019", "id-card-front")
}

fn every(mut visit: impl FnMut(u64, Way, f32, Ground)) {
    let grounds = [Ground::Desk, Ground::Sheet, Ground::Crop(0.0), Ground::Crop(0.06)];
    let mut seed = 0;
    for way in WAYS {
        for gap in GAPS {
            for ground in grounds {
                // Two cards abreast are wider than a sheet of A4 with a gap.
                if ground == Ground::Sheet && way == Way::Abreast && gap > 0.1 {
                    continue;
                }
                seed += 1;
                visit(seed, way, gap, ground);
            }
        }
    }
}

#[test]
fn both_sides_of_a_card_in_one_picture_pass_where_they_may() {
    let mut wrong = Vec::new();
    every(|seed, way, gap, ground| {
        let verdict = judged(&allowed(), &pair(seed, way, gap, ground, 1.0), seed);
        if verdict.decision != Decision::Accept {
            wrong.push(format!("{seed} {way:?} gap {gap} {ground:?}: {}", said(&verdict)));
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// But for two that fill the frame with a gap of a third of a card's height: they have the shape of
/// one, and nothing but their print tells them from it.
#[test]
fn where_one_is_asked_for_two_are_named() {
    let mut unnamed = Vec::new();
    every(|seed, way, gap, ground| {
        let verdict =
            judged(&Asked::slot("id-card-front"), &pair(seed, way, gap, ground, 1.0), seed);
        let named = ["ASPECT_RATIO_WRONG", "DOCUMENT_NOT_FOUND", "DOCUMENT_TOO_SMALL"];
        let like_one = way == Way::Stacked && gap > 0.2 && ground == Ground::Crop(0.0);
        if codes(&verdict).iter().any(|code| named.contains(code)) == like_one {
            unnamed.push(format!("{seed} {way:?} gap {gap} {ground:?}: {}", said(&verdict)));
        }
    });
    assert!(unnamed.is_empty(), "{}", unnamed.join("\n"));
}

#[test]
fn grey_copies_of_both_sides_on_a_coloured_desk_are_not_accepted() {
    for seed in 1..=8 {
        let way = WAYS[seed as usize % 2];
        let copies = pair(seed, way, 0.2, Ground::Desk, 0.0);
        let verdict = judged(&allowed(), &copies, seed);
        assert!(codes(&verdict).contains(&"COLOUR_MISSING"), "{seed} {way:?}: {}", said(&verdict));
        assert_ne!(verdict.decision, Decision::Accept, "{seed} {way:?}: {}", said(&verdict));
    }
}

#[test]
fn each_of_two_cards_needs_its_own_pixels() {
    for (way, gap, ground) in [
        (Way::Stacked, 0.1, Ground::Desk),
        (Way::Abreast, 0.1, Ground::Desk),
        (Way::Stacked, 0.0, Ground::Crop(0.0)),
        (Way::Abreast, 0.0, Ground::Crop(0.0)),
    ] {
        let picture = Setting::of(7).seen(&pair(7, way, gap, ground, 1.0));
        let long = picture.width().max(picture.height()) as f32;
        let cards = match way {
            Way::Stacked => 2.0 / ID_1 + gap,
            Way::Abreast => 2.0 + gap,
        };
        let room = if ground == Ground::Desk { 0.86 } else { 1.0 };
        for (ppi, low) in [(105.0, true), (180.0, false)] {
            // A card is 85.6 mm wide.
            let scale = ppi * 85.6 / 25.4 * cards / room / long;
            let side = |side: u32| (side as f32 * scale) as u32;
            let small = faults::resized(&picture, side(picture.width()), side(picture.height()));
            let verdict = allowed().judge(&encode::jpeg(&small, 90));
            let named = codes(&verdict).contains(&"DPI_TOO_LOW");
            assert_eq!(named, low, "{way:?} {ground:?} at {ppi}: {}", said(&verdict));
        }
    }
}
