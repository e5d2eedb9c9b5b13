//! Puts a filter together, pattern by pattern, and knows what one filter may cost.
//!
//! The names that a filter is asked about are somebody else's choice, and so is the filter: both
//! are bounded, so that the work for a name is too.

use std::sync::Arc;

use super::{
    compiled::{Compiled, Filter},
    contradiction, glob,
    matcher::Matcher,
    spec::FilterSpec,
    unreadable,
};

/// The most characters of all patterns of a filter together. Each stream keeps them, and what they
/// compile to.
const MOST_CHARACTERS: usize = 8 * 1024;
/// The most alternatives of all patterns of a filter together: branches of `{…}`, and `**/` in the
/// middle. Each is work for each character of a name.
const MOST_ALTERNATIVES: usize = 512;

/// A filter that gets its patterns one by one, so that the mistake of each can be told.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    compiled: Compiled,
    listing_prefix: Option<String>,
    characters: usize,
    alternatives: usize,
}

impl Builder {
    /// A filter for names that start with `prefix`.
    pub(crate) fn new(prefix: String) -> Self {
        let spec = FilterSpec {
            prefix,
            patterns: Vec::new(),
        };
        Self {
            compiled: Compiled {
                spec,
                ..Compiled::default()
            },
            ..Self::default()
        }
    }

    /// Adds a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence; the filter is as it was before.
    pub(crate) fn add(&mut self, pattern: &str) -> Result<(), String> {
        let not_a_glob = |problem: String| format!("the pattern {problem}");
        let (excludes, text) = split(pattern);
        let sign = if excludes { "!" } else { "" };
        let tokens = glob::parse(text)
            .map_err(|problem| not_a_glob(unreadable::told(sign, text, problem)))?;
        let size = self.size_with(text, &tokens).map_err(not_a_glob)?;
        if !excludes {
            self.narrow(pattern, &tokens)?;
        }
        (self.characters, self.alternatives) = size;
        let Compiled {
            spec,
            wanted,
            unwanted,
            ..
        } = &mut self.compiled;
        spec.patterns.push(pattern.to_owned());
        let matchers = if excludes { unwanted } else { wanted };
        matchers.push(Matcher::new(&tokens));
        Ok(())
    }

    /// The filter.
    pub(crate) fn build(mut self) -> Filter {
        let prefix = &self.compiled.spec.prefix;
        self.compiled.listing_prefix = self.listing_prefix.unwrap_or_else(|| prefix.clone());
        Filter(Arc::new(self.compiled))
    }

    // The size of the filter with one more pattern.
    fn size_with(&self, text: &str, tokens: &[glob::Token]) -> Result<(usize, usize), String> {
        let characters = self.characters + text.chars().count();
        if characters > MOST_CHARACTERS {
            return Err(format!(
                "makes {characters} characters with the patterns before it; \
                 at most {MOST_CHARACTERS} are allowed in all"
            ));
        }
        let alternatives = self.alternatives + glob::alternatives(tokens);
        if alternatives > MOST_ALTERNATIVES {
            return Err(format!(
                "makes {alternatives} alternatives with the patterns before it, each branch of a \
                 `{{…}}` and each `**/` being one; at most {MOST_ALTERNATIVES} are allowed in all"
            ));
        }
        Ok((characters, alternatives))
    }

    // Fits the listing prefix to one more pattern.
    fn narrow(&mut self, pattern: &str, tokens: &[glob::Token]) -> Result<(), String> {
        let start = joint_start(&self.compiled.spec.prefix, pattern, tokens)?;
        self.listing_prefix = Some(match self.listing_prefix.take() {
            None => start,
            Some(other) => common_start(other, &start),
        });
        Ok(())
    }
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
    Err(contradiction::told(prefix, pattern))
}

fn common_start(mut one: String, other: &str) -> String {
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let length = same.map(|(a, _)| a.len_utf8()).sum();
    one.truncate(length);
    one
}
