//! Which tables can come together: every combination of context and day, without asking each.
//!
//! A table is merged from a chain of overlays. Whether an overlay holds hangs on a few words of the
//! context, so per item only these are tried, beside one word that nobody names. What is left are
//! the different chains, each of which is bound once.

use std::collections::BTreeSet;

use time::Date;

use super::Context;
use super::overlay::{Layer, Overlay};

/// A chain: places of its overlays, in order.
pub(super) type Chain = Vec<usize>;

/// Every chain that `overlays` (of one item, in order, with their places) can form.
pub(super) fn chains(overlays: &[(usize, &Overlay)]) -> BTreeSet<Chain> {
    let profiles = words(overlays, |overlay| match &overlay.layer {
        Layer::Profile(profile) => vec![profile.clone()],
        _ => overlay.condition.profiles.clone(),
    });
    let provinces = words(overlays, |overlay| match &overlay.layer {
        Layer::Province(province) => vec![province.clone()],
        _ => overlay.condition.provinces.clone(),
    });
    let mut found = BTreeSet::new();
    for profile in &profiles {
        for province in &provinces {
            let near: Vec<(usize, &Overlay)> = overlays
                .iter()
                .filter(|(_, overlay)| match &overlay.layer {
                    Layer::Base | Layer::Slot => true,
                    Layer::Profile(own) => Some(own) == profile.as_ref(),
                    Layer::Province(own) => Some(own) == province.as_ref(),
                })
                .copied()
                .collect();
            of_pair(&near, profile.as_ref(), province.as_ref(), &mut found);
        }
    }
    found
}

fn of_pair(
    overlays: &[(usize, &Overlay)],
    profile: Option<&String>,
    province: Option<&String>,
    found: &mut BTreeSet<Chain>,
) {
    let slots = words(overlays, |overlay| overlay.condition.slots.clone());
    let entities = words(overlays, |overlay| overlay.condition.entities.clone());
    let types = words(overlays, |overlay| overlay.condition.filing_types.clone());
    let days = days(overlays);
    for slot in &slots {
        for entity in &entities {
            for filing_type in &types {
                let context = Context {
                    profile: profile.cloned().unwrap_or_default(),
                    province: province.cloned(),
                    entity: entity.clone(),
                    filing_type: filing_type.clone(),
                    ..Context::default()
                };
                let slot = slot.as_deref().unwrap_or_default();
                for day in &days {
                    let holds =
                        |(_, overlay): &&(usize, &Overlay)| overlay.holds(slot, &context, *day);
                    found.insert(overlays.iter().filter(holds).map(|(at, _)| *at).collect());
                }
            }
        }
    }
}

/// The words that the overlays name, and none of them.
fn words(
    overlays: &[(usize, &Overlay)],
    named: impl Fn(&Overlay) -> Vec<String>,
) -> Vec<Option<String>> {
    let words: BTreeSet<String> = overlays.iter().flat_map(|(_, overlay)| named(overlay)).collect();
    std::iter::once(None).chain(words.into_iter().map(Some)).collect()
}

/// One day before anything begins, and each on which an overlay begins or has just ended.
fn days(overlays: &[(usize, &Overlay)]) -> BTreeSet<Date> {
    let conditions = overlays.iter().map(|(_, overlay)| &overlay.condition);
    let changes = conditions.flat_map(|condition| {
        [condition.from, condition.until.and_then(Date::next_day)].into_iter().flatten()
    });
    std::iter::once(Date::MIN).chain(changes).collect()
}
