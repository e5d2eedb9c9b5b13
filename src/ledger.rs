//! Which blob versions are done, which are on their way, which are new.
//!
//! A pure state machine; [`crate::journal`] makes it durable. Done is said only of what the journal holds:
//! everything else is memory, and after a crash is found and offered again.

use std::{
    collections::{HashMap, HashSet},
    mem,
    time::Duration,
};

pub mod batches;
pub mod chain;
pub mod done_set;
pub mod facts;
pub mod fingerprint;
pub mod fingerprint_set;
pub mod frame;
pub mod missing;
pub mod offer;

use batches::{BatchId, Batches};
use done_set::{DoneSet, SweepEnd, Swept};
use facts::Facts;
use fingerprint::Fingerprint;
use frame::Entry;
use missing::Forgetting;
use tokio::time::Instant;

use crate::feed::cursor::Cursor;

/// What is durable.
#[derive(Debug, Default)]
pub struct Contents {
    /// `None` until the first session has written them.
    pub facts: Option<Facts>,
    /// The blob versions that are done.
    pub done: DoneSet,
    /// What is done for the replays that are under way. No sweep shows these, and none forgets them.
    pub replayed: HashSet<Fingerprint>,
    /// The batches that are fixed.
    pub batches: Batches,
    /// How far the change feed has been worked off; `None` while it is not read.
    pub feed: Option<Cursor>,
}

impl Contents {
    /// Takes in what a frame of an earlier session says.
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Facts(facts) => self.facts = Some(facts),
            Entry::Done(done) => done.into_iter().for_each(|f| self.done.restore(f)),
            Entry::Replayed(done) => self.replayed.extend(done),
            Entry::ReplaysOver => self.replayed = HashSet::new(),
            Entry::Batch(batch) => _ = self.batches.open.insert(batch.id, batch),
            Entry::BatchDone(id, at) => {
                for fingerprint in self.batch_done(id, at) {
                    self.done.restore(fingerprint);
                }
            }
            Entry::BatchesGone(ids) => self.batches.forget(&ids),
            Entry::Feed(cursor) => self.feed = cursor,
            Entry::Opened | Entry::Sealed | Entry::End(_) | Entry::Link(_) => {}
        }
    }
}

impl Contents {
    /// Changes that happened before it are settled by the feed, in seconds since 1970; `None` while it is not read.
    pub fn feed_settled_until(&self) -> Option<i64> {
        let cursor = self.feed.as_ref()?;
        Some(cursor.settled_until().unix_timestamp())
    }

    // Its members that are done with it for good; those of a replay are kept among its own.
    fn batch_done(&mut self, id: BatchId, at: i64) -> Vec<Fingerprint> {
        self.batches.kept.insert(id, at);
        match self.batches.open.remove(&id) {
            Some(batch) if batch.replay.is_some() => {
                self.replayed.extend(batch.members);
                Vec::new()
            }
            Some(batch) => batch.members,
            None => Vec::new(),
        }
    }
}

/// How a blob version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not seen before.
    New,
    /// Offered, sent, or done and not recorded yet.
    UnderWay,
    /// Done, and recorded.
    Done,
}

/// The ledger of one source.
#[derive(Debug, Default)]
pub struct Ledger {
    contents: Contents,
    /// With the last modification of those that were never announced, in seconds since 1970; else `i64::MAX`.
    under_way: HashMap<Fingerprint, i64>,
    /// Batches that an earlier session fixed, of blobs that its configuration found.
    earlier_batches: HashSet<BatchId>,
    put_backs: u64,
    forgetting: Forgetting,
}

impl Ledger {
    /// The ledger that a journal held.
    pub fn new(contents: Contents) -> Self {
        let fixed = contents.batches.open.values();
        Self {
            under_way: fixed
                .flat_map(|it| it.members.iter().map(|member| (*member, i64::MAX)))
                .collect(),
            earlier_batches: contents.batches.open.keys().copied().collect(),
            contents,
            ..Self::default()
        }
    }

    /// The same, and it forgets by this rule.
    pub fn forgetting(mut self, rule: Forgetting) -> Self {
        self.forgetting = rule;
        self
    }

    /// For how long at least a done blob version is remembered that no sweep shows.
    pub fn remembers_for(&self) -> Duration {
        self.forgetting.after
    }

    /// How many blob versions are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// All of them, in no order. Those of replays are among them.
    pub fn all_under_way(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.under_way.keys().copied()
    }

    /// When the oldest of those that were never announced was last modified, in seconds since 1970. It looks at all of
    /// them: a matter of a millisecond when there are 100,000.
    pub fn oldest_under_way(&self) -> Option<i64> {
        let known = self.under_way.values().filter(|at| **at != i64::MAX);
        known.min().copied()
    }

    /// What is durable.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Forgets nothing from now on, or again what it should.
    pub fn hold(&mut self, held: bool) {
        self.contents.done.hold(held);
    }

    /// What is durable, to be kept elsewhere. Nothing is left.
    pub fn take(&mut self) -> Contents {
        mem::take(&mut self.contents)
    }

    /// How a blob version stands. Asking changes nothing.
    pub fn standing(&self, fingerprint: Fingerprint) -> Standing {
        match self.contents.done.contains(fingerprint) {
            true => Standing::Done,
            false => self.standing_of_others(fingerprint),
        }
    }

    /// How a blob version stands that a sweep shows. What is done is known to be there from now on: nothing
    /// that sweeps show is forgotten.
    pub fn shown(&mut self, fingerprint: Fingerprint) -> Standing {
        match self.contents.done.see(fingerprint) {
            true => Standing::Done,
            false => self.standing_of_others(fingerprint),
        }
    }

    /// Whether a blob version, or a replay of one, is under way.
    pub fn is_under_way(&self, fingerprint: Fingerprint) -> bool {
        self.under_way.contains_key(&fingerprint)
    }

    // Of what is not done.
    fn standing_of_others(&self, fingerprint: Fingerprint) -> Standing {
        match self.is_under_way(fingerprint) {
            true => Standing::UnderWay,
            false => Standing::New,
        }
    }

    /// A blob version is offered: until it is recorded it is under way.
    pub fn begin(&mut self, fingerprint: Fingerprint) {
        self.begin_new(fingerprint, i64::MAX);
    }

    /// The same of one that is to be announced for the first time, last modified at `modified` (in seconds since 1970).
    pub fn begin_new(&mut self, fingerprint: Fingerprint, modified: i64) {
        self.under_way.insert(fingerprint, modified);
    }

    /// Some that are under way were last modified at `modified` or later: what a batch that an earlier session fixed
    /// says of its members.
    pub fn dated(&mut self, members: &[Fingerprint], modified: i64) {
        for member in members {
            if let Some(at) = self.under_way.get_mut(member) {
                *at = modified;
            }
        }
    }

    /// The journal holds this now.
    pub fn recorded(&mut self, entry: Entry) {
        self.leave(&entry);
        let (done, is_earlier) = match entry {
            Entry::Done(done) => (done, false),
            Entry::BatchDone(id, at) => {
                let is_earlier = self.earlier_batches.remove(&id);
                (self.contents.batch_done(id, at), is_earlier)
            }
            entry => return self.contents.apply(entry),
        };
        for fingerprint in done {
            match is_earlier {
                true => self.contents.done.insert_earlier(fingerprint),
                false => self.contents.done.insert(fingerprint),
            }
        }
    }

    // What an entry says is not under way any more.
    fn leave(&mut self, entry: &Entry) {
        let members = |id: &BatchId| {
            let batch = self.contents.batches.open.get(id);
            batch.map_or_else(Vec::new, |it| it.members.clone())
        };
        let gone = match entry {
            Entry::Done(done) | Entry::Replayed(done) => {
                done.iter().for_each(|f| _ = self.under_way.remove(f));
                return;
            }
            Entry::BatchDone(id, _) => members(id),
            Entry::BatchesGone(ids) => ids.iter().flat_map(members).collect(),
            _ => return,
        };
        gone.iter().for_each(|f| _ = self.under_way.remove(f));
    }

    /// An offer was taken back: whoever comes upon the blob version next may offer it again.
    pub fn put_back(&mut self, fingerprint: Fingerprint) {
        self.under_way.remove(&fingerprint);
        self.put_backs += 1;
    }

    /// How often an offer was taken back.
    pub fn put_backs(&self) -> u64 {
        self.put_backs
    }

    /// How a blob version stands that a replay asks for, by the fingerprint of its replay.
    pub fn standing_of_replay(&self, fingerprint: Fingerprint) -> Standing {
        match self.contents.replayed.contains(&fingerprint) {
            true => Standing::Done,
            false => self.standing_of_others(fingerprint),
        }
    }

    /// What was done at `from` or later is not forgotten: the change feed may still tell of it. `None`: no feed does.
    pub fn keep_from(&mut self, from: Option<Instant>) {
        self.forgetting.keep_from = from;
    }

    /// Where no sweep shows what is done: forgets what has been done for so long that no copy of a notification can
    /// come any more. Event Grid tries for a day ("Event Grid message delivery and retry"), and a message stays in a
    /// queue for seven ("Put Message").
    pub fn expire(&mut self, now: Instant) {
        self.contents.done.expire(now, &self.forgetting);
    }

    /// A sweep over the whole listing starts.
    pub fn start_sweep(&mut self) {
        self.contents.done.start_sweep();
    }

    /// A sweep below `prefix` saw all that is there, and `appeared` of it is new. What it missed is
    /// missing from now on, as far as this session can tell; what has long been missing is forgotten.
    pub fn finish_sweep(&mut self, prefix: &str, appeared: usize, now: Instant) -> Swept {
        let facts = self.contents.facts.as_ref();
        let end = SweepEnd {
            covered: facts.is_some_and(|facts| facts.covered_by(prefix)),
            appeared,
            now,
        };
        self.contents.done.finish_sweep(end, &self.forgetting)
    }
}
