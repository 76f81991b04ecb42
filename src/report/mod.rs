//! What scanvet shows to people: verdicts as text, and the reason catalogue.

pub mod catalogue;
pub mod text;
