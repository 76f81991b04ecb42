//! From a request to what is asked, with every broken field told at once.

use std::sync::Arc;

use time::macros::{format_description, offset};
use time::{Date, OffsetDateTime};
use tonic::Code;

use super::fault::{Fault, Violation};
use super::proto::{EvidenceLevel, FileDescriptor, FilingContext, ValidationOptions};
use crate::pipeline;
use crate::reason::Locale;
use crate::rules::{Context, ContextFault, RuleBook, RuleBooks, RuleSet};

/// A request that keeps the contract.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) item_id: String,
    pub(super) declared_media_type: Option<String>,
    /// Bytes that the sender announced.
    pub(super) size: Option<u64>,
    /// Digest that the sender announced.
    pub(super) sha256: Option<String>,
    pub(super) rules: Arc<RuleSet>,
    pub(super) options: pipeline::Options,
    pub(super) shape: Shape,
}

/// How an answer is to look.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) locales: Vec<Locale>,
    /// Regions and measurements.
    pub(super) evidence: bool,
    pub(super) readings: bool,
}

/// The day in China, where every rule of the packs is made.
pub(super) fn today() -> Date {
    OffsetDateTime::now_utc().to_offset(offset!(+8)).date()
}

/// Whether `id` is at most 64 characters of `[A-Za-z0-9._:-]` and not empty.
pub(super) fn is_plain_id(id: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"._:-".contains(&c);
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

/// Whether `text` is a lower-case hex SHA-256.
pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// Reads a descriptor and its options; every field that breaks the contract is named.
pub(super) fn ask(
    books: &RuleBooks,
    file: Option<FileDescriptor>,
    options: Option<ValidationOptions>,
) -> Result<Ask, Fault> {
    let version = options.as_ref().map_or("", |options| &options.ruleset_version);
    let book = pinned(books, version)?;
    let mut broken = Vec::new();
    let ask = read(book, file, options, &mut broken);
    let faults = Fault::of_violations(broken);
    let (None, Some(ask)) = (&faults, ask) else {
        return Err(faults.unwrap_or_else(Fault::internal));
    };
    Ok(ask)
}

/// The same for one of several files: what breaks the contract is added to `broken`.
pub(super) fn read(
    book: &RuleBook,
    file: Option<FileDescriptor>,
    options: Option<ValidationOptions>,
    broken: &mut Vec<Violation>,
) -> Option<Ask> {
    let before = broken.len();
    if file.is_none() {
        broken.push(Violation::of("file", "FILE_REQUIRED", "is required"));
    }
    let named = file.is_some();
    let file = file.unwrap_or_default();
    if !file.item_id.is_empty() && !is_plain_id(&file.item_id) {
        let rule = "must be at most 64 characters of [A-Za-z0-9._:-]";
        broken.push(Violation::of("file.item_id", "ITEM_ID_MALFORMED", rule));
    }
    if named && file.slot.is_empty() {
        broken.push(Violation::of("file.slot", "SLOT_REQUIRED", "is required"));
    }
    let size = u64::try_from(file.size_bytes);
    if size.is_err() {
        let rule = "must not be negative";
        broken.push(Violation::of("file.size_bytes", "SIZE_NEGATIVE", rule));
    }
    if !file.sha256.is_empty() && !is_sha256(&file.sha256) {
        let rule = "must be 64 lower-case hex digits";
        broken.push(Violation::of("file.sha256", "SHA256_MALFORMED", rule));
    }
    let options = options.unwrap_or_default();
    let evidence = EvidenceLevel::try_from(options.evidence_level);
    if evidence.is_err() {
        let rule = "is no known level";
        broken.push(Violation::of("options.evidence_level", "EVIDENCE_LEVEL_UNKNOWN", rule));
    }
    let paths = Paths { context: OPTIONS_CONTEXT, slot: "file.slot" };
    let rules = rules(book, options.context.unwrap_or_default(), &file.slot, paths, broken)?;
    (broken.len() == before).then(|| Ask {
        item_id: file.item_id,
        declared_media_type: given(file.declared_media_type),
        size: size.ok().filter(|size| *size > 0),
        sha256: given(file.sha256),
        rules: Arc::new(rules),
        options: pipeline::Options {
            fail_fast: options.fail_fast,
            annotate: evidence == Ok(EvidenceLevel::AnnotatedImage),
        },
        shape: Shape {
            locales: locales(&options.locales),
            evidence: evidence != Ok(EvidenceLevel::None),
            readings: options.include_readings,
        },
    })
}

/// The rule set that is pinned, or the current one.
pub(super) fn pinned<'a>(books: &'a RuleBooks, version: &str) -> Result<&'a RuleBook, Fault> {
    books.pinned(version).ok_or_else(|| {
        let available = books.versions().join(", ");
        let message = format!("this rule set is not loaded here; available: {available}");
        let fault = Fault::of(Code::FailedPrecondition, "RULESET_NOT_AVAILABLE", message);
        fault.with("available", available)
    })
}

/// The languages asked for, in order; tags that nobody speaks here are passed over.
pub(super) fn locales(tags: &[String]) -> Vec<Locale> {
    let mut known: Vec<Locale> = Vec::new();
    for locale in tags.iter().filter_map(|tag| Locale::of_tag(tag)) {
        if !known.contains(&locale) {
            known.push(locale);
        }
    }
    if known.is_empty() { vec![Locale::En] } else { known }
}

/// Where context and slot stand in a request, for its violations.
#[derive(Clone, Copy)]
pub(super) struct Paths {
    /// Of profile, province, entity type, filing type, content categories, day and channel.
    pub(super) context: [&'static str; 7],
    pub(super) slot: &'static str,
}

pub(super) const OPTIONS_CONTEXT: [&str; 7] = [
    "options.context.profile",
    "options.context.province",
    "options.context.entity_type",
    "options.context.filing_type",
    "options.context.content_categories",
    "options.context.as_of",
    "options.context.channel",
];

/// The same where the context is a field of the request itself.
pub(super) const OWN_CONTEXT: [&str; 7] = [
    "context.profile",
    "context.province",
    "context.entity_type",
    "context.filing_type",
    "context.content_categories",
    "context.as_of",
    "context.channel",
];

/// The rules in force; what the book does not know is added to `broken`.
pub(super) fn rules(
    book: &RuleBook,
    context: FilingContext,
    slot: &str,
    paths: Paths,
    broken: &mut Vec<Violation>,
) -> Option<RuleSet> {
    known(context, slot, paths, broken, |context, slot| book.rules(context, slot, today()))
}

/// The context of a whole filing; what the book does not know is added to `broken`.
pub(super) fn filing_context(
    book: &RuleBook,
    context: FilingContext,
    context_paths: [&'static str; 7],
    broken: &mut Vec<Violation>,
) -> Option<Context> {
    let paths = Paths { context: context_paths, slot: "slot" };
    known(context, "", paths, broken, |context, _| Ok(book.filing(context, today())?.context))
}

/// What `ask` says of a context whose every word it knows.
fn known<T>(
    context: FilingContext,
    slot: &str,
    paths: Paths,
    broken: &mut Vec<Violation>,
    ask: impl Fn(&Context, &str) -> Result<T, ContextFault>,
) -> Option<T> {
    let before = broken.len();
    let [.., day_path, _] = paths.context;
    let as_of = match context.as_of.as_str() {
        "" => None,
        text => {
            let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
            if day.is_err() {
                let rule = "must be a day of the form 2019-07-01";
                broken.push(Violation::of(day_path, "AS_OF_MALFORMED", rule));
            }
            day.ok()
        }
    };
    let domain_count = u32::try_from(context.domain_count);
    if domain_count.is_err() {
        let field = if day_path.starts_with("options") {
            "options.context.domain_count"
        } else {
            "context.domain_count"
        };
        broken.push(Violation::of(field, "DOMAIN_COUNT_NEGATIVE", "must not be negative"));
    }
    let mut slot = slot.to_owned();
    let mut context = Context {
        profile: context.profile,
        province: given(context.province),
        entity: given(context.entity_type),
        filing_type: given(context.filing_type),
        contents: context.content_categories,
        channel: given(context.channel),
        paid_service: context.paid_service,
        domain_count: domain_count.unwrap_or_default(),
        issued_elsewhere: context.issued_elsewhere,
        as_of,
    };
    // The book names one unknown value at a time: each is noted, taken out, and the rest asked again.
    loop {
        match ask(&context, &slot) {
            Ok(answer) => return (broken.len() == before).then_some(answer),
            Err(fault) => {
                let known_profile = broken.iter().all(|broken| broken.reason != "PROFILE_UNKNOWN");
                let Some(violation) = take_out(&fault, &mut context, &mut slot, paths) else {
                    let rule = "is required: the default is not among the loaded rules";
                    broken.push(Violation::of(paths.slot, "SLOT_REQUIRED", rule));
                    return None;
                };
                // Which slots there are depends on the profile: an unknown one tells nothing of them.
                if known_profile || violation.reason != "SLOT_UNKNOWN" {
                    broken.push(violation);
                }
            }
        }
    }
}

/// Clears the value that the book does not know and says which one it was. `None` when nothing was
/// cleared, which would ask the same again.
fn take_out(
    fault: &ContextFault,
    context: &mut Context,
    slot: &mut String,
    paths: Paths,
) -> Option<Violation> {
    let [profile, province, entity, filing_type, contents, _, channel] = paths.context;
    let (field, reason, known) = match fault.what {
        "profile" if !context.profile.is_empty() => {
            context.profile.clear();
            (profile, "PROFILE_UNKNOWN", "known_profiles")
        }
        "slot" if !slot.is_empty() => {
            slot.clear();
            (paths.slot, "SLOT_UNKNOWN", "known_slots")
        }
        "province" => {
            context.province.take()?;
            (province, "PROVINCE_UNKNOWN", "known_provinces")
        }
        "entity" => {
            context.entity.take()?;
            (entity, "ENTITY_TYPE_UNKNOWN", "known_entity_types")
        }
        "filing type" => {
            context.filing_type.take()?;
            (filing_type, "FILING_TYPE_UNKNOWN", "known_filing_types")
        }
        "channel" => {
            context.channel.take()?;
            (channel, "CHANNEL_UNKNOWN", "known_channels")
        }
        "content" => {
            let before = context.contents.len();
            context.contents.retain(|content| *content != fault.value);
            if context.contents.len() == before {
                return None;
            }
            (contents, "CONTENT_CATEGORY_UNKNOWN", "known_content_categories")
        }
        _ => return None,
    };
    let list = fault.known.join(", ");
    let violation = Violation::of(field, reason, &format!("is unknown; known: {list}"));
    Some(violation.with(known, list))
}

pub(super) fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_digests_have_a_strict_form() {
        assert!(is_plain_id("A-1.b:c_") && is_plain_id(&"x".repeat(64)));
        assert!(!is_plain_id("") && !is_plain_id(&"x".repeat(65)) && !is_plain_id("张三"));
        assert!(is_sha256(&"0a".repeat(32)));
        assert!(!is_sha256(&"0A".repeat(32)) && !is_sha256("0a"));
    }

    #[test]
    fn unknown_languages_are_passed_over_and_english_is_the_last_resort() {
        let of =
            |tags: &[&str]| locales(&tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["fr", "zh-Hans", "zh-CN"]), [Locale::ZhCn]);
        assert_eq!(of(&["fr"]), [Locale::En]);
        assert_eq!(of(&[]), [Locale::En]);
    }
}
