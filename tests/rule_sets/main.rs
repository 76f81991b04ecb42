//! Do rule packs, profiles and filings say what their sources say?

#[path = "../support/mod.rs"]
mod support;

mod filing;
mod golden;
mod packs;
mod provinces;
mod seeds;
