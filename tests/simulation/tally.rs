//! What happened in a simulation, for its story and to know that something did.

/// What happened, for the story and to know that something did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) sessions: u64,
    pub(crate) crashes: u64,
    pub(crate) take_overs: u64,
    pub(crate) clean_ends: u64,
    pub(crate) clients_gone: u64,
    pub(crate) deliveries: u64,
    pub(crate) versions: u64,
    pub(crate) faults: u64,
    pub(crate) compactions: u64,
    pub(crate) blanks: u64,
    pub(crate) ranges: u64,
    pub(crate) messages: u64,
    pub(crate) redeliveries: u64,
    pub(crate) repeats: u64,
    pub(crate) lost: u64,
    pub(crate) snatches: u64,
    pub(crate) lost_leases: u64,
    pub(crate) poison: u64,
    pub(crate) batches: u64,
    pub(crate) batched: u64,
    pub(crate) changes: u64,
    pub(crate) changes_done: u64,
    pub(crate) joins: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.crashes += other.crashes;
        self.take_overs += other.take_overs;
        self.clean_ends += other.clean_ends;
        self.clients_gone += other.clients_gone;
        self.deliveries += other.deliveries;
        self.versions += other.versions;
        self.faults += other.faults;
        self.compactions += other.compactions;
        self.blanks += other.blanks;
        self.ranges += other.ranges;
        self.messages += other.messages;
        self.redeliveries += other.redeliveries;
        self.repeats += other.repeats;
        self.lost += other.lost;
        self.snatches += other.snatches;
        self.lost_leases += other.lost_leases;
        self.poison += other.poison;
        self.batches += other.batches;
        self.batched += other.batched;
        self.changes += other.changes;
        self.changes_done += other.changes_done;
        self.joins += other.joins;
    }

    pub(crate) fn is_a_storm(&self) -> bool {
        [
            self.crashes,
            self.take_overs,
            self.clean_ends,
            self.clients_gone,
            self.faults,
            self.compactions,
            self.blanks,
            self.ranges,
            self.messages,
            self.redeliveries,
            self.repeats,
            self.lost,
            self.snatches,
            self.lost_leases,
            self.poison,
            self.batches,
            self.batched,
            self.changes,
            self.changes_done,
            self.joins,
        ]
        .iter()
        .all(|count| *count > 100)
    }
}
