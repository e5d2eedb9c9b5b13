//! The way on: what is sent, confirmed, sent again, and given up.

pub mod confirmed;
pub mod dead_letters;
pub mod event_channel;
pub mod expected;
pub mod loop_file;
pub(crate) mod offers;
pub mod ownership;
pub mod policy;
pub mod reading;
pub mod settled;
pub mod stall_file;
mod traced;
pub mod unconfirmed;
mod waiting;
