//! The fixtures of the reasons about a verification photo: of each, the weakest that fails and the
//! one that just passes.

use std::collections::BTreeSet;

use scanvet::checks;

use super::photo::Photo;
use super::photo_cases::{self, PhotoCase};

/// How the files of one reason are drawn.
pub struct Recipe {
    /// The reason.
    pub code: &'static str,
    /// The end of the files' names.
    pub name: &'static str,
    /// Which of the cases of the reason, in their order.
    case: usize,
    seed: u64,
    fails: f32,
    passes: f32,
}

const fn recipe(
    code: &'static str,
    case: usize,
    name: &'static str,
    seed: u64,
    fails: f32,
    passes: f32,
) -> Recipe {
    Recipe { code, name, case, seed, fails, passes }
}

/// One photo of each side for every reason, of reasons with unlike faults one for each.
pub const RECIPES: [Recipe; 20] = [
    recipe("FACE_MISSING", 0, "head-out-of-frame", 2, 0.66, 0.05),
    recipe("FACE_MULTIPLE", 0, "second-person", 3, 0.8, 0.0),
    recipe("FACE_TOO_SMALL", 0, "far-away", 1, 0.11, 0.22),
    recipe("FACE_TOO_LARGE", 0, "near", 4, 0.68, 0.43),
    recipe("FACE_OFF_CENTRE", 0, "at-the-side", 1, 0.24, 0.4),
    recipe("FACE_NOT_FRONTAL", 0, "head-leaning", 2, 20.0, 5.0),
    recipe("FACE_NOT_FRONTAL", 1, "head-turned", 3, 44.0, 8.0),
    recipe("FACE_COVERED", 0, "dark-glasses", 4, 1.0, 0.0),
    recipe("FACE_COVERED", 1, "mask", 3, 0.9, -1.0),
    recipe("UPPER_BODY_MISSING", 0, "head-alone", 6, 0.95, 0.74),
    recipe("CLOTHING_RED", 0, "top", 2, 1.0, -1.0),
    recipe("CLOTHING_BLUE", 0, "top", 5, 2.0, -1.0),
    recipe("BACKDROP_MISSING", 0, "wall-or-curtain", 3, 1.0, -2.0),
    recipe("BACKDROP_INCOMPLETE", 0, "wall-at-one-side", 5, 0.08, 0.0),
    recipe("BACKDROP_TEXT_ILLEGIBLE", 0, "blurred-letters", 2, 0.022, 0.0012),
    recipe("BACKDROP_MIRRORED", 0, "letters", 6, 0.065, -0.055),
    recipe("BACKGROUND_NOT_PLAIN", 0, "door", 2, 0.01, -0.02),
    recipe("BACKGROUND_NOT_PLAIN", 2, "shadow", 4, 0.4, 0.03),
    recipe("BACKGROUND_WRONG_COLOUR", 0, "wall", 5, 0.7, 0.06),
    recipe("PHOTO_EDITED", 0, "person-laid-over-photo", 4, 28.0, 0.0),
];

impl Recipe {
    /// The case that is drawn from.
    pub fn case(&self) -> &'static PhotoCase {
        let mut cases = photo_cases::all().filter(|case| case.code == self.code);
        cases.nth(self.case).unwrap_or_else(|| panic!("no case {} of {}", self.case, self.code))
    }

    /// What is committed: name and bytes of the one that fails and of the one that passes.
    pub fn files(&self) -> [(String, Vec<u8>); 2] {
        [("fail", self.fails), ("pass", self.passes)].map(|(side, amount)| {
            let photo = (self.case().make)(small((self.case().good)(self.seed)), amount);
            (format!("{side}-{}.jpg", self.name), photo.jpeg())
        })
    }
}

/// The same photo in as few bytes as show its fault: large print has fewer edges.
fn small(photo: Photo) -> Photo {
    let photo = photo.lettered(|letters| {
        (letters.size, letters.rows, letters.gap) = (0.085, 2.9, 2.2);
    });
    Photo { width: 640, height: 480, grain: 0.5, quality: 38, ..photo }
}

/// Every file of every reason that a check gives: its path below `testdata/` and its bytes.
pub fn drawn() -> impl Iterator<Item = (String, Vec<u8>)> {
    let known: BTreeSet<&str> = checks::reasons().map(|(reason, _)| reason.code).collect();
    RECIPES.iter().filter(move |recipe| known.contains(recipe.code)).flat_map(|recipe| {
        let path = |name: String| format!("reasons/{}/{name}", recipe.code);
        recipe.files().map(|(name, bytes)| (path(name), bytes))
    })
}
