//! Everything in a document that acts, carries files or asks for a form, and what only looks like it.

use super::scan::Scan;
use super::{Layout, Object, Xref, updated};

/// One thing that a scan has no need of.
pub struct Feature {
    /// What and where.
    pub name: &'static str,
    /// The reason that it gives.
    pub code: &'static str,
    /// Puts it into a good scan.
    pub add: fn(&mut Scan),
}

/// Names by which such things are found, and those on the way to them.
pub const NAMES: &[&str] = &[
    "A",
    "AA",
    "AF",
    "AFRelationship",
    "AcroForm",
    "Action",
    "EF",
    "EmbeddedFile",
    "EmbeddedFiles",
    "FileAttachment",
    "Filespec",
    "GoToE",
    "GoToR",
    "Hide",
    "ImportData",
    "JS",
    "JavaScript",
    "Launch",
    "Movie",
    "Named",
    "Names",
    "Next",
    "OpenAction",
    "Print",
    "Rendition",
    "ResetForm",
    "RichMedia",
    "RichMediaContent",
    "S",
    "Screen",
    "Sound",
    "SubmitForm",
    "URI",
    "Win",
    "XFA",
];

const SCRIPT: &str = "<< /S /JavaScript /JS (app.alert\\(1\\);) >>";
const WIDGET: &str = "/Subtype /Widget /FT /Btn /T (button) /Ff 65536";
const LINK: &str = "/Subtype /Link /Border [0 0 0]";

const ACTS: &str = "PDF_ACTIVE_CONTENT";
const CARRIES: &str = "PDF_EMBEDDED_FILE";
const ASKS: &str = "PDF_XFA";

const fn acts(name: &'static str, add: fn(&mut Scan)) -> Feature {
    Feature { name, code: ACTS, add }
}

const fn carries(name: &'static str, add: fn(&mut Scan)) -> Feature {
    Feature { name, code: CARRIES, add }
}

/// Adds an entry to the catalogue.
fn catalogue(scan: &mut Scan, entry: &str) {
    scan.catalogue.push_str(entry);
}

/// Adds an entry to the first page.
fn page(scan: &mut Scan, entry: &str) {
    scan.pages[0].more.push_str(entry);
}

/// Opens with an action.
fn opens(scan: &mut Scan, action: &str) {
    catalogue(scan, &format!("/OpenAction {action} "));
}

/// A link on the page with an action.
fn link(scan: &mut Scan, action: &str) {
    scan.annotation(&format!("{LINK} /A {action}"));
}

/// A button on the page, with entries of its own.
fn button(scan: &mut Scan, entries: &str) {
    let button = scan.annotation(&format!("{WIDGET} {entries}"));
    catalogue(scan, &format!("/AcroForm << /Fields [{button} 0 R] >> "));
}

/// A file inside the file: the number of its specification.
fn file(scan: &mut Scan) -> u32 {
    let data = scan.pdf.flate("/Type /EmbeddedFile /Subtype /text#2Fplain", b"a letter\n");
    scan.pdf.add(format!(
        "<< /Type /Filespec /F (letter.txt) /UF (letter.txt) /EF << /F {data} 0 R /UF {data} 0 R >> >>"
    ))
}

/// What the names of the catalogue lead to.
fn named(scan: &mut Scan, tree: &str) {
    catalogue(scan, &format!("/Names << {tree} >> "));
}

/// All of them.
pub const FEATURES: &[Feature] = &[
    acts("a script on opening", |scan| opens(scan, SCRIPT)),
    acts("a script on opening, by reference", |scan| {
        let action = scan.pdf.add(SCRIPT);
        opens(scan, &format!("{action} 0 R"));
    }),
    acts("a script in a stream", |scan| {
        let script = scan.pdf.flate("", b"app.alert(1);");
        opens(scan, &format!("<< /S /JavaScript /JS {script} 0 R >>"));
    }),
    acts("a script without a type of action", |scan| link(scan, "<< /JS (app.alert\\(1\\);) >>")),
    acts("a script among the names", |scan| {
        named(scan, &format!("/JavaScript << /Names [(start) {SCRIPT}] >>"));
    }),
    acts("a script among the names, two levels down", |scan| {
        let action = scan.pdf.add(SCRIPT);
        let leaf =
            scan.pdf.add(format!("<< /Limits [(start) (start)] /Names [(start) {action} 0 R] >>"));
        let tree = scan.pdf.add(format!("<< /Kids [{leaf} 0 R] >>"));
        named(scan, &format!("/JavaScript {tree} 0 R"));
    }),
    acts("a script on closing the document", |scan| {
        catalogue(scan, &format!("/AA << /WC {SCRIPT} >> "))
    }),
    acts("a script on printing", |scan| catalogue(scan, &format!("/AA << /WP {SCRIPT} >> "))),
    acts("a script on opening a page", |scan| page(scan, &format!("/AA << /O {SCRIPT} >> "))),
    acts("a script on closing a page, by reference", |scan| {
        let action = scan.pdf.add(SCRIPT);
        let all = scan.pdf.add(format!("<< /C {action} 0 R >>"));
        page(scan, &format!("/AA {all} 0 R "));
    }),
    acts("a script under the pointer", |scan| {
        scan.annotation(&format!("{LINK} /AA << /E {SCRIPT} >>"));
    }),
    acts("a script behind a link", |scan| link(scan, SCRIPT)),
    acts("a script behind a button", |scan| button(scan, &format!("/A {SCRIPT}"))),
    acts("a script at each key in a field", |scan| {
        let field = scan.annotation(&format!(
            "/Subtype /Widget /FT /Tx /T (name) /AA << /K {SCRIPT} /F {SCRIPT} >>"
        ));
        catalogue(scan, &format!("/AcroForm << /Fields [{field} 0 R] >> "));
    }),
    acts("a script of a field that no page shows", |scan| {
        let field = scan.pdf.add(format!("<< /FT /Tx /T (sum) /AA << /C {SCRIPT} >> >>"));
        catalogue(scan, &format!("/AcroForm << /Fields [{field} 0 R] /CO [{field} 0 R] >> "));
    }),
    acts("a script behind a bookmark", |scan| {
        let outlines = scan.pdf.reserve();
        let item = scan.pdf.add(format!("<< /Title (Start) /Parent {outlines} 0 R /A {SCRIPT} >>"));
        scan.pdf.set(
            outlines,
            format!("<< /Type /Outlines /First {item} 0 R /Last {item} 0 R /Count 1 >>"),
        );
        catalogue(scan, &format!("/Outlines {outlines} 0 R "));
    }),
    acts("a script after a harmless action", |scan| {
        let page = scan.pages[0].number;
        opens(scan, &format!("<< /S /GoTo /D [{page} 0 R /Fit] /Next {SCRIPT} >>"));
    }),
    acts("a script last in a row of actions", |scan| {
        let page = scan.pages[0].number;
        let harmless = format!("<< /S /GoTo /D [{page} 0 R /Fit] >>");
        link(scan, &format!("<< /S /GoTo /D [{page} 0 R /Fit] /Next [{harmless} {SCRIPT}] >>"));
    }),
    acts("a program on opening", |scan| opens(scan, "<< /S /Launch /F (program.exe) >>")),
    acts("a program with arguments", |scan| {
        opens(scan, "<< /S /Launch /Win << /F (cmd.exe) /P (/c start) >> >>");
    }),
    acts("a program behind a link", |scan| {
        link(scan, "<< /Type /Action /S /Launch /F << /Type /Filespec /F (program.exe) >> >>");
    }),
    acts("a program behind a link, by reference", |scan| {
        let action = scan.pdf.add("<< /S /Launch /F (program.exe) /NewWindow true >>");
        link(scan, &format!("{action} 0 R"));
    }),
    acts("a form sent on opening", |scan| {
        opens(scan, "<< /S /SubmitForm /F << /FS /URL /F (https://example.org/) >> >>");
    }),
    acts("a form sent by a button", |scan| {
        button(scan, "/A << /S /SubmitForm /F (https://example.org/) /Flags 4 >>");
    }),
    acts("data fetched on opening", |scan| opens(scan, "<< /S /ImportData /F (data.fdf) >>")),
    acts("data fetched by a button", |scan| button(scan, "/A << /S /ImportData /F (data.fdf) >>")),
    acts("data fetched on opening a page", |scan| {
        page(scan, "/AA << /O << /S /ImportData /F (data.fdf) >> >> ");
    }),
    acts("an address visited on opening", |scan| {
        opens(scan, "<< /S /URI /URI (https://example.org/) >>");
    }),
    acts("another file on opening", |scan| {
        opens(scan, "<< /S /GoToR /F (other.pdf) /D [0 /Fit] >>");
    }),
    acts("a file inside the file on opening", |scan| {
        opens(scan, "<< /S /GoToE /T << /R /C /N (letter) >> /D [0 /Fit] >>");
    }),
    acts("printed on opening", |scan| opens(scan, "<< /S /Named /N /Print >>")),
    acts("a form emptied on opening", |scan| opens(scan, "<< /S /ResetForm >>")),
    acts("a film on opening", |scan| opens(scan, "<< /S /Movie /T (film) /Operation /Play >>")),
    acts("a rendition with a script", |scan| {
        link(scan, "<< /S /Rendition /JS (app.alert\\(1\\);) /OP 0 >>");
    }),
    acts("rich media", |scan| {
        let script = scan.pdf.flate("", b"nothing");
        let asset =
            scan.pdf.add(format!("<< /Type /Filespec /F (film.swf) /EF << /F {script} 0 R >> >>"));
        let content =
            format!("/RichMediaContent << /Assets << /Names [(film.swf) {asset} 0 R] >> >>");
        scan.annotation(&format!("/Subtype /RichMedia {content}"));
    }),
    acts("rich media without a file", |scan| {
        scan.annotation(
            "/Subtype /RichMedia /RichMediaSettings << /Activation << /Condition /PO >> >>",
        );
    }),
    carries("a file among the names", |scan| {
        let file = file(scan);
        named(scan, &format!("/EmbeddedFiles << /Names [(letter.txt) {file} 0 R] >>"));
    }),
    carries("a file among the names, two levels down", |scan| {
        let file = file(scan);
        let leaf = scan.pdf.add(format!("<< /Limits [(a) (a)] /Names [(a) {file} 0 R] >>"));
        let tree = scan.pdf.add(format!("<< /Kids [{leaf} 0 R] >>"));
        named(scan, &format!("/EmbeddedFiles {tree} 0 R"));
    }),
    carries("a portfolio", |scan| {
        let file = file(scan);
        named(scan, &format!("/EmbeddedFiles << /Names [(letter.txt) {file} 0 R] >>"));
        catalogue(scan, "/Collection << /Type /Collection /View /T >> ");
    }),
    carries("a file pinned to the page", |scan| {
        let file = file(scan);
        scan.annotation(&format!("/Subtype /FileAttachment /FS {file} 0 R /Name /PushPin"));
    }),
    carries("a file that belongs to the document", |scan| {
        let file = file(scan);
        catalogue(scan, &format!("/AF [{file} 0 R] "));
    }),
    carries("a file that belongs to the page", |scan| {
        let file = file(scan);
        page(scan, &format!("/AF [{file} 0 R] "));
    }),
    Feature {
        name: "a form of XML in one stream",
        code: ASKS,
        add: |scan| {
            let form = scan.pdf.flate("", b"<xdp:xdp xmlns:xdp=\"http://ns.adobe.com/xdp/\"/>");
            catalogue(scan, &format!("/AcroForm << /Fields [] /XFA {form} 0 R >> "));
        },
    },
    Feature {
        name: "a form of XML in parts",
        code: ASKS,
        add: |scan| {
            let parts: Vec<u32> = ["<xdp:xdp>", "<template/>", "</xdp:xdp>"]
                .map(|xml| scan.pdf.flate("", xml.as_bytes()))
                .into();
            let [start, template, end] = parts[..] else { unreachable!("three parts") };
            let form = scan.pdf.add(format!(
                "<< /Fields [] /XFA [(preamble) {start} 0 R (template) {template} 0 R (postamble) {end} 0 R] >>"
            ));
            catalogue(scan, &format!("/AcroForm {form} 0 R "));
        },
    },
];

/// Files in which an action comes or hides by the way in which files grow: name, code, bytes.
pub fn grown() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let table = Layout::of(Xref::Table);
    let whole = Scan::good().finish();
    let plain = whole.write(&table);
    let root = whole.root;
    let catalogue = |more: &str| {
        let text = whole.objects[&root].text.replace(" >>", &format!(" {more} >>"));
        (root, Object { text, data: None })
    };
    let far = whole.objects.len() as u32 + 40;
    let script = (far, Object { text: SCRIPT.to_owned(), data: None });
    let opens = format!("/OpenAction {far} 0 R");
    let mut hybrid = Scan::good();
    let hidden = hybrid.pdf.add(SCRIPT);
    hybrid.pdf.hidden.push(hidden);
    self::opens(&mut hybrid, &format!("{hidden} 0 R"));
    let first = updated(&plain, &[catalogue("/PageMode /UseNone")], root);
    vec![
        (
            "a script that a revision added",
            ACTS,
            updated(&plain, &[catalogue(&opens), script.clone()], root),
        ),
        ("a script two revisions later", ACTS, updated(&first, &[catalogue(&opens), script], root)),
        (
            "a script that a table hides and a stream shows",
            ACTS,
            hybrid.write(&Layout::of(Xref::Hybrid)),
        ),
    ]
}

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
