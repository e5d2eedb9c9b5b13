//! What the parser's own words mean for whoever wrote the text, and what to do.

/// What is wrong with the line at fault and what to do, when the parser says `message` of this place (from 1).
pub(super) fn cure(text: &str, message: &str, line: u64, column: u64) -> Option<String> {
    let index = |number: u64| usize::try_from(number).ok()?.checked_sub(1);
    let (at, column) = (index(line)?, index(column)?);
    let found = text.lines().nth(at).unwrap_or_default();
    let (before, from) = (before(text, at), column.min(found.len()));
    let has = |words: &str| message.contains(words);
    let told = if has("mapping values are not allowed") || has("illegal placement of ':'") {
        return Some(second_colon(found, before, at + 1));
    } else if has("simple key expected ':'") {
        "has no colon; write `key: value`"
    } else if has("unexpected character") {
        return first_character(found, from).map(|told| format!("line {line}: {told}"));
    } else if has("document start") && text.lines().any(|it| it.starts_with('%')) {
        return Some(
            "a line that starts with `%` is a directive of YAML; put the text in quotes, or remove the line"
                .to_owned(),
        );
    } else if has("unknown escape character") {
        "has a `\\` in double quotes, where it begins an escape; write single quotes instead of the double ones"
    } else if has("trailing content after") {
        "has more text behind a closing quote; put the whole value in quotes, begin the next key on a line of its own, and \
         in `{…}` or `[…]` write a comma there"
    } else if has("did not find expected key") {
        misaligned(found)
    } else if has("scanning a block scalar") {
        "has text behind `|` or `>`; begin the text on the next line, or put it in quotes without `|` or `>`"
    } else {
        return None;
    };
    Some(format!("line {line}: {told}"))
}

/// The last line before this one that says something.
fn before(text: &str, at: usize) -> &str {
    let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines()
        .take(at)
        .filter(says)
        .last()
        .unwrap_or_default()
}

/// A colon where no key may begin: the text before it belongs to the value of another key.
fn second_colon(found: &str, before: &str, line: usize) -> String {
    let above = line.saturating_sub(1);
    match before.trim_end().split_once(':') {
        Some((key, value)) if !value.is_empty() && indent(found) > indent(before) => format!(
            "line {line}: is indented further than the line before it, where `{}` has a value already; begin both lines in \
             the same column",
            shown(key)
        ),
        None if !before.is_empty() && !before.trim_start().starts_with('-') => {
            format!("line {above}: has no colon; write `key: value`")
        }
        _ => format!(
            "line {line}: has a second `: ` in one value; put the value in quotes, or write each key on a line of its own"
        ),
    }
}

/// A key as it stands in a line.
fn shown(key: &str) -> String {
    let key = key.trim_start_matches([' ', '-']);
    super::mistake::one_line(key, 40)
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// What no text without quotes may begin with.
fn first_character(line: &str, from: usize) -> Option<String> {
    let first = line.get(from..)?.chars().next()?;
    matches!(first, '%' | '@' | '`').then(|| {
        format!("put text that starts with `{first}` in quotes").replace("```", "a backtick")
    })
}

fn misaligned(line: &str) -> &'static str {
    match line.trim_start().starts_with('-') {
        true => {
            "begins with `-`, as an item of a list, where a key is expected; remove the `-`, or begin it below the key of the list"
        }
        false => {
            "does not begin in the column of the other keys of its level; begin all keys of one level in the same column"
        }
    }
}
