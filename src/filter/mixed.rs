//! Globs in which people have mixed signs of regular expressions, or of the globs of shells. Pure.

/// So often a character is written again for `{4}`. More often, it is `*`.
const REPEATED: usize = 8;

/// The glob without them: `{a,b}` for `(a|b)` and `@(a|b)`, `[0-9][0-9]` for `[0-9]{2}`, no `^` and no `$`. What is a glob
/// already stays as it is.
pub(super) fn as_glob(pattern: &str) -> String {
    let mut rest = pattern.trim_start_matches('^').trim_end_matches('$');
    let (mut glob, mut depth) = (String::new(), 0_usize);
    while let Some(c) = rest.chars().next() {
        let (now, after) = rest.split_at(c.len_utf8());
        rest = after;
        match c {
            '@' if after.starts_with('(') => {}
            '(' => {
                depth += 1;
                glob.push('{');
            }
            ')' if depth > 0 => {
                depth -= 1;
                glob.push('}');
            }
            '|' if depth > 0 => glob.push(','),
            '\\' if after.starts_with('.') => {}
            '\\' if after.starts_with('d') => rest = repeat(&mut glob, "[0-9]", &after[1..]),
            '[' => {
                let end = after.find(']').map_or(after.len(), |end| end + 1);
                rest = repeat(&mut glob, &format!("[{}", &after[..end]), &after[end..]);
            }
            ' ' if glob.ends_with(['{', ',']) || after.starts_with([',', '}']) => {}
            _ => glob.push_str(now),
        }
    }
    let glob = glob.replace("**/.", "**/*.");
    match glob.strip_suffix("**/") {
        Some(folder) => format!("{folder}**"),
        None => glob,
    }
}

/// Writes one of a set of characters as often as `rest` begins to say, and returns what follows that.
fn repeat<'a>(glob: &mut String, class: &str, rest: &'a str) -> &'a str {
    if let Some(after) = rest.strip_prefix('+') {
        // A number begins with a digit; of a word, only its length is known to be free.
        glob.push_str(if class == "[0-9]" { "[0-9]*" } else { "*" });
        return after;
    }
    let times = rest.strip_prefix('{').and_then(|it| it.split_once('}'));
    let is_number = |it: &str| !it.is_empty() && it.chars().all(|c| c.is_ascii_digit() || c == ',');
    let Some((times, after)) = times.filter(|(times, _)| is_number(times)) else {
        glob.push_str(class);
        return rest;
    };
    match times.parse::<usize>() {
        Ok(times) if times <= REPEATED => glob.push_str(&class.repeat(times)),
        _ => glob.push('*'),
    }
    after
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
            ("**/\\d+.csv", "**/[0-9]*.csv"),
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
