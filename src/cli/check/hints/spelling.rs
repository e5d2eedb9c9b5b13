//! Names that are spelt nearly as a filter has them: in other case, or with accents in another form of Unicode. Pure.

use crate::filter::{FilterSpec, Rewrite};

/// How many names are compared letter by letter with each text.
const COMPARED: usize = 200;

/// The filter with the letters that the names have, where only case or accents differ.
pub(super) fn respelt(filter: &FilterSpec, names: &[String]) -> Vec<Rewrite> {
    let prefix = names.iter().find_map(|name| start(name, &filter.prefix));
    let prefix = prefix.unwrap_or(&filter.prefix);
    // Names that the prefix lets through are those that the patterns are about.
    let names: Vec<_> = names
        .iter()
        .filter(|it| it.starts_with(prefix))
        .take(COMPARED)
        .collect();
    let each = |form: fn(&str) -> String| {
        let of = |pattern: &String| {
            let pattern = form(pattern);
            let found = names.iter().find_map(|name| in_pattern(name, &pattern));
            found.unwrap_or(pattern)
        };
        let patterns: Vec<_> = filter.patterns.iter().map(of).collect();
        Rewrite {
            cause: cause(filter, prefix, &patterns),
            filter: FilterSpec {
                prefix: prefix.to_owned(),
                patterns,
            },
        }
    };
    let deep = |pattern: &str| match pattern.contains('/') {
        true => pattern.to_owned(),
        false => format!("**/{pattern}"),
    };
    vec![each(str::to_owned), each(deep)]
}

fn cause(filter: &FilterSpec, prefix: &str, patterns: &[String]) -> String {
    let texts = || std::iter::once(&filter.prefix).chain(&filter.patterns);
    let others = || std::iter::once(prefix).chain(patterns.iter().map(String::as_str));
    let differ = |mark: fn(&str) -> bool| {
        let mut pairs = texts().zip(others());
        pairs.any(|(one, other)| mark(one) != mark(other))
    };
    let told = match (differ(has_marks), texts().any(|it| has_marks(it))) {
        (false, _) => "upper and lower case are different",
        (true, true) => {
            "an accent is a character of its own here (Unicode form NFD, as macOS writes it), and in the names it is one character \
             with its letter (NFC): both look the same"
        }
        (true, false) => {
            "an accent is one character with its letter here (Unicode form NFC), and in the names it is a character of its own \
             (NFD, as macOS writes it): both look the same"
        }
    };
    told.to_owned()
}

/// The beginning of a name that is this text but for its spelling.
fn start<'a>(name: &'a str, text: &str) -> Option<&'a str> {
    let length = same_length(name, text)?;
    name.get(..length).filter(|start| *start != text)
}

/// The pattern with each of its plain texts as it is in this name; `None` when one of them is not there.
fn in_pattern(name: &str, pattern: &str) -> Option<String> {
    const SIGNS: [char; 8] = ['*', '?', '[', ']', '{', '}', '\\', '!'];
    let mut rest = name;
    let mut respelt = String::new();
    for part in pattern.split_inclusive(SIGNS) {
        let text = part.trim_end_matches(SIGNS);
        // `**/` also stands for no folder at all.
        let without = text.strip_prefix('/').filter(|_| respelt.ends_with("**"));
        let (slash, wanted) = match without {
            Some(inner) if found(rest, text).is_none() => ("/", inner),
            _ => ("", text),
        };
        respelt.push_str(slash);
        if !wanted.is_empty() {
            let (found, after) = found(rest, wanted)?;
            respelt.push_str(found);
            rest = after;
        }
        respelt.push_str(&part[text.len()..]);
    }
    (respelt != pattern).then_some(respelt)
}

/// Where in `rest` this text is, whatever its spelling, and what is behind it.
fn found<'a>(rest: &'a str, text: &str) -> Option<(&'a str, &'a str)> {
    rest.char_indices().find_map(|(at, _)| {
        let from = &rest[at..];
        let length = same_length(from, text)?;
        from.get(..length).zip(from.get(length..))
    })
}

/// How many bytes of `name` are this text, if it begins with it.
fn same_length(name: &str, text: &str) -> Option<usize> {
    let (mut name_letters, mut length) = (letters(name), 0);
    for wanted in letters(text) {
        let letter = name_letters.next().filter(|it| is_same(it, wanted))?;
        length += letter.len();
    }
    (length > 0).then_some(length)
}

/// Letters, each with the accents that follow it as characters of their own.
fn letters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let marks = rest[first.len_utf8()..].chars().take_while(|c| is_mark(*c));
        let length = first.len_utf8() + marks.map(char::len_utf8).sum::<usize>();
        let (letter, after) = rest.split_at(length);
        rest = after;
        Some(letter)
    })
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase() || is_composed(one, other) || is_composed(other, one)
}

/// Whether `one` is a letter in one character, and `other` may be the same in several: `é`.
fn is_composed(one: &str, other: &str) -> bool {
    let mut chars = one.chars();
    let is_single = chars
        .next()
        .is_some_and(|c| !c.is_ascii() && c.is_alphabetic());
    let is_base = other.starts_with(|c: char| c.is_ascii_alphabetic());
    is_single && chars.next().is_none() && is_base && has_marks(other)
}

fn has_marks(text: &str) -> bool {
    text.chars().any(is_mark)
}

/// An accent that is a character of its own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_whatever_its_case_and_its_accents() {
        for (name, pattern, respelt) in [
            (
                "in/Sales Report.xlsx",
                "**/sales*.xlsx",
                Some("**/Sales*.xlsx"),
            ),
            ("Sales.xlsx", "**/sales*.XLSX", Some("**/Sales*.xlsx")),
            (
                "cafe\u{301}/a.csv",
                "caf\u{e9}/*.csv",
                Some("cafe\u{301}/*.csv"),
            ),
            (
                "caf\u{e9}/a.csv",
                "cafe\u{301}/*.csv",
                Some("caf\u{e9}/*.csv"),
            ),
            ("in/sales.xlsx", "**/sales*.xlsx", None),
            ("in/other.xlsx", "**/sales*.xlsx", None),
            ("cafe/a.csv", "caf\u{e9}/*.csv", None),
        ] {
            assert_eq!(in_pattern(name, pattern).as_deref(), respelt, "{pattern}");
        }
    }
}
