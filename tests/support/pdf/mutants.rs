//! Ways to break a PDF: in its bytes, and in its objects before they are written, so that the places
//! are right and only what stands there is wrong.

use super::active::FEATURES;
use super::crypt::{Encryption, Method};
use super::image::Image;
use super::scan::{GOOD, PPI, Scan};
use super::{Layout, Object, Pdf, Xref, deflated, signed, updated};
use crate::support::draw::Lcg;
use crate::support::read;

/// A file to be broken.
pub enum Seed {
    /// As it is.
    Bytes(Vec<u8>),
    /// In its objects, too.
    Objects(Pdf),
}

/// Files of other programs that differ most.
const FILES: &[&str] = &[
    "cairo-digital-drawing",
    "cairo-g4",
    "ghostscript-digital-text",
    "ghostscript-scan-lzw",
    "img2pdf-dct-four-inks",
    "img2pdf-jpx",
    "img2pdf-png-palette",
    "img2pdf-three-pages",
    "pikepdf-device-n",
    "pikepdf-g3",
    "pikepdf-icc-four-inks",
    "pikepdf-indexed-4",
    "pikepdf-inline-image",
    "pikepdf-jbig2",
    "pikepdf-jpx-grey",
    "pikepdf-lab",
    "pikepdf-layers",
    "pikepdf-lzw",
    "pikepdf-run-length",
    "pikepdf-soft-mask",
    "qpdf-linearised",
    "qpdf-no-printing-aes",
    "qpdf-object-streams",
    "reportlab-forms-in-forms",
    "reportlab-text-layer",
];

/// All seeds with their names.
pub fn seeds() -> Vec<(String, Seed)> {
    let mut seeds: Vec<(String, Seed)> = FILES
        .iter()
        .map(|name| ((*name).to_owned(), Seed::Bytes(read(&format!("testdata/pdf/{name}.pdf")))))
        .collect();
    let mut own = |name: &str, seed| seeds.push((name.to_owned(), seed));
    let whole = Scan::good().finish();
    let table = whole.write(&Layout::default());
    let revised = updated(&table, &[(whole.root, whole.objects[&whole.root].clone())], whole.root);
    own("revised", Seed::Bytes(revised));
    own("signed", Seed::Bytes(signed::signed().file));
    own("hybrid", Seed::Bytes(whole.write(&Layout::of(Xref::Hybrid))));
    own("scan", Seed::Objects(whole));
    own("several pages", Seed::Objects(several()));
    own("drawing", Seed::Objects(drawing()));
    for part in 0..3 {
        let mut scan = Scan::good();
        // Some set the same entry of the catalogue, which is a fault of its own.
        FEATURES.iter().skip(part).step_by(3).for_each(|feature| (feature.add)(&mut scan));
        own(&format!("active {part}"), Seed::Objects(scan.finish()));
    }
    seeds
}

/// Pages of several kinds.
fn several() -> Pdf {
    let mut scan = Scan::good();
    let rgb = image::load_from_memory(&GOOD.data).expect("a picture").into_rgb8();
    let small = image::imageops::thumbnail(&rgb, 84, 56);
    scan.page(&Image::rgb(&small), PPI);
    let indexed =
        "/ColorSpace [/Indexed /DeviceRGB 3 <000000FF0000FFFFFF0000FF>] /BitsPerComponent 2";
    scan.page(&Image::raw(64, 32, indexed, vec![0x1B; 512]), PPI);
    let tint = scan.pdf.add("<< /FunctionType 2 /Domain [0 1] /C0 [1 1 1] /C1 [0 0 0] /N 1 >>");
    let ink = format!(
        "/ColorSpace [/Separation /Ink /DeviceRGB {tint} 0 R] /BitsPerComponent 8 /Decode [1 0]"
    );
    let masked = Image::raw(32, 32, &format!("{ink} /Mask [0 9]"), vec![0x70; 1024]);
    scan.page(&masked, PPI);
    let fax = "/ImageMask true /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 64 /Rows 64 >>";
    scan.page(&Image::raw(64, 64, fax, vec![0x26; 64]), PPI);
    scan.pages[1].more.push_str(" /Rotate 90 /UserUnit 2 /CropBox [10 10 300 200]");
    scan.finish()
}

/// A page of everything that a page can draw.
fn drawing() -> Pdf {
    let mut scan = Scan::empty();
    let pdf = &mut scan.pdf;
    let font = pdf
        .add("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
    let glyph = pdf.stream("", *b"500 0 0 0 400 400 d1 0 0 400 400 re f");
    let own = pdf.add(format!(
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 500] /FontMatrix [0.002 0 0 0.002 0 0] /CharProcs << /a {glyph} 0 R >> /Encoding << /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [500] /Resources << >> >>"
    ));
    let linear = pdf.add("<< /FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1.5 >>");
    let stitched = pdf.add(format!(
        "<< /FunctionType 3 /Domain [0 1] /Functions [{linear} 0 R {linear} 0 R] /Bounds [0.4] /Encode [0 1 1 0] >>"
    ));
    let program = pdf.stream(
        "/FunctionType 4 /Domain [0 1 0 1] /Range [0 1 0 1 0 1]",
        *b"{ 2 copy add 2 div 3 1 roll dup 0.5 gt { pop 1 } { 2 mul } ifelse exch }",
    );
    let samples = pdf.stream(
        "/FunctionType 0 /Domain [0 1] /Range [0 1 0 1 0 1] /Size [4] /BitsPerSample 8",
        *b"abcdefghijkl",
    );
    let axial = pdf.add(format!(
        "<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 200 200] /Function {stitched} 0 R /Extend [true false] >>"
    ));
    let radial = pdf.add(format!(
        "<< /ShadingType 3 /ColorSpace /DeviceRGB /Coords [100 100 5 120 120 90] /Function {samples} 0 R >>"
    ));
    let plane = pdf.add(format!(
        "<< /ShadingType 1 /ColorSpace /DeviceRGB /Matrix [90 0 0 90 9 9] /Function {program} 0 R >>"
    ));
    let mesh = pdf.stream(
        "/ShadingType 4 /ColorSpace /DeviceRGB /BitsPerCoordinate 8 /BitsPerComponent 8 /BitsPerFlag 8 /Decode [0 200 0 200 0 1 0 1 0 1]",
        *b"\0\x10\x10\xFF\0\0\0\xF0\x10\0\xFF\0\0\x80\xF0\0\0\xFF\x01\xF0\xF0\x80\x80\0",
    );
    let tile = pdf.stream(
        "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 10 /YStep 12 /Resources << >>",
        *b"1 0 0 rg 1 1 6 6 re f",
    );
    let shine = pdf.add(format!(
        "<< /Type /Pattern /PatternType 2 /Shading {axial} 0 R /Matrix [1 0 0 1 5 5] >>"
    ));
    let group = pdf.stream(
        "/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Matrix [1 0 0 1 3 3] /Group << /S /Transparency /CS /DeviceGray /I true >> /Resources << >>",
        *b"0.5 g 20 20 90 90 re f",
    );
    let state = pdf.add(format!(
        "<< /Type /ExtGState /ca 0.5 /CA 0.7 /BM /Multiply /LW 3 /D [[3 1] 0] /SMask << /S /Luminosity /G {group} 0 R >> >>"
    ));
    let profile = pdf.stream("/N 3 /Alternate /DeviceRGB", *b"no profile at all");
    let picture = pdf.stream(
        format!("/Type /XObject /Subtype /Image /Width 4 /Height 4 /ColorSpace [/ICCBased {profile} 0 R] /BitsPerComponent 8"),
        [90; 48],
    );
    let resources = format!(
        "/Font << /F {font} 0 R /O {own} 0 R >> /Shading << /A {axial} 0 R /R {radial} 0 R /P {plane} 0 R /M {mesh} 0 R >> /Pattern << /T {tile} 0 R /S {shine} 0 R >> /XObject << /G {group} 0 R /I {picture} 0 R >> /ExtGState << /E {state} 0 R >> /ColorSpace << /L [/Lab << /WhitePoint [0.96 1 0.82] /Range [-100 100 -100 100] >>] /C [/CalRGB << /WhitePoint [0.95 1 1.09] /Gamma [2.2 2.2 2.2] >>] >>"
    );
    let content = "q 0.9 0 0.1 0.8 4 5 cm /A sh Q q 1 0 0 1 50 50 cm /R sh /P sh /M sh Q\n\
        BT /F 12 Tf 14 TL 20 180 Td (text) Tj T* [(a) -120 (b)] TJ 1 Tr (c) ' /O 20 Tf (aaa) Tj ET\n\
        /Pattern cs /T scn 10 10 80 80 re f /S scn 90 90 m 150 90 180 120 150 150 c h B*\n\
        /E gs /G Do q 60 0 0 60 100 20 cm /I Do Q [4 2] 1 d 2 J 1 j 7 M 5 w 0 0 m 200 200 l S\n\
        /L cs 50 20 -30 sc 5 5 9 9 re f /C CS 0.1 0.2 0.3 SC 30 30 9 9 re s 0.1 0.2 0.3 0.4 k\n\
        q 30 0 0 30 150 150 cm BI /W 4 /H 4 /BPC 1 /IM true /D [1 0] ID abcd EI Q\n\
        /Span << /MCID 0 /ActualText (x) >> BDC EMC q 10 10 50 50 re W* n 0 g 0 0 99 99 re f Q\n";
    let number = scan.pdf.stream("", content.as_bytes());
    scan.page_on(number, &resources, [200.0, 200.0]);
    scan.finish()
}

/// One mutant of a seed. The same number gives the same mutant.
pub fn mutant(seed: &Seed, number: u64) -> Vec<u8> {
    let mut lcg = Lcg::new(number);
    let times = 1 + lcg.below(4);
    match seed {
        Seed::Objects(pdf) if lcg.below(3) > 0 => {
            let mut pdf = pdf.clone();
            (0..times).for_each(|_| break_object(&mut lcg, &mut pdf));
            pdf.write(&layout(&mut lcg))
        }
        Seed::Objects(pdf) => broken(&mut lcg, pdf.write(&Layout::default()), times),
        Seed::Bytes(bytes) => broken(&mut lcg, bytes.clone(), times),
    }
}

fn layout(lcg: &mut Lcg) -> Layout {
    match lcg.below(6) {
        0 => Layout::of(Xref::Packed),
        1 => Layout::of(Xref::Stream),
        2 => Layout::encrypted(Xref::Table, Encryption::open(Method::Rc4Long)),
        3 => Layout::encrypted(Xref::Packed, Encryption::open(Method::Aes128)),
        _ => Layout::default(),
    }
}

fn broken(lcg: &mut Lcg, mut bytes: Vec<u8>, times: usize) -> Vec<u8> {
    for _ in 0..times {
        if !bytes.is_empty() {
            break_bytes(lcg, &mut bytes);
        }
    }
    bytes
}

/// Numbers that readers do not expect.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "2",
    "255",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "1e38",
    "0.000001",
    "99999999999999999999",
    "-0",
    "3.4028235e38",
    "18446744073709551615",
];

/// Names that mean something elsewhere.
const NAMES: &[&str] = &[
    "Kids",
    "Parent",
    "Pages",
    "Page",
    "Length",
    "Filter",
    "FlateDecode",
    "DCTDecode",
    "JPXDecode",
    "JBIG2Decode",
    "CCITTFaxDecode",
    "LZWDecode",
    "ASCII85Decode",
    "Crypt",
    "DecodeParms",
    "Indexed",
    "ICCBased",
    "DeviceN",
    "DeviceCMYK",
    "Lab",
    "Pattern",
    "SMask",
    "Mask",
    "ImageMask",
    "Form",
    "Image",
    "XObject",
    "Resources",
    "Contents",
    "MediaBox",
    "Rotate",
    "UserUnit",
    "Width",
    "Height",
    "BitsPerComponent",
    "Prev",
    "Root",
    "Size",
    "W",
    "Index",
    "ObjStm",
    "XRef",
    "Encrypt",
    "JS",
    "AA",
];

/// One change in the bytes of a file.
fn break_bytes(lcg: &mut Lcg, bytes: &mut Vec<u8>) {
    let length = bytes.len();
    let at = lcg.below(length);
    let run = 1 + lcg.below(200.min(length - at));
    match lcg.below(12) {
        0 => {
            for _ in 0..=lcg.below(8) {
                let bit = lcg.below(8 * length);
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
        1 => bytes.truncate(at),
        2 => {
            bytes.drain(at..at + run);
        }
        3 => {
            let copy = bytes[at..at + run].to_vec();
            let to = lcg.below(length);
            bytes.splice(to..to, copy);
        }
        4 => {
            let other = lcg.below(length - run + 1);
            for offset in 0..run {
                bytes.swap(at + offset, other + offset);
            }
        }
        5 => bytes[at..at + run].fill([0x00, 0xFF, b' ', b'['][lcg.below(4)]),
        6 => edit(lcg, bytes, &[b"/Length "], NUMBERS),
        7 => {
            edit(lcg, bytes, &[b"/W [", b"/Index [", b"/Size ", b"/Prev ", b"startxref\n"], NUMBERS)
        }
        8 => edit(lcg, bytes, &[b"/"], NAMES),
        9 => {
            let number = lcg.below(20).to_string();
            edit(lcg, bytes, &[b"[", b" "], &[&number]);
        }
        _ => edit(lcg, bytes, &[b" ", b"[", b"\n"], NUMBERS),
    }
}

/// Writes something else behind one of the places where one of the marks stands.
fn edit(lcg: &mut Lcg, bytes: &mut Vec<u8>, marks: &[&[u8]], instead: &[&str]) {
    let mark = marks[lcg.below(marks.len())];
    let found: Vec<usize> = memchr::memmem::find_iter(bytes, mark).collect();
    if found.is_empty() {
        return;
    }
    let start = found[lcg.below(found.len())] + mark.len();
    let rest = &bytes[start..];
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.');
    let end = start + end.unwrap_or(rest.len());
    bytes.splice(start..end, instead[lcg.below(instead.len())].bytes());
}

/// One change in one object.
fn break_object(lcg: &mut Lcg, pdf: &mut Pdf) {
    let numbers: Vec<u32> = pdf.objects.keys().copied().collect();
    let pick = |lcg: &mut Lcg| numbers[lcg.below(numbers.len())];
    let (number, other) = (pick(lcg), pick(lcg));
    match lcg.below(14) {
        0 => drop(pdf.objects.remove(&number)),
        1 => {
            if let Some(object) = pdf.objects.get(&other).cloned() {
                pdf.objects.insert(number, object);
            }
        }
        2 => pdf.set(number, format!("{other} 0 R")),
        3 => {
            let deep = 1 + lcg.below(3000);
            pdf.set(number, format!("{}{other} 0 R{}", "[".repeat(deep), "]".repeat(deep)));
        }
        _ => {
            let Some(object) = pdf.objects.get_mut(&number) else {
                return;
            };
            break_text(lcg, object, other);
        }
    }
}

fn break_text(lcg: &mut Lcg, object: &mut Object, other: u32) {
    if let (Some(data), true) = (&mut object.data, lcg.below(2) == 0) {
        match lcg.below(6) {
            0 => *data = deflated(data),
            1 => edit(lcg, data, &[b" "], NUMBERS),
            _ if !data.is_empty() => break_bytes(lcg, data),
            _ => {}
        }
        return;
    }
    let mut text = std::mem::take(&mut object.text).into_bytes();
    match lcg.below(6) {
        0 => edit(lcg, &mut text, &[b"/"], NAMES),
        1 => {
            edit(lcg, &mut text, &[b" ", b"["], &[&format!("{other} 0 R"), "<< >>", "[ ]", "null"])
        }
        2 => break_bytes(lcg, &mut text),
        _ => edit(lcg, &mut text, &[b" ", b"["], NUMBERS),
    }
    object.text = String::from_utf8_lossy(&text).into_owned();
}
