//! Finding blobs by notifications: messages that Event Grid puts into a Storage queue.
//!
//! A message stays in the queue, hidden, until what it tells of is durable; then it is deleted. So a crash at any
//! moment costs time and no run: the message comes again, and the ledger knows what is done.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use async_trait::async_trait;
use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt},
    stream::FuturesUnordered,
};
use tokio::time::{Instant, sleep, sleep_until};

use self::{handling::Handling, stop::Stop};
use super::Intake;
use crate::{
    ports::{
        error::StorageError,
        notifications::{BATCH, Message},
    },
    recorder::Record,
};

mod handling;
mod lease;
mod poison;
mod setup;
mod stop;

pub use setup::Queue;

use setup::HIDE;

/// How long an empty queue is left alone. An account charges for each look.
const IDLE: Duration = Duration::from_secs(1);
/// How often a session that has nothing to send makes sure that it was not overtaken, and numbers are read anew.
const CHECK: Duration = Duration::from_secs(30);

#[async_trait]
impl Intake for Queue {
    async fn run(self: Box<Self>) -> Result<(), StorageError> {
        let looked_after = self.look_after_numbers();
        tokio::select! {
            biased;
            ended = self.take_all() => match ended {
                Err(Stop::Storage(error)) => Err(error),
                Err(Stop::Closed) | Ok(()) => Ok(()),
            },
            () = looked_after => Ok(()),
        }
    }
}

impl Queue {
    async fn take_all(&self) -> Result<(), Stop> {
        let handling = Handling::new(self.clone());
        let mut in_hand = FuturesUnordered::new();
        // Kept until it is done: who lets go of an answer on its way loses its messages for the time they are hidden.
        let mut receiving: Option<BoxFuture<'_, Result<Vec<Message>, StorageError>>> = None;
        let mut idle = false;
        loop {
            let room = self.most.saturating_sub(in_hand.len() - handling.waiting());
            if receiving.is_none() && room > 0 {
                receiving = Some(self.receive(room, idle).boxed());
            }
            tokio::select! {
                biased;
                Some(handled) = in_hand.next(), if !in_hand.is_empty() => handled?,
                () = handling.one_waits() => {}
                received = done(&mut receiving) => {
                    receiving = None;
                    let messages = received?;
                    idle = messages.is_empty();
                    in_hand.extend(messages.into_iter().map(|message| handling.handle(message)));
                }
            }
        }
    }

    async fn receive(&self, room: usize, idle: bool) -> Result<Vec<Message>, StorageError> {
        if idle {
            sleep(IDLE).await;
        }
        let most = u8::try_from(room).unwrap_or(*BATCH.end());
        self.retry("receive messages")
            .run(|| self.queue.receive(most, HIDE))
            .await
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

async fn done<T>(call: &mut Option<BoxFuture<'_, T>>) -> T {
    match call {
        Some(call) => call.await,
        None => std::future::pending().await,
    }
}
