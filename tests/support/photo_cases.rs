//! One fault for each reason about a verification photo, as a function of its amount, on any photo.

use super::Asked;
use super::draw::{Colour, Lcg, mix};
use super::person::{Accent, Person, Worn};
use super::photo::{Photo, Poster, Thing};
use super::photo_backdrops::BACKDROPS;

/// One fault: what is asked, how it comes into a good photo, and amounts on either side of its bound.
pub struct PhotoCase {
    /// The reason that must come.
    pub code: &'static str,
    /// What it is shown on.
    pub on: &'static str,
    /// What the photo is judged as.
    pub asked: fn() -> Asked,
    /// The good photo of a seed.
    pub good: fn(u64) -> Photo,
    /// A good photo with this much of the fault.
    pub make: fn(Photo, f32) -> Photo,
    /// Amounts that fail, the strongest last.
    pub fails: [f32; 3],
    /// Amounts that pass, the one nearest to the bound last.
    pub passes: [f32; 3],
}

/// Asked by a provider who sends out a curtain.
fn curtain() -> Asked {
    Asked::profile("alibaba-2018", "verification-photo")
}

/// A case before the curtain.
pub const CURTAIN: PhotoCase = PhotoCase {
    code: "",
    on: "curtains",
    asked: curtain,
    good: Photo::of,
    make: |photo, _| photo,
    fails: [0.0; 3],
    passes: [0.0; 3],
};

/// Tops by amount: what no rule minds below 0, dark to light red above.
const REDS: [(f32, Colour); 6] = [
    (-3.0, [150.0, 152.0, 156.0]),
    (-2.0, [46.0, 110.0, 62.0]),
    (-1.0, [196.0, 170.0, 128.0]),
    (1.0, [150.0, 18.0, 34.0]),
    (2.0, [178.0, 16.0, 40.0]),
    (3.0, [206.0, 24.0, 24.0]),
];

/// The same for blue.
const BLUES: [(f32, Colour); 6] = [
    (-3.0, [232.0, 231.0, 226.0]),
    (-2.0, [104.0, 72.0, 48.0]),
    (-1.0, [46.0, 110.0, 62.0]),
    (1.0, [96.0, 156.0, 222.0]),
    (2.0, [40.0, 84.0, 180.0]),
    (3.0, [28.0, 58.0, 196.0]),
];

/// The top of an amount, a little different in each photo.
fn dressed(photo: Photo, tops: &[(f32, Colour)], amount: f32) -> Photo {
    let mut lcg = Lcg::new(photo.seed ^ 0xD7E);
    let found = tops.iter().find(|(known, _)| (known - amount).abs() < 0.5);
    let (_, colour) = found.unwrap_or_else(|| panic!("no top of {amount}"));
    let clothes = colour.map(|sample| (sample * lcg.between(0.93, 1.07)).min(255.0));
    photo.with(|person| person.clothes = clothes)
}

/// An amount to one side or the other.
pub fn either(seed: u64, amount: f32) -> f32 {
    if seed.is_multiple_of(2) { amount } else { -amount }
}

/// Every case.
pub fn all() -> impl Iterator<Item = &'static PhotoCase> {
    PEOPLE.iter().chain(BACKDROPS)
}

/// What can be wrong with the people.
const PEOPLE: &[PhotoCase] = &[
    PhotoCase {
        code: "FACE_MISSING",
        on: "how far the head is out of the frame",
        make: |photo, above| match above {
            above if above > 0.9 => Photo { people: Vec::new(), ..photo },
            above => photo.with(|person| person.eyes[1] = 0.4 - above),
        },
        fails: [0.62, 0.66, 1.0],
        passes: [-0.06, 0.0, 0.05],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_MULTIPLE",
        on: "a second person of so much of the size",
        make: |photo, size| {
            if size <= 0.0 {
                // Alone, and as large as people are.
                return photo.with(|person| person.face_height *= 1.0 + size);
            }
            let aside = either(photo.seed, 0.23);
            let first = photo.people[0];
            let second = Person {
                eyes: [0.5 + aside, 0.72 - 0.26 * size],
                face_height: 0.25 * size,
                mirrored: !first.mirrored,
                ..Person::chosen(&mut Lcg::new(photo.seed ^ 0x2ED))
            };
            let first = Person { eyes: [0.5 - aside, 0.46], face_height: 0.25, ..first };
            Photo { people: vec![second, first], ..photo }
        },
        fails: [0.6, 0.8, 1.0],
        passes: [-0.1, -0.05, 0.0],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_MULTIPLE",
        on: "a printed face so high behind the person, at 0 and below other pictures",
        make: |photo, size| {
            let left = if photo.seed.is_multiple_of(2) { 0.03 } else { 0.73 };
            let paper = [left, 0.06 - size.min(0.0), left + 0.24, 0.06 + 0.42];
            if size <= 0.0 {
                return Photo { things: vec![Thing::Frame(paper)], ..photo };
            }
            let printed = Person {
                eyes: [left + 0.12, 0.25],
                face_height: size,
                depth: 0.75,
                clothes: [120.0, 96.0, 84.0],
                ..Person::PLAIN
            };
            Photo { posters: vec![Poster(paper, printed)], ..photo }
        },
        fails: [0.13, 0.15, 0.18],
        passes: [0.0, -0.06, -0.12],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_TOO_SMALL",
        on: "face height",
        make: |photo, size| {
            photo.with(|person| {
                person.face_height = size;
                person.eyes[1] = 0.86 - 1.35 * size;
            })
        },
        fails: [0.12, 0.1, 0.08],
        passes: [0.3, 0.26, 0.22],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_TOO_LARGE",
        on: "face height",
        make: |photo, size| {
            photo.with(|person| {
                person.face_height = size;
                person.eyes = [0.5, 0.36 + 0.2 * size];
            })
        },
        fails: [0.64, 0.72, 0.8],
        passes: [0.3, 0.37, 0.43],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_OFF_CENTRE",
        on: "middle of the face across",
        make: |photo, across| {
            let across = 0.5 + either(photo.seed, across - 0.5);
            photo.with(|person| {
                person.eyes[0] = across;
                person.roll *= 0.3;
            })
        },
        fails: [0.26, 0.2, 0.14],
        passes: [0.5, 0.45, 0.4],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_NOT_FRONTAL",
        on: "degrees of leaning",
        make: |photo, degrees| {
            let roll = either(photo.seed, degrees);
            photo.with(|person| person.roll = roll)
        },
        fails: [18.0, 24.0, 30.0],
        passes: [0.0, 2.0, 5.0],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_NOT_FRONTAL",
        on: "degrees of turning away",
        make: |photo, degrees| {
            let yaw = either(photo.seed, degrees);
            photo.with(|person| {
                person.yaw = yaw;
                person.worn = Worn::Nothing;
            })
        },
        fails: [42.0, 46.0, 50.0],
        passes: [0.0, 5.0, 10.0],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_COVERED",
        on: "size of dark glasses",
        make: |photo, size| {
            photo.with(|person| {
                person.worn = match size {
                    size if size > 0.0 => Worn::Sunglasses(size),
                    size if size < -0.5 => Worn::Nothing,
                    _ => Worn::Glasses,
                }
            })
        },
        fails: [0.9, 1.0, 1.15],
        passes: [-1.0, -0.4, 0.0],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_COVERED",
        on: "how far a mask is pulled up, below 0 bare in so much light",
        make: |photo, pulled| {
            const MASKS: [Colour; 3] =
                [[168.0, 204.0, 224.0], [234.0, 236.0, 236.0], [38.0, 38.0, 42.0]];
            let colour = MASKS[(photo.seed % 3) as usize];
            if pulled < 0.0 {
                let exposure = -pulled * photo.exposure;
                return Photo { exposure, ..photo }.with(|person| person.worn = Worn::Nothing);
            }
            photo.with(|person| person.worn = Worn::Mask(colour, pulled))
        },
        fails: [0.8, 0.9, 1.0],
        passes: [-1.0, -0.9, -0.8],
        ..CURTAIN
    },
    PhotoCase {
        code: "FACE_COVERED",
        on: "size of a hand before the mouth, at 0 and below darker skin",
        make: |photo, size| {
            photo.with(|person| {
                person.skin = if size > 0.0 { person.skin } else { Person::shade(-size) };
                person.worn = if size > 0.0 { Worn::Hand(size) } else { Worn::Nothing };
            })
        },
        fails: [0.85, 1.0, 1.15],
        passes: [0.0, -0.5, -1.0],
        ..CURTAIN
    },
    PhotoCase {
        code: "UPPER_BODY_MISSING",
        on: "height of the chin",
        make: |photo, chin| photo.with(|person| person.eyes[1] += chin - person.chin()),
        fails: [0.93, 0.96, 0.99],
        passes: [0.66, 0.7, 0.74],
        ..CURTAIN
    },
    PhotoCase {
        code: "CLOTHING_RED",
        on: "tops",
        make: |photo, top| dressed(photo, &REDS, top),
        fails: [1.0, 2.0, 3.0],
        passes: [-3.0, -2.0, -1.0],
        ..CURTAIN
    },
    PhotoCase {
        code: "CLOTHING_BLUE",
        on: "tops",
        make: |photo, top| dressed(photo, &BLUES, top),
        fails: [1.0, 2.0, 3.0],
        passes: [-3.0, -2.0, -1.0],
        ..CURTAIN
    },
    PhotoCase {
        code: "CLOTHING_RED",
        on: "share of red in the dye, at 0 and below a red tie or ribbon on grey",
        make: |photo, amount| {
            let red = [196.0, 22.0, 30.0];
            photo.with(|person| {
                person.clothes = mix([150.0, 152.0, 156.0], red, amount.max(0.0));
                person.accent = match amount {
                    amount if amount > 0.0 => Accent::None,
                    amount if amount < -1.5 => Accent::None,
                    amount if amount < -0.5 => Accent::Lanyard(red),
                    _ => Accent::Tie(red),
                };
            })
        },
        fails: [0.8, 0.9, 1.0],
        passes: [-2.0, -1.0, 0.0],
        ..CURTAIN
    },
];

/// Photos of one person in four shades of skin, otherwise the same.
pub fn shades(seed: u64) -> [Photo; 4] {
    [0.0, 0.35, 0.7, 1.0].map(|dark| {
        Photo::of(seed).with(|person| {
            person.skin = Person::shade(dark);
            person.hair = [0.5, 0.46, 0.44];
            person.worn = Worn::Nothing;
        })
    })
}
