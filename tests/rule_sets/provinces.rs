//! The special materials and demands of every province, and that none goes without a source.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;

use crate::support::{BOOK, TODAY};
use scanvet::rules::{Context, FilingRules, Need, embedded_packs};
use time::macros::date;

/// What a province must ask for.
enum Wants {
    /// Required of whoever asks.
    Upload(&'static str),
    /// Perhaps required.
    Conditional(&'static str),
    /// Not asked for.
    NoUpload(&'static str),
    /// Said in a note.
    Note(&'static str),
    /// Not said.
    NoNote(&'static str),
    /// A number in a note.
    Value(&'static str, u32),
    /// A step.
    Step(&'static str),
    /// A check that is on for this slot.
    Check(&'static str, &'static str),
}
use Wants::{Check, Conditional, NoNote, NoUpload, Note, Step, Upload, Value};

/// Who asks.
#[derive(Clone)]
struct Who(Context);

impl Who {
    fn is(entity: &str) -> Self {
        let entity = Some(entity.to_owned());
        let filing_type = Some("initial".to_owned());
        Self(Context {
            profile: "ucloud-2026".to_owned(),
            entity,
            filing_type,
            ..Context::default()
        })
    }

    fn by(self, profile: &str) -> Self {
        Self(Context { profile: profile.to_owned(), ..self.0 })
    }

    fn with(self, domain_count: u32) -> Self {
        Self(Context { domain_count, ..self.0 })
    }

    fn issued_elsewhere(self) -> Self {
        Self(Context { issued_elsewhere: Some(true), ..self.0 })
    }

    fn on(self, day: time::Date) -> Self {
        Self(Context { as_of: Some(day), ..self.0 })
    }

    fn files(self, filing_type: &str) -> Self {
        Self(Context { filing_type: Some(filing_type.to_owned()), ..self.0 })
    }

    fn rules(&self, province: &str) -> FilingRules {
        let context = Context { province: Some(province.to_owned()), ..self.0.clone() };
        BOOK.filing(&context, TODAY).unwrap_or_else(|fault| panic!("{fault}"))
    }
}

#[rustfmt::skip]
fn rows() -> Vec<(&'static str, Who, Wants)> {
    let company = || Who::is("company");
    let individual = || Who::is("individual");
    let stranger = || individual().issued_elsewhere();
    let (permit, refused, allowed) = (
        || Upload("residence-permit"),
        || Note("non-local-individuals-refused"),
        || Note("non-local-individuals-allowed"),
    );
    vec![
        ("CN-BJ", stranger(), allowed()),
        ("CN-BJ", company(), Conditional("authorisation-letter")),
        ("CN-BJ", company().by("alibaba-2018"), Upload("handheld-photo")),
        ("CN-BJ", individual().by("alibaba-2018"), Upload("handheld-photo")),
        ("CN-BJ", company(), NoUpload("handheld-photo")),
        ("CN-BJ", company(), Note("licence-complete")),
        ("CN-BJ", company(), Note("latest-certificate")),
        ("CN-BJ", company(), Note("form-registrar")),
        ("CN-BJ", company(), Value("adults-only", 18)),
        ("CN-BJ", company(), Note("domains-refused")),
        ("CN-TJ", stranger(), allowed()),
        ("CN-TJ", company(), Note("duplicate-licence")),
        ("CN-TJ", company(), Note("administrator-not-leader")),
        ("CN-TJ", individual(), Note("local-phone")),
        ("CN-TJ", company(), NoNote("local-phone")),
        ("CN-TJ", company(), Note("no-sealed-copies")),
        ("CN-TJ", company(), Conditional("domain-holder-proof")),
        ("CN-TJ", company(), Note("administrator-age")),
        ("CN-TJ", company().by("jd-2018"), Upload("domain-certificate")),
        ("CN-HE", stranger(), allowed()),
        ("CN-HE", company(), Note("foreign-representative-delegates")),
        ("CN-HE", individual(), Note("no-foreign-individuals")),
        ("CN-HE", company(), Note("same-city-address")),
        ("CN-HE", company(), Value("proof-freshness", 6)),
        ("CN-SX", stranger(), refused()),
        ("CN-SX", company(), Note("leader-is-legal-representative")),
        ("CN-SX", company(), Note("foreign-representative-delegates")),
        ("CN-SX", company(), Value("domains-per-order", 3)),
        ("CN-NM", stranger(), permit()),
        ("CN-NM", stranger().by("huawei-2025"), refused()),
        ("CN-NM", Who::is("government"), Upload("organ-approval")),
        ("CN-NM", Who::is("public-institution"), Upload("organ-approval")),
        ("CN-NM", Who::is("public-institution"), Note("institution-domain")),
        ("CN-NM", company(), Conditional("representative-residence")),
        ("CN-NM", individual(), Upload("domain-certificate")),
        ("CN-NM", company(), Conditional("site-name-form")),
        ("CN-NM", company(), Value("remark-length", 30)),
        ("CN-LN", stranger(), allowed()),
        ("CN-LN", company(), Note("local-phone")),
        ("CN-LN", company(), Note("finance-leaders")),
        ("CN-LN", company(), Note("foreign-representative-delegates")),
        ("CN-JL", stranger(), permit()),
        ("CN-HL", stranger(), refused()),
        ("CN-HL", company(), Note("leader-is-legal-representative")),
        ("CN-HL", company(), Upload("phone-bills")),
        ("CN-HL", Who::is("public-institution"), Upload("organ-approval")),
        ("CN-HL", company(), Value("administrator-age", 65)),
        ("CN-HL", company(), Note("administrator-of-one-entity")),
        ("CN-SH", stranger(), permit()),
        ("CN-SH", company().by("alibaba-2018").on(date!(2018 - 05 - 01)), Step("shanghai-app")),
        ("CN-SH", company(), Upload("commitment-letter")),
        ("CN-SH", company(), Conditional("authorisation-letter")),
        ("CN-SH", company(), Note("electronic-licence")),
        ("CN-SH", company(), Note("foreign-office-certificate")),
        ("CN-SH", company().with(30), Upload("site-plan")),
        ("CN-SH", company().with(29), NoUpload("site-plan")),
        ("CN-SH", company().by("huawei-2025").with(5), Conditional("site-plan")),
        ("CN-SH", company(), Value("licence-validity", 6)),
        ("CN-SH", company().by("tencent-2022"), Value("licence-validity", 12)),
        ("CN-JS", stranger(), permit()),
        ("CN-JS", company(), Upload("commitment-letter")),
        ("CN-JS", company(), Step("promise-video")),
        ("CN-JS", company().by("alibaba-2019").on(date!(2021 - 05 - 31)), NoUpload("commitment-letter")),
        ("CN-JS", company(), Upload("domain-certificate")),
        ("CN-JS", company(), Conditional("employment-proof")),
        ("CN-JS", company().with(31), Upload("site-plan-organisation")),
        ("CN-JS", company().with(30), NoUpload("site-plan-organisation")),
        ("CN-JS", individual().with(11), Upload("site-plan-individual")),
        ("CN-JS", company().files("change"), Note("not-online")),
        ("CN-ZJ", stranger(), allowed()),
        ("CN-ZJ", stranger().by("huawei-2025"), permit()),
        ("CN-ZJ", company(), Note("no-sealed-copies")),
        ("CN-ZJ", company(), Note("licence-copy")),
        ("CN-ZJ", company(), Value("id-validity", 3)),
        ("CN-ZJ", Who::is("sole-trader"), Note("sole-trader-seal")),
        ("CN-ZJ", company(), Conditional("finance-commitment")),
        ("CN-AH", stranger(), permit()),
        ("CN-AH", company(), Conditional("authorisation-letter")),
        ("CN-AH", company(), Note("leader-is-administrator")),
        ("CN-AH", company(), Conditional("guardian-id")),
        ("CN-AH", company(), Conditional("not-involved-statement")),
        ("CN-FJ", stranger(), permit()),
        ("CN-FJ", company(), Conditional("authorisation-letter")),
        ("CN-FJ", company(), Note("administrator-id-card")),
        ("CN-FJ", individual(), Conditional("guardian-id")),
        ("CN-FJ", company().by("alibaba-2018"), Step("facial-recognition")),
        ("CN-FJ", company().with(6), Upload("site-plan")),
        ("CN-FJ", company().with(5), NoUpload("site-plan")),
        ("CN-JX", stranger(), refused()),
        ("CN-JX", company(), Note("photographed-certificates")),
        ("CN-JX", individual(), Upload("handheld-photo")),
        ("CN-JX", individual(), Check("authenticity-form", "form.fingerprint")),
        ("CN-JX", company(), Conditional("authorisation-letter")),
        ("CN-JX", company(), Conditional("administrator-residence")),
        ("CN-JX", company(), Conditional("not-involved-statement")),
        ("CN-JX", company(), Note("most-sites")),
        ("CN-SD", stranger(), permit()),
        ("CN-SD", company(), Value("unlike-domains", 3)),
        ("CN-SD", company(), Conditional("hazardous-chemicals")),
        ("CN-SD", company(), Note("foreign-representative-delegates")),
        ("CN-HA", stranger(), refused()),
        ("CN-HA", company(), Note("duplicate-licence")),
        ("CN-HA", company(), Upload("commitment-letter")),
        ("CN-HA", company(), Conditional("guardian-id")),
        ("CN-HA", company().with(4), Upload("domain-certificate")),
        ("CN-HA", company().with(3), NoUpload("domain-certificate")),
        ("CN-HA", company(), Value("domains-per-order", 5)),
        ("CN-HA", company(), Note("on-site-check")),
        ("CN-HB", stranger(), permit()),
        ("CN-HB", company(), Conditional("authorisation-letter")),
        ("CN-HB", company(), Conditional("not-involved-statement")),
        ("CN-HB", company(), Value("sites-per-filing", 1)),
        ("CN-HN", stranger(), allowed()),
        ("CN-HN", company(), Upload("domain-certificate")),
        ("CN-HN", company(), Conditional("authorisation-letter")),
        ("CN-HN", company(), Conditional("site-plan")),
        ("CN-HN", company(), Value("domains-per-order", 1)),
        ("CN-HN", company(), Note("local-phone")),
        ("CN-GD", stranger(), permit()),
        ("CN-GD", individual(), Note("own-form")),
        ("CN-GD", company(), Upload("commitment-letter")),
        ("CN-GD", company().by("alibaba-2019").on(date!(2021 - 06 - 20)), NoUpload("commitment-letter")),
        ("CN-GD", individual(), Check("commitment-letter", "form.fingerprint")),
        ("CN-GD", company(), Note("sealed-copies")),
        ("CN-GD", company(), Conditional("employment-proof")),
        ("CN-GD", company().by("alibaba-2019").with(32), Upload("site-plan-organisation")),
        ("CN-GD", company().by("alibaba-2019").with(31), NoUpload("site-plan-organisation")),
        ("CN-GD", company().with(31), Upload("site-plan-organisation")),
        ("CN-GD", individual().by("alibaba-2019").with(6), Upload("site-plan-individual")),
        ("CN-GD", individual().by("alibaba-2019").with(5), NoUpload("site-plan-individual")),
        ("CN-GD", individual().with(5), Upload("site-plan-individual")),
        ("CN-GD", individual().with(10), Upload("provider-guarantee")),
        ("CN-GD", company(), Conditional("finance-commitment")),
        ("CN-GX", stranger(), allowed()),
        ("CN-GX", stranger().by("huawei-2025"), refused()),
        ("CN-GX", company(), Note("local-phone")),
        ("CN-GX", company(), Note("foreign-representative-delegates")),
        ("CN-HI", stranger(), allowed()),
        ("CN-HI", individual(), Note("temporary-id")),
        ("CN-HI", company(), Note("licence-seal")),
        ("CN-HI", company(), Note("domains-on-one-form")),
        ("CN-HI", individual(), Value("first-filing-domains", 1)),
        ("CN-CQ", stranger(), refused()),
        ("CN-CQ", company(), Conditional("authorisation-letter")),
        ("CN-CQ", company(), Note("emergency-contact")),
        ("CN-CQ", individual().with(3), Upload("site-plan-individual")),
        ("CN-CQ", individual().by("huawei-2025").with(5), NoUpload("site-plan-individual")),
        ("CN-CQ", individual().by("huawei-2025").with(6), Upload("site-plan-individual")),
        ("CN-CQ", company().with(6), Upload("site-plan-organisation")),
        ("CN-CQ", company().by("tencent-2022").with(34), NoUpload("site-plan-organisation")),
        ("CN-CQ", company().by("tencent-2022").with(35), Upload("site-plan-organisation")),
        ("CN-SC", stranger(), permit()),
        ("CN-SC", company(), Conditional("authorisation-letter")),
        ("CN-SC", individual(), Conditional("employment-proof")),
        ("CN-SC", company(), Conditional("not-involved-statement")),
        ("CN-SC", company(), Conditional("site-name-statement")),
        ("CN-SC", individual().with(5), Upload("site-plan")),
        ("CN-GZ", stranger(), permit()),
        ("CN-GZ", company(), Conditional("authorisation-letter")),
        ("CN-GZ", company().with(4), Upload("domain-certificate")),
        ("CN-GZ", company().with(3), NoUpload("domain-certificate")),
        ("CN-GZ", company(), Note("same-city-address")),
        ("CN-YN", stranger(), allowed()),
        ("CN-YN", stranger().by("alibaba-2019"), refused()),
        ("CN-YN", Who::is("government"), Upload("organ-approval")),
        ("CN-YN", company(), Upload("domain-certificate")),
        ("CN-YN", company(), Conditional("employment-proof")),
        ("CN-XZ", stranger(), refused()),
        ("CN-XZ", company(), Upload("party-confirmation")),
        ("CN-XZ", company(), Note("opened")),
        ("CN-SN", stranger(), refused()),
        ("CN-SN", company(), Note("duplicate-licence")),
        ("CN-SN", company().with(5), Upload("domain-certificate")),
        ("CN-SN", company().with(4), NoUpload("domain-certificate")),
        ("CN-GS", stranger(), refused()),
        ("CN-GS", company(), Note("duplicate-licence")),
        ("CN-GS", company(), Conditional("authorisation-letter")),
        ("CN-GS", company(), Note("remarks")),
        ("CN-GS", company(), Note("third-phone")),
        ("CN-GS", company(), Note("backdrop-line")),
        ("CN-QH", stranger(), refused()),
        ("CN-QH", company().files("change"), Note("complete-change")),
        ("CN-NX", stranger(), refused()),
        ("CN-NX", company(), Note("duplicate-licence")),
        ("CN-NX", company(), Note("domain-holder-is-entity")),
        ("CN-XJ", stranger(), refused()),
        ("CN-XJ", company(), Upload("party-confirmation")),
        ("CN-XJ", individual(), Check("authenticity-form", "form.fingerprint")),
        ("CN-XJ", company(), Value("one-domain-a-site", 1)),
        ("CN-XJ", company(), Note("local-id")),
    ]
}

fn holds(province: &str, who: &Who, wants: &Wants) -> bool {
    let rules = who.rules(province);
    let upload = |id: &str| rules.uploads.iter().find(|upload| upload.id == id);
    let note = |id: &str| rules.notes.iter().find(|note| note.id == id);
    match *wants {
        Upload(id) => upload(id).is_some_and(|upload| upload.need == Need::Required),
        Conditional(id) => upload(id).is_some_and(|upload| upload.need == Need::Conditional),
        NoUpload(id) => upload(id).is_none(),
        Note(id) => note(id).is_some(),
        NoNote(id) => note(id).is_none(),
        Value(id, wanted) => {
            note(id).and_then(|note| note.value.clone()).is_some_and(|(value, _)| value == wanted)
        }
        Step(id) => rules.steps.iter().any(|step| step.id == id),
        Check(slot, check) => {
            let rules = BOOK.rules(&rules.context, slot, TODAY).unwrap();
            rules.rule(check).is_some()
        }
    }
}

#[test]
fn every_province_asks_for_what_its_rules_say() {
    let rows = rows();
    let wrong: Vec<String> = rows
        .iter()
        .enumerate()
        .filter(|(_, (province, who, wants))| !holds(province, who, wants))
        .map(|(at, (province, ..))| format!("row {at}, {province}"))
        .collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:?}", wrong.len(), rows.len());
    let named: BTreeSet<&str> = rows.iter().map(|(province, ..)| *province).collect();
    assert_eq!(named.len(), 31, "every province has a row");
}

#[test]
fn no_province_goes_without_an_override_that_names_its_source() {
    let packs = embedded_packs();
    for province in BOOK.provinces() {
        let file = format!("provinces/{province}.toml");
        let (_, text) = packs.iter().find(|(name, _)| *name == file).unwrap();
        let sources = text.lines().filter(|line| line.starts_with("source = \"")).count();
        let reasons = text.lines().filter(|line| line.starts_with("because = \"")).count();
        assert!(sources >= 1 && sources == reasons, "{file}: {sources} sources, {reasons} reasons");
    }
    assert_eq!(BOOK.provinces().len(), 31);
}

#[test]
fn the_texts_of_every_plan_are_in_both_languages_short_and_without_final_stops() {
    use scanvet::reason::Locale;
    for province in BOOK.provinces() {
        for profile in BOOK.profiles.keys() {
            let context = Context { profile: profile.clone(), ..Context::default() };
            let rules = Who(context).rules(province);
            let said = rules.uploads.iter().map(|upload| &upload.why);
            let said = said.chain(rules.steps.iter().map(|step| &step.text));
            for text in said.chain(rules.notes.iter().map(|note| &note.text)) {
                for locale in Locale::ALL {
                    let text = text.text(locale);
                    assert!(!text.is_empty() && text.chars().count() <= 160, "{province} {text}");
                    assert!(!text.ends_with(['.', '。']) && !text.contains('{'), "{text}");
                }
                let chinese = text.text(Locale::ZhCn).chars().any(|c| c > '\u{4e00}');
                assert!(chinese, "{}", text.text(Locale::ZhCn));
            }
        }
    }
}
