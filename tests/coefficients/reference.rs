//! The other decoder, and pixels from coefficients the plain way.

use scanvet::decode::coefficients::{Block, Depth, Frame, Sink, read};
use scanvet::intake::Unlimited;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// What was read.
#[derive(Debug, PartialEq)]
pub(super) struct Picture {
    pub(super) frame: Frame,
    /// Of each component, row-major.
    pub(super) blocks: Vec<Vec<Block>>,
}

struct Keeper(Vec<Vec<Block>>, Frame);

impl Sink for Keeper {
    fn row(&mut self, component: usize, row: usize, blocks: &[Block]) {
        let across = self.1.components[component].blocks_across;
        assert_eq!(blocks.len(), across);
        assert_eq!(self.0[component].len(), row * across, "rows in order");
        for block in blocks {
            let natural = NATURAL.iter().rposition(|at| block.coefficients[usize::from(*at)] != 0);
            assert!(natural.unwrap_or(0) <= usize::from(block.last));
        }
        self.0[component].extend_from_slice(blocks);
    }
}

/// Everything that the reader gives.
pub(super) fn picture(bytes: &[u8], size: (usize, usize), depth: Depth) -> Option<Picture> {
    let open =
        |frame: &Frame| Some(Keeper(vec![Vec::new(); frame.components.len()], frame.clone()));
    let (frame, keeper) = read(bytes, size, depth, open, &mut Unlimited).unwrap()?;
    for (component, blocks) in frame.components.iter().zip(&keeper.0) {
        assert_eq!(blocks.len(), component.blocks_across * component.blocks_down);
    }
    Some(Picture { frame, blocks: keeper.0 })
}

impl Picture {
    /// The pixels of a component.
    pub(super) fn plane(&self, component: usize) -> Vec<Vec<u8>> {
        let blocks = &self.blocks[component];
        let across = self.frame.components[component].blocks_across;
        let mut rows = vec![vec![0; 8 * across]; 8 * blocks.len() / across];
        for (at, block) in blocks.iter().enumerate() {
            let pixels = pixels(block);
            for (y, line) in pixels.iter().enumerate() {
                rows[at / across * 8 + y][at % across * 8..][..8].copy_from_slice(line);
            }
        }
        rows
    }
}

/// The inverse transform (T.81, A.3.3) in the plain way.
fn pixels(block: &Block) -> [[u8; 8]; 8] {
    let basis = |at: usize, frequency: usize| {
        let scale = if frequency == 0 { 0.125f64.sqrt() } else { 0.5 };
        scale * ((2 * at + 1) as f64 * frequency as f64 * std::f64::consts::PI / 16.0).cos()
    };
    let basis: [[f64; 8]; 8] = std::array::from_fn(|at| std::array::from_fn(|f| basis(at, f)));
    let mut half = [[0.0; 8]; 8];
    for (v, half) in half.iter_mut().enumerate() {
        for (x, half) in half.iter_mut().enumerate() {
            *half = (0..8).map(|u| f64::from(block.coefficients[8 * v + u]) * basis[x][u]).sum();
        }
    }
    let pixel = |x: usize, y: usize| -> f64 { (0..8).map(|v| half[v][x] * basis[y][v]).sum() };
    std::array::from_fn(|y| std::array::from_fn(|x| (pixel(x, y) + 128.0).round() as u8))
}

/// Luma, and chroma where there is any, by the other decoder: rows of interleaved bytes.
pub(super) fn decoded(bytes: &[u8], strict: bool) -> Option<(usize, usize, usize, Vec<u8>)> {
    let options = DecoderOptions::default().set_strict_mode(strict);
    let options = options.jpeg_set_max_scans(64).set_max_width(70000).set_max_height(70000);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let (space, channels) = match decoder.input_colorspace()? {
        ColorSpace::Luma => (ColorSpace::Luma, 1),
        _ => (ColorSpace::YCbCr, 3),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let pixels = decoder.decode().ok()?;
    let (width, height) = decoder.dimensions()?;
    Some((width, height, channels, pixels))
}

/// What the lenient reading complains of.
pub(super) fn complaint(bytes: &[u8]) -> String {
    let mut decoder = JpegDecoder::new(ZCursor::new(bytes));
    format!("{:?}", decoder.decode().err())
}

/// A strict reading, at best without the end marker, which brings to light what is missing, but which a
/// picture of a few bytes does not survive.
pub(super) fn whole(bytes: &[u8], progressive: bool) -> Option<(usize, usize, usize, Vec<u8>)> {
    let without_end = bytes.strip_suffix(&[0xFF, 0xD9]).filter(|_| !progressive);
    without_end.and_then(|bytes| decoded(bytes, true)).or_else(|| decoded(bytes, true))
}

/// The largest difference of a component from the other decoder's.
pub(super) fn difference(
    picture: &Picture,
    component: usize,
    other: &(usize, usize, usize, Vec<u8>),
) -> u8 {
    let (width, height, channels, pixels) = other;
    assert_eq!((*width, *height), (picture.frame.width, picture.frame.height));
    let plane = picture.plane(component);
    let mut most = 0;
    for (y, line) in pixels.chunks_exact(width * channels).enumerate() {
        for (x, pixel) in line.chunks_exact(*channels).enumerate() {
            most = most.max(pixel[component].abs_diff(plane[y][x]));
        }
    }
    most
}

/// The size in the frame header of a JPEG whose segments are in order.
pub(super) fn size(bytes: &[u8]) -> Option<(usize, usize)> {
    let number =
        |at: usize| Some(usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let mut at = 2;
    while let Some(marker) = bytes.get(at + 1) {
        if matches!(marker, 0xC0..=0xC2) {
            return Some((number(at + 7)?, number(at + 5)?));
        }
        at += 2 + number(at + 2)?;
    }
    None
}

/// The zig-zag once more, by its rule: along the diagonals, to and fro.
pub(super) static NATURAL: std::sync::LazyLock<[u8; 64]> = std::sync::LazyLock::new(|| {
    let mut places: Vec<(u8, u8)> = (0..8).flat_map(|y| (0..8).map(move |x| (x, y))).collect();
    places.sort_by_key(|(x, y)| (x + y, if (x + y) % 2 == 0 { *x } else { *y }));
    std::array::from_fn(|at| 8 * places[at].1 + places[at].0)
});
