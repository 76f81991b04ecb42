//! The files of one filing: each judged on its own, then together.

use crate::filing::judge;
use crate::filing::look::{Keep, Keeper, Look};
use crate::intake::{Budget, Expired, Upload};
use crate::pipeline::{self, Options};
use crate::rules::{FilingRules, RuleBook, RuleSet};
use crate::verdict::{Decision, Ruled, Verdict};

/// What is kept of a judged upload to compare it with the others.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The slot that it came for.
    pub slot: String,
    /// Lower-case hex SHA-256 of the content.
    pub sha256: String,
    /// Of its first page; `None` where nothing was decoded.
    pub look: Option<Look>,
}

/// What scanvet says of a filing.
#[derive(Debug)]
pub struct FilingVerdict {
    /// The worst of the files' outcomes and of what they say together.
    pub decision: Decision,
    /// What concerns several files, or one that is missing; worst first.
    pub findings: Vec<Ruled>,
}

/// Judges one upload of a filing and keeps what the others are compared with.
pub fn one(
    upload: &Upload,
    rules: &RuleSet,
    filing: &FilingRules,
    options: Options,
    budget: &mut dyn Budget,
) -> Result<(Verdict, Seen), Expired> {
    let mut keeper = Keeper::of(keep(filing, rules));
    let options = options_of_one(options);
    let verdict = pipeline::validate_before(upload, rules, options, budget, &mut keeper)?;
    let seen = seen(rules, &verdict, keeper.look);
    Ok((verdict, seen))
}

/// What to keep of an upload that is judged under `rules`.
pub fn keep(filing: &FilingRules, rules: &RuleSet) -> Keep {
    let limits = &filing.limits.swapped.limits;
    let is_card = [&limits.portrait, &limits.emblem].contains(&&rules.slot);
    if is_card { Keep::Card } else { Keep::Picture }
}

/// The options of one upload among several.
pub fn options_of_one(options: Options) -> Options {
    // A picture of the findings would take part of the answer that all files share.
    Options { annotate: false, ..options }
}

/// What the others are compared with.
pub fn seen(rules: &RuleSet, verdict: &Verdict, look: Option<Look>) -> Seen {
    Seen { slot: rules.slot.clone(), sha256: verdict.detected.sha256.clone(), look }
}

/// What the uploads say together. `decisions` are those of the files.
pub fn together(
    book: &RuleBook,
    filing: &FilingRules,
    seen: &[Seen],
    decisions: impl IntoIterator<Item = Decision>,
) -> FilingVerdict {
    let mut findings = judge::all(book, filing, seen);
    // Stable: within a severity the order of the checks stays.
    findings.sort_by_key(|ruled| std::cmp::Reverse(ruled.severity));
    let own = Decision::of(findings.iter().map(|ruled| ruled.severity));
    let decision = decisions.into_iter().fold(own, worse);
    FilingVerdict { decision, findings }
}

fn worse(one: Decision, other: Decision) -> Decision {
    match (one, other) {
        (Decision::Reject, _) | (_, Decision::Reject) => Decision::Reject,
        (Decision::Review, _) | (_, Decision::Review) => Decision::Review,
        _ => Decision::Accept,
    }
}
