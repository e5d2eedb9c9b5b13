//! [`NotificationQueue`] over the model.

use std::time::Duration;

use async_trait::async_trait;
use azure_blob_eventsource::ports::{
    error::{StorageError, StorageErrorKind},
    notifications::{Deleted, Hidden, Lease, Message, NotificationQueue, Peeked},
};

use super::{LateEffects, Wire};
use crate::{
    faults::{FaultSource, Op},
    queue::{FakeQueue, QueueRefusal},
};

/// A queue, straight from the model.
#[derive(Clone)]
pub struct FakeNotifications {
    queue: FakeQueue,
    wire: Wire,
}

impl FakeNotifications {
    /// The port to `queue`, with what `faults` does to it.
    pub fn new(queue: FakeQueue, faults: FaultSource) -> Self {
        Self {
            queue,
            wire: Wire::new(faults),
        }
    }

    /// The effects that are still to come although their callers have had an error.
    pub fn late_effects(&self) -> LateEffects {
        self.wire.late.clone()
    }

    async fn call<T>(
        &self,
        op: Op,
        effect: impl Fn(&FakeQueue) -> Result<T, StorageError> + Send + Sync + 'static,
    ) -> Result<T, StorageError> {
        let queue = self.queue.clone();
        self.wire.call(op, move || effect(&queue)).await
    }
}

#[async_trait]
impl NotificationQueue for FakeNotifications {
    async fn receive(&self, most: u8, hide: Duration) -> Result<Vec<Message>, StorageError> {
        let effect = move |queue: &FakeQueue| Ok(queue.receive(most, hide));
        self.call(Op::Receive, effect).await
    }

    async fn hide(&self, lease: &Lease, hide: Duration) -> Result<Hidden, StorageError> {
        let lease = lease.clone();
        self.call(Op::Hide, move |queue| {
            Ok(match queue.hide(&lease, hide) {
                Ok(next) => Hidden::Yes(next),
                Err(_) => Hidden::Lost,
            })
        })
        .await
    }

    async fn delete(&self, lease: &Lease) -> Result<Deleted, StorageError> {
        let lease = lease.clone();
        self.call(Op::DeleteMessage, move |queue| {
            Ok(match queue.delete(&lease) {
                Ok(()) => Deleted::Yes,
                Err(_) => Deleted::Lost,
            })
        })
        .await
    }

    async fn put(&self, text: &str) -> Result<(), StorageError> {
        let text: String = text.chars().map(in_xml).collect();
        self.call(Op::PutMessage, move |queue| {
            queue.put(&text).map(drop).map_err(refused)
        })
        .await
    }

    async fn peek(&self, most: u8) -> Result<Vec<Peeked>, StorageError> {
        let effect = move |queue: &FakeQueue| Ok(queue.peek(most));
        self.call(Op::Peek, effect).await
    }

    async fn depth(&self) -> Result<u64, StorageError> {
        let effect = |queue: &FakeQueue| Ok(queue.depth() as u64);
        self.call(Op::Depth, effect).await
    }
}

// Only a text that is too long is refused; a lease that is lost is an answer.
fn refused(refusal: QueueRefusal) -> StorageError {
    StorageError::new(
        StorageErrorKind::Rejected,
        format!("simulated: {refusal:?}"),
    )
}

fn in_xml(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => c,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;
    use crate::faults::{Fault, Script, transient};

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_message_whose_answer_was_lost_comes_again_when_its_time_is_over() {
        let queue = FakeQueue::new();
        queue.put("a").unwrap();
        let script = Script::new().then(Op::Receive, Fault::ErrorAfter(transient("reset")));
        let port = FakeNotifications::new(queue, FaultSource::new(script));
        assert!(port.receive(32, MINUTE).await.is_err());
        assert_eq!(port.receive(32, MINUTE).await.unwrap(), []);
        sleep(MINUTE).await;
        let again = port.receive(32, MINUTE).await.unwrap();
        assert_eq!((again[0].text.as_str(), again[0].delivered), ("a", 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deletion_that_comes_late_deletes_what_was_not_taken_again() {
        let queue = FakeQueue::new();
        queue.put("a").unwrap();
        queue.put("b").unwrap();
        let late = || Fault::Late(transient("timeout"), MINUTE / 2);
        let script = Script::new()
            .then(Op::DeleteMessage, late())
            .then(Op::DeleteMessage, late());
        let port = FakeNotifications::new(queue.clone(), FaultSource::new(script));
        let taken = port.receive(32, MINUTE).await.unwrap();
        for message in &taken {
            assert!(port.delete(&message.lease).await.is_err());
        }
        queue.snatch(&taken[1].lease.id);
        sleep(MINUTE).await;
        assert_eq!(
            (queue.texts(), port.late_effects().pending()),
            (vec!["b".to_owned()], 0)
        );
    }
}
