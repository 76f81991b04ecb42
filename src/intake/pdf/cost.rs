//! What reading and drawing a PDF would cost, counted before it is paid.

use std::io::Read;

use flate2::read::{DeflateDecoder, ZlibDecoder};
use lopdf::{DecompressError, Dictionary, Error, Object, Stream};
use serde::{Deserialize, Serialize};

use super::shape::{self, Shape};

/// How much there is of everything that costs time or memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Most arrays and dictionaries inside each other.
    pub nesting: u32,
    /// Numbers, names and texts between the streams.
    pub tokens: u64,
    /// Indirect objects.
    pub objects: u64,
    /// Most filters on one stream.
    pub filters: u32,
    /// Bytes of the largest stream, inflated.
    pub stream_bytes: u64,
    /// Bytes of all of them.
    pub total_bytes: u64,
    /// Drawing operations of the costliest page, repeated ones as often as they are drawn.
    pub operations: u64,
}

/// Counting stops here; every bound of a rule pack lies below. A parser's memory is some forty times as
/// many bytes.
const MOST_TOKENS: u64 = 4_000_000;
const MOST_STREAM_BYTES: usize = 96 << 20;
const MOST_BYTES: u64 = 320 << 20;

/// What stands for all that is larger.
const BEYOND: u64 = MOST_STREAM_BYTES as u64 + 1;

/// Codecs of pictures: what they unpack to is told by the size of the picture.
const CODECS: [&[u8]; 4] = [b"DCTDecode", b"JPXDecode", b"JBIG2Decode", b"CCITTFaxDecode"];

/// Short names, which are meant for pictures in the page but understood everywhere.
const SHORT: [(&[u8], &[u8]); 7] = [
    (b"Fl", b"FlateDecode"),
    (b"LZW", b"LZWDecode"),
    (b"RL", b"RunLengthDecode"),
    (b"AHx", b"ASCIIHexDecode"),
    (b"A85", b"ASCII85Decode"),
    (b"DCT", b"DCTDecode"),
    (b"CCF", b"CCITTFaxDecode"),
];

impl Cost {
    pub(super) fn add_shape(&mut self, shape: Shape) {
        self.nesting = self.nesting.max(shape.nesting);
        self.tokens = self.tokens.saturating_add(shape.tokens);
    }

    /// Whether a parser would take more memory than it is given.
    pub(super) const fn is_beyond_reading(&self) -> bool {
        self.tokens > MOST_TOKENS
    }

    /// Whether counting reached the end.
    pub(super) const fn is_bounded(&self) -> bool {
        self.stream_bytes <= MOST_STREAM_BYTES as u64 && self.total_bytes <= MOST_BYTES
    }

    /// Notes that a stream was larger than can be said.
    pub(super) const fn exceed_stream(&mut self) {
        self.stream_bytes = BEYOND;
    }

    /// Inflates a stream, but keeps nothing of it.
    pub(super) fn add_stream(&mut self, stream: &Stream) {
        let filters = filters(stream);
        self.filters = self.filters.max(filters.len() as u32);
        if !self.is_bounded() || filters.len() > Stream::MAX_FILTERS {
            return;
        }
        let packed = filters.iter().take_while(|filter| !CODECS.contains(filter)).count();
        let bytes = inflated(stream, &filters[..packed]);
        self.stream_bytes = self.stream_bytes.max(bytes);
        self.total_bytes += bytes;
        if stream.dict.has_type(b"ObjStm") {
            let content = stream.decompressed_content_with_limit(MOST_STREAM_BYTES);
            self.add_shape(shape::measure(&content.unwrap_or_default()));
        }
    }
}

/// The filters of a stream under their full names.
pub(super) fn filters(stream: &Stream) -> Vec<&[u8]> {
    let full = |name| SHORT.iter().find(|(short, _)| *short == name).map_or(name, |pair| pair.1);
    stream.filters().unwrap_or_default().into_iter().map(full).collect()
}

/// How many bytes a stream unpacks to; one more than the most where it is beyond that.
fn inflated(stream: &Stream, filters: &[&[u8]]) -> u64 {
    match filters {
        [] => stream.content.len() as u64,
        // Most streams have this one alone, and counted it needs no memory.
        [b"FlateDecode"] => match count(ZlibDecoder::new(&*stream.content)) {
            // Some writers leave the header out.
            0 => count(DeflateDecoder::new(&*stream.content)),
            bytes => bytes,
        },
        several => match unpacked(stream, several) {
            Ok(content) => content.len() as u64,
            Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => BEYOND,
            // What cannot be unpacked cannot be drawn either.
            Err(_) => 0,
        },
    }
}

/// A stream's content behind the first of its filters.
pub(super) fn unpacked(stream: &Stream, filters: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let mut dictionary = Dictionary::new();
    let names = filters.iter().map(|name| Object::Name(name.to_vec())).collect();
    dictionary.set("Filter", Object::Array(names));
    if let Ok(parameters) = stream.dict.get(b"DecodeParms") {
        dictionary.set("DecodeParms", parameters.clone());
    }
    let stream = Stream::new(dictionary, stream.content.clone());
    stream.decompressed_content_with_limit(MOST_STREAM_BYTES)
}

/// The bytes that come until the end, an error, or the most that are counted.
fn count(mut reader: impl Read) -> u64 {
    let (mut buffer, mut bytes) = (vec![0; 1 << 16], 0);
    while bytes < BEYOND {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => bytes += read as u64,
        }
    }
    bytes.min(BEYOND)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn stream(filters: &[&str], content: Vec<u8>) -> Stream {
        let names = filters.iter().map(|name| Object::Name(name.as_bytes().to_vec())).collect();
        let mut dictionary = Dictionary::new();
        dictionary.set("Filter", Object::Array(names));
        Stream::new(dictionary, content)
    }

    fn cost(filters: &[&str], content: Vec<u8>) -> Cost {
        let mut cost = Cost::default();
        cost.add_stream(&stream(filters, content));
        cost
    }

    #[test]
    fn streams_are_as_large_as_they_unpack_whatever_their_filters_are_called() {
        let once = deflated(&[7; 100_000]);
        assert_eq!(cost(&["FlateDecode"], once.clone()).stream_bytes, 100_000);
        assert_eq!(cost(&["Fl"], once.clone()).stream_bytes, 100_000);
        let twice = cost(&["FlateDecode", "Fl"], deflated(&once));
        assert_eq!((twice.stream_bytes, twice.filters), (100_000, 2));
        assert_eq!(cost(&["FlateDecode"], once[2..].to_vec()).stream_bytes, 100_000, "no header");
        assert_eq!(cost(&["FlateDecode", "DCTDecode"], once).stream_bytes, 100_000);
    }

    #[test]
    fn a_bomb_is_not_unpacked_beyond_the_most_that_is_counted() {
        let bomb = deflated(&vec![0; MOST_STREAM_BYTES + 2]);
        let one = cost(&["FlateDecode"], bomb.clone());
        assert!(one.stream_bytes == BEYOND && !one.is_bounded());
        assert_eq!(cost(&["FlateDecode", "FlateDecode"], deflated(&bomb)).stream_bytes, BEYOND);
    }
}
