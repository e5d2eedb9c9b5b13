//! A queue of notifications.
//!
//! Facts: "Queue Storage REST API", Azure Storage REST API, version 2026-02-06. Requests are signed as those to the
//! blob service are ("Authorize with Shared Key"), and tokens are for all services of an account.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::http::{
    Method,
    headers::{HeaderName, Headers},
};
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;

use self::messages::{Entry, document};
use super::{
    date,
    failure::Call,
    pipeline::{Answer, PATIENCE, Service, read, within},
    xml::PageError,
};
use crate::{
    blob::url::container_url,
    ports::error::{
        StorageError,
        StorageErrorKind::{Protocol, Transient},
    },
    ports::notifications::{
        BATCH, Deleted, Hidden, LONGEST_HIDE, Lease, Message, NotificationQueue, Peeked,
    },
};

mod messages;

/// The largest answer: 32 messages of 64 KiB, each character of which XML may write as six (`&quot;`), and what stands
/// around them.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

const POP_RECEIPT: HeaderName = HeaderName::from_static("x-ms-popreceipt");
const COUNT: HeaderName = HeaderName::from_static("x-ms-approximate-messages-count");
const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// A queue of an account.
pub(super) struct Queue {
    service: Arc<Service>,
    name: String,
    /// Without a trailing slash.
    url: String,
}

impl Queue {
    /// The queue called `name` of a queue service.
    pub(super) fn new(service: Arc<Service>, name: &str) -> Self {
        Self {
            url: container_url(service.endpoint(), name),
            name: name.to_owned(),
            service,
        }
    }

    fn operation(&self, doing: &str) -> String {
        format!("{doing} queue `{}`", self.name)
    }

    // A receipt is opaque: base64 today.
    fn message_url(&self, lease: &Lease, more: &str) -> String {
        let [id, receipt] =
            [&lease.id, &lease.pop_receipt].map(|it| utf8_percent_encode(it, NON_ALPHANUMERIC));
        format!("{}/messages/{id}?popreceipt={receipt}{more}", self.url)
    }

    async fn entries(
        &self,
        call: Call<'_>,
        query: &str,
    ) -> Result<(Vec<Entry>, OffsetDateTime), StorageError> {
        let url = format!("{}/messages?{query}", self.url);
        let answer = self.service.get(call, &url, None).await?;
        let (headers, body) = answer.success(call)?;
        let time =
            date::of(&headers).ok_or_else(|| call.error(Protocol, "the answer has no `Date`"))?;
        let body = read(call, body, 0, LARGEST_ANSWER).await?;
        let entries = messages::parse(&body).map_err(|error| unreadable(call, error))?;
        Ok((entries, time))
    }

    async fn update(
        &self,
        call: Call<'_>,
        lease: &Lease,
        seconds: u64,
    ) -> Result<Hidden, StorageError> {
        let url = self.message_url(lease, &format!("&visibilitytimeout={seconds}"));
        let answer = self
            .service
            .send(call, Method::Put, &url, &[], Bytes::new());
        let answer = answer.await?;
        if is_lost(&answer) {
            return Ok(Hidden::Lost);
        }
        let (headers, _) = answer.success(call)?;
        let receipt = headers.get_optional_str(&POP_RECEIPT);
        let receipt =
            receipt.ok_or_else(|| call.error(Protocol, "the answer has no pop receipt"))?;
        Ok(Hidden::Yes(Lease {
            id: lease.id.clone(),
            pop_receipt: receipt.to_owned(),
        }))
    }

    async fn remove(&self, call: Call<'_>, lease: &Lease) -> Result<Deleted, StorageError> {
        let url = self.message_url(lease, "");
        let answer = self
            .service
            .send(call, Method::Delete, &url, &[], Bytes::new());
        let answer = answer.await?;
        if is_lost(&answer) {
            return Ok(Deleted::Lost);
        }
        answer.success(call).map(|_| Deleted::Yes)
    }

    async fn add(&self, call: Call<'_>, text: &str) -> Result<(), StorageError> {
        let url = format!("{}/messages?messagettl=-1", self.url);
        let headers = [(CONTENT_TYPE, "application/xml".to_owned())];
        let body = Bytes::from(document(text));
        let answer = self.service.send(call, Method::Post, &url, &headers, body);
        answer.await?.success(call).map(drop)
    }

    async fn count(&self, call: Call<'_>) -> Result<u64, StorageError> {
        let url = format!("{}?comp=metadata", self.url);
        let answer = self.service.get(call, &url, None).await?;
        let (headers, _) = answer.success(call)?;
        number(&headers, &COUNT).ok_or_else(|| {
            call.error(
                Protocol,
                "the answer does not say how many messages there are",
            )
        })
    }
}

#[async_trait]
impl NotificationQueue for Queue {
    async fn receive(&self, most: u8, hide: Duration) -> Result<Vec<Message>, StorageError> {
        let operation = self.operation("receiving from");
        let call = self.service.call(&operation, false);
        let query = format!(
            "numofmessages={}&visibilitytimeout={}",
            batch(most),
            seconds(hide).max(1)
        );
        let (entries, time) = within(call, PATIENCE, self.entries(call, &query)).await?;
        let messages = entries.into_iter().map(|entry| entry.received(time));
        let messages: Option<Vec<_>> = messages.collect();
        messages.ok_or_else(|| call.error(Protocol, "a message has no pop receipt"))
    }

    async fn hide(&self, lease: &Lease, hide: Duration) -> Result<Hidden, StorageError> {
        let operation = self.operation("hiding a message of");
        let call = self.service.call(&operation, false);
        within(call, PATIENCE, self.update(call, lease, seconds(hide))).await
    }

    async fn delete(&self, lease: &Lease) -> Result<Deleted, StorageError> {
        let operation = self.operation("deleting a message of");
        let call = self.service.call(&operation, false);
        within(call, PATIENCE, self.remove(call, lease)).await
    }

    async fn put(&self, text: &str) -> Result<(), StorageError> {
        let operation = self.operation("adding a message to");
        let call = self.service.call(&operation, false);
        within(call, PATIENCE, self.add(call, text)).await
    }

    async fn peek(&self, most: u8) -> Result<Vec<Peeked>, StorageError> {
        let operation = self.operation("looking into");
        let call = self.service.call(&operation, false);
        let query = format!("peekonly=true&numofmessages={}", batch(most));
        let (entries, time) = within(call, PATIENCE, self.entries(call, &query)).await?;
        Ok(entries.into_iter().map(|it| it.peeked(time)).collect())
    }

    async fn depth(&self) -> Result<u64, StorageError> {
        let operation = self.operation("counting the messages of");
        let call = self.service.call(&operation, false);
        within(call, PATIENCE, self.count(call)).await
    }
}

// A queue that does not exist is the operator's to make, and no lost lease.
fn is_lost(answer: &Answer) -> bool {
    matches!(
        answer.refusal(),
        (404, Some("MessageNotFound")) | (400, Some("PopReceiptMismatch"))
    )
}

fn unreadable(call: Call<'_>, error: PageError) -> StorageError {
    match error {
        // Without the place of the cut, which differs from try to try, and the log gets a line when a fault changes.
        PageError::Cut(_) => call.error(Transient, "the answer is incomplete"),
        PageError::Foreign(what) => {
            let what = format!(
                "the answer is not a list of messages: {what}: is it the queue service's URL?"
            );
            call.error(Protocol, &what)
        }
    }
}

fn batch(most: u8) -> u8 {
    most.clamp(*BATCH.start(), *BATCH.end())
}

fn seconds(hide: Duration) -> u64 {
    let hide = hide.min(LONGEST_HIDE);
    hide.as_secs() + u64::from(hide.subsec_nanos() > 0)
}

fn number(headers: &Headers, name: &HeaderName) -> Option<u64> {
    headers.get_optional_str(name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
