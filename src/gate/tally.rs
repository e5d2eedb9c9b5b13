//! What one sweep came upon, counted.

use super::rules::Judgement;
use crate::blob::{Access, Unreadable};

/// The blobs of one sweep by what happened to them.
#[derive(Debug, Default)]
pub struct Tally {
    /// All of them, directories aside.
    pub blobs: u64,
    /// Announced.
    pub new: u64,
    /// Those of them that were written more than a minute ago.
    pub late: u64,
    /// Done without being sent: they were there before the source.
    pub baseline: u64,
    /// Done before `version` changed.
    pub carried: u64,
    /// Younger than `minAge`.
    pub held_back: u64,
    /// Never announced, because no blob can have such a name.
    pub unusable: u64,
    /// Held back because their content cannot be read yet.
    pub unreadable: Unreadable,
    /// When the oldest of those was last modified that are too young, in seconds since 1970.
    pub oldest_held: Option<i64>,
    /// When the oldest of those was last modified whose copy is under way, in seconds since 1970.
    pub oldest_copy: Option<i64>,
    /// On their way as the version that was in use before.
    pub unsettled: u64,
    /// By the service's clock in seconds since 1970, at the first page.
    pub began: Option<i64>,
    /// As `began`, at the last page.
    pub ended: i64,
}

impl Tally {
    /// A page of so many blobs that the service sent at `now`, in seconds since 1970.
    pub fn page(&mut self, blobs: u64, now: i64) {
        self.blobs += blobs;
        self.began.get_or_insert(now);
        self.ended = now;
    }

    /// The listing starts from its first page again: what it shows will be counted again, what was found stays found.
    pub fn start_over(&mut self) {
        *self = Self {
            new: self.new,
            late: self.late,
            baseline: self.baseline,
            carried: self.carried,
            began: self.began,
            ..Self::default()
        };
    }

    /// Adds what another part of the same sweep came upon.
    pub fn add(&mut self, other: Self) {
        self.blobs += other.blobs;
        self.new += other.new;
        self.late += other.late;
        self.baseline += other.baseline;
        self.carried += other.carried;
        self.held_back += other.held_back;
        self.unusable += other.unusable;
        self.unreadable.merge(other.unreadable);
        self.unsettled += other.unsettled;
        self.oldest_held = oldest(self.oldest_held, other.oldest_held);
        self.oldest_copy = oldest(self.oldest_copy, other.oldest_copy);
        self.began = self.began.into_iter().chain(other.began).min();
        self.ended = self.ended.max(other.ended);
    }

    /// How many blob versions the ledger did not know; those that a copy overwrites are not gone.
    pub fn appeared(&self) -> usize {
        let waiting = self.held_back + self.unreadable.count();
        (self.new + self.baseline + self.carried + waiting) as usize
    }

    pub(super) fn judged(&mut self, judgement: Judgement, modified: i64) {
        match judgement {
            Judgement::HeldBack => self.oldest_held = oldest(self.oldest_held, Some(modified)),
            Judgement::Unreadable(Access::Copying) => {
                self.oldest_copy = oldest(self.oldest_copy, Some(modified));
            }
            _ => {}
        }
        match judgement {
            Judgement::Offer => self.new += 1,
            Judgement::Baseline => self.baseline += 1,
            Judgement::HeldBack => self.held_back += 1,
            Judgement::Unusable => self.unusable += 1,
            Judgement::Unreadable(access) => self.unreadable.add(access),
            Judgement::Empty | Judgement::Unmatched | Judgement::Settled => {}
        }
    }
}

fn oldest(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}
