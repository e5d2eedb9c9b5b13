//! Whether the queue of notifications can be used.

use crate::{
    cli::report::Step,
    ports::{
        connect::OpenedQueue,
        error::{StorageError, StorageErrorKind},
        notifications::Lease,
    },
};

/// Looks at the queue without taking anything, and at the poison queue beside it.
pub(super) async fn look(queue: &OpenedQueue) -> Result<u64, StorageError> {
    let waiting = queue.queue.depth().await?;
    queue.queue.peek(1).await?;
    // The right to delete shows by a message that is not there: who may not is told so first.
    let nobodys = Lease {
        id: "00000000-0000-0000-0000-000000000000".to_owned(),
        pop_receipt: "AgAAAAMAAAAAAAAAAAAAAAAAAAA=".to_owned(),
    };
    queue.queue.delete(&nobodys).await?;
    queue.poison.depth().await?;
    Ok(waiting)
}

/// What [`look`] says; `is_alone`: whether nothing else finds blobs.
pub(super) fn step(looked: Result<u64, StorageError>, is_alone: bool) -> Step {
    let waiting = match looked {
        Ok(waiting) => waiting,
        Err(error) => return Step::fail("queue", error.to_string(), advice(error.kind)),
    };
    let text = format!("about {waiting} messages wait; they can be looked at and deleted");
    match is_alone {
        false => Step::ok("queue", text),
        true => Step::warn(
            "queue",
            text,
            "Event Grid does not promise to deliver each notification: add `source.changeFeed: {}` or \
             `source.listing: {interval: 1h}` to find blobs whose notification is lost",
        ),
    }
}

fn advice(kind: StorageErrorKind) -> &'static str {
    match kind {
        StorageErrorKind::NotFound => {
            "create the queue, and a second one with `-poison` at the end of its name; `scripts/azure-setup.sh --with-queue` makes both"
        }
        StorageErrorKind::Forbidden | StorageErrorKind::Unauthenticated => {
            "give the identity the role Storage Queue Data Contributor on both queues, or the SAS the rights to read, add, \
             update and process messages"
        }
        _ => "see whether the account's queue service can be reached from here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_alone_is_warned_of_and_one_that_is_missing_is_told_with_the_cure() {
        let text = |looked, is_alone| format!("{:?}", step(looked, is_alone));
        assert!(!text(Ok(3), false).contains("does not promise"));
        assert!(text(Ok(3), true).contains("does not promise"));
        let missing = StorageError::new(StorageErrorKind::NotFound, "404 QueueNotFound");
        assert!(text(Err(missing), true).contains("-poison"));
    }
}
