//! What only looks as if it acted: views, links, and words in texts.

use super::active::{LINK, SCRIPT, catalogue, link, named, opens};
use super::scan::Scan;

/// What is no fault: a name, what is done to a good scan, and the warning that it gives, if any.
pub struct Harmless {
    /// What and where.
    pub name: &'static str,
    /// A warning.
    pub code: Option<&'static str>,
    /// Puts it into a good scan.
    pub add: fn(&mut Scan),
}

const fn harmless(name: &'static str, add: fn(&mut Scan)) -> Harmless {
    Harmless { name, code: None, add }
}

/// All of them.
pub const HARMLESS: &[Harmless] = &[
    harmless("a view on opening", |scan| {
        let page = scan.pages[0].number;
        opens(scan, &format!("[{page} 0 R /XYZ null null 0]"));
    }),
    harmless("a view on opening, by reference", |scan| {
        let page = scan.pages[0].number;
        let view = scan.pdf.add(format!("[{page} 0 R /FitH 800]"));
        opens(scan, &format!("{view} 0 R"));
    }),
    harmless("a view on opening, by name", |scan| {
        let page = scan.pages[0].number;
        named(scan, &format!("/Dests << /Names [(start) [{page} 0 R /Fit]] >>"));
        opens(scan, "(start)");
    }),
    harmless("a view on opening, by an old name", |scan| {
        let page = scan.pages[0].number;
        catalogue(scan, &format!("/Dests << /start [{page} 0 R /Fit] >> "));
        opens(scan, "/start");
    }),
    harmless("a view on opening, as an action", |scan| {
        let page = scan.pages[0].number;
        opens(scan, &format!("<< /Type /Action /S /GoTo /D [{page} 0 R /Fit] >>"));
    }),
    harmless("a view on opening, as an action by reference", |scan| {
        let page = scan.pages[0].number;
        let action = scan.pdf.add(format!("<< /S /GoTo /D [{page} 0 R /FitV 0] >>"));
        opens(scan, &format!("{action} 0 R"));
    }),
    harmless("the next page on opening", |scan| opens(scan, "<< /S /Named /N /NextPage >>")),
    harmless("an address behind a link", |scan| {
        link(scan, "<< /S /URI /URI (https://example.org/JavaScript) >>");
    }),
    harmless("a page behind a link", |scan| {
        let page = scan.pages[0].number;
        scan.annotation(&format!("{LINK} /Dest [{page} 0 R /Fit]"));
    }),
    harmless("bookmarks", |scan| {
        let (page, outlines) = (scan.pages[0].number, scan.pdf.reserve());
        let item = scan.pdf.add(format!(
            "<< /Title (JavaScript) /Parent {outlines} 0 R /A << /S /GoTo /D [{page} 0 R /Fit] >> >>"
        ));
        scan.pdf.set(
            outlines,
            format!("<< /Type /Outlines /First {item} 0 R /Last {item} 0 R /Count 1 >>"),
        );
        catalogue(scan, &format!("/Outlines {outlines} 0 R /PageMode /UseOutlines "));
    }),
    harmless("a comment", |scan| {
        scan.annotation("/Subtype /Text /Contents (/JS /Launch /AA)");
    }),
    harmless("a title that speaks of scripts", |scan| {
        let title = "<< /Title (/OpenAction << /S /JavaScript /JS \\(app.alert\\) >>) /Producer (/Launch) >>";
        let info = scan.pdf.add(title);
        scan.pdf.trailer = format!("/Info {info} 0 R");
    }),
    harmless("metadata that speak of scripts", |scan| {
        let xml = b"<?xpacket begin=''?><x>/S /JavaScript /JS (a) /Launch /EmbeddedFile /XFA</x>";
        let metadata = scan.pdf.stream("/Type /Metadata /Subtype /XML", *xml);
        catalogue(scan, &format!("/Metadata {metadata} 0 R "));
    }),
    harmless("a content that speaks of scripts", |scan| {
        let drawn = &scan.pages[0];
        let (before, after) = drawn.more.split_once("/Contents ").expect("a page has content");
        let (content, rest) = after.split_once(" 0 R").expect("by reference");
        let (before, content, rest) = (before.to_owned(), content.to_owned(), rest.to_owned());
        let spoken = scan.pdf.stream(
            "",
            *b"/JS /JavaScript MP % /S /Launch /OpenAction /AA\n/Span << /ActualText (/JS) >> BDC EMC\n",
        );
        scan.pages[0].more = format!("{before}/Contents [{spoken} 0 R {content} 0 R]{rest}");
    }),
    harmless("an object that the table calls free", |scan| {
        scan.pdf
            .free
            .push(format!("<< /Type /Catalog /OpenAction {SCRIPT} /AA << /WC {SCRIPT} >> >>"));
    }),
    harmless("a comment between objects", |scan| {
        let page = scan.pages[0].number;
        let view = scan.pdf.add(format!(
            "% /OpenAction << /S /JavaScript /JS (a) >>\n[{page} 0 R /Fit] % /AA << /O /Launch >>"
        ));
        opens(scan, &format!("{view} 0 R"));
    }),
    harmless("an image named after a script", |scan| {
        scan.pages[0].more = scan.pages[0].more.replace("/Scan", "/JS");
        let drawn = "q 403.2 0 0 268.8 0 0 cm /JS Do Q";
        let content = scan.pdf.flate("", drawn.as_bytes());
        let more = &mut scan.pages[0].more;
        let (before, after) = more.split_once("/Contents ").expect("a page has content");
        let (_, rest) = after.split_once(" 0 R").expect("by reference");
        *more = format!("{before}/Contents {content} 0 R{rest}");
    }),
    harmless("an empty list of fields", |scan| catalogue(scan, "/AcroForm << /Fields [] >> ")),
    harmless("how to show it", |scan| {
        catalogue(
            scan,
            "/ViewerPreferences << /FitWindow true /PrintScaling /None >> /PageLayout /SinglePage /Lang (zh-CN) ",
        );
    }),
    Harmless {
        name: "a field for a name",
        code: Some("PDF_FORM_FIELDS"),
        add: |scan| {
            let field = scan.annotation("/Subtype /Widget /FT /Tx /T (name) /V (/JS)");
            catalogue(
                scan,
                &format!("/AcroForm << /Fields [{field} 0 R] /NeedAppearances true >> "),
            );
        },
    },
    Harmless {
        name: "a box to tick",
        code: Some("PDF_FORM_FIELDS"),
        add: |scan| {
            let form = scan.annotation("/Subtype /Widget /FT /Btn /T (agreed) /V /Off /AS /Off");
            let form = scan.pdf.add(format!("<< /Fields [{form} 0 R] >>"));
            catalogue(scan, &format!("/AcroForm {form} 0 R "));
        },
    },
];
