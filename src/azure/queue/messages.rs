//! Messages as the queue service writes and reads them: XML.
//!
//! Facts: "Get Messages", "Peek Messages" and "Put Message", Azure Storage REST API, version 2026-02-06.

use time::OffsetDateTime;

use crate::{
    azure::{
        date,
        xml::{self, Child, PageError, Xml, foreign},
        xml_text::XmlText,
    },
    ports::notifications::{Lease, Message, Peeked},
};

/// One message of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    id: String,
    /// Empty when it was only looked at.
    pop_receipt: String,
    text: String,
    delivered: u32,
    inserted: OffsetDateTime,
}

impl Entry {
    /// As a message that was received at that time. `None` without a pop receipt.
    pub(super) fn received(self, service_time: OffsetDateTime) -> Option<Message> {
        (!self.pop_receipt.is_empty()).then_some(Message {
            lease: Lease {
                id: self.id,
                pop_receipt: self.pop_receipt,
            },
            text: self.text,
            delivered: self.delivered,
            inserted: self.inserted,
            service_time,
        })
    }

    /// As a message that was looked at, at that time.
    pub(super) fn peeked(self, service_time: OffsetDateTime) -> Peeked {
        Peeked {
            id: self.id,
            text: self.text,
            delivered: self.delivered,
            inserted: self.inserted,
            service_time,
        }
    }
}

/// Reads the whole of `body`, the answer of Get Messages or Peek Messages.
///
/// # Errors
/// An answer that is cut at any byte is an error, never a shorter list.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Entry>, PageError> {
    let mut xml = Xml::new(xml::text(body)?);
    let mut entries = Vec::new();
    match xml.child()? {
        Child::Full(root) if root.name().as_ref() == "QueueMessagesList" => {
            while let Some(entry) = next(&mut xml)? {
                entries.push(entry);
            }
        }
        Child::Empty(root) if root.name().as_ref() == "QueueMessagesList" => {}
        _ => return Err(foreign("its root is another element".to_owned())),
    }
    xml.nothing_more()?;
    Ok(entries)
}

fn next(xml: &mut Xml<'_>) -> Result<Option<Entry>, PageError> {
    loop {
        match xml.child()? {
            Child::Full(element) if element.name().as_ref() == "QueueMessage" => {
                return message(xml).map(Some);
            }
            Child::Full(_) => xml.skip()?,
            Child::Empty(_) => {}
            Child::End => return Ok(None),
        }
    }
}

/// What is known of a message that is being read.
#[derive(Default)]
struct Fields {
    id: String,
    pop_receipt: String,
    text: String,
    delivered: Option<u32>,
    inserted: Option<OffsetDateTime>,
}

fn message<'a>(xml: &mut Xml<'a>) -> Result<Entry, PageError> {
    let (mut fields, mut text) = (Fields::default(), XmlText::default());
    loop {
        let element = match xml.child()? {
            Child::Full(element) => element,
            Child::Empty(_) => continue,
            Child::End => return fields.entry(),
        };
        let name = element.name();
        if !is_known(name.as_ref()) {
            xml.skip()?;
            continue;
        }
        xml.text(&mut text)?;
        fields.set(name.as_ref(), text.as_str());
    }
}

fn is_known(name: &str) -> bool {
    matches!(
        name,
        "MessageId" | "PopReceipt" | "MessageText" | "DequeueCount" | "InsertionTime"
    )
}

impl Fields {
    fn set(&mut self, name: &str, text: &str) {
        match name {
            // White space belongs to a text, and to nothing else.
            "MessageText" => text.clone_into(&mut self.text),
            "MessageId" => text.trim().clone_into(&mut self.id),
            "PopReceipt" => text.trim().clone_into(&mut self.pop_receipt),
            "DequeueCount" => self.delivered = text.trim().parse().ok(),
            _ => self.inserted = date::parse_moment(text.trim()),
        }
    }

    fn entry(self) -> Result<Entry, PageError> {
        let lacks = |what: &str| foreign(format!("a message has no {what}"));
        if self.id.is_empty() {
            return Err(lacks("id"));
        }
        Ok(Entry {
            id: self.id,
            pop_receipt: self.pop_receipt,
            text: self.text,
            delivered: self.delivered.ok_or_else(|| lacks("dequeue count"))?,
            inserted: self.inserted.ok_or_else(|| lacks("insertion time"))?,
        })
    }
}

/// The body of Put Message.
///
/// Line ends and tabs are written as references, for a parser would fix them.
pub(super) fn document(text: &str) -> String {
    let mut xml = String::with_capacity(text.len() + text.len() / 8 + 64);
    xml.push_str("<QueueMessage><MessageText>");
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\t' | '\n' | '\r' => xml.push_str(&format!("&#{};", u32::from(character))),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            character => xml.push(character),
        }
    }
    xml.push_str("</MessageText></QueueMessage>");
    xml
}
