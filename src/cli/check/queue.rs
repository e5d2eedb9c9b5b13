//! Whether the queue of notifications can be used.

use crate::{
    cli::{
        counts::{self, counted},
        report::Step,
    },
    ports::{
        connect::OpenedQueue,
        error::{StorageError, StorageErrorKind},
        notifications::Lease,
    },
};

/// About how many messages there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Messages {
    waiting: u64,
    poison: u64,
}

/// Looks at the queue without taking anything, and at the poison queue beside it.
pub(super) async fn look(queue: &OpenedQueue) -> Result<Messages, StorageError> {
    let waiting = queue.queue.depth().await?;
    queue.queue.peek(1).await?;
    // The right to delete shows by a message that is not there: who may not is told so first.
    let nobodys = Lease {
        id: "00000000-0000-0000-0000-000000000000".to_owned(),
        pop_receipt: "AgAAAAMAAAAAAAAAAAAAAAAAAAA=".to_owned(),
    };
    queue.queue.delete(&nobodys).await?;
    let poison = queue.poison.depth().await?;
    Ok(Messages { waiting, poison })
}

/// What [`look`] says; `is_alone`: whether nothing else finds blobs.
pub(super) fn steps(looked: Result<Messages, StorageError>, is_alone: bool) -> Vec<Step> {
    let Messages { waiting, poison } = match looked {
        Ok(messages) => messages,
        Err(error) => return vec![Step::fail("queue", error.to_string(), advice(error.kind))],
    };
    let wait = counts::waiting(waiting, "message");
    let text = format!("about {wait}; this sign-in may read and delete messages");
    let mut steps = vec![match is_alone {
        false => Step::ok("queue", text),
        true => Step::warn(
            "queue",
            text,
            "Event Grid does not promise to deliver each notification: add `source.changeFeed: {}` or \
             `source.listing: {interval: 1h}` to find blobs whose notification is lost",
        ),
    }];
    if poison > 0 {
        steps.push(Step::warn(
            "poison",
            format!("about {}", counted(poison, "poison message")),
            "`dead-letters list --config FILE` shows the reason of each; fix it, then `dead-letters retry --config FILE \
             --all` or `drop`",
        ));
    }
    steps
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
        _ => "check whether the account's queue service can be reached from here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_alone_is_warned_of_and_one_that_is_missing_is_told_with_the_cure() {
        let text = |looked, is_alone| format!("{:?}", steps(looked, is_alone));
        let messages = |waiting, poison| Ok(Messages { waiting, poison });
        assert!(!text(messages(3, 0), false).contains("does not promise"));
        assert!(text(messages(3, 0), true).contains("does not promise"));
        let missing = StorageError::new(StorageErrorKind::NotFound, "404 QueueNotFound");
        assert!(text(Err(missing), true).contains("-poison"));
    }

    #[test]
    fn poison_messages_are_a_warning() {
        let told = |waiting, poison| {
            let steps = steps(Ok(Messages { waiting, poison }), false);
            let texts = steps.iter().map(|it| it.to_json()["text"].to_string());
            texts.collect::<Vec<_>>().join(" ")
        };
        assert!(
            told(1, 0).starts_with("\"about 1 message waits; "),
            "{}",
            told(1, 0)
        );
        assert!(!told(1, 0).contains("poison"));
        assert!(told(2, 1).contains("about 2 messages wait; "));
        assert!(told(2, 1).contains("about 1 poison message\""));
    }
}
