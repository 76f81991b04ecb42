//! What hides a face: a part of it that has the colour of no other part.
//!
//! Glasses hide the eyes, masks the mouth, and fringes the forehead, which nobody minds. So eyes and
//! mouth are each compared with both other parts, and the nearer one counts. Beards leave the tip of
//! the nose and the upper cheeks free, so that a part counts by the second smallest difference among
//! its patches: all but one of them must be hidden.

use image::RgbImage;

use crate::measure::view::{self, View};

/// How far parts of the face are from the others, in units of CIE L*a*b* with lightness at a third.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cover {
    /// Around the eyes: bare skin up to 13, dark glasses from 15.
    pub eyes: f32,
    /// From the tip of the nose to the chin: bare skin up to 7, masks from 24.
    pub mouth: f32,
    /// Lightness, a* and b* of the skin.
    pub skin: [f32; 3],
}

/// Points of the mesh on the forehead.
const FOREHEAD: [usize; 6] = [151, 9, 108, 337, 69, 299];

/// Between brow and lid, and below the lower lid.
const EYES: [usize; 8] = [27, 257, 23, 253, 225, 445, 110, 339];

/// Tip of the nose, below it, below the lip, chin, and both lower cheeks.
const MOUTH: [usize; 6] = [4, 164, 18, 200, 205, 425];

/// Below the eyes, where neither mask nor fringe hangs.
const CHEEKS: [usize; 4] = [50, 280, 101, 330];

/// Parts that differ by less have one colour: that of the skin.
const ALIKE: f32 = 14.0;

/// Pixels of the input from the middle of a patch to its side.
const REACH: usize = 4;

/// Lightness counts less than chroma: shadows move it.
const LIGHTNESS: f32 = 0.35;

/// Looks at the network's own input with the mesh in its pixels.
pub(super) fn measure(crop: &RgbImage, surface: &[[f32; 3]]) -> Option<Cover> {
    let close_up = View::from(crop.clone());
    let lab = close_up.lab();
    let width = crop.width() as usize;
    let patch = |number: &usize| -> Option<[f32; 3]> {
        let &[x, y, _] = surface.get(*number)?;
        let range = |middle: f32, length: usize| {
            let middle = middle.round().max(0.0) as usize;
            middle.saturating_sub(REACH)..(middle + REACH + 1).min(length)
        };
        let rows = range(y, crop.height() as usize);
        let columns = range(x, width);
        view::median(
            rows.flat_map(|y| columns.clone().map(move |x| (x, y)))
                .map(|(x, y)| lab[y * width + x]),
        )
    };
    let middle = |points: &mut dyn Iterator<Item = &usize>| view::median(points.filter_map(patch));
    let forehead = middle(&mut FOREHEAD.iter())?;
    let eyes = middle(&mut EYES.iter())?;
    let lower = middle(&mut MOUTH.iter().chain(&CHEEKS))?;
    let hidden = |points: &[usize], others: [[f32; 3]; 2]| {
        let second = |other: [f32; 3]| {
            let mut far: Vec<f32> =
                points.iter().filter_map(patch).map(|part| apart(part, other)).collect();
            far.sort_by(f32::total_cmp);
            far.get(1).copied()
        };
        Some(second(others[0])?.min(second(others[1])?))
    };
    // Two parts of one colour are skin; the third is hair, glass or cloth.
    let skin = match (apart(forehead, lower) < ALIKE, apart(eyes, lower) < ALIKE) {
        (true, _) => forehead,
        (false, true) => lower,
        (false, false) => view::median([forehead, eyes, lower].into_iter())?,
    };
    Some(Cover {
        eyes: hidden(&EYES, [forehead, lower])?,
        mouth: hidden(&MOUTH, [forehead, eyes])?,
        skin,
    })
}

/// The chroma of skin goes with its lightness.
fn apart(part: [f32; 3], skin: [f32; 3]) -> f32 {
    let share = (part[0] / skin[0].max(1.0)).clamp(0.5, 1.3);
    let chroma = (part[1] - skin[1] * share).hypot(part[2] - skin[2] * share);
    chroma + LIGHTNESS * (part[0] - skin[0]).abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    const SKIN: Rgb<u8> = Rgb([205, 165, 145]);

    /// A face of bare skin whose points lie on a grid by number, with some of them painted.
    fn cover(painted: &[usize], colour: Rgb<u8>) -> Cover {
        let mut crop = RgbImage::from_pixel(192, 192, SKIN);
        let place = |number: usize| (4 + number % 19 * 10, 4 + number / 19 % 19 * 10);
        let surface: Vec<[f32; 3]> =
            (0..468).map(|number| [place(number).0 as f32, place(number).1 as f32, 0.0]).collect();
        for &number in painted {
            let (x, y) = place(number);
            for (x, y) in (0..9).flat_map(|dx| (0..9).map(move |dy| (x + dx, y + dy))) {
                if (4..196).contains(&x) && (4..196).contains(&y) {
                    crop.put_pixel(x as u32 - 4, y as u32 - 4, colour);
                }
            }
        }
        measure(&crop, &surface).unwrap()
    }

    #[test]
    fn bare_skin_is_like_the_forehead() {
        let bare = cover(&[], SKIN);
        assert!(bare.eyes < 1.0 && bare.mouth < 1.0, "{bare:?}");
    }

    #[test]
    fn a_fringe_hides_the_forehead_and_no_face() {
        let fringe = cover(&FOREHEAD, Rgb([60, 40, 30]));
        assert!(fringe.eyes < 1.0 && fringe.mouth < 1.0, "{fringe:?}");
        assert!((fringe.skin[0] - 70.0).abs() < 5.0, "{fringe:?}");
    }

    #[test]
    fn a_mask_hides_the_mouth_and_a_beard_does_not() {
        assert!(cover(&MOUTH, Rgb([150, 190, 225])).mouth > 24.0);
        assert!(cover(&MOUTH[2..], Rgb([50, 40, 35])).mouth < 7.0, "the nose is free");
    }

    #[test]
    fn dark_glasses_hide_the_eyes() {
        let glasses = cover(&EYES, Rgb([25, 22, 22]));
        assert!(glasses.eyes > 15.0 && glasses.mouth < 7.0, "{glasses:?}");
    }
}
