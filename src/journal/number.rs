//! Numbers that nobody else has.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

/// A number that no other call, in this process or another, is likely to give: it names a writer of
/// a ledger, or a blob that is there for a moment only.
pub fn unused_number() -> u64 {
    // The standard library seeds its hash keys from the system's randomness.
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        assert_ne!(unused_number(), unused_number());
    }
}
