//! The ledger made durable: an append blob, a snapshot now and then, and who may write them.

pub mod draft;
pub mod error;
pub mod in_process;
pub mod memory;
pub mod number;
pub mod peek;
pub mod recover;
pub mod retained;
pub mod source_store;
pub mod writer;
