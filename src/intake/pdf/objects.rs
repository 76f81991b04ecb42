//! Every dictionary of a PDF, wherever it stands.

use lopdf::{Dictionary, Document, Object};

/// The trailer, and all dictionaries and streams of all objects, those inside others too. An explicit
/// stack: how deep they stand is the file's choice.
pub(super) fn dictionaries(document: &Document) -> impl Iterator<Item = &Dictionary> {
    let mut waiting: Vec<&Object> = document.objects.values().collect();
    let mut trailer = Some(&document.trailer);
    std::iter::from_fn(move || {
        if let Some(trailer) = trailer.take() {
            waiting.extend(trailer.iter().map(|(_, value)| value));
            return Some(trailer);
        }
        loop {
            let dictionary = match waiting.pop()? {
                Object::Array(items) => {
                    waiting.extend(items);
                    continue;
                }
                Object::Dictionary(dictionary) => dictionary,
                Object::Stream(stream) => &stream.dict,
                _ => continue,
            };
            waiting.extend(dictionary.iter().map(|(_, value)| value));
            return Some(dictionary);
        }
    })
}

/// The value of a key, references followed; nothing where it is absent or null.
pub(super) fn value<'a>(
    document: &'a Document,
    dictionary: &'a Dictionary,
    key: &[u8],
) -> Option<&'a Object> {
    let value = document.dereference(dictionary.get(key).ok()?).ok()?.1;
    (!value.is_null()).then_some(value)
}

/// The name that a key has.
pub(super) fn name<'a>(
    document: &'a Document,
    dictionary: &'a Dictionary,
    key: &[u8],
) -> Option<&'a [u8]> {
    value(document, dictionary, key)?.as_name().ok()
}
