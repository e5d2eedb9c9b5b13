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

mod automaton;
#[cfg(test)]
mod bounds;
mod builder;
mod glob;
mod matcher;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

pub(crate) use self::builder::Builder;
use self::matcher::Matcher;

/// The most patterns of one filter: each costs time for every name, and memory.
pub const MAX_PATTERNS: usize = 64;

/// A compiled filter over whole blob names, which its clones share. Two filters are equal when they
/// are written alike.
///
/// What it keeps, and the work for a name, are bounded: see [`Filter::new`].
#[derive(Clone)]
pub struct Filter(Arc<Compiled>);

#[derive(Debug, Default)]
struct Compiled {
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

impl Filter {
    /// Compiles a filter.
    ///
    /// # Errors
    /// The first pattern that is not a glob, that can match no name because of the prefix, or with
    /// which the patterns are too long or have too many alternatives all together; or more than
    /// [`MAX_PATTERNS`] patterns.
    pub fn new(spec: FilterSpec) -> Result<Self, FilterError> {
        check_count(spec.patterns.len())?;
        let mut builder = Builder::new(spec.prefix);
        for (index, pattern) in spec.patterns.iter().enumerate() {
            builder.add(pattern).map_err(|problem| FilterError {
                pattern: Some(index),
                problem,
            })?;
        }
        Ok(builder.build())
    }

    /// Whether a blob of this name is announced.
    pub fn matches(&self, name: &str) -> bool {
        let Compiled {
            spec,
            wanted,
            unwanted,
            ..
        } = &*self.0;
        matcher::starts_with(name, &spec.prefix)
            && (wanted.is_empty() || wanted.iter().any(|glob| glob.matches(name)))
            && !unwanted.iter().any(|glob| glob.matches(name))
    }

    /// Why a blob of this name is announced or not, for people.
    pub fn explain(&self, name: &str) -> Why<'_> {
        let compiled = &*self.0;
        if !matcher::starts_with(name, &compiled.spec.prefix) {
            return Why::OtherPrefix;
        }
        let (unwanted, wanted): (Vec<_>, Vec<_>) = compiled
            .spec
            .patterns
            .iter()
            .partition(|p| p.starts_with('!'));
        let first = |globs: &[Matcher]| globs.iter().position(|glob| glob.matches(name));
        if let Some(pattern) = first(&compiled.unwanted).and_then(|at| unwanted.get(at)) {
            return Why::Excluded(pattern);
        }
        match first(&compiled.wanted).and_then(|at| wanted.get(at)) {
            Some(pattern) => Why::Matched(pattern),
            None if compiled.wanted.is_empty() => Why::All,
            None => Why::NoPattern,
        }
    }

    /// The longest literal start that every matching name has, for the service's `prefix`.
    pub fn listing_prefix(&self) -> &str {
        &self.0.listing_prefix
    }

    /// About how many steps of work each character of a name is, at most: 0 when comparing starts
    /// and ends decides.
    pub fn cost(&self) -> usize {
        let Compiled {
            wanted, unwanted, ..
        } = &*self.0;
        wanted.iter().chain(unwanted).map(Matcher::cost).sum()
    }

    /// The filter as it was written down.
    pub fn spec(&self) -> &FilterSpec {
        &self.0.spec
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.0.spec == other.0.spec
    }
}

impl Eq for Filter {}

impl fmt::Debug for Filter {
    // What is compiled follows from what is written, and fills pages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("spec", &self.0.spec)
            .field("listing_prefix", &self.0.listing_prefix)
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
