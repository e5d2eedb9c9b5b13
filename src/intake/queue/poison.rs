//! Messages that cannot be used, set aside where people find them.

use tracing::warn;

use super::setup::Queue;
use crate::{
    notification::poison::{Original, Poison},
    ports::{
        error::StorageError,
        notifications::{LONGEST_TEXT, Message},
    },
    text::plain::Plain,
};

/// Copies a message into the poison queue, with the reason. The caller deletes it afterwards: a crash in between makes
/// a second copy, and loses nothing.
///
/// # Errors
/// What waiting does not fix.
pub(super) async fn set_aside(
    queue: &Queue,
    message: &Message,
    reason: &str,
) -> Result<(), StorageError> {
    let poison = Poison {
        reason: reason.to_owned(),
        message: message.lease.id.clone(),
        deliveries: message.delivered,
        inserted: message.inserted,
        text: Original::Here(message.text.clone()),
    };
    for text in poison.texts(LONGEST_TEXT) {
        queue
            .retry("put a message into the poison queue")
            .run(|| queue.poison.put(&text))
            .await?;
    }
    warn!(
        id = %Plain(&message.lease.id),
        deliveries = message.delivered,
        reason = %Plain(reason),
        "a message was moved to the poison queue"
    );
    Ok(())
}
