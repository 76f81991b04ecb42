//! The catalogue of checks. A new check is one file, `mod` line and row here, and its fixtures.

mod backdrop;
mod backdrop_mirrored;
mod backdrop_text;
mod blank;
mod blur;
mod clothing;
mod colour_cast;
mod colour_presence;
mod contrast;
mod dpi;
mod edges;
mod edited;
mod exposure;
mod face_blur;
mod face_count;
mod face_cover;
mod face_pose;
mod face_position;
mod face_size;
mod fingerprint;
mod glare;
mod held_document;
mod orientation;
mod outline;
mod perspective;
mod red_ink;
mod reserved_area;
mod resolution;
mod scan;
mod screen_recapture;
mod seal;
mod signature;
mod skew;
mod strokes;
mod template;
mod upper_body;
mod upscaled;
mod wall;

use serde_json::Value;

use crate::decode::Wanted;
use crate::decode::integrity::{Integrity, State};
use crate::decode::page::Origin;
use crate::intake::Sniffed;
use crate::intake::animation::Animation;
use crate::intake::compression::Compression;
use crate::intake::kind::Kind;
use crate::intake::pages::Pages;
use crate::intake::pdf::active::Active;
use crate::intake::pdf::complexity::Complexity;
use crate::intake::pdf::embedded::Embedded;
use crate::intake::pdf::forms::Forms;
use crate::intake::pdf::protection::ProtectionCheck;
use crate::intake::pdf::revisions::RevisionsCheck;
use crate::intake::pdf::{MEDIA_TYPE, Pdf};
use crate::intake::pixels::Pixels;
use crate::intake::polyglot::Polyglot;
use crate::intake::size::Size;
use crate::intake::trailing::Trailing;
use crate::intake::unpacked::Unpacked;
use crate::measure::Measured;
use crate::reason::{COULD_NOT_ASSESS, Check, Finding, Measurement, Needs, Reason, Unreadable};

/// Every check, cheapest first; those that intake and decode declare themselves included.
pub static CATALOG: &[Entry] = &[
    Entry::of::<Size>(),
    Entry::of::<Kind>(),
    Entry::of::<ProtectionCheck>(),
    Entry::of::<Complexity>(),
    Entry::of::<Active>(),
    Entry::of::<Embedded>(),
    Entry::of::<Forms>(),
    Entry::of::<RevisionsCheck>(),
    Entry::of::<Pixels>(),
    Entry::of::<Animation>(),
    Entry::of::<Pages>(),
    Entry::of::<Unpacked>(),
    Entry::of::<Polyglot>(),
    Entry::of::<Trailing>(),
    Entry::of::<Compression>(),
    Entry::of::<Integrity>(),
    Entry::of::<resolution::Resolution>(),
    Entry::of::<scan::Scan>(),
    Entry::of::<blank::Blank>(),
    Entry::of::<colour_presence::ColourPresence>(),
    Entry::of::<colour_cast::ColourCast>(),
    Entry::of::<glare::GlareCheck>(),
    Entry::of::<outline::OutlineCheck>(),
    Entry::of::<dpi::Dpi>(),
    Entry::of::<edges::Edges>(),
    Entry::of::<skew::Skew>(),
    Entry::of::<perspective::Perspective>(),
    Entry::of::<template::Template>(),
    Entry::of::<seal::Seal>(),
    Entry::of::<signature::Signature>(),
    Entry::of::<fingerprint::Fingerprint>(),
    Entry::of::<reserved_area::ReservedArea>(),
    Entry::of::<exposure::Exposure>(),
    Entry::of::<contrast::Contrast>(),
    Entry::of::<blur::Blur>(),
    Entry::of::<upscaled::Upscaled>(),
    Entry::of::<screen_recapture::ScreenRecapture>(),
    Entry::of::<orientation::OrientationCheck>(),
    Entry::of::<face_count::FaceCount>(),
    Entry::of::<face_size::FaceSize>(),
    Entry::of::<face_position::FacePosition>(),
    Entry::of::<face_pose::FacePose>(),
    Entry::of::<face_cover::FaceCover>(),
    Entry::of::<face_blur::FaceBlur>(),
    Entry::of::<upper_body::UpperBody>(),
    Entry::of::<held_document::HeldDocument>(),
    Entry::of::<clothing::Red>(),
    Entry::of::<clothing::Blue>(),
    Entry::of::<backdrop::BackdropExtent>(),
    Entry::of::<wall::Wall>(),
    Entry::of::<edited::Edited>(),
    Entry::of::<backdrop_text::BackdropText>(),
    Entry::of::<backdrop_mirrored::BackdropMirrored>(),
];

/// The row of an id.
pub fn entry(id: &str) -> Option<&'static Entry> {
    CATALOG.iter().find(|entry| entry.id == id)
}

/// Every reason that a finding can carry, with the check that raises it, the cheapest where several
/// do; `COULD_NOT_ASSESS`, which any check can raise, first and without one.
pub fn reasons() -> impl Iterator<Item = (&'static Reason, Option<&'static Entry>)> {
    let first = |at: usize, code: &str| {
        !CATALOG[..at].iter().flat_map(|entry| entry.reasons).any(|reason| reason.code == code)
    };
    let of_checks = CATALOG.iter().enumerate().flat_map(move |(at, entry)| {
        let own = entry.reasons.iter().filter(move |reason| first(at, reason.code));
        own.map(move |reason| (*reason, Some(entry)))
    });
    std::iter::once((&COULD_NOT_ASSESS, None)).chain(of_checks)
}

/// What a check may look at.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The upload before anything is decoded.
    Upload(&'a Sniffed),
    /// The outcome of decoding.
    Decoded(&'a State),
    /// One page.
    Page(&'a Measured),
}

/// An input type of checks: picks itself out of a subject.
pub trait Input {
    /// `None` when the subject is another one.
    fn of<'a>(subject: &Subject<'a>) -> Option<&'a Self>;
}

impl Input for Sniffed {
    fn of<'a>(subject: &Subject<'a>) -> Option<&'a Self> {
        if let Subject::Upload(sniffed) = subject { Some(sniffed) } else { None }
    }
}

impl Input for Pdf {
    fn of<'a>(subject: &Subject<'a>) -> Option<&'a Self> {
        if let Subject::Upload(sniffed) = subject { sniffed.pdf.as_ref() } else { None }
    }
}

impl Input for State {
    fn of<'a>(subject: &Subject<'a>) -> Option<&'a Self> {
        if let Subject::Decoded(state) = subject { Some(state) } else { None }
    }
}

impl Input for Measured {
    fn of<'a>(subject: &Subject<'a>) -> Option<&'a Self> {
        if let Subject::Page(measured) = subject { Some(measured) } else { None }
    }
}

impl Input for Origin {
    fn of<'a>(subject: &Subject<'a>) -> Option<&'a Self> {
        Measured::of(subject)?.page.origin.as_ref()
    }
}

/// A reading as it is recorded, or why there is none.
pub type Read = Result<Value, Unreadable>;

/// A check with its types erased: a row of the catalogue.
#[derive(Debug)]
pub struct Entry {
    /// Dotted id.
    pub id: &'static str,
    /// Version of the reading's form.
    pub version: u32,
    /// Every reason that it can raise.
    pub reasons: &'static [&'static Reason],
    /// How much of the file it must see.
    pub needs: Needs,
    /// Measures; `None` when the subject is not this check's.
    pub read: fn(&Subject<'_>) -> Option<Read>,
    /// Binds limits; the error names the key.
    pub bind: fn(toml::Table) -> Result<Judge, String>,
}

/// A check with its limits bound. Says of a reading: the numbers beside their bounds, and the finding.
/// `Err` when the reading was recorded in another form.
pub type Judge = Box<dyn Fn(&Value) -> Result<Judgement, serde_json::Error> + Send + Sync>;

/// What a judge says of one reading.
#[derive(Debug)]
pub struct Judgement {
    /// The numbers beside their bounds.
    pub measurements: Vec<Measurement>,
    /// The fault, if there is one.
    pub finding: Option<Finding>,
}

/// How the ids of checks begin that look at documents alone.
const OF_DOCUMENTS: &str = "pdf.";

impl Entry {
    /// Whether the check says something of uploads of this media type: some are of documents alone.
    pub fn applies_to(&self, media_type: Option<&str>) -> bool {
        !self.id.starts_with(OF_DOCUMENTS) || media_type == Some(MEDIA_TYPE)
    }

    const fn of<C: Check>() -> Self
    where
        C::Input: Input,
    {
        Self {
            id: C::ID,
            version: C::VERSION,
            reasons: C::REASONS,
            needs: C::NEEDS,
            read: |subject| {
                let input = C::Input::of(subject)?;
                Some(C::read(input).and_then(|reading| {
                    serde_json::to_value(reading)
                        .map_err(|_| Unreadable::because("reading-not-recordable"))
                }))
            },
            bind: |limits| {
                let limits: C::Limits = limits
                    .try_into()
                    .map_err(|error: toml::de::Error| error.message().to_owned())?;
                Ok(Box::new(move |reading| {
                    let reading: C::Reading = serde::Deserialize::deserialize(reading)?;
                    Ok(Judgement {
                        measurements: C::measurements(&reading, &limits),
                        finding: C::judge(&reading, &limits),
                    })
                }))
            },
        }
    }
}

/// What decoding must yield for checks that need this much.
pub fn wanted(needs: impl IntoIterator<Item = Needs>) -> Wanted {
    needs.into_iter().fold(Wanted::default(), |wanted, needs| Wanted {
        planes: wanted.planes || needs >= Needs::Planes,
        energy: wanted.energy || matches!(needs, Needs::Energy | Needs::Tiles),
        tiles: wanted.tiles || needs == Needs::Tiles,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::reason::{Locale, placeholders};

    #[test]
    fn every_reason_speaks_both_languages_with_the_same_placeholders_in_few_words() {
        for (reason, _) in reasons() {
            let names = |locale| {
                let text = reason.text(locale);
                let mut names = placeholders(text.headline);
                names.extend(placeholders(text.fix));
                names.into_iter().collect::<BTreeSet<_>>()
            };
            assert_eq!(names(Locale::En), names(Locale::ZhCn), "{}", reason.code);
            for locale in Locale::ALL {
                let text = reason.text(locale);
                assert!(!text.headline.is_empty() && !text.fix.is_empty(), "{}", reason.code);
                // How long they get with their values in place is tried with the limits of the packs.
                let words = |text: &str| {
                    let parts =
                        text.split('{').map(|part| part.split_once('}').map_or(part, |it| it.1));
                    parts.map(|part| part.chars().count()).sum::<usize>()
                };
                assert!(words(text.headline) <= 60, "{} {}", reason.code, text.headline);
                assert!(words(text.fix) <= 120, "{} {}", reason.code, text.fix);
                let ends = text.headline.ends_with(['.', '。']) || text.fix.ends_with(['.', '。']);
                assert!(!ends, "{}: the final stop is added when the text is shown", reason.code);
                assert!(!text.headline.contains(reason.code) && !text.fix.contains(reason.code));
            }
        }
    }

    #[test]
    fn codes_and_ids_are_unique_and_well_formed() {
        let mut codes = BTreeSet::new();
        for (reason, _) in reasons() {
            assert!(codes.insert(reason.code), "{} is declared twice", reason.code);
            assert!(reason.code.len() <= 63 && !reason.doc.trim().is_empty(), "{}", reason.code);
            assert!(
                reason.code.chars().all(|c| c.is_ascii_uppercase() || c == '_'),
                "{}",
                reason.code
            );
        }
        let ids: BTreeSet<_> = CATALOG.iter().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), CATALOG.len());
        assert!(ids.iter().all(|id| id.split('.').count() == 2), "{ids:?}");
    }

    #[test]
    fn checks_stand_in_the_order_of_their_cost() {
        assert!(CATALOG.is_sorted_by_key(|entry| entry.needs));
    }
}
