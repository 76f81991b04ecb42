//! Archives: stored uploads judged again, and recorded readings under other rules.
//!
//! | file | what it does |
//! |---|---|
//! | `item`, `manifest` | the rows of a manifest |
//! | `job` | what is fixed when a job begins, and the list of a folder or prefix |
//! | `engine` | what judges an item: the engine here, or services |
//! | `run` | units of the manifest, each committed when it is whole |
//! | `queue`, `broker` | the same, shared out over a queue |
//! | `part`, `columns` | results of one unit, as records, index and table |
//! | `rejudge`, `old` | recorded readings under other rules |
//! | `diff`, `finish`, `page` | what flipped, counts, and the page |
//! | `meter`, `fault` | how far it is, and why it stops |
//!
//! The parts that are there are the checkpoint. A unit is always the same rows of the same manifest,
//! and its records hold no times, so that whoever does it, and however often, the bytes are the same.

mod broker;
mod columns;
mod diff;
mod engine;
mod fault;
mod finish;
mod item;
mod job;
mod manifest;
mod meter;
mod old;
mod page;
mod part;
mod queue;
mod rejudge;
mod run;

pub use broker::{Queue, Role};
pub use engine::{Engine, Here};
pub use fault::{ItemError, JobFault};
pub use item::{COLUMNS, Item};
pub use job::{Job, Judges, defaults};
pub use meter::{Meter, Reading};
pub use page::Extent;
pub use rejudge::{Again, rejudge};
pub use run::{Ended, Order, run};
