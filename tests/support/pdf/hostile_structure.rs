//! Bombs in the structure of a file: nesting, places of objects, page trees, filters.

use super::super::{Layout, Pdf, deflated, last_xref};
use super::{BROKEN, Bomb, COMPLEX, MANY, PACKED, Scan, TABLE, packed_scan, repeated, scan};

pub(super) fn bombs() -> Vec<Bomb> {
    vec![
        Bomb::new("arrays 10,380 deep", COMPLEX, || scan(|scan| deep(scan, "[", "]", 10_380))),
        Bomb::new("arrays 100,000 deep", COMPLEX, || scan(|scan| deep(scan, "[", "]", 100_000))),
        Bomb::new("arrays that never close", COMPLEX, || scan(|scan| deep(scan, "[", "", 100_000))),
        Bomb::new("dictionaries 10,380 deep", COMPLEX, || {
            scan(|scan| deep(scan, "<</A ", ">>", 10_380))
        }),
        Bomb::new("dictionaries 100,000 deep", COMPLEX, || {
            scan(|scan| deep(scan, "<</A ", ">>", 100_000))
        }),
        Bomb::new("packed arrays 100,000 deep", COMPLEX, || {
            packed_scan(|scan| deep(scan, "[", "]", 100_000))
        }),
        Bomb::new("a trailer 100,000 deep", COMPLEX, || {
            scan(|scan| {
                scan.pdf.trailer = format!("/X {}{}", "[".repeat(100_000), "]".repeat(100_000))
            })
        }),
        Bomb::odd("strings 100,000 deep", || {
            let brackets = format!("{}{}", "(".repeat(100_000), ")".repeat(100_000));
            scan(|scan| scan.catalogue = format!("/X {brackets}"))
        }),
        Bomb::new("a page tree that is its own child", MANY, || {
            tree(|pdf, tree, page| {
                pdf.set(tree, format!("<< /Type /Pages /Kids [{tree} 0 R {page} 0 R] /Count 2 >>"));
            })
        }),
        Bomb::new("a page tree of two that hold each other", MANY, || {
            tree(|pdf, tree, page| {
                let other = pdf.reserve();
                pdf.set(
                    tree,
                    format!("<< /Type /Pages /Kids [{other} 0 R {page} 0 R] /Count 2 >>"),
                );
                pdf.set(other, format!("<< /Type /Pages /Parent {tree} 0 R /Kids [{tree} 0 R {tree} 0 R] /Count 2 >>"));
            })
        }),
        Bomb::new("a page tree 60,000 deep", MANY, deep_tree),
        Bomb::new("three million kids", MANY, || {
            packed_tree(|pdf, tree, page| {
                let kids = format!("{page} 0 R ").repeat(3_000_000);
                pdf.set(tree, format!("<< /Type /Pages /Kids [{kids}] /Count 3000000 >>"));
            })
        }),
        Bomb::new("a page tree that doubles forty times", MANY, || {
            tree(|pdf, tree, page| {
                let numbers: Vec<u32> = (0..40).map(|_| pdf.reserve()).collect();
                for (at, number) in numbers.iter().enumerate() {
                    let kid = numbers.get(at + 1).unwrap_or(&page);
                    pdf.set(
                        *number,
                        format!(
                            "<< /Type /Pages /Kids [{kid} 0 R {kid} 0 R] /Count {} >>",
                            1u64 << (40 - at)
                        ),
                    );
                }
                let first = numbers[0];
                pdf.set(
                    tree,
                    format!("<< /Type /Pages /Kids [{first} 0 R {first} 0 R] /Count 2 >>"),
                );
            })
        }),
        Bomb::odd("a count of three thousand million for one page", || {
            tree(|pdf, tree, page| {
                pdf.set(tree, format!("<< /Type /Pages /Kids [{page} 0 R] /Count 3000000000 >>"));
            })
        }),
        Bomb::odd("a count below nothing", || {
            tree(|pdf, tree, page| {
                pdf.set(
                    tree,
                    format!("<< /Type /Pages /Kids [{page} 0 R] /Count -9223372036854775808 >>"),
                );
            })
        }),
        Bomb::new("a page that inherits in a circle", BROKEN, || {
            tree(|pdf, tree, page| {
                let text = pdf.objects[&page]
                    .text
                    .replace("/MediaBox", "/NoBox")
                    .replace("/Resources", "/NoResources");
                let other = pdf.reserve();
                pdf.set(
                    page,
                    text.replace(&format!("/Parent {tree} 0 R"), &format!("/Parent {other} 0 R")),
                );
                pdf.set(
                    other,
                    format!("<< /Type /Pages /Parent {other} 0 R /Kids [{page} 0 R] /Count 1 >>"),
                );
                pdf.set(
                    tree,
                    format!("<< /Type /Pages /Parent {other} 0 R /Kids [{page} 0 R] /Count 1 >>"),
                );
            })
        }),
        Bomb::odd("names, fields and bookmarks in circles", || scan(circles)),
        Bomb::odd("references in a row of 40,000", || {
            scan(|scan| {
                let first = scan.pdf.reserve();
                let mut number = first;
                for _ in 0..40_000 {
                    let next = scan.pdf.reserve();
                    scan.pdf.set(number, format!("{next} 0 R"));
                    number = next;
                }
                scan.pdf.set(number, "null");
                scan.catalogue = format!("/OpenAction {first} 0 R");
            })
        }),
        Bomb::odd("an action that follows itself", || {
            scan(|scan| {
                let (action, page) = (scan.pdf.reserve(), scan.pages[0].number);
                scan.pdf.set(
                    action,
                    format!(
                        "<< /S /GoTo /D [{page} 0 R /Fit] /Next [{action} 0 R {action} 0 R] >>"
                    ),
                );
                scan.catalogue = format!("/OpenAction {action} 0 R");
            })
        }),
        Bomb::odd("a length that is its own stream", || {
            scan(|scan| {
                let number = scan.pdf.reserve();
                scan.pdf.set_stream(number, format!("/Length {number} 0 R"), *b"q Q");
                contents(scan, number);
            })
        }),
        Bomb::odd("two lengths that are each other", || {
            scan(|scan| {
                let (one, other) = (scan.pdf.reserve(), scan.pdf.reserve());
                scan.pdf.set_stream(one, format!("/Length {other} 0 R"), *b"q Q");
                scan.pdf.set_stream(other, format!("/Length {one} 0 R"), *b"q Q");
                contents(scan, one);
            })
        }),
        Bomb::odd("a length of four gigabytes", || {
            scan(|scan| {
                let number = scan.pdf.stream("/Length 4294967297", *b"q Q");
                contents(scan, number);
            })
        }),
        Bomb::odd("a table that follows itself", || loops(1)),
        Bomb::odd("two tables that follow each other", || loops(2)),
        Bomb::odd("a thousand tables, the last of which follows the first", || loops(1000)),
        Bomb::odd("a stream of places with absurd widths", || places("/W [8 8 8]")),
        Bomb::odd("a stream of places two thousand million wide", || places("/W [1 2000000000 1]")),
        Bomb::odd("a stream of places without widths", || places("/W [0 0 0]")),
        Bomb::odd("a stream of places of widths below nothing", || places("/W [-1 -4 -2]")),
        Bomb::odd("a stream of places for four thousand million objects", || {
            places("/W [0 0 0] /Size 4294967295 /Index [0 4294967295]")
        }),
        Bomb::odd("a stream of places that starts below nothing", || {
            places("/W [1 4 2] /Index [-5 9223372036854775807]")
        }),
        Bomb::odd("an object of the highest number", huge_numbers),
        Bomb::new("a million objects in one stream", COMPLEX, || million_packed(1_000_000)),
        Bomb::new("three hundred thousand objects", COMPLEX, || {
            scan(|scan| {
                (0..300_000).for_each(|_| {
                    scan.pdf.add("1");
                })
            })
        }),
        Bomb::odd("a stream that claims a million objects and holds three", || {
            scan(|scan| {
                let data = deflated(b"900001 0 900002 2 900003 4 1 2 3 ");
                scan.pdf.stream("/Type /ObjStm /N 1000000 /First 27 /Filter /FlateDecode", data);
            })
        }),
        Bomb::new("an object stream of a gigabyte", COMPLEX, || {
            packed_scan(|scan| {
                let entries = "/Type /ObjStm /N 1 /First 8 /Filter /FlateDecode";
                scan.pdf.stream(entries, repeated(b' ', 1024));
            })
        }),
        Bomb::new("places of a gigabyte", BROKEN, || {
            let mut file = Scan::good().write(&TABLE);
            let start = file.len();
            let zeros = repeated(0, 1024);
            file.extend(format!(
                "90 0 obj\n<< /Type /XRef /Size 150000000 /W [1 4 2] /Root 1 0 R /Filter /FlateDecode /Length {} >>\nstream\n",
                zeros.len()
            ).into_bytes());
            file.extend(zeros);
            file.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").into_bytes());
            file
        }),
        Bomb::new("a gigabyte inside four layers of Flate", COMPLEX, || {
            let mut data = repeated(0, 1024);
            for _ in 0..3 {
                data = deflated(&data);
            }
            let filters = "/FlateDecode ".repeat(4);
            scan(|scan| {
                let number = scan.pdf.stream(format!("/Filter [{filters}]"), data);
                contents(scan, number);
            })
        }),
        Bomb::new("a content of a gigabyte", COMPLEX, || {
            scan(|scan| {
                let number = scan.pdf.stream("/Filter /FlateDecode", repeated(b' ', 1024));
                contents(scan, number);
            })
        }),
        Bomb::new("fifty filters in a row", COMPLEX, || {
            scan(|scan| {
                let mut data = b"q Q".to_vec();
                for _ in 0..50 {
                    data = deflated(&data);
                }
                let number =
                    scan.pdf.stream(format!("/Filter [{}]", "/FlateDecode ".repeat(50)), data);
                contents(scan, number);
            })
        }),
        Bomb::odd("rows of a predictor two thousand million long", || {
            scan(|scan| {
                let parameters =
                    "<< /Predictor 15 /Columns 2147483647 /Colors 32 /BitsPerComponent 16 >>";
                let number = scan.pdf.flate(&format!("/DecodeParms {parameters}"), b"\x02q Q");
                contents(scan, number);
            })
        }),
        Bomb::new("a table that ends before it begins", BROKEN, || {
            let file = Scan::good().write(&TABLE);
            let start = last_xref(&file);
            file[..start + 30].to_vec()
        }),
        Bomb::odd("a key of no length", || {
            scan(|scan| {
                let number =
                    scan.pdf.add("<< /Filter /Standard /V 2 /R 3 /Length 0 /O () /U () /P 0 >>");
                scan.pdf.trailer = format!("/Encrypt {number} 0 R");
            })
        }),
        Bomb::odd("a key of a thousand million bits", || {
            scan(|scan| {
                let number = scan.pdf.add("<< /Filter /Standard /V 5 /R 6 /Length 1000000000 /O () /U () /OE () /UE () /P 0 >>");
                scan.pdf.trailer = format!("/Encrypt {number} 0 R");
            })
        }),
    ]
}

fn deep(scan: &mut Scan, open: &str, close: &str, levels: usize) {
    let number = scan.pdf.add(format!("{}0{}", open.repeat(levels), close.repeat(levels)));
    scan.catalogue = format!("/PieceInfo {number} 0 R");
}

/// Makes a stream the content of the first page.
fn contents(scan: &mut Scan, number: u32) {
    let more = &mut scan.pages[0].more;
    let (before, after) = more.split_once("/Contents ").expect("a page has content");
    let (content, rest) = after.split_once(" 0 R").expect("by reference");
    *more = format!("{before}/Contents [{number} 0 R {content} 0 R]{rest}");
}

/// A good scan with its page tree changed: its number and that of the page are given.
fn tree(change: impl FnOnce(&mut Pdf, u32, u32)) -> Vec<u8> {
    changed_tree(change).write(&TABLE)
}

fn packed_tree(change: impl FnOnce(&mut Pdf, u32, u32)) -> Vec<u8> {
    changed_tree(change).write(&PACKED)
}

fn changed_tree(change: impl FnOnce(&mut Pdf, u32, u32)) -> Pdf {
    let scan = Scan::good();
    let page = scan.pages[0].number;
    let mut pdf = scan.finish();
    change(&mut pdf, 2, page);
    pdf
}

fn deep_tree() -> Vec<u8> {
    packed_tree(|pdf, tree, page| {
        let mut number = tree;
        for _ in 0..60_000 {
            let next = pdf.reserve();
            pdf.set(number, format!("<< /Type /Pages /Kids [{next} 0 R] /Count 1 >>"));
            number = next;
        }
        pdf.set(number, format!("<< /Type /Pages /Kids [{page} 0 R] /Count 1 >>"));
    })
}

fn circles(scan: &mut Scan) {
    let [names, fields, outlines, item] = [(); 4].map(|()| scan.pdf.reserve());
    scan.pdf.set(names, format!("<< /Kids [{names} 0 R {names} 0 R] >>"));
    scan.pdf.set(
        fields,
        format!("<< /T (a) /Parent {fields} 0 R /Kids [{fields} 0 R {fields} 0 R] >>"),
    );
    scan.pdf.set(outlines, format!("<< /First {item} 0 R /Last {item} 0 R /Count 1 >>"));
    scan.pdf.set(item, format!(
        "<< /Title (a) /Parent {outlines} 0 R /First {outlines} 0 R /Next {item} 0 R /Prev {item} 0 R >>"
    ));
    scan.catalogue = format!(
        "/Names << /JavaScript {names} 0 R /EmbeddedFiles {names} 0 R /Dests {names} 0 R >> /AcroForm << /Fields [{fields} 0 R] >> /Outlines {outlines} 0 R"
    );
}

/// So many tables in a row, each of which says which comes before; the first follows the last.
fn loops(tables: usize) -> Vec<u8> {
    let mut scan = Scan::good();
    scan.pdf.trailer = "/Prev 0000000000".to_owned();
    let mut file = scan.write(&TABLE);
    let mut last = last_xref(&file);
    for _ in 1..tables {
        let start = file.len();
        file.extend(
            format!(
                "xref\n0 1\n0000000000 65535 f\r\ntrailer\n<< /Size 9 /Root 1 0 R /Prev {last} >>\nstartxref\n{start}\n%%EOF\n"
            )
            .into_bytes(),
        );
        last = start;
    }
    let first = memchr::memmem::find(&file, b"/Prev 0000000000").expect("a place for it") + 6;
    file[first..first + 10].copy_from_slice(format!("{last:010}").as_bytes());
    file
}

/// A good scan whose stream of places says something else of itself.
fn places(entries: &str) -> Vec<u8> {
    let whole = Scan::good().finish();
    let file = whole.write(&TABLE);
    let start = last_xref(&file);
    let mut bytes = file[..start].to_vec();
    let rows = deflated(&[1; 700]);
    bytes.extend(
        format!(
            "90 0 obj\n<< /Type /XRef /Root 1 0 R {entries} /Size 91 /Filter /FlateDecode /Length {} >>\nstream\n",
            rows.len()
        )
        .into_bytes(),
    );
    bytes.extend(rows);
    bytes.extend(format!("\nendstream\nendobj\nstartxref\n{start}\n%%EOF\n").into_bytes());
    bytes
}

fn huge_numbers() -> Vec<u8> {
    let whole = Scan::good().finish();
    let mut file = whole.write(&Layout::default());
    let (start, previous) = (file.len(), last_xref(&file));
    file.extend(b"4294967295 65535 obj\nnull\nendobj\n");
    let table = file.len();
    file.extend(
        format!(
            "xref\n0 1\n0000000000 65535 f\r\n4294967290 6\n{}trailer\n<< /Size 4294967296 /Root 1 0 R /Prev {previous} >>\nstartxref\n{table}\n%%EOF\n",
            format!("{start:010} 65535 n\r\n").repeat(6)
        )
        .into_bytes(),
    );
    file
}

/// One object stream, written by hand as the writer packs fewer.
fn million_packed(count: u32) -> Vec<u8> {
    scan(|scan| {
        let mut head = String::new();
        for number in 0..count {
            head.push_str(&format!("{} {} ", 100 + number, 2 * number));
        }
        let (first, body) = (head.len(), "1 ".repeat(count as usize));
        let data = deflated(&[head, body].concat().into_bytes());
        let entries = format!("/Type /ObjStm /N {count} /First {first} /Filter /FlateDecode");
        let stream = scan.pdf.stream(entries, data);
        // Readers that look for objects in a broken file see the stream; the places name it, too.
        scan.catalogue = format!("/PieceInfo {stream} 0 R");
    })
}
