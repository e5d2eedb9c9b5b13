//! What the status page tells, as data.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering::Relaxed,
    time::Instant,
};

use serde::Serialize;
use time::OffsetDateTime;

mod phase;

pub(super) use phase::Phase;

use super::{about::About, peers::Elsewhere};
use crate::{
    blob::Unreadable,
    confirm::unfinished::Workflows,
    metrics::{
        Pause,
        batches::BatchStats,
        change_feed::FeedStats,
        events::{LastEvent, Letters, OpenBatch, Waiting},
        queue::QueueStats,
        sweep::Sweeping,
    },
    registry::{Refusal, Registry, SourceEntry},
    state::loops::Loops,
};

/// The server as a whole.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) version: &'static str,
    pub(super) uptime_seconds: u64,
    pub(super) shutting_down: bool,
    /// The pod, as the cluster calls it; or the machine.
    pub(super) pod: Option<String>,
    /// Where Argo's pages are.
    pub(super) argo_url: Option<String>,
    pub(super) sources: Vec<SourceStatus>,
    /// What other pods stream.
    pub(super) elsewhere: Vec<Elsewhere>,
    /// Streams that were refused before they started, the latest first.
    pub(super) refused: Vec<Refusal>,
}

impl Status {
    /// The sources that people look for here: those that this pod streams, and those that nobody does.
    pub(super) fn shown(&self) -> impl Iterator<Item = &SourceStatus> {
        let elsewhere = self.elsewhere.iter().flat_map(|pod| &pod.sources);
        let elsewhere: BTreeSet<_> = elsewhere.map(|it| it.source.as_str()).collect();
        self.sources.iter().filter(move |it| {
            it.state != Phase::NoStream || !elsewhere.contains(it.source.as_str())
        })
    }
}

/// One source.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceStatus {
    pub(super) source: String,
    pub(super) event: String,
    pub(super) container: String,
    pub(super) state: Phase,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) since: OffsetDateTime,
    /// Since when it is in this state; `since` tells of the stream.
    #[serde(with = "time::serde::rfc3339")]
    pub(super) state_since: OffsetDateTime,
    /// Blobs that were found and are not done.
    pub(super) backlog: u64,
    pub(super) oldest_waiting: Option<Waiting>,
    /// `None` when nobody sweeps.
    pub(super) sweep: Option<SweepStatus>,
    pub(super) done_last5_minutes: u64,
    pub(super) done_last_hour: u64,
    /// The latest first.
    pub(super) last_events: Vec<LastEvent>,
    /// The dead letters that there are now; `deadLetters` counts those of this process.
    pub(super) letters: Letters,
    pub(super) in_flight: u64,
    pub(super) sent: u64,
    pub(super) done: u64,
    pub(super) redelivered: u64,
    pub(super) dead_letters: u64,
    pub(super) active_workflows: u64,
    pub(super) workflows: Workflows,
    /// Why it sends nothing for now, though all is well.
    pub(super) waits_for: Option<Pause>,
    pub(super) confirmation_millis: u64,
    pub(super) held_back: u64,
    /// What is held back because it cannot be read yet.
    pub(super) unreadable: Unreadable,
    /// What is announced again and again.
    pub(super) loops: Loops,
    pub(super) unusable_names: u64,
    pub(super) ledger_blobs: u64,
    pub(super) missing_blobs: u64,
    /// Why the last sweep is not believed.
    pub(super) listing_doubt: Option<String>,
    pub(super) sweeps: u64,
    pub(super) last_sweep_millis: u64,
    /// `None` when nothing tells of its blobs.
    pub(super) queue: Option<QueueStatus>,
    /// `None` when the change feed is not read.
    pub(super) change_feed: Option<FeedStatus>,
    /// Whether blobs are not found by listing the container again and again.
    pub(super) never_sweeps: bool,
    /// `None` when no batch was ever formed.
    pub(super) batches: Option<BatchStatus>,
    pub(super) last_error: Option<String>,
}

/// What is gathered into batches.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchStatus {
    /// Batches that are not closed yet.
    pub(super) open: u64,
    /// Blobs that wait in them.
    pub(super) waiting_blobs: u64,
    /// Batches that were closed since this process began, by what closed them.
    pub(super) closed: BTreeMap<&'static str, u64>,
    /// Blobs in those.
    pub(super) blobs: u64,
    /// Some of those that are open, the one first that has waited longest.
    pub(super) some: Vec<OpenBatch>,
}

/// The sweep that runs, or the pause until the next.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SweepStatus {
    /// When the one that runs began.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) running_since: Option<OffsetDateTime>,
    /// How many blobs it has listed.
    pub(super) listed: u64,
    /// How many ranges of names it lists at once.
    pub(super) ranges: usize,
    /// The last of them, in the order of names.
    pub(super) at: Option<String>,
    /// When the next begins.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) next: Option<OffsetDateTime>,
}

/// The queue that tells of a source's blobs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueueStatus {
    /// About how many messages there are, those that are worked on included.
    pub(super) messages: u64,
    /// The age of the message that is taken next.
    pub(super) oldest_message_seconds: u64,
    /// Since this process began.
    pub(super) notifications: BTreeMap<&'static str, u64>,
    /// Blobs that only a sweep found, since this process began.
    pub(super) missed: u64,
    /// Whether no sweep finds what notifications do not tell.
    pub(super) alone: bool,
}

/// The change feed that tells of a source's blobs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeedStatus {
    /// When the last segment began that may be read.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) last_segment: Option<OffsetDateTime>,
    /// Changes that happened before it are settled.
    #[serde(with = "time::serde::rfc3339::option")]
    pub(super) settled_before: Option<OffsetDateTime>,
    /// Changes that were read and are not settled.
    pub(super) waiting: u64,
    /// Since this process began.
    pub(super) changes: BTreeMap<&'static str, u64>,
}

/// Reads the numbers, each as it is at this moment.
pub(super) fn read(
    registry: &Registry,
    about: &About,
    shutting_down: bool,
    started: Instant,
) -> Status {
    Status {
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: started.elapsed().as_secs(),
        shutting_down,
        pod: about.pod.clone(),
        argo_url: about.argo_url.clone(),
        sources: registry
            .all()
            .iter()
            .map(|source| source_status(source))
            .collect(),
        elsewhere: Vec::new(),
        refused: registry.refusals.last_ones(),
    }
}

fn source_status(source: &SourceEntry) -> SourceStatus {
    let stream = source.stream();
    let stats = &source.stats;
    let (error, waits_for) = (stats.error(), stats.pause());
    let state = Phase::of(&stream, error.is_some(), waits_for.is_some(), stats);
    SourceStatus {
        state_since: state.since(&stream, stats),
        backlog: stats.backlog.load(Relaxed),
        oldest_waiting: stats.oldest.lock().clone(),
        sweep: sweep_status(source),
        done_last5_minutes: stats.done_rate.last(5),
        done_last_hour: stats.done_rate.last(60),
        last_events: stats.last_events.all(),
        letters: stats.letters.lock().clone(),
        source: source.id.clone(),
        event: stream.event_name,
        container: stream.container,
        state,
        since: stream.since,
        in_flight: stats.in_flight.load(Relaxed),
        sent: stats.events_sent.load(Relaxed),
        done: stats.events_done.load(Relaxed),
        redelivered: stats.events_redelivered.load(Relaxed),
        dead_letters: stats.dead_letters.load(Relaxed),
        active_workflows: stats.active_workflows.load(Relaxed),
        workflows: stats.workflows(),
        waits_for,
        confirmation_millis: stats.confirm_millis.load(Relaxed),
        held_back: stats.held_back.load(Relaxed),
        unreadable: stats.unreadable(),
        loops: stats.loops(),
        unusable_names: stats.unusable_names.load(Relaxed),
        ledger_blobs: stats.ledger_blobs.load(Relaxed),
        missing_blobs: stats.missing_blobs.load(Relaxed),
        listing_doubt: stats.listing_doubt(),
        sweeps: stats.sweeps.load(Relaxed),
        last_sweep_millis: stats.last_sweep_millis.load(Relaxed),
        queue: queue_status(&stats.queue),
        change_feed: feed_status(&stats.feed),
        never_sweeps: stats.never_sweeps.load(Relaxed),
        batches: batch_status(&stats.batches),
        // Why the stream ended says more than what went wrong while it lived.
        last_error: stream.ended.or(error),
    }
}

fn queue_status(stats: &QueueStats) -> Option<QueueStatus> {
    stats.is_used.load(Relaxed).then(|| QueueStatus {
        messages: stats.depth.load(Relaxed),
        oldest_message_seconds: stats.oldest_seconds.load(Relaxed),
        notifications: stats.outcomes.happened(),
        missed: stats.missed.load(Relaxed),
        alone: stats.is_alone.load(Relaxed),
    })
}

fn feed_status(stats: &FeedStats) -> Option<FeedStatus> {
    stats.is_used.load(Relaxed).then(|| FeedStatus {
        last_segment: stats.last(),
        settled_before: stats.passed(),
        waiting: stats.waiting.load(Relaxed),
        changes: stats.outcomes.happened(),
    })
}

fn sweep_status(source: &SourceEntry) -> Option<SweepStatus> {
    let Sweeping { running, next } = source.stats.sweep.get();
    let is_known = running.is_some() || next.is_some();
    is_known.then(|| SweepStatus {
        running_since: running.as_ref().map(|it| it.since),
        listed: running.as_ref().map_or(0, |it| it.listed),
        ranges: running.as_ref().map_or(0, |it| it.ranges),
        at: running.and_then(|it| it.at),
        next,
    })
}

fn batch_status(stats: &BatchStats) -> Option<BatchStatus> {
    let status = BatchStatus {
        open: stats.open.load(Relaxed),
        waiting_blobs: stats.waiting.load(Relaxed),
        closed: stats.outcomes.happened(),
        blobs: stats.blobs.load(Relaxed),
        some: stats.some(),
    };
    (status.open > 0 || !status.closed.is_empty()).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        confirm::unfinished::{Group, Holder, Survey},
        metrics::{change_feed, queue::Counted},
    };
    use serde_json::Value;

    fn json(registry: &Registry) -> Value {
        let status = read(registry, &About::default(), false, Instant::now());
        serde_json::to_value(&status).unwrap_or_default()
    }

    #[test]
    fn a_change_feed_is_told_with_how_far_it_is_settled() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        assert_eq!(json(&registry)["sources"][0]["changeFeed"], Value::Null);
        let feed = &source.stats.feed;
        feed.begin(true);
        feed.has_passed(time::macros::datetime!(2026-11-29 13:45 UTC));
        feed.may_be_read(time::macros::datetime!(2026-11-29 14:00 UTC));
        feed.outcomes.count(change_feed::Counted::OtherKind);
        assert_eq!(
            json(&registry)["sources"][0]["changeFeed"],
            serde_json::json!({
                "lastSegment": "2026-11-29T14:00:00Z",
                "settledBefore": "2026-11-29T13:45:00Z",
                "waiting": 0,
                "changes": {"other_kind": 1},
            })
        );
    }

    #[test]
    fn a_queue_is_told_with_its_backlog_and_what_came_of_its_messages() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        assert_eq!(json(&registry)["sources"][0]["queue"], Value::Null);
        let queue = &source.stats.queue;
        queue.is_used.store(true, Relaxed);
        queue.depth.store(12, Relaxed);
        queue.oldest_seconds.store(90, Relaxed);
        queue.outcomes.count(Counted::Done);
        queue.outcomes.count(Counted::Poison);
        assert_eq!(
            json(&registry)["sources"][0]["queue"],
            serde_json::json!({
                "messages": 12,
                "oldestMessageSeconds": 90,
                "notifications": {"done": 1, "poison": 1},
                "missed": 0,
                "alone": false,
            })
        );
    }

    #[test]
    fn a_source_that_waits_says_which_limit_and_who_takes_its_places() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        let stuck = Holder {
            name: "w-a".to_owned(),
            age_seconds: 192,
            phase: None,
            deleted_seconds: None,
        };
        let workflows = Workflows {
            namespace: "ml".to_owned(),
            survey: Survey {
                count: 20,
                oldest: Some(stuck.clone()),
                without_phase: Group {
                    count: 1,
                    oldest: vec![stuck],
                },
                ..Survey::default()
            },
        };
        let reason = workflows.places(20, 0);
        source
            .stats
            .set_pause(Some(Pause::active_workflows(20, reason)));
        source.stats.set_workflows(workflows);
        let status = read(&registry, &About::default(), false, Instant::now());
        let json = serde_json::to_value(&status).unwrap_or_default();
        let told = &json["sources"][0];
        assert_eq!(told["state"], "waiting");
        assert_eq!(told["waitsFor"]["limit"], "limits.activeWorkflows");
        assert_eq!(told["waitsFor"]["most"], 20);
        let reason = told["waitsFor"]["reason"].as_str().unwrap_or_default();
        assert!(reason.contains("20 unfinished Workflows"), "{reason}");
        let workflows = &told["workflows"];
        assert_eq!(
            (&workflows["namespace"], &workflows["count"]),
            (&"ml".into(), &20.into())
        );
        assert_eq!(workflows["withoutPhase"]["count"], 1);
        assert_eq!(workflows["withoutPhase"]["oldest"][0]["name"], "w-a");
        assert_eq!(workflows["withoutPhase"]["oldest"][0]["ageSeconds"], 192);
        assert_eq!(workflows["deleted"]["count"], 0);
    }

    #[test]
    fn refused_streams_are_listed_with_event_reason_and_time() {
        let registry = Registry::default();
        let at = OffsetDateTime::UNIX_EPOCH;
        let reason = "unknown key `zzz`";
        registry
            .refusals
            .note(("datasets", ""), "INVALID_ARGUMENT", reason, at);
        let status = read(&registry, &About::default(), false, Instant::now());
        let json = serde_json::to_value(&status).unwrap_or_default();
        assert_eq!(
            json["refused"],
            serde_json::json!([{
                "event": "datasets",
                "source": "",
                "reason": "unknown key `zzz`",
                "at": "1970-01-01T00:00:00Z",
                "times": 1,
            }])
        );
    }

    #[test]
    fn the_status_names_what_ended_a_stream() {
        let registry = Registry::default();
        let source = registry.source("s");
        let number = source.started("event", "container");
        source.ended(number, Some("taken over".to_owned()));
        let status = read(&registry, &About::default(), true, Instant::now());
        let json = serde_json::to_value(&status).unwrap_or_default();
        assert_eq!(json["shuttingDown"], true);
        assert_eq!(json["sources"][0]["state"], "no-stream");
        assert_eq!(json["sources"][0]["lastError"], "taken over");
    }
}
