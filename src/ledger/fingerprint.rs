//! 62 bits for a blob version.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// The bits of an entry that are no part of its fingerprint.
pub(super) const MARKS: u64 = 0b11;

/// A keyed hash of a blob's name and what tells its version, by default the ETag. Two of ten million blobs share one with a probability
/// of 11 in a million; the key keeps that from being done on purpose.
///
/// The two lowest bits are always 0: a [`DoneSet`](super::done_set::DoneSet) keeps its marks there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// As it stands in a frame.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// From a frame.
    pub fn from_bits(bits: u64) -> Self {
        Self(bits & !MARKS)
    }
}

/// The ledger's own key, made when the ledger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FingerprintKey(pub u64, pub u64);

impl FingerprintKey {
    /// The fingerprint of a blob version, which [`version`](crate::blob::Version::text) tells from others
    /// of its name.
    pub fn of(self, name: &str, version: &str) -> Fingerprint {
        let mut hasher = SipHasher13::new_with_keys(self.0, self.1);
        hasher.write(name.as_bytes());
        hasher.write_u64(name.len() as u64);
        hasher.write(version.as_bytes());
        Fingerprint::from_bits(hasher.finish())
    }

    /// The fingerprint of a blob version as a replay announces it: another for each replay.
    pub fn of_replay(self, name: &str, etag: &str, replay: &str) -> Fingerprint {
        // No ETag has a line break, so none of these is that of another version.
        self.of(name, &format!("{etag}\n{replay}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: FingerprintKey = FingerprintKey(3, 4);

    #[test]
    fn name_and_etag_do_not_flow_together() {
        assert_ne!(KEY.of("ab", "c"), KEY.of("a", "bc"));
        assert_ne!(KEY.of("a", "b"), FingerprintKey(4, 3).of("a", "b"));
    }
}
