//! Text of an uploader in a form that no template evaluates.
//!
//! Whoever may upload a blob chooses its name and its content type, and both end up in templates: a Sensor puts
//! them into a Workflow, Argo Workflows substitutes `{{…}}` two or three times over (the last time inside JSON that
//! is escaped once), Kubernetes expands `$(VAR)` in arguments, and the Argo UI renders Markdown. So an event holds
//! these texts in a form without any character that one of them gives a meaning to.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::{blob::characters, text::plain::is_hidden};

/// The form of an uploader's text that is safe in templates: the text itself, with each character that a template
/// would evaluate percent-encoded (RFC 3986, section 2.1, each byte of its UTF-8 as `%XX`).
///
/// Encoded are `{ } " \ $` and the backtick; control characters and all others that do not show themselves
/// ([`is_hidden`]); characters beyond U+FFFF, such as emoji, which Argo Workflows may
/// write as `\U0001f600`, and then fails with "invalid JSON" (`simpleReplace` of version 4.0.5 quotes as Go does);
/// `<` and `>`; a hyphen in the first place, which programs take for an option; and `%` itself, so that [`decoded`]
/// gives the text back. Most names have none of these and stay as they are: spaces, apostrophes and the letters of
/// nearly every language are not touched.
///
/// ```
/// use azure_blob_eventsource::event::encoded::encoded;
/// assert_eq!(encoded("raw/données 2026.csv"), "raw/données 2026.csv");
/// assert_eq!(encoded("raw/{{=1+1}}.csv"), "raw/%7B%7B=1+1%7D%7D.csv");
/// ```
pub fn encoded(text: &str) -> Cow<'_, str> {
    let hyphen = text.starts_with('-');
    if !hyphen && !text.chars().any(is_evaluated) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, character) in text.char_indices() {
        if is_evaluated(character) || (hyphen && at == 0) {
            push_encoded(character, &mut out);
        } else {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

/// The text that [`encoded`] was given. Any percent-decoder gives it.
pub fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// An encoded name of a blob as one part of another name, such as a result's: `-` instead of each `/`, and
/// at most [`MAX_FLAT`] characters. A longer one is cut, and ends in `short`, which tells it from the others.
pub fn flat(encoded: &str, short: &str) -> String {
    let flat = encoded.replace('/', "-");
    if characters(&flat) <= MAX_FLAT {
        return flat;
    }
    let mut room = MAX_FLAT - 1 - characters(short);
    let kept = flat.char_indices().find(|(_, character)| {
        let fits = room.checked_sub(character.len_utf16());
        fits.inspect(|left| room = *left).is_none()
    });
    let kept = kept.map_or(flat.as_str(), |(end, _)| &flat[..end]);
    // No `%XX` is cut in two.
    let end = match kept.rfind('%') {
        Some(at) if kept.len() - at < 3 => at,
        _ => kept.len(),
    };
    format!("{}-{short}", &kept[..end])
}

/// The longest [`flat`] name, in [`characters`]: what is made of it may add some hundreds and still keep to the
/// 1,024 of a blob's name.
pub const MAX_FLAT: usize = 512;

fn is_evaluated(character: char) -> bool {
    is_hidden(character)
        || matches!(
            character,
            '{' | '}' | '"' | '\\' | '$' | '`' | '<' | '>' | '%'
        )
        || character > '\u{ffff}'
}

fn push_encoded(character: char, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        out.push('%');
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names that Argo Workflows evaluates, or breaks on, when they reach a template as they are.
    const HOSTILE: &[&str] = &[
        "raw/{{=1+1}}.csv",
        "raw/{{workflow.name}}.csv",
        "raw/{{=sprig.fail(\"x\")}}.csv",
        "raw/\",\"endpoint\":\"https://evil.example\",\"blob\":\"z{{='{'+'x'+'}'}}.csv",
        "raw/\u{1}\u{7f}\u{85}.csv",
        "raw/$(KUBERNETES_SERVICE_HOST)$$.csv",
        "raw/`id`\\u007b\\u007b=1\\u007d\\u007d.csv",
        "--help",
        "raw/%7B%7B=1+1%7D%7D.csv",
        "raw/<img src=x>\u{202e}vsc.csv",
        "raw/\u{1f600}\u{e0001}.csv",
    ];

    #[test]
    fn hostile_names_lose_what_is_evaluated_and_come_back() {
        for name in HOSTILE {
            let text = encoded(name);
            assert!(!text.contains(['{', '}', '"', '\\', '$', '`', '<', '>']));
            assert!(
                !text.starts_with('-') && !text.chars().any(|c| c.is_control() || c > '\u{ffff}')
            );
            assert_eq!(decoded(&text), *name);
        }
    }

    #[test]
    fn names_of_every_day_stay_as_they_are() {
        for name in [
            "raw/mydata.csv",
            "raw/my data (1) [final].csv",
            "données/é/日本語.csv",
            "it's & that;a=b,c+d#e?f@g!h*~|^.csv",
            "a-b/-c",
        ] {
            assert!(matches!(encoded(name), Cow::Borrowed(text) if text == name));
        }
    }

    #[test]
    fn flat_names_are_short_and_keep_apart() {
        assert_eq!(flat("raw/a/b.csv", "short"), "raw-a-b.csv");
        let long = "ü".repeat(1020);
        let cut = flat(&long, "sjraikuql7jq");
        assert_eq!(characters(&cut), MAX_FLAT);
        assert!(cut.ends_with("ü-sjraikuql7jq"));
        assert!(characters(&flat(&"\u{20000}".repeat(1020), "sjraikuql7jq")) <= MAX_FLAT);
        // 499 characters are kept, so the cut falls into `%7B`.
        let within = format!("{}%7B{}", "x".repeat(498), "y".repeat(600));
        assert_eq!(
            flat(&within, "sjraikuql7jq"),
            format!("{}-sjraikuql7jq", "x".repeat(498))
        );
    }

    proptest! {
        #[test]
        fn any_text_is_safe_and_comes_back(text in any::<String>()) {
            let safe = encoded(&text);
            prop_assert!(!safe.chars().any(|c| c != '%' && is_evaluated(c)));
            prop_assert!(!safe.starts_with('-'));
            prop_assert_eq!(&*decoded(&safe), &*text);
        }

        #[test]
        fn no_two_texts_share_a_form(one in "[%{2B7b-]{0,8}", other in "[%{2B7b-]{0,8}") {
            prop_assert_eq!(one == other, encoded(&one) == encoded(&other));
        }

        #[test]
        fn flat_names_are_bounded_whatever_the_name(text in "\\PC{0,300}", n in 1_usize..8) {
            let flat = flat(&encoded(&text.repeat(n)), "sjraikuql7jq");
            prop_assert!(characters(&flat) <= MAX_FLAT && !flat.contains('/'));
            let cut = flat.rfind('%').is_some_and(|at| !flat.is_char_boundary(at + 1)
                || flat.get(at + 1..at + 3).is_none_or(|two| !two.bytes().all(|b| b.is_ascii_hexdigit())));
            prop_assert!(!cut, "{}", flat);
        }
    }
}
