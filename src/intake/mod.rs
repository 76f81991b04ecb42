//! From bytes to [`Sniffed`]: what the upload is, what it claims, what its header says, what trails it.
//!
//! Nothing is decoded here. Every limit that a header can break is judged before a single pixel.

pub mod animation;
pub mod budget;
pub mod compression;
pub mod density;
pub mod foreign;
pub mod format;
pub mod kind;
pub mod metadata;
pub mod pages;
pub mod pdf;
pub mod pixels;
pub mod polyglot;
pub mod size;
pub mod structure;
pub mod trailing;
pub mod unpacked;

use bytes::Bytes;

use crate::intake::foreign::Place;
use crate::intake::foreign::nook::{MOST_SEEN_OF_ALL, Nook};
use crate::intake::format::{Detected, Format};
use crate::intake::metadata::{Metadata, Orientation};
use crate::intake::pdf::Pdf;
use crate::intake::structure::{Header, State, Walk};
use crate::reason::Unreadable;

pub use crate::intake::budget::{Budget, Expired, Unlimited};

/// The bytes of one file and what the sender claims of it.
#[derive(Clone, Debug, Default)]
pub struct Upload {
    /// The whole file.
    pub bytes: Bytes,
    /// IANA media type that the sender claims. Never trusted, only compared.
    pub declared_media_type: Option<String>,
}

/// An upload of which is known what its first bytes, structure and metadata say.
#[derive(Clone, Debug)]
pub struct Sniffed {
    /// The whole file.
    pub bytes: Bytes,
    /// The claim, where it names a type that scanvet knows.
    pub declared: Option<&'static Format>,
    /// What the first bytes are.
    pub detected: Option<Detected>,
    /// What walking the structure found; `None` where the format has no walker.
    pub walk: Option<Walk>,
    /// Where bytes lie up to the end marker that are no pixels.
    pub nooks: Vec<Nook>,
    /// Orientation and the presence of a position.
    pub metadata: Metadata,
    /// What a look inside a PDF told; `None` before, and of other formats.
    pub pdf: Option<Pdf>,
}

impl Sniffed {
    /// The file up to its end marker, without what trails it.
    pub fn whole(&self) -> &[u8] {
        &self.bytes[..self.walk.map_or(self.bytes.len(), |walk| walk.end.min(self.bytes.len()))]
    }

    /// Reads what only a parser can tell: the structure of a PDF. Its number of pages and the size of its
    /// largest picture then stand in the header. Other formats have told all of it already.
    pub fn look_inside(&mut self, budget: &mut dyn Budget) -> Result<(), Expired> {
        let document = self.detected.filter(|detected| detected.media_type == pdf::MEDIA_TYPE);
        if let (Some(_), Some(walk)) = (document, self.walk) {
            let (pdf, walk) = pdf::look(&self.bytes, walk, budget)?;
            (self.pdf, self.walk) = (Some(pdf), Some(walk));
        }
        Ok(())
    }

    /// Takes a document that made its parser fail as one that nobody can read.
    pub fn give_up_inside(&mut self) {
        self.pdf = Some(Pdf::default());
        self.walk = self.walk.map(|walk| Walk { state: State::Exotic, header: None, ..walk });
    }

    /// Whether the XML that programs write about a picture names a position; it is not read.
    fn has_position(&self) -> bool {
        let mut budget = MOST_SEEN_OF_ALL;
        self.nooks.iter().filter(|nook| nook.place == Place::Metadata).any(|nook| {
            let notes = nook.bytes(self.whole(), &mut budget);
            memchr::memmem::find(&notes, metadata::POSITION_IN_XML).is_some()
        })
    }

    /// What the header says, which is all that limits on frames, pages and pixels are judged by.
    fn header(&self) -> Result<Header, Unreadable> {
        self.walk.and_then(|walk| walk.header).ok_or(Unreadable::because("no-header"))
    }
}

/// Looks at the first bytes, walks the structure once and reads the metadata. Decodes nothing.
pub fn sniff(upload: &Upload) -> Sniffed {
    let detected = format::detect(&upload.bytes);
    let walk = detected.and_then(|detected| structure::walk(detected, &upload.bytes));
    let exif = walk
        .filter(|walk| walk.header.is_some())
        .and_then(|walk| upload.bytes.get(walk.exif?.start..walk.exif?.end));
    let mut metadata = exif.map(metadata::read).unwrap_or_default();
    // Its own boxes turn it, and its decoder heeds them.
    if detected.is_some_and(|detected| detected.media_type == "image/heif") {
        metadata.orientation = Orientation::Upright;
    }
    let mut sniffed = Sniffed {
        bytes: upload.bytes.clone(),
        declared: upload.declared_media_type.as_deref().and_then(format::of_media_type),
        detected,
        walk,
        nooks: Vec::new(),
        metadata,
        pdf: None,
    };
    if let (Some(detected), Some(_)) = (detected, walk) {
        sniffed.nooks = structure::nooks(detected, sniffed.whole());
        sniffed.metadata.has_gps |= sniffed.has_position();
    }
    sniffed
}
