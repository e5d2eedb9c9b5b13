//! A generic event source for Argo Events that announces each new blob of an
//! Azure Blob Storage container, once, whatever restarts.
//!
//! `ARCHITECTURE.md` has the picture, the walk of one blob, who may know whom, and where something new
//! goes; `tests/architecture` holds the code to it. A blob goes one way: [`intake`] finds it, [`gate`] judges
//! it, [`delivery`] sends its event and waits for the outcome of it, [`recorder`] makes it durable. A
//! [`session`] is one stream that puts these together.
//!
//! What nothing outside of the crate uses is private, so that the compiler tells what is dead in it.

// They panic when nobody reads: `cli::say` does not.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

#[allow(unreachable_pub)]
mod admin;
pub mod app;
pub mod azure;
pub mod batch;
pub mod blob;
#[allow(unreachable_pub)]
mod calls;
pub mod cli;
pub mod config;
pub mod confirm;
pub mod delivery;
pub mod event;
pub mod feed;
pub mod filter;
pub mod gate;
pub mod grpc;
pub mod intake;
pub mod journal;
pub mod kubernetes;
pub mod ledger;
pub mod listener;
pub mod metrics;
pub mod net;
pub mod notices;
pub mod notification;
pub mod ports;
pub mod recorder;
pub mod registry;
pub mod session;
pub mod shared;
pub mod state;
#[cfg(test)]
mod testing;
pub mod text;
pub mod traces;
