//! A generic event source for Argo Events that announces each new blob of an
//! Azure Blob Storage container, once, whatever restarts.
//!
//! The way through the house is one way: [`config`] -> [`source`] -> [`ledger`]
//! -> [`session`] -> the client. Pure decisions live in [`blob`], [`event`],
//! [`filter`] and [`ledger`]; the adapters at the edge are [`azure`] and
//! [`grpc`].

pub mod admin;
pub mod age;
pub mod app;
pub mod args;
pub mod azure;
pub mod blob;
pub mod cli;
pub mod config;
pub mod confirm;
pub mod dead_letter;
pub mod event;
pub mod filter;
pub mod folder;
pub mod grpc;
pub mod ledger;
pub mod loops;
pub mod metrics;
pub mod notification;
pub mod open;
pub mod plain;
pub mod port;
pub mod ports;
pub mod proxy;
pub mod registry;
pub mod request;
pub mod retry;
pub mod session;
pub mod shutdown;
pub mod source;
pub mod stalled;
pub mod storage;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod trust;
