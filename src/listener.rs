//! What both ports have in common: who gets a connection, for how long, and who loses it when there is
//! no room.
//!
//! A connection with a live event stream stays for as long as the stream. All others share a bounded
//! number of places. When those are taken, a newcomer is let in and an older connection goes, so that
//! probes and returning clients get through whatever holds the places.

pub mod accept;
pub mod activity;
pub mod backlog;
pub mod choice;
pub mod connections;
pub mod descriptors;
pub mod drive;
pub mod fair;
pub mod held;
pub mod seldom;
pub mod turns;
