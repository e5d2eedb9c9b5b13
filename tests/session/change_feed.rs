//! The change feed: alone, with what came before it, with gaps, and with a queue beside it.

use std::{collections::BTreeSet, sync::atomic::Ordering::Relaxed, time::Duration};

use azure_blob_eventsource::{
    feed::{CONTAINER as FEED, hour::Hour, shard::Shard},
    gate::rules::Existing,
    ledger::missing::Forgetting,
    metrics::change_feed::Counted,
};
use testkit::{
    account::NewBlob,
    change_feed::{FeedEvent, FeedWriter},
};
use time::macros::datetime;
use tokio::time::sleep;

use crate::{
    queue::{MINUTE, told_of, until_empty},
    stage::{CONTAINER, Stage, Stream, filter},
};

const HOUR: Duration = Duration::from_secs(3600);

/// The service that writes the feed, at once.
pub(crate) struct Feed {
    writer: FeedWriter,
    /// Segments that are not final.
    open: BTreeSet<Hour>,
}

impl Feed {
    /// Switches it on, as if it had been for hours.
    pub(crate) fn on(stage: &Stage) -> Self {
        let mut feed = Self {
            writer: FeedWriter::enable(&stage.account),
            open: BTreeSet::new(),
        };
        // It has been on for a while.
        let before = Hour::of(stage.account.now() - 2 * HOUR);
        feed.writer.begin(before);
        feed.writer.finalize(before);
        feed.go_on(stage);
        feed
    }

    /// Somebody writes a blob, and the feed tells of it.
    pub(crate) fn put(&mut self, stage: &Stage, name: &str) -> String {
        let etag = stage.put(name);
        self.tell(stage, name, &etag);
        etag
    }

    fn tell(&mut self, stage: &Stage, name: &str, etag: &str) {
        let now = stage.account.now();
        self.open.insert(Hour::of(now));
        self.writer
            .write(&[FeedEvent::created(CONTAINER, name, etag, now)]);
        self.go_on(stage);
    }

    /// All that is written may be read, and hours that are over are final.
    fn go_on(&mut self, stage: &Stage) {
        let now = Hour::of(stage.account.now());
        let open = self.open.split_off(&now);
        for over in std::mem::replace(&mut self.open, open) {
            self.writer.finalize(over);
        }
        self.writer.set_consumable(now.start());
    }

    /// A blob is written in each of so many hours.
    async fn put_hourly(&mut self, stage: &Stage, stream: &mut Stream, hours: u32) {
        for n in 0..hours {
            self.put(stage, &format!("raw/hour-{n}.csv"));
            stream.take(1).await;
            sleep(HOUR).await;
            self.go_on(stage);
        }
    }
}

fn stage(existing: Existing) -> Stage {
    let mut stage = Stage::new().with_container().fed();
    stage.config.existing = existing;
    stage
}

/// A session that has been at work for a minute.
async fn at_work(stage: &mut Stage) -> Stream {
    let stream = stage.start();
    sleep(MINUTE).await;
    stream
}

fn counted(stream: &Stream, what: Counted) -> u64 {
    stream.stats.feed.outcomes.of(what)
}

fn sweeps(stream: &Stream) -> u64 {
    stream.stats.sweeps.load(Relaxed)
}

async fn trouble(stream: &Stream) -> String {
    loop {
        if let Some(trouble) = stream.stats.error() {
            return trouble;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_feed_tells_is_announced_and_nothing_is_listed() {
    let mut stage = stage(Existing::Skip);
    stage.put_all(["old.csv", "older.csv"]);
    sleep(MINUTE).await;
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    feed.put(&stage, "raw/größe ✓.csv");
    assert_eq!(stream.take(1).await, ["raw/größe ✓.csv"]);
    stream.until_done(1).await;
    feed.writer.write(&[
        FeedEvent::created("another", "a.csv", "0x1", stage.account.now()),
        FeedEvent::deleted(CONTAINER, "old.csv", "0x1", stage.account.now()),
        FeedEvent::control(stage.account.now()),
        FeedEvent::created(CONTAINER, "gone.csv", "0x1", stage.account.now()),
    ]);
    stream.expect_silence(2 * HOUR).await;
    assert_eq!(sweeps(&stream), 0);
    for (what, count) in [
        (Counted::Done, 1),
        (Counted::OtherContainer, 1),
        (Counted::OtherKind, 2),
        (Counted::Superseded, 1),
    ] {
        assert_eq!(counted(&stream, what), count, "{what:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_repeats_nothing_and_reads_on() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    feed.writer.set_shards(3);
    let mut stream = at_work(&mut stage).await;
    for n in 0..30 {
        feed.put(&stage, &format!("{n}.csv"));
    }
    stream.take(30).await;
    stream.until_done(30).await;
    sleep(MINUTE).await;
    stream.stop().await.unwrap();
    for hours in 0..3 {
        feed.put(&stage, &format!("while-down-{hours}.csv"));
        sleep(HOUR).await;
        feed.go_on(&stage);
    }
    let mut stream = stage.start();
    assert_eq!(
        stream.take_sorted(3).await,
        ["while-down-0.csv", "while-down-1.csv", "while-down-2.csv"]
    );
    stream.expect_silence(10 * MINUTE).await;
    assert_eq!(sweeps(&stream), 0);
    // The cursor was behind all that was done, so none of it was read again.
    assert_eq!(counted(&stream, Counted::Known), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_and_not_done_comes_again_with_its_id() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    let mut killed = at_work(&mut stage).await;
    feed.put(&stage, "sent.csv");
    let first = killed.event().await;
    sleep(Duration::from_secs(5)).await;
    killed.session.abort();
    let mut stream = stage.start();
    assert_eq!(stream.event().await["id"], first["id"]);
    stream.events.take();
    stream.until_done(1).await;
    stream.expect_silence(HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn blobs_from_before_the_source_are_listed_once_and_the_feed_goes_on_from_there() {
    let mut stage = stage(Existing::Emit);
    stage.put_all(["old.csv", "older.csv"]);
    sleep(6 * HOUR).await;
    let mut feed = Feed::on(&stage);
    let mut stream = stage.start();
    assert_eq!(stream.take_sorted(2).await, ["old.csv", "older.csv"]);
    feed.put(&stage, "new.csv");
    assert_eq!(stream.take(1).await, ["new.csv"]);
    stream.until_done(3).await;
    stream.expect_silence(2 * HOUR).await;
    // One listing may be wrong: two agree.
    assert_eq!(sweeps(&stream), 2);
    stream.stop().await.unwrap();
    let mut stream = stage.start();
    stream.expect_silence(HOUR).await;
    assert_eq!(sweeps(&stream), 0);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_is_wrongly_empty_loses_no_blob_from_before() {
    let mut stage = stage(Existing::Emit);
    stage.put_all(["old.csv"]);
    let _feed = Feed::on(&stage);
    // The session itself lists twice before, for the service's time.
    for after in 0..4 {
        stage.blank = Some(after);
        let mut stream = stage.start();
        if after == 0 {
            assert_eq!(stream.take(1).await, ["old.csv"]);
            stream.until_done(1).await;
        }
        stream.expect_silence(HOUR).await;
        stream.stop().await.unwrap();
    }
    let mut again = Stage::new().with_container().fed();
    again.put("old.csv");
    let _feed = Feed::on(&again);
    again.blank = Some(2);
    assert_eq!(again.start().take(1).await, ["old.csv"]);
}

#[tokio::test(start_paused = true)]
async fn since_begins_at_that_hour_of_the_feed() {
    let since = datetime!(2026-01-01 01:00 UTC);
    let mut stage = stage(Existing::Since(since));
    let mut feed = Feed::on(&stage);
    feed.put(&stage, "before.csv");
    sleep(HOUR + MINUTE).await;
    feed.put(&stage, "after.csv");
    sleep(HOUR).await;
    feed.put(&stage, "later.csv");
    let mut stream = stage.start();
    assert_eq!(stream.take(2).await, ["after.csv", "later.csv"]);
    stream.expect_silence(HOUR).await;
    assert_eq!(sweeps(&stream), 0);
}

#[tokio::test(start_paused = true)]
async fn since_a_time_that_the_feed_does_not_reach_back_to_is_listed_once() {
    let since = datetime!(2026-01-01 01:00 UTC);
    let mut stage = stage(Existing::Since(since));
    stage.put("before.csv");
    sleep(HOUR + MINUTE).await;
    stage.put("after.csv");
    sleep(24 * HOUR).await;
    let mut feed = Feed::on(&stage);
    feed.put(&stage, "later.csv");
    let mut stream = stage.start();
    assert_eq!(stream.take_sorted(2).await, ["after.csv", "later.csv"]);
    stream.expect_silence(HOUR).await;
    assert_eq!(sweeps(&stream), 2);
}

#[tokio::test(start_paused = true)]
async fn since_a_time_in_the_hour_in_which_the_feed_was_switched_on_is_listed_once() {
    let since = datetime!(2026-01-01 01:30 UTC);
    let mut stage = stage(Existing::Since(since));
    sleep(HOUR + 35 * MINUTE).await;
    stage.put("before-the-feed.csv");
    sleep(5 * MINUTE).await;
    let mut feed = Feed {
        writer: FeedWriter::enable(&stage.account),
        open: BTreeSet::new(),
    };
    feed.put(&stage, "after.csv");
    sleep(HOUR).await;
    feed.go_on(&stage);
    let mut stream = stage.start();
    assert_eq!(
        stream.take_sorted(2).await,
        ["after.csv", "before-the-feed.csv"]
    );
    stream.expect_silence(HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_is_off_is_told_with_the_cure_and_what_came_meanwhile_is_found() {
    let mut stage = stage(Existing::Skip);
    stage.put("old.csv");
    sleep(MINUTE).await;
    let mut stream = stage.start();
    let told = trouble(&stream).await;
    for part in [
        "has no change feed",
        "--enable-change-feed true",
        "hierarchical namespace",
    ] {
        assert!(told.contains(part), "{told}");
    }
    sleep(HOUR).await;
    stage.put("meanwhile.csv");
    sleep(HOUR).await;
    let mut feed = Feed::on(&stage);
    assert_eq!(stream.take(1).await, ["meanwhile.csv"]);
    feed.put(&stage, "new.csv");
    assert_eq!(stream.take(1).await, ["new.csv"]);
    stream.until_done(2).await;
    stream.expect_silence(HOUR).await;
    assert_eq!(stream.stats.error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_stands_still_is_told_and_its_gap_is_listed() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    feed.put(&stage, "a.csv");
    stream.take(1).await;
    sleep(2 * HOUR).await;
    assert_eq!(stream.stats.error(), None);
    sleep(3 * HOUR).await;
    stage.put("nobody-tells.csv");
    let told = trouble(&stream).await;
    assert!(
        told.contains("stands still") && told.contains("2026-01-01 00:00 UTC"),
        "{told}"
    );
    sleep(HOUR).await;
    feed.put(&stage, "b.csv");
    assert_eq!(stream.take_sorted(2).await, ["b.csv", "nobody-tells.csv"]);
    stream.until_done(3).await;
    stream.expect_silence(HOUR).await;
    assert_eq!(stream.stats.error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_stood_still_before_a_restart_is_listed_when_it_goes_on() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    sleep(26 * HOUR).await;
    let mut stream = at_work(&mut stage).await;
    assert!(trouble(&stream).await.contains("stands still"));
    stage.put("nobody-tells.csv");
    stream.expect_silence(2 * HOUR).await;
    // It is not listed until the feed goes on: what happens until then is in no segment either.
    assert_eq!(sweeps(&stream), 0);
    stream.session.abort();
    feed.put(&stage, "b.csv");
    let mut stream = stage.start();
    assert_eq!(stream.take_sorted(2).await, ["b.csv", "nobody-tells.csv"]);
    stream.until_done(2).await;
    stream.expect_silence(HOUR).await;
    assert_eq!(stream.stats.error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_shard_without_its_first_chunk_is_read_on_and_the_container_is_listed() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    let account = &stage.account;
    let shard = Shard {
        hour: Hour::of(account.now()),
        number: 0,
    };
    let content = || {
        account
            .get(FEED, &shard.chunk(0))
            .unwrap()
            .content()
            .to_vec()
    };
    feed.put(&stage, "one.csv");
    let first = content();
    feed.tell(&stage, "two.csv", "0x1");
    let both = content();
    account.delete(FEED, &shard.chunk(0)).unwrap();
    account
        .put(FEED, &shard.chunk(1), NewBlob::append())
        .unwrap();
    account.append(FEED, &shard.chunk(1), None, &first).unwrap();
    assert_eq!(stream.take(1).await, ["one.csv"]);
    stream.until_done(1).await;
    stream.expect_silence(5 * MINUTE).await;
    let listings = sweeps(&stream);
    assert!(listings > 0);
    stage.put("two.csv");
    let rest = &both[first.len()..];
    stage
        .account
        .append(FEED, &shard.chunk(1), None, rest)
        .unwrap();
    assert_eq!(stream.take(1).await, ["two.csv"]);
    stream.until_done(2).await;
    stream.expect_silence(5 * MINUTE).await;
    assert_eq!(sweeps(&stream), listings);
}

#[tokio::test(start_paused = true)]
async fn an_open_segment_whose_chunk_is_not_there_for_a_while_is_read_on() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    feed.put(&stage, "one.csv");
    stream.take(1).await;
    stream.until_done(1).await;
    let shard = Shard {
        hour: Hour::of(stage.account.now()),
        number: 0,
    };
    // A chunk that is not there for a while, as a service may answer after a failover.
    let chunk = stage.account.get(FEED, &shard.chunk(0)).unwrap();
    stage.account.delete(FEED, &shard.chunk(0)).unwrap();
    stream.expect_silence(5 * MINUTE).await;
    assert!(trouble(&stream).await.contains("it is not there"));
    stage
        .account
        .put(FEED, &shard.chunk(0), NewBlob::append())
        .unwrap();
    let bytes = chunk.content();
    stage
        .account
        .append(FEED, &shard.chunk(0), None, bytes)
        .unwrap();
    feed.put(&stage, "two.csv");
    assert_eq!(stream.take(1).await, ["two.csv"]);
    stream.until_done(2).await;
    stream.expect_silence(HOUR).await;
    assert_eq!((stream.stats.error(), sweeps(&stream)), (None, 0));
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_is_older_than_the_feed_is_told_by_a_listing_and_nothing_runs_twice() {
    let mut stage = stage(Existing::Emit);
    // Whatever is done is forgotten as soon as it may be.
    stage.forgetting = Forgetting {
        after: Duration::ZERO,
        ..Forgetting::default()
    };
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    for hours in 0..12 {
        feed.put(&stage, &format!("{hours}.csv"));
        stream.take(1).await;
        sleep(HOUR).await;
        feed.go_on(&stage);
    }
    sleep(MINUTE).await;
    stream.stop().await.unwrap();
    // While the server is down a blob is written, and the feed loses all of that time.
    let lost = Hour::of(stage.account.now());
    feed.put(&stage, "lost.csv");
    sleep(30 * HOUR).await;
    feed.open.remove(&lost);
    feed.writer.expire(lost);
    feed.put(&stage, "new.csv");
    let mut stream = stage.start();
    assert_eq!(stream.take_sorted(2).await, ["lost.csv", "new.csv"]);
    stream.until_done(2).await;
    stream.expect_silence(3 * HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_feed_has_not_passed_is_not_forgotten() {
    let mut stage = stage(Existing::Skip);
    stage.forgetting = Forgetting {
        after: Duration::ZERO,
        ..Forgetting::default()
    };
    let mut feed = Feed::on(&stage);
    stage.account.start_copy(CONTAINER, "copy.csv").unwrap();
    let mut stream = at_work(&mut stage).await;
    let copy = stage.account.start_copy(CONTAINER, "copy.csv").unwrap();
    feed.tell(&stage, "copy.csv", &copy);
    for n in 0..5 {
        feed.put(&stage, &format!("{n}.csv"));
    }
    stream.take(5).await;
    stream.until_done(5).await;
    // The copy is never complete: the cursor stays before it, and all others are read again by each session.
    for _ in 0..3 {
        sleep(48 * HOUR).await;
        feed.go_on(&stage);
        stream.stop().await.unwrap();
        stream = stage.start();
        stream.expect_silence(HOUR).await;
    }
    let content = Some(b"a,b\n".as_slice());
    stage
        .account
        .finish_copy(CONTAINER, "copy.csv", content)
        .unwrap();
    assert_eq!(stream.take(1).await, ["copy.csv"]);
}

#[tokio::test(start_paused = true)]
async fn with_a_queue_each_blob_runs_once_and_what_the_queue_missed_is_counted() {
    let (stage, queue, _) = Stage::new().with_container().notified(false);
    let mut stage = stage.fed();
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    let both = stage.put("both.csv");
    queue
        .put(&told_of(
            &stage,
            "BlobCreated",
            CONTAINER,
            "both.csv",
            &both,
        ))
        .unwrap();
    assert_eq!(stream.take(1).await, ["both.csv"]);
    let missed = stage.put("missed.csv");
    stream.expect_silence(5 * MINUTE).await;
    feed.tell(&stage, "both.csv", &both);
    feed.tell(&stage, "missed.csv", &missed);
    assert_eq!(stream.take(1).await, ["missed.csv"]);
    stream.until_done(2).await;
    until_empty(&queue).await;
    // A copy of the notification that comes late.
    sleep(24 * HOUR).await;
    queue
        .put(&told_of(
            &stage,
            "BlobCreated",
            CONTAINER,
            "both.csv",
            &both,
        ))
        .unwrap();
    stream.expect_silence(HOUR).await;
    assert_eq!(counted(&stream, Counted::Known), 1);
    assert_eq!(stream.stats.queue.missed.load(Relaxed), 1);
    // The first listing of `existing: emit`, and no other.
    assert_eq!(sweeps(&stream), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wider_filter_is_owed_what_was_there_before_only_with_emit() {
    for existing in [Existing::Skip, Existing::Emit] {
        let mut stage = stage(existing);
        stage.forgetting.after = Duration::ZERO;
        stage.config.filter = filter("raw/", &[]);
        let mut feed = Feed::on(&stage);
        let mut stream = at_work(&mut stage).await;
        feed.put(&stage, "raw/a.csv");
        feed.put(&stage, "other/a.csv");
        assert_eq!(stream.take(1).await, ["raw/a.csv"]);
        // Whatever filter replaces one that is younger than a day, begins as early.
        feed.put_hourly(&stage, &mut stream, 30).await;
        sleep(MINUTE).await;
        stream.stop().await.unwrap();
        stage.config.filter = filter("", &[]);
        let mut stream = stage.start();
        if existing == Existing::Emit {
            assert_eq!(stream.take(1).await, ["other/a.csv"]);
        }
        stream.expect_silence(HOUR).await;
        feed.put(&stage, "other/b.csv");
        assert_eq!(stream.take(1).await, ["other/b.csv"]);
        let listings = if existing == Existing::Emit { 2 } else { 0 };
        assert_eq!(sweeps(&stream), listings);
    }
}

#[tokio::test(start_paused = true)]
async fn from_a_listing_to_the_feed_and_back_nothing_is_lost_or_repeated() {
    let mut stage = stage(Existing::Skip);
    stage.forgetting = Forgetting {
        after: Duration::ZERO,
        ..Forgetting::default()
    };
    let mut feed = Feed::on(&stage);
    (stage.config.listing, stage.config.change_feed) = (true, false);
    let mut stream = at_work(&mut stage).await;
    feed.put(&stage, "listed.csv");
    stream.take(1).await;
    stream.until_done(1).await;
    stream.stop().await.unwrap();
    feed.put(&stage, "between.csv");
    sleep(6 * HOUR).await;
    feed.go_on(&stage);
    (stage.config.listing, stage.config.change_feed) = (false, true);
    let mut stream = stage.start();
    assert_eq!(stream.take(1).await, ["between.csv"]);
    for hours in 0..5 {
        feed.put(&stage, &format!("fed-{hours}.csv"));
        stream.take(1).await;
        sleep(HOUR).await;
        feed.go_on(&stage);
    }
    sleep(MINUTE).await;
    stream.stop().await.unwrap();
    feed.put(&stage, "last.csv");
    (stage.config.listing, stage.config.change_feed) = (true, false);
    let mut stream = stage.start();
    assert_eq!(stream.take(1).await, ["last.csv"]);
    stream.expect_silence(HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_cannot_be_read_is_told_and_waited_for() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    feed.put(&stage, "a.csv");
    stream.take(1).await;
    let chunk = Shard {
        hour: Hour::of(stage.account.now()),
        number: 0,
    }
    .chunk(0);
    let whole = stage.account.get(FEED, &chunk).unwrap();
    let broken = NewBlob::append();
    let mut bytes = whole.content().to_vec();
    bytes.extend([0xff; 64]);
    stage.account.put(FEED, &chunk, broken).unwrap();
    stage.account.append(FEED, &chunk, None, &bytes).unwrap();
    let told = trouble(&stream).await;
    assert!(
        told.contains(&chunk) && told.contains("cannot be read"),
        "{told}"
    );
    stage.account.put(FEED, &chunk, NewBlob::append()).unwrap();
    stage
        .account
        .append(FEED, &chunk, None, whole.content())
        .unwrap();
    feed.put(&stage, "b.csv");
    assert_eq!(stream.take(1).await, ["b.csv"]);
    stream.expect_silence(HOUR).await;
    assert_eq!(stream.stats.error(), None);
}

#[tokio::test(start_paused = true)]
async fn blobs_that_were_there_before_are_in_no_memory() {
    let mut stage = stage(Existing::Skip);
    for n in 0..2_000 {
        stage.put(&format!("{n}.csv"));
    }
    sleep(HOUR).await;
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    feed.put(&stage, "new.csv");
    stream.take(1).await;
    stream.until_done(1).await;
    assert_eq!(stream.stats.ledger_blobs.load(Relaxed), 1);
    assert_eq!(stream.stats.blobs_listed.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_segment_that_appears_after_later_ones_is_read() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    let mut stream = at_work(&mut stage).await;
    let then = stage.account.now();
    let etag = stage.put("late.csv");
    sleep(HOUR).await;
    feed.put(&stage, "later.csv");
    assert_eq!(stream.take(1).await, ["later.csv"]);
    sleep(HOUR).await;
    feed.go_on(&stage);
    sleep(5 * MINUTE).await;
    feed.writer
        .write(&[FeedEvent::created(CONTAINER, "late.csv", &etag, then)]);
    assert_eq!(stream.take(1).await, ["late.csv"]);
    stream.until_done(2).await;
    stream.expect_silence(HOUR).await;
    assert_eq!(sweeps(&stream), 0);
}

#[tokio::test(start_paused = true)]
async fn days_of_hours_without_a_blob_of_ours_are_read_one_after_the_other() {
    let mut stage = stage(Existing::Since(datetime!(2026-01-01 01:00 UTC)));
    let mut feed = Feed::on(&stage);
    for _ in 0..100 {
        sleep(HOUR).await;
        let now = stage.account.now();
        feed.open.insert(Hour::of(now));
        feed.writer
            .write(&[FeedEvent::created("another", "a.csv", "0x1", now)]);
        if now.hour() == 7 {
            feed.put(&stage, &format!("day-{}.csv", now.day()));
        }
        feed.go_on(&stage);
    }
    let mut stream = stage.start();
    let names = stream.take(4).await;
    assert_eq!(names, ["day-1.csv", "day-2.csv", "day-3.csv", "day-4.csv"]);
    stream.expect_silence(HOUR).await;
    assert_eq!(
        (sweeps(&stream), counted(&stream, Counted::OtherContainer)),
        (0, 100)
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_written_after_the_feed_was_switched_off_is_found_when_it_is_on_again() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    let mut stream = stage.start();
    sleep(20 * MINUTE).await;
    feed.put(&stage, "told.csv");
    stream.take(1).await;
    sleep(10 * MINUTE).await;
    // In the hour of a segment that becomes final.
    stage.put("off.csv");
    sleep(5 * HOUR).await;
    feed.put(&stage, "on.csv");
    assert_eq!(stream.take_sorted(2).await, ["off.csv", "on.csv"]);
    stream.until_done(3).await;
    stream.expect_silence(HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn a_segment_that_was_removed_before_it_was_settled_does_not_hold_the_cursor_for_ever() {
    let mut stage = stage(Existing::Skip);
    let mut feed = Feed::on(&stage);
    let stream = at_work(&mut stage).await;
    let copy = stage.account.start_copy(CONTAINER, "copy.csv").unwrap();
    feed.tell(&stage, "copy.csv", &copy);
    sleep(MINUTE).await;
    stream.stop().await.unwrap();
    let held = Hour::of(stage.account.now());
    sleep(HOUR).await;
    feed.put(&stage, "b.csv");
    feed.open.remove(&held);
    feed.writer.expire(held);
    let content = Some(b"a,b\n".as_slice());
    stage
        .account
        .finish_copy(CONTAINER, "copy.csv", content)
        .unwrap();
    let mut stream = stage.start();
    assert_eq!(stream.take_sorted(2).await, ["b.csv", "copy.csv"]);
    feed.put_hourly(&stage, &mut stream, 4).await;
    sleep(MINUTE).await;
    let passed = stream.stats.feed.passed().unwrap();
    assert!(passed > held.start(), "{passed}");
}

#[tokio::test(start_paused = true)]
async fn from_a_queue_alone_to_the_feed_or_a_listing_nothing_runs_twice() {
    for to_feed in [true, false] {
        let (stage, queue, _) = Stage::new().with_container().notified(false);
        let mut stage = stage.fed();
        stage.config.existing = Existing::Skip;
        stage.config.change_feed = false;
        stage.forgetting.after = HOUR;
        let mut feed = Feed::on(&stage);
        let mut stream = at_work(&mut stage).await;
        let etag = stage.put("long-ago.csv");
        let told = told_of(&stage, "BlobCreated", CONTAINER, "long-ago.csv", &etag);
        queue.put(&told).unwrap();
        feed.tell(&stage, "long-ago.csv", &etag);
        stream.take(1).await;
        for _ in 0..5 {
            sleep(HOUR).await;
            feed.tell(&stage, "other", "0x1");
        }
        stream.stop().await.unwrap();
        assert!(stage.facts().await.forgets.is_some());
        (stage.config.listing, stage.config.change_feed) = (!to_feed, to_feed);
        let mut stream = stage.start();
        stream.expect_silence(HOUR).await;
        feed.put(&stage, "new.csv");
        assert_eq!(stream.take(1).await, ["new.csv"]);
        stream.until_done(1).await;
        stream.expect_silence(HOUR).await;
    }
}
