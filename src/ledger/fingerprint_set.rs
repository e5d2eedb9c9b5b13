//! Fingerprints, each with two marks, in as little memory as goes: ten million take 16 bytes each.

use hashbrown::HashTable;

use super::fingerprint::{Fingerprint, MARKS};

/// In how many tables [`FingerprintSet`] are. While a table grows, the old one is there beside the new one:
/// with one of them for all, that would be half as much memory again.
pub(crate) const TABLES: usize = 16;

/// The most that is made room for at the word of somebody else.
const MOST_ROOM: usize = 1 << 24;

/// A set of entries: each is one `u64`, a fingerprint with marks of the owner's in its lowest bits.
///
/// A fingerprint is in the same table of every such set.
#[derive(Debug, Default)]
pub(super) struct FingerprintSet {
    tables: [HashTable<u64>; TABLES],
}

impl FingerprintSet {
    /// Makes room for about `more`. Without it, fingerprints that come in the order of
    /// [`FingerprintSet::iter`] crowd the beginning of each table until it is large enough.
    pub(super) fn reserve(&mut self, more: usize) {
        let each = more.min(MOST_ROOM).div_ceil(TABLES);
        for table in &mut self.tables {
            table.reserve(each, |e| spread(*e));
        }
    }

    /// The entry of a fingerprint. Its marks alone may be changed.
    pub(super) fn find_mut(&mut self, fingerprint: Fingerprint) -> Option<&mut u64> {
        let hash = hash(fingerprint);
        self.tables[table_of(hash)].find_mut(hash, same(fingerprint))
    }

    /// Whether a fingerprint is there.
    pub(super) fn contains(&self, fingerprint: Fingerprint) -> bool {
        let hash = hash(fingerprint);
        let table = &self.tables[table_of(hash)];
        table.find(hash, same(fingerprint)).is_some()
    }

    /// Adds a fingerprint with these marks; one that is there stays as it is.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, marks: u64) {
        let hash = hash(fingerprint);
        self.tables[table_of(hash)]
            .entry(hash, same(fingerprint), |e| spread(*e))
            .or_insert(fingerprint.to_bits() | marks);
    }

    /// Removes a fingerprint, and says whether it was there.
    pub(super) fn remove(&mut self, fingerprint: Fingerprint) -> bool {
        let hash = hash(fingerprint);
        let found = self.tables[table_of(hash)].find_entry(hash, same(fingerprint));
        found.map(|entry| entry.remove()).is_ok()
    }

    /// Takes out the entries that `out` picks and gives each to `take`.
    pub(super) fn extract(
        &mut self,
        mut out: impl FnMut(u64) -> bool,
        mut take: impl FnMut(Fingerprint),
    ) {
        for table in &mut self.tables {
            table
                .extract_if(|entry| out(*entry))
                .for_each(|entry| take(Fingerprint::from_bits(entry)));
            if table.len() < table.capacity() / 4 {
                table.shrink_to_fit(|e| spread(*e));
            }
        }
    }

    /// Every entry, in no order.
    pub(super) fn entries(&self) -> impl Iterator<Item = u64> + '_ {
        self.tables.iter().flatten().copied()
    }

    /// Every entry, to change its marks.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut u64> + '_ {
        self.tables.iter_mut().flatten()
    }

    /// All fingerprints, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.entries().map(Fingerprint::from_bits)
    }

    /// The fingerprints of one of the [`TABLES`].
    pub(super) fn of_table(&self, table: usize) -> impl Iterator<Item = Fingerprint> + '_ {
        let entries = self.tables.get(table).into_iter().flatten();
        entries.map(|entry| Fingerprint::from_bits(*entry))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(HashTable::len).sum()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.tables.iter().all(HashTable::is_empty)
    }
}

fn hash(fingerprint: Fingerprint) -> u64 {
    spread(fingerprint.to_bits())
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
    move |entry| entry & !MARKS == fingerprint.to_bits()
}
