//! Finds blobs that are announced again and again while their content stays the same. Pure.
//!
//! Memory is bounded: a table of fixed size remembers what was announced lately. Where there are more
//! names than places, chance decides which stay, so that of a million blobs that loop some are found.

use time::OffsetDateTime;
use tracing::warn;

use super::identity::Identity;
use crate::{
    blob::BlobRef,
    ledger::fingerprint::Fingerprint,
    state::loops::{Loop, Loops, NAMED},
};

/// A table of 32,768 names is 1 MiB.
const BUCKETS: usize = 4096;
const WAYS: usize = 8;
/// A blob that was announced so often with the same Content-MD5 loops.
const TIMES: u32 = 3;
/// And so often without one, as the same size alone says less.
const TIMES_WITHOUT_MD5: u32 = 5;

/// What is known of a name that was announced; `times` 0: nothing.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    name: u64,
    content: u64,
    version: u64,
    times: u32,
}

/// Watches what a source announces.
#[derive(Debug, Default)]
pub struct LoopWatch {
    /// Made when the first blob is announced.
    table: Vec<[Entry; WAYS]>,
    /// Moves with each entry that has to go, so that chance decides which.
    dice: u64,
    loops: Loops,
    changed: bool,
    /// How many loops the log has told of.
    logged: u64,
}

impl LoopWatch {
    /// A blob is announced at `now`, in seconds since 1970; the ledger knows it by `version`.
    pub fn announced(
        &mut self,
        identity: &Identity,
        blob: &BlobRef<'_>,
        version: Fingerprint,
        now: i64,
    ) {
        let (name, content) = identity.of_name_and_content(blob);
        let entry = Entry {
            name: name.to_bits(),
            content: content.to_bits(),
            version: version.to_bits(),
            times: 1,
        };
        let times = self.count(entry);
        let enough = match blob.tells_content() {
            true => TIMES,
            false => TIMES_WITHOUT_MD5,
        };
        if times >= enough {
            self.found(blob, times, times == enough, now);
        }
    }

    /// How often a name was announced with the same content, this time included. The same version
    /// again was taken back, and counts once.
    fn count(&mut self, new: Entry) -> u32 {
        if self.table.is_empty() {
            self.table = vec![<[Entry; WAYS]>::default(); BUCKETS];
        }
        let bucket = &mut self.table[new.name as usize / 4 % BUCKETS];
        let known = bucket
            .iter_mut()
            .find(|it| it.times > 0 && it.name == new.name);
        if let Some(entry) = known {
            let times = match (entry.version == new.version, entry.content == new.content) {
                (true, _) => entry.times,
                (false, true) => entry.times.saturating_add(1),
                (false, false) => 1,
            };
            *entry = Entry { times, ..new };
            return times;
        }
        let free = bucket.iter().position(|it| it.times == 0);
        let place = free.unwrap_or_else(|| {
            self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
            ((self.dice ^ new.name) >> 32) as usize % WAYS
        });
        bucket[place] = new;
        1
    }

    fn found(&mut self, blob: &BlobRef<'_>, times: u32, is_new: bool, now: i64) {
        let last = OffsetDateTime::from_unix_timestamp(now);
        let found = Loop {
            name: blob.name.to_owned(),
            times,
            size: blob.size,
            has_md5: blob.tells_content(),
            last: last.unwrap_or(OffsetDateTime::UNIX_EPOCH),
        };
        self.loops.count += u64::from(is_new);
        self.changed = true;
        let Loops { blobs, .. } = &mut self.loops;
        match blobs.iter().position(|it| it.name == found.name) {
            Some(known) => blobs[known] = found,
            None if blobs.len() < NAMED => blobs.push(found),
            None => {}
        }
    }

    /// What to tell after a sweep that ended at `now`, in seconds since 1970; `None` when it is as it was.
    /// The log is told of the first loop, and again when there are twice as many.
    pub fn finish_sweep(&mut self, now: i64) -> Option<Loops> {
        let Loops { blobs, count } = &mut self.loops;
        let before = blobs.len();
        blobs.retain(|it| it.is_told(now));
        if blobs.is_empty() {
            *count = 0;
            self.logged = 0;
        } else {
            *count = (*count).max(blobs.len() as u64);
        }
        self.changed |= blobs.len() != before;
        if self.loops.count >= (2 * self.logged).max(1)
            && let Some(complaint) = self.loops.complaint()
        {
            self.logged = self.loops.count;
            warn!("{complaint}");
        }
        std::mem::take(&mut self.changed).then(|| self.loops.clone())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::gate::loops::*;
    use crate::{
        filter::FilterSpec,
        ledger::{facts::Facts, fingerprint::FingerprintKey},
    };

    fn identity() -> Identity {
        let key = FingerprintKey(1, 2);
        Identity::new(&Facts::new(
            "c".to_owned(),
            key,
            FilterSpec::default(),
            "",
            0,
        ))
    }

    fn announce(watch: &mut LoopWatch, name: &str, etag: &str, md5: &str, now: i64) {
        let identity = identity();
        let blob = BlobRef {
            name,
            etag,
            size: 7,
            content_md5: md5,
            ..BlobRef::default()
        };
        watch.announced(&identity, &blob, identity.of(&blob), now);
    }

    #[test]
    fn the_same_content_under_new_etags_is_a_loop_from_the_third_time_on() {
        let mut watch = LoopWatch::default();
        for etag in ["0x1", "0x2"] {
            announce(&mut watch, "a", etag, "x", 0);
        }
        assert_eq!(watch.finish_sweep(0), None);
        announce(&mut watch, "a", "0x3", "x", 10);
        let loops = watch.finish_sweep(10).unwrap();
        assert_eq!((loops.count, loops.blobs[0].times), (1, 3));
        announce(&mut watch, "a", "0x4", "x", 20);
        let loops = watch.finish_sweep(20).unwrap();
        assert_eq!((loops.count, loops.blobs[0].times), (1, 4));
    }

    #[test]
    fn new_content_and_a_version_that_is_offered_again_are_no_loop() {
        let mut watch = LoopWatch::default();
        for n in 0..20 {
            announce(&mut watch, "changes", &format!("0x{n}"), &format!("{n}"), 0);
            announce(&mut watch, "offered again", "0x1", "x", 0);
            announce(&mut watch, &format!("other {n}"), "0x1", "x", 0);
        }
        assert_eq!(watch.finish_sweep(0), None);
    }

    #[test]
    fn without_an_md5_it_takes_longer_to_be_sure() {
        let mut watch = LoopWatch::default();
        for n in 1..TIMES_WITHOUT_MD5 {
            announce(&mut watch, "a", &format!("0x{n}"), "", 0);
        }
        assert_eq!(watch.finish_sweep(0), None);
        announce(&mut watch, "a", "0xF", "", 0);
        assert!(!watch.finish_sweep(0).unwrap().blobs[0].has_md5);
    }

    #[test]
    fn a_loop_is_told_of_for_a_day() {
        let mut watch = LoopWatch::default();
        for n in 0..TIMES {
            announce(&mut watch, "a", &format!("0x{n}"), "x", 100);
        }
        assert!(watch.finish_sweep(100).is_some());
        let day = 24 * 3600;
        assert_eq!(watch.finish_sweep(100 + day - 1), None);
        assert_eq!(watch.finish_sweep(100 + day), Some(Loops::default()));
    }

    #[test]
    fn memory_is_bounded_and_of_very_many_loops_some_are_found() {
        let mut watch = LoopWatch::default();
        for round in 0..12 {
            for n in 0..4 * BUCKETS * WAYS {
                announce(&mut watch, &format!("{n}"), &format!("0x{round}"), "x", 0);
            }
        }
        assert_eq!(watch.table.len(), BUCKETS);
        let loops = watch.finish_sweep(0).unwrap();
        assert_eq!(loops.blobs.len(), NAMED);
        assert!(loops.count > 100, "{}", loops.count);
    }
}
