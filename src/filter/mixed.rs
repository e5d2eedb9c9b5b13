//! Globs in which people have mixed signs of regular expressions, or of the globs of shells. Pure.

use std::{iter::Peekable, str::Chars};

/// So often a character is written again for `{4}`. More often, it is `*`.
const REPEATED: usize = 8;

/// The glob without them: `{a,b}` for `(a|b)` and `@(a|b)`, `[0-9][0-9]` for `[0-9]{2}`, no `^` and no `$`. What is a glob
/// already stays as it is.
pub(super) fn as_glob(pattern: &str) -> String {
    let bare = pattern.trim_start_matches('^').trim_end_matches('$');
    let mut chars = bare.chars().peekable();
    let (mut glob, mut depth) = (String::new(), 0_usize);
    while let Some(c) = chars.next() {
        match c {
            '@' if chars.peek() == Some(&'(') => {}
            '(' => {
                depth += 1;
                glob.push('{');
            }
            ')' if depth > 0 => {
                depth -= 1;
                glob.push('}');
            }
            '|' if depth > 0 => glob.push(','),
            '\\' if chars.peek() == Some(&'.') => {}
            '\\' if chars.peek() == Some(&'d') => {
                chars.next();
                repeat(&mut glob, "[0-9]", &mut chars);
            }
            '[' => {
                let class = class(&mut chars);
                repeat(&mut glob, &class, &mut chars);
            }
            ' ' if glob.ends_with(['{', ',']) || matches!(chars.peek(), Some(',' | '}')) => {}
            c => glob.push(c),
        }
    }
    let glob = glob.replace("**/.", "**/*.");
    match glob.strip_suffix("**/") {
        Some(folder) => format!("{folder}**"),
        None => glob,
    }
}

fn class(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut class = String::from("[");
    for c in chars.by_ref() {
        class.push(c);
        if c == ']' {
            break;
        }
    }
    class
}

/// Writes one of a set of characters as often as what follows it says.
fn repeat(glob: &mut String, class: &str, chars: &mut Peekable<Chars<'_>>) {
    let rest: String = chars.clone().collect();
    if let Some(after) = rest.strip_prefix('+') {
        glob.push('*');
        *chars = skipped(chars, rest.len() - after.len());
        return;
    }
    let times = rest.strip_prefix('{').and_then(|it| it.split_once('}'));
    let is_number = |it: &str| !it.is_empty() && it.chars().all(|c| c.is_ascii_digit() || c == ',');
    let Some((times, _)) = times.filter(|(times, _)| is_number(times)) else {
        glob.push_str(class);
        return;
    };
    match times.parse::<usize>() {
        Ok(times) if times <= REPEATED => glob.push_str(&class.repeat(times)),
        _ => glob.push('*'),
    }
    *chars = skipped(chars, times.len() + 2);
}

fn skipped<'a>(chars: &Peekable<Chars<'a>>, count: usize) -> Peekable<Chars<'a>> {
    let mut rest = chars.clone();
    for _ in 0..count {
        rest.next();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::as_glob;

    #[test]
    fn signs_of_others_become_those_of_globs() {
        for (mixed, glob) in [
            ("**/*.(csv|json)", "**/*.{csv,json}"),
            ("(raw|Logs)/**", "{raw,Logs}/**"),
            ("@(raw|Logs)/**", "{raw,Logs}/**"),
            ("raw/[0-9]{4}/*.csv", "raw/[0-9][0-9][0-9][0-9]/*.csv"),
            ("raw/\\d{2}/*.csv", "raw/[0-9][0-9]/*.csv"),
            ("raw/[0-9]{2,4}/*.csv", "raw/*/*.csv"),
            ("raw/[a-z]+.csv", "raw/*.csv"),
            ("^**/*.csv$", "**/*.csv"),
            ("raw/**/.csv", "raw/**/*.csv"),
            ("raw/**/", "raw/**"),
            ("**/*.{ csv, tsv }", "**/*.{csv,tsv}"),
        ] {
            assert_eq!(as_glob(mixed), glob, "{mixed}");
        }
        for glob in [
            "**/*.csv",
            "raw/{a,b}/[!x]*.csv",
            "a b/*.csv",
            "x]{",
            "[",
            "raw/?",
        ] {
            assert_eq!(as_glob(glob), glob);
        }
    }
}
