//! How a session begins: it opens the ledger, and knows from when on blobs are new.

use std::{
    mem,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::{info, warn};

use super::{
    definition::{Mode, Session},
    error::SessionError,
    preflight::cluster_answers,
};
use crate::{
    calls::retry::Retry,
    delivery::dead_letters::DeadLetterBox,
    event::rfc3339,
    feed::cursor::Cursor,
    filter::FilterSpec,
    gate::rules::Existing,
    journal::{error::JournalError, recover::recover, writer::Journal},
    ledger::{
        Contents, Ledger,
        facts::{Facts, FeedPlan},
        fingerprint::FingerprintKey,
        frame::Entry,
    },
    shared::Shared,
};

/// So long after a change of `version` what is modified is still announced as it was before: longer
/// than a stream that was overtaken goes on sending.
const CHANGE_SETTLES: Duration = Duration::from_secs(60);

impl Session {
    /// Opens the ledger and makes sure that its facts fit the configuration.
    pub(super) async fn start(&self) -> Result<Started, SessionError> {
        // First, so that a stream that cannot be confirmed takes nothing over.
        if let Some(confirm) = &self.confirm {
            cluster_answers(confirm, &self.stats).await?;
        }
        let (mut journal, mut contents) = self.open().await?;
        if let Some(journal) = &mut journal {
            let restored = self.restore(journal, &mut contents).await;
            restored.map_err(|e| self.explain(e))?;
        }
        let (facts, now) = self.facts(&contents).await?;
        let mut changes = Vec::new();
        if contents.facts.as_ref() != Some(&facts) {
            changes.push(Entry::Facts(facts.clone()));
        }
        changes.extend(feed_change(&facts, &contents, now));
        let done = contents.done.len() as u64;
        self.stats.ledger_blobs.store(done, Relaxed);
        let mut ledger = Ledger::new(contents).forgetting(self.forgetting);
        if !changes.is_empty() {
            let appended = match &mut journal {
                Some(journal) => journal.append(&changes).await,
                None => Ok(()),
            };
            changes.into_iter().for_each(|it| ledger.recorded(it));
            if let (Err(JournalError::Lost(_)), Some(journal)) = (&appended, &mut journal) {
                let snapshot = journal.snapshot(ledger.contents());
                let restored = journal.restore(snapshot).await;
                restored.map_err(|e| self.explain(e))?;
            } else {
                appended.map_err(|e| self.explain(e))?;
            }
        }
        // Until the feed is known to have passed it, nothing is forgotten that it may tell of.
        ledger.keep_from(facts.feed.is_some().then(Instant::now));
        info!(done, baseline = facts.pending.is_some(), "source started");
        let letters = match self.confirm {
            Some(_) => Some(Arc::new(DeadLetterBox::open(&self.source_store()).await?)),
            None => None,
        };
        self.stats.sessions.fetch_add(1, Relaxed);
        Ok(Started {
            letters,
            journal,
            ledger: Arc::new(Shared::new(ledger)),
            facts,
        })
    }

    async fn open(&self) -> Result<(Option<Journal>, Contents), SessionError> {
        let source_store = self.source_store();
        let opened = match self.mode {
            Mode::Record => Journal::open(&source_store)
                .await
                .map(|(j, c)| (Some(j), c)),
            Mode::Observe => recover(&source_store)
                .await
                .map(|found| (None, found.contents)),
        };
        opened.map_err(|error| self.explain(error))
    }

    // A ledger whose state container was deleted, and is there again without one.
    async fn restore(
        &self,
        journal: &mut Journal,
        contents: &mut Contents,
    ) -> Result<(), JournalError> {
        let kept = self.retained.take(&self.place().url());
        if let Some(kept) = kept.filter(|_| contents.facts.is_none()) {
            *contents = kept;
            warn!(
                "the ledger was deleted with its state container; it is written again from memory"
            );
            let snapshot = journal.snapshot(contents);
            let written = journal.compact(snapshot).await;
            if written.is_err() {
                self.retained.keep(mem::take(contents));
            }
            return written;
        }
        Ok(())
    }

    // The moment at which a source or a filter begins is the service's own, taken back by what
    // passed since the stream began, so that no blob of the time between is taken for an old one. The
    // moment at which `version` or `batch` changes is a while later: an earlier stream may have sent until now.
    async fn facts(
        &self,
        contents: &Contents,
    ) -> Result<(Facts, Option<OffsetDateTime>), SessionError> {
        let prefix = self.config.filter.listing_prefix();
        let spec = self.config.filter.spec();
        let version = self.config.version;
        let known = contents.facts.clone();
        let container = self.place().url();
        if let Some(other) = known.as_ref().filter(|facts| facts.container != container) {
            return Err(SessionError::ForeignLedger {
                source_id: self.source_id.clone(),
                other: other.container.clone(),
                container,
            });
        }
        let in_batches = self.config.batch.is_some();
        let fits = |facts: &Facts| {
            facts.know(spec)
                && facts.version == version
                && facts.batches.is_some() == in_batches
                && (!self.takes() || facts.fit_feed(spec, self.feed_plan(facts)))
                && (!self.takes() || facts.forgets.as_deref() == self.forgets())
        };
        if let Some(facts) = known.clone().filter(fits) {
            return Ok((facts.with_filter(spec, prefix, i64::MAX), None));
        }
        let page = Retry::new("list blobs", self.writer, &self.stats)
            .run(|| self.blobs.list(prefix, None))
            .await?;
        let since = page.service_time - self.began.elapsed();
        let now = since.unix_timestamp();
        if let Some(facts) = known {
            let settles = (page.service_time + CHANGE_SETTLES).unix_timestamp();
            self.tell_of_change(&facts);
            let facts = facts.with_filter(spec, prefix, now);
            let facts = facts.with_batches(in_batches, settles);
            let facts = facts.with_version(version, settles);
            return Ok((
                self.with_feed(facts, contents, now),
                Some(page.service_time),
            ));
        }
        if self.mode == Mode::Record {
            info!(
                since = rfc3339(since),
                "this source has no ledger yet, so it starts now: `existing` decides about blobs that are already there"
            );
        }
        let key = self.new_key(page.service_time);
        let facts = Facts::new(container, key, spec.clone(), prefix, now);
        let facts = facts.gathered(in_batches).told_by(version);
        Ok((self.with_feed(facts, contents, now), Some(since)))
    }

    // A session that only sweeps leaves the feed as it is.
    fn with_feed(&self, facts: Facts, contents: &Contents, now: i64) -> Facts {
        if !self.takes() {
            return facts;
        }
        let is_new = contents.facts.is_none();
        let is_told = facts.forgets.as_deref() == Some(self.config.filter.spec());
        // What was done since then is remembered.
        let remembered = self
            .forgetting
            .after
            .as_secs()
            .try_into()
            .unwrap_or(i64::MAX);
        let facts = facts.forgetting(self.forgets(), now.saturating_sub(remembered));
        let passed = contents.feed_settled_until();
        let plan = self.feed_plan(&facts);
        let used = (self.config.filter.spec(), plan);
        facts.with_feed(used, passed, (is_new, is_told), now)
    }

    // The filter, if time alone decides what is forgotten.
    fn forgets(&self) -> Option<&FilterSpec> {
        let alone = self.config.is_queue_alone();
        alone.then(|| self.config.filter.spec())
    }

    // What this session makes of the change feed.
    fn feed_plan(&self, facts: &Facts) -> FeedPlan {
        let began = facts.pending.as_ref().map_or(i64::MIN, |it| it.since);
        match self.config.existing {
            _ if !self.config.change_feed => FeedPlan::Unused,
            _ if self.config.listing => FeedPlan::BesideListing,
            Existing::Emit => FeedPlan::Whole,
            Existing::Since(moment) => FeedPlan::Since(began.min(moment.unix_timestamp())),
            Existing::Skip => FeedPlan::New(began),
        }
    }

    fn tell_of_change(&self, facts: &Facts) {
        if self.mode != Mode::Record {
            return;
        }
        if facts.batches.is_none() && self.config.batch.is_some() {
            info!(
                "`batch` is new: blobs that were modified before get an event each, because that event may be sent already"
            );
        }
        let (before, now) = (facts.version, self.config.version);
        if before != now {
            info!(
                before = before.as_str(),
                now = now.as_str(),
                "`version` has changed: done blobs stay done, and the next sweep records them in the new form"
            );
        }
    }

    fn new_key(&self, now: OffsetDateTime) -> FingerprintKey {
        let mut hasher = Sha256::new();
        hasher.update(self.writer.to_be_bytes());
        hasher.update(now.unix_timestamp_nanos().to_be_bytes());
        hasher.update(&self.source_id);
        let digest = hasher.finalize();
        let half = |at: usize| {
            digest[at..at + 8]
                .iter()
                .fold(0, |n, b| n << 8 | u64::from(*b))
        };
        FingerprintKey(half(0), half(8))
    }

    /// What a failure of the ledger means for the stream.
    pub(super) fn explain(&self, error: JournalError) -> SessionError {
        match error {
            JournalError::Fenced => SessionError::TakenOver(self.source_id.clone()),
            JournalError::Lost(journal) => SessionError::LostLedger {
                source_id: self.source_id.clone(),
                journal,
            },
            JournalError::Storage(error) => SessionError::Storage(error),
            JournalError::Newer { .. } => SessionError::NewerLedger(error.to_string()),
            JournalError::Damaged { .. } => SessionError::DamagedLedger(error.to_string()),
        }
    }
}

// Where the feed is read from on, when that changes.
fn feed_change(facts: &Facts, contents: &Contents, now: Option<OffsetDateTime>) -> Option<Entry> {
    match (&facts.feed, &contents.feed) {
        (None, Some(_)) => Some(Entry::Feed(None)),
        (Some(_), None) => {
            let since = facts
                .feed_since()
                .and_then(|it| OffsetDateTime::from_unix_timestamp(it).ok());
            let since = since.or(now)?;
            Some(Entry::Feed(Some(Cursor::since(since))))
        }
        _ => None,
    }
}

/// A session that has opened its ledger.
pub(super) struct Started {
    /// `None` when the session only reads.
    pub(super) journal: Option<Journal>,
    /// `None` when nothing is confirmed: then nothing is ever given up.
    pub(super) letters: Option<Arc<DeadLetterBox>>,
    pub(super) ledger: Arc<Shared<Ledger>>,
    /// What the ledger says of its source, fitted to the configuration.
    pub(super) facts: Facts,
}
