//! A storage queue in memory: leases, receipts that change, and messages that come back.
//!
//! It does what the documentation of Get Messages, Update Message and Delete Message says, on tokio's clock, which a
//! test may have paused. It is synchronous; latency and faults belong to
//! [`FakeNotifications`](crate::ports::FakeNotifications).

use std::{
    collections::{BTreeMap, BTreeSet},
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
    /// By the numbers that their ids are made of.
    messages: BTreeMap<u64, Stored>,
    /// Their numbers, by when each is seen.
    order: BTreeSet<(Instant, u64)>,
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
            messages: BTreeMap::new(),
            order: BTreeSet::new(),
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
        let number = state.count_on();
        let id = format!("{ID}{number:012x}");
        let visible = Instant::now() + after;
        let message = Stored {
            id: id.clone(),
            text: text.to_owned(),
            receipt: None,
            delivered: 0,
            inserted: state.now(),
            visible,
        };
        state.order.insert((visible, number));
        state.messages.insert(number, message);
        Ok(id)
    }

    /// Takes messages, and hides them for a while.
    pub fn receive(&self, most: u8, hide: Duration) -> Vec<Message> {
        let mut state = self.lock();
        let until = Instant::now() + bounded(hide).max(Duration::from_secs(1));
        let service_time = state.now();
        let taken = state.visible(most).into_iter().map(|number| {
            let lease = state.hold(number, until);
            let message = state.message(number);
            message.delivered += 1;
            Message {
                lease,
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
        let number = state.held(lease)?;
        Ok(state.hold(number, Instant::now() + bounded(hide)))
    }

    /// Deletes a message.
    pub fn delete(&self, lease: &Lease) -> Result<(), QueueRefusal> {
        let mut state = self.lock();
        let number = state.held(lease)?;
        state.remove(number);
        Ok(())
    }

    /// Looks at messages without taking them.
    pub fn peek(&self, most: u8) -> Vec<Peeked> {
        let state = self.lock();
        let service_time = state.now();
        let seen = state.visible(most).into_iter().map(|number| {
            let message = &state.messages[&number];
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
        let texts = state.messages.values().map(|it| it.text.clone());
        texts.collect()
    }

    /// Which messages somebody holds, or held last when they do not show themselves again yet.
    pub fn held(&self) -> Vec<String> {
        let state = self.lock();
        let now = Instant::now();
        let held = state.messages.values();
        let held = held.filter(|it| it.receipt.is_some() && it.visible > now);
        held.map(|it| it.id.clone()).collect()
    }

    /// Messages of such texts are gone, whoever holds them.
    pub fn remove(&self, is_such: impl Fn(&str) -> bool) {
        let mut state = self.lock();
        let such = state.messages.iter().filter(|(_, it)| is_such(&it.text));
        let such: Vec<_> = such.map(|(number, _)| *number).collect();
        such.into_iter().for_each(|number| state.remove(number));
    }

    /// Whoever holds a message loses it: it is there for everybody at once, and its receipt is of no use any more.
    pub fn snatch(&self, id: &str) {
        let mut state = self.lock();
        let number = number_of(id).filter(|number| state.messages.contains_key(number));
        state.hold(number.expect("a message of this id"), Instant::now());
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
    fn visible(&self, most: u8) -> Vec<u64> {
        let most = most.clamp(*BATCH.start(), *BATCH.end());
        let seen = self.order.range(..=(Instant::now(), u64::MAX));
        let seen = seen.take(usize::from(most));
        seen.map(|(_, number)| *number).collect()
    }

    fn message(&mut self, number: u64) -> &mut Stored {
        self.messages
            .get_mut(&number)
            .expect("a message of this number")
    }

    /// Hides a message until then, under a new lease.
    fn hold(&mut self, number: u64, until: Instant) -> Lease {
        let receipt = self.receipt();
        let message = self.message(number);
        let before = std::mem::replace(&mut message.visible, until);
        message.receipt = Some(receipt.clone());
        let id = message.id.clone();
        self.order.remove(&(before, number));
        self.order.insert((until, number));
        Lease {
            id,
            pop_receipt: receipt,
        }
    }

    fn remove(&mut self, number: u64) {
        if let Some(message) = self.messages.remove(&number) {
            self.order.remove(&(message.visible, number));
        }
    }

    // A lease whose time is over is good until somebody else has the message, as the service has it.
    fn held(&self, lease: &Lease) -> Result<u64, QueueRefusal> {
        let number = number_of(&lease.id).ok_or(QueueRefusal::MessageNotFound)?;
        let message = self.messages.get(&number);
        let message = message.ok_or(QueueRefusal::MessageNotFound)?;
        match message.receipt.as_ref() == Some(&lease.pop_receipt) {
            true => Ok(number),
            false => Err(QueueRefusal::PopReceiptMismatch),
        }
    }
}

/// What comes before a message's number in its id.
const ID: &str = "00000000-0000-0000-0000-";

fn number_of(id: &str) -> Option<u64> {
    u64::from_str_radix(id.strip_prefix(ID)?, 16).ok()
}

fn bounded(hide: Duration) -> Duration {
    let hide = hide.min(LONGEST_HIDE);
    Duration::from_secs(hide.as_secs() + u64::from(hide.subsec_nanos() > 0))
}
