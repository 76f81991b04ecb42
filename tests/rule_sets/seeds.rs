//! Every statement of the two documents on which the rules began, and what scanvet answers to it.
//!
//! "Quick start" is Alibaba Cloud's of 2019, "new websites" its document of spring 2018.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeSet;

use crate::support::{BOOK, TODAY};
use scanvet::filing::plan::{Plan, plan};
use scanvet::reason::Locale;
use scanvet::rules::{Context, Need};
use time::Date;
use time::macros::date;

/// What a plan must hold.
enum Expected {
    /// A step that everybody of this kind meets.
    Step(&'static str),
    /// A step that some meet.
    OptionalStep(&'static str),
    /// No such step.
    NoStep(&'static str),
    /// A step with so many hours.
    Within(&'static str, u32),
    /// A step with so many workdays.
    Workdays(&'static str, u32, u32),
    /// A step whose English text says this.
    Says(&'static str, &'static str),
    /// An upload that must come.
    Upload(&'static str),
    /// An upload that may have to come.
    Conditional(&'static str),
    /// No such upload.
    NoUpload(&'static str),
    /// An upload whose English text says this.
    Asks(&'static str, &'static str),
    /// A note.
    Note(&'static str),
    /// The ways by which the filing may come.
    Channels(&'static [&'static str]),
    /// One step stands before another.
    Before(&'static str, &'static str),
    /// A step's or upload's source names this.
    Source(&'static str, &'static str),
}
use Expected::{
    Asks, Before, Channels, Conditional, NoStep, NoUpload, Note, OptionalStep, Says, Source, Step,
    Upload, Within, Workdays,
};

/// A statement, who asks and when, and what must be answered.
struct Row {
    statement: &'static str,
    asked: Asked,
    expected: Expected,
}

#[derive(Clone, Copy)]
struct Asked {
    profile: &'static str,
    day: Date,
    province: Option<&'static str>,
    entity: Option<&'static str>,
    filing_type: Option<&'static str>,
    contents: &'static [&'static str],
    paid: bool,
}

/// A company's initial filing by the document of 2019.
const QUICK_START: Asked = Asked {
    profile: "alibaba-2019",
    day: date!(2019 - 08 - 05),
    province: None,
    entity: Some("company"),
    filing_type: Some("initial"),
    contents: &[],
    paid: false,
};

/// A company's new website by the document of 2018.
const NEW_WEBSITES: Asked = Asked {
    profile: "alibaba-2018",
    day: date!(2018 - 05 - 01),
    filing_type: Some("new-website-elsewhere"),
    ..QUICK_START
};

const fn of_type(filing_type: &'static str) -> Asked {
    Asked { filing_type: Some(filing_type), ..QUICK_START }
}

const fn about(contents: &'static [&'static str]) -> Asked {
    Asked { contents, ..QUICK_START }
}

const fn row(statement: &'static str, asked: Asked, expected: Expected) -> Row {
    Row { statement, asked, expected }
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let in_province = |province, asked: Asked| Asked { province: Some(province), ..asked };
    let mut rows = vec![
        // Quick start, prerequisites.
        row("register the domain name and complete real-name verification", QUICK_START, Step("domain-name")),
        row("the domain comes before everything else", QUICK_START, Before("domain-name", "filing-type")),
        row("an instance in Mainland China, or its service number", QUICK_START, Step("instance")),
        row("pre-approvals are optional where the content is unknown", QUICK_START, OptionalStep("pre-approval")),
        row("and their document is conditional", QUICK_START, Conditional("pre-approval")),
        row("read the MIIT regulations and prepare the information", QUICK_START, Step("regulations")),
        row("you must file in the province's own way", in_province("CN-GD", QUICK_START), Note("own-form")),
        row("website services become accessible only after the filing", QUICK_START, Says("resolve-domain", "only after")),
        // Quick start, application.
        row("the system determines the filing type from entity and website", QUICK_START, Step("filing-type")),
        row("instance verification", QUICK_START, Step("instance-verification")),
        row("entity and website information", QUICK_START, Step("entity-and-website-information")),
        row("the entity can be an organisation", QUICK_START, Upload("entity-certificate")),
        row("or an individual", Asked { entity: Some("individual"), ..QUICK_START }, NoUpload("entity-certificate")),
        row("upload a photo or colored scanned copy", QUICK_START, Step("upload-documents")),
        row("of the documents", QUICK_START, Upload("id-card-front")),
        row("in colour", QUICK_START, Note("colour-originals")),
        row("facial recognition", QUICK_START, Step("facial-recognition")),
        row("or photo verification, as the local administration requires", Asked { profile: "alibaba-2018", day: date!(2019 - 03 - 01), ..QUICK_START }, Step("photo-verification")),
        row("after uploading", QUICK_START, Before("upload-documents", "facial-recognition")),
        row("submitted for verification only after the text message", in_province("CN-TJ", QUICK_START), Before("sms-verification", "review")),
        row("no text message in other provinces", in_province("CN-BJ", QUICK_START), NoStep("sms-verification")),
        row("mailing is optional", QUICK_START, OptionalStep("mail-documents")),
        row("to a specified address, if you are required", QUICK_START, Says("mail-documents", "if the first review asks")),
        // Quick start, afterwards.
        row("an ICP license for a website that generates income", Asked { paid: true, ..QUICK_START }, Step("icp-licence")),
        row("the ICP license is optional otherwise", QUICK_START, OptionalStep("icp-licence")),
        row("from the local administration", QUICK_START, Says("icp-licence", "local administration")),
        row("after the filing", QUICK_START, Before("review", "icp-licence")),
        row("a PSB filing within 30 days", QUICK_START, Within("psb-filing", 30 * 24)),
        // Quick start, types.
        row("initial filing: first time for entity and domain", of_type("initial"), Upload("entity-certificate")),
        row("transfer: entity and domain are filed, a provider is added", of_type("transfer"), Conditional("change-proof")),
        row("new website, other provider: filed through another one", of_type("new-website-elsewhere"), Step("recorded-information")),
        row("new website, Alibaba Cloud: the entity is known here", of_type("new-website-here"), NoUpload("entity-certificate")),
        row("but website and administrator are not", of_type("new-website-here"), Upload("id-card-front")),
        row("new website whose entity was submitted to MIIT", of_type("new-website-recorded"), Upload("entity-certificate")),
        row("note: mobile application only, never filed before", of_type("initial"), Channels(&["mobile-app"])),
        row("note: mobile application only, entity submitted to MIIT", of_type("new-website-recorded"), Channels(&["mobile-app"])),
        row("the note is told in the plan", of_type("initial"), Note("channel")),
        row("not so for other types", of_type("transfer"), Channels(&["web", "mobile-app", "mail"])),
        // New websites, step by step.
        row("enter the new domain and the subject as recorded with MIIT", NEW_WEBSITES, Step("recorded-information")),
        row("verify the instance by a service code", NEW_WEBSITES, Says("instance-verification", "service number")),
        row("enter the information of the subject", NEW_WEBSITES, Step("entity-and-website-information")),
        row("consult the competent department for preapproval content", Asked { contents: &["news"], ..NEW_WEBSITES }, Step("pre-approval")),
        row("first", Asked { contents: &["news"], ..NEW_WEBSITES }, Before("pre-approval", "upload-documents")),
        row("if none is included, leave it empty", Asked { contents: &["games"], ..NEW_WEBSITES }, NoUpload("pre-approval")),
        row("upload scans or photos of the required documents", NEW_WEBSITES, Upload("id-card-back")),
        row("download the template of the authenticity statement", NEW_WEBSITES, Asks("authenticity-form", "template")),
        row("which must be uploaded", NEW_WEBSITES, Upload("authenticity-form")),
        row("after the provider's review", NEW_WEBSITES, Before("provider-review", "photo-verification")),
        row("the website administrator must take a picture", NEW_WEBSITES, Upload("verification-photo")),
        row("apply for a backdrop on the Photo page", NEW_WEBSITES, Says("photo-verification", "backdrop on the Photo page")),
        row("in front of the backdrop", NEW_WEBSITES, Asks("verification-photo", "backdrop")),
        row("do not wear red or blue", NEW_WEBSITES, Note("photo-clothing")),
        row("Shanghai: the app of the administration verifies the administrator", in_province("CN-SH", NEW_WEBSITES), Step("shanghai-app")),
        row("instead of the photo", in_province("CN-SH", NEW_WEBSITES), NoUpload("verification-photo")),
        row("by the app only", in_province("CN-SH", NEW_WEBSITES), Channels(&["mobile-app"])),
        row("verify the mobile phone number within 48 hours", in_province("CN-TJ", NEW_WEBSITES), Within("sms-verification", 48)),
        row("or the application is rejected", in_province("CN-TJ", NEW_WEBSITES), Says("sms-verification", "returned")),
        row("the document that gives 48 hours is named", in_province("CN-TJ", NEW_WEBSITES), Source("sms-verification", "adding new websites, 2018: step 8")),
        row("later ones give 24", in_province("CN-TJ", QUICK_START), Within("sms-verification", 24)),
        row("other provinces do not require it", in_province("CN-ZJ", NEW_WEBSITES), NoStep("sms-verification")),
        row("in 2019 they do", in_province("CN-ZJ", Asked { day: date!(2019 - 03 - 01), ..NEW_WEBSITES }), Within("sms-verification", 24)),
        row("the review takes 3 to 20 workdays", NEW_WEBSITES, Workdays("review", 3, 20)),
        row("the result comes by text message and e-mail", NEW_WEBSITES, Says("result", "text message and e-mail")),
        row("then resolve the domain to the server", NEW_WEBSITES, Before("result", "resolve-domain")),
    ];
    // Quick start: the contents that need a pre-approval.
    for (statement, contents) in [
        ("pre-approval: news", &["news"]),
        ("pre-approval: publishing", &["publishing"]),
        ("pre-approval: medical devices", &["medical-devices"]),
        ("pre-approval: culture", &["culture"]),
        ("pre-approval: broadcasting", &["broadcasting"]),
        ("pre-approval: films", &["films"]),
        ("pre-approval: TV programs", &["tv-programs"]),
        ("pre-approval: education", &["education"]),
        ("pre-approval: medicine", &["medicine"]),
        ("pre-approval: healthcare", &["health-care"]),
        ("pre-approval: car-booking services", &["car-booking"]),
        ("pre-approval: electronic bulletin boards", &["bulletin-board"]),
    ] {
        rows.push(row(statement, about(contents), Upload("pre-approval")));
        rows.push(row(statement, about(contents), Step("pre-approval")));
    }
    // New websites: the seven provinces of the text message. Quick start: the twenty-two.
    for province in SEVEN {
        rows.push(row("text message, 2018", in_province(province, NEW_WEBSITES), Step("sms-verification")));
    }
    for province in SEVEN.into_iter().chain(FIFTEEN_MORE) {
        rows.push(row("text message, 2019", in_province(province, QUICK_START), Step("sms-verification")));
    }
    rows
}

/// Tianjin, Gansu, Tibet, Ningxia, Hainan, Xinjiang, Qinghai.
const SEVEN: [&str; 7] = ["CN-TJ", "CN-GS", "CN-XZ", "CN-NX", "CN-HI", "CN-XJ", "CN-QH"];

/// Zhejiang, Sichuan, Fujian, Shaanxi, Chongqing, Guangxi, Yunnan, Shandong, Henan, Anhui, Hunan,
/// Shanxi, Heilongjiang, Inner Mongolia, Hubei.
const FIFTEEN_MORE: [&str; 15] = [
    "CN-ZJ", "CN-SC", "CN-FJ", "CN-SN", "CN-CQ", "CN-GX", "CN-YN", "CN-SD", "CN-HA", "CN-AH",
    "CN-HN", "CN-SX", "CN-HL", "CN-NM", "CN-HB",
];

fn planned(asked: Asked) -> Plan {
    let known = |value: Option<&str>| value.map(str::to_owned);
    let context = Context {
        profile: asked.profile.to_owned(),
        province: known(asked.province),
        entity: known(asked.entity),
        filing_type: known(asked.filing_type),
        contents: asked.contents.iter().map(|&content| content.to_owned()).collect(),
        paid_service: asked.paid,
        as_of: Some(asked.day),
        ..Context::default()
    };
    plan(&BOOK, &context, TODAY).unwrap()
}

fn holds(plan: &Plan, expected: &Expected) -> bool {
    let rules = &plan.rules;
    let step = |id: &str| rules.steps.iter().find(|step| step.id == id);
    let place = |id: &str| rules.steps.iter().position(|step| step.id == id);
    let upload = |id: &str| rules.uploads.iter().find(|upload| upload.id == id);
    match *expected {
        Step(id) => step(id).is_some_and(|step| !step.optional),
        OptionalStep(id) => step(id).is_some_and(|step| step.optional),
        NoStep(id) => step(id).is_none(),
        Within(id, hours) => step(id).is_some_and(|step| step.within_hours == Some(hours)),
        Workdays(id, from, to) => step(id).is_some_and(|step| step.workdays == Some((from, to))),
        Says(id, words) => step(id).is_some_and(|step| step.text.text(Locale::En).contains(words)),
        Upload(id) => upload(id).is_some_and(|upload| upload.need == Need::Required),
        Conditional(id) => upload(id).is_some_and(|upload| upload.need == Need::Conditional),
        NoUpload(id) => upload(id).is_none(),
        Asks(id, words) => upload(id).is_some_and(|it| it.why.text(Locale::En).contains(words)),
        Note(id) => rules.notes.iter().any(|note| note.id == id),
        Channels(allowed) => rules.limits.channel.limits.allowed == allowed,
        Before(first, then) => place(first).is_some() && place(first) < place(then),
        Source(id, words) => step(id).is_some_and(|step| step.source.contains(words)),
    }
}

#[test]
fn every_statement_of_the_two_documents_is_what_a_plan_says() {
    let rows = rows();
    assert!(rows.len() >= 45, "{} rows", rows.len());
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| !holds(&planned(row.asked), &row.expected))
        .map(|row| format!("{} ({:?})", row.statement, row.asked.province))
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// The two documents name different provinces; the day says which of them holds.
#[test]
fn the_provinces_of_the_text_message_are_those_of_the_day() {
    let asking = |asked: Asked| -> BTreeSet<String> {
        let all = BOOK.provinces().iter();
        all.filter(|province| {
            let plan = planned(Asked { province: Some(province), ..asked });
            plan.rules.steps.iter().any(|step| step.id == "sms-verification")
        })
        .cloned()
        .collect()
    };
    let on = |profile, day| asking(Asked { profile, day, ..NEW_WEBSITES }).len();
    assert_eq!(on("miit-2010", date!(2017 - 12 - 17)), 0);
    assert_eq!(on("alibaba-2018", date!(2017 - 12 - 18)), 7);
    assert_eq!(on("alibaba-2018", date!(2018 - 09 - 09)), 7);
    assert_eq!(on("alibaba-2018", date!(2018 - 09 - 10)), 14);
    assert_eq!(on("alibaba-2018", date!(2018 - 09 - 24)), 22);
    assert_eq!(on("alibaba-2019", date!(2020 - 08 - 16)), 22);
    assert_eq!(on("alibaba-2019", date!(2020 - 08 - 17)), 31);
    let named: BTreeSet<String> =
        SEVEN.into_iter().chain(FIFTEEN_MORE).map(str::to_owned).collect();
    assert_eq!(asking(QUICK_START), named);
}
