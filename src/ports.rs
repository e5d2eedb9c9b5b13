//! Ports: what the product asks of a storage account, and what every implementation promises.
//!
//! A port knows neither who implements it nor how it is configured.

pub mod notifications;
pub mod properties;
