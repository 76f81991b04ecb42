//! Fixtures of the reasons that only a PDF can give.

use std::collections::BTreeMap;

use super::draw;
use super::encode;
use super::pdf::crypt::{Encryption, Method};
use super::pdf::image::Image;
use super::pdf::scan::{PPI, Scan};
use super::pdf::signed::{changed, signed, signed_later};
use super::pdf::{Layout, Xref};

/// Path below `testdata/` → bytes.
pub fn drawn() -> BTreeMap<String, Vec<u8>> {
    let plain = Layout::of(Xref::Table);
    let packed = Layout::of(Xref::Packed);
    let good = || Scan::good().write(&plain);
    let locked = |user_password| {
        Layout::encrypted(Xref::Table, Encryption { method: Method::Aes128, user_password })
    };
    let catalogue = |entries: &str| {
        let mut scan = Scan::good();
        scan.catalogue = entries.to_owned();
        scan
    };
    let of_a_page = Scan::good().pages[0].number;
    let viewed = catalogue(&format!("/OpenAction [{of_a_page} 0 R /Fit]"));
    let script = || catalogue("/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>");
    let files = [
        ("PDF_ENCRYPTED", "fail-with-a-password.pdf", Scan::good().write(&locked("1234"))),
        ("PDF_ENCRYPTED", "pass-without-a-password.pdf", Scan::good().write(&locked(""))),
        ("PDF_ACTIVE_CONTENT", "fail-script-on-opening.pdf", script().write(&plain)),
        ("PDF_ACTIVE_CONTENT", "fail-script-in-an-object-stream.pdf", script().write(&packed)),
        ("PDF_ACTIVE_CONTENT", "pass-opens-at-a-page.pdf", viewed.write(&plain)),
        ("PDF_EMBEDDED_FILE", "fail-attached.pdf", attached().write(&plain)),
        ("PDF_EMBEDDED_FILE", "pass-nothing-attached.pdf", good()),
        ("PDF_XFA", "fail-form-in-xml.pdf", form("/XFA (<xdp/>)", "").write(&plain)),
        ("PDF_XFA", "pass-form-without-xml.pdf", form("", "").write(&plain)),
        ("PDF_FORM_FIELDS", "fail-text-field.pdf", form("", "/FT /Tx /T (name)").write(&plain)),
        ("PDF_FORM_FIELDS", "pass-signature-field.pdf", form("", "/FT /Sig /T (s)").write(&plain)),
        ("PDF_CHANGED_AFTER_SIGNING", "fail-saved-after-signing.pdf", changed(&signed())),
        ("PDF_CHANGED_AFTER_SIGNING", "pass-signed-last.pdf", signed_later()),
        ("PDF_TOO_COMPLEX", "fail-five-filters.pdf", filtered(5).write(&plain)),
        ("PDF_TOO_COMPLEX", "pass-four-filters.pdf", filtered(4).write(&plain)),
        ("PDF_TOO_COMPLEX", "fail-24-forms-each-drawn-twice.pdf", doubled(24).write(&plain)),
        ("PDF_TOO_COMPLEX", "pass-4-forms-each-drawn-twice.pdf", doubled(4).write(&plain)),
        ("PDF_NOT_A_SCAN", "fail-written.pdf", written(false).write(&plain)),
        ("PDF_NOT_A_SCAN", "pass-stamped-scan.pdf", written(true).write(&plain)),
    ];
    let path = |(code, name, bytes)| (format!("reasons/{code}/{name}"), bytes);
    files.into_iter().map(path).collect()
}

fn attached() -> Scan {
    let mut scan = Scan::good();
    let file = scan.pdf.stream("/Type /EmbeddedFile", *b"a letter");
    let named = scan.pdf.add(format!("<< /Type /Filespec /F (a.txt) /EF << /F {file} 0 R >> >>"));
    scan.catalogue = format!("/Names << /EmbeddedFiles << /Names [(a.txt) {named} 0 R] >> >>");
    scan
}

/// A form with an entry of its own and one field.
fn form(entry: &str, field: &str) -> Scan {
    let mut scan = Scan::good();
    let fields = match field {
        "" => String::new(),
        field => format!("{} 0 R", scan.annotation(&format!("/Subtype /Widget {field}"))),
    };
    scan.catalogue = format!("/AcroForm << /Fields [{fields}] {entry} >>");
    scan
}

/// A page whose picture is unpacked by so many filters.
fn filtered(filters: usize) -> Scan {
    let mut image = Image::dct(&encode::jpeg(&draw::leaflet(90, 60), 50));
    for _ in 1..filters {
        image.data = super::pdf::hex(&image.data).into_bytes();
        image.data.push(b'>');
    }
    // Hexadecimal digits double what they hold, so that a small picture serves.
    let names = "/ASCIIHexDecode ".repeat(filters - 1);
    image.entries =
        image.entries.replace("/Filter /DCTDecode", &format!("/Filter [{names}/DCTDecode]"));
    Scan::of(&image, PPI)
}

/// A page that draws a form, which draws another twice, and so on.
fn doubled(depth: usize) -> Scan {
    let mut scan = Scan::good();
    let form = |resources: &str| {
        format!("/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << {resources} >>")
    };
    let mut inner = scan.pdf.stream(form(""), *b"0 0 1 1 re f");
    for _ in 0..depth {
        inner = scan.pdf.stream(form(&format!("/XObject << /F {inner} 0 R >>")), *b"/F Do /F Do");
    }
    scan.page_with("/F Do", &format!("/XObject << /F {inner} 0 R >>"), [200.0, 200.0]);
    scan
}

/// A page of letters, on a scan or by themselves.
fn written(on_a_scan: bool) -> Scan {
    let mut scan = if on_a_scan { Scan::good() } else { Scan::empty() };
    let font = "/Font << /H << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";
    if on_a_scan {
        // Appearances are drawn over the page, as a stamp of entry is.
        let look = scan.pdf.stream(
            format!("/Type /XObject /Subtype /Form /BBox [0 0 80 30] /Resources << {font} >>"),
            *b"BT /H 8 Tf 4 10 Td (received 25 Nov) Tj ET",
        );
        scan.annotation(&format!("/Subtype /Stamp /F 4 /AP << /N {look} 0 R >>"));
        return scan;
    }
    let line = "(The undersigned authorises the bearer to file.) Tj T* ";
    let content = format!("BT /H 11 Tf 14 TL 60 760 Td {} ET", line.repeat(20));
    scan.page_with(&content, font, [595.0, 842.0]);
    scan
}
