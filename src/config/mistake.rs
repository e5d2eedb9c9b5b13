//! What is wrong with a configuration, in words for whoever wrote it.

use std::fmt;

use crate::text::plain::is_hidden;

/// A configuration that cannot be used: everything that is wrong with it, in the order of the keys.
///
/// Displayed, it is one line for each mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one mistake, and at most 101.
    pub mistakes: Vec<Mistake>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where in the document, such as `source.listing.interval` or `pattern[1]`; empty for the
    /// document as a whole.
    pub path: String,
    /// What was found and what is allowed, in one line. It never shows what looks like a secret.
    pub problem: String,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.problem)
    }
}

/// How many mistakes are told one by one: a hostile document has thousands.
const MOST_TOLD: usize = 100;

/// How many characters of a problem are told.
const LONGEST: usize = 1000;

/// Collects mistakes.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    told: Vec<Mistake>,
    untold: bool,
}

impl Mistakes {
    pub(super) fn add(&mut self, path: &str, problem: impl AsRef<str>) {
        if self.are_enough() {
            self.untold = true;
            return;
        }
        self.told.push(Mistake {
            path: path.to_owned(),
            problem: one_line(problem.as_ref(), LONGEST),
        });
    }

    /// Whether looking for more is wasted time.
    pub(super) fn are_enough(&self) -> bool {
        self.told.len() >= MOST_TOLD
    }

    /// The error, when there was any mistake.
    pub(super) fn into_error(mut self) -> Option<ConfigError> {
        if self.untold {
            let problem = "and more mistakes after these".to_owned();
            self.told.push(Mistake {
                path: String::new(),
                problem,
            });
        }
        (!self.told.is_empty()).then_some(ConfigError {
            mistakes: self.told,
        })
    }
}

impl From<Mistake> for ConfigError {
    fn from(mistake: Mistake) -> Self {
        Self {
            mistakes: vec![mistake],
        }
    }
}

/// How many characters of a text are shown.
const MOST_SHOWN: usize = 40;

/// A text as messages show it: short, on one line, and never a secret.
pub(super) fn shown(text: &str) -> String {
    if looks_secret(text) {
        return "(not shown, it looks like a secret)".to_owned();
    }
    format!("`{}`", one_line(text, MOST_SHOWN))
}

/// At most `most` characters of a text, those that would move the cursor escaped.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let mut line = String::new();
    for c in text.chars().take(most) {
        if is_hidden(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    if text.chars().nth(most).is_some() {
        line.push('…');
    }
    line
}

/// Connection strings, shared access signatures and keys end up in the wrong place of a
/// configuration; they must not end up in a log from there.
pub(super) fn looks_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let key = lower.trim_end();
    ["sig=", "accountkey", "sharedaccess"]
        .iter()
        .any(|mark| lower.contains(mark))
        || (key.len() >= 40 && key.ends_with('=') && !key.contains(' '))
}

/// `a`, `b` and `c`
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
