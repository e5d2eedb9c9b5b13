//! What a world owes when the storm is over.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use azure_blob_eventsource::{
    blob::{self, Blob},
    event::EventId,
    gate::identity::Identity,
    journal::{recover::recover, source_store::SourceStore},
    ledger::Contents,
    metrics::SourceStats,
    session::SessionError,
};
use testkit::{
    account::NewBlob,
    argo::{Argo, MAX_AGE},
};
use tokio::time::{Instant, sleep, timeout};

use crate::world::{CONTAINER, POISONED, REPLAY, SECOND, SOURCE, STATE, World};

const MINUTE: Duration = Duration::from_secs(60);

impl World {
    pub(crate) async fn settle_accounts(&mut self) -> Result<(), String> {
        let running = self.start(u64::MAX, None);
        for argo in self.argos() {
            argo.most_unfinished();
        }
        self.until_settled().await?;
        self.until_read(&running).await?;
        self.until_settled().await?;
        self.letters_are_deserved()?;
        self.stop(running).await?;
        self.retry_what_was_refused().await?;
        self.check_runs().await?;
        self.look_into_ledger().await?;
        self.late_copies().await?;
        self.succession().await?;
        self.take_all_messages().await
    }

    /// Waits until everything that is owed is there, and nothing more than that was made.
    async fn until_settled(&mut self) -> Result<(), String> {
        // A source that has nothing but the dataset that is refused is in no hurry to give it up, and of several each
        // attempt waits for others to get through.
        let patience = match (self.poisoned, self.second.is_some()) {
            (2.., _) => 360,
            (_, true) => 180,
            _ => 60,
        };
        let end = Instant::now() + patience * MINUTE;
        let mut rounds = 0_u32;
        while let Some(problem) = match self.problem() {
            Some(problem) => Some(problem),
            None => self.batches_on_their_way().await,
        } {
            if Instant::now() > end {
                return Err(problem);
            }
            if rounds.is_multiple_of(12) {
                self.write_others();
            }
            rounds += 1;
            sleep(Duration::from_secs(5)).await;
        }
        Ok(())
    }

    // When several datasets are refused and nothing else comes, that looks like an outage, and none is given up. A replay
    // sends them once more, and each of these events needs a dead letter of its own before the replay is done.
    fn write_others(&mut self) {
        let waits = self.waits_for_letters() || !self.requests().is_empty();
        if self.poisoned < 2 || !self.argo.refuses() || !waits {
            return;
        }
        self.others += 1;
        let name = format!("raw/others/{}.csv", self.others);
        self.hands.put(&name, NewBlob::new("x"));
    }

    // Whether a dataset that is refused has no dead letter yet.
    fn waits_for_letters(&self) -> bool {
        let (letters, of_second) = (self.letters(), self.letters_of(SECOND));
        let lacks = |ids: &[EventId], letters: &BTreeSet<EventId>| {
            !ids.iter().any(|id| letters.contains(id))
        };
        let mut versions = self.versions().into_iter();
        versions.any(|it| {
            it.name.starts_with(POISONED)
                && (lacks(&it.ids, &letters)
                    || self.second.is_some() && lacks(&it.ids_of_second, &of_second))
        })
    }

    /// What Event Grid tells after hours is taken like the rest, and makes nothing more.
    async fn take_all_messages(&mut self) -> Result<(), String> {
        let Some(notified) = self.notified.clone() else {
            return Ok(());
        };
        // Without a session, whose looks into the queue would be most of what is simulated.
        notified.until_all_came().await;
        let running = self.start(u64::MAX, None);
        let end = Instant::now() + 60 * MINUTE;
        while let Some(problem) = notified.problem() {
            if Instant::now() > end {
                return Err(problem);
            }
            sleep(Duration::from_secs(5)).await;
        }
        self.until_settled().await?;
        self.stop(running).await?;
        self.no_doubles()
    }

    // A batch is sent until it is done, whatever happened to its blobs.
    async fn batches_on_their_way(&self) -> Option<String> {
        for source in [SOURCE, SECOND] {
            let contents = self.contents_of(source).await.unwrap_or_default();
            if let Some(id) = contents.batches.open.keys().next() {
                return Some(format!("the batch {:032x} is not done", id.0));
            }
        }
        None
    }

    /// What is still wrong.
    fn problem(&self) -> Option<String> {
        let letters = self.letters();
        let given_up = self.letters_of(SECOND);
        for version in self.versions() {
            let (name, etag, ids) = (&version.name, &version.etag, &version.ids);
            let runs = |argo: &Argo| ids.iter().map(|id| argo.runs(*id)).sum::<u32>();
            let (ran, letter) = (runs(&self.argo), ids.iter().any(|id| letters.contains(id)));
            let owed = version.owed(ran + u32::from(letter));
            if ran + u32::from(letter) != owed {
                return Some(format!(
                    "{name} {etag} has {ran} runs and {} dead letter, and is owed {owed}",
                    if letter { "a" } else { "no" }
                ));
            }
            let audits = self.audit.as_ref().map_or(owed, runs);
            if audits > owed || audits < owed && !letter {
                return Some(format!(
                    "{name} {etag} has {audits} runs of the second Sensor, and is owed {owed}"
                ));
            }
            let ids = &version.ids_of_second;
            let runs = ids.iter().map(|id| self.argo.runs(*id)).sum::<u32>();
            let seconds = runs + u32::from(ids.iter().any(|id| given_up.contains(id)));
            let owed = version.owed(seconds);
            if self.second.is_some() && seconds != owed {
                return Some(format!(
                    "{name} {etag} has {seconds} runs or dead letters of the second source, and is owed {owed}"
                ));
            }
        }
        let requests = self.requests();
        (!requests.is_empty()).then(|| format!("requests are left: {requests:?}"))
    }

    /// The dataset that was refused may become a Workflow now: a person asks for it.
    async fn retry_what_was_refused(&mut self) -> Result<(), String> {
        self.argo.refuse(None);
        for id in self.letters() {
            let name = format!("{SOURCE}/requests/retry-{}.json", id.to_hex());
            self.calm.put(&name, "{}".into()).await.unwrap();
            self.tally.retries += 1;
            self.tally.letters += 1;
        }
        self.crash_for_a_while().await?;
        let running = self.start(u64::MAX, None);
        self.until_settled().await?;
        self.stop(running).await?;
        let letters = self.letters();
        match letters.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "{} dead letters are left after their retry",
                letters.len()
            )),
        }
    }

    /// Servers that crash before the retries are done.
    async fn crash_for_a_while(&mut self) -> Result<(), String> {
        for _ in 0..self.rng.below(3) {
            let polls = self.rng.below(120);
            let running = self.start(polls, None);
            sleep(Duration::from_millis(self.rng.below(20_000))).await;
            self.end(running).await?;
        }
        Ok(())
    }

    async fn check_runs(&mut self) -> Result<(), String> {
        self.tally.versions += self.versions().len() as u64;
        let unreadable = self.versions().into_iter().filter(|it| !it.readable);
        self.tally.unreadable += unreadable.count() as u64;
        if let Some(most) = self.config.limits.active_workflows {
            let each = self.argos().into_iter().map(|argo| argo.most_unfinished());
            let unfinished = each.max().unwrap_or(0);
            // What earlier sessions had sent may come beside what this one lets through.
            let sources = 1 + usize::from(self.second.is_some());
            let bound = sources * (most + self.config.limits.in_flight + 1);
            if unfinished > bound {
                return Err(format!(
                    "{unfinished} Workflows were unfinished at once, more than {bound}"
                ));
            }
        }
        let there: BTreeSet<_> = self
            .versions()
            .into_iter()
            .map(|it| (it.name, it.etag))
            .collect();
        let batched = self.batches_of(SOURCE, Some(REPLAY));
        for version @ (name, etag) in self.to_replay.intersection(&there) {
            let mut ids = vec![self.id(name, etag, Some(REPLAY))];
            ids.extend(batched.get(version).into_iter().flatten());
            for argo in self.argos() {
                let runs: u32 = ids.iter().map(|id| argo.runs(*id)).sum();
                if runs != 1 && !name.starts_with(POISONED) {
                    return Err(format!("the replay of {name} {etag} has {runs} runs"));
                }
            }
        }
        self.no_doubles()
    }

    fn no_doubles(&self) -> Result<(), String> {
        let argos = self.argos().into_iter();
        let doubles: Vec<_> = argos.flat_map(|argo| argo.doubles()).collect();
        match doubles.as_slice() {
            [] => Ok(()),
            doubles => Err(format!("{} events had two runs or more", doubles.len())),
        }
    }

    /// Copies that the bus hands out for as long as it keeps them, Workflows that are deleted after
    /// that, a server that starts from the beginning, and a listing that is wrongly empty once: none of them makes a Workflow.
    async fn late_copies(&mut self) -> Result<(), String> {
        // All Workflows are there, and the last sessions may have ended before they saw them. A Workflow that is deleted
        // before any server sees it would be made again: see docs/delivery.md.
        let running = self.start(u64::MAX, None);
        sleep(5 * MINUTE).await;
        self.stop(running).await?;
        sleep(MAX_AGE + MINUTE).await;
        let made = self.made();
        self.delete_workflows(700);
        self.tally.deletions += 1;
        self.blank = Some(self.rng.below(3));
        let running = self.start(u64::MAX, None);
        sleep(5 * MINUTE).await;
        self.stop(running).await?;
        self.blank = None;
        match self.made() - made {
            0 => self.no_doubles(),
            more => Err(format!("{more} Workflows were made after all was done")),
        }
    }

    fn made(&self) -> u64 {
        self.argos().iter().map(|argo| argo.story().made).sum()
    }

    /// A session that another one has overtaken ends, and sends nothing of what comes then.
    async fn succession(&mut self) -> Result<(), String> {
        let mut older = self.start(u64::MAX, None);
        sleep(MINUTE).await;
        let newer = self.start(u64::MAX, None);
        while !self.has_looked(&newer) {
            sleep(Duration::from_millis(100)).await;
        }
        let sent = older.stats.events_sent.load(Relaxed);
        self.hands.put("raw/last.csv", NewBlob::new("last"));
        let soon = self.config.interval * 2 + MINUTE;
        match timeout(soon, &mut older.session).await.map(Result::unwrap) {
            Ok(Some(Err(SessionError::TakenOver(_)))) => {}
            other => return Err(format!("an overtaken session did not end: {other:?}")),
        }
        if older.stats.events_sent.load(Relaxed) != sent {
            return Err("an overtaken session went on sending".into());
        }
        self.until_settled().await?;
        self.stop(newer).await
    }

    async fn stop(&mut self, mut running: crate::world::Running) -> Result<(), String> {
        running.stop.cancel();
        match (&mut running.session).await.unwrap() {
            Some(Ok(())) => Ok(()),
            other => Err(format!("a session in calm weather ended with {other:?}")),
        }
    }

    /// What the ledger holds as done when nobody writes it: only what came to something.
    pub(crate) async fn look_into_ledger(&mut self) -> Result<(), String> {
        let Some(contents) = self.contents().await else {
            return Ok(());
        };
        let Contents { facts, done, .. } = contents;
        let Some(facts) = facts else { return Ok(()) };
        let letters = self.letters();
        let identity = Identity::new(&facts);
        for version in self.versions() {
            if !identity.is_done(&done, &version.blob.as_listed()) {
                continue;
            }
            let came = |id: &EventId| self.argo.runs(*id) > 0 || letters.contains(id);
            if !version.ids.iter().any(came) {
                let Version { name, etag, .. } = version;
                return Err(format!(
                    "{name} {etag} is recorded as done, and nothing was created for it"
                ));
            }
            self.recorded.extend(version.ids);
        }
        self.letters_are_deserved()?;
        self.no_doubles()
    }

    /// The blob versions that are recorded as done and were last modified before.
    pub(crate) async fn done_before(&mut self, until: i64) -> BTreeSet<(String, String)> {
        let contents = self.contents().await.unwrap_or_default();
        let Contents { facts, done, .. } = contents;
        let Some(facts) = facts else {
            return BTreeSet::new();
        };
        let identity = Identity::new(&facts);
        let versions = self.versions().into_iter();
        versions
            .filter(|it| it.blob.last_modified < until)
            .filter(|it| identity.is_done(&done, &it.blob.as_listed()))
            .map(|it| (it.name, it.etag))
            .collect()
    }

    async fn contents(&self) -> Option<Contents> {
        self.contents_of(SOURCE).await
    }

    pub(crate) async fn contents_of(&self, source: &str) -> Option<Contents> {
        let source_store = SourceStore {
            store: Arc::clone(&self.calm),
            source_id: source.into(),
            writer: 0,
            rollover: self.rollover,
            stats: Arc::new(SourceStats::default()),
        };
        Some(recover(&source_store).await.ok()?.contents)
    }

    pub(crate) fn letters(&self) -> BTreeSet<EventId> {
        self.letters_of(SOURCE)
    }

    fn letters_of(&self, source: &str) -> BTreeSet<EventId> {
        let names = self.folder_of(source, "dead/");
        let hex = |name: &String| {
            name.strip_prefix("dead/")?
                .strip_suffix(".json")
                .map(str::to_owned)
        };
        names
            .iter()
            .filter_map(hex)
            .filter_map(|hex| EventId::from_hex(&hex))
            .collect()
    }

    /// What was asked of the first source and is not done.
    fn requests(&self) -> Vec<String> {
        self.folder("requests/")
    }

    fn folder(&self, prefix: &str) -> Vec<String> {
        self.folder_of(SOURCE, prefix)
    }

    fn folder_of(&self, source: &str, prefix: &str) -> Vec<String> {
        let names = self.account.names(STATE).into_iter();
        names
            .filter_map(|name| name.strip_prefix(&format!("{source}/")).map(str::to_owned))
            .filter(|name| name.starts_with(prefix))
            .collect()
    }

    fn versions(&self) -> Vec<Version> {
        let names = self.account.names(CONTAINER).into_iter();
        let mut versions: Vec<_> = names.map(|name| self.version(name)).collect();
        if self.batched {
            let [first, second] = [SOURCE, SECOND].map(|source| self.batches_of(source, None));
            for version in &mut versions {
                let key = (version.name.clone(), version.etag.clone());
                version.ids.extend(first.get(&key).into_iter().flatten());
                let of_second = second.get(&key).into_iter().flatten();
                version.ids_of_second.extend(of_second);
            }
        }
        versions
    }

    fn version(&self, name: String) -> Version {
        let stored = self.account.get(CONTAINER, &name).unwrap();
        let blob = Blob {
            name: name.clone(),
            etag: stored.etag.clone(),
            last_modified: stored.last_modified.unix_timestamp(),
            size: stored.size(),
            content_md5: stored.content_md5(),
            ..Blob::default()
        };
        let told_by = match self.changes {
            true => vec![blob::Version::Etag, blob::Version::Content],
            false => vec![self.config.version],
        };
        let text = |version: &blob::Version| version.text(&blob.as_listed()).into_owned();
        let texts: BTreeSet<_> = told_by.iter().map(text).collect();
        let ids = |source| {
            let place = World::place(source);
            let id = |text: &String| EventId::of(&place, &name, text, None);
            texts.iter().map(id).collect()
        };
        Version {
            ids: ids(SOURCE),
            ids_of_second: ids(SECOND),
            readable: stored.access == blob::Access::Readable,
            shown: self.is_shown(&name, &stored.etag),
            name,
            etag: stored.etag,
            blob,
        }
    }

    fn id(&self, name: &str, version: &str, replay: Option<&str>) -> EventId {
        EventId::of(&World::place(SOURCE), name, version, replay)
    }
}

/// A blob version that is there.
struct Version {
    name: String,
    etag: String,
    blob: Blob,
    /// Whether it can be read.
    readable: bool,
    /// Whether somebody must have found it.
    shown: bool,
    /// The ids that its event may have.
    ids: Vec<EventId>,
    /// Those of the second source.
    ids_of_second: Vec<EventId>,
}

impl Version {
    /// How many Workflows or dead letters it must have when it has `came`. A version that no notification names may come:
    /// a listing finds it, or the notification of an earlier version of the blob does.
    fn owed(&self, came: u32) -> u32 {
        let owed = match self.shown {
            true => 1,
            false => came.min(1),
        };
        owed * u32::from(self.readable)
    }
}
