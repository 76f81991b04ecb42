//! How deep and how large the written structure of a PDF is, told before a parser builds it: a parser
//! needs some forty times the memory of what it reads.

/// Depth and size of what is written between the streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Most arrays and dictionaries inside each other.
    pub nesting: u32,
    /// Numbers, names, texts, words and brackets.
    pub tokens: u64,
}

/// Reads once from front to back; what streams hold is passed over.
pub(super) fn measure(bytes: &[u8]) -> Shape {
    let mut shape = Shape::default();
    let (mut depth, mut at) = (0u32, 0);
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        at += match byte {
            b'[' | b'<' if byte == b'[' || rest.starts_with(b"<<") => {
                depth = depth.saturating_add(1);
                shape.nesting = shape.nesting.max(depth);
                shape.tokens += 1;
                if byte == b'[' { 1 } else { 2 }
            }
            b']' => {
                depth = depth.saturating_sub(1);
                1
            }
            b'>' if rest.starts_with(b">>") => {
                depth = depth.saturating_sub(1);
                2
            }
            b'(' => {
                shape.tokens += 1;
                text(rest)
            }
            b'%' => memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()),
            _ if is_regular(byte) => {
                shape.tokens += 1;
                let length = rest.iter().position(|byte| !is_regular(*byte));
                let length = length.unwrap_or(rest.len());
                match &rest[..length] {
                    b"stream" => {
                        memchr::memmem::find(rest, b"endstream").map_or(rest.len(), |end| end + 9)
                    }
                    // Brackets that are left open belong to the object before.
                    b"endobj" => {
                        depth = 0;
                        length
                    }
                    _ => length,
                }
            }
            _ => 1,
        };
    }
    shape
}

/// Length of a text in round brackets, which may hold others and escaped ones.
fn text(bytes: &[u8]) -> usize {
    let (mut open, mut at) = (0u32, 0);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\\' => at += 1,
            b'(' => open += 1,
            b')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    at.min(bytes.len())
}

/// Neither white space nor a delimiter (ISO 32000-1, 7.2.2). A slash begins a name and counts with it.
const fn is_regular(byte: u8) -> bool {
    !matches!(
        byte,
        0 | b'\t' | b'\n' | 0x0C | b'\r' | b' ' | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'%'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_counted_where_they_are_structure() {
        let nesting = |bytes: &[u8]| measure(bytes).nesting;
        assert_eq!(nesting(b"1 0 obj [ << /A [1 2] >> ] endobj"), 3);
        assert_eq!(nesting(b"([[[\\)[[) <AB> % [[[[\n[ ]"), 1);
        assert_eq!(nesting(b"<< >> stream\n[[[[[[ endstream [ [ ] ]"), 2);
        assert_eq!(nesting(b"[ [ endobj [ endobj"), 2);
        assert_eq!(nesting(&[b'['; 100_000]), 100_000);
    }

    #[test]
    fn a_text_or_stream_that_never_ends_ends_with_the_file() {
        for bytes in [&b"(abc"[..], b"(abc\\", b"stream abc", b"(((", b"%", b"<"] {
            assert!(measure(bytes).tokens <= 1);
        }
    }

    #[test]
    fn tokens_grow_with_what_is_written() {
        assert_eq!(measure(b"[0 0 0 /Name (text) <</K 1>>]").tokens, 9);
    }
}
