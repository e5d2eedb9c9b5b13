//! Why a source is as it is, and what to do: whole sentences under it.

use std::fmt::{self, Write};

use super::text::{Escaped, Many, Words};
use crate::{
    admin::status::{BatchStatus, FeedStatus, Phase, QueueStatus, SourceStatus},
    event::rfc3339,
    text::age::Age,
};

/// What went wrong, what is waited for, whether the listing is believed, which Workflows nobody works on,
/// which blobs go round in a loop, which cannot be read yet, and how queue, change feed and batches are.
pub(super) fn write(page: &mut String, source: &SourceStatus) -> fmt::Result {
    for (kind, title, told) in all(source) {
        write!(
            page,
            "<p class='reason {kind}'><strong>{}:</strong> {}</p>",
            Escaped(title),
            Words(&told)
        )?;
    }
    Ok(())
}

fn all(source: &SourceStatus) -> impl Iterator<Item = (&'static str, &'static str, String)> {
    let waits = source.waits_for.as_ref();
    let unreadable = source.unreadable.described();
    let parts = [
        error(source).map(|told| ("bad", what_is_wrong(source.state), told)),
        elsewhere(source).map(|told| ("note", "Not streamed here", told)),
        waits.map(|pause| ("wait", "Waits", pause.reason.clone())),
        letters(source).map(|told| ("bad", "Dead letters", told)),
        told("bad", "Listing may be wrong", source.listing_doubt.clone()),
        told("bad", "Stuck Workflows", source.workflows.complaint()),
        told(
            "wait",
            "Announced again and again",
            source.loops.complaint(),
        ),
        told("wait", "Not readable yet", unreadable),
        told("note", "Queue", source.queue.as_ref().map(queue)),
        told(
            "note",
            "Change feed",
            source.change_feed.as_ref().map(change_feed),
        ),
        told("note", "Batches", source.batches.as_ref().map(batches)),
    ];
    parts.into_iter().flatten()
}

fn told(
    kind: &'static str,
    title: &'static str,
    told: Option<String>,
) -> Option<(&'static str, &'static str, String)> {
    Some((kind, title, told?))
}

fn what_is_wrong(phase: Phase) -> &'static str {
    match phase {
        Phase::Stalled => "Stalled",
        Phase::Refused => "Refused",
        Phase::NoStream => "The stream ended",
        _ => "Failing",
    }
}

fn error(source: &SourceStatus) -> Option<String> {
    let error = source.last_error.as_ref()?;
    let cure = match source.state {
        Phase::Refused => {
            ". The client tries again by itself; `azure-blob-eventsource check --config FILE` says which step fails and what to do"
        }
        Phase::Retrying => {
            ". The server tries again; `azure-blob-eventsource check --config FILE` says which step fails and what to do"
        }
        _ => "",
    };
    Some(format!("{error}{cure}"))
}

// Nothing in the storage account names who streams a source, so only this pod's side can be told.
fn elsewhere(source: &SourceStatus) -> Option<String> {
    (source.state == Phase::NoStream).then(|| {
        "This pod has no stream of this source now. If there are two pods, the other one may have it: \
         `kubectl port-forward pod/NAME 9090` opens its page. If no pod has it, read the log of the \
         EventSource"
            .to_owned()
    })
}

fn letters(source: &SourceStatus) -> Option<String> {
    let letters = &source.letters;
    let latest = letters.some.first()?;
    let waiting = match letters.count {
        1 => "1 event became a dead letter".to_owned(),
        many => format!("{many} events became dead letters, the latest one"),
    };
    Some(format!(
        "{waiting}: {}: {}. When the cause is fixed, `azure-blob-eventsource dead-letters retry --config FILE --name {} --all` \
         sends them again",
        latest.about, latest.reason, source.source
    ))
}

fn queue(queue: &QueueStatus) -> String {
    let mut told = match queue.messages {
        0 => "empty".to_owned(),
        messages => format!(
            "about {}, the next one {} old",
            Many(messages, "message"),
            Age(queue.oldest_message_seconds)
        ),
    };
    if let Some(poison) = queue.notifications.get("poison") {
        // Writing to a string does not fail.
        let _ = write!(told, "; {poison} in the poison queue");
    }
    if queue.missed > 0 {
        let _ = write!(
            told,
            "; {} found without a notification",
            Many(queue.missed, "blob")
        );
    }
    told
}

fn change_feed(feed: &FeedStatus) -> String {
    let mut told = match feed.last_segment {
        Some(last) => format!("readable up to the segment of {}", rfc3339(last)),
        None => "not read yet".to_owned(),
    };
    if let Some(passed) = feed.settled_before {
        // Writing to a string does not fail.
        let _ = write!(told, "; all before {} is settled", rfc3339(passed));
    }
    if feed.waiting > 0 {
        let _ = write!(told, "; {} not settled", Many(feed.waiting, "change"));
    }
    told
}

fn batches(batches: &BatchStatus) -> String {
    let closed: u64 = batches.closed.values().sum();
    format!(
        "{} open with {}; {closed} closed with {}",
        batches.open,
        Many(batches.waiting_blobs, "blob"),
        Many(batches.blobs, "blob"),
    )
}
