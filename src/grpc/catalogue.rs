//! What this server knows and allows: profiles, rule set and limits.

use std::collections::BTreeMap;

use super::convert::{engine_version, iso, messages, severity};
use super::fault::{Fault, Violation};
use super::proto::{self, GetRulesetRequest, GetRulesetResponse, GetServerInfoResponse};
use super::proto::{ListProfilesRequest, ListProfilesResponse, LocalizedText, ReasonInfo};
use super::request::{OWN_CONTEXT, Paths, pinned, rules, today};
use super::service::Service;
use crate::intake::format::FORMATS;
use crate::reason::Locale;
use crate::report::catalogue::reasons;
use crate::rules::{Context, Profile, Rule, RuleBook, RuleBooks};

const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: usize = 200;

pub(super) fn profiles(
    book: &RuleBook,
    request: &ListProfilesRequest,
) -> Result<ListProfilesResponse, Fault> {
    let mut broken = Vec::new();
    let size = match usize::try_from(request.page_size) {
        Ok(0) => DEFAULT_PAGE,
        Ok(size) => size.min(LARGEST_PAGE),
        Err(_) => {
            let rule = "must not be negative";
            broken.push(Violation::of("page_size", "PAGE_SIZE_NEGATIVE", rule));
            DEFAULT_PAGE
        }
    };
    let first = match request.page_token.as_str() {
        "" => Some(String::new()),
        token => unseal(token).filter(|id| book.profiles.contains_key(id)),
    };
    if first.is_none() {
        let rule = "is not from an answer of this server";
        broken.push(Violation::of("page_token", "PAGE_TOKEN_INVALID", rule));
    }
    if let Some(fault) = Fault::of_violations(broken) {
        return Err(fault);
    }
    let mut rest = book.profiles.range(first.unwrap_or_default()..).map(|(_, profile)| profile);
    let profiles = rest.by_ref().take(size).map(profile).collect();
    let next_page_token = rest.next().map(|next| seal(&next.id)).unwrap_or_default();
    Ok(ListProfilesResponse { profiles, next_page_token })
}

fn profile(profile: &Profile) -> proto::Profile {
    let name = |(locale, text): (&String, &String)| LocalizedText {
        locale: locale.clone(),
        text: text.clone(),
    };
    proto::Profile {
        id: profile.id.clone(),
        display_names: profile.names.iter().map(name).collect(),
        slots: profile.slots.clone(),
        valid_from: iso(profile.valid_from),
        valid_until: profile.valid_until.map(iso).unwrap_or_default(),
    }
}

/// The first profile of the next page, in a form that nobody takes for one.
fn seal(id: &str) -> String {
    id.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn unseal(token: &str) -> Option<String> {
    let digits = token.as_bytes();
    if !digits.len().is_multiple_of(2) || digits.len() > 256 {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(digits.chunks(2).map(byte).collect::<Option<_>>()?).ok()
}

pub(super) fn ruleset(
    books: &RuleBooks,
    request: GetRulesetRequest,
) -> Result<GetRulesetResponse, Fault> {
    let book = pinned(books, &request.ruleset_version)?;
    let mut broken = Vec::new();
    let paths = Paths { context: OWN_CONTEXT, slot: "slot" };
    let context = request.context.unwrap_or_default();
    let rules = rules(book, context, &request.slot, paths, &mut broken);
    let faults = Fault::of_violations(broken);
    let (None, Some(rules)) = (&faults, rules) else {
        return Err(faults.unwrap_or_else(Fault::internal));
    };
    let filing = book.filing(&rules.context, today()).map_err(|_| Fault::internal())?;
    let reasons = reasons().map(|(reason, check)| {
        // Of a check that is switched off here the texts are still told: old verdicts name it.
        let rule = check.and_then(|check| rules.rule(check));
        let together = check.and_then(|check| filing.limits.severity(check));
        let weight = rule.map(|rule| rule.severity(reason.code)).or(together);
        ReasonInfo {
            reason: reason.code.to_owned(),
            severity: severity(weight.unwrap_or(reason.severity)).into(),
            rule_id: check.unwrap_or_default().to_owned(),
            templates: messages(reason, &Locale::ALL, &BTreeMap::new()),
            thresholds: rule.map(thresholds).unwrap_or_default(),
        }
    });
    Ok(GetRulesetResponse {
        ruleset_version: rules.version.clone(),
        ruleset_digest: rules.digest.clone(),
        reasons: reasons.collect(),
    })
}

fn thresholds(rule: &Rule) -> Vec<proto::Measurement> {
    let threshold = |(key, value, lower): (String, f64, bool)| proto::Measurement {
        name: format!("{}.{key}", rule.entry.id),
        value,
        unit: "1".to_owned(),
        min: lower.then_some(value),
        max: (!lower).then_some(value),
    };
    rule.bounds().into_iter().map(threshold).collect()
}

pub(super) fn server_info(service: &Service) -> GetServerInfoResponse {
    let Service { config, judge, .. } = service;
    let books = service.books.now();
    let readable = FORMATS.iter().filter(|format| format.readable);
    let whole = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
    GetServerInfoResponse {
        engine_version: engine_version(),
        max_file_bytes: whole(config.max_file_bytes),
        max_message_bytes: whole(config.max_message_bytes()),
        max_pixels: max_pixels(&books.current).unwrap_or_default(),
        max_pages: 1,
        accepted_media_types: readable.map(|format| format.media_type.to_owned()).collect(),
        ruleset_versions: books.versions(),
        sandbox_layers: judge.layers().into_iter().map(str::to_owned).collect(),
    }
}

/// Under the rules that hold when nobody says which.
fn max_pixels(book: &RuleBook) -> Option<i64> {
    let rules = book.rules(&Context::default(), "", today()).ok()?;
    rules.rule("file.pixels")?.limits.get("max_pixels")?.as_integer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_token_comes_back_as_it_was_and_nonsense_does_not() {
        assert_eq!(unseal(&seal("alibaba-2018")).as_deref(), Some("alibaba-2018"));
        for nonsense in ["x", "zz", "abc", "ff", &"61".repeat(200)] {
            assert_eq!(unseal(nonsense), None, "{nonsense}");
        }
    }
}
