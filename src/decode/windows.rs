//! Full-resolution pixels of some boxes of a JPEG, from the coefficients of the blocks beneath them: a
//! handful of letters does not need all pixels of a page.

use rten_simd::{Isa, SimdOp};

use super::coefficients::{self, Block, Coefficients, Component, Depth, Frame, Sink, Transform};
use super::page::{self, Rect, Tile};
use super::reduce::spectral::{MIDDLE, levels};
use super::reduce::{BLOCK, DCT};
use crate::intake::Unlimited;

/// Pixels around a box whose chroma has a say at its rim, where there are fewer samples of it.
const RIM: usize = 2;

/// The pixels of each box, as stored; the boxes lie on a picture of this size. `None` for a picture that
/// is out of the ordinary, not whole, or not coded in one pass: the library must decode it.
pub(super) fn read(bytes: &[u8], size: (usize, usize), boxes: &[Rect]) -> Option<Vec<Tile>> {
    let all = Coefficients::All;
    let depth = Depth { luma: all, chroma: all, refined: true, sparse: None };
    let open = |frame: &Frame| (!frame.progressive).then(|| Windows::of(frame, boxes));
    let (frame, windows) = coefficients::read(bytes, size, depth, open, &mut Unlimited).ok()??;
    Some(windows.windows.iter().map(|window| window.tile(&frame)).collect())
}

/// Hears the rows of blocks.
struct Windows {
    windows: Vec<Window>,
    components: Vec<Component>,
    /// Of each row of MCUs, those beneath a window.
    wanted: Vec<Vec<bool>>,
}

/// A box, and the samples around it.
struct Window {
    rect: Rect,
    /// MCUs from the left and the top, and across and down.
    mcus: Rect,
    /// Of each component, MCU beside MCU.
    samples: Vec<Vec<u8>>,
}

impl Windows {
    fn of(frame: &Frame, boxes: &[Rect]) -> Self {
        let luma = frame.components[0];
        let side = [BLOCK * luma.h, BLOCK * luma.v];
        let mcus = [frame.width.div_ceil(side[0]), frame.height.div_ceil(side[1])];
        let span = |from: usize, length: usize, axis: usize| {
            let start = from.saturating_sub(RIM) / side[axis];
            let end = (from + length + RIM).div_ceil(side[axis]).min(mcus[axis]);
            (start, end - start)
        };
        let windows = boxes.iter().map(|&rect| {
            let (x, width) = span(rect.x, rect.width, 0);
            let (y, height) = span(rect.y, rect.height, 1);
            let area = width * height * BLOCK * BLOCK;
            let samples = frame.components.iter().map(|part| vec![0; area * part.h * part.v]);
            Window { rect, mcus: Rect { x, y, width, height }, samples: samples.collect() }
        });
        let windows: Vec<Window> = windows.collect();
        let mut wanted = vec![vec![false; mcus[0]]; mcus[1]];
        for Window { mcus, .. } in &windows {
            for row in &mut wanted[mcus.y..mcus.y + mcus.height] {
                row[mcus.x..mcus.x + mcus.width].fill(true);
            }
        }
        Self { windows, components: frame.components.clone(), wanted }
    }
}

impl Sink for Windows {
    fn row(&mut self, component: usize, row: usize, blocks: &[Block]) {
        let Component { h, v, .. } = self.components[component];
        for Window { mcus, samples, .. } in &mut self.windows {
            let Some(down) = row.checked_sub(mcus.y * v).filter(|down| *down < mcus.height * v)
            else {
                continue;
            };
            let stride = mcus.width * h * BLOCK;
            let lines = &mut samples[component][down * BLOCK * stride..][..BLOCK * stride];
            let own = blocks.get(mcus.x * h..).unwrap_or_default();
            let own = &own[..own.len().min(mcus.width * h)];
            Pixels { blocks: own, lines }.dispatch();
        }
    }

    fn wants(&self, row: usize) -> Option<&[bool]> {
        self.wanted.get(row).map(Vec::as_slice)
    }
}

impl Window {
    fn tile(&self, frame: &Frame) -> Tile {
        let Rect { x, y, width, height } = self.rect;
        let luma = frame.components[0];
        let left = x - self.mcus.x * luma.h * BLOCK;
        let top = y - self.mcus.y * luma.v * BLOCK;
        let stride = self.mcus.width * luma.h * BLOCK;
        let mut rgb = Vec::with_capacity(3 * width * height);
        let mut chroma = [vec![0.0; stride], vec![0.0; stride]];
        for y in top..top + height {
            let luma_row = &self.samples[0][y * stride + left..][..width];
            if frame.transform == Transform::Grey {
                rgb.extend(luma_row.iter().flat_map(|luma| [*luma; 3]));
                continue;
            }
            for (number, line) in chroma.iter_mut().enumerate() {
                let component = frame.components[1 + number];
                let [across, down] = [luma.h / component.h, luma.v / component.v];
                self.along(1 + number, y, [across, down], line);
            }
            let [blue, red] = &chroma;
            let pixels = luma_row.iter().zip(&blue[left..]).zip(&red[left..]);
            for ((luma, blue), red) in pixels {
                rgb.extend(page::rgb(f32::from(*luma), blue - MIDDLE, red - MIDDLE));
            }
        }
        Tile { rect: self.rect, rgb }
    }

    /// Samples of chroma at the places of a row of pixels, in between those that there are: one for so many
    /// pixels across and down.
    fn along(&self, component: usize, y: usize, [across, down]: [usize; 2], line: &mut [f32]) {
        let (samples, stride) = (&self.samples[component], line.len() / across);
        let rows = samples.len() / stride;
        let row = |row: usize| &samples[row * stride..][..stride];
        let [own, next] = if down == 1 { [y; 2] } else { [y / 2, beyond(y, rows)] }.map(row);
        let blended =
            own.iter().zip(next).map(|(own, next)| between((*own).into(), (*next).into()));
        if across == 1 {
            line.iter_mut().zip(blended).for_each(|(sample, blended)| *sample = blended);
            return;
        }
        let blended: Vec<f32> = blended.collect();
        for (at, pair) in line.as_chunks_mut::<2>().0.iter_mut().enumerate() {
            let own = blended[at];
            *pair = [2 * at, 2 * at + 1].map(|x| between(own, blended[beyond(x, stride)]));
        }
    }
}

/// A sample lies in the middle of two pixels: of each, a quarter is that of the sample beyond.
fn between(own: f32, next: f32) -> f32 {
    own + (next - own) * 0.25
}

/// The sample beyond that of a pixel, of so many.
fn beyond(pixel: usize, count: usize) -> usize {
    let own = pixel / 2;
    if pixel.is_multiple_of(2) { own.saturating_sub(1) } else { (own + 1).min(count - 1) }
}

/// Blocks of a row, and the lines of pixels that they become.
struct Pixels<'a> {
    blocks: &'a [Block],
    lines: &'a mut [u8],
}

impl SimdOp for Pixels<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) {
        let stride = self.lines.len() / BLOCK;
        for (at, block) in self.blocks.iter().enumerate() {
            let (rows, _) = block.coefficients.as_chunks::<BLOCK>();
            // Columns first, then rows, eight at a time.
            let mut half = [[0.0f32; BLOCK]; BLOCK];
            for (row, basis) in rows.iter().zip(&DCT) {
                for (half, weight) in half.iter_mut().zip(basis) {
                    for (half, &coefficient) in half.iter_mut().zip(row) {
                        *half += weight * f32::from(coefficient);
                    }
                }
            }
            for (line, half) in self.lines.chunks_exact_mut(stride).zip(&half) {
                line[at * BLOCK..][..BLOCK].copy_from_slice(&levels(half));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

    use super::*;

    /// A picture of 200 × 160 with edges, slopes and colours.
    fn picture() -> Vec<u8> {
        let pixel = |at: usize| {
            let (x, y) = (at % 200, at / 200);
            let edge = if (x / 23 + y / 17).is_multiple_of(2) { 40 } else { 0 };
            [60 + x / 2 + edge, 200 - y / 2 - edge, 90 + (x + y) / 4].map(|level| level as u8)
        };
        (0..200 * 160).flat_map(pixel).collect()
    }

    fn encoded(sampling: SamplingFactor) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 92);
        encoder.set_sampling_factor(sampling);
        encoder.encode(&picture(), 200, 160, ColorType::Rgb).unwrap();
        bytes
    }

    const BOXES: [Rect; 3] = [
        Rect { x: 0, y: 0, width: 30, height: 20 },
        Rect { x: 77, y: 51, width: 64, height: 3 },
        Rect { x: 181, y: 120, width: 19, height: 40 },
    ];

    #[test]
    fn boxes_hold_the_pixels_that_the_library_decodes() {
        for sampling in [SamplingFactor::F_1_1, SamplingFactor::F_2_1, SamplingFactor::F_2_2] {
            let bytes = encoded(sampling);
            let whole = image::load_from_memory(&bytes).unwrap().into_rgb8();
            for (tile, rect) in read(&bytes, (200, 160), &BOXES).unwrap().iter().zip(BOXES) {
                assert_eq!(tile.rect, rect);
                let pixels = tile.rgb.as_chunks::<3>().0.iter().enumerate();
                let mut sum = 0;
                for (at, found) in pixels {
                    let (x, y) = (rect.x + at % rect.width, rect.y + at / rect.width);
                    let pixel = whole.get_pixel(x as u32, y as u32).0;
                    let apart = found.iter().zip(pixel).map(|(one, other)| one.abs_diff(other));
                    let most = apart.max().unwrap();
                    assert!(most <= 6, "{sampling:?} {x} {y}: {found:?} {pixel:?}");
                    sum += usize::from(most);
                }
                assert!(sum <= rect.width * rect.height, "{sampling:?}: {sum} in all");
            }
        }
    }

    #[test]
    fn what_is_coded_in_passes_is_left_to_the_library() {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 92);
        encoder.set_progressive(true);
        encoder.encode(&picture(), 200, 160, ColorType::Rgb).unwrap();
        assert!(read(&bytes, (200, 160), &BOXES).is_none());
        let whole = encoded(SamplingFactor::F_1_1);
        assert!(read(&whole[..whole.len() / 2], (200, 160), &BOXES).is_none());
    }
}
