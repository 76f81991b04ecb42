//! Bombs in images: sizes that are claimed, data that inflate, colours that go round in circles.

use super::super::image::Image;
use super::super::scan::{GOOD, PPI};
use super::{BROKEN, Bomb, COMPLEX, LARGE, Scan, TABLE, page, repeated};
use crate::support::encode;

const RGB: &str = "/ColorSpace /DeviceRGB /BitsPerComponent 8";
const GREY: &str = "/ColorSpace /DeviceGray /BitsPerComponent 8";
const BIT: &str = "/ColorSpace /DeviceGray /BitsPerComponent 1";

pub(super) fn bombs() -> Vec<Bomb> {
    vec![
        Bomb::new("an image of a gigabyte that claims a megapixel", COMPLEX, || {
            image(1000, 1000, &format!("{RGB} /Filter /FlateDecode"), repeated(0x55, 1024))
        }),
        Bomb::new("an image of a gigabyte that claims as much", LARGE, || {
            image(30_000, 12_000, &format!("{RGB} /Filter /FlateDecode"), repeated(0x55, 1024))
        }),
        Bomb::new("an image of four gigapixels", LARGE, || {
            image(65_535, 65_535, &format!("{RGB} /Filter /FlateDecode"), repeated(0, 1))
        }),
        Bomb::new("an image of two thousand million columns", LARGE, || {
            image(
                2_147_483_647,
                2_147_483_647,
                &format!("{GREY} /Filter /FlateDecode"),
                repeated(0, 1),
            )
        }),
        Bomb::odd("an image of forty-nine megapixels in colour", || {
            image(7000, 7000, &format!("{RGB} /Filter /FlateDecode"), repeated(0xAA, 141))
        }),
        Bomb::odd("an image of forty-nine megapixels of 16 bits", || {
            let entries = "/ColorSpace /DeviceCMYK /BitsPerComponent 16 /Filter /FlateDecode";
            image(7000, 7000, entries, repeated(0xAA, 374))
        }),
        Bomb::odd("twenty pages of forty-nine megapixels", || {
            let mut scan = Scan::empty();
            let entries = format!(
                "/Type /XObject /Subtype /Image /Width 7000 /Height 7000 {GREY} /Filter /FlateDecode"
            );
            let number = scan.pdf.stream(entries, repeated(0xAA, 47));
            for _ in 0..20 {
                scan.page_of(number, [400.0, 400.0]);
            }
            scan.write(&TABLE)
        }),
        Bomb::odd("twenty pages of a JPEG of forty-nine megapixels", || {
            let jpeg =
                encode::jpeg(&image::RgbImage::from_pixel(7000, 7000, [200, 190, 180].into()), 20);
            let mut scan = Scan::empty();
            let entries = format!(
                "/Type /XObject /Subtype /Image /Width 7000 /Height 7000 {RGB} /Filter /DCTDecode"
            );
            let number = scan.pdf.stream(entries, jpeg);
            for _ in 0..20 {
                scan.page_of(number, [400.0, 400.0]);
            }
            scan.write(&TABLE)
        }),
        Bomb::new("an image of no size", BROKEN, || image(0, 0, RGB, vec![0; 12])),
        Bomb::new("an image without data", BROKEN, || image(800, 600, RGB, Vec::new())),
        Bomb::odd("an image with half its data", || image(800, 600, RGB, vec![120; 720_000])),
        Bomb::new("a JPEG of four gigapixels", LARGE, || {
            let mut jpeg = GOOD.data.clone();
            set_frame(&mut jpeg, [0xFF; 4]);
            image(840, 560, &format!("{RGB} /Filter /DCTDecode"), jpeg)
        }),
        Bomb::new("a JPEG that the page calls four gigapixels", LARGE, || {
            image(65_535, 65_535, &format!("{RGB} /Filter /DCTDecode"), GOOD.data.clone())
        }),
        Bomb::new("a JPEG that is none", BROKEN, || {
            image(840, 560, &format!("{RGB} /Filter /DCTDecode"), b"no picture at all ".repeat(99))
        }),
        Bomb::new("a JPEG 2000 of four gigapixels", LARGE, || {
            image(840, 560, "/Filter /JPXDecode", jpx(0x7FFF_FFFF, 0x7FFF_FFFF, 3))
        }),
        Bomb::new("a JPEG 2000 of sixteen thousand channels", LARGE, || {
            image(840, 560, "/Filter /JPXDecode", jpx(840, 560, 16_384))
        }),
        Bomb::new("a JPEG 2000 of tiles of one pixel", LARGE, || {
            let mut bytes = jpx(12_000, 4_000, 3);
            let tiles = bytes.windows(8).position(|at| at == [0, 0, 0x2E, 0xE0, 0, 0, 0x0F, 0xA0]);
            let tiles = tiles.expect("the size") + 16;
            bytes[tiles..tiles + 8].copy_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
            image(12_000, 4_000, "/Filter /JPXDecode", bytes)
        }),
        Bomb::new("a JBIG2 page of two thousand million columns", LARGE, || {
            let page = segment(0, 48, &jbig2_page(0x7FFF_FFFF, 0x7FFF_FFFF));
            image(840, 560, &format!("{BIT} /Filter /JBIG2Decode"), page)
        }),
        Bomb::new("a JBIG2 region of two thousand million columns", LARGE, || {
            let region = [
                &jbig2_page(0x7FFF_FFFF, 0x7FFF_FFFF)[..8],
                &[0; 9],
                &[0],
                &[3, 255, 253, 255, 2, 254, 254, 254],
                &[0; 64],
            ]
            .concat();
            let bytes = [segment(0, 48, &jbig2_page(840, 560)), segment(1, 38, &region)].concat();
            image(840, 560, &format!("{BIT} /Filter /JBIG2Decode"), bytes)
        }),
        Bomb::new("a JBIG2 dictionary of four thousand million letters", LARGE, || {
            let dictionary =
                [&[0, 0, 3, 255, 253, 255, 2, 254, 254, 254][..], &[0xFF; 8], &[0; 64]].concat();
            let bytes =
                [segment(0, 0, &dictionary), segment(1, 48, &jbig2_page(840, 560))].concat();
            image(840, 560, &format!("{BIT} /Filter /JBIG2Decode"), bytes)
        }),
        Bomb::new("a fax of two thousand million columns", LARGE, || {
            let parameters = "/DecodeParms << /K -1 /Columns 2147483647 /Rows 2147483647 >>";
            image(840, 560, &format!("{BIT} /Filter /CCITTFaxDecode {parameters}"), vec![0x26; 200])
        }),
        Bomb::odd("a fax of nothing but white lines", || {
            let parameters = "/DecodeParms << /K -1 /Columns 7000 /Rows 7000 >>";
            image(
                7000,
                7000,
                &format!("{BIT} /Filter /CCITTFaxDecode {parameters}"),
                vec![0xFF; 1000],
            )
        }),
        Bomb::odd("run lengths of a gigabyte in a deflated megabyte", || {
            let filters = "/Filter [/FlateDecode /RunLengthDecode]";
            image(7000, 7000, &format!("{GREY} {filters}"), repeated(0x81, 16))
        }),
        Bomb::new("an image in a content that claims ten gigapixels", LARGE, || {
            page(
                "q 400 0 0 300 0 0 cm BI /W 100000 /H 100000 /CS /RGB /BPC 8 ID 0123456789 EI Q",
                |_| String::new(),
            )
        }),
        Bomb::odd("an image in a content that does not end", || {
            page("q 400 0 0 300 0 0 cm BI /W 100 /H 100 /CS /RGB /BPC 8 ID 0123456789", |_| {
                String::new()
            })
        }),
        Bomb::odd("colours that are an index of themselves", || {
            circle(|scan| {
                let space = scan.pdf.reserve();
                scan.pdf.set(space, format!("[/Indexed {space} 0 R 255 <{}>]", "00".repeat(768)));
                space
            })
        }),
        Bomb::odd("colours that stand in for themselves", || {
            circle(|scan| {
                let space = scan.pdf.reserve();
                let profile =
                    scan.pdf.stream(format!("/N 3 /Alternate {space} 0 R"), *b"no profile");
                scan.pdf.set(space, format!("[/ICCBased {profile} 0 R]"));
                space
            })
        }),
        Bomb::odd("colours inside colours, forty thousand levels", || {
            circle(|scan| {
                let mut space = scan.pdf.add("/DeviceRGB");
                let tint = scan.pdf.add("<< /FunctionType 2 /Domain [0 1] /C0 [0] /C1 [1] /N 1 >>");
                for _ in 0..40_000 {
                    space = scan.pdf.add(format!("[/Separation /Ink {space} 0 R {tint} 0 R]"));
                }
                space
            })
        }),
        Bomb::odd("a tint that is made of itself", || {
            circle(|scan| {
                let tint = scan.pdf.reserve();
                scan.pdf.set(tint, format!(
                    "<< /FunctionType 3 /Domain [0 1] /Functions [{tint} 0 R] /Bounds [] /Encode [0 1] >>"
                ));
                scan.pdf.add(format!("[/Separation /Ink /DeviceRGB {tint} 0 R]"))
            })
        }),
        Bomb::odd("an index of two thousand million colours", || {
            circle(|scan| scan.pdf.add("[/Indexed /DeviceRGB 2147483647 <000000FFFFFF>]"))
        }),
        Bomb::odd("an image of a thousand million inks", || {
            circle(|scan| {
                let inks = "/Ink ".repeat(100_000);
                let program =
                    scan.pdf.stream("/FunctionType 4 /Domain [0 1] /Range [0 1 0 1 0 1]", *b"{ }");
                scan.pdf.add(format!("[/DeviceN [{inks}] /DeviceRGB {program} 0 R]"))
            })
        }),
        Bomb::odd("a mask that is its own", || {
            masked(|scan, image| {
                scan.pdf
                    .objects
                    .get_mut(&image)
                    .expect("it is there")
                    .text
                    .push_str(&format!(" /SMask {image} 0 R"));
            })
        }),
        Bomb::odd("masks that mask each other", || {
            masked(|scan, image| {
                let entries = format!(
                    "/Type /XObject /Subtype /Image /Width 8 /Height 8 {GREY} /SMask {image} 0 R /Mask {image} 0 R"
                );
                let mask = scan.pdf.stream(entries, [200; 64]);
                scan.pdf
                    .objects
                    .get_mut(&image)
                    .expect("it is there")
                    .text
                    .push_str(&format!(" /SMask {mask} 0 R"));
            })
        }),
        Bomb::new("a mask of four gigapixels", LARGE, || {
            masked(|scan, image| {
                let entries = format!(
                    "/Type /XObject /Subtype /Image /Width 65535 /Height 65535 {GREY} /Filter /FlateDecode"
                );
                let mask = scan.pdf.stream(entries, repeated(0xFF, 1024));
                scan.pdf
                    .objects
                    .get_mut(&image)
                    .expect("it is there")
                    .text
                    .push_str(&format!(" /SMask {mask} 0 R"));
            })
        }),
        Bomb::odd("samples of 31 bits", || {
            image(100, 100, "/ColorSpace /DeviceRGB /BitsPerComponent 31", vec![7; 200_000])
        }),
        Bomb::odd("samples of bits below nothing", || {
            image(100, 100, "/ColorSpace /DeviceRGB /BitsPerComponent -8", vec![7; 30_000])
        }),
        Bomb::odd("a decoding of a million numbers", || {
            image(100, 100, &format!("{RGB} /Decode [{}]", "0 1 ".repeat(500_000)), vec![7; 30_000])
        }),
    ]
}

/// A page that is all one image.
fn image(width: u32, height: u32, entries: &str, data: Vec<u8>) -> Vec<u8> {
    let mut scan = Scan::empty();
    let picture = Image::raw(width, height, entries, data);
    let number = scan.pdf.stream(picture.dictionary(), picture.data);
    scan.page_of(number, [403.2, 268.8]);
    scan.write(&TABLE)
}

/// An image in a colour space of its own.
fn circle(space: impl FnOnce(&mut Scan) -> u32) -> Vec<u8> {
    let mut scan = Scan::empty();
    let space = space(&mut scan);
    let entries = format!(
        "/Type /XObject /Subtype /Image /Width 100 /Height 100 /ColorSpace {space} 0 R /BitsPerComponent 8"
    );
    let number = scan.pdf.stream(entries, vec![7; 30_000]);
    scan.page_of(number, [400.0, 400.0]);
    scan.write(&TABLE)
}

/// A good scan with something done to its image.
fn masked(change: impl FnOnce(&mut Scan, u32)) -> Vec<u8> {
    let mut scan = Scan::of(&GOOD, PPI);
    let image = scan.pdf.objects.iter().find(|(_, object)| object.text.contains("/Image"));
    let number = *image.expect("a scan has an image").0;
    change(&mut scan, number);
    scan.write(&TABLE)
}

/// Height and width in the frame of a JPEG.
fn set_frame(jpeg: &mut [u8], sides: [u8; 4]) {
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&sides);
}

/// The head of a JPEG 2000 codestream in its container, and no more of it than that.
fn jpx(width: u32, height: u32, channels: u16) -> Vec<u8> {
    let boxed = |kind: &[u8; 4], body: &[u8]| {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    };
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let mut header = [height.to_be_bytes(), width.to_be_bytes()].concat();
    header.extend(channels.to_be_bytes());
    header.extend([7, 7, 0, 0]);
    let colour = boxed(b"colr", &[1, 0, 0, 0, 0, 0, 16]);
    let header = boxed(b"jp2h", &[boxed(b"ihdr", &header), colour].concat());
    let zeros = [0; 8];
    let mut size = [&[0, 0][..], &sides, &zeros, &sides, &zeros, &channels.to_be_bytes()].concat();
    size.extend([7, 1, 1].repeat(channels.into()));
    let length = size.len() as u16 + 2;
    let mut stream = [&[0xFF, 0x4F, 0xFF, 0x51][..], &length.to_be_bytes(), &size].concat();
    stream.extend([0xFF, 0x52, 0, 12, 0, 0, 0, 1, 1, 5, 4, 4, 0, 0]);
    stream.extend([0xFF, 0x5C, 0, 4, 0x40, 0x40]);
    stream.extend([0xFF, 0x90, 0, 10, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0x93]);
    stream.extend([0; 64]);
    stream.extend([0xFF, 0xD9]);
    let start = [&boxed(b"jP  ", b"\r\n\x87\n")[..], &boxed(b"ftyp", b"jp2 \0\0\0\0jp2 ")].concat();
    [start, header, boxed(b"jp2c", &stream)].concat()
}

/// Page information of JBIG2.
fn jbig2_page(width: u32, height: u32) -> Vec<u8> {
    [&width.to_be_bytes()[..], &height.to_be_bytes(), &[0; 11]].concat()
}

fn segment(number: u32, kind: u8, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u32).to_be_bytes();
    [&number.to_be_bytes()[..], &[kind, 0, 1], &length, data].concat()
}
