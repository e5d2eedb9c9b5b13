//! Why a text is not YAML, and what to do about it.

use serde_saphyr::{Error, MessageFormatter, UserMessageFormatter};

use super::{
    blanks,
    cures::cure,
    keys::ALL,
    mistake::{looks_secret, one_line, shown},
    object,
};

/// One sentence about why a text is not YAML.
pub(super) fn syntax(text: &str, error: &Error) -> String {
    let (line, column) = match error.location() {
        Some(at) => (at.line(), at.column()),
        None => (1, 1),
    };
    if let Some(why) = known_cause(text, error, line, column) {
        return why;
    }
    let message = UserMessageFormatter.format_message(error);
    if let Some(why) = cure(text, &message, line, column) {
        return why;
    }
    let message = match looks_secret(&message) {
        true => "this is not expected here".to_owned(),
        false => one_line(&message, 160),
    };
    format!("line {line}, column {column}: not YAML: {message}")
}

/// The mistakes that people make, and what they have to do about them.
fn known_cause(text: &str, error: &Error, line: u64, column: u64) -> Option<String> {
    if let Error::MultipleDocuments { .. } = error
        && let Some(problem) = object::one_of_several(text)
    {
        return Some(problem);
    }
    if let Some(line) = tabbed_line(text, line) {
        return Some(format!(
            "line {line}: is indented with a tab; YAML allows only spaces"
        ));
    }
    if let Some(told) = odd_line(text, line) {
        return Some(told);
    }
    let cause = match error {
        Error::MultipleDocuments { .. } => {
            "a second YAML document starts here; write one, without `---`".to_owned()
        }
        Error::UnsupportedTag { tag, .. } => format!(
            "{} is read as a YAML tag; put text that starts with `!` in quotes",
            shown(tag)
        ),
        error if is_too_much(error) => "the configuration nests or repeats too much".to_owned(),
        _ if starts_with_star(text, line, column) => {
            "put text that starts with `*` in quotes, such as \"**/*.csv\"".to_owned()
        }
        _ => return None,
    };
    Some(format!("line {line}: {cause}"))
}

fn is_too_much(error: &Error) -> bool {
    if let Error::AliasError { error, .. } = error {
        return is_too_much(error);
    }
    matches!(
        error,
        Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
            | Error::AliasReplayCounterOverflow { .. }
    ) || UserMessageFormatter
        .format_message(error)
        .contains("recursion limit")
}

/// The line that a tab indents, when it is the one at fault or the one after it: the text of a
/// value goes on there.
fn tabbed_line(text: &str, line: u64) -> Option<usize> {
    let first = usize::try_from(line).ok()?.checked_sub(1)?;
    let tabbed = |line: &str| {
        line.bytes()
            .take_while(|b| b" \t".contains(b))
            .any(|b| b == b'\t')
    };
    let mut near = text.lines().enumerate().skip(first).take(2);
    near.find(|(_, line)| tabbed(line))
        .map(|(index, _)| index + 1)
}

/// A mistake in a line shows up to so many lines later.
const NEAR: usize = 3;

/// What is wrong with the line at fault or with one before it, whatever the parser says: a template, a space that is none,
/// a key whose `:` has no space behind it.
fn odd_line(text: &str, line: u64) -> Option<String> {
    let most = usize::try_from(line).ok()?;
    // A byte order mark at the start is allowed.
    let text = text.trim_start_matches('\u{feff}');
    let lines: Vec<_> = text.lines().take(most).collect();
    let mut lines = lines.into_iter().enumerate().rev().take(NEAR);
    lines.find_map(|(index, line)| {
        let number = index + 1;
        if line.contains("{{") && !line.contains("{{{") {
            return Some(format!(
                "line {number}: has a template (`{{{{ … }}}}`) that was not rendered; render it first, or write the text itself"
            ));
        }
        if let Some(blank) = blanks::odd(line) {
            return Some(format!(
                "line {number}: has {blank}; write an ordinary space in its place"
            ));
        }
        if let Some(mark) = foreign_comment(line) {
            return Some(format!(
                "line {number}: a comment begins with `#` in YAML, and not with `{mark}`"
            ));
        }
        if is_unspaced_item(line) {
            return Some(format!(
                "line {number}: write a space after the `-` that begins an item of a list"
            ));
        }
        let (key, value) = line.trim_start_matches([' ', '-']).split_once(':')?;
        let is_known = ALL.iter().any(|section| section.known.contains(&key));
        let is_unspaced = value.starts_with(|c: char| !c.is_whitespace());
        (is_known && is_unspaced)
            .then(|| format!("line {number}: write a space after the colon: `{key}: …`"))
    })
}

/// What begins a comment in other languages, where it begins this line.
fn foreign_comment(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    ["//", "/*"].into_iter().find(|mark| line.starts_with(mark))
}

/// `-"**/*.csv"`
fn is_unspaced_item(line: &str) -> bool {
    let item = line.trim_start().strip_prefix('-').unwrap_or_default();
    item.starts_with(['"', '\''])
}

/// Whether the text at fault starts with a star, which YAML takes for an alias.
fn starts_with_star(text: &str, line: u64, column: u64) -> bool {
    let index = |number: u64| usize::try_from(number).ok()?.checked_sub(1);
    let (Some(line), Some(column)) = (index(line), index(column)) else {
        return false;
    };
    // An alias without a name is reported one behind its star.
    let line = text.lines().nth(line).unwrap_or_default();
    line.chars()
        .skip(column.saturating_sub(1))
        .take(2)
        .any(|c| c == '*')
}
