//! 62 bits for a blob version, and a set of ten million of them in 16 bytes each.

use std::hash::Hasher;

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

/// A keyed hash of a blob's name and what tells its version, by default the ETag. Two of ten million blobs share one with a probability
/// of 11 in a million; the key keeps that from being done on purpose.
///
/// The two lowest bits are always 0: a [`DoneSet`] keeps its marks there.
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

/// In how many tables a [`DoneSet`] is. While a table grows, the old one is there beside the new one:
/// with one of them for all, that would be half as much memory again.
const TABLES: usize = 16;

/// The most that is made room for at the word of somebody else.
const MOST_ROOM: usize = 1 << 24;

const MARKS: u64 = 0b11;
/// Which sweeps saw the entry: this one, when the bit is as [`DoneSet::seen`] has it.
const SEEN: u64 = 0b01;
/// Some sweep of this session saw the entry.
const EVER_SEEN: u64 = 0b10;

/// The blob versions that are done, each with marks that tell which sweeps saw it.
///
/// An entry is one `u64`: the fingerprint, and in its lowest bits the marks. What the lowest one
/// means turns round with each sweep, so that starting one costs nothing.
#[derive(Debug, Default)]
pub struct DoneSet {
    tables: [HashTable<u64>; TABLES],
    seen: u64,
}

impl DoneSet {
    /// Makes room for about `more` blob versions. Without it, fingerprints that come in the order of
    /// [`DoneSet::iter`] crowd the beginning of each table until it is large enough.
    pub fn reserve(&mut self, more: usize) {
        let each = more.min(MOST_ROOM).div_ceil(TABLES);
        for table in &mut self.tables {
            table.reserve(each, |e| spread(*e));
        }
    }

    /// Adds a blob version, seen by this sweep.
    pub fn insert(&mut self, fingerprint: Fingerprint) {
        if !self.see(fingerprint) {
            let entry = fingerprint.0 | EVER_SEEN | self.seen;
            let hash = spread(fingerprint.0);
            self.tables[table_of(hash)].insert_unique(hash, entry, |e| spread(*e));
        }
    }

    /// Adds a blob version that an earlier session recorded and no sweep has seen yet.
    pub fn restore(&mut self, fingerprint: Fingerprint) {
        let hash = spread(fingerprint.0);
        self.tables[table_of(hash)]
            .entry(hash, same(fingerprint), |e| spread(*e))
            .or_insert(fingerprint.0 | self.seen);
    }

    /// Whether the blob version is in the set; if so it is seen by this sweep.
    pub fn see(&mut self, fingerprint: Fingerprint) -> bool {
        let hash = spread(fingerprint.0);
        let known = self.tables[table_of(hash)].find_mut(hash, same(fingerprint));
        if let Some(entry) = known {
            *entry = fingerprint.0 | EVER_SEEN | self.seen;
            return true;
        }
        false
    }

    /// Starts a sweep: from now on nothing is seen.
    pub fn start_sweep(&mut self) {
        self.seen ^= SEEN;
    }

    /// Drops what this sweep has not seen, and says how many that were. When the sweep did not
    /// cover all that could be in the set, only what an earlier sweep of this session has seen is
    /// known to be gone.
    pub fn forget_unseen(&mut self, covered: bool) -> usize {
        let before = self.len();
        let seen = self.seen;
        for table in &mut self.tables {
            table.retain(|entry| {
                let gone = covered || *entry & EVER_SEEN != 0;
                *entry & SEEN == seen || !gone
            });
            if table.len() < table.capacity() / 4 {
                table.shrink_to_fit(|e| spread(*e));
            }
        }
        before - self.len()
    }

    /// How many blob versions are in the set.
    pub fn len(&self) -> usize {
        self.tables.iter().map(HashTable::len).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(HashTable::is_empty)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        let entries = self.tables.iter().flatten();
        entries.map(|entry| Fingerprint(entry & !MARKS))
    }
}

// The table picks buckets by the low bits, of which the lowest are the marks.
fn spread(entry: u64) -> u64 {
    let bits = entry & !MARKS;
    bits ^ (bits >> 32)
}

// A table uses the lowest bits and the highest seven, so these are others.
fn table_of(hash: u64) -> usize {
    (hash >> 48) as usize % TABLES
}

fn same(fingerprint: Fingerprint) -> impl Fn(&u64) -> bool {
    move |entry| entry & !MARKS == fingerprint.0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const KEY: FingerprintKey = FingerprintKey(3, 4);

    #[test]
    fn name_and_etag_do_not_flow_together() {
        assert_ne!(KEY.of("ab", "c"), KEY.of("a", "bc"));
        assert_ne!(KEY.of("a", "b"), FingerprintKey(4, 3).of("a", "b"));
    }

    #[test]
    fn what_a_sweep_does_not_see_is_forgotten() {
        let mut set = DoneSet::default();
        let [a, b, c] = ["a", "b", "c"].map(|name| KEY.of(name, "1"));
        set.insert(a);
        set.insert(b);
        set.start_sweep();
        assert!(set.see(a));
        set.insert(c);
        assert_eq!(set.forget_unseen(true), 1);
        assert_eq!(set.iter().collect::<BTreeSet<_>>(), BTreeSet::from([a, c]));
    }

    #[test]
    fn a_sweep_that_does_not_cover_the_set_forgets_only_what_it_has_seen_before() {
        let mut set = DoneSet::default();
        let [outside, gone, there] = ["a", "b", "c"].map(|name| KEY.of(name, "1"));
        [outside, gone, there]
            .into_iter()
            .for_each(|f| set.restore(f));
        set.start_sweep();
        assert!(set.see(gone) && set.see(there));
        assert_eq!(set.forget_unseen(false), 0);
        set.start_sweep();
        set.see(there);
        assert_eq!(set.forget_unseen(false), 1);
        assert_eq!(
            set.iter().collect::<BTreeSet<_>>(),
            BTreeSet::from([outside, there])
        );
    }

    #[test]
    fn a_sweep_that_broke_off_makes_the_next_one_forget_nothing_that_is_there() {
        let mut set = DoneSet::default();
        let [a, b] = ["a", "b"].map(|name| KEY.of(name, "1"));
        set.insert(a);
        set.insert(b);
        set.start_sweep();
        set.see(a);
        set.start_sweep();
        assert!(set.see(a) && set.see(b));
        assert_eq!(set.forget_unseen(true), 0);
    }

    proptest! {
        #[test]
        fn it_is_a_set(bits in prop::collection::vec(any::<u64>(), 0..300)) {
            let mut set = DoneSet::default();
            let prints = bits.iter().map(|b| Fingerprint::from_bits(*b));
            prints.clone().for_each(|f| set.insert(f));
            let expected: BTreeSet<_> = prints.clone().collect();
            prop_assert_eq!(set.len(), expected.len());
            prop_assert!(prints.clone().all(|f| set.see(f)));
            prop_assert_eq!(set.iter().collect::<BTreeSet<_>>(), expected);
        }
    }
}
