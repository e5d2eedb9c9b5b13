//! What tests and benches share: a storage account in memory, that account behind the library's
//! ports and behind HTTP, and a real Azurite.
//!
//! - [`account`]: the model. Everything else is a face of it.
//! - [`queue`]: the model of a storage queue.
//! - [`change_feed`]: who writes an account's change feed.
//! - [`event_grid`]: who tells a queue of what happens in an account.
//! - [`hands`]: what people do to blobs, so that all who tell of it are told.
//! - [`notified`]: a queue and its poison queue, as a session is given them.
//! - [`fed`]: a change feed, as a session is given it.
//! - [`ports`]: the models as the library's ports, [`BlobListing`] and [`StateStore`] say, with seeded
//!   faults and a place to crash on both sides of every effect. For the deterministic simulation.
//! - [`http`]: the model as a Blob service on loopback, with the answers that servers and networks
//!   give on bad days. For the Azure adapter, the command line and benches.
//! - [`lost`]: listings that both faces answer with when the service has lost its way.
//! - [`azurite`]: the real thing's own emulator. It keeps the model honest: each contract suite
//!   runs against all three.
//!
//! [`BlobListing`]: azure_blob_eventsource::ports::listing::BlobListing
//! [`StateStore`]: azure_blob_eventsource::ports::state::StateStore

// Test code: a broken assumption ends the test where it stands, which is the clearest message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod account;
pub mod argo;
pub mod azurite;
pub mod change_feed;
pub mod client;
pub mod collector;
pub mod crash;
pub mod event_grid;
pub mod faults;
pub mod fed;
pub mod hands;
pub mod http;
pub mod lost;
pub mod names;
pub mod notified;
pub mod ports;
pub mod queue;
pub mod rng;
pub mod seeds;
pub mod shared_key;
pub mod subject;
pub mod weather;
pub mod wrong_feed;
pub mod wrong_state;
