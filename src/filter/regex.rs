//! Regular expressions, which people write where a glob is wanted, as globs. Pure.

/// What only a regular expression has, or hardly ever a glob.
const SIGNS: [&str; 12] = [
    ".*", ".+", "\\.", "\\d", "\\w", "\\S", "]+", "]{", ")+", "(?", "(.", "\\/",
];

/// Whether a text is a regular expression rather than a glob.
pub(super) fn is_regex(text: &str) -> bool {
    let grouped = text.contains('(') && text.contains('|') && text.contains(')');
    text.starts_with('^')
        || text.ends_with('$')
        || grouped
        || SIGNS.iter().any(|sign| text.contains(sign))
}

/// Whether a regular expression says nothing of how a name begins.
pub(super) fn is_open(regex: &str) -> bool {
    !regex.starts_with('^')
}

/// The plain text that a name must begin with, when the regular expression says nothing more: `^lake`, `lake.*`.
pub(super) fn start(regex: &str) -> Option<&str> {
    let open = [".*", ".+"]
        .into_iter()
        .find_map(|end| regex.strip_suffix(end));
    let bare = regex.strip_prefix('^');
    let text = match (bare, open) {
        (None, None) => return None,
        (Some(bare), open) if open.is_some() => bare.get(..bare.len() - ".*".len())?,
        (Some(bare), _) => bare,
        (None, Some(open)) => open,
    };
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | ' ' | '=');
    (!text.is_empty() && text.chars().all(plain)).then_some(text)
}

/// As [`glob_of`], with a `.*` after other text as any folders too: `lake.*csv` is `lake*/**/*csv`.
pub(super) fn spanning(regex: &str) -> String {
    let glob = glob_of(regex);
    match glob.split_once('*') {
        Some((start, end))
            if is_within(start) && !end.starts_with(['*', '/']) && regex.contains(".*") =>
        {
            format!("{start}*/**/*{end}")
        }
        _ => glob,
    }
}

/// Whether a `*` behind this text stands within a segment.
fn is_within(start: &str) -> bool {
    !start.is_empty() && !start.ends_with('/')
}

/// The glob that means nearly the same as a regular expression about the whole name.
pub(super) fn glob_of(regex: &str) -> String {
    let mut reader = Reader {
        rest: regex
            .trim_start_matches("(?i)")
            .trim_start_matches('^')
            .trim_end_matches('$'),
        pieces: Vec::new(),
    };
    while reader.piece() {}
    joined(&reader.pieces)
}

/// A part of the glob to be.
#[derive(PartialEq)]
enum Piece {
    /// It stands for itself, or for one character.
    Text(String),
    /// Characters of one segment.
    Some,
    /// Any characters, folders included.
    Any,
}

struct Reader<'a> {
    rest: &'a str,
    pieces: Vec<Piece>,
}

impl Reader<'_> {
    /// Reads what stands next; `false` at the end.
    fn piece(&mut self) -> bool {
        let Some(c) = self.rest.chars().next() else {
            return false;
        };
        let (atom, length) = match c {
            '\\' => escaped(self.rest),
            '[' => class(self.rest),
            '(' => {
                let marks = ["(?:", "(?i:", "("];
                let mark = marks.into_iter().find(|it| self.rest.starts_with(it));
                ("{".to_owned(), mark.map_or(1, str::len))
            }
            ')' => ("}".to_owned(), 1),
            '|' => (",".to_owned(), 1),
            c => (c.to_string(), c.len_utf8()),
        };
        self.skip(length);
        let is_repeated = self.repetition();
        self.pieces.push(match (c, is_repeated) {
            ('.', true) => Piece::Any,
            // How often a group comes, no glob says.
            ('(' | ')' | '|', _) | (_, false) => Piece::Text(atom),
            (_, true) => Piece::Some,
        });
        true
    }

    fn skip(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// Skips `*`, `+` and `{2,4}`, with the `?` behind them.
    fn repetition(&mut self) -> bool {
        let length = match self.rest.chars().next() {
            Some('*' | '+') => 1,
            Some('{') => match self.rest.find('}') {
                Some(end) if self.rest[1..end].starts_with(|c: char| c.is_ascii_digit()) => end + 1,
                _ => return false,
            },
            _ => return false,
        };
        self.skip(length);
        if self.rest.starts_with('?') {
            self.skip(1);
        }
        true
    }
}

/// `\.`, `\d` and their like, and how many bytes they are.
fn escaped(text: &str) -> (String, usize) {
    let Some(c) = text.chars().nth(1) else {
        return (String::new(), 1);
    };
    let glob = match c {
        'd' => "[0-9]".to_owned(),
        'w' | 'S' => "?".to_owned(),
        // What has a meaning in a glob as well keeps its `\`.
        '*' | '?' | '[' | '{' | '}' | '\\' => format!("\\{c}"),
        c => c.to_string(),
    };
    (glob, 1 + c.len_utf8())
}

/// `[a-z]`, and how many bytes it is.
fn class(text: &str) -> (String, usize) {
    let length = text.find(']').map_or(text.len(), |end| end + 1);
    let class = text.get(..length).unwrap_or(text);
    (class.replace("\\d", "0-9").replace('\\', ""), length)
}

fn joined(pieces: &[Piece]) -> String {
    let mut glob = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        let next = pieces.get(at + 1);
        let before_slash = next == Some(&Piece::Text("/".to_owned()));
        match piece {
            Piece::Text(text) => glob.push_str(text),
            Piece::Some => glob.push('*'),
            Piece::Any if glob.is_empty() || glob.ends_with('/') => {
                glob.push_str(match next.is_none() || before_slash {
                    true => "**",
                    false => "**/*",
                });
            }
            Piece::Any => glob.push('*'),
        }
    }
    glob.replace("**/**/", "**/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_becomes_the_glob_that_means_the_same() {
        for (regex, glob) in [
            (".*\\.csv", "**/*.csv"),
            ("^.*\\.csv$", "**/*.csv"),
            ("^raw/.*\\.csv$", "raw/**/*.csv"),
            ("raw/.*", "raw/**"),
            ("raw/.*/(a|b)\\.csv", "raw/**/{a,b}.csv"),
            (".*/raw/.*", "**/raw/**"),
            ("raw/[a-z]+\\.csv", "raw/*.csv"),
            ("raw/[^/]+\\.csv", "raw/*.csv"),
            ("raw/\\d{4}/\\w+\\.csv", "raw/*/*.csv"),
            ("data_\\d\\.csv", "data_[0-9].csv"),
            ("raw\\/data.*?\\.(?:csv|tsv)$", "raw/data*.{csv,tsv}"),
            ("(?i).*\\.csv", "**/*.csv"),
            ("\\.csv$", ".csv"),
            ("a\\", "a"),
            ("[a", "[a"),
            (".{2,", ".{2,"),
            ("é+\\é", "*é"),
        ] {
            assert_eq!(glob_of(regex), glob, "{regex}");
        }
    }

    #[test]
    fn a_regular_expression_may_say_only_how_a_name_begins() {
        for (regex, text) in [
            ("^lake", Some("lake")),
            ("lake.*", Some("lake")),
            ("^lake/raw.+", Some("lake/raw")),
            ("lake", None),
            ("^lake$", None),
            ("^.*", None),
            ("a[b].*", None),
        ] {
            assert_eq!(start(regex), text, "{regex}");
        }
        assert_eq!(spanning("lake.*parquet"), "lake*/**/*parquet");
        assert_eq!(spanning("raw/.*\\.csv"), "raw/**/*.csv");
    }

    #[test]
    fn a_glob_is_no_regular_expression() {
        for regex in [
            ".*\\.csv",
            "^raw/",
            "csv$",
            "raw/[a-z]+",
            "(a|b)",
            "raw/\\d\\d",
        ] {
            assert!(is_regex(regex), "{regex}");
        }
        for glob in ["**/*.csv", "raw/[!a]*", "{a,b}", "a(1).csv", "raw/?x"] {
            assert!(!is_regex(glob), "{glob}");
        }
    }
}
