//! One blob that somebody tells of, judged as those that a sweep shows are.

use std::time::Duration;

use time::OffsetDateTime;

use super::{Closed, Gate, begun::Begun};
use crate::{
    blob::{Access, BlobRef},
    gate::rules::Judgement,
    ledger::Standing,
    ports::properties::Properties,
    recorder::receipts::Receipt,
};

/// How long a copy that is under way is left alone before it is looked at again.
const COPY: Duration = Duration::from_secs(30);

/// The outcome of a sighting.
#[derive(Debug)]
pub enum Taken {
    /// Nobody knew it: it is under way from now on, or becomes part of the baseline. The receipt tells when that is
    /// durable.
    Begun(Receipt),
    /// It was under way already.
    UnderWay(Receipt),
    /// Nothing has to be done for it.
    Settled(Settled),
    /// It is judged again after so long.
    Later(Duration),
}

/// Why nothing has to be done for a sighting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// This version of the blob is done.
    Known,
    /// The configuration does not want it, or it is a directory.
    Unwanted,
    /// Its content cannot be read, and that may last.
    Unreadable,
}

impl Gate {
    /// Whether a blob of this name may be announced at all.
    pub fn wants(&self, name: &str) -> bool {
        self.policy.lock().rules.wants(name)
    }

    /// Whether a blob of this name that was written at `told` and not since is none that is owed: it was there before the
    /// source.
    pub fn was_before(&self, name: &str, told: OffsetDateTime) -> bool {
        let told = told.unix_timestamp();
        self.policy.lock().rules.was_before(name, told)
    }

    /// Whether the version of this name and ETag is done. `false` when name and ETag do not tell.
    pub fn knows(&self, name: &str, etag: &str) -> bool {
        let policy = self.policy.lock();
        let told = policy.identity.of_etag(name, etag);
        told.is_some_and(|it| self.ledger.lock().standing(it) == Standing::Done)
    }

    /// Takes a blob that somebody tells of: at `told`, if that is known, it came to be where it is. A version that is
    /// under way already is not begun again: its receipt tells of the same outcome.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn sighted(
        &self,
        seen: &Properties,
        told: Option<OffsetDateTime>,
    ) -> Result<Taken, Closed> {
        let told = told.map_or(i64::MIN, OffsetDateTime::unix_timestamp);
        let (taken, begun) = self.decide(&seen.blob(), told, seen.service_time().unix_timestamp());
        if let Some(begun) = begun {
            begun.hand_on().await?;
        }
        Ok(taken)
    }

    fn decide(&self, blob: &BlobRef<'_>, told: i64, now: i64) -> (Taken, Option<Begun<'_>>) {
        if blob.is_directory {
            return (Taken::Settled(Settled::Unwanted), None);
        }
        let mut policy = self.policy.lock();
        let mut ledger = self.ledger.lock();
        match policy.identity.standing(&ledger, blob) {
            Standing::Done => return (Taken::Settled(Settled::Known), None),
            Standing::UnderWay => {
                let under_way = policy.identity.under_way(&ledger, blob);
                let receipt = under_way.map(|fingerprint| self.receipts.of(fingerprint));
                let taken = receipt.map_or(Taken::Settled(Settled::Known), Taken::UnderWay);
                return (taken, None);
            }
            Standing::New => {}
        }
        let (fingerprint, begun) = match policy.rules.judge_told(blob, told, now) {
            Judgement::Offer => {
                let (offer, fingerprint, _) = policy.announced(blob, now);
                ledger.begin_new(fingerprint, blob.last_modified);
                (
                    fingerprint,
                    Begun::new(self.ways(), vec![offer], Vec::new()),
                )
            }
            Judgement::Baseline => {
                let fingerprint = policy.identity.of(blob);
                ledger.begin(fingerprint);
                (
                    fingerprint,
                    Begun::new(self.ways(), Vec::new(), vec![fingerprint]),
                )
            }
            Judgement::HeldBack => {
                let rest = policy.rules.held_back_for(blob, now);
                return (Taken::Later(rest), None);
            }
            Judgement::Unreadable(Access::Copying) => return (Taken::Later(COPY), None),
            Judgement::Unreadable(_) => return (Taken::Settled(Settled::Unreadable), None),
            Judgement::Empty | Judgement::Unmatched | Judgement::Unusable | Judgement::Settled => {
                return (Taken::Settled(Settled::Unwanted), None);
            }
        };
        (Taken::Begun(self.receipts.of(fingerprint)), Some(begun))
    }
}
