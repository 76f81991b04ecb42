//! Are PDFs read, bounded and judged as they should be?

#[path = "../support/mod.rs"]
mod support;

mod active;
mod hostile;
mod mutants;
mod ordinary;
mod same_scan;
mod structure;
