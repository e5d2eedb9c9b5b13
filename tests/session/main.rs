//! What a session promises its client, on paused time over the fake ports.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batches;
mod change_feed;
mod cluster;
mod confirm;
mod delivery;
mod faults;
mod hopeless;
mod lateness;
mod lost_ledger;
mod new;
mod queue;
mod queue_waiting;
mod ranges;
mod requests;
mod slow_state;
mod stage;
mod traces;
mod two_sensors;
mod unreadable;
mod version;
mod waiting;
