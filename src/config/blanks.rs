//! Characters that look like spaces and are none for YAML: they come with text that is copied from a web page or a chat.

/// Whether a character only looks like a space, or like nothing.
pub(super) fn is_odd(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
        || (c.is_whitespace() && !c.is_ascii())
}

/// What the first of these characters in a text is called.
pub(super) fn odd(text: &str) -> Option<&'static str> {
    Some(match text.chars().find(|c| is_odd(*c))? {
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{200b}'..='\u{200d}' | '\u{2060}' => "a zero-width space",
        '\u{feff}' => "a byte order mark",
        _ => "a space that is not the ordinary one",
    })
}

/// A text without these characters.
pub(super) fn without(text: &str) -> String {
    let kept = text.chars().filter(|c| !is_odd(*c));
    kept.collect::<String>().trim().to_owned()
}
