//! The poison queue as commands show it: what was set aside, why, and which blobs it tells of.

use time::OffsetDateTime;

use super::set_aside_id::is_id;
use crate::{
    notification::{
        parse,
        poison::{Original, Poison, digest},
    },
    ports::{
        connect::OpenedQueue,
        error::StorageError,
        notifications::{BATCH, Message, Peeked},
    },
};

/// What a look into the poison queue shows.
pub(super) struct Seen {
    pub(super) messages: Vec<PoisonMessage>,
    /// About how many messages are there beside these.
    pub(super) not_shown: u64,
}

/// A message of the poison queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PoisonMessage {
    /// Its id in the poison queue.
    pub(super) id: String,
    /// The id that it had in the queue of notifications; `None` of one that did not come from there as far as it says.
    pub(super) message: Option<String>,
    /// Why it was set aside; `None` when it does not say.
    pub(super) reason: Option<String>,
    pub(super) deliveries: u32,
    pub(super) inserted: OffsetDateTime,
    /// What goes back into the queue of notifications.
    pub(super) original: Original,
    /// The blobs that it tells of.
    pub(super) blobs: Vec<ToldBlob>,
}

/// A blob that a message tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToldBlob {
    pub(super) container: String,
    pub(super) name: String,
}

/// Looks at what is there, and takes nothing.
///
/// # Errors
/// The queue service refuses.
pub(super) async fn look(queue: &OpenedQueue) -> Result<Seen, StorageError> {
    let peeked = queue.poison.peek(*BATCH.end()).await?;
    let depth = queue.poison.depth().await?;
    let not_shown = depth.saturating_sub(peeked.len() as u64);
    let messages = peeked.into_iter();
    let messages = messages.map(|it| PoisonMessage::peeked(it, &queue.account_path));
    Ok(Seen {
        messages: paired(messages.collect()),
        not_shown,
    })
}

impl PoisonMessage {
    fn peeked(message: Peeked, account_path: &str) -> Self {
        let Peeked {
            id,
            text,
            delivered,
            inserted,
            ..
        } = message;
        Self::of(id, text, delivered, inserted, account_path)
    }

    /// A message that was received.
    pub(super) fn received(message: &Message, account_path: &str) -> Self {
        let (id, text) = (message.lease.id.clone(), message.text.clone());
        Self::of(id, text, message.delivered, message.inserted, account_path)
    }

    // What does not say how it came here is shown as it is.
    fn of(
        id: String,
        text: String,
        delivered: u32,
        inserted: OffsetDateTime,
        account_path: &str,
    ) -> Self {
        let poison = Poison::read(&text);
        let own = poison.is_some();
        let poison = poison.unwrap_or_else(|| Poison {
            reason: String::new(),
            message: String::new(),
            deliveries: delivered,
            inserted,
            text: Original::Here(text),
        });
        Self {
            id,
            message: own.then_some(poison.message),
            reason: own.then_some(poison.reason),
            deliveries: poison.deliveries,
            inserted: poison.inserted,
            blobs: blobs(&poison.text, account_path),
            original: poison.text,
        }
    }

    /// Whether `asked` is its id, the beginning of it, or a blob of `container` that it tells of.
    pub(super) fn is(&self, asked: &str, container: &str) -> bool {
        self.is_called(asked) || self.tells_of(container, asked)
    }

    /// Whether `asked` is its id here or where it came from, or the beginning of one.
    pub(super) fn is_called(&self, asked: &str) -> bool {
        let mut ids = [Some(&self.id), self.message.as_ref()].into_iter();
        ids.any(|id| id.is_some_and(|id| is_id(id, asked)))
    }

    /// Whether it tells of the blob `name` of `container`.
    pub(super) fn tells_of(&self, container: &str, name: &str) -> bool {
        let mut blobs = self.blobs.iter();
        blobs.any(|it| it.container == container && it.name == name)
    }

    /// What all copies of it have in common.
    pub(super) fn origin(&self) -> &str {
        self.message.as_ref().unwrap_or(&self.id)
    }

    /// Whether it is only the reason of another message.
    pub(super) fn has_no_text(&self) -> bool {
        matches!(self.original, Original::Beside(_))
    }

    /// Keeps what it is known by, and lets go of a text that may be long.
    pub(super) fn forget_text(&mut self) {
        if let Original::Here(text) = &mut self.original {
            *text = String::new();
        }
    }

    /// Whether its text is the one that `other`, which is the reason alone, is about.
    pub(super) fn is_text_of(&self, other: &Self) -> bool {
        match (&self.original, &other.original) {
            (Original::Here(text), Original::Beside(expected)) => {
                self.reason.is_none() && digest(text) == *expected
            }
            _ => false,
        }
    }
}

fn blobs(text: &Original, account_path: &str) -> Vec<ToldBlob> {
    let Original::Here(text) = text else {
        return Vec::new();
    };
    let notifications = parse(text, account_path).unwrap_or_default().into_iter();
    let told = notifications.filter(|it| !it.name.is_empty());
    told.map(|it| ToldBlob {
        container: it.container,
        name: it.name,
    })
    .collect()
}

// Reasons are shown with the texts that they are about.
fn paired(messages: Vec<PoisonMessage>) -> Vec<PoisonMessage> {
    let (reasons, mut shown): (Vec<_>, Vec<_>) =
        messages.into_iter().partition(PoisonMessage::has_no_text);
    for reason in reasons {
        match shown.iter_mut().find(|it| it.is_text_of(&reason)) {
            Some(text) => {
                text.message = reason.message;
                text.reason = reason.reason;
                text.deliveries = reason.deliveries;
                text.inserted = reason.inserted;
            }
            None => shown.push(reason),
        }
    }
    shown
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NOTIFICATION: &str = r#"{"specversion": "1.0", "type": "Microsoft.Storage.BlobCreated",
        "subject": "/blobServices/default/containers/datasets/blobs/raw/a.csv", "data": {}}"#;

    fn message(id: &str, text: &str) -> PoisonMessage {
        let moment = OffsetDateTime::UNIX_EPOCH;
        PoisonMessage::of(id.to_owned(), text.to_owned(), 1, moment, "")
    }

    fn poison(text: &str) -> Poison {
        Poison {
            reason: "why".to_owned(),
            message: "original-id".to_owned(),
            deliveries: 6,
            inserted: OffsetDateTime::UNIX_EPOCH,
            text: Original::Here(text.to_owned()),
        }
    }

    #[test]
    fn what_was_set_aside_is_told_with_its_reason_and_its_blobs() {
        let text = poison(NOTIFICATION).texts(usize::MAX).remove(0);
        let shown = message("poison-id", &text);
        assert_eq!(shown.reason.as_deref(), Some("why"));
        assert_eq!((shown.deliveries, shown.blobs.len()), (6, 1));
        for asked in ["poison-id", "poison", "original", "raw/a.csv"] {
            assert!(shown.is(asked, "datasets"), "{asked}");
        }
        for asked in ["poiso", "raw/b.csv", "raw/a", "oison-id"] {
            assert!(!shown.is(asked, "datasets"), "{asked}");
        }
        assert!(!shown.is("raw/a.csv", "other"));
    }

    #[test]
    fn what_somebody_else_put_is_shown_as_it_is() {
        let shown = message("1", "{\"no\": \"event\"}");
        assert_eq!((&shown.reason, shown.deliveries), (&None, 1));
        assert_eq!(shown.original, Original::Here("{\"no\": \"event\"}".into()));
        assert_eq!(shown.blobs, []);
        // By hand, from the queue of notifications.
        assert_eq!(message("1", NOTIFICATION).blobs[0].name, "raw/a.csv");
    }

    #[test]
    fn a_reason_and_a_text_that_were_too_long_for_one_message_are_shown_as_one() {
        let texts = poison(NOTIFICATION).texts(NOTIFICATION.len());
        let messages = |order: [usize; 3]| {
            let all = [&texts[0], &texts[1], "{\"else\": 1}"];
            let all = order.map(|at| message(&format!("id-{at}"), all[at]));
            paired(all.to_vec())
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let shown = messages(order);
            let shown = shown
                .iter()
                .map(|it| (it.id.as_str(), it.reason.as_deref()));
            let mut shown: Vec<_> = shown.collect();
            shown.sort();
            assert_eq!(shown, [("id-0", Some("why")), ("id-2", None)]);
        }
        // Where its text is not to be seen, the reason stands alone.
        let alone = paired(vec![message("id-1", &texts[1])]);
        assert_eq!(alone[0].reason.as_deref(), Some("why"));
        assert!(matches!(alone[0].original, Original::Beside(_)));
    }
}
