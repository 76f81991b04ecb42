//! What in a PDF does more than show a page: scripts, actions, other files, forms.

use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, Stream};
use serde::{Deserialize, Serialize};

use super::objects::{dictionaries, name, value};

/// Something that runs, opens or sends (ISO 32000-1, 12.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// A script, or an address that is one.
    Script,
    /// Starts a program or opens a file.
    Launch,
    /// Acts when the document is opened, beyond setting the view.
    OnOpening,
    /// Acts when a page, a field or an annotation is met.
    OnEvent,
    /// Films, sounds, 3D scenes: their players run on their own.
    Media,
    /// Sends what was filled in.
    Submit,
    /// Fills in what another file holds.
    Import,
}

impl Act {
    /// The word that rule packs use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Launch => "launch",
            Self::OnOpening => "on-opening",
            Self::OnEvent => "on-event",
            Self::Media => "media",
            Self::Submit => "submit",
            Self::Import => "import",
        }
    }
}

/// What was found in one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acts {
    /// Kinds of things that act.
    pub active: BTreeSet<Act>,
    /// Files inside.
    pub embedded: u32,
    /// A form in XML, which only its maker's reader shows.
    pub xfa: bool,
    /// Fields to fill in, signatures left out.
    pub fields: u32,
}

/// Types of actions, by the name under `S`.
const ACTIONS: [(&[u8], Act); 9] = [
    (b"JavaScript", Act::Script),
    (b"Launch", Act::Launch),
    (b"SubmitForm", Act::Submit),
    (b"ImportData", Act::Import),
    (b"Rendition", Act::Media),
    (b"Movie", Act::Media),
    (b"Sound", Act::Media),
    (b"GoTo3DView", Act::Media),
    (b"RichMediaExecute", Act::Media),
];

/// Types of annotations that play something, by the name under `Subtype`.
const PLAYERS: [&[u8]; 5] = [b"RichMedia", b"Screen", b"Movie", b"Sound", b"3D"];

/// Movements within the document: all that an opening may do.
const MOVEMENTS: [&[u8]; 4] = [b"NextPage", b"PrevPage", b"FirstPage", b"LastPage"];

/// Events that an `AA` dictionary answers to.
const EVENTS: [&[u8]; 21] = [
    b"E", b"X", b"D", b"U", b"Fo", b"Bl", b"PO", b"PC", b"PV", b"PI", b"O", b"C", b"K", b"F", b"V",
    b"WC", b"WS", b"DS", b"WP", b"DP", b"BL",
];

/// Actions that follow each other on opening, before the chain counts as one that acts.
const LONGEST_CHAIN: usize = 16;

/// Looks at every object, drawn or not: what a page does not reach, a script may.
pub(super) fn find(document: &Document) -> Acts {
    let mut acts = Acts::default();
    for dictionary in dictionaries(document) {
        note(document, dictionary, &mut acts);
    }
    let opening = document.catalog().ok().and_then(|root| value(document, root, b"OpenAction"));
    if opening.is_some_and(|action| does_more_than_move(document, action)) {
        acts.active.insert(Act::OnOpening);
    }
    let form = document.catalog().ok().and_then(|root| dictionary_of(document, root, b"AcroForm"));
    acts.xfa |= form.is_some_and(|form| value(document, form, b"XFA").is_some());
    acts
}

fn note(document: &Document, dictionary: &Dictionary, acts: &mut Acts) {
    if let Some(kind) = name(document, dictionary, b"S") {
        acts.active.extend(ACTIONS.iter().find(|(name, _)| *name == kind).map(|pair| pair.1));
    }
    if name(document, dictionary, b"Subtype").is_some_and(|kind| PLAYERS.contains(&kind)) {
        acts.active.insert(Act::Media);
    }
    // Whatever its type says, since readers do not look at it.
    let acts_by_name = dictionary.has(b"S");
    let script =
        |key| value(document, dictionary, key).is_some_and(|text| acts_by_name || is_text(text));
    let tree = |key| dictionary_of(document, dictionary, key).is_some_and(is_tree);
    let address = value(document, dictionary, b"URI").and_then(|uri| uri.as_str().ok());
    if script(b"JS") || tree(b"JavaScript") || address.is_some_and(is_script) {
        acts.active.insert(Act::Script);
    }
    if dictionary_of(document, dictionary, b"AA")
        .is_some_and(|events| EVENTS.iter().any(|event| value(document, events, event).is_some()))
    {
        acts.active.insert(Act::OnEvent);
    }
    let attached =
        dictionary_of(document, dictionary, b"EF").is_some_and(|files| !files.is_empty());
    let embedded = name(document, dictionary, b"Type") == Some(b"EmbeddedFile");
    acts.embedded += u32::from(attached || embedded);
    acts.xfa |= value(document, dictionary, b"XFA")
        .is_some_and(|xfa| is_text(xfa) || matches!(xfa, Object::Array(_)));
    let field = name(document, dictionary, b"FT").is_some_and(|kind| kind != b"Sig");
    acts.fields += u32::from(field);
}

fn dictionary_of<'a>(
    document: &'a Document,
    dictionary: &'a Dictionary,
    key: &[u8],
) -> Option<&'a Dictionary> {
    value(document, dictionary, key)?.as_dict().ok()
}

/// A text, or a stream that is neither picture nor form: a resource may have the name of a key.
fn is_text(object: &Object) -> bool {
    match object {
        Object::String(..) => true,
        Object::Stream(Stream { dict, .. }) => !dict.has(b"Width") && !dict.has(b"BBox"),
        _ => false,
    }
}

fn is_tree(dictionary: &Dictionary) -> bool {
    dictionary.has(b"Names") || dictionary.has(b"Kids")
}

fn is_script(address: &[u8]) -> bool {
    const SCHEME: &[u8] = b"javascript:";
    let address = address.trim_ascii_start();
    address.get(..SCHEME.len()).is_some_and(|start| start.eq_ignore_ascii_case(SCHEME))
}

/// Whether an opening does anything but choose what is seen. A destination, given as an array or by its
/// name, only does that.
fn does_more_than_move(document: &Document, opening: &Object) -> bool {
    let mut waiting = vec![opening];
    for _ in 0..LONGEST_CHAIN {
        let action = match waiting.pop() {
            None => return false,
            Some(object) => match document.dereference(object) {
                Ok((_, Object::Dictionary(action))) => action,
                _ => continue,
            },
        };
        let moves = match name(document, action, b"S") {
            Some(b"GoTo") => true,
            Some(b"Named") => {
                name(document, action, b"N").is_some_and(|name| MOVEMENTS.contains(&name))
            }
            // A destination in a dictionary of its own.
            None => action.has(b"D"),
            Some(_) => false,
        };
        if !moves {
            return true;
        }
        match value(document, action, b"Next") {
            Some(Object::Array(next)) => waiting.extend(next),
            Some(next) => waiting.push(next),
            None => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    fn found(catalog: Dictionary, others: Vec<Dictionary>) -> Acts {
        let mut document = Document::new();
        let root = document.add_object(catalog);
        document.trailer.set("Root", root);
        for other in others {
            document.add_object(other);
        }
        find(&document)
    }

    fn opening(action: Object) -> bool {
        let catalog = dictionary! { "Type" => "Catalog", "OpenAction" => action };
        found(catalog, Vec::new()).active.contains(&Act::OnOpening)
    }

    #[test]
    fn an_opening_that_only_sets_the_view_is_no_act() {
        assert!(!opening(Object::Array(vec![0.into(), "Fit".into()])));
        assert!(!opening(dictionary! { "S" => "GoTo", "D" => "chapter" }.into()));
        assert!(!opening(dictionary! { "S" => "Named", "N" => "NextPage" }.into()));
        assert!(opening(dictionary! { "S" => "Named", "N" => "Print" }.into()));
        assert!(opening(dictionary! { "S" => "URI", "URI" => Object::string_literal("x") }.into()));
        let next = dictionary! { "S" => "Launch" };
        assert!(opening(dictionary! { "S" => "GoTo", "D" => "a", "Next" => next }.into()));
    }

    #[test]
    fn a_chain_of_actions_without_end_counts_as_one_that_acts() {
        let mut document = Document::new();
        let root = document.new_object_id();
        let action = document.new_object_id();
        let endless = dictionary! { "S" => "GoTo", "D" => "a", "Next" => action };
        document.objects.insert(action, endless.into());
        document.objects.insert(root, dictionary! { "OpenAction" => action }.into());
        document.trailer.set("Root", root);
        assert!(find(&document).active.contains(&Act::OnOpening));
    }

    #[test]
    fn names_of_resources_are_no_acts() {
        let image = Stream::new(dictionary! { "Subtype" => "Image", "Width" => 1 }, Vec::new());
        let mut document = Document::new();
        let image = document.add_object(image);
        let resources = dictionary! { "JS" => image, "XFA" => image, "AA" => image };
        document.add_object(dictionary! { "XObject" => resources });
        document
            .add_object(dictionary! { "Font" => dictionary! { "JavaScript" => dictionary! {} } });
        assert_eq!(find(&document), Acts::default());
    }

    #[test]
    fn what_calls_itself_something_else_acts_all_the_same() {
        let picture = Stream::new(dictionary! { "Subtype" => "Image", "Width" => 1 }, Vec::new());
        let mut document = Document::new();
        let picture = document.add_object(picture);
        document.add_object(dictionary! { "Type" => "StructElem", "S" => "Launch" });
        let form = document.add_object(dictionary! { "XFA" => picture });
        let root = document.add_object(dictionary! { "AcroForm" => form });
        document.trailer.set("Root", root);
        let acts = find(&document);
        assert!(acts.xfa && acts.active == BTreeSet::from([Act::Launch]), "{acts:?}");
    }

    #[test]
    fn what_acts_is_found_wherever_it_stands() {
        let uri = Object::string_literal(" JavaScript:app.alert(1)");
        let deep = Object::Array(vec![Object::Array(vec![dictionary! { "URI" => uri }.into()])]);
        let events = dictionary! { "O" => dictionary! { "S" => "URI" } };
        let acts = found(
            dictionary! { "Names" => dictionary! { "EmbeddedFiles" => dictionary! {} } },
            vec![
                dictionary! { "Annots" => deep },
                dictionary! { "AA" => events },
                dictionary! { "AA" => dictionary! {} },
                dictionary! { "Subtype" => "RichMedia" },
                dictionary! { "EF" => dictionary! { "F" => 1 } },
                dictionary! { "FT" => "Tx" },
                dictionary! { "FT" => "Sig" },
            ],
        );
        assert_eq!(acts.active, BTreeSet::from([Act::Script, Act::OnEvent, Act::Media]));
        assert_eq!((acts.embedded, acts.fields, acts.xfa), (1, 1, false));
    }
}
