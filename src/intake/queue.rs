//! Finding blobs by notifications: messages that Event Grid puts into a Storage queue.
//!
//! A message stays in the queue, hidden, until what it tells of is durable; then it is deleted. So a crash at any
//! moment costs time and no run: the message comes again, and the ledger knows what is done.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use async_trait::async_trait;
use futures::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, sleep, sleep_until};

use self::{handling::Handling, pace::Pace};
use super::{
    Intake,
    stop::{Stop, ended},
};
use crate::{
    ports::{
        error::StorageError,
        notifications::{BATCH, Message},
    },
    recorder::Record,
};

mod handling;
mod lease;
mod pace;
mod poison;
mod setup;

pub use setup::Queue;

use setup::HIDE;

/// How often a session that has nothing to send makes sure that it was not overtaken, and numbers are read again.
const CHECK: Duration = Duration::from_secs(30);

#[async_trait]
impl Intake for Queue {
    async fn run(self: Box<Self>) -> Result<(), StorageError> {
        let looked_after = self.look_after_numbers();
        tokio::select! {
            biased;
            stopped = self.take_all() => ended(stopped),
            () = looked_after => Ok(()),
        }
    }
}

impl Queue {
    async fn take_all(&self) -> Result<(), Stop> {
        let handling = Handling::new(self.clone());
        let mut in_hand = FuturesUnordered::new();
        // Kept until they are done: who lets go of an answer on its way loses its messages for the time they are hidden.
        let mut receiving = FuturesUnordered::new();
        let mut asked_for = 0;
        let mut pace = Pace::default();
        loop {
            while receiving.len() < pace.at_once() {
                let taken = in_hand.len() - handling.waiting() + asked_for;
                let room = self.most.saturating_sub(taken);
                let most = u8::try_from(room).map_or(*BATCH.end(), |room| room.min(*BATCH.end()));
                if most == 0 {
                    break;
                }
                asked_for += usize::from(most);
                receiving.push(self.receive(most, pace.pause()));
            }
            tokio::select! {
                biased;
                Some(handled) = in_hand.next(), if !in_hand.is_empty() => handled?,
                () = handling.one_waits() => {}
                Some(received) = receiving.next(), if !receiving.is_empty() => {
                    let (most, messages) = received?;
                    asked_for -= usize::from(most);
                    pace.received(messages.len(), most);
                    in_hand.extend(messages.into_iter().map(|message| handling.handle(message)));
                }
            }
        }
    }

    // What cannot be sent yet stays in the queue, where people and autoscalers see it.
    async fn receive(&self, most: u8, pause: Duration) -> Result<(u8, Vec<Message>), Stop> {
        sleep(pause).await;
        self.gate.room().await?;
        let receive = || self.queue.receive(most, HIDE);
        let messages = self.retry("receive messages").run(receive).await?;
        Ok((most, messages))
    }

    // How much waits in the queue, and whether the source is still ours when nothing is sent.
    async fn look_after_numbers(&self) {
        loop {
            let next = Instant::now() + CHECK;
            if let Ok(depth) = self.queue.depth().await {
                self.stats.queue.depth.store(depth, Relaxed);
            }
            if let Ok(oldest) = self.queue.peek(1).await {
                let age = oldest.first().map(|it| it.service_time - it.inserted);
                let seconds = age.map_or(0, |age| age.whole_seconds().max(0).unsigned_abs());
                self.stats.queue.oldest_seconds.store(seconds, Relaxed);
            }
            if self.alone {
                self.gate.expire();
            }
            if self.gate.record(Record::Check(None)).await.is_err() {
                return;
            }
            sleep_until(next).await;
        }
    }
}
