//! Batches: many blobs, one event, one Workflow.
//!
//! What the gate lets through waits in an open batch of its group until a bound closes it. A closed batch is *fixed*
//! before it is sent: its manifest is written, which never changes, and then a frame of the journal with its members.
//! From then on it is sent until it is done, whatever crashes. The blobs of a batch that was not fixed are found again,
//! and are in another.

mod batcher;
pub mod event;
pub mod manifest;
pub mod open;
pub mod rules;
mod setup;
pub mod stored;
mod tidy;
mod waiting_file;

pub use setup::Batcher;
