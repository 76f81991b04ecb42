//! How large a JBIG2 picture says it is (ITU-T T.88, 7.2 and 7.4.8).

const PAGE_INFORMATION: u8 = 48;
const END_OF_STRIPE: u8 = 50;

/// A height that only the last stripe tells.
const UNKNOWN: u32 = u32::MAX;

/// More segments than a page of text has.
const MOST_SEGMENTS: usize = 4096;

/// Width and height in pixels; `None` where no page is described.
pub(super) fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let (mut rest, mut size) = (bytes, None);
    for _ in 0..MOST_SEGMENTS {
        let Some((kind, data, after)) = segment(rest) else {
            break;
        };
        match (kind, size) {
            (PAGE_INFORMATION, _) => size = Some((u32_at(data, 0)?, u32_at(data, 4)?)),
            (END_OF_STRIPE, Some((width, UNKNOWN))) => {
                // Rows are counted from 0; a later stripe says more.
                let last = u32_at(data, 0)?.saturating_add(1);
                size = Some((width, last));
            }
            (END_OF_STRIPE, Some((width, height))) => {
                size = Some((width, height.max(u32_at(data, 0)?.saturating_add(1))));
            }
            _ => {}
        }
        rest = after;
    }
    size
}

/// The first segment: its type, its data, and what follows.
fn segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let number = u32_at(bytes, 0)?;
    let flags = *bytes.get(4)?;
    let count = *bytes.get(5)?;
    let (count, mut at) = match count >> 5 {
        7 => {
            let long = (u32_at(bytes, 5)? & 0x1FFF_FFFF) as usize;
            (long, 9 + (long + 8) / 8)
        }
        short => (short as usize, 6),
    };
    let each = match number {
        0..=256 => 1,
        257..=65_536 => 2,
        _ => 4,
    };
    at = at.checked_add(count.checked_mul(each)?)?;
    at += if flags & 0x40 == 0 { 1 } else { 4 };
    let length = u32_at(bytes, at)? as usize;
    let data = bytes.get(at + 4..)?;
    let (data, after) = data.split_at(length.min(data.len()));
    Some((flags & 0x3F, data, after))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, PAGE_INFORMATION, 0, 1, 0, 0, 0, 19];
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([0; 11]);
        bytes
    }

    #[test]
    fn the_size_stands_in_the_page_information() {
        assert_eq!(size(&page(2480, 3508)), Some((2480, 3508)));
        let dictionary_first = [&[0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 9, 9][..], &page(7, 9)].concat();
        assert_eq!(size(&dictionary_first), Some((7, 9)));
        assert_eq!(size(&page(1, 1)[..12]), None);
        assert_eq!(size(b""), None);
    }

    #[test]
    fn a_height_left_open_is_told_by_the_last_stripe() {
        let stripe = |last: u32| {
            let mut bytes = vec![0, 0, 0, 1, END_OF_STRIPE, 0, 1, 0, 0, 0, 4];
            bytes.extend(last.to_be_bytes());
            bytes
        };
        let striped = [page(100, UNKNOWN), stripe(99), stripe(199)].concat();
        assert_eq!(size(&striped), Some((100, 200)));
        assert_eq!(size(&page(100, UNKNOWN)), Some((100, UNKNOWN)));
    }
}
