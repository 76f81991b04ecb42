//! scanvet vets uploaded scans and verification photos before a person has to.
//!
//! # The spine
//!
//! `bytes → Sniffed → Document → Measured → Readings → Findings → Verdict`, one function:
//! [`pipeline::validate`]. It never returns an error for a bad file: a bad file is an answer.
//!
//! # Layers
//!
//! Each names only what stands before it; `tests/tidy.rs` enforces the order.
//!
//! | layer | turns | into |
//! |---|---|---|
//! | [`reason`] | | reasons, findings, the shape of a check |
//! | [`intake`] | bytes | what they are, claim, and promise; limits from the header |
//! | [`decode`] | that | upright pages that look alike whatever the format |
//! | [`measure`] | a page | numbers, each computed at most once; knows no bound |
//! | [`checks`] | numbers and limits | findings; the catalogue of all checks |
//! | [`rules`] | rule packs and a context | the limits and weights in force |
//! | [`verdict`] | findings | ACCEPT, REJECT or REVIEW |
//! | [`evidence`] | a page and its findings | a picture with the findings drawn on it |
//! | [`pipeline`] | an upload and its rules | a verdict |
//! | [`filing`] | a context, or the files of one filing | what it needs; what they say together |
//! | [`worker`] | an upload and its rules | the same verdict, from a process of its own that can do nothing else |
//! | [`report`] | a verdict | text for people |
//! | [`web`] | a browser's request | a file of the page for people, or why it is not answered |
//! | `store` | an address in a folder or object store | bytes, and files that appear whole |
//! | [`observe`] | what a service does | metrics, traces, one line a decision |
//! | [`access`] | a connection and a call's head | who calls, or a refusal; whose share it is |
//! | [`grpc`] | calls | verdicts, and verdicts into messages and JSON |
//! | `batch` | an archive, or its recorded readings | verdicts in parts, and what flipped |
//! | [`evaluate`] | verdicts and labels | how often scanvet is right |
//!
//! # Invariants
//!
//! Absences, each guarded by a test:
//!
//! - no threshold in code: no numeric literal but 0, 1, 2, 100 in a `judge`;
//! - no protobuf outside [`grpc`];
//! - no file, clock or network at or below [`pipeline`];
//! - no panic of a decoder or a check reaches a caller;
//! - no input bytes, file names, coordinates or recognised text in logs or errors;
//! - no `unsafe`;
//! - the same bytes and rules give the same verdict through any entrance.

pub mod access;
#[cfg(feature = "archives")]
pub mod batch;
pub mod checks;
pub mod decode;
pub mod evaluate;
pub mod evidence;
pub mod filing;
pub mod grpc;
pub mod intake;
pub mod measure;
pub mod observe;
pub mod pipeline;
pub mod reason;
pub mod report;
pub mod rules;
#[cfg(feature = "archives")]
pub mod store;
pub mod verdict;
pub mod web;
pub mod worker;
