//! What happened in a simulation, for its story and to know that something did.

use testkit::argo::Story;

/// What happened in worlds that have a change feed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct FedTally {
    /// Worlds in which a change became a Workflow: with the feed alone, with a queue beside it, and with sweeps beside it.
    pub(crate) alone: u64,
    pub(crate) beside_queue: u64,
    pub(crate) beside_sweeps: u64,
    /// Events that were written into feeds.
    pub(crate) changes: u64,
    /// Changes that were read and whose events were done.
    pub(crate) done: u64,
    /// Of the container, for what the feed does not tell.
    pub(crate) sweeps: u64,
    /// Versions that a queue beside a feed was never told of, and those that the feed found first for that.
    pub(crate) lost: u64,
    pub(crate) missed: u64,
}

/// What happened.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) sessions: u64,
    pub(crate) crashes: u64,
    pub(crate) take_overs: u64,
    pub(crate) faults: u64,
    pub(crate) versions: u64,
    pub(crate) letters: u64,
    pub(crate) replays: u64,
    pub(crate) retries: u64,
    pub(crate) deletions: u64,
    /// Of `version` in the configuration.
    pub(crate) changes: u64,
    /// Blobs that could not be read at the end.
    pub(crate) unreadable: u64,
    /// What was put into queues, and what of it was set aside.
    pub(crate) messages: u64,
    pub(crate) poison: u64,
    /// Batches that were fixed, and blob versions in them.
    pub(crate) batches: u64,
    pub(crate) batched: u64,
    /// Of their rules.
    pub(crate) rule_changes: u64,
    pub(crate) fed: FedTally,
    pub(crate) argo: Story,
}

impl FedTally {
    fn add(&mut self, other: &Self) {
        self.alone += other.alone;
        self.beside_queue += other.beside_queue;
        self.beside_sweeps += other.beside_sweeps;
        self.changes += other.changes;
        self.done += other.done;
        self.sweeps += other.sweeps;
        self.lost += other.lost;
        self.missed += other.missed;
    }
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.crashes += other.crashes;
        self.take_overs += other.take_overs;
        self.faults += other.faults;
        self.versions += other.versions;
        self.letters += other.letters;
        self.replays += other.replays;
        self.retries += other.retries;
        self.deletions += other.deletions;
        self.changes += other.changes;
        self.unreadable += other.unreadable;
        self.messages += other.messages;
        self.poison += other.poison;
        self.batches += other.batches;
        self.batched += other.batched;
        self.rule_changes += other.rule_changes;
        self.fed.add(&other.fed);
        self.argo.dropped += other.argo.dropped;
        self.argo.lost += other.argo.lost;
        self.argo.repeated += other.argo.repeated;
        self.argo.patched += other.argo.patched;
        self.argo.made += other.argo.made;
    }

    pub(crate) fn is_a_storm(&self) -> bool {
        let Self { argo, fed, .. } = self;
        [
            self.crashes,
            self.take_overs,
            self.faults,
            self.letters,
            self.replays,
            self.retries,
            self.changes,
            self.unreadable,
            self.messages,
            self.poison,
            self.batches,
            self.rule_changes,
            fed.alone,
            fed.beside_queue,
            fed.beside_sweeps,
            fed.changes,
            fed.done,
            fed.sweeps,
            fed.lost,
            fed.missed,
            argo.dropped,
            argo.lost,
            argo.repeated,
            argo.patched,
        ]
        .iter()
        .all(|count| *count > 50)
    }
}
