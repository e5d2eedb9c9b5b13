//! The numbers as OpenMetrics text.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge, histogram::Histogram},
    registry::{Registry as Metrics, Unit},
};
use time::OffsetDateTime;

use crate::{
    admin::{ports::Ports, process::Process},
    registry::{Registry, SourceEntry},
};

/// What all names start with.
const PREFIX: &str = "azure_blob_eventsource";

/// The content type of what [`Renderer::text`] gives.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Renders the numbers of all sources. They are read when they are asked for, so nothing is counted twice.
#[derive(Debug)]
pub(super) struct Renderer {
    metrics: Metrics,
}

impl Renderer {
    /// Renders what is in `registry`.
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        let mut metrics = Metrics::with_prefix(PREFIX);
        metrics.register_collector(Box::new(Sources(registry.clone())));
        metrics.register_collector(Box::new(Ports(registry)));
        metrics.register_collector(Box::new(Process));
        Self { metrics }
    }

    /// All metrics as OpenMetrics text.
    pub(super) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.metrics)?;
        Ok(text)
    }
}

#[derive(Debug)]
struct Sources(Arc<Registry>);

type Read = fn(&SourceEntry) -> u64;

/// Names (to which the encoder adds `_total`), meaning, and where the number stands.
const COUNTERS: &[(&str, &str, Read)] = &[
    ("streams", "Streams that were started", |s| get(&s.streams)),
    (
        "take_overs",
        "Streams that ended because a newer one of the same source started on this server",
        |s| get(&s.take_overs),
    ),
    (
        "missed_by_queue",
        "Blobs that a sweep or the change feed found, more than a minute after they were written, before a notification came",
        |s| get(&s.stats.queue.missed),
    ),
    ("batched_blobs", "Blobs that were put into batches", |s| {
        get(&s.stats.batches.blobs)
    }),
    ("sweeps", "Complete sweeps of the listing", |s| {
        get(&s.stats.sweeps)
    }),
    ("blobs_listed", "Blobs that listings showed", |s| {
        get(&s.stats.blobs_listed)
    }),
    (
        "events_sent",
        "Events delivered to a client, with repeats",
        |s| get(&s.stats.events_sent),
    ),
    ("events_done", "Events that became done", |s| {
        get(&s.stats.events_done)
    }),
    (
        "events_redelivered",
        "Events sent again because they were not confirmed in time",
        |s| get(&s.stats.events_redelivered),
    ),
    ("dead_letters", "Events that became dead letters", |s| {
        get(&s.stats.dead_letters)
    }),
    (
        "baseline_blobs",
        "Blobs that count as done without an event, because they were there before the source",
        |s| get(&s.stats.baseline_blobs),
    ),
];

const GAUGES: &[(&str, &str, Read)] = &[
    (
        "stream_live",
        "Whether a stream of the source is live",
        |s| s.stream().live.into(),
    ),
    ("in_flight", "Events sent and not yet done", |s| {
        get(&s.stats.in_flight)
    }),
    (
        "active_workflows",
        "Unfinished Workflows of events, in the namespace that confirms",
        |s| get(&s.stats.active_workflows),
    ),
    (
        "workflows_without_phase",
        "Unfinished Workflows that Argo's controller has not picked up for minutes",
        |s| s.stats.without_phase(),
    ),
    (
        "changes_waiting",
        "Changes that were read from the change feed and are not settled",
        |s| get(&s.stats.feed.waiting),
    ),
    (
        "queue_messages_waiting",
        "About how many messages are in the queue, with those that the server works on",
        |s| get(&s.stats.queue.depth),
    ),
    ("open_batches", "Batches that are not closed yet", |s| {
        get(&s.stats.batches.open)
    }),
    (
        "blobs_in_open_batches",
        "Blobs that wait in batches that are not closed yet",
        |s| get(&s.stats.batches.waiting),
    ),
    (
        "stalled",
        "Whether the source is stalled: no event is confirmed, and only probes are sent",
        |s| get(&s.stats.stalled),
    ),
    (
        "ledger_blobs",
        "Blob versions that the ledger holds as done",
        |s| get(&s.stats.ledger_blobs),
    ),
    (
        "missing_blobs",
        "Done blob versions that listings do not show any more, remembered for some days",
        |s| get(&s.stats.missing_blobs),
    ),
    (
        "listing_doubted",
        "Whether the last sweep missed so many blobs at once that the listing may be wrong",
        |s| s.stats.listing_doubt().is_some().into(),
    ),
    (
        "held_back_blobs",
        "Blobs of the last sweep that are held back because of minAge",
        |s| get(&s.stats.held_back),
    ),
    (
        "copies_pending_blobs",
        "Blobs of the last sweep that are held back because they are being copied",
        |s| s.stats.unreadable().copying,
    ),
    (
        "copies_failed_blobs",
        "Blobs of the last sweep that are held back because their copy failed",
        |s| s.stats.unreadable().copy_failed,
    ),
    (
        "archived_blobs",
        "Blobs of the last sweep that are held back because they are in the Archive tier or are being rehydrated",
        |s| {
            let unreadable = s.stats.unreadable();
            unreadable.archived + unreadable.rehydrating
        },
    ),
    (
        "looping_blobs",
        "Blobs that are announced again and again while their content stays the same",
        |s| s.stats.loops.borrow().count,
    ),
    (
        "unusable_names",
        "Blobs of the last sweep that are never announced because of their names",
        |s| get(&s.stats.unusable_names),
    ),
    (
        "failing",
        "Whether the source has a problem that is not solved yet",
        |s| s.stats.error().is_some().into(),
    ),
];

/// Of the server as a whole, without a source: of a stream that did not begin, only its client's words are known. The
/// gRPC code is ours.
const COUNTERS_BY_REASON: &[(&str, &str)] = &[(
    "streams_refused",
    "Streams that were refused before they started",
)];

/// Gauges that are kept in milliseconds and told in seconds.
const SECONDS: &[(&str, &str, Read)] = &[
    (
        "oldest_blob_age",
        "The age of the oldest blob that was found and is not done, counted from its last write",
        |s| s.stats.oldest_blob_age().as_millis() as u64,
    ),
    (
        "queue_oldest_message",
        "The age of the first message in the queue",
        |s| get(&s.stats.queue.oldest_seconds) * 1000,
    ),
    (
        "change_feed_end",
        "The age of the last segment of the change feed that may be read, counted from its beginning",
        |s| age(s.stats.feed.last()),
    ),
    (
        "change_feed_cursor",
        "The age of the oldest change that may not be settled",
        |s| age(s.stats.feed.passed()),
    ),
    (
        "confirmation",
        "The time from sending an event to its confirmation, as a moving average",
        |s| get(&s.stats.confirm_millis),
    ),
    ("last_sweep", "How long the last complete sweep took", |s| {
        get(&s.stats.last_sweep_millis)
    }),
];

// In milliseconds; 0 when it is not known.
fn age(since: Option<OffsetDateTime>) -> u64 {
    let age = since.map(|since| OffsetDateTime::now_utc() - since);
    age.map_or(0, |age| age.whole_milliseconds().try_into().unwrap_or(0))
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Relaxed)
}

impl Collector for Sources {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        for (name, help) in COUNTERS_BY_REASON {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (code, count) in self.0.refusals.by_code() {
                let labels = [("reason", code)];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let sources = &self.0.all();
        let (counter, gauge) = (MetricType::Counter, MetricType::Gauge);
        for ((name, label), help, read) in COUNTERS_BY {
            let about = (*name, *help, None);
            family(
                &mut encoder,
                about,
                counter,
                sources,
                read,
                |to, source, counts| {
                    for (value, count) in counts {
                        let labels = [("source", source), (label, value)];
                        ConstCounter::new(count).encode(to.encode_family(&labels)?)?;
                    }
                    Ok(())
                },
            )?;
        }
        for (name, help, read) in COUNTERS {
            let read = |it| Some(ConstCounter::new(read(it)));
            let about = (*name, *help, None);
            family(&mut encoder, about, counter, sources, read, alone)?;
        }
        for (name, help, read) in GAUGES {
            let read = |it| Some(ConstGauge::new(read(it)));
            let about = (*name, *help, None);
            family(&mut encoder, about, gauge, sources, read, alone)?;
        }
        for (name, help, unit, read) in HISTOGRAMS {
            let about = (*name, *help, unit.as_ref());
            let read = |it| read(it).cloned();
            let histogram = MetricType::Histogram;
            family(&mut encoder, about, histogram, sources, read, alone)?;
        }
        for (name, help, millis) in SECONDS {
            let read = |it| Some(ConstGauge::new(millis(it) as f64 / 1000.0));
            let about = (*name, *help, Some(&Unit::Seconds));
            family(&mut encoder, about, gauge, sources, read, alone)?;
        }
        Ok(())
    }
}

/// Counters that have a second label: name and label, meaning, and the number for each value of the label.
const COUNTERS_BY: &[CounterBy] = &[
    (
        ("notifications", "outcome"),
        "Messages of the queue and notifications in them, by outcome",
        |s| used(&s.stats.queue.is_used, s.stats.queue.outcomes.all()),
    ),
    (
        ("changes", "outcome"),
        "Changes of the change feed, by outcome",
        |s| used(&s.stats.feed.is_used, s.stats.feed.outcomes.all()),
    ),
    (
        ("storage_retries", "operation"),
        "Calls to the storage account that failed and were tried again, by operation",
        |s| {
            let counts = s.stats.storage_retries.lock();
            let counts: Vec<_> = counts.iter().map(|(what, count)| (*what, *count)).collect();
            (!counts.is_empty()).then_some(counts)
        },
    ),
    (
        ("batches", "closed_by"),
        "Batches that were closed, by the limit that closed them",
        |s| used(&s.stats.batches.is_used, s.stats.batches.outcomes.all()),
    ),
];

/// Histograms: names, meaning, unit, and the one of a source that has it.
const HISTOGRAMS: &[(&str, &str, Option<Unit>, ReadHistogram)] = &[
    (
        "detection_lag",
        "The time from the last write of a blob to the first delivery of its event to a client",
        Some(Unit::Seconds),
        |s| Some(s.stats.detection.histogram()),
    ),
    (
        "confirmation_lag",
        "The time from the first delivery of an event to a client to its confirmation",
        Some(Unit::Seconds),
        |s| Some(s.stats.confirmation.histogram()),
    ),
    (
        "batch_blobs",
        "The number of blobs in closed batches",
        None,
        |s| {
            let batches = &s.stats.batches;
            let is_used = batches.is_used.load(Relaxed) || batches.count() > 0;
            is_used.then(|| batches.sizes.histogram())
        },
    ),
];

type ReadHistogram = fn(&SourceEntry) -> Option<&Histogram>;

type CounterBy = ((&'static str, &'static str), &'static str, ReadAll);
type ReadAll = fn(&SourceEntry) -> Option<Vec<(&'static str, u64)>>;

// Of sources that have none of it all are 0, which says nothing. Of the others each is there from the start, so that
// its first step up can be seen.
fn used(
    is_used: &AtomicBool,
    counts: impl Iterator<Item = (&'static str, u64)>,
) -> Option<Vec<(&'static str, u64)>> {
    let counts: Vec<_> = counts.collect();
    let any = counts.iter().any(|(_, count)| *count > 0);
    (any || is_used.load(Relaxed)).then_some(counts)
}

/// One family: its members are the sources of which `read` has something, each written by `write`. A family of no
/// members would be a heading without a text.
fn family<'a, T>(
    encoder: &mut DescriptorEncoder,
    (name, help, unit): (&str, &str, Option<&Unit>),
    kind: MetricType,
    sources: &'a [Arc<SourceEntry>],
    read: impl Fn(&'a SourceEntry) -> Option<T>,
    write: impl Fn(&mut MetricEncoder<'_>, &str, T) -> fmt::Result,
) -> fmt::Result {
    let told = sources.iter().filter_map(|it| Some((it, read(it)?)));
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Ok(());
    }
    let mut family = encoder.encode_descriptor(name, help, unit, kind)?;
    for (source, value) in told {
        write(&mut family, &source.id, value)?;
    }
    Ok(())
}

/// Writes a metric that has the source as its only label.
fn alone(family: &mut MetricEncoder<'_>, source: &str, metric: impl EncodeMetric) -> fmt::Result {
    metric.encode(family.encode_family(&[("source", source)])?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{confirm::unfinished::Workflows, ledger::batches::ClosedBy};

    #[test]
    fn numbers_stand_under_their_names_with_the_source_alone_as_label() {
        let registry = Arc::new(Registry::default());
        let source = registry.source("datasets-raw");
        source.started("event", "container");
        source.stats.events_sent.fetch_add(7, Relaxed);
        source.stats.last_sweep_millis.fetch_add(1500, Relaxed);
        source.stats.retried("list blobs");
        source.stats.detection.note(Duration::from_secs(7));
        source.stats.batches.closed(ClosedBy::Quiet, 40);
        let mut workflows = Workflows::default();
        workflows.survey.without_phase.count = 3;
        source.stats.set_workflows(workflows);
        source
            .stats
            .set_error(1, Some("raw/secret-name.csv".to_owned()));
        let text = Renderer::new(registry).text().unwrap();
        for line in [
            "azure_blob_eventsource_events_sent_total{source=\"datasets-raw\"} 7",
            "azure_blob_eventsource_streams_total{source=\"datasets-raw\"} 1",
            "azure_blob_eventsource_stream_live{source=\"datasets-raw\"} 1",
            "azure_blob_eventsource_failing{source=\"datasets-raw\"} 1",
            "azure_blob_eventsource_last_sweep_seconds{source=\"datasets-raw\"} 1.5",
            "azure_blob_eventsource_stalled{source=\"datasets-raw\"} 0",
            "azure_blob_eventsource_workflows_without_phase{source=\"datasets-raw\"} 3",
            "azure_blob_eventsource_dead_letters_total{source=\"datasets-raw\"} 0",
            "azure_blob_eventsource_confirmation_seconds{source=\"datasets-raw\"} 0.0",
            "# TYPE azure_blob_eventsource_in_flight gauge",
            "azure_blob_eventsource_oldest_blob_age_seconds{source=\"datasets-raw\"} 0.0",
            "azure_blob_eventsource_storage_retries_total{source=\"datasets-raw\",operation=\"list blobs\"} 1",
            "azure_blob_eventsource_detection_lag_seconds_bucket{le=\"5.0\",source=\"datasets-raw\"} 0",
            "azure_blob_eventsource_detection_lag_seconds_bucket{le=\"10.0\",source=\"datasets-raw\"} 1",
            "azure_blob_eventsource_confirmation_lag_seconds_count{source=\"datasets-raw\"} 0",
            "azure_blob_eventsource_batch_blobs_sum{source=\"datasets-raw\"} 40",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
        assert!(!text.contains("secret-name"));
    }

    #[test]
    fn a_source_with_a_hostile_name_breaks_no_line() {
        let registry = Arc::new(Registry::default());
        let _ = registry.source("a\"\n} 1");
        let text = Renderer::new(registry).text().unwrap();
        assert!(text.contains("{source=\"a\\\"\\n} 1\"} 0"), "{text}");
    }

    #[test]
    fn refused_streams_are_counted_though_no_source_came_of_them() {
        let registry = Arc::new(Registry::default());
        let renderer = Renderer::new(registry.clone());
        let refused = |reason: &str, count: u64| {
            let text = renderer.text().unwrap();
            let name = "azure_blob_eventsource_streams_refused_total";
            let line = format!("{name}{{reason=\"{reason}\"}} {count}\n");
            assert!(text.contains(&line), "{text}");
            assert!(!text.contains("secret"), "{text}");
        };
        // From the start, so that the first refusal is an increase.
        refused("NOT_FOUND", 0);
        refused("OTHER", 0);
        let now = time::OffsetDateTime::now_utc();
        for code in ["NOT_FOUND", "secret"] {
            registry.refusals.note(("secret", ""), code, "secret", now);
        }
        refused("NOT_FOUND", 1);
        refused("OTHER", 1);
        refused("INTERNAL", 0);
    }
}
