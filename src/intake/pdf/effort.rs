//! How many operations drawing a page takes, told without drawing: forms, patterns and glyphs may draw
//! each other, and a file of some kilobytes can ask for more than the universe has time for.

use std::collections::HashMap;

use hayro::hayro_syntax::content::UntypedIter;
use hayro::hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, Stream};
use hayro::hayro_syntax::page::{Page, Resources};

use super::pictures::keep_larger;
use crate::intake::budget::{Budget, Expired};

/// What stands for all that is more.
const ENDLESS: u64 = u64::MAX;

/// Operations that are read off, drawn often or not, before a page counts as endless.
const MOST_READ: u64 = 4_000_000;

/// Streams inside each other; the renderer stops at 50.
const DEEPEST: usize = 50;

/// Pixels of a picture that cost as much as an operation.
const PIXELS_AN_OPERATION: u64 = 200;

/// Pages that are looked at: more than any rule allows.
const MOST_PAGES: usize = 200;

/// Operations of the costliest page. Pictures that stand in the page itself are compared with `largest`.
pub(super) fn measure(
    pages: &[Page<'_>],
    largest: &mut (u32, u32),
    budget: &mut dyn Budget,
) -> Result<u64, Expired> {
    let mut costliest = 0;
    for page in pages.iter().take(MOST_PAGES) {
        budget.check()?;
        let mut walk = Walk { known: HashMap::new(), read: 0, largest };
        let content = page.page_stream().unwrap_or_default();
        let own = walk.content(content, page.resources(), 0);
        costliest = costliest.max(own.saturating_add(walk.annotations(page)));
    }
    Ok(costliest)
}

/// One page's walk through everything that it draws.
struct Walk<'w> {
    /// What a stream with its own resources costs; `ENDLESS` while it is being counted, so that one
    /// which draws itself has no end.
    known: HashMap<ObjectIdentifier, u64>,
    read: u64,
    largest: &'w mut (u32, u32),
}

/// What the next paintings cost beside themselves.
#[derive(Default)]
struct Ink {
    /// Of a pattern, each time that something is painted with it.
    pattern: u64,
    /// Of a glyph that is drawn itself.
    glyph: u64,
}

impl Walk<'_> {
    fn annotations(&mut self, page: &Page<'_>) -> u64 {
        let Some(annotations) = page.raw().get::<Array<'_>>("Annots") else {
            return 0;
        };
        let mut total = 0u64;
        for annotation in annotations.iter::<Dict<'_>>() {
            let looks = annotation.get::<Dict<'_>>("AP");
            let cost = match looks.and_then(|looks| looks.get::<Object<'_>>("N")) {
                Some(Object::Stream(form)) => self.form(&form, page.resources(), 0),
                Some(Object::Dict(states)) => states
                    .keys()
                    .filter_map(|state| states.get::<Stream<'_>>(&*state))
                    .map(|form| self.form(&form, page.resources(), 0))
                    .fold(0, u64::saturating_add),
                _ => 0,
            };
            total = total.saturating_add(cost);
        }
        total
    }

    fn content(&mut self, content: &[u8], resources: &Resources<'_>, depth: usize) -> u64 {
        if depth > DEEPEST {
            return ENDLESS;
        }
        let (mut total, mut ink) = (0u64, Ink::default());
        let mut operations = UntypedIter::new(content);
        while let Some(operation) = operations.next() {
            self.read += 1;
            if self.read > MOST_READ || total == ENDLESS {
                return ENDLESS;
            }
            let last = || operation.operands().last();
            let cost = match &**operation.operator {
                b"Do" => self.drawn(last(), resources, depth),
                b"BI" => self.inline(last()),
                b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" | b"S" | b"s" => ink.pattern,
                b"Tj" | b"'" | b"\"" | b"TJ" => {
                    let glyph = ink.glyph.saturating_add(ink.pattern);
                    operation.operands().map(characters).sum::<u64>().saturating_mul(glyph)
                }
                b"scn" | b"SCN" => {
                    ink.pattern = self.pattern(last(), resources, depth);
                    0
                }
                b"g" | b"G" | b"rg" | b"RG" | b"k" | b"K" | b"sc" | b"SC" => {
                    ink.pattern = 0;
                    0
                }
                b"Tf" => {
                    ink.glyph = self.heaviest_glyph(operation.operands().next(), resources, depth);
                    0
                }
                b"gs" => self.mask(last(), resources, depth),
                _ => 0,
            };
            total = total.saturating_add(cost.saturating_add(1));
        }
        total
    }

    /// A picture by its pixels, a form by what it draws.
    fn drawn(&mut self, name: Option<&Object<'_>>, resources: &Resources<'_>, depth: usize) -> u64 {
        let Some(stream) = as_name(name).and_then(|name| resources.get_x_object(name)) else {
            return 0;
        };
        match stream.dict().get::<Name<'_>>("Subtype").as_deref() {
            Some(b"Form") => self.form(&stream, resources, depth),
            Some(b"Image") => pixels(stream.dict()) / PIXELS_AN_OPERATION,
            _ => 0,
        }
    }

    fn inline(&mut self, image: Option<&Object<'_>>) -> u64 {
        let Some(Object::Stream(image)) = image else {
            return 0;
        };
        keep_larger(self.largest, size(image.dict()));
        pixels(image.dict()) / PIXELS_AN_OPERATION
    }

    /// A stream that is drawn with its own resources, or with those of whoever draws it.
    fn form(&mut self, form: &Stream<'_>, outer: &Resources<'_>, depth: usize) -> u64 {
        let own = form.dict().get::<Dict<'_>>("Resources").map(Resources::new);
        let id = form.dict().obj_id().filter(|_| own.is_some());
        if let Some(known) = id.and_then(|id| self.known.get(&id)) {
            return *known;
        }
        if let Some(id) = id {
            self.known.insert(id, ENDLESS);
        }
        let content = form.decoded_data().unwrap_or_default();
        let cost = self.content(&content, own.as_ref().unwrap_or(outer), depth + 1);
        if let Some(id) = id {
            self.known.insert(id, cost);
        }
        cost
    }

    fn pattern(
        &mut self,
        name: Option<&Object<'_>>,
        resources: &Resources<'_>,
        depth: usize,
    ) -> u64 {
        match as_name(name).and_then(|name| resources.get_pattern(name)) {
            Some(Object::Stream(tile)) => self.form(&tile, resources, depth),
            _ => 0,
        }
    }

    /// The dearest of a font whose glyphs are drawings.
    fn heaviest_glyph(
        &mut self,
        name: Option<&Object<'_>>,
        resources: &Resources<'_>,
        depth: usize,
    ) -> u64 {
        let Some(font) = as_name(name).and_then(|name| resources.get_font(name)) else {
            return 0;
        };
        if font.get::<Name<'_>>("Subtype").as_deref() != Some(b"Type3") {
            return 0;
        }
        if let Some(known) = font.obj_id().and_then(|id| self.known.get(&id)) {
            return *known;
        }
        if let Some(id) = font.obj_id() {
            self.known.insert(id, ENDLESS);
        }
        let own = font.get::<Dict<'_>>("Resources").map(Resources::new);
        let own = own.as_ref().unwrap_or(resources);
        let glyphs = font.get::<Dict<'_>>("CharProcs").unwrap_or_default();
        let streams = glyphs.entries().filter_map(|(name, _)| glyphs.get::<Stream<'_>>(&*name));
        let heaviest = streams.map(|glyph| self.form(&glyph, own, depth)).max().unwrap_or(0);
        if let Some(id) = font.obj_id() {
            self.known.insert(id, heaviest);
        }
        heaviest
    }

    /// A mask that a state of graphics brings, which is drawn once for each painting under it; counted
    /// once, as most states last for one.
    fn mask(&mut self, name: Option<&Object<'_>>, resources: &Resources<'_>, depth: usize) -> u64 {
        let state = as_name(name).and_then(|name| resources.get_ext_g_state(name));
        let group = state
            .and_then(|state| state.get::<Dict<'_>>("SMask"))
            .and_then(|mask| mask.get::<Stream<'_>>("G"));
        group.map_or(0, |group| self.form(&group, resources, depth))
    }
}

fn as_name<'a, 'b>(object: Option<&'b Object<'a>>) -> Option<&'b Name<'a>> {
    match object {
        Some(Object::Name(name)) => Some(name),
        _ => None,
    }
}

fn characters(object: &Object<'_>) -> u64 {
    let length = |text: &Object<'_>| match text {
        Object::String(text) => text.as_bytes().len() as u64,
        _ => 0,
    };
    match object {
        Object::Array(texts) => texts
            .raw_iter()
            .map(|text| match text {
                MaybeRef::NotRef(text) => length(&text),
                MaybeRef::Ref(_) => 0,
            })
            .sum(),
        text => length(text),
    }
}

fn size(image: &Dict<'_>) -> (u32, u32) {
    let side = |long, short| {
        let side = image.get::<f64>(long).or_else(|| image.get::<f64>(short));
        side.unwrap_or(0.0).clamp(0.0, f64::from(u32::MAX)) as u32
    };
    (side("Width", "W"), side("Height", "H"))
}

fn pixels(image: &Dict<'_>) -> u64 {
    let (width, height) = size(image);
    u64::from(width) * u64::from(height)
}
