//! Pictures of many kinds, made on the spot.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// How a picture is coded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// None for grey.
    pub(super) sampling: Option<SamplingFactor>,
    pub(super) quality: u8,
    pub(super) coding: Coding,
    pub(super) restart: Restart,
    pub(super) size: (u16, u16),
    pub(super) content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Coding {
    Baseline,
    /// With Huffman codes of its own, a component at a time.
    Optimised,
    Progressive,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Restart {
    Never,
    Every(u16),
    EachRow,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Content {
    Noise,
    Photo,
    Flat,
}

pub(super) const SAMPLINGS: [Option<SamplingFactor>; 5] = [
    Some(SamplingFactor::F_1_1),
    Some(SamplingFactor::F_2_1),
    Some(SamplingFactor::F_1_2),
    Some(SamplingFactor::F_2_2),
    None,
];
pub(super) const CODINGS: [Coding; 3] = [Coding::Baseline, Coding::Optimised, Coding::Progressive];
pub(super) const RESTARTS: [Restart; 4] =
    [Restart::Never, Restart::Every(1), Restart::Every(7), Restart::EachRow];
pub(super) const SIZES: [(u16, u16); 6] = [(1, 1), (7, 9), (8, 8), (16, 16), (17, 33), (640, 481)];

/// A sequence that looks random and is the same on every machine.
pub(super) struct Dice(pub u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

impl Content {
    /// Red, green, blue.
    fn pixels(self, (width, height): (u16, u16)) -> Vec<u8> {
        let mut dice = Dice(u64::from(width) << 16 | u64::from(height));
        let mut pixels = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let wave = |across: f64, down: f64| {
                    128.0 + 100.0 * (f64::from(x) / across).sin() * (f64::from(y) / down).cos()
                };
                let noise = (dice.next() % 9) as f64 - 4.0;
                match self {
                    Self::Flat => pixels.extend([200, 120, 40]),
                    Self::Noise => pixels.extend((dice.next() as u32).to_le_bytes().iter().take(3)),
                    Self::Photo => pixels.extend(
                        [wave(31.0, 17.0), wave(11.0, 43.0), wave(5.0, 7.0)]
                            .map(|level| (level + noise) as u8),
                    ),
                }
            }
        }
        pixels
    }
}

impl Kind {
    /// zune-jpeg 0.5.15 puts blocks in the wrong place where chroma is coarser, or a picture is no more
    /// than a block wide, and each component has a scan of its own; libjpeg and this reader agree.
    pub(super) fn is_read_by_the_library(&self) -> bool {
        self.sampling.is_none() || self.coding != Coding::Optimised
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.quality);
        let (width, height) = self.size;
        let mut pixels = self.content.pixels(self.size);
        let mut across = width.div_ceil(8);
        let mut colour = ColorType::Rgb;
        match self.sampling {
            Some(sampling) => {
                encoder.set_sampling_factor(sampling);
                if matches!(sampling, SamplingFactor::F_2_1 | SamplingFactor::F_2_2) {
                    across = width.div_ceil(16);
                }
            }
            None => {
                colour = ColorType::Luma;
                pixels = pixels.chunks_exact(3).map(|pixel| pixel[1]).collect();
            }
        }
        encoder.set_progressive(self.coding == Coding::Progressive);
        encoder.set_optimized_huffman_tables(self.coding == Coding::Optimised);
        match self.restart {
            Restart::Never => {}
            Restart::Every(count) => encoder.set_restart_interval(count),
            Restart::EachRow => encoder.set_restart_interval(across),
        }
        encoder.encode(&pixels, width, height, colour).unwrap();
        bytes
    }
}
