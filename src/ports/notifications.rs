//! The port to a queue of notifications: an Azure Storage queue that Event Grid delivers into.

use std::{ops::RangeInclusive, time::Duration};

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::ports::error::StorageError;

/// How many messages one [`NotificationQueue::receive`] or [`NotificationQueue::peek`] may ask for ("Get Messages",
/// `numofmessages`).
pub const BATCH: RangeInclusive<u8> = 1..=32;

/// The longest time for which a message can be hidden: 7 days ("Get Messages" and "Update Message",
/// `visibilitytimeout`).
pub const LONGEST_HIDE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The longest text of a message, in bytes of UTF-8: 64 KiB ("Put Message").
pub const LONGEST_TEXT: usize = 64 * 1024;

/// The port to one Azure Storage queue.
///
/// Facts: "Get Messages", "Update Message", "Delete Message", "Put Message", "Peek Messages" and "Get Queue Metadata",
/// Azure Storage REST API, version 2026-02-06.
///
/// # What an implementation promises
/// - It tries once. When to try again is the caller's decision.
/// - At least once: a message that was received and not deleted comes again when its time is over, with the same
///   id and text and a higher [`Message::delivered`], until it is deleted or its own time to live ends. So an answer
///   that was lost on its way costs time and no message.
/// - In no order: the queue is nearly first in, first out, and what comes again stands between others.
/// - A lease that is lost is no error. Somebody else has the message, or nobody has it and it comes again, or it is
///   deleted: perhaps by an earlier call of ours whose answer was lost.
/// - `Ok` means a whole answer: an incomplete one is an error, never fewer messages.
/// - A queue that does not exist is [`StorageErrorKind::NotFound`](crate::ports::error::StorageErrorKind::NotFound).
#[async_trait]
pub trait NotificationQueue: Send + Sync {
    /// Takes up to `most` messages ([`BATCH`]; a number outside is moved to its end) and hides them from everybody
    /// for `hide`: whole seconds, rounded up, of 1 s to [`LONGEST_HIDE`]. No message is no error ("Get Messages").
    async fn receive(&self, most: u8, hide: Duration) -> Result<Vec<Message>, StorageError>;

    /// Hides a message from now on for `hide`, whatever was left of its time; not at all with zero, which gives it
    /// back at once. The old lease is of no further use ("Update Message").
    async fn hide(&self, lease: &Lease, hide: Duration) -> Result<Hidden, StorageError>;

    /// Deletes a message for good ("Delete Message").
    async fn delete(&self, lease: &Lease) -> Result<Deleted, StorageError>;

    /// Adds a message of at most [`LONGEST_TEXT`] that everybody sees at once and that never expires ("Put Message",
    /// `messagettl` of -1). After an error it may be there anyway, and a second time when it is put again.
    /// A character that XML 1.0 has not becomes U+FFFD, for the service refuses it.
    async fn put(&self, text: &str) -> Result<(), StorageError>;

    /// Looks at up to `most` messages ([`BATCH`]) without hiding or counting them ("Peek Messages").
    async fn peek(&self, most: u8) -> Result<Vec<Peeked>, StorageError>;

    /// About how many messages there are, hidden ones included; never fewer ("Get Queue Metadata",
    /// `x-ms-approximate-messages-count`).
    async fn depth(&self) -> Result<u64, StorageError>;
}

/// The right to hide and to delete one message, until its time is over or it is used for hiding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The message's id (`MessageId`), the same each time that it comes.
    pub id: String,
    /// What proves that it was received (`PopReceipt`): another one after each receive and each update.
    pub pop_receipt: String,
}

/// A message that is hidden from everybody else for the time being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is hidden and deleted with.
    pub lease: Lease,
    /// The text (`MessageText`), exactly as it was put.
    pub text: String,
    /// How often it was received, this time included (`DequeueCount`).
    pub delivered: u32,
    /// When it was put, in whole seconds of the service's clock (`InsertionTime`).
    pub inserted: OffsetDateTime,
    /// When it was received, by the same clock (the answer's `Date`).
    pub service_time: OffsetDateTime,
}

/// A message that was only looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked {
    /// See [`Lease::id`].
    pub id: String,
    /// See [`Message::text`].
    pub text: String,
    /// How often it was received (`DequeueCount`).
    pub delivered: u32,
    /// See [`Message::inserted`].
    pub inserted: OffsetDateTime,
    /// When it was looked at, by the service's clock.
    pub service_time: OffsetDateTime,
}

/// The outcome of hiding a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hidden {
    /// It is hidden, and this is its lease from now on.
    Yes(Lease),
    /// The lease is not ours any more (404 `MessageNotFound`, 400 `PopReceiptMismatch`).
    Lost,
}

/// The outcome of deleting a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Yes,
    /// The lease is not ours any more: the message is gone already, or comes again (404 `MessageNotFound`, 400
    /// `PopReceiptMismatch`).
    Lost,
}
