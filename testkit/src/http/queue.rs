//! Queues: Create Queue, Get, Peek, Put, Update and Delete Message, and Get Queue Metadata.

use std::{collections::BTreeMap, fmt::Write, sync::Mutex, time::Duration};

use azure_blob_eventsource::ports::notifications::Lease;
use http::Method;
use time::OffsetDateTime;

use super::{
    answer::{self, Answer, escape, full, http_date, set},
    call::{Call, HttpOp},
};
use crate::queue::{FakeQueue, QueueRefusal};

/// What stands in a URL instead of the account's name, so that no container can be meant.
pub(super) const SERVICE: &str = "devstoreaccount1-queues";

type Queues = Mutex<BTreeMap<String, FakeQueue>>;

/// Whether a path is of a queue and not of a container.
pub(super) fn is_of(path: &str) -> bool {
    path.split('/').nth(1) == Some(SERVICE)
}

/// What is asked of a queue, or of what is `below` it.
pub(super) fn operation(
    method: &Method,
    below: &str,
    query: &BTreeMap<String, String>,
) -> Option<HttpOp> {
    let comp = query.get("comp").map(String::as_str);
    Some(match (method.as_str(), below, comp) {
        ("PUT", "", None) => HttpOp::CreateQueue,
        ("GET" | "HEAD", "", Some("metadata")) => HttpOp::QueueMetadata,
        ("GET", "messages", None) if query.contains_key("peekonly") => HttpOp::PeekMessages,
        ("GET", "messages", None) => HttpOp::ReceiveMessages,
        ("POST", "messages", None) => HttpOp::PutMessage,
        ("PUT", _, None) if below.starts_with("messages/") => HttpOp::UpdateMessage,
        ("DELETE", _, None) if below.starts_with("messages/") => HttpOp::DeleteMessage,
        _ => return None,
    })
}

/// Does what the call says.
pub(super) fn act(queues: &Queues, call: &Call) -> Answer {
    let mut queues = queues.lock().expect("queues");
    if call.op == HttpOp::CreateQueue {
        let queue = queues.entry(call.container.clone()).or_default();
        return answer::empty(201, queue.now());
    }
    let queue = queues.get(&call.container).cloned();
    drop(queues);
    let Some(queue) = queue else {
        let now = OffsetDateTime::now_utc();
        return answer::error(
            404,
            "QueueNotFound",
            "The specified queue does not exist.",
            now,
        );
    };
    let now = queue.now();
    let done = match call.op {
        HttpOp::ReceiveMessages => Ok(received(&queue, call)),
        HttpOp::PeekMessages => Ok(peeked(&queue, call)),
        HttpOp::PutMessage => put(&queue, call),
        HttpOp::UpdateMessage => update(&queue, call),
        HttpOp::DeleteMessage => queue.delete(&lease(call)).map(|()| answer::empty(204, now)),
        _ => Ok(counted(&queue)),
    };
    done.unwrap_or_else(|refusal| refused(refusal, now))
}

fn received(queue: &FakeQueue, call: &Call) -> Answer {
    let messages = queue.receive(most(call), seconds(call));
    let messages = messages.iter().map(|it| {
        let receipt = Some(it.lease.pop_receipt.as_str());
        (&it.lease.id, receipt, it.delivered, it.inserted, &it.text)
    });
    list(queue, messages)
}

fn peeked(queue: &FakeQueue, call: &Call) -> Answer {
    let messages = queue.peek(most(call));
    let messages = messages
        .iter()
        .map(|it| (&it.id, None, it.delivered, it.inserted, &it.text));
    list(queue, messages)
}

type Listed<'a> = (&'a String, Option<&'a str>, u32, OffsetDateTime, &'a String);

fn list<'a>(queue: &FakeQueue, messages: impl Iterator<Item = Listed<'a>>) -> Answer {
    let mut xml =
        String::from("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList>");
    for (id, receipt, delivered, inserted, text) in messages {
        let inserted = http_date(inserted);
        let written = write!(
            xml,
            "<QueueMessage><MessageId>{id}</MessageId><InsertionTime>{inserted}</InsertionTime>\
             <ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>"
        );
        written.expect("a string");
        if let Some(receipt) = receipt {
            xml.push_str("<PopReceipt>");
            escape(&mut xml, receipt);
            xml.push_str("</PopReceipt>");
        }
        write!(xml, "<DequeueCount>{delivered}</DequeueCount><MessageText>").expect("a string");
        escape(&mut xml, text);
        xml.push_str("</MessageText></QueueMessage>");
    }
    xml.push_str("</QueueMessagesList>");
    answer::xml(200, queue.now(), full(xml))
}

fn put(queue: &FakeQueue, call: &Call) -> Result<Answer, QueueRefusal> {
    queue.put(&text_of(&call.body))?;
    Ok(answer::xml(201, queue.now(), full("<QueueMessagesList/>")))
}

fn update(queue: &FakeQueue, call: &Call) -> Result<Answer, QueueRefusal> {
    let lease = queue.hide(&lease(call), seconds(call))?;
    let mut answer = answer::empty(204, queue.now());
    set(&mut answer, "x-ms-popreceipt", &lease.pop_receipt);
    Ok(answer)
}

fn counted(queue: &FakeQueue) -> Answer {
    let mut answer = answer::empty(200, queue.now());
    let count = queue.depth().to_string();
    set(&mut answer, "x-ms-approximate-messages-count", &count);
    answer
}

fn refused(refusal: QueueRefusal, now: OffsetDateTime) -> Answer {
    let (status, code, message) = match refusal {
        QueueRefusal::MessageNotFound => (
            404,
            "MessageNotFound",
            "The specified message does not exist.",
        ),
        QueueRefusal::PopReceiptMismatch => (
            400,
            "PopReceiptMismatch",
            "The specified pop receipt did not match the pop receipt for a dequeued message.",
        ),
        QueueRefusal::TooLarge => (413, "RequestBodyTooLarge", "The request body is too large."),
    };
    answer::error(status, code, message, now)
}

fn lease(call: &Call) -> Lease {
    let id = call.blob.strip_prefix("messages/").unwrap_or_default();
    let receipt = call.query.get("popreceipt").cloned();
    Lease {
        id: id.to_owned(),
        pop_receipt: receipt.unwrap_or_default(),
    }
}

fn most(call: &Call) -> u8 {
    let most = call.query.get("numofmessages");
    most.and_then(|it| it.parse().ok()).unwrap_or(1)
}

fn seconds(call: &Call) -> Duration {
    let seconds = call.query.get("visibilitytimeout");
    Duration::from_secs(seconds.and_then(|it| it.parse().ok()).unwrap_or(30))
}

// `<QueueMessage><MessageText>…</MessageText></QueueMessage>`
fn text_of(body: &[u8]) -> String {
    let body = std::str::from_utf8(body).expect("UTF-8");
    let (_, text) = body.split_once("<MessageText>").expect("a text");
    let (text, _) = text.split_once("</MessageText>").expect("a whole text");
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (reference, rest) = piece.split_once(';').expect("a whole reference");
        plain.push(match reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            number => {
                let number = number.strip_prefix('#').and_then(|it| it.parse().ok());
                let character = number.and_then(char::from_u32);
                character.expect("the number of a character")
            }
        });
        plain.push_str(rest);
    }
    plain
}
