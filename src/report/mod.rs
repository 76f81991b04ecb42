//! What scanvet shows to people: verdicts and plans as text, and the reason catalogue.

pub mod catalogue;
pub mod plan;
pub mod text;
