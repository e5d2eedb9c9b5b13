//! A generic event source for Argo Events that announces each new blob of an
//! Azure Blob Storage container, once, whatever restarts.
//!
//! The way through the house is one way: [`config`] -> [`source`] -> [`ledger`]
//! -> [`session`] -> the client. Pure decisions live in [`blob`], [`event`],
//! [`filter`] and [`ledger`]; the adapters at the edge are [`azure`] and
//! [`grpc`].

pub mod admin;
pub mod app;
pub mod azure;
pub mod blob;
pub mod calls;
pub mod cli;
pub mod config;
pub mod confirm;
pub mod delivery;
pub mod event;
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
