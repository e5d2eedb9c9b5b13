//! A filter that was probably meant by another one.

use super::spec::FilterSpec;

/// Another filter, and what may be wrong with the one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// What may be wrong, as the first half of a sentence.
    pub(crate) cause: String,
    /// The other filter.
    pub(crate) filter: FilterSpec,
}

/// Each pattern changed by itself, whether it takes names or excludes them.
pub(super) fn each(patterns: &[String], change: impl Fn(&str) -> String) -> Vec<String> {
    let change = |it: &String| match it.strip_prefix('!') {
        Some(rest) => format!("!{}", change(rest)),
        None => change(it),
    };
    patterns.iter().map(change).collect()
}
