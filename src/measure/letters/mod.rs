//! The characters on a printed curtain: how many there are, how large, how clear, which way round.
//!
//! They are found on the planes, as what stands out from the cloth around it and stands beside
//! others of its size; a handful is then looked at in full resolution. Nothing is read: the names of
//! providers change, the strokes of writing do not.

mod characters;
mod cloth;
mod glyph;
mod mirror;

use characters::Part;
use cloth::{Grid, Relief};
use glyph::Glyph;
use mirror::Strokes;

use crate::decode::page::{Page, Rect};
use crate::measure::quantile;

/// The print on the backdrop.
#[derive(Clone, Debug, PartialEq)]
pub struct Letters {
    /// Share of the frame in which the backdrop is seen.
    pub free_share: f32,
    /// Characters found, those that are cut off included.
    pub count: usize,
    /// Share of the seen backdrop that their boxes cover.
    pub covered_share: f32,
    /// What was seen of them in full resolution; `None` where none is whole.
    pub print: Option<Print>,
    /// Some of the characters: left, top, right and bottom, 0..1.
    pub boxes: Vec<[f32; 4]>,
}

/// Characters in full resolution, medians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Print {
    /// Characters that were looked at.
    pub looked_at: usize,
    /// Height in full-resolution pixels.
    pub height_px: f32,
    /// Height as a share of the frame's.
    pub height_share: f32,
    /// Luma of the print less that of the cloth around.
    pub luma_contrast: f32,
    /// Distance of their blue and red differences.
    pub chroma_contrast: f32,
    /// Distance of the colours of print and cloth by the luma of the lighter one.
    pub contrast: f32,
    /// The deviation of the blur that makes edges as soft as these, by the size of a character.
    pub softness: f32,
    /// Which way round.
    pub mirrored: Mirrored,
}

/// The evidence that the writing is mirrored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mirrored {
    /// Log-odds that it is: the sum over the characters, those that are the same counted once.
    pub log_odds: f32,
    /// How many different ones there are.
    pub kinds: usize,
}

/// Characters that are looked at in full resolution, and pixels that are spent on them.
const LOOKED_AT: usize = 32;
const MOST_PIXELS: f32 = 1_200_000.0;

/// Characters of which the boxes are told.
const SHOWN: usize = 12;

/// A character narrower or lower than this part of the size is a letter I or a stroke, which tells
/// nothing.
const LEAST_BOX: f32 = 0.45;

/// Pictures more alike than this are of the same character.
const SAME: f32 = 0.86;

/// Looks for print where `free` says that the backdrop is seen, cell by cell of the planes. `None`
/// where it is nowhere seen.
pub fn measure(page: &Page, free: &[bool]) -> Option<Letters> {
    let grid = Grid::of(page, free)?;
    let free_cells = grid.free_cells();
    if free_cells == 0 {
        return None;
    }
    let relief = Relief::of(&grid);
    // Light print or dark: the one that has more of the looks of writing.
    let [one, other] = relief.directions().map(|axis| {
        let characters = characters::find(&grid, &relief.print(&grid, axis));
        (weight(&characters), axis, characters)
    });
    let (_, axis, characters) = if other.0 > one.0 { other } else { one };
    let parts: Vec<&Part> = chosen(&characters, grid.cell_px).collect();
    let rects: Vec<Rect> = parts.iter().map(|part| glyph::rect(&grid, part)).collect();
    let glyphs: Vec<(Glyph, cloth::Colour)> = page
        .tiles(&rects)
        .into_iter()
        .zip(parts)
        .filter_map(|(tile, part)| {
            let cloth = relief.cloth
                [(part.top + part.bottom) / 2 * grid.width + (part.left + part.right) / 2];
            Some((Glyph::of(&tile?, &grid, part, cloth, axis)?, cloth))
        })
        .collect();
    let cells: f32 = characters.iter().map(|part| part.width() * part.height()).sum();
    Some(Letters {
        free_share: free_cells as f32 / grid.free.len() as f32,
        count: characters.len(),
        covered_share: (cells / free_cells as f32).min(1.0),
        print: print(page, &glyphs, axis),
        boxes: evenly(&characters, SHOWN).map(|part| edges(&grid, part)).collect(),
    })
}

/// How much like writing these characters are: many, and large.
fn weight(characters: &[Part]) -> f32 {
    let heights: f32 = characters.iter().map(Part::height).sum();
    heights * (characters.len() as f32).sqrt()
}

/// At most `count` of them, from the first to the last.
fn evenly(parts: &[Part], count: usize) -> impl Iterator<Item = &Part> {
    let taken = count.min(parts.len());
    (0..taken).filter_map(move |at| parts.get(at * parts.len() / taken))
}

/// The whole ones that have room for strokes both ways, as many as there are pixels for.
fn chosen(characters: &[Part], cell_px: f32) -> impl Iterator<Item = &Part> {
    let mut heights: Vec<f32> = characters.iter().map(Part::height).collect();
    heights.sort_unstable_by(f32::total_cmp);
    let side = quantile(&heights, 0.5);
    let whole: Vec<&Part> = characters
        .iter()
        .filter(|part| !part.cut && part.width().min(part.height()) >= LEAST_BOX * side)
        .collect();
    let pixels = ((side + 2.0) * cell_px) * ((side + 2.0) * cell_px);
    let most = ((MOST_PIXELS / pixels.max(1.0)) as usize).clamp(1, LOOKED_AT).min(whole.len());
    (0..most).filter_map(move |at| whole.get(at * whole.len() / most).copied())
}

/// Left, top, right and bottom of a part, 0..1.
fn edges(grid: &Grid, part: &Part) -> [f32; 4] {
    let (width, height) = (grid.width as f32, grid.height as f32);
    [
        part.left as f32 / width,
        part.top as f32 / height,
        part.right as f32 / width,
        part.bottom as f32 / height,
    ]
}

fn print(page: &Page, glyphs: &[(Glyph, cloth::Colour)], axis: cloth::Colour) -> Option<Print> {
    if glyphs.is_empty() {
        return None;
    }
    let median = |measure: &dyn Fn(&(Glyph, cloth::Colour)) -> f32| {
        let mut values: Vec<f32> = glyphs.iter().map(measure).collect();
        values.sort_unstable_by(f32::total_cmp);
        quantile(&values, 0.5)
    };
    let strength = median(&|(glyph, _)| glyph.strength);
    let height_px = median(&|(glyph, _)| glyph.height_px());
    Some(Print {
        looked_at: glyphs.len(),
        height_px,
        height_share: height_px / page.height as f32,
        luma_contrast: strength * axis[0],
        chroma_contrast: strength * (axis[1] * axis[1] + axis[2] * axis[2]).sqrt(),
        contrast: median(&|(glyph, cloth)| {
            let lighter = cloth[0].max(cloth[0] + glyph.strength * axis[0]);
            glyph.strength / lighter.max(1.0)
        }),
        softness: median(&|(glyph, _)| glyph.softness()),
        mirrored: mirrored(glyphs.iter().map(|(glyph, _)| Strokes::of(&glyph.square()))),
    })
}

/// The same words stand on a curtain again and again, and a character that is misjudged once is
/// misjudged each time: so each kind of character counts once, by its mean.
fn mirrored(characters: impl Iterator<Item = Strokes>) -> Mirrored {
    let mut kinds: Vec<(Strokes, f32, f32)> = Vec::new();
    for strokes in characters {
        let log_odds = strokes.log_odds();
        match kinds.iter_mut().find(|(kind, _, _)| kind.likeness(&strokes) > SAME) {
            Some((_, sum, count)) => {
                *sum += log_odds;
                *count += 1.0;
            }
            None => kinds.push((strokes, log_odds, 1.0)),
        }
    }
    Mirrored { log_odds: kinds.iter().map(|(_, sum, count)| sum / count).sum(), kinds: kinds.len() }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, imageops};

    use super::*;
    use crate::decode::{self, Wanted};
    use crate::intake::{self, Unlimited, Upload};

    const STRIP: &[u8] = include_bytes!("../../../testdata/glyphs/noto-sans-cjk-sc.png");

    /// Rows of characters of `height` pixels on cloth in folds.
    fn curtain(height: u32, cloth: [f32; 3], print: [f32; 3]) -> RgbImage {
        let strip = image::load_from_memory(STRIP).unwrap().into_luma8();
        let strip = imageops::resize(
            &strip,
            strip.width() * height / 48,
            height,
            imageops::FilterType::Triangle,
        );
        RgbImage::from_fn(640, 480, |x, y| {
            let fold = 1.0 + 0.1 * (x as f32 / 30.0).sin();
            let across = (x + 40) % strip.width();
            let ink = match y % (2 * height) {
                down if down < height && x < 520 => strip.get_pixel(across, down).0[0],
                _ => 0,
            };
            let ink = f32::from(ink) / 255.0;
            Rgb(std::array::from_fn(|at| {
                (fold * (cloth[at] + ink * (print[at] - cloth[at]))).clamp(0.0, 255.0) as u8
            }))
        })
    }

    const BLUE: [f32; 3] = [30.0, 90.0, 190.0];
    const WHITE: [f32; 3] = [230.0; 3];

    fn page(picture: &RgbImage) -> Page {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let upload = Upload { bytes: bytes.into_inner().into(), ..Upload::default() };
        let wanted = Wanted { planes: true, energy: false, tiles: true };
        let sniffed = intake::sniff(&upload);
        decode::open(&sniffed, wanted, &mut Unlimited).unwrap().pages.remove(0)
    }

    fn measured(picture: &RgbImage) -> Letters {
        let page = page(picture);
        measure(&page, &vec![true; page.planes.y.cells.len()]).unwrap()
    }

    #[test]
    fn light_and_dark_characters_are_found_with_their_size() {
        for (cloth, print) in [(BLUE, WHITE), (WHITE, [20.0; 3]), (BLUE, [230.0, 200.0, 40.0])] {
            for height in [20, 32, 48] {
                let letters = measured(&curtain(height, cloth, print));
                let expected = (480 / (2 * height) * (520 / height)) as f32;
                let found = letters.count as f32;
                assert!((0.6 * expected..1.3 * expected).contains(&found), "{letters:?}");
                let seen = letters.print.unwrap();
                let share = seen.height_px / height as f32;
                assert!((0.75..1.15).contains(&share), "{height}: {seen:?}");
                assert_eq!(seen.luma_contrast > 0.0, cloth == BLUE, "{seen:?}");
            }
        }
    }

    #[test]
    fn a_mirrored_curtain_is_told_from_one_that_is_not() {
        let picture = curtain(40, BLUE, WHITE);
        let upright = measured(&picture).print.unwrap().mirrored;
        let mirrored = measured(&imageops::flip_horizontal(&picture)).print.unwrap().mirrored;
        assert!(upright.log_odds < -8.0 && upright.kinds >= 6, "{upright:?}");
        assert!(mirrored.log_odds > 8.0 && mirrored.kinds >= 6, "{mirrored:?}");
    }

    #[test]
    fn blur_makes_characters_softer_and_paler_cloth_makes_them_fainter() {
        let picture = curtain(40, BLUE, WHITE);
        let softness =
            |sigma: f32| measured(&imageops::blur(&picture, sigma)).print.unwrap().softness;
        let softness = [0.5, 1.5, 2.5, 3.5].map(softness);
        assert!(softness.is_sorted_by(|a, b| a < b), "{softness:?}");
        let pale = measured(&curtain(40, BLUE, [90.0, 140.0, 210.0])).print.unwrap();
        let strong = measured(&picture).print.unwrap();
        assert!(pale.contrast < 0.6 * strong.contrast, "{pale:?} {strong:?}");
    }

    #[test]
    fn cloth_without_print_has_no_characters_and_hidden_cloth_no_measure() {
        let plain = curtain(40, BLUE, BLUE);
        assert_eq!((measured(&plain).count, measured(&plain).print), (0, None));
        let page = page(&plain);
        assert_eq!(measure(&page, &vec![false; page.planes.y.cells.len()]), None);
        assert_eq!(measure(&page, &[]), None);
    }

    #[test]
    fn what_is_hidden_is_not_counted() {
        let page = page(&curtain(40, BLUE, WHITE));
        let width = page.planes.y.width;
        let all: Vec<bool> = vec![true; page.planes.y.cells.len()];
        let left: Vec<bool> = (0..all.len()).map(|at| at % width < width / 2).collect();
        let [whole, half] = [all, left].map(|free| measure(&page, &free).unwrap());
        assert!(half.count > 0 && half.count * 10 < whole.count * 8, "{half:?}");
        assert!(half.boxes.iter().all(|edges| edges[2] <= 0.5), "{half:?}");
    }

    #[test]
    fn hostile_pictures_end_in_a_measure() {
        for (width, height) in [(1, 1), (1, 300), (300, 2), (7, 5), (64, 64)] {
            let noise = RgbImage::from_fn(width, height, |x, y| {
                let at = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503).rotate_left(7);
                Rgb([(at >> 3) as u8, (at >> 11) as u8, (at >> 19) as u8])
            });
            let letters = measured(&noise);
            assert!(letters.free_share > 0.99, "{letters:?}");
        }
    }
}
