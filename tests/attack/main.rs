//! Attacks from the network on the real binary, over loopback and bounded in time. While each is under
//! way a good client's stream goes on and probes are answered; memory stays small, and comes down again.
//!
//! [`soak`] is no attack: a server that works for a long time.
//!
//! `cargo test --test attack` attacks at a small size; `make attack` at full size, and prints a table.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod admin;
mod binary;
mod bystanders;
mod configuration;
mod descriptors;
mod grpc;
mod harness;
mod http2;
mod measure;
mod soak;
mod tls;
mod wire;
