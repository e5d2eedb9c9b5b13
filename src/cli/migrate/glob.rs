//! A regular expression of the old operator as globs: the same names, as far as globs can say them.

/// At most so many globs for one expression.
const MOST: usize = 8;
/// At most so many repetitions of one character are written out.
const MOST_REPEATED: usize = 32;

/// A piece of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// `.*` and `.+`: any text, `/` included.
    Any,
    /// What a glob says in the same way, within one folder.
    Glob(String),
}

/// The globs that match the whole names in which the expression finds something; `None` when no glob can say it. An empty list
/// means each name.
pub(super) fn globs(expression: &str) -> Option<Vec<String>> {
    let mut globs = Vec::new();
    for branch in branches(expression)? {
        let found = written(&pieces(&branch)?)?;
        if found.is_empty() {
            return Some(Vec::new());
        }
        globs.extend(found);
    }
    (globs.len() <= MOST).then_some(globs)
}

/// The parts between each `|` that is in no group.
fn branches(expression: &str) -> Option<Vec<String>> {
    let (mut parts, mut depth) = (vec![String::new()], 0_u32);
    let mut chars = expression.chars();
    while let Some(c) = chars.next() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1)?,
            '|' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        let part = parts.last_mut()?;
        part.push(c);
        if c == '\\' {
            part.push(chars.next()?);
        }
    }
    Some(parts)
}

/// The pieces of an expression without `|` outside of groups, with what may stand before and after it.
fn pieces(branch: &str) -> Option<Vec<Piece>> {
    let chars: Vec<char> = branch.chars().collect();
    let begins = chars.first() == Some(&'^');
    let ends = chars.last() == Some(&'$') && (chars.len() < 2 || chars[chars.len() - 2] != '\\');
    let inner = chars.get(usize::from(begins)..chars.len() - usize::from(ends))?;
    let mut pieces = Vec::new();
    if !begins {
        pieces.push(Piece::Any);
    }
    let mut at = 0;
    while at < inner.len() {
        let (piece, after) = piece(inner, at)?;
        let (repeated, after) = repeated(piece, inner, after)?;
        pieces.extend(repeated);
        at = after;
    }
    if !ends {
        pieces.push(Piece::Any);
    }
    // `.*` beside `.*` is one.
    pieces.dedup_by(|a, b| *a == Piece::Any && *b == Piece::Any);
    Some(pieces)
}

/// The piece that begins at a character, without what says how often, and where it ends.
fn piece(chars: &[char], at: usize) -> Option<(Piece, usize)> {
    let glob = |text: String| Piece::Glob(text);
    match chars[at] {
        '.' => Some((glob("?".to_owned()), at + 1)),
        '\\' => {
            let c = *chars.get(at + 1)?;
            let text = match c {
                'd' => "[0-9]".to_owned(),
                'w' => "[a-zA-Z0-9_]".to_owned(),
                c if c.is_ascii_alphanumeric() => return None,
                c => literal(c),
            };
            Some((glob(text), at + 2))
        }
        '[' => class(chars, at),
        '(' => group(chars, at),
        '^' | '$' | '*' | '+' | '?' | '{' | '}' | ')' | ']' | '|' => None,
        c => Some((glob(literal(c)), at + 1)),
    }
}

/// A character that stands for itself, in a glob.
fn literal(c: char) -> String {
    match c {
        '*' | '?' | '[' | ']' | '{' | '}' | ',' | '\\' | '!' => format!("\\{c}"),
        c => c.to_string(),
    }
}

/// A glob that matches only this name.
pub(super) fn exactly(name: &str) -> String {
    name.chars().map(literal).collect()
}

/// `[a-z]`, `[^/]`
fn class(chars: &[char], at: usize) -> Option<(Piece, usize)> {
    let length = chars[at..].iter().position(|c| *c == ']')?;
    let inner: String = chars[at + 1..at + length].iter().collect();
    let after = at + length + 1;
    if inner == "^/" {
        return Some((Piece::Glob("?".to_owned()), after));
    }
    let (negated, members) = match inner.strip_prefix('^') {
        Some(members) => ("!", members),
        None => ("", inner.as_str()),
    };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    let fits = !members.is_empty() && members.chars().all(plain);
    fits.then(|| (Piece::Glob(format!("[{negated}{members}]")), after))
}

/// `(csv|parquet)`
fn group(chars: &[char], at: usize) -> Option<(Piece, usize)> {
    let length = chars[at..].iter().position(|c| *c == ')')?;
    let inner: String = chars[at + 1..at + length].iter().collect();
    let inner = inner.strip_prefix("?:").unwrap_or(&inner);
    let mut texts = Vec::new();
    for branch in branches(inner)? {
        let chars: Vec<char> = branch.chars().collect();
        let (mut text, mut at) = (String::new(), 0);
        while at < chars.len() {
            let (Piece::Glob(part), after) = piece(&chars, at)? else {
                return None;
            };
            text.push_str(&part);
            at = after;
        }
        texts.push(text);
    }
    let text = match texts.as_slice() {
        [one] => one.clone(),
        many => format!("{{{}}}", many.join(",")),
    };
    Some((Piece::Glob(text), at + length + 1))
}

/// A piece as often as what follows says: `*`, `+`, `?`, `{8}`.
fn repeated(piece: Piece, chars: &[char], at: usize) -> Option<(Vec<Piece>, usize)> {
    let Piece::Glob(text) = &piece else {
        return None;
    };
    // `.` is any character but those of other lines; `[^/]` stays within a folder.
    let is_dot = at > 0 && chars[at - 1] == '.' && (at < 2 || chars[at - 2] != '\\');
    match chars.get(at) {
        Some('*' | '+') if is_dot => Some((vec![Piece::Any], lazy(chars, at + 1))),
        Some('*') if text == "?" => Some((vec![Piece::Glob("*".to_owned())], lazy(chars, at + 1))),
        Some('+') if text == "?" => Some((vec![Piece::Glob("?*".to_owned())], lazy(chars, at + 1))),
        Some('?') => Some((vec![Piece::Glob(format!("{{{text},}}"))], at + 1)),
        Some('{') => {
            let length = chars[at..].iter().position(|c| *c == '}')?;
            let count: String = chars[at + 1..at + length].iter().collect();
            let count: usize = count.parse().ok()?;
            let fits = (1..=MOST_REPEATED).contains(&count);
            fits.then(|| (vec![piece; count], at + length + 1))
        }
        Some('*' | '+') => None,
        _ => Some((vec![piece], at)),
    }
}

// `.*?` finds the same as `.*`, where only whether it is found counts.
fn lazy(chars: &[char], at: usize) -> usize {
    at + usize::from(chars.get(at) == Some(&'?'))
}

/// The globs for some pieces; none when they are about each name.
fn written(pieces: &[Piece]) -> Option<Vec<String>> {
    if pieces == [Piece::Any] {
        return Some(Vec::new());
    }
    let mut globs = vec![String::new()];
    for (index, piece) in pieces.iter().enumerate() {
        let is_last = index + 1 == pieces.len();
        let mut longer = Vec::new();
        for glob in globs {
            match piece {
                Piece::Glob(text) => longer.push(glob + text),
                Piece::Any if glob.is_empty() || glob.ends_with('/') => {
                    longer.push(glob + if is_last { "**" } else { "**/*" });
                }
                // Within the folder, or through others.
                Piece::Any => {
                    longer.push(format!("{glob}*"));
                    longer.push(glob + if is_last { "*/**" } else { "*/**/*" });
                }
            }
        }
        globs = longer;
        if globs.len() > MOST {
            return None;
        }
    }
    Some(globs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use proptest::{prelude::*, string::string_regex};

    use super::*;
    use crate::filter::{Filter, FilterSpec};

    fn filter(expression: &str) -> Filter {
        let patterns = globs(expression).unwrap_or_else(|| panic!("{expression} has no glob"));
        let prefix = String::new();
        Filter::new(FilterSpec { prefix, patterns })
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    #[test]
    fn expressions_become_globs() {
        for (expression, expected) in [
            (r".*\.csv$", "**/*.csv"),
            (r"\.csv$", "**/*.csv"),
            (r"^raw/.*\.csv$", "raw/**/*.csv"),
            (r"^raw/[^/]+\.csv$", "raw/?*.csv"),
            (r"^.+\.(csv|parquet)$", "**/*.{csv,parquet}"),
            (
                r"^data_\d{4}\.csv(\.gz)?$",
                "data_[0-9][0-9][0-9][0-9].csv{.gz,}",
            ),
            (r"^a-.*\.csv$", "a-*.csv a-*/**/*.csv"),
            (r"\.csv$|\.json$", "**/*.csv **/*.json"),
            (r"_SUCCESS", "**/*_SUCCESS* **/*_SUCCESS*/**"),
            (r".*", ""),
            ("", ""),
        ] {
            assert_eq!(
                globs(expression).unwrap().join(" "),
                expected,
                "{expression}"
            );
            filter(expression);
        }
    }

    #[test]
    fn what_no_glob_can_say_is_left_to_people() {
        for expression in [
            r"(?i)\.csv$",
            r"^[0-9]+\.csv$",
            r"^a\s+b$",
            r"(a|b)*",
            r"a{2,3}",
            r"^(a.*|b)\.csv$",
            r"a(",
            r"[",
            r"a\",
            r"^\bx$",
            r"a.*b.*c.*d.*e.*f",
        ] {
            assert_eq!(globs(expression), None, "{expression}");
        }
    }

    #[test]
    fn other_names_do_not_match() {
        for (expression, name) in [
            (r".*\.csv$", "raw/a.csv.tmp"),
            (r".*\.csv$", "raw/acsv"),
            (r"^raw/.*\.csv$", "other/raw/a.csv"),
            (r"^raw/[^/]+\.csv$", "raw/a/b.csv"),
            (r"^data_\d{4}\.csv(\.gz)?$", "data_20.csv"),
            (r"^x[^a-c]$", "xa"),
        ] {
            assert!(!filter(expression).matches(name), "{expression}: {name}");
        }
    }

    proptest! {
        #[test]
        fn names_that_an_expression_matches_are_matched_by_its_globs(
            (expression, name) in prop::sample::select(vec![
                r".*\.csv", r"raw/.*\.csv", r"raw/[^/]+\.csv", r".+\.(csv|parquet)", r"data_\d{4}\.csv(\.gz)?",
                r"a-.*\.csv", r"a.*b.*c", r"x[a-c_-]y", r"(a|bc)/\wx?",
            ]).prop_flat_map(|expression| {
                // `.` in the generator is any character; names have no control characters.
                let names = expression.replace('.', "[a-z/_]").replace(r"\[a-z/_]", r"\.").replace("[^/]", "[a-z.]");
                let names = names.replace(r"\d", "[0-9]").replace(r"\w", "[a-z]");
                (Just(expression), string_regex(&names).unwrap())
            }),
            before in "[a-z/]{0,9}",
        ) {
            // A name of only this, and one that has it in the middle.
            let whole = format!("^{expression}$");
            prop_assert!(filter(&whole).matches(&name), "{whole}: {name}");
            let ending = format!("{expression}$");
            let name = format!("{before}{name}");
            prop_assert!(filter(&ending).matches(&name), "{ending}: {name}");
        }

        #[test]
        fn any_text_never_panics(text in r"[a-z.*+?()\[\]{}|\\^$/0-9]{0,20}|\PC{0,20}") {
            let _ = globs(&text);
        }
    }
}
