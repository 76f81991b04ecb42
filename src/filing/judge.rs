//! The checks across the files of a filing, each on numbers and limits alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::filing::check::Seen;
use crate::filing::look::Surface;
use crate::filing::reasons::{
    CHANNEL_NOT_ALLOWED, SIDES_COMBINED, SIDES_ON_DIFFERENT_SURFACES, SIDES_SEPARATE,
    SIDES_SWAPPED, UPLOAD_DUPLICATE, UPLOAD_MISSING,
};
use crate::filing::side::Sides;
use crate::reason::{Finding, Locale, Measurement, Severity};
use crate::rules::{FilingRule, FilingRules, Need, RuleBook, UploadRule};
use crate::verdict::Ruled;

/// Everything that the uploads say together.
pub(super) fn all(book: &RuleBook, filing: &FilingRules, seen: &[Seen]) -> Vec<Ruled> {
    let judging = Judging { book, filing, seen };
    let mut found = Vec::new();
    found.extend(judging.missing());
    found.extend(judging.duplicates());
    found.extend(judging.swapped());
    found.extend(judging.combined());
    found.extend(judging.separate());
    found.extend(judging.surfaces());
    found.extend(judging.channel());
    found
}

struct Judging<'a> {
    book: &'a RuleBook,
    filing: &'a FilingRules,
    seen: &'a [Seen],
}

fn ruled(check: &'static str, finding: Finding, severity: Severity) -> Ruled {
    Ruled { finding, severity, check, page: 0 }
}

/// A finding with its rule's weight.
fn weighed<L>(check: &'static str, rule: &FilingRule<L>, finding: Finding) -> Ruled {
    let severity = rule.weight(finding.doubtful);
    ruled(check, finding, severity)
}

impl<'a> Judging<'a> {
    fn of_slot(&self, slot: &str) -> impl Iterator<Item = (usize, &'a Seen)> {
        let slot = slot.to_owned();
        self.seen.iter().enumerate().filter(move |(_, seen)| seen.slot == slot)
    }

    /// Places of uploads as people count, and their slots' names in both languages.
    fn naming(&self, finding: Finding, places: &[usize]) -> Finding {
        let mut slots: Vec<&str> = places.iter().map(|at| &*self.seen[*at].slot).collect();
        let mut named = BTreeSet::new();
        slots.retain(|slot| named.insert(*slot));
        let counted: Vec<String> = places.iter().map(|at| (at + 1).to_string()).collect();
        let finding = finding.with("uploads", counted.join(", ")).with("slots", slots.join(", "));
        let names = |locale| slots.iter().map(|slot| self.name(slot, locale)).collect::<Vec<_>>();
        finding
            .with("slots.en", names(Locale::En).join("; "))
            .with("slots.zh-CN", names(Locale::ZhCn).join("、"))
    }

    fn name(&self, slot: &str, locale: Locale) -> String {
        let names = self.book.slots.get(slot);
        names.and_then(|names| names.get(locale.tag())).map_or(slot, |name| name).to_owned()
    }

    fn missing(&self) -> Vec<Ruled> {
        let rule = &self.filing.limits.missing;
        if !rule.on {
            return Vec::new();
        }
        // How many required materials of a slot were met before.
        let mut met: BTreeMap<&str, usize> = BTreeMap::new();
        let mut found = Vec::new();
        for upload in &self.filing.uploads {
            let there = self.serving(upload);
            let required = upload.need == Need::Required;
            let before = met.entry(&upload.slot).or_default();
            // Two materials of one slot may have been joined in one picture.
            let joined = required && there > 0 && there <= *before;
            *before += usize::from(required);
            if there > 0 && !joined {
                continue;
            }
            let finding = Finding::of(&UPLOAD_MISSING)
                .doubtful_if(joined)
                .with("slot", &upload.slot)
                .with("slot.en", self.name(&upload.slot, Locale::En))
                .with("slot.zh-CN", self.name(&upload.slot, Locale::ZhCn))
                .with("upload", &upload.id)
                .with("why.en", upload.why.text(Locale::En))
                .with("why.zh-CN", upload.why.text(Locale::ZhCn));
            let severity = if required { rule.weight(joined) } else { rule.limits.conditional };
            found.push(ruled("filing.missing", finding, severity));
        }
        found
    }

    /// Uploads that serve for one that is asked for. A picture of both sides serves for either.
    fn serving(&self, upload: &UploadRule) -> usize {
        let limits = &self.filing.limits.combined.limits;
        let serves = |seen: &&Seen| {
            let side = [&limits.portrait, &limits.emblem];
            let both = side.contains(&&seen.slot) && both(seen) >= limits.min_evidence;
            seen.slot == upload.slot
                || upload.instead.contains(&seen.slot)
                || both && side.contains(&&upload.slot)
        };
        self.seen.iter().filter(serves).count()
    }

    fn duplicates(&self) -> Vec<Ruled> {
        let rule = &self.filing.limits.duplicate;
        let mut found = Vec::new();
        for (at, one) in self.seen.iter().enumerate().filter(|_| rule.on) {
            for (later, other) in self.seen.iter().enumerate().skip(at + 1) {
                let Some((doubtful, distance)) = self.likeness(one, other) else {
                    continue;
                };
                let bound = f64::from(rule.limits.max_distance);
                let measured = Measurement::of("duplicate.distance", f64::from(distance), "1");
                let finding = Finding::of(&UPLOAD_DUPLICATE)
                    // A second picture of one slot may stand for another person's document.
                    .doubtful_if(doubtful || one.slot == other.slot)
                    .because(measured.at_least(bound + 1.0));
                let finding = self.naming(finding, &[at, later]);
                found.push(weighed("filing.duplicate", rule, finding));
            }
        }
        found
    }

    /// Whether two uploads are one picture: doubtful or not, and the bits that differ.
    fn likeness(&self, one: &Seen, other: &Seen) -> Option<(bool, u32)> {
        let limits = &self.filing.limits.duplicate.limits;
        if !one.sha256.is_empty() && one.sha256 == other.sha256 {
            return Some((false, 0));
        }
        let one = one.look.as_ref()?.likeness.as_ref()?;
        let other = other.look.as_ref()?.likeness.as_ref()?;
        if one.spread.min(other.spread) < limits.min_spread {
            return None;
        }
        let (distance, difference) = (one.distance(other), one.difference(other));
        let certain = distance <= limits.max_distance && difference <= limits.max_difference;
        let perhaps = distance <= limits.doubtful_max_distance
            && difference <= limits.doubtful_max_difference;
        (certain || perhaps).then_some((!certain, distance))
    }

    fn swapped(&self) -> Option<Ruled> {
        let rule = &self.filing.limits.swapped;
        let limits = &rule.limits;
        let mut wrong = Vec::new();
        let mut strongest = 0.0f32;
        for (slot, sign) in [(&limits.portrait, 1.0), (&limits.emblem, -1.0)] {
            for (at, seen) in self.of_slot(slot) {
                // A picture of both sides is in no wrong slot.
                let sides = sides(seen).filter(|sides| sides.both < limits.doubtful_min_evidence);
                let against = sides.map_or(0.0, |sides| sign * sides.one.emblem_over_portrait());
                if against >= limits.doubtful_min_evidence {
                    wrong.push(at);
                    strongest = strongest.max(against);
                }
            }
        }
        wrong.sort_unstable();
        (rule.on && !wrong.is_empty()).then(|| {
            let measured = Measurement::of("sides.evidence", f64::from(strongest), "1");
            let finding = Finding::of(&SIDES_SWAPPED)
                .doubtful_if(strongest < limits.min_evidence)
                .because(measured.at_most(f64::from(limits.min_evidence)));
            weighed("filing.sides-swapped", rule, self.naming(finding, &wrong))
        })
    }

    fn combined(&self) -> Vec<Ruled> {
        let rule = &self.filing.limits.combined;
        let limits = &rule.limits;
        let cards = [&limits.portrait, &limits.emblem];
        let cards = cards.into_iter().flat_map(|slot| self.of_slot(slot));
        cards
            .filter(|(_, seen)| rule.on && both(seen) >= limits.doubtful_min_evidence)
            .map(|(at, seen)| {
                let measured = Measurement::of("sides.both", f64::from(both(seen)), "1");
                let finding = Finding::of(&SIDES_COMBINED)
                    .doubtful_if(both(seen) < limits.min_evidence)
                    .because(measured.at_most(f64::from(limits.min_evidence)));
                weighed("filing.sides-combined", rule, self.naming(finding, &[at]))
            })
            .collect()
    }

    /// Both sides are to be in one picture: a second slot is wrong, and a first that shows one side.
    fn separate(&self) -> Option<Ruled> {
        let rule = &self.filing.limits.separate;
        let limits = &rule.limits;
        let backs: Vec<usize> = self.of_slot(&limits.emblem).map(|(at, _)| at).collect();
        let single = |seen: &Seen| {
            sides(seen).is_some_and(|sides| {
                let one = sides.one.emblem_over_portrait().abs();
                sides.both < limits.doubtful_min_evidence && one >= limits.min_evidence
            })
        };
        let fronts = self.of_slot(&limits.portrait).filter(|(_, seen)| single(seen));
        let mut places: Vec<usize> = fronts.map(|(at, _)| at).collect();
        let certain = !backs.is_empty();
        places.extend(backs);
        places.sort_unstable();
        (rule.on && !places.is_empty()).then(|| {
            let finding = Finding::of(&SIDES_SEPARATE).doubtful_if(!certain);
            weighed("filing.sides-separate", rule, self.naming(finding, &places))
        })
    }

    /// Fronts and backs in the order in which they came.
    fn surfaces(&self) -> Vec<Ruled> {
        let rule = &self.filing.limits.surfaces;
        let limits = &rule.limits;
        let pairs = self.of_slot(&limits.portrait).zip(self.of_slot(&limits.emblem));
        let compared = pairs.filter_map(|((at, front), (later, back))| {
            let (one, other) = (surface(front)?, surface(back)?);
            let (blue, red) = (one.chroma.0 - other.chroma.0, one.chroma.1 - other.chroma.1);
            let chroma = (blue * blue + red * red).sqrt();
            let luma = (one.luma - other.luma).abs();
            let measured = [
                Measurement::of("surfaces.chroma", f64::from(chroma), "1")
                    .at_most(f64::from(limits.max_chroma_difference)),
                Measurement::of("surfaces.luma", f64::from(luma), "1")
                    .at_most(f64::from(limits.max_luma_difference)),
            ];
            let broken: Vec<Measurement> =
                measured.into_iter().filter(Measurement::is_broken).collect();
            (!broken.is_empty()).then_some((at, later, broken))
        });
        compared
            .filter(|_| rule.on)
            .map(|(at, later, broken)| {
                let finding = Finding::of(&SIDES_ON_DIFFERENT_SURFACES);
                let finding = broken.into_iter().fold(finding, Finding::because);
                weighed("filing.surfaces", rule, self.naming(finding, &[at, later]))
            })
            .collect()
    }

    fn channel(&self) -> Option<Ruled> {
        let rule = &self.filing.limits.channel;
        let channel = self.filing.context.channel.as_ref()?;
        let limits = &rule.limits;
        let places: Vec<usize> = (0..self.seen.len())
            .filter(|at| limits.slots.is_empty() || limits.slots.contains(&self.seen[*at].slot))
            .collect();
        let concerned = limits.slots.is_empty() || !places.is_empty();
        (rule.on && concerned && !limits.allowed.contains(channel)).then(|| {
            let finding = Finding::of(&CHANNEL_NOT_ALLOWED)
                .with("channel", channel)
                .with("allowed", limits.allowed.join(", "));
            weighed("filing.channel", rule, self.naming(finding, &places))
        })
    }
}

fn sides(seen: &Seen) -> Option<Sides> {
    seen.look.as_ref()?.sides
}

fn both(seen: &Seen) -> f32 {
    sides(seen).map_or(0.0, |sides| sides.both)
}

fn surface(seen: &Seen) -> Option<Surface> {
    seen.look.as_ref()?.surface
}
