//! What scanvet shows to people: verdicts and plans as text, many files as a page, and the reason
//! catalogue.

pub mod batch;
pub mod catalogue;
pub mod demo;
mod item;
mod page;
pub mod plan;
mod spread;
mod tally;
pub mod text;

pub use item::Item;
pub use page::{Cell, Heading, Table, html};
pub use tally::{Groups, Label, Plan, Report};
