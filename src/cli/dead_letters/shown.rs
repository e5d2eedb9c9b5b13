//! Poison messages as people and programs read them.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::poison::PoisonQueue;
use crate::{
    cli::{
        moment::to_the_second,
        poison::{PoisonMessage, Seen},
    },
    event::rfc3339,
    notification::poison::Original,
    ports::notifications::BATCH,
    text::plain::Plain,
};

/// How much of a text is shown of which nothing else is known.
const SHOWN: usize = 80;

/// Messages for people.
pub(super) fn table(queue: &PoisonQueue, out: &mut impl Write, seen: &Seen) -> io::Result<()> {
    let name = queue.place.poison();
    if seen.messages.is_empty() && seen.not_shown == 0 {
        return writeln!(out, "no poison messages in queue {name}");
    }
    writeln!(out, "poison messages, in queue {name}:")?;
    if !seen.messages.is_empty() {
        writeln!(
            out,
            "{:<36}  {:>10}  {:<20}  BLOB",
            "ID", "DELIVERIES", "INSERTED"
        )?;
    }
    for message in &seen.messages {
        writeln!(
            out,
            "{:<36}  {:>10}  {:<20}  {}",
            Plain(&message.id),
            message.deliveries,
            to_the_second(message.inserted),
            blobs(queue, message)
        )?;
        writeln!(out, "    {}", reason(message))?;
    }
    if seen.not_shown > 0 {
        writeln!(
            out,
            "and about {} more: a queue shows only its first {} messages, and no message that a program works on",
            seen.not_shown,
            BATCH.end()
        )?;
    }
    Ok(())
}

fn blobs(queue: &PoisonQueue, message: &PoisonMessage) -> String {
    let Some(first) = message.blobs.first() else {
        return "(its text names no blob)".to_owned();
    };
    let name = Plain(&first.name);
    let first = match first.container == queue.container {
        true => name.to_string(),
        false => format!("{name} (of container {})", Plain(&first.container)),
    };
    match message.blobs.len() - 1 {
        0 => first,
        others => format!("{first} and {others} more"),
    }
}

fn reason(message: &PoisonMessage) -> String {
    match (&message.reason, &message.original) {
        (Some(reason), Original::Here(_)) => Plain(reason).to_string(),
        (Some(reason), Original::Beside(_)) => {
            format!("{} (its text is in another message)", Plain(reason))
        }
        (None, Original::Here(text)) => {
            let start: String = text.chars().take(SHOWN).collect();
            let more = if start.len() < text.len() { "…" } else { "" };
            format!(
                "it does not say why it is here; its text: {}{more}",
                Plain(&start)
            )
        }
        (None, Original::Beside(_)) => String::new(),
    }
}

/// A message for programs.
pub(super) fn to_json(message: &PoisonMessage) -> Value {
    let blobs = message.blobs.iter();
    let blobs: Vec<_> = blobs
        .map(|it| json!({"container": it.container, "name": it.name}))
        .collect();
    let text = match &message.original {
        Original::Here(text) => Some(text),
        Original::Beside(_) => None,
    };
    json!({
        "id": message.id,
        "message": message.message,
        "reason": message.reason,
        "deliveries": message.deliveries,
        "inserted": rfc3339(message.inserted),
        "blobs": blobs,
        "text": text,
    })
}
