//! The messages, the client and the server's trait, as generated from `scanvet.proto`.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    clippy::large_enum_variant,
    clippy::use_self,
    reason = "generated"
)]

tonic::include_proto!("scanvet.v1");

/// The descriptors of all this and of what it imports, for reflection and JSON.
pub(super) static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scanvet.bin"));
