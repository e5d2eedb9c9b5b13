//! What leads out of this network: proxies, and the authorities that certificates are trusted by.

pub mod plaintext;
pub mod proxy;
pub mod trust;
