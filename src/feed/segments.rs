//! `meta/segments.json`: how far the feed may be read.

use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::manifest::{self, ManifestError, shortened};

/// The name of the file.
pub const NAME: &str = "meta/segments.json";

/// What `meta/segments.json` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segments {
    /// The beginning of the last segment that may be read (`lastConsumable`). Later segments may be there already;
    /// what is in them is not final, and nobody reads it.
    pub last_consumable: OffsetDateTime,
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "lastConsumable")]
    last_consumable: String,
}

impl Segments {
    /// Reads the content of the file.
    ///
    /// # Errors
    /// [`ManifestError`] when there is no time in it. Fields that we do not know are passed over.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let document: Document = manifest::read(NAME, bytes)?;
        let time = document.last_consumable;
        match OffsetDateTime::parse(&time, &Rfc3339) {
            Ok(last_consumable) => Ok(Self { last_consumable }),
            Err(_) => {
                let found = shortened(&time);
                let problem =
                    format!("`lastConsumable` is `{found}`, and should be a time in RFC 3339");
                Err(manifest::wrong(NAME, problem))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn it_says_which_segment_is_the_last_that_may_be_read() {
        let text = r#"{"version":0,"lastConsumable":"2026-11-29T14:00:00.000Z","storageDiagnostics":{"version":0,
            "lastModifiedTime":"2026-11-29T15:04:09.594Z","data":{"aid":"a6b895a0","lfz":"2026-11-01T06:00:00.000Z"}}}"#;
        let segments = Segments::parse(text.as_bytes()).unwrap();
        assert_eq!(segments.last_consumable, datetime!(2026-11-29 14:00 UTC));
    }

    #[test]
    fn what_is_wrong_is_told_in_one_sentence() {
        let message = |text: &str| Segments::parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            message(r#"{"lastConsumable":"yesterday"}"#),
            "`meta/segments.json` of the change feed cannot be read: `lastConsumable` is `yesterday`, and should be \
             a time in RFC 3339"
        );
        for (text, part) in [
            ("", "EOF"),
            ("{}", "missing field `lastConsumable`"),
            (r#"{"lastConsumable":7}"#, "invalid type: integer `7`"),
            (r#"{"lastConsumable":null}"#, "invalid type: null"),
            ("[]", "invalid length 0"),
            ("\u{feff}<html>", "expected value"),
        ] {
            assert!(message(text).contains(part), "{text}: {}", message(text));
        }
        let long = format!(r#"{{"lastConsumable":"{}"}}"#, "x".repeat(10_000));
        assert!(message(&long).len() < 300);
        let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(manifest::LARGEST));
        assert!(message(&huge).contains("more than 1 MiB"));
    }
}
