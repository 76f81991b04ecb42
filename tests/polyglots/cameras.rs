//! Pictures with what cameras, phones and programs write into and behind them, each varied by chance.

use crate::hosts::{riff, riff_chunk, segment, tiff_with};
use crate::support::draw::Lcg;
use crate::support::encode::png_chunk;
use crate::support::{encode, faults, fixtures};

/// Something that is written into a file or behind it.
type Part = fn(&mut Lcg) -> Vec<u8>;

/// Name and bytes of more than five hundred files.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    let jpeg = fixtures::small_jpeg();
    let mut files = Vec::new();
    for round in 0..10 {
        for (maker, segments, behind) in JPEGS {
            let mut lcg = Lcg::new(files.len() as u64);
            let own: Vec<u8> = segments.iter().flat_map(|part| part(&mut lcg)).collect();
            let tail: Vec<u8> = behind.iter().flat_map(|part| part(&mut lcg)).collect();
            let bytes = [&jpeg[..2], &own, &jpeg[2..], &tail].concat();
            files.push((format!("{maker} {round}"), bytes));
        }
        for (name, make) in OTHERS {
            let mut lcg = Lcg::new(files.len() as u64);
            files.push((format!("{name} {round}"), make(&mut lcg)));
        }
        // Any of them together.
        for mixed in 0..12 {
            let mut lcg = Lcg::new(1_000 * round + mixed);
            let own: Vec<u8> = (0..1 + lcg.below(5))
                .flat_map(|_| SEGMENTS[lcg.below(SEGMENTS.len())](&mut lcg))
                .collect();
            let padding = vec![[0, 0xFF, b'\n'][lcg.below(3)]; lcg.below(3) * lcg.below(2000)];
            let bytes = [&jpeg[..2], &own, &jpeg[2..], &padding].concat();
            files.push((format!("mixed {round}.{mixed}"), bytes));
        }
    }
    files
}

const SEGMENTS: &[Part] =
    &[jfif, exif, xmp, long_xmp, photoshop, profile, adobe, provenance, comment, vendor, flashpix];

/// Maker, segments, and what follows the picture.
const JPEGS: &[(&str, &[Part], &[Part])] = &[
    ("Canon", &[exif, xmp], &[]),
    ("Canon with a picture of the sensor", &[exif, many], &[small, canon]),
    ("Nikon", &[exif, many, vendor], &[small, small]),
    ("Sony", &[exif, many, comment], &[zeros, small, zeros]),
    ("Fujifilm", &[exif, many], &[small]),
    ("Apple", &[exif, profile, many], &[small]),
    ("Apple with a gain map", &[exif, xmp, profile, many], &[with_notes, with_notes]),
    ("Apple, portrait", &[exif, orientation, many], &[small, small, small]),
    ("Samsung", &[exif], &[samsung]),
    ("Samsung, moving", &[exif, motion], &[samsung_video]),
    ("Samsung, panorama", &[exif, xmp], &[zeros, samsung]),
    ("Google", &[exif, xmp, long_xmp, profile], &[]),
    ("Google, moving", &[exif, motion, profile], &[video]),
    ("Google, moving, of old", &[exif, micro_video], &[video]),
    ("Google, moving with a gain map", &[exif, motion, many], &[with_notes, video]),
    ("Huawei", &[exif, vendor], &[huawei]),
    ("Xiaomi, moving", &[exif, micro_video], &[video]),
    ("OPPO", &[exif, motion, many], &[small, video]),
    ("vivo", &[exif], &[vivo]),
    ("DJI", &[exif, vendor, vendor, xmp], &[]),
    ("GoPro", &[exif, vendor, flashpix], &[]),
    ("FLIR", &[exif, thermal, thermal], &[]),
    ("Scanner", &[jfif], &[]),
    ("Scanner that fills up", &[jfif, exif], &[zeros]),
    ("Scanner that fills up with ones", &[jfif], &[ones]),
    ("Photoshop", &[jfif, exif, photoshop, xmp, profile, adobe], &[]),
    ("Lightroom", &[jfif, exif, xmp, photoshop, profile], &[]),
    ("Photo Mechanic", &[exif, photoshop, xmp], &[photo_mechanic]),
    ("AFCP", &[exif, photoshop], &[afcp]),
    ("FotoStation", &[exif], &[fotostation]),
    ("Content credentials", &[exif, provenance, xmp], &[]),
    ("Leica with credentials", &[exif, many, provenance], &[small]),
    ("Web", &[jfif, comment], &[]),
    ("Web, a line behind", &[jfif, comment], &[line]),
    ("Chat", &[jfif, profile], &[]),
];

fn chance(lcg: &mut Lcg, count: usize) -> Vec<u8> {
    (0..count).map(|_| lcg.bits() as u8).collect()
}

fn one<'a>(lcg: &mut Lcg, of: &[&'a str]) -> &'a str {
    of[lcg.below(of.len())]
}

fn jfif(lcg: &mut Lcg) -> Vec<u8> {
    let density = [72, 96, 200, 300, 600][lcg.below(5)];
    segment(0xE0, &[&b"JFIF\0\x01\x01\x01\0"[..], &[density as u8], b"\0\x48\0\0"].concat())
}

/// Maker, model, a note of the user, the maker's own notes and a small picture.
fn exif(lcg: &mut Lcg) -> Vec<u8> {
    let maker = one(lcg, &["Canon", "NIKON CORPORATION", "SONY", "Apple", "samsung", "HUAWEI"]);
    let size = [300, 4_000, 20_000][lcg.below(3)];
    let notes = chance(lcg, size);
    let note = one(
        lcg,
        &[
            "ASCII\0\0\0Taken at the harbour & <back> again",
            "UNICODE\0\x7d\x4e\x1a\x4e\x61\x00",
            "ASCII\0\0\0                    ",
            "\0\0\0\0\0\0\0\0mode: HDR; script: auto; html: no",
        ],
    );
    let small = small(lcg);
    let texts = [maker.as_bytes(), b"\0Model X\0", note.as_bytes(), &notes, &small].concat();
    segment(0xE1, &[b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", &texts[..]].concat())
}

fn xmp(lcg: &mut Lcg) -> Vec<u8> {
    let tool = one(lcg, &["Adobe XMP Core 7.0", "Image::ExifTool", "Google", "XMP Core 6.0.0"]);
    let padding = " ".repeat(lcg.below(2000));
    let text = format!(
        "http://ns.adobe.com/xap/1.0/\0<?xpacket begin='\u{FEFF}' id='W5M0MpCehiHzreSzNTczkc9d'?>\n\
         <x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"{tool}\"><rdf:RDF \
         xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" \
         xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" dc:format=\"image/jpeg\" \
         photoshop:History=\"opened &lt;html&gt; page; saved as PDF-1.7\">\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">A script of a play</rdf:li></rdf:Alt>\
         </dc:title></rdf:Description></rdf:RDF></x:xmpmeta>{padding}<?xpacket end='w'?>"
    );
    segment(0xE1, text.as_bytes())
}

/// What does not fit into one segment: pictures of depth, as text.
fn long_xmp(lcg: &mut Lcg) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let head =
        b"http://ns.adobe.com/xmp/extension/\0ABCDEF0123456789ABCDEF0123456789\0\x01\0\0\0\0\0\0";
    let parts = 1 + lcg.below(3);
    (0..parts)
        .flat_map(|_| {
            let text: Vec<u8> = (0..40_000).map(|_| LETTERS[lcg.below(64)]).collect();
            segment(0xE1, &[&head[..], b"GDepth:Data=\"", &text, b"\""].concat())
        })
        .collect()
}

fn motion(_: &mut Lcg) -> Vec<u8> {
    let text = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta GCamera:MotionPhoto=\"1\" \
        GCamera:MotionPhotoVersion=\"1\" Item:Mime=\"video/mp4\" Item:Semantic=\"MotionPhoto\"/>";
    segment(0xE1, text)
}

fn micro_video(_: &mut Lcg) -> Vec<u8> {
    let text = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta GCamera:MicroVideo=\"1\" \
        GCamera:MicroVideoOffset=\"4200\"/>";
    segment(0xE1, text)
}

/// Announces further pictures.
fn many(_: &mut Lcg) -> Vec<u8> {
    let index =
        b"MPF\0MM\0*\0\0\0\x08\0\x03\xB0\0\0\x07\0\0\0\x040100\xB0\x01\0\x04\0\0\0\x01\0\0\0\x02";
    segment(0xE2, index)
}

/// Resources, a small picture among them.
fn photoshop(lcg: &mut Lcg) -> Vec<u8> {
    let small = small(lcg);
    let mut body = b"Photoshop 3.0\0".to_vec();
    for (id, data) in [(0x0404u16, chance(lcg, 200)), (0x0422, chance(lcg, 60)), (0x040C, small)] {
        body.extend(b"8BIM");
        body.extend(id.to_be_bytes());
        body.extend([0, 0]);
        body.extend((data.len() as u32).to_be_bytes());
        body.extend(&data);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    segment(0xED, &body)
}

fn profile(lcg: &mut Lcg) -> Vec<u8> {
    use moxcms::ColorProfile;
    let profile = match lcg.below(3) {
        0 => ColorProfile::new_srgb(),
        1 => ColorProfile::new_display_p3(),
        _ => ColorProfile::new_adobe_rgb(),
    };
    segment(0xE2, &[&b"ICC_PROFILE\0\x01\x01"[..], &profile.encode().unwrap()].concat())
}

fn adobe(_: &mut Lcg) -> Vec<u8> {
    segment(0xEE, b"Adobe\0\x64\0\0\0\0\x01")
}

/// Where the picture comes from: boxes with claims in JSON, signatures, and a small picture.
fn provenance(lcg: &mut Lcg) -> Vec<u8> {
    let claims = r#"{"@context":"https://schema.org","@type":"CreativeWork","url":"https://example.org/index.html","author":[{"name":"A. Nonym"}],"softwareAgent":"Leica M11-P (html5 viewer)"}"#;
    let signature = chance(lcg, 6_000);
    let small = small(lcg);
    let boxes =
        [&b"jumb\0\0\0\x1ejumdc2pa"[..], b"json", claims.as_bytes(), b"cbor", &signature, &small];
    let body = boxes.concat();
    let mut segment_body = b"JP\0\x01\0\0\0\x01".to_vec();
    segment_body.extend((body.len() as u32 + 4).to_be_bytes());
    segment_body.extend(body);
    segment(0xEB, &segment_body)
}

fn comment(lcg: &mut Lcg) -> Vec<u8> {
    let text = one(
        lcg,
        &[
            "CREATOR: gd-jpeg v1.0 (using IJG JPEG v80), quality = 90\n",
            "Optimized by JPEGmini 3.14.2.84235 0x7ce72d8d",
            "LEAD Technologies Inc. V1.01",
            "File written by Adobe Photoshop\u{A8} 5.2",
            "AppleMark\n",
            "Intel(R) JPEG Library, version 1,5,4,36",
            "Lavc58.134.100",
            "在港口拍摄 <2026>",
            "*",
            "Handmade Software, Inc. Image Alchemy v1.11\n",
            "MZ-5 on Kodak Gold, <b>scanned</b> at https://example.org/photo.html",
            "a/*b*/c: see page 3; PDF follows by mail",
        ],
    );
    segment(0xFE, text.as_bytes())
}

/// Notes of a maker in a segment of its own.
fn vendor(lcg: &mut Lcg) -> Vec<u8> {
    let (marker, name) = [
        (0xE4, "QVCI\0"),
        (0xE5, "RMETA\0"),
        (0xE6, "GoPro\0"),
        (0xE7, "[ae_dbg_info:"),
        (0xEA, "HUAWEI\0"),
        (0xEC, "Ducky\0\x01\0\x04\0\0\0\x50\0"),
    ][lcg.below(6)];
    let size = [100, 3_000, 60_000][lcg.below(3)];
    let notes = chance(lcg, size);
    segment(marker, &[name.as_bytes(), &notes].concat())
}

fn thermal(lcg: &mut Lcg) -> Vec<u8> {
    let raw = chance(lcg, 50_000);
    segment(0xE1, &[&b"FLIR\0\x01\0\0"[..], &raw].concat())
}

fn flashpix(lcg: &mut Lcg) -> Vec<u8> {
    let notes = chance(lcg, 500);
    segment(0xE2, &[&b"FPXR\0\0\x01"[..], &notes].concat())
}

fn orientation(_: &mut Lcg) -> Vec<u8> {
    segment(0xEA, b"AROT\0\0\0\0\0\x04\0\0\0\0")
}

/// A whole picture.
fn small(lcg: &mut Lcg) -> Vec<u8> {
    let shade = lcg.bits() as u8;
    let side = 16 + 8 * lcg.below(4) as u32;
    let picture = image::RgbImage::from_fn(side, side, |x, y| {
        image::Rgb([shade, (x * 9) as u8, (y * 7) as u8])
    });
    encode::jpeg(&picture, 80)
}

/// One with segments of its own.
fn with_notes(lcg: &mut Lcg) -> Vec<u8> {
    let (small, notes) = (small(lcg), [xmp(lcg), profile(lcg)].concat());
    [&small[..2], &notes, &small[2..]].concat()
}

fn zeros(lcg: &mut Lcg) -> Vec<u8> {
    vec![0; 1 + lcg.below(70_000)]
}

fn ones(lcg: &mut Lcg) -> Vec<u8> {
    vec![0xFF; 1 + lcg.below(3_000)]
}

fn line(_: &mut Lcg) -> Vec<u8> {
    b"\r\n".to_vec()
}

fn video(lcg: &mut Lcg) -> Vec<u8> {
    let size = 100_000 + lcg.below(200_000);
    let frames = chance(lcg, size);
    let size = (frames.len() as u32 + 8).to_be_bytes();
    [&b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"[..], &size, b"mdat", &frames, b"\0\0\0\x08moov"]
        .concat()
}

fn samsung(lcg: &mut Lcg) -> Vec<u8> {
    let block = format!("\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data16{:011}", lcg.bits());
    let directory = b"SEFHk\0\0\0\x01\0\0\0\0\0\x01\x0a\x21\0\0\0\x21\0\0\0\x18\0\0\0SEFT";
    [block.as_bytes(), directory].concat()
}

fn samsung_video(lcg: &mut Lcg) -> Vec<u8> {
    let (video, end) = (video(lcg), samsung(lcg));
    [&b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data"[..], &video, &end].concat()
}

fn canon(lcg: &mut Lcg) -> Vec<u8> {
    let notes = chance(lcg, 800);
    [&b"CANON OPTIONAL DATA\0"[..], &notes, b"CANON OPTIONAL DATA\0"].concat()
}

fn huawei(lcg: &mut Lcg) -> Vec<u8> {
    let notes = chance(lcg, 600);
    [&b"streamdata"[..], &notes].concat()
}

fn vivo(_: &mut Lcg) -> Vec<u8> {
    b"vivo{\"version\":\"1.0\",\"sdk\":33,\"filter\":\"none\",\"id\":\"00000000\"}".to_vec()
}

fn photo_mechanic(lcg: &mut Lcg) -> Vec<u8> {
    let notes = chance(lcg, 100);
    [&notes[..], b"\0\0\0\x64cbipcbbl"].concat()
}

fn afcp(lcg: &mut Lcg) -> Vec<u8> {
    let notes = chance(lcg, 300);
    [&b"AXS!\x01\0"[..], &notes, b"AXS!"].concat()
}

fn fotostation(lcg: &mut Lcg) -> Vec<u8> {
    let notes = chance(lcg, 200);
    [&notes[..], b"\xa1\xb2\xc3\xd4"].concat()
}

/// Other formats.
const OTHERS: &[(&str, Part)] = &[
    ("PNG of a phone", |lcg| {
        let notes = exif(lcg)[10..].to_vec();
        png(&[(b"eXIf", notes), (b"sRGB", vec![0])])
    }),
    ("PNG of a Mac", |lcg| {
        let xml = [&b"XML:com.adobe.xmp\0\0\0\0\0"[..], &xmp(lcg)[33..]].concat();
        png(&[(b"iTXt", xml), (b"iDOT", chance(lcg, 28))])
    }),
    ("PNG of a program", |lcg| {
        let software =
            one(lcg, &["GIMP 2.10", "paint.net 5.0", "gnome-screenshot", "www.inkscape.org"]);
        let text = format!("Software\0{software}");
        png(&[
            (b"tEXt", text.into_bytes()),
            (b"tEXt", b"Creation Time\0Thu 26 Nov 2026".to_vec()),
            (b"vpAg", chance(lcg, 9)),
            (b"prVW", chance(lcg, 3_000)),
            (b"mkBT", chance(lcg, 500)),
        ])
    }),
    ("WebP of a phone", |lcg| {
        let (exif, xmp) = (exif(lcg)[4..].to_vec(), xmp(lcg)[33..].to_vec());
        let behind = [riff_chunk(b"EXIF", &exif), riff_chunk(b"XMP ", &xmp)].concat();
        riff(&riff_chunk(b"ICCP", &profile(lcg)[18..]), &behind)
    }),
    ("TIFF of a scanner", |lcg| {
        let (notes, xml, resources) = (chance(lcg, 900), xmp(lcg), photoshop(lcg));
        let tags: [(u16, u16, &[u8]); 7] = [
            (270, 2, b"A scan <page 1>\0"),
            (271, 2, b"EPSON\0"),
            (305, 2, b"SilverFast 8.8.0 (www.silverfast.com/html)\0"),
            (700, 1, &xml[33..]),
            (33_723, 7, &notes),
            (34_377, 1, &resources[4..]),
            (50_341, 7, b"PrintIM\x000300\0\0"),
        ];
        tiff_with(&tags, b"")
    }),
    ("TIFF with a gap", |lcg| tiff_with(&[], &chance(lcg, 4_000))),
    ("GIF of a program", |lcg| {
        let gif = encode::gif(&[&faults::posterised(&fixtures::leaflet())]);
        let start = 13 + if gif[10] & 0x80 == 0 { 0 } else { 3 << ((gif[10] & 7) + 1) };
        let text = one(lcg, &["Created with GIMP", "GIF Movie Gear 4.0", "xv <1994>", "=1"]);
        let comment = [&[0x21, 0xFE, text.len() as u8][..], text.as_bytes(), &[0]].concat();
        // XML as it is, and the trailer that leads out of it again.
        let trailer: Vec<u8> = std::iter::once(1).chain((0..=255).rev()).chain([0]).collect();
        let xml = [&b"\x21\xFF\x0BXMP DataXMP"[..], &xmp(lcg)[33..], &trailer].concat();
        [&gif[..start], &comment, &xml, &gif[start..]].concat()
    }),
];

fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let host = encode::png(&faults::posterised(&fixtures::leaflet()));
    let own: Vec<u8> = chunks.iter().flat_map(|(kind, body)| png_chunk(kind, body)).collect();
    [&host[..33], &own, &host[33..]].concat()
}
