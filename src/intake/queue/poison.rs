//! Messages that cannot be used, set aside where people find them.

use serde_json::json;
use tracing::warn;

use super::setup::Queue;
use crate::{
    event::rfc3339,
    ports::{
        error::StorageError,
        notifications::{LONGEST_TEXT, Message},
    },
    text::plain::Plain,
};

/// Copies a message into the poison queue, with the reason. The caller deletes it afterwards: a crash in between makes
/// a second copy, and loses nothing.
///
/// # Errors
/// What waiting does not mend.
pub(super) async fn set_aside(
    queue: &Queue,
    message: &Message,
    reason: &str,
) -> Result<(), StorageError> {
    for text in texts(message, reason) {
        queue
            .retry("put a message into the poison queue")
            .run(|| queue.poison.put(&text))
            .await?;
    }
    warn!(
        message = %Plain(&message.lease.id),
        deliveries = message.delivered,
        reason = %Plain(reason),
        "a message is set aside in the poison queue"
    );
    Ok(())
}

// Reason and text in one message where they fit, the text as it is and the reason behind it where they do not.
fn texts(message: &Message, reason: &str) -> Vec<String> {
    let about = json!({
        "reason": reason,
        "message": message.lease.id,
        "deliveries": message.delivered,
        "inserted": rfc3339(message.inserted),
    });
    let mut whole = about.clone();
    whole["text"] = json!(message.text);
    let whole = whole.to_string();
    match whole.len() <= LONGEST_TEXT {
        true => vec![whole],
        false => vec![message.text.clone(), about.to_string()],
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::ports::notifications::Lease;

    fn message(text: &str) -> Message {
        Message {
            lease: Lease {
                id: "m1".to_owned(),
                pop_receipt: "r".to_owned(),
            },
            text: text.to_owned(),
            delivered: 3,
            inserted: OffsetDateTime::UNIX_EPOCH,
            service_time: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn reason_and_text_are_in_one_message() {
        let texts = texts(&message("{\"no\": \"event\"}"), "why");
        let json: serde_json::Value = serde_json::from_str(&texts[0]).unwrap();
        assert_eq!((texts.len(), &json["reason"]), (1, &json!("why")));
        assert_eq!(json["text"], "{\"no\": \"event\"}");
        assert_eq!(
            (&json["deliveries"], &json["message"]),
            (&json!(3), &json!("m1"))
        );
    }

    #[test]
    fn a_text_that_leaves_no_room_for_the_reason_stays_whole() {
        let long = "\"".repeat(LONGEST_TEXT);
        let texts = texts(&message(&long), "why");
        assert_eq!(texts[0], long);
        assert!(texts[1].contains("\"message\":\"m1\"") && texts[1].contains("why"));
    }
}
