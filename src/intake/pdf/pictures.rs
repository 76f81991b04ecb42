//! How large the pictures of a PDF are, by what they say before they are decoded, and how hard their
//! JPEGs were compressed.

use std::borrow::Cow;

use lopdf::{Dictionary, Document, Object, Stream};

use super::objects::{name, value};
use super::{cost, jbig2};
use crate::intake::{compression, format, structure};

/// Smaller pictures are emblems and the like, whose quality says nothing of the page.
const FEWEST_PIXELS: u64 = 250_000;

/// The marks that a JPEG 2000 code stream begins with, and the offset of its sizes (ITU-T T.800, A.5.1).
const CODE_STREAM: &[u8] = &[0xFF, 0x4F, 0xFF, 0x51];
const SIZES: usize = 8;

/// Notes the size of a picture where it is the largest, and its quality where it is the worst.
pub(super) fn note(
    stream: &Stream,
    document: &Document,
    largest: &mut (u32, u32),
    quality: &mut Option<f64>,
) {
    if name(document, &stream.dict, b"Subtype") != Some(b"Image") {
        return;
    }
    let number = |dictionary, key: &[u8]| {
        let number = value(document, dictionary, key).and_then(|number| number.as_i64().ok());
        number.map_or(0, |number| u32::try_from(number.max(0)).unwrap_or(u32::MAX))
    };
    let mut size = (number(&stream.dict, b"Width"), number(&stream.dict, b"Height"));
    let filters = cost::filters(stream);
    let own = match filters.split_last() {
        Some((&b"JPXDecode", before)) => of_jpeg2000(&behind(stream, before)),
        Some((&b"JBIG2Decode", before)) => jbig2::size(&behind(stream, before)),
        Some((&b"DCTDecode", before)) => of_jpeg(&behind(stream, before)),
        Some((&b"CCITTFaxDecode", _)) => {
            let columns = parameters(document, stream).map(|table| number(table, b"Columns"));
            columns.max().map(|columns| (columns, size.1))
        }
        _ => None,
    };
    // Decoders believe the picture, readers its dictionary.
    if let Some((width, height)) = own {
        size = (size.0.max(width), size.1.max(height));
    }
    keep_larger(largest, size);
    if filters == [b"DCTDecode"] && area(size) >= FEWEST_PIXELS {
        let found = compression::quality(&stream.content);
        *quality = match (*quality, found) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

/// What the codec of a picture is given.
fn behind<'a>(stream: &'a Stream, filters: &[&[u8]]) -> Cow<'a, [u8]> {
    match filters {
        [] => Cow::Borrowed(&stream.content),
        filters => Cow::Owned(cost::unpacked(stream, filters).unwrap_or_default()),
    }
}

/// The size that has more pixels.
pub(super) fn keep_larger(largest: &mut (u32, u32), size: (u32, u32)) {
    if area(size) > area(*largest) {
        *largest = size;
    }
}

fn area((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height)
}

/// The tables of parameters, one a filter.
fn parameters<'a>(
    document: &'a Document,
    stream: &'a Stream,
) -> impl Iterator<Item = &'a Dictionary> {
    let tables = value(document, &stream.dict, b"DecodeParms");
    let tables: Vec<&Object> = match tables {
        Some(Object::Array(tables)) => tables.iter().collect(),
        Some(table) => vec![table],
        None => Vec::new(),
    };
    tables.into_iter().filter_map(|table| document.dereference(table).ok()?.1.as_dict().ok())
}

fn of_jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = structure::walk(format::detect(bytes)?, bytes)?.header?;
    Some((header.width, header.height))
}

/// The reference grid without its offset.
fn of_jpeg2000(bytes: &[u8]) -> Option<(u32, u32)> {
    let at = memchr::memmem::find(bytes, CODE_STREAM)? + SIZES;
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4)?;
        Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    let [right, bottom, left, top] =
        [number(at)?, number(at + 4)?, number(at + 8)?, number(at + 12)?];
    Some((right.saturating_sub(left), bottom.saturating_sub(top)))
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    fn noted(dictionary: Dictionary, content: Vec<u8>) -> (u32, u32) {
        let mut largest = (0, 0);
        let stream = Stream::new(dictionary, content);
        note(&stream, &Document::new(), &mut largest, &mut None);
        largest
    }

    #[test]
    fn a_picture_is_as_large_as_the_largest_claim_about_it() {
        let image = |filter: &str| {
            dictionary! { "Subtype" => "Image", "Width" => 10, "Height" => 20, "Filter" => filter }
        };
        assert_eq!(noted(image("FlateDecode"), Vec::new()), (10, 20));
        let mut sizes = vec![0, 0, 0xFF, 0x4F, 0xFF, 0x51, 0, 47, 0, 0];
        for number in [70_000u32, 80_000, 10, 20] {
            sizes.extend(number.to_be_bytes());
        }
        assert_eq!(noted(image("JPXDecode"), sizes), (69_990, 79_980));
        let mut fax = image("CCITTFaxDecode");
        fax.set("DecodeParms", dictionary! { "Columns" => 1_000_000 });
        assert_eq!(noted(fax, Vec::new()), (1_000_000, 20));
        let form = dictionary! { "Subtype" => "Form", "Width" => 10, "Height" => 20 };
        assert_eq!(noted(form, Vec::new()), (0, 0));
        let huge = dictionary! { "Subtype" => "Image", "Width" => i64::MAX, "Height" => 20 };
        assert_eq!(noted(huge, Vec::new()), (u32::MAX, 20));
    }
}
