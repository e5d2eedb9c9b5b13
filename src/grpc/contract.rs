//! The contract, generated from `proto/generic.proto`.

#![allow(missing_docs, unreachable_pub, clippy::all)]

pub use super::message::Event;

tonic::include_proto!("generic");
