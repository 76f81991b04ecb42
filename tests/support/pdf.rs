//! PDF files written by hand, so that a test can say where every object, name and byte of them lies.
//!
//! Object numbers count from 1 in the order in which they are added. The same calls give the same bytes.

pub mod active;
mod cipher;
pub mod crypt;
pub mod grown;
pub mod harmless;
pub mod hostile;
pub mod image;
pub mod mutants;
pub mod scan;
pub mod signed;

use std::collections::BTreeMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use self::crypt::{Cipher, Encryption};

/// Objects that one object stream holds.
const PACKED: usize = 64;

/// The first half of the file identifier; the second is the same.
pub const ID: [u8; 16] = *b"a file of a test";

/// One object: its text, and the data where it is a stream.
#[derive(Clone, Debug)]
pub struct Object {
    /// As it stands in the file. For a stream the entries of its dictionary, without the brackets.
    pub text: String,
    /// The data as stored, filters applied.
    pub data: Option<Vec<u8>>,
}

/// How the places of objects are told, and whether they are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Xref {
    /// A table, as since PDF 1.0.
    #[default]
    Table,
    /// A stream, as since PDF 1.5.
    Stream,
    /// A stream, and all that may be is packed into object streams.
    Packed,
    /// A table which does not know the hidden objects, and a stream beside it that says where they
    /// are (ISO 32000-1, 7.5.8.4).
    Hybrid,
}

/// Everything about a file that its objects do not say.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// How the places of objects are told.
    pub xref: Xref,
    /// Encrypted, and how.
    pub encryption: Option<Encryption>,
    /// Bytes before the header. Offsets count from the header.
    pub before: Vec<u8>,
    /// Bytes behind the end mark.
    pub after: Vec<u8>,
}

impl Layout {
    /// Unencrypted, with nothing around.
    pub fn of(xref: Xref) -> Self {
        Self { xref, ..Self::default() }
    }

    /// Encrypted.
    pub fn encrypted(xref: Xref, encryption: Encryption) -> Self {
        Self { xref, encryption: Some(encryption), ..Self::default() }
    }
}

/// The objects of a file.
#[derive(Clone, Debug, Default)]
pub struct Pdf {
    /// By number.
    pub objects: BTreeMap<u32, Object>,
    /// Text of objects that the table calls free; their bytes are in the file all the same.
    pub free: Vec<String>,
    /// Objects that only readers of cross-reference streams are to see, in a hybrid file.
    pub hidden: Vec<u32>,
    /// Entries of the trailer beside those that every file has.
    pub trailer: String,
    /// The number of the catalogue.
    pub root: u32,
    /// The next number.
    next: u32,
}

impl Pdf {
    /// A number without an object.
    pub fn reserve(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Sets what a number stands for.
    pub fn set(&mut self, number: u32, text: impl Into<String>) {
        self.objects.insert(number, Object { text: text.into(), data: None });
    }

    /// Adds an object of any kind but a stream.
    pub fn add(&mut self, text: impl Into<String>) -> u32 {
        let number = self.reserve();
        self.set(number, text);
        number
    }

    /// Adds a stream, with the data as given.
    pub fn stream(&mut self, entries: impl Into<String>, data: impl Into<Vec<u8>>) -> u32 {
        let number = self.reserve();
        self.set_stream(number, entries, data);
        number
    }

    /// Sets the stream that a number stands for.
    pub fn set_stream(
        &mut self,
        number: u32,
        entries: impl Into<String>,
        data: impl Into<Vec<u8>>,
    ) {
        self.objects.insert(number, Object { text: entries.into(), data: Some(data.into()) });
    }

    /// Adds a stream and deflates it.
    pub fn flate(&mut self, entries: &str, data: &[u8]) -> u32 {
        self.stream(format!("{entries} /Filter /FlateDecode"), deflated(data))
    }

    /// Writes names otherwise, which mean the same.
    pub fn respell(&mut self, names: &[&str], spelling: Spelling) {
        for object in self.objects.values_mut() {
            object.text = respelled(&object.text, names, spelling);
        }
    }

    /// The file.
    pub fn write(&self, layout: &Layout) -> Vec<u8> {
        let mut file = File::new(self, layout);
        let mut packed = Vec::new();
        for (&number, object) in &self.objects {
            let packs = match layout.xref {
                Xref::Table | Xref::Stream => false,
                Xref::Packed => object.data.is_none(),
                Xref::Hybrid => self.hidden.contains(&number),
            };
            if packs {
                packed.push((number, object));
            } else {
                file.object(number, object);
            }
        }
        for objects in packed.chunks(PACKED) {
            file.object_stream(objects);
        }
        for text in &self.free {
            let number = file.number();
            file.places.insert(number, Place::Free);
            file.bytes.extend(format!("{number} 0 obj\n{text}\nendobj\n").into_bytes());
        }
        file.end(layout)
    }
}

/// Where an object lies.
#[derive(Clone, Copy)]
enum Place {
    Free,
    At(usize),
    /// In an object stream, at an index.
    In(u32, usize),
}

/// A file that is being written.
struct File<'a> {
    pdf: &'a Pdf,
    bytes: Vec<u8>,
    places: BTreeMap<u32, Place>,
    cipher: Option<Cipher>,
    /// The dictionary that says how it is encrypted, the only one that is not.
    encrypt: Option<u32>,
    next: u32,
}

impl<'a> File<'a> {
    fn new(pdf: &'a Pdf, layout: &Layout) -> Self {
        let version = match &layout.encryption {
            Some(encryption) if encryption.method.is_of_pdf_2() => "2.0",
            _ => "1.7",
        };
        let mut bytes = format!("%PDF-{version}\n%").into_bytes();
        bytes.extend([0xE2, 0xE3, 0xCF, 0xD3, b'\n']);
        let places = BTreeMap::from([(0, Place::Free)]);
        let mut file = Self { pdf, bytes, places, cipher: None, encrypt: None, next: pdf.next };
        if let Some(encryption) = &layout.encryption {
            let (cipher, dictionary) = encryption.start(&ID);
            let number = file.number();
            file.object(number, &Object { text: dictionary, data: None });
            (file.cipher, file.encrypt) = (Some(cipher), Some(number));
        }
        file
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn object(&mut self, number: u32, object: &Object) {
        self.places.insert(number, Place::At(self.bytes.len()));
        let object = match &self.cipher {
            Some(cipher) => cipher.object(number, object),
            None => object.clone(),
        };
        self.bytes.extend(body(number, &object));
    }

    fn object_stream(&mut self, objects: &[(u32, &Object)]) {
        let number = self.number();
        let (mut head, mut texts) = (String::new(), String::new());
        for (index, (inner, object)) in objects.iter().enumerate() {
            head.push_str(&format!("{inner} {} ", texts.len()));
            texts.push_str(&object.text);
            texts.push('\n');
            self.places.insert(*inner, Place::In(number, index));
        }
        let entries = format!(
            "/Type /ObjStm /N {} /First {} /Filter /FlateDecode",
            objects.len(),
            head.len()
        );
        let data = deflated(&[head, texts].concat().into_bytes());
        self.object(number, &Object { text: entries, data: Some(data) });
    }

    fn trailer(&self, size: u32) -> String {
        let id = hex(&ID);
        let encrypt =
            self.encrypt.map_or(String::new(), |number| format!(" /Encrypt {number} 0 R"));
        let (root, more) = (self.pdf.root, &self.pdf.trailer);
        format!("/Size {size} /Root {root} 0 R /ID [<{id}> <{id}>]{encrypt} {more}")
    }

    /// A cross-reference stream, which is never encrypted.
    fn xref_stream(&mut self, number: u32, more: &str) {
        self.places.insert(number, Place::At(self.bytes.len()));
        let entries = format!(
            "/Type /XRef {} /W [1 4 2] /Index [0 {}] /Filter /FlateDecode {more}",
            self.trailer(number + 1),
            number + 1,
        );
        let mut rows = Vec::new();
        for at in 0..=number {
            let (kind, place, index) = match self.places.get(&at).unwrap_or(&Place::Free) {
                Place::Free => (0u8, 0, 65_535),
                Place::At(offset) => (1, *offset as u32, 0),
                Place::In(stream, index) => (2, *stream, *index as u16),
            };
            rows.push(kind);
            rows.extend(place.to_be_bytes());
            rows.extend(index.to_be_bytes());
        }
        let object = Object { text: entries, data: Some(deflated(&rows)) };
        self.bytes.extend(body(number, &object));
    }

    fn table(&mut self, size: u32, more: &str) {
        self.bytes.extend(b"xref\n");
        let hidden = |at: u32| matches!(self.places.get(&at), Some(Place::In(..)));
        let listed: Vec<u32> = (0..size).filter(|at| !hidden(*at)).collect();
        let sections = listed.chunk_by(|one, other| one + 1 == *other);
        for section in sections {
            let head = format!("{} {}\n", section[0], section.len());
            self.bytes.extend(head.into_bytes());
            self.rows(section);
        }
        self.bytes.extend(format!("trailer\n<< {}{more} >>\n", self.trailer(size)).into_bytes());
    }

    fn rows(&mut self, section: &[u32]) {
        for at in section {
            let line = match self.places.get(at) {
                Some(Place::At(offset)) => format!("{offset:010} 00000 n\r\n"),
                _ => format!("0000000000 {} f\r\n", if *at == 0 { "65535" } else { "00001" }),
            };
            self.bytes.extend(line.into_bytes());
        }
    }

    fn end(mut self, layout: &Layout) -> Vec<u8> {
        let start = match layout.xref {
            Xref::Table => {
                let start = self.bytes.len();
                self.table(self.next + 1, "");
                start
            }
            Xref::Stream | Xref::Packed => {
                let (number, start) = (self.number(), self.bytes.len());
                self.xref_stream(number, "");
                start
            }
            Xref::Hybrid => {
                let (number, stream) = (self.number(), self.bytes.len());
                self.xref_stream(number, "");
                let start = self.bytes.len();
                self.table(self.next + 1, &format!("/XRefStm {stream}"));
                start
            }
        };
        self.bytes.extend(format!("startxref\n{start}\n%%EOF\n").into_bytes());
        [&layout.before, &self.bytes, &layout.after].into_iter().flatten().copied().collect()
    }
}

/// An object as it stands in a file.
fn body(number: u32, object: &Object) -> Vec<u8> {
    let mut bytes = format!("{number} 0 obj\n").into_bytes();
    match &object.data {
        Some(data) => {
            let length = match object.text.contains("/Length ") {
                true => String::new(),
                false => format!(" /Length {}", data.len()),
            };
            bytes.extend(format!("<< {}{length} >>\nstream\n", object.text).into_bytes());
            bytes.extend(data);
            bytes.extend(b"\nendstream\nendobj\n");
        }
        None => bytes.extend(format!("{}\nendobj\n", object.text).into_bytes()),
    }
    bytes
}

/// A revision appended to an unencrypted file with a table: objects new or in place of old ones.
pub fn updated(file: &[u8], objects: &[(u32, Object)], root: u32) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let places: Vec<(u32, usize)> = objects
        .iter()
        .map(|(number, object)| {
            let at = bytes.len();
            bytes.extend(body(*number, object));
            (*number, at)
        })
        .collect();
    let start = bytes.len();
    let (id, previous) = (hex(&ID), last_xref(file));
    let size = size_of(file).max(places.iter().map(|(number, _)| number + 1).max().unwrap_or(0));
    bytes.extend(b"xref\n0 1\n0000000000 65535 f\r\n");
    for (number, at) in places {
        bytes.extend(format!("{number} 1\n{at:010} 00000 n\r\n").into_bytes());
    }
    let trailer = format!("/Size {size} /Root {root} 0 R /ID [<{id}> <{id}>] /Prev {previous}");
    bytes.extend(format!("trailer\n<< {trailer} >>\nstartxref\n{start}\n%%EOF\n").into_bytes());
    bytes
}

/// Where the last cross-reference section of a file begins, as the file says.
pub fn last_xref(file: &[u8]) -> usize {
    number_after(file, b"startxref\n")
}

fn size_of(file: &[u8]) -> u32 {
    number_after(file, b"/Size ") as u32
}

/// The number behind the last `mark`.
fn number_after(file: &[u8], mark: &[u8]) -> usize {
    let at = memchr::memmem::rfind(file, mark).expect("the file has it") + mark.len();
    let digits = file[at..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| 10 * number + usize::from(digit - b'0'))
}

/// Zlib's form, which FlateDecode reads.
pub fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

/// Digits of a hexadecimal string.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// A way to write the same name (ISO 32000-1, 7.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// As it is.
    Plain,
    /// The first letter as a number, in small digits.
    First,
    /// The second letter.
    Second,
    /// The last letter, in capital digits.
    Last,
    /// Every letter.
    Every,
}

impl Spelling {
    /// A name without its slash.
    pub fn of(self, name: &str) -> String {
        let last = name.len() - 1;
        let letter = |(at, byte): (usize, u8)| match self {
            Self::First if at == 0 => format!("#{byte:02x}"),
            Self::Second if at == 1.min(last) => format!("#{byte:02x}"),
            Self::Last if at == last => format!("#{byte:02X}"),
            Self::Every => format!("#{byte:02X}"),
            _ => char::from(byte).to_string(),
        };
        name.bytes().enumerate().map(letter).collect()
    }
}

fn respelled(text: &str, names: &[&str], spelling: Spelling) -> String {
    let mut written = String::with_capacity(text.len());
    let mut parts = text.split('/');
    written.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        written.push('/');
        match names.contains(&name) {
            true => written.push_str(&spelling.of(name)),
            false => written.push_str(name),
        }
        written.push_str(rest);
    }
    written
}
