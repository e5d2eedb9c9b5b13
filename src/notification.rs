//! What a message of the queue says: Event Grid's events about blobs, read without a word of configuration.
//!
//! Facts: "Azure Blob Storage as an Event Grid source", "Azure Event Grid event schema" and "CloudEvents v1.0 schema
//! with Azure Event Grid", Azure documentation; "JSON Event Format for CloudEvents", version 1.0.2.
//!
//! A notification is a hint and never the truth: it may be late, come twice, come after a newer one, or be of a blob
//! that is gone. Whoever follows it asks the service for the blob.

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

mod kind;
mod place;
pub mod poison;
mod text;
mod told;
mod unreadable;

pub use kind::Kind;
pub use told::tell;
pub use unreadable::Unreadable;

use place::Place;

/// One event of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// What happened.
    pub kind: Kind,
    /// The storage account's name, when the event tells it (`topic` or `source`): several accounts may share a queue.
    pub account: Option<String>,
    /// The container; empty when the event is about no blob.
    pub container: String,
    /// The blob's name exactly as a listing shows it, and of a renamed blob the new one; empty when the event is
    /// about no blob.
    pub name: String,
    /// The ETag right after the event, without quotes (`data.eTag`). A renamed blob's event has none.
    pub etag: Option<String>,
    /// The operation that caused it, `PutBlockList` say (`data.api`); empty when the event does not tell it.
    pub api: String,
    /// What orders the events of one blob, compared as text of equal length (`data.sequencer`).
    pub sequencer: Option<String>,
    /// When it happened (`eventTime` or `time`).
    pub time: Option<OffsetDateTime>,
    /// The event's own id, the same each time that it is delivered (`id`); empty when it has none.
    pub event_id: String,
}

/// The events of one message, in its order.
///
/// It takes the text as base64 or as it is, with a byte order mark and white space around it; one event or an array
/// of them; in the Event Grid schema or as CloudEvents 1.0. `account_path` is the path of the account's endpoint:
/// empty where the host names the account, `/devstoreaccount1` in the URLs of emulators.
///
/// # Errors
/// [`Unreadable`] when one of the events cannot be understood, for then nobody knows what the message asks for. Of
/// an event that nobody waits for, a part that is missing is no error.
pub fn parse(text: &str, account_path: &str) -> Result<Vec<Notification>, Unreadable> {
    let events = text::events(text)?;
    let count = events.len();
    let read = events.iter().enumerate().map(|(at, event)| {
        let event = event.as_object();
        event
            .ok_or_else(|| Unreadable::new("it is not a JSON object"))
            .and_then(|event| read(event, account_path))
            .map_err(|problem| problem.in_event(at, count))
    });
    read.collect()
}

fn read(event: &Map<String, Value>, account_path: &str) -> Result<Notification, Unreadable> {
    let nothing = Map::new();
    let data = event.get("data").and_then(Value::as_object);
    let data = data.unwrap_or(&nothing);
    let api = string(data, &["api"]).unwrap_or_default();
    let kind = Kind::of(event_type(event)?, api);
    let place = Place::of(
        string(event, &["subject"]),
        string(data, &[kind.url_key()]),
        account_path,
    );
    if place.is_none() && kind.announces() {
        return Err(without_place(event, kind));
    }
    let place = place.unwrap_or_default();
    let time = string(event, &["eventTime", "time"]);
    Ok(Notification {
        kind,
        account: string(event, &["topic", "source"]).and_then(account),
        container: place.container,
        name: place.name,
        etag: string(data, &["eTag", "etag"]).and_then(unquoted),
        api: api.to_owned(),
        sequencer: string(data, &["sequencer"]).map(str::to_owned),
        time: time.and_then(|time| OffsetDateTime::parse(time, &Rfc3339).ok()),
        event_id: string(event, &["id"]).unwrap_or_default().to_owned(),
    })
}

fn event_type(event: &Map<String, Value>) -> Result<&str, Unreadable> {
    let keys = match event.contains_key("specversion") {
        true => ["type", "eventType"],
        false => ["eventType", "type"],
    };
    string(event, &keys).ok_or_else(|| {
        Unreadable::new("it has neither `eventType` (Event Grid schema) nor `type` (CloudEvents)")
    })
}

fn without_place(event: &Map<String, Value>, kind: Kind) -> Unreadable {
    let subject = match string(event, &["subject"]) {
        None => "it has no `subject`",
        Some(_) => {
            "its `subject` does not name a blob in the form `/blobServices/default/containers/CONTAINER/blobs/NAME`"
        }
    };
    Unreadable::new(format!(
        "{subject}, and no `data.{}` that names one",
        kind.url_key()
    ))
}

// The first of these keys that has a text which is not empty.
fn string<'a>(object: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a str> {
    let texts = keys.iter().filter_map(|key| object.get(*key)?.as_str());
    texts.into_iter().find(|text| !text.is_empty())
}

// With and without quotes, both are published.
fn unquoted(etag: &str) -> Option<String> {
    let etag = etag.trim().trim_matches('"');
    (!etag.is_empty()).then(|| etag.to_owned())
}

// `/subscriptions/…/providers/Microsoft.Storage/storageAccounts/NAME`
fn account(source: &str) -> Option<String> {
    let (kind, name) = source.trim_end_matches('/').rsplit_once('/')?;
    let is_account = kind.to_ascii_lowercase().ends_with("/storageaccounts");
    (is_account && !name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests;
