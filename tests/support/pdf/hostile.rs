//! Files made to crash, hang or fill memory. They are small; what is in them is not.

#[path = "hostile_pages.rs"]
mod pages;
#[path = "hostile_pictures.rs"]
mod pictures;
#[path = "hostile_structure.rs"]
mod structure;

use super::scan::Scan;
use super::{Layout, Xref};

/// A file that is made when it is wanted.
pub struct Bomb {
    /// What it does.
    pub name: &'static str,
    /// The reasons of which one is expected; empty where any answer is right.
    pub codes: &'static [&'static str],
    /// Its bytes.
    pub make: fn() -> Vec<u8>,
}

impl Bomb {
    const fn new(
        name: &'static str,
        codes: &'static [&'static str],
        make: fn() -> Vec<u8>,
    ) -> Self {
        Self { name, codes, make }
    }

    /// Harmless if read with care: all that is asked for is an answer.
    const fn odd(name: &'static str, make: fn() -> Vec<u8>) -> Self {
        Self { name, codes: &[], make }
    }
}

/// Too much for anybody, or broken, or passed over so that the page shows nothing.
const COMPLEX: &[&str] = &["PDF_TOO_COMPLEX", "FILE_CORRUPT", "FILE_UNPROCESSABLE", "PAGE_BLANK"];
/// The same, where it can also be seen by counting pages.
const MANY: &[&str] = &["PDF_TOO_COMPLEX", "FILE_CORRUPT", "FILE_UNPROCESSABLE", "TOO_MANY_PAGES"];
/// The same, where it can also be seen by counting pixels.
const LARGE: &[&str] =
    &["PDF_TOO_COMPLEX", "FILE_CORRUPT", "FILE_UNPROCESSABLE", "TOO_MANY_PIXELS", "PAGE_BLANK"];
/// What breaks off or points nowhere, so that readers show an empty page where they show one.
const BROKEN: &[&str] =
    &["FILE_CORRUPT", "FILE_TRUNCATED", "FILE_UNPROCESSABLE", "PDF_TOO_COMPLEX", "PAGE_BLANK"];

/// All of them.
pub fn bombs() -> Vec<Bomb> {
    let mut bombs = structure::bombs();
    bombs.extend(pages::bombs());
    bombs.extend(pictures::bombs());
    bombs
}

const TABLE: Layout =
    Layout { xref: Xref::Table, encryption: None, before: Vec::new(), after: Vec::new() };
const PACKED: Layout =
    Layout { xref: Xref::Packed, encryption: None, before: Vec::new(), after: Vec::new() };

/// A good scan with something done to it.
fn scan(change: impl FnOnce(&mut Scan)) -> Vec<u8> {
    let mut scan = Scan::good();
    change(&mut scan);
    scan.write(&TABLE)
}

/// The same, packed.
fn packed_scan(change: impl FnOnce(&mut Scan)) -> Vec<u8> {
    let mut scan = Scan::good();
    change(&mut scan);
    scan.write(&PACKED)
}

/// A page of a certain content, and the objects that it names.
fn page(content: &str, resources: impl FnOnce(&mut Scan) -> String) -> Vec<u8> {
    let mut scan = Scan::empty();
    let resources = resources(&mut scan);
    scan.page_with(content, &resources, [400.0, 300.0]);
    scan.write(&TABLE)
}

/// One byte so many million times (binary), in Zlib's form: a block that is repeated, so that a
/// gigabyte takes no time to make.
fn repeated(byte: u8, megabytes: u32) -> Vec<u8> {
    const BLOCK: usize = 1 << 20;
    let mut block = Vec::new();
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    let (input, mut at) = (vec![byte; BLOCK], 0);
    let mut out = vec![0; 1 << 16];
    loop {
        let (before_in, before_out) = (deflate.total_in(), deflate.total_out());
        deflate
            .compress(&input[at..], &mut out, flate2::FlushCompress::Full)
            .expect("deflating to memory");
        at += (deflate.total_in() - before_in) as usize;
        let written = (deflate.total_out() - before_out) as usize;
        block.extend(&out[..written]);
        if at == BLOCK && written < out.len() {
            break;
        }
    }
    let mut stream = vec![0x78, 0xDA];
    for _ in 0..megabytes {
        stream.extend(&block);
    }
    // An empty last block, and the sum.
    stream.extend([0x03, 0x00]);
    let (count, value, prime) = (u64::from(megabytes) << 20, u64::from(byte), 65_521);
    let low = (1 + count % prime * value) % prime;
    let pairs = u128::from(count) * u128::from(count + 1) / 2 % u128::from(prime);
    let high = (count + pairs as u64 * value) % prime;
    stream.extend((((high % prime) << 16 | low) as u32).to_be_bytes());
    stream
}
