//! Text for people: safe to show, and easy to read.

pub mod age;
pub(crate) mod encoding;
pub mod hex;
pub(crate) mod nearest;
pub mod plain;
