//! Reading the feed from the cursor on: all of a segment before the next, again and again until each is final.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::yield_now,
    time::{Instant, sleep_until},
};
use tracing::{info, warn};

use super::{Work, Written, health, health::Health, is_joined};
use crate::{
    feed::{
        change::{Change, Kind},
        chunk::{Block, ChunkError, ChunkReader},
        cursor::Mark,
        hour::Hour,
        position::Position,
        segment::Status,
        shard::{ChunkFile, Shard},
    },
    gate::Closed,
    intake::stop::Stop,
    metrics::change_feed::Counted,
    ports::{
        error::{StorageError, StorageErrorKind},
        feed::MOST_SEGMENTS,
    },
};

/// From one look at the feed to the next. It is written some minutes late.
const LOOK: Duration = Duration::from_secs(30);
/// What is wrong with a file that the service names and does not show.
const NOT_THERE: &str = "it is not there";
/// How the service calls an operation that begins now and may end much later.
const COPY: &str = "CopyBlob";

/// The chunks that are being read, by segment and shard.
type Readers = HashMap<(Hour, u32), Reading>;

struct Reading {
    chunk: u32,
    reader: ChunkReader,
    /// From where on its changes are wanted.
    from: Mark,
}

/// Whether something was read as far as it goes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AllThereIs,
    /// It is not there any more, or cannot be read.
    NotAll,
}

impl Work {
    pub(super) async fn read_all(&self, written: mpsc::Sender<Written>) -> Result<(), Stop> {
        let mut readers = Readers::new();
        let mut unreadable = HashSet::new();
        let mut was = Health::Fine;
        loop {
            let next = Instant::now() + LOOK;
            let more = self
                .round(&written, (&mut readers, &mut unreadable), &mut was)
                .await?;
            self.tell_missed();
            if !more {
                sleep_until(next).await;
            }
        }
    }

    // Whether there are more segments than one answer has.
    async fn round(
        &self,
        written: &mpsc::Sender<Written>,
        (readers, unreadable): (&mut Readers, &mut HashSet<String>),
        was: &mut Health,
    ) -> Result<bool, Stop> {
        let look = || self.feed.consumable();
        let segments = match self.ask("look at the change feed", look).await? {
            Ok(segments) => segments,
            Err(trouble) => {
                unreadable.insert(trouble);
                self.tell(*was, unreadable);
                return Ok(false);
            }
        };
        let health = health::of(segments, self.clock.now());
        self.tell(health, unreadable);
        let goes_on_again = health == Health::Fine && *was != Health::Fine;
        let is_still = matches!(health, Health::Still(_));
        let was_still = matches!(was, Health::Still(_));
        *was = health;
        let Some(segments) = segments.filter(|_| !matches!(health, Health::Off | Health::New))
        else {
            self.is_off().await?;
            return Ok(false);
        };
        self.stats.feed.may_be_read(segments.last_consumable);
        let is_joined = is_joined(&self.facts.lock());
        if goes_on_again {
            self.gap(self.clock.now()).await?;
        } else if is_still && is_joined {
            self.cannot_tell_all().await?;
        } else if !(is_joined || is_still && was_still) && self.join.borrow().is_none() {
            self.gap(self.clock.began()).await?;
        }
        let (from, last) = (
            self.progress.lock().from(),
            Hour::up_to(segments.last_consumable),
        );
        unreadable.clear();
        let hours = match self.segments(from, last).await? {
            Ok(hours) => hours,
            Err(trouble) => {
                unreadable.insert(trouble);
                return Ok(false);
            }
        };
        self.look_for_gaps(&hours, last, readers).await?;
        for hour in &hours {
            if !self.progress.lock().is_read(*hour) {
                self.segment(*hour, (written, readers, unreadable)).await?;
            }
        }
        Ok(hours.len() >= MOST_SEGMENTS)
    }

    // The feed does not say that it was switched off, or that retention has removed a part of it.
    async fn look_for_gaps(
        &self,
        hours: &[Hour],
        last: Hour,
        readers: &mut Readers,
    ) -> Result<(), Stop> {
        let (latest, from) = {
            let progress = self.progress.lock();
            (progress.latest(), progress.from())
        };
        let is_all = hours.len() < MOST_SEGMENTS;
        let gone = self.progress.lock().gone(hours, last);
        for hour in gone.into_iter().filter(|_| is_all) {
            self.is_gone(hour, readers).await?;
        }
        let Some(first) = hours.first().copied() else {
            return Ok(());
        };
        let is_later = |latest: Hour| hours.last().is_some_and(|it| *it > latest);
        match latest {
            // What is removed is removed in order, so those after it may have been, too.
            Some(latest) if !hours.contains(&latest) && is_later(latest) => {
                self.gap(first.start()).await
            }
            Some(_) => Ok(()),
            // Whether the feed was on by then, an earlier segment shows. It may have been switched on within the first one.
            None => match self.segments(Hour::FIRST, from.before()).await? {
                Ok(before) if before.is_empty() => self.gap(first.start()).await,
                _ => Ok(()),
            },
        }
    }

    async fn segments(&self, from: Hour, last: Hour) -> Result<Result<Vec<Hour>, String>, Stop> {
        let what = "list segments of the change feed";
        self.ask(what, || self.feed.segments(from, last)).await
    }

    // A file that is not what the service writes is told, and the rest of the feed is read.
    async fn ask<T, F>(
        &self,
        what: &'static str,
        mut call: impl FnMut() -> F,
    ) -> Result<Result<T, String>, Stop>
    where
        F: Future<Output = Result<T, StorageError>>,
    {
        let asked = self.retry(what).run(|| {
            let answer = call();
            async {
                match answer.await {
                    Err(error) if error.kind == StorageErrorKind::Protocol => {
                        Ok(Err(error.to_string()))
                    }
                    answer => answer.map(Ok),
                }
            }
        });
        Ok(asked.await?)
    }

    fn tell(&self, health: Health, unreadable: &HashSet<String>) {
        let trouble = health
            .trouble()
            .or_else(|| unreadable.iter().min().cloned());
        if !self.stats.set_feed_trouble(trouble.clone()) {
            return;
        }
        match trouble {
            Some(trouble) => warn!("{trouble}"),
            None => info!("the change feed is read again"),
        }
    }

    // What happens meanwhile will be in no segment.
    async fn is_off(&self) -> Result<(), Stop> {
        self.gap(self.clock.now()).await?;
        self.join.send_replace(None);
        Ok(())
    }

    async fn segment(
        &self,
        hour: Hour,
        (written, readers, unreadable): (
            &mpsc::Sender<Written>,
            &mut Readers,
            &mut HashSet<String>,
        ),
    ) -> Result<(), Stop> {
        let latest = {
            let progress = self.progress.lock();
            progress.latest().unwrap_or(progress.from())
        };
        if health::is_gap(latest, hour) {
            info!(%latest, next = %hour, "the change feed has nothing between these segments");
            self.gap(hour.start()).await?;
        }
        let read = || self.feed.segment(hour);
        let manifest = self.ask("read a segment of the change feed", read).await?;
        self.progress.lock().begin(hour);
        // If it was removed, the next round does not see it any more.
        let not_there = || unreadable_file(&hour.name(), NOT_THERE);
        let manifest = match manifest.and_then(|it| it.ok_or_else(not_there)) {
            Ok(manifest) => manifest,
            Err(trouble) => {
                unreadable.insert(trouble);
                return Ok(());
            }
        };
        let is_final = manifest.status == Status::Finalized;
        let mut all = Outcome::AllThereIs;
        for shard in manifest.shards {
            let outcome = self
                .shard((hour, is_final), shard, (written, readers))
                .await?;
            let trouble = match outcome {
                Ok(Outcome::AllThereIs) => continue,
                Ok(Outcome::NotAll) if is_final => return self.is_gone(hour, readers).await,
                Ok(Outcome::NotAll) => unreadable_file(&shard.to_string(), NOT_THERE),
                Err(trouble) => trouble,
            };
            readers.remove(&(hour, shard.number));
            unreadable.insert(trouble);
            all = Outcome::NotAll;
        }
        if is_final && all == Outcome::AllThereIs {
            self.progress.lock().read_to_its_end(hour);
            readers.retain(|(segment, _), _| *segment != hour);
        }
        Ok(())
    }

    // Retention has removed it, and what was in it is not known.
    async fn is_gone(&self, hour: Hour, readers: &mut Readers) -> Result<(), Stop> {
        warn!(
            segment = %hour,
            "a segment of the change feed was removed before it was read to its end: the container is listed once for what was in it"
        );
        self.gap(self.clock.now()).await?;
        self.progress.lock().read_to_its_end(hour);
        readers.retain(|(segment, _), _| *segment != hour);
        Ok(())
    }

    // `Err` within: what is wrong with a chunk.
    async fn shard(
        &self,
        (segment, is_final): (Hour, bool),
        shard: Shard,
        (written, readers): (&mpsc::Sender<Written>, &mut Readers),
    ) -> Result<Result<Outcome, String>, Stop> {
        let list = || self.feed.chunks(shard);
        let chunks = match self.ask("list chunks of the change feed", list).await? {
            Ok(chunks) => chunks,
            Err(trouble) => return Ok(Err(trouble)),
        };
        let mut next = self.progress.lock().next(segment, shard.number);
        let chunks: Vec<_> = chunks.iter().filter(|it| it.number >= next.0).collect();
        match chunks.first() {
            Some(first) if first.number == next.0 => {}
            // What comes next will never be known, and more may come after it.
            Some(first) if !is_final => {
                warn!(
                    from = shard.chunk(next.0),
                    to = shard.chunk(first.number),
                    "chunks of the change feed are missing: the container is listed once for what was in them"
                );
                self.gap(self.clock.now()).await?;
                next = Mark(first.number, 0, 0);
                self.progress.lock().reached(segment, shard.number, next);
            }
            None if next == Mark::default() => {}
            _ => return Ok(Ok(Outcome::NotAll)),
        }
        for (place, chunk) in chunks.iter().enumerate() {
            let from = if chunk.number == next.0 {
                next
            } else {
                Mark(chunk.number, 0, 0)
            };
            let reading = readers.entry((segment, shard.number));
            let reading = reading.or_insert_with(|| Reading::of(from));
            if reading.chunk != chunk.number {
                *reading = Reading::of(from);
            }
            // One that has a successor has all that it ever will: it is read to its end, however long it was when it was
            // listed.
            let is_last = place + 1 == chunks.len();
            let read = self
                .chunk((segment, shard), (chunk, is_last), reading, written)
                .await?;
            match read {
                Ok(Outcome::AllThereIs) => {}
                other => return Ok(other),
            }
            if (is_final || !is_last) && !reading.reader.is_whole() {
                let file = shard.chunk(chunk.number);
                return Ok(Err(unreadable_file(
                    &file,
                    "it ends in the middle of a block",
                )));
            }
            if let Some(following) = chunks.get(place + 1) {
                let mark = Mark(following.number, 0, 0);
                self.progress.lock().reached(segment, shard.number, mark);
            }
        }
        Ok(Ok(Outcome::AllThereIs))
    }

    async fn chunk(
        &self,
        (segment, shard): (Hour, Shard),
        (chunk, is_last): (&ChunkFile, bool),
        reading: &mut Reading,
        written: &mpsc::Sender<Written>,
    ) -> Result<Result<Outcome, String>, Stop> {
        let trouble =
            |error: ChunkError| unreadable_file(&shard.chunk(chunk.number), &error.to_string());
        loop {
            let wanted = reading.reader.wanted();
            if is_last && wanted.from >= chunk.size {
                return Ok(Ok(Outcome::AllThereIs));
            }
            let read = || {
                self.feed
                    .read(shard, chunk.number, wanted.from, wanted.most)
            };
            let bytes = self.retry("read the change feed").run(read).await?;
            let Some(bytes) = bytes else {
                return Ok(Ok(Outcome::NotAll));
            };
            if bytes.is_empty() {
                return Ok(Ok(Outcome::AllThereIs));
            }
            reading.reader.push(&bytes);
            loop {
                let block = match reading.reader.block() {
                    Ok(Some(block)) => block,
                    Ok(None) => break,
                    Err(error) => return Ok(Err(trouble(error))),
                };
                let place = (segment, shard.number, reading.from);
                if let Err(error) = self.block(&block, place, written).await? {
                    return Ok(Err(trouble(error)));
                }
                yield_now().await;
            }
        }
    }

    async fn block(
        &self,
        block: &Block,
        (segment, shard, from): (Hour, u32, Mark),
        written: &mpsc::Sender<Written>,
    ) -> Result<Result<(), ChunkError>, Stop> {
        // All or nothing: what is read again later would be in hand twice.
        let changes: Vec<_> = match block.changes().collect::<Result<_, _>>() {
            Ok(changes) => changes,
            Err(error) => return Ok(Err(error)),
        };
        let mut after = Mark(from.0, block.at, 0);
        for (event, change) in (0..).zip(&changes) {
            let at = Position {
                segment,
                shard,
                chunk: from.0,
                block: block.at,
                event,
            };
            after = Mark(from.0, block.at, event + 1);
            if Mark::from(at) < from {
                continue;
            }
            if let Some(blob) = self.wanted(change, at) {
                self.progress.lock().waits(at);
                written.send(blob).await.map_err(|_| Closed)?;
            }
        }
        if after >= from {
            self.progress.lock().reached(segment, shard, after);
        }
        Ok(Ok(()))
    }

    // What can be said without a call.
    fn wanted(&self, change: &Change<'_>, at: Position) -> Option<Written> {
        let blob = match (change.kind, change.blob) {
            (Kind::BlobCreated, Some(blob)) if blob.container == self.container => blob,
            (Kind::BlobCreated, Some(_)) => return self.passed_over(Counted::OtherContainer),
            _ => return self.passed_over(Counted::OtherKind),
        };
        let time = change.time();
        let was_before = time.is_some_and(|it| self.gate.was_before(blob.name, it));
        if !self.gate.wants(blob.name) || was_before && change.api != COPY {
            return self.passed_over(Counted::Unwanted);
        }
        if self.gate.knows(blob.name, change.etag) {
            return self.passed_over(Counted::Known);
        }
        Some(Written {
            at,
            name: blob.name.into(),
            etag: change.etag.into(),
            time,
        })
    }

    fn passed_over(&self, why: Counted) -> Option<Written> {
        self.stats.feed.outcomes.count(why);
        None
    }
}

fn unreadable_file(file: &str, why: &str) -> String {
    format!(
        "`{file}` of the change feed cannot be read, so nothing of this file is found beyond that: {why}"
    )
}

impl Reading {
    fn of(from: Mark) -> Self {
        Self {
            chunk: from.0,
            reader: ChunkReader::at(from.1),
            from,
        }
    }
}
