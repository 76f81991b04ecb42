//! Full-resolution pixels as a decoder left them: grey or RGB, eight bits, not yet upright.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Once;

use image::DynamicImage;

/// Row-major pixels without padding.
#[derive(Debug)]
pub(super) struct Raster {
    /// Stored width in pixels.
    pub width: usize,
    /// Stored height in pixels.
    pub height: usize,
    /// One byte (grey) or three (red, green, blue) a pixel.
    pub samples: Samples,
}

/// The two forms that pixels take here.
#[derive(Debug)]
pub(super) enum Samples {
    /// One component: the file itself says that it has no colour.
    Grey(Vec<u8>),
    /// Three components.
    Rgb(Vec<u8>),
}

/// A spare is kept up to this size: what a phone of 12 megapixels takes as RGB, and some room.
const MOST_SPARE: usize = 40 << 20;

thread_local! {
    /// Memory of the last raster of this thread, so that the next one need not be given page after
    /// page by the system: that takes as long as half of the decoding.
    static SPARE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// So many zeros, in the memory of an earlier raster where there is one. Decoders do not fill what a
/// file leaves out, and nobody may see another file's pixels there.
pub(super) fn zeros(length: usize) -> Vec<u8> {
    let mut zeros = SPARE.with_borrow_mut(std::mem::take);
    if zeros.capacity() < length {
        return vec![0; length];
    }
    zeros.clear();
    zeros.resize(length, 0);
    zeros
}

/// Freeing a block as large as this tells the allocator of glibc to keep what is freed, up to twice as
/// much, for the next file; by default it gives back all beyond 128 KiB, and gets it again page by
/// page. It is never touched, so that it takes no memory. Other allocators do not mind.
const LARGEST_KEPT: usize = (32 << 20) - (64 << 10);

static KEEPING: Once = Once::new();

/// From the first page on.
pub(super) fn keep_freed_memory() {
    KEEPING.call_once(|| drop(black_box(Vec::<u8>::with_capacity(LARGEST_KEPT))));
}

impl Drop for Raster {
    fn drop(&mut self) {
        let (Samples::Grey(samples) | Samples::Rgb(samples)) = &mut self.samples;
        let samples = std::mem::take(samples);
        // At the end of a thread there is no spare any more.
        let _ = SPARE.try_with(|spare| {
            let larger = spare
                .try_borrow_mut()
                .ok()
                .filter(|spare| (spare.capacity()..=MOST_SPARE).contains(&samples.capacity()));
            if let Some(mut spare) = larger {
                *spare = samples;
            }
        });
    }
}

impl Raster {
    /// `None` when the samples do not fill the rectangle.
    pub(super) fn new(width: usize, height: usize, samples: Samples) -> Option<Self> {
        keep_freed_memory();
        let (bytes, each) = match &samples {
            Samples::Grey(bytes) => (bytes.len(), 1),
            Samples::Rgb(bytes) => (bytes.len(), 3),
        };
        (width > 0 && height > 0 && bytes == width * height * each).then_some(Self {
            width,
            height,
            samples,
        })
    }

    /// Whether it has this size.
    pub(super) fn is_of(&self, width: usize, height: usize) -> bool {
        (self.width, self.height) == (width, height)
    }

    /// From any form of the image crate: 16 bits become 8, transparency shows white paper.
    pub(super) fn of_image(image: DynamicImage) -> Option<Self> {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let samples = match image {
            DynamicImage::ImageLuma8(grey) => Samples::Grey(grey.into_raw()),
            DynamicImage::ImageLuma16(_) => Samples::Grey(image.into_luma8().into_raw()),
            DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLumaA16(_) => {
                Samples::Grey(on_white::<1>(image.into_luma_alpha8().into_raw()))
            }
            DynamicImage::ImageRgba8(_)
            | DynamicImage::ImageRgba16(_)
            | DynamicImage::ImageRgba32F(_) => {
                Samples::Rgb(on_white::<3>(image.into_rgba8().into_raw()))
            }
            other => Samples::Rgb(other.into_rgb8().into_raw()),
        };
        Self::new(width, height, samples)
    }

    /// Adds some pixels of stored row `y`, red, green, blue.
    pub(super) fn add_rgb(&self, y: usize, columns: std::ops::Range<usize>, rgb: &mut Vec<u8>) {
        let (from, to) = (y * self.width + columns.start, y * self.width + columns.end);
        match &self.samples {
            Samples::Grey(grey) => rgb.extend(grey[from..to].iter().flat_map(|&grey| [grey; 3])),
            Samples::Rgb(own) => rgb.extend_from_slice(&own[3 * from..3 * to]),
        }
    }

    /// The pixel at stored `(x, y)`.
    #[cfg(test)]
    pub(super) fn rgb(&self, x: usize, y: usize) -> [u8; 3] {
        let at = y * self.width + x;
        match &self.samples {
            Samples::Grey(grey) => [grey[at]; 3],
            Samples::Rgb(rgb) => [rgb[3 * at], rgb[3 * at + 1], rgb[3 * at + 2]],
        }
    }
}

/// Lays pixels of `N` samples and an opacity on white paper, in place: a large photo would not be held
/// twice.
pub(super) fn on_white<const N: usize>(mut pixels: Vec<u8>) -> Vec<u8> {
    let count = pixels.len() / (N + 1);
    for pixel in 0..count {
        let opacity = pixels[pixel * (N + 1) + N];
        for sample in 0..N {
            pixels[pixel * N + sample] = over_white(pixels[pixel * (N + 1) + sample], opacity);
        }
    }
    pixels.truncate(count * N);
    pixels
}

pub(super) fn over_white(sample: u8, alpha: u8) -> u8 {
    let (sample, alpha) = (u32::from(sample), u32::from(alpha));
    ((sample * alpha + 255 * (255 - alpha) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, LumaA, Rgb, Rgba};

    use super::*;

    #[test]
    fn transparency_shows_white_paper() {
        let clear = ImageBuffer::from_pixel(2, 1, Rgba([0u8, 0, 0, 0]));
        let raster = Raster::of_image(DynamicImage::ImageRgba8(clear)).unwrap();
        assert_eq!(raster.rgb(1, 0), [255, 255, 255]);
        let half = ImageBuffer::from_pixel(1, 1, LumaA([0u8, 128]));
        let raster = Raster::of_image(DynamicImage::ImageLumaA8(half)).unwrap();
        assert_eq!(raster.rgb(0, 0), [127, 127, 127]);
    }

    #[test]
    fn sixteen_bits_become_eight() {
        let deep = ImageBuffer::from_pixel(1, 1, Rgb([0u16, 0x8080, 0xFFFF]));
        let raster = Raster::of_image(DynamicImage::ImageRgb16(deep)).unwrap();
        assert_eq!(raster.rgb(0, 0), [0, 0x80, 0xFF]);
    }

    #[test]
    fn memory_is_used_again_and_shows_nothing_of_what_was_there() {
        let raster = Raster::new(100, 10, Samples::Rgb(vec![7; 3000])).unwrap();
        let Samples::Rgb(samples) = &raster.samples else { unreachable!() };
        let place = samples.as_ptr();
        drop(raster);
        let again = zeros(2000);
        assert_eq!((again.as_ptr(), again.len()), (place, 2000));
        assert!(again.iter().all(|&sample| sample == 0));
        assert_eq!(zeros(5000), vec![0; 5000]);
    }

    #[test]
    fn samples_that_do_not_fill_the_rectangle_make_no_raster() {
        assert!(Raster::new(2, 2, Samples::Grey(vec![0; 3])).is_none());
        assert!(Raster::new(0, 2, Samples::Grey(vec![])).is_none());
    }
}
