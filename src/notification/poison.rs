//! A message of the poison queue: why another one was set aside, and its text.

use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{event::rfc3339, text::hex::hex};

/// Why a message was set aside, and what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    /// Why, in one sentence.
    pub reason: String,
    /// The id that the message had in the queue of notifications.
    pub message: String,
    /// How often it was delivered from there.
    pub deliveries: u32,
    /// When it was put there.
    pub inserted: OffsetDateTime,
    /// Its text, or where that is.
    pub text: Original,
}

/// The text of a message that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Original {
    /// The text.
    Here(String),
    /// It leaves no room for the reason and is a message of its own, whose text has this [`digest`].
    Beside(String),
}

/// A message as it stands in the poison queue.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    reason: String,
    message: String,
    deliveries: u32,
    #[serde(with = "time::serde::rfc3339")]
    inserted: OffsetDateTime,
    text: Option<String>,
    text_sha256: Option<String>,
}

impl Poison {
    /// The messages that it becomes, in their order: reason and text in one that is not longer than `longest` where
    /// they fit, the text as it is and the reason behind it where they do not.
    pub fn texts(&self, longest: usize) -> Vec<String> {
        let mut about = json!({
            "reason": self.reason,
            "message": self.message,
            "deliveries": self.deliveries,
            "inserted": rfc3339(self.inserted),
        });
        let text = match &self.text {
            Original::Here(text) => text,
            Original::Beside(digest) => {
                about["textSha256"] = json!(digest);
                return vec![about.to_string()];
            }
        };
        about["text"] = json!(text);
        let whole = about.to_string();
        if whole.len() <= longest {
            return vec![whole];
        }
        let beside = Self {
            text: Original::Beside(digest(text)),
            ..self.clone()
        };
        [vec![text.clone()], beside.texts(longest)].concat()
    }

    /// What a message of the poison queue says; `None` of one that is not written so: it is the text of another one,
    /// or somebody else has put it there.
    pub fn read(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let text = match (written.text, written.text_sha256) {
            (Some(text), _) => Original::Here(text),
            (None, digest) => Original::Beside(digest?),
        };
        Some(Self {
            reason: written.reason,
            message: written.message,
            deliveries: written.deliveries,
            inserted: written.inserted,
            text,
        })
    }
}

/// What tells a text from all others: the SHA-256 of its UTF-8, in hexadecimal digits.
pub fn digest(text: &str) -> String {
    hex(&Sha256::digest(text))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const LONGEST: usize = 64 * 1024;

    fn poison(text: &str) -> Poison {
        Poison {
            reason: "why".to_owned(),
            message: "m1".to_owned(),
            deliveries: 3,
            inserted: OffsetDateTime::UNIX_EPOCH,
            text: Original::Here(text.to_owned()),
        }
    }

    #[test]
    fn reason_and_text_are_in_one_message() {
        let texts = poison("{\"no\": \"event\"}").texts(LONGEST);
        let json: Value = serde_json::from_str(&texts[0]).unwrap();
        assert_eq!((texts.len(), &json["reason"]), (1, &json!("why")));
        assert_eq!(json["text"], "{\"no\": \"event\"}");
        assert_eq!(
            (&json["deliveries"], &json["message"]),
            (&json!(3), &json!("m1"))
        );
    }

    #[test]
    fn a_text_that_leaves_no_room_for_the_reason_stays_whole() {
        let long = "\"".repeat(LONGEST);
        let texts = poison(&long).texts(LONGEST);
        assert_eq!((texts.len(), &texts[0]), (2, &long));
        let about = Poison::read(&texts[1]).unwrap();
        assert_eq!(about.text, Original::Beside(digest(&long)));
        assert_eq!((about.reason.as_str(), about.deliveries), ("why", 3));
    }

    #[test]
    fn what_others_put_is_not_taken_for_it() {
        for text in [
            "",
            "[]",
            "{\"reason\": \"why\"}",
            "{\"reason\": \"why\", \"message\": \"m\", \"deliveries\": 1, \"inserted\": \"2026-01-01T00:00:00Z\"}",
            "{\"reason\": \"why\", \"message\": \"m\", \"deliveries\": 1, \"inserted\": \"today\", \"text\": \"\"}",
            "{\"specversion\": \"1.0\", \"type\": \"Microsoft.Storage.BlobCreated\"}",
        ] {
            assert_eq!(Poison::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            reason in any::<String>(),
            text in any::<String>(),
            deliveries in any::<u32>(),
            seconds in 0..4_000_000_000_i64,
        ) {
            let written = Poison {
                reason,
                deliveries,
                inserted: OffsetDateTime::from_unix_timestamp(seconds).unwrap(),
                ..poison(&text)
            };
            let texts = written.texts(usize::MAX);
            prop_assert_eq!(texts.len(), 1);
            prop_assert_eq!(Poison::read(&texts[0]), Some(written));
        }

        #[test]
        fn any_text_is_answered(text in any::<String>()) {
            let _ = Poison::read(&text);
        }
    }
}
