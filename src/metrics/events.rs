//! The last events of a source, and those that wait: for people, who look at one and not at a sum.

use std::collections::VecDeque;

use serde::Serialize;
use time::OffsetDateTime;

use crate::shared::Shared;

/// How many of the last events are kept.
pub const LAST: usize = 20;
/// How many dead letters are told one by one.
pub const LETTERS: usize = 10;
/// How many open batches are told one by one.
pub const BATCHES: usize = 10;
/// How many characters of a name or a reason are kept.
const TEXT: usize = 600;

/// The last events, the latest first.
#[derive(Debug, Default)]
pub struct LastEvents(Shared<VecDeque<LastEvent>>);

/// An event with which something happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastEvent {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What.
    pub outcome: Outcome,
    /// The blob's name, or the batch in words.
    pub about: String,
    /// Its id.
    pub id: String,
    /// How often it was sent by this stream.
    pub attempts: u32,
    /// When this stream sent it first.
    #[serde(with = "time::serde::rfc3339::option")]
    pub first_sent: Option<OffsetDateTime>,
    /// The objects that were made for it.
    pub made: Vec<Made>,
    /// Why it was given up.
    pub reason: Option<String>,
}

/// What happened with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was sent, and nothing confirms it.
    Sent,
    /// All objects that are expected are there.
    Confirmed,
    /// It was given up.
    DeadLetter,
}

/// An object that was made for an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// What it is, in words.
    pub what: String,
    /// Where it is.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whether it is a Workflow of Argo.
    pub is_workflow: bool,
}

/// The event that has waited longest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// The blob's name, or the batch in words.
    pub about: String,
    /// When the blob was last modified; unknown of a batch.
    #[serde(with = "time::serde::rfc3339::option")]
    pub modified: Option<OffsetDateTime>,
    /// When this stream sent it first; `None` when it has not yet.
    #[serde(with = "time::serde::rfc3339::option")]
    pub first_sent: Option<OffsetDateTime>,
    /// How often it was sent.
    pub attempts: u32,
}

/// The dead letters that there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Letters {
    /// How many.
    pub count: usize,
    /// Some of them, at most [`LETTERS`].
    pub some: Vec<Letter>,
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// Its event's id.
    pub id: String,
    /// The blob's name, or the batch in words.
    pub about: String,
    /// When its event was last sent.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_sent: Option<OffsetDateTime>,
    /// How often it was sent.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
}

/// A batch that still takes blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenBatch {
    /// What the names of its blobs start with.
    pub group: String,
    /// How many blobs wait in it.
    pub blobs: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// When it closes at the latest, if no more blobs come.
    #[serde(with = "time::serde::rfc3339")]
    pub closes: OffsetDateTime,
}

impl LastEvents {
    /// The latest.
    pub fn add(&self, event: LastEvent) {
        let mut events = self.0.lock();
        events.truncate(LAST - 1);
        events.push_front(event);
    }

    /// All that are kept, the latest first.
    pub fn all(&self) -> Vec<LastEvent> {
        self.0.lock().iter().cloned().collect()
    }
}

/// As much of a text as is kept.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_are_kept_and_no_more() {
        let events = LastEvents::default();
        for n in 0..50_u32 {
            events.add(LastEvent {
                at: OffsetDateTime::UNIX_EPOCH,
                outcome: Outcome::Sent,
                about: n.to_string(),
                id: String::new(),
                attempts: 1,
                first_sent: None,
                made: Vec::new(),
                reason: None,
            });
        }
        let all = events.all();
        assert_eq!((all.len(), all[0].about.as_str()), (LAST, "49"));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("é"), "é");
        let short = shortened(&"é".repeat(10_000));
        assert_eq!(short.chars().count(), TEXT + 1);
    }
}
