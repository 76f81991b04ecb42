//! Bombs in what a page draws: recursion, repetition, and areas without end.

use super::super::deflated;
use super::{BROKEN, Bomb, COMPLEX, LARGE, MANY, Scan, TABLE, page, repeated, scan};

const BOX: &str = "/BBox [0 0 400 300]";

pub(super) fn bombs() -> Vec<Bomb> {
    vec![
        Bomb::odd("a form that draws itself", || {
            page("/Form Do", |scan| {
                let form = scan.pdf.reserve();
                let resources = format!("/XObject << /Form {form} 0 R >>");
                set_form(scan, form, &resources, "0 0 100 100 re f /Form Do /Form Do");
                resources
            })
        }),
        Bomb::new("two forms that draw each other", COMPLEX, || {
            page("/Form Do", |scan| {
                let (one, other) = (scan.pdf.reserve(), scan.pdf.reserve());
                set_form(
                    scan,
                    one,
                    &format!("/XObject << /Form {other} 0 R >>"),
                    "/Form Do /Form Do",
                );
                set_form(
                    scan,
                    other,
                    &format!("/XObject << /Form {one} 0 R >>"),
                    "/Form Do /Form Do",
                );
                format!("/XObject << /Form {one} 0 R >>")
            })
        }),
        Bomb::odd("a form beside a scan that draws itself", || {
            scan(|scan| {
                let form = scan.pdf.reserve();
                let resources = format!("/XObject << /Form {form} 0 R >>");
                set_form(scan, form, &resources, "/Form Do /Form Do");
                let more = &mut scan.pages[0].more;
                *more = more.replace("/XObject << ", &format!("/XObject << /Form {form} 0 R "));
                let drawn = scan.pdf.stream("", *b"/Form Do");
                add_content(scan, drawn);
            })
        }),
        Bomb::new("forms that double forty times", COMPLEX, || doubling(2, 40, "0 0 1 1 re f")),
        Bomb::new("forms that double forty times and draw nothing", COMPLEX, || {
            doubling(2, 40, "")
        }),
        Bomb::new("forms a hundred times in each other, six levels deep", COMPLEX, || {
            doubling(100, 6, "0 0 1 1 re f")
        }),
        Bomb::new("forms ten thousand levels deep", COMPLEX, || {
            doubling(1, 10_000, "0 0 1 1 re f")
        }),
        Bomb::new("a scan drawn a million times", COMPLEX, || {
            scan(|scan| {
                let drawn = scan
                    .pdf
                    .flate("", "q 90 0 0 90 9 9 cm /Scan Do Q\n".repeat(1_000_000).as_bytes());
                add_content(scan, drawn);
            })
        }),
        Bomb::new("ten million operators", COMPLEX, || {
            page_on(deflated("0 0 m 400 300 l S\n".repeat(3_400_000).as_bytes()))
        }),
        Bomb::new("a content of a gigabyte on a page without a scan", COMPLEX, || {
            page_on(repeated(b'\n', 1024))
        }),
        Bomb::new("a content of a gigabyte of saved states", COMPLEX, || {
            page_on(repeated(b'q', 1024))
        }),
        Bomb::odd("a million states that are saved and never restored", || {
            page(&"q ".repeat(1_000_000), |_| String::new())
        }),
        Bomb::new("arrays 100,000 deep in a content", COMPLEX, || {
            page(&format!("{}{} TJ", "[".repeat(100_000), "]".repeat(100_000)), |_| String::new())
        }),
        Bomb::new("dictionaries 100,000 deep in a content", COMPLEX, || {
            page(
                &format!("/P {}0{} BDC EMC", "<</A ".repeat(100_000), ">>".repeat(100_000)),
                |_| String::new(),
            )
        }),
        Bomb::new("a line of countless dashes", &[], || {
            page("[0.00001 0.00001] 0 d 1 w 0 0 m 400000000 300 l S 0 0 m 400 300 l S", |_| {
                String::new()
            })
        }),
        Bomb::odd("dashes of no length", || page("[0 0] 0 d 0 0 m 400 300 l S", |_| String::new())),
        Bomb::odd("a million curves filled at once", || {
            page(
                &format!(
                    "0 0 m {} f*",
                    "400 300 0 300 400 0 c 1 2 300 4 5 200 c\n".repeat(500_000)
                ),
                |_| String::new(),
            )
        }),
        Bomb::odd("a line as wide as the sky", || {
            page("1e30 w 0 0 m 1e38 1e38 l S", |_| String::new())
        }),
        Bomb::odd("clips inside clips, a hundred thousand", || {
            page(&"0 0 400 300 re W n q ".repeat(100_000), |_| String::new())
        }),
        Bomb::new("tiles of a millionth of a point", &[], || {
            pattern("/XStep 0.000001 /YStep 0.000001", "0 0 1 1 re f")
        }),
        Bomb::odd("tiles of no size", || pattern("/XStep 0 /YStep 0", "0 0 1 1 re f")),
        Bomb::odd("tiles that are filled with themselves", || {
            page("/Pattern cs /Tile scn 0 0 400 300 re f", |scan| {
                let tile = scan.pdf.reserve();
                let resources = format!("/Pattern << /Tile {tile} 0 R >>");
                scan.pdf.set_stream(tile, format!(
                    "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9 /Resources << {resources} >>"
                ), *b"/Pattern cs /Tile scn 0 0 9 9 re f");
                resources
            })
        }),
        Bomb::odd("a letter that writes itself", || {
            page("BT /Font 12 Tf 20 20 Td (aaaa) Tj ET", |scan| {
                let (font, glyph) = (scan.pdf.reserve(), scan.pdf.reserve());
                let resources = format!("/Font << /Font {font} 0 R >>");
                scan.pdf.set_stream(glyph, "", *b"1000 0 d0 BT /Font 1 Tf (aa) Tj ET");
                scan.pdf.set(font, format!(
                    "<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] /CharProcs << /a {glyph} 0 R >> /Encoding << /Type /Encoding /Differences [97 /a] >> /FirstChar 97 /LastChar 97 /Widths [1000] /Resources << {resources} >> >>"
                ));
                resources
            })
        }),
        Bomb::odd("a table of letters that uses itself", || {
            page("BT /Font 12 Tf 20 20 Td (aaaa) Tj ET", |scan| {
                let map = scan.pdf.reserve();
                scan.pdf.set_stream(
                    map,
                    format!("/Type /CMap /CMapName /Own /UseCMap {map} 0 R"),
                    *b"/Own usecmap",
                );
                let descendant = scan.pdf.add("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Own /CIDSystemInfo << /Registry (a) /Ordering (b) /Supplement 0 >> >>");
                let font = scan.pdf.add(format!(
                    "<< /Type /Font /Subtype /Type0 /BaseFont /Own /Encoding {map} 0 R /ToUnicode {map} 0 R /DescendantFonts [{descendant} 0 R] >>"
                ));
                format!("/Font << /Font {font} 0 R >>")
            })
        }),
        Bomb::odd("a shading of a function that is made of itself", || {
            page("/Shade sh", |scan| {
                let function = scan.pdf.reserve();
                scan.pdf.set(function, format!(
                "<< /FunctionType 3 /Domain [0 1] /Functions [{function} 0 R {function} 0 R] /Bounds [0.5] /Encode [0 1 0 1] >>"
            ));
                shading(scan, function)
            })
        }),
        Bomb::odd("a shading of functions that double forty times", || {
            page("/Shade sh", |scan| {
                let mut function = scan
                    .pdf
                    .add("<< /FunctionType 2 /Domain [0 1] /C0 [0 0 0] /C1 [1 1 1] /N 1 >>");
                for _ in 0..40 {
                    function = scan.pdf.add(format!(
                    "<< /FunctionType 3 /Domain [0 1] /Functions [{function} 0 R {function} 0 R] /Bounds [0.5] /Encode [0 1 0 1] >>"
                ));
                }
                shading(scan, function)
            })
        }),
        Bomb::odd("a program of brackets 100,000 deep", || {
            page("/Shade sh", |scan| {
                let program = format!("{}{}", "{ ".repeat(100_000), "} ".repeat(100_000));
                let function = scan.pdf.flate(
                    "/FunctionType 4 /Domain [0 1] /Range [0 1 0 1 0 1]",
                    program.as_bytes(),
                );
                shading(scan, function)
            })
        }),
        Bomb::odd("a function of samples without end", || {
            page("/Shade sh", |scan| {
                let function = scan.pdf.flate(
                "/FunctionType 0 /Domain [0 1 0 1 0 1 0 1] /Range [0 1 0 1 0 1] /Size [2000 2000 2000 2000] /BitsPerSample 32",
                &[0; 64],
            );
                shading(scan, function)
            })
        }),
        Bomb::odd("a state that hides itself behind itself", || {
            page("/State gs 0 0 400 300 re f", |scan| {
                let (state, group) = (scan.pdf.reserve(), scan.pdf.reserve());
                let resources = format!("/ExtGState << /State {state} 0 R >>");
                scan.pdf.set_stream(group, format!(
                "/Type /XObject /Subtype /Form {BOX} /Group << /S /Transparency /CS /DeviceGray >> /Resources << {resources} >>"
            ), *b"/State gs 0 0 400 300 re f");
                scan.pdf.set(state, format!("<< /SMask << /S /Luminosity /G {group} 0 R >> >>"));
                resources
            })
        }),
        Bomb::odd("transparency inside transparency, three hundred levels", || {
            let group = "/Group << /S /Transparency /I true /K true >>";
            nested(1, 300, "0 0 400 300 re f", group)
        }),
        Bomb::odd("a page of a thousand million points", || sized("[0 0 1000000000 1000000000]")),
        Bomb::odd("a page a million times as wide as high", || sized("[0 0 14400 0.0144]")),
        Bomb::odd("a page of no size", || sized("[0 0 0 0]")),
        Bomb::odd("a page without numbers", || sized("[/a /b (c) null]")),
        Bomb::odd("a page beyond all numbers", || sized("[-1e308 -1e308 1e308 1e308]")),
        Bomb::new("a scan on a page of a thousand million points", LARGE, || {
            scan(|scan| {
                let more = &scan.pages[0].more;
                let end = more.find(']').expect("a box");
                scan.pages[0].more =
                    format!("/MediaBox [0 0 1000000000 1000000000{}", &more[end..]);
            })
        }),
        Bomb::odd("a unit of a thousand million", || {
            scan(|scan| {
                scan.pages[0].more.push_str(" /UserUnit 1000000000");
            })
        }),
        Bomb::odd("a turn of a thousand million and one degrees", || {
            scan(|scan| {
                scan.pages[0].more.push_str(" /Rotate 1000000001");
            })
        }),
        Bomb::new("twenty-one pages", MANY, || pages(21)),
        Bomb::new("ten thousand pages", MANY, || pages(10_000)),
        Bomb::odd("ten thousand annotations", || {
            scan(|scan| {
                for _ in 0..10_000 {
                    scan.annotation("/Subtype /Link /Border [0 0 0]");
                }
            })
        }),
        Bomb::new("no content and no image", &[], || page("", |_| String::new())),
        Bomb::new("an image that is not there", BROKEN, || {
            page("q 400 0 0 300 0 0 cm /Scan Do Q", |_| {
                "/XObject << /Scan 900000 0 R >>".to_owned()
            })
        }),
    ]
}

fn set_form(scan: &mut Scan, number: u32, resources: &str, content: &str) {
    let entries = format!("/Type /XObject /Subtype /Form {BOX} /Resources << {resources} >>");
    scan.pdf.set_stream(number, entries, content.as_bytes());
}

fn doubling(times: usize, levels: usize, drawn: &str) -> Vec<u8> {
    nested(times, levels, drawn, "")
}

/// Forms of which each draws the next so many times.
fn nested(times: usize, levels: usize, drawn: &str, entries: &str) -> Vec<u8> {
    page("/Form Do", |scan| {
        let form = format!("/Type /XObject /Subtype /Form {BOX} {entries}");
        let mut number = scan.pdf.stream(form.clone(), drawn.as_bytes());
        for _ in 0..levels {
            number = scan.pdf.stream(
                format!("{form} /Resources << /XObject << /Form {number} 0 R >> >>"),
                "/Form Do ".repeat(times).into_bytes(),
            );
        }
        format!("/XObject << /Form {number} 0 R >>")
    })
}

/// A page whose content is already deflated.
fn page_on(deflated: Vec<u8>) -> Vec<u8> {
    let mut scan = Scan::empty();
    let content = scan.pdf.stream("/Filter /FlateDecode", deflated);
    scan.page_on(content, "", [400.0, 300.0]);
    scan.write(&TABLE)
}

fn add_content(scan: &mut Scan, number: u32) {
    let more = &mut scan.pages[0].more;
    let (before, after) = more.split_once("/Contents ").expect("a page has content");
    let (content, rest) = after.split_once(" 0 R").expect("by reference");
    *more = format!("{before}/Contents [{content} 0 R {number} 0 R]{rest}");
}

fn pattern(steps: &str, drawn: &str) -> Vec<u8> {
    page("/Pattern cs /Tile scn 0 0 400 300 re f", |scan| {
        let entries = "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1] /Resources << >>";
        let tile = scan.pdf.stream(format!("{entries} {steps}"), drawn.as_bytes());
        format!("/Pattern << /Tile {tile} 0 R >>")
    })
}

fn shading(scan: &mut Scan, function: u32) -> String {
    let shading = scan.pdf.add(format!(
        "<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 400 300] /Function {function} 0 R /Extend [true true] >>"
    ));
    format!("/Shading << /Shade {shading} 0 R >>")
}

/// A drawing on a page of another size.
fn sized(media_box: &str) -> Vec<u8> {
    let mut scan = Scan::empty();
    let content = scan.pdf.stream("", *b"0 0 100 100 re f 0 0 m 1000000000 1000000000 l S");
    scan.page_on(content, "", [400.0, 300.0]);
    scan.pages[0].more = scan.pages[0].more.replace("[0 0 400 300]", media_box);
    scan.write(&TABLE)
}

fn pages(count: usize) -> Vec<u8> {
    scan(|scan| {
        let image = scan.pdf.objects.iter().find(|(_, object)| object.text.contains("/Image"));
        let number = *image.expect("a scan has an image").0;
        for _ in 1..count {
            scan.page_of(number, [400.0, 300.0]);
        }
    })
}
