//! From a message's text to JSON values, whichever way it was put.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;

use super::unreadable::Unreadable;

/// Event Grid writes padding; people who put messages by hand may not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The events of a message: one, or those of an array, which are some.
///
/// JSON begins with a bracket and base64 never does, so that nobody has to say which one it is.
pub(super) fn events(text: &str) -> Result<Vec<Value>, Unreadable> {
    let text = bare(text);
    if text.is_empty() {
        return Err(unreadable("the message is empty"));
    }
    if text.starts_with(['{', '[']) {
        return values(text, "the message");
    }
    let decoded = decoded(text)?;
    values(bare(&decoded), "the message is base64, and its content")
}

// The parser refuses what is nested more than 128 deep, and a message has at most 64 KiB.
fn values(text: &str, what: &str) -> Result<Vec<Value>, Unreadable> {
    match serde_json::from_str(text) {
        Ok(Value::Array(events)) if events.is_empty() => {
            Err(unreadable("the message is an array without events"))
        }
        Ok(Value::Array(events)) => Ok(events),
        Ok(event) => Ok(vec![event]),
        Err(error) => Err(Unreadable::new(format!(
            "{what} is not JSON from line {} column {} on",
            error.line(),
            error.column()
        ))),
    }
}

fn decoded(text: &str) -> Result<String, Unreadable> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let bytes = BASE64
        .decode(digits)
        .map_err(|_| unreadable("the message is neither JSON nor base64"))?;
    String::from_utf8(bytes)
        .map_err(|_| unreadable("the message is base64, and its content is not text in UTF-8"))
}

fn bare(text: &str) -> &str {
    text.trim()
        .trim_start_matches('\u{feff}')
        .trim_start()
        .trim_end()
}

fn unreadable(problem: &str) -> Unreadable {
    Unreadable::new(problem)
}
