//! The door: what happens to a blob that was found, whichever way it was found. Whoever finds blobs asks
//! here, and nobody else tells the ledger that one is under way.

use std::{sync::Arc, time::Duration};

use tokio::{sync::mpsc, task::yield_now, time::Instant};

use self::{
    begun::{Begun, Ways},
    identity::Identity,
    loops::LoopWatch,
    rules::{Judgement, RuleSpec, Rules},
    tally::Tally,
};
use crate::{
    blob::{BlobRef, ListPage},
    ledger::{
        Ledger, Standing,
        done_set::Swept,
        facts::Facts,
        fingerprint::Fingerprint,
        offer::{Offer, Origin, Subject},
    },
    recorder::{Record, receipts::Receipts},
    shared::Shared,
    state::loops::Loops,
};

mod begun;
pub mod identity;
pub mod loops;
pub mod rules;
pub mod sighting;
pub mod tally;

pub use begun::Closed;

/// With so many offers that wait to be sent, no more are looked for where others can keep them.
const UNSENT: usize = 32;
/// A notification that has not come after so long is late.
pub const LATE: Duration = Duration::from_secs(60);

/// The only door to the ledger: it judges by the rules, and begins what is to be announced, under one lock,
/// so that a blob version that two ways find at once is offered once.
pub struct Gate {
    policy: Shared<Policy>,
    ledger: Arc<Shared<Ledger>>,
    offers: mpsc::Sender<Offer>,
    records: mpsc::Sender<Record>,
    receipts: Arc<Receipts>,
}

/// By what a gate decides.
pub struct Policy {
    /// What happens to unknown blobs.
    pub rules: Rules,
    /// By what blobs are known.
    pub identity: Identity,
    /// What was announced lately, to tell loops.
    pub loops: LoopWatch,
}

/// The outcome of a whole sweep.
#[derive(Debug, Default)]
pub struct SweepResult {
    /// What the ledger says of it.
    pub swept: Swept,
    /// The loops to tell of; `None` when they are as they were.
    pub loops: Option<Loops>,
}

impl Gate {
    /// A gate to `ledger`, of whose outcomes `receipts` tell. What is to be announced goes to `offers`, under way in
    /// the ledger already, and what is done without being sent to `records`; a full channel holds up whoever asks.
    pub fn new(
        policy: Policy,
        (ledger, receipts): (Arc<Shared<Ledger>>, Arc<Receipts>),
        offers: mpsc::Sender<Offer>,
        records: mpsc::Sender<Record>,
    ) -> Self {
        Self {
            policy: Shared::new(policy),
            ledger,
            offers,
            records,
            receipts,
        }
    }

    /// A sweep over the whole listing starts.
    pub fn start_sweep(&self) {
        self.ledger.lock().start_sweep();
    }

    /// How many blob versions are found and not done.
    pub fn under_way(&self) -> usize {
        self.ledger.lock().under_way()
    }

    /// What is found and not done.
    pub fn all_under_way(&self) -> Vec<Fingerprint> {
        self.ledger.lock().all_under_way().collect()
    }

    /// Whether a blob version, or a replay of one, is found and not done.
    pub fn is_under_way(&self, fingerprint: Fingerprint) -> bool {
        self.ledger.lock().is_under_way(fingerprint)
    }

    /// Takes a page that a sweep brings: what it shows is known to be there, and what nobody knows is judged.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn page(&self, page: &ListPage, tally: &mut Tally) -> Result<(), Closed> {
        let (fingerprints, at_once) = self.fingerprints(page);
        tally.page(
            fingerprints.len() as u64,
            page.service_time.unix_timestamp(),
        );
        for some in fingerprints.chunks(at_once) {
            self.judge(page, some, tally).hand_on().await?;
            yield_now().await;
        }
        Ok(())
    }

    /// A sweep below `prefix` has shown all that is there, or may not have when it is `suspect`.
    pub fn finish_sweep(&self, prefix: &str, tally: &Tally, suspect: bool) -> SweepResult {
        let mut policy = self.policy.lock();
        let mut ledger = self.ledger.lock();
        let swept = match suspect {
            true => Swept::default(),
            false => ledger.finish_sweep(prefix, tally.appeared(), Instant::now()),
        };
        // A sweep that shows less than the one before it may be wrong.
        let whole = !suspect && swept.gone == 0 && swept.doubted.is_none();
        // What is missing now may come back, and is known by the way of before alone.
        let after = ledger.remembers_for().as_secs();
        let settles = policy.identity.settles_after();
        let settles = settles.map(|until| until.saturating_add_unsigned(after));
        let passed = settles.is_some_and(|until| tally.began.is_some_and(|now| now > until));
        if passed && tally.unsettled == 0 && whole {
            policy.identity.settle();
        }
        let loops = policy.loops.finish_sweep(tally.ended);
        SweepResult { swept, loops }
    }

    /// No sweep ever shows what is done: what has been done for long enough is forgotten, for no notification of it
    /// can come any more.
    pub fn expire(&self) {
        self.ledger.lock().expire(Instant::now());
    }

    /// For how long at least a done blob version is remembered that nothing shows.
    pub fn remembers_for(&self) -> Duration {
        self.ledger.lock().remembers_for()
    }

    /// How often an offer was taken back.
    pub fn put_backs(&self) -> u64 {
        self.ledger.lock().put_backs()
    }

    /// The baseline is complete: from now on every unknown blob is new.
    pub fn baseline_complete(&self) {
        self.policy.lock().rules.baseline_complete();
    }

    /// The ledger has other facts: what is settled is so from now on.
    pub fn settle(&self, facts: &Facts) {
        self.policy.lock().rules.settle(facts);
    }

    /// What was done at `from` or later is not forgotten: the change feed may still tell of it.
    pub fn keep_from(&self, from: Instant) {
        self.ledger.lock().keep_from(Some(from));
    }

    /// Whether all that was on its way when `version` changed is done.
    pub fn is_settled(&self) -> bool {
        self.policy.lock().identity.settles_after().is_none()
    }

    /// Of these blobs those that the replay of this name is to announce again, and how many of the others are
    /// under way. What was not announced for itself yet has that before it. `is_alone`: they go into no batch.
    pub fn replay<'a>(
        &self,
        blobs: impl Iterator<Item = BlobRef<'a>>,
        replay: &str,
        is_alone: bool,
    ) -> (Begun<'_>, usize) {
        let (mut offers, mut waiting) = (Vec::new(), 0);
        let policy = self.policy.lock();
        let mut ledger = self.ledger.lock();
        for blob in blobs {
            let is_done = policy.identity.standing(&ledger, &blob) == Standing::Done;
            if !is_done && !policy.rules.is_settled(&blob) {
                continue;
            }
            let fingerprint = policy.identity.of_replay(&blob, replay);
            match ledger.standing_of_replay(fingerprint) {
                Standing::New => {
                    ledger.begin(fingerprint);
                    offers.push(Offer {
                        subject: Subject::Blob {
                            blob: blob.into(),
                            fingerprint,
                        },
                        origin: Origin::Replay {
                            name: replay.into(),
                            is_alone,
                        },
                    });
                }
                Standing::UnderWay => waiting += 1,
                Standing::Done => {}
            }
        }
        (Begun::new(self.ways(), offers, Vec::new()), waiting)
    }

    /// How blob versions stand that a replay asks for as one, by its fingerprints. Those that are new are under way
    /// from now on.
    pub fn replay_together(&self, members: &[Fingerprint]) -> Standing {
        let mut ledger = self.ledger.lock();
        let mut standings = members.iter().map(|it| ledger.standing_of_replay(*it));
        let first = standings.find(|it| *it != Standing::Done);
        if first == Some(Standing::New) {
            members.iter().for_each(|it| ledger.begin(*it));
        }
        first.unwrap_or(Standing::Done)
    }

    /// Whether the ledger holds what is done for replays.
    pub fn has_replayed(&self) -> bool {
        !self.ledger.lock().contents().replayed.is_empty()
    }

    /// Returns when nearly all that was offered has been taken: what is offered from then on may be sent soon.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn room(&self) -> Result<(), Closed> {
        let free = self.offers.max_capacity().saturating_sub(UNSENT);
        self.offers.reserve_many(free).await.map_err(|_| Closed)?;
        Ok(())
    }

    /// Hands something to whoever makes it durable.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn record(&self, record: Record) -> Result<(), Closed> {
        self.records.send(record).await.map_err(|_| Closed)
    }

    fn ways(&self) -> Ways<'_> {
        Ways {
            offers: &self.offers,
            records: &self.records,
            ledger: &self.ledger,
            receipts: &self.receipts,
        }
    }

    // Ahead of the ledger's lock, and of its look-ups: each of them waits for memory, and in a short
    // loop many wait at once.
    fn fingerprints(&self, page: &ListPage) -> (Vec<(usize, Fingerprint)>, usize) {
        let policy = self.policy.lock();
        let blobs = page.blobs().enumerate();
        let fingerprints = blobs
            .filter(|(_, blob)| !blob.is_directory)
            .map(|(at, blob)| (at, policy.identity.of(&blob)));
        (fingerprints.collect(), policy.rules.at_once())
    }

    fn judge(
        &self,
        page: &ListPage,
        fingerprints: &[(usize, Fingerprint)],
        tally: &mut Tally,
    ) -> Begun<'_> {
        let now = page.service_time.unix_timestamp();
        let (mut new, mut baseline) = (Vec::new(), Vec::new());
        let mut policy = self.policy.lock();
        let mut ledger = self.ledger.lock();
        for (blob, fingerprint) in unknown(&mut ledger, page, fingerprints) {
            // The same one again on this page is under way by now.
            if ledger.shown(fingerprint) != Standing::New {
                continue;
            }
            match policy.identity.shown_earlier(&mut ledger, &blob) {
                Standing::New => {}
                Standing::UnderWay => {
                    tally.unsettled += 1;
                    continue;
                }
                // What is done stays done when `version` changes.
                Standing::Done => {
                    tally.carried += 1;
                    baseline.push(fingerprint);
                    ledger.begin(fingerprint);
                    continue;
                }
            }
            let judgement = policy.rules.judge(&blob, now);
            tally.judged(judgement, blob.last_modified);
            match judgement {
                Judgement::Offer => {
                    tally.late += u64::from(blob.last_modified < now - LATE.as_secs() as i64);
                    let (offer, fingerprint, before) = policy.announced(&blob, now);
                    tally.unsettled += u64::from(before);
                    ledger.begin_new(fingerprint, blob.last_modified);
                    new.push(offer);
                }
                Judgement::Baseline => {
                    baseline.push(fingerprint);
                    ledger.begin(fingerprint);
                }
                _ => {}
            }
        }
        Begun::new(self.ways(), new, baseline)
    }
}

impl Policy {
    /// Of a source with these rules, whose ledger has these facts.
    pub fn new(rules: RuleSpec<'_>, facts: &Facts) -> Self {
        Self {
            rules: Rules::new(rules, facts),
            identity: Identity::new(facts),
            loops: LoopWatch::default(),
        }
    }

    // The offer of a blob that nobody knows, and whether it is by a version that was in use before.
    fn announced(&mut self, blob: &BlobRef<'_>, now: i64) -> (Offer, Fingerprint, bool) {
        let (announced, fingerprint, before) = self.identity.announced(blob);
        self.loops.announced(&self.identity, blob, fingerprint, now);
        let offer = Offer {
            subject: Subject::Blob {
                blob: announced,
                fingerprint,
            },
            origin: Origin::Found,
        };
        (offer, fingerprint, before)
    }
}

fn unknown<'a>(
    ledger: &mut Ledger,
    page: &'a ListPage,
    fingerprints: &[(usize, Fingerprint)],
) -> Vec<(BlobRef<'a>, Fingerprint)> {
    fingerprints
        .iter()
        .filter(|(_, fingerprint)| ledger.shown(*fingerprint) == Standing::New)
        .filter_map(|(at, fingerprint)| Some((page.get(*at)?, *fingerprint)))
        .collect()
}
