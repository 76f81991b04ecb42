//! Writes TIFFs that no ordinary encoder writes.

/// One page: its tags and its strips or tiles.
pub(crate) struct Page {
    /// Tag, kind (3 = short, 4 = long, 7 = bytes) and values.
    pub(crate) tags: Vec<(u16, u16, Vec<u64>)>,
    /// Strips, or tiles if there is a tile width.
    pub(crate) chunks: Vec<Vec<u8>>,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) little_endian: bool,
    pub(crate) big: bool,
}

pub(crate) const PLAIN: Form = Form { little_endian: true, big: false };

impl Form {
    fn number(self, value: u64, size: usize) -> Vec<u8> {
        match self.little_endian {
            true => value.to_le_bytes()[..size].to_vec(),
            false => value.to_be_bytes()[8 - size..].to_vec(),
        }
    }

    const fn wide(self) -> usize {
        if self.big { 8 } else { 4 }
    }

    /// A whole file.
    pub(crate) fn write(self, pages: Vec<Page>) -> Vec<u8> {
        let mut bytes = if self.little_endian { b"II".to_vec() } else { b"MM".to_vec() };
        bytes.extend(self.number(if self.big { 43 } else { 42 }, 2));
        if self.big {
            bytes.extend([self.number(8, 2), self.number(0, 2)].concat());
        }
        let mut pointer = bytes.len();
        bytes.extend(vec![0; self.wide()]);
        for page in pages {
            let directory = self.page(&mut bytes, page);
            bytes.splice(pointer..pointer + self.wide(), self.number(directory, self.wide()));
            pointer = bytes.len();
            bytes.extend(vec![0; self.wide()]);
        }
        bytes
    }

    /// Appends a page up to the pointer to the next one; returns where its directory lies.
    fn page(self, bytes: &mut Vec<u8>, page: Page) -> u64 {
        let mut tags = page.tags;
        let tiled = tags.iter().any(|(tag, ..)| *tag == 322);
        let (offsets, lengths) = if tiled { (324, 325) } else { (273, 279) };
        let mut starts = Vec::new();
        for chunk in &page.chunks {
            starts.push(bytes.len() as u64);
            bytes.extend(chunk);
        }
        tags.push((offsets, 4, starts));
        tags.push((lengths, 4, page.chunks.iter().map(|chunk| chunk.len() as u64).collect()));
        tags.sort();
        let values: Vec<_> = tags
            .iter()
            .map(|(_, kind, values)| {
                let each = match kind {
                    3 => 2,
                    4 => 4,
                    _ => 1,
                };
                let packed = values.iter().flat_map(|value| self.number(*value, each));
                let mut packed: Vec<u8> = packed.collect();
                if packed.len() > self.wide() {
                    let at = bytes.len() as u64;
                    bytes.append(&mut packed);
                    packed = self.number(at, self.wide());
                }
                packed.resize(self.wide(), 0);
                packed
            })
            .collect();
        let directory = bytes.len() as u64;
        bytes.extend(self.number(tags.len() as u64, if self.big { 8 } else { 2 }));
        for ((tag, kind, list), value) in tags.iter().zip(values) {
            bytes.extend(
                [self.number(u64::from(*tag), 2), self.number(u64::from(*kind), 2)].concat(),
            );
            bytes.extend(self.number(list.len() as u64, self.wide()));
            bytes.extend(value);
        }
        directory
    }
}

/// A picture to be stored: samples of `bits` bits, `channels` a pixel.
pub(crate) struct Picture<'a> {
    pub(crate) size: (usize, usize),
    pub(crate) bits: usize,
    pub(crate) channels: usize,
    /// The sample at x, y of a channel.
    pub(crate) sample: &'a dyn Fn(usize, usize, usize) -> u64,
}

impl Picture<'_> {
    /// The tags that every page has.
    pub(crate) fn tags(&self, photometric: u64, compression: u64) -> Vec<(u16, u16, Vec<u64>)> {
        vec![
            (256, 4, vec![self.size.0 as u64]),
            (257, 4, vec![self.size.1 as u64]),
            (258, 3, vec![self.bits as u64; self.channels]),
            (259, 3, vec![compression]),
            (262, 3, vec![photometric]),
            (277, 3, vec![self.channels as u64]),
        ]
    }

    /// The samples of a box, packed; what lies outside of the picture is 0.
    pub(crate) fn packed(
        &self,
        form: Form,
        (left, top): (usize, usize),
        (width, height): (usize, usize),
        channels: std::ops::Range<usize>,
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        for y in top..top + height {
            let (mut buffer, mut filled) = (0u64, 0);
            for x in left..left + width {
                for channel in channels.clone() {
                    let inside = x < self.size.0 && y < self.size.1;
                    let value = if inside { (self.sample)(x, y, channel) } else { 0 };
                    if self.bits == 16 {
                        bytes.extend(form.number(value, 2));
                        continue;
                    }
                    buffer = buffer << self.bits | value;
                    filled += self.bits;
                    if filled == 8 {
                        bytes.push(buffer as u8);
                        (buffer, filled) = (0, 0);
                    }
                }
            }
            if filled > 0 {
                bytes.push((buffer << (8 - filled)) as u8);
            }
        }
        bytes
    }

    /// Strips of `rows` rows.
    pub(crate) fn strips(&self, form: Form, rows: usize) -> Vec<Vec<u8>> {
        (0..self.size.1)
            .step_by(rows)
            .map(|top| {
                let rows = rows.min(self.size.1 - top);
                self.packed(form, (0, top), (self.size.0, rows), 0..self.channels)
            })
            .collect()
    }
}
