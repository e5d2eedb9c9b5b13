//! A source's folder in the state container, as people and commands see it: a file for each kind of
//! blob in it. The ledger's own blobs are those of [`crate::journal`].

pub mod dead_letter;
pub mod folder;
pub mod loops;
pub mod open_batches;
pub mod request;
pub mod stall;
