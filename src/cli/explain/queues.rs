//! What the queue of notifications, and the poison queue beside it, show of one blob.

use time::OffsetDateTime;

use crate::{
    cli::{
        poison::{self, PoisonMessage},
        source::OpenedSource,
    },
    notification::parse,
    ports::{connect::OpenedQueue, error::StorageError, notifications::BATCH},
};

/// What the queue and the poison queue show, or why they cannot be asked.
pub(super) struct Queues {
    pub(super) waiting: Result<Sight<Waiting>, String>,
    pub(super) poison: Result<Sight<PoisonMessage>, String>,
}

/// What a look into a queue shows.
pub(super) struct Sight<T> {
    /// The first message about the blob.
    pub(super) found: Option<T>,
    /// About how many messages cannot be seen.
    pub(super) not_shown: u64,
}

/// A notification that waits.
pub(super) struct Waiting {
    pub(super) inserted: OffsetDateTime,
    /// How often it was taken and came again.
    pub(super) delivered: u32,
}

/// Looks into both queues, and takes nothing.
pub(super) async fn look(source: &OpenedSource, name: &str) -> Option<Queues> {
    let (queue, container) = (source.queue.as_ref()?, &source.config.container);
    Some(Queues {
        waiting: waiting(queue, container, name)
            .await
            .map_err(|error| error.to_string()),
        poison: poison(queue, container, name)
            .await
            .map_err(|error| error.to_string()),
    })
}

async fn waiting(
    queue: &OpenedQueue,
    container: &str,
    name: &str,
) -> Result<Sight<Waiting>, StorageError> {
    let peeked = queue.queue.peek(*BATCH.end()).await?;
    let depth = queue.queue.depth().await?;
    let not_shown = depth.saturating_sub(peeked.len() as u64);
    let tells = |text: &str| {
        let told = parse(text, &queue.account_path).unwrap_or_default();
        told.iter()
            .any(|it| it.kind.announces() && it.container == container && it.name == name)
    };
    let found = peeked.into_iter().find(|it| tells(&it.text));
    Ok(Sight {
        found: found.map(|it| Waiting {
            inserted: it.inserted,
            delivered: it.delivered,
        }),
        not_shown,
    })
}

async fn poison(
    queue: &OpenedQueue,
    container: &str,
    name: &str,
) -> Result<Sight<PoisonMessage>, StorageError> {
    let seen = poison::look(queue).await?;
    let mut messages = seen.messages.into_iter();
    Ok(Sight {
        found: messages.find(|it| it.tells_of(container, name)),
        not_shown: seen.not_shown,
    })
}
