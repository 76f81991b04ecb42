//! Everything in a document that acts, carries files or asks for a form.

use super::scan::Scan;

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
    "3D",
    "StructElem",
    "S",
    "Screen",
    "Sound",
    "SubmitForm",
    "URI",
    "Win",
    "XFA",
];

pub(super) const SCRIPT: &str = "<< /S /JavaScript /JS (app.alert\\(1\\);) >>";
const WIDGET: &str = "/Subtype /Widget /FT /Btn /T (button) /Ff 65536";
pub(super) const LINK: &str = "/Subtype /Link /Border [0 0 0]";

pub(super) const ACTS: &str = "PDF_ACTIVE_CONTENT";
const CARRIES: &str = "PDF_EMBEDDED_FILE";
const ASKS: &str = "PDF_XFA";

const fn acts(name: &'static str, add: fn(&mut Scan)) -> Feature {
    Feature { name, code: ACTS, add }
}

const fn carries(name: &'static str, add: fn(&mut Scan)) -> Feature {
    Feature { name, code: CARRIES, add }
}

/// Adds an entry to the catalogue.
pub(super) fn catalogue(scan: &mut Scan, entry: &str) {
    scan.catalogue.push_str(entry);
}

/// Adds an entry to the first page.
fn page(scan: &mut Scan, entry: &str) {
    scan.pages[0].more.push_str(entry);
}

/// Opens with an action.
pub(super) fn opens(scan: &mut Scan, action: &str) {
    catalogue(scan, &format!("/OpenAction {action} "));
}

/// A link on the page with an action.
pub(super) fn link(scan: &mut Scan, action: &str) {
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
pub(super) fn named(scan: &mut Scan, tree: &str) {
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
    acts("a rendition that plays", |scan| {
        let clip =
            "<< /Type /MediaClip /S /MCD /CT (video/mp4) /D << /Type /Filespec /F (film.mp4) >> >>";
        let rendition = scan.pdf.add(format!("<< /Type /Rendition /S /MR /C {clip} >>"));
        scan.annotation(&format!(
            "/Subtype /Screen /A << /S /Rendition /OP 0 /R {rendition} 0 R >>"
        ));
    }),
    acts("a film on the page", |scan| {
        scan.annotation("/Subtype /Movie /Movie << /F (film.avi) >> /A true");
    }),
    acts("a sound behind a link", |scan| {
        let sound = scan.pdf.stream("/Type /Sound /R 8000", [128; 80]);
        link(scan, &format!("<< /S /Sound /Sound {sound} 0 R >>"));
    }),
    acts("a scene in three dimensions", |scan| {
        let scene = scan.pdf.stream("/Type /3D /Subtype /U3D", *b"U3D\0");
        scan.annotation(&format!("/Subtype /3D /3DD {scene} 0 R"));
    }),
    acts("an address that is a script", |scan| {
        link(scan, "<< /S /URI /URI (javascript:app.alert\\(1\\)) >>");
    }),
    acts("a script whose type is told elsewhere", |scan| {
        let kind = scan.pdf.add("/JavaScript");
        let script = scan.pdf.add("(app.alert\\(1\\);)");
        link(scan, &format!("<< /S {kind} 0 R /JS {script} 0 R >>"));
    }),
    acts("a program whose type is told elsewhere", |scan| {
        let kind = scan.pdf.add("/Launch");
        link(scan, &format!("<< /S {kind} 0 R /F (program.exe) >>"));
    }),
    acts("a script that calls itself a part of the text", |scan| {
        link(scan, &SCRIPT.replace("<<", "<< /Type /StructElem"));
    }),
    acts("a program that calls itself a part of the text", |scan| {
        link(scan, "<< /Type /StructElem /S /Launch /F (program.exe) >>");
    }),
    acts("a script in a stream that calls itself a picture", |scan| {
        let script = scan.pdf.flate("/Type /XObject /Subtype /Image", b"app.alert(1);");
        link(scan, &format!("<< /JS {script} 0 R >>"));
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
        name: "a form of XML in a stream that calls itself a picture",
        code: ASKS,
        add: |scan| {
            let form = scan.pdf.flate("/Subtype /Image", b"<xdp:xdp/>");
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
