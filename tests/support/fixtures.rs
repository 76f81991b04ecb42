//! Every file below `testdata/` that the drawings make, by its path there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::RgbImage;

use super::cases::{CASES, Setting};
use super::draw::{self, CARD, SMALL_CARD};
use super::encode::{self, Png};
use super::faults;
use super::forms::{FORM, Form, WHOLE};
use super::scene::Shot;

/// Quality at which phones and mail programs save.
const QUALITY: u8 = 70;

/// Reasons whose fixtures are listed one by one.
const BY_HAND: [&str; 6] = [
    "RESOLUTION_TOO_LOW",
    "IMAGE_TOO_DARK",
    "IMAGE_TOO_BRIGHT",
    "PAGE_BLANK",
    "COLOUR_MISSING",
    "IMAGE_BLURRED",
];

/// The committed files that are drawn: path below `testdata/` → bytes.
pub fn drawn() -> BTreeMap<String, Vec<u8>> {
    let mut files = Files::default();
    files.samples();
    files.bytes();
    files.hidden();
    files.kinds();
    files.structure();
    files.sizes();
    files.light();
    files.colour();
    files.sharpness();
    files.documents();
    files.0.extend(super::photo_fixtures::drawn());
    files.0.extend(super::pdf_fixtures::drawn());
    files.filings();
    files.0
}

/// A leaflet above the smallest size that passes: a few KB as PNG or GIF.
pub fn leaflet() -> RgbImage {
    draw::leaflet(840, 560)
}

/// The JPEG around which the fixtures on bytes are made.
pub fn small_jpeg() -> Vec<u8> {
    encode::jpeg(&leaflet(), 50)
}

/// A JPEG whose header asks for arithmetic coding, which next to nothing decodes.
pub fn arithmetic_coded() -> Vec<u8> {
    let mut bytes = small_jpeg();
    let frame = bytes.windows(2).position(|pair| pair == [0xFF, 0xC0]).expect("a baseline frame");
    bytes[frame + 1] = 0xC9;
    bytes
}

/// The shortest archive: one empty file named `a`.
pub fn zip() -> Vec<u8> {
    let mut bytes = b"PK\x03\x04\x0a\0\0\0\0\0\0\0\x21\0".to_vec();
    bytes.extend([0; 12]);
    bytes.extend(b"\x01\0\0\0a");
    let directory = bytes.len() as u32;
    bytes.extend(b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\x21\0");
    bytes.extend([0; 12]);
    bytes.extend(b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0");
    bytes.extend([0; 4]);
    bytes.extend(b"a");
    let length = bytes.len() as u32 - directory;
    bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    bytes.extend(length.to_le_bytes());
    bytes.extend(directory.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

#[derive(Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn add(&mut self, path: &str, bytes: Vec<u8>) {
        assert!(self.0.insert(path.to_owned(), bytes).is_none(), "{path} is made twice");
    }

    fn reason(&mut self, code: &str, name: &str, bytes: Vec<u8>) {
        self.add(&format!("reasons/{code}/{name}"), bytes);
    }

    /// What `scanvet check testdata/samples/*` shows.
    fn samples(&mut self) {
        let leaflet = leaflet();
        let jpeg = |picture: &RgbImage| encode::jpeg(picture, QUALITY);
        let moved = faults::askew(&leaflet, 0.02);
        let whole = jpeg(&SMALL_CARD);
        let mut behind = whole.clone();
        behind.extend(zip());
        for (name, bytes) in [
            ("accept-card.jpg", encode::jpeg(&CARD, 65)),
            ("accept-form.jpg", encode::jpeg(&FORM, 45)),
            ("accept-leaflet.png", encode::png(&leaflet)),
            ("accept-photo.jpg", jpeg(&draw::photo(720))),
            ("reject-animated.gif", encode::gif(&[&leaflet, &moved])),
            ("reject-archive-behind.jpg", behind),
            ("reject-blank.jpg", jpeg(&draw::sheet(800, 1131).photographed(0.05, 2.0, 3))),
            ("reject-card-blurred.jpg", jpeg(&faults::blurred(&SMALL_CARD, 2.5))),
            ("reject-card-broken-off.jpg", whole[..whole.len() * 3 / 5].to_vec()),
            ("reject-card-dark.jpg", jpeg(&faults::darkened(&SMALL_CARD, 0.2))),
            ("reject-card-grey.jpg", jpeg(&faults::grey(&SMALL_CARD))),
            (
                "reject-card-grey-copy-in-warm-light.jpg",
                jpeg(&faults::tinted_grey(&SMALL_CARD, [1.0, 0.95, 0.86])),
            ),
            ("reject-card-thumbnail.jpg", jpeg(&draw::card(320))),
            ("reject-card-washed-out.jpg", jpeg(&faults::washed_out(&SMALL_CARD, 0.5))),
            ("reject-form-grey.jpg", encode::jpeg_grey(&faults::grey(&FORM), 40)),
            ("reject-png-named.jpg", encode::png(&leaflet)),
            ("reject-text-named.jpg", b"This is a letter, whatever its name says.\n".to_vec()),
            ("review-card-a-little-blurred.jpg", jpeg(&faults::blurred(&SMALL_CARD, 0.74))),
        ] {
            self.add(&format!("samples/{name}"), bytes);
        }
    }

    /// What the descriptions of filings below `reasons/` name.
    fn filings(&mut self) {
        use super::cards::{self, Side};
        let small = |picture: &RgbImage| faults::resized(picture, 860, 645);
        let front = small(&cards::photographed(Side::Portrait, 1));
        let back = small(&cards::photographed(Side::Emblem, 1));
        let cloth = small(&cards::on_a_desk(Side::Emblem, 1, [150.0, 96.0, 52.0]));
        let scans = [Side::Portrait, Side::Emblem].map(|side| cards::scanned(side, 2));
        let both = faults::resized(&cards::joined(&scans[0], &scans[1], true), 800, 1008);
        for (name, picture, quality) in [
            ("id-card-front.jpg", &front, 50),
            ("id-card-front-again.jpg", &faults::resized(&front, 430, 322), 35),
            ("id-card-back.jpg", &back, 50),
            ("id-card-back-on-wood.jpg", &cloth, 50),
            ("id-card-both-sides.jpg", &both, 40),
        ] {
            self.add(&format!("filings/{name}"), encode::jpeg(picture, quality));
        }
    }

    fn bytes(&mut self) {
        self.reason("FILE_EMPTY", "fail-nothing.jpg", Vec::new());
        self.reason("FILE_EMPTY", "pass-one-byte.jpg", vec![0xFF]);
        let jpeg = small_jpeg();
        self.reason("TRAILING_DATA", "pass-nothing-behind.jpg", jpeg.clone());
        let behind = |tail: &[u8]| [&jpeg[..], tail].concat();
        self.reason("TRAILING_DATA", "fail-archive-behind.jpg", behind(&zip()));
        self.reason(
            "TRAILING_DATA",
            "fail-script-behind.jpg",
            behind(b"\n<script>alert(1)</script>"),
        );
        self.reason("TRAILING_DATA", "fail-65-unknown-bytes.jpg", behind(&[0x5A; 65]));
        self.reason("TRAILING_DATA", "pass-64-unknown-bytes.jpg", behind(&[0x5A; 64]));
        self.reason("TRAILING_DATA", "pass-padding-behind.jpg", behind(&[0; 512]));
        let camera = b"\0\0Image_UTC_Data1600000000000SEFHk\0\0\0\x01\0\0\0SEFT";
        self.reason("TRAILING_DATA", "pass-camera-block-behind.jpg", behind(camera));
        let mut png = encode::png(&leaflet());
        png.extend(b"%PDF-1.4\n%%EOF\n");
        self.reason("TRAILING_DATA", "fail-document-behind.png", png);
    }

    /// What else a file may be, and how far it may unpack.
    fn hidden(&mut self) {
        let jpeg = small_jpeg();
        let noted = |text: &[u8]| {
            let length = (text.len() as u16 + 2).to_be_bytes();
            [&jpeg[..2], &[0xFF, 0xFE], &length, text, &jpeg[2..]].concat()
        };
        self.reason("POLYGLOT", "fail-archive-in-a-comment.jpg", noted(&zip()));
        self.reason("POLYGLOT", "fail-script-in-a-comment.jpg", noted(b"<?php phpinfo(); ?>"));
        self.reason("POLYGLOT", "pass-caption.jpg", noted(b"In front of the <b>harbour</b>"));
        let png = encode::png(&faults::posterised(&leaflet()));
        let with = |kind: &[u8; 4], body: &[u8]| {
            [&png[..33], &encode::png_chunk(kind, body), &png[33..]].concat()
        };
        let page = b"Comment\0<html><script>alert(1)</script></html>";
        self.reason("POLYGLOT", "fail-page-in-a-text.png", with(b"tEXt", page));
        let packed = |length: usize| {
            let mut encoder = ZlibEncoder::new(b"Comment\0\0".to_vec(), Compression::best());
            encoder.write_all(&vec![b' '; length]).expect("writing to memory");
            encoder.finish().expect("writing to memory")
        };
        let code = "METADATA_TOO_LARGE";
        self.reason(code, "fail-9-mb-of-packed-text.png", with(b"zTXt", &packed(9 << 20)));
        self.reason(code, "pass-7-mb-of-packed-text.png", with(b"zTXt", &packed(7 << 20)));
        let shade = |width: u32, height: u32| {
            let samples = vec![0xD0; 2 * width as usize * height as usize];
            let (grey, deep) = (png::ColorType::Grayscale, png::BitDepth::Sixteen);
            encode::png_of(width, height, grey, deep, &samples)
        };
        let code = "DECOMPRESSION_TOO_LARGE";
        self.reason(code, "fail-54-mb-of-one-shade.png", shade(6_000, 4_500));
        self.reason(code, "pass-12-mb-of-one-shade.png", shade(3_000, 2_000));
    }

    fn kinds(&mut self) {
        let jpeg = small_jpeg();
        self.reason(
            "FORMAT_UNKNOWN",
            "fail-letter.txt",
            b"Dear Sir, please find the scan enclosed.\n".to_vec(),
        );
        self.reason("FORMAT_UNKNOWN", "fail-first-byte-lost.jpg", jpeg[1..].to_vec());
        self.reason("FORMAT_UNKNOWN", "pass-first-byte-there.jpg", jpeg.clone());
        self.reason("FORMAT_NOT_ALLOWED", "fail-archive.zip", zip());
        self.reason("FORMAT_NOT_ALLOWED", "fail-icon.bmp", bmp());
        self.reason("FORMAT_NOT_ALLOWED", "pass-leaflet.jpg", jpeg.clone());
        self.reason(
            "FORMAT_NOT_ALLOWED",
            "pass-leaflet.gif",
            encode::gif(&[&faults::posterised(&leaflet())]),
        );
        // Claimed to be image/jpeg by the folder's context.
        self.reason("FORMAT_MISMATCH", "fail-png-named.jpg", encode::png(&leaflet()));
        self.reason("FORMAT_MISMATCH", "pass-jpeg.jpg", jpeg);
    }

    fn structure(&mut self) {
        let jpeg = small_jpeg();
        let leaflet = leaflet();
        let png = encode::png(&leaflet);
        self.reason("FILE_TRUNCATED", "fail-half.jpg", jpeg[..jpeg.len() / 2].to_vec());
        self.reason("FILE_TRUNCATED", "fail-end-marker-lost.jpg", jpeg[..jpeg.len() - 2].to_vec());
        self.reason("FILE_TRUNCATED", "fail-end-chunk-lost.png", png[..png.len() - 12].to_vec());
        self.reason("FILE_TRUNCATED", "pass-whole.jpg", jpeg.clone());
        self.reason("FILE_TRUNCATED", "pass-whole.png", png.clone());
        let mut broken = png.clone();
        let middle = broken.len() / 2;
        broken[middle] ^= 0xFF;
        self.reason("FILE_CORRUPT", "fail-checksum.png", broken);
        let mut headless = jpeg.clone();
        let tables =
            headless.windows(2).position(|pair| pair == [0xFF, 0xC4]).expect("Huffman tables");
        headless[tables + 5..tables + 21].fill(0xFF);
        self.reason("FILE_CORRUPT", "fail-huffman-table.jpg", headless);
        self.reason(
            "FILE_CORRUPT",
            "fail-cut-but-ended.jpg",
            [&jpeg[..jpeg.len() * 7 / 10], &[0xFF, 0xD9]].concat(),
        );
        self.reason("FILE_CORRUPT", "pass-sound.jpg", jpeg.clone());
        self.reason("FILE_CORRUPT", "pass-sound.png", png.clone());
        self.reason("FILE_UNPROCESSABLE", "fail-arithmetic-coding.jpg", arithmetic_coded());
        self.reason("FILE_UNPROCESSABLE", "pass-huffman-coding.jpg", jpeg);
        let moved = faults::askew(&leaflet, 0.01);
        self.reason("TOO_MANY_PAGES", "fail-21-pages.tif", encode::tiff(21));
        self.reason("TOO_MANY_PAGES", "pass-20-pages.tif", encode::tiff(20));
        self.reason("IMAGE_ANIMATED", "fail-two-frames.gif", encode::gif(&[&leaflet, &moved]));
        self.reason("IMAGE_ANIMATED", "pass-one-frame.gif", encode::gif(&[&leaflet]));
        self.reason(
            "IMAGE_ANIMATED",
            "fail-two-frames.png",
            encode::png_animated(&leaflet, &leaflet),
        );
        self.reason("IMAGE_ANIMATED", "pass-one-frame.png", png);
    }

    fn sizes(&mut self) {
        let strip = |width: u32, height: u32| {
            let row = vec![0xFF; width.div_ceil(8) as usize * height as usize];
            encode::png_of(width, height, png::ColorType::Grayscale, png::BitDepth::One, &row)
        };
        self.reason("TOO_MANY_PIXELS", "fail-12001-across.png", strip(12_001, 8));
        self.reason("TOO_MANY_PIXELS", "pass-12000-across.png", strip(12_000, 8));
        self.reason("TOO_MANY_PIXELS", "fail-just-above-50-megapixels.png", strip(8_000, 6_251));
        let card = &*SMALL_CARD;
        let cut =
            |width, height| encode::jpeg(&faults::cropped(card, 10, 40, width, height), QUALITY);
        self.reason("RESOLUTION_TOO_LOW", "pass-800-by-500.jpg", cut(800, 500));
        self.reason("RESOLUTION_TOO_LOW", "fail-799-by-500.jpg", cut(799, 500));
        self.reason("RESOLUTION_TOO_LOW", "fail-800-by-499.jpg", cut(800, 499));
        self.reason(
            "RESOLUTION_TOO_LOW",
            "fail-thumbnail.jpg",
            encode::jpeg(&draw::card(320), QUALITY),
        );
    }

    fn light(&mut self) {
        let card = &*SMALL_CARD;
        let jpeg = |picture: &RgbImage| encode::jpeg(picture, QUALITY);
        for (name, gain) in
            [("fail-night", 0.2), ("fail-just-too-dark", 0.39), ("pass-just-light-enough", 0.41)]
        {
            self.reason(
                "IMAGE_TOO_DARK",
                &format!("{name}.jpg"),
                jpeg(&faults::darkened(card, gain)),
            );
        }
        for (name, strength) in [
            ("fail-flash", 0.5),
            ("fail-just-too-bright", 0.25),
            ("pass-just-not-too-bright", 0.15),
        ] {
            self.reason(
                "IMAGE_TOO_BRIGHT",
                &format!("{name}.jpg"),
                jpeg(&faults::washed_out(card, strength)),
            );
        }
        let print = encode::png_as(&faults::bilevel(&leaflet(), 120), Png::Bilevel);
        self.reason("IMAGE_TOO_BRIGHT", "pass-black-print-on-white.png", print);
        let lines = |lines: usize| {
            let mut sheet = draw::sheet(800, 1131);
            for line in 0..lines {
                let top = 140.0 + 30.0 * line as f32;
                sheet.text(
                    [90.0, top],
                    18.0,
                    [40.0; 3],
                    "A line of print on an otherwise empty page",
                );
            }
            jpeg(&sheet.photographed(0.05, 1.6, 3))
        };
        self.reason("PAGE_BLANK", "fail-empty-sheet.jpg", lines(0));
        self.reason("PAGE_BLANK", "pass-one-line.jpg", lines(1));
        let even = |shade| encode::png(&RgbImage::from_pixel(840, 560, image::Rgb(shade)));
        self.reason("COULD_NOT_ASSESS", "fail-covered-lens.png", even([24, 20, 20]));
        self.reason("COULD_NOT_ASSESS", "fail-even-tint.png", even([200, 190, 160]));
        self.reason("COULD_NOT_ASSESS", "pass-leaflet.png", encode::png(&leaflet()));
    }

    fn colour(&mut self) {
        let card = &*SMALL_CARD;
        let jpeg = |picture: &RgbImage| encode::jpeg(picture, QUALITY);
        self.reason(
            "COLOUR_MISSING",
            "fail-grey.jpg",
            encode::jpeg_grey(&faults::grey(card), QUALITY),
        );
        self.reason("COLOUR_MISSING", "fail-grey-stored-as-colour.jpg", jpeg(&faults::grey(card)));
        self.reason(
            "COLOUR_MISSING",
            "fail-grey-in-warm-light.jpg",
            jpeg(&faults::tinted_grey(card, [1.0, 0.9, 0.72])),
        );
        self.reason(
            "COLOUR_MISSING",
            "fail-fax.png",
            encode::png_as(&faults::bilevel(&leaflet(), 120), Png::Bilevel),
        );
        self.reason(
            "COLOUR_MISSING",
            "fail-all-but-faded.jpg",
            jpeg(&faults::desaturated(card, 0.19)),
        );
        self.reason("COLOUR_MISSING", "pass-faded.jpg", jpeg(&faults::desaturated(card, 0.26)));
        let unsealed = Form { mark: false, seal: 0.0, signature: 0.0, ..WHOLE }.scanned();
        let sealed = Form { mark: false, signature: 0.0, ..WHOLE }.scanned();
        let form = |picture: &RgbImage| encode::jpeg(picture, 25);
        self.reason(
            "COLOUR_MISSING/authenticity-form",
            "fail-form-without-seal.jpg",
            form(&faults::grey(&unsealed)),
        );
        self.reason("COLOUR_MISSING/authenticity-form", "pass-form-with-seal.jpg", form(&sealed));
    }

    /// The reasons whose faults are drawn by amount: the weakest that fails, and the one that
    /// just passes.
    fn documents(&mut self) {
        // Of reasons with several cases the first is enough here; `tests/pictures/pairs.rs` makes them all.
        let mut seen = BTreeSet::from(BY_HAND);
        for case in CASES.iter().filter(|case| seen.insert(case.code)) {
            let is_form = case.on == "forms";
            let shot = Shot { frame: [820, 615], ..Shot::of(1) };
            let quality = match case.code {
                // Harder compression takes the rhythm of an enlargement away.
                "UPSCALED" => 88,
                _ if is_form => 32,
                _ => 45,
            };
            let (light, grain, vignette) = ([1.0; 3], 0.3, 0.05);
            let setting = Setting { seed: 1, shot, light, grain, vignette, quality };
            for (name, amount) in [("fail-just", case.fails[0]), ("pass-just", case.passes[2])] {
                self.reason(case.code, &format!("{name}.jpg"), (case.make)(&setting, amount));
            }
        }
    }

    fn sharpness(&mut self) {
        let card = &*SMALL_CARD;
        let jpeg = |picture: &RgbImage| encode::jpeg(picture, QUALITY);
        for (name, sigma) in [
            ("pass-just-sharp-enough", 0.62),
            ("fail-just-too-soft", 0.74),
            ("fail-out-of-focus", 2.5),
        ] {
            self.reason(
                "IMAGE_BLURRED",
                &format!("{name}.jpg"),
                jpeg(&faults::blurred(card, sigma)),
            );
        }
        let upright = &*FORM;
        let turned = image::imageops::rotate180(upright);
        self.reason("ORIENTATION_WRONG", "fail-upside-down.jpg", encode::jpeg(&turned, 60));
        self.reason("ORIENTATION_WRONG", "pass-upright.jpg", encode::jpeg(upright, 60));
        let enlarged = faults::resized(&draw::card(300), 900, 675);
        self.reason("IMAGE_BLURRED", "fail-enlarged.jpg", jpeg(&enlarged));
    }
}

/// Two by two pixels, 24 bits each.
pub fn bmp() -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    bytes.extend(70u32.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(54u32.to_le_bytes());
    bytes.extend(40u32.to_le_bytes());
    bytes.extend(2u32.to_le_bytes());
    bytes.extend(2u32.to_le_bytes());
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 4]);
    bytes.extend(16u32.to_le_bytes());
    bytes.extend([0; 16]);
    bytes.extend([255, 255, 255, 0, 0, 200, 0, 0, 0, 200, 255, 255, 255, 0, 0, 0]);
    bytes
}
