//! A filter as it is written down, and what is wrong with one.

/// The most patterns of one filter: each costs time for every name, and memory.
pub const MAX_PATTERNS: usize = 64;

/// A filter as it is written down: in the configuration, and in the ledger, which remembers for
/// which filter its baseline was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct FilterSpec {
    /// The literal start that every announced name has; empty for none.
    pub prefix: String,
    /// Globs over the whole name; a leading `!` excludes. Empty: every name.
    pub patterns: Vec<String>,
}

impl FilterSpec {
    /// How many bytes its texts have.
    pub(crate) fn bytes(&self) -> usize {
        self.prefix.len() + self.patterns.iter().map(String::len).sum::<usize>()
    }
}

/// Why a filter takes a name or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why<'a> {
    /// It begins with the prefix, and there are no patterns that it would have to match.
    All,
    /// This pattern matches.
    Matched(&'a str),
    /// It does not begin with the prefix.
    OtherPrefix,
    /// This pattern, with its `!`, excludes it.
    Excluded(&'a str),
    /// None of the patterns matches.
    NoPattern,
}

/// A filter that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct FilterError {
    /// Which pattern, from 0; `None` when the filter as a whole is at fault.
    pub pattern: Option<usize>,
    /// What is wrong and what is allowed, in one sentence.
    pub problem: String,
}

/// Whether a filter may have so many patterns.
pub(crate) fn check_count(patterns: usize) -> Result<(), FilterError> {
    if patterns <= MAX_PATTERNS {
        return Ok(());
    }
    let problem = format!(
        "there are {patterns} patterns; at most {MAX_PATTERNS} are allowed \
         (`{{a,b}}` puts several into one)"
    );
    Err(FilterError {
        pattern: None,
        problem,
    })
}
