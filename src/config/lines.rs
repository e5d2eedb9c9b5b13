//! What the text of a configuration says that its tree does not: where a key is, and comments. Pure.

use super::mistake::{ConfigError, shown};

/// The mistakes, with what the lines of the text say about them.
pub(super) fn explained(mut error: ConfigError, text: &[u8]) -> ConfigError {
    let Ok(text) = std::str::from_utf8(text) else {
        return error;
    };
    for mistake in &mut error.mistakes {
        let key = mistake.path.rsplit('.').next().unwrap_or_default();
        if let Some(cure) = comment(text, key).filter(|_| mistake.problem.starts_with("is empty; "))
        {
            mistake.problem = cure;
        } else if let Some(key) = twice(&mistake.problem) {
            let at: Vec<_> = lines_of(text, key).map(|(number, _)| number).collect();
            if let [first, second] = at[..] {
                mistake
                    .problem
                    .push_str(&format!(", in the lines {first} and {second}"));
            }
        }
    }
    error
}

/// The key of "key `x` is given twice".
fn twice(problem: &str) -> Option<&str> {
    problem
        .strip_prefix("key `")?
        .strip_suffix("` is given twice")
}

/// What to do where `key: #text` has no value because of its `#`.
fn comment(text: &str, key: &str) -> Option<String> {
    lines_of(text, key).find_map(|(_, rest)| {
        let value = rest.trim_start();
        let is_text = value.starts_with('#') && !value.starts_with("# ") && value.len() > 1;
        is_text.then(|| {
            format!(
                "is empty, because `#` begins a comment; put the text in quotes: {}",
                shown(&format!("{key}: \"{}\"", value.trim_end()))
            )
        })
    })
}

/// The lines that begin with a key, by their numbers, and what stands behind it.
fn lines_of<'a>(text: &'a str, key: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let rest = move |line: &'a str| line.trim_start().strip_prefix(key)?.strip_prefix(':');
    let lines = text.lines().enumerate();
    lines.filter_map(move |(index, line)| Some((index + 1, rest(line)?)))
}
