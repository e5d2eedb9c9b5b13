//! A storage queue in memory: leases, receipts that change, and messages that come back.
//!
//! It does what the documentation of Get Messages, Update Message and Delete Message says, on tokio's clock, which a
//! test may have paused. It is synchronous; latency and faults belong to
//! [`FakeNotifications`](crate::ports::FakeNotifications).

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use azure_blob_eventsource::ports::notifications::{
    BATCH, LONGEST_HIDE, LONGEST_TEXT, Lease, Message, Peeked,
};
use time::{OffsetDateTime, macros::datetime};
use tokio::time::Instant;

/// A fake queue. Clones are handles to the same queue.
#[derive(Debug, Clone)]
pub struct FakeQueue(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    messages: Vec<Stored>,
    /// What the next id and the next receipt are made of.
    next: u64,
    start: Instant,
}

#[derive(Debug)]
struct Stored {
    id: String,
    text: String,
    receipt: Option<String>,
    delivered: u32,
    inserted: OffsetDateTime,
    visible: Instant,
}

/// Why the queue says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueRefusal {
    /// The message is deleted, or never was.
    MessageNotFound,
    /// Another receipt has been handed out since.
    PopReceiptMismatch,
    /// The text has more than 64 KiB.
    TooLarge,
}

impl Default for FakeQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeQueue {
    /// An empty queue whose clock begins at the start of 2026 and runs with tokio's.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            messages: Vec::new(),
            next: 0,
            start: Instant::now(),
        })))
    }

    /// The queue's time, in whole seconds.
    pub fn now(&self) -> OffsetDateTime {
        self.lock().now()
    }

    /// Adds a message that is seen at once, and returns its id.
    pub fn put(&self, text: &str) -> Result<String, QueueRefusal> {
        self.put_later(text, Duration::ZERO)
    }

    /// Adds a message that is seen after a while, as a notification that is late.
    pub fn put_later(&self, text: &str, after: Duration) -> Result<String, QueueRefusal> {
        if text.len() > LONGEST_TEXT {
            return Err(QueueRefusal::TooLarge);
        }
        let mut state = self.lock();
        let id = format!("00000000-0000-0000-0000-{:012x}", state.count_on());
        let message = Stored {
            id: id.clone(),
            text: text.to_owned(),
            receipt: None,
            delivered: 0,
            inserted: state.now(),
            visible: Instant::now() + after,
        };
        state.messages.push(message);
        Ok(id)
    }

    /// Takes messages, and hides them for a while.
    pub fn receive(&self, most: u8, hide: Duration) -> Vec<Message> {
        let mut state = self.lock();
        let until = Instant::now() + bounded(hide).max(Duration::from_secs(1));
        let service_time = state.now();
        let taken = state.visible(most);
        let receipts: Vec<_> = taken.iter().map(|_| state.receipt()).collect();
        let taken = taken.into_iter().zip(receipts).map(|(at, receipt)| {
            let message = &mut state.messages[at];
            message.receipt = Some(receipt.clone());
            message.visible = until;
            message.delivered += 1;
            Message {
                lease: Lease {
                    id: message.id.clone(),
                    pop_receipt: receipt,
                },
                text: message.text.clone(),
                delivered: message.delivered,
                inserted: message.inserted,
                service_time,
            }
        });
        taken.collect()
    }

    /// Hides a message from now on, and returns its next lease.
    pub fn hide(&self, lease: &Lease, hide: Duration) -> Result<Lease, QueueRefusal> {
        let mut state = self.lock();
        let at = state.held(lease)?;
        let receipt = state.receipt();
        let message = &mut state.messages[at];
        message.receipt = Some(receipt.clone());
        message.visible = Instant::now() + bounded(hide);
        Ok(Lease {
            id: lease.id.clone(),
            pop_receipt: receipt,
        })
    }

    /// Deletes a message.
    pub fn delete(&self, lease: &Lease) -> Result<(), QueueRefusal> {
        let mut state = self.lock();
        let at = state.held(lease)?;
        state.messages.remove(at);
        Ok(())
    }

    /// Looks at messages without taking them.
    pub fn peek(&self, most: u8) -> Vec<Peeked> {
        let state = self.lock();
        let service_time = state.now();
        let seen = state.visible(most).into_iter().map(|at| {
            let message = &state.messages[at];
            Peeked {
                id: message.id.clone(),
                text: message.text.clone(),
                delivered: message.delivered,
                inserted: message.inserted,
                service_time,
            }
        });
        seen.collect()
    }

    /// How many messages there are, hidden ones included.
    pub fn depth(&self) -> usize {
        self.lock().messages.len()
    }

    /// The texts of all messages, hidden ones included: for assertions.
    pub fn texts(&self) -> Vec<String> {
        let state = self.lock();
        let texts = state.messages.iter().map(|it| it.text.clone());
        texts.collect()
    }

    /// Which messages somebody holds, or held last when they do not show themselves again yet.
    pub fn held(&self) -> Vec<String> {
        let state = self.lock();
        let now = Instant::now();
        let held = state.messages.iter();
        let held = held.filter(|it| it.receipt.is_some() && it.visible > now);
        held.map(|it| it.id.clone()).collect()
    }

    /// Messages of such texts are gone, whoever holds them.
    pub fn remove(&self, is_such: impl Fn(&str) -> bool) {
        self.lock().messages.retain(|it| !is_such(&it.text));
    }

    /// Whoever holds a message loses it: it is there for everybody at once, and its receipt is of no use any more.
    pub fn snatch(&self, id: &str) {
        let mut state = self.lock();
        let receipt = state.receipt();
        let message = state.messages.iter_mut().find(|it| it.id == id);
        let message = message.expect("a message of this id");
        message.receipt = Some(receipt);
        message.visible = Instant::now();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic while the queue is locked")
    }
}

impl State {
    fn now(&self) -> OffsetDateTime {
        let now = datetime!(2026-01-01 0:00 UTC) + self.start.elapsed();
        now.replace_nanosecond(0).expect("zero is in range")
    }

    fn count_on(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    // As the service's look, with characters that a URL gives a meaning to.
    fn receipt(&mut self) -> String {
        format!("AgAAAAMAAAAAA+/{:08x}==", self.count_on())
    }

    /// Which messages may be taken, those first that have been seen for longest.
    fn visible(&self, most: u8) -> Vec<usize> {
        let now = Instant::now();
        let all = self.messages.iter().enumerate();
        let mut visible: Vec<_> = all
            .filter(|(_, message)| message.visible <= now)
            .map(|(at, message)| (message.visible, at))
            .collect();
        visible.sort();
        let most = most.clamp(*BATCH.start(), *BATCH.end());
        let taken = visible.into_iter().take(usize::from(most));
        taken.map(|(_, at)| at).collect()
    }

    // A lease whose time is over is good until somebody else has the message, as the service has it.
    fn held(&self, lease: &Lease) -> Result<usize, QueueRefusal> {
        let at = self.messages.iter().position(|it| it.id == lease.id);
        let at = at.ok_or(QueueRefusal::MessageNotFound)?;
        match self.messages[at].receipt.as_ref() == Some(&lease.pop_receipt) {
            true => Ok(at),
            false => Err(QueueRefusal::PopReceiptMismatch),
        }
    }
}

fn bounded(hide: Duration) -> Duration {
    let hide = hide.min(LONGEST_HIDE);
    Duration::from_secs(hide.as_secs() + u64::from(hide.subsec_nanos() > 0))
}
