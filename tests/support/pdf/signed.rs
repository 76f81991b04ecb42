//! A signature as programs write it: a range of bytes, and a hole for the signature itself.
//!
//! Nobody signed anything: the hole holds zeros. What a change after signing looks like does not hang
//! on who signed.

use super::scan::Scan;
use super::{Layout, Object, Pdf, Xref, updated};

/// Four numbers of fixed width, filled in when all lengths are known.
const RANGE: &str = "[0000000000 0000000000 0000000000 0000000000]";
const HOLE: usize = 256;

/// A signed document, and what is needed to change it.
pub struct Signed {
    /// The file, which the signature covers to its end.
    pub file: Vec<u8>,
    /// Its objects.
    pub pdf: Pdf,
}

/// Signs a good scan when it is made.
pub fn signed() -> Signed {
    let mut scan = Scan::good();
    let hole = "0".repeat(2 * HOLE);
    let value = scan.pdf.add(format!(
        "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange {RANGE} /Contents <{hole}> /M (D:20261125120000Z) >>"
    ));
    let field =
        scan.annotation(&format!("/Subtype /Widget /FT /Sig /T (signature) /F 132 /V {value} 0 R"));
    scan.catalogue = format!("/AcroForm << /Fields [{field} 0 R] /SigFlags 3 >> ");
    let pdf = scan.finish();
    let mut file = pdf.write(&Layout::of(Xref::Table));
    covered(&mut file);
    Signed { file, pdf }
}

/// Signs a finished scan in a revision of its own, as most programs do.
pub fn signed_later() -> Vec<u8> {
    let pdf = Scan::good().finish();
    let whole = pdf.write(&Layout::of(Xref::Table));
    let (value, hole) = (pdf.objects.len() as u32 + 1, "0".repeat(2 * HOLE));
    let object = |text: String| Object { text, data: None };
    let form = format!("/AcroForm << /Fields [{} 0 R] /SigFlags 3 >>", value + 1);
    let catalogue = with(&pdf.objects[&pdf.root].text, &form);
    let objects = [
        (
            value,
            object(format!(
                "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange {RANGE} /Contents <{hole}> >>"
            )),
        ),
        (value + 1, object(format!("<< /FT /Sig /T (signature) /V {value} 0 R >>"))),
        (pdf.root, object(catalogue)),
    ];
    let mut file = updated(&whole, &objects, pdf.root);
    covered(&mut file);
    file
}

/// A revision behind a file that changes nothing that is seen.
pub fn changed(signed: &Signed) -> Vec<u8> {
    let root = signed.pdf.root;
    let text = with(&signed.pdf.objects[&root].text, "/PageMode /UseThumbs");
    updated(&signed.file, &[(root, Object { text, data: None })], root)
}

/// A revision behind a file that shows another picture on its page.
pub fn swapped(signed: &Signed) -> Vec<u8> {
    let (number, image) = signed
        .pdf
        .objects
        .iter()
        .find(|(_, object)| object.text.contains("/Subtype /Image"))
        .expect("a scan has an image");
    let mut data = image.data.clone().expect("an image has data");
    // A comment behind the start is another picture as far as bytes go, and the same to look at.
    data.splice(2..2, *b"\xFF\xFE\0\x04??");
    let object = Object { text: image.text.clone(), data: Some(data) };
    updated(&signed.file, &[(*number, object)], signed.pdf.root)
}

/// A dictionary with one entry more.
fn with(dictionary: &str, entry: &str) -> String {
    let open = dictionary.strip_suffix(">>").expect("a dictionary");
    format!("{open} {entry} >>")
}

/// Fills in the range: all of the file but the hole.
fn covered(file: &mut [u8]) {
    let find = |mark: &[u8]| memchr::memmem::rfind(file, mark).expect("the file has it");
    let range = find(RANGE.as_bytes());
    let hole = find(b"/Contents <0") + b"/Contents ".len();
    let end = hole + 2 * HOLE + 2;
    let text = format!("[{:010} {hole:010} {end:010} {:010}]", 0, file.len() - end);
    file[range..range + RANGE.len()].copy_from_slice(text.as_bytes());
}
