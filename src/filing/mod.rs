//! Whole filings: what one must upload, and whether its files belong together.
//!
//! | file | what it does |
//! |---|---|
//! | `plan` | uploads, steps and notes of a filing, with the limits in force |
//! | `check` | each file judged, and what they say of each other |
//! | `judge` | the checks across files, each on numbers and limits alone |
//! | `reasons` | what can be wrong with a filing |
//! | `look` | what is kept of a file for that |
//! | `likeness` | whether two pictures are one |
//! | `side` | which side of an identity card a picture shows |

pub mod check;
mod judge;
pub mod likeness;
pub mod look;
pub mod plan;
pub mod reasons;
pub mod side;
