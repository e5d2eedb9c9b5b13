//! What the product asks of the world, a file for each: contracts without an implementation.
//!
//! A port knows neither its adapters nor the configuration. What an implementation promises stands at the
//! trait, and the contract suites in `tests/` hold each implementation to it.

pub mod confirmation;
pub mod connect;
pub mod error;
pub mod feed;
pub mod listing;
pub mod notifications;
pub mod properties;
pub mod state;
