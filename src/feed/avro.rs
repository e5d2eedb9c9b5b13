//! Avro object container files, as far as the change feed uses them.
//!
//! Facts: the specification of Apache Avro 1.11, "Binary Encoding" and "Object Container Files". What the service
//! writes was seen in Microsoft's recorded answers: the codec is `null`, and the numbers of a block's
//! beginning are written in ten bytes each, whatever their value.
//!
//! Bytes come from outside: each length is checked before it is used, nothing is allocated by a length
//! that a file only claims, and how deep types may be nested is bounded.

pub(super) mod bytes;
pub(super) mod frame;
pub(super) mod header;
pub(super) mod json;
pub(super) mod schema;

pub use frame::LARGEST_BLOCK;
pub use header::LARGEST_HEADER;
