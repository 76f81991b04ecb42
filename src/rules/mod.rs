//! Which checks hold for an upload, under which limits, and how much a broken one weighs.
//!
//! Rules are data: TOML packs, merged base → slot → profile → profile's slot → province → province's
//! slot, key by key, each table with `because` and `source`. The service's safety ceilings are laid
//! over the result, and the stricter bound counts. Everything binds to typed limits when the book is
//! loaded, so that after the start no configuration fault can occur.

//!
//! Rule sets of old stay in `src/rules/archive/`: a caller pins one by its version.
//!
//! `filing.toml` says what a whole filing uploads, meets and keeps to; profiles and provinces are laid
//! over it in the same way.

mod archive;
mod book;
mod carried;
mod chains;
mod condition;
mod context;
mod digest;
mod draft;
mod filing;
mod item;
mod line;
mod lint;
mod origin;
mod overlay;
mod pack;
mod rule;
mod vetting;

pub use archive::{RuleBooks, archive};
pub use book::{Bound, PackFile, RuleBook, embedded_packs};
pub use carried::{Carried, CarriedFault};
pub use context::{Context, ContextFault};
pub use filing::{
    Channel, Duplicate, FilingLimits, FilingRule, FilingRules, Missing, Sides, Surfaces,
};
pub use item::{Need, NoteRule, Said, StepRule, UploadRule};
pub use origin::Origin;
pub use pack::{Fault, Faults, Profile};
pub use rule::{Rule, RuleSet, Ruling, Status};
