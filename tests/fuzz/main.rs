//! Bytes that nobody would write, made of those that somebody did: each reader of what comes from outside reads them, or
//! says in a sentence why not.
//!
//! Each target runs for two seconds, or for as many as `FUZZ_SECONDS` says, from one seed (`FUZZ_SEED`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod change_feed;
mod config;
mod connection_string;
mod feed;
mod frame;
mod list_page;
mod manifest;
mod notification;
