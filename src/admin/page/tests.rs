#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{sync::atomic::Ordering::Relaxed, time::Instant};

use super::*;
use crate::{
    admin::{stage, status},
    blob::Unreadable,
    confirm::unfinished::{Group, Holder, Survey, Workflows},
    ledger::batches::ClosedBy,
    metrics::{Pause, queue::Counted},
    registry::Registry,
    state::loops::{Loop, Loops},
};

fn page(registry: &Registry) -> String {
    html(
        &status::read(registry, &stage::about(), false, Instant::now()),
        OffsetDateTime::now_utc(),
    )
}

#[test]
fn what_clients_send_is_shown_and_not_obeyed() {
    let registry = Registry::default();
    let source = registry.source("s");
    source.started("<script>alert(1)</script>", "a'onmouseover='x");
    source.stats.set_error(1, Some("\u{202e}&\u{7}".to_owned()));
    let page = page(&registry);
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(page.contains("a&#39;onmouseover=&#39;x"));
    assert!(page.contains("\\u{202e}&amp;\\u{7}"));
    assert!(!page.contains("<script>"));
    assert!(page.contains("failing, retrying"));
}

#[test]
fn a_source_that_waits_says_for_what_and_names_what_nobody_works_on() {
    let registry = Registry::default();
    let source = registry.source("s");
    source.started("event", "container");
    let named = |n: u64| Holder {
        name: format!("w-{n}"),
        age_seconds: 1000 - n,
        phase: None,
        deleted_seconds: None,
    };
    let workflows = Workflows {
        namespace: "ml".to_owned(),
        survey: Survey {
            count: 50,
            oldest: Some(named(0)),
            without_phase: Group {
                count: 23,
                oldest: (0..20).map(named).collect(),
            },
            ..Survey::default()
        },
    };
    let reason = workflows.places(50, 0);
    source
        .stats
        .set_pause(Some(Pause::active_workflows(50, reason)));
    source.stats.set_workflows(workflows);
    source.stats.set_error(1, Some("503".to_owned()));
    let page = page(&registry);
    for part in [
        "<strong>Failing:</strong> 503. The server tries again",
        "<strong>Waits:</strong> <code>limits.activeWorkflows</code> allows 50: there are 50 unfinished Workflows",
        "Stuck Workflows:</strong> Argo&#39;s controller has not picked up 23 Workflows: w-0 (no phase for 16 min 40 s), w-1 ",
        "w-19 (no phase for 16 min 21 s) and 3 more. <code>kubectl describe",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    source.stats.set_error(1, None);
    assert!(self::page(&registry).contains("class=state>waiting for a limit"));
}

#[test]
fn loops_and_what_cannot_be_read_are_told() {
    let registry = Registry::default();
    let source = registry.source("s");
    source.started("event", "container");
    source.stats.set_unreadable(Unreadable {
        copying: 2,
        archived: 5,
        ..Unreadable::default()
    });
    source.stats.set_loops(Loops {
        count: 1,
        blobs: vec![Loop {
            name: "<a>.csv".to_owned(),
            times: 4,
            size: 7,
            has_md5: true,
            last: OffsetDateTime::UNIX_EPOCH,
        }],
    });
    let page = page(&registry);
    for part in [
        "loop: &lt;a&gt;.csv was announced 4 times while its size (7 bytes) and its Content-MD5 stayed the same",
        "Set <code>version: content</code>",
        "<strong>Not readable yet:</strong> 2 being copied, 5 in the Archive tier</p>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn a_change_feed_is_told_in_one_line() {
    let registry = Registry::default();
    let source = registry.source("s");
    source.started("event", "container");
    assert!(!page(&registry).contains("Change feed:"));
    let feed = &source.stats.feed;
    feed.begin(true);
    source.stats.never_sweeps.store(true, Relaxed);
    feed.may_be_read(time::macros::datetime!(2026-11-29 14:00 UTC));
    feed.has_passed(time::macros::datetime!(2026-11-29 13:45 UTC));
    feed.waiting.store(3, Relaxed);
    let page = page(&registry);
    let told = "<strong>Change feed:</strong> readable up to the segment of 2026-11-29T14:00:00Z; all before \
                2026-11-29T13:45:00Z is settled; 3 changes not settled</p>";
    assert!(page.contains(told), "{page}");
    assert!(
        page.contains("blobs are found only by the change feed"),
        "{page}"
    );
}

#[test]
fn a_queue_is_told_in_one_line() {
    let registry = Registry::default();
    let source = registry.source("s");
    source.started("event", "container");
    assert!(!page(&registry).contains("queue:"));
    let queue = &source.stats.queue;
    queue.is_used.store(true, Relaxed);
    assert!(page(&registry).contains("<strong>Queue:</strong> empty</p>"));
    queue.depth.store(40, Relaxed);
    queue.oldest_seconds.store(192, Relaxed);
    queue.outcomes.count(Counted::Poison);
    queue.missed.store(2, Relaxed);
    let told = "<strong>Queue:</strong> about 40 messages, the next one 3 min 12 s old; 1 in the poison queue; \
                2 blobs found without a notification</p>";
    assert!(page(&registry).contains(told), "{}", page(&registry));
}

#[test]
fn batches_are_told_in_one_line() {
    let registry = Registry::default();
    let source = registry.source("s");
    source.started("event", "container");
    assert!(!page(&registry).contains("Batches:"));
    let batches = &source.stats.batches;
    batches.open.store(2, Relaxed);
    batches.waiting.store(31, Relaxed);
    batches.closed(ClosedBy::Quiet, 412);
    let told = "<strong>Batches:</strong> 2 open with 31 blobs; 1 closed with 412 blobs</p>";
    assert!(page(&registry).contains(told), "{}", page(&registry));
}

#[test]
fn a_refused_stream_is_shown_with_its_reason() {
    let registry = Registry::default();
    let now = OffsetDateTime::now_utc();
    registry.refusals.note(
        ("<datasets>", "lake"),
        "INVALID_ARGUMENT",
        "container: is missing",
        now,
    );
    let page = page(&registry);
    for part in [
        "No stream has started yet",
        "<a href='#refused'>1 refused stream</a>",
        "<h2>Refused streams</h2>",
        "<li><b class=name>&lt;datasets&gt;</b> source lake, 1 time, last ",
        "<p class='reason bad'>container: is missing</p>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("apply an EventSource"));
    registry.refusals.began(("<datasets>", "lake"));
    assert!(!self::page(&registry).contains("Refused streams"));
}

#[test]
fn an_empty_server_says_what_to_do() {
    assert!(page(&Registry::default()).contains("apply an EventSource"));
}

#[test]
fn what_waits_comes_and_was_done_is_in_the_row() {
    let registry = Registry::default();
    stage::fill(&registry, 20);
    let page = page(&registry);
    for part in [
        "<strong>20 sources:</strong> 13 ok, 2 waiting for a limit, 1 without a stream here, <span class=alert>2 failing</span>, <span class=alert>2 stalled</span>; ",
        "waiting for Workflows",
        "<small>written <time",
        "sent 4 times, first <time",
        "listed, ",
        "a second; now at <span class=name>",
        ">1 min 59 s<",
        "in the last hour",
        "1 dead letter</small>",
        "the latest one: ",
        "closes in <time",
        "/workflows/ml/",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[test]
fn the_worst_comes_first() {
    let registry = Registry::default();
    stage::fill(&registry, 20);
    let page = page(&registry);
    let places = |class: &str| page.find(&format!("class='{class}'><tr")).unwrap();
    // The first that waits for a limit has a dead letter.
    let order = ["stalled", "failing", "waiting", "none", "first"].map(places);
    assert!(order.is_sorted(), "{order:?}");
    let last = page.rfind("class='ok'><tr").unwrap();
    assert!(last > order[4]);
}

#[test]
fn only_what_has_a_plain_name_is_a_link() {
    let registry = Registry::default();
    let source = registry.source("s");
    source.started("event", "container");
    for name in ["w-1", "'><script>", "../../login"] {
        source.stats.last_events.add(stage::confirmed(name));
    }
    let page = page(&registry);
    assert_eq!(page.matches("<a href='https://argo.example.com").count(), 1);
    assert!(
        page.contains("<a href='https://argo.example.com/workflows/ml/w-1' rel=noreferrer>w-1</a>")
    );
    assert!(!page.contains("<script>"));
}
