//! What scanvet shows to people: verdicts and plans as text, batches as a page, and the reason
//! catalogue.

pub mod batch;
pub mod catalogue;
pub mod plan;
pub mod text;
