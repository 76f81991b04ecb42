//! The coefficients of a JPEG are those that another decoder makes its pixels from.
#![allow(clippy::print_stdout, reason = "who runs it wants to see how many there were")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod edited;
mod kinds;
mod mutants;
mod reference;

use kinds::{CODINGS, Coding, Content, Kind, RESTARTS, Restart, SAMPLINGS, SIZES};
use reference::{Picture, decoded, difference, picture, size, whole};
use scanvet::decode::coefficients::Coefficients::{All, Corner, Mean};
use scanvet::decode::coefficients::{Block, Coefficients, Depth, Sparse};

/// In the product: testdata/.
const TESTDATA: &str = "testdata/";

const WHOLE: Depth = Depth { luma: All, chroma: All, refined: true, sparse: None };

fn kinds() -> impl Iterator<Item = Kind> {
    let mut kinds = Vec::new();
    for sampling in SAMPLINGS {
        for quality in [30, 75, 95] {
            for coding in CODINGS {
                for restart in RESTARTS {
                    for size in SIZES {
                        for content in [Content::Noise, Content::Photo, Content::Flat] {
                            // One content is enough of what takes long, and the encoder makes codes of its
                            // own without a thought for restarts.
                            let makes = coding != Coding::Optimised || restart == Restart::Never;
                            if makes && (size.0 < 600 || content == Content::Photo) {
                                kinds.push(Kind {
                                    sampling,
                                    quality,
                                    coding,
                                    restart,
                                    size,
                                    content,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    kinds.into_iter()
}

#[test]
fn luma_is_what_another_decoder_makes_of_it() {
    let mut count = 0;
    for kind in kinds().filter(Kind::is_read_by_the_library) {
        let bytes = kind.encode();
        let picture = read_whole(&kind, &bytes);
        let other = whole(&bytes, picture.frame.progressive).unwrap_or_else(|| panic!("{kind:?}"));
        let most = difference(&picture, 0, &other);
        assert!(most <= 2, "{kind:?} is off by {most}");
        count += 1;
    }
    println!("{count} kinds");
    assert!(count >= 900, "{count}");
}

#[test]
fn however_a_picture_is_coded_its_coefficients_are_the_same() {
    let mut count = 0;
    for kind in kinds() {
        if kind.coding == Coding::Baseline && kind.restart == Restart::Never {
            continue;
        }
        let plain = Kind { coding: Coding::Baseline, restart: Restart::Never, ..kind };
        let found = read_whole(&kind, &kind.encode());
        let plain = read_whole(&plain, &plain.encode());
        assert!(found.blocks == plain.blocks, "{kind:?}");
        count += 1;
    }
    println!("{count} kinds");
}

fn read_whole(kind: &Kind, bytes: &[u8]) -> Picture {
    let (width, height) = kind.size;
    let picture = picture(bytes, (width.into(), height.into()), WHOLE);
    picture.unwrap_or_else(|| panic!("{kind:?}"))
}

fn all_depths() -> impl Iterator<Item = Depth> {
    let wanted = [All, Corner(4), Corner(2), Mean];
    let pairs = wanted.into_iter().flat_map(move |luma| wanted.map(|chroma| (luma, chroma)));
    pairs.flat_map(|(luma, chroma)| {
        [true, false].map(|refined| Depth { luma, chroma, refined, sparse: None })
    })
}

#[test]
fn all_components_are_what_another_decoder_makes_of_them_where_it_does_not_blend_them() {
    for kind in kinds() {
        if kind.sampling != SAMPLINGS[0] || !kind.is_read_by_the_library() {
            continue;
        }
        let bytes = kind.encode();
        let picture = picture(&bytes, size(&bytes).unwrap(), WHOLE).unwrap();
        let other = whole(&bytes, picture.frame.progressive).unwrap();
        for component in 0..3 {
            let most = difference(&picture, component, &other);
            assert!(most <= 2, "{kind:?} is off by {most} in {component}");
        }
    }
}

#[test]
fn the_first_coefficient_is_the_mean() {
    for kind in kinds().filter(|kind| kind.size.0 == 640 && kind.is_read_by_the_library()) {
        let bytes = kind.encode();
        let depth = Depth { luma: Mean, chroma: Mean, refined: true, sparse: None };
        let picture = picture(&bytes, (640, 481), depth).unwrap();
        let (width, _, channels, pixels) = decoded(&bytes, true).unwrap_or_default();
        for (at, block) in picture.blocks[0].iter().enumerate().take(80 * 60) {
            let of_row =
                |y: usize| (0..8).map(move |x| (at / 80 * 8 + y) * width + at % 80 * 8 + x);
            let pixels: Vec<u8> = (0..8).flat_map(of_row).map(|at| pixels[channels * at]).collect();
            if pixels.iter().any(|pixel| matches!(pixel, 0 | 255)) {
                continue;
            }
            let mean = pixels.iter().copied().map(f64::from).sum::<f64>() / 64.0;
            let found = f64::from(block.coefficients[0]) / 8.0 + 128.0;
            assert!((mean - found).abs() < 0.51, "{kind:?}: {mean} and {found}");
        }
    }
}

/// A block with nothing but what is wanted.
fn reduced(block: &Block, wanted: Coefficients) -> [i16; 64] {
    let wants = |at: usize| match wanted {
        All => true,
        Corner(side) => at % 8 < side.into() && at / 8 < side.into(),
        Mean => at == 0,
    };
    std::array::from_fn(|at| if wants(at) { block.coefficients[at] } else { 0 })
}

#[test]
fn less_depth_gives_the_same_coefficients_and_zeros() {
    for kind in kinds().filter(|kind| kind.size != (640, 481) && kind.quality == 95) {
        let bytes = kind.encode();
        let whole = picture(&bytes, size(&bytes).unwrap(), WHOLE).unwrap();
        for depth in all_depths().filter(|depth| depth.refined) {
            let found = picture(&bytes, size(&bytes).unwrap(), depth).unwrap();
            assert_eq!(found.frame, whole.frame);
            for (component, blocks) in found.blocks.iter().enumerate() {
                let wanted = if component == 0 { depth.luma } else { depth.chroma };
                for (block, whole) in blocks.iter().zip(&whole.blocks[component]) {
                    assert_eq!(block.coefficients, reduced(whole, wanted), "{kind:?}, {depth:?}");
                }
            }
        }
    }
}

#[test]
fn without_refinement_a_coefficient_lacks_its_last_bits() {
    let kind = Kind {
        sampling: SAMPLINGS[3],
        quality: 95,
        coding: Coding::Progressive,
        restart: Restart::Never,
        size: (640, 481),
        content: Content::Photo,
    };
    let bytes = kind.encode();
    let whole = picture(&bytes, (640, 481), WHOLE).unwrap();
    let depth = Depth { refined: false, ..WHOLE };
    let found = picture(&bytes, (640, 481), depth).unwrap();
    let pairs = found.blocks.iter().flatten().zip(whole.blocks.iter().flatten());
    for (found, whole) in pairs {
        assert_eq!(found.coefficients[0], whole.coefficients[0]);
        for (found, whole) in found.coefficients.iter().zip(&whole.coefficients) {
            assert!(found.unsigned_abs() <= whole.unsigned_abs());
            assert!(*found == 0 || found.signum() == whole.signum());
        }
    }
}

/// Files of other encoders, whose passes are not like those of the one above.
#[test]
fn files_of_other_encoders_are_read_as_the_library_reads_them() {
    let mut count = 0;
    for folder in ["jpeg", "formats"] {
        let folder = [TESTDATA, folder].concat();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "jpg") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            let found = picture(&bytes, size(&bytes).unwrap(), WHOLE);
            if path.to_string_lossy().contains("cmyk") {
                assert_eq!(found, None, "{}", path.display());
                continue;
            }
            let found = found.unwrap_or_else(|| panic!("{}", path.display()));
            let other = whole(&bytes, found.frame.progressive).unwrap();
            let most = difference(&found, 0, &other);
            assert!(most <= 2, "{} is off by {most}", path.display());
            count += 1;
        }
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn of_blocks_that_are_not_read_whole_the_rest_is_as_deep_as_asked() {
    for kind in kinds().filter(|kind| kind.size == (640, 481) && kind.quality == 75) {
        let bytes = kind.encode();
        let whole = picture(&bytes, (640, 481), WHOLE).unwrap();
        for rest in [Mean, Corner(4)] {
            let sparse = Sparse { rows: 2, every: 3, columns: 7, rest };
            let depth = Depth { sparse: Some(sparse), ..WHOLE };
            let found = picture(&bytes, (640, 481), depth).unwrap();
            let in_one_scan = kind.coding == Coding::Baseline && found.frame.components.len() > 1;
            let applies = in_one_scan || found.frame.progressive;
            for (component, blocks) in found.blocks.iter().enumerate() {
                let across = found.frame.components[component].blocks_across;
                for (at, block) in blocks.iter().enumerate() {
                    let is_whole = component > 0 || sparse.is_whole(at % across, at / across);
                    let wanted = if is_whole || !applies { All } else { rest };
                    let expected = reduced(&whole.blocks[component][at], wanted);
                    assert_eq!(block.coefficients, expected, "{kind:?}, {rest:?}, {at}");
                }
            }
        }
    }
}
