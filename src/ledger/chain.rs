//! A digest of everything that a blob of the ledger holds so far.
//!
//! Each frame has its own checksum. That shows a changed byte, and not that a whole frame is missing,
//! repeated, or of another ledger. So each append ends with a frame that holds this digest.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// The digest of a blob's name and of its bytes up to here.
///
/// SipHash-1-3 with a key of zeros: it protects from accidents, not from an attacker, who can write
/// a whole ledger anyway.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chain(SipHasher13);

impl Chain {
    /// The chain of a blob without bytes. The name tells source and generation, so that no blob of
    /// the ledger can stand in for another.
    pub fn of(name: &str) -> Self {
        let mut chain = Self(SipHasher13::new_with_keys(0, 0));
        chain.add(name.as_bytes());
        chain
    }

    /// Adds the bytes that follow. In how many pieces they come makes no difference.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The digest of all bytes so far.
    pub fn digest(&self) -> u64 {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::chain::*;

    // The digest is in every ledger: it must never change.
    #[test]
    fn the_digest_is_that_of_siphash_1_3_with_a_key_of_zeros() {
        let mut chain = Chain::of("datasets/journal-0000000001");
        assert_eq!(chain.digest(), 0x2129_2876_29cd_f5ad);
        chain.add(b"one ");
        chain.add(b"and two");
        let mut whole = Chain::of("datasets/journal-0000000001one and two");
        assert_eq!(chain.digest(), whole.digest());
        whole.add(b"");
        assert_eq!(chain.digest(), whole.digest());
    }
}
