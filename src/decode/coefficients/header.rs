//! The segments of a JPEG outside the entropy-coded data (T.81, annex B), read strictly.

use memchr::memchr;

use super::huffman::Code;
use super::{Component, Frame, MAX_SCANS, Transform};

const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOF0: u8 = 0xC0;
const SOF2: u8 = 0xC2;
const DHT: u8 = 0xC4;
const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DRI: u8 = 0xDD;
const APP0: u8 = 0xE0;
const APP14: u8 = 0xEE;
const APP15: u8 = 0xEF;
const COM: u8 = 0xFE;

/// The longest side that decoders agree on.
const MAX_SIDE: usize = 65500;

/// What comes next.
pub(super) enum Next {
    /// A scan, whose data begins where the header now stands.
    Scan(Scan),
    /// The end of the picture.
    End,
}

/// The header of a scan.
pub(super) struct Scan {
    /// Its components and the tables of each.
    pub(super) parts: Vec<Part>,
    /// First place of the zig-zag.
    pub(super) first: usize,
    /// Last place of the zig-zag.
    pub(super) last: usize,
    /// The bits that passes before this one left out; 0 for the first.
    pub(super) high: u32,
    /// The bits that this pass leaves out.
    pub(super) low: u32,
}

/// A component of a scan.
pub(super) struct Part {
    /// Which component of the frame.
    pub(super) component: usize,
    /// Which table the means are coded by.
    pub(super) dc: usize,
    /// Which table the other coefficients are coded by.
    pub(super) ac: usize,
}

/// What a frame header says of a component beside its size.
struct Declared {
    id: u8,
    quantisation: usize,
}

/// Goes from one scan to the next and knows the tables that hold there.
pub(super) struct Header<'a> {
    bytes: &'a [u8],
    at: usize,
    quantisation: [Option<[u16; 64]>; 4],
    dc: [Option<Code>; 4],
    ac: [Option<Code>; 4],
    /// MCUs between restart markers; 0 for none.
    restart: usize,
    frame: Option<Frame>,
    declared: Vec<Declared>,
    /// What Adobe's segment says of the components.
    adobe: Option<u8>,
    scans: usize,
}

impl<'a> Header<'a> {
    /// `None` unless the bytes begin with SOI.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        bytes.starts_with(&[0xFF, SOI]).then(|| Self {
            bytes,
            at: 2,
            quantisation: [None; 4],
            dc: Default::default(),
            ac: Default::default(),
            restart: 0,
            frame: None,
            declared: Vec::new(),
            adobe: None,
            scans: 0,
        })
    }

    /// The whole file.
    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where it has come to.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// Goes on behind the data of a scan.
    pub(super) const fn resume(&mut self, at: usize) {
        self.at = at;
    }

    /// Goes on behind the data of a scan that is not read, at the marker that ends it.
    pub(super) fn pass_over(&mut self) -> Option<()> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let found = memchr(0xFF, rest)?;
            self.at += found;
            match rest.get(found + 1)? {
                // Stuffing and restarts.
                0 | 0xD0..=0xD7 => self.at += 2,
                _ => return Some(()),
            }
        }
    }

    /// MCUs between restart markers; 0 for none.
    pub(super) const fn restart(&self) -> usize {
        self.restart
    }

    /// The frame, once a scan has come.
    pub(super) fn frame(&self) -> Option<Frame> {
        self.frame.clone()
    }

    /// The code of the means at this place.
    pub(super) fn dc(&self, place: usize) -> Option<&Code> {
        self.dc.get(place)?.as_ref()
    }

    /// The code of the other coefficients at this place.
    pub(super) fn ac(&self, place: usize) -> Option<&Code> {
        self.ac.get(place)?.as_ref()
    }

    /// The quantisation of a component, in zig-zag order.
    pub(super) fn quantisation(&self, component: usize) -> Option<&[u16; 64]> {
        self.quantisation.get(self.declared.get(component)?.quantisation)?.as_ref()
    }

    /// To the next scan or the end; `None` at whatever is not as usual.
    pub(super) fn next(&mut self) -> Option<Next> {
        loop {
            let marker = self.marker()?;
            if marker == EOI {
                return Some(Next::End);
            }
            let rest = self.bytes.get(self.at..)?;
            let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
            let body = rest.get(2..length)?;
            self.at += length;
            match marker {
                SOF0..=SOF2 => self.set_frame(marker, body)?,
                DHT => self.set_codes(body)?,
                DQT => self.set_quantisation(body)?,
                DRI => self.restart = usize::from(u16::from_be_bytes(body.try_into().ok()?)),
                SOS => return self.scan(body).map(Next::Scan),
                // Frames of a film may leave out their tables.
                APP0 if body.starts_with(b"AVI1") => return None,
                // Adobe says what the components mean: 1 is luma and chroma. Behind the frame it would
                // come too late for some.
                APP14 if body.starts_with(b"Adobe") => {
                    if self.frame.is_some() || *body.get(11)? > 1 {
                        return None;
                    }
                    self.adobe = Some(*body.get(11)?);
                }
                APP0..=APP15 | COM => {}
                _ => return None,
            }
        }
    }

    /// The marker that stands here, behind any number of fill bytes.
    fn marker(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        let fill = rest.iter().position(|byte| *byte != 0xFF)?;
        self.at += fill + 1;
        (fill > 0).then_some(rest[fill])
    }
}

/// What the segments say.
impl Header<'_> {
    fn set_quantisation(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((place, rest)) = body.split_first() {
            let values: [u16; 64];
            (values, body) = match place >> 4 {
                0 => {
                    let (values, rest) = rest.split_first_chunk::<64>()?;
                    (values.map(u16::from), rest)
                }
                1 => {
                    let (values, rest) = rest.split_first_chunk::<128>()?;
                    let value =
                        |at: usize| u16::from_be_bytes([values[2 * at], values[2 * at + 1]]);
                    (std::array::from_fn(value), rest)
                }
                _ => return None,
            };
            let place = usize::from(place & 15);
            let is_used = self.declared.iter().any(|declared| declared.quantisation == place);
            let table = self.quantisation.get_mut(place)?;
            // What holds for which scan, once there was one, is not agreed on.
            if self.scans > 0 && is_used && *table != Some(values) {
                return None;
            }
            *table = Some(values);
        }
        Some(())
    }

    fn set_codes(&mut self, mut body: &[u8]) -> Option<()> {
        while let Some((place, rest)) = body.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let total = counts.iter().copied().map(usize::from).sum();
            let (symbols, rest) = rest.split_at_checked(total)?;
            let codes = match place >> 4 {
                0 => &mut self.dc,
                1 => &mut self.ac,
                _ => return None,
            };
            // The mean has no run before it.
            if place >> 4 == 0 && symbols.iter().any(|symbol| *symbol > 15) {
                return None;
            }
            *codes.get_mut(usize::from(place & 15))? = Some(Code::new(counts, symbols)?);
            body = rest;
        }
        Some(())
    }

    fn set_frame(&mut self, marker: u8, body: &[u8]) -> Option<()> {
        let (&[precision, h1, h0, w1, w0, count], declared) = body.split_first_chunk()?;
        let height = usize::from(u16::from_be_bytes([h1, h0]));
        let width = usize::from(u16::from_be_bytes([w1, w0]));
        let (declared, []) = declared.as_chunks::<3>() else {
            return None;
        };
        let sides = 1..=MAX_SIDE;
        if self.frame.is_some()
            || precision != 8
            || !sides.contains(&width)
            || !sides.contains(&height)
            || declared.len() != usize::from(count)
        {
            return None;
        }
        let ids: Vec<u8> = declared.iter().map(|[id, ..]| *id).collect();
        let transform = match (ids.as_slice(), self.adobe) {
            ([_], _) => Transform::Grey,
            ([b'R', b'G', b'B'], _) | (_, Some(0)) => return None,
            ([y, cb, cr], _) if y != cb && cb != cr && cr != y => Transform::YCbCr,
            _ => return None,
        };
        let known = |factors: &u8| matches!(factors, 0x11 | 0x12 | 0x21 | 0x22);
        if !declared.iter().all(|[_, factors, _]| known(factors)) {
            return None;
        }
        let factors: Vec<(usize, usize)> = match transform {
            // There is nothing to compare those of a single component with.
            Transform::Grey => vec![(1, 1)],
            Transform::YCbCr => {
                let factors = declared.iter().map(|[_, factors, _]| (factors >> 4, factors & 15));
                factors.map(|(h, v)| (h.into(), v.into())).collect()
            }
        };
        let [most @ (h_most, v_most), chroma @ ..] = factors.as_slice() else {
            return None;
        };
        let goes = |luma, chroma| matches!((luma, chroma), (1, 1) | (2, 1 | 2));
        let alike = chroma.iter().all(|factors| *factors == chroma[0]);
        if !alike || chroma.iter().any(|(h, v)| !goes(*h_most, *h) || !goes(*v_most, *v)) {
            return None;
        }
        let components = factors.iter().map(|&(h, v)| Component {
            h,
            v,
            blocks_across: (width * h).div_ceil(8 * most.0),
            blocks_down: (height * v).div_ceil(8 * most.1),
        });
        let declared = declared.iter().map(|[id, _, quantisation]| Declared {
            id: *id,
            quantisation: usize::from(*quantisation),
        });
        self.declared = declared.collect();
        self.frame = Some(Frame {
            width,
            height,
            components: components.collect(),
            transform,
            progressive: marker == SOF2,
        });
        Some(())
    }

    fn scan(&mut self, body: &[u8]) -> Option<Scan> {
        self.scans += 1;
        let (count, rest) = body.split_first()?;
        let (parts, &[first, last, passes]) = rest.split_last_chunk::<3>()?;
        let (parts, []) = parts.as_chunks::<2>() else {
            return None;
        };
        let sizes = 1..=self.declared.len();
        if self.scans > MAX_SCANS
            || parts.len() != usize::from(*count)
            || !sizes.contains(&parts.len())
            || first > last
            || last > 63
        {
            return None;
        }
        let parts: Vec<Part> = parts
            .iter()
            .map(|[id, tables]| {
                let component = self.declared.iter().position(|declared| declared.id == *id)?;
                let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
                Some(Part { component, dc, ac })
            })
            .collect::<Option<_>>()?;
        // In the order of the frame, none twice (T.81, B.2.3).
        if !parts.is_sorted_by(|one, other| one.component < other.component) {
            return None;
        }
        let (first, last) = (usize::from(first), usize::from(last));
        Some(Scan { parts, first, last, high: (passes >> 4).into(), low: (passes & 15).into() })
    }
}
