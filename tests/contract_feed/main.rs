//! What every [`ChangeFeed`] promises, asked of the port-level fake and of the Azure adapter over the fake service; and the
//! reader of chunks, which both feed.
//!
//! Azurite has no change feed. What the fake writes is judged by Microsoft's own reader (`make test-feed`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod contract;
mod reader;
mod told;
