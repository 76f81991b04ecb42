//! Which checks hold for an upload, under which limits, and how much a broken one weighs.
//!
//! Rules are data: TOML packs, merged base → slot → profile → profile's slot → province → province's
//! slot, key by key, each table with `because` and `source`. The service's safety ceilings are laid
//! over the result, and the stricter bound counts. Everything binds to typed limits when the book is
//! loaded, so that after the start no configuration fault can occur.

mod book;
mod context;
mod draft;
mod lint;
mod pack;
mod rule;

pub use book::{PackFile, RuleBook, embedded_packs};
pub use context::{Context, ContextFault};
pub use pack::{Fault, Faults, Profile};
pub use rule::{Rule, RuleSet, Ruling, Status};
