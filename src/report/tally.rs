//! What a report says of many files, gathered while they are read: counts, spreads, and some cases.

use std::collections::{BTreeMap, BTreeSet};

use super::batch::Summary;
use super::item::{Found, Item, Measured};
use super::spread::Spread;
use crate::verdict::Decision;

/// What a report is of, and what goes into it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// By what files are told apart in the spreads.
    pub groups: Groups,
    /// Cases that are shown at most.
    pub cases: usize,
}

/// By what files are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// Accepted, for review, rejected.
    Verdict,
    /// Labelled good, labelled as either, labelled faulty.
    Label,
}

/// What is known of a file from elsewhere.
#[derive(Clone, Debug)]
pub struct Label {
    /// What would be right, in words of both languages.
    pub wanted: [String; 2],
    /// Whether the verdict is.
    pub right: bool,
    /// Verdicts that are right.
    pub verdicts: Vec<Decision>,
}

/// A quantity and the bounds that hold for it, which may differ between slots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Quantity {
    pub(super) check: String,
    pub(super) name: String,
    pub(super) unit: String,
    /// By their bits, since numbers have no order.
    bounds: [Option<u64>; 2],
}

impl Quantity {
    fn of(check: &str, measured: &Measured) -> Self {
        let bits = |bound: Option<f64>| bound.map(f64::to_bits);
        Self {
            check: check.to_owned(),
            name: measured.name.clone(),
            unit: measured.unit.clone(),
            bounds: [bits(measured.min), bits(measured.max)],
        }
    }

    /// Lowest and highest value that pass.
    pub(super) fn bounds(&self) -> [Option<f64>; 2] {
        self.bounds.map(|bound| bound.map(f64::from_bits))
    }
}

/// The values of a quantity, and the slots in which it was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub(super) spread: Spread,
    pub(super) slots: BTreeSet<String>,
}

/// A file that is shown.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// Which of all files, from 0.
    pub(super) index: u64,
    pub(super) name: String,
    pub(super) slot: String,
    pub(super) profile: String,
    /// `None` where it could not be judged, for the reason `error`.
    pub(super) decision: Option<Decision>,
    pub(super) error: String,
    pub(super) findings: Vec<Found>,
    /// Whether a page of it could be decoded.
    is_drawable: bool,
    pub(super) label: Option<Label>,
    /// JPEG.
    pub(super) picture: Option<Vec<u8>>,
}

/// Quantities with bounds of their own that are kept: rules that differ in more are no help to look at.
const MOST_QUANTITIES: usize = 600;

/// Of the cases that are shown, each kind may first take a share: a common fault must not hide the
/// others.
const SHARES: usize = 20;

/// Everything that a report shows, but its words.
#[derive(Debug)]
pub struct Report {
    pub(super) plan: Plan,
    pub(super) summary: Summary,
    /// Whether the summary is that of somebody else, who has counted already.
    counted: bool,
    pub(super) quantities: BTreeMap<Quantity, Values>,
    pub(super) read: u64,
    taken: BTreeMap<String, usize>,
    chosen: Vec<Case>,
    others: Vec<Case>,
}

impl Report {
    /// Of nothing yet.
    pub fn new(plan: Plan) -> Self {
        let (quantities, taken) = (BTreeMap::new(), BTreeMap::new());
        let summary = Summary { complete: true, ..Summary::default() };
        let (chosen, others) = (Vec::new(), Vec::new());
        Self { plan, summary, counted: false, quantities, read: 0, taken, chosen, others }
    }

    /// Of files that are counted in `summary`.
    pub fn over(summary: &Summary, plan: Plan) -> Self {
        Self { summary: summary.clone(), counted: true, ..Self::new(plan) }
    }

    /// Under which rules, by what engine.
    pub fn judged_by(&mut self, version: &str, digest: &str, engine: &str) {
        self.summary.ruleset_version = version.to_owned();
        self.summary.ruleset_digest = digest.to_owned();
        self.summary.engine_version = engine.to_owned();
    }

    /// Takes in one file after the other; which ones are shown hangs on their order alone.
    pub fn add(&mut self, item: Item, label: Option<Label>) {
        if !self.counted {
            self.count(&item);
        }
        let group = self.group(&item, label.as_ref());
        self.measure(&item, group);
        self.keep(item, label);
        self.read += 1;
    }

    fn count(&mut self, item: &Item) {
        let summary = &mut self.summary;
        summary.items += 1;
        summary.manifest_items += 1;
        let Some(decision) = item.decision() else {
            summary.errors += 1;
            *summary.error_reasons.entry(item.error().to_owned()).or_default() += 1;
            return;
        };
        summary.judged += 1;
        let word = decision.word().to_owned();
        *summary.verdicts.entry(word.clone()).or_default() += 1;
        *summary.slots.entry(item.slot.clone()).or_default().entry(word).or_default() += 1;
        let mut weights: BTreeMap<&str, &str> = BTreeMap::new();
        // Worst first: the first weight of a reason is its worst.
        for found in &item.findings {
            weights.entry(&found.reason).or_insert(found.weight());
        }
        for (reason, weight) in weights {
            let of_reason = summary.reasons.entry(reason.to_owned()).or_default();
            *of_reason.entry(weight.to_owned()).or_default() += 1;
        }
    }

    fn group(&self, item: &Item, label: Option<&Label>) -> usize {
        let verdicts = match (self.plan.groups, label) {
            (Groups::Label, Some(label)) => label.verdicts.clone(),
            _ => item.decision().into_iter().collect(),
        };
        match (verdicts.contains(&Decision::Accept), verdicts.len()) {
            (true, 1) => 0,
            (false, 1) if self.plan.groups == Groups::Verdict => {
                1 + usize::from(verdicts.contains(&Decision::Reject))
            }
            (true, _) => 1,
            (false, _) => 2,
        }
    }

    /// A file of many pages counts by the worst of them.
    fn measure(&mut self, item: &Item, group: usize) {
        let mut worst: BTreeMap<Quantity, &Measured> = BTreeMap::new();
        for check in &item.checks {
            for measured in &check.measurements {
                if measured.min.is_none() && measured.max.is_none() {
                    continue;
                }
                let held = worst.entry(Quantity::of(&check.rule_id, measured)).or_insert(measured);
                if measured.excess() > held.excess() {
                    *held = measured;
                }
            }
        }
        for (quantity, measured) in worst {
            if self.quantities.len() >= MOST_QUANTITIES && !self.quantities.contains_key(&quantity)
            {
                continue;
            }
            let side = measured.side();
            let alone = side != 0 && item.is_stopped_by(&quantity.check);
            let values = self.quantities.entry(quantity).or_default();
            values.spread.add(measured.value, side, group, alone);
            if !values.slots.contains(&item.slot) {
                values.slots.insert(item.slot.clone());
            }
        }
    }

    fn keep(&mut self, item: Item, label: Option<Label>) {
        let most = self.plan.cases;
        let decision = item.decision();
        let verdict =
            decision.map_or_else(|| item.error().to_owned(), |word| word.word().to_owned());
        let mut kinds: Vec<String> =
            item.findings.iter().map(|found| format!("{verdict} {}", found.reason)).collect();
        kinds.push(verdict);
        let is_wrong = label.as_ref().is_some_and(|label| !label.right);
        let share = most.div_ceil(SHARES);
        let is_rare =
            kinds.iter().any(|kind| self.taken.get(kind).is_none_or(|taken| *taken < share));
        let is_chosen = (is_wrong || is_rare) && self.chosen.len() < most;
        if !is_chosen && self.others.len() >= most {
            return;
        }
        let case = Case {
            index: self.read,
            is_drawable: item.is_drawable(),
            profile: item.profile().to_owned(),
            error: item.error().to_owned(),
            name: item.item_id,
            slot: item.slot,
            decision,
            findings: item.findings,
            label,
            picture: None,
        };
        if is_chosen {
            for kind in kinds {
                *self.taken.entry(kind).or_default() += 1;
            }
            self.chosen.push(case);
        } else {
            self.others.push(case);
        }
    }

    /// Ends the reading: what is shown is decided. Which files, by their index and item id, deserve a
    /// picture, at most so many: those with findings first.
    pub fn pictured(&mut self, most: usize) -> Vec<(u64, String)> {
        let room = self.plan.cases.saturating_sub(self.chosen.len());
        self.chosen.extend(std::mem::take(&mut self.others).into_iter().take(room));
        self.chosen.sort_by_key(|case| case.index);
        let drawable = self.chosen.iter().filter(|case| case.is_drawable);
        let mut order: Vec<&Case> = drawable.collect();
        order.sort_by_key(|case| {
            let is_wrong = case.label.as_ref().is_some_and(|label| !label.right);
            (!is_wrong, case.findings.is_empty(), case.index)
        });
        order.into_iter().take(most).map(|case| (case.index, case.name.clone())).collect()
    }

    /// Adds the picture (JPEG) of a file that is shown.
    pub fn illustrate(&mut self, index: u64, picture: Vec<u8>) {
        if let Some(case) = self.chosen.iter_mut().find(|case| case.index == index) {
            case.picture = Some(picture);
        }
    }

    /// What is shown, in the order of the files.
    pub(super) fn cases(&self) -> &[Case] {
        &self.chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, verdict: &str, found: &[(&str, &str)], share: f64) -> Item {
        let findings: Vec<_> = found
            .iter()
            .map(|(reason, check)| {
                serde_json::json!({"reason": reason, "ruleId": check, "severity": "SEVERITY_ERROR"})
            })
            .collect();
        let measured =
            serde_json::json!({"name": "glare.share", "value": share, "unit": "1", "max": 0.1});
        let record = serde_json::json!({
            "itemId": id, "slot": "passport", "verdict": format!("VERDICT_{verdict}"),
            "findings": findings, "detected": {"pageCount": 1},
            "checks": [{"ruleId": "glare", "measurements": [measured]}],
        });
        Item::of(record.to_string().as_bytes()).unwrap()
    }

    fn plan(cases: usize) -> Plan {
        Plan { groups: Groups::Verdict, cases }
    }

    #[test]
    fn a_common_fault_does_not_hide_a_rare_one() {
        let mut report = Report::new(plan(20));
        for number in 0..500 {
            report.add(item(&format!("{number}"), "REJECT", &[("GLARE", "glare")], 0.2), None);
        }
        report.add(item("rare", "REJECT", &[("SKEWED", "skew")], 0.0), None);
        assert_eq!(report.pictured(2), [(0, "0".to_owned()), (1, "1".to_owned())]);
        assert_eq!(report.cases().len(), 20);
        assert!(report.cases().iter().any(|case| case.name == "rare"));
        assert_eq!(report.summary.reasons["GLARE"]["ERROR"], 500);
    }

    #[test]
    fn a_file_that_nothing_else_stops_is_counted_as_such() {
        let mut report = Report::new(plan(0));
        report.add(item("a", "REJECT", &[("GLARE", "glare")], 0.2), None);
        report.add(item("b", "REJECT", &[("GLARE", "glare"), ("SKEWED", "skew")], 0.2), None);
        report.add(item("c", "ACCEPT", &[], 0.05), None);
        let values = report.quantities.values().next().unwrap();
        assert_eq!(values.spread.totals(), ([1, 0, 2], [0, 0, 2]));
        assert_eq!(values.spread.bins().map(|bin| bin.alone).sum::<u64>(), 1);
        assert!(report.pictured(9).is_empty());
    }

    #[test]
    fn what_could_not_be_judged_is_counted_apart() {
        let mut report = Report::new(plan(5));
        let record = br#"{"itemId":"x","slot":"passport","error":{"reason":"NOT_FOUND"}}"#;
        report.add(Item::of(record).unwrap(), None);
        assert_eq!((report.summary.judged, report.summary.error_reasons["NOT_FOUND"]), (0, 1));
        assert!(report.pictured(5).is_empty());
        assert_eq!(report.cases()[0].error, "NOT_FOUND");
    }
}
