//! Text from others, safe to show: what moves a terminal's cursor, turns the direction of writing or
//! hides is shown as its number. Whatever goes to people goes through here.

use std::{
    fmt::{self, Display, Formatter, Write as _},
    io,
};

/// Whether a character does something to what is shown, instead of being shown.
///
/// Control characters (C0, DEL, C1), line breaks beyond ASCII, what turns the direction of writing
/// ("Unicode Bidirectional Algorithm", UAX #9), and what has no width: Unicode's default ignorables
/// that no script needs.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Text on one line: a line break is shown as `\n`, an escape character as `\u{1b}`.
pub struct Plain<'a>(pub &'a str);

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match is_hidden(c) {
                true => write!(f, "{}", c.escape_default())?,
                false => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Text of several lines, each of them plain.
pub struct Lines<'a>(pub &'a str);

impl Display for Lines<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut lines = self.0.split('\n');
        if let Some(first) = lines.next() {
            write!(f, "{}", Plain(first))?;
        }
        lines.try_for_each(|line| write!(f, "\n{}", Plain(line)))
    }
}

/// JSON that means the same, and in which what is hidden stands as `\u009b`. Line breaks, which JSON
/// has between its parts only, stay.
pub struct Json<'a>(pub &'a str);

impl Display for Json<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            if c == '\n' || !is_hidden(c) {
                f.write_char(c)?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(f, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}

/// Writes JSON on as [`Json`]. Each call must bring whole characters, as a log's does, which brings
/// whole lines.
pub struct JsonWriter<W>(pub W);

impl<W: io::Write> io::Write for JsonWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write!(self.0, "{}", Json(&String::from_utf8_lossy(bytes)))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use crate::text::plain::*;

    const HOSTILE: &str = "a\u{1b}]0;x\u{7}\r\n\u{7f}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{e0041}z ü";

    #[test]
    fn what_is_hidden_is_shown_as_its_number() {
        assert_eq!(
            Plain(HOSTILE).to_string(),
            r"a\u{1b}]0;x\u{7}\r\n\u{7f}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{e0041}z ü"
        );
        assert_eq!(Lines("a\u{7}\n\nb\r\n").to_string(), "a\\u{7}\n\nb\\r\n");
    }

    #[test]
    fn json_says_the_same() {
        let json = serde_json::to_string_pretty(&serde_json::json!({ "name": HOSTILE })).unwrap();
        let mut shown = Vec::new();
        JsonWriter(&mut shown).write_all(json.as_bytes()).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        assert!(!shown.chars().any(|c| c != '\n' && is_hidden(c)), "{shown}");
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(read["name"], HOSTILE);
        assert!(shown.contains("\\udb40\\udc41z"), "{shown}");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!Plain(&text).to_string().chars().any(is_hidden));
            let lines = Lines(&text).to_string();
            prop_assert!(!lines.chars().any(|c| c != '\n' && is_hidden(c)));
            prop_assert_eq!(lines.lines().count(), text.split('\n').count() - usize::from(text.ends_with('\n') || text.is_empty()));
        }
    }
}
