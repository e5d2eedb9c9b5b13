//! The real binary, as people and Argo meet it: each test spawns it, talks to it over loopback, and
//! watches what it says, what it does and how it ends.
//!
//! Most tests run against a real Azurite. Those that need faults run against testkit's fake service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod bad_config;
mod bad_storage;
mod batches;
mod change_feed;
mod check;
mod clients;
mod commands;
mod damaged_ledger;
mod dead_letters;
mod documentation;
mod endless_storage;
mod events;
mod examples;
mod exit_status;
mod explain;
mod fetch;
mod flood;
mod grpcurl;
mod lost_storage;
mod migrate;
mod network;
mod newcomers;
mod notified;
mod poison;
mod process;
mod quick_start;
mod restart;
mod server;
mod shutdown;
mod sign_in;
mod slow_clients;
mod storage;
mod take_over;
mod terminal;
mod tls;
mod token;
mod traces;
mod unread;
mod watch;
