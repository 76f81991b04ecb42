//! What can be wrong behind the people of a verification photo, as a function of its amount.

use super::Asked;
use super::draw::{Colour, Lcg, mix};
use super::person::Person;
use super::photo::{Backdrop, Pasted, Photo, Side, Strip, Thing, Wall};
use super::photo_cases::{CURTAIN, PhotoCase, either};

/// Asked by a provider who wants a white wall.
fn white_wall() -> Asked {
    Asked::profile("alibaba-2019", "verification-photo")
}

/// A case before the wall.
const WALL: PhotoCase =
    PhotoCase { on: "white walls", asked: white_wall, good: Photo::before_white, ..CURTAIN };

/// Another wall for each whole number: plaster, concrete, wood, tiles.
fn walled(amount: f32) -> Wall {
    const WALLS: [(Colour, f32); 4] = [
        ([222.0, 218.0, 208.0], 0.0),
        ([176.0, 178.0, 176.0], 0.0),
        ([168.0, 122.0, 80.0], 1.0),
        ([150.0, 178.0, 150.0], 0.0),
    ];
    let (colour, wood) = WALLS[amount as usize % WALLS.len()];
    Wall { colour, shade: 0.12, wood }
}

/// What can be wrong with curtains, walls and the joint of people and backdrop.
pub const BACKDROPS: &[PhotoCase] = &[
    PhotoCase {
        code: "BACKDROP_MISSING",
        on: "walls and curtains",
        make: |photo, wall| match photo.backdrop {
            Backdrop::Curtain(mut curtain) if wall < 0.0 => {
                // Brighter, darker and more violet cloth.
                let gain = [1.12, 0.82, 1.0][(-wall) as usize - 1];
                curtain.colour = curtain.colour.map(|sample| sample * gain);
                curtain.colour[0] += if wall < -2.5 { 14.0 } else { 0.0 };
                Photo { backdrop: Backdrop::Curtain(curtain), ..photo }
            }
            _ => Photo { backdrop: Backdrop::Wall(walled(wall)), ..photo },
        },
        fails: [1.0, 2.0, 4.0],
        passes: [-1.0, -2.0, -3.0],
        ..CURTAIN
    },
    PhotoCase {
        code: "BACKDROP_INCOMPLETE",
        on: "share of wall at one side",
        make: |photo, share| {
            if share <= 0.0 {
                // Deeper folds and darker corners are no wall.
                let vignette = photo.vignette - share;
                return Photo { vignette, ..photo };
            }
            let side = Side::of(photo.seed);
            let light = Lcg::new(photo.seed ^ 0x51DE).between(0.82, 1.04);
            let colour = match side {
                Side::Bottom => [148.0, 116.0, 84.0],
                _ => [226.0, 221.0, 209.0].map(|sample| sample * light),
            };
            let strip = Some(Strip { side, share, colour });
            // Slender enough that the floor shows beside the person.
            let photo = photo.with(|person| person.face_height = person.face_height.min(0.3));
            Photo { strip, ..photo }
        },
        fails: [0.06, 0.12, 0.2],
        passes: [0.0, -0.05, -0.1],
        ..CURTAIN
    },
    PhotoCase {
        code: "BACKDROP_TEXT_ILLEGIBLE",
        on: "blur of the curtain, share of the height",
        make: |photo, sigma| photo.lettered(|letters| letters.blur = sigma),
        fails: [0.012, 0.016, 0.024],
        passes: [0.0, 0.0006, 0.0012],
        ..CURTAIN
    },
    PhotoCase {
        code: "BACKDROP_TEXT_ILLEGIBLE",
        on: "print that has gone",
        make: |photo, gone| photo.lettered(|letters| letters.strength = 1.0 - gone),
        fails: [0.94, 0.97, 1.0],
        passes: [0.0, 0.2, 0.4],
        ..CURTAIN
    },
    PhotoCase {
        code: "BACKDROP_TEXT_ILLEGIBLE",
        on: "height of the characters",
        make: |photo, size| {
            photo.lettered(|letters| {
                // As many of them as before.
                letters.rows *= letters.size / size;
                letters.gap *= letters.size / size;
                letters.size = size;
            })
        },
        fails: [0.014, 0.011, 0.008],
        passes: [0.07, 0.055, 0.045],
        ..CURTAIN
    },
    PhotoCase {
        code: "BACKDROP_MIRRORED",
        on: "height of the characters, below 0 the right way round",
        make: |photo, size| {
            photo.lettered(|letters| {
                letters.size = size.abs();
                letters.mirrored = size > 0.0;
            })
        },
        // Of larger ones too few are seen to tell.
        fails: [0.05, 0.06, 0.07],
        passes: [-0.07, -0.06, -0.05],
        ..CURTAIN
    },
    PhotoCase {
        code: "BACKGROUND_NOT_PLAIN",
        on: "width of a door's gap",
        make: |photo, width| {
            let at = 0.5 + either(photo.seed, 0.34);
            let things = if width > 0.0 { vec![Thing::Gap(at, width)] } else { Vec::new() };
            // Darker corners alone leave a wall plain.
            Photo { things, vignette: photo.vignette - width.min(0.0), ..photo }
        },
        fails: [0.006, 0.01, 0.016],
        passes: [0.0, -0.01, -0.02],
        ..WALL
    },
    PhotoCase {
        code: "BACKGROUND_NOT_PLAIN",
        on: "size of a picture on the wall",
        make: |photo, size| {
            let left = if photo.seed.is_multiple_of(2) { 0.04 } else { 0.96 - size };
            let frame = Thing::Frame([left, 0.08, left + size, 0.08 + 1.2 * size]);
            let things = if size > 0.0 { vec![frame] } else { Vec::new() };
            Photo { things, vignette: photo.vignette - size.min(0.0), ..photo }
        },
        fails: [0.1, 0.16, 0.24],
        passes: [0.0, -0.01, -0.02],
        ..WALL
    },
    PhotoCase {
        code: "BACKGROUND_NOT_PLAIN",
        on: "depth of the person's shadow",
        make: |photo, depth| {
            let Person { eyes: [x, y], face_height, .. } = photo.people[0];
            let at = [x + either(photo.seed, 0.11), y + 0.03];
            let things = vec![Thing::Shadow(at, 1.1 * face_height, depth)];
            Photo { things, ..photo }
        },
        fails: [0.3, 0.4, 0.5],
        passes: [0.0, 0.015, 0.03],
        ..WALL
    },
    PhotoCase {
        code: "BACKGROUND_NOT_PLAIN",
        on: "how much darker the wall is beyond a corner",
        make: |photo, darker| {
            let at = if photo.seed.is_multiple_of(2) { 0.2 } else { 0.78 };
            Photo { things: vec![Thing::Corner(at, darker)], ..photo }
        },
        fails: [0.16, 0.24, 0.34],
        passes: [0.0, 0.008, 0.015],
        ..WALL
    },
    PhotoCase {
        code: "BACKGROUND_WRONG_COLOUR",
        on: "how much of the wall is dyed",
        make: |photo, dye| {
            const DYES: [Colour; 5] = [
                [216.0, 190.0, 104.0],
                [120.0, 168.0, 220.0],
                [214.0, 104.0, 96.0],
                [128.0, 184.0, 120.0],
                [168.0, 122.0, 80.0],
            ];
            let wanted = DYES[(photo.seed % 5) as usize];
            let Backdrop::Wall(wall) = photo.backdrop else { return photo };
            let wall = Wall { colour: mix(wall.colour, wanted, dye), ..wall };
            Photo { backdrop: Backdrop::Wall(wall), ..photo }
        },
        fails: [0.6, 0.8, 1.0],
        passes: [0.0, 0.03, 0.06],
        ..WALL
    },
    PhotoCase {
        code: "PHOTO_EDITED",
        on: "noise of the photo that the person is laid over",
        // Providers' packs keep it silent.
        asked: || Asked::profile("generic", "verification-photo"),
        make: |photo, grain| {
            if grain <= 0.0 {
                return Photo { grain: photo.grain - grain, ..photo };
            }
            Photo { pasted: Some(Pasted { grain, quality: 80 }), grain: 0.5, ..photo }
        },
        // Less is taken away by the compression that both parts share.
        fails: [14.0, 20.0, 28.0],
        passes: [0.0, -1.0, -3.0],
        ..CURTAIN
    },
];
