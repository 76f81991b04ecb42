//! What an upload belongs to: the profile and the circumstances of the filing.

use time::Date;

/// The circumstances on which rules hang. `None` and empty mean unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Provider's rules over a span of time, e.g. `alibaba-2018`.
    pub profile: String,
    /// ISO 3166-2 code, e.g. `CN-SH`.
    pub province: Option<String>,
    /// Kind of the filing entity, e.g. `company`.
    pub entity: Option<String>,
    /// Kind of the filing, e.g. `initial`.
    pub filing_type: Option<String>,
    /// Content categories that need a pre-approval.
    pub contents: Vec<String>,
    /// How the applicant uploads.
    pub channel: Option<String>,
    /// Whether the website earns income.
    pub paid_service: bool,
    /// Domains in the filing; 0 = unknown.
    pub domain_count: u32,
    /// Whether the entity's or person's certificate was issued in another province.
    pub issued_elsewhere: Option<bool>,
    /// Day whose rules apply; clamped to the profile's span. `None` = today.
    pub as_of: Option<Date>,
}

/// A value of the context, or the slot, that the rule book does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} \"{value}\"; known: {}", known.join(", "))]
pub struct ContextFault {
    /// Which field, in words.
    pub what: &'static str,
    /// What was given.
    pub value: String,
    /// What could have been.
    pub known: Vec<String>,
}
