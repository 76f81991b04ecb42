//! What goes through the pipes: one byte that says what it is, four that say how long, the content.
//!
//! Both sides refuse what is longer than its kind may be before they make room for it.

use std::io::{self, Read, Write};

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// From the worker, once: it is ready, and of which engine it is.
    Hello = 1,
    /// To the worker: rules to keep.
    Rules = 2,
    /// To the worker: how to judge the upload that follows.
    Job = 3,
    /// To the worker: the upload.
    Content = 4,
    /// From the worker: what the header says; decoding begins.
    Begun = 5,
    /// From the worker: the picture of the findings.
    Picture = 6,
    /// From the worker, last: all readings.
    Answer = 7,
}

/// Bytes before the content.
pub(super) const HEAD: usize = 5;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

impl Kind {
    const ALL: [Self; 7] = [
        Self::Hello,
        Self::Rules,
        Self::Job,
        Self::Content,
        Self::Begun,
        Self::Picture,
        Self::Answer,
    ];

    /// Bytes of content at most.
    pub(super) const fn most(self) -> usize {
        match self {
            Self::Hello | Self::Job => 64 * KIB,
            Self::Rules | Self::Begun => MIB,
            Self::Content => 256 * MIB,
            Self::Picture => crate::evidence::MOST_BYTES,
            // Twenty pages on which every check has found dozens of places stay below.
            Self::Answer => 4 * MIB,
        }
    }
}

/// The head of a frame with so much content; `None` where that is too much.
pub(super) fn head(kind: Kind, length: usize) -> Option<[u8; HEAD]> {
    let length = u32::try_from(length).ok().filter(|_| length <= kind.most())?;
    let [a, b, c, d] = length.to_le_bytes();
    Some([kind as u8, a, b, c, d])
}

/// What a head says; `None` where it says what no head may.
pub(super) fn read_head([kind, a, b, c, d]: [u8; HEAD]) -> Option<(Kind, usize)> {
    let kind = Kind::ALL.into_iter().find(|known| *known as u8 == kind)?;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
    (length <= kind.most()).then_some((kind, length))
}

/// Writes a whole frame.
pub(super) fn write(out: &mut impl Write, kind: Kind, content: &[u8]) -> io::Result<()> {
    let head = head(kind, content.len()).ok_or(io::ErrorKind::FileTooLarge)?;
    out.write_all(&head)?;
    out.write_all(content)
}

/// Reads a whole frame; `None` where the other side has ended between two.
pub(super) fn read(from: &mut impl Read) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut head = [0; HEAD];
    let first = loop {
        match from.read(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    if first == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[first..])?;
    let (kind, length) = read_head(head).ok_or(io::ErrorKind::InvalidData)?;
    let mut content = vec![0; length];
    from.read_exact(&mut content)?;
    Ok(Some((kind, content)))
}

/// Frames out of bytes that come in pieces.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    bytes: Vec<u8>,
}

impl Incoming {
    /// Adds what has come.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next frame, when all of it is there. `Err` where it is none of `awaited`, as soon as that
    /// can be seen.
    pub(super) fn next(&mut self, awaited: &[Kind]) -> io::Result<Option<(Kind, Vec<u8>)>> {
        let Some(head) = self.bytes.first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let (kind, length) = read_head(*head)
            .filter(|(kind, _)| awaited.contains(kind))
            .ok_or(io::ErrorKind::InvalidData)?;
        if self.bytes.len() < HEAD + length {
            return Ok(None);
        }
        let rest = self.bytes.split_off(HEAD + length);
        let mut content = std::mem::replace(&mut self.bytes, rest);
        content.drain(..HEAD);
        Ok(Some((kind, content)))
    }

    /// Whether something has come that nobody asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_whole_however_the_pieces_fall() {
        let mut bytes = Vec::new();
        write(&mut bytes, Kind::Job, b"first").unwrap();
        write(&mut bytes, Kind::Content, b"").unwrap();
        for size in 1..=bytes.len() {
            let mut incoming = Incoming::default();
            let mut frames = Vec::new();
            for piece in bytes.chunks(size) {
                incoming.push(piece);
                while let Some(frame) = incoming.next(&Kind::ALL).unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames, [(Kind::Job, b"first".to_vec()), (Kind::Content, Vec::new())]);
            assert!(incoming.is_empty());
        }
        let mut from = &bytes[..];
        assert_eq!(read(&mut from).unwrap(), Some((Kind::Job, b"first".to_vec())));
        assert_eq!(read(&mut from).unwrap(), Some((Kind::Content, Vec::new())));
        assert_eq!(read(&mut from).unwrap(), None);
    }

    #[test]
    fn what_is_too_long_or_of_no_kind_is_refused_by_its_head() {
        for kind in Kind::ALL {
            let most = kind.most();
            assert_eq!(read_head(head(kind, most).unwrap()), Some((kind, most)));
            assert_eq!(head(kind, most + 1), None);
            let [a, b, c, d] = u32::try_from(most + 1).unwrap().to_le_bytes();
            assert_eq!(read_head([kind as u8, a, b, c, d]), None);
            let mut incoming = Incoming::default();
            incoming.push(&[kind as u8, a, b, c, d]);
            assert!(incoming.next(&Kind::ALL).is_err());
            let mut incoming = Incoming::default();
            incoming.push(&head(kind, 1).unwrap());
            assert!(incoming.next(&[]).is_err(), "{kind:?} was not asked for");
        }
        for kind in [0, 8, 255] {
            assert_eq!(read_head([kind, 0, 0, 0, 0]), None);
        }
    }

    #[test]
    fn a_frame_that_is_cut_is_an_error_and_not_an_end() {
        let mut bytes = Vec::new();
        write(&mut bytes, Kind::Answer, b"readings").unwrap();
        for cut in 1..bytes.len() {
            assert!(read(&mut &bytes[..cut]).is_err(), "{cut}");
        }
    }
}
