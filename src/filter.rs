//! Which blob names a source announces: a prefix and globs.
//!
//! A name is announced when it starts with the prefix, at least one positive glob matches the
//! *whole* name (or there is none), and no `!` glob does.
//!
//! | Glob       | Stands for                                                       |
//! |------------|------------------------------------------------------------------|
//! | `?`        | one character but `/`                                            |
//! | `*`        | any characters but `/`, or none                                  |
//! | `**/`      | any number of directories, or none                               |
//! | `/**`      | at the end: everything below                                     |
//! | `[a-z_]`   | one of these; `[!a-z]` one of the others; never `/`              |
//! | `{csv,tsv}`| either                                                           |
//! | `\`        | makes the next character an ordinary one                         |
//!
//! ```
//! use azure_blob_eventsource::filter::{Filter, FilterSpec};
//!
//! let filter = Filter::new(FilterSpec {
//!     prefix: "raw/".into(),
//!     patterns: vec!["**/*.csv".into(), "!**/tmp/**".into()],
//! })?;
//! assert!(filter.matches("raw/2026/june.csv"));
//! assert!(!filter.matches("raw/tmp/june.csv"));
//! # Ok::<(), azure_blob_eventsource::filter::FilterError>(())
//! ```

mod glob;
mod matcher;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;

use self::matcher::Matcher;

/// The most patterns of one filter: each costs time for every name, and memory.
pub const MAX_PATTERNS: usize = 64;

/// A compiled filter over whole blob names. Two filters are equal when they are written alike.
#[derive(Clone)]
pub struct Filter {
    spec: FilterSpec,
    wanted: Vec<Matcher>,
    unwanted: Vec<Matcher>,
    listing_prefix: String,
}

/// A filter as it is written down: in the configuration, and in the ledger, which remembers for
/// which filter its baseline was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct FilterSpec {
    /// The literal start that every announced name has; empty for none.
    pub prefix: String,
    /// Globs over the whole name; a leading `!` excludes. Empty: every name.
    pub patterns: Vec<String>,
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

impl Filter {
    /// Compiles a filter.
    ///
    /// # Errors
    /// The first pattern that is not a glob, or that can match no name because of the prefix; or
    /// more than [`MAX_PATTERNS`] patterns.
    pub fn new(spec: FilterSpec) -> Result<Self, FilterError> {
        check_count(spec.patterns.len())?;
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        let mut listing_prefix = None;
        for (index, pattern) in spec.patterns.iter().enumerate() {
            let at_fault = |problem| FilterError {
                pattern: Some(index),
                problem,
            };
            let not_a_glob = |problem| at_fault(format!("the pattern {problem}"));
            let (excludes, text) = split(pattern);
            let tokens = glob::parse(text).map_err(not_a_glob)?;
            let matcher = Matcher::new(&tokens).map_err(not_a_glob)?;
            if excludes {
                unwanted.push(matcher);
                continue;
            }
            let start = joint_start(&spec.prefix, pattern, &tokens).map_err(at_fault)?;
            listing_prefix = Some(match listing_prefix {
                None => start,
                Some(other) => common_start(other, &start),
            });
            wanted.push(matcher);
        }
        let listing_prefix = listing_prefix.unwrap_or_else(|| spec.prefix.clone());
        Ok(Self {
            spec,
            wanted,
            unwanted,
            listing_prefix,
        })
    }

    /// Whether a blob of this name is announced.
    pub fn matches(&self, name: &str) -> bool {
        matcher::starts_with(name, &self.spec.prefix)
            && (self.wanted.is_empty() || self.wanted.iter().any(|glob| glob.matches(name)))
            && !self.unwanted.iter().any(|glob| glob.matches(name))
    }

    /// Why a blob of this name is announced or not, for people.
    pub fn explain(&self, name: &str) -> Why<'_> {
        if !matcher::starts_with(name, &self.spec.prefix) {
            return Why::OtherPrefix;
        }
        let (unwanted, wanted): (Vec<_>, Vec<_>) =
            self.spec.patterns.iter().partition(|p| p.starts_with('!'));
        let first = |globs: &[Matcher]| globs.iter().position(|glob| glob.matches(name));
        if let Some(pattern) = first(&self.unwanted).and_then(|at| unwanted.get(at)) {
            return Why::Excluded(pattern);
        }
        match first(&self.wanted).and_then(|at| wanted.get(at)) {
            Some(pattern) => Why::Matched(pattern),
            None if self.wanted.is_empty() => Why::All,
            None => Why::NoPattern,
        }
    }

    /// The longest literal start that every matching name has, for the service's `prefix`.
    pub fn listing_prefix(&self) -> &str {
        &self.listing_prefix
    }

    /// The filter as it was written down.
    pub fn spec(&self) -> &FilterSpec {
        &self.spec
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.spec == other.spec
    }
}

impl Eq for Filter {}

impl fmt::Debug for Filter {
    // What is compiled follows from what is written, and fills pages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("spec", &self.spec)
            .field("listing_prefix", &self.listing_prefix)
            .finish_non_exhaustive()
    }
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

/// Whether a pattern excludes, and its glob.
fn split(pattern: &str) -> (bool, &str) {
    match pattern.strip_prefix('!') {
        Some(glob) => (true, glob),
        None => (false, pattern),
    }
}

/// The literal start of the names that have `prefix` and match the glob.
fn joint_start(prefix: &str, pattern: &str, tokens: &[glob::Token]) -> Result<String, String> {
    let (start, whole) = glob::literal_start(tokens);
    if start.starts_with(prefix) {
        return Ok(start);
    }
    // A glob without wildcards is one name, which the prefix cannot extend.
    if prefix.starts_with(&start) && !whole {
        return Ok(prefix.to_owned());
    }
    let (prefix, pattern) = (brief(prefix), brief(pattern));
    Err(format!(
        "prefix `{prefix}` and pattern `{pattern}` have no name in common"
    ))
}

/// The start of a text, for a message.
fn brief(text: &str) -> String {
    let mut start: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

fn common_start(mut one: String, other: &str) -> String {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let length = same.map(|(a, _)| a.len_utf8()).sum();
    one.truncate(length);
    one
}
